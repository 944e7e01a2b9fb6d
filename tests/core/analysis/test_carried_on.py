"""Loaded candles carried on by shorter ones, against a naive count."""

import random

import pytest

from core.analysis.rollup import carried_on
from core.domain.views import CandleRow
from tests.core.analysis.candles import STEP_NS, walk

QUARTER = 15 * STEP_NS


def _naive(minutes: list[CandleRow]) -> tuple[CandleRow, ...]:
    """Join minutes by their quarter of an hour."""
    found = []
    for start in sorted({row.start_ts - row.start_ts % QUARTER for row in minutes}):
        rows = [r for r in minutes if start <= r.start_ts < start + QUARTER and r.close is not None]
        if not rows:
            found.append(CandleRow(start, None, None, None, None, 0.0))
            continue
        highs = [r.high for r in rows if r.high is not None]
        lows = [r.low for r in rows if r.low is not None]
        volume = 0.0
        for r in rows:
            volume += r.volume
        found.append(CandleRow(start, rows[0].open, max(highs), min(lows), rows[-1].close, volume))
    return tuple(found)


@pytest.mark.parametrize("seed", range(20))
def test_quarters_carried_on_are_those_of_all_minutes(seed: int) -> None:
    """Whatever was loaded, and whenever: the end is what the minutes say."""
    chance = random.Random(seed)
    minutes = walk(chance.randint(40, 150), seed=seed, empty=0.2)
    expected = _naive(minutes)
    until = chance.randint(1, len(minutes) - 1)
    loaded = _naive(minutes[:until])
    since = loaded[-1].start_ts - chance.randint(0, 20) * STEP_NS
    held = [row for row in minutes if row.start_ts >= since]

    assert carried_on(loaded, held, QUARTER) == expected


def test_without_loaded_candles_the_minutes_are_all() -> None:
    """Nothing was loaded: the longer candles are what minutes add up to."""
    minutes = walk(50)

    assert carried_on((), minutes, QUARTER) == _naive(minutes)


def test_minutes_that_begin_inside_the_last_candle_are_added_to_it() -> None:
    """What the candle held before the first minute stays in it."""
    last = CandleRow(0, 100.0, 120.0, 90.0, 101.0, 7.0)
    minute = CandleRow(5 * STEP_NS, 101.0, 130.0, 99.0, 102.0, 2.0)

    assert carried_on([last], [minute], QUARTER) == (CandleRow(0, 100.0, 130.0, 90.0, 102.0, 9.0),)
