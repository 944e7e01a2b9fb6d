"""The markets a person watches."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType

from core.domain.ids import InstrumentId
from core.domain.views import WatchlistView
from tui.actions import Place, bindings_at
from tui.render.palette import Palette, Runs
from tui.render.text import fit
from tui.render.watch import WatchMark, watch_row, watch_titles
from tui.widgets.messages import MarketChosen, MarketRemoved
from tui.widgets.pane import Pane, Titles


class Watchlist(Pane):
    """Markets with price, change and curve; the cursor chooses what is shown beside."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.WATCHLIST)]
    places: ClassVar = (Place.WATCHLIST, Place.PANE)

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = WatchlistView(rows=())
        self.left: InstrumentId | None = None
        self.right: InstrumentId | None = None
        self._first = 0

    def show(self, view: WatchlistView) -> None:
        """Draw other rows; the cursor stays on its market."""
        held = self.market_at_cursor()
        self.view = view
        names = [row.instrument for row in view.rows]
        if held in names:
            self.cursor = names.index(held)
        self.cursor = max(0, min(self.cursor, len(names) - 1))
        self.redraw()

    def mark_shown(self, left: InstrumentId | None, right: InstrumentId | None) -> None:
        """Mark the markets on the ladders."""
        self.left, self.right = left, right
        self.redraw()

    def market_at_cursor(self) -> InstrumentId | None:
        """Return the market under the cursor."""
        rows = self.view.rows
        return rows[self.cursor].instrument if self.cursor < len(rows) else None

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("Watchlist", "text")]

    def status(self) -> Titles:
        """Return how many markets are listed."""
        return [(str(len(self.view.rows)), "muted")]

    def hint(self) -> Titles:
        """Return the keys of an empty list, or the place in a long one."""
        hidden = len(self.view.rows) - (self.inner_height - 1)
        return [(f"{self.cursor + 1} of {len(self.view.rows)}", "muted")] if hidden > 0 else []

    def row_count(self) -> int:
        """Return how many markets there are."""
        return len(self.view.rows)

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw column names and one row a market."""
        yield 0, watch_titles(width, self.palette)
        shown = height - 1
        self._first = max(0, min(self._first, self.cursor, self.row_count() - shown))
        self._first = max(self._first, self.cursor - shown + 1)
        for line in range(shown):
            index = self._first + line
            if index < self.row_count():
                row = self.view.rows[index]
                yield line + 1, watch_row(row, self._mark(index), width, self.palette)
            else:
                text = "  press a to add a market" if index == 0 else ""
                yield line + 1, ((fit(text, width), self.palette.style("muted")),)

    def _mark(self, index: int) -> WatchMark:
        name = self.view.rows[index].instrument
        sides = {(True, True): "«", (True, False): "‹", (False, True): "›"}  # noqa: RUF001 - the glyphs are meant
        return WatchMark(
            ladders=sides.get((name == self.left, name == self.right), " "),
            is_cursor=index == self.cursor,
            is_focused=self.has_focus,
        )

    def row_at(self, y: int) -> int | None:
        """Return the index of the market drawn on a line of the widget."""
        index = self._first + y - 2
        return index if y >= 2 and index < self.row_count() else None  # noqa: PLR2004

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row; a second click shows it."""
        index = self.row_at(event.y)
        if index is None:
            return
        is_again = index == self.cursor
        self.cursor = index
        self.redraw()
        if is_again:
            self.action_show_market()

    def action_show_market(self) -> None:
        """Ask for the row's market on the left ladder, candles and tape."""
        if (market := self.market_at_cursor()) is not None:
            self.post_message(MarketChosen(market, is_right=False))

    def action_show_market_right(self) -> None:
        """Ask for the row's market on the right ladder."""
        if (market := self.market_at_cursor()) is not None:
            self.post_message(MarketChosen(market, is_right=True))

    def action_remove_market(self) -> None:
        """Ask for the row's market to go."""
        if (market := self.market_at_cursor()) is not None:
            self.post_message(MarketRemoved(market))
