"""Streams that have to deliver: which are late, and when to ask for them again. No clock.

A subscription is never acknowledged and an unknown market is silent, so only silence tells (4.2).
A stream that never delivered is subscribed again, ever more seldom: its market may be closed. One
that did deliver and stays silent after that is a fault of the connection.
"""

from typing import Final

import msgspec

_NS: Final = 1_000_000_000
_STRIKES_OF_A_FAULT: Final = 2
_SLOWEST: Final = 5


class WatchLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in seconds."""

    first_secs: float = 10.0
    """From subscribing to the first frame."""
    silence_secs: float = 15.0
    """Between two frames of a stream that comes each second."""


class _Expected:
    __slots__ = ("due", "strikes", "was_heard")

    def __init__(self, due: int) -> None:
        self.due = due
        self.strikes = 0
        self.was_heard = False


class StreamWatch:
    """The periodic streams of one connection."""

    def __init__(self, limits: WatchLimits | None = None) -> None:
        limits = limits or WatchLimits()
        self._first_ns = int(limits.first_secs * _NS)
        self._silence_ns = int(limits.silence_secs * _NS)
        self._expected: dict[str, _Expected] = {}

    def restart(self) -> None:
        """Forget everything: a new connection begins."""
        self._expected.clear()

    def expect(self, stream: str, monotonic: int) -> None:
        """Expect a stream from now on."""
        self._expected[stream] = _Expected(monotonic + self._first_ns)

    def forget(self, stream: str) -> None:
        """Expect it no more."""
        self._expected.pop(stream, None)

    def heard(self, stream: str, monotonic: int) -> None:
        """Note a frame of a stream."""
        expected = self._expected.get(stream)
        if expected is not None:
            expected.due = monotonic + self._silence_ns
            expected.strikes = 0
            expected.was_heard = True

    def overdue(self, monotonic: int) -> list[str]:
        """Return the streams to subscribe again, and give each of them longer than before."""
        late = [name for name, each in self._expected.items() if each.due <= monotonic]
        for name in late:
            expected = self._expected[name]
            expected.due = monotonic + self._first_ns * 2 ** min(expected.strikes, _SLOWEST)
            expected.strikes += 1
        return late

    def next_deadline(self) -> int | None:
        """Return when the next stream is late."""
        return min((each.due for each in self._expected.values()), default=None)

    def silent(self) -> tuple[str, ...]:
        """Name the streams that are late."""
        return tuple(name for name, each in self._expected.items() if each.strikes)

    def fault(self) -> str:
        """Name a stream that fell silent for good, empty if there is none."""
        for name, each in self._expected.items():
            if each.was_heard and each.strikes >= _STRIKES_OF_A_FAULT:
                return f"{name} fell silent"
        return ""
