"""The gate: every rule denies alone, and the whole agrees with a second reading of the law."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec
import pytest

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.instrument import MarketState
from core.domain.intent import Denied, Intent, NeedsConfirmation, RiskApproved, terms_hash
from core.domain.order import OrderTerms, OrderType, Side, TimeInForce
from core.risk.gate import check
from core.risk.inputs import GateInputs, MarketNow
from core.risk.limits import RiskLimits
from tests.core.builders import SOL_PERP, SOL_SPOT, START, instrument, intent, terms

LIMITS: Final = RiskLimits()
MS: Final = 1_000_000
CALM: Final = MarketNow(
    is_book_valid=True,
    best_bid=Price("99.99"),
    best_ask=Price("100.01"),
    book_age_ns=100 * MS,
    mark=Price("100"),
    mark_age_ns=500 * MS,
    index=Price("100"),
)
INPUTS: Final = GateInputs(
    at=START,
    state=TradingState.ACTIVE,
    is_strategy_on=True,
    is_fenced=False,
    is_journal_slow=False,
    reconcile_age_ns=1_000 * MS,
    instrument=instrument(SOL_PERP, max_quantity="10000"),
    market=CALM,
    position=Quantity(0),
    live_bids=Quantity(0),
    live_asks=Quantity(0),
    live_orders=0,
    equity=Notional(100_000),
    gross_elsewhere=Notional(0),
    has_unknown=False,
    has_duplicate=False,
    crosses_own=False,
    signal_ts=START - 1_000 * MS,
    signal_price=Price("100"),
)


def judged(asked: OrderTerms | None = None, **changes: Any) -> Any:
    """Judge an order in the calm picture, with some of it changed."""
    market = {k: changes.pop(k) for k in list(changes) if k in MarketNow.__struct_fields__}
    wish = intent(asked or terms(quantity="10", price="100"))
    picture = msgspec.structs.replace(
        INPUTS, market=msgspec.structs.replace(CALM, **market), **changes
    )
    return check(wish, wish.legs[0], picture, LIMITS)


def test_order_within_every_limit_is_approved_for_its_exact_terms() -> None:
    """An approval names the leg it is for and its hash."""
    wish = intent(terms(quantity="10"))

    verdict = check(wish, wish.legs[0], INPUTS, LIMITS)

    assert isinstance(verdict, RiskApproved)
    assert verdict.leg == wish.legs[0]
    assert verdict.terms_hash == terms_hash(wish.legs)
    assert verdict.approved_at == START


ALONE: Final[list[tuple[str, str, dict[str, Any], dict[str, Any]]]] = [
    ("R01", "starting", {"state": TradingState.STARTING}, {}),
    ("R01", "reconciling", {"state": TradingState.RECONCILING}, {}),
    ("R01", "reducing", {"state": TradingState.REDUCING}, {}),
    ("R01", "halted", {"state": TradingState.HALTED}, {}),
    ("R01", "strategy off", {"is_strategy_on": False}, {}),
    ("R02", "fenced", {"is_fenced": True}, {}),
    ("R03", "never matched", {"reconcile_age_ns": None}, {}),
    ("R03", "matched long ago", {"reconcile_age_ns": 30_001 * MS}, {}),
    ("R03", "journal slow", {"is_journal_slow": True}, {}),
    ("R04", "unlisted", {"instrument": None}, {}),
    ("R04", "closed", {"instrument": instrument(state=MarketState.CLOSED)}, {}),
    ("R04", "cancel only", {"instrument": instrument(state=MarketState.CANCEL_ONLY)}, {}),
    ("R04", "unknown word", {"instrument": instrument(state=MarketState.UNKNOWN)}, {}),
    ("R04", "post only", {"instrument": instrument(state=MarketState.POST_ONLY)}, {}),
    ("R05", "zero", {}, {"quantity": "0"}),
    ("R05", "negative", {}, {"quantity": "-1"}),
    ("R05", "price zero", {}, {"price": "0"}),
    ("R06", "off the tick", {}, {"price": "100.001"}),
    ("R06", "off the step", {}, {"quantity": "1.001"}),
    ("R06", "below minimum", {"instrument": instrument(min_quantity="11")}, {}),
    ("R06", "above maximum", {"instrument": instrument(max_quantity="9")}, {}),
    ("R08", "one reference", {"mark": None, "index": None}, {}),
    ("R08", "references apart", {"index": Price("101.01")}, {}),
    ("R08", "beyond the collar", {}, {"price": "101.01"}),
    ("R08", "far behind", {}, {"price": "89.99", "time_in_force": TimeInForce.GTC}),
    ("R09", "book not valid", {"is_book_valid": False}, {}),
    ("R09", "book never proved", {"book_age_ns": None}, {}),
    ("R09", "book old", {"book_age_ns": 1_001 * MS}, {}),
    ("R09", "mark old", {"mark_age_ns": 5_001 * MS}, {}),
    ("R10", "hard cap", {"equity": Notional(10**7)}, {"quantity": "50.01"}),
    ("R10", "share of equity", {"equity": Notional(10_000)}, {"quantity": "5.01"}),
    ("R10", "no equity", {"equity": None}, {}),
    ("R11", "too many open", {"live_orders": 20}, {}),
    ("R12", "position cap", {"position": Quantity("190.01")}, {}),
    ("R12", "bids that may fill", {"live_bids": Quantity("190.01")}, {}),
    ("R12", "leverage", {"gross_elsewhere": Notional(199_001)}, {}),
    ("R17", "duplicate", {"has_duplicate": True}, {}),
    ("R17", "unknown order", {"has_unknown": True}, {}),
    ("R19", "own order in the way", {"crosses_own": True}, {}),
    ("R20", "nothing to reduce", {}, {"reduce_only": True}),
    ("R12", "another position without a mark", {"gross_elsewhere": None}, {}),
    ("R21", "wide spread", {"best_bid": Price("99.79"), "best_ask": Price("100.21")}, {}),
    ("R22", "clock never measured", {"clock_offset_ns": None}, {}),
    ("R22", "clocks differ", {"clock_offset_ns": -501 * MS}, {}),
    ("R22", "clock uncertain", {"clock_error_ns": 251 * MS}, {}),
    ("R23", "old signal", {"signal_ts": START - 3_001 * MS}, {}),
    ("R23", "price ran away", {"signal_price": Price("99.70")}, {}),
]


@pytest.mark.parametrize(
    ("rule", "changes", "asked"),
    [pytest.param(r, c, a, id=f"{r}-{name}") for r, name, c, a in ALONE],
)
def test_rule_that_fails_alone_denies_with_its_code(
    rule: str, changes: dict[str, Any], asked: dict[str, Any]
) -> None:
    """Each rule denies by itself, and says the value it saw and what would be allowed."""
    verdict = judged(terms(**{"quantity": "10", **asked}), **changes)

    assert isinstance(verdict, Denied)
    assert verdict.rule == rule
    assert verdict.value
    assert verdict.limit
    assert verdict.text


AT_THE_BOUND: Final[list[tuple[str, dict[str, Any], dict[str, Any]]]] = [
    ("R03 age", {"reconcile_age_ns": 30_000 * MS}, {}),
    ("R06 minimum", {"instrument": instrument(min_quantity="10")}, {}),
    ("R06 maximum", {"instrument": instrument(max_quantity="10")}, {}),
    ("R08 aggressive", {}, {"price": "101"}),
    ("R08 passive", {}, {"price": "90", "time_in_force": TimeInForce.GTC}),
    ("R08 apart", {"index": Price("101")}, {}),
    ("R09 book", {"book_age_ns": 1_000 * MS}, {}),
    ("R09 mark", {"mark_age_ns": 5_000 * MS}, {}),
    ("R10 hard cap", {"equity": Notional(10**7)}, {"quantity": "50"}),
    ("R11 orders", {"live_orders": 19}, {}),
    ("R12 position", {"position": Quantity(190)}, {}),
    ("R12 leverage", {"gross_elsewhere": Notional(199_000)}, {}),
    ("R21 spread", {"best_bid": Price("99.8"), "best_ask": Price("100.2")}, {}),
    ("R22 offset", {"clock_offset_ns": -500 * MS}, {}),
    ("R22 bound", {"clock_error_ns": 250 * MS}, {}),
    ("R23 age", {"signal_ts": START - 3_000 * MS}, {}),
    ("R23 drift", {"best_ask": Price("100.3"), "best_bid": Price("100.2")}, {}),
    ("R25 share", {}, {"quantity": "20"}),
]


@pytest.mark.parametrize(
    ("changes", "asked"), [pytest.param(c, a, id=name) for name, c, a in AT_THE_BOUND]
)
def test_order_exactly_at_a_limit_is_within_it(
    changes: dict[str, Any], asked: dict[str, Any]
) -> None:
    """Limits are inclusive, every one."""
    verdict = judged(terms(**{"quantity": "10", **asked}), **changes)

    assert isinstance(verdict, RiskApproved), verdict


def test_number_with_more_than_28_digits_is_denied() -> None:
    """R05: results of arithmetic may be long; orders may not."""
    long = Quantity(Decimal("1.0000000000000000000000000001"))
    wish = intent(msgspec.structs.replace(terms(), quantity=long))

    verdict = check(wish, wish.legs[0], INPUTS, LIMITS)

    assert isinstance(verdict, Denied)
    assert verdict.rule == "R05"


@pytest.mark.parametrize(("price", "rule"), [("98.99", "R06"), ("101.01", "R06"), ("99", "")])
def test_price_outside_the_venues_bounds_is_denied(price: str, rule: str) -> None:
    """R06: a market's own price limits hold."""
    bounds = msgspec.structs.replace(
        instrument(), min_price=Price("99"), max_price=Price("101"), tick=Price("0.01")
    )

    verdict = judged(terms(price=price, time_in_force=TimeInForce.GTC), instrument=bounds)

    assert (verdict.rule if isinstance(verdict, Denied) else "") == rule


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.REDUCING])
def test_reducing_order_passes_where_entries_do_not(state: TradingState) -> None:
    """Reducing is never blocked by a soft cap, old signals, switched-off strategies or size."""
    asked = terms(Side.SELL, "500", "96", reduce_only=True)

    verdict = judged(
        asked,
        state=state,
        is_strategy_on=False,
        position=Quantity(500),
        equity=None,
        live_orders=99,
        signal_ts=0,
        gross_elsewhere=Notional(10**9),
    )

    assert isinstance(verdict, RiskApproved)


