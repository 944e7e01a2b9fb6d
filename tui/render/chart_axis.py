"""The time row of a chart."""

from datetime import UTC, datetime
from typing import Final

from tui.render.chart_spec import Chart
from tui.render.chart_time import Window
from tui.render.palette import Palette, Runs
from tui.render.text import fit

_MINUTE_NS: Final = 60_000_000_000
_NS_PER_SEC: Final = 1_000_000_000
_DAY: Final = 86_400
_DAY_MINUTES: Final = 1_440
_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 7200, 14400, 43200, 86400,
)  # fmt: skip
"""Minutes between labels."""
_LABEL_CELLS: Final = 9
_LAST_SECOND: Final = 253_402_300_799
"""9999-12-31 23:59:59 UTC, the end of what a calendar of four digits can say."""


def time_row(chart: Chart, window: Window, palette: Palette) -> Runs:
    """Draw the times of round slots, and of the crosshair."""
    tag, left = _cursor_tag(chart, window)
    text = [" "] * chart.columns
    step = _step_of(window)
    free_from = 0
    for slot in range(window.slots):
        start, column = window.start(slot), window.column(slot)
        if column < free_from or not _is_round(start, window.slot_ns, step):
            continue
        label = _label(start, step)
        end = column + len(label)
        if end <= chart.columns and not (tag and left - 1 < end and column < left + len(tag) + 1):
            text[column:end] = label
            free_from = end + 2
    line = fit("".join(text), chart.columns) + " " * chart.axis_cells
    faint, ink = palette.style("faint"), palette.style("text", "cursor", bold=True)
    runs = ((line[:left], faint), (tag, ink), (line[left + len(tag) :], faint))
    return tuple(run for run in runs if run[0])


def _cursor_tag(chart: Chart, window: Window) -> tuple[str, int]:
    """Return the time under the crosshair and its column; empty without one."""
    if chart.cursor is None:
        return "", 0
    tag = f" {moment_text(window.start(chart.cursor))} "[: chart.columns]
    return tag, max(0, min(window.column(chart.cursor) - len(tag) // 2, chart.columns - len(tag)))


def _step_of(window: Window) -> int:
    """Return the least minutes between labels that leave room for them."""
    minutes = window.slot_ns / _MINUTE_NS
    least = minutes * _LABEL_CELLS / window.cells
    return next((step for step in _STEPS if step >= least), _STEPS[-1])


def _is_round(start: int, slot_ns: int, step: int) -> bool:
    """Whether a round time lies within the slot; for whole slots, at its start."""
    return start // _MINUTE_NS % step * _MINUTE_NS < slot_ns


def _label(start: int, step: int) -> str:
    seconds = start // _NS_PER_SEC
    if step >= _DAY_MINUTES or seconds // 60 * 60 % _DAY == 0:
        return date_label(start)
    return f"{seconds % _DAY // 3600:02d}:{seconds // 60 % 60:02d}"


def date_label(at: int) -> str:
    """Write the day of an instant as month and day, UTC."""
    seconds = max(0, min(at // _NS_PER_SEC, _LAST_SECOND))
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%m-%d}"


def moment_text(at: int) -> str:
    """Write an instant as month, day, hour and minute, UTC."""
    seconds = max(0, min(at // _NS_PER_SEC, _LAST_SECOND))
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%m-%d %H:%M}"
