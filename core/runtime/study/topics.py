"""The topics of the studies room: what their versions depend on, and who builds them."""

from collections.abc import Callable, Hashable
from typing import Final, Protocol

from core.domain.errors import DataInvalid
from core.domain.ids import InstrumentId
from core.domain.study_views import FUNDING, PAIRS, DepthView, FlowView, ProfileView
from core.domain.views import TapeMode, TapeView, View
from core.market.market import Market
from core.runtime.frames import Found, Parts, TopicSource, bounded, is_interval
from core.runtime.rooms import Rooms
from core.runtime.study.between import BetweenMarkets
from core.runtime.study.chart import ChartViews
from core.runtime.study.depth_view import depth_view
from core.runtime.study.flow_view import empty_flow, flow_view
from core.runtime.study.ladder import LadderViews
from core.runtime.study.market_study import MarketStudy
from core.runtime.study.profile_view import profile_view
from core.runtime.study.tape_view import tape_view

HEAVY_BEAT_NS: Final = 250_000_000
CANDLES_BEAT_NS: Final = 500_000_000
_SECOND: Final = 1_000_000_000
_STALE_AFTER: Final = 2 * _SECOND
_FADE_NS: Final = 5 * _SECOND
"""How often a still ladder looks whether withdrawn and added size is to be forgotten."""
_TOPICS_HELD: Final = 256
_MODES: Final = frozenset(mode.value for mode in TapeMode)
MOST_NOTIONAL: Final = 10**12
Build = Callable[[], View]


class Serving(Protocol):
    """What takes topic sources."""

    def serve(self, kind: str, source: TopicSource) -> None:
        """Answer topics that begin with a kind from a source."""


