"""A recording stands for the live venue: the whole Desk and a paper account on its clock."""

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from core.domain.effects import CancelOrder, Effect, Persist, PlaceOrder, Query, WakeAt
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    Channel,
    ConnectionChanged,
    DepthChanged,
    InstrumentsListed,
    LeaderFilled,
    LinkState,
    MarkPriceSeen,
    TickerSeen,
    TimerFired,
    VenueTimeMeasured,
)
from core.domain.exact import Price, Quantity
from core.domain.facts import Fact, FillBooked, Mode
from core.domain.fixed import unscaled
from core.domain.ids import (
    Asset,
    InstrumentId,
    LeaderId,
    TradeId,
    VenueId,
    VenueOrderId,
    account_id,
)
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.domain.order import LiquiditySide, Side
from core.exchange.paper.exchange import PaperExchange
from core.exchange.replay import ReplayDecoder
from core.market.recording import Recording
from core.risk.limits import CapitalLimits
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.inbox import Inbox
from core.strategies.copy_trade.fixed_ratio import CopyTrade, CopyTradeParameters
from tests.core.builders import SECOND
from tests.core.exchange.paper.paper_stage import settings

FILE: Final = (
    Path(__file__).parents[5] / "shared/fixtures/market/l2/binance-usdm_btcusdt_2024-08-08.tslog.gz"
)
VENUE: Final = VenueId("binance-usdm")
BTC: Final = InstrumentId("binance-usdm:BTCUSDT")
USDT: Final = Asset("USDT")
ACCOUNT: Final = account_id(VENUE)
PLAYED_SECS: Final = 60
RULES: Final = Instrument(
    id=BTC,
    kind=InstrumentKind.PERPETUAL,
    base=Asset("BTC"),
    quote=USDT,
    tick=Price("0.1"),
    step=Quantity("0.001"),
    min_quantity=Quantity("0.001"),
    state=MarketState.OPEN,
    initial_margin_base=Decimal("0.05"),
    maintenance_margin_base=Decimal("0.025"),
)


