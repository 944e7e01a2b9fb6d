"""Recent candles by price: what was sold into the bids, what was bought from the asks."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from rich.style import Style

from core.domain.fixed import UNIT
from core.domain.study_views import FootprintCandle, FootprintView, ProfileBar
from tui.render.numbers import clock_text, price_text
from tui.render.palette import Palette
from tui.render.study import Block, blank, brief, exact, price_tail, short, sign_role
from tui.render.text import fit_center, fit_right

RATIO: Final = 3
"""A side this many times the other, one row further against it, is an imbalance."""
_AXIS: Final = 11
_FEET: Final = 3
"""Rows below the prices: delta, volume, time."""
_LEAST_CELLS: Final = 11
_MOST_CELLS: Final = 15
_FEWEST: Final = 5
"""Rows a middling candle keeps."""
_JOINED: Final = (1, 2, 5, 10, 20, 50, 100)
"""Rows joined to one where the engine's are too fine for the pane."""
_BODY: Final = {True: "┃", False: "│"}


class Foot(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One cell of a footprint, ready to be drawn."""

    bar: ProfileBar
    is_control: bool
    is_bought_heavy: bool
    """Bought here over sold one row below."""
    is_sold_heavy: bool
    """Sold here over bought one row above."""
    share: float
    """Volume over that of the candle's heaviest row."""


def feet_of(candle: FootprintCandle, row_step: int) -> dict[int, Foot]:
    """Return the cells of a candle by price.

    Imbalance is diagonal: buyers lift the ask while sellers hit the bid a row below. Against
    nothing it counts when the side has at least the candle's mean volume of a row.
    """
    bars = {bar.price: bar for bar in candle.bars}
    totals = [bar.sold + bar.bought for bar in candle.bars]
    most = max(totals, default=0)
    mean = sum(totals) // max(1, len(totals))
    control = next((b.price for b in candle.bars if b.sold + b.bought == most), None)
    feet = {}
    for price, bar in bars.items():
        below, above = bars.get(price - row_step), bars.get(price + row_step)
        feet[price] = Foot(
            bar=bar,
            is_control=price == control and most > 0,
            is_bought_heavy=_is_heavy(bar.bought, below.sold if below else 0, mean),
            is_sold_heavy=_is_heavy(bar.sold, above.bought if above else 0, mean),
            share=(bar.sold + bar.bought) / most if most else 0.0,
        )
    return feet


def _is_heavy(size: int, other: int, mean: int) -> bool:
    return size >= RATIO * other and size > 0 if other > 0 else size >= mean > 0


class Frame(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Which candles and which prices fit."""

    candles: tuple[FootprintCandle, ...]
    cells: int
    """Cells of a candle, its body and the gap included."""
    top: int
    rows: int


def candles_that_fit(width: int) -> int:
    """Return how many candles fit beside the axis."""
    return max(1, (width - _AXIS) // (_LEAST_CELLS + 2))


def fitted(view: FootprintView, width: int, height: int) -> FootprintView:
    """Join price rows until the candles on view stand in the pane together.

    A middling candle keeps five rows: in a market that runs away the oldest leave the picture.
    """
    count = candles_that_fit(width)
    candles = [candle for candle in view.candles[-count:] if candle.bars]
    rows, step = height - _FEET, view.row_step
    if not candles or rows < 1 or step <= 0:
        return view
    high = max(candle.bars[0].price for candle in candles)
    low = min(candle.bars[-1].price for candle in candles)
    spans = sorted((c.bars[0].price - c.bars[-1].price) // step + 1 for c in candles)
    most = max(1, spans[len(spans) // 2] // _FEWEST)
    for times in _JOINED:
        if times > most:
            break
        if high // (step * times) - low // (step * times) < rows:
            return _coarser(view, times)
    return _coarser(view, max(times for times in _JOINED if times <= most))


def _coarser(view: FootprintView, times: int) -> FootprintView:
    """Join so many rows to one."""
    if times == 1:
        return view
    step = view.row_step * times
    candles = [
        msgspec.structs.replace(candle, bars=_joined(candle.bars, step)) for candle in view.candles
    ]
    return msgspec.structs.replace(view, row_step=step, candles=tuple(candles))


def _joined(bars: Sequence[ProfileBar], step: int) -> tuple[ProfileBar, ...]:
    rows: dict[int, tuple[int, int]] = {}
    for bar in bars:
        price = bar.price // step * step
        sold, bought = rows.get(price, (0, 0))
        rows[price] = (sold + bar.sold, bought + bar.bought)
    return tuple(ProfileBar(price, *both) for price, both in rows.items())


def frame_of(view: FootprintView, width: int, height: int, *, shift: int = 0) -> Frame | None:
    """Choose the newest candles and the prices around the last one.

    Args:
        view: The candles.
        width: Cells of the pane.
        height: Rows of the pane.
        shift: Rows by which a person moved the window down.
    """
    count = min(len(view.candles), candles_that_fit(width))
    candles = view.candles[len(view.candles) - count :] if count else ()
    prices = [bar.price for candle in candles for bar in candle.bars]
    rows = height - _FEET
    if not prices or rows < 1 or view.row_step <= 0:
        return None
    high, low = max(prices), min(prices)
    needed = (high - low) // view.row_step + 1
    if needed <= rows:
        top = high + (rows - needed) // 2 * view.row_step
    else:
        last = next(c.close for c in reversed(candles) if c.bars)
        middle = high if last is None else low + (last - low) // view.row_step * view.row_step
        top = middle + rows // 2 * view.row_step
        top = min(high, max(top, low + (rows - 1) * view.row_step))
    cells = min(_MOST_CELLS, (width - _AXIS) // max(1, count))
    return Frame(candles=tuple(candles), cells=cells, top=top - shift * view.row_step, rows=rows)


def footprint_rows(
    view: FootprintView, width: int, height: int, palette: Palette, *, shift: int = 0
) -> Block:
    """Draw prices down, candles across, and their sums below."""
    frame = frame_of(view, width, height, shift=shift)
    if frame is None:
        return [blank(width, palette)] * height
    feet = [feet_of(candle, view.row_step) for candle in frame.candles]
    pad = width - _AXIS - frame.cells * len(frame.candles)
    lead = (" " * max(0, pad), palette.style("text"))
    last = next((c.close for c in reversed(frame.candles) if c.close is not None), None)
    rows = []
    for row in range(frame.rows):
        price = frame.top - row * view.row_step
        runs: list[tuple[str, Style]] = [lead]
        for candle, found in zip(frame.candles, feet, strict=True):
            runs += _cell(candle, found, price, frame.cells, view.row_step, palette)
        runs.append(_axis(price, last, view, palette, row))
        rows.append(exact(runs, width, palette))
    return [*rows, *_sums(view, frame, lead, width, palette)]


def _axis(
    price: int, last: int | None, view: FootprintView, palette: Palette, row: int
) -> tuple[str, Style]:
    if price <= 0:
        return " " * _AXIS, palette.style("muted")
    text = price_text(price, view.price_decimals)
    if last is not None and price <= last < price + view.row_step:
        return "▸" + price_tail(text, _AXIS - 1), palette.style("text", "last", bold=True)
    return " " + price_tail(text, _AXIS - 1), palette.style("muted" if row % 2 == 0 else "faint")


def _cell(
    candle: FootprintCandle,
    feet: Mapping[int, Foot],
    price: int,
    cells: int,
    row_step: int,
    palette: Palette,
) -> list[tuple[str, Style]]:
    """Draw body and sizes of one candle at one price."""
    body = _body(candle, price, row_step, palette)
    foot = feet.get(price)
    if foot is None:
        return [body, (" " * (cells - 1), palette.style("faint"))]
    half = (cells - 4) // 2
    ground = _ground(foot)
    sold = fit_right(_size(foot.bar.sold, half), half)
    bought = _size(foot.bar.bought, half).ljust(half)
    middle = "◆" if foot.is_control else "×"  # noqa: RUF001
    rest = cells - 4 - 2 * half
    return [
        body,
        (("‹" if foot.is_sold_heavy else " ") + sold,  # noqa: RUF001
         _side_style("ask", ground, foot.is_sold_heavy, palette)),
        (middle, palette.style("own" if foot.is_control else "faint", ground)),
        (bought + ("›" if foot.is_bought_heavy else " "),  # noqa: RUF001
         _side_style("bid", ground, foot.is_bought_heavy, palette)),
        (" " * rest, palette.style("text")),
    ]  # fmt: skip


def _side_style(role: str, ground: str, is_heavy: bool, palette: Palette) -> Style:  # noqa: FBT001
    return palette.style(role if is_heavy else "text_soft", ground, bold=is_heavy)


def _ground(foot: Foot) -> str:
    """Choose the ground: the heavier a row, the stronger the colour of its side."""
    if foot.share < 0.25:  # noqa: PLR2004 - light rows stay plain
        return "panel"
    side = "bid" if foot.bar.bought >= foot.bar.sold else "ask"
    return f"{side}_bar" if foot.is_control else f"{side}_depth"


def _body(
    candle: FootprintCandle, price: int, row_step: int, palette: Palette
) -> tuple[str, Style]:
    """Draw the candle itself: a heavy line from open to close, a light one to high and low."""
    if candle.open is None or candle.close is None or candle.low is None or candle.high is None:
        return " ", palette.style("faint")
    top = price + row_step - 1
    if price > candle.high or top < candle.low:
        return " ", palette.style("faint")
    low, high = sorted((candle.open, candle.close))
    role = "profit" if candle.close >= candle.open else "loss"
    return _BODY[price <= high and top >= low], palette.style(role)


def _size(size: int, cells: int) -> str:
    return brief(size / UNIT, cells) if size else "0"


def _sums(
    view: FootprintView, frame: Frame, lead: tuple[str, Style], width: int, palette: Palette
) -> Block:
    """Draw delta, volume and time below each candle."""
    delta, volume, times = [lead], [lead], [lead]
    for candle in frame.candles:
        inner = frame.cells - 1
        text = fit_center(short(candle.delta, is_signed=True) if candle.bars else "—", inner)
        role = sign_role(candle.delta if candle.bars else None, "bid", "ask")
        delta.append((f" {text}", palette.style(role, bold=True)))
        text = fit_center(short(candle.volume) if candle.bars else "no trades", inner)
        volume.append((f" {text}", palette.style("text_soft" if candle.bars else "faint")))
        clock = clock_text(candle.start_ts)[:5]
        times.append((f" {fit_center(clock, inner)}", palette.style("faint")))
    for runs, name in ((delta, "delta"), (volume, "volume"), (times, view.interval)):
        runs.append((fit_right(name[: _AXIS - 1], _AXIS), palette.style("faint")))
    return [exact(runs, width, palette) for runs in (delta, volume, times)]


def total_of(candles: Sequence[FootprintCandle]) -> tuple[float, float]:
    """Return delta and volume of candles together."""
    return sum(c.delta for c in candles), sum(c.volume for c in candles)
