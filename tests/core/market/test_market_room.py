"""The market room: what its handlers keep, ask for and show."""

from itertools import count, pairwise

import pytest

from core.domain.effects import Effect, Query, WakeAt
from core.domain.events import (
    Body,
    CandlesLoaded,
    Channel,
    ConnectionChanged,
    InstrumentsListed,
    LinkState,
    MalformedFrame,
    QueryFailed,
    QueryKind,
    TimerFired,
    TradeSeen,
    UnknownFrame,
)
from core.domain.exact import Price, Quantity
from core.domain.fixed import UNIT, scaled
from core.domain.ids import Asset, InstrumentId, VenueId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import Side
from core.domain.views import BookState
from core.market.room import MarketRoom
from tests.core.market.market_bodies import (
    HERE,
    MS,
    SECOND,
    candle,
    depth,
    mark,
    quote,
    snapshot,
    ticker,
    trade,
)

VENUE = VenueId("here")
MINUTE = 60 * SECOND


class Driven:
    """A room and the Desk's part around it: dispatch by type."""

    def __init__(self, *, can_query: bool = True) -> None:
        self.room = MarketRoom(count(1), can_query=can_query)
        self._handlers = self.room.handlers()

    def take(self, body: Body, at: int = 0) -> tuple[Effect, ...]:
        """Hand one body to its handler."""
        return self._handlers[type(body)](body, at)

    def join(self, at: int = 0) -> None:
        """Make the book of HERE valid at id 10."""
        self.take(depth(10), at)
        self.take(snapshot(10), at)
        assert self.state(at) is BookState.VALID

    def state(self, at: int = 0) -> BookState:
        """Return the state of the book of HERE."""
        touch = self.room.touch(HERE, at)
        assert touch is not None
        return touch.book_state


def queries(effects: tuple[Effect, ...]) -> list[Query]:
    """Pick the queries."""
    return [effect for effect in effects if isinstance(effect, Query)]


def wakes(effects: tuple[Effect, ...]) -> list[WakeAt]:
    """Pick the timers."""
    return [effect for effect in effects if isinstance(effect, WakeAt)]


def fired(wake: WakeAt) -> TimerFired:
    """Let a timer fire."""
    return TimerFired(ts_event=wake.at, ts_recv=wake.at, key=wake.key, due=wake.at)


def failed(query: Query) -> QueryFailed:
    """Let a query fail."""
    return QueryFailed(
        ts_event=0, ts_recv=0, query_id=query.query_id, kind=query.kind, target="", reason=""
    )


def connection(state: LinkState) -> ConnectionChanged:
    """Write a change of the public stream."""
    return ConnectionChanged(
        ts_event=0, ts_recv=0, venue=VENUE, channel=Channel.PUBLIC, state=state
    )


# ---- books -------------------------------------------------------------------------------------


def test_first_depth_frame_asks_for_one_snapshot() -> None:
    """The query leaves at once and is not repeated by the next frames."""
    desk = Driven()

    first = desk.take(depth(1), 0)
    second = desk.take(depth(2), MS)

    assert [query.kind for query in queries(first)] == [QueryKind.BOOK_SNAPSHOT]
    assert second == ()


def test_depth_frame_into_a_valid_book_has_no_effect() -> None:
    """The hot path answers nothing."""
    desk = Driven()
    desk.join()

    assert desk.take(depth(11, bids=[("99.5", "2")]), MS) == ()

    assert desk.room.book_version(HERE) == 3


def test_failed_snapshot_is_asked_again_later_and_later() -> None:
    """Each failure waits longer than the one before, up to a bound."""
    desk = Driven()
    effects = desk.take(depth(1), 0)
    at, asked_at = 0, [0]

    while len(asked_at) < 10:
        for query in queries(effects):
            effects = (*wakes(effects), *desk.take(failed(query), at))
        wake = wakes(effects)[-1]
        at = wake.at
        effects = desk.take(fired(wake), at)
        asked_at += [at] * len(queries(effects))
    pauses = [later - earlier for earlier, later in pairwise(asked_at)]

    assert pauses[:3] == [250 * MS, 500 * MS, 1_000 * MS]
    assert pauses[-1] == 15 * SECOND


