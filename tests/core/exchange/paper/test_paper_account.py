"""The whole account: orders, money, restarts; exact sums by hand, random lives by an oracle."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from core.domain.events import (
    CancelAnswered,
    CancelFailed,
    Channel,
    ConnectionChanged,
    LinkState,
    OrderRefused,
    OrderReport,
    QueryKind,
    VenueTimeMeasured,
)
from core.domain.exact import ZERO_AMOUNT
from core.domain.ids import Asset, VenueId
from core.domain.order import Fill, LiquiditySide, OrderState, OrderType, Side, TimeInForce
from core.exchange.paper.facts import CashMoved
from tests.core.builders import SECOND, SOL_PERP, SOL_SPOT, START, instrument, terms
from tests.core.exchange.paper.paper_stage import MS, USDC, Stage, frame, place

GTC, FOK = TimeInForce.GTC, TimeInForce.FOK
HOUR = 3_600 * SECOND


def opened(**changes: Any) -> Stage:
    """Return an account beside a book of 99/101 with depth behind."""
    stage = Stage(**changes)
    stage.snapshot({"99": "10", "98": "20"}, {"101": "5", "102": "5", "103": "50"})
    stage.mark("100")
    return stage


# ---- matching ----------------------------------------------------------------------------------


def test_marketable_order_walks_the_displayed_book() -> None:
    """A taker pays each level's price and takes no more than it shows."""
    stage = opened()

    stage.place(terms(Side.BUY, "7", "102", time_in_force=TimeInForce.IOC))

    assert stage.filled(1) == [("101", "5"), ("102", "2")]
    assert stage.reports(1)[-1].state is OrderState.FILLED


def test_what_was_taken_is_offered_again_only_when_the_feed_names_it() -> None:
    """Own impact: a second order finds the level gone until a frame shows it anew."""
    stage = opened()
    stage.place(terms(Side.BUY, "5", "101"), 1)

    stage.place(terms(Side.BUY, "1", "101"), 2)
    stage.depth({}, {"101": "3"})
    stage.place(terms(Side.BUY, "4", "101"), 3)

    assert stage.filled(2) == []
    assert stage.reports(2)[-1].reason == "ImmediateOrCancel"
    assert stage.filled(3) == [("101", "3")]
    assert stage.reports(3)[-1].state is OrderState.EXPIRED


def test_whole_or_nothing_order_takes_nothing_from_too_small_a_book() -> None:
    """FOK fills wholly or expires untouched."""
    stage = opened()

    stage.place(terms(Side.BUY, "11", "102", time_in_force=FOK), 1)
    stage.place(terms(Side.BUY, "10", "102", time_in_force=FOK), 2)

    assert stage.reports(1)[-1].reason == "FillOrKill"
    assert stage.filled(1) == []
    assert stage.filled(2) == [("101", "5"), ("102", "5")]


def test_post_only_order_that_would_take_expires() -> None:
    """A maker never takes."""
    stage = opened()

    stage.place(terms(Side.BUY, "1", "101", time_in_force=GTC, post_only=True))

    assert stage.reports(1)[-1].reason == "PostOnlyTaker"


def test_order_that_could_meet_an_own_one_expires() -> None:
    """Self-trade prevention rejects the taker."""
    stage = opened()
    stage.place(terms(Side.BUY, "1", "100", time_in_force=GTC), 1)

    stage.place(terms(Side.SELL, "1", "99", time_in_force=GTC), 2)

    assert stage.reports(2)[-1].reason == "SelfTradePrevention"
    assert stage.filled(2) == []


def test_resting_order_waits_behind_the_displayed_size() -> None:
    """Ten stand ahead: nine printed fill nothing, three more fill two."""
    stage = opened()
    stage.place(terms(Side.BUY, "4", "99", time_in_force=GTC))

    stage.trade("99", "9", Side.SELL)
    stage.run(1)
    before = stage.filled(1)
    stage.trade("99", "3", Side.SELL)
    stage.run(1)

    assert before == []
    assert stage.filled(1) == [("99", "2")]
    assert stage.fills(1)[0].liquidity_side is LiquiditySide.MAKER


def test_print_beyond_the_price_fills_at_the_own_price() -> None:
    """A seller who got 98 would have met our 99 first; no more fills than was printed."""
    stage = opened()
    stage.place(terms(Side.BUY, "4", "99", time_in_force=GTC))

    stage.trade("98", "3", Side.SELL)
    stage.run(1)

    assert stage.filled(1) == [("99", "3")]


