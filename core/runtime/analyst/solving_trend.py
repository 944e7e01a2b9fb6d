"""Answers of the analyst that come from candles: overlays and the trend of several intervals."""

from collections.abc import Sequence
from typing import Final

from core.analysis.indicators import indicator_history, newest, overlay_history
from core.analysis.live import OVERLAY_NAMES
from core.analysis.quality import Quality, quality_of
from core.analysis.rollup import carried_on
from core.analysis.swings import Zone, swings, zones
from core.analysis.trend import Regime, multi_regime
from core.analysis.volatility import volatility, volume_score
from core.domain.jobs import CandleColumn, OverlaysJob, TrendJob
from core.domain.study_views import OverlayLine, OverlaysView, PriceZone, RegimeRow, TrendView
from core.domain.views import CandleRow

ZONES_A_SIDE: Final = 3
USUAL_VOLUMES: Final = 60
"""Complete candles before the newest whose volumes are the usual ones."""
ZONE_INTERVAL: Final = "15m"
MINUTE_NS: Final = 60 * 1_000_000_000
_TOUCHES: Final = 2
LEAST_RETURNS: Final = 20
"""Candles with trades below which a year's volatility is a guess, and is not told."""


def overlays(job: OverlaysJob) -> OverlaysView:
    """Compute every line over the closed candles; the newest `count` are answered."""
    columns = overlay_history(job.candles, job.seed)
    kept = slice(max(0, len(job.candles) - job.count), None)
    return OverlaysView(
        instrument=job.instrument,
        interval=job.interval,
        starts=tuple(row.start_ts for row in job.candles[kept]),
        lines=tuple(
            OverlayLine(name=name, values=tuple(values[kept]))
            for name, values in zip(OVERLAY_NAMES, columns, strict=True)
        ),
        zones=price_zones(job.candles),
        computed_at=job.at,
    )


def price_zones(rows: Sequence[CandleRow]) -> tuple[PriceZone, ...]:
    """Return the nearest zones of support and resistance, highest price first.

    Zones that swings agree on come before single swings.
    """
    last = newest([row.close for row in rows])
    if last is None:
        return ()
    found = zones(swings(rows), last)
    sides = [[zone for zone in found if zone.is_support is side] for side in (True, False)]
    chosen = [zone for side in sides for zone in _nearest(side, last)]
    return tuple(
        PriceZone(is_support=zone.is_support, price=_middle(zone), touches=zone.touches)
        for zone in sorted(chosen, key=_middle, reverse=True)
    )


def _middle(zone: Zone) -> float:
    return (zone.low + zone.high) / 2


def _nearest(side: Sequence[Zone], last: float) -> list[Zone]:
    ranked = sorted(side, key=lambda zone: (zone.touches < _TOUCHES, abs(_middle(zone) - last)))
    return ranked[:ZONES_A_SIDE]


# ---- trend -------------------------------------------------------------------------------------


def trend(job: TrendJob) -> TrendView:
    """Judge every interval and all of them together."""
    by_name = {column.interval: _closed(column, job) for column in job.columns}
    judged = multi_regime({name: column.candles for name, column in by_name.items()})
    return TrendView(
        instrument=job.instrument,
        price_decimals=job.price_decimals,
        head=judged.head,
        rows=tuple(_row(found, by_name[found.timeframe]) for found in judged.regimes),
        zones=_joint_zones(by_name),
        computed_at=job.at,
    )


def _closed(column: CandleColumn, job: TrendJob) -> CandleColumn:
    """Carry an interval on with the minutes, up to its last whole candle."""
    step = column.interval_ns
    if step <= MINUTE_NS:
        return column
    rows = carried_on(column.candles, job.minutes, step)
    is_open = bool(rows) and rows[-1].start_ts + step > job.at
    return CandleColumn(column.interval, step, rows[:-1] if is_open else rows)


def _joint_zones(columns: dict[str, CandleColumn]) -> tuple[PriceZone, ...]:
    """Return the zones of the middling interval, else of the first that has any."""
    first = [columns[ZONE_INTERVAL]] if ZONE_INTERVAL in columns else []
    for column in [*first, *columns.values()]:
        found = price_zones(column.candles)
        if found:
            return found
    return ()


def _row(found: Regime, column: CandleColumn) -> RegimeRow:
    rows = column.candles
    history = indicator_history(rows)
    moved = volatility(rows, column.interval_ns)
    is_measured = moved.candles > LEAST_RETURNS
    quality = quality_of(rows, column.interval_ns)
    atr, close = newest(history.atr), found.close
    return RegimeRow(
        interval=found.timeframe,
        regime=found.trend.value,
        reason=found.reason.partition(": ")[2],
        rsi=newest(history.rsi),
        adx=found.adx,
        atr_pct=None if atr is None or not close else atr / close * 100,
        volatility_pct=_pct(moved.realized if is_measured else None),
        parkinson_pct=_pct(moved.parkinson if is_measured else None),
        garman_klass_pct=_pct(moved.garman_klass if is_measured else None),
        volume_score=_volume_score(rows),
        gaps=quality.missing + quality.empty,
        quality=_words(quality),
    )


def _pct(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100


def _volume_score(rows: Sequence[CandleRow]) -> float | None:
    if not rows:
        return None
    usual = [row.volume for row in rows[-1 - USUAL_VOLUMES : -1]]
    return volume_score(rows[-1].volume, usual)


def _words(quality: Quality) -> str:
    """Say what is wrong with a series; empty where nothing is."""
    faults = (
        (len(quality.repeated), "repeated"),
        (len(quality.unordered), "out of order"),
        (len(quality.off_grid), "off the grid"),
        (len(quality.misplaced), "with impossible prices"),
        (len(quality.negative), "with negative volume"),
    )
    return ", ".join(f"{count} {word}" for count, word in faults if count)
