"""The trend of one market over several intervals."""

from typing import ClassVar

from core.domain.study_views import RegimeRow, TrendView, trend_topic
from tui.render.explain import Explained
from tui.render.numbers import age_text
from tui.render.palette import Palette
from tui.render.study import Block, fixed, message
from tui.render.text import clean
from tui.render.trend import GLYPHS, trend_rows
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane


class Trend(StudyPane[TrendView]):
    """Regime, reason, oscillators, volatility and price zones; the cursor asks one interval."""

    study = "Trend"
    stale_ms: ClassVar = 180_000
    waiting = "no trend yet: it is made of whole minutes"

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self._is_pointing = False

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return trend_topic(self.instrument) if self.instrument else None

    def begin(self) -> None:
        """Drop the cursor."""
        self.cursor, self._is_pointing = 0, False

    def made_at(self, view: TrendView) -> int | None:
        """Return when the trend was computed."""
        return view.computed_at

    def clock_face(self) -> object:
        """Return the age as it is shown."""
        return age_text(self.age_ms)

    def row_count(self) -> int:
        """Return how many intervals there are."""
        return len(self.view.rows) if self.view else 0

    def action_move_cursor(self, rows: int) -> None:
        """Point at an interval; above the first one, at none."""
        if not self._is_pointing:
            self._is_pointing, self.cursor = rows > 0, 0
        elif self.cursor == 0 and rows < 0:
            self._is_pointing = False
        else:
            super().action_move_cursor(rows)
        self.redraw()

    def note(self, view: TrendView) -> Titles:
        """Return the regime of each interval as a row of glyphs, and the age."""
        texts = [GLYPHS.get(row.regime, ("·", "muted")) for row in view.rows[:12]]
        return [*texts, (f"  {age_text(self.age_ms)}", "muted")]

    def pictured(self, view: TrendView, width: int, height: int) -> Block:
        """Draw verdict, table and zones."""
        if not view.rows:
            return message("no candles yet", width, height, self.palette)
        cursor = min(self.cursor, len(view.rows) - 1) if self._is_pointing else None
        return trend_rows(view, width, height, self.ink, cursor=cursor)

    def explain(self) -> tuple[Explained, ...]:
        """Return the pointed interval's regime and numbers, or the first's."""
        view = self.view
        if view is None or not view.rows:
            return ()
        row = view.rows[min(self.cursor, len(view.rows) - 1)]
        return _said(row, self.age_ms)


def _said(row: RegimeRow, age: int | None) -> tuple[Explained, ...]:
    interval = f"{clean(row.interval, 8)} candles"
    values = {
        "rsi": fixed(row.rsi, 1),
        "adx": fixed(row.adx, 1),
        "atr": f"{fixed(row.atr_pct, 3)}%",
        "realized_volatility": f"{fixed(row.volatility_pct, 1)}%",
        "parkinson": f"{fixed(row.parkinson_pct, 1)}%",
        "garman_klass": f"{fixed(row.garman_klass_pct, 1)}%",
        "volume_anomaly": fixed(row.volume_score, 2, is_signed=True),
    }
    regime = Explained(
        key="regime", value=clean(row.regime, 20), inputs=clean(row.reason), age_ms=age
    )
    numbers = [
        Explained(key=key, value=value, inputs=interval, age_ms=age)
        for key, value in values.items()
    ]
    return (regime, *numbers)
