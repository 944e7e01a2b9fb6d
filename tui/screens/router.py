"""From the engine's answer to the panes: which topics are wanted, and who draws which view."""

from collections.abc import Callable
from typing import Final, TypeVar

from core.domain.views import (
    ACCOUNT,
    ALERTS,
    HEADER,
    PROGRESS,
    RISK,
    STRATEGIES,
    WATCHLIST,
    AccountView,
    AlertsView,
    CandlesView,
    Frame,
    FrameRequest,
    HeaderView,
    LadderView,
    ProgressView,
    RiskView,
    StrategiesView,
    TapeView,
    View,
    WatchlistView,
)
from tui.screens.notices import Notices
from tui.screens.panes import Panes
from tui.screens.topics import Topics

_Kind = TypeVar("_Kind")
_NS_PER_SEC: Final = 1_000_000_000
_TAPE_SECS: Final = 0.25
"""A tape is asked for at most four times a second."""


class Router:
    """Asks for what is seen, and hands every view on in the order of the frame."""

    def __init__(
        self,
        panes: Panes,
        notices: Notices,
        *,
        on_watchlist: Callable[[WatchlistView], None],
        clock: Callable[[], float],
    ) -> None:
        self._panes = panes
        self._notices = notices
        self._on_watchlist = on_watchlist
        self._topics = Topics()
        self._engine_at = 0
        self._tape_at = 0.0
        self._clock = clock
        self._attached_at: int | None = None
        self._has_new_alert = False
        self._shows: dict[type[View], Callable[[View], None]] = {
            HeaderView: self._show_header,
            WatchlistView: self._show_watchlist,
            StrategiesView: lambda view: panes.strategies.show(_as(view, StrategiesView)),
            RiskView: lambda view: panes.risk.show(_as(view, RiskView)),
            AccountView: lambda view: panes.account.show(_as(view, AccountView)),
            AlertsView: self._show_alerts,
            ProgressView: lambda view: panes.progress.show(_as(view, ProgressView)),
            CandlesView: lambda view: panes.candles.show(_as(view, CandlesView)),
        }

    # -- asking ----------------------------------------------------------------------------

    def request(self, *, is_covered: bool) -> FrameRequest:
        """Ask for the topics on screen."""
        topics = [HEADER, ALERTS, PROGRESS]
        if is_covered:
            return self._topics.request(topics)
        topics += [WATCHLIST, STRATEGIES, RISK, ACCOUNT, *self._book_topics()]
        return self._topics.request(topics, resting=self._tape_topics(topics))

    def _book_topics(self) -> list[str]:
        panes = self._panes
        return [
            topic
            for pane in (panes.ladder_left, panes.ladder_right, panes.candles)
            if pane.display and pane.size.height and (topic := pane.topic()) is not None
        ]

    def _tape_topics(self, wanted: list[str]) -> list[str]:
        """Add the tapes when they are due; otherwise return them as resting."""
        topics = [
            topic
            for tape in (self._panes.tape, self._panes.tape_right)
            if tape.display and tape.size.height and (topic := tape.topic()) is not None
        ]
        now = self._clock()
        if now - self._tape_at < _TAPE_SECS and all(map(self._topics.holds, topics)):
            return topics
        self._tape_at = now
        wanted += topics
        return []

    # -- taking ----------------------------------------------------------------------------

    def take(self, frame: Frame) -> bool:
        """Draw a frame; return whether a new alert asks for the sheet."""
        self._has_new_alert = False
        second_before = self._engine_at // _NS_PER_SEC
        self._engine_at = frame.engine_at
        self._topics.took(frame)
        for topic, view in frame.views.items():
            if isinstance(view, LadderView):
                self._show_ladder(topic, view)
            elif isinstance(view, TapeView):
                self._show_tape(topic, view)
            else:
                self._shows[type(view)](view)
        if frame.engine_at // _NS_PER_SEC != second_before:
            self._tick(frame.engine_at)
        self._panes.candles.draw_when_due()
        self._take_facts(frame)
        return self._has_new_alert

    def _tick(self, engine_at: int) -> None:
        """Let ages and countdowns move on, once a second."""
        panes = self._panes
        panes.ladder_left.tick(engine_at)
        panes.ladder_right.tick(engine_at)
        panes.alert_line.tick(engine_at)
        panes.sheet.tick(engine_at)

    def _take_facts(self, frame: Frame) -> None:
        """Say what happened since this cockpit is attached; what was before is history."""
        if self._attached_at is None:
            self._attached_at = frame.engine_at
        since = self._attached_at
        facts = tuple(shown.fact for shown in frame.facts if shown.fact.at >= since)
        if facts:
            self._notices.take(facts)

    def _show_header(self, view: View) -> None:
        self._panes.header.show(_as(view, HeaderView))

    def _show_watchlist(self, view: View) -> None:
        watchlist = _as(view, WatchlistView)
        self._panes.watchlist.show(watchlist)
        self._on_watchlist(watchlist)

    def _show_alerts(self, view: View) -> None:
        alerts = _as(view, AlertsView)
        self._panes.alert_line.show(alerts, self._engine_at)
        self._has_new_alert = self._panes.sheet.show(alerts, self._engine_at)

    def _show_ladder(self, topic: str, view: LadderView) -> None:
        for ladder in (self._panes.ladder_left, self._panes.ladder_right):
            if ladder.display and ladder.topic() == topic:
                ladder.show(view, self._engine_at)

    def _show_tape(self, topic: str, view: TapeView) -> None:
        for tape in (self._panes.tape, self._panes.tape_right):
            if tape.display and tape.topic() == topic:
                tape.show(view)


def _as(view: View, kind: type[_Kind]) -> _Kind:
    assert isinstance(view, kind)
    return view
