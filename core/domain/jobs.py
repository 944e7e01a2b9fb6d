"""What the analyst is asked to compute: frozen snapshots, each with the topic it answers.

Snapshots of many numbers are packed columns (native byte order; the analyst runs on this machine):
`q` is int64, `d` is float64. Prices are units of 10^-10; sizes are the same units as floats, exact
up to fifteen digits. Instants are engine time, ns UTC, unless a name says otherwise.
"""

import msgspec

from core.domain.ids import InstrumentId
from core.domain.views import CandleRow


class _Job(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    topic: str
    at: int
    """Instant of the snapshot."""


class VwapSeed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a day held before a series of candles begins.

    Attributes:
        start_ts: Where the day goes on, ns.
        money: Sum of typical price times volume so far, quote units.
        volume: Base units.
    """

    start_ts: int
    money: float
    volume: float


class OverlaysJob(_Job, frozen=True, kw_only=True):
    """Indicators over closed candles, oldest first; the newest `count` are answered."""

    instrument: InstrumentId
    interval: str
    interval_ns: int
    count: int
    candles: tuple[CandleRow, ...]
    seed: VwapSeed | None = None


class CandleColumn(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Candles of one interval as they were loaded, oldest first; the last may be still open."""

    interval: str
    interval_ns: int
    candles: tuple[CandleRow, ...]


class TrendJob(_Job, frozen=True, kw_only=True):
    """Trend over several intervals, the shortest first; minutes carry the longer ones on."""

    instrument: InstrumentId
    price_decimals: int
    minutes: tuple[CandleRow, ...]
    columns: tuple[CandleColumn, ...]


class BookSample(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One look at a book, sizes summed on a price grid.

    Attributes:
        best_bid: None where there is none, or the book was not to be believed; so for `best_ask`.
        prices: `q`: lower edges of the rows of the grid, bids best first, then asks best first.
        sizes: `d`: size in each row.
    """

    at: int
    best_bid: int | None
    best_ask: int | None
    prices: bytes
    sizes: bytes


class PrintColumns(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Prints in the order they came.

    Attributes:
        rows: `q`, four a print: venue time ns, engine time ns, price, 1 for an aggressor who bought
            and 0 for one who sold.
        sizes: `d`, one a print.
    """

    rows: bytes
    sizes: bytes


class HeatGrid(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where the rows of a raster stand, and the size of full intensity: kept from frame to frame.

    Attributes:
        top_price: Upper edge of row 0.
        row_step: Height of a row.
        full_size: Size of intensity 255.
    """

    top_price: int
    row_step: int
    full_size: int


class HeatmapJob(_Job, frozen=True, kw_only=True):
    """A raster of resting size; one sample a column, None where nothing was seen."""

    instrument: InstrumentId
    price_decimals: int
    size_decimals: int
    rows: int
    start_ts: int
    step_ns: int
    base_step: int
    """Row height of the samples' own grid."""
    samples: tuple[BookSample | None, ...]
    prints: tuple[PrintColumns, ...]
    previous: HeatGrid | None = None


class FootprintJob(_Job, frozen=True, kw_only=True):
    """The newest candles by price."""

    instrument: InstrumentId
    interval: str
    interval_ns: int
    candles: int
    group: int
    """Ticks a row; 0 lets the analyst choose."""
    tick: int
    price_decimals: int
    size_decimals: int
    complete_from: int
    """Venue time from which every print is at hand; candles before it are left out."""
    prints: tuple[PrintColumns, ...]
    previous_step: int | None = None


class MarketSeries(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Prices of one market on two grids.

    Attributes:
        minutes: (start ns, close) of minutes with trades, quote units.
        seconds: (engine second, mid), units of 10^-10.
    """

    instrument: InstrumentId
    minutes: tuple[tuple[int, float], ...]
    seconds: tuple[tuple[int, int], ...]


class PairsJob(_Job, frozen=True, kw_only=True):
    """Correlation and lead of every pair of these markets."""

    markets: tuple[MarketSeries, ...]


Job = OverlaysJob | TrendJob | HeatmapJob | FootprintJob | PairsJob
