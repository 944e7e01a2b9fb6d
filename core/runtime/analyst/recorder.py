"""Keeps the rings of the markets that heatmaps and footprints are drawn of, while they are."""

from typing import Final

from core.domain.effects import Effect, WakeAt
from core.domain.events import TradeSeen
from core.domain.ids import InstrumentId
from core.market.room import MarketRoom
from core.runtime.analyst.rings import FINE_NS, BookRing, PrintRing

SAMPLE_KEY: Final = "analyst-sample/"


class MarketScale:
    """The tick of a market and how its numbers are written."""

    __slots__ = ("price_decimals", "size_decimals", "tick")

    def __init__(self, market: MarketRoom, instrument: InstrumentId, at: int) -> None:
        ladder = market.ladder(instrument, 1, 1, (), at)
        self.tick = ladder.row_step
        self.price_decimals = ladder.price_decimals
        self.size_decimals = ladder.size_decimals


class Rings:
    """What is remembered of one market, and by how many studies it is used."""

    __slots__ = ("book", "prints", "users")

    def __init__(self, instrument: InstrumentId) -> None:
        self.book = BookRing(instrument)
        self.prints = PrintRing()
        self.users: set[str] = set()


class RingRecorder:
    """The rings by market. A sample is a step of its own, so that no step takes two."""

    def __init__(self, market: MarketRoom) -> None:
        self._market = market
        self._rings: dict[InstrumentId, Rings] = {}

    def want(self, instrument: InstrumentId, user: str, at: int) -> tuple[Effect, ...]:
        """Begin or keep on remembering a market for a topic."""
        rings = self._rings.get(instrument)
        if rings is not None:
            rings.users.add(user)
            return ()
        rings = self._rings[instrument] = Rings(instrument)
        rings.users.add(user)
        return (WakeAt(key=f"{SAMPLE_KEY}{instrument}", at=at),)

    def release(self, instrument: InstrumentId, user: str) -> None:
        """Forget a market nobody uses any more."""
        rings = self._rings.get(instrument)
        if rings is None:
            return
        rings.users.discard(user)
        if not rings.users:
            del self._rings[instrument]

    def of(self, instrument: InstrumentId) -> Rings | None:
        """Return the rings of a market."""
        return self._rings.get(instrument)

    def print_seen(self, trade: TradeSeen, at: int) -> None:
        """Remember a print of a market somebody looks at."""
        rings = self._rings.get(trade.instrument)
        if rings is not None:
            rings.prints.add(trade, at)

    def woken(self, instrument: InstrumentId, at: int) -> tuple[Effect, ...]:
        """Take the next sample, and wake again while it is wanted."""
        rings = self._rings.get(instrument)
        if rings is None:
            return ()
        rings.book.sample(self._market, MarketScale(self._market, instrument, at).tick, at)
        return (WakeAt(key=f"{SAMPLE_KEY}{instrument}", at=at - at % FINE_NS + FINE_NS),)