def test_book_that_trades_through_fills_what_it_offers() -> None:
    """An ask at 99 has come to our bid: so much fills as it shows, once."""
    stage = opened()
    stage.place(terms(Side.BUY, "4", "99", time_in_force=GTC))

    stage.depth({"99": "0"}, {"99": "3"})
    stage.depth({"97": "1"}, {})
    stage.run(1)

    assert stage.filled(1) == [("99", "3")]


@pytest.mark.parametrize(
    ("blind", "why"),
    [
        (lambda stage: stage.depth({"99": "1"}, {}, skip=3), "gap"),
        (lambda stage: stage.run(6), "stale"),
        (
            lambda stage: stage.feed(
                ConnectionChanged(
                    ts_event=stage.at,
                    ts_recv=stage.at,
                    venue=VenueId("alpha"),
                    channel=Channel.PUBLIC,
                    state=LinkState.DOWN,
                )
            ),
            "stream is down",
        ),
    ],
)
def test_nothing_fills_while_the_book_is_not_true(blind: Callable[[Stage], None], why: str) -> None:
    """Orders rest, an IOC expires with the reason, prints move nothing."""
    stage = opened()
    stage.place(terms(Side.BUY, "1", "99", time_in_force=GTC), 1)
    blind(stage)

    stage.place(terms(Side.BUY, "1", "102"), 2)
    stage.trade("90", "100", Side.SELL)
    stage.run(1)

    assert stage.fills() == []
    assert stage.reports(1)[-1].state is OrderState.ACCEPTED
    assert why in stage.reports(2)[-1].reason
    assert why in stage.exchange.troubles()[SOL_PERP]


# ---- time --------------------------------------------------------------------------------------


def test_taker_waits_for_the_bump_and_the_way_a_maker_for_the_way_alone() -> None:
    """Accepted reports come after way and back, and a tenth of a second more for takers."""
    stage = opened(bump_ns=100 * MS)
    for _ in range(32):
        stage.feed(
            VenueTimeMeasured(
                ts_event=stage.at,
                ts_recv=stage.at,
                venue=VenueId("alpha"),
                offset_ns=0,
                error_bound_ns=20 * MS,
            )
        )
    begun = stage.at

    stage.place(terms(Side.BUY, "1", "98", time_in_force=GTC), 1, secs=0)
    stage.place(terms(Side.BUY, "1", "98", time_in_force=GTC, post_only=True), 2, secs=1)

    taker, maker = stage.reports(1)[0], stage.reports(2)[0]
    assert 34 * MS <= maker.ts_recv - begun <= 46 * MS
    assert 134 * MS <= taker.ts_recv - begun <= 146 * MS


def test_cancel_of_an_order_still_held_by_the_bump_is_kept_for_it() -> None:
    """A cancel that overtakes its order ends it as it comes in."""
    stage = opened(bump_ns=100 * MS)
    stage.place(terms(Side.BUY, "1", "98", time_in_force=GTC), 1, secs=0)

    stage.cancel(1, secs=1)

    answers = [body.is_done for body in stage.told if isinstance(body, CancelAnswered)]
    assert answers == [False]
    assert stage.reports(1)[-1].state is OrderState.CANCELLED


def test_cancel_of_what_does_not_rest_is_not_found() -> None:
    """As a venue says it."""
    stage = opened()

    stage.cancel(9)

    (failed,) = [body for body in stage.told if isinstance(body, CancelFailed)]
    assert failed.is_not_found


# ---- admission ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (terms(Side.BUY, "1", "100.005"), "INVALID_PRICE"),
        (terms(Side.BUY, "0.005", "100"), "INVALID_QUANTITY"),
        (terms(Side.BUY, "20000", "100"), "INSUFFICIENT_MARGIN"),
        (terms(Side.BUY, "2000", "100", name=SOL_SPOT), "INSUFFICIENT_FUNDS"),
        (terms(Side.SELL, "1", "100", name=SOL_SPOT), "INSUFFICIENT_FUNDS"),
        (
            msgspec.structs.replace(terms(), trigger_price=terms().limit_price),
            "NOT_IMPLEMENTED",
        ),
    ],
)
def test_order_that_cannot_be_is_refused_with_a_code(wanted: Any, code: str) -> None:
    """Nothing of it is booked."""
    stage = opened()

    stage.place(wanted)

    (refused,) = [body for body in stage.told if isinstance(body, OrderRefused)]
    assert refused.code == code
    assert stage.ask(QueryKind.ORDER_HISTORY).rows == ()


