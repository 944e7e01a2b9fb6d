"""The use of limits: against a naive count over random days of a Desk, peaks, denials, speed."""

import time
from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.commands import ChangeLimits
from core.domain.exact import Quantity
from core.domain.facts import (
    FillBooked,
    GateJudged,
    LimitsPeaked,
    OrderJournaled,
    OrderMoved,
    StrategyPaused,
)
from core.domain.ids import InstrumentId, IntentId
from core.domain.order import OrderState, OrderTerms, Side
from core.domain.risk_views import CapitalView, LimitRow, LimitsView
from core.domain.views import FrameRequest
from core.risk.limits import RiskLimits
from core.runtime.limit_orders import uses_of
from core.runtime.limit_reading import LimitReader
from core.runtime.limit_words import BY_NAME
from tests.core.builders import SECOND, SOL_PERP, SOL_SPOT, STRATEGY, instrument
from tests.core.runtime.rig import Rig

CASH: Final = Decimal(100_000)
FEE: Final = Decimal("0.1")
TAKER: Final = Decimal("0.001")
WIDE: Final = RiskLimits(
    confirm_above_equity_pct=100, max_reference_spread_pct=50, max_aggressive_collar_pct=50,
    max_average_collar_pct=50, max_signal_drift_bps=10_000, max_submits_without_progress=1_000,
    max_refusals_in_a_row=100, max_losing_round_trips=100, max_order_equity_pct=50,
)  # fmt: skip
"""Wide enough that most random orders pass."""


def _view(rig: Rig, topic: str) -> Any:
    return rig.engine.frames.frame(FrameRequest(versions={topic: 0}), rig.at).views[topic]


def _rows(rig: Rig) -> dict[str, LimitRow]:
    view = _view(rig, "limits")
    assert isinstance(view, LimitsView)
    return {row.name.partition(".")[2]: row for row in view.rows}


class Naive:
    """Counts everything anew from facts, in plain loops, as a person with paper would."""

    def __init__(self, rig: Rig, mark: Decimal) -> None:
        self.live: dict[int, Any] = {}
        self.filled: dict[int, Decimal] = {}
        self.entries = self.refusals = self.submits = 0
        self.position = self.cost = self.fees = Decimal(0)
        owner: dict[str, int] = {}
        for fact in rig.facts:
            if isinstance(fact, OrderJournaled):
                self.live[fact.client_order_id] = fact.approved.leg.terms
                owner[fact.approved.intent_id] = fact.client_order_id
                self.entries += rig.at - fact.at < 60 * SECOND and (
                    not fact.approved.leg.terms.reduce_only
                )
                self.submits += 1
            elif isinstance(fact, OrderMoved):
                if fact.state in {OrderState.REJECTED, OrderState.EXPIRED}:
                    self.refusals += 1
                elif fact.state in {OrderState.FILLED, OrderState.PARTIAL}:
                    self.refusals = 0
                if fact.state.is_terminal:
                    self.live.pop(fact.client_order_id, None)
            elif isinstance(fact, FillBooked):
                signed = fact.fill.quantity.value * fact.fill.side.sign
                self.position += signed
                self.cost += signed * fact.fill.price.value
                self.fees += FEE
                self.refusals = self.submits = 0
        self.mark = mark
        self.equity = CASH - self.fees - self.cost + self.position * mark

    def uses(self) -> dict[str, Decimal]:
        """Return uses by the name of the limit."""
        bids = asks = value = tied = Decimal(0)
        for terms in self.live.values():
            if terms.side is Side.BUY:
                bids += terms.quantity.value
            else:
                asks += terms.quantity.value
            if not terms.reduce_only:
                worth = terms.limit_price.value * terms.quantity.value
                value, tied = value + worth, tied + worth * (1 + TAKER)
        worst = max(abs(self.position + bids), abs(self.position - asks)) * self.mark
        tied += abs(self.position) * self.mark
        found = {
            "max_open_orders": Decimal(len(self.live)),
            "max_open_orders_total": Decimal(len(self.live)),
            "max_open_value_pct": value / self.equity * 100,
            "max_position_notional": worst,
            "max_asset_notional": abs(self.position) * self.mark,
            "max_leverage": worst / self.equity,
            "max_entries_per_min": Decimal(self.entries),
            "max_refusals_in_a_row": Decimal(self.refusals),
            "max_submits_without_progress": Decimal(self.submits),
            "reserve_pct": 100 - tied / self.equity * 100,
            "allocations_pct": tied / (self.equity * Decimal("0.4")) * 100,
        }
        if worst:
            found["min_liquidation_distance_pct"] = self.equity / worst * 100
        return found


MOVES = st.tuples(
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(1, 40),
    st.sampled_from(["fill", "rest", "reject"]),
    st.integers(96, 104),
)


