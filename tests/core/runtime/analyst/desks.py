"""A Desk with candles, a book and prints, and an analyst that answers when it is told to."""

from collections.abc import Iterable
from decimal import Decimal

from core.domain.effects import Analyse, WakeAt
from core.domain.events import (
    AnalysisDone,
    CandleSeen,
    CandlesLoaded,
    TimerFired,
    TopicWanted,
    TradeSeen,
)
from core.domain.ids import InstrumentId
from core.domain.jobs import Job
from core.domain.order import Side
from core.domain.study_views import StudyView
from core.domain.views import CandleRow, FrameRequest, View
from core.runtime.analyst.work import solved
from tests.core.builders import SECOND, SOL_PERP, START
from tests.core.runtime.rig import Rig

MINUTE = 60 * SECOND
MIDNIGHT = START // (86_400 * SECOND) * 86_400 * SECOND
"""Before the rig's begin, at 22:13 of the same day."""


def candle(row: CandleRow, interval: str = "1m", step: int = MINUTE) -> CandleSeen:
    """Write a candle as a venue does."""

    def text(number: float | None) -> str | None:
        return None if number is None else repr(number)

    return CandleSeen(
        ts_event=row.start_ts,
        ts_recv=row.start_ts,
        instrument=SOL_PERP,
        interval=interval,
        start_ts=row.start_ts,
        end_ts=row.start_ts + step,
        open=text(row.open),
        high=text(row.high),
        low=text(row.low),
        close=text(row.close),
        volume=repr(row.volume),
        is_closed=True,
    )


def loaded(rows: Iterable[CandleRow], interval: str = "1m", step: int = MINUTE) -> CandlesLoaded:
    """Write the answer to a question for candles."""
    return CandlesLoaded(
        ts_event=0,
        ts_recv=0,
        instrument=SOL_PERP,
        interval=interval,
        candles=tuple(candle(row, interval, step) for row in rows),
    )


class Desk(Rig):
    """A rig whose jobs are solved at once, or kept."""

    def __init__(self, *, solves: bool = True) -> None:
        self.solves = solves
        self.jobs: list[Job] = []
        self._solved = 0
        super().__init__()
        self.open_markets()

    def want(self, *topics: str) -> None:
        """Look at topics."""
        for topic in topics:
            self.feed(TopicWanted(ts_event=self.at, ts_recv=self.at, topic=topic))

    def run(self, secs: float) -> None:
        """Let time pass a tenth of a second at a time; answer jobs as they come."""
        end = self.at + int(secs * SECOND)
        while self.at < end:
            super().run(min(0.1, (end - self.at) / SECOND))
            self.answer()

    def answer(self) -> None:
        """Take the jobs of the effects so far, and solve them unless told not to."""
        effects = self.effects[self._solved :]
        self._solved = len(self.effects)
        for effect in effects:
            if isinstance(effect, Analyse):
                self.jobs.append(effect.job)
                if self.solves:
                    found = solved(effect.job)
                    self.done(found.topic, found.view, found.error)

    def done(self, topic: str, view: StudyView | None, error: str = "") -> None:
        """Give an answer."""
        self.feed(
            AnalysisDone(ts_event=self.at, ts_recv=self.at, topic=topic, view=view, error=error)
        )

    def trade(self, number: int, price: str, size: str, side: Side = Side.BUY) -> None:
        """Let something print."""
        self.feed(
            TradeSeen(
                ts_event=self.at,
                ts_recv=self.at,
                instrument=SOL_PERP,
                trade_id=number,
                price=price,
                size=size,
                aggressor_side=side,
            )
        )

    def view(self, topic: str) -> View | None:
        """Ask for one topic."""
        frame = self.engine.frames.frame(FrameRequest(versions={topic: 0}), self.at)
        return frame.views.get(topic)

    def fire(self, key: str) -> None:
        """Fire a timer now."""
        self.feed(TimerFired(ts_event=self.at, ts_recv=self.at, key=key, due=self.at))

    @property
    def wakes(self) -> set[str]:
        """Return the keys of every timer ever set."""
        return {effect.key for effect in self.effects if isinstance(effect, WakeAt)}


def minutes(count: int, *, until: int, price: str = "100") -> list[CandleRow]:
    """Make minutes that end with the one `until` lies in; prices go up and down by cents."""
    last = until - until % MINUTE
    base = float(Decimal(price))
    found = []
    for number in range(count):
        close = base + (number * 7 % 11) / 100
        start = last - (count - 1 - number) * MINUTE
        found.append(CandleRow(start, base, close + 0.05, base - 0.05, close, 1.0 + number % 5))
    return found


NAME: InstrumentId = SOL_PERP
