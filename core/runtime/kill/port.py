"""What the kill path needs of a venue: query and cancel, each with a deadline."""

from typing import Protocol

from core.domain.ids import ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import OpenRow


class KillPort(Protocol):
    """One account at its venue; every verb may raise KillTrouble."""

    async def measure_clock(self, deadline_secs: float) -> None:
        """Compare clocks, which keeps the connection warm."""

    async def open_orders(self, deadline_secs: float) -> tuple[OpenRow, ...]:
        """Read every open order of the account."""

    async def cancel_market(
        self, symbol: Symbol, *, is_conditional: bool, deadline_secs: float
    ) -> None:
        """Cancel every resting, or every conditional order of a market."""

    async def cancel_order(
        self,
        symbol: Symbol,
        order_id: VenueOrderId | None,
        client_order_id: ClientOrderId | None,
        deadline_secs: float,
    ) -> bool:
        """Cancel one order; True when the venue says it is done."""

    async def strategies(self, deadline_secs: float) -> tuple[Symbol, ...]:
        """Read the markets in which the venue runs scheduled orders."""

    async def cancel_strategies(self, symbol: Symbol, deadline_secs: float) -> None:
        """Cancel the venue's scheduled orders of a market."""

    async def close(self) -> None:
        """Close the session; the next request opens a fresh one."""
