"""Candles taken apart by price: what was bought and sold in each row of each candle."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.analysis.raster import Prints, Whole, nice_step, summed, unpacked, whole_lots
from core.domain.fixed import UNIT
from core.domain.jobs import FootprintJob
from core.domain.study_views import FootprintCandle, FootprintView, ProfileBar

USUAL_ROWS: Final = 16
"""Rows of a middling candle where the height of a row is chosen here."""
MOST_ROWS: Final = 40
FEWEST_ROWS: Final = 5


def footprint(job: FootprintJob) -> FootprintView | None:
    """Build the newest candles from prints; None where no whole candle has any.

    Rows are floored to multiples of the row height; prints of a candle are those whose venue time
    lies in it.
    """
    prints = _shown(unpacked(job.prints), job)
    if not len(prints.price):
        return None
    starts = prints.ts_event // job.interval_ns * job.interval_ns
    edges = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
    step = _row_step(prints.price, edges, job)
    ends = [*edges[1:].tolist(), len(starts)]
    spans = list(zip(edges.tolist(), ends, strict=True))[-job.candles :]
    return FootprintView(
        instrument=job.instrument,
        interval=job.interval,
        interval_ns=job.interval_ns,
        price_decimals=job.price_decimals,
        size_decimals=job.size_decimals,
        row_step=step,
        candles=tuple(
            _candle(prints, slice(*span), int(starts[span[0]]), step, job) for span in spans
        ),
    )


def _shown(prints: Prints, job: FootprintJob) -> Prints:
    """Keep the prints of whole candles, by venue time; those of one instant stay as they came."""
    order = np.argsort(prints.ts_event, kind="stable")
    ts_event = prints.ts_event[order]
    first = -(-job.complete_from // job.interval_ns) * job.interval_ns
    kept = order[np.searchsorted(ts_event, first) :]
    return Prints(
        prints.ts_event[kept],
        prints.at[kept],
        prints.price[kept],
        prints.is_buy[kept],
        prints.size[kept],
    )


def _row_step(prices: Whole, edges: NDArray[np.intp], job: FootprintJob) -> int:
    """Return the row height asked for, else the previous one while it suits, else a new one."""
    if job.group:
        return job.group * job.tick
    spans = np.maximum.reduceat(prices, edges) - np.minimum.reduceat(prices, edges)
    usual = int(np.median(spans[-job.candles :])) + job.tick
    held = job.previous_step
    if held and held % job.tick == 0 and FEWEST_ROWS <= usual / held <= MOST_ROWS:
        return held
    return nice_step(usual / USUAL_ROWS, job.tick)


def _candle(
    prints: Prints, span: slice, start: int, step: int, job: FootprintJob
) -> FootprintCandle:
    prices, sizes, is_buy = prints.price[span], prints.size[span], prints.is_buy[span]
    rows, where = np.unique(prices // step * step, return_inverse=True)
    bought, sold = (summed(where, sizes * (is_buy == side)) for side in (True, False))
    columns = (whole_lots(side, job.size_decimals) for side in (sold, bought))
    bars = [ProfileBar(*bar) for bar in zip(rows.tolist(), *columns, strict=True)]
    return FootprintCandle(
        start_ts=start,
        open=int(prices[0]),
        high=int(prices.max()),
        low=int(prices.min()),
        close=int(prices[-1]),
        bars=tuple(reversed(bars)),
        delta=_units(bars, sold=-1),
        volume=_units(bars, sold=1),
    )


def _units(bars: Sequence[ProfileBar], *, sold: int) -> float:
    """Sum the bars in base units, what was sold counted so often."""
    return sum(bar.bought + sold * bar.sold for bar in bars) / UNIT
