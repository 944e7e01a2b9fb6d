"""One venue served from a thread of its own, and ccxt pointed at it."""

import asyncio
import threading

import ccxt
import ccxt.pro

from core.exchange.embedded.keys import KeyPair
from core.exchange.embedded.memory import MemoryVenue
from core.exchange.embedded.server import Serving, serving, sped_clock
from core.exchange.embedded.world import single_venue


class Host:
    """A served venue."""

    def __init__(self) -> None:
        self._where: Serving | None = None
        self._keys: KeyPair | None = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._done = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="venue")

    @property
    def where(self) -> Serving:
        """Return where it answers."""
        assert self._where is not None
        return self._where

    @property
    def keys(self) -> KeyPair:
        """Return the trader's keys."""
        assert self._keys is not None
        return self._keys

    def start(self) -> None:
        """Start and wait until it answers."""
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        """Stop and wait until it is gone."""
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(20)
        self._loop.close()

    def rest_client(self, secret: str | None = None) -> ccxt.backpack:
        """Return ccxt's blocking class; close its session afterwards."""
        made = ccxt.backpack(self._options(secret))
        made.urls["api"] = {"public": self.where.rest, "private": self.where.rest}
        made.session.trust_env = False
        return made

    def stream_client(self) -> ccxt.pro.backpack:
        """Return ccxt's websocket class; close it afterwards."""
        made = ccxt.pro.backpack(self._options(None))
        streams = {"public": self.where.ws, "private": self.where.ws}
        made.urls["api"] = {
            "public": self.where.rest,
            "private": self.where.rest,
            "ws": streams,
        }
        made.aiohttp_trust_env = False
        return made

    def _options(self, secret: str | None) -> dict[str, object]:
        return {
            "apiKey": self.keys.api_key,
            "secret": secret or self.keys.api_secret,
            "enableRateLimit": False,
        }

    def _main(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        clock = sped_clock(1.0)
        venue = single_venue(3, clock())
        async with serving(MemoryVenue(venue.exchange, clock)) as where:
            self._where, self._keys = where, venue.trader
            self._ready.set()
            await self._done.wait()
