"""A whole Desk with one studied market, fed by hand."""

from collections.abc import Iterable
from typing import Any

from core.domain.codec import packed, unpacker
from core.domain.events import Body, Event, InstrumentsListed, StudyWanted
from core.domain.facts import Mode
from core.domain.ids import InstrumentId, VenueId
from core.domain.instrument import Instrument
from core.domain.views import FrameRequest, View
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.study.market_study import MarketStudy
from tests.core.market.market_bodies import HERE

START = 1_790_000_000_000_000_000
MS = 1_000_000
_READ = unpacker(View)


class StudiedDesk:
    """Steps an engine that asks nobody; time moves as told."""

    def __init__(self, *rules: Instrument, watched: Iterable[InstrumentId] = (HERE,)) -> None:
        venue = VenueId("here")
        settings = DeskSettings(
            mode=Mode.REPLAY, venues=(venue,), watchlist=tuple(watched), can_query=False
        )
        self.engine = build(settings, (), lambda: 0)
        self.at = START
        self._seq = 1
        begin(self.engine, (), 1, START)
        if rules:
            self.send(
                InstrumentsListed(ts_event=0, ts_recv=0, venue=venue, instruments=tuple(rules))
            )

    def send(self, body: Body, after_ms: int = 0) -> None:
        """Take one step, so much later than the one before."""
        self.at += after_ms * MS
        self._seq += 1
        self.engine.desk.handle(Event(self._seq, self.at, body))

    def want(self, instrument: InstrumentId = HERE) -> None:
        """Look at a market."""
        self.send(StudyWanted(ts_event=self.at, ts_recv=self.at, instrument=instrument))

    def study(self, instrument: InstrumentId = HERE) -> MarketStudy:
        """Return the study of a market."""
        return self.engine.rooms.studies.by_id[instrument]

    def view(self, topic: str) -> Any:
        """Build a view as a cockpit gets it: through the link's form and back."""
        frame = self.engine.frames.frame(FrameRequest(versions={topic: 0}), self.at)
        view = frame.views[topic]
        found = _READ.decode(packed(view))
        assert found == view
        return found

    def version(self, topic: str) -> int:
        """Return the version of a topic now."""
        return self.engine.frames.frame(FrameRequest(versions={topic: 0}), self.at).versions[topic]
