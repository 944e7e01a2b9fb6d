"""Builds what cockpits ask for: views whose version moved, once per version for all of them."""

from collections.abc import Callable, Hashable
from typing import Final

from core.domain.ids import InstrumentId
from core.domain.views import (
    ACCOUNT,
    ALERTS,
    HEADER,
    PROGRESS,
    RISK,
    STRATEGIES,
    WATCHLIST,
    Frame,
    FrameRequest,
    LadderView,
    OwnOrder,
    View,
    WatchlistView,
)
from core.market.candles import interval_ns
from core.runtime.desk import Desk
from core.runtime.panels import Panels
from core.runtime.rooms import Rooms

_HALF_SECOND: Final = 500_000_000
_SECOND: Final = 1_000_000_000
_STALE_AFTER: Final = 2 * _SECOND
MAX_ROWS: Final = 500
Builder = Callable[[], View]


class Frames:
    """Answers frame requests from the rooms' state; changes nothing."""

    def __init__(self, desk: Desk, rooms: Rooms, panels: Panels) -> None:
        self._desk = desk
        self._market = rooms.market
        self._watchlist = rooms.watchlist
        self._progress = rooms.progress
        self._panels = panels
        self._fixed: dict[str, Callable[[int], tuple[Hashable, Builder]]] = {
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
            PROGRESS: lambda _at: (self._progress.version, self._progress.view),
        }
        self._keys: dict[str, Hashable] = {}
        self._versions: dict[str, int] = {}
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

    def _topic(self, topic: str, at: int) -> tuple[Hashable, Builder] | None:
        """Return what a topic's version depends on and how its view is built."""
        fixed = self._fixed.get(topic)
        return self._market_topic(topic.split("/"), at) if fixed is None else fixed(at)

    def _market_topic(self, parts: list[str], at: int) -> tuple[Hashable, Builder] | None:
        market = self._market
        kind, instrument = parts[0], InstrumentId(parts[1] if len(parts) > 1 else "")
        numbers = [_bounded(part) for part in parts[2:]]
        if kind == "ladder" and len(parts) == 4:  # noqa: PLR2004  ladder/instrument/rows/group
            own = self._panels.own_orders(instrument)
            key = (market.book_version(instrument), own, self._stale_beat(instrument, at))
            return key, lambda: self._ladder(instrument, numbers[0], numbers[1], own, at)
        if kind == "tape" and len(parts) == 3:  # noqa: PLR2004  tape/instrument/rows
            return (
                market.tape_version(instrument),
                lambda: market.tape(instrument, numbers[0]),
            )
        if kind == "candles" and len(parts) == 4 and _is_interval(parts[2]):  # noqa: PLR2004  …/n
            interval = parts[2]
            key2 = (market.candles_version(instrument) and at // _HALF_SECOND, instrument)
            return key2, lambda: market.candles(instrument, interval, numbers[1])
        return None

    def _ladder(
        self, instrument: InstrumentId, rows: int, group: int, own: tuple[OwnOrder, ...], at: int
    ) -> LadderView:
        return self._market.ladder(instrument, rows, group, own, at)

    def _stale_beat(self, instrument: InstrumentId, at: int) -> int:
        """Move the version of a quiet book once a second, so that its age is seen to grow."""
        touch = self._market.touch(instrument, at)
        if touch is None or touch.proof_at is None or at - touch.proof_at < _STALE_AFTER:
            return 0
        return at // _SECOND

    def _watch(self, at: int) -> WatchlistView:
        rows = tuple(self._market.watch_row(name, at) for name in self._watchlist.instruments)
        return WatchlistView(rows=rows, catalogue=self._panels.catalogue())

    def _version(self, topic: str, key: Hashable) -> int:
        if self._keys.get(topic) != key:
            self._keys[topic] = key
            self._versions[topic] = self._versions.get(topic, 0) + 1
        return self._versions[topic]

    def _view(self, topic: str, version: int, builder: Builder) -> View:
        cached = self._cache.get(topic)
        if cached is not None and cached[0] == version:
            return cached[1]
        view = builder()
        self._cache[topic] = (version, view)
        return view


def _is_interval(text: str) -> bool:
    try:
        return interval_ns(text) > 0
    except ValueError:
        return False


def _bounded(text: str) -> int:
    return min(MAX_ROWS, max(1, int(text))) if text.isdigit() else 0
