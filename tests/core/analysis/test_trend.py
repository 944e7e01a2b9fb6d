"""Regimes, swings, volatility, anomalies and the quality of a series."""

from math import log, sqrt

import pytest

from core.analysis.quality import Gap, quality_of
from core.analysis.swings import SwingKind, Zone, swings, zones
from core.analysis.trend import Trend, multi_regime, regime
from core.analysis.units import YEAR_NS
from core.analysis.volatility import volatility, volume_anomalies, volume_score
from core.domain.views import CandleRow
from tests.core.analysis.candles import STEP_NS, row, walk


def sloped(step: float, count: int = 120) -> list[CandleRow]:
    """Make a steady trend."""
    closes = [1_000 + step * n for n in range(count)]
    return [
        row(n, c - step, max(c, c - step) + 1, min(c, c - step) - 1, c)
        for n, c in enumerate(closes)
    ]


def test_regime_says_its_direction_and_why() -> None:
    """A steady climb is up, a steady fall is down, in words that carry the numbers."""
    up, down = regime("1h", sloped(5)), regime("1h", sloped(-5))

    assert (up.trend, down.trend) == (Trend.UP, Trend.DOWN)
    assert up.reason == "1h up: close above EMA 50, EMA 20 above EMA 50, ADX 100"


def test_market_that_goes_nowhere_is_a_range() -> None:
    """A weak directional index is a range, and the reason says so."""
    rows = [row(n, 100.0, 101.0, 99.0, 100.0 + n % 2) for n in range(120)]

    found = regime("5m", rows)

    assert found.trend is Trend.RANGE
    assert found.reason.endswith("under 20")


def test_young_market_has_no_regime_yet() -> None:
    """Too few candles are unknown, not a range."""
    found = multi_regime({"1m": walk(20), "5m": []})

    assert found.trend is Trend.UNKNOWN
    assert found.agreement == (0, 0)
    assert found.reason == (
        "no timeframe is known yet; 1m unknown: not enough candles: 20 of 50; "
        "5m unknown: not enough candles: 0 of 50"
    )


def test_timeframes_agree_or_not() -> None:
    """One direction needs all that are known; the unknown do not vote."""
    agreed = multi_regime({"1m": sloped(5), "1h": sloped(3), "1d": walk(5)})
    mixed = multi_regime({"1m": sloped(5), "1h": sloped(-5)})

    assert (agreed.trend, agreed.agreement) == (Trend.UP, (2, 2))
    assert agreed.reason.startswith("up: 2 of 2 timeframes agree; 1m up: close above")
    assert (mixed.trend, mixed.agreement) == (Trend.RANGE, (0, 2))
    assert mixed.reason.startswith("range: timeframes disagree (down, up);")


def peaks(*highs: float) -> list[CandleRow]:
    """Make candles one high."""
    return [row(n, h - 0.5, h, h - 1, h - 0.5) for n, h in enumerate(highs)]


def test_swing_is_a_turn_that_later_candles_confirm() -> None:
    """A high above its neighbours is known so many traded candles later, empty ones left out."""
    rows = peaks(1, 2, 5, 3, 2)
    rows.insert(3, CandleRow(2 * STEP_NS + 1, None, None, None, None, 0.0))

    (found,) = swings(rows, strength=2)

    assert (found.kind, found.price) == (SwingKind.HIGH, 5.0)
    assert (found.start_ts, found.known_at) == (2 * STEP_NS, 4 * STEP_NS)
    assert swings(rows[:-1], strength=2) == []


def test_of_equal_highs_the_first_is_the_swing() -> None:
    """A flat top counts once."""
    found = swings(peaks(1, 2, 5, 5, 2, 1), strength=2)

    assert [swing.start_ts for swing in found] == [2 * STEP_NS]


