"""What is under way between the engine and its paper account: arrivals, and reports going back."""

import heapq
from collections.abc import Callable
from itertools import count

from core.domain.events import Body
from core.exchange.paper.latency import Latency
from core.exchange.paper.reports import received


class Courier:
    """Two heaps by due time (engine time, ns); ties go by the order they were handed over."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._arrivals: list[tuple[int, int, Callable[[], None]]] = []
        self._outbox: list[tuple[int, int, Body]] = []
        self._tickets = count()
        self._last_told = 0

    def arrive(self, due: int, act: Callable[[], None]) -> None:
        """Let something reach the account at an instant."""
        heapq.heappush(self._arrivals, (due, next(self._tickets), act))

    def next_arrival(self, now: int) -> tuple[int, Callable[[], None]] | None:
        """Take the next arrival that is due, None where there is none."""
        if not self._arrivals or self._arrivals[0][0] > now:
            return None
        due, _, act = heapq.heappop(self._arrivals)
        return due, act

    def tell(self, body: Body, now: int) -> None:
        """Send a report of the private stream: they arrive in the order they left."""
        self._last_told = max(now + self._latency.draw(), self._last_told)
        self.hand_over(body, self._last_told)

    def hand_over(self, body: Body, due: int) -> None:
        """Let a report reach the engine at an instant."""
        heapq.heappush(self._outbox, (due, next(self._tickets), received(body, due)))

    def delivered(self, now: int) -> list[Body]:
        """Take the reports that have reached the engine."""
        found: list[Body] = []
        while self._outbox and self._outbox[0][0] <= now:
            found.append(heapq.heappop(self._outbox)[2])
        return found

    def deadlines(self) -> list[int]:
        """Return when the next of either is due."""
        return [heap[0][0] for heap in (self._arrivals, self._outbox) if heap]
