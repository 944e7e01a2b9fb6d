"""The answer of `wingman analyze` for people: aligned text, a block a study."""

from collections.abc import Sequence
from typing import Final

from core.domain.order import Side
from core.domain.study_views import (
    DepthView,
    FlowView,
    FundingView,
    PairsView,
    ProfileView,
    TrendView,
)
from core.runtime.analysis_run import Look
from tui.analyze_document import stamp
from tui.render.numbers import NOTHING, fixed_size, price_text

PROFILE_ROWS: Final = 24
"""Rows around the point of control; the document has them all."""
WALLS: Final = 5
"""Of each side."""
BAR: Final = 30
_NS: Final = 1_000_000_000
Cells = Sequence[str]


def report(look: Look) -> str:
    """Write a look for people."""
    return "\n\n".join(block for block in _blocks(look) if block)


def _blocks(look: Look) -> list[str]:
    return [
        _head(look),
        "" if look.depth is None else _depth(look.depth),
        "" if look.flow is None else _flow(look.flow),
        "" if look.profile is None else _profile(look.profile),
        "" if look.trend is None else _trend(look.trend),
        "" if look.pairs is None else _pairs(look.pairs),
        "" if look.funding is None else _funding(look.funding),
        _counters(look),
    ]


# ---- how things are written ----------------------------------------------------------------------


