"""Every pane of the main screen, by name."""

from collections.abc import Callable

from tui.render.palette import Palette
from tui.widgets.account import Account
from tui.widgets.alert_line import AlertLine
from tui.widgets.candles import Candles
from tui.widgets.footer import Footer
from tui.widgets.header import Header
from tui.widgets.ladder import Ladder
from tui.widgets.notice import Notice
from tui.widgets.pane import Pane
from tui.widgets.progress import Progress
from tui.widgets.risk import Risk
from tui.widgets.sheet import AlertSheet
from tui.widgets.strategies import Strategies
from tui.widgets.surface import Surface
from tui.widgets.tabs import PageTabs
from tui.widgets.tape import Tape
from tui.widgets.watchlist import Watchlist


class Panes:
    """The widgets of the main screen; their order is the order of the focus."""

    def __init__(self, palette: Palette, *, mode_text: str, clock: Callable[[], float]) -> None:
        self.header = Header(palette, id="header", mode_text=mode_text)
        self.tabs = PageTabs(palette, id="tabs")
        self.watchlist = Watchlist(palette, id="watchlist")
        self.strategies = Strategies(palette, id="strategies")
        self.risk = Risk(palette, id="risk")
        self.account = Account(palette, id="account")
        self.candles = Candles(palette, id="candles", clock=clock)
        self.tape = Tape(palette, id="tape")
        self.tape_right = Tape(palette, id="tape-right")
        self.ladder_left = Ladder(palette, id="ladder-left")
        self.ladder_right = Ladder(palette, id="ladder-right")
        self.alert_line = AlertLine(palette, id="alert-line")
        self.footer = Footer(palette, id="footer")
        self.sheet = AlertSheet(palette, id="sheet", clock=clock)
        self.progress = Progress(palette, id="progress")
        self.small = Notice(palette, id="small")
        self.gone = Notice(palette, id="gone", role="danger")

    @property
    def all(self) -> tuple[Surface, ...]:
        """Return every pane."""
        return tuple(vars(self).values())

    @property
    def focusable(self) -> tuple[Pane, ...]:
        """Return the panes that can have the focus, the sheet left out."""
        return tuple(
            pane
            for pane in self.all
            if isinstance(pane, Pane) and pane.can_focus and pane is not self.sheet
        )
