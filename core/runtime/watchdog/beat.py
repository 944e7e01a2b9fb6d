"""Heartbeats, and what their absence means. Pure."""

from typing import Final

import msgspec

BEAT_SECS: Final = 1.0
_SECOND: Final = 1_000_000_000
SILENT_NS: Final = 5 * _SECOND
UNANSWERED_NS: Final = 30 * _SECOND
START_NS: Final = 60 * _SECOND
"""How long a start may take until proof of work is asked for."""


class WatchedAccount(msgspec.Struct, frozen=True):
    """One account the watchdog may cancel in."""

    account: str
    kind: str
    rest_url: str
    secret: str

    def __repr__(self) -> str:
        """Show nothing secret."""
        return f"WatchedAccount({self.account})"


class WatchdogLaunch(msgspec.Struct, frozen=True):
    """The first line on the pipe."""

    folder: str
    accounts: tuple[WatchedAccount, ...]


class Beat(msgspec.Struct, frozen=True, gc=False):
    """One line a second: proof that the engine works, not only that it lives."""

    steps: int
    """Steps the Desk has taken; a beat of its own takes one a second."""
    answered_ago_ns: int
    """Since an account's query was answered."""
    is_bye: bool = False
    """The engine ends in order: nothing to watch any more."""


class Judge:
    """Says whether the engine still does its work. Instants are monotonic ns."""

    def __init__(self, now: int) -> None:
        self._begun = now
        self._heard_at = now
        self._steps: int | None = None
        self._moved_at = now
        self._answered_ago = 0
        self.is_over = False

    def heard(self, beat: Beat, now: int) -> None:
        """Take a beat."""
        self._heard_at = now
        self.is_over = self.is_over or beat.is_bye
        self._answered_ago = beat.answered_ago_ns
        if beat.steps != self._steps:
            self._steps, self._moved_at = beat.steps, now

    def fault(self, now: int) -> str:
        """Say what is wrong; empty while nothing is."""
        if self.is_over:
            return ""
        if now - self._heard_at > SILENT_NS:
            return "no heartbeat of the engine for 5 s"
        if now - self._begun < START_NS:
            return ""
        if now - self._moved_at > SILENT_NS:
            return "the engine's inbox stands still for 5 s"
        if self._answered_ago + now - self._heard_at > UNANSWERED_NS:
            return "no signed query answered for 30 s"
        return ""
