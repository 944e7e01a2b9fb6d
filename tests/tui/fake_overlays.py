"""Indicators of made-up candles, computed naively. Only for tests and pictures."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pstdev

from core.domain.study_views import OverlayLine, OverlaysView, PriceZone
from core.domain.views import CandlesView

Values = list[float | None]


def overlays_of(view: CandlesView, count: int, at: int) -> OverlaysView:
    """Build the indicators of the newest `count` candles; those before warm them up."""
    rows = [row for row in view.candles if row.close is not None]
    closes = [row.close or 0.0 for row in rows]
    reaches = [(row.high or 0.0) - (row.low or 0.0) for row in rows]
    fast, slow = _ema(closes, 12), _ema(closes, 26)
    macd = [a - b for a, b in zip(fast, slow, strict=True)]
    signal = _ema(macd, 9)
    bands = [_band(closes[max(0, n - 19) : n + 1]) for n in range(len(closes))]
    lines: dict[str, Sequence[float | None]] = {
        "ema9": _ema(closes, 9),
        "ema21": _ema(closes, 21),
        "vwap": _vwap(closes, [row.volume for row in rows]),
        "bb_upper": [mean + 2 * spread for mean, spread in bands],
        "bb_middle": [mean for mean, _ in bands],
        "bb_lower": [mean - 2 * spread for mean, spread in bands],
        "rsi": _rsi(closes),
        "macd": macd,
        "macd_signal": signal,
        "macd_hist": [a - b for a, b in zip(macd, signal, strict=True)],
        "atr": _ema(reaches, 14),
        "adx": [18 + 14 * abs(value - 50) / 20 for value in _ema(_rsi(closes), 10)],
    }
    low, high = min(closes, default=0.0), max(closes, default=0.0)
    return OverlaysView(
        instrument=view.instrument,
        interval=view.interval,
        starts=tuple(row.start_ts for row in rows[-count:]),
        lines=tuple(
            OverlayLine(name=name, values=tuple(values[-count:])) for name, values in lines.items()
        ),
        zones=(
            PriceZone(is_support=True, price=low + (high - low) * 0.22, touches=3),
            PriceZone(is_support=False, price=low + (high - low) * 0.86, touches=2),
        ),
        computed_at=at,
    )


def _ema(values: Sequence[float], period: int) -> list[float]:
    found: list[float] = []
    for value in values:
        before = found[-1] if found else value
        found.append(before + (value - before) * 2 / (period + 1))
    return found


def _band(closes: Sequence[float]) -> tuple[float, float]:
    return fmean(closes), pstdev(closes)


def _vwap(closes: Sequence[float], volumes: Sequence[float]) -> list[float]:
    paid = weight = 0.0
    found = []
    for close, volume in zip(closes, volumes, strict=True):
        paid, weight = paid + close * volume, weight + volume
        found.append(paid / weight)
    return found


def _rsi(closes: Sequence[float]) -> list[float]:
    found = []
    for n in range(len(closes)):
        window = closes[max(0, n - 14) : n + 1]
        moves = [b - a for a, b in pairwise(window)]
        gain, loss = sum(m for m in moves if m > 0), -sum(m for m in moves if m < 0)
        found.append(100 * gain / (gain + loss) if gain + loss else 50.0)
    return found
