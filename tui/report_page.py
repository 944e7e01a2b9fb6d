"""A report as a page of text: tables, open positions, and a picture of equity and drawdown. Pure.

On a terminal the picture is drawn in braille; piped it is drawn in plain characters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import ZERO_AMOUNT, Amount, Exact
from core.trading.history import utc_text
from core.trading.journal import JournalDamaged
from core.trading.reports import OpenLine, Report
from core.trading.reports_equity import EquityCurve, EquityPoint
from core.trading.reports_figures import By, Figures
from tui.render.braille import Braille, heights_of, held, reach_of
from tui.render.text import clean, fit, fit_right

_ROWS: Final = 6
_LABEL: Final = 14
_SMALL: Final = Decimal("0.01")
_Column = tuple[str, Callable[[Figures], str]]


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """Why equity changed between its first and its last mark, in the quote asset.

    `held` is what is left: prices of what is held, open positions, transfers, fees in other assets.
    """

    asset: str
    first: Amount
    earned: Amount
    held: Amount
    last: Amount


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows."""

    path: str
    mode: str
    account: str
    first: int | None
    last: int | None
    by: By
    report: Report
    curve: EquityCurve
    earned: tuple[dict[str, Amount], ...] = ()
    """Net by asset at the first and at the last mark of equity."""
    incomplete: tuple[str, ...] = ()
    damage: JournalDamaged | None = None

    @property
    def bridge(self) -> Bridge | None:
        """Say why equity changed; None where it is marked less than twice."""
        asset, points = self.report.quote(), self.curve.points
        if asset is None or len(self.earned) < 2:  # noqa: PLR2004  a first and a last
            return None
        before, now = (each.get(asset, ZERO_AMOUNT) for each in self.earned)
        first, last = points[0].equity, points[-1].equity
        earned = now - before
        held = last - first - earned
        return Bridge(asset=asset, first=first, earned=earned, held=held, last=last)


def money(value: Exact) -> str:
    """Write an amount to the cent with thousands apart; smaller ones keep four digits."""
    number = value.value
    if not number:
        return "0.00"
    text = f"{number:,.2f}" if abs(number) >= _SMALL else f"{number:.4g}"
    return text if "e" not in text else f"{number:.2e}"


_COLUMNS: Final[tuple[_Column, ...]] = (
    ("net", lambda f: money(f.net)),
    ("price", lambda f: money(f.price)),
    ("slippage", lambda f: money(f.slippage)),
    ("fees", lambda f: money(-f.fees)),
    ("funding", lambda f: money(f.funding + f.interest)),
    ("FIFO", lambda f: money(f.fifo_realized)),
    ("volume", lambda f: money(f.volume)),
    ("fills", lambda f: str(f.fills)),
    ("wins", lambda f: f"{f.wins}/{f.closes}" if f.closes else "-"),
    ("bps", lambda f: "-" if f.slippage_bps is None else f"{f.slippage_bps:.1f}"),
    ("other", lambda f: money(f.other)),
)
"""Most wanted first: a narrow terminal shows fewer, and says which it left out."""


def page(found: Page, width: int, *, is_plain: bool) -> list[str]:
    """Return the page's lines, none wider than `width`."""
    lines = (
        *_head(found),
        *_table(found, width),
        *_open(found),
        *_picture(found.curve.points, width, is_plain=is_plain),
        *_bridge(found.bridge),
        *_notes(found),
    )
    return [fit(line, width).rstrip() for line in lines]


def _head(found: Page) -> Iterator[str]:
    yield f"{found.mode.upper()} {clean(found.account)}  {found.path}"
    if found.first is None or found.last is None:
        yield "The journal is empty."
    else:
        yield f"Journal from {_short(found.first)} to {_short(found.last)} UTC"


def _table(found: Page, width: int) -> Iterator[str]:
    groups = found.report.grouped(found.by).items()
    lines = [(group, asset, each) for (group, asset), each in groups if each.is_traded]
    total = found.report.total()
    yield ""
    yield from _transfers(total)
    if not lines:
        yield "Nothing was earned or paid in this range."
        return
    sums = [("all", asset, each) for asset, each in total.items() if each.is_traded]
    yield from _rows(found.by, lines, sums, width)


def _transfers(total: Mapping[str, Figures]) -> Iterator[str]:
    moved = [f"{each.transfers} {a}" for a, each in total.items() if not each.transfers.is_zero]
    if moved:
        yield f"Brought in, less taken out: {clean(', '.join(moved))}"


_Line = tuple[str, str, Figures]


