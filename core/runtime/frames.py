"""Builds what cockpits ask for: views whose version moved, once per version for all of them."""

from collections.abc import Callable, Hashable
from typing import Final

import msgspec

from core.domain.ids import InstrumentId
from core.domain.study_views import PRICE_ALERTS
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
    CandlesView,
    Frame,
    FrameRequest,
    LadderView,
    View,
    WatchlistView,
)
from core.market.candles import interval_ns
from core.runtime.desk import Desk
from core.runtime.panels import Panels
from core.runtime.rooms import Rooms

_HALF_SECOND: Final = 500_000_000
_SECOND: Final = 1_000_000_000
MAX_ROWS: Final = 500
MAX_TOPICS: Final = 512
"""Topics remembered; each ticket typed is one of its own."""
Builder = Callable[[], View]
Parts = tuple[str, ...]
Found = tuple[Hashable, Builder]
"""What a view's version depends on, and how it is built."""
TopicSource = Callable[[Parts, int], Found | None]
"""Takes the parts of a topic after its kind, and the engine time; None where they make no sense."""


class Frames:
    """Answers frame requests from the rooms' state; changes nothing."""

    def __init__(self, desk: Desk, rooms: Rooms, panels: Panels) -> None:
        self._desk = desk
        self._market = rooms.market
        self._watchlist = rooms.watchlist
        self._progress = rooms.progress
        self._panels = panels
        self._alerts = rooms.price_alerts
        self._fixed: dict[str, Callable[[int], Found]] = {
            HEADER: lambda at: (
                (at // _HALF_SECOND, panels.header_key()),
                lambda: panels.header(at),
            ),
            WATCHLIST: lambda at: (
                (at // _HALF_SECOND, self._watchlist.version),
                lambda: self._watch(at),
            ),
            STRATEGIES: lambda at: (
                (at // _SECOND, panels.strategies_key()),
                lambda: panels.strategies(at),
            ),
            RISK: lambda at: ((at // _SECOND, panels.risk_key()), lambda: panels.risk(at)),
            ACCOUNT: lambda at: (
                (at // _SECOND, panels.account_key()),
                lambda: panels.account(at),
            ),
            ALERTS: lambda at: (panels.alerts_key(at), lambda: panels.alerts(at)),
            ALERT_HISTORY: lambda _at: (
                rooms.risk.alerts.ended_count,
                rooms.risk.alerts.history,
            ),
            PRICE_ALERTS: lambda at: (
                (at // _SECOND, self._alerts.version),
                lambda: self._alerts.view(at),
            ),
            PROGRESS: lambda _at: (self._progress.version, self._progress.view),
            KILL: lambda _at: (rooms.kill.version, rooms.kill.view),
        }
        self._kinds: dict[str, TopicSource] = {}
        self._keys: dict[str, Hashable] = {}
        self._versions: dict[str, int] = {}
        self._changes = 0
        self._cache: dict[str, tuple[int, View]] = {}

    def frame(self, request: FrameRequest, at: int) -> Frame:
        """Answer one request; unknown topics are left out."""
        views: dict[str, View] = {}
        versions: dict[str, int] = {}
        for topic, held in request.versions.items():
            found = self._topic(topic, at)
            if found is None:
                continue
            key, builder = found
            version = self._version(topic, key)
            versions[topic] = version
            if version != held:
                views[topic] = self._view(topic, version, builder)
        return Frame(
            engine_at=at,
            views=views,
            versions=versions,
            facts=self._desk.facts_since(request.facts_since),
            next_fact=self._desk.next_fact,
        )

    def serve(self, kind: str, source: TopicSource) -> None:
        """Answer topics that are `kind`, or begin with `kind/`, from a source."""
        self._kinds[kind] = source

    def _topic(self, topic: str, at: int) -> Found | None:
        """Return what a topic's version depends on and how its view is built."""
        fixed = self._fixed.get(topic)
        if fixed is not None:
            return fixed(at)
        kind, *parts = topic.split("/")
        source = self._kinds.get(kind)
        found = source(tuple(parts), at) if source is not None else None
        return found and self._with_alerts(found, InstrumentId(parts[0] if parts else ""))

    def _with_alerts(self, found: Found, instrument: InstrumentId) -> Found:
        """Mark on ladder and candles where a person set alerts."""
        key, builder = found
        prices = self._alerts.prices(instrument)

        def build() -> View:
            view = builder()
            if not prices or not isinstance(view, LadderView | CandlesView):
                return view
            return msgspec.structs.replace(view, alert_prices=prices)

        return (key, prices), build

    def _watch(self, at: int) -> WatchlistView:
        rows = tuple(self._market.watch_row(name, at) for name in self._watchlist.instruments)
        return WatchlistView(rows=rows, catalogue=self._panels.catalogue())

    def _version(self, topic: str, key: Hashable) -> int:
        """Number every change anew over all topics, so that one forgotten never looks unmoved."""
        held = self._keys.pop(topic, None)
        if topic not in self._versions or held != key:
            self._changes += 1
            self._versions[topic] = self._changes
        self._keys[topic] = key
        if len(self._keys) > MAX_TOPICS:
            oldest = next(iter(self._keys))
            del self._keys[oldest], self._versions[oldest]
            self._cache.pop(oldest, None)
        return self._versions[topic]

    def _view(self, topic: str, version: int, builder: Builder) -> View:
        cached = self._cache.get(topic)
        if cached is not None and cached[0] == version:
            return cached[1]
        view = builder()
        self._cache[topic] = (version, view)
        return view


def is_interval(text: str) -> bool:
    """Whether a text names a candle interval."""
    try:
        return interval_ns(text) > 0
    except ValueError:
        return False


def bounded(text: str) -> int:
    """Read a count from a topic: at least 1, at most `MAX_ROWS`; 0 where it is no number."""
    return min(MAX_ROWS, max(1, int(text))) if text.isdigit() else 0
