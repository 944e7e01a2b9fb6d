"""Prints as a ring of rows: a new print overwrites the oldest, so it costs one row."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.domain.order import Side
from core.domain.study_views import TapeLine
from tui.render.numbers import clock_text, fixed_size, price_text
from tui.render.palette import Palette, Runs
from tui.render.study import exact
from tui.render.text import fit_center, fit_right

SIGN: Final = {Side.BUY: "▲", Side.SELL: "▼"}
NEWEST: Final = "▸"
LARGE: Final = "◆"


def ring_row(serial: int, rows: int) -> int:
    """Return the row of the ring that holds a print."""
    return serial % rows


class Placed(msgspec.Struct, frozen=True, gc=False):
    """A line of the tape and its place; a line about missing prints has no print."""

    slot: int
    line: TapeLine | None
    missed: int = 0


class TapeRing:
    """Gives every line a place that it keeps; holes take a place of their own."""

    def __init__(self) -> None:
        self._placed: list[Placed] = []

    def clear(self) -> None:
        """Forget every line."""
        self._placed.clear()

    def place(self, lines: Sequence[TapeLine], rows: int) -> list[Placed]:
        """Return what a ring of so many rows shows, oldest first; one row stays free.

        The newest line known before keeps its place, also when it grew: a sweep that goes on.
        """
        if not lines or rows < 2:  # noqa: PLR2004 - one line and the free row
            self.clear()
            return []
        self._append(lines)
        del self._placed[: -2 * rows]
        newest = self._placed[-1].slot
        return [placed for placed in self._placed if newest - placed.slot < rows - 1]

    def _append(self, lines: Sequence[TapeLine]) -> None:
        first, keeps = self._continuation(lines)
        if not keeps:
            self._placed = [Placed(lines[0].serial, lines[0])]
            first = 1
        for line in lines[first:]:
            slot = self._placed[-1].slot + 1
            if line.missed_before > 0:
                self._placed.append(Placed(slot, None, line.missed_before))
                slot += 1
            self._placed.append(Placed(slot, line))

    def _continuation(self, lines: Sequence[TapeLine]) -> tuple[int, bool]:
        """Find the newest known line among the given ones; return the index after it."""
        known = self._placed[-1] if self._placed else None
        if known is None or known.line is None:
            return 0, False
        for index in range(len(lines) - 1, -1, -1):
            if lines[index].serial == known.line.serial or _is_grown(lines[index], known.line):
                self._placed[-1] = Placed(known.slot, lines[index])
                return index + 1, True
        return 0, False


def _is_grown(line: TapeLine, before: TapeLine) -> bool:
    """Whether a line is one seen before with more prints joined to it."""
    return (
        line.serial > before.serial
        and line.prints > before.prints
        and (line.side, line.price, line.ts_event) == (before.side, before.price, before.ts_event)
    )


def tape_row(
    row: TapeLine,
    width: int,
    price_decimals: int,
    size_decimals: int,
    palette: Palette,
    *,
    is_newest: bool,
) -> Runs:
    """Draw one line: marker, side glyph, price or its way, size, time when there is room.

    A large one has a diamond, heavy digits and the ground of its side.
    """
    role = "bid" if row.side is Side.BUY else "ask"
    ground = f"{role}_depth" if row.is_large else "cursor" if is_newest else "panel"
    is_heavy = is_newest or row.is_large
    clock = f" {clock_text(row.ts_event)}" if width >= 28 else ""  # noqa: PLR2004
    short = f" {clock_text(row.ts_event)[3:]}" if not clock and width >= 23 else clock  # noqa: PLR2004
    room = width - 2 - len(short)
    size_text = fixed_size(row.size, size_decimals)
    most = max((room + 3) // 2, room - len(size_text) - 3)
    text = _way(row, price_decimals, most)
    price = fit_right(text, max(len(text), (room + 3) // 2))
    mark = f" {LARGE} " if row.is_large else " "
    size = fit_right(mark + size_text, room - len(price))
    marker = NEWEST if is_newest else " "
    runs = (
        (marker, palette.style("accent", ground)),
        (SIGN[row.side] + price, palette.style(role, ground, bold=is_heavy)),
        (size, palette.style("text", ground, bold=row.is_large)),
        (short, palette.style("muted" if is_heavy else "faint", ground)),
    )
    return exact(runs, width, palette)


def _way(row: TapeLine, decimals: int, most: int) -> str:
    """Write the price, or first and last with the number of prints where that fits."""
    price = price_text(row.price, decimals)
    if row.prints <= 1:
        return price
    last = price_text(row.last_price, decimals) if row.last_price else price
    whole = f"{price}→{last} ×{row.prints}" if last != price else f"{price} ×{row.prints}"  # noqa: RUF001
    tail = last[_common(price, last) :]
    brief = f"{price}→{tail} ×{row.prints}" if last != price else whole  # noqa: RUF001
    return next((t for t in (whole, brief, f"{price} ×{row.prints}") if len(t) <= most), price)  # noqa: RUF001


def _common(first: str, second: str) -> int:
    """Count the leading digits two prices share, back to the last mark between digits."""
    count = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        count += 1
    if len(first) != len(second):
        return 0
    while count and second[count - 1] not in ".,":
        count -= 1
    return max(0, count - 1) if count and second[count - 1] == "." else count


def missed_row(count: int, width: int, palette: Palette) -> Runs:
    """Draw the line that stands where prints are missing."""
    text = fit_center(f" {count:,} missed ", width, "╌")
    return exact([(text, palette.style("warning"))], width, palette)


def blank_row(width: int, palette: Palette) -> Runs:
    """Draw the empty row that parts the newest print from the oldest."""
    return ((" " * width, palette.style("faint")),)
