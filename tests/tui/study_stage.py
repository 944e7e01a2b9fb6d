"""One pane alone on a screen, for tests and pictures."""

from typing import Any

from textual.app import App, ComposeResult

from core.domain.ids import InstrumentId
from tests.tui.fake_studies import MARKET
from tui.render.palette import Palette
from tui.theme import LoadedTheme, load_themes, palette_of, shipped_folder, textual_theme
from tui.widgets.depth import Depth
from tui.widgets.flow import Flow
from tui.widgets.footprint import Footprint
from tui.widgets.funding import Funding
from tui.widgets.heatmap import Heatmap
from tui.widgets.messages import FocusAside, MarketChosen
from tui.widgets.pairs import Pairs
from tui.widgets.profile import Profile
from tui.widgets.study import StudyPane
from tui.widgets.tape import Tape
from tui.widgets.trend import Trend

STUDIES: dict[str, type[StudyPane[Any]]] = {
    "depth": Depth, "flow": Flow, "heatmap": Heatmap, "footprint": Footprint, "profile": Profile,
    "trend": Trend, "funding": Funding, "pairs": Pairs,
}  # fmt: skip


def theme_named(name: str = "wingman-dark") -> LoadedTheme:
    """Return a shipped theme."""
    return load_themes([shipped_folder()])[0][name]


def palette_named(name: str = "wingman-dark", *, is_plain: bool = False) -> Palette:
    """Return the palette of a shipped theme."""
    return palette_of(theme_named(name), is_plain=is_plain)


def pane_named(name: str, palette: Palette | None = None) -> Any:
    """Make a pane by its name."""
    palette = palette or palette_named()
    return Tape(palette, id="tape") if name == "tape" else STUDIES[name](palette, id=name)


class Stage(App[None]):
    """An app of one pane; remembers what the pane told."""

    CSS = "Screen > * { width: 100%; height: 100%; }"

    def __init__(
        self, pane: Any, *, market: str | None = MARKET, theme: str = "wingman-dark"
    ) -> None:
        super().__init__()
        self.pane = pane
        self.market = InstrumentId(market) if market else None
        self.told: list[FocusAside | MarketChosen] = []
        loaded = theme_named(theme)
        self.register_theme(textual_theme(loaded))
        self.theme = loaded.name

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Give the pane its market and the keys."""
        self.pane.follow(self.market)
        self.pane.focus()

    def on_focus_aside(self, message: FocusAside) -> None:
        """Remember it."""
        self.told.append(message)

    def on_market_chosen(self, message: MarketChosen) -> None:
        """Remember it."""
        self.told.append(message)
