"""The tape: public prints as a ring of rows."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.views import TapeMode, TapeView, tape_topic
from tui.actions import Place, bindings_at
from tui.render.explain import Explained
from tui.render.numbers import compact, fixed_size, market_name, nice_ceiling, size_decimals
from tui.render.palette import Palette, Runs
from tui.render.study import exact
from tui.render.tape import Placed, TapeRing, blank_row, missed_row, ring_row, tape_row
from tui.render.text import clean, fit
from tui.widgets.pane import Pane, Titles

FILTERS: Final = (0, 1_000, 5_000, 10_000, 50_000, 100_000)
"""Least notional of a line, quote units; 0 shows every print."""
_UNIT = 10**10


class Tape(Pane):
    """Newest prints of one market; each overwrites the oldest, so little is redrawn.

    Prints of one aggressor can be joined, small ones left out; where prints are missing from the
    stream a line says so.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.TAPE)]
    places: ClassVar = (Place.TAPE, Place.PANE)

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.instrument: InstrumentId | None = None
        self.view: TapeView | None = None
        self.mode = TapeMode.PRINTS
        self.least_notional = FILTERS[0]
        self._ring = TapeRing()
        self._size_decimals = 2

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        rows = self.inner_height - 1
        if not self.instrument or rows <= 0:
            return None
        return tape_topic(self.instrument, rows, self.mode, self.least_notional)

    def follow(self, instrument: InstrumentId | None) -> None:
        """Draw another market."""
        if instrument != self.instrument:
            self.instrument = instrument
            self._begin()

    def _begin(self) -> None:
        self.view = None
        self._ring.clear()
        self.redraw()

    def show(self, view: TapeView) -> None:
        """Draw the prints."""
        if view.instrument == self.instrument:
            self.view = view
            self.redraw()

    # -- what a person chooses -------------------------------------------------------------

    def action_filter_prints(self, step: int) -> None:
        """Take the next larger or smaller least notional; after the largest, none."""
        index = FILTERS.index(self.least_notional)
        self.least_notional = FILTERS[(index + step) % len(FILTERS)]
        self._begin()

    def action_join_prints(self) -> None:
        """Show one line an aggressor, or one line a print."""
        is_joined = self.mode is TapeMode.SWEEPS
        self.mode = TapeMode.PRINTS if is_joined else TapeMode.SWEEPS
        self._begin()

    # -- what is drawn ---------------------------------------------------------------------

    def title(self) -> Titles:
        """Return the market, and what is joined or left out."""
        name = clean(market_name(self.instrument)) if self.instrument else ""
        texts = [("Tape", "text"), (f" {name}", "muted")]
        if self.mode is TapeMode.SWEEPS:
            texts.append((" sweeps", "accent"))
        if self.least_notional:
            texts.append((f" ≥{self.least_notional // 1000}k", "accent"))
        return texts

    def hint(self) -> Titles:
        """Return how many prints were missed, how many are left out, and what is large."""
        view = self.view
        if view is None:
            return []
        texts = [(f"{view.missed} missed", "warning")] if view.missed else []
        if view.hidden:
            texts.append((f"{'  ' if texts else ''}{view.hidden} hidden", "muted"))
        if view.large_size and self.size.width >= 40:  # noqa: PLR2004 - beside the counts
            large = compact(view.large_size / _UNIT)
            texts.append((f"{'  ' if texts else ''}◆ from {large}", "faint"))
        return texts

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the ring, its newest print marked, and the balance of both sides below."""
        ring = height - 1
        placed = self._ring.place(self.view.rows, ring) if self.view and ring > 1 else []
        taken = set()
        if self.view and placed:
            self._choose_decimals(placed, self.view.size_decimals)
            for entry in placed:
                row = ring_row(entry.slot, ring)
                taken.add(row)
                yield row, self._placed_row(entry, width, is_newest=entry is placed[-1])
        for row in range(ring):
            if row not in taken:
                yield row, self._free_row(width, is_waiting=not taken and row == 0)
        yield height - 1, self._balance(placed, width)

    def _free_row(self, width: int, *, is_waiting: bool) -> Runs:
        if not is_waiting:
            return blank_row(width, self.palette)
        large = f" from {self.least_notional // 1000}k" if self.least_notional else ""
        return ((fit(f"  waiting for trades{large}", width), self.palette.style("muted")),)

    def _placed_row(self, entry: Placed, width: int, *, is_newest: bool) -> Runs:
        assert self.view is not None
        if entry.line is None:
            return missed_row(entry.missed, width, self.palette)
        decimals = self.view.price_decimals
        return tape_row(
            entry.line, width, decimals, self._size_decimals, self.palette, is_newest=is_newest
        )

    def _choose_decimals(self, placed: Sequence[Placed], most: int) -> None:
        largest = max(entry.line.size for entry in placed if entry.line is not None)
        self._size_decimals = size_decimals(int(nice_ceiling(largest)), most)

    def _balance(self, placed: Sequence[Placed], width: int) -> Runs:
        lines = [entry.line for entry in placed if entry.line is not None]
        bought = sum(line.size for line in lines if line.side is Side.BUY) / _UNIT
        sold = sum(line.size for line in lines if line.side is Side.SELL) / _UNIT
        share = max(0.0, min(bought / (bought + sold), 1.0)) if bought + sold else 0.5
        buy, sell = f"▲{_coarse(bought)} ", f" {_coarse(sold)}▼"
        bar = max(0, width - len(buy) - len(sell))
        filled = round(bar * share)
        bid, ask = self.palette.style("bid"), self.palette.style("ask")
        runs = [(buy, bid), ("━" * filled, bid), ("─" * (bar - filled), ask), (sell, ask)]
        return exact(runs, width, self.palette)

    def explain(self) -> tuple[Explained, ...]:
        """Return what a large print is here, what is joined and what was missed."""
        view = self.view
        if view is None:
            return ()
        lines = len(view.rows)
        large = (
            "not enough prints yet"
            if view.large_size is None
            else fixed_size(view.large_size, view.size_decimals)
        )
        said = [Explained(key="large_print", value=large, inputs="a quantile of the sizes seen")]
        joined = sum(line.prints > 1 for line in view.rows)
        inputs = f"the {lines} lines shown; {view.missed} prints were missed"
        said.append(Explained(key="sweep", value=str(joined), inputs=inputs))
        return tuple(said)


def _coarse(value: float) -> str:
    return compact(float(f"{value:.2g}"))
