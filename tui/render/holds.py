"""What holds trading back: state, cause, since when, and who may lift it."""

from typing import Final

from core.domain.facts import TradingState
from core.domain.risk_views import CapitalView, HoldRow
from tui.render.limits import place_text
from tui.render.numbers import clock_text, date_text
from tui.render.palette import Palette, Runs
from tui.render.risk import STATE_MARK, STATE_ROLE
from tui.render.study import exact
from tui.render.text import clean, fit, width_of, wrapped

_ROLES: Final = {"reducing": "warning", "halted": "danger", "paused": "warning"}
_MARKS: Final = {"reducing": "▼", "halted": "■", "paused": "‖"}


def state_line(view: CapitalView, width: int, palette: Palette) -> Runs:
    """Draw what the account may do."""
    role = STATE_ROLE[view.trading_state]
    state = f"{STATE_MARK[view.trading_state]} {view.trading_state.upper()}"
    calm = "entries are allowed" if view.trading_state is TradingState.ACTIVE else view.reason
    return exact(
        [(state, palette.style(role, bold=True)), (f"  {clean(calm)}", palette.style("muted"))],
        width,
        palette,
    )


def hold_row(row: HoldRow, width: int, palette: Palette, *, ground: str, pointer: str) -> Runs:
    """Draw one hold: what it holds, how, and why."""
    role = _ROLES.get(row.state, "info")
    since = "" if row.since is None else f" {clock_text(row.since)[:5]}"
    head = f"{pointer}{_MARKS.get(row.state, '…')} {fit(place_text(row.scope), 13)}"
    room = max(0, width - width_of(head) - width_of(since) - 1)
    return exact(
        [
            (head, palette.style(role, ground, bold=True)),
            (" " + fit(clean(row.reason), room), palette.style("text", ground)),
            (since, palette.style("faint", ground)),
        ],
        width,
        palette,
    )


def hold_detail(row: HoldRow, width: int, lines: int, palette: Palette) -> list[Runs]:
    """Say why, since when, and who may lift it how."""
    since = "" if row.since is None else f", since {date_text(row.since)} {clock_text(row.since)}"
    lifted = "You lift it" if row.who == "you" else "Ends by itself once"
    texts = [
        *((line, "text_soft") for line in wrapped(clean(row.reason), width, max(1, lines - 2))),
        (f"{row.state.upper()} by {clean(row.cause, 60)}{since}", "muted"),
        (
            f"{lifted}{':' if row.who == 'you' else ''} {clean(row.how)}",
            "key" if row.who == "you" else "info",
        ),
    ]
    return [exact([(text, palette.style(role))], width, palette) for text, role in texts[:lines]]
