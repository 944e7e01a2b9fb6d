"""Finds when a market's history begins: one request for months, one for days, then it is known.

Without it, a range that starts long before the market would cost a request for every 999 buckets.
"""

import asyncio
from typing import Final

from core.exchange.candles.asking import Asker
from core.exchange.candles.errors import CandlesRefused
from core.exchange.candles.intervals import MONTH, Grid, Span
from core.exchange.candles.keeping import Keeping
from core.exchange.candles.model import Candle
from core.exchange.candles.window import WINDOW_BUCKETS, WindowRun

_DAY: Final = "1d"


class Beginnings:
    """Looks up, once for each market, when its history begins."""

    def __init__(self, asker: Asker, kept: Keeping) -> None:
        self._asker = asker
        self._kept = kept
        self._unknown: set[str] = set()
        self._turns: dict[str, asyncio.Lock] = {}

    async def of(self, symbol: str) -> int | None:
        """Return the first day with a trade (seconds UTC), None where the venue does not say."""
        async with self._turns.setdefault(symbol, asyncio.Lock()):
            known = await self._kept.beginning(symbol)
            if known is not None or symbol in self._unknown:
                return known
            return await self._found(symbol)

    async def _found(self, symbol: str) -> int | None:
        try:
            found = await self._look_up(symbol)
        except CandlesRefused:
            found = None
        if found is None:
            self._unknown.add(symbol)
            return None
        await self._kept.keep_beginning(symbol, found)
        return found

    async def _look_up(self, symbol: str) -> int | None:
        months = Grid(MONTH)
        now = await self._asker.now_secs()
        everything = Span(months.earliest, months.ceiling(now))
        month = await self._first(symbol, months, months.windows(everything, WINDOW_BUCKETS)[-1])
        if month is None:
            return None
        days = Span(month.start_secs, min(month.end_secs, Grid(_DAY).ceiling(now)))
        day = await self._first(symbol, Grid(_DAY), days)
        return month.start_secs if day is None else day.start_secs

    async def _first(self, symbol: str, grid: Grid, span: Span) -> Candle | None:
        """Return the first bucket of a window that holds a trade."""
        run = WindowRun(symbol, grid, span, is_probe=True)
        await self._asker.resolve(symbol, run)
        return next((candle for candle in run.candles() if not candle.is_empty), None)
