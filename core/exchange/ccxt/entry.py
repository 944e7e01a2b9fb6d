"""Places and cancels through the library: once, proved capabilities only, every fate an event."""

from collections.abc import Callable
from typing import Any, Final

from core.domain.effects import CancelOrder, PlaceOrder
from core.domain.errors import DataInvalid
from core.domain.events import (
    Body,
    CancelAnswered,
    CancelFailed,
    OrderBytesLeft,
    OrderNotSent,
    OrderOutcomeUnknown,
    OrderRefused,
)
from core.domain.ids import AccountId, ClientOrderId
from core.domain.order import OrderTerms, OrderType
from core.exchange.ccxt.capabilities import Capabilities
from core.exchange.ccxt.library import Exchange, as_error, is_refusal
from core.exchange.ccxt.reading import order_report
from core.exchange.ccxt.symbols import SymbolMap
from core.exchange.contract import Clock

_WINDOW_MS: Final = 10_000
_GONE: Final = "OrderNotFound"


class CcxtEntry:
    """Order entry of one account."""

    def __init__(
        self,
        exchange: Exchange,
        account: AccountId,
        capabilities: Capabilities,
        clock: Clock,
        publish: Callable[[Body], None],
    ) -> None:
        self._exchange = exchange
        self._account = account
        self._capabilities = capabilities
        self._clock = clock
        self._publish = publish

    async def place(self, effect: PlaceOrder, symbols: SymbolMap) -> None:
        """Send an approved order, once; never again, whatever happens."""
        number, terms = effect.client_order_id, effect.approved.leg.terms
        reason = self._obstacle(effect)
        if not reason:
            try:
                unified = symbols.unified(terms.instrument)
            except DataInvalid as error:
                reason = str(error)
        if reason:
            self._publish(self._not_sent(number, reason))
            return
        await self._send(number, terms, unified, symbols)

    def _obstacle(self, effect: PlaceOrder) -> str:
        if not self._capabilities.may_place:
            return self._capabilities.reason
        if effect.account != self._account:
            return f"order is of account {effect.account}"
        unsaid = _unsaid(effect.approved.leg.terms)
        if unsaid:
            return f"this way cannot say {unsaid}; the order was not sent without it"
        return "too late to send" if self._clock.now() > effect.send_before else ""

    async def _send(
        self, number: ClientOrderId, terms: OrderTerms, unified: str, symbols: SymbolMap
    ) -> None:
        now = self._clock.now()
        left = OrderBytesLeft(
            ts_event=now, ts_recv=now, client_order_id=number, signed_at=now, window_ms=_WINDOW_MS
        )
        self._publish(left)
        try:
            row = await self._exchange.create_order(*_arguments(terms, unified, number))
            report = order_report(row, self._account, symbols, self._clock.now())
        except Exception as error:  # noqa: BLE001  the library raises what it likes
            self._publish(self._failed(number, error))
            return
        if report.client_order_id != number:
            self._publish(self._unknown(number, "the answer does not name our order"))
            return
        self._publish(report)

    def _failed(self, number: ClientOrderId, error: Exception) -> Body:
        if not is_refusal(error):
            return self._unknown(number, str(as_error(error)))
        now = self._clock.now()
        return OrderRefused(
            ts_event=now,
            ts_recv=now,
            client_order_id=number,
            code=type(error).__name__,
            message=str(error)[:200],
        )

    async def cancel(self, effect: CancelOrder, symbols: SymbolMap) -> None:
        """Cancel one order; may be repeated freely."""
        try:
            unified = symbols.unified(effect.instrument)
            venue_order_id = effect.venue_order_id
            parameters = {"clientOrderId": str(int(effect.client_order_id))}
            known = {} if venue_order_id is not None else parameters
            await self._exchange.cancel_order(venue_order_id, unified, known)
        except Exception as error:  # noqa: BLE001  as above
            self._publish(self._cancel_failed(effect.client_order_id, error))
            return
        now = self._clock.now()
        answered = CancelAnswered(
            ts_event=now, ts_recv=now, client_order_id=effect.client_order_id, is_done=False
        )
        self._publish(answered)

    def _cancel_failed(self, number: ClientOrderId, error: Exception) -> CancelFailed:
        now = self._clock.now()
        return CancelFailed(
            ts_event=now,
            ts_recv=now,
            client_order_id=number,
            is_not_found=type(error).__name__ == _GONE,
            reason=str(as_error(error))[:200],
        )

    def _not_sent(self, number: ClientOrderId, reason: str) -> OrderNotSent:
        now = self._clock.now()
        return OrderNotSent(ts_event=now, ts_recv=now, client_order_id=number, reason=reason)

    def _unknown(self, number: ClientOrderId, reason: str) -> OrderOutcomeUnknown:
        now = self._clock.now()
        return OrderOutcomeUnknown(
            ts_event=now, ts_recv=now, client_order_id=number, reason=reason[:300]
        )


def _arguments(
    terms: OrderTerms, unified: str, number: ClientOrderId
) -> tuple[str, str, str, str, str | None, dict[str, Any]]:
    """Write an order in the library's words; amounts stay exact text."""
    is_limit = terms.order_type is OrderType.LIMIT
    parameters: dict[str, Any] = {"clientOrderId": str(int(number))}
    if is_limit:
        parameters["timeInForce"] = terms.time_in_force.value.upper()
    if terms.post_only:
        parameters["postOnly"] = True
    if terms.reduce_only:
        parameters["reduceOnly"] = True
    price = str(terms.limit_price) if is_limit else None
    return unified, terms.order_type.value, terms.side.value, str(terms.quantity), price, parameters


def _unsaid(terms: OrderTerms) -> str:
    """Name the terms that would be lost on this way, empty when every term is sent."""
    lost = {
        "a trigger": terms.trigger_price is not None or terms.trigger_percent is not None,
        "a take-profit": terms.take_profit is not None,
        "a stop-loss": terms.stop_loss is not None,
        "a quantity to spend": terms.quote_quantity is not None,
        "a slippage tolerance": terms.slippage is not None,
    }
    return ", ".join(name for name, is_lost in lost.items() if is_lost)
