"""The tape: public prints as a ring of rows."""

from collections.abc import Iterable

from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import TapeLine
from core.domain.views import TapeView, tape_topic
from tui.render.numbers import compact, market_name, nice_ceiling, size_decimals
from tui.render.palette import Palette, Runs
from tui.render.tape import blank_row, ring_row, tape_row
from tui.render.text import clean, fit
from tui.widgets.pane import Pane, Titles

_UNIT = 10**10


class Tape(Pane):
    """Newest prints of one market; each overwrites the oldest, so little is redrawn."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.instrument: InstrumentId | None = None
        self.view: TapeView | None = None
        self._size_decimals = 2

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        rows = self.inner_height - 1
        return tape_topic(self.instrument, rows) if self.instrument and rows > 0 else None

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""
        if instrument != self.instrument:
            self.instrument, self.view = instrument, None
            self.redraw()

    def show(self, view: TapeView) -> None:
        """Draw the prints."""
        if view.instrument == self.instrument:
            self.view = view
            self.redraw()

    def title(self) -> Titles:
        """Return the market."""
        name = clean(market_name(self.instrument)) if self.instrument else ""
        return [("Tape", "text"), (f" {name}", "muted")]

    def hint(self) -> Titles:
        """Return how many prints were missed."""
        missed = self.view.missed if self.view else 0
        return [(f"{missed} missed", "warning")] if missed else []

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the ring, its newest print marked, and the balance of both sides below."""
        ring = height - 1
        prints = self.view.rows[-(ring - 1) :] if self.view and ring > 1 else ()
        taken = set()
        if self.view and prints:
            self._choose_decimals(prints, self.view.size_decimals)
            for row in prints:
                line = ring_row(row.serial, ring)
                taken.add(line)
                yield line, self._print_row(row, width, is_newest=row is prints[-1])
        for line in range(ring):
            if line not in taken:
                text = "  waiting for trades" if not taken and line == 0 else ""
                yield (
                    line,
                    ((fit(text, width), self.palette.style("muted")),)
                    if text
                    else (blank_row(width, self.palette)),
                )
        yield height - 1, self._balance(prints, width)

    def _print_row(self, row: TapeLine, width: int, *, is_newest: bool) -> Runs:
        assert self.view is not None
        decimals = self.view.price_decimals
        return tape_row(
            row, width, decimals, self._size_decimals, self.palette, is_newest=is_newest
        )

    def _choose_decimals(self, prints: Iterable[TapeLine], most: int) -> None:
        largest = max(row.size for row in prints)
        self._size_decimals = size_decimals(int(nice_ceiling(largest)), most)

    def _balance(self, prints: Iterable[TapeLine], width: int) -> Runs:
        bought = sum(row.size for row in prints if row.side is Side.BUY) / _UNIT
        sold = sum(row.size for row in prints if row.side is Side.SELL) / _UNIT
        share = bought / (bought + sold) if bought + sold else 0.5
        buy, sell = f"▲{_coarse(bought)} ", f" {_coarse(sold)}▼"
        bar = max(0, width - len(buy) - len(sell))
        filled = round(bar * share)
        return (
            (buy, self.palette.style("bid")),
            ("━" * filled, self.palette.style("bid")),
            ("─" * (bar - filled), self.palette.style("ask")),
            (sell, self.palette.style("ask")),
        )


def _coarse(value: float) -> str:
    return compact(float(f"{value:.2g}"))
