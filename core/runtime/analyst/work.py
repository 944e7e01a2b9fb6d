"""Solves jobs. Imports the array libraries: only the analyst's process should import this."""

from collections.abc import Callable
from typing import Any, Final

from core.analysis.footprint import footprint
from core.analysis.raster import heatmap
from core.domain.jobs import (
    FootprintJob,
    HeatmapJob,
    Job,
    OverlaysJob,
    PairsJob,
    TrendJob,
)
from core.domain.study_views import StudyView
from core.runtime.analyst.port import Solved
from core.runtime.analyst.solving_pairs import pairs
from core.runtime.analyst.solving_trend import overlays, trend

_SOLVERS: Final[dict[type, Callable[[Any], StudyView | None]]] = {
    OverlaysJob: overlays,
    TrendJob: trend,
    HeatmapJob: heatmap,
    FootprintJob: footprint,
    PairsJob: pairs,
}


def solved(job: Job) -> Solved:
    """Answer a job; an error of ours becomes a text, so that one bad snapshot stops nothing."""
    try:
        return Solved(job.topic, _SOLVERS[type(job)](job))
    except Exception as error:  # noqa: BLE001  the worker's edge: told to the Desk, which counts it
        return Solved(job.topic, None, repr(error)[:500])
