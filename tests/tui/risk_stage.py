"""One pane of the risk or journal room alone on a screen, for tests and pictures."""

from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message

from tests.tui import fake_risk
from tests.tui.study_stage import palette_named, theme_named
from tui.theme import textual_theme
from tui.widgets.alert_queue import AlertQueue
from tui.widgets.capital import Capital
from tui.widgets.decisions import Decisions
from tui.widgets.holds import Holds
from tui.widgets.limits import Limits
from tui.widgets.log import LogTail

PANES: dict[str, type[Any]] = {
    "limits": Limits, "capital": Capital, "holds": Holds, "alert-queue": AlertQueue,
    "decisions": Decisions, "log": LogTail,
}  # fmt: skip


class RiskStage(App[None]):
    """An app of one pane; remembers what the pane told."""

    CSS = "Screen > * { width: 100%; height: 100%; }"

    def __init__(self, name: str, *, theme: str = "wingman-dark", is_bare: bool = False) -> None:
        super().__init__()
        self.pane = PANES[name](palette_named(theme), id=name)
        self.is_bare = is_bare
        self.told: list[Message] = []
        loaded = theme_named(theme)
        self.register_theme(textual_theme(loaded))
        self.theme = loaded.name

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Give the pane the keys, and its view unless it waits."""
        self.pane.focus()
        if not self.is_bare:
            self.call_after_refresh(self.fill)

    def fill(self) -> None:
        """Give the pane what it draws."""
        pane = self.pane
        if isinstance(pane, AlertQueue):
            pane.show_open(fake_risk.open_alerts(), fake_risk.AT)
            pane.show(fake_risk.history(ended=214))
        elif isinstance(pane, Decisions):
            pane.take(fake_risk.facts())
        elif isinstance(pane, Capital | Holds):
            pane.show(fake_risk.capital())
        elif isinstance(pane, LogTail):
            pane.show(fake_risk.log())
        else:
            pane.show(fake_risk.tightened())

    def on_limit_chosen(self, message: Message) -> None:
        """Remember it."""
        self.told.append(message)

    def on_alert_wanted(self, message: Message) -> None:
        """Remember it."""
        self.told.append(message)

    def on_alert_chosen(self, message: Message) -> None:
        """Remember it."""
        self.told.append(message)
