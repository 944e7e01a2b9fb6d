"""The Desk's side of the analyst: which topics are looked at, their jobs, their newest answers.

Nothing is computed that nobody looks at: a topic not asked for is dropped. Facts are never made
here, so nothing of it is journaled; a restart begins with the next look.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from core.domain.effects import Analyse, WakeAt
from core.domain.events import AnalysisDone, TimerFired, TopicWanted, TradeSeen
from core.domain.ids import InstrumentId
from core.domain.reaction import NOTHING, Reaction
from core.domain.study_views import PAIRS, StudyView
from core.market.room import MarketRoom
from core.runtime.analyst.pairs_study import PairNumbers, PairsStudy
from core.runtime.analyst.recorder import SAMPLE_KEY, RingRecorder
from core.runtime.analyst.studies import SECOND, Shown, Study
from core.runtime.analyst.topics import KINDS, studied

TOPIC_KEY: Final = "analyst/"
FORGOTTEN_NS: Final = 60 * SECOND
IDLE_NS: Final = 25 * SECOND
"""A topic not asked for this long costs nothing any more, but keeps what it remembers."""
MOST_TOPICS: Final = 32
"""Beyond them the one asked for longest ago is dropped."""
LOST_NS: Final = 60 * SECOND
"""After this long without an answer a job is given up and asked for again."""


class _Seat:
    """One topic somebody looks at."""

    __slots__ = ("asked_at", "failures", "study", "version", "wanted_at")

    def __init__(self, study: Study, at: int) -> None:
        self.study = study
        self.wanted_at = at
        self.asked_at: int | None = None
        self.version = 0
        self.failures = 0


class Analyses:
    """Every topic of the analyst.

    Args:
        market: Where the inputs are read.
        watched: The markets whose pairs are compared.
        forgotten_ns: Engine time after which a topic nobody asked for is dropped.
    """

    def __init__(
        self,
        market: MarketRoom,
        watched: Callable[[], tuple[InstrumentId, ...]],
        *,
        forgotten_ns: int = FORGOTTEN_NS,
    ) -> None:
        self._market = market
        self._watched = watched
        self._forgotten_ns = forgotten_ns
        self._recorder = RingRecorder(market)
        self._seats: dict[str, _Seat] = {}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return which events move this room."""
        return {
            TopicWanted: self.on_wanted,
            AnalysisDone: self.on_done,
            TimerFired: self.on_timer,
            TradeSeen: self.on_trade,
        }

    def on_wanted(self, body: TopicWanted, at: int) -> Reaction:
        """Begin or keep a topic; one that makes no sense is ignored."""
        seat = self._seats.get(body.topic)
        if seat is not None:
            seat.wanted_at = at
            return Reaction((), seat.study.begin(at))
        study = studied(body.topic, self._market, self._recorder, self._watched)
        if study is None:
            return NOTHING
        if len(self._seats) >= MOST_TOPICS:
            self._drop(min(self._seats, key=lambda topic: self._seats[topic].wanted_at))
        self._seats[body.topic] = _Seat(study, at)
        return Reaction((), (*study.begin(at), WakeAt(key=f"{TOPIC_KEY}{body.topic}", at=at)))

    def on_timer(self, body: TimerFired, at: int) -> Reaction:
        """Take a sample, or look after a topic."""
        if body.key.startswith(SAMPLE_KEY):
            name = InstrumentId(body.key[len(SAMPLE_KEY) :])
            return Reaction((), self._recorder.woken(name, at))
        seat = self._seats.get(body.key[len(TOPIC_KEY) :])
        if seat is None or not body.key.startswith(TOPIC_KEY):
            return NOTHING
        return self._looked(body.key, seat, at)

    def _looked(self, key: str, seat: _Seat, at: int) -> Reaction:
        if at - seat.wanted_at > self._forgotten_ns:
            self._drop(key[len(TOPIC_KEY) :])
            return NOTHING
        is_idle = at - seat.wanted_at > IDLE_NS
        is_out = seat.asked_at is not None and at - seat.asked_at < LOST_NS
        job = None if is_idle else seat.study.look(at, may_ask=not is_out)
        wake = WakeAt(key=key, at=at + seat.study.period_ns)
        if job is None:
            return Reaction((), (wake,))
        seat.asked_at = at
        return Reaction((), (Analyse(job=job), wake))

    def _drop(self, topic: str) -> None:
        self._seats.pop(topic).study.end()

    def on_done(self, body: AnalysisDone, at: int) -> Reaction:  # noqa: ARG002
        """Keep the newest answer of a topic."""
        seat = self._seats.get(body.topic)
        if seat is None:
            return NOTHING
        seat.asked_at = None
        seat.failures += bool(body.error)
        if body.view is not None:
            seat.study.take(body.view)
            seat.version += 1
        return NOTHING

    def on_trade(self, body: TradeSeen, at: int) -> Reaction:
        """Remember a print of a market somebody looks at."""
        self._recorder.print_seen(body, at)
        return NOTHING

    # ---- reading -------------------------------------------------------------------------------

    def sources(self) -> dict[str, Callable[[tuple[str, ...], int], Shown | None]]:
        """Return what answers the topics of each kind, by kind."""
        return {kind: partial(self._shown, kind) for kind in KINDS}

    def _shown(self, kind: str, parts: tuple[str, ...], at: int) -> Shown | None:
        seat = self._seats.get("/".join((kind, *parts)))
        if seat is None or not seat.version:
            return None
        return (seat.version, seat.study.key(at)), lambda: _something(seat.study.shown(at))

    def pair_numbers(self, first: InstrumentId, second: InstrumentId) -> PairNumbers | None:
        """Return correlation and lead of two markets, None while nobody asked for pairs."""
        seat = self._seats.get(PAIRS)
        if seat is None or not isinstance(seat.study, PairsStudy):
            return None
        return seat.study.numbers(first, second)

    def failures(self) -> dict[str, int]:
        """Return how often the analyst failed, by topic."""
        return {topic: seat.failures for topic, seat in self._seats.items() if seat.failures}

    def topics(self) -> tuple[str, ...]:
        """List the topics somebody looks at."""
        return tuple(self._seats)


def _something(view: StudyView | None) -> StudyView:
    assert view is not None, "a topic with an answer shows one"
    return view
