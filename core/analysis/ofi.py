"""Order-flow imbalance: how the best levels grew and shrank.

Source: Cont, Kukanov, Stoikov (2014), "The Price Impact of Order Book Events", equation (4).
"""

from bisect import bisect_right
from collections import deque
from typing import Final

from core.analysis.units import Level

_SPARE: Final = 4_096
"""Steps out of every window that may be held until they are dropped in one go."""


def ofi_step(
    bid_before: Level | None, ask_before: Level | None, bid: Level | None, ask: Level | None
) -> int:
    """Return the order-flow imbalance between two touches, size units of 10^-10.

    e = q_b [P_b >= P_b'] - q_b' [P_b <= P_b'] - q_a [P_a <= P_a'] + q_a' [P_a >= P_a'], with '
    for before. A side that is empty counts as size 0 at the worst of all prices.
    """
    return _gain(bid_before, bid, 1) - _gain(ask_before, ask, -1)


def _gain(before: Level | None, after: Level | None, sign: int) -> int:
    """Return what one side gained at its best; `sign` is 1 for bids, -1 for asks."""
    if before is None:
        return 0 if after is None else after[1]
    if after is None:
        return -before[1]
    step = (after[0] - before[0]) * sign
    return (after[1] if step >= 0 else 0) - (before[1] if step <= 0 else 0)


class OrderFlow:
    """Order-flow imbalance over a moving window.

    Attributes:
        total: Sum of the steps within the window, size units of 10^-10.
    """

    __slots__ = ("_ask", "_bid", "_is_primed", "_steps", "_window_ns", "total")

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._steps: deque[tuple[int, int]] = deque()
        self._bid: Level | None = None
        self._ask: Level | None = None
        self._is_primed = False
        self.total = 0

    def see(self, bid: Level | None, ask: Level | None, at: int) -> int:
        """Take the touch at an instant; return the sum over the window."""
        step = ofi_step(self._bid, self._ask, bid, ask) if self._is_primed else 0
        self._bid, self._ask, self._is_primed = bid, ask, True
        if step:
            self._steps.append((at, step))
            self.total += step
        self.forget(at)
        return self.total

    def forget(self, at: int) -> None:
        """Drop the steps that have left the window."""
        steps = self._steps
        while steps and steps[0][0] <= at - self._window_ns:
            self.total -= steps.popleft()[1]

    def restart(self) -> None:
        """Forget everything: the book was rebuilt."""
        self._steps.clear()
        self._is_primed, self.total = False, 0


class OrderFlows:
    """Order-flow imbalance over any window up to the longest, from one list of steps.

    A touch that did not move costs one comparison; a window costs one binary search when read.
    """

    __slots__ = ("_ask", "_bid", "_is_primed", "_longest_ns", "_times", "_totals")

    def __init__(self, longest_ns: int) -> None:
        self._longest_ns = longest_ns
        self._times: list[int] = []
        self._totals: list[int] = []
        self._bid: Level | None = None
        self._ask: Level | None = None
        self._is_primed = False

    def see(self, bid: Level | None, ask: Level | None, at: int) -> bool:
        """Take the touch at an instant; return whether it moved."""
        if bid == self._bid and ask == self._ask and self._is_primed:
            return False
        if self._is_primed:
            step = ofi_step(self._bid, self._ask, bid, ask)
            self._times.append(at)
            self._totals.append(step + (self._totals[-1] if self._totals else 0))
            if len(self._times) > _SPARE and self._times[_SPARE // 2] <= at - self._longest_ns:
                self._drop(at - self._longest_ns)
        self._bid, self._ask, self._is_primed = bid, ask, True
        return True

    def _drop(self, until: int) -> None:
        gone = bisect_right(self._times, until) - 1
        del self._times[:gone]
        del self._totals[:gone]

    def total(self, window_ns: int, at: int) -> int | None:
        """Sum the steps of (at - window, at], size units of 10^-10; None before the first touch."""
        if not self._is_primed:
            return None
        first = bisect_right(self._times, at - window_ns)
        last = bisect_right(self._times, at)
        before = self._totals[first - 1] if first else 0
        return (self._totals[last - 1] if last else 0) - before

    def restart(self) -> None:
        """Forget everything: the book was rebuilt."""
        self._times.clear()
        self._totals.clear()
        self._is_primed = False
