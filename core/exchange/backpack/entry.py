"""Order entry: signs, sends once, and says what is known afterwards. Never sends an order twice."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

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
from core.domain.ids import AccountId, ClientOrderId, Symbol, symbol_of
from core.exchange.backpack import replies
from core.exchange.backpack.batching import Result, batch_results
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import BATCH_LIMIT, CANCEL_WINDOW_MS, ORDER_WINDOW_MS
from core.exchange.backpack.order_fields import terms_problem
from core.exchange.backpack.refusals import Outcome, ReplyError, outcome_of, reply_error
from core.exchange.backpack.requests import Signer, batch_request, cancel_request, place_request
from core.exchange.contract import Reply, TransportError, Wire

GOOD_CLOCK_NS: Final = 100_000_000
GOOD_CLOCK_WINDOW_MS: Final = 2_000
_NS_PER_MS: Final = 1_000_000
_ACCEPTED: Final = 202


class OrderEntry:
    """Places and cancels orders of one account."""

    def __init__(
        self, client: RestClient, account: AccountId, publish: Callable[[Body], None]
    ) -> None:
        self._client = client
        self._account = account
        self._publish = publish

    # ---- placing -------------------------------------------------------------------------------

    async def place(self, effect: PlaceOrder) -> None:
        """Send an approved order, unless it is too late, and publish what became of it."""
        signer, refusal = self._client.signer, self._own_refusal(effect)
        if signer is None or refusal:
            self._not_sent(effect.client_order_id, refusal or "no key for this account")
            return
        try:
            await self._send(effect, signer)
        except asyncio.CancelledError:
            self._unknown(effect.client_order_id, "cancelled while it was sent")
            raise

    def _own_refusal(self, effect: PlaceOrder) -> str:
        if effect.account != self._account:
            return f"order is of account {effect.account}, not {self._account}"
        late_ns = self._client.clock.now() - effect.send_before
        if late_ns >= 0:
            return f"too late by {late_ns // _NS_PER_MS} ms"
        return terms_problem(effect.approved.leg.terms) or self._client.entry_refusal()

    async def place_batch(self, effects: Sequence[PlaceOrder]) -> None:
        """Send approved orders, 20 a request, and publish what became of each of them."""
        for start in range(0, len(effects), BATCH_LIMIT):
            await self._place_part(effects[start : start + BATCH_LIMIT])

    async def _place_part(self, effects: Sequence[PlaceOrder]) -> None:
        signer, leaving = self._client.signer, []
        for effect in effects:
            refusal = "no key for this account" if signer is None else self._own_refusal(effect)
            if refusal:
                self._not_sent(effect.client_order_id, refusal)
            else:
                leaving.append(effect)
        if signer is None or not leaving:
            return
        try:
            await self._send_batch(leaving, signer)
        except asyncio.CancelledError:
            for effect in leaving:
                self._unknown(effect.client_order_id, "cancelled while it was sent")
            raise

    async def _send_batch(self, effects: Sequence[PlaceOrder], signer: Signer) -> None:
        ids = [effect.client_order_id for effect in effects]
        timestamp_ms, window_ms = self._client.venue_ms(), self._window_ms()
        wire = batch_request(signer, effects, timestamp_ms=timestamp_ms, window_ms=window_ms)
        for client_order_id in ids:
            self._bytes_left(client_order_id, timestamp_ms, window_ms)
        try:
            reply = await self._client.send_order(wire)
        except TransportError as error:
            tell = self._unknown if error.sent else self._not_sent
            for client_order_id in ids:
                tell(client_order_id, error.reason)
            return
        if outcome_of(reply) is not Outcome.DONE:
            for client_order_id in ids:
                self._judge(reply, client_order_id)
            return
        for client_order_id, result in batch_results(reply.body, ids).items():
            self._publish_result(client_order_id, result)

    def _publish_result(self, client_order_id: ClientOrderId, result: Result) -> None:
        if result is None:
            self._unknown(client_order_id, "the answer to the batch does not prove its outcome")
        elif isinstance(result, ReplyError):
            self._refused(client_order_id, result)
        else:
            self._publish_row(result, client_order_id)

    async def _send(self, effect: PlaceOrder, signer: Signer) -> None:
        client = self._client
        timestamp_ms, window_ms = client.venue_ms(), self._window_ms()
        wire = place_request(signer, effect, timestamp_ms=timestamp_ms, window_ms=window_ms)
        self._bytes_left(effect.client_order_id, timestamp_ms, window_ms)
        try:
            reply = await client.send_order(wire)
        except TransportError as error:
            tell = self._unknown if error.sent else self._not_sent
            tell(effect.client_order_id, error.reason)
            return
        self._judge(reply, effect.client_order_id)

    def _bytes_left(
        self, client_order_id: ClientOrderId, timestamp_ms: int, window_ms: int
    ) -> None:
        now = self._client.clock.now()
        self._publish(
            OrderBytesLeft(
                ts_event=now,
                ts_recv=now,
                client_order_id=client_order_id,
                signed_at=timestamp_ms * _NS_PER_MS,
                window_ms=window_ms,
            )
        )

    def _window_ms(self) -> int:
        bound = self._client.error_bound_ns
        is_good = bound is not None and bound <= GOOD_CLOCK_NS
        return GOOD_CLOCK_WINDOW_MS if is_good else ORDER_WINDOW_MS

    def _judge(self, reply: Reply, client_order_id: ClientOrderId) -> None:
        outcome = outcome_of(reply)
        if outcome is Outcome.DONE:
            self._publish_order(reply, client_order_id)
            return
        error = reply_error(reply)
        if outcome is Outcome.AMBIGUOUS:
            self._unknown(client_order_id, f"HTTP {reply.status} {error.code} {error.message}")
            return
        self._refused(client_order_id, error)

    def _refused(self, client_order_id: ClientOrderId, error: ReplyError) -> None:
        now = self._client.clock.now()
        refused = OrderRefused(
            ts_event=now,
            ts_recv=now,
            client_order_id=client_order_id,
            code=error.code,
            message=error.message,
        )
        self._publish(refused)

    def _publish_order(self, reply: Reply, client_order_id: ClientOrderId) -> None:
        try:
            row = replies.read(reply.body, replies.OrderRow)
        except DataInvalid as error:
            self._unknown(client_order_id, f"answer cannot be read: {error.detail}")
            return
        self._publish_row(row, client_order_id)

    def _publish_row(self, row: replies.OrderRow, client_order_id: ClientOrderId) -> None:
        try:
            report = replies.order_report(row, self._account, self._client.clock.now())
        except DataInvalid as error:
            self._unknown(client_order_id, f"answer cannot be read: {error.detail}")
            return
        if report.client_order_id != client_order_id:
            self._unknown(client_order_id, f"answer is about order {report.client_order_id}")
            return
        self._publish(report)

    def _not_sent(self, client_order_id: ClientOrderId, reason: str) -> None:
        now = self._client.clock.now()
        self._publish(
            OrderNotSent(ts_event=now, ts_recv=now, client_order_id=client_order_id, reason=reason)
        )

    def _unknown(self, client_order_id: ClientOrderId, reason: str) -> None:
        now = self._client.clock.now()
        self._publish(
            OrderOutcomeUnknown(
                ts_event=now, ts_recv=now, client_order_id=client_order_id, reason=reason
            )
        )

    # ---- cancelling ----------------------------------------------------------------------------

    async def cancel(self, effect: CancelOrder) -> None:
        """Send a cancel and publish what became of it; may be repeated freely."""
        client, signer = self._client, self._client.signer
        if signer is None:
            self._cancel_failed(effect.client_order_id, "no key for this account")
            return

        def build() -> Wire:
            return cancel_request(
                signer,
                Symbol(symbol_of(effect.instrument)),
                client_order_id=effect.client_order_id,
                venue_order_id=effect.venue_order_id,
                timestamp_ms=client.venue_ms(),
                window_ms=CANCEL_WINDOW_MS,
            )

        try:
            reply = await client.send_cancel(build)
        except TransportError as error:
            self._cancel_failed(effect.client_order_id, error.reason)
            return
        self._judge_cancel(reply, effect.client_order_id)

    def _judge_cancel(self, reply: Reply, client_order_id: ClientOrderId) -> None:
        if outcome_of(reply) is not Outcome.DONE:
            error = reply_error(reply)
            reason = f"HTTP {reply.status} {error.code} {error.message}"
            self._cancel_failed(client_order_id, reason, is_not_found=error.is_not_found)
            return
        now = self._client.clock.now()
        is_done = reply.status != _ACCEPTED and self._publish_cancelled(reply)
        self._publish(
            CancelAnswered(
                ts_event=now, ts_recv=now, client_order_id=client_order_id, is_done=is_done
            )
        )

    def _publish_cancelled(self, reply: Reply) -> bool:
        try:
            row = replies.read(reply.body, replies.OrderRow)
            report = replies.order_report(row, self._account, self._client.clock.now())
        except DataInvalid:
            return False
        self._publish(report)
        return report.state is not None and report.state.is_terminal

    def _cancel_failed(
        self, client_order_id: ClientOrderId, reason: str, *, is_not_found: bool = False
    ) -> None:
        now = self._client.clock.now()
        self._publish(
            CancelFailed(
                ts_event=now,
                ts_recv=now,
                client_order_id=client_order_id,
                is_not_found=is_not_found,
                reason=reason,
            )
        )
