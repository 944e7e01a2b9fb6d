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
from core.domain.exact import Price
from core.domain.fixed import scaled
from core.domain.ids import AccountId, ClientOrderId, InstrumentId
from core.domain.order import (
    OrderState,
    OrderTerms,
)
from core.exchange.paper import money, reports
from core.exchange.paper.book import Change
from core.exchange.paper.facts import (
    PaperFact,
)
from core.exchange.paper.floor import PaperFloor
from core.exchange.paper.market import PaperMarket
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.settings import PaperSettings

_MS: Final = 1_000_000
_HALF: Final = 2
_EXPIRED = OrderState.EXPIRED


class PaperExchange(PaperFloor):
    """Matches one account's orders against what the feed shows.

    Args:
        account: Whose reports it makes.
        settings: Fees, delays, periods.
        rng: Draws latencies; seeded, the same events give the same fills.
    """

    def __init__(self, account: AccountId, settings: PaperSettings, rng: random.Random) -> None:
        super().__init__(account, settings, rng)
        self._funding: dict[InstrumentId, money.Rate] = {}
        self._flying: dict[ClientOrderId, bool] = {}
        """Orders on their way, and whether a cancel has overtaken them."""
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

    # ---- life ------------------------------------------------------------------------------------

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
            # What arrived before this was shown met the book as it stood.
            self._let_arrive(now)
            self._now = now
            act(body)
            self._flush()

    def advance(self, now: int) -> None:
        """Do what is due: arrivals, settlement, funding, books that settle."""
        self._let_arrive(now)
        self._now = max(self._now, now)
        self._pay_funding()
        self._settle()
        for market in self.markets.values():
            changes = market.book.settle(now)
            if changes:
                market.levels_changed(changes, now)
        self._flush()

    def _let_arrive(self, now: int) -> None:
        while (arrival := self._courier.next_arrival(now)) is not None:
            due, act = arrival
            self._now = max(self._now, due)
            act()

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

    # ---- orders ----------------------------------------------------------------------------------

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

    # ---- money on its own clock ------------------------------------------------------------------

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

    # ---- the feed --------------------------------------------------------------------------------

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
