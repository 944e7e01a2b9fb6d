"""Hand-made book samples and prints for tests of rasters and footprints."""

from array import array
from collections.abc import Iterable

from core.domain.ids import InstrumentId
from core.domain.jobs import BookSample, FootprintJob, HeatGrid, HeatmapJob, PrintColumns
from core.domain.order import Side
from core.domain.views import TapeRow

NAME = InstrumentId("alpha:SOL_USDC_PERP")
SECOND = 1_000_000_000
Row = tuple[int, int]
"""Lower edge and size."""


def sample(at: int, bids: list[Row], asks: list[Row], base: int = 1) -> BookSample:
    """Make a sample; the best prices are those of the first rows."""
    rows = [*bids, *asks]
    return BookSample(
        at,
        bids[0][0] + base - 1 if bids else None,
        asks[0][0] if asks else None,
        array("q", [price for price, _ in rows]).tobytes(),
        array("d", [size for _, size in rows]).tobytes(),
    )


def columns(
    prints: Iterable[TapeRow], chunk: int = 7, late_ns: int = 0
) -> tuple[PrintColumns, ...]:
    """Pack prints in chunks, as a ring holds them."""
    rows = list(prints)
    return tuple(
        PrintColumns(
            array(
                "q",
                [
                    number
                    for row in rows[start : start + chunk]
                    for number in (
                        row.ts_event,
                        row.ts_event + late_ns,
                        row.price,
                        row.side is Side.BUY,
                    )
                ],
            ).tobytes(),
            array("d", [row.size for row in rows[start : start + chunk]]).tobytes(),
        )
        for start in range(0, len(rows), chunk)
    )


def heat_job(
    samples: tuple[BookSample | None, ...],
    *,
    rows: int = 10,
    base: int = 1,
    prints: tuple[PrintColumns, ...] = (),
    previous: HeatGrid | None = None,
) -> HeatmapJob:
    """Ask for a raster that begins at 0, one second a column."""
    return HeatmapJob(
        topic="heatmap",
        at=len(samples) * SECOND,
        instrument=NAME,
        price_decimals=10,
        size_decimals=10,
        rows=rows,
        start_ts=0,
        step_ns=SECOND,
        base_step=base,
        samples=samples,
        prints=prints,
        previous=previous,
    )


def foot_job(
    prints: Iterable[TapeRow],
    *,
    interval_ns: int = 100,
    candles: int = 50,
    group: int = 1,
    tick: int = 1,
    complete_from: int = 0,
    previous: int | None = None,
    size_decimals: int = 10,
) -> FootprintJob:
    """Ask for a footprint."""
    return FootprintJob(
        topic="footprint",
        at=0,
        instrument=NAME,
        interval="1m",
        interval_ns=interval_ns,
        candles=candles,
        group=group,
        tick=tick,
        price_decimals=10,
        size_decimals=size_decimals,
        complete_from=complete_from,
        prints=columns(prints),
        previous_step=previous,
    )