class Played:
    """Desk and paper account in virtual time, fed by the lines of a recording."""

    def __init__(self, start: int) -> None:
        self.at = start
        self.paper = PaperExchange(
            ACCOUNT, settings(asset=USDT, first_latency_ns=20_000_000), random.Random(3)
        )
        desk = DeskSettings(
            mode=Mode.PAPER,
            venues=(VENUE,),
            accounts=(ACCOUNT,),
            watchlist=(BTC,),
            quote=USDT,
            capital=CapitalLimits(cool_down_secs=0),
        )
        strategy = CopyTrade(CopyTradeParameters(ratio=1, max_slippage_bps=10), ACCOUNT)
        self.engine = build(desk, (strategy,), lambda: 0)
        self.inbox = Inbox(first_seq=2)
        self.facts: list[Fact] = []
        self.timers: dict[str, int] = {}
        self.shown: dict[Side, set[Decimal]] = {side: set() for side in Side}
        self.led = Decimal(0)
        self.paper.open(start)
        self.carry_out(begin(self.engine, (), 1, start))

    def feed(self, body: Body) -> None:
        """Give an event to the Desk, and carry out what follows."""
        self.inbox.put(body)
        while (event := self.inbox.pop(self.at)) is not None:
            self.carry_out(self.engine.desk.handle(event))

    def carry_out(self, effects: list[Effect]) -> None:
        """Do what the Desk wants: everything durable at once, orders to the paper account."""
        for effect in effects:
            if isinstance(effect, Persist):
                self.facts.append(effect.fact)
            elif isinstance(effect, WakeAt):
                self.timers[effect.key] = effect.at
            elif isinstance(effect, PlaceOrder):
                self.paper.place(effect, self.at)
            elif isinstance(effect, CancelOrder):
                self.paper.cancel(effect, self.at)
            elif isinstance(effect, Query) and effect.account is not None:
                self.paper.ask(effect, self.at)

    def public(self, body: Body) -> None:
        """Let both see what is public, the engine first."""
        if isinstance(body, DepthChanged | BookSnapshotSeen):
            for side, levels in ((Side.BUY, body.bids), (Side.SELL, body.asks)):
                self.shown[side].update(Decimal(price) for price, size in levels if float(size))
        self.feed(body)
        self.paper.feed(body, self.at)
        self.settle()

    def settle(self) -> None:
        """Let the account go on and tell what has arrived."""
        self.paper.advance(self.at)
        self.paper.stored()
        for body in self.paper.due(self.at):
            self.feed(body)

    def run_until(self, end: int) -> None:
        """Let time pass, firing timers and deadlines in order."""
        while True:
            deadline = self.paper.next_deadline()
            key = min(self.timers, key=lambda each: (self.timers[each], each), default=None)
            due = [at for at in (deadline, self.timers[key] if key else None) if at is not None]
            if not due or min(due) > end:
                break
            self.at = max(self.at, min(due))
            if key and self.timers[key] <= self.at:
                fired = self.timers.pop(key)
                self.feed(TimerFired(ts_event=self.at, ts_recv=self.at, key=key, due=fired))
            self.settle()
        self.at = max(self.at, end)

    # ---- what a recording has not ---------------------------------------------------------------

    def open(self) -> None:
        """Tell the catalogue, clock and private stream, which were not recorded."""
        stamp = {"ts_event": self.at, "ts_recv": self.at, "venue": VENUE}
        self.public(InstrumentsListed(**stamp, instruments=(RULES,)))  # type: ignore[arg-type]
        self.public(VenueTimeMeasured(**stamp, offset_ns=0, error_bound_ns=20_000_000))  # type: ignore[arg-type]
        for channel in Channel:
            self.public(ConnectionChanged(**stamp, channel=channel, state=LinkState.UP))  # type: ignore[arg-type]

    def mid(self) -> str | None:
        """Return the middle of the displayed book."""
        book = self.paper.markets[BTC].book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        return None if bid is None or ask is None else f"{unscaled(bid + ask) / 2:f}"

    def tell_marks(self) -> None:
        """Mark at the middle of the recorded book."""
        mid = self.mid()
        if mid is None:
            return
        stamp = {"ts_event": self.at, "ts_recv": self.at, "instrument": BTC}
        self.public(
            MarkPriceSeen(
                **stamp,  # type: ignore[arg-type]
                mark_price=mid,
                index_price=mid,
                funding_rate="0.0001",
                next_funding_ts=(self.at // (20 * SECOND) + 1) * 20 * SECOND,
            )
        )
        prices = dict.fromkeys(("open", "last", "high", "low"), mid)
        self.public(TickerSeen(**stamp, **prices, volume="90000", quote_volume="5000000000"))  # type: ignore[arg-type]

    def lead(self, number: int) -> None:
        """Let a leader buy, and sell every fourth time: round trips at a loss stop a strategy."""
        mid, is_buy = self.mid(), number % 4 != 0
        if mid is None:
            return
        self.feed(
            LeaderFilled(
                ts_event=self.at,
                ts_recv=self.at,
                leader=LeaderId("leader"),
                instrument=BTC,
                side=Side.BUY if is_buy else Side.SELL,
                quantity=Quantity("0.02"),
                price=Price(mid),
                trade_id=TradeId(str(number)),
                venue_order_id=VenueOrderId("1"),
                position_before=Quantity(self.led),
            )
        )
        self.led += Decimal("0.02") * (1 if is_buy else -1)


def lines() -> Iterator[tuple[int, bytes]]:
    """Yield the first minute of the recording."""
    start = None
    for at, line in Recording(FILE):
        start = start or at
        if at - start > PLAYED_SECS * SECOND:
            return
        yield at, line


@pytest.mark.skipif(not FILE.exists(), reason="the shared market recordings are not here")
def test_paper_on_a_recording_ends_with_ledger_equal_to_account() -> None:
    """Copying on a recorded book: every fill booked, at prices that were shown, residual 0."""
    decode = ReplayDecoder("binance-usdm", VENUE).decode
    played: Played | None = None
    next_mark = led = 0

    for at, line in lines():
        if played is None:
            played = Played(at)
            played.open()
        played.run_until(at)
        for body in decode(line, at):
            played.public(body)
        if at >= next_mark:
            played.tell_marks()
            next_mark = at + SECOND // 2
            led += 1
            if led % 4 == 0:
                played.lead(led // 4)
    assert played is not None
    for _ in range(10):
        played.run_until(played.at + SECOND)

    state = played.paper.state
    reconciler = played.engine.rooms.reconcilers[0]
    booked = [fact.fill for fact in played.facts if isinstance(fact, FillBooked)]
    assert len(state.fills) >= 10
    assert sorted(f.key for f in booked) == sorted(f.key for f in state.fills)
    assert all(fill.liquidity_side is LiquiditySide.TAKER for fill in state.fills)
    assert all(f.price.value in played.shown[f.side.opposite] for f in state.fills)
    assert reconciler.last_matched, reconciler.last_differences
    assert reconciler.mismatches == 0
    assert played.engine.rooms.trading.ledger.residual().is_zero
    ledger = played.engine.rooms.trading.ledger
    assert ledger.cash(ACCOUNT, USDT) == state.account.cash[USDT]
    assert {row.source for row in state.cash_rows} == {"deposit", "funding", "realized_pnl"}
