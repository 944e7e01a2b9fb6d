"""Limits with gauges, the trading state, the last denial."""

from core.domain.facts import TradingState
from core.domain.views import RiskGauge, RiskView
from tui.render.gauge import gauge_role, gauge_text
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, fit_right, wrapped

STATE_ROLE = {
    TradingState.STARTING: "info",
    TradingState.RECONCILING: "info",
    TradingState.ACTIVE: "ok",
    TradingState.REDUCING: "warning",
    TradingState.HALTED: "danger",
}
STATE_MARK = {
    TradingState.STARTING: "…",
    TradingState.RECONCILING: "…",
    TradingState.ACTIVE: "●",
    TradingState.REDUCING: "▼",
    TradingState.HALTED: "■",
}


def state_row(view: RiskView, width: int, palette: Palette) -> Runs:
    """Draw what the account may do and why."""
    role = STATE_ROLE[view.trading_state]
    state = f"{STATE_MARK[view.trading_state]} {view.trading_state.upper()}"
    return (
        (state, palette.style(role, bold=True)),
        (fit(f" {clean(view.reason)}", width - len(state)), palette.style("muted")),
    )


def gauge_row(gauge: RiskGauge, width: int, palette: Palette) -> Runs:
    """Draw one limit: title, gauge, percent, use and limit."""
    role = gauge_role(gauge.fraction)
    numbers = f"{clean(gauge.used, 12)}/{clean(gauge.limit, 12)}"
    unit = clean(gauge.unit, 6)
    number_cells = 0 if width < 30 else 12 if width < 50 else 20  # noqa: PLR2004
    if unit and len(numbers) + len(unit) + 2 <= number_cells:
        numbers = f"{numbers} {unit}"
    title_cells = max(8, min(18, width // 3 + 1))
    bar = max(0, width - title_cells - number_cells - 5)
    filled, empty = gauge_text(gauge.fraction, bar)
    return (
        (fit(clean(gauge.title), title_cells - 1) + " ", palette.style("text_soft")),
        (filled, palette.style(role, "gauge")),
        (empty, palette.style(role, "gauge")),
        (_percent(gauge.fraction), palette.style(role if role != "accent" else "text_soft")),
        (fit_right(numbers, number_cells), palette.style("muted")),
    )


def _percent(fraction: float) -> str:
    mark = "!" if fraction >= 0.8 else " "  # noqa: PLR2004 - the limit that alerts
    return fit_right(f"{min(fraction, 9.99) * 100:.0f}%", 4) + mark


def denial_rows(view: RiskView, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Draw how many orders were denied and the newest denial."""
    if not view.denied:
        return [((fit("no denials", width), palette.style("faint")),)]
    text = f"{view.denied} denied · {clean(view.last_denial)}"
    return [((fit(line, width), palette.style("muted")),) for line in wrapped(text, width, lines)]