def test_snapshot_queries_of_a_venue_are_spaced() -> None:
    """Two books that need a snapshot at once do not ask at once."""
    desk = Driven()
    other = InstrumentId("here:BBB_USD")
    desk.take(depth(1), 0)

    effects = desk.take(depth(1, instrument=other), 0)

    assert queries(effects) == []
    (wake,) = wakes(effects)
    assert wake.at == 100 * MS
    assert [query.instrument for query in queries(desk.take(fired(wake), wake.at))] == [other]


def test_unanswered_snapshot_is_asked_again() -> None:
    """A query that nobody answers does not leave the book waiting for ever."""
    desk = Driven()
    (wake,) = wakes(desk.take(depth(1), 0))

    assert len(queries(desk.take(fired(wake), wake.at))) == 1


def test_gap_counts_resyncs_and_asks() -> None:
    """A gap ends the book and a new snapshot is asked for."""
    desk = Driven()
    desk.join()

    effects = desk.take(depth(13), SECOND)

    assert desk.state() is BookState.INVALID
    assert (desk.room.counters.gaps, desk.room.counters.resyncs) == (1, 1)
    assert len(queries(effects)) == 1


def test_malformed_frame_of_a_book_resyncs_that_book_only() -> None:
    """A frame that cannot be read may have been a delta."""
    desk = Driven()
    desk.join()
    other = InstrumentId("here:BBB_USD")
    desk.take(depth(10, instrument=other), 0)
    desk.take(snapshot(10, instrument=other), 0)

    effects = desk.take(
        MalformedFrame(ts_event=0, ts_recv=0, venue=VENUE, raw=b"{", reason="cut", instrument=HERE),
        SECOND,
    )

    assert desk.state() is BookState.INVALID
    assert len(queries(effects)) == 1
    untouched = desk.room.touch(other, 0)
    assert untouched is not None
    assert untouched.book_state is BookState.VALID


def test_frame_nobody_knows_is_counted() -> None:
    """Unknown frames change nothing and are not lost silently."""
    desk = Driven()

    desk.take(UnknownFrame(ts_event=0, ts_recv=0, venue=VENUE, raw=b"{}"))
    desk.take(MalformedFrame(ts_event=0, ts_recv=0, venue=VENUE, raw=b"{", reason="cut"))

    counters = desk.room.counters
    assert (counters.unknown_frames, counters.malformed_frames) == (1, 1)


def test_lost_connection_voids_every_book_of_the_venue() -> None:
    """After a reconnect everything starts from a new snapshot."""
    desk = Driven()
    desk.join()

    desk.take(connection(LinkState.DOWN))

    assert desk.state() is BookState.EMPTY
    assert len(queries(desk.take(depth(40), SECOND))) == 1


def test_private_connection_does_not_touch_books() -> None:
    """Only the public stream carries books."""
    desk = Driven()
    desk.join()

    desk.take(
        ConnectionChanged(
            ts_event=0, ts_recv=0, venue=VENUE, channel=Channel.PRIVATE, state=LinkState.DOWN
        )
    )

    assert desk.state() is BookState.VALID


def test_followed_quiet_market_asks_and_becomes_valid_by_its_snapshot() -> None:
    """A market without any update still gets a book."""
    desk = Driven()
    effects = desk.room.follow(HERE, 0)
    (wake,) = wakes(effects)
    assert [query.kind for query in queries(effects)] == [QueryKind.CANDLES]

    asked = desk.take(fired(wake), wake.at)
    assert [query.kind for query in queries(asked)] == [QueryKind.BOOK_SNAPSHOT]
    (settle,) = wakes(desk.take(snapshot(10), wake.at + MS))
    desk.take(fired(settle), settle.at)

    assert desk.state() is BookState.VALID