def test_swings_that_agree_are_one_zone() -> None:
    """Touches within the tolerance are counted together; below the price they support."""
    found = swings(peaks(*[100, 90, 80, 90, 100, 110, 100, 90, 80.1, 90, 100]), strength=2)

    assert zones(found, last_price=95.0, tolerance_bps=20) == [
        Zone(low=79.0, high=79.1, touches=2, last_ts=8 * STEP_NS, is_support=True),
        Zone(low=110.0, high=110.0, touches=1, last_ts=5 * STEP_NS, is_support=False),
    ]


def test_volatilities_follow_their_papers() -> None:
    """One candle each, worked out by hand."""
    rows = [row(0, 100.0, 110.0, 95.0, 105.0), row(1, 105.0, 115.5, 99.75, 110.25)]
    a_year = YEAR_NS / STEP_NS

    found = volatility(rows, STEP_NS)

    reach, body = log(110 / 95), log(105 / 100)
    assert found.realized == pytest.approx(sqrt(log(110.25 / 105) ** 2 * a_year))
    mean = (log(110 / 95) ** 2 + log(115.5 / 99.75) ** 2) / 2
    assert found.parkinson == pytest.approx(sqrt(mean / (4 * log(2)) * a_year))
    term = 0.5 * reach**2 - (2 * log(2) - 1) * body**2
    assert found.garman_klass == pytest.approx(sqrt(term * a_year))


def test_return_over_a_gap_counts_with_its_time() -> None:
    """Empty and missing buckets are time, not returns of 0: both ways to say it are one number."""
    rows = walk(100)
    holed = [*rows[:40], *rows[60:]]
    emptied = [*rows[:40], *[row(n, volume=0.0) for n in range(40, 60)], *rows[60:]]

    assert volatility(holed, STEP_NS) == volatility(emptied, STEP_NS)
    assert volatility(holed, STEP_NS).candles == 80


def test_volatility_of_nothing_is_none() -> None:
    """No candles, no number."""
    found = volatility([row(0, volume=0.0)], STEP_NS)

    assert found.realized is found.parkinson is found.garman_klass is None


def test_volume_far_from_the_usual_is_an_anomaly() -> None:
    """Fifty times the median stands out; an empty bucket is no volume and no anomaly."""
    rows = [row(n, 1.0, 1.0, 1.0, 1.0, volume=1 + n % 5 / 10) for n in range(80)]
    rows[70] = CandleRow(70 * STEP_NS, 1.0, 1.0, 1.0, 1.0, 50.0)
    rows[72] = row(72, volume=0.0)

    assert [start for start, _ in volume_anomalies(rows)] == [70 * STEP_NS]
    assert volume_score(1.0, [1.0] * 9) is None
    assert volume_score(2.0, [1.0] * 30) is None


def test_quality_names_what_is_wrong() -> None:
    """Every kind of fault is flagged with its candle."""
    rows = [
        row(0, 10.0, 11.0, 9.0, 10.0),
        row(1, volume=0.0),
        row(4, 10.0, 10.0, 10.0, 10.0, volume=0.0),
        row(4, 10.0, 9.0, 9.0, 10.0),
        row(3, 10.0, 11.0, 9.0, 10.0, volume=-1.0),
        CandleRow(5 * STEP_NS + 1, 1.0, 1.0, 1.0, 1.0, 1.0),
    ]

    found = quality_of(rows, STEP_NS)

    assert found.gaps == (Gap(2 * STEP_NS, 2), Gap(4 * STEP_NS, 2))
    assert (found.empty, found.flat) == (1, 1)
    assert found.repeated == found.misplaced == (4 * STEP_NS,)
    assert found.unordered == found.negative == (3 * STEP_NS,)
    assert found.off_grid == (5 * STEP_NS + 1,)
    assert not found.is_sound


def test_gaps_and_empty_candles_are_data() -> None:
    """A series with holes is sound, and says how complete it is."""
    found = quality_of(
        [row(0, 1.0, 1.0, 1.0, 1.0), row(1, volume=0.0), row(3, 1.0, 1.0, 1.0, 1.0)], STEP_NS
    )

    assert found.is_sound
    assert found.missing == 1
    assert found.complete == 0.5
    assert quality_of([], STEP_NS).complete is None
