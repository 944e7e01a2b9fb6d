"""What a venue keeps up by itself: its clock, its catalogue, its status, its books against REST."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from core.domain.errors import VenueError
from core.domain.events import Body, VenueConditionSeen, VenueTimeMeasured
from core.domain.ids import InstrumentId, VenueId, instrument_id
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.cross_check import Verdict
from core.exchange.backpack.health import HealthDesk
from core.exchange.backpack.queries import book_snapshot, instruments, status
from core.exchange.backpack.shards import Shards
from core.exchange.backpack.stream import PrivateStream
from core.exchange.backpack.venue_settings import VenueSettings

RETRY_SECS: Final = 3.0
_FIRST_COMPARISONS: Final = 5
_BETWEEN_FIRST_SECS: Final = 0.25
_LOOK_SECS: Final = 1.0
_CHECKED_LEVELS: Final = 5
_CATCH_UP_SECS: Final = 2.0
_NS: Final = 1_000_000_000
log = logging.getLogger(__name__)


class Upkeep:
    """Reads again and again what is true only for a while; each method runs until cancelled.

    Args:
        name: The venue.
        client: Asks it.
        shards: Its public streams.
        private: Its private stream, if there is an account.
        health: Counts what is found.
        publish: Takes what was read.
        rng: Jitter of pauses.
        settings: Periods.
    """

    def __init__(
        self,
        name: VenueId,
        client: RestClient,
        shards: Shards,
        private: PrivateStream | None,
        health: HealthDesk,
        publish: Callable[[Body], None],
        rng: random.Random,
        settings: VenueSettings,
    ) -> None:
        self.name = name
        self._health = health
        self._client = client
        self._shards = shards
        self._private = private
        self._publish = publish
        self._rng = rng
        self._settings = settings

    async def _attempted(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        try:
            await work()
        except VenueError as error:
            log.warning("venue.read_failed", extra={"venue": self.name, "error": str(error)})
            return False
        return True

    async def keep_clock(self) -> None:
        """Compare clocks: a few times at first and whenever in doubt, then now and then."""
        while True:
            self._client.clock_doubted.clear()
            for _ in range(_FIRST_COMPARISONS):
                is_done = await self._attempted(self._measure_clock)
                await asyncio.sleep(_BETWEEN_FIRST_SECS if is_done else RETRY_SECS)
            while not await self._is_clock_doubted():
                await self._attempted(self._measure_clock)
            self._client.venue_clock.doubt()

    async def _is_clock_doubted(self) -> bool:
        """Wait until the next comparison is due; True when there is reason for more than one."""
        client = self._client
        due = client.clock.monotonic() + int(self._settings.clock_secs * _NS)
        while client.clock.monotonic() < due:
            if client.clock_doubted.is_set() or client.error_bound_ns is None:
                return True
            if client.venue_clock.has_stepped(client.clock.monotonic(), client.clock.now()):
                return True
            await asyncio.sleep(min(_LOOK_SECS, self._settings.clock_secs))
        return False

    async def _measure_clock(self) -> None:
        await self._client.measure_clock()
        now, offset_ns = self._client.clock.now(), self._client.offset_ns
        measured = VenueTimeMeasured(
            ts_event=now + offset_ns,
            ts_recv=now,
            venue=self.name,
            offset_ns=offset_ns,
            error_bound_ns=self._client.error_bound_ns or 0,
        )
        self._publish(measured)

    async def keep_catalogue(self) -> None:
        """Read the catalogue now and then."""
        while True:
            is_done = await self._attempted(self._list_instruments)
            await asyncio.sleep(self._settings.catalogue_secs if is_done else RETRY_SECS)

    async def _list_instruments(self) -> None:
        self._publish(await instruments(self._client, self.name))

    async def watch_service(self) -> None:
        """Look at the status while the venue is out of service; start afresh when it is back."""
        while True:
            await self._client.service_changed.wait()
            self._client.service_changed.clear()
            while not self._client.service.is_open:
                await asyncio.sleep(self._settings.status_secs * self._rng.uniform(0.7, 1.3))
                await self._attempted(self._look_at_status)

    async def watch_condition(self) -> None:
        """Tell of stress and of its end."""
        while True:
            await asyncio.sleep(_LOOK_SECS)
            client = self._client
            reason = client.service.reason
            found = client.condition.changed(client.clock.monotonic(), reason)
            if found is not None:
                now = client.clock.now()
                self._publish(
                    VenueConditionSeen(
                        ts_event=now,
                        ts_recv=now,
                        venue=self.name,
                        is_stressed=found.is_stressed,
                        is_open=found.is_open,
                        detail=found.detail,
                    )
                )

    async def _look_at_status(self) -> None:
        row = await status(self._client)
        is_back = self._client.service.status(row.message or "", is_open=row.is_open)
        if is_back and self._private is not None:
            self._private.drop("the venue was out of service")

    # ---- books against REST --------------------------------------------------------------------

    async def cross_check(self) -> None:
        """Hold every followed book against REST, one after the other."""
        while True:
            symbols = self._shards.symbols()
            pause = self._settings.cross_check_secs / max(1, len(symbols))
            for symbol in symbols:
                await asyncio.sleep(pause)
                instrument = instrument_id(self.name, symbol)
                await self._attempted(partial(self._check_book, instrument))
            if not symbols:
                await asyncio.sleep(min(_LOOK_SECS, pause))

    async def _check_book(self, instrument: InstrumentId) -> None:
        """Void a book that REST contradicts twice."""
        verdict = Verdict.AGREES
        for _ in range(2):
            verdict = await self._compared(instrument)
            if verdict in {Verdict.AGREES, Verdict.NOT_COMPARABLE}:
                return
        stream = self._shards.carrier_of(instrument)
        if stream is not None and stream.is_connected:
            self._health.books_doubted += 1
            stream.doubt_book(instrument, f"book against REST: {verdict}", self._client.clock.now())

    async def _compared(self, instrument: InstrumentId) -> Verdict:
        """Compare once; a stream that is behind has a moment to catch up."""
        snapshot = await book_snapshot(self._client, instrument, _CHECKED_LEVELS)
        give_up_at = self._client.clock.monotonic() + int(_CATCH_UP_SECS * _NS)
        while True:
            stream = self._shards.carrier_of(instrument)
            if stream is None or not stream.is_connected:
                return Verdict.NOT_COMPARABLE
            verdict = stream.compare(snapshot)
            if verdict is not Verdict.STREAM_BEHIND or self._client.clock.monotonic() >= give_up_at:
                return verdict
            await asyncio.sleep(_CATCH_UP_SECS / 10)
