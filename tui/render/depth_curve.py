"""The cumulative depth of one book as two slopes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import CurvePoint, DepthView
from tui.render.numbers import price_text
from tui.render.palette import Palette, Runs, joined
from tui.render.spark import BLOCKS
from tui.render.study import (
    Block,
    blank,
    exact,
    fixed,
    heading,
    row_of,
    sized,
)
from tui.render.text import fit

_FARTHEST: Final = 1e25
_REACH_BPS: Final = 200
"""Levels farther from the mid are no liquidity; they would press the slopes into the middle."""


class _Curve(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Cumulative sizes by column, from the middle outwards, and what they are scaled to."""

    middle: int
    reach: int
    bids: list[int]
    asks: list[int]
    most: int


def _middle(view: DepthView) -> int | None:
    if view.mid is not None and abs(view.mid) < _FARTHEST:
        return round(view.mid * UNIT)
    side = view.bids or view.asks
    return side[0].price if side else None


def _columns(points: Sequence[CurvePoint], middle: int, reach: int, count: int) -> list[int]:
    """Return the size between the middle and each column's far edge."""
    found = []
    index = held = 0
    for column in range(count):
        edge = reach * (column + 1)
        while index < len(points) and abs(points[index].price - middle) * count <= edge:
            held = points[index].cumulative
            index += 1
        found.append(held)
    return found


def _curve_of(view: DepthView, count: int) -> _Curve | None:
    middle = _middle(view)
    if middle is None or count <= 0 or not (view.bids or view.asks):
        return None
    ends = [side[-1].price for side in (view.bids, view.asks) if side]
    farthest = max(abs(price - middle) for price in ends)
    reach = max(1, min(farthest, middle * _REACH_BPS // 10_000))
    bids = _columns(view.bids, middle, reach, count)
    asks = _columns(view.asks, middle, reach, count)
    most = max(bids[-1], asks[-1], 1)
    return _Curve(middle=middle, reach=reach, bids=bids, asks=asks, most=most)


def depth_curve(view: DepthView, width: int, height: int, palette: Palette) -> Block:
    """Draw cumulative size as two slopes: bids to the left of the mid, asks to the right."""
    half = (width - 1) // 2
    curve = _curve_of(view, half)
    if height < 3 or curve is None:  # noqa: PLR2004 - one row of slope, the axis, a heading
        return [blank(width, palette)] * height
    shown = height - 2
    left = [size * shown * 8 // curve.most for size in reversed(curve.bids)]
    right = [size * shown * 8 // curve.most for size in curve.asks]
    rows = [heading("cumulative depth", width, palette, right=f"{sized(curve.most)} at the edge")]
    for row in range(shown):
        below = (shown - 1 - row) * 8
        runs = [
            *_slope(left, below, "bid", palette),
            ("│" if row else "┬", palette.style("spread" if not row else "grid")),
            *_slope(right, below, "ask", palette),
        ]
        rows.append(exact(runs, width, palette))
    rows.append(_axis(view, curve, half, width, palette))
    return rows


def _slope(eighths: Sequence[int], below: int, role: str, palette: Palette) -> Runs:
    edge, fill = palette.style(f"{role}_bar"), palette.style(role, f"{role}_bar")
    air = palette.style("grid")
    if palette.is_plain:
        edge = palette.style(role)
    solid = "▒" if palette.is_plain else " "
    runs = []
    for level in eighths:
        if level <= below:
            runs.append((" ", air))
        elif level < below + 8:
            runs.append((BLOCKS[level - below - 1], edge))
        else:
            runs.append((solid, fill))
    return joined(runs)


def _axis(view: DepthView, curve: _Curve, half: int, width: int, palette: Palette) -> Runs:
    """Draw the prices at the edges and in the middle, a diamond below each wall."""
    decimals = view.price_decimals
    low = price_text(max(0, curve.middle - curve.reach), decimals)
    high = price_text(curve.middle + curve.reach, decimals)
    middle = _middle_text(view, curve)
    room = 2 * half + 1 - len(low) - len(high)
    if len(middle) + 2 > room:
        return row_of([(fit(middle, width), "spread")], width, palette)
    before = max(1, half - len(middle) // 2 - len(low))
    text = list(" " * (2 * half + 1))
    text[: len(low)] = low
    text[len(text) - len(high) :] = high
    taken = set(range(len(low))) | set(range(len(text) - len(high), len(text)))
    start = len(low) + before
    runs: list[tuple[str, str]] = []
    for column in range(len(text)):
        if start <= column < start + len(middle):
            runs.append((middle[column - start], "spread"))
        elif column not in taken and (role := _wall_at(view, curve, half, column)) is not None:
            runs.append(("◆", role))
        else:
            runs.append((text[column], "muted"))
    return exact(joined([(t, palette.style(r)) for t, r in runs]), width, palette)


def _middle_text(view: DepthView, curve: _Curve) -> str:
    """Write the mid, or the one best price there is, by its name."""
    if view.mid is not None:
        return fixed(curve.middle / UNIT, min(view.price_decimals + 1, 10))
    return f"{'bid' if view.bids else 'ask'} {price_text(curve.middle, view.price_decimals)}"


def _wall_at(view: DepthView, curve: _Curve, half: int, column: int) -> str | None:
    for wall in view.walls:
        if wall.side is Side.BUY:
            place = half - 1 - min(half - 1, (curve.middle - wall.price) * half // curve.reach)
        else:
            place = half + 1 + min(half - 1, (wall.price - curve.middle) * half // curve.reach)
        if place == column and abs(wall.price - curve.middle) <= curve.reach:
            return "bid" if wall.side is Side.BUY else "ask"
    return None
