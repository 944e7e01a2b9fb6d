"""Level lines on a chart and their tags at the axis: orders, alerts, zones, last price, grid."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from rich.style import Style

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import PriceZone
from core.domain.views import FillMark, OwnOrder
from tui.render.chart_canvas import Canvas
from tui.render.chart_scale import Scale, amount_text, labels_of, price_label
from tui.render.chart_spec import Chart, Preset
from tui.render.chart_time import Buckets, Window
from tui.render.palette import Palette
from tui.render.text import fit_right

BUY_MARK: Final = "▲"
SELL_MARK: Final = "▼"
BOTH_MARK: Final = "◈"
ALERT_MARK: Final = "◆"
_LAST_MARK: Final = "▸"
_OWN_MARKS: Final = frozenset({BUY_MARK, SELL_MARK, ALERT_MARK})
_ZONES_A_SIDE: Final = 2
_ABOVE: Final = "↑"
_BELOW: Final = "↓"
_GRID_EVERY: Final = 4
_NS_PER_SEC: Final = 1_000_000_000
_DAY: Final = 86_400
_HOUR: Final = 3_600


class Tag(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What stands at the axis in one row: a mark of one cell, and text."""

    text: str
    role: str
    mark: str = " "
    mark_role: str = "muted"
    ground: str = "panel"
    is_bold: bool = False


