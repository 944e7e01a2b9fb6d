"""From the engine's answer to the panes: which topics are wanted, and who draws which view."""

from collections.abc import Callable
from typing import Final, TypeVar

from core.domain.risk_views import CAPITAL, LIMITS, LOG, CapitalView, LimitsView, LogView
from core.domain.study_views import PRICE_ALERTS, OverlaysView, PriceAlertsView
from core.domain.views import (
    ACCOUNT,
    ALERT_HISTORY,
    ALERTS,
    HEADER,
    KILL,
    PROGRESS,
    RISK,
    STRATEGIES,
    WATCHLIST,
    AccountView,
    AlertHistoryView,
    AlertsView,
    CandlesView,
    Frame,
    FrameRequest,
    HeaderView,
    KillView,
    LadderView,
    ProgressView,
    RiskView,
    StrategiesView,
    View,
    WatchlistView,
)
from tui.screens.notices import Notices
from tui.screens.panes import MarketPane, Panes
from tui.screens.topics import Topics
from tui.widgets.candles import Candles
from tui.widgets.ladder import Ladder

_Kind = TypeVar("_Kind")
_NS_PER_SEC: Final = 1_000_000_000
_REST_SECS: Final = {
    "tape": 0.25, "depth": 0.25, "flow": 0.5, "heatmap": 0.5, "footprint": 0.5, "profile": 1.0,
    "overlays": 1.0, "trend": 1.0, "funding": 1.0, "pairs": 1.0,
    "log": 0.5, "limits": 0.5, "capital": 0.5,
}  # fmt: skip
"""The least time between two questions for a topic of a kind; other kinds are asked each frame."""


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
        self._asked_at: dict[str, float] = {}
        self._clock = clock
        self._attached_at: int | None = None
        self._has_new_alert = False
        self.show_price_alerts: Callable[[PriceAlertsView], None] | None = None
        """Who draws the alerts a person set, while anybody does."""
        self._shows: dict[type[View], Callable[[View], None]] = {
            HeaderView: self._show_header,
            WatchlistView: self._show_watchlist,
            StrategiesView: lambda view: panes.strategies.show(_as(view, StrategiesView)),
            RiskView: lambda view: panes.risk.show(_as(view, RiskView)),
            AccountView: lambda view: panes.account.show(_as(view, AccountView)),
            AlertsView: self._show_alerts,
            AlertHistoryView: lambda view: panes.alert_queue.show(_as(view, AlertHistoryView)),
            LimitsView: lambda view: panes.limits.show(_as(view, LimitsView)),
            CapitalView: self._show_capital,
            LogView: lambda view: panes.log.show(_as(view, LogView)),
            ProgressView: lambda view: panes.progress.show(_as(view, ProgressView)),
            PriceAlertsView: self._show_price_alerts,
            KillView: lambda view: panes.kill.show(_as(view, KillView)),
        }

    # -- asking ----------------------------------------------------------------------------

    def request(self, *, is_covered: bool) -> FrameRequest:
        """Ask for the topics on screen."""
        topics = [HEADER, ALERTS, PROGRESS, KILL]
        if self.show_price_alerts is not None:
            topics.append(PRICE_ALERTS)
        if is_covered:
            return self._topics.request(topics)
        topics += [WATCHLIST, STRATEGIES, RISK, ACCOUNT]
        resting: list[str] = []
        now = self._clock()
        for topic in (*self._market_topics(), *self._room_topics()):
            (topics if self._is_due(topic, now) else resting).append(topic)
        return self._topics.request(topics, resting=resting)

    def _market_topics(self) -> dict[str, None]:
        """Return the topics of the market panes on screen, each once, in order."""
        return dict.fromkeys(
            topic
            for pane in self._panes.market
            if pane.display and pane.size.height
            for topic in topics_of(pane)
        )

    def _room_topics(self) -> dict[str, None]:
        """Return the topics of the panes of the other rooms on screen."""
        panes = self._panes
        wanted = (
            (panes.limits, LIMITS), (panes.capital, CAPITAL), (panes.holds, CAPITAL),
            (panes.alert_queue, ALERT_HISTORY), (panes.log, LOG),
        )  # fmt: skip
        return dict.fromkeys(topic for pane, topic in wanted if pane.display and pane.size.height)

    def _is_due(self, topic: str, now: float) -> bool:
        rest = _REST_SECS.get(topic.partition("/")[0])
        if rest is None:
            return True
        if self._topics.holds(topic) and now - self._asked_at.get(topic, 0.0) < rest:
            return False
        self._asked_at[topic] = now
        return True

    # -- taking ----------------------------------------------------------------------------

    def take(self, frame: Frame) -> bool:
        """Draw a frame; return whether a new alert asks for the sheet."""
        self._has_new_alert = False
        second_before = self._engine_at // _NS_PER_SEC
        self._engine_at = frame.engine_at
        self._topics.took(frame)
        for topic, view in frame.views.items():
            show = self._shows.get(type(view))
            if show is not None:
                show(view)
            else:
                self._show_market(topic, view)
        if frame.engine_at // _NS_PER_SEC != second_before:
            self._tick(frame.engine_at)
        self._panes.candles.draw_when_due()
        for pane in (self._panes.ladder_left, self._panes.ladder_right, self._panes.ticket):
            pane.took_frame(frame.engine_at)
        self._take_facts(frame)
        return self._has_new_alert

    def _show_market(self, topic: str, view: View) -> None:
        """Hand a view to every pane that draws its topic now."""
        for pane in self._panes.market:
            if not pane.display or topic not in topics_of(pane):
                continue
            if isinstance(pane, Ladder):
                pane.show(_as(view, LadderView), self._engine_at)
            elif isinstance(pane, Candles):
                self._show_candles(pane, view)
            else:
                pane.show(view)

    def _show_candles(self, pane: Candles, view: View) -> None:
        if isinstance(view, OverlaysView):
            pane.show_overlays(view)
        else:
            pane.show(_as(view, CandlesView))

    def _tick(self, engine_at: int) -> None:
        """Let ages and countdowns move on, once a second."""
        panes = self._panes
        panes.ladder_left.tick(engine_at)
        panes.ladder_right.tick(engine_at)
        panes.candles.tick(engine_at)
        for pane in (*panes.studies, *panes.blotter):
            pane.tick(engine_at)
        panes.alert_line.tick(engine_at)
        panes.alert_queue.tick(engine_at)
        panes.sheet.tick(engine_at)

    def grow_old(self, silent_secs: float) -> None:
        """Let what the panes show grow old: the engine has not answered for so long."""
        at = self._engine_at + int(silent_secs * _NS_PER_SEC)
        panes = self._panes
        panes.ladder_left.grow_old(at)
        panes.ladder_right.grow_old(at)
        for pane in panes.studies:
            pane.tick(at)

    def _take_facts(self, frame: Frame) -> None:
        """Say what happened since this cockpit is attached; what was before is history."""
        self._panes.decisions.take(frame.facts)
        if self._attached_at is None:
            self._attached_at = frame.engine_at
        since = self._attached_at
        facts = tuple(shown.fact for shown in frame.facts if shown.fact.at >= since)
        if facts:
            self._notices.take(facts)

    def _show_price_alerts(self, view: View) -> None:
        if self.show_price_alerts is not None:
            self.show_price_alerts(_as(view, PriceAlertsView))

    def _show_header(self, view: View) -> None:
        self._panes.header.show(_as(view, HeaderView))

    def _show_watchlist(self, view: View) -> None:
        watchlist = _as(view, WatchlistView)
        self._panes.watchlist.show(watchlist)
        self._on_watchlist(watchlist)

    def _show_capital(self, view: View) -> None:
        capital = _as(view, CapitalView)
        self._panes.capital.show(capital)
        self._panes.holds.show(capital)

    def _show_alerts(self, view: View) -> None:
        alerts = _as(view, AlertsView)
        self._panes.alert_line.show(alerts, self._engine_at)
        self._panes.alert_queue.show_open(alerts, self._engine_at)
        self._has_new_alert = self._panes.sheet.show(alerts, self._engine_at)


def topics_of(pane: MarketPane | Ladder | Candles) -> tuple[str, ...]:
    """Return the topics a pane draws now."""
    topic = pane.topic()
    if topic is None:
        return ()
    if isinstance(pane, Candles) and (over := pane.overlays_topic()) is not None:
        return topic, over
    return (topic,)


def _as(view: View, kind: type[_Kind]) -> _Kind:
    assert isinstance(view, kind)
    return view