def test_reduce_only_order_shrinks_to_the_position_and_never_flips_it() -> None:
    """Ten asked against three held fill three."""
    stage = opened()
    stage.place(terms(Side.BUY, "3", "101"), 1)

    stage.place(terms(Side.SELL, "10", "98", reduce_only=True), 2)

    assert stage.filled(2) == [("99", "3")]
    assert stage.reports(2)[-1].state is OrderState.FILLED
    assert stage.ask(QueryKind.POSITIONS).rows == ()


# ---- money -------------------------------------------------------------------------------------


def test_fees_are_the_tiers_and_in_the_venues_asset() -> None:
    """A perpetual taker pays 5 bps of the notional, a spot buyer 10 bps of what he buys."""
    stage = opened()
    stage.snapshot({"99": "10"}, {"101": "5"}, SOL_SPOT)

    stage.place(terms(Side.BUY, "2", "101"), 1)
    stage.place(terms(Side.BUY, "2", "101", name=SOL_SPOT), 2)

    (perpetual,), (spot,) = stage.fills(1), stage.fills(2)
    assert (str(perpetual.fee), perpetual.fee_asset) == ("0.101", "USDC")
    assert (str(spot.fee), spot.fee_asset) == ("0.002", "SOL")


def test_funding_is_paid_once_at_the_end_of_its_interval() -> None:
    """Two long at a mark of 100 and one bp pay two cents."""
    stage = opened()
    stage.place(terms(Side.BUY, "2", "101"))
    stage.mark("100", rate="0.0001", ends_at=START + HOUR)

    stage.at = START + HOUR - SECOND
    stage.step()
    before = [row for row in stage.exchange.state.cash_rows if row.source == "funding"]
    stage.run(10)
    stage.mark("100", rate="0.0001", ends_at=START + HOUR)
    stage.run(10)

    after = [row for row in stage.exchange.state.cash_rows if row.source == "funding"]
    assert before == []
    assert [str(row.amount) for row in after] == ["-0.02"]


def test_account_below_its_maintenance_margin_is_closed_by_force() -> None:
    """Orders go, the position is sold into the book, the fill is the system's."""
    rules = msgspec.structs.replace(
        instrument(SOL_PERP),
        initial_margin_base=Decimal("0.1"),
        maintenance_margin_base=Decimal("0.05"),
    )
    stage = opened(rules=(rules,), deposit=100)
    stage.place(terms(Side.BUY, "5", "101"), 1)
    stage.place(terms(Side.BUY, "1", "90", time_in_force=GTC), 2)

    stage.depth({"99": "0", "98": "0", "85": "50"}, {})
    stage.mark("84")
    stage.run(1)

    forced = [fill for fill in stage.fills() if fill.is_system]
    assert [(str(f.price), str(f.quantity), f.side) for f in forced] == [("85", "5", Side.SELL)]
    assert str(forced[0].fee) == "4.25"
    assert stage.reports(2)[-1].reason == "Liquidation"
    assert stage.ask(QueryKind.POSITIONS).rows == ()


# ---- random lives ------------------------------------------------------------------------------

NAMES = st.sampled_from([SOL_PERP, SOL_PERP, SOL_SPOT])
SIDES = st.sampled_from([Side.BUY, Side.SELL])
WORDS = st.sampled_from([GTC, GTC, TimeInForce.IOC, FOK])
ORDERS = st.tuples(
    st.just("order"), NAMES, SIDES, st.integers(97, 104), st.integers(1, 9), WORDS, st.booleans()
)
MOVES = st.lists(
    st.one_of(
        ORDERS,
        ORDERS,
        st.tuples(st.just("level"), NAMES, SIDES, st.integers(96, 105), st.integers(0, 9)),
        st.tuples(st.just("trade"), NAMES, SIDES, st.integers(96, 105), st.integers(1, 9)),
        st.tuples(st.just("mark"), st.integers(95, 106)),
        st.tuples(st.just("funding"), st.integers(-5, 5)),
        st.tuples(st.just("wait"), st.sampled_from([1, 4, 11])),
        st.tuples(st.just("cancel"), st.integers(1, 10)),
        st.tuples(st.just("restart")),
    ),
    min_size=12,
    max_size=40,
)


