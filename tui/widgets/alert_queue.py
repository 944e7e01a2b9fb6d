"""The queue of alerts: what asks now, and the history of what was answered."""

from typing import ClassVar

from textual.binding import BindingType

from core.domain.alert import Alert, Severity
from core.domain.views import AlertHistoryRow, AlertHistoryView, AlertsView, OpenAlert
from tui.actions import Place, bindings_at
from tui.render.alert_queue import RANK, ended_detail, ended_row, open_detail, open_row
from tui.render.palette import Palette, Runs
from tui.render.study import heading
from tui.widgets.alert_line import remaining_ms
from tui.widgets.listing import ListPane
from tui.widgets.messages import AlertChosen, AlertWanted
from tui.widgets.pane import Titles

_DETAIL_LINES = 3
_LEVELS = ("all", "warning and above", "critical and above", "emergency")


class AlertQueue(ListPane):
    """Open alerts first, most urgent first; below them the ended ones, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.ALERT_QUEUE)]
    places: ClassVar = (Place.ALERT_QUEUE, Place.PANE)
    empty = "no alerts"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.open = AlertsView(open=())
        self.ended = AlertHistoryView(rows=(), ended=0)
        self.least = 0
        self.is_following = True
        self._engine_at = 0

    def show_open(self, view: AlertsView, engine_at: int) -> None:
        """Take the open alerts."""
        self.open, self._engine_at = view, engine_at
        self._refill()

    def show(self, view: AlertHistoryView) -> None:
        """Take the ended alerts."""
        self.ended = view
        self._refill()

    def tick(self, engine_at: int) -> None:
        """Let the countdowns run."""
        self._engine_at = engine_at
        self.redraw()

    def _refill(self) -> None:
        held = self.item
        items = [i for i in self.open.open if RANK[i.alert.severity] >= self.least]
        ended = [row for row in self.ended.rows if RANK[row.severity] >= self.least]
        found: list[OpenAlert | AlertHistoryRow] = [*items, *ended]
        if self.is_following:
            self.cursor = 0
        elif held is not None:
            names = [_name(item) for item in found]
            self.cursor = names.index(_name(held)) if _name(held) in names else self.cursor
        self.put(found)

    # -- what a person does ------------------------------------------------------------------

    def action_move_cursor(self, rows: int) -> None:
        """Move; away from the top the cursor stays on its alert, at the top it follows."""
        super().action_move_cursor(rows)
        self.is_following = self.cursor == 0
        self.redraw()

    def action_next_severity(self) -> None:
        """Show the next severity and what is above it."""
        self.least = (self.least + 1) % len(_LEVELS)
        self._refill()

    def action_follow_alerts(self) -> None:
        """Stay at the most urgent alert, or on the one under the cursor."""
        self.is_following = not self.is_following
        self._refill()

    def action_open_alert(self) -> None:
        """Bring the sheet of the alert under the cursor."""
        if isinstance(self.item, OpenAlert):
            self.post_message(AlertWanted(self.item.alert.alert_id))

    def action_acknowledge(self) -> None:
        """Acknowledge what was only told; whatever asks is answered on its sheet."""
        if isinstance(self.item, OpenAlert):
            option = acknowledging(self.item.alert)
            if option is not None:
                self.post_message(AlertChosen(self.item.alert.alert_id, option))
            else:
                self.action_open_alert()

    # -- what is drawn -----------------------------------------------------------------------

    def title(self) -> Titles:
        """Return the pane's name and the severity shown."""
        level = f" {_LEVELS[self.least]}" if self.least else ""
        return [("Alerts", "text"), (level, "warning")]

    def status(self) -> Titles:
        """Return how many are open and how many ended."""
        count = len(self.open.open)
        texts: Titles = [(f"{count} open ", "warning")] if count else []
        return [*texts, (f"{self.ended.ended} ended", "muted")]

    def hint(self) -> Titles:
        """Say where the history ends."""
        held = len(self.ended.rows)
        if self.ended.ended > held:
            return [(f"{held} held · older ones: wingman export", "muted")]
        return super().hint()

    def more(self, width: int, room: int) -> list[Runs]:
        """Say what the alert under the cursor is about."""
        if self.item is None or room < 2:  # noqa: PLR2004 - a heading and a line
            return []
        lines = min(_DETAIL_LINES, room - 1)
        if isinstance(self.item, OpenAlert):
            is_told = acknowledging(self.item.alert) is not None
            right = "x acknowledges" if is_told else "⏎ its sheet"
            detail = open_detail(self.item, width, lines, self.palette)
            return [heading("Asks", width, self.palette, right=right), *detail]
        detail = ended_detail(self.item, width, lines, self.palette)
        return [heading("Ended", width, self.palette), *detail]

    def item_row(
        self, item: OpenAlert | AlertHistoryRow, width: int, *, ground: str, pointer: str
    ) -> Runs:
        """Draw one alert."""
        if isinstance(item, OpenAlert):
            left = remaining_ms(item.alert.deadline, self._engine_at)
            return open_row(item, left, width, self.palette, ground=ground, pointer=pointer)
        return ended_row(item, width, self.palette, ground=ground, pointer=pointer)


def acknowledging(alert: Alert) -> str | None:
    """Return the option that acknowledges an alert that was only told, None where it asks."""
    if alert.severity is not Severity.INFO:
        return None
    calm = [o.key for o in alert.options if not o.adds_risk and not o.token]
    return calm[0] if len(calm) == len(alert.options) == 1 else None


def _name(item: OpenAlert | AlertHistoryRow) -> tuple[object, ...]:
    if isinstance(item, OpenAlert):
        return ("open", item.alert.alert_id)
    return ("ended", item.raised_at, item.scope, item.title)
