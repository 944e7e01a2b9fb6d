"""What a chart says in words: the values under the crosshair, the legend, the explanations."""

from collections.abc import Iterator, Sequence
from typing import Final

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import CandleRow, FillMark
from tui.render.candles import Picture
from tui.render.chart_axis import moment_text
from tui.render.chart_lower import study_value
from tui.render.chart_marks import BUY_MARK, SELL_MARK
from tui.render.chart_scale import amount_text, price_label
from tui.render.chart_spec import LINE_ROLES, LINE_TITLES, PRESET_LINES
from tui.render.chart_time import Window
from tui.render.explain import Explained

Texts = list[tuple[str, str]]
"""Texts with their colour roles."""
PRICE_CELLS: Final = 15
_NS_PER_MS: Final = 1_000_000


def price(value: float | None, decimals: int) -> str:
    """Write a price as on the axis; what is not there is a dash."""
    return "—" if value is None else price_label(value, decimals, PRICE_CELLS)


def readouts(picture: Picture) -> Iterator[Texts]:
    """Yield what stands under the crosshair, the fullest text first."""
    slot, decimals = picture.slot, picture.chart.decimals
    bucket = picture.buckets[slot]
    when = moment_text(picture.window.start(slot))
    if bucket is None or bucket.open is None or bucket.close is None:
        text = "no data" if bucket is None else "no trades"
        yield [(f"{when} {text}", "stale" if bucket is None else "muted")]
        yield [(text, "muted")]
        return
    role = "profit" if bucket.close >= bucket.open else "loss"
    change = [(f" {move_pct(bucket):+.2f}%", role)]
    letters = zip("OHLC", (bucket.open, bucket.high, bucket.low, bucket.close), strict=True)
    prices = [text for letter, value in letters for text in _lettered(letter, value, decimals)]
    volume = [(" V ", "muted"), (amount_text(bucket.volume), "text_soft")]
    own = fill_texts(picture.chart.fills, picture.window, slot)
    full: Texts = [(when, "text_soft"), *prices, *volume, *change]
    yield [*full, *own]
    yield full
    yield [(when[6:], "text_soft"), *prices, *volume, *change]
    yield [*prices, *change]
    yield prices
    close = [(" C ", "muted"), (price(bucket.close, decimals), "text_soft")]
    yield [(when[6:], "text_soft"), *close, *volume, *change]
    yield [*close, *change]


def _lettered(letter: str, value: float | None, decimals: int) -> Texts:
    return [(f" {letter} ", "muted"), (price(value, decimals), "text_soft")]


def move_pct(bucket: CandleRow) -> float:
    """Return how far a candle went from open to close, percent."""
    if not bucket.open or bucket.close is None:
        return 0.0
    return (bucket.close / bucket.open - 1) * 100


def fill_texts(fills: Sequence[FillMark], window: Window, slot: int) -> Texts:
    """Say what was bought and sold in a slot."""
    texts: Texts = []
    for side, mark in ((Side.BUY, BUY_MARK), (Side.SELL, SELL_MARK)):
        mine = [f for f in fills if f.side is side and window.place(f.ts_event) == slot]
        quantity = sum(fill.quantity for fill in mine)
        if quantity:
            texts.append((f" {mark}{amount_text(quantity / UNIT)}", "own"))
    return texts


def legend(picture: Picture) -> Texts:
    """Name the overlays with their values at the crosshair or the newest candle."""
    texts: Texts = []
    for name in PRESET_LINES[picture.chart.preset]:
        if name in picture.lines:
            value = picture.lines[name][picture.slot]
            shown = price(value, picture.chart.decimals)
            texts.append((f"{LINE_TITLES[name]} {shown}", LINE_ROLES[name]))
    return texts


def change_in_view(picture: Picture) -> tuple[float, float, float] | None:
    """Return first open, last close and the change in percent of the candles shown."""
    known = [row for row in picture.buckets if row is not None and row.open is not None]
    if not known or not known[0].open or known[-1].close is None:
        return None
    first, last = known[0].open, known[-1].close
    return first, last, (last / first - 1) * 100


_GROUPS: Final = (
    ("ema", ("ema9", "ema21"), "closes of {n} candles of {interval}, periods 9 and 21"),
    ("vwap_day", ("vwap",), "prices and volumes since 00:00 UTC"),
    ("bollinger", ("bb_upper", "bb_middle", "bb_lower"), "20 closes, 2 standard deviations"),
    ("rsi", ("rsi",), "14 changes of closes, smoothed as Wilder does"),
    ("macd", ("macd", "macd_signal", "macd_hist"), "closes, periods 12, 26 and 9"),
    ("atr", ("atr",), "high, low and close of 14 candles"),
    ("adx", ("adx",), "high, low and close of 14 candles, smoothed twice"),
)
"""Glossary key, lines, inputs in words."""


def explained(
    picture: Picture, interval: str, all_lines: dict[str, list[float | None]]
) -> tuple[Explained, ...]:
    """Say what the chart shows at the crosshair or the newest candle, and from what."""
    found = [*_explained_candle(picture, interval)]
    overlays = picture.chart.overlays
    if overlays is None:
        return tuple(found)
    age = _age_ms(picture)
    decimals = picture.chart.decimals
    for key, names, inputs in _GROUPS:
        values = [(n, all_lines[n][picture.slot]) for n in names if n in all_lines]
        if any(value is not None for _, value in values):
            texts = [f"{LINE_TITLES[n]} {study_value(n, value, decimals)}" for n, value in values]
            words = inputs.format(n=len(overlays.starts), interval=interval)
            found.append(Explained(key=key, value=", ".join(texts), inputs=words, age_ms=age))
    return (*found, *_explained_zones(picture, age))


def _explained_candle(picture: Picture, interval: str) -> Iterator[Explained]:
    decimals = picture.chart.decimals
    bucket = picture.buckets[picture.slot]
    if bucket is not None and bucket.open is not None:
        prices = (bucket.open, bucket.high, bucket.low, bucket.close)
        texts = [f"{n} {price(p, decimals)}" for n, p in zip("OHLC", prices, strict=True)]
        group = picture.window.group
        joined = f", {group} of {interval} in one" if group > 1 else ""
        yield Explained(
            key="candle", value=" ".join((*texts, "V", amount_text(bucket.volume))),
            inputs=f"prints from {moment_text(picture.window.start(picture.slot))} UTC{joined}",
        )  # fmt: skip
    change = change_in_view(picture)
    if change is not None:
        first, last, pct = change
        words = f"first open {price(first, decimals)}, last close {price(last, decimals)} in view"
        yield Explained(key="change", value=f"{pct:+.2f}%", inputs=words)


def _explained_zones(picture: Picture, age: int | None) -> Iterator[Explained]:
    overlays = picture.chart.overlays
    zones = overlays.zones if overlays is not None else ()
    if zones:
        texts = [
            f"{'S' if zone.is_support else 'R'} {price(zone.price, picture.chart.decimals)}"
            for zone in zones
        ]
        touches = ", ".join(str(zone.touches) for zone in zones)
        yield Explained(
            key="support_resistance", value=", ".join(texts),
            inputs=f"swing highs and lows of the candles; touches {touches}", age_ms=age,
        )  # fmt: skip


def _age_ms(picture: Picture) -> int | None:
    now, overlays = picture.chart.now, picture.chart.overlays
    if now is None or overlays is None:
        return None
    return max(0, (now - overlays.computed_at) // _NS_PER_MS)
