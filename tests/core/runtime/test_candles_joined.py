"""Candles of the past and of the stream on the whole Desk: one series, whatever comes when."""

import random
from itertools import pairwise

import pytest

from core.domain.effects import Query
from core.domain.events import (
    CandleSeen,
    CandlesLoaded,
    CandlesWanted,
    Channel,
    ConnectionChanged,
    LinkState,
    QueryFailed,
    QueryKind,
)
from core.domain.views import CandleRow
from tests.core.builders import SECOND, SOL_PERP, START
from tests.core.runtime.rig import ALPHA, Rig

MINUTE = 60 * SECOND
PAST_MINUTES = 400


class Tape:
    """What really traded: price and size by second; the truth every candle is held against."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        first = START // SECOND - PAST_MINUTES * 60
        self.trades: dict[int, tuple[float, float]] = {}
        for second in range(first, START // SECOND):
            self.trade(second)

    def trade(self, second: int) -> None:
        """Trade, or not, in a second; some minutes are quiet."""
        if self.rng.random() < 0.2 and second // 60 % 9:
            price = 100 + self.rng.randrange(-50, 50) / 100
            self.trades[second] = (price, self.rng.randrange(1, 9))

    def candle(self, start: int, length: int, now: int, interval: str) -> CandleSeen:
        """Write a candle as it is known at `now`; all in ns."""
        stop = min(start + length, now)
        inside = [
            self.trades[second]
            for second in range(start // SECOND, -(-stop // SECOND))
            if second in self.trades
        ]
        prices = [price for price, _ in inside]
        open_, high, low, close = (
            (prices[0], max(prices), min(prices), prices[-1]) if prices else (None,) * 4
        )
        return CandleSeen(
            ts_event=now,
            ts_recv=now,
            instrument=SOL_PERP,
            interval=interval,
            start_ts=start,
            end_ts=start + length,
            open=_text(open_),
            high=_text(high),
            low=_text(low),
            close=_text(close),
            volume=str(sum(size for _, size in inside)),
            is_closed=start + length <= now,
        )

    def loaded(self, query: Query, length: int, read_at: int, now: int) -> CandlesLoaded:
        """Answer a query with what was known when it was read."""
        assert query.interval is not None
        oldest = (START - PAST_MINUTES * MINUTE) // length * length
        first = max(oldest, (query.since or 0) // length * length)
        return CandlesLoaded(
            ts_event=now,
            ts_recv=now,
            instrument=SOL_PERP,
            interval=query.interval,
            candles=tuple(
                self.candle(start, length, read_at, query.interval)
                for start in range(first, read_at, length)
            ),
        )


def _text(number: float | None) -> str | None:
    return None if number is None else str(number)


class Watched:
    """A Desk that watches the tape over a line that goes up and down."""

    def __init__(self, seed: int = 1) -> None:
        self.tape = Tape(seed)
        self.rig = Rig().open_markets()
        self.is_up = False
        self._told = 0
        self._shown = -1
        self._answered = 0

    def asked(self, interval: str = "1m") -> list[Query]:
        """List every query for candles so far."""
        found = [q for q in self.rig.queries if q.kind is QueryKind.CANDLES]
        return [q for q in found if q.interval == interval and q.instrument == SOL_PERP]

    def line(self, state: LinkState) -> None:
        """Move the public stream."""
        self.is_up = state is LinkState.UP
        self._shown = -1
        at = self.rig.at
        self.rig.feed(
            ConnectionChanged(
                ts_event=at, ts_recv=at, venue=ALPHA, channel=Channel.PUBLIC, state=state
            )
        )

    def answer(self, query: Query, read_at: int | None = None, length: int = MINUTE) -> None:
        """Answer a query now with what was known when it was read."""
        at = self.rig.at
        self.rig.feed(self.tape.loaded(query, length, at if read_at is None else read_at, at))

    def fail(self, query: Query) -> None:
        """Let a query fail."""
        at = self.rig.at
        self.rig.feed(
            QueryFailed(
                ts_event=at,
                ts_recv=at,
                query_id=query.query_id,
                kind=query.kind,
                target=SOL_PERP,
                reason="timeout",
            )
        )

    def go_on(self, secs: int) -> None:
        """Let the market live and the stream tell of it."""
        for _ in range(secs):
            self.tape.trade(self.rig.at // SECOND)
            self.rig.run(1)
            if self.is_up:
                self._stream()

    def _stream(self) -> None:
        at = self.rig.at
        start = at // MINUTE * MINUTE
        if self._shown not in {-1, start}:
            self.rig.feed(self.tape.candle(self._shown, MINUTE, at, "1m"))
        self._shown = start
        now = self.tape.candle(start, MINUTE, at, "1m")
        if now.open is not None:
            self.rig.feed(now)

    def rows(self, interval: str = "1m") -> tuple[CandleRow, ...]:
        """Read what the chart shows."""
        return self.rig.rooms.market.candles(SOL_PERP, interval, 990).candles

    def assert_true(self, interval: str = "1m", length: int = MINUTE) -> None:
        """Check that the chart shows what traded: no gap, no double, the last candle live."""
        rows, now = self.rows(interval), self.rig.at
        assert all(later.start_ts - one.start_ts == length for one, later in pairwise(rows))
        assert rows[0].start_ts == (START - PAST_MINUTES * MINUTE) // length * length
        for row in rows:
            real = self.tape.candle(row.start_ts, length, now, interval)
            prices = (real.open, real.high, real.low, real.close)
            assert (row.open, row.high, row.low, row.close) == tuple(
                None if price is None else float(price) for price in prices
            )
            assert row.volume == float(real.volume)
        missing = range(rows[-1].start_ts + length, now, length)
        assert all(self.tape.candle(each, length, now, interval).open is None for each in missing)


def test_stream_goes_on_where_the_past_ends() -> None:
    """One read, then the stream; the open candle is the stream's."""
    watched = Watched()
    (query,) = watched.asked()
    watched.answer(query)
    watched.line(LinkState.UP)

    watched.go_on(400)

    watched.assert_true()
    assert watched.asked() == [query]


