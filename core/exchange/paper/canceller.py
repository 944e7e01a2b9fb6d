"""Query and cancel of a paper account for the kill switch: the same verbs a real account has."""

import asyncio
from collections.abc import Callable

from core.domain.ids import ClientOrderId, Symbol, VenueOrderId, symbol_of
from core.domain.kill import KillTrouble, OpenRow
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.venue import PaperVenue

_NS = 1_000_000_000


class PaperCanceller:
    """Cancels the orders of one paper account; runs on the loop the account lives on."""

    def __init__(self, venue: PaperVenue) -> None:
        self._venue = venue

    async def measure_clock(self, deadline_secs: float) -> None:
        """Do nothing: it is our own clock."""
        await self._under_way(deadline_secs)

    async def open_orders(self, deadline_secs: float) -> tuple[OpenRow, ...]:
        """Read every open order of the account. Raises KillTrouble."""
        await self._under_way(deadline_secs)
        rows = tuple(_row(order) for order in self._venue.exchange.state.open_orders())
        await self._under_way(deadline_secs)
        return rows

    async def cancel_market(
        self, symbol: Symbol, *, is_conditional: bool, deadline_secs: float
    ) -> None:
        """Cancel every resting order of a market; conditional ones there are none."""
        await self._under_way(deadline_secs)
        if not is_conditional:
            self._cancel(lambda order: symbol_of(order.instrument) == symbol)
        await self._under_way(deadline_secs)

    async def cancel_order(
        self,
        symbol: Symbol,
        order_id: VenueOrderId | None,
        client_order_id: ClientOrderId | None,
        deadline_secs: float,
    ) -> bool:
        """Cancel one order; always done at once. Raises KillTrouble."""
        del symbol
        await self._under_way(deadline_secs)
        found = self._venue.exchange.state.find(order_id, client_order_id)
        if found is None or not found.remaining:
            raise KillTrouble("no such order rests", is_not_found=True)
        self._cancel(lambda order: order is found)
        await self._under_way(deadline_secs)
        return True

    async def strategies(self, deadline_secs: float) -> tuple[Symbol, ...]:
        """Return nothing: no orders are scheduled here."""
        await self._under_way(deadline_secs)
        return ()

    async def cancel_strategies(self, symbol: Symbol, deadline_secs: float) -> None:
        """Do nothing: no orders are scheduled here."""
        del symbol
        await self._under_way(deadline_secs)

    async def close(self) -> None:
        """Do nothing: there is no session."""

    async def _under_way(self, deadline_secs: float) -> None:
        secs = self._venue.exchange.latency.draw() / _NS
        if secs > deadline_secs:
            await asyncio.sleep(deadline_secs)
            raise KillTrouble("no answer in time", is_timeout=True)
        await asyncio.sleep(secs)

    def _cancel(self, is_meant: Callable[[PaperOrder], bool]) -> None:
        for order in self._venue.exchange.state.open_orders():
            if is_meant(order):
                self._venue.cancel_resting(order)


def _row(order: PaperOrder) -> OpenRow:
    return OpenRow(
        symbol=symbol_of(order.instrument),
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        is_reduce_only=order.terms.reduce_only,
    )
