"""The pace of a replay as this cockpit last asked for it."""

import re
from typing import Final

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 0.0)
"""In order; 0 is as fast as possible."""
_TOLD_SPEED: Final = re.compile(r"\bx(\d+(?:\.\d+)?)")


class Pace:
    """Speed and pause; the first speed is the one the engine tells."""

    def __init__(self) -> None:
        self._index: int | None = None
        self._is_paused = False

    def stepped(self, replay: str, step: int) -> float:
        """Return the next faster (1) or slower (-1) speed."""
        if self._index is None:
            self._index = _index_told(replay)
        self._index = max(0, min(self._index + step, len(SPEEDS) - 1))
        return SPEEDS[self._index]

    def toggled(self, replay: str) -> bool:
        """Return whether the replay should be held now."""
        if replay:
            self._is_paused = "paused" in replay.lower()
        self._is_paused = not self._is_paused
        return self._is_paused


def _index_told(replay: str) -> int:
    told = _TOLD_SPEED.search(replay)
    speed = float(told[1]) if told else 1.0
    if not speed:
        return SPEEDS.index(0.0)
    return min(range(len(SPEEDS) - 1), key=lambda index: abs(SPEEDS[index] - speed))
