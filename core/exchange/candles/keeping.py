"""The cache as the service uses it: a disk never holds the loop up, nor does its failure matter.

A file is read and written in a thread. One that fails is left alone from then on: the service goes
on with a cache in memory.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from core.exchange.candles.cache import MEMORY, CandleCache
from core.exchange.candles.intervals import Span
from core.exchange.candles.model import Candle

_Answer = TypeVar("_Answer")
log = logging.getLogger(__name__)


class Keeping:
    """Reads and writes the candles that are kept."""

    def __init__(self, cache: CandleCache) -> None:
        self._cache = cache

    async def covered(self, symbol: str, interval: str, bounds: Span) -> list[Span]:
        """Return the spans inside the bounds that need no fetching, oldest first."""
        return await self._done(lambda cache: cache.covered(symbol, interval, bounds))

    async def candles(self, symbol: str, interval: str, span: Span) -> list[Candle]:
        """Read the candles that start in a span, oldest first."""
        return await self._done(lambda cache: cache.candles(symbol, interval, span))

    async def keep(self, symbol: str, interval: str, span: Span, candles: list[Candle]) -> None:
        """Store all candles of a span and that it is covered."""
        await self._done(lambda cache: cache.keep(symbol, interval, span, candles))

    async def beginning(self, symbol: str) -> int | None:
        """Return when a market's history begins, None while nobody looked."""
        return await self._done(lambda cache: cache.beginning(symbol))

    async def keep_beginning(self, symbol: str, at: int) -> None:
        """Store when a market's history begins."""
        await self._done(lambda cache: cache.keep_beginning(symbol, at))

    async def _done(self, work: Callable[[CandleCache], _Answer]) -> _Answer:
        cache = self._cache
        if not cache.is_on_disk:
            return work(cache)
        try:
            return await asyncio.to_thread(work, cache)
        except sqlite3.Error as error:
            log.warning("candles.cache_failed", extra={"source": cache.source, "error": str(error)})
            if self._cache is cache:
                self._cache = CandleCache(MEMORY, cache.source)
            return work(self._cache)