def test_reducing_order_counts_other_pending_reduces() -> None:
    """R20: two reduces together never flip a position."""
    asked = terms(Side.SELL, "6", reduce_only=True)

    alone = judged(asked, position=Quantity(10))
    beside = judged(asked, position=Quantity(10), live_asks=Quantity("4.01"))

    assert isinstance(alone, RiskApproved)
    assert isinstance(beside, Denied)
    assert beside.rule == "R20"


def test_reducing_order_has_a_collar_of_its_own() -> None:
    """R08: five percent for what reduces."""
    near = judged(terms(Side.SELL, "1", "95", reduce_only=True), position=Quantity(10))
    far = judged(terms(Side.SELL, "1", "94.99", reduce_only=True), position=Quantity(10))

    assert isinstance(near, RiskApproved)
    assert isinstance(far, Denied)


def test_order_above_the_threshold_asks_a_person_about_these_terms() -> None:
    """R25: more than 2 % of equity needs a yes to exactly this."""
    asked = terms(quantity="20.01", price="100")

    verdict = judged(asked)

    assert isinstance(verdict, NeedsConfirmation)
    assert verdict.terms_hash == terms_hash(intent(asked).legs)
    assert verdict.reference_price == Price(100)


def test_confirmation_holds_for_its_own_terms_only() -> None:
    """R25: an approval of other terms is no approval."""
    asked, other = terms(quantity="20.01"), terms(quantity="20.02")
    wanted = terms_hash(intent(asked).legs)

    mine = judged(asked, confirmed_by="c", confirmed_hash=wanted)
    others = judged(other, confirmed_by="c", confirmed_hash=wanted)

    assert isinstance(mine, RiskApproved)
    assert mine.confirmed_by == "c"
    assert isinstance(others, NeedsConfirmation)


