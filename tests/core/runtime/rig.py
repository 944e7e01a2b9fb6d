"""A whole Desk in virtual time, with a venue of a few lines behind it."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from itertools import count
from typing import Final

from core.domain.alert import Alert
from core.domain.codec import packed
from core.domain.commands import Command, Receipt
from core.domain.effects import (
    Acknowledge,
    ArmLatch,
    CancelOrder,
    Effect,
    Persist,
    PlaceOrder,
    Query,
    WakeAt,
)
from core.domain.events import (
    BalanceReport,
    Body,
    BookSnapshotSeen,
    Channel,
    Commanded,
    ConnectionChanged,
    DepthChanged,
    Event,
    InstrumentsListed,
    LatchWritten,
    LeaderFilled,
    LinkState,
    MarkPriceSeen,
    OrderBytesLeft,
    OrderReport,
    PositionReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    SettlementReport,
    TimerFired,
    VenueTimeMeasured,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import AlertRaised, DecisionTaken, Fact, Mode
from core.domain.ids import Asset, InstrumentId, LeaderId, TradeId, VenueId, VenueOrderId
from core.domain.order import Fill, LiquiditySide, OrderState, Side
from core.risk.limits import RiskLimits
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.inbox import Inbox
from core.strategies.contract import Strategy
from core.strategies.copy_trade.fixed_ratio import CopyTrade, CopyTradeParameters
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, SOL_SPOT, START, instrument

ALPHA: Final = VenueId("alpha")
USDC: Final = Asset("USDC")
MS: Final = 1_000_000


class TinyVenue:
    """What a venue knows of one account, told on request."""

    def __init__(self) -> None:
        self.cash = {USDC: Decimal(100_000)}
        self.positions: dict[InstrumentId, Decimal] = {}
        self.averages: dict[InstrumentId, Decimal] = {}
        self.open: dict[int, OrderReport] = {}
        self.history: dict[int, OrderReport] = {}
        self.fills: list[Fill] = []
        self.settlements: list[SettlementReport] = []
        self.failing: set[QueryKind] = set()
        self._numbers = count(1)

    def answer(self, query: Query, at: int) -> Body | None:
        """Answer a query about the account."""
        if query.kind in self.failing:
            return QueryFailed(
                ts_event=at,
                ts_recv=at,
                query_id=query.query_id,
                kind=query.kind,
                target=ACCOUNT,
                reason="timeout",
            )
        if query.account is None:
            return None
        since = query.since or 0
        rows: dict[QueryKind, Iterable[object]] = {
            QueryKind.BALANCES: [self._balance(asset, at) for asset in self.cash],
            QueryKind.POSITIONS: [self._position(name, at) for name in self.positions],
            QueryKind.OPEN_ORDERS: self.open.values(),
            QueryKind.ORDER: [o for n, o in self.open.items() if n == query.client_order_id],
            QueryKind.ORDER_HISTORY: [o for o in self.history.values() if o.ts_event >= since],
            QueryKind.SETTLEMENTS: [s for s in self.settlements if s.ts_event >= since],
        }
        return QueryAnswered(
            ts_event=at,
            ts_recv=at,
            query_id=query.query_id,
            kind=query.kind,
            account=query.account,
            rows=tuple(rows.get(query.kind, ())),  # type: ignore[arg-type]
            fills=tuple(
                each
                for each in self.fills
                if query.kind is QueryKind.FILLS and each.ts_event >= since
            ),
        )

    def accept(self, effect: PlaceOrder, at: int) -> OrderReport:
        """Let an order rest."""
        told = self._told(effect, OrderState.ACCEPTED, "0", at)
        self.open[effect.client_order_id] = told
        self.history[effect.client_order_id] = told
        return told

    def fill(self, effect: PlaceOrder, at: int, price: str = "") -> OrderReport:
        """Fill an order wholly, for a fee of ten cents."""
        terms = effect.approved.leg.terms
        self.open.pop(effect.client_order_id, None)
        done = Fill(
            account=ACCOUNT,
            instrument=terms.instrument,
            venue_order_id=VenueOrderId(f"v{effect.client_order_id}"),
            client_order_id=effect.client_order_id,
            trade_id=TradeId(str(next(self._numbers))),
            side=terms.side,
            quantity=terms.quantity,
            price=Price(price) if price else terms.limit_price,
            fee=Amount("0.1"),
            fee_asset=USDC,
            liquidity_side=LiquiditySide.TAKER,
            ts_event=at,
        )
        self.fills.append(done)
        self.cash[USDC] -= Decimal("0.1")
        signed = terms.quantity.value * terms.side.sign
        self._average(terms.instrument, signed, done.price.value)
        self.positions[terms.instrument] = self.positions.get(terms.instrument, Decimal(0)) + signed
        told = self._told(effect, OrderState.FILLED, str(terms.quantity), at, done)
        self.history[effect.client_order_id] = told
        return told

    def _told(
        self,
        effect: PlaceOrder,
        state: OrderState,
        filled: str,
        at: int,
        done: Fill | None = None,
    ) -> OrderReport:
        terms = effect.approved.leg.terms
        return OrderReport(
            ts_event=at,
            ts_recv=at,
            account=ACCOUNT,
            instrument=terms.instrument,
            venue_order_id=VenueOrderId(f"v{effect.client_order_id}"),
            client_order_id=effect.client_order_id,
            state=state,
            side=terms.side,
            quantity=terms.quantity,
            filled_quantity=Quantity(filled),
            fill=done,
        )

    def _average(self, name: InstrumentId, signed: Decimal, price: Decimal) -> None:
        """Follow the average entry: it moves while a position grows, and starts anew at a flip."""
        held = self.positions.get(name, Decimal(0))
        after = held + signed
        if held * signed >= 0:
            old = self.averages.get(name, Decimal(0))
            self.averages[name] = (old * abs(held) + price * abs(signed)) / abs(after)
        elif held * after < 0:
            self.averages[name] = price

    def _balance(self, asset: Asset, at: int) -> BalanceReport:
        return BalanceReport(
            ts_event=at,
            ts_recv=at,
            account=ACCOUNT,
            asset=asset,
            available=Amount(self.cash[asset]),
            locked=Amount(0),
        )

    def _position(self, name: InstrumentId, at: int) -> PositionReport:
        return PositionReport(
            ts_event=at,
            ts_recv=at,
            account=ACCOUNT,
            instrument=name,
            quantity=Quantity(self.positions[name]),
            entry_price=Price(self.averages.get(name, Decimal(100))),
        )


class Rig:
    """Feeds a Desk, carries its effects out at once, and keeps everything."""

    def __init__(
        self,
        *,
        strategies: tuple[Strategy, ...] | None = None,
        limits: RiskLimits | None = None,
        journal: Iterable[Fact] = (),
        venue: TinyVenue | None = None,
        epoch: int = 1,
        at: int = START,
    ) -> None:
        self.at = at
        self.venue = venue or TinyVenue()
        self.stopwatch = 0
        chosen = strategies or (CopyTrade(CopyTradeParameters(ratio=0.5), ACCOUNT),)
        settings = DeskSettings(
            mode=Mode.SIMULATION,
            venues=(ALPHA,),
            accounts=(ACCOUNT,),
            limits=limits or RiskLimits(),
            watchlist=(SOL_PERP,),
        )
        self.engine = build(settings, chosen, lambda: self.stopwatch)
        self.rooms = self.engine.rooms
        self.inbox = Inbox(first_seq=2)
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        self.placed: list[PlaceOrder] = []
        self.cancels: list[CancelOrder] = []
        self.receipts: list[Receipt] = []
        self.queries: list[Query] = []
        self.log: list[Event] = []
        self.trace = hashlib.sha256()
        self.sends = True
        self._timers: dict[str, int] = {}
        self._depth_id = 0
        self._shown: dict[InstrumentId, tuple[str, str]] = {}
        self._commands = count(1)
        journaled = list(journal)
        self.facts.extend(journaled)
        self._carry_out(begin(self.engine, journaled, epoch, at))

    # ---- time ----------------------------------------------------------------------------------

    def feed(self, *bodies: Body) -> None:
        """Put bodies in and take every step they lead to at this instant."""
        for body in bodies:
            self.inbox.put(body)
        while (event := self.inbox.pop(self.at)) is not None:
            self.log.append(event)
            self._carry_out(self.engine.desk.handle(event))

    def run(self, secs: float) -> None:
        """Let time pass, firing every timer on its way."""
        end = self.at + int(secs * SECOND)
        while self._timers:
            key = min(self._timers, key=lambda each: (self._timers[each], each))
            if self._timers[key] > end:
                break
            due = self._timers.pop(key)
            self.at = max(self.at, due)
            self.feed(TimerFired(ts_event=self.at, ts_recv=self.at, key=key, due=due))
        self.at = end

    # ---- the world -----------------------------------------------------------------------------

    def open_markets(self, price: str = "100") -> "Rig":
        """List two markets, bring the streams up, show a calm book and match with the venue."""
        self.feed(
            InstrumentsListed(
                ts_event=self.at,
                ts_recv=self.at,
                venue=ALPHA,
                instruments=(instrument(SOL_PERP), instrument(SOL_SPOT)),
            )
        )
        self.feed(
            VenueTimeMeasured(
                ts_event=self.at,
                ts_recv=self.at,
                venue=ALPHA,
                offset_ns=0,
                error_bound_ns=1_000_000,
            )
        )
        self.show(price)
        self.connect()
        self.run(1)
        self.show(price)
        return self

    def connect(self, state: LinkState = LinkState.UP) -> None:
        """Move the private stream."""
        self.feed(
            ConnectionChanged(
                ts_event=self.at,
                ts_recv=self.at,
                venue=ALPHA,
                channel=Channel.PRIVATE,
                state=state,
            )
        )

    def show(self, price: str = "100", name: InstrumentId = SOL_PERP) -> None:
        """Show a fresh book of one cent around a price, and its mark."""
        mid = Decimal(price)
        bid, ask = f"{mid - Decimal('0.01')}", f"{mid + Decimal('0.01')}"
        old = self._shown.get(name)
        number = self._depth_id = self._depth_id + 1
        bids, asks = [(bid, "500")], [(ask, "500")]
        if old is not None:
            bids = [(old[0], "0"), *bids]
            asks = [(old[1], "0"), *asks]
        self._shown[name] = (bid, ask)
        at = self.at
        depth = DepthChanged(
            ts_event=at,
            ts_recv=at,
            instrument=name,
            first_id=number,
            last_id=number,
            bids=bids,
            asks=asks,
        )
        mark = MarkPriceSeen(
            ts_event=at,
            ts_recv=at,
            instrument=name,
            mark_price=price,
            index_price=price,
            funding_rate="0",
            next_funding_ts=None,
        )
        self.feed(depth, mark)
        if old is None:
            whole = BookSnapshotSeen(
                ts_event=at, ts_recv=at, instrument=name, last_id=number, bids=bids, asks=asks
            )
            self.feed(whole)
            self.show(price, name)

    def leader(
        self,
        side: Side = Side.BUY,
        quantity: str = "10",
        *,
        before: str | None = "0",
        trade: str = "t1",
        price: str = "100",
        name: InstrumentId = SOL_PERP,
    ) -> None:
        """Let the leader trade."""
        self.feed(
            LeaderFilled(
                ts_event=self.at,
                ts_recv=self.at,
                leader=LeaderId("leader"),
                instrument=name,
                side=side,
                quantity=Quantity(quantity),
                price=Price(price),
                trade_id=TradeId(trade),
                venue_order_id=VenueOrderId("L1"),
                position_before=None if before is None else Quantity(before),
            )
        )

    def command(self, command: Command, cockpit: str = "cockpit") -> Receipt:
        """Give a command and return its receipt."""
        name = f"c{next(self._commands)}"
        self.feed(
            Commanded(
                ts_event=self.at, ts_recv=self.at, command_id=name, cockpit=cockpit, command=command
            )
        )
        (receipt,) = [each for each in self.receipts if each.command_id == name]
        return receipt

    def fill_all(self) -> None:
        """Fill every order placed and not yet filled, and tell it on the stream."""
        for effect in self.placed:
            if effect.client_order_id not in self.venue.history:
                self.feed(self.venue.fill(effect, self.at))

    # ---- looking -------------------------------------------------------------------------------

    def of(self, kind: type) -> list[Fact]:
        """Return the facts of one type."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def decisions(self) -> list[DecisionTaken]:
        """Return every decision line."""
        return [fact for fact in self.facts if isinstance(fact, DecisionTaken)]

    @property
    def open_alerts(self) -> list[Alert]:
        """Return the alerts that are open."""
        return [row.alert for row in self.rooms.risk.alerts.view(self.at).open]

    @property
    def raised(self) -> list[Alert]:
        """Return every alert ever raised."""
        return [fact.alert for fact in self.facts if isinstance(fact, AlertRaised)]

    # ---- effects -------------------------------------------------------------------------------

    def _carry_out(self, effects: list[Effect]) -> None:
        self.trace.update(packed(effects))
        for effect in effects:
            self.effects.append(effect)
            if isinstance(effect, Persist):
                self.facts.append(effect.fact)
            elif isinstance(effect, PlaceOrder):
                self._place(effect)
            elif isinstance(effect, CancelOrder):
                self.cancels.append(effect)
            elif isinstance(effect, Acknowledge):
                self.receipts.append(effect.receipt)
            elif isinstance(effect, ArmLatch):
                self.inbox.put(LatchWritten(ts_event=self.at, ts_recv=self.at))
            elif isinstance(effect, WakeAt):
                self._timers[effect.key] = effect.at
            elif isinstance(effect, Query):
                self.queries.append(effect)
                body = self.venue.answer(effect, self.at)
                if body is not None:
                    self.inbox.put(body)

    def _place(self, effect: PlaceOrder) -> None:
        self.placed.append(effect)
        if self.sends:
            self.inbox.put(
                OrderBytesLeft(
                    ts_event=self.at,
                    ts_recv=self.at,
                    client_order_id=effect.client_order_id,
                    signed_at=self.at,
                    window_ms=2_000,
                )
            )