@settings(max_examples=20, deadline=None)
@given(moves=st.lists(MOVES, min_size=1, max_size=7))
def test_uses_are_what_a_naive_count_finds(moves: list[tuple[Side, int, str, int]]) -> None:
    """Orders resting, filled and refused, prices moving: every use, and the highest of each."""
    rig = Rig(limits=WIDE).open_markets()
    highest: dict[str, float] = {}
    held = Decimal(0)
    for number, (side, quantity, end, price) in enumerate(moves):
        rig.show(str(price))
        rig.leader(side, str(quantity), before=str(held), trade=f"t{number}", price=str(price))
        held += quantity * side.sign
        _finish(rig, end)
        rig.run(1.0)
        expected, rows = Naive(rig, Decimal(price)).uses(), _rows(rig)
        for name, used in expected.items():
            row = rows[name]
            assert row.used is not None, name
            assert abs(Decimal(row.used) - used) <= Decimal("0.0051"), name
            highest[name] = max(highest.get(name, 0.0), row.fraction or 0.0)
            assert (row.fraction or 0.0) == pytest.approx(_share(name, used), rel=1e-9), name
            assert row.peak_fraction == pytest.approx(highest[name], rel=1e-9), name


def _finish(rig: Rig, end: str) -> None:
    for effect in rig.placed:
        if effect.client_order_id in rig.venue.history:
            continue
        if end == "fill":
            rig.feed(rig.venue.fill(effect, rig.at))
            continue
        told = rig.venue.accept(effect, rig.at)
        if end == "reject":
            del rig.venue.open[effect.client_order_id]
            told = msgspec.structs.replace(told, state=OrderState.EXPIRED)
            rig.venue.history[effect.client_order_id] = told
        rig.feed(told)


def _share(name: str, used: Decimal) -> float:
    words = BY_NAME[name]
    limit = Decimal(100) if name == "allocations_pct" else Decimal(str(_limit(name)))
    part, whole = (limit, used) if words.is_floor else (used, limit)
    return min(9.99, float(part / whole))


def _limit(name: str) -> float:
    return float(getattr(WIDE, name)) if hasattr(WIDE, name) else 20.0


# ---- what an order used --------------------------------------------------------------------------


def _judged(**numbers: str) -> GateJudged:
    base = {
        "side": "buy", "quantity": "10", "limit_price": "100.20", "best_bid": "99.99",
        "best_ask": "100.01", "mark": "100", "index": "100", "average_60s": "100.10",
        "vwap": "100.05", "depth": "50000", "equity": "100000", "position": "0",
        "live_bids": "0", "live_asks": "0", "signal_age_ms": "800", "signal_price": "99.90",
    }  # fmt: skip
    return GateJudged(
        at=0, intent_id=IntentId("i"), strategy=STRATEGY, instrument=SOL_PERP, verdict="approved",
        rule="", text="", numbers=tuple({**base, **numbers}.items()), limits="x",
    )  # fmt: skip


def _used(fact: GateJudged, name: InstrumentId = SOL_PERP) -> dict[str, float]:
    return {u.name: round(float(u.used), 4) for u in uses_of(fact, instrument(name))}


def test_an_order_that_passed_used_its_limits_as_the_gate_counts_them() -> None:
    """By hand: 10 at 100.20 is 1002; 20 cents above a reference of 100, and so on."""
    assert _used(_judged()) == {
        "max_order_notional": 1002.0, "max_order_equity_pct": 1.002,
        "confirm_above_equity_pct": 1.002, "max_depth_share_pct": 2.004,
        "max_aggressive_collar_pct": 0.2, "max_passive_collar_pct": 0.0,
        "max_average_collar_pct": 0.0999, "max_slippage_bps": 5.0, "max_signal_age_ms": 800.0,
        "max_signal_drift_bps": 11.011,
    }  # fmt: skip


def test_a_resting_order_takes_nothing_and_stands_behind() -> None:
    """Below the bid: no slippage, a passive distance."""
    used = _used(_judged(limit_price="99", vwap="", signal_age_ms="", signal_price=""))

    assert used["max_passive_collar_pct"] == 1.0
    assert used["max_aggressive_collar_pct"] == 0.0
    assert "max_slippage_bps" not in used
    assert "max_signal_age_ms" not in used


def test_an_order_that_reduces_is_held_to_none_of_these() -> None:
    """Flagged on a perpetual, or within the holding on spot."""
    assert _used(_judged(reduce_only="yes", position="-20")) == {}
    assert _used(_judged(position="-20")) != {}
    assert _used(_judged(side="sell", position="20"), SOL_SPOT) == {}


def test_what_is_not_known_is_not_measured() -> None:
    """No equity, no depth, no average: those uses are left out."""
    used = _used(_judged(equity="", depth="", average_60s="", mark="", index=""))

    assert set(used) & {"max_order_equity_pct", "max_depth_share_pct"} == set()
    assert "max_average_collar_pct" not in used
    assert "max_aggressive_collar_pct" not in used


