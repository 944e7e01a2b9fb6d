"""The line above the footer: the most urgent alert, or the newest event."""

from collections.abc import Iterable

from core.domain.views import AlertsView
from tui.render.alerts import alerts_row
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit, width_of
from tui.widgets.surface import Surface

_NS_PER_MS = 1_000_000


class AlertLine(Surface):
    """What asks for a decision, with its countdown; otherwise what happened last."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = AlertsView(open=())
        self.event = ""
        self.is_sheet_hidden = False
        self._engine_at = 0

    def show(self, view: AlertsView, engine_at: int) -> None:
        """Draw the open alerts."""
        self.view = view
        self.tick(engine_at)

    def show_event(self, text: str) -> None:
        """Draw what happened last, when nothing asks."""
        self.event = clean(text)
        self.redraw()

    def tick(self, engine_at: int) -> None:
        """Let the countdown run."""
        self._engine_at = engine_at
        self.redraw()

    def content(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw the line."""
        del height
        opened = self.view.open
        first = opened[0] if opened else None
        remaining = remaining_ms(first.alert.deadline, self._engine_at) if first else None
        texts = alerts_row(
            first, len(opened) - 1, remaining, self._event_text(), hidden=self.is_sheet_hidden
        )
        runs = []
        used = 0
        for text, role in texts:
            text = fit(text, min(width_of(text), width - used))  # noqa: PLW2901 - cut to the room
            if text:
                runs.append((text, self.palette.style(role, "header", bold=role != "muted")))
                used += width_of(text)
        runs.append((" " * (width - used), self.palette.style("muted", "header")))
        yield 0, tuple(runs)

    def _event_text(self) -> str:
        return self.event or clean(self.view.last_ended)


def remaining_ms(deadline: int | None, engine_at: int) -> int | None:
    """Return the time left until a deadline in engine time."""
    return None if deadline is None else max(0, deadline - engine_at) // _NS_PER_MS