class Life:
    """One account's random life, and what the feed offered and printed at any time of it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.number = 0
        self.shown: dict[tuple[str, Side], set[int]] = {}
        self.printed: dict[tuple[str, Side], set[int]] = {}
        self.stage = Stage(seed=seed)
        self.open()

    def open(self) -> None:
        """Show both books."""
        for name in (SOL_PERP, SOL_SPOT):
            self.stage.snapshot({"99": "10", "98": "20"}, {"101": "5", "102": "5"}, name)
            self.shown.setdefault((name, Side.BUY), set()).update({98, 99})
            self.shown.setdefault((name, Side.SELL), set()).update({101, 102})
        self.stage.mark("100")

    def order(self, *wanted: Any) -> None:
        """Send an order."""
        name, side, price, size, word, post_only = wanted
        self.number += 1
        asked = terms(
            side,
            str(size),
            str(price),
            name=name,
            time_in_force=GTC if post_only else word,
            post_only=post_only,
        )
        self.stage.place(asked, self.number)

    def level(self, *told: Any) -> None:
        """Show one level."""
        name, side, price, size = told
        if size:
            self.shown[name, side].add(price)
        shown = {str(price): str(size)}
        self.stage.depth(*((shown, {}) if side is Side.BUY else ({}, shown)), name)

    def trade(self, *told: Any) -> None:
        """Show a print."""
        name, side, price, size = told
        self.printed.setdefault((name, side), set()).add(price)
        self.stage.trade(str(price), str(size), side, name)

    def mark(self, price: int) -> None:
        """Show a mark."""
        self.stage.mark(str(price))

    def funding(self, tenths: int) -> None:
        """Announce a payment in three seconds."""
        rate = f"{Decimal(tenths) / 1000:f}"
        self.stage.mark("100", rate=rate, ends_at=self.stage.at + 3 * SECOND)

    def wait(self, secs: int) -> None:
        """Let time pass."""
        self.stage.run(secs)

    def cancel(self, number: int) -> None:
        """Cancel an order, if there is one."""
        self.stage.cancel(number)

    def restart(self) -> None:
        """Begin again from what was stored."""
        told = self.stage.told
        self.stage = Stage(seed=self.seed, facts=self.stage.stored, at=self.stage.at)
        self.stage.told = told
        self.open()

    # ---- the oracle ----------------------------------------------------------------------------

    def allows(self, fill: Fill) -> bool:
        """Whether the other side offered, or the tape printed, at the fill's price or better."""
        price, side = fill.price.value, fill.side
        other = self.shown[fill.instrument, side.opposite]
        if fill.liquidity_side is LiquiditySide.TAKER:
            return price in other
        order = self.stage.exchange.state.orders[fill.venue_order_id]
        met = other | self.printed.get((fill.instrument, side.opposite), set())
        is_met = any(seen <= price if side is Side.BUY else seen >= price for seen in met)
        return is_met and fill.price == order.terms.limit_price

    def sums(self) -> tuple[Decimal, Decimal, Decimal]:
        """Return quote, base and position as deposit, fills, fees and funding add up to."""
        quote, base, position = Decimal(100_000), Decimal(0), Decimal(0)
        for fill in self.stage.exchange.state.fills:
            signed = fill.quantity.value * (1 if fill.side is Side.BUY else -1)
            is_spot, fee = fill.instrument == SOL_SPOT, fill.fee.value
            quote -= signed * fill.price.value + (fee if fill.fee_asset == USDC else 0)
            base += (signed if is_spot else 0) - (0 if fill.fee_asset == USDC else fee)
            position += 0 if is_spot else signed
        rows = self.stage.exchange.state.cash_rows
        quote += sum((row.amount.value for row in rows if row.source == "funding"), Decimal(0))
        return quote, base, position


@settings(max_examples=150, deadline=None)
@given(moves=MOVES, seed=st.integers(0, 99))
def test_money_is_conserved_and_fills_happen_where_the_feed_was(
    moves: list[tuple[Any, ...]], seed: int
) -> None:
    """Cash and positions equal deposit, fills, fees and funding exactly, also over restarts."""
    life = Life(seed)

    for verb, *rest in moves:
        getattr(life, verb)(*rest)

    life.stage.run(1)
    account = life.stage.exchange.state.account
    unsettled = sum((a.value for a in account.unsettled.values()), Decimal(0))
    quote, base, position = life.sums()
    assert account.cash[USDC].value + unsettled == quote
    assert account.cash.get(Asset("SOL"), ZERO_AMOUNT).value == base
    assert account.position(SOL_PERP).value == position
    assert all(life.allows(fill) for fill in life.stage.exchange.state.fills)
    told = [fill.trade_id for fill in life.stage.fills()]
    assert len(told) == len(set(told))


