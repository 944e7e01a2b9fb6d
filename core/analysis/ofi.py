"""Order-flow imbalance: how the best levels grew and shrank.

Source: Cont, Kukanov, Stoikov (2014), "The Price Impact of Order Book Events", equation (4).
"""

from collections import deque

from core.analysis.units import Level


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
