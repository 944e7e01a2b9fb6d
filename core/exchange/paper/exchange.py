"""The local exchange of one paper account: market events, orders and questions in; reports out.

Sans-IO: the clock is a parameter, latency comes from a seeded generator. `now` is engine time in
ns; what reports carry is the venue's clock, `now` plus the offset last measured.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any, Final

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.errors import DataInvalid
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CancelAnswered,
    CancelFailed,
    Channel,
    ConnectionChanged,
    DepthChanged,
    InstrumentsListed,
    LinkState,
    MalformedFrame,
    MarkPriceSeen,
    OrderBytesLeft,
    OrderRefused,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    VenueTimeMeasured,
)
from core.domain.exact import Price, Quantity
from core.domain.fixed import scaled, unscaled
from core.domain.ids import AccountId, Asset, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import (
    Fill,
    OrderState,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
)
from core.exchange.paper import admission, money, reports
from core.exchange.paper.book import Change, PaperBook
from core.exchange.paper.courier import Courier
from core.exchange.paper.facts import (
    CashMoved,
    OrderEnded,
    OrderShrunk,
    OrderTaken,
    PaperFact,
)
from core.exchange.paper.latency import Latency
from core.exchange.paper.market import PaperMarket
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.settings import PaperSettings
from core.exchange.paper.state import PaperState

_MS: Final = 1_000_000
_HALF: Final = 2
_EXPIRED = OrderState.EXPIRED


class PaperExchange:
    """Matches one account's orders against what the feed shows.

    Args:
        account: Whose reports it makes.
        settings: Fees, delays, periods.
        rng: Draws latencies; seeded, the same events give the same fills.
    """

    def __init__(self, account: AccountId, settings: PaperSettings, rng: random.Random) -> None:
        self.account_id = account
        self.settings = settings
        self.rules: dict[InstrumentId, Instrument] = {}
        self.state = PaperState(settings.asset, self.rules.get)
        self.markets: dict[InstrumentId, PaperMarket] = {}
        self.latency = Latency(settings.first_latency_ns, rng)
        self.offset_ns = 0
        self._now = 0
        self._marks: dict[InstrumentId, Price] = {}
        self._funding: dict[InstrumentId, money.Rate] = {}
        self._flying: dict[ClientOrderId, bool] = {}
        """Orders on their way, and whether a cancel has overtaken them."""
        self._courier = Courier(self.latency)
        self._unstored: list[PaperFact] = []
        self._dirty: set[InstrumentId] = set()
        self._settle_at: int | None = None
        self._feed: dict[type, Callable[[Any], None]] = {
            DepthChanged: self._on_depth,
            BookSnapshotSeen: self._on_snapshot,
            TradeSeen: self._on_trade,
            MarkPriceSeen: self._on_mark,
            QuoteSeen: self._on_sign_of_life,
            TickerSeen: self._on_sign_of_life,
            MalformedFrame: self._on_malformed,
            ConnectionChanged: self._on_connection,
            InstrumentsListed: self._on_catalogue,
            VenueTimeMeasured: self._on_time,
        }

    # ---- life ----------------------------------------------------------------------------------

    def restore(self, facts: Iterable[PaperFact]) -> None:
        """Rebuild the account; what rested rests on, at the back of the queues it finds."""
        for fact in facts:
            self.state.apply(fact)
        for order in self.state.open_orders():
            self._market(order.instrument).rest(order, 0)

    def open(self, now: int) -> None:
        """Begin; a new account gets its deposit."""
        self._now = now
        self._settle_at = now + self.settings.settle_every_ns
        if self.state.is_new:
            self._apply(money.deposit(self.settings, self._venue_now))

    def feed(self, body: Body, now: int) -> None:
        """Take what the venue's public side tells."""
        act = self._feed.get(type(body))
        if act is not None:
            self._now = now
            act(body)
            self._flush()

    def advance(self, now: int) -> None:
        """Do what is due: arrivals, settlement, funding, books that settle."""
        while (arrival := self._courier.next_arrival(now)) is not None:
            due, act = arrival
            self._now = max(self._now, due)
            act()
        self._now = max(self._now, now)
        self._pay_funding()
        self._settle()
        for market in self.markets.values():
            changes = market.book.settle(now)
            if changes:
                market.levels_changed(changes, now)
        self._flush()

    def next_deadline(self) -> int | None:
        """Return when `advance` or `due` has something to do next."""
        waits = self._courier.deadlines()
        if self._settle_at is not None:
            waits.append(self._settle_at)
        waits.extend(due.ends_at - self.offset_ns for due in self._funding.values())
        return min(waits, default=None)

    def unstored(self) -> list[PaperFact]:
        """Return the facts that are not on disk yet."""
        return self._unstored

    def stored(self) -> None:
        """Learn that they are."""
        self._unstored = []

    def due(self, now: int) -> list[Body]:
        """Return the reports that have arrived. Nothing leaves before its fact is on disk."""
        return [] if self._unstored else self._courier.delivered(now)

    # ---- orders --------------------------------------------------------------------------------

    def place(self, effect: PlaceOrder, now: int) -> None:
        """Take an order on its way: it arrives a measured latency, and the bump, later."""
        self._now = now
        number, terms = effect.client_order_id, effect.approved.leg.terms
        left = OrderBytesLeft(
            ts_event=now,
            ts_recv=now,
            client_order_id=number,
            signed_at=(now + self.offset_ns) // _MS * _MS,
            window_ms=self.settings.window_ms,
        )
        self._courier.hand_over(left, now)
        bump = 0 if terms.post_only else self.settings.bump_ns
        self._flying.setdefault(number, False)
        self._courier.arrive(now + self.latency.draw() + bump, lambda: self._enter(number, terms))

    def cancel(self, effect: CancelOrder, now: int) -> None:
        """Take a cancel on its way; it does not wait for the bump."""
        self._now = now
        self._courier.arrive(now + self.latency.draw(), lambda: self._cancel(effect))

    def cancel_resting(self, order: PaperOrder, now: int) -> None:
        """Cancel one order that rests, at once."""
        self._now = now
        if order.remaining:
            self._end(order, OrderState.CANCELLED, "")
            self._flush()

    def ask(self, query: Query, now: int) -> None:
        """Take a question about the account on its way; pages cost a round trip each."""
        self._now = now

        def answer() -> None:
            body, pages = reports.answer(self.state, self.account_id, query, self._venue_now)
            back = sum(self.latency.draw() for _ in range(2 * pages - 1))
            self._courier.hand_over(body, self._now + back)

        self._courier.arrive(now + self.latency.draw(), answer)

    # ---- arrival -------------------------------------------------------------------------------

    def _enter(self, number: ClientOrderId, terms: OrderTerms) -> None:
        is_overtaken = self._flying.pop(number, False)
        refusal = self._refusal(number, terms)
        if refusal is not None:
            self._post(
                OrderRefused(
                    ts_event=self._venue_now,
                    ts_recv=0,
                    client_order_id=number,
                    code=refusal.code,
                    message=refusal.message,
                )
            )
            return
        order = self._take(terms, number)
        self._report(order)
        self._route(order)
        if is_overtaken and order.remaining:
            self._end(order, OrderState.CANCELLED, "")

    def _refusal(self, number: ClientOrderId, terms: OrderTerms) -> admission.Refusal | None:
        if self.state.find(None, number) is not None:
            return admission.Refusal("INVALID_CLIENT_REQUEST", f"client id {number} was used")
        rules = self.rules.get(terms.instrument)
        refusal = admission.terms_refusal(terms, rules)
        if refusal is not None or rules is None:
            return refusal
        try:
            order = PaperOrder(self.state.next_order_id(), number, terms, self._venue_now)
        except DataInvalid as error:
            return admission.Refusal("INVALID_PRICE", error.detail)
        return admission.money_refusal(self.state, order, rules, self.mark_of)

    def _take(self, terms: OrderTerms, number: ClientOrderId | None) -> PaperOrder:
        order_id = self.state.next_order_id()
        self._apply(
            OrderTaken(at=self._venue_now, order_id=order_id, client_order_id=number, terms=terms)
        )
        return self.state.orders[order_id]

    def _route(self, order: PaperOrder) -> None:
        """Let an order into the book by its terms."""
        market = self._market(order.instrument)
        trouble = market.trouble(self._now)
        is_passing = order.terms.time_in_force is not TimeInForce.GTC or not order.is_limit
        if order.terms.reduce_only and self._is_perpetual(order.instrument):
            self._shrink(order)
        if not order.remaining:
            return
        if trouble and is_passing:
            self._end(order, _EXPIRED, f"paper: {trouble}, nothing fills")
        elif trouble:
            market.rest(order, self._now)
        else:
            reason = self._expiry(order, market)
            if reason:
                self._end(order, _EXPIRED, reason)
                return
            market.sweep(order, order.price)
            if order.remaining and is_passing:
                self._end(order, _EXPIRED, "ImmediateOrCancel")
            elif order.remaining:
                market.rest(order, self._now)

    @staticmethod
    def _expiry(order: PaperOrder, market: PaperMarket) -> str:
        """Say why an order ends where it would trade; empty if it may."""
        if market.meets_own(order):
            return "SelfTradePrevention"
        if order.terms.post_only and market.would_cross(order):
            return "PostOnlyTaker"
        is_whole = order.terms.time_in_force is TimeInForce.FOK
        if is_whole and market.available(order) < order.remaining:
            return "FillOrKill"
        return ""

    def _cancel(self, effect: CancelOrder) -> None:
        number = effect.client_order_id
        order = self.state.find(effect.venue_order_id, number)
        if order is not None and order.remaining:
            self._end(order, OrderState.CANCELLED, "")
            self._post(self._cancel_answered(number, is_done=True))
        elif order is None and number in self._flying:
            self._flying[number] = True
            self._post(self._cancel_answered(number, is_done=False))
        else:
            self._post(
                CancelFailed(
                    ts_event=self._venue_now,
                    ts_recv=0,
                    client_order_id=number,
                    is_not_found=True,
                    reason="RESOURCE_NOT_FOUND no such order rests",
                )
            )

    def _cancel_answered(self, number: ClientOrderId, *, is_done: bool) -> CancelAnswered:
        return CancelAnswered(
            ts_event=self._venue_now, ts_recv=0, client_order_id=number, is_done=is_done
        )

    # ---- fills ---------------------------------------------------------------------------------

    def _execute(self, order: PaperOrder, price: int, size: int, is_maker: bool) -> None:  # noqa: FBT001  the shape of OnExecution
        execution = money.Execution(order, price, size, is_maker)
        fact = money.filled(
            execution,
            self.rules[order.instrument],
            self.settings,
            self.account_id,
            self.state.next_trade_number(),
            self._venue_now,
        )
        self._apply(fact)
        self._dirty.add(order.instrument)
        self._report(order, fact.fill)
        self._shrink_reducers(order.instrument)

    def _shrink_reducers(self, instrument: InstrumentId) -> None:
        for order in self.state.open_orders(instrument):
            if order.terms.reduce_only and self._is_perpetual(instrument):
                self._shrink(order)

    def _shrink(self, order: PaperOrder) -> None:
        """Let a reduce-only order ask for no more than there is to reduce."""
        held = self.state.account.position(order.instrument)
        is_reducing = held.sign * order.side.sign < 0
        most = scaled(str(abs(held))) if is_reducing else 0
        if order.remaining <= most:
            return
        if not most:
            self._end(order, _EXPIRED, "ReduceOnlyNotReduced")
            return
        quantity = Quantity(unscaled(order.filled + most))
        self._apply(OrderShrunk(at=self._venue_now, order_id=order.order_id, quantity=quantity))
        self._report(order)

    def _end(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        self._apply(
            OrderEnded(at=self._venue_now, order_id=order.order_id, state=state, reason=reason)
        )
        self._dirty.add(order.instrument)
        self._report(order)
        self._market(order.instrument).forget_ended()

    # ---- money on its own clock ----------------------------------------------------------------

    def mark_of(self, instrument: InstrumentId) -> Price | None:
        """Return the mark, or the middle of the book where there is none."""
        mark = self._marks.get(instrument)
        market = self.markets.get(instrument)
        if mark is not None or market is None:
            return mark
        bid, ask = market.book.best(Side.BUY), market.book.best(Side.SELL)
        return None if bid is None or ask is None else Price(unscaled(bid + ask) / _HALF)

    def _settle(self) -> None:
        """Realise PnL into cash, as often as the venue does."""
        if self._settle_at is None or self._now < self._settle_at:
            return
        self._settle_at = self._now + self.settings.settle_every_ns
        for row in money.realised(self.state, self._marks.get, self._venue_now):
            self._book_cash(row)

    def _pay_funding(self) -> None:
        """Pay for the intervals that have ended."""
        for name, due in tuple(self._funding.items()):
            if self._venue_now < due.ends_at:
                continue
            del self._funding[name]
            row = money.funding(self.state, name, due, self._marks.get(name), self._venue_now)
            if row is not None:
                self._book_cash(row)

    def _book_cash(self, row: CashMoved) -> None:
        self._apply(row)
        self._post_balance(row.asset)

    def _liquidate_if_due(self) -> None:
        account = self.state.account
        if all(held.is_zero for held in account.positions.values()):
            return
        equity = account.equity(self.mark_of)
        if equity is None or equity > account.maintenance_needed(self.mark_of):
            return
        for order in self.state.open_orders():
            self._end(order, _EXPIRED, "Liquidation")
        for name, held in tuple(account.positions.items()):
            if not held.is_zero:
                self._close_by_force(name, held)

    def _close_by_force(self, name: InstrumentId, held: Quantity) -> None:
        """Close a position at what is displayed; what nobody takes waits for the next mark."""
        market, mark = self._market(name), self.mark_of(name)
        if market.trouble(self._now) or mark is None or name not in self.rules:
            return
        side = Side.SELL if held.sign > 0 else Side.BUY
        order = self._take(
            OrderTerms(
                instrument=name,
                side=side,
                quantity=abs(held),
                limit_price=mark,
                order_type=OrderType.MARKET,
                time_in_force=TimeInForce.IOC,
                reduce_only=True,
            ),
            None,
        )
        market.sweep(order, None)
        if order.remaining:
            self._end(order, _EXPIRED, "Liquidation")

    # ---- the feed ------------------------------------------------------------------------------

    def _on_depth(self, body: DepthChanged) -> None:
        market = self._market(body.instrument)
        self._levels_changed(market, market.book.receive(body, self._now))

    def _on_snapshot(self, body: BookSnapshotSeen) -> None:
        market = self._market(body.instrument)
        self._levels_changed(market, market.book.load(body, self._now))

    def _levels_changed(self, market: PaperMarket, changes: list[Change]) -> None:
        if changes:
            market.levels_changed(changes, self._now)

    def _on_trade(self, body: TradeSeen) -> None:
        market = self.markets.get(body.instrument)
        if market is None or not market.resting:
            return
        try:
            price, size = scaled(body.price), scaled(body.size)
        except DataInvalid:
            return
        market.printed(price, size, body.aggressor_side, self._now)

    def _on_mark(self, body: MarkPriceSeen) -> None:
        self._on_sign_of_life(body)
        try:
            mark = Price(body.mark_price)
            if body.funding_rate is not None and body.next_funding_ts is not None:
                Price(body.funding_rate)
        except DataInvalid:
            return
        # What an interval costs is the rate told last before its end.
        self._pay_funding()
        if mark.sign > 0:
            self._marks[body.instrument] = mark
        ends_at, rate = body.next_funding_ts, body.funding_rate
        if rate is not None and ends_at is not None and ends_at > self._venue_now:
            self._funding[body.instrument] = money.Rate(ends_at, rate)
        self._liquidate_if_due()

    def _on_sign_of_life(self, body: QuoteSeen | TickerSeen | MarkPriceSeen) -> None:
        market = self.markets.get(body.instrument)
        if market is not None:
            market.book.proved_at = self._now

    def _on_malformed(self, body: MalformedFrame) -> None:
        if body.instrument is not None and body.instrument in self.markets:
            self.markets[body.instrument].book.void("a frame of the book that cannot be read")

    def _on_connection(self, body: ConnectionChanged) -> None:
        if body.channel is Channel.PUBLIC and body.state is not LinkState.UP:
            for market in self.markets.values():
                market.book.void("the venue's stream is down")

    def _on_catalogue(self, body: InstrumentsListed) -> None:
        for rules in body.instruments:
            self.rules[rules.id] = rules
            if rules.id in self.markets:
                self.markets[rules.id].is_listed = True

    def _on_time(self, body: VenueTimeMeasured) -> None:
        self.offset_ns = body.offset_ns
        self.latency.measured(abs(body.error_bound_ns))

    # ---- parts ---------------------------------------------------------------------------------

    @property
    def _venue_now(self) -> int:
        return self._now + self.offset_ns

    def _market(self, instrument: InstrumentId) -> PaperMarket:
        found = self.markets.get(instrument)
        if found is None:
            book = PaperBook(self.settings.stale_ns)
            found = self.markets[instrument] = PaperMarket(book, self._execute)
            found.is_listed = instrument in self.rules
        return found

    def _is_perpetual(self, instrument: InstrumentId) -> bool:
        rules = self.rules.get(instrument)
        return rules is not None and rules.kind is InstrumentKind.PERPETUAL

    def _apply(self, fact: PaperFact) -> None:
        self.state.apply(fact)
        self._unstored.append(fact)

    def _report(self, order: PaperOrder, fill: Fill | None = None) -> None:
        self._post(reports.order_report(order, self.account_id, self._venue_now, fill))

    def _flush(self) -> None:
        """Tell of positions and balances that a step has moved."""
        dirty, self._dirty = self._dirty, set()
        for name in sorted(dirty):
            if self._is_perpetual(name):
                self._post(
                    reports.position_report(self.state, self.account_id, name, self._venue_now)
                )
        if dirty:
            for asset in sorted(self.state.account.cash):
                self._post_balance(asset)

    def _post_balance(self, asset: Asset) -> None:
        self._post(reports.balance_report(self.state, self.account_id, asset, self._venue_now))

    def _post(self, body: Body) -> None:
        self._courier.tell(body, self._now)

    def troubles(self) -> dict[str, str]:
        """Return the markets in which nothing fills now, and why."""
        found = {name: each.trouble(self._now) for name, each in self.markets.items()}
        return {name: why for name, why in found.items() if why}
