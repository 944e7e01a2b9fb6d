"""Alerts as a line and as a sheet: cause, numbers with ages, options, the safe default."""

from typing import Final

import msgspec
from rich.style import Style

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.views import OpenAlert
from tui.render.numbers import age_text, countdown_text
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, fit_right, width_of, wrapped

SEVERITY_ROLE: Final = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "danger",
    Severity.EMERGENCY: "danger",
}
SEVERITY_MARK: Final = {
    Severity.INFO: "i",
    Severity.WARNING: "!",
    Severity.CRITICAL: "!!",
    Severity.EMERGENCY: "!!!",
}
GROUND: Final = "sheet"
_TWO_COLUMNS: Final = 76
"""From this width numbers stand in two columns."""


class OptionKey(msgspec.Struct, frozen=True, gc=False):
    """An option with the keyboard key that chooses it."""

    key: str
    option: AlertOption


def option_keys(alert: Alert) -> tuple[OptionKey, ...]:
    """Give every option one lower-case letter or digit: its own key, or a free one of its words."""
    taken: set[str] = set()
    keys = []
    for number, option in enumerate(alert.options, start=1):
        words = clean(f"{option.key}{option.label}").lower()
        wishes = [char for char in words if char.isascii() and char.isalnum()]
        key = next((char for char in [*wishes, str(number)] if char not in taken), str(number))
        taken.add(key)
        keys.append(OptionKey(key, option))
    return tuple(keys)


def default_label(alert: Alert) -> str:
    """Return the words of the safe default."""
    found = (option.label for option in alert.options if option.key == alert.safe_default)
    return clean(next(found, alert.safe_default), 60)


def alerts_row(
    first: OpenAlert | None, others: int, remaining_ms: int | None, event: str, *, hidden: bool
) -> list[tuple[str, str]]:
    """Return the alerts line as texts with roles."""
    if first is None:
        return [(" no open alerts ", "muted"), (f" {event}" if event else "", "text_soft")]
    alert = first.alert
    role = SEVERITY_ROLE[alert.severity]
    texts = [
        (f" {SEVERITY_MARK[alert.severity]} {alert.severity.upper()} ", role),
        (f"{clean(alert.title, 80)} ", "text"),
    ]
    if remaining_ms is not None:
        texts.append((f" {countdown_text(remaining_ms)} → {default_label(alert)} ", role))
    if first.repeats > 1:
        texts.append((f" {first.repeats}x ", role))
    if others:
        texts.append((f" +{others} more ", "muted"))
    if hidden or alert.severity is Severity.INFO:
        texts.append(("  ! opens it ", "key"))
    if alert.severity is Severity.INFO and event not in {"", clean(alert.title)}:
        texts.append((f" {event}", "text_soft"))
    return texts


