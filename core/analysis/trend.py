"""The regime of a market on one and on many timeframes, with the reason in words."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from core.analysis.indicators import adx_history, ema_history, newest
from core.domain.views import CandleRow


class Trend(StrEnum):
    """Where the price goes."""

    UP = "up"
    DOWN = "down"
    RANGE = "range"
    UNKNOWN = "unknown"


class TrendRules(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What makes a trend: average lengths in candles, and the directional index it needs."""

    fast: int = 20
    slow: int = 50
    min_adx: float = 20.0


DEFAULT_TREND_RULES = TrendRules()


class Regime(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One timeframe: the verdict, the numbers under it, and why. Prices in quote units."""

    timeframe: str
    trend: Trend
    close: float | None
    fast_ema: float | None
    slow_ema: float | None
    adx: float | None
    reason: str


class MultiRegime(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Many timeframes and what they say together.

    Attributes:
        trend: The direction all known timeframes share; range where they do not.
        agreement: Known timeframes that say so, and how many are known.
        head: The joint verdict in words.
        reason: The head and the reason of each timeframe.
    """

    trend: Trend
    agreement: tuple[int, int]
    head: str
    reason: str
    regimes: tuple[Regime, ...]


def regime(
    timeframe: str, rows: Sequence[CandleRow], rules: TrendRules = DEFAULT_TREND_RULES
) -> Regime:
    """Judge one timeframe from its candles, oldest first.

    Up: close above the slow average, the fast average above the slow, and the directional index
    (Wilder) at least `min_adx`. Down the other way. Else a range; unknown while warming up.
    """
    close = newest([row.close for row in rows])
    fast, slow = newest(ema_history(rows, rules.fast)), newest(ema_history(rows, rules.slow))
    adx = newest(adx_history(rows))
    trend, reason = _judged(close, fast, slow, adx, rules)
    known = sum(row.close is not None for row in rows)
    if trend is Trend.UNKNOWN and known < rules.slow:
        reason = f"not enough candles: {known} of {rules.slow}"
    return Regime(
        timeframe=timeframe,
        trend=trend,
        close=close,
        fast_ema=fast,
        slow_ema=slow,
        adx=adx,
        reason=f"{timeframe} {trend.value}: {reason}",
    )


def _judged(
    close: float | None,
    fast: float | None,
    slow: float | None,
    adx: float | None,
    rules: TrendRules,
) -> tuple[Trend, str]:
    if close is None or fast is None or slow is None or adx is None:
        return Trend.UNKNOWN, "too few candles in a row with trades"
    side = "above" if close > slow else "below" if close < slow else "at"
    order = "above" if fast > slow else "below" if fast < slow else "at"
    words = (
        f"close {side} EMA {rules.slow}, EMA {rules.fast} {order} EMA {rules.slow}, ADX {adx:.0f}"
    )
    if adx < rules.min_adx:
        return Trend.RANGE, f"{words} under {rules.min_adx:.0f}"
    if side != order or side == "at":
        return Trend.RANGE, words
    return (Trend.UP if side == "above" else Trend.DOWN), words


def multi_regime(
    series: Mapping[str, Sequence[CandleRow]], rules: TrendRules = DEFAULT_TREND_RULES
) -> MultiRegime:
    """Judge many timeframes, given by name in the order they are to be told."""
    regimes = tuple(regime(name, rows, rules) for name, rows in series.items())
    known = [found.trend for found in regimes if found.trend is not Trend.UNKNOWN]
    shared: set[Trend] = set(known)
    trend = Trend.UNKNOWN if not known else known[0] if len(shared) == 1 else Trend.RANGE
    agreeing = sum(found is trend for found in known)
    head = "no timeframe is known yet" if not known else _head(trend, agreeing, len(known), shared)
    return MultiRegime(
        trend=trend,
        agreement=(agreeing, len(known)),
        head=head,
        reason="; ".join([head, *(found.reason for found in regimes)]),
        regimes=regimes,
    )


def _head(trend: Trend, agreeing: int, known: int, shared: set[Trend]) -> str:
    if len(shared) == 1:
        return f"{trend.value}: {agreeing} of {known} timeframes agree"
    return "range: timeframes disagree (" + ", ".join(sorted(shared)) + ")"
