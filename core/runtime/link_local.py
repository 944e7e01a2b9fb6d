"""The in-process link, for tests and headless runs."""

from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest
from core.runtime.shell import Shell


class LocalLink:
    """A cockpit's link to an engine on the same loop."""

    def __init__(self, shell: Shell, cockpit: str = "local") -> None:
        self._shell = shell
        self._cockpit = cockpit

    async def frame(self, request: FrameRequest) -> Frame:
        """Ask for the views whose version moved."""
        return self._shell.frame(request)

    async def command(self, command: Command) -> Receipt:
        """Send a command; the receipt comes once its effect is durable."""
        return await self._shell.command(command, self._cockpit)

    async def close(self) -> None:
        """Let go; the engine goes on."""
