"""A depth heatmap: resting size over time and price as a raster that does not jump.

One sample of the book a column. The price grid and the scale of intensity are kept from one raster
to the next until they no longer fit, so that a cell means the same from frame to frame.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.fixed import DIGITS
from core.domain.jobs import BookSample, HeatGrid, HeatmapJob, PrintColumns
from core.domain.study_views import HeatmapView, HeatTrade

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

FULL: Final = 255
EDGE: Final = 8
"""The price stays this fraction (one in so many rows) away from the edges of the raster."""
LEAST_SPAN_BPS: Final = 24
"""Price range that a raster shows at least."""
ROOM: Final = 1.6
"""Height of a new raster over the range of the price in it."""
_BPS: Final = 10_000
_INT64: Final = 2.0**62
"""Below it sums are turned into integers as arrays."""
_LOUD: Final = 0.9
"""Quantile of the cells with size that gets full intensity."""


class Prints(msgspec.Struct, frozen=True, gc=False):
    """Prints unpacked, in the order they came; arrays of one length.

    Attributes:
        ts_event: Venue time, ns.
        at: Engine time, ns.
        price: Units of 10^-10.
        is_buy: Whether the aggressor bought.
        size: Units of 10^-10.
    """

    ts_event: Whole
    at: Whole
    price: Whole
    is_buy: NDArray[np.bool_]
    size: Real


def unpacked(chunks: Sequence[PrintColumns]) -> Prints:
    """Join chunks of prints."""
    rows = np.frombuffer(b"".join(chunk.rows for chunk in chunks), dtype=np.int64).reshape(-1, 4)
    sizes = np.frombuffer(b"".join(chunk.sizes for chunk in chunks), dtype=np.float64)
    return Prints(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] != 0, sizes)


def summed(where: NDArray[np.intp], weights: Real, length: int = 0) -> Real:
    """Sum weights by place; at least so many places."""
    return np.bincount(where, weights=weights, minlength=length).astype(np.float64)


def whole_lots(sizes: Real, size_decimals: int) -> list[int]:
    """Turn summed sizes back into integers of 10^-10, exact to the market's own decimals."""
    lot = 10 ** (DIGITS - min(size_decimals, DIGITS))
    counts = np.rint(sizes / lot)
    if len(counts) and float(counts.max()) * lot < _INT64:
        found: list[int] = (counts.astype(np.int64) * lot).tolist()
        return found
    return [int(count) * lot for count in counts.tolist()]


