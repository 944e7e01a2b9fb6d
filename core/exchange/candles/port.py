"""The seam to a venue: calls for candles and its clock, three ways to fail, shared tokens."""

from typing import Protocol

import msgspec


class KlineRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One candle as a venue sent it."""

    start_secs: int
    open: str | None = None
    high: str | None = None
    low: str | None = None
    close: str | None = None
    volume: str | None = None
    quote_volume: str | None = None
    trades: int | None = None


class SourceTime(msgspec.Struct, frozen=True, gc=False):
    """A venue's clock as read once, ns UTC, and how wrong that may be (half the round trip)."""

    venue_ns: int
    error_bound_ns: int


class SourceTroubleError(Exception):
    """The venue did not answer, or said that it cannot: worth another try later."""


class SourceBusyError(SourceTroubleError):
    """The venue said "too many requests"; `pause_secs` if it said for how long."""

    def __init__(self, said: str, pause_secs: float | None = None) -> None:
        super().__init__(said)
        self.pause_secs = pause_secs


class SourceRefusedError(Exception):
    """The venue refused the question itself."""


class Turns(Protocol):
    """The right to ask now; all who ask one venue for history share one. Instants: monotonic ns."""

    def wait_ns(self, monotonic: int) -> int:
        """Return how long until a request may leave; 0 if one may now."""

    def take(self, monotonic: int) -> None:
        """Count a request that leaves now."""

    def left(self, monotonic: int) -> int:
        """Return how many requests may leave at once."""


class KlineSource(Protocol):
    """A venue that has candles. It never retries, paces or splits: the service does.

    Attributes:
        name: What cached candles are kept under; two venues never share one.
    """

    name: str

    async def close(self) -> None:
        """Close what was opened for it."""

    async def venue_time(self) -> SourceTime:
        """Read the venue's clock. Raises SourceTroubleError."""

    async def klines(
        self, symbol: str, interval: str, start_secs: int, end_secs: int
    ) -> tuple[KlineRow, ...]:
        """Read the candles from one second to another.

        Raises:
            SourceTroubleError: no answer, or one that promises a later one.
            SourceRefusedError: a definite no.
        """
