"""Lines of the engine's log."""

from typing import Final

from core.domain.risk_views import LogLine
from tui.render.palette import Palette, Runs
from tui.render.study import exact
from tui.render.text import clean, fit, wrapped

LEVELS: Final = ("all", "warnings and errors", "errors")
RANK: Final = {"WARNING": 1, "ERROR": 2, "CRITICAL": 2}
_ROLES: Final = {"WARNING": "warning", "ERROR": "danger", "CRITICAL": "danger"}
_STAMP: Final = 23
"""`2025-11-25 14:30:42,123` as the file writes it."""


def log_row(line: LogLine, width: int, palette: Palette, *, ground: str, pointer: str) -> Runs:
    """Draw one line: time of day, level, event and its fields."""
    time, rest = line.text[11:19], line.text[_STAMP + 1 :].removeprefix(line.level).strip()
    role = _ROLES.get(line.level, "muted")
    return exact(
        [
            (f"{pointer}{clean(time, 8)} ", palette.style("faint", ground)),
            (fit(clean(line.level, 8), 8), palette.style(role, ground, bold=role != "muted")),
            (fit(clean(rest), max(0, width - 18)), palette.style("text", ground)),
        ],
        width,
        palette,
    )


def log_detail(line: LogLine, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Draw a line in full, as far as there is room."""
    found = []
    for part in line.text.splitlines():
        found += wrapped(clean(part), width, lines)
    return [exact([(text, palette.style("text_soft"))], width, palette) for text in found[:lines]]
