"""Order entry: from a checked request to the book, to money, to events.

`OrderEntry` is the only writer of the books. Clients come through `place` and `cancel`; the
market's own life may also `quote`, which moves several of its orders in one book event.
"""

from collections.abc import Callable, Iterable, Mapping

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.admission import admit, price_bound, walked
from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.execution import Execution
from core.exchange.embedded.fault_orders import OrderFaults
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import (
    Expiry,
    Order,
    OrderRequest,
    OrderType,
    Side,
    Status,
    SystemOrder,
    TimeInForce,
)
from core.exchange.embedded.rules import Rules

Quote = tuple[bool, int, int]
"""(is_bid, price in ticks, size in steps) of a resting order to place."""


class OrderEntry:
    """Places, matches and cancels orders of every account."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        clearing: Clearing,
        feed: Feed,
        agenda: Agenda,
        first_id: int,
        faults: Faults,
        rules: Rules,
    ) -> None:
        self._markets = markets
        self._clearing = clearing
        self._feed = feed
        self._instant = instant = agenda.instant
        self._rules = rules
        self._last_order_id = first_id
        self._faults = faults
        self.execution = Execution(markets, clearing, feed, instant, faults)
        self.twists = OrderFaults(self, faults, agenda)
        self.on_moved: Callable[[Account, Order], None] = _nobody
        """Hears of every order of a client that was filled or ended."""

    def place(
        self, account: Account, request: OrderRequest, *, related_id: int | None = None
    ) -> Order:
        """Bring an order to the book now. Raises Refusal where it never becomes one."""
        order = self.new_order(account, request)
        order.related_id = related_id
        admit(account, order, self._markets, self._rules)
        self._enter(account, order)
        return order

    def place_system(self, account: Account, request: OrderRequest, kind: SystemOrder) -> Order:
        """Bring an order of the venue's own to the book, for an account that has no say."""
        order = self.new_order(account, request)
        order.system = kind
        self._enter(account, order)
        return order

    def market_of(self, order: Order) -> Market:
        """Return an order's market."""
        return self._markets[order.request.symbol]

    def publish(self, market: Market) -> None:
        """Publish what changed in a book and in the accounts."""
        self._feed.book_changed(market)
        self._feed.money_moved()

    def check(self, account: Account, request: OrderRequest) -> None:
        """Refuse what can be refused before the speed bump. Raises Refusal."""
        order = Order(0, account.name, request, self._instant.ns)
        admit(account, order, self._markets, self._rules)

    def cancel(self, account: Account, orders: Iterable[Order]) -> None:
        """Take resting orders of one account out of their books."""
        for order in list(orders):
            self._withdraw(account, order, Status.CANCELLED, None)
            self._feed.order_changed(account, order, "orderCancelled")
            self.on_moved(account, order)
            self._feed.book_changed(self._markets[order.request.symbol])
            if not self._faults.is_quiet:
                self.twists.cancelled(account, order)
        self._feed.money_moved()

    def expire(self, account: Account, order: Order, reason: Expiry) -> None:
        """End an open order of a client, resting or not yet."""
        market = self.market_of(order)
        if market.book.holds(order):
            self._withdraw(account, order, Status.EXPIRED, reason)
            self._feed.order_changed(account, order, "orderExpired")
            self.on_moved(account, order)
        else:
            self._end(account, market, order, reason)

    def shrink(self, account: Account, order: Order, leaves: int) -> None:
        """Lower a resting order; its owner hears that it was modified."""
        market = self.market_of(order)
        market.book.shrink(order, leaves)
        self._clearing.relock(account, market.spec, order)
        self._feed.order_changed(account, order, "orderModified")

    def quote(
        self, account: Account, symbol: str, gone: Iterable[Order], wanted: Iterable[Quote]
    ) -> list[Order]:
        """Withdraw and place resting orders in one book event; what would take is left out."""
        market = self._markets[symbol]
        for order in gone:
            if order.is_open:
                self._withdraw(account, order, Status.CANCELLED, None)
        placed = [
            self._rest_quote(account, market, each)
            for each in wanted
            if not market.book.would_take(each[1], is_bid=each[0])
        ]
        self._feed.book_changed(market)
        return placed

    def new_order(self, account: Account, request: OrderRequest) -> Order:
        """Return an order with an id of its own, not yet anywhere."""
        self._last_order_id += 1
        return Order(self._last_order_id, account.name, request, self._instant.ns)

    def _enter(self, account: Account, order: Order) -> None:
        """Accept an order, match it, and publish what came of it."""
        market = self.market_of(order)
        self._accept(account, market, order)
        is_plain = self._faults.is_quiet or account.is_house
        if is_plain or not self.twists.ends_at_once(account, order):
            self._run(account, market, order)
        if not is_plain:
            self.twists.placed(account, order)
        self.publish(market)

    def _rest_quote(self, account: Account, market: Market, quote: Quote) -> Order:
        is_bid, price, size = quote
        side = Side.BID if is_bid else Side.ASK
        request = OrderRequest(
            market.spec.symbol, side, OrderType.LIMIT, price, size, post_only=True
        )
        order = self.new_order(account, request)
        account.open_orders[order.id] = order
        self._clearing.relock(account, market.spec, order)
        market.book.rest(order)
        return order

    def _accept(self, account: Account, market: Market, order: Order) -> None:
        account.open_orders[order.id] = order
        if not account.is_house:
            account.order_log.append(order)
        self._clearing.relock(account, market.spec, order)
        self._feed.order_changed(account, order, "orderAccepted")

    def _run(self, account: Account, market: Market, order: Order) -> None:
        """Match an accepted order, then rest it or end it."""
        if order.request.reduce_only and not self._cut_to_position(account, market, order):
            self._end(account, market, order, Expiry.REDUCE_ONLY)
            return
        bound, reason = price_bound(market, order)
        if _must_fill(order) and market.book.fillable(order, bound) < order.leaves:
            self._end(account, market, order, Expiry.FILL_OR_KILL)
            return
        if market.state == "PostOnly" and market.book.reaches(bound, is_bid=order.is_bid):
            self._end(account, market, order, Expiry.POST_ONLY_MODE)
            return
        refused = self._match(market, order, bound)
        if refused is not None:
            self._end(account, market, order, refused)
        elif order.is_open:
            self._settle_rest(account, market, order, reason)

    def _match(self, market: Market, taker: Order, bound: int | None) -> Expiry | None:
        def on_fill(maker: Order, steps: int) -> None:
            self._book_fill(market, taker, maker, steps)

        def on_maker_out(maker: Order) -> None:
            owner = self._clearing.accounts[maker.owner]
            self._forget(owner, market, maker)
            self._feed.order_changed(owner, maker, "orderExpired")

        return market.book.match(taker, bound, on_fill, on_maker_out)

    def _settle_rest(
        self, account: Account, market: Market, order: Order, bounded_by: Expiry
    ) -> None:
        """Decide what becomes of the part nobody took."""
        request = order.request
        if request.order_type is OrderType.MARKET:
            if request.quote_budget is not None and order.executed:
                order.finish(Status.FILLED)
                self._forget(account, market, order)
                self.on_moved(account, order)
            else:
                has_more = market.book.best(is_bid=not order.is_bid) is not None
                reason = bounded_by if has_more else Expiry.INSUFFICIENT_LIQUIDITY
                self._end(account, market, order, reason)
        elif request.time_in_force is TimeInForce.GTC:
            market.book.rest(order)
            if request.reduce_only:
                self._shrink_reduce_only(account, market, None)
        else:
            self._end(account, market, order, Expiry.IMMEDIATE_OR_CANCEL)

    def _end(self, account: Account, market: Market, order: Order, reason: Expiry) -> None:
        order.finish(Status.EXPIRED, reason)
        self._forget(account, market, order)
        self._feed.order_changed(account, order, "orderExpired")
        self.on_moved(account, order)

    def _withdraw(
        self, account: Account, order: Order, status: Status, reason: Expiry | None
    ) -> None:
        market = self._markets[order.request.symbol]
        market.book.remove(order)
        order.finish(status, reason)
        self._forget(account, market, order)

    def _forget(self, account: Account, market: Market, order: Order) -> None:
        account.open_orders.pop(order.id, None)
        self._clearing.relock(account, market.spec, order)

    def _book_fill(self, market: Market, taker: Order, maker: Order, steps: int) -> None:
        self.execution.book(market, taker, maker, steps)
        for order in (maker, taker):
            account = self._clearing.accounts[order.owner]
            if account.is_house:
                continue
            if market.spec.is_perp:
                self._shrink_reduce_only(account, market, taker)
            self.on_moved(account, order)

    def _cut_to_position(self, account: Account, market: Market, order: Order) -> bool:
        """Cap a reduce-only order at the position it closes; False where it closes none."""
        held = account.position_steps(market.spec.symbol)
        closable = max(0, -held if order.is_bid else held)
        if order.quantity is None:
            order.quantity = walked(market, order)[0]
        if 0 < closable < order.quantity:
            order.quantity = closable
            self._feed.order_changed(account, order, "orderModified")
        return closable > 0

    def _shrink_reduce_only(self, account: Account, market: Market, taker: Order | None) -> None:
        """Keep resting reduce-only orders within the position they close, oldest first."""
        held = account.position_steps(market.spec.symbol)
        for order in account.orders_in(market.spec.symbol):
            if not order.request.reduce_only or order is taker:
                continue
            closable = max(0, -held if order.is_bid else held)
            if closable == 0:
                self._withdraw(account, order, Status.EXPIRED, Expiry.REDUCE_ONLY)
                self._feed.order_changed(account, order, "orderExpired")
            elif order.leaves > closable:
                market.book.shrink(order, closable)
                self._feed.order_changed(account, order, "orderModified")
            held += order.leaves if order.is_bid else -order.leaves


def _nobody(_account: Account, _order: Order) -> None:
    """Hear, and do nothing."""


def _must_fill(order: Order) -> bool:
    return order.request.time_in_force is TimeInForce.FOK and order.quantity is not None
