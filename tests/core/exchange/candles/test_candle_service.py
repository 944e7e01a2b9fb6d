"""The candle service against the embedded exchange: every range has an answer, whole and once."""

import asyncio
import random
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import ConfigError
from core.exchange.candles import (
    INTERVALS,
    CandleCache,
    CandlesRefused,
    CandlesUnavailable,
)
from core.exchange.contract import Reply, TransportError
from tests.core.exchange.candles.candles_rig import (
    NS,
    START_SECS,
    Rig,
    VirtualTime,
    assert_whole,
    expected,
    in_ticks,
)

SYMBOL = "SOL_USDC"
SOL_DECIMALS = 2
REFUSAL = Reply(400, {}, b"Invalid start time")


def at(secs: float) -> datetime:
    """Write an instant in UTC."""
    return datetime.fromtimestamp(secs, UTC)


async def test_two_windows_are_joined_and_the_open_bucket_is_marked() -> None:
    """1,500 minutes are two requests, plus two for the market's beginning."""
    rig = Rig()

    answer = await rig.ask(SYMBOL, "1m", at(rig.now_secs - 1_500 * 60), at(rig.now_secs))

    assert_whole(answer, rig)
    assert len(answer.candles) == 1_501
    assert answer.candles[-1].is_open
    assert answer.requests == 4
    for candle in answer.candles[:-1]:
        assert in_ticks(candle, SOL_DECIMALS) == expected(candle, rig.first_secs)


async def test_quiet_minutes_are_none_and_not_zero() -> None:
    """A bucket without trades is data: prices None, volume zero."""
    rig = Rig()

    answer = await rig.ask(SYMBOL, "1m", at(rig.now_secs - 3_600), at(rig.now_secs))

    quiet = [candle for candle in answer.candles[:-1] if candle.is_empty]
    assert quiet
    assert {(c.open, c.high, c.low, c.close, c.volume) for c in quiet} == {
        (None, None, None, None, "0")
    }


async def test_questions_keep_every_rule_of_the_venue() -> None:
    """Whole seconds on the grid, 0 < start < end <= now, at most 1,000 intervals."""
    rig = Rig()
    for interval in INTERVALS:
        span = timedelta(hours=1) if interval == "1s" else timedelta(days=35)
        await rig.ask(SYMBOL, interval, at(rig.now_secs) - span, at(rig.now_secs + 9_999))

    for asked_at, query, status in rig.transport.asked:
        start, end = int(query["startTime"]), int(query["endTime"])
        assert status == 200
        assert 0 < start < end <= asked_at // NS


async def test_wrong_wall_clock_does_not_matter() -> None:
    """Only the venue's own time counts, however wrong ours is."""
    for offset in (-86_400 * 400, 86_400 * 400):
        rig = Rig(wall_offset_secs=offset)

        answer = await rig.ask(SYMBOL, "5m", at(rig.now_secs - 7_200), at(rig.now_secs + 5))

        assert_whole(answer, rig)
        assert rig.transport.refusals == []


@pytest.mark.parametrize(
    ("since", "until", "word"),
    [
        (START_SECS + 600, START_SECS + 900, "future"),
        (START_SECS - 60, START_SECS - 600, "reversed"),
        (START_SECS - 60, START_SECS - 60, "empty"),
        (-99_999, -5, "before 1970"),
        (5, 999_999, "begins"),
    ],
)
async def test_ranges_without_candles_are_answered_with_a_reason(
    since: int, until: int, word: str
) -> None:
    """Nothing is asked that can be refused; the note says why there is nothing."""
    rig = Rig()

    answer = await rig.ask(SYMBOL, "1m", at(since), at(until))

    assert answer.candles == ()
    assert word in answer.note
    assert rig.transport.refusals == []


