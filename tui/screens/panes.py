"""Every pane of the main screen, by name."""

from collections.abc import Callable
from typing import Any, Protocol

from textual.geometry import Size

from core.domain.ids import InstrumentId
from tui.dialogs.ticket import TicketPane
from tui.render.palette import Palette
from tui.widgets.account import Account
from tui.widgets.alert_line import AlertLine
from tui.widgets.alert_queue import AlertQueue
from tui.widgets.candles import Candles
from tui.widgets.capital import Capital
from tui.widgets.decisions import Decisions
from tui.widgets.depth import Depth
from tui.widgets.fills import Fills
from tui.widgets.flow import Flow
from tui.widgets.footer import Footer
from tui.widgets.footprint import Footprint
from tui.widgets.funding import Funding
from tui.widgets.header import Header
from tui.widgets.heatmap import Heatmap
from tui.widgets.holds import Holds
from tui.widgets.kill import KillPane
from tui.widgets.ladder import Ladder
from tui.widgets.limits import Limits
from tui.widgets.log import LogTail
from tui.widgets.notice import Notice
from tui.widgets.orders import Orders
from tui.widgets.pairs import Pairs
from tui.widgets.pane import Pane
from tui.widgets.positions import Positions
from tui.widgets.profile import Profile
from tui.widgets.progress import Progress
from tui.widgets.risk import Risk
from tui.widgets.sheet import AlertSheet
from tui.widgets.strategies import Strategies
from tui.widgets.surface import Surface
from tui.widgets.tabs import RoomTabs
from tui.widgets.tape import Tape
from tui.widgets.trend import Trend
from tui.widgets.watchlist import Watchlist


class MarketPane(Protocol):
    """A pane that draws one market, or all of them, from a topic of its own."""

    @property
    def display(self) -> bool:
        """Whether it is on screen."""

    @property
    def size(self) -> Size:
        """Its size in cells."""

    def topic(self) -> str | None:
        """Return the topic it draws now."""

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""

    def show(self, view: Any) -> None:
        """Draw a view of the topic."""


class TickingPane(MarketPane, Protocol):
    """A market pane that shows ages."""

    def tick(self, engine_at: int) -> None:
        """Let ages move on where no new view came."""


class Panes:
    """The widgets of the main screen; their order is the order of the focus."""

    def __init__(self, palette: Palette, *, mode_text: str, clock: Callable[[], float]) -> None:
        self.header = Header(palette, id="header", mode_text=mode_text)
        self.tabs = RoomTabs(palette, id="tabs")
        self.watchlist = Watchlist(palette, id="watchlist")
        self.strategies = Strategies(palette, id="strategies")
        self.risk = Risk(palette, id="risk")
        self.account = Account(palette, id="account")
        self.candles = Candles(palette, id="candles", clock=clock)
        self.tape = Tape(palette, id="tape")
        self.tape_right = Tape(palette, id="tape-right")
        self.ladder_left = Ladder(palette, id="ladder-left", clock=clock)
        self.ladder_right = Ladder(palette, id="ladder-right", clock=clock)
        self.positions = Positions(palette, id="positions")
        self.orders = Orders(palette, id="orders")
        self.fills = Fills(palette, id="fills")
        self.heatmap = Heatmap(palette, id="heatmap")
        self.depth = Depth(palette, id="depth")
        self.flow = Flow(palette, id="flow")
        self.footprint = Footprint(palette, id="footprint")
        self.profile = Profile(palette, id="profile")
        self.trend = Trend(palette, id="trend")
        self.pairs = Pairs(palette, id="pairs")
        self.funding = Funding(palette, id="funding")
        self.limits = Limits(palette, id="limits")
        self.capital = Capital(palette, id="capital")
        self.holds = Holds(palette, id="holds")
        self.alert_queue = AlertQueue(palette, id="alert-queue")
        self.decisions = Decisions(palette, id="decisions")
        self.log = LogTail(palette, id="log")
        self.alert_line = AlertLine(palette, id="alert-line")
        self.footer = Footer(palette, id="footer")
        self.ticket = TicketPane(palette, id="ticket", clock=clock)
        self.sheet = AlertSheet(palette, id="sheet", clock=clock)
        self.progress = Progress(palette, id="progress")
        self.kill = KillPane(palette, id="kill")
        self.small = Notice(palette, id="small")
        self.gone = Notice(palette, id="gone", role="danger")

    @property
    def market(self) -> tuple[MarketPane | Ladder, ...]:
        """Return the panes that draw markets."""
        return (
            self.ladder_left,
            self.ladder_right,
            self.candles,
            self.tape,
            self.tape_right,
            *self.studies,
            *self.blotter,
            self.ticket,
        )

    @property
    def blotter(self) -> tuple[TickingPane, ...]:
        """Return the tables of the orders room."""
        return (self.positions, self.orders, self.fills)

    @property
    def followers(self) -> tuple[MarketPane | Ladder, ...]:
        """Return the panes that draw the left ladder's market."""
        return (self.ladder_left, self.candles, self.tape, *self.studies)

    @property
    def studies(self) -> tuple[TickingPane, ...]:
        """Return the panes that picture a study."""
        return (
            self.heatmap,
            self.depth,
            self.flow,
            self.footprint,
            self.profile,
            self.trend,
            self.pairs,
            self.funding,
        )

    @property
    def all(self) -> tuple[Surface, ...]:
        """Return every pane."""
        return tuple(vars(self).values())

    @property
    def focusable(self) -> tuple[Pane, ...]:
        """Return the panes that can have the focus; sheet and ticket take it by themselves."""
        return tuple(
            pane
            for pane in self.all
            if isinstance(pane, Pane) and pane.can_focus and pane not in {self.sheet, self.ticket}
        )
