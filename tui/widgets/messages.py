"""What panes tell the screen a person did."""

from textual.message import Message

from core.domain.commands import Command
from core.domain.ids import InstrumentId, StrategyId


class FocusAside(Message):
    """The focus should go to the pane at the left (-1) or right (1)."""

    def __init__(self, direction: int) -> None:
        super().__init__()
        self.direction = direction


class MarketChosen(Message):
    """A market should be shown."""

    def __init__(self, instrument: InstrumentId, *, is_right: bool) -> None:
        super().__init__()
        self.instrument = instrument
        self.is_right = is_right


class MarketRemoved(Message):
    """A market should leave the watchlist."""

    def __init__(self, instrument: InstrumentId) -> None:
        super().__init__()
        self.instrument = instrument


class StrategyChosen(Message):
    """A strategy should be switched."""

    def __init__(self, strategy: StrategyId, *, is_on: bool) -> None:
        super().__init__()
        self.strategy = strategy
        self.is_on = is_on


class ActionChosen(Message):
    """A key in the footer was clicked."""

    def __init__(self, action_id: str) -> None:
        super().__init__()
        self.action_id = action_id


class AlertChosen(Message):
    """An option of an alert was chosen."""

    def __init__(self, alert_id: str, option: str, typed: str = "") -> None:
        super().__init__()
        self.alert_id = alert_id
        self.option = option
        self.typed = typed


class SheetHidden(Message):
    """The alert sheet was put away without an answer."""


class AlertWanted(Message):
    """The sheet of an open alert should come up."""

    def __init__(self, alert_id: str) -> None:
        super().__init__()
        self.alert_id = alert_id


class LimitChosen(Message):
    """A limit should be changed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class TradeWished(Message):
    """A key of an armed ladder or of a table asks something of the engine."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command