async def test_ancient_range_costs_two_requests_more_not_thousands() -> None:
    """The beginning is looked up by months and days, once."""
    rig = Rig(days=3)

    answer = await rig.ask(SYMBOL, "1m", at(1), at(rig.now_secs))

    assert answer.begins_secs is not None
    assert answer.begins_secs <= rig.first_secs < answer.begins_secs + 86_400
    assert len(answer.candles) >= 3 * 1_440
    assert answer.requests <= 2 + 7
    assert_whole(answer, rig)


async def test_naive_times_and_unknown_intervals_are_wrong_inputs() -> None:
    """The caller is told; nothing is guessed."""
    rig = Rig()

    with pytest.raises(ConfigError, match="no zone"):
        await rig.ask(SYMBOL, "1m", datetime(2026, 1, 1), at(5))  # noqa: DTZ001
    with pytest.raises(ConfigError, match="7m"):
        await rig.ask(SYMBOL, "7m", at(4), at(5))


async def test_second_ask_is_answered_by_the_cache_and_the_open_bucket_is_read_again() -> None:
    """Closed candles are never fetched twice; one request re-reads what still moves."""
    rig = Rig()
    since = at(rig.now_secs - 900 * 60)
    first = await rig.ask(SYMBOL, "1m", since, at(rig.now_secs))
    again = await rig.ask(SYMBOL, "1m", since, at(rig.now_secs))
    await rig.time.sleep(600)

    later = await rig.ask(SYMBOL, "1m", since, at(rig.now_secs))

    assert again.candles == first.candles
    assert (again.requests, later.requests) == (1, 1)
    assert int(rig.transport.asked[-1][1]["startTime"]) == first.candles[-1].start_secs
    assert_whole(later, rig)


async def test_cache_lives_on_in_its_file(tmp_path: Path) -> None:
    """Another process reads what the first one fetched; a damaged file is put aside."""
    path = tmp_path / "candles.sqlite"
    with CandleCache(path, "embedded") as cache:
        first = Rig(cache=cache)
        since, until = at(first.now_secs - 9_000), at(first.now_secs - 600)
        answer = await first.ask(SYMBOL, "1m", since, until)
    with CandleCache(path, "embedded") as cache:
        second = Rig(cache=cache)
        assert (await second.ask(SYMBOL, "1m", since, until)).candles == answer.candles
        assert second.transport.asked == []
    path.write_bytes(b"no database at all, but long enough to look like one" * 50)

    with CandleCache(path, "embedded") as cache:
        third = Rig(cache=cache)
        assert (await third.ask(SYMBOL, "1m", since, until)).candles == answer.candles
        assert (tmp_path / "candles.broken").exists()


def test_cache_keeps_venues_apart(tmp_path: Path) -> None:
    """Two sources share a file and nothing else."""
    path = tmp_path / "candles.sqlite"
    with CandleCache(path, "one") as one, CandleCache(path, "two") as two:
        one.keep_beginning(SYMBOL, 5)

        assert (one.beginning(SYMBOL), two.beginning(SYMBOL)) == (5, None)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_a_refused_window_is_halved_once() -> None:
    """One refusal in the middle costs one request more and no candle."""
    rig = Rig()
    rig.transport.planned = [REFUSAL]

    answer = await rig.ask(SYMBOL, "1m", at(rig.now_secs - 36_000), at(rig.now_secs))

    assert_whole(answer, rig)
    assert [status for _, _, status in rig.transport.asked][:3] == [400, 200, 200]


async def test_error_says_what_was_asked_in_utc_and_seconds_and_what_was_said() -> None:
    """After the half is refused too, the person is told everything."""
    rig = Rig()
    rig.transport.planned = [REFUSAL, REFUSAL]

    with pytest.raises(CandlesRefused) as caught:
        await rig.ask(SYMBOL, "1h", at(START_SECS - 86_400), at(START_SECS))

    text = str(caught.value)
    assert f"startTime={caught.value.span.start}" in text
    assert at(caught.value.span.start).strftime("%Y-%m-%dT%H:%M:%SZ") in text
    assert "Invalid start time" in text
    assert SYMBOL in text
    assert caught.value.hint


