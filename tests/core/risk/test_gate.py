"""The gate: every rule denies alone, and the whole agrees with a second reading of the law."""

import random
from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.instrument import MarketState
from core.domain.intent import Denied, NeedsConfirmation, RiskApproved, terms_hash
from core.domain.order import OrderTerms, OrderType, Side, TimeInForce
from core.risk.gate import check
from core.risk.inputs import GateInputs, MarketNow
from tests.core.builders import SOL_PERP, SOL_SPOT, START, instrument, intent, terms
from tests.core.risk.law import LIMITS, MS, disagreement, random_case

CALM: Final = MarketNow(
    is_book_valid=True,
    best_bid=Price("99.99"),
    best_ask=Price("100.01"),
    book_age_ns=100 * MS,
    mark=Price("100"),
    mark_age_ns=500 * MS,
    index=Price("100"),
    recv_age_ns=100 * MS,
    last=Price("100"),
    average_60s=Price("100"),
    depth=Notional(10**7),
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
    rules_age_ns=60_000 * MS,
    orders_total=0,
    open_value=Notional(0),
    asset_net=Quantity(0),
    free_capital=Notional(50_000),
    initial_margin=Decimal("0.05"),
    maintenance_margin=Decimal("0.025"),
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
    ("R10", "share of depth", {"depth": Notional(4_999)}, {}),
    ("R10", "depth not known", {"depth": None}, {}),
    ("R11", "too many open", {"live_orders": 20}, {}),
    ("R11", "too many in all", {"orders_total": 100}, {}),
    ("R11", "worth too much", {"open_value": Notional(49_001)}, {}),
    ("R12", "asset cap", {"asset_net": Quantity("390.01")}, {}),
    ("R13", "too little margin", {"initial_margin": Decimal(101)}, {}),
    (
        "R13",
        "liquidation near",
        {
            "gross_elsewhere": Notional(150_000),
            "maintenance_margin": Decimal("0.33"),
            "position": Quantity("180"),
        },
        {},
    ),
    ("R14", "no free capital", {"free_capital": Notional("50.99")}, {}),
    ("R14", "capital not known", {"free_capital": None}, {}),
    ("R15", "loss limit", {"loss_stop": "day loss 3.10 % has reached 3 %"}, {}),
    ("R16", "budget used up", {"entries_60s": 800}, {}),
    ("R18", "in circles", {"repeated": "20 orders in 60 s without a fill"}, {}),
    ("R03", "being compared", {"is_reconciling": True}, {}),
    ("R04", "old rules", {"rules_age_ns": 3_600_001 * MS}, {}),
    ("R04", "rules never read", {"rules_age_ns": None}, {}),
    ("R08", "no average", {"average_60s": None}, {}),
    ("R08", "beyond the average", {"average_60s": Price("97.08")}, {}),
    ("R09", "received long ago", {"recv_age_ns": 1_001 * MS}, {}),
    ("R21", "eats through the book", {"vwap": Price("100.21")}, {}),
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


@pytest.mark.parametrize("seed", range(10))
def test_gate_agrees_with_a_second_reading_of_the_law(seed: int) -> None:
    """Over random moments: denied exactly where a rule is broken, asked exactly where R25 says."""
    rng = random.Random(seed)
    seen: dict[str, int] = {}
    for number in range(600):
        wish, picture = random_case(rng)

        word, fault = disagreement(wish, picture)

        assert not fault, f"seed {seed} case {number}: {fault} {wish} {picture}"
        seen[word] = seen.get(word, 0) + 1
    assert min(seen["approved"], seen["asked"]) > 10, seen
    assert len(seen) >= 14, seen