def nice_step(least: float, unit: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... times `unit` that is at least `least`."""
    scale = unit
    while True:
        for factor in (1, 2, 5):
            if scale * factor >= least:
                return scale * factor
        scale *= 10


# ---- the raster --------------------------------------------------------------------------------


def heatmap(job: HeatmapJob) -> HeatmapView | None:
    """Build one frame; None where no column ever saw both sides of the book.

    A cell holds the size that rested in the price range of its row at the column's sample.
    """
    path = [mid for sample in job.samples if (mid := _mid(sample)) is not None]
    if not path:
        return None
    top, step = _grid(path, job.rows, job.base_step, job.previous)
    sizes = _sizes(job.samples, job.rows, top, step)
    full = _full_size(sizes, job.previous)
    newest = job.samples[-1]
    return HeatmapView(
        instrument=job.instrument,
        price_decimals=job.price_decimals,
        size_decimals=job.size_decimals,
        columns=len(job.samples),
        rows=job.rows,
        start_ts=job.start_ts,
        step_ns=job.step_ns,
        top_price=top,
        row_step=step,
        cells=_intensities(sizes, full),
        full_size=full,
        best_bids=_path([None if s is None else s.best_bid for s in job.samples], job, top, step),
        best_asks=_path([None if s is None else s.best_ask for s in job.samples], job, top, step),
        trades=_trades(job, top, step),
        computed_at=job.at,
        newest_bid=None if newest is None else newest.best_bid,
        newest_ask=None if newest is None else newest.best_ask,
    )


def _mid(sample: BookSample | None) -> int | None:
    if sample is None or sample.best_bid is None or sample.best_ask is None:
        return None
    return (sample.best_bid + sample.best_ask) // 2


def _grid(path: list[int], rows: int, base: int, previous: HeatGrid | None) -> tuple[int, int]:
    """Return the upper edge and the row height: the previous ones while the price fits in."""
    low, high, last = min(path), max(path), path[-1]
    least = max((high - low) * ROOM, last * LEAST_SPAN_BPS / _BPS) / rows
    step = nice_step(least, base)
    if previous is not None and previous.row_step % base == 0:
        kept = previous.row_step
        is_fit = step <= kept <= 2.5 * step
        margin = rows * kept // EDGE
        bottom = previous.top_price - rows * kept
        if is_fit and bottom + margin <= last <= previous.top_price - margin:
            return previous.top_price, kept
        step = kept if is_fit else step
    middle = (low + high) // 2 if high - low < rows * step * 3 // 4 else last
    return (middle // step + (rows + 1) // 2) * step, step


def _sizes(samples: Sequence[BookSample | None], rows: int, top: int, step: int) -> Real:
    """Sum the samples' sizes into cells, shape (rows, columns)."""
    held = [sample for sample in samples if sample is not None]
    columns = len(samples)
    prices = np.frombuffer(b"".join(sample.prices for sample in held), dtype=np.int64)
    sizes = np.frombuffer(b"".join(sample.sizes for sample in held), dtype=np.float64)
    counts = [0 if sample is None else len(sample.prices) // 8 for sample in samples]
    column_of = np.repeat(np.arange(columns), counts)
    row_of = (top - 1 - prices) // step
    shown = (row_of >= 0) & (row_of < rows)
    flat = row_of[shown] * columns + column_of[shown]
    return summed(flat, sizes[shown], rows * columns).reshape(rows, columns)


def _full_size(sizes: Real, previous: HeatGrid | None) -> int:
    """Return the size of full intensity: a round number, kept while it is about right."""
    filled = sizes[sizes > 0]
    if not len(filled):
        return 1 if previous is None else previous.full_size
    place = min(len(filled) - 1, int(len(filled) * _LOUD))
    loud = float(np.partition(filled, place)[place])
    if previous is not None and previous.full_size / 2.5 <= loud <= previous.full_size * 1.25:
        return previous.full_size
    return nice_step(loud, 1)


def _intensities(sizes: Real, full: int) -> bytes:
    scaled = np.minimum(np.ceil(sizes * (FULL / full)), FULL)
    return scaled.astype(np.uint8).tobytes()


def _path(prices: Sequence[int | None], job: HeatmapJob, top: int, step: int) -> tuple[int, ...]:
    """Return the row of each price, -1 where there is none or it is off the raster."""
    return tuple(
        -1 if price is None or not 0 <= (row := (top - 1 - price) // step) < job.rows else row
        for price in prices
    )


def _trades(job: HeatmapJob, top: int, step: int) -> tuple[HeatTrade, ...]:
    prints = unpacked(job.prints)
    columns = len(job.samples)
    column_of = (prints.at - job.start_ts) // job.step_ns
    row_of = (top - 1 - prints.price) // step
    shown = (column_of >= 0) & (column_of < columns) & (row_of >= 0) & (row_of < job.rows)
    flat = row_of[shown] * columns + column_of[shown]
    size, is_buy = prints.size[shown], prints.is_buy[shown]
    bought, sold = (
        summed(flat[side], size[side], job.rows * columns) for side in (is_buy, ~is_buy)
    )
    cells = np.flatnonzero((bought > 0) | (sold > 0))
    places = ((cells % columns).tolist(), (cells // columns).tolist())
    sizes = (whole_lots(side[cells], job.size_decimals) for side in (bought, sold))
    return tuple(map(HeatTrade, *places, *sizes))
