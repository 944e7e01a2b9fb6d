"""The candle service: ask for `(symbol, interval, since, until)`, get every bucket, once.

The shell around `WindowRun`: waits for its turn, asks, retries, keeps what is final. Callers come
with aware times of any zone; future, reversed and ancient ranges have answers too.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import dropwhile
from typing import Final

from core.exchange.candles.asking import Asker
from core.exchange.candles.beginning import Beginnings
from core.exchange.candles.budget import BudgetLimits
from core.exchange.candles.cache import MEMORY, CandleCache
from core.exchange.candles.intervals import Grid, Span, whole_seconds
from core.exchange.candles.keeping import Keeping
from core.exchange.candles.model import Candle, CandleAnswer
from core.exchange.candles.port import KlineSource, Turns
from core.exchange.candles.range import Wanted, since_beginning, wanted
from core.exchange.candles.spans import without
from core.exchange.candles.window import WINDOW_BUCKETS, WindowRun
from core.exchange.contract import Clock

Progress = Callable[[int, int], None]
"""Told how many buckets are there, of how many."""
Sleep = Callable[[float], Awaitable[None]]
_CACHED_PAGE: Final = 5_000


class CandleService:
    """Candles of one venue, in order, without hole or double.

    Args:
        source: The venue's two calls.
        clock: Only its monotonic side is used: the venue's own time counts.
        rng: Jitter of pauses.
        cache: Where final candles are kept; memory if None.
        limits: The venue's budget for historical data.
        turns: Tokens shared with others who ask this venue for history, in place of a bucket of
            its own.
        sleep: Waits; virtual in tests.
    """

    def __init__(
        self,
        source: KlineSource,
        clock: Clock,
        rng: random.Random,
        *,
        cache: CandleCache | None = None,
        limits: BudgetLimits | None = None,
        turns: Turns | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._kept = Keeping(cache or CandleCache(MEMORY, source.name))
        self._asker = Asker(source, clock, rng, limits or BudgetLimits(), sleep, turns)
        self._beginnings = Beginnings(self._asker, self._kept)
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    @property
    def requests(self) -> int:
        """How many candle requests have left so far."""
        return self._asker.requests

    def budget_left(self) -> int:
        """Return how many requests may leave at once."""
        return self._asker.budget_left()

    async def now(self) -> datetime:
        """Return the venue's time, never ahead of it. Raises CandlesUnavailable."""
        return datetime.fromtimestamp(await self._asker.now_secs(), UTC)

    async def candles(
        self,
        symbol: str,
        interval: str,
        since: datetime,
        until: datetime,
        on_progress: Progress | None = None,
    ) -> CandleAnswer:
        """Read every bucket that `[since, until)` touches; the running one is marked open.

        Raises:
            ConfigError: for an unknown interval or a time without a zone.
            CandlesRefused: when the venue refuses what keeps every known rule.
            CandlesUnavailable: when it cannot be reached again and again.
        """
        before = self._asker.requests
        asked = whole_seconds(since, until)
        found = await self._wanted(symbol, Grid(interval), asked)
        pages = self._pages(symbol, Grid(interval), found, on_progress)
        rows = [candle async for page in pages for candle in page]
        begins = await self._kept.beginning(symbol)
        rest = since_beginning(Grid(interval), found, begins)
        first = rest.span.start
        return CandleAnswer(
            symbol=symbol,
            interval=interval,
            asked=asked,
            candles=tuple(candle for candle in rows if candle.start_secs >= first),
            as_of_ns=self._asker.read_at_ns or await self._asker.now_ns(),
            begins_secs=begins,
            requests=self._asker.requests - before,
            note=rest.note,
        )

    async def newest(
        self, symbol: str, interval: str, count: int, since: int = 0
    ) -> tuple[Candle, ...]:
        """Read the newest buckets, the running one last: for a chart that goes on from there.

        One request where the older ones are cached; one or two where nothing is, as long as the
        venue leaves nothing out. What lies before a market's history is left out, but its beginning
        is not looked up.

        Args:
            symbol: The market.
            interval: The interval.
            count: How many at most; up to 999 are one window.
            since: The first second wanted, UTC.

        Raises:
            ConfigError: for an unknown interval.
            CandlesRefused: when the venue refuses what keeps every known rule.
            CandlesUnavailable: when it cannot be reached again and again.
        """
        grid = Grid(interval)
        stop = grid.ceiling(await self._asker.now_secs())
        first = max(grid.number(max(since, grid.earliest)), grid.number(stop) - count)
        found = Wanted(Span(grid.start_of(first), stop))
        pages = self._pages(symbol, grid, found, looks_up=False)
        rows = [candle async for page in pages for candle in page]
        return tuple(dropwhile(_is_unknown, rows))

    async def pages(
        self,
        symbol: str,
        interval: str,
        since: datetime,
        until: datetime,
        on_progress: Progress | None = None,
    ) -> AsyncIterator[tuple[Candle, ...]]:
        """Read the same page by page, for ranges too long to hold in memory."""
        grid = Grid(interval)
        found = await self._wanted(symbol, grid, whole_seconds(since, until))
        async for page in self._pages(symbol, grid, found, on_progress):
            rest = since_beginning(grid, found, await self._kept.beginning(symbol))
            kept = tuple(candle for candle in page if candle.start_secs >= rest.span.start)
            if kept:
                yield kept

    async def _wanted(self, symbol: str, grid: Grid, asked: Span) -> Wanted:
        found = wanted(grid, asked, await self._asker.now_secs())
        if grid.count(found.span) <= WINDOW_BUCKETS:
            return since_beginning(grid, found, await self._kept.beginning(symbol))
        return since_beginning(grid, found, await self._beginnings.of(symbol))

    async def _pages(
        self,
        symbol: str,
        grid: Grid,
        found: Wanted,
        on_progress: Progress | None = None,
        *,
        looks_up: bool = True,
    ) -> AsyncIterator[list[Candle]]:
        total, done = grid.count(found.span), 0
        while done < total:
            at = grid.start_of(grid.number(found.span.start) + done)
            page = await self._page(symbol, grid, Span(at, found.span.stop))
            if not page:
                return
            if looks_up and not done and page[0].is_empty:
                await self._beginnings.of(symbol)
            yield page
            done += len(page)
            if on_progress is not None:
                on_progress(done, total)

    async def _page(self, symbol: str, grid: Grid, rest: Span) -> list[Candle]:
        """Read the first page of what is left: cached as far as that goes, else one window."""
        async with self._turns.setdefault((symbol, grid.interval), asyncio.Lock()):
            missing = without(rest, await self._kept.covered(symbol, grid.interval, rest))
            if not missing or missing[0].start > rest.start:
                stop = missing[0].start if missing else rest.stop
                most = grid.start_of(grid.number(rest.start) + _CACHED_PAGE)
                span = Span(rest.start, min(stop, most))
                cached = await self._kept.candles(symbol, grid.interval, span)
                if cached:
                    return cached
                missing = [rest]
            window = grid.windows(missing[0], WINDOW_BUCKETS)[0]
            return await self._fetched(symbol, grid, window)

    async def _fetched(self, symbol: str, grid: Grid, window: Span) -> list[Candle]:
        run = WindowRun(symbol, grid, window)
        await self._asker.resolve(symbol, run)
        page = run.candles()
        final = run.final()
        if final is not None:
            await self._kept.keep(symbol, grid.interval, final, page)
        return page


def _is_unknown(candle: Candle) -> bool:
    return candle.volume is None and candle.is_empty
