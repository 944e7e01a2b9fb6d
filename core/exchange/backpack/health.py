"""What a venue says of itself: one frozen report, built when asked."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.ids import VenueId
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.latency import LatencyMeter, Quantiles
from core.exchange.backpack.public_stream import PublicStream
from core.exchange.backpack.stream import PrivateStream

_NS_PER_MS: Final = 1_000_000


class VenueState(StrEnum):
    """The one word."""

    DOWN = "down"
    """No public stream."""
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    """It works, with something to know: `complaints` says what."""
    UP = "up"


class VenueHealthReport(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a venue is. Ages and latencies in ms; None where there is nothing to measure yet."""

    venue: VenueId
    state: VenueState
    complaints: tuple[str, ...]
    sockets: int
    sockets_up: int
    is_private_up: bool | None
    """None where no account is used."""
    data_age_ms: float | None
    """Since the venue stamped its newest market data."""
    private_age_ms: float | None
    gaps: int
    books_doubted: int
    errors: int
    reconnects: int
    silent_streams: tuple[str, ...]
    rest_latency: Quantiles
    stream_latency: Quantiles
    budget_left: dict[str, int]
    """Requests that could leave now, by lane."""
    pauses: int
    clock_offset_ms: float | None
    clock_bound_ms: float | None
    is_clock_good: bool


class HealthDesk:
    """Builds the report of one venue.

    Attributes:
        pings: Round trips of its streams.
        books_doubted: Books that REST contradicted.
    """

    def __init__(self, venue: VenueId, client: RestClient) -> None:
        self.pings = LatencyMeter()
        self.books_doubted = 0
        self._venue = venue
        self._client = client

    def report(
        self, streams: Iterable[PublicStream], private: PrivateStream | None
    ) -> VenueHealthReport:
        """Say how the venue is."""
        public = tuple(streams)
        client = self._client
        monotonic, wall = client.clock.monotonic(), client.clock.now()
        silent = tuple(name for stream in public for name in stream.silent())
        complaints = tuple(self._complaints(public, private, silent))
        bound = client.error_bound_ns
        sessions = [*public, *([] if private is None else [private])]
        return VenueHealthReport(
            venue=self._venue,
            state=self._state(public, complaints),
            complaints=complaints,
            sockets=len(public),
            sockets_up=sum(stream.is_connected for stream in public),
            is_private_up=None if private is None else private.is_connected,
            data_age_ms=self._age(max(stream.newest_ts for stream in public)),
            private_age_ms=None if private is None else self._age(private.newest_ts),
            gaps=sum(stream.gaps for stream in public),
            books_doubted=self.books_doubted,
            errors=sum(stream.errors for stream in public),
            reconnects=sum(max(0, each.connects - 1) for each in sessions),
            silent_streams=silent,
            rest_latency=client.latency.quantiles(),
            stream_latency=self.pings.quantiles(),
            budget_left={lane: client.pacer.budget.left(lane, monotonic) for lane in Lane},
            pauses=client.pacer.pauses,
            clock_offset_ms=None if bound is None else client.offset_ns / _NS_PER_MS,
            clock_bound_ms=None if bound is None else bound / _NS_PER_MS,
            is_clock_good=client.venue_clock.is_good(monotonic, wall),
        )

    def _age(self, newest_ts: int) -> float | None:
        return None if not newest_ts else (self._client.venue_ns() - newest_ts) / _NS_PER_MS

    def _state(self, public: tuple[PublicStream, ...], complaints: tuple[str, ...]) -> VenueState:
        if not self._client.service.is_open:
            return VenueState.MAINTENANCE
        if not any(stream.is_connected for stream in public):
            return VenueState.DOWN
        return VenueState.DEGRADED if complaints else VenueState.UP

    def _complaints(
        self,
        public: tuple[PublicStream, ...],
        private: PrivateStream | None,
        silent: tuple[str, ...],
    ) -> Iterable[str]:
        client = self._client
        monotonic, wall = client.clock.monotonic(), client.clock.now()
        if not client.service.is_open:
            yield f"out of service: {client.service.reason}"
        if not all(stream.is_connected for stream in public):
            yield "a public stream is down"
        if private is not None and not private.is_connected:
            yield "the private stream is down"
        if silent:
            yield f"{len(silent)} silent streams, first {silent[0]}"
        if client.pacer.paused_ns(monotonic):
            yield "the venue asked for a pause"
        if not client.venue_clock.is_good(monotonic, wall):
            yield "the clock is not good enough for entries"