def test_crossed_book_that_nobody_updates_is_thrown_away_by_its_timer() -> None:
    """The bound on crossing needs no further frame."""
    desk = Driven()
    desk.join()

    (wake,) = wakes(desk.take(depth(11, bids=[("102", "1")]), SECOND))
    effects = desk.take(fired(wake), wake.at)

    assert desk.room.counters.crossed == 1
    assert len(queries(effects)) == 1


def test_size_that_is_no_number_ends_the_book_when_it_is_read() -> None:
    """Text is stored unread; reading it strictly must not take the engine down."""
    desk = Driven()
    desk.join()
    desk.take(depth(11, bids=[("99.5", "1e5")]), 0)

    assert desk.state() is BookState.INVALID

    assert desk.room.counters.malformed_frames == 1
    assert len(queries(desk.take(depth(12), SECOND))) == 1


def test_replay_asks_nobody() -> None:
    """Where nobody answers, nothing is asked."""
    desk = Driven(can_query=False)

    assert desk.take(depth(1), 0) == ()
    assert queries(desk.room.follow(HERE, 0)) == []


@pytest.mark.parametrize("key", ["market/book/none:X", "market/candles/1m/none:X", "other/x"])
def test_timers_of_others_are_ignored(key: str) -> None:
    """A timer of an unknown market or another room does nothing."""
    assert Driven().take(TimerFired(ts_event=0, ts_recv=0, key=key, due=0)) == ()


# ---- touch -------------------------------------------------------------------------------------


def test_touch_tells_top_marks_and_their_ages() -> None:
    """What a gate asks for, with the engine time of each."""
    desk = Driven()
    desk.join(at=SECOND)
    desk.take(mark("100.123456789012", "100.2", ts=50), 3 * SECOND)
    desk.take(trade(1, "100", "2"), 4 * SECOND)
    desk.take(trade(2, "103", "1"), 5 * SECOND)

    touch = desk.room.touch(HERE, 5 * SECOND)

    assert touch is not None
    assert (touch.best_bid, touch.best_ask) == (99 * UNIT, 101 * UNIT)
    assert (touch.bid_size, touch.ask_size, touch.mid) == (UNIT, UNIT, 100 * UNIT)
    assert (touch.mark, touch.index) == (scaled("100.1234567890"), scaled("100.2"))
    assert (touch.mark_at, touch.last_at) == (3 * SECOND, 5 * SECOND)
    assert touch.vwap_60s == 101 * UNIT


def test_mark_with_a_later_venue_time_proves_a_quiet_book() -> None:
    """A quiet book is not stale while its connection speaks."""
    desk = Driven()
    desk.join(at=SECOND)

    desk.take(mark("100", ts=5), 9 * SECOND)
    before = desk.room.touch(HERE, 9 * SECOND)
    desk.take(mark("100", ts=50), 9 * SECOND)
    after = desk.room.touch(HERE, 9 * SECOND)

    assert before is not None
    assert after is not None
    assert (before.proof_at, after.proof_at) == (SECOND, 9 * SECOND)


def test_vwap_forgets_after_a_minute() -> None:
    """Only prints of the last sixty seconds count."""
    desk = Driven()
    desk.take(trade(1, "100"), SECOND)
    desk.take(trade(2, "200"), 50 * SECOND)

    late = desk.room.touch(HERE, 62 * SECOND)
    later = desk.room.touch(HERE, 300 * SECOND)

    assert late is not None
    assert later is not None
    assert (late.vwap_60s, later.vwap_60s) == (200 * UNIT, None)