# ---- questions and restarts --------------------------------------------------------------------


def test_histories_answer_as_a_venue_does() -> None:
    """Orders newest first, fills oldest first from `since`, settlements without the deposit."""
    stage = opened()
    stage.place(terms(Side.BUY, "1", "101"), 1)
    later = stage.at
    stage.place(terms(Side.BUY, "1", "101"), 2)
    stage.place(terms(Side.BUY, "1", "98", time_in_force=GTC), 3)
    stage.mark("110")
    stage.run(11)

    orders = stage.ask(QueryKind.ORDER_HISTORY).rows
    fills = stage.ask(QueryKind.FILLS, since=later).fills
    rows = stage.ask(QueryKind.SETTLEMENTS).rows
    resting = stage.ask(QueryKind.ORDER, instrument=SOL_PERP, client_order_id=3).rows
    gone = stage.ask(QueryKind.ORDER, instrument=SOL_PERP, client_order_id=1).rows

    assert [r.client_order_id for r in orders if isinstance(r, OrderReport)] == [3, 2, 1]
    assert [fill.client_order_id for fill in fills] == [2]
    assert {row.source for row in rows} == {"realized_pnl"}  # type: ignore[union-attr]
    assert len(resting) == 1
    assert gone == ()


def test_restart_keeps_orders_resting_at_the_back_of_the_queue() -> None:
    """What was stored is there; the place in the queue is the one found now."""
    stage = opened()
    stage.place(terms(Side.BUY, "4", "99", time_in_force=GTC))
    stage.trade("99", "8", Side.SELL)

    again = Stage(facts=stage.stored, at=stage.at + SECOND)
    again.snapshot({"99": "6"}, {"101": "5"})
    again.trade("99", "6", Side.SELL)
    again.trade("99", "1", Side.SELL)
    again.run(1)

    assert again.filled(1) == [("99", "1")]


def test_order_that_rests_before_the_catalogue_is_back_waits_for_it() -> None:
    """After a restart books may come first: nothing fills until the market's rules are known."""
    stage = opened()
    stage.place(terms(Side.BUY, "4", "99", time_in_force=GTC))
    again = Stage(facts=stage.stored, at=stage.at + SECOND, rules=())

    again.snapshot({"98": "6"}, {"99": "5"})
    again.trade("90", "5", Side.SELL)
    before = again.fills()
    again.catalogue(instrument(SOL_PERP))
    again.depth({}, {"99": "3"})
    again.run(1)

    assert before == []
    assert again.filled(1) == [("99", "3")]


def test_no_report_leaves_before_its_fact_is_on_disk() -> None:
    """While the file cannot be written the engine hears nothing."""
    stage = opened()
    stage.stores = False

    stage.place(terms(Side.BUY, "1", "101"))
    silent = stage.fills()
    stage.stores = True
    stage.run(1)

    assert silent == []
    assert stage.filled(1) == [("101", "1")]


def test_same_client_id_is_never_taken_twice() -> None:
    """Also after a restart."""
    stage = opened()
    stage.place(terms(Side.BUY, "1", "98", time_in_force=GTC), 7)
    again = Stage(facts=stage.stored, at=stage.at)
    again.snapshot({"99": "6"}, {"101": "5"})

    again.place(terms(Side.BUY, "1", "98", time_in_force=GTC), 7)

    assert [b.code for b in again.told if isinstance(b, OrderRefused)] == ["INVALID_CLIENT_REQUEST"]


def test_new_account_has_its_deposit_once() -> None:
    """A restart deposits nothing."""
    stage = opened()
    again = Stage(facts=stage.stored)

    deposits = [f for f in again.stored if isinstance(f, CashMoved) and f.source == "deposit"]

    assert len(deposits) == 1
    assert place(terms(), 1).approved.leg.terms.order_type is OrderType.LIMIT


def test_order_meets_the_book_of_its_arrival_not_of_a_later_frame() -> None:
    """What was shown after an order had arrived is no part of what it took."""
    stage = opened()
    stage.exchange.place(place(terms(Side.BUY, "5", "101"), 1), stage.at)
    stage.at += SECOND

    stage.exchange.feed(frame(stage.at, 3, asks=[("101", "0"), ("100", "5")]), stage.at)
    stage.run(1)

    assert stage.filled(1) == [("101", "5")]