async def test_unknown_symbol_is_refused_in_the_venues_words() -> None:
    """The embedded exchange says no like the real one."""
    rig = Rig()

    with pytest.raises(CandlesRefused, match="NOPE_USDC"):
        await rig.ask("NOPE_USDC", "1m", at(START_SECS - 600), at(START_SECS))


async def test_trouble_is_waited_out() -> None:
    """A 429 pauses 10 s, doubled; a lost answer and a 503 a little less."""
    rig = Rig()
    lost = TransportError("reset by peer", sent=True)
    rig.transport.planned = [Reply(429, {}, b""), Reply(429, {}, b""), lost, Reply(503, {}, b"<h>")]

    answer = await rig.ask(SYMBOL, "1m", at(rig.now_secs - 600), at(rig.now_secs))

    times = [moment / NS for moment, _, _ in rig.transport.asked]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:2] == pytest.approx([10, 20], abs=0.01)
    assert 2 <= pauses[2] <= 4
    assert 4 <= pauses[3] <= 8
    assert_whole(answer, rig)


async def test_endless_trouble_ends_in_words() -> None:
    """Eight attempts, then an error that says so."""
    rig = Rig()
    rig.transport.planned = [Reply(503, {}, b"maintenance")] * 8

    with pytest.raises(CandlesUnavailable, match="8 attempts"):
        await rig.ask(SYMBOL, "1m", at(START_SECS - 600), at(START_SECS))


