"""Asks a venue one question after the other: in budget, with back-off, on the venue's own time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from core.exchange.candles.budget import BudgetLimits, RequestBudget
from core.exchange.candles.errors import CandlesUnavailable, question
from core.exchange.candles.port import (
    KlineSource,
    SourceBusyError,
    SourceRefusedError,
    SourceTroubleError,
    Turns,
)
from core.exchange.candles.venue_clock import VenueClock
from core.exchange.candles.window import WindowRun
from core.exchange.contract import Clock

_NS: Final = 1_000_000_000
_TIMERS_ROUND_NS: Final = 1_000


class Asker:
    """One queue of questions to one venue.

    Attributes:
        requests: Candle requests that have left.
        read_at_ns: Venue time in the middle of the last one that was answered; 0 before the first.
    """

    def __init__(
        self,
        source: KlineSource,
        clock: Clock,
        rng: random.Random,
        limits: BudgetLimits,
        sleep: Callable[[float], Awaitable[None]],
        turns: Turns | None = None,
    ) -> None:
        self.requests = 0
        self.read_at_ns = 0
        self._source = source
        self._clock = clock
        self._sleep = sleep
        self._budget = RequestBudget(limits, rng, turns)
        self._venue_clock = VenueClock()
        self._turn = asyncio.Lock()

    def budget_left(self) -> int:
        """Return how many requests may leave at once."""
        return self._budget.left(self._clock.monotonic())

    async def now_secs(self) -> int:
        """Return the venue's time in seconds, never ahead of it. Raises CandlesUnavailable."""
        return await self.now_ns() // _NS

    async def now_ns(self) -> int:
        """Return the venue's time in ns, never ahead of it. Raises CandlesUnavailable."""
        failures = 0
        while self._venue_clock.needs_reading(self._clock.monotonic()):
            try:
                reading = await self._source.venue_time()
            except SourceTroubleError as trouble:
                failures += 1
                self._note_trouble(trouble, failures, "asked for the venue's time")
                await self._pause(self._budget.free_at - self._clock.monotonic())
            else:
                self._venue_clock.read(reading, self._clock.monotonic())
        return self._venue_clock.now_ns(self._clock.monotonic())

    async def resolve(self, symbol: str, run: WindowRun) -> None:
        """Ask until a window is resolved.

        Raises:
            CandlesRefused: the venue said no to a half, too.
            CandlesUnavailable: it could not be reached again and again.
        """
        failures = 0
        while not run.is_done:
            async with self._turn:
                await self._wait_for_turn()
                failures = await self._attempt(symbol, run, failures)

    async def _attempt(self, symbol: str, run: WindowRun, failures: int) -> int:
        """Ask once if it is our turn; return the failures in a row."""
        now_secs = await self.now_secs()
        ask = run.next_ask(now_secs)
        sent_at = self._clock.monotonic()
        if ask is None or self._budget.wait_ns(sent_at):
            return failures
        self._budget.take(sent_at)
        self.requests += 1
        try:
            rows = await self._source.klines(symbol, run.interval, ask.start, ask.stop)
        except SourceTroubleError as trouble:
            asked = question(symbol, run.interval, ask)
            self._note_trouble(trouble, failures + 1, asked)
            return failures + 1
        except SourceRefusedError as refusal:
            self._venue_clock.doubt()
            run.refused(ask, str(refusal))
        else:
            run.answered(rows, now_secs)
            middle = (sent_at + self._clock.monotonic()) // 2
            self.read_at_ns = self._venue_clock.likely_ns(middle)
        return 0

    def _note_trouble(self, trouble: SourceTroubleError, failures: int, asked: str) -> None:
        if failures >= self._budget.limits.attempts:
            raise CandlesUnavailable(asked, failures, str(trouble)) from trouble
        monotonic = self._clock.monotonic()
        if isinstance(trouble, SourceBusyError):
            self._budget.busy(monotonic, failures, trouble.pause_secs)
        else:
            self._budget.trouble(monotonic, failures)

    async def _wait_for_turn(self) -> None:
        while wait_ns := self._budget.wait_ns(self._clock.monotonic()):
            await self._pause(wait_ns)

    async def _pause(self, pause_ns: int) -> None:
        if pause_ns > 0:
            await self._sleep((pause_ns + _TIMERS_ROUND_NS) / _NS)
