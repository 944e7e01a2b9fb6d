"""The answer of `wingman analyze` as one JSON document: units in the keys, exact numbers.

Prices and sizes are JSON numbers with every digit the market gave; ratios and averages are floats.
What is not known is null.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.domain.fixed import unscaled
from core.domain.ids import symbol_of, venue_of
from core.domain.study_views import (
    CurvePoint,
    DepthView,
    FlowView,
    FundingView,
    PairsView,
    ProfileView,
    TrendView,
)
from core.domain.views import LadderView
from core.runtime.analysis_run import Look

_NS: Final = 1_000_000_000
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
Document = dict[str, Any]


def as_text(look: Look) -> str:
    """Write a look as JSON."""
    return _ENCODER.encode(document(look)).decode()


def document(look: Look) -> Document:
    """Return a look as plain values."""
    return {
        "mode": look.mode,
        "instrument": look.instrument,
        "venue": venue_of(look.instrument),
        "symbol": symbol_of(look.instrument),
        "at": stamp(look.at),
        "at_ns": look.at,
        "since": stamp(look.since),
        "elapsed_s": round((look.at - look.since) / _NS, 3),
        "book": None if look.ladder is None else _book(look.ladder),
        "depth": None if look.depth is None else _depth(look.depth),
        "flow": None if look.flow is None else _flow(look.flow),
        "profile": None if look.profile is None else _profile(look.profile),
        "trend": None if look.trend is None else _trend(look.trend),
        "pairs": [] if look.pairs is None else _pairs(look.pairs),
        "funding": [] if look.funding is None else _funding(look.funding),
        **look.counters,
    }


def stamp(instant: int) -> str:
    """Write an instant in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(instant // _NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % _NS // 1_000_000:03d}Z"


def exact(number: int | None) -> Decimal | None:
    """Return a number of 10^-10 without needless zeros."""
    if number is None:
        return None
    text = f"{unscaled(number):f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _book(view: LadderView) -> Document:
    return {
        "state": view.book_state.value,
        "age_ms": view.age_ms,
        "best_bid_price": exact(view.best_bid),
        "best_ask_price": exact(view.best_ask),
        "last_price": exact(view.last_price),
        "last_side": view.last_side,
        "price_decimals": view.price_decimals,
        "size_decimals": view.size_decimals,
    }


def _depth(view: DepthView) -> Document:
    return {
        "age_ms": view.age_ms,
        "mid_price": view.mid,
        "microprice": view.microprice,
        "spread_bps": view.spread_bps,
        "spread_ticks": view.spread_ticks,
        "imbalances": [{"levels": n, "imbalance": value} for n, value in view.imbalances],
        "costs": [
            {
                "notional_quote": row.notional,
                "side": row.side,
                "vwap_price": row.vwap,
                "slippage_bps": row.slippage_bps,
                "worst_price": exact(row.worst_price),
                "levels": row.levels,
            }
            for row in view.costs
        ],
        "bands": [
            {
                "within_bps": row.within_bps,
                "bid_notional_quote": row.bid_notional,
                "ask_notional_quote": row.ask_notional,
                "imbalance": row.imbalance,
            }
            for row in view.bands
        ],
        "walls": [
            {
                "side": row.side,
                "price": exact(row.price),
                "size_base": exact(row.size),
                "times_norm": row.times_norm,
                "age_ms": row.age_ms,
            }
            for row in view.walls
        ],
        "order_flow": [
            {"window_s": found.window_s, "imbalance_base": found.value} for found in view.order_flow
        ],
        "resilience_half_s": view.resilience_half_s,
        "resilience_share": view.resilience_share,
        "liquidity_score": view.liquidity_score,
        "spread_history_bps": list(view.spread_history),
        "imbalance_history": list(view.imbalance_history),
        "curve": {"bids": _curve(view.bids), "asks": _curve(view.asks)},
    }


def _curve(points: Iterable[CurvePoint]) -> list[Document]:
    return [
        {"price": exact(point.price), "cumulative_base": exact(point.cumulative)}
        for point in points
    ]


def _flow(view: FlowView) -> Document:
    return {
        "since": None if view.since is None else stamp(view.since),
        "windows": [
            {
                "window_s": row.window_s,
                "volume_base": row.volume,
                "buy_base": row.buy,
                "sell_base": row.sell,
                "delta_base": row.delta,
                "delta_ratio": row.delta_ratio,
                "vwap_price": row.vwap,
                "twap_price": row.twap,
                "trades": row.trades,
                "trades_per_s": row.trades_per_s,
                "missed": row.missed,
            }
            for row in view.windows
        ],
        "large_size_base": exact(view.large_size),
        "large_quantile": view.large_quantile,
        "size_quantiles": [
            {"quantile": quantile, "size_base": size} for quantile, size in view.size_quantiles
        ],
        "sweeps": [
            {
                "ts_event": stamp(row.ts_event),
                "side": row.side,
                "first_price": exact(row.first_price),
                "last_price": exact(row.last_price),
                "size_base": exact(row.size),
                "prints": row.prints,
            }
            for row in view.sweeps
        ],
        "kyle_lambda_quote_per_base": view.kyle_lambda,
        "kyle_r_squared": view.kyle_r_squared,
        "effective_bps": view.effective_bps,
        "realized_bps": view.realized_bps,
        "impact_bps": view.impact_bps,
        "series": [
            {
                "second_s": point.second,
                "delta_base": point.delta,
                "cumulative_base": point.cumulative,
                "price": point.price,
                "volume_base": point.volume,
            }
            for point in view.series
        ],
    }


def _profile(view: ProfileView) -> Document:
    return {
        "row_step_price": exact(view.row_step),
        "point_of_control_price": exact(view.point_of_control),
        "value_high_price": exact(view.value_high),
        "value_low_price": exact(view.value_low),
        "cluster_prices": [exact(price) for price in view.clusters],
        "rows": [
            {
                "price": exact(bar.price),
                "sold_base": exact(bar.sold),
                "bought_base": exact(bar.bought),
            }
            for bar in view.rows
        ],
    }


def _trend(view: TrendView) -> Document:
    return {
        "head": view.head,
        "rows": [msgspec.structs.asdict(row) for row in view.rows],
        "zones": [msgspec.structs.asdict(zone) for zone in view.zones],
        "computed_at": stamp(view.computed_at),
    }


def _pairs(view: PairsView) -> list[Document]:
    rows = [msgspec.structs.asdict(row) for row in view.rows]
    return [{**row, "history_bps": list(row.pop("history"))} for row in rows]


def _funding(view: FundingView) -> list[Document]:
    found = []
    for row in view.rows:
        fields = msgspec.structs.asdict(row)
        next_ts = fields.pop("next_funding_ts")
        fields.pop("price_decimals")
        found.append(
            {
                **fields,
                "mark_price": exact(row.mark_price),
                "index_price": exact(row.index_price),
                "next_funding": None if next_ts is None else stamp(next_ts),
                "history_bps": list(fields.pop("history")),
            }
        )
    return found
