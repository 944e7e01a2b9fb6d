"""`wingman report`: what trading earned and cost, as a page for a person, JSON or CSV."""

import csv
import shutil
import sys
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.domain.errors import ConfigError
from core.domain.exact import Amount, Exact
from core.trading.history import utc_text
from core.trading.journal import JournalDamaged, JournalReader
from core.trading.journal.reader import is_incomplete_mark
from core.trading.reports import OpenLine, Report
from core.trading.reports_equity import EquityCurve
from core.trading.reports_figures import By, Figures
from tui.journals import (
    FAILED,
    JournalChoice,
    csv_cell,
    one_form,
    open_journal,
    plain_cell,
    remark,
    span_of,
    stop_writing,
)
from tui.report_page import Page, page

_PIPED_WIDTH: Final = 100
_MEASURES: Final = (
    *("net", "price", "slippage", "realized", "fifo_realized", "fees", "funding", "interest"),
    *("other", "transfers", "volume", "fills", "closes", "wins", "win_rate", "slippage_bps"),
)


class ReportQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    choice: JournalChoice
    by: By = By.DAY
    as_csv: bool = False
    as_json: bool = False


def grouping(text: str) -> By:
    """Read `--by`.

    Raises:
        ConfigError: for another word.
    """
    if text not in set(By):
        raise ConfigError("no such grouping", repr(text[:40]), f"Choose of {', '.join(By)}")
    return By(text)


def run_report(question: ReportQuestion) -> int:
    """Print a report; return the exit code: 0, or 1 where the journal is damaged.

    Raises:
        ConfigError: when something typed is wrong, or the journal is refused.
    """
    one_form(as_csv=question.as_csv, as_json=question.as_json)
    span = span_of(question.choice)
    with open_journal(question.choice) as reader:
        found = folded(reader, Report(span), EquityCurve(span), question.by)
    try:
        _print(question, found)
    except BrokenPipeError:
        stop_writing()
        return 0
    if found.damage is not None:
        remark(f"wingman: {found.damage}")
        remark(f"Only what stands before sequence {found.damage.row} is in the report.")
    return 0 if found.damage is None else FAILED


def folded(reader: JournalReader, report: Report, curve: EquityCurve, by: By) -> Page:
    """Fold a whole journal into what a page shows."""
    damage: JournalDamaged | None = None
    first: int | None = None
    last: int | None = None
    incomplete: list[str] = []
    earned: list[dict[str, Amount]] = []
    try:
        for entry in reader.entries():
            report.take(entry)
            if curve.take(entry):
                earned[1:] = [dict(report.earned)]
            last = entry.fact.at
            first = last if first is None else first
            if is_incomplete_mark(entry):
                incomplete.append(utc_text(last))
    except JournalDamaged as found:
        damage = found
    report.finish()
    return Page(
        path=str(reader.path),
        mode=reader.meta["mode"],
        account=reader.meta["account"],
        first=first,
        last=last,
        by=by,
        report=report,
        curve=curve,
        earned=tuple(earned),
        incomplete=tuple(incomplete),
        damage=damage,
    )


def _print(question: ReportQuestion, found: Page) -> None:
    if question.as_json:
        sys.stdout.write(msgspec.json.encode(document(found)).decode() + "\n")
    elif question.as_csv:
        _print_csv(found)
    else:
        is_screen = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if is_screen else _PIPED_WIDTH
        sys.stdout.write("\n".join(page(found, width, is_plain=not is_screen)) + "\n")
    sys.stdout.flush()


def _print_csv(found: Page) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow((found.by.value, "asset", *_MEASURES))
    for (group, asset), figures in found.report.grouped(found.by).items():
        values = (_measure(figures, name) for name in _MEASURES)
        cells = ("" if value is None else str(value) for value in values)
        writer.writerow((csv_cell(group), csv_cell(asset), *cells))


def document(found: Page) -> dict[str, Any]:
    """Write a whole report as one document; amounts are exact text."""
    groups = found.report.grouped(found.by).items()
    return {
        "journal": found.path,
        "mode": found.mode,
        "account": found.account,
        "first": None if found.first is None else utc_text(found.first),
        "last": None if found.last is None else utc_text(found.last),
        "by": found.by.value,
        "groups": [
            {found.by.value: plain_cell(group), "asset": plain_cell(asset), **_measures(figures)}
            for (group, asset), figures in groups
        ],
        "total": [
            {"asset": plain_cell(asset), **_measures(figures)}
            for asset, figures in found.report.total().items()
        ],
        "open": [_open(line) for line in found.report.open_lines()],
        "fills_without_arrival": found.report.without_arrival,
        "bridge": None if found.bridge is None else msgspec.to_builtins(found.bridge, enc_hook=str),
        "equity": [
            [utc_text(each.at), str(each.equity), _decimal(each.drawdown_pct)]
            for each in found.curve.points
        ],
        "max_drawdown_pct": _decimal(found.curve.deepest_pct),
        "incomplete_before": list(found.incomplete),
        "is_complete": found.damage is None,
        "broken_at": None if found.damage is None else found.damage.row,
    }


def _measures(figures: Figures) -> dict[str, str | int | None]:
    return {name: _measure(figures, name) for name in _MEASURES}


def _measure(figures: Figures, name: str) -> str | int | None:
    value = getattr(figures, name)
    if isinstance(value, Exact):
        return str(value)
    return _decimal(value) if isinstance(value, Decimal) else value


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.6f}"


def _open(line: OpenLine) -> dict[str, Any]:
    return {
        "account": plain_cell(line.account),
        "strategy": plain_cell(line.strategy),
        "market": plain_cell(line.market),
        "asset": plain_cell(line.asset),
        "quantity": str(line.quantity),
        "entry_price": plain_cell(line.entry_price),
        "price": plain_cell(line.price),
        "price_time": None if line.price_at is None else utc_text(line.price_at),
        "unrealized": plain_cell(line.unrealized),
    }