class Level(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A level line with its tag."""

    price: float
    glyph: str
    ink: str
    tag: Tag
    every: int = 1


Tags = dict[int, Tag]
Fills = dict[tuple[int, int], tuple[int, int]]
"""Bought and sold quantity by price row and slot."""


def levels_of(chart: Chart, scale: Scale, last: float | None) -> Iterator[Level]:
    """Yield every level line, the least important first."""
    cells = chart.axis_cells - 1
    for price in labels_of(scale, chart.decimals).values():
        tag = Tag(text=price_label(price, chart.decimals, cells), role="muted")
        yield Level(price=price, glyph="·", ink="grid", tag=tag, every=_GRID_EVERY)
    yield from _zone_levels(chart, cells, last)
    yield from _alert_levels(chart, cells)
    yield from map(_order_level, _summed(chart.orders))
    if last is not None:
        tag = Tag(
            text=price_label(last, chart.decimals, cells), role="text", mark=_LAST_MARK,
            mark_role="text", ground="last", is_bold=True,
        )  # fmt: skip
        yield Level(price=last, glyph="╌", ink="last_line", tag=tag)


def _zone_levels(chart: Chart, cells: int, last: float | None) -> Iterator[Level]:
    if chart.overlays is None or chart.preset is Preset.PLAIN:
        return
    for zone in nearest_zones(chart.overlays.zones, last):
        role = "support" if zone.is_support else "resistance"
        mark = "S" if zone.is_support else "R"
        text = price_label(zone.price, chart.decimals, cells)
        tag = Tag(text=text, role=role, mark=mark, mark_role=role)
        yield Level(price=zone.price, glyph="┈", ink=role, tag=tag, every=2)


def nearest_zones(zones: Iterable[PriceZone], last: float | None) -> list[PriceZone]:
    """Keep the two supports and the two resistances next to the last price, the nearest last."""
    if last is None:
        return []
    known = sorted(zones, key=lambda zone: abs(zone.price - last))
    found: list[PriceZone] = []
    for is_support in (True, False):
        found += [zone for zone in known if zone.is_support is is_support][:_ZONES_A_SIDE]
    return found[::-1]


def _alert_levels(chart: Chart, cells: int) -> Iterator[Level]:
    for price in chart.alert_prices:
        text = price_label(price / UNIT, chart.decimals, cells)
        tag = Tag(text=text, role="alert_level", mark=ALERT_MARK, mark_role="alert_level")
        yield Level(price=price / UNIT, glyph="┄", ink="alert_level", tag=tag)


def _order_level(order: OwnOrder) -> Level:
    mark = BUY_MARK if order.side is Side.BUY else SELL_MARK
    tag = Tag(
        text=amount_text(order.leaves / UNIT), role="own", mark=mark, mark_role="own", is_bold=True
    )
    return Level(price=order.price / UNIT, glyph="╶", ink="own_line", tag=tag)


def _summed(orders: Iterable[OwnOrder]) -> list[OwnOrder]:
    """Join orders of one side at one price."""
    sizes: dict[tuple[int, Side], int] = {}
    for order in orders:
        key = order.price, order.side
        sizes[key] = sizes.get(key, 0) + order.leaves
    return [OwnOrder(price, side, size) for (price, side), size in sizes.items()]


def draw_levels(canvas: Canvas, levels: Iterable[Level], scale: Scale) -> Tags:
    """Draw level lines and return the tags of their rows; later ones lie above."""
    tags: Tags = {}
    for level in levels:
        row = scale.row(level.price)
        if row is None:
            _tag_beyond(tags, level, scale)
            continue
        canvas.line(row, level.glyph, level.ink, every=level.every)
        tags[row] = _over(tags.get(row), level.tag)
    return tags


def _over(below: Tag | None, tag: Tag) -> Tag:
    """Lay a tag over another; the mark of an order or alert stays seen beside the last price."""
    if below is None or tag.mark != _LAST_MARK or below.mark not in _OWN_MARKS:
        return tag
    return msgspec.structs.replace(tag, mark=below.mark, mark_role=below.mark_role)


def _tag_beyond(tags: Tags, level: Level, scale: Scale) -> None:
    """Point to a last price outside of a locked scale."""
    if level.tag.mark == _LAST_MARK and scale.rows:
        is_above = level.price > scale.high
        mark = _ABOVE if is_above else _BELOW
        tags[0 if is_above else scale.rows - 1] = msgspec.structs.replace(level.tag, mark=mark)


def add_countdown(tags: Tags, chart: Chart, row: int | None, rows: int) -> None:
    """Write the time to the candle's close beside the last price, where there is room."""
    text = countdown(chart)
    if text is None or row is None:
        return
    for place in (row + 1, row - 1):
        held = tags.get(place)
        if 0 <= place < rows and (held is None or held.mark == " "):
            tags[place] = Tag(text=text, role="text_soft")
            return


def countdown(chart: Chart) -> str | None:
    """Return the time to the close of the newest candle, None where it is not known or over."""
    if chart.now is None or not chart.candles or chart.end_ts is not None:
        return None
    left = chart.candles[-1].start_ts + chart.interval_ns - chart.now
    seconds = -(-left // _NS_PER_SEC)
    if not 0 < left <= chart.interval_ns:
        return None
    if seconds >= _DAY:
        return f"{seconds // _DAY}d {seconds % _DAY // _HOUR:02d}h"
    minutes = f"{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{seconds // _HOUR}:{minutes}" if seconds >= _HOUR else minutes.removeprefix("0")


def fills_of(fills: Iterable[FillMark], window: Window, scale: Scale) -> Fills:
    """Add up own fills by the cell they belong to."""
    found: Fills = {}
    for fill in fills:
        slot, row = window.place(fill.ts_event), scale.row(fill.price / UNIT)
        if row is not None and 0 <= slot < window.slots:
            bought, sold = found.get((row, slot), (0, 0))
            is_buy = fill.side is Side.BUY
            more = (fill.quantity, 0) if is_buy else (0, fill.quantity)
            found[row, slot] = (bought + more[0], sold + more[1])
    return found


def draw_fills(canvas: Canvas, fills: Fills, window: Window) -> None:
    """Mark own fills at their price and time."""
    for (row, slot), (bought, sold) in fills.items():
        mark = BOTH_MARK if bought and sold else BUY_MARK if bought else SELL_MARK
        canvas.put(row, window.column(slot), mark, "own")


def draw_holes(canvas: Canvas, row: int, buckets: Buckets, window: Window) -> None:
    """Mark slots without a candle at the bottom: a dot without trades, a cross where missing."""
    first = next((slot for slot, bucket in enumerate(buckets) if bucket), len(buckets))
    for slot in range(first, len(buckets)):
        bucket = buckets[slot]
        if bucket is None:
            canvas.put(row, window.column(slot), "×", "stale")  # noqa: RUF001 - the sign is meant
        elif bucket.open is None:
            canvas.put(row, window.column(slot), "·", "faint")


def axis_runs(tag: Tag | None, cells: int, palette: Palette) -> list[tuple[str, Style]]:
    """Return the axis of one row, exactly so many cells."""
    if tag is None or cells <= 0:
        return [(" " * cells, palette.style("muted"))]
    style = palette.style(tag.role, tag.ground, bold=tag.is_bold)
    mark = (tag.mark, palette.style(tag.mark_role, tag.ground, bold=tag.is_bold))
    return [mark, (fit_right(tag.text, cells - 1), style)]
