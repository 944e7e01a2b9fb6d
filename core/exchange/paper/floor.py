"""What happens to orders that have reached a paper account: admission, matching, ends, force.

Sans-IO; every change is a fact, and every fact is followed by the report a venue would send.
"""

import random
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import (
    Body,
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
from core.exchange.paper.book import PaperBook
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


class PaperFloor:
    """The account and its markets; what reaches it, and when, is `PaperExchange`'s to say.

    Args:
        account: Whose reports it makes.
        settings: Fees, delays, periods.
        rng: Draws latencies.
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
        self._courier = Courier(self.latency)
        self._unstored: list[PaperFact] = []
        self._dirty: set[InstrumentId] = set()

    # ---- orders ----------------------------------------------------------------------------------

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

    # ---- fills -----------------------------------------------------------------------------------

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

    # ---- money -----------------------------------------------------------------------------------

    def mark_of(self, instrument: InstrumentId) -> Price | None:
        """Return the mark, or the middle of the book where there is none."""
        mark = self._marks.get(instrument)
        market = self.markets.get(instrument)
        if mark is not None or market is None:
            return mark
        bid, ask = market.book.best(Side.BUY), market.book.best(Side.SELL)
        return None if bid is None or ask is None else Price(unscaled(bid + ask) / _HALF)

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

    # ---- parts -----------------------------------------------------------------------------------

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
