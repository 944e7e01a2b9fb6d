"""How far a kill is, docked over the panes until zero open orders are proven and watched."""

from collections.abc import Iterable
from typing import Final

from core.domain.kill import KillPhase, KillProgress
from core.domain.views import KillView
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit
from tui.widgets.pane import Pane, Titles

_MARKETS_SHOWN: Final = 6


def kill_lines(view: KillView) -> list[tuple[str, str]]:
    """Return the lines with their colour roles; empty when there is nothing to follow."""
    if view.level is None or not view.accounts:
        return []
    is_over = all(told.phase is KillPhase.DONE for told in view.accounts)
    if is_over and not view.flatten:
        return []
    lines: list[tuple[str, str]] = []
    for told in view.accounts:
        lines.extend(_account_lines(told))
    lines.extend((f"flatten: {line}", "warning") for line in view.flatten[:_MARKETS_SHOWN])
    return lines


def _account_lines(told: KillProgress) -> list[tuple[str, str]]:
    if told.proven_ms is not None:
        head = f"{told.account}: zero risky orders proven after {told.proven_ms / 1_000:.2f} s"
        lines = [(f"✓ {head}", "ok"), ("   watching for late arrivals", "muted")]
    elif told.open_orders is None:
        lines = [(f"◌ {told.account}: asking what is open, {_secs(told)}", "warning")]
    else:
        lines = [(f"◌ {told.account}: {told.open_orders} open, {_secs(told)}", "danger")]
    for market in told.markets[:_MARKETS_SHOWN]:
        counts = f"{market.resting} resting, {market.conditional} conditional"
        lines.append((f"   {market.symbol}: {counts}", "text"))
    if len(told.markets) > _MARKETS_SHOWN:
        lines.append((f"   and {len(told.markets) - _MARKETS_SHOWN} more markets", "muted"))
    apart = [
        (told.unknown, "without a proven outcome"),
        (told.kept, "reduce-only kept"),
        (told.late, "arrived late"),
    ]
    words = ", ".join(f"{count} {text}" for count, text in apart if count)
    if words:
        lines.append((f"   {words}", "warning" if told.unknown or told.late else "muted"))
    if told.trouble and told.proven_ms is None:
        lines.append((f"   {told.trouble}", "danger"))
    return lines


def _secs(told: KillProgress) -> str:
    return f"{told.elapsed_ms / 1_000:.1f} s, {told.cancels} cancels sent"


class KillPane(Pane, can_focus=False):
    """The kill at work."""

    DEFAULT_CSS = """
    KillPane { layer: sheet; }
    """

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = KillView()

    def show(self, view: KillView) -> None:
        """Draw the newest state."""
        self.view = view
        self.redraw()

    @property
    def line_count(self) -> int:
        """How many lines there are to show; 0 hides the pane."""
        return len(kill_lines(self.view))

    def title(self) -> Titles:
        """Return the level and who tripped it."""
        if self.view.level is None:
            return []
        return [(f"{self.view.level} ", "danger"), (f"by {clean(self.view.by, 30)}", "text")]

    def status(self) -> Titles:
        """Return what it was for."""
        return [(clean(self.view.reason, 60), "muted")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw one line a fact."""
        lines = kill_lines(self.view)
        for row in range(height):
            text, role = lines[row] if row < len(lines) else ("", "text")
            yield row, ((fit(f" {clean(text, width)}", width), self.palette.style(role)),)