# ---- peaks and denials ---------------------------------------------------------------------------


def _traded(rig: Rig) -> None:
    rig.leader(quantity="20")
    rig.fill_all()
    rig.run(2)
    rig.show("100")


def test_a_peak_outlives_the_use_and_the_run() -> None:
    """The position is closed, the engine starts again: the day's highest stands."""
    rig = Rig().open_markets()
    rig.run(12)
    rig.show("100")
    _traded(rig)
    rig.run(12)
    rig.show("100")
    rig.leader(Side.SELL, "20", before="20", trade="t2")
    rig.fill_all()
    rig.run(12)

    row = _rows(rig)["max_position_notional"]
    assert (row.used, row.peak, row.peak_worst) == ("0.00", "1000.00", SOL_PERP)

    again = Rig(journal=rig.facts, epoch=2, at=rig.at + SECOND, venue=rig.venue)
    assert _rows(again)["max_position_notional"].peak == "1000.00"


def test_peaks_begin_anew_with_the_day() -> None:
    """At midnight UTC the highest is what is used then."""
    rig = Rig().open_markets()
    _traded(rig)
    assert _rows(rig)["max_order_notional"].peak == "1001.60"
    day = rig.at // (86_400 * SECOND)
    rig.at = (day + 1) * 86_400 * SECOND
    rig.run(3)

    rows = _rows(rig)

    assert rows["max_order_notional"].peak in {None, "0.00"}
    assert rows["max_position_notional"].peak == "1000.00"


def test_peaks_are_journaled_sparingly() -> None:
    """Nothing new, nothing written; a rise within ten seconds waits."""
    rig = Rig().open_markets()
    rig.run(30)
    before = len(rig.of(LimitsPeaked))
    rig.run(60)

    assert len(rig.of(LimitsPeaked)) - before <= 6


def test_denials_are_counted_by_rule_and_day() -> None:
    """Also those that were told once for many."""
    rig = Rig(limits=RiskLimits(max_order_notional=100)).open_markets()
    for number in range(3):
        rig.leader(quantity="20", trade=f"t{number}")
        rig.run(11)
        rig.show("100")

    rows = _rows(rig)

    assert rows["max_order_notional"].denied == rows["max_order_equity_pct"].denied >= 1
    assert rows["max_leverage"].denied == 0


def test_a_tightened_limit_shows_its_use_at_the_next_beat() -> None:
    """Half the limit is twice the share."""
    rig = Rig().open_markets()
    _traded(rig)
    before = _rows(rig)["max_position_notional"].fraction
    rig.command(ChangeLimits(values=(("max_position_notional", "10000"),)))
    rig.run(1)

    row = _rows(rig)["max_position_notional"]

    assert (row.value, row.file_value) == ("10000", "20000")
    assert row.fraction == pytest.approx((before or 0) * 2)


# ---- capital -------------------------------------------------------------------------------------


def test_capital_says_who_uses_what_and_what_holds() -> None:
    """By hand: 10 at 100 with full margin, of forty hundredths each; a pause, a stop."""
    rig = Rig().open_markets()
    _traded(rig)
    rig.engine.desk.absorb(rig.rooms.risk.halt(rig.at), rig.at, [])
    rig.engine.desk.absorb(_paused(rig), rig.at, [])

    view = _view(rig, "capital")

    assert isinstance(view, CapitalView)
    copy = view.rows[0]
    assert (copy.used, copy.reserved, copy.state) == ("1000.00", "0.00", "paused")
    assert copy.allocation == f"{Decimal(view.equity or 0) * Decimal('0.4'):.2f}"
    assert [(h.scope, h.state, h.who) for h in view.holds] == [
        ("account", "halted", "you"), ("account", "halted", "you"), (STRATEGY, "paused", "you"),
    ]  # fmt: skip
    assert [h.how.partition(":")[0] for h in view.holds] == ["resume", "re-arm", "switch it on"]


def _paused(rig: Rig) -> Any:
    from core.domain.reaction import Reaction

    return Reaction((StrategyPaused(at=rig.at, strategy=STRATEGY, reason="it ran in circles"),))


def test_measuring_costs_under_a_millisecond() -> None:
    """The median of many beats with a position and orders resting (a generous bound: 3 ms)."""
    rig = Rig().open_markets()
    _traded(rig)
    reader = LimitReader(rig.rooms)
    costs = []
    for _ in range(50):
        begun = time.perf_counter()
        list(reader.uses(rig.at))
        costs.append(time.perf_counter() - begun)

    assert sorted(costs)[25] < 0.003


def test_an_order_for_nothing_is_never_placed() -> None:
    """What measures only looks: quantities of zero stay in the measuring."""
    rig = Rig().open_markets()
    _traded(rig)
    terms = [e.approved.leg.terms for e in rig.placed]

    assert all(isinstance(t, OrderTerms) and t.quantity > Quantity(0) for t in terms)
