"""Shared pieces of the candle tests: the embedded exchange in virtual time, and an oracle."""

import asyncio
import random
from datetime import datetime
from itertools import pairwise

import numpy as np

from core.exchange.backpack.candle_source import BackpackCandles
from core.exchange.candles import BudgetLimits, Candle, CandleAnswer, CandleCache, CandleService
from core.exchange.candles.intervals import Grid
from core.exchange.contract import FramePipe, Reply, TransportError, Wire
from core.exchange.embedded.candles import Rows
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.market import Market
from core.exchange.embedded.memory import MemoryTransport, MemoryVenue
from core.exchange.embedded.spec import MARKETS
from core.exchange.embedded.units import MINUTE_NS

START_SECS = 1_792_022_430
"""2026-10-15 00:00:30, a Thursday."""
NS = 1_000_000_000
DAY_MINUTES = 1_440


class Past:
    """A past with quiet minutes in it: every seventh traded nothing, and some longer pauses."""

    def __init__(self, last_minute: int, days: int) -> None:
        self.last_minute = last_minute
        self.first_minute = last_minute - days * DAY_MINUTES + 1

    def rows(self, first: int, last: int) -> Rows:
        """Return the bars of the minutes first to last, inclusive, oldest first."""
        minutes = np.arange(first, min(last, self.last_minute) + 1, dtype=np.int64)
        minutes = minutes[(minutes % 7 != 0) & (minutes // 200 % 11 != 0)]
        price = 10_000 + minutes % 997
        fixed = [np.full_like(minutes, 5), 5 * price, np.full_like(minutes, 2)]
        return np.column_stack([minutes, price, price + 3, price - 2, price + 1, *fixed])


def has_trades(minute: int) -> bool:
    """Tell whether anything traded in a minute of the past."""
    return minute % 7 != 0 and minute // 200 % 11 != 0


def bar(minute: int) -> list[int]:
    """Write the bar of a minute: a function of its number."""
    price = 10_000 + minute % 997
    return [minute, price, price + 3, price - 2, price + 1, 5, 5 * price, 2]


class VirtualTime:
    """The clock of a test: sleeping moves it, and the venue with it."""

    def __init__(self, start_secs: int = START_SECS) -> None:
        self.ns = start_secs * NS
        self.wall_offset_ns = 0
        self.venue: MemoryVenue | None = None

    def now(self) -> int:
        """Return our wall clock, which may be wrong."""
        return self.ns + self.wall_offset_ns

    def monotonic(self) -> int:
        """Return ns since an instant nobody knows."""
        return self.ns - 7 * NS

    def __call__(self) -> int:
        """Return the venue's clock."""
        return self.ns

    async def sleep(self, secs: float) -> None:
        """Move on at once."""
        assert secs >= 0
        self.ns += int(secs * NS)
        await asyncio.sleep(0)


class WatchedTransport:
    """A memory transport that remembers each candle request: when, what and how it was answered."""

    def __init__(self, inner: MemoryTransport, time: VirtualTime) -> None:
        self.asked: list[tuple[int, dict[str, str], int]] = []
        self.refusals: list[bytes] = []
        self.planned: list[Reply | TransportError] = []
        """Answers given instead of the venue's, first one first."""
        self._inner = inner
        self._time = time

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request. Raises TransportError."""
        if not wire.path.endswith("klines"):
            return await self._inner.request(wire, deadline_secs=deadline_secs)
        planned = self.planned.pop(0) if self.planned else None
        if isinstance(planned, TransportError):
            self.asked.append((self._time.ns, dict(wire.query), 0))
            raise planned
        reply = planned or await self._inner.request(wire, deadline_secs=deadline_secs)
        self.asked.append((self._time.ns, dict(wire.query), reply.status))
        if reply.status >= 400:
            self.refusals.append(reply.body)
        return reply

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open one frame pipe. Raises TransportError."""
        return await self._inner.open_stream(deadline_secs=deadline_secs)

    async def close(self) -> None:
        """Close."""
        await self._inner.close()

    def busiest_minute(self) -> int:
        """Return the most requests within any 60 s."""
        times = [at for at, _, _ in self.asked]
        return max((sum(1 for t in times if at <= t < at + 60 * NS) for at in times), default=0)


class Rig:
    """An exchange without life but with a past, and a service on it."""

    def __init__(
        self,
        *,
        days: int = 40,
        cache: CandleCache | None = None,
        limits: BudgetLimits | None = None,
        time: VirtualTime | None = None,
        wall_offset_secs: int = 0,
    ) -> None:
        self.time = time or VirtualTime()
        self.time.wall_offset_ns = wall_offset_secs * NS
        past = Past(self.time.ns // MINUTE_NS, days)
        self.asked_at = 0
        self.first_secs = past.first_minute * 60
        markets = [Market(spec, past, last=10_000, first_id=1_000) for spec in MARKETS]
        self.exchange = Exchange(markets, first_id=5_000, start_ns=self.time.ns)
        self.exchange.rules.be_strict()
        self.venue = MemoryVenue(self.exchange, self.time)
        self.transport = WatchedTransport(MemoryTransport(self.venue), self.time)
        self.source = BackpackCandles("embedded", self.transport, self.time)
        self.service = CandleService(
            self.source,
            self.time,
            random.Random(5),
            cache=cache,
            limits=limits,
            sleep=self.time.sleep,
        )

    @property
    def now_secs(self) -> int:
        """Return the venue's time."""
        return self.time.ns // NS

    async def ask(
        self, symbol: str, interval: str, since: datetime, until: datetime
    ) -> CandleAnswer:
        """Ask the service."""
        self.asked_at = self.now_secs
        return await self.service.candles(symbol, interval, since, until)


def assert_whole(answer: CandleAnswer, rig: Rig) -> None:
    """Check that every bucket the range touches since the beginning is there, once, in order.

    Now is when the question was asked: waiting for a turn adds nothing. The service stays on the
    safe side of the venue's clock, so it may not know the last second yet.
    """
    grid = Grid(answer.interval)
    start = max(answer.asked.start, grid.earliest, rig.first_secs // 86_400 * 86_400)
    sure = min(answer.asked.stop, rig.asked_at - 1)
    starts = [candle.start_secs for candle in answer.candles]
    assert starts == sorted(set(starts)), "doubled or out of order"
    for candle, following in pairwise(answer.candles):
        assert candle.end_secs == following.start_secs, "a gap"
    if start >= sure:
        assert len(starts) <= 1
        return
    assert starts, f"nothing for {answer.asked}, {answer.note}"
    assert starts[0] <= max(start, rig.first_secs), "begins late"
    assert starts[-1] < min(answer.asked.stop, rig.asked_at), "ends late"
    assert sure <= answer.candles[-1].end_secs, "ends early"
    assert not any(candle.is_open for candle in answer.candles[:-1])


def expected(candle: Candle, first_secs: int) -> tuple[str | None, ...]:
    """Work out what the past says of a closed candle: open, high, low, close in ticks, trades."""
    first = max(candle.start_secs, first_secs) // 60
    bars = [bar(minute) for minute in range(first, candle.end_secs // 60) if has_trades(minute)]
    if not bars:
        return (None, None, None, None, "0")
    return (
        str(bars[0][1]),
        str(max(each[2] for each in bars)),
        str(min(each[3] for each in bars)),
        str(bars[-1][4]),
        str(sum(each[7] for each in bars)),
    )


def in_ticks(candle: Candle, decimals: int) -> tuple[str | None, ...]:
    """Write a candle the way `expected` does."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    ticks = [None if p is None else str(round(float(p) * 10**decimals)) for p in prices]
    return (*ticks, str(candle.trades))
