"""The texts in the frame of a chart: market, read-out, intervals, legend; each fits its room."""

from collections.abc import Iterator
from typing import Final

from core.domain.views import CandlesView
from tui.render.candles import Picture
from tui.render.chart_lens import Lens
from tui.render.chart_readout import Texts, change_in_view, legend, readouts
from tui.render.numbers import market_name
from tui.render.text import clean, width_of

_INTERVAL_CELLS: Final = 5
"""Cells of the longest interval and its blanks."""


def cells_of(texts: Texts) -> int:
    """Count the cells of texts."""
    return sum(width_of(text) for text, _ in texts)


def market_title(instrument: str | None, picture: Picture | None, room: int) -> Texts:
    """Name the market and its change in view; what does not fit beside an interval goes."""
    name = clean(instrument.partition(":")[2]) if instrument else "Candles"
    short = clean(market_name(instrument or "Candles"))
    change = change_in_view(picture) if picture is not None else None
    role = "profit" if change is not None and change[2] >= 0 else "loss"
    moves: Texts = [] if change is None else [(f" {change[2]:+.2f}%", role)]
    options: list[Texts] = [[(name, "text"), *moves], [(short, "text"), *moves], [(short, "text")]]
    return _first_that_fits(options, room - _INTERVAL_CELLS)


def crosshair_title(instrument: str | None, interval: str, picture: Picture, room: int) -> Texts:
    """Say what stands under the crosshair, as fully as there is room for."""
    name = clean(market_name(instrument or ""))
    heads: list[Texts] = [[(name, "text"), (f" {interval} ", "accent")], []]
    options = [[*head, *texts] for texts in readouts(picture) for head in heads]
    return _first_that_fits(options, room)


def _first_that_fits(options: list[Texts], room: int) -> Texts:
    return next((texts for texts in options if cells_of(texts) <= room), options[-1])


def interval_texts(intervals: tuple[str, ...], chosen: str, room: int) -> Texts:
    """List the intervals, the chosen one marked; the nearest ones where there is little room."""
    for names in _choices(intervals, chosen):
        if sum(map(len, names)) + len(names) - 1 <= room:
            return [
                (f"{' ' if index else ''}{name}", "accent" if name == chosen else "faint")
                for index, name in enumerate(names)
            ]
    return []


def _choices(intervals: tuple[str, ...], chosen: str) -> Iterator[tuple[str, ...]]:
    """Yield all intervals, then ever fewer around the chosen one."""
    yield intervals
    place = intervals.index(chosen)
    for count in (7, 5, 3, 1):
        first = max(0, min(place - count // 2, len(intervals) - count))
        yield intervals[first : first + count]


def legend_texts(lens: Lens, view: CandlesView | None, picture: Picture | None, room: int) -> Texts:
    """Say how the chart differs from the usual, then the overlays' values while they fit."""
    flags = " · ".join(flag for flag in _flags(lens, view) if flag)
    texts: Texts = [(flags, "info")] if flags else []
    room -= cells_of(texts)
    for text, role in legend(picture) if picture is not None else []:
        spaced = f"  {text}" if texts else text
        if width_of(spaced) > room:
            break
        texts.append((spaced, role))
        room -= width_of(spaced)
    return texts


def _flags(lens: Lens, view: CandlesView | None) -> tuple[str, ...]:
    back = ""
    if lens.end_ts is not None and view is not None and view.candles:
        count = (view.candles[-1].start_ts - lens.end_ts) // view.interval_ns
        back = f"{count} back"
    line, locked = "line" if lens.is_line else "", "scale locked" if lens.locked else ""
    return back, lens.zoom.title, line, locked
