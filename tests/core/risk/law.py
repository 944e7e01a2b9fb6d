"""A second reading of risk-and-faults section 3, in fractions, and random moments to judge.

`python -m tests.core.risk.law --cases 1000000` holds the gate against it at size.
"""

import argparse
import random
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.instrument import Instrument, MarketState
from core.domain.intent import Denied, Intent, NeedsConfirmation, terms_hash
from core.domain.order import OrderType, Side, TimeInForce
from core.risk.gate import check
from core.risk.inputs import GateInputs, MarketNow
from core.risk.limits import RiskLimits
from tests.core.builders import SOL_PERP, SOL_SPOT, START, instrument, intent, terms

LIMITS: Final = RiskLimits()
MS: Final = 1_000_000
HARD: Final = (
    "R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R17", "R19", "R20",
)  # fmt: skip
SOFT: Final = (
    "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R18", "R21", "R22", "R23",
)  # fmt: skip


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
        names: tuple[str, ...] = HARD
        if not self.reduces():
            names = HARD + (("cap",) if self.i.is_package_hedge else ("cap", *SOFT))
        broken = {name for name in names if not getattr(self, name.lower())()}
        return {"R10" if name == "cap" else name for name in broken}

    def asks_a_person(self) -> bool:
        """R25."""
        if self.reduces() or self.i.is_package_hedge:
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
        is_calm = not self.i.is_journal_slow and not self.i.is_reconciling
        return is_calm and age is not None and age <= 30 * 10**9

    def r04(self) -> bool:
        """The market is listed and open for this order."""
        rules, age = self.i.instrument, self.i.rules_age_ns
        if rules is None or age is None or age > 3_600 * 10**9:
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
            and self.multiplied(rules)
        )

    def multiplied(self, rules: Instrument) -> bool:
        """Within the venue's multiples of the active price."""
        last = self.m.last if self.m.mark is None else self.m.mark
        if last is None:
            return True
        least = Fraction(rules.min_multiplier or 0) * Fraction(last.value)
        most = rules.max_multiplier
        return self.price >= least and (
            most is None or self.price <= Fraction(most) * Fraction(last.value)
        )

    def r07(self) -> bool:
        """One unit of quantity; what is to be spent fits what is stated."""
        spend = self.terms.quote_quantity
        if self.i.instrument is None or spend is None:
            return True
        is_market = self.terms.order_type is OrderType.MARKET
        return is_market and 0 < Fraction(spend.value) <= self.worth()

    def r08(self) -> bool:
        """Within the collar of at least two references that agree."""
        prices = self.references()
        if len(prices) < 2 or prices[-1] - prices[0] > prices[0] / 100:
            return False
        middle = (prices[(len(prices) - 1) // 2] + prices[len(prices) // 2]) / 2
        ahead = (self.price - middle) / middle * 100 * self.sign
        if not -10 <= ahead <= (5 if self.reduces() else 1):
            return False
        if self.reduces():
            return True
        slow = self.m.average_60s
        if slow is None or slow.value <= 0:
            return False
        average = Fraction(slow.value)
        return (self.price - average) / average * 100 * self.sign <= 3

    def r09(self) -> bool:
        """Book and mark are young."""
        book, mark = self.m.book_age_ns, self.m.mark_age_ns
        is_marked = self.m.mark is None or (mark is not None and mark <= 5 * 10**9)
        received = self.m.recv_age_ns
        is_young = book is not None and book <= 10**9
        is_young = is_young and received is not None and received <= 10**9
        return self.m.is_book_valid and is_young and is_marked

    def cap(self) -> bool:
        """Below the hard cap."""
        return self.i.instrument is None or self.worth() <= 5_000

    def r10(self) -> bool:
        """Within 5 % of equity and 20 % of the depth inside the collar."""
        if self.i.instrument is None:
            return True
        depth = self.m.depth
        if depth is None or self.equity() <= 0:
            return False
        return self.worth() <= min(self.equity() / 20, Fraction(depth.value) / 5)

    def r11(self) -> bool:
        """At most 20 orders with this one, 100 in all, worth half of equity."""
        if self.i.instrument is None:
            return True
        few = self.i.live_orders + 1 <= 20 and self.i.orders_total + 1 <= 100
        return few and Fraction(self.i.open_value.value) + self.worth() <= self.equity() / 2

    def r12(self) -> bool:
        """Worst case within its cap and leverage."""
        rules = self.i.instrument
        if rules is None or self.i.equity is None:
            return True
        if self.i.gross_elsewhere is None:
            return False
        gross = self.worst() + Fraction(self.i.gross_elsewhere.value)
        net = Fraction(self.i.asset_net.value)
        after = abs(net + self.sign * self.quantity)
        is_asset_ok = after <= abs(net) or after * self.at() <= 40_000
        return self.worst() <= 20_000 and gross <= 2 * self.equity() and is_asset_ok

    def at(self) -> Fraction:
        """Return what a contract is worth."""
        assert self.i.instrument is not None
        price = self.price if self.m.mark is None else Fraction(self.m.mark.value)
        return price * Fraction(self.i.instrument.contract_multiplier)

    def worst(self) -> Fraction:
        """Return W with this order."""
        bids = self.bids + (self.quantity if self.sign > 0 else 0)
        asks = self.asks + (self.quantity if self.sign < 0 else 0)
        return max(abs(self.held + bids), abs(self.held - asks)) * self.at()

    def r13(self) -> bool:
        """Margin and distance from liquidation after it."""
        if self.i.instrument is None or self.i.gross_elsewhere is None or self.i.equity is None:
            return True
        gross = self.worst() + Fraction(self.i.gross_elsewhere.value)
        keep = Fraction(self.i.maintenance_margin)
        if gross > 0 and self.equity() / gross < max(Fraction(self.i.initial_margin), 2 * keep):
            return False
        worst = self.worst()
        return worst <= 0 or (self.equity() - keep * gross) / worst >= Fraction(15, 100)

    def r14(self) -> bool:
        """Free capital for margin and fees; spot for all of it."""
        rules = self.i.instrument
        if rules is None:
            return True
        if self.i.free_capital is None:
            return False
        share = Fraction(1) if rules.id == SOL_SPOT else Fraction(self.i.initial_margin)
        needed = self.worth() * (share + Fraction(self.i.taker_fee))
        if self.terms.reduce_only:
            needed = Fraction(0)
        return needed <= Fraction(self.i.free_capital.value)

    def r15(self) -> bool:
        """No loss limit stands."""
        return self.i.loss_stop == ""

    def r16(self) -> bool:
        """Entries leave room to cancels."""
        return self.i.entries_60s + 1 <= 800

    def r18(self) -> bool:
        """No circles."""
        return self.i.repeated == ""

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
        if self.terms.post_only or bid is None or ask is None:
            return True
        low, high = Fraction(bid.value), Fraction(ask.value)
        touch = high if self.sign > 0 else low
        does_cross = (self.price - touch) * self.sign >= 0
        if self.terms.time_in_force is TimeInForce.GTC and not does_cross:
            return True
        paid = touch if self.m.vwap is None else Fraction(self.m.vwap.value)
        middle = (low + high) / 2
        return abs(paid - middle) / middle * 10_000 <= 20

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


def random_case(rng: random.Random) -> tuple[Intent, GateInputs]:
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
    if rng.random() < 0.04:
        spend = seldom(asked.limit_price * abs(asked.quantity), Notional(10**9), Notional(0))
        asked = msgspec.structs.replace(asked, quote_quantity=spend)
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
        recv_age_ns=seldom(rng.randint(0, 900) * MS, None, 1_000 * MS, 1_000 * MS + 1),
        last=seldom(Price(mid), None, Price(mid * 2)),
        average_60s=seldom(
            Price(mid), None, Price(mid * Decimal("0.97")), Price(mid * Decimal("1.031"))
        ),
        depth=seldom(Notional(rng.randint(20_000, 10**6)), None, Notional(10_000), Notional(0)),
        vwap=seldom(None, Price(mid), Price(mid * Decimal("1.002")), Price(mid * Decimal("1.003"))),
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
            msgspec.structs.replace(
                instrument(name),
                min_multiplier=Decimal("0.99"),
                max_multiplier=Decimal("1.005"),
            ),
            *(instrument(name, state=state) for state in MarketState),
        ),
        market=market,
        rules_age_ns=seldom(
            rng.randint(0, 3_000) * 1_000 * MS, None, 3_600_000 * MS, 3_600_000 * MS + 1
        ),
        is_reconciling=rng.random() < 0.02,
        position=Quantity(held),
        orders_total=seldom(rng.randint(0, 60), 99, 100),
        open_value=Notional(seldom(rng.randint(0, 25_000), 29_000, 48_750, 50_000)),
        asset_net=Quantity(seldom(held, 390, -390, 400, 0)),
        free_capital=seldom(Notional(rng.randint(2_600, 40_000)), None, Notional(0), Notional(100)),
        initial_margin=seldom(Decimal("0.05"), Decimal(1), Decimal("0.5")),
        maintenance_margin=seldom(Decimal("0.025"), Decimal("0.6"), Decimal("0.4")),
        loss_stop=seldom("", "day loss 3.10 % has reached 3 %"),
        entries_60s=seldom(rng.randint(0, 500), 799, 800),
        repeated=seldom("", "21 orders in 60 s without a fill"),
        is_package_hedge=rng.random() < 0.05,
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


def disagreement(wish: Intent, picture: GateInputs) -> tuple[str, str]:
    """Judge one moment both ways; return the verdict's word, and what they disagree on."""
    law = Law(wish, picture)
    broken = law.broken()
    verdict = check(wish, wish.legs[0], picture, LIMITS)
    if isinstance(verdict, Denied):
        return verdict.rule, "" if verdict.rule in broken else f"{verdict} against {broken}"
    word = "asked" if isinstance(verdict, NeedsConfirmation) else "approved"
    if broken:
        return word, f"{word} against {broken}"
    return word, "" if (word == "asked") is law.asks_a_person() else f"{word}, R25 disagrees"


def main() -> int:
    """Judge as many moments as asked; print how often each verdict came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    seen: dict[str, int] = {}
    faults = 0
    for number in range(chosen.cases):
        wish, picture = random_case(rng)
        word, fault = disagreement(wish, picture)
        seen[word] = seen.get(word, 0) + 1
        if fault:
            faults += 1
            sys.stdout.write(
                f"seed {chosen.seed} case {number}: {fault}\n  {wish}\n  {picture}" + "\n"
            )
    sys.stdout.write(f"seed {chosen.seed}, {chosen.cases} cases, {faults} disagreements" + "\n")
    sys.stdout.write("  ".join(f"{word} {count}" for word, count in sorted(seen.items())) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