def table(head: Cells, rows: Sequence[Cells], left: int = 1) -> str:
    """Align columns: the first `left` to the left, all others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  "
        + "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _block(title: str, *parts: str) -> str:
    """Put parts under a title, an empty line between them."""
    return "\n".join([title, "\n\n".join(part for part in parts if part)])


def _number(value: float | None, decimals: int, unit: str = "", *, sign: bool = False) -> str:
    if value is None:
        return NOTHING
    return f"{value:{'+' if sign else ''},.{decimals}f}{unit}"


def _pairs_of(*found: tuple[str, str]) -> str:
    width = max(len(name) for name, _ in found)
    return "\n".join(f"  {name:{width}}  {value}" for name, value in found)


# ---- blocks --------------------------------------------------------------------------------------


def _head(look: Look) -> str:
    age = "" if look.ladder is None else f", book {look.ladder.book_state.value}"
    seconds = (look.at - look.since) / _NS
    return f"{look.instrument}  at {stamp(look.at)}  ({look.mode}, {seconds:,.0f} s seen{age})"


def _depth(view: DepthView) -> str:
    decimals = view.price_decimals
    facts = _pairs_of(
        ("mid", _number(view.mid, decimals + 1)),
        ("microprice", _number(view.microprice, decimals + 1)),
        ("spread", f"{_number(view.spread_bps, 2)} bps, {_number(view.spread_ticks, 0)} ticks"),
        ("liquidity score", _number(view.liquidity_score, 2)),
        (
            "imbalance",
            "  ".join(f"{n} levels {_number(v, 2, sign=True)}" for n, v in view.imbalances),
        ),
        (
            "order flow",
            "  ".join(
                f"{found.window_s} s {_number(found.value, 2, sign=True)}"
                for found in view.order_flow
            )
            or NOTHING,
        ),
        ("refill half-life", _number(view.resilience_half_s, 1, " s")),
    )
    return _block("DEPTH", facts, _bands(view), _costs(view), _walls(view))


def _bands(view: DepthView) -> str:
    return table(
        ("within bps", "bids (quote)", "asks (quote)", "imbalance"),
        [
            (
                str(row.within_bps),
                _number(row.bid_notional, 0),
                _number(row.ask_notional, 0),
                _number(row.imbalance, 2, sign=True),
            )
            for row in view.bands
        ],
        left=0,
    )


def _costs(view: DepthView) -> str:
    return table(
        ("taking", "notional", "vwap", "slippage bps", "worst price", "levels"),
        [
            (
                row.side.value,
                _number(row.notional, 0),
                _number(row.vwap, view.price_decimals + 1),
                _number(row.slippage_bps, 2),
                price_text(row.worst_price, view.price_decimals),
                str(row.levels),
            )
            for row in view.costs
        ],
    )


def _walls(view: DepthView) -> str:
    """Show the largest walls of each side, the highest price first."""
    if not view.walls:
        return ""
    sides = [[wall for wall in view.walls if wall.side is side] for side in Side]
    largest = [sorted(walls, key=lambda wall: -wall.size)[:WALLS] for walls in sides]
    shown = sorted((wall for walls in largest for wall in walls), key=lambda wall: -wall.price)
    rows = [
        (
            row.side.value,
            price_text(row.price, view.price_decimals),
            fixed_size(row.size, view.size_decimals),
            f"{row.times_norm:,.0f}x",
            f"{row.age_ms / 1_000:,.0f} s",
        )
        for row in shown
    ]
    head = (f"wall ({len(rows)} of {len(view.walls)})", "price", "size", "norm", "age")
    return table(head, rows)


def _flow(view: FlowView) -> str:
    windows = [
        (
            "all" if row.window_s is None else f"{row.window_s} s",
            _number(row.volume, 3),
            _number(row.delta, 3, sign=True),
            _number(row.delta_ratio, 2, sign=True),
            _number(row.vwap, view.price_decimals + 1),
            _number(row.twap, view.price_decimals + 1),
            f"{row.trades:,}",
            _number(row.trades_per_s, 2),
            f"{row.missed:,}",
        )
        for row in view.windows
    ]
    names = ("window", "volume", "delta", "ratio", "vwap", "twap", "trades", "per s", "missed")
    facts = _pairs_of(
        (
            "large from",
            NOTHING if view.large_size is None else fixed_size(view.large_size, view.size_decimals),
        ),
        (
            "Kyle's lambda",
            f"{_number(view.kyle_lambda, 4)}  (R2 {_number(view.kyle_r_squared, 2)})",
        ),
        ("effective spread", _number(view.effective_bps, 2, " bps")),
        ("realized spread", _number(view.realized_bps, 2, " bps")),
        ("price impact", _number(view.impact_bps, 2, " bps")),
        ("sweeps held", str(len(view.sweeps))),
    )
    return _block("FLOW", table(names, windows), facts)


def _profile(view: ProfileView) -> str:
    if not view.rows:
        return _block("PROFILE", "  no prints")
    decimals = view.price_decimals
    prices = [bar.price for bar in view.rows]
    place = prices.index(view.point_of_control) if view.point_of_control in prices else 0
    start = max(0, min(place - PROFILE_ROWS // 2, len(prices) - PROFILE_ROWS))
    kept = view.rows[start : start + PROFILE_ROWS]
    most = max(bar.sold + bar.bought for bar in view.rows)
    rows = [
        (
            price_text(bar.price, decimals),
            fixed_size(bar.sold, view.size_decimals),
            fixed_size(bar.bought, view.size_decimals),
            _mark(bar.price, view),
            ("#" * round(BAR * (bar.sold + bar.bought) / most)).ljust(BAR),
        )
        for bar in kept
    ]
    head = ("price", "sold", "bought", "", "volume".ljust(BAR))
    return _block("PROFILE", table(head, rows, left=0))


def _mark(price: int, view: ProfileView) -> str:
    marks = {view.value_low: "VAL", view.value_high: "VAH", view.point_of_control: "POC"}
    return marks.get(price, "")


def _trend(view: TrendView) -> str:
    names = ("", "regime", "RSI", "ADX", "ATR %", "vol % a year", "volume score", "gaps", "why")
    rows = [
        (
            row.interval,
            row.regime,
            _number(row.rsi, 0),
            _number(row.adx, 0),
            _number(row.atr_pct, 3),
            _number(row.volatility_pct, 1),
            _number(row.volume_score, 1, sign=True),
            str(row.gaps),
            row.reason + (f" ({row.quality})" if row.quality else ""),
        )
        for row in view.rows
    ]
    reasons = max((len(row[-1]) for row in rows), default=0)
    aligned = [(*row[:-1], row[-1].ljust(reasons)) for row in rows]
    zones = [
        (
            "support" if zone.is_support else "resistance",
            _number(zone.price, view.price_decimals),
            f"{zone.touches} touch{'' if zone.touches == 1 else 'es'}",
        )
        for zone in view.zones
    ]
    head = (*names[:-1], names[-1].ljust(reasons))
    shown = table(("zone", "price", ""), zones) if zones else ""
    return _block(f"TREND  {view.head}", table(head, aligned, left=2), shown)


def _pairs(view: PairsView) -> str:
    if not view.rows:
        return ""
    rows = [
        (
            f"{row.first} / {row.second}",
            _number(row.spread_bps, 2, sign=True),
            _number(row.mean_bps, 2, sign=True),
            _number(row.low_bps, 2, sign=True),
            _number(row.high_bps, 2, sign=True),
            _number(row.executable_bps, 2, sign=True),
            _number(row.correlation, 2, sign=True),
            _number(row.lead_s, 0, " s", sign=True),
        )
        for row in view.rows
    ]
    names = ("pair", "spread bps", "mean", "low", "high", "executable", "corr", "lead")
    return _block("PAIRS", table(names, rows))


def _funding(view: FundingView) -> str:
    if not view.rows:
        return ""
    rows = [
        (
            row.instrument,
            price_text(row.mark_price, row.price_decimals),
            price_text(row.index_price, row.price_decimals),
            _number(row.basis_bps, 2, sign=True),
            _number(row.rate_pct, 4, sign=True),
            _number(row.interval_hours, 0),
            _number(row.hourly_pct, 5, sign=True),
            _number(row.annual_pct, 2, sign=True),
        )
        for row in view.rows
    ]
    names = ("funding", "mark", "index", "basis bps", "rate %", "hours", "% an hour", "% a year")
    return _block("FUNDING", table(names, rows))


def _counters(look: Look) -> str:
    return "integrity  " + "  ".join(f"{name} {count:,}" for name, count in look.counters.items())