@pytest.mark.parametrize("late_secs", [1, 30, 61, 200])
def test_past_that_arrives_after_the_stream_joins_it(late_secs: int) -> None:
    """The fresher state of each candle stays, whether it was read before or after."""
    watched = Watched()
    (query,) = watched.asked()
    watched.line(LinkState.UP)
    watched.go_on(20)
    read_at = watched.rig.at
    watched.go_on(late_secs)

    watched.answer(query, read_at)
    watched.assert_true()
    watched.go_on(150)

    watched.assert_true()


def test_end_of_a_minute_between_past_and_stream_is_read_again() -> None:
    """The past was read in a minute the stream saw nothing of."""
    watched = Watched()
    (query,) = watched.asked()
    watched.go_on(50)
    watched.answer(query)
    watched.go_on(70)
    watched.line(LinkState.UP)
    watched.go_on(60)
    _, again = watched.asked()

    watched.answer(again)

    watched.assert_true()


def test_reconnect_reads_what_was_missed_from_the_last_closed_candle() -> None:
    """Not the whole past again."""
    watched = Watched()
    watched.answer(watched.asked()[0])
    watched.line(LinkState.UP)
    watched.go_on(130)
    newest = watched.rows()[-1].start_ts
    watched.line(LinkState.DOWN)
    watched.go_on(300)

    watched.line(LinkState.UP)
    _, again = watched.asked()
    watched.go_on(3)
    watched.answer(again)

    assert again.since == newest - MINUTE
    watched.assert_true()
    watched.go_on(90)
    watched.assert_true()
    assert len(watched.asked()) == 2


def test_minutes_the_stream_was_away_are_missing_until_they_are_read() -> None:
    """Not quiet: nobody knows yet whether they traded. Quiet minutes before stay quiet."""
    watched = Watched()
    watched.answer(watched.asked()[0])
    watched.line(LinkState.UP)
    watched.go_on(600)
    before = watched.rows()
    gone_at = watched.rig.at
    watched.line(LinkState.DOWN)
    watched.go_on(300)
    watched.line(LinkState.UP)
    watched.go_on(3)

    while_read = watched.rows()
    watched.fail(watched.asked()[-1])
    unread = watched.rows()

    away = range(gone_at // MINUTE * MINUTE + MINUTE, watched.rig.at // MINUTE * MINUTE, MINUTE)
    assert len(away) >= 3
    for rows in (while_read, unread):
        starts = {row.start_ts for row in rows}
        assert not starts & set(away)
        assert [row.start_ts for row in before if row.start_ts not in starts] == []
    assert any(row.open is None for row in before)


def test_failed_reading_after_a_reconnect_is_tried_until_it_comes() -> None:
    """The gap is not forgotten while live candles come in behind it."""
    watched = Watched()
    watched.answer(watched.asked()[0])
    watched.line(LinkState.UP)
    watched.go_on(100)
    watched.line(LinkState.DOWN)
    watched.go_on(200)
    watched.line(LinkState.UP)
    watched.fail(watched.asked()[-1])

    watched.go_on(40)
    watched.answer(watched.asked()[-1])

    assert len(watched.asked()) == 3
    watched.assert_true()


def test_longer_candles_go_on_with_the_minutes() -> None:
    """They are loaded once; minutes make the running one, and those after it."""
    watched = Watched()
    watched.answer(watched.asked()[0])
    watched.line(LinkState.UP)
    at = watched.rig.at
    wanted = CandlesWanted(ts_event=at, ts_recv=at, instrument=SOL_PERP, interval="15m")
    watched.rig.feed(wanted)
    watched.answer(watched.asked("15m")[0], length=15 * MINUTE)

    watched.go_on(2_000)

    watched.assert_true("15m", 15 * MINUTE)
    assert len(watched.rows("15m")) > PAST_MINUTES // 15 + 2


def test_day_goes_on_with_the_minutes_after_it_was_read() -> None:
    """Where minutes do not reach back to its start, the loaded one grows."""
    watched = Watched()
    day = 1_440 * MINUTE
    watched.line(LinkState.UP)
    watched.go_on(60 - watched.rig.at // SECOND % 60)
    at = watched.rig.at
    watched.rig.feed(CandlesWanted(ts_event=at, ts_recv=at, instrument=SOL_PERP, interval="1d"))
    watched.answer(watched.asked("1d")[0], length=day)

    watched.go_on(300)

    watched.assert_true("1d", day)


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_outages_answers_and_failures_heals(seed: int) -> None:
    """Two hours of a bad line: once it holds, the chart is what traded."""
    rng = random.Random(seed)
    watched = Watched(seed)
    done = 0
    for _ in range(120):
        roll = rng.random()
        if roll < 0.3:
            watched.line(LinkState.DOWN if watched.is_up else LinkState.UP)
        read_at = watched.rig.at
        watched.go_on(rng.randrange(1, 90))
        for query in watched.asked()[done:]:
            if rng.random() < 0.4:
                watched.fail(query)
            else:
                watched.answer(query, max(read_at, watched.rig.at - 30 * SECOND))
            done += 1
    if not watched.is_up:
        watched.line(LinkState.UP)
    for _ in range(6):
        watched.go_on(70)
        for query in watched.asked()[done:]:
            watched.answer(query)
            done += 1

    watched.assert_true()