class SheetState(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the sheet shows now."""

    open: OpenAlert
    place: int
    """1 for the first of the queue."""
    count: int
    remaining_ms: int | None
    chosen: int
    """Index of the option under the cursor; never one that adds risk."""
    note: str = ""
    receipt: str = ""
    is_focused: bool = True


def sheet_rows(state: SheetState, width: int, height: int, palette: Palette) -> list[Runs]:
    """Draw the sheet's inside: what happened, then the options at the foot."""
    feet = _foot(state, width, palette, effect_lines=2)
    if len(feet) + len(state.open.alert.numbers) + 4 > height and width < _TWO_COLUMNS:
        feet = _foot(state, width, palette, effect_lines=1)
    body = _body(state, width, max(1, height - len(feet)), palette)
    blank: Runs = ((" " * width, palette.style("text", GROUND)),)
    gap = height - len(body) - len(feet)
    return (body + [blank] * max(0, gap) + feet)[:height]


def _body(state: SheetState, width: int, most: int, palette: Palette) -> list[Runs]:
    alert = state.open.alert
    soft = palette.style("text", GROUND)
    rows: list[Runs] = [
        ((fit(f" {line}", width), palette.style("text", GROUND, bold=True)),)
        for line in wrapped(clean(alert.title), width - 2, 2)
    ]
    numbers = _number_rows(alert, width, palette)
    room = most - len(rows) - len(numbers)
    causes = wrapped(clean(alert.cause), width - 2, max(1, min(5, room)))
    rows += [((fit(f" {line}", width), soft),) for line in causes]
    if len(rows) + len(numbers) + 1 < most:
        rows.append(((" " * width, soft),))
    return (rows + numbers)[:most]


def _number_rows(alert: Alert, width: int, palette: Palette) -> list[Runs]:
    two = width >= _TWO_COLUMNS
    cells = width // 2 if two else width
    items = [_number(number.label, number.value, number.age_ms, cells, palette)
             for number in alert.numbers]  # fmt: skip
    if not two:
        return items
    blank: Runs = ((" " * (width - cells), palette.style("text", GROUND)),)
    pairs = zip(items[::2], [*items[1::2], blank], strict=False)
    rows = [left + right for left, right in pairs]
    return [_widened(row, width, palette) for row in rows]


def _widened(row: Runs, width: int, palette: Palette) -> Runs:
    missing = width - sum(width_of(text) for text, _ in row)
    return (*row, (" " * missing, palette.style("text", GROUND))) if missing > 0 else row


def _number(label: str, value: str, age_ms: int | None, cells: int, palette: Palette) -> Runs:
    age = f" {age_text(age_ms)} old" if age_ms is not None else ""
    age = "" if age_ms is not None and age_ms < 1_000 else age  # noqa: PLR2004 - fresh
    label_cells = min(16, cells * 2 // 5)
    value_cells = cells - label_cells - 2 - len(age)
    return (
        (f"  {fit(clean(label, 40), label_cells - 1)} ", palette.style("muted", GROUND)),
        (fit(clean(value, 80), value_cells), palette.style("text", GROUND, bold=True)),
        (age, palette.style("stale", GROUND)),
    )


def _foot(state: SheetState, width: int, palette: Palette, *, effect_lines: int) -> list[Runs]:
    if state.receipt:
        return [
            ((fit(f" {line}", width), palette.style("info", GROUND, bold=True)),)
            for line in wrapped(f"Answered: {clean(state.receipt)}", width - 2, 3)
        ]
    alert = state.open.alert
    rows: list[Runs] = []
    for index, item in enumerate(option_keys(alert)):
        rows += _option(
            item,
            alert,
            width,
            palette,
            is_chosen=index == state.chosen,
            effect_lines=effect_lines,
        )
    rows.append(_countdown(state, width, palette))
    return rows


def _option(
    item: OptionKey,
    alert: Alert,
    width: int,
    palette: Palette,
    *,
    is_chosen: bool,
    effect_lines: int,
) -> list[Runs]:
    option = item.option
    ground = "cursor" if is_chosen else GROUND
    role = "danger" if option.adds_risk else "text"
    tags = " · adds risk" if option.adds_risk else ""
    tags += " · safe default" if option.key == alert.safe_default else ""
    head = f"{clean(option.label, 40)}{tags}"
    effect = clean(option.effect)
    first: list[tuple[str, Style]] = [
        (" ▸ " if is_chosen else "   ", palette.style("accent", ground)),
        (f" {item.key} ", palette.style("on_accent", "key", bold=True)),
        (f" {head}", palette.style(role, ground, bold=True)),
    ]
    used = 7 + width_of(head)
    if used + 2 + width_of(effect) <= width:
        first.append((fit(f"  {effect}", width - used), palette.style("text_soft", ground)))
        return [tuple(first)]
    first.append((" " * max(0, width - used), palette.style("text", ground)))
    indent = 7 if width >= _TWO_COLUMNS else 3
    most = 2 if is_chosen or option.adds_risk else effect_lines
    lines = wrapped(effect, width - indent, most)
    return [
        tuple(first),
        *(
            ((fit(" " * indent + line, width), palette.style("text_soft", ground)),)
            for line in lines
        ),
    ]


def _countdown(state: SheetState, width: int, palette: Palette) -> Runs:
    role = SEVERITY_ROLE[state.open.alert.severity]
    if state.note:
        text = f" {state.note}"
    elif state.remaining_ms is None:
        text = " no deadline"
    else:
        left = countdown_text(state.remaining_ms)
        text = f" without an answer in {left}: {default_label(state.open.alert)}"
    keys = "enter takes ▸ · esc hides " if state.is_focused else "! takes the keys "
    if width_of(text) + len(keys) > width:
        keys = ""
    room = width - len(keys)
    return (
        (fit(text, room), palette.style(role, GROUND, bold=True)),
        (fit_right(keys, len(keys)), palette.style("muted", GROUND)),
    )