def _rows(by: By, lines: list[_Line], total: list[_Line], width: int) -> Iterator[str]:
    names = [fit_name(group, asset) for group, asset, _ in (*lines, *total)]
    label = min(max((len(name) for name in names), default=0) + 1, max(16, width // 3))
    columns, left_out = _fitting([f for _, _, f in (*lines, *total)], width - label)
    yield fit(by.value, label) + "".join(fit_right(n, w) for (n, _), w in columns)
    for position, (group, asset, figures) in enumerate((*lines, *total)):
        if position == len(lines):
            yield "-" * (label + sum(w for _, w in columns))
        cells = "".join(fit_right(call(figures), w) for (_, call), w in columns)
        yield fit(fit_name(group, asset), label) + cells
    if left_out:
        yield fit(
            f"A wider terminal, --json or --csv also shows: {', '.join(left_out)}", width
        ).rstrip()


def fit_name(group: str, asset: str) -> str:
    """Name a row: its group and the asset its amounts are in."""
    return f"{clean(group)} {clean(asset)}"


def _fitting(figures: Sequence[Figures], room: int) -> tuple[list[tuple[_Column, int]], list[str]]:
    """Choose columns that fit, most wanted first, and name those that have something to say."""
    chosen: list[tuple[_Column, int]] = []
    left_out: list[str] = []
    for name, call in _COLUMNS:
        cells = [call(each) for each in figures]
        if name == "other" and set(cells) == {"0.00"}:
            continue
        wide = max(len(name), *(len(cell) for cell in cells)) + 2
        if not left_out and wide <= room:
            chosen.append(((name, call), wide))
            room -= wide
        else:
            left_out.append(name)
    return chosen, left_out


def _open(found: Page) -> Iterator[str]:
    lines = found.report.open_lines()
    if not lines:
        return
    yield ""
    yield "Open, at the last price the journal knows"
    for line in lines:
        yield _open_text(line, found.last)


def _open_text(line: OpenLine, now: int | None) -> str:
    held_text = f"{clean(line.strategy)} {clean(line.market)} {line.quantity}"
    entry = "" if line.entry_price is None else f" from {line.entry_price}"
    if line.price is None or line.unrealized is None or line.price_at is None:
        return f"  {held_text}{entry}, no price known"
    age = max(0, (now or line.price_at) - line.price_at) // 1_000_000_000
    worth = f"{money(line.unrealized)} {clean(line.asset)}"
    return f"  {held_text}{entry} at {line.price} ({age} s old): {worth}"


# ---- picture -----------------------------------------------------------------------------------


def _picture(points: Sequence[EquityPoint], width: int, *, is_plain: bool) -> Iterator[str]:
    if len(points) < 2:  # noqa: PLR2004  one point is no curve
        yield ""
        yield "No picture of equity: the journal marks it less than twice in this range."
        return
    equity = [(float(each.at), float(each.equity.value)) for each in points]
    falls = [
        (float(each.at), 0.0 - float(each.drawdown_pct))
        for each in points
        if each.drawdown_pct is not None
    ]
    yield ""
    yield f"Equity {money(points[0].equity)} to {money(points[-1].equity)}"
    yield from _curve(equity, width, _amount_label, is_plain=is_plain)
    if len(falls) > 1:
        yield f"Drawdown, percent of the peak; deepest {-min(value for _, value in falls):.2f} %"
        yield from _curve(falls, width, lambda value: f"{value or 0.0:.2f} %", is_plain=is_plain)
    start, end = _short(points[0].at), _short(points[-1].at)
    gap = max(1, width - _LABEL - len(start) - len(end))
    yield " " * _LABEL + start + " " * gap + end


def _curve(
    points: Sequence[tuple[float, float]],
    width: int,
    label: Callable[[float], str],
    *,
    is_plain: bool,
) -> Iterator[str]:
    """Draw a curve over time, a value holding until the next."""
    columns = max(4, width - _LABEL) * (1 if is_plain else 2)
    values = held(points, points[0][0], points[-1][0], columns)
    low, high = reach_of(values) or (0.0, 0.0)
    drawn = _plain(values, low, high) if is_plain else _dotted(values, low, high, columns // 2)
    for row, text in enumerate(drawn):
        name = label(high) if row == 0 else label(low) if row == _ROWS - 1 else ""
        yield fit_right(name, _LABEL - 1) + " " + text.rstrip()


def _dotted(values: Sequence[float | None], low: float, high: float, width: int) -> list[str]:
    field = Braille(width, _ROWS)
    field.curve(heights_of(values, low, high, field.dots_down))
    return [field.text(row) for row in range(_ROWS)]


def _plain(values: Sequence[float | None], low: float, high: float) -> list[str]:
    heights = heights_of(values, low, high, _ROWS)
    return ["".join("*" if each == row else " " for each in heights) for row in range(_ROWS)]


def _amount_label(value: float) -> str:
    return money(Amount(Decimal(str(round(value, 6)))))


def _bridge(bridge: Bridge | None) -> Iterator[str]:
    if bridge is not None:
        change = money(bridge.last - bridge.first)
        text = f"{change} {clean(bridge.asset)} = {money(bridge.earned)} net of trading"
        text += f" + {money(bridge.held)} prices of what is held, and transfers"
        yield f"Change of equity {text}"


def _notes(found: Page) -> Iterator[str]:
    notes = [f"History is incomplete before {when}." for when in found.incomplete]
    if found.report.without_arrival:
        count = found.report.without_arrival
        notes.append(f"{count} fill(s) have no price at arrival: their slippage counts as 0.")
    if found.damage is not None:
        notes.append(f"DAMAGED at sequence {found.damage.row}: nothing after it is counted.")
    if notes:
        yield ""
    yield from notes


def _short(at: int) -> str:
    return utc_text(at)[:19].replace("T", " ")
