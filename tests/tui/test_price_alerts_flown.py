"""A price alert from the key to a real Desk in virtual time, and back to the person."""

from core.domain.commands import Command, Receipt
from core.domain.facts import PriceAlertFired
from core.domain.views import Frame, FrameRequest
from tests.core.runtime.rig import Rig
from tests.core.runtime.test_price_alerts import Market
from tests.tui.fake_link import FakeLink
from tests.tui.flight import flying


class RigLink(FakeLink):
    """The cockpit's way to a real Desk in virtual time."""

    def __init__(self, rig: Rig) -> None:
        super().__init__()
        self.rig = rig

    async def frame(self, request: FrameRequest) -> Frame:
        """Ask the Desk."""
        return self.rig.engine.frames.frame(request, self.rig.at)

    async def command(self, command: Command) -> Receipt:
        """Tell the Desk."""
        return self.rig.command(command)


async def test_an_alert_set_by_keys_is_fired_by_the_engine_and_told() -> None:
    """From the key to the journal, through virtual time, back to a toast and an acknowledgement."""
    market = Market()
    market.trade("100")
    async with flying(RigLink(market.rig)) as flight:
        await flight.press("A")
        for char in "100.5 for 5s":
            await flight.pilot.press({" ": "space", ".": "full_stop"}.get(char, char))
        await flight.settle()
        await flight.press("enter", "escape")
        market.trade("101")
        market.wait(4)
        await flight.draw()
        assert market.fired == 0
        market.wait(2)
        await flight.draw(2)

        (fired,) = [fact for fact in market.rig.facts if isinstance(fact, PriceAlertFired)]
        assert fired.value == "101"
        assert "SOL_USDC_PERP price above 100.5: 101" in flight.panes.alert_line.row_text(0)
        assert not flight.is_shown("sheet")
        await flight.press("exclamation_mark")
        flight.clock.now += 0.6
        await flight.press("enter")
        assert market.rig.open_alerts == []
