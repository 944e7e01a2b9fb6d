"""The agenda: what is to happen at which instant, in one order (time, then who asked first)."""

import heapq
from collections.abc import Callable

from core.exchange.embedded.units import Instant

Task = Callable[[], None]


class Agenda:
    """Tasks by their instants; it alone moves the instant of its venue."""

    def __init__(self, instant: Instant) -> None:
        self.instant = instant
        self._waiting: list[tuple[int, int, Task]] = []
        self._asked = 0

    @property
    def now_ns(self) -> int:
        """Return the instant up to which everything has happened."""
        return self.instant.ns

    def at(self, when_ns: int, task: Task) -> None:
        """Run a task at an instant; the past means as soon as possible."""
        self._asked += 1
        heapq.heappush(self._waiting, (max(when_ns, self.instant.ns), self._asked, task))

    def after(self, delay_ns: int, task: Task) -> None:
        """Run a task after a delay."""
        self.at(self.instant.ns + delay_ns, task)

    def every(self, period_ns: int, task: Task) -> None:
        """Run a task at every multiple of a period."""

        def run() -> None:
            task()
            self.after(period_ns, run)

        self.at((self.instant.ns // period_ns + 1) * period_ns, run)

    def next_deadline(self) -> int:
        """Return the instant of the next task."""
        return self._waiting[0][0]

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due up to now; time never runs back."""
        while self._waiting[0][0] <= now_ns:
            when_ns, _, task = heapq.heappop(self._waiting)
            self.instant.ns = max(when_ns, self.instant.ns)
            task()
        self.instant.ns = max(now_ns, self.instant.ns)
