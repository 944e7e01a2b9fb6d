"""Tokens that come back a while after they were taken. No clock: time is a parameter.

So no span, wherever it begins, sees more requests than the bucket holds.
"""

from collections import deque


class Bucket:
    """The requests of one kind that still count.

    Args:
        most: Tokens it holds.
        span_ns: How long a token is out.
    """

    def __init__(self, most: int, span_ns: int) -> None:
        self._most = most
        self._span_ns = span_ns
        self._taken: deque[int] = deque()

    def used(self, monotonic: int) -> int:
        """Count what was taken within the span."""
        while self._taken and self._taken[0] <= monotonic - self._span_ns:
            self._taken.popleft()
        return len(self._taken)

    def left(self, monotonic: int) -> int:
        """Count what could be taken at once; negative where more was taken than there is."""
        return self._most - self.used(monotonic)

    def wait_ns(self, monotonic: int) -> int:
        """Return how long until there is a token; 0 if there is one."""
        if self.left(monotonic) > 0 or not self._taken:
            return 0
        return max(1, self._taken[0] + self._span_ns - monotonic)

    def take(self, monotonic: int) -> None:
        """Take one."""
        self._taken.append(monotonic)

    def next_return(self) -> int | None:
        """Return when the oldest token comes back; None if none is out."""
        return self._taken[0] + self._span_ns if self._taken else None
