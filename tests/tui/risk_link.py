"""A Link straight to a whole Desk in virtual time: what a person types meets the real rules."""

from core.domain.commands import Command, Receipt
from core.domain.views import Frame, FrameRequest
from tests.core.runtime.rig import Rig


class RiskLink:
    """One cockpit on a rig; each frame lets the rig's time go on by a quarter of a second."""

    def __init__(self, rig: Rig | None = None, *, cockpit: str = "cockpit") -> None:
        self.rig = rig or Rig().open_markets()
        self.commands: list[Command] = []
        self._cockpit = cockpit

    async def frame(self, request: FrameRequest) -> Frame:
        """Answer as the engine does."""
        self.rig.run(0.25)
        return self.rig.engine.frames.frame(request, self.rig.at)

    async def command(self, command: Command) -> Receipt:
        """Hand a command to the Desk."""
        self.commands.append(command)
        return self.rig.command(command, self._cockpit)

    async def close(self) -> None:
        """Do nothing."""