def test_quote_that_contradicts_its_own_update_is_counted() -> None:
    """A quote of the book's very update id must show the book's top."""
    desk = Driven()
    desk.join()

    desk.take(quote(10, "99", "101"))
    desk.take(quote(10, "98", "101"))
    desk.take(quote(9, "90", "101"))

    assert desk.room.counters.top_mismatches == 1


# ---- views -------------------------------------------------------------------------------------


def test_ladder_groups_rows_and_adds_up() -> None:
    """Bids are floored and asks ceiled to the grid; cumulative sizes grow from the touch."""
    desk = Driven()
    desk.take(depth(1))
    bids = [("99.9", "1"), ("99.5", "2"), ("98.1", "4")]
    asks = [("100.1", "1"), ("101", "2"), ("101.2", "3")]
    desk.take(snapshot(1, bids, asks))

    view = desk.room.ladder(HERE, 5, 10, (), 0)

    assert view.row_step == UNIT
    assert [(row.price // UNIT, row.size // UNIT) for row in view.bids] == [(99, 3), (98, 4)]
    assert [(row.price // UNIT, row.size // UNIT) for row in view.asks] == [(101, 3), (102, 3)]
    assert [row.cumulative // UNIT for row in view.bids] == [3, 7]
    assert view.best_bid == scaled("99.9")
    assert view.imbalance == pytest.approx(1 / 13)
    assert view.price_decimals == 1


def test_ladder_goes_stale_with_its_age() -> None:
    """A number that is old says so."""
    desk = Driven()
    desk.join(at=SECOND)

    fresh = desk.room.ladder(HERE, 5, 1, (), 2 * SECOND)
    old = desk.room.ladder(HERE, 5, 1, (), 8 * SECOND)

    assert (fresh.book_state, fresh.age_ms) == (BookState.VALID, 1_000)
    assert (old.book_state, old.age_ms) == (BookState.STALE, 7_000)


def test_ladder_takes_the_grid_from_the_rules() -> None:
    """Where the venue's tick is known, it is the grid."""
    desk = Driven()
    rules = Instrument(
        id=HERE,
        kind=InstrumentKind.SPOT,
        base=Asset("AAA"),
        quote=Asset("USD"),
        tick=Price("0.25"),
        step=Quantity("0.01"),
        min_quantity=Quantity("0.01"),
    )

    desk.take(InstrumentsListed(ts_event=0, ts_recv=0, venue=VENUE, instruments=(rules,)))
    desk.join()
    view = desk.room.ladder(HERE, 5, 2, (), 0)

    assert (view.row_step, view.price_decimals, view.size_decimals) == (UNIT // 2, 2, 2)
    assert desk.room.rules(HERE) == rules


def test_tape_shows_newest_last_and_leaves_holes_for_missing_prints() -> None:
    """A hole in the venue's trade ids is a hole in the serials."""
    desk = Driven()

    for trade_id in (5, 6, 9, 9):
        desk.take(trade(trade_id, "100"))
    view = desk.room.tape(HERE, 2)

    assert [row.serial for row in view.rows] == [2, 5]
    assert view.missed == 2
    assert desk.room.counters.missed_trades == 2


def test_minutes_are_built_from_prints_where_nobody_streams_them() -> None:
    """Open, high, low, close and volume come from the prints; empty minutes stay empty."""
    desk = Driven()
    for number, (ts, price) in enumerate([(1, "10"), (2, "12"), (3, "9"), (150, "11")]):
        desk.take(trade(number, price, ts=ts * SECOND))

    first, empty, last = desk.room.candles(HERE, "1m", 10).candles

    assert (first.open, first.high, first.low, first.close, first.volume) == (10, 12, 9, 9, 3)
    assert (empty.start_ts, empty.close) == (MINUTE, None)
    assert last.close == 11


def test_streamed_candles_replace_built_ones() -> None:
    """Once the venue streams an interval, prints no longer touch it."""
    desk = Driven()
    desk.take(candle(0, "10"))
    desk.take(trade(1, "55", ts=SECOND))

    (only,) = desk.room.candles(HERE, "1m", 10).candles

    assert only.close == 10


def test_loaded_history_joins_the_live_candle() -> None:
    """History comes behind what is live, and the fresher state of the last candle stays."""
    desk = Driven()
    (query,) = queries(desk.room.want_candles(HERE, "1m", 1_000 * MINUTE))
    assert desk.room.candles(HERE, "1m", 9).is_loading
    desk.take(candle(2 * MINUTE, "30"))

    history = tuple(candle(number * MINUTE, str(10 + number)) for number in range(3))
    desk.take(CandlesLoaded(ts_event=0, ts_recv=0, instrument=HERE, interval="1m", candles=history))
    view = desk.room.candles(HERE, "1m", 9)

    assert query.kind is QueryKind.CANDLES
    assert [row.close for row in view.candles] == [10, 11, 30]
    assert not view.is_loading
    assert desk.room.want_candles(HERE, "1m", 0) == ()


def test_failed_history_is_tried_again() -> None:
    """A chart does not stay empty because one read failed."""
    desk = Driven()
    (query,) = queries(desk.room.want_candles(HERE, "5m", 0))

    (wake,) = wakes(desk.take(failed(query), SECOND))

    assert not desk.room.candles(HERE, "5m", 9).is_loading
    assert len(queries(desk.take(fired(wake), wake.at))) == 1


def test_longer_intervals_are_built_from_minutes_until_they_come() -> None:
    """A replay has minutes only; a five-minute chart shows something all the same."""
    desk = Driven()
    for number in range(7):
        desk.take(trade(number, str(10 + number), ts=number * MINUTE))

    rows = desk.room.candles(HERE, "5m", 9).candles

    assert [(row.open, row.high, row.close, row.volume) for row in rows] == [
        (10, 14, 14, 5),
        (15, 16, 16, 2),
    ]


def test_watch_row_shows_last_change_and_funding() -> None:
    """Change is against the opening of the last 24 hours."""
    desk = Driven()
    desk.join()
    desk.take(ticker("100", "104"))
    desk.take(mark("104"))
    desk.take(trade(1, "110"))

    row = desk.room.watch_row(HERE, 0)

    assert row.last_price == 110 * UNIT
    assert row.change_pct == pytest.approx(10)
    assert row.funding_pct == pytest.approx(0.01)


@pytest.mark.parametrize(
    "body",
    [ticker("N/A", "1"), ticker("1", "N/A"), mark("NaN"), trade(1, "-5"), candle(0, "inf")],
    ids=lambda body: type(body).__name__,
)
def test_numbers_that_are_none_are_counted_and_kept_out(body: Body) -> None:
    """A bad number in any market event is a malformed frame, never an exception."""
    desk = Driven()

    assert desk.take(body) == ()

    assert desk.room.counters.malformed_frames == 1
    assert desk.room.watch_row(HERE, 0).last_price is None


def test_state_stays_bounded() -> None:
    """Tape, candles and caches do not grow with the number of frames."""
    desk = Driven()

    for number in range(50_000):
        price = f"{100 + number % 977}.{number % 89}"
        desk.take(trade(number, price, f"0.{number}1", ts=number * 10 * SECOND), number * SECOND)
    market = desk.room._markets.of(HERE)

    assert len(market.tape.rows) == 2_000
    assert len(market.minutes) == 2_000
    assert len(desk.room._markets.size_units) <= 32_768


def test_dropped_prints_of_the_inbox_are_counted() -> None:
    """What the inbox dropped is a hole in the tape."""
    desk = Driven()
    desk.take(trade(1, "100"))

    desk.room.note_dropped_trades(HERE, 3)

    assert desk.room.tape(HERE, 5).missed == 3
    assert isinstance(trade(2, "1"), TradeSeen)
    assert desk.room.depth_levels(HERE, Side.BUY, 5) == []
