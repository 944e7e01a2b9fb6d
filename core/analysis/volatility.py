"""Volatility from candles, annualised; volumes that are out of the ordinary.

A bucket without trades, or one that is missing, is time that passed, not a return of 0.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from statistics import median
from typing import Final

import msgspec

from core.analysis.units import YEAR_NS
from core.domain.views import CandleRow

_LEAST: Final = 2
_USUAL_LEAST: Final = 10
_NORMAL_MAD: Final = 0.6745
"""The median distance from the median of a standard normal."""
ANOMALY_SCORE: Final = 3.5


class Volatility(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Annualised standard deviations of log returns, as fractions (0.5 is 50 % a year).

    Attributes:
        realized: From close to close.
        parkinson: From highs and lows.
        garman_klass: From open, high, low and close.
        candles: Candles with trades that were used.
    """

    realized: float | None
    parkinson: float | None
    garman_klass: float | None
    candles: int


Prices = tuple[int, float, float, float, float]
"""Start ns, open, high, low, close; all prices above 0."""


def priced(rows: Sequence[CandleRow]) -> list[Prices]:
    """Return the candles that have prices above 0."""
    found = []
    for row in rows:
        o, h, low, c = row.open, row.high, row.low, row.close
        if o is None or h is None or low is None or c is None or low <= 0:
            continue
        found.append((row.start_ts, o, h, low, c))
    return found


def volatility(rows: Sequence[CandleRow], interval_ns: int) -> Volatility:
    """Measure three volatilities of candles, oldest first, 365 days a year."""
    candles = priced(rows)
    return Volatility(
        realized=realized(candles),
        parkinson=parkinson(candles, interval_ns),
        garman_klass=garman_klass(candles, interval_ns),
        candles=len(candles),
    )


def realized(candles: Sequence[Prices]) -> float | None:
    """Return sqrt(sum of squared log returns / time that passed), a year.

    Source: Andersen and Bollerslev (1998), without subtracting the mean. A return over a gap
    counts with the time of the gap.
    """
    if len(candles) < _LEAST:
        return None
    passed = candles[-1][0] - candles[0][0]
    closes = [candle[4] for candle in candles]
    total = sum(log(b / a) ** 2 for a, b in pairwise(closes))
    return sqrt(total / passed * YEAR_NS) if passed > 0 else None


def parkinson(candles: Sequence[Prices], interval_ns: int) -> float | None:
    """Return sqrt(mean of ln(high / low)^2 / (4 ln 2)), a year. Source: Parkinson (1980)."""
    if not candles:
        return None
    mean = sum(log(high / low) ** 2 for _, _, high, low, _ in candles) / len(candles)
    return sqrt(mean / (4 * log(2)) * YEAR_NS / interval_ns)


def garman_klass(candles: Sequence[Prices], interval_ns: int) -> float | None:
    """Return sqrt(mean of 0.5 ln(h / l)^2 - (2 ln 2 - 1) ln(c / o)^2), a year.

    Source: Garman and Klass (1980). Never below 0 where the candles are well formed.
    """
    if not candles:
        return None
    weight = 2 * log(2) - 1
    terms = (0.5 * log(h / low) ** 2 - weight * log(c / o) ** 2 for _, o, h, low, c in candles)
    return sqrt(max(0.0, sum(terms) / len(candles)) * YEAR_NS / interval_ns)


def volume_score(volume: float, usual: Sequence[float]) -> float | None:
    """Say how far a volume lies from the usual, as a robust z-score of logarithms.

    Source: Iglewicz and Hoaglin (1993), 0.6745 * (x - median) / MAD; beyond 3.5 is an anomaly.
    Volumes of 0 are not counted as usual. None below ten usual volumes, or if they never vary.
    """
    logs = [log(number) for number in usual if number > 0]
    if volume <= 0 or len(logs) < _USUAL_LEAST:
        return None
    middle = median(logs)
    spread = median(abs(number - middle) for number in logs)
    return _NORMAL_MAD * (log(volume) - middle) / spread if spread > 0 else None


def volume_anomalies(
    rows: Sequence[CandleRow], lookback: int = 60, score: float = ANOMALY_SCORE
) -> list[tuple[int, float]]:
    """Return (start ns, score) of candles whose volume is an anomaly against those before."""
    found = []
    for place, row in enumerate(rows):
        usual = [before.volume for before in rows[max(0, place - lookback) : place]]
        number = volume_score(row.volume, usual)
        if number is not None and abs(number) >= score:
            found.append((row.start_ts, number))
    return found
