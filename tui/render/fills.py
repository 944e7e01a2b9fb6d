"""Executions as cells of a table. Pure."""

from core.domain.order import Side
from core.domain.ticket import FillRow, FillsView
from tui.render.numbers import clock_text, decimal_text, market_name, money_text, venue_mark
from tui.render.study import Cell
from tui.render.text import clean


def fill_cells(row: FillRow) -> list[Cell]:
    """Return the texts of an execution."""
    is_buy = row.side is Side.BUY
    return [
        (clock_text(row.ts_event), "muted"),
        (clean(market_name(row.instrument)), "text"),
        (clean(venue_mark(row.instrument)), "faint"),
        ("▲ buy" if is_buy else "▼ sell", "bid" if is_buy else "ask"),
        (row.quantity, "text"),
        (row.price, "text"),
        (money_text(row.notional), "text_soft"),
        (f"{decimal_text(clean(row.fee, 20), 8)} {clean(row.fee_asset, 6)}", "muted"),
        (row.liquidity, "warning" if row.liquidity == "system" else "text_soft"),
        (clean(row.book, 16), "muted"),
    ]


def fill_totals(view: FillsView) -> str:
    """Say what all of this journal add up to."""
    word = "fill" if view.count == 1 else "fills"
    return (
        f"{view.count} {word} · traded {money_text(view.volume, 0)} · fees {money_text(view.fees)}"
    )
