"""The embedded exchange, served from a thread of its own for tests of one module."""

import asyncio
import threading

from core.exchange.embedded.keys import KeyPair
from core.exchange.embedded.memory import MemoryVenue
from core.exchange.embedded.server import Serving, serving, sped_clock
from core.exchange.embedded.world import single_venue


class ServedExchange:
    """One venue on loopback."""

    def __init__(self) -> None:
        self.where: Serving | None = None
        self.keys: KeyPair | None = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="venue")

    def start(self) -> None:
        """Start and wait until it answers."""
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        """Stop and wait until it is gone."""
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(20)
        self._loop.close()

    def _main(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        clock = sped_clock(1.0)
        venue = single_venue(3, clock())
        async with serving(MemoryVenue(venue.exchange, clock)) as where:
            self.where, self.keys = where, venue.trader
            self._ready.set()
            await self._done.wait()
