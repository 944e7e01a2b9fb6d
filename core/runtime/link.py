"""The seam between a cockpit and the engine: frames asked for, commands sent.

One request outstanding per cockpit. A cockpit that asks nothing costs nothing.
"""

from typing import Protocol

from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest


class LinkClosed(Exception):
    """The engine is gone, or the way to it."""


class Link(Protocol):
    """What a cockpit holds of the engine."""

    async def frame(self, request: FrameRequest) -> Frame:
        """Ask for the views whose version moved. Raises LinkClosed."""

    async def command(self, command: Command) -> Receipt:
        """Send a command; the receipt comes once its effect is durable. Raises LinkClosed."""

    async def close(self) -> None:
        """Let go of the engine; idempotent."""
