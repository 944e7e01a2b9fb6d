"""Carries out the requests of a `KillRun` until it is over. An exception here stops nothing."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from core.domain.kill import KillPhase, KillProgress, KillTrouble
from core.runtime.clock import Clock
from core.runtime.kill.port import KillPort
from core.runtime.kill.run import Ask, KillRun, KillWish

log = logging.getLogger(__name__)
_NS: Final = 1_000_000_000
_LONGEST_SLEEP_SECS: Final = 0.25
_AFTER_ERROR_SECS: Final = 0.05
_LATE_SECS: Final = 0.5
"""How long beyond its own deadline a request may hang before it is given up from outside."""


class SteadyClock:
    """Wall time that never goes back: it runs on the monotonic clock from where it began."""

    def __init__(self, clock: Clock) -> None:
        self._base = clock.now() - clock.monotonic()
        self._clock = clock

    def now(self) -> int:
        """Return UTC in ns since 1970."""
        return self._base + self._clock.monotonic()


class Carrier:
    """One kill on its way.

    Args:
        run: Decides.
        port: Sends.
        clock: Time.
        tell: Takes the progress whenever it may have changed.
    """

    def __init__(
        self,
        run: KillRun,
        port: KillPort,
        clock: SteadyClock,
        tell: Callable[[KillProgress], None],
    ) -> None:
        self.run = run
        self._port = port
        self._clock = clock
        self._tell = tell
        self._stirred = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asks = {
            Ask.OPEN_ORDERS: self._list,
            Ask.STRATEGIES: self._schedule,
        }

    async def work_off(self) -> None:
        """Work until the run is over, whatever is raised on the way."""
        try:
            while self.run.phase is not KillPhase.DONE:
                try:
                    self._turn()
                    await self._rest()
                except Exception as error:
                    # The kill goes on whatever breaks; the person is told by the progress.
                    log.exception("kill.broke")
                    self._break(error)
                    await asyncio.sleep(_AFTER_ERROR_SECS)
            self._tell(self.run.progress(self._clock.now()))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _turn(self) -> None:
        for wish in self.run.wishes(self._clock.now()):
            task = asyncio.create_task(self._carried_out(wish), name=f"kill {wish.ask}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._tell(self.run.progress(self._clock.now()))

    async def _rest(self) -> None:
        at = self.run.next_at()
        secs = _LONGEST_SLEEP_SECS if at is None else (at - self._clock.now()) / _NS
        try:
            async with asyncio.timeout(min(_LONGEST_SLEEP_SECS, max(0.001, secs))):
                await self._stirred.wait()
        except TimeoutError:
            return
        finally:
            self._stirred.clear()

    async def _carried_out(self, wish: KillWish) -> None:
        try:
            async with asyncio.timeout(wish.deadline_secs + _LATE_SECS):
                await self._asks.get(wish.ask, self._cancel)(wish)
        except KillTrouble as trouble:
            await self._fail(wish, trouble)
        except TimeoutError:
            await self._fail(wish, KillTrouble("no answer at all", is_timeout=True))
        except Exception as error:
            # A broken port is an emergency; the wish is repeated like any other failure.
            log.exception("kill.request_broke")
            self._break(error)
            await self._fail(wish, KillTrouble(repr(error)[:200]))
        finally:
            self._stirred.set()

    async def _fail(self, wish: KillWish, trouble: KillTrouble) -> None:
        self.run.failed(wish.number, trouble, self._clock.now())
        if trouble.is_timeout and len(self._tasks) <= 1:
            # Half-open connections answer nobody: the next request gets a fresh one (F12).
            await self._port.close()

    async def _list(self, wish: KillWish) -> None:
        rows = await self._port.open_orders(wish.deadline_secs)
        self.run.listed(wish.number, rows, self._clock.now())

    async def _schedule(self, wish: KillWish) -> None:
        symbols = await self._port.strategies(wish.deadline_secs)
        self.run.scheduled(wish.number, symbols, self._clock.now())

    async def _cancel(self, wish: KillWish) -> None:
        port, secs, is_final = self._port, wish.deadline_secs, True
        if wish.ask is Ask.CANCEL_STRATEGIES:
            await port.cancel_strategies(wish.symbol, secs)
        elif wish.ask in (Ask.CANCEL_RESTING, Ask.CANCEL_CONDITIONAL):
            is_conditional = wish.ask is Ask.CANCEL_CONDITIONAL
            await port.cancel_market(wish.symbol, is_conditional=is_conditional, deadline_secs=secs)
        else:
            is_final = await port.cancel_order(
                wish.symbol, wish.order_id, wish.client_order_id, secs
            )
        self.run.done(wish.number, self._clock.now(), is_final=is_final)

    def _break(self, error: Exception) -> None:
        self.run.broke(f"the kill path raised {error!r} and goes on")
