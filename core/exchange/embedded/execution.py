"""Execution: what one fill does to orders, money, open interest, the tape and the frames."""

from collections.abc import Mapping

from core.exchange.embedded.accounts import Account, Fill
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.feed import Feed
from core.exchange.embedded.market import Market, Trade
from core.exchange.embedded.orders import Order, OrderRequest, OrderType, Side, TimeInForce
from core.exchange.embedded.units import Instant


class Execution:
    """Books fills between two orders, from the book or outside it."""

    def __init__(
        self,
        markets: Mapping[str, Market],
        clearing: Clearing,
        feed: Feed,
        instant: Instant,
        faults: Faults,
    ) -> None:
        self._markets = markets
        self._clearing = clearing
        self._feed = feed
        self._instant = instant
        self._faults = faults

    def book(self, market: Market, taker: Order, maker: Order, steps: int) -> None:
        """Book a fill at the maker's price, after both orders counted it."""
        trade_id, price = market.next_trade_id(), maker.price
        longs = self._longs(market, taker, maker)
        for order, is_maker in ((maker, True), (taker, False)):
            self._execute(market, order, (steps, price, trade_id), is_maker=is_maker)
        market.open_interest += self._longs(market, taker, maker) - longs
        buyer, seller = (taker, maker) if taker.is_bid else (maker, taker)
        now_ns = self._instant.ns
        trade = Trade(trade_id, price, steps, buyer.id, seller.id, maker.is_bid, now_ns)
        market.print_trade(trade)
        self._feed.traded(market, trade)

    def hit(self, maker: Order, steps: int, house: str) -> None:
        """Fill a resting order by a house account, whatever stands before it."""
        market = self._markets[maker.request.symbol]
        self._clearing.house(house)
        taker = _opposite(maker, house, steps, maker.price)
        market.book.hit(taker, maker, steps)
        self.book(market, taker, maker, steps)

    def outside(self, order: Order, steps: int, price: int, house: str) -> None:
        """Fill an order that rests in no book, its terms notwithstanding, by a house account."""
        market = self._markets[order.request.symbol]
        self._clearing.house(house)
        maker = _opposite(order, house, steps, price)
        maker.fill(steps, price)
        order.overfill(steps, price)
        self.book(market, order, maker, steps)

    def transfer(self, order: Order, steps: int, price: int, house: str) -> None:
        """Fill an order in no book to its end by a house account, as any fill."""
        market = self._markets[order.request.symbol]
        maker = _opposite(order, house, steps, price)
        maker.fill(steps, price)
        order.fill(steps, price)
        self.book(market, order, maker, steps)

    def _execute(
        self, market: Market, order: Order, filled: tuple[int, int, int], *, is_maker: bool
    ) -> None:
        steps, price, trade_id = filled
        account = self._clearing.accounts[order.owner]
        fee, asset = self._clearing.execute(market.spec, order, steps, price, is_maker=is_maker)
        if not order.is_open:
            account.open_orders.pop(order.id, None)
        if account.is_house:
            return
        fill = Fill(
            symbol=market.spec.symbol,
            order_id=order.id,
            client_id=order.client_id,
            trade_id=self._shown_id(account, market, trade_id),
            side=order.request.side.value,
            price=price,
            quantity=steps,
            fee=fee,
            fee_asset=asset,
            is_maker=is_maker,
            at_ns=self._instant.ns,
            system=order.system,
        )
        self._clearing.record(account, fill)
        self._feed.order_changed(account, order, "orderFill", fill)

    def _shown_id(self, account: Account, market: Market, trade_id: int) -> int | None:
        """Return a fill's trade id; F21 makes it null, zero or that of the fill before."""
        symbol = market.spec.symbol
        switch = self._faults.draw("F21", symbol=symbol, account=account.name)
        if switch is None:
            return trade_id
        if switch.mode == "shared":
            earlier = [fill.trade_id for fill in account.fills if fill.symbol == symbol]
            return earlier[-1] if earlier else trade_id
        return 0 if switch.mode == "zero" else None

    def _longs(self, market: Market, taker: Order, maker: Order) -> int:
        if not market.spec.is_perp:
            return 0
        accounts = self._clearing.accounts
        held = [accounts[each.owner].position_steps(market.spec.symbol) for each in (taker, maker)]
        return sum(max(0, steps) for steps in held)


def _opposite(order: Order, house: str, steps: int, price: int) -> Order:
    """Return the order of a house account on the other side of a forced fill."""
    side = Side.ASK if order.is_bid else Side.BID
    request = OrderRequest(
        symbol=order.request.symbol,
        side=side,
        order_type=OrderType.LIMIT,
        price=price,
        quantity=steps,
        time_in_force=TimeInForce.IOC,
    )
    return Order(0, house, request, order.created_ns)
