"""Gets a book back: asks for snapshots, and wakes up for what no frame would bring about."""

from collections.abc import Iterator
from typing import Final

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import Channel, ConnectionChanged, LinkState, QueryKind
from core.domain.ids import InstrumentId, venue_of
from core.domain.views import BookState
from core.market.market import Market
from core.market.markets import Markets
from core.market.pacing import SnapshotPacer

BOOK_KEY: Final = "market/book/"


class BookChase:
    """Turns the wishes of book splices into queries and timers.

    Args:
        markets: The books.
        pacer: Spacing of the queries.
        query_ids: Ids for the queries.
        can_query: False where nobody would answer.
    """

    def __init__(
        self, markets: Markets, pacer: SnapshotPacer, query_ids: Iterator[int], *, can_query: bool
    ) -> None:
        self._markets = markets
        self._pacer = pacer
        self._query_ids = query_ids
        self._can_query = can_query

    def chase(self, market: Market, at: int) -> tuple[Effect, ...]:
        """Ask for a snapshot if one is due, else wake up when something is."""
        splice, name = market.splice, market.instrument_id
        if splice.state is BookState.VALID:
            self._pacer.joined(name)
            return ()
        if splice.crosses_out_at is not None:
            return self._wake(market, splice.crosses_out_at + 1, at)
        if splice.settles_at is not None and not splice.is_asking:
            return self._wake(market, splice.settles_at, at)
        if not splice.is_asking or not self._can_query:
            return ()
        earliest = self._pacer.earliest(venue_of(name), name)
        return self._wake(market, earliest, at) if earliest > at else self._ask(market, at)

    def _ask(self, market: Market, at: int) -> tuple[Effect, ...]:
        name = market.instrument_id
        query_id = next(self._query_ids)
        self._pacer.asked(venue_of(name), name, query_id, at)
        query = Query(query_id=query_id, kind=QueryKind.BOOK_SNAPSHOT, instrument=name)
        market.wake_at = None
        return (query, *self._wake(market, at + self._pacer.limits.answer_ns, at))

    def _wake(self, market: Market, due: int, at: int) -> tuple[Effect, ...]:
        armed = market.wake_at
        if armed is not None and at < armed <= due:
            return ()
        market.wake_at = due
        return (WakeAt(key=BOOK_KEY + market.instrument_id, at=due),)

    def expect(self, market: Market, at: int) -> tuple[Effect, ...]:
        """Come back after the time in which a market that is not quiet has sent something."""
        return self._wake(market, at + self._pacer.limits.quiet_ns, at)

    def answered(self, market: Market, at: int) -> tuple[Effect, ...]:
        """Go on after a snapshot came."""
        self._pacer.answered(market.instrument_id, at)
        return self.chase(market, at)

    def failed(self, query_id: int, at: int) -> tuple[Effect, ...]:
        """Go on after a snapshot query failed; a query of another kind is none of ours."""
        book = self._pacer.failed(query_id, at)
        market = None if book is None else self._markets.by_id.get(InstrumentId(book))
        return () if market is None else self.chase(market, at)

    def woken(self, instrument: InstrumentId, at: int) -> tuple[Effect, ...]:
        """Go on after a timer."""
        market = self._markets.by_id.get(instrument)
        if market is None:
            return ()
        market.wake_at = None
        splice = market.splice
        splice.check_crossed(at)
        if splice.settle(at):
            market.book_version += 1
            market.prove(at, 0)
        elif instrument in self._markets.followed:
            splice.ask()
        return self.chase(market, at)

    def connection(self, change: ConnectionChanged, at: int) -> tuple[Effect, ...]:
        """Void the books of a public stream that went down; expect frames of one that came up."""
        if change.channel is not Channel.PUBLIC or change.state is LinkState.CONNECTING:
            return ()
        markets = self._markets.at_venue(change.venue)
        if change.state is LinkState.UP:
            followed = self._markets.followed
            expected = [self.expect(m, at) for m in markets if m.instrument_id in followed]
            return tuple(effect for effects in expected for effect in effects)
        for market in markets:
            self._void(market)
        return ()

    def _void(self, market: Market) -> None:
        if market.splice.state is BookState.VALID:
            self._markets.counters.resyncs += 1
        market.splice.void()
        market.tape.restart()
        market.book_version += 1
        market.watch_version += 1
        self._pacer.joined(market.instrument_id)
