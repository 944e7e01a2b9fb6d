"""Alerts in rows: what asks now with its countdown, and what was answered, by whom and when."""

from typing import Final

from core.domain.alert import AlertEnd, Severity
from core.domain.views import AlertHistoryRow, OpenAlert
from tui.render.alerts import SEVERITY_MARK, SEVERITY_ROLE, default_label
from tui.render.numbers import age_text, clock_text, countdown_text, date_text
from tui.render.palette import Palette, Runs
from tui.render.study import exact
from tui.render.text import clean, fit, fit_right, width_of, wrapped

RANK: Final = {
    Severity.INFO: 0,
    Severity.WARNING: 1,
    Severity.CRITICAL: 2,
    Severity.EMERGENCY: 3,
}
_END_ROLE: Final = {
    AlertEnd.ANSWERED: "text_soft",
    AlertEnd.EXPIRED: "warning",
    AlertEnd.VOIDED: "muted",
}


def open_row(
    item: OpenAlert, remaining_ms: int | None, width: int, palette: Palette, *, ground: str,
    pointer: str,
) -> Runs:  # fmt: skip
    """Draw an open alert: severity, time left, title, and its safe default."""
    alert = item.alert
    role = SEVERITY_ROLE[alert.severity]
    left = "stands" if remaining_ms is None else countdown_text(remaining_ms)
    repeats = f" {item.repeats}x" if item.repeats > 1 else ""
    tail = f" then {default_label(alert)}" if remaining_ms is not None else ""
    head = f"{pointer}{fit(SEVERITY_MARK[alert.severity], 3)} {fit(alert.severity.upper(), 9)}"
    room = max(0, width - width_of(head) - 8 - width_of(repeats))
    title = f" {clean(alert.title)}"
    if tail and width_of(title) + width_of(tail) + 2 <= room:
        title = fit(title, room - width_of(tail)) + tail
    return exact(
        [
            (head, palette.style(role, ground, bold=True)),
            (fit_right(left, 8), palette.style(role, ground, bold=True)),
            (fit(title, room), palette.style("text", ground)),
            (repeats, palette.style("muted", ground)),
        ],
        width,
        palette,
    )


def ended_row(
    item: AlertHistoryRow, width: int, palette: Palette, *, ground: str, pointer: str
) -> Runs:
    """Draw an ended alert: when it was raised, what it was, how it ended."""
    role = SEVERITY_ROLE[item.severity]
    end = end_text(item)
    head = f"{pointer}{fit(SEVERITY_MARK[item.severity], 3)} {clock_text(item.raised_at)}"
    room = max(0, width - width_of(head) - 2)
    cells = min(width_of(end), room * 3 // 5)
    return exact(
        [
            (head, palette.style(role, ground)),
            (" " + fit(clean(item.title), room - cells), palette.style("text_soft", ground)),
            (" " + fit_right(end, cells), palette.style(_END_ROLE[item.end], ground)),
        ],
        width,
        palette,
    )


def end_text(item: AlertHistoryRow) -> str:
    """Say how an alert ended, and who did it."""
    option, by = clean(item.option, 60), clean(item.by, 40)
    after = f"after {age_text(item.stood_ms)}"
    if item.end is AlertEnd.ANSWERED:
        return f"{option} by {by or 'somebody'} {after}"
    if item.end is AlertEnd.EXPIRED:
        return f"expired {after}: {option}"
    return f"void {after}{f': {by}' if by else ''}"


def open_detail(item: OpenAlert, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Say the cause of an open alert, and what can be chosen."""
    alert = item.alert
    options = " · ".join(clean(option.label, 40) for option in alert.options)
    texts = [
        *((line, "text_soft") for line in wrapped(clean(alert.cause), width, max(1, lines - 1))),
        (f"{clean(alert.scope, 60)} · {options or 'nothing to choose'}", "muted"),
    ]
    return [exact([(text, palette.style(role))], width, palette) for text, role in texts[:lines]]


def ended_detail(item: AlertHistoryRow, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Say everything of an ended alert."""
    repeats = f" · raised {item.repeats} times" if item.repeats > 1 else ""
    when = f"{date_text(item.raised_at)} {clock_text(item.raised_at)} UTC"
    text = f"{clean(item.title)} · {clean(item.scope, 60)} · {when}{repeats} · {end_text(item)}"
    return [
        exact([(line, palette.style("text_soft"))], width, palette)
        for line in wrapped(text, width, lines)
    ]