async def test_page_cut_short_is_continued_and_a_hole_asked_again() -> None:
    """A venue with a smaller cap, or one that forgot a row, costs requests and no candle."""
    rig = Rig()
    since, until = at(rig.now_secs // 60 * 60 - 6_000), at(rig.now_secs // 60 * 60)
    whole = await Rig().ask(SYMBOL, "1m", since, until)
    body = await _body(Rig(), since, until)
    rig.transport.planned = [Reply(200, {}, b"[" + b",".join(body[:40] + body[41:60]) + b"]")]

    answer = await rig.ask(SYMBOL, "1m", since, until)

    assert answer.candles == whole.candles
    assert answer.requests == 3


async def _body(rig: Rig, since: datetime, until: datetime) -> list[bytes]:
    import msgspec

    from core.exchange.contract import Wire

    query = (
        ("symbol", SYMBOL),
        ("interval", "1m"),
        ("startTime", str(int(since.timestamp()))),
        ("endTime", str(int(until.timestamp()) - 1)),
    )
    reply = await rig.transport.request(Wire("GET", "/api/v1/klines", query), deadline_secs=5)
    return [bytes(row) for row in msgspec.json.decode(reply.body, type=list[msgspec.Raw])]


async def test_callers_at_once_share_one_fetch() -> None:
    """Ten charts of one market cost what one costs."""
    rig = Rig()
    since, until = at(rig.now_secs - 86_400), at(rig.now_secs - 600)

    answers = await asyncio.gather(*(rig.ask(SYMBOL, "1m", since, until) for _ in range(10)))

    assert len({answer.candles for answer in answers}) == 1
    assert len(rig.transport.asked) <= 4


async def test_pages_are_the_same_candles_and_progress_reaches_the_end() -> None:
    """A long range can be read without holding it."""
    rig, seen = Rig(), list[tuple[int, int]]()
    since, until = at(rig.now_secs - 3 * 86_400), at(rig.now_secs - 3_600)
    whole = await rig.service.candles(
        SYMBOL, "1m", since, until, lambda done, total: seen.append((done, total))
    )

    pages = [page async for page in Rig().service.pages(SYMBOL, "1m", since, until)]

    assert tuple(candle for page in pages for candle in page) == whole.candles
    assert len(pages) == 5
    assert seen[-1][0] == seen[-1][1] == len(whole.candles)


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
EDGES = [
    datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001  made aware below; does not exist in Berlin
    datetime(2026, 10, 25, 2, 30),  # noqa: DTZ001  twice in Berlin
    datetime(2026, 3, 8, 2, 30),  # noqa: DTZ001  does not exist in New York
    datetime(2026, 4, 5, 1, 45),  # noqa: DTZ001  twice on Lord Howe
]
zoned = st.builds(
    lambda moment, zone, fold: moment.replace(tzinfo=ZoneInfo(zone), fold=fold),
    st.sampled_from(EDGES)
    | st.datetimes(datetime(2026, 8, 20), datetime(2026, 10, 20))  # noqa: DTZ001
    | st.datetimes(),
    st.sampled_from(ZONES),
    st.integers(0, 1),
)
offsets = st.builds(
    lambda moment, minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(),
    st.integers(-1_439, 1_439),
)
moments = zoned | offsets
lengths = st.sampled_from([0, 1, 59, 60, 3_600, 86_400, 40 * 86_400]) | st.integers(-9_999, 9_999)


@given(moments, moments | lengths, st.sampled_from([i for i in INTERVALS if i != "1s"]))
@settings(max_examples=120, deadline=None)
async def test_any_range_of_any_zone_is_answered_whole(
    since: datetime, until: datetime | int, interval: str
) -> None:
    """Future, reversed, ancient, empty, one second: no refusal, no gap, no double."""
    rig = Rig(days=20)
    if isinstance(until, int):
        try:
            until = since + timedelta(seconds=until)
        except OverflowError:
            until = since

    answer = await rig.ask(SYMBOL, interval, since, until)

    assert_whole(answer, rig)
    assert rig.transport.refusals == []
    assert rig.transport.busiest_minute() <= 24


@given(st.integers(-4_000, 100), st.integers(0, 3_000))
@settings(max_examples=40, deadline=None)
async def test_seconds_are_answered_whole(before: int, length: int) -> None:
    """`1s` has more buckets than anything else, and the same promise."""
    rig = Rig(days=2)
    since = at(rig.now_secs + before)

    answer = await rig.ask(SYMBOL, "1s", since, since + timedelta(seconds=length))

    assert_whole(answer, rig)
    assert rig.transport.refusals == []


async def _many(count: int) -> tuple[Rig, Counter[str]]:
    """Ask for random candles in virtual time while the market goes on."""
    rig, rng, seen = Rig(days=90), random.Random(11), Counter[str]()
    symbols = list(rig.exchange.floor.markets)
    for _ in range(count):
        symbol, interval = rng.choice(symbols), rng.choice(INTERVALS)
        if rng.random() < 0.05:
            await rig.time.sleep(rng.expovariate(1 / 30))
        reach = 1_500 if interval == "1s" else 95 * 86_400
        since = rig.now_secs - int(reach * rng.random() ** 3) + rng.choice([0, 0, 0, 500])
        until = since + int(rng.expovariate(1 / (600 if interval == "1s" else 90_000)))
        answer = await rig.ask(symbol, interval, at(since + rng.random()), at(until))
        assert_whole(answer, rig)
        seen.update(asked=1, candles=len(answer.candles), requests=answer.requests)
    return rig, seen


def _check_many(rig: Rig, seen: Counter[str]) -> None:
    assert rig.transport.refusals == []
    assert rig.transport.busiest_minute() <= 24
    assert seen["requests"] == len(rig.transport.asked)
    hours = (rig.time.ns // NS - START_SECS) / 3_600
    print(f"{dict(seen)}, {hours:.1f} h of venue time")  # noqa: T201  figures for the reader


async def test_500_random_requests_in_budget() -> None:
    """No refusal, no gap, no double, never more than 24 requests in a minute."""
    _check_many(*await _many(500))


@pytest.mark.slow
@pytest.mark.timeout(1_200)
async def test_10_000_random_requests_in_budget() -> None:
    """The same, 10,000 times."""
    _check_many(*await _many(10_000))


def test_virtual_time_is_what_it_says() -> None:
    """The rig's own clock starts where the tests think."""
    assert VirtualTime().now() == START_SECS * NS