@pytest.mark.parametrize(
    "changed",
    [
        {"side": Side.SELL},
        {"quantity": "20.02"},
        {"price": "99.99"},
        {"name": SOL_SPOT},
        {"time_in_force": TimeInForce.GTC},
        {"reduce_only": True},
        {"post_only": True},
        {"order_type": OrderType.MARKET},
    ],
)
def test_hash_of_terms_changes_with_every_term(changed: dict[str, Any]) -> None:
    """What a person said yes to cannot be swapped."""
    asked = {"quantity": "20.01", "price": "100"}

    assert terms_hash(intent(terms(**asked)).legs) != terms_hash(  # type: ignore[arg-type]
        intent(terms(**{**asked, **changed})).legs
    )


def test_two_references_are_judged_by_their_middle() -> None:
    """R08: the median of two is half way, not the higher."""
    market = {"mark": None, "index": None, "trade_vwap": Price("99.20")}

    within = judged(terms(price="100.59", name=SOL_SPOT), instrument=instrument(SOL_SPOT), **market)
    beyond = judged(terms(price="100.60", name=SOL_SPOT), instrument=instrument(SOL_SPOT), **market)

    assert not isinstance(within, Denied)
    assert isinstance(beyond, Denied)
    assert beyond.rule == "R08"


# ---- a second reading of the law ---------------------------------------------------------------