class Beats:
    """Lets a key move at most once a beat, and only when what it depends on has moved."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[int, Hashable]] = {}

    def key(self, topic: Hashable, beat: int, depends: Hashable) -> Hashable:
        """Return the key of a topic in this beat."""
        held = self._held.get(topic)
        if held is not None and (held[0] == beat or held[1] == depends):
            return held[1]
        self._held.pop(topic, None)
        self._held[topic] = (beat, depends)
        while len(self._held) > _TOPICS_HELD:
            del self._held[next(iter(self._held))]
        return depends


class StudyTopics:
    """Answers ladder, tape, candles, depth, flow, profile, funding and pairs."""

    def __init__(self, rooms: Rooms) -> None:
        self._market = rooms.market
        self._studies = rooms.studies
        self._watchlist = rooms.watchlist
        self._ladders = LadderViews(rooms.market, rooms.trading, rooms.studies)
        self._charts = ChartViews(rooms.market, rooms.studies)
        self._between = BetweenMarkets(rooms.market, rooms.studies)
        self._beats = Beats()

    def register(self, frames: Serving) -> None:
        """Serve every kind of this room."""
        sources: dict[str, TopicSource] = {
            "ladder": self._ladder,
            "tape": self._tape,
            "candles": self._candles,
            "depth": self._depth,
            "flow": self._flow,
            "profile": self._profile,
            FUNDING: self._funding,
            PAIRS: self._pairs,
        }
        for kind, source in sources.items():
            frames.serve(kind, source)

    # ---- pictures of one market ----------------------------------------------------------------

    def _ladder(self, parts: Parts, at: int) -> Found | None:
        if len(parts) != 3:  # noqa: PLR2004  instrument/rows/group
            return None
        name, rows, group = InstrumentId(parts[0]), bounded(parts[1]), bounded(parts[2])
        own = self._ladders.own_orders(name)
        market = self._market
        has_notes = name in self._studies.by_id
        key = (
            market.book_version(name),
            market.tape_version(name),
            own,
            self._stale_beat(name, at),
            at // _FADE_NS if has_notes else None,
            self._studies.version,
        )
        return key, lambda: self._ladders.view(name, rows, group, own, at)

    def _stale_beat(self, name: InstrumentId, at: int) -> int:
        """Move the version of a quiet book once a second, so that its age is seen to grow."""
        market = self._market.market(name)
        if market is None or market.proof_at is None or at - market.proof_at < _STALE_AFTER:
            return 0
        return at // _SECOND

    def _tape(self, parts: Parts, at: int) -> Found | None:  # noqa: ARG002  no clock in a tape
        if len(parts) != 4 or parts[2] not in _MODES:  # noqa: PLR2004  instrument/rows/mode/least
            return None
        name, rows, mode = InstrumentId(parts[0]), bounded(parts[1]), TapeMode(parts[2])
        least = min(int(parts[3]), MOST_NOTIONAL) if parts[3].isdecimal() else 0
        key = (self._market.tape_version(name), self._studies.version)
        return key, lambda: self._tape_view(name, rows, mode, least)

    def _tape_view(self, name: InstrumentId, rows: int, mode: TapeMode, least: int) -> TapeView:
        study = self._studies.by_id.get(name)
        if study is None:
            return self._market.tape(name, rows)
        return tape_view(study, rows, mode, least)

    def _candles(self, parts: Parts, at: int) -> Found | None:
        if len(parts) != 3 or not is_interval(parts[1]):  # noqa: PLR2004  instrument/interval/count
            return None
        name, interval, count = InstrumentId(parts[0]), parts[1], bounded(parts[2])
        own = self._ladders.own_orders(name)
        fills = len(self._studies.fills.get(name, ()))
        depends = (self._market.candles_version(name), fills, own)
        key = self._beats.key(("candles", *parts), at // CANDLES_BEAT_NS, depends)
        return key, lambda: self._charts.view(name, interval, count, own)

    # ---- numbers of one market -----------------------------------------------------------------

    def _depth(self, parts: Parts, at: int) -> Found | None:
        market = self._only_market(parts, 1)
        if market is None:
            return None
        name = market.instrument_id
        depends = (market.book_version, self._studies.version, at // _SECOND)
        key = self._beats.key(("depth", name), at // HEAVY_BEAT_NS, depends)
        return key, lambda: self._depth_view(market, at)

    def _depth_view(self, market: Market, at: int) -> DepthView:
        study = self._study_of(market)
        units_of = self._market.unit_caches.sizes
        try:
            return depth_view(market, study, units_of, at)
        except DataInvalid:
            self._market.disbelieve(market.instrument_id)
            return depth_view(market, study, units_of, at)

    def _flow(self, parts: Parts, at: int) -> Found | None:
        market = self._only_market(parts, 1)
        if market is None:
            return None
        depends = (market.tape_version, self._studies.version, at // _SECOND)
        key = self._beats.key(("flow", market.instrument_id), at // HEAVY_BEAT_NS, depends)
        return key, lambda: self._flow_view(market, at)

    def _flow_view(self, market: Market, at: int) -> FlowView:
        study = self._study_of(market)
        return empty_flow(market, at) if study is None else flow_view(study, at)

    def _profile(self, parts: Parts, at: int) -> Found | None:
        market = self._only_market(parts, 2)
        if market is None:
            return None
        group = bounded(parts[1])
        depends = (market.tape_version, self._studies.version, market.tick)
        key = self._beats.key(("profile", *parts), at // HEAVY_BEAT_NS, depends)
        return key, lambda: self._profile_view(market, group)

    def _profile_view(self, market: Market, group: int) -> ProfileView:
        return profile_view(market, self._study_of(market), group)

    def _only_market(self, parts: Parts, count: int) -> Market | None:
        """Return the market a topic names, None where it has other parts or is not known."""
        return self._market.market(InstrumentId(parts[0])) if len(parts) == count else None

    def _study_of(self, market: Market) -> MarketStudy | None:
        study = self._studies.by_id.get(market.instrument_id)
        return study if study is not None and study.market is market else None

    # ---- between markets -----------------------------------------------------------------------

    def _funding(self, parts: Parts, at: int) -> Found | None:
        if parts:
            return None
        watched = self._watchlist.instruments
        depends = (watched, at // _SECOND)
        return depends, lambda: self._between.funding(watched)

    def _pairs(self, parts: Parts, at: int) -> Found | None:
        if parts:
            return None
        watched = self._watchlist.instruments
        depends = (watched, at // _SECOND)
        return depends, lambda: self._between.pairs(watched)
