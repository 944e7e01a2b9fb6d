"""Limits and capital as a room of the Desk: what changes them, what they measure, what is shown."""

from collections.abc import Callable, Hashable
from typing import Any

from core.domain.commands import ChangeLimits
from core.domain.reaction import Reaction
from core.domain.risk_views import CAPITAL, LIMITS
from core.domain.views import View
from core.runtime.capital_view import CapitalPanel
from core.runtime.frames import Frames
from core.runtime.limit_change import LimitChanges
from core.runtime.limit_use import LimitUses
from core.runtime.rooms import Rooms


class LimitRoom:
    """Joins the limits in force, their use, and the two views."""

    def __init__(self, rooms: Rooms) -> None:
        self.changes = LimitChanges(rooms.risk, rooms.capital)
        self.uses = LimitUses(rooms, self.changes)
        self._panel = CapitalPanel(rooms)

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return self.uses.handlers()

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change this room's state."""
        return {**self.changes.appliers(), **self.uses.appliers()}

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from which fact."""
        return {**self.changes.reactors(), **self.uses.reactors()}

    def change(self, command: ChangeLimits, cockpit: str, at: int) -> tuple[bool, str, Reaction]:
        """Carry out a person's change."""
        return self.changes.change(command, cockpit, at)

    def register(self, frames: Frames) -> None:
        """Serve the two views."""
        frames.serve(LIMITS, self._limits)
        frames.serve(CAPITAL, self._capital)

    def _limits(
        self, _parts: tuple[str, ...], at: int
    ) -> tuple[Hashable, Callable[[], View]] | None:
        return self.uses.key(), lambda: self.uses.view(at)

    def _capital(
        self, _parts: tuple[str, ...], at: int
    ) -> tuple[Hashable, Callable[[], View]] | None:
        return self._panel.key(at), lambda: self._panel.view(at)