class Law:
    """Risk-and-faults section 3 in fractions, rule by rule, in no order."""

    def __init__(self, wish: Intent, picture: GateInputs) -> None:
        self.wish = wish
        self.terms = wish.legs[0].terms
        self.i = picture
        self.m = picture.market
        self.price = Fraction(self.terms.limit_price.value)
        self.quantity = Fraction(self.terms.quantity.value)
        self.sign = 1 if self.terms.side is Side.BUY else -1
        self.held = Fraction(picture.position.value)
        self.bids = Fraction(picture.live_bids.value)
        self.asks = Fraction(picture.live_asks.value)

    def broken(self) -> set[str]:
        """Return every rule that is broken."""
        hard = ("R01", "R02", "R03", "R04", "R05", "R06", "R08", "R09", "R17", "R19", "R20")
        soft = ("R10", "R11", "R12", "R21", "R22", "R23")
        names = hard if self.reduces() else hard + soft
        return {name for name in names if not getattr(self, name.lower())()}

    def asks_a_person(self) -> bool:
        """R25."""
        if self.reduces():
            return False
        share = self.worth() / Fraction(self.equity()) * 100
        agreed = self.i.confirmed_hash == terms_hash(self.wish.legs)
        return share > 2 and not agreed

    def free(self) -> Fraction:
        """Return what may still be taken off."""
        if self.held == 0 or (self.held > 0) == (self.sign > 0):
            return Fraction(0)
        return max(Fraction(0), abs(self.held) - (self.bids if self.sign > 0 else self.asks))

    def reduces(self) -> bool:
        """Say whether the order can only shrink what is held."""
        rules = self.i.instrument
        if rules is None:
            return False
        is_marked = rules.id == SOL_SPOT or self.terms.reduce_only
        return is_marked and self.quantity <= self.free()

    def equity(self) -> Fraction:
        """Return E, or 0 where nobody knows it."""
        return Fraction(0) if self.i.equity is None else Fraction(self.i.equity.value)

    def worth(self) -> Fraction:
        """Return the order's notional."""
        assert self.i.instrument is not None
        return self.price * self.quantity * Fraction(self.i.instrument.contract_multiplier)

    def references(self) -> list[Fraction]:
        """Return what prices there are to compare with."""
        found = [self.m.mark, self.m.index]
        if self.m.mark is None:
            found.append(self.m.trade_vwap)
        prices = [Fraction(each.value) for each in found if each is not None]
        if self.m.best_bid is not None and self.m.best_ask is not None:
            prices.append((Fraction(self.m.best_bid.value) + Fraction(self.m.best_ask.value)) / 2)
        return sorted(prices)

    def r01(self) -> bool:
        """State allows it."""
        if self.i.state is TradingState.ACTIVE:
            return self.i.is_strategy_on or self.reduces()
        return self.i.state is TradingState.REDUCING and self.reduces()

    def r02(self) -> bool:
        """Lock and epoch held."""
        return not self.i.is_fenced

    def r03(self) -> bool:
        """Matched within 30 s, journal keeping up."""
        age = self.i.reconcile_age_ns
        return not self.i.is_journal_slow and age is not None and age <= 30 * 10**9

    def r04(self) -> bool:
        """The market is listed and open for this order."""
        rules = self.i.instrument
        if rules is None:
            return False
        return {
            MarketState.OPEN: True,
            MarketState.POST_ONLY: self.terms.post_only,
            MarketState.LIMIT_ONLY: self.terms.order_type is OrderType.LIMIT,
        }.get(rules.state, False)

    def r05(self) -> bool:
        """Numbers above zero."""
        return self.price > 0 and self.quantity > 0

    def r06(self) -> bool:
        """Tick, step, bounds."""
        rules = self.i.instrument
        if rules is None:
            return True
        most = rules.max_quantity
        return (
            self.price % Fraction(rules.tick.value) == 0
            and self.quantity % Fraction(rules.step.value) == 0
            and self.quantity >= Fraction(rules.min_quantity.value)
            and (most is None or self.quantity <= Fraction(most.value))
        )

    def r08(self) -> bool:
        """Within the collar of at least two references that agree."""
        prices = self.references()
        if len(prices) < 2 or prices[-1] - prices[0] > prices[0] / 100:
            return False
        middle = (prices[(len(prices) - 1) // 2] + prices[len(prices) // 2]) / 2
        ahead = (self.price - middle) / middle * 100 * self.sign
        return -10 <= ahead <= (5 if self.reduces() else 1)

    def r09(self) -> bool:
        """Book and mark are young."""
        book, mark = self.m.book_age_ns, self.m.mark_age_ns
        is_marked = self.m.mark is None or (mark is not None and mark <= 5 * 10**9)
        return self.m.is_book_valid and book is not None and book <= 10**9 and is_marked

    def r10(self) -> bool:
        """Notional within hard cap and 5 % of equity."""
        if self.i.instrument is None:
            return True
        return self.equity() > 0 and self.worth() <= min(Fraction(5_000), self.equity() / 20)

    def r11(self) -> bool:
        """At most 20 orders with this one."""
        return self.i.live_orders + 1 <= 20

    def r12(self) -> bool:
        """Worst case within its cap and leverage."""
        rules = self.i.instrument
        if rules is None or self.i.equity is None:
            return True
        if self.i.gross_elsewhere is None:
            return False
        bids = self.bids + (self.quantity if self.sign > 0 else 0)
        asks = self.asks + (self.quantity if self.sign < 0 else 0)
        at = self.price if self.m.mark is None else Fraction(self.m.mark.value)
        worst = max(abs(self.held + bids), abs(self.held - asks))
        worst *= at * Fraction(rules.contract_multiplier)
        gross = worst + Fraction(self.i.gross_elsewhere.value)
        return worst <= 20_000 and gross <= 2 * self.equity()

    def r17(self) -> bool:
        """Nothing like it is out or unknown."""
        return not self.i.has_duplicate and (not self.i.has_unknown or self.terms.reduce_only)

    def r19(self) -> bool:
        """No own order in the way."""
        return not self.i.crosses_own

    def r20(self) -> bool:
        """A reduce takes no more than there is."""
        return not self.terms.reduce_only or self.quantity <= self.free()

    def r21(self) -> bool:
        """Crossing costs at most 20 bps."""
        bid, ask = self.m.best_bid, self.m.best_ask
        if self.terms.time_in_force is TimeInForce.GTC or bid is None or ask is None:
            return True
        low, high = Fraction(bid.value), Fraction(ask.value)
        return (high - low) / (high + low) * 10_000 <= 20

    def r22(self) -> bool:
        """The venue's clock is near ours, and surely so."""
        offset, error = self.i.clock_offset_ns, self.i.clock_error_ns
        is_known = offset is not None and error is not None
        return is_known and abs(offset or 0) <= 5 * 10**8 and (error or 0) <= 25 * 10**7

    def r23(self) -> bool:
        """The signal is young and the price did not run away."""
        if self.i.signal_ts is None or self.i.confirmed_by is not None:
            return True
        if self.i.at - self.i.signal_ts > 3 * 10**9:
            return False
        touch = self.m.best_ask if self.sign > 0 else self.m.best_bid
        if self.i.signal_price is None:
            return True
        if touch is None:
            return False
        then = Fraction(self.i.signal_price.value)
        return (Fraction(touch.value) - then) / then * self.sign * 10_000 <= 30


def _random_case(rng: random.Random) -> tuple[Intent, GateInputs]:
    """Draw a mostly sane moment, with a few things off, often exactly at a bound."""

    def seldom(value: Any, *others: Any) -> Any:
        return rng.choice(others) if rng.random() < 0.07 else value

    is_spot = rng.random() < 0.4
    name = SOL_SPOT if is_spot else SOL_PERP
    mid = Decimal(rng.choice([100, 100, 100, 99, 101])) + Decimal(rng.randint(-60, 60)) / 100
    half = Decimal(seldom(rng.randint(1, 9), 20, 21, 40)) / 100
    side = rng.choice(list(Side))
    held = seldom(Decimal(0), *(Decimal(n) for n in (10, -10, 45, -45, 190, -190)))
    if rng.random() < 0.4:
        held = Decimal(rng.randint(-60, 60))
    asked = terms(
        side,
        seldom(
            str(rng.randint(1, 25)), "0", "49.99", "50", "50.01", "0.001", "-3", "20.01", "12.5"
        ),
        seldom(f"{mid + rng.randint(-90, 90) * Decimal('0.01')}", "0", f"{mid}1", "89", "106"),
        name=name,
        time_in_force=rng.choice(list(TimeInForce)),
        order_type=seldom(OrderType.LIMIT, OrderType.MARKET),
        post_only=rng.random() < 0.1,
        reduce_only=not is_spot and rng.random() < 0.3,
    )
    wish = intent(asked, name=f"i{rng.random()}")
    market = MarketNow(
        is_book_valid=rng.random() > 0.03,
        best_bid=seldom(Price(mid - half), None),
        best_ask=seldom(Price(mid + half), None),
        book_age_ns=seldom(rng.randint(0, 900) * MS, None, 1_000 * MS, 1_000 * MS + 1),
        mark=None if is_spot else seldom(Price(mid + Decimal(rng.randint(-20, 20)) / 100), None),
        mark_age_ns=seldom(rng.randint(0, 4_000) * MS, None, 5_000 * MS, 5_000 * MS + 1),
        index=None if is_spot else seldom(Price(mid), None, Price(mid * Decimal("1.0101"))),
        trade_vwap=seldom(Price(mid + Decimal(rng.randint(-30, 30)) / 100), None),
    )
    picture = GateInputs(
        at=START,
        state=seldom(TradingState.ACTIVE, *TradingState),
        is_strategy_on=rng.random() > 0.03,
        is_fenced=rng.random() < 0.02,
        is_journal_slow=rng.random() < 0.02,
        reconcile_age_ns=seldom(rng.randint(0, 20_000) * MS, None, 30_000 * MS, 30_000 * MS + 1),
        instrument=seldom(
            instrument(name, max_quantity="1000", multiplier=seldom("1", "10", "0.1")),
            None,
            *(instrument(name, state=state) for state in MarketState),
        ),
        market=market,
        position=Quantity(held),
        live_bids=Quantity(seldom(0, rng.randint(0, 60), 150)),
        live_asks=Quantity(seldom(0, rng.randint(0, 60), 150)),
        live_orders=seldom(rng.randint(0, 5), 19, 20),
        equity=seldom(Notional(rng.choice([100_000, 60_000, 125_000])), None, Notional(0)),
        gross_elsewhere=Notional(seldom(rng.randint(0, 50_000), 190_000, 199_000)),
        has_unknown=rng.random() < 0.03,
        has_duplicate=rng.random() < 0.03,
        crosses_own=rng.random() < 0.03,
        signal_ts=seldom(
            START - rng.randint(0, 2_900) * MS, None, START - 3_000 * MS, START - 10**10
        ),
        signal_price=seldom(Price(mid), None, Price(mid * Decimal("0.997")), Price(mid * 2)),
        clock_offset_ns=seldom(rng.randint(-400, 400) * MS, None, -500 * MS, 500 * MS + 1),
        clock_error_ns=seldom(rng.randint(0, 200) * MS, None, 250 * MS, 250 * MS + 1),
        confirmed_by=seldom(None, "cockpit"),
        confirmed_hash=seldom(None, terms_hash(wish.legs), "other"),
    )
    return wish, picture


@pytest.mark.parametrize("seed", range(10))
def test_gate_agrees_with_a_second_reading_of_the_law(seed: int) -> None:
    """Over random moments: denied exactly where a rule is broken, asked exactly where R25 says."""
    rng = random.Random(seed)
    seen = {"approved": 0, "asked": 0, "denied": 0}
    rules: set[str] = set()
    for number in range(600):
        wish, picture = _random_case(rng)
        law = Law(wish, picture)
        broken = law.broken()

        verdict = check(wish, wish.legs[0], picture, LIMITS)

        case = f"seed {seed} case {number}: {verdict} against {broken}, {wish}, {picture}"
        if isinstance(verdict, Denied):
            assert verdict.rule in broken, case
            seen["denied"] += 1
            rules.add(verdict.rule)
        else:
            assert not broken, case
            assert isinstance(verdict, NeedsConfirmation) is law.asks_a_person(), case
            seen["asked" if isinstance(verdict, NeedsConfirmation) else "approved"] += 1
    assert min(seen.values()) > 10, seen
    assert len(rules) >= 12, rules
