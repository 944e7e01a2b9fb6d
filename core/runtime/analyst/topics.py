"""From a topic's text to its study; what makes no sense has none."""

from collections.abc import Callable
from typing import Final, NamedTuple

from core.analysis.anchored import DAY_NS
from core.domain.ids import InstrumentId
from core.domain.study_views import PAIRS
from core.market.candles import interval_ns
from core.market.room import MarketRoom
from core.runtime.analyst.overlay_study import OverlayStudy
from core.runtime.analyst.pairs_study import PairsStudy
from core.runtime.analyst.recorder import RingRecorder
from core.runtime.analyst.ring_studies import (
    MOST_CELLS,
    FootprintSize,
    FootprintStudy,
    HeatmapStudy,
    RasterSize,
)
from core.runtime.analyst.studies import Study
from core.runtime.analyst.trend_study import TrendStudy

MOST_CANDLES: Final = 500
MOST_STEP_MS: Final = 60_000


def studied(
    topic: str,
    market: MarketRoom,
    recorder: RingRecorder,
    watched: Callable[[], tuple[InstrumentId, ...]],
) -> Study | None:
    """Return the study of a topic; None for an unknown market, or parts that make no sense."""
    if topic == PAIRS:
        return PairsStudy(market, topic, watched)
    kind, name, *parts = topic.split("/") if "/" in topic else (topic, "")
    instrument, make = InstrumentId(name), _MAKERS.get(kind)
    is_known = market.rules(instrument) is not None or instrument in market.instruments()
    if make is None or not is_known:
        return None
    return make(_Asked(topic, instrument, parts, market, recorder))


class _Asked(NamedTuple):
    topic: str
    instrument: InstrumentId
    parts: list[str]
    market: MarketRoom
    recorder: RingRecorder


def _trend(asked: _Asked) -> Study | None:
    if asked.parts:
        return None
    return TrendStudy(asked.market, asked.topic, asked.instrument)


def _overlays(asked: _Asked) -> Study | None:
    counts, parts = _counts(asked.parts[1:], 1), asked.parts
    if counts is None or not 0 < counts[0] <= MOST_CANDLES or _interval_ns(parts[0]) is None:
        return None
    return OverlayStudy(asked.market, asked.topic, asked.instrument, parts[0], counts[0])


def _heatmap(asked: _Asked) -> Study | None:
    counts = _counts(asked.parts, 3)
    if counts is None:
        return None
    columns, rows, step_ms = counts
    if not 0 < columns * rows <= MOST_CELLS or not 0 < step_ms <= MOST_STEP_MS:
        return None
    raster = RasterSize(columns, rows, step_ms)
    return HeatmapStudy(asked.market, asked.recorder, asked.topic, asked.instrument, raster)


def _footprint(asked: _Asked) -> Study | None:
    counts, parts = _counts(asked.parts[1:], 2), asked.parts
    step_ns = _interval_ns(parts[0]) if parts else None
    if counts is None or step_ns is None or step_ns > DAY_NS:
        return None
    candles, group = counts
    if not 0 < candles <= MOST_CANDLES:
        return None
    wanted = FootprintSize(parts[0], candles, group)
    return FootprintStudy(asked.market, asked.recorder, asked.topic, asked.instrument, wanted)


_MAKERS: Final[dict[str, Callable[[_Asked], Study | None]]] = {
    "trend": _trend,
    "overlays": _overlays,
    "heatmap": _heatmap,
    "footprint": _footprint,
}
KINDS: Final = tuple(_MAKERS)
"""Kinds of topics with views of their own; `pairs` only feeds another view."""


def is_analysed(topic: str) -> bool:
    """Whether a topic is the analyst's."""
    return topic == PAIRS or topic.partition("/")[0] in _MAKERS


def _counts(parts: list[str], count: int) -> list[int] | None:
    """Read so many counts; None where they are fewer, more, or no plain numbers."""
    is_plain = all(part.isdecimal() and part.isascii() and len(part) <= 6 for part in parts)  # noqa: PLR2004
    return [int(part) for part in parts] if is_plain and len(parts) == count else None


def _interval_ns(text: str) -> int | None:
    try:
        return interval_ns(text)
    except ValueError:
        return None
