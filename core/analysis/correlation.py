"""Correlation of two markets and which of them leads, from prices on one grid.

Returns are taken only between neighbouring buckets that both markets have: a missing bucket is
left out, never filled.
"""

from collections.abc import Mapping
from math import sqrt
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

_LEAST: Final = 3
Column = NDArray[np.float64]


class LeadLag(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Correlation at each shift of one market against the other.

    Attributes:
        correlations: (lag in buckets, correlation, pairs); lag above 0: the first market leads by
            so many buckets. Lags with too few pairs are left out.
        best_lag: The lag with the largest absolute correlation, the nearest to 0 on a tie.
        best: The correlation there.
    """

    correlations: tuple[tuple[int, float, int], ...]
    best_lag: int
    best: float


def log_returns(closes: Mapping[int, float | None], interval_ns: int) -> dict[int, float]:
    """Return ln(close / close one bucket before) by start, where both are there and above 0."""
    found = {}
    for start, close in closes.items():
        before = closes.get(start - interval_ns)
        if before is not None and close is not None and before > 0 and close > 0:
            found[start] = float(np.log(close / before))
    return found


def correlation(
    first: Mapping[int, float | None], second: Mapping[int, float | None], interval_ns: int
) -> float | None:
    """Return the Pearson correlation of log returns, -1 to 1.

    None below three common returns, or where a market never moved.
    """
    one, two = log_returns(first, interval_ns), log_returns(second, interval_ns)
    found = _shifted(one, two, 0)
    return None if found is None else found[0]


def lead_lag(
    first: Mapping[int, float | None],
    second: Mapping[int, float | None],
    interval_ns: int,
    max_lag: int,
) -> LeadLag | None:
    """Correlate returns at every shift up to `max_lag` buckets either way."""
    one, two = log_returns(first, interval_ns), log_returns(second, interval_ns)
    rows = []
    for lag in range(-max_lag, max_lag + 1):
        found = _shifted(one, two, lag * interval_ns)
        if found is not None:
            rows.append((lag, *found))
    if not rows:
        return None
    best = min(rows, key=lambda row: (-abs(row[1]), abs(row[0])))
    return LeadLag(correlations=tuple(rows), best_lag=best[0], best=best[1])


def _shifted(
    one: Mapping[int, float], two: Mapping[int, float], shift_ns: int
) -> tuple[float, int] | None:
    """Correlate the first at each instant with the second `shift_ns` later."""
    pairs = [(a, two[at + shift_ns]) for at, a in one.items() if at + shift_ns in two]
    if len(pairs) < _LEAST:
        return None
    columns = np.array(pairs, dtype=np.float64)
    value = pearson(columns[:, 0], columns[:, 1])
    return None if value is None else (value, len(pairs))


def pearson(x: Column, y: Column) -> float | None:
    """Return the correlation of two columns of one length; None where one never varies."""
    across, along = x - x.mean(), y - y.mean()
    scale = float(across @ across) * float(along @ along)
    if scale <= 0:
        return None
    return max(-1.0, min(1.0, float(across @ along) / sqrt(scale)))
