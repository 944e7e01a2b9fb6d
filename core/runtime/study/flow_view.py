"""Every number of one market's prints, built when somebody looks."""

from typing import Final

from core.analysis.flow import vwap_of
from core.analysis.sizes import LARGE_PER_MILLE, QUANTILES_PER_MILLE, nearest_rank
from core.analysis.units import SECOND_NS, ratio
from core.domain.fixed import UNIT
from core.domain.study_views import FlowView, FlowWindow
from core.market.market import Market
from core.runtime.study.market_study import MarketStudy
from core.runtime.study.prints import PrintLog

WINDOWS_S: Final = (10, 60, 300, 900, 3_600)
_MILLE: Final = 1_000


def flow_view(study: MarketStudy, at: int) -> FlowView:
    """Build the view. Windows end now by the engine's clock, or with a print later than that."""
    market, prints = study.market, study.prints
    end = max(at, prints.times[-1] if prints.times else at) + 1
    paid, impact = study.paid.paid(), study.series.impact()
    return FlowView(
        instrument=market.instrument_id,
        at=at,
        since=prints.since,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        windows=flow_windows(study, end),
        large_size=study.large_size,
        large_quantile=LARGE_PER_MILLE / _MILLE,
        size_quantiles=size_quantiles(prints),
        sweeps=study.newest_sweeps(),
        kyle_lambda=None if impact is None else impact.kyle_lambda,
        kyle_r_squared=None if impact is None else impact.r_squared,
        effective_bps=None if paid is None else paid.effective_bps,
        realized_bps=None if paid is None else paid.realized_bps,
        impact_bps=None if paid is None else paid.impact_bps,
        series=study.series.points(),
    )


def flow_windows(study: MarketStudy, end: int) -> tuple[FlowWindow, ...]:
    """Total each window that lies wholly in the time studied, then all prints held."""
    prints, since = study.prints, study.prints.since
    covered = study.begun_at if since is None else since
    if not prints.is_full:
        covered = min(covered, study.begun_at)
    starts = [(seconds, end - seconds * SECOND_NS) for seconds in WINDOWS_S]
    found = [_window(prints, window, start, end) for window, start in starts if start >= covered]
    if since is not None:
        found.append(_window(prints, None, since, end))
    return tuple(found)


def _window(prints: PrintLog, seconds: int | None, start: int, end: int) -> FlowWindow:
    totals = prints.window(start, end)
    volume = totals.buy + totals.sell
    return FlowWindow(
        window_s=seconds,
        volume=volume / UNIT,
        buy=totals.buy / UNIT,
        sell=totals.sell / UNIT,
        delta=(totals.buy - totals.sell) / UNIT,
        delta_ratio=ratio(totals.buy - totals.sell, volume),
        vwap=vwap_of(totals.money, volume),
        twap=totals.twap,
        trades=totals.trades,
        trades_per_s=ratio(totals.trades * SECOND_NS, end - start),
        missed=totals.missed,
    )


def size_quantiles(prints: PrintLog) -> tuple[tuple[float, float], ...]:
    """Return quantiles of the sizes held, in base units."""
    found = []
    for share in QUANTILES_PER_MILLE:
        size = nearest_rank(prints.ordered_sizes, share)
        if size is not None:
            found.append((share / _MILLE, size / UNIT))
    return tuple(found)


def empty_flow(market: Market, at: int) -> FlowView:
    """Say that nothing is known of a market's prints yet."""
    return FlowView(
        instrument=market.instrument_id,
        at=at,
        since=None,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        windows=(),
        large_size=None,
        large_quantile=LARGE_PER_MILLE / _MILLE,
        size_quantiles=(),
        sweeps=(),
        kyle_lambda=None,
        kyle_r_squared=None,
        effective_bps=None,
        realized_bps=None,
        impact_bps=None,
        series=(),
    )
