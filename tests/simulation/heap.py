"""The whole scheduler: one heap of (time, tie-break), and processes whose tasks stand on it.

No wall clock, no threads. A `Process` looks like an event loop to the adapter's coroutines, but it
only pushes onto the heap: whatever runs next, in whichever process, is the heap's top. Killing a
process drops what it still had to do; stalling one defers it.
"""

import asyncio
import contextvars
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

_BURIALS: Final = 4
Call = Callable[[], None]


class Killed(SystemExit):
    """A process ends here and now: no clean-up, nothing more leaves it."""


class Heap:
    """Instants in ns; what was asked for first at one instant comes first."""

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self.now = start_ns
        self._entries: list[tuple[int, int, Call]] = []
        self._asked = 0

    def at(self, when: int, call: Call) -> None:
        """Run a call at an instant; the past means now."""
        self._asked += 1
        heapq.heappush(self._entries, (max(when, self.now), self._asked, call))

    def after(self, delay_ns: int, call: Call) -> None:
        """Run a call after a delay."""
        self.at(self.now + delay_ns, call)

    def step(self) -> None:
        """Run the next call."""
        self.now, _, call = heapq.heappop(self._entries)
        call()


class Process(asyncio.AbstractEventLoop):
    """One engine process: what the coroutines inside it take for their event loop.

    Attributes:
        is_dead: Killed; nothing of it runs any more.
        failures: What its tasks raised and nobody took.
    """

    def __init__(self, heap: Heap, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.failures: list[str] = []
        self.on_killed: Call = _nothing
        self._heap = heap
        self._ready: deque[asyncio.Handle] = deque()
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._stalled_until = 0
        self._is_awake = False

    # ---- what happens to a process -------------------------------------------------------------

    def stall(self, until: int) -> None:
        """Let nothing of it run before an instant: a blocked loop, a starved machine."""
        self._stalled_until = max(self._stalled_until, until)

    @property
    def is_stalled(self) -> bool:
        """Whether it is blocked now."""
        return self._heap.now < self._stalled_until

    def run(self, call: Call) -> None:
        """Run a call inside the process, now, with everything it makes ready."""
        self.call_soon(call)

    def kill(self) -> None:
        """End at once. Its tasks are unwound afterwards, deaf and mute, so that none is left."""
        if self.is_dead:
            return
        self.is_dead = True
        self.on_killed()

    def close(self) -> None:
        """End with the simulation itself, leaving everything as it is."""
        self.is_dead = True
        self.bury()

    def bury(self) -> None:
        """Unwind the tasks of a dead process; they can reach nobody any more."""
        self._drain(is_burial=True)
        for _ in range(_BURIALS):
            for task in list(self._tasks):
                task.cancel()
            self._drain(is_burial=True)

    # ---- what asyncio needs of a loop ----------------------------------------------------------

    def time(self) -> float:
        """Return seconds since the start of the simulation."""
        return (self._heap.now - self._heap.start_ns) / 1e9

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:  # fmt: skip
        """Run a callback in this instant, after those already waiting."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        self._wake()
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:  # fmt: skip
        """Run a callback after so many seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:  # fmt: skip
        """Run a callback at an instant of `time()`."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)

        def due() -> None:
            if not handle.cancelled():
                self._ready.append(handle)
                self._wake()

        # Rounded up, so that nobody who waits finds that it is too early by a nanosecond.
        self._heap.at(self._heap.start_ns + int(when * 1e9) + 1, due)
        return handle

    def create_future(self) -> "asyncio.Future[Any]":
        """Return a future of this process."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> "asyncio.Task[Any]":  # fmt: skip
        """Start a task."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what nobody took."""
        if not self.is_dead:
            self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    def get_debug(self) -> bool:
        """Return False: handles keep no tracebacks."""
        return False

    def is_running(self) -> bool:
        """Return whether it lives."""
        return not self.is_dead

    def is_closed(self) -> bool:
        """Return False: futures of the dead may still be unwound."""
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Ignore: a cancelled timer is skipped when it is due."""

    # ---- running -------------------------------------------------------------------------------

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and not self.is_dead and (error := task.exception()) is not None:
            self.failures.append(f"{task.get_name()}: {error!r}")

    def _wake(self) -> None:
        if not self._is_awake and not self.is_dead:
            self._is_awake = True
            self._heap.at(self._stalled_until, self._turn)

    def _turn(self) -> None:
        self._is_awake = False
        if self.is_dead:
            return
        if self.is_stalled:
            self._wake()
            return
        try:
            self._drain(is_burial=False)
        except Killed:
            self.kill()

    def _drain(self, *, is_burial: bool) -> None:
        events._set_running_loop(self)
        try:
            while self._ready and (is_burial or not self.is_dead):
                handle = self._ready.popleft()
                if handle.cancelled():
                    continue
                try:
                    handle._run()
                except Killed:
                    if not is_burial:
                        raise
        finally:
            events._set_running_loop(None)


def _nothing() -> None:
    """Hear of nothing."""
