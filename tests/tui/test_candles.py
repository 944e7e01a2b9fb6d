"""The candle chart: candles joined exactly, prices on their rows, marks, holes, labels."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import OverlayLine, OverlaysView, PriceZone
from core.domain.views import CandleRow, FillMark, OwnOrder
from tui.render.candles import candle_rows, picture_of
from tui.render.chart_canvas import Dots
from tui.render.chart_marks import countdown
from tui.render.chart_scale import Scale, labels_of, price_label, round_step, scale_of
from tui.render.chart_spec import ZOOMS, Chart, Lower, Preset, Zoom
from tui.render.chart_time import buckets_of, line_values, slots, window_of
from tui.render.palette import Palette, Runs
from tui.theme import fallback, palette_of

PALETTE = palette_of(fallback())
MINUTE = 60 * 10**9
START = 1_764_081_000 * 10**9
"""2025-11-25 14:30:00 UTC, a whole minute and a whole half-hour."""


def _candle(minute: int, opened: float, close: float, volume: float = 5.0) -> CandleRow:
    high, low = max(opened, close) + 1, min(opened, close) - 1
    return CandleRow(START + minute * MINUTE, opened, high, low, close, volume)


def _quiet(minute: int) -> CandleRow:
    return CandleRow(START + minute * MINUTE, None, None, None, None, 0.0)


def _chart(*candles: CandleRow, **changes: object) -> Chart:
    base: dict[str, object] = {
        "candles": candles, "interval_ns": MINUTE, "decimals": 2, "width": 40, "height": 20,
    }  # fmt: skip
    return Chart(**{**base, **changes})  # type: ignore[arg-type]


def _text(runs: Runs) -> str:
    return "".join(text for text, _ in runs)


def _lines(chart: Chart) -> list[str]:
    return [_text(row) for row in candle_rows(chart, PALETTE)]


def _role(chart: Chart, glyph: str) -> object:
    """Return the style of the first run that holds a glyph."""
    rows = candle_rows(chart, PALETTE)
    return next(style for row in rows for text, style in row if glyph in text)


def _overlays(*lines: OverlayLine, starts: tuple[int, ...] = (), zones: int = 0) -> OverlaysView:
    return OverlaysView(
        instrument=InstrumentId("a:B"), interval="1m", starts=starts, lines=lines,
        zones=(PriceZone(is_support=True, price=12.0, touches=2),) * zones, computed_at=START,
    )  # fmt: skip


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [2, 3, 4, 5, 8])
def test_candles_that_share_a_cell_are_joined_exactly(group: int) -> None:
    """First open, highest high, lowest low, last close, volumes summed; against a naive oracle."""
    chance = random.Random(group)
    rows = [
        _quiet(n) if chance.random() < 0.2 else _candle(n, chance.randint(5, 90), n, n)
        for n in range(-37, 24)
        if chance.random() > 0.15
    ]
    chart = _chart(*rows, zoom=Zoom(1, group), width=47)

    found = slots(chart)

    window = window_of(chart)
    assert window is not None
    assert len(found) == 40
    for slot, bucket in enumerate(found):
        begin = window.start(slot)
        mine = [row for row in rows if begin <= row.start_ts < begin + group * MINUTE]
        traded = [row for row in mine if row.open is not None]
        assert begin % (group * MINUTE) == 0
        assert (bucket is None) == (not mine)
        if bucket is None:
            continue
        assert bucket.open == (traded[0].open if traded else None)
        assert bucket.close == (traded[-1].close if traded else None)
        assert bucket.high == max((row.high for row in traded if row.high), default=None)
        assert bucket.low == min((row.low for row in traded if row.low), default=None)
        assert bucket.volume == sum(row.volume for row in mine)


def test_joined_candles_keep_their_neighbours_when_time_goes_on() -> None:
    """A new candle does not shuffle which candles share a cell."""
    rows = [_candle(n, 10 + n % 7, 11) for n in range(30)]
    before = slots(_chart(*rows[:27], zoom=Zoom(1, 4)))
    after = slots(_chart(*rows[:28], zoom=Zoom(1, 4)))

    assert before[:-1] == after[:-1]


def test_a_missing_candle_is_no_candle_and_a_quiet_one_has_no_price() -> None:
    """Two kinds of holes, told apart in the data and by their mark at the foot."""
    chart = _chart(_candle(1, 10, 11), _quiet(2), _candle(4, 11, 12))
    found = slots(chart)

    assert [bucket and bucket.open for bucket in found[-4:]] == [10, None, None, 11]
    assert found[-3] is not None
    assert found[-2] is None
    foot = _lines(chart)[-2][:33]
    assert foot[-3:-1] == "·×"  # noqa: RUF001 - the sign is meant


def test_holes_are_never_bridged() -> None:
    """A line of closes and an average stop before a hole and begin anew after it."""
    rows = [_candle(0, 10, 20), _candle(1, 20, 30), _quiet(2), _quiet(3), _candle(4, 30, 10)]
    chart = _chart(*rows, is_line=True, preset=Preset.PLAIN)

    lines = _lines(chart)[:15]

    assert {line[30:32] for line in lines} <= {"  ", "· ", " ·", "╌╌"}
    assert any(0x2800 < ord(line[29]) < 0x2900 for line in lines)


def test_the_picture_ends_where_a_person_panned_to() -> None:
    """Newer candles are outside of the picture, and the scale does not know them."""
    rows = [_candle(n, 10, 11) for n in range(20)] + [_candle(20, 900, 950)]
    chart = _chart(*rows, end_ts=START + 19 * MINUTE)

    picture = picture_of(chart)

    assert picture is not None
    assert picture.buckets[-1] == rows[19]
    assert picture.scale.high < 100


def test_values_stand_in_the_slots_of_their_candles() -> None:
    """By instant, not by place; the last value of several; what is not finite is not there."""
    starts = tuple(START + n * MINUTE for n in range(6))
    over = _overlays(
        OverlayLine(name="ema9", values=(1.0, 2.0, None, float("nan"), 5.0, None)), starts=starts
    )
    rows = [_candle(n, 10, 11) for n in range(8)]
    single, double = window_of(_chart(*rows)), window_of(_chart(*rows, zoom=Zoom(1, 2)))
    assert single is not None
    assert double is not None

    assert line_values(over, ("ema9",), single)["ema9"][-8:] == [
        1.0, 2.0, None, None, 5.0, None, None, None,
    ]  # fmt: skip
    assert line_values(over, ("ema9",), double)["ema9"][-4:] == [2.0, None, 5.0, None]


# ---- prices -------------------------------------------------------------------------------------


def test_prices_stand_on_the_rows_of_exact_arithmetic() -> None:
    """Row, half row and dot of a price against fractions."""
    chance = random.Random(3)
    for _ in range(500):
        low = chance.choice((0.0, 0.00001, 17.0, 1e6))
        scale = Scale(low, low + chance.choice((1e-6, 0.5, 64.0, 4096.0)), chance.randint(1, 40))
        price = low + (scale.high - low) * chance.randint(0, 64) / 64
        for parts in (1, 2, 4):
            top = Fraction(scale.high) - Fraction(price)
            exact = top / (Fraction(scale.high) - Fraction(low)) * scale.rows * parts
            naive = min(int(exact), scale.rows * parts - 1)
            found = scale.part(price, parts)
            many = scale.parts([price, None, scale.high * 2 + 1, low - 1], parts)
            assert many[1:] == [None, -1, scale.rows * parts]
            assert many[0] is not None
            is_on_an_edge = abs(exact - round(exact)) < Fraction(1, 10**6)
            assert found == naive or (is_on_an_edge and abs(found - naive) <= 1)
            assert many[0] == naive or (is_on_an_edge and abs(many[0] - naive) <= 1)


def test_a_candle_covers_exactly_its_half_rows() -> None:
    """Wick and body from glyphs alone equal the halves computed from prices."""
    candle = CandleRow(START, 12.0, 18.0, 6.0, 15.0, 1.0)
    chart = _chart(candle, height=24, locked=(0.0, 20.0), preset=Preset.PLAIN)
    rows = [line[32] for line in _lines(chart)][:19]
    halves = {"│": "ww", "┃": "bb", "╷": " w", "╵": "w ", "╻": " b", "╹": "b ", "╽": "wb",
              "╿": "bw"}  # fmt: skip
    drawn = "".join(halves.get(glyph, "  ") for glyph in rows)

    expected = ""
    for half in range(38):
        top, bottom = 20 - 20 * Fraction(half, 38), 20 - 20 * Fraction(half + 1, 38)
        is_body, is_wick = bottom < 15 and top >= 12, bottom < 18 and top >= 6
        expected += "b" if is_body else "w" if is_wick else " "
    assert drawn.strip() == expected.strip()
    assert abs(drawn.index("w") - expected.index("w")) <= 1


def test_wider_candles_use_wider_glyphs() -> None:
    """Two cells have full blocks, three have shoulders; falling bodies differ from rising ones."""
    rows = [_candle(0, 10, 30), _candle(1, 30, 8)]
    two, three = (
        "\n".join(_lines(_chart(*rows, zoom=zoom, preset=Preset.PLAIN))) for zoom in ZOOMS[1::-1]
    )
    assert "█" in two
    assert "▓" in two
    assert "▐█▌" in three
    assert "▐▓▌" in three


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [(141.1, 143.9, 2), (0.00001234, 0.00001301, 8), (86_000, 91_000, 1), (5, 5, 2),
     (1e12, 2e12, 0)],
)  # fmt: skip
@pytest.mark.parametrize("rows", [4, 11, 20, 50])
def test_axis_labels_are_round_ordered_and_apart(
    low: float, high: float, decimals: int, rows: int
) -> None:
    """One, two or five times a power of ten apart; never on neighbouring rows."""
    scale = scale_of([CandleRow(0, low, high, low, high, 1.0)], rows, decimals)
    assert scale is not None

    labels = labels_of(scale, decimals)

    places, prices = list(labels), list(labels.values())
    assert labels
    assert places == sorted(places)
    assert all(b - a >= 2 for a, b in pairwise(places))
    texts = [price_label(price, decimals, 20) for price in prices]
    assert len(set(texts)) == len(texts)
    assert all(
        abs(float(text.replace(",", "")) - price) <= abs(price) * 1e-9
        for text, price in zip(texts, prices, strict=True)
    )


def test_round_steps() -> None:
    """The smallest of 1, 2, 5 times a power of ten that is large enough."""
    assert [round_step(least) for least in (0.9, 1.0, 1.1, 2.1, 5.1, 0.03)] == pytest.approx(
        [1, 1, 2, 5, 10, 0.05]
    )


def test_prices_are_shortened_only_where_they_must_be() -> None:
    """Fewer decimals first, then powers of ten; never wider than asked."""
    assert price_label(141.2, 2, 8) == "141.20"
    assert price_label(0.00001234, 8, 10) == "0.00001234"
    assert price_label(1_234_567.891, 3, 11) == "1,234,567.9"
    assert price_label(1.5e20, 2, 8) == "1.500e20"
    assert all(len(price_label(8.76e99, 4, cells)) <= cells for cells in range(1, 20))


def test_a_locked_scale_does_not_move() -> None:
    """New highs leave the rows as they are; a price outside is pointed to."""
    quiet = [_candle(n, 100, 101) for n in range(5)]
    wild = [*quiet, _candle(5, 101, 140)]
    locked = (95.0, 105.0)

    lines = _lines(_chart(*wild, locked=locked))

    picture = picture_of(_chart(*wild, locked=locked))
    assert picture is not None
    assert (picture.scale.low, picture.scale.high) == locked
    assert lines[0].rstrip().endswith("↑140.00")


def test_overlays_may_widen_the_scale_but_not_crush_the_candles() -> None:
    """A near band is in the picture; one far away is left out of the reach."""
    bucket = CandleRow(0, 100.0, 110.0, 100.0, 105.0, 1.0)
    near = scale_of([bucket], 20, 2, [[112.0]])
    far = scale_of([bucket], 20, 2, [[500.0]])
    alone = scale_of([bucket], 20, 2)
    assert near is not None
    assert near.high >= 112
    assert far == alone


# ---- marks --------------------------------------------------------------------------------------


def test_own_fills_stand_at_their_price_and_time_added_up() -> None:
    """Buys up, sells down, both in one cell a sign of its own; own colour."""
    rows = [_candle(n, 10, 12) for n in range(4)]
    fills = (
        FillMark(START + MINUTE + 1, 11 * UNIT, 2 * UNIT, Side.BUY),
        FillMark(START + 2 * MINUTE + 59 * 10**9, 10 * UNIT, UNIT, Side.SELL),
        FillMark(START + 3 * MINUTE, 12 * UNIT, UNIT, Side.SELL),
        FillMark(START + 3 * MINUTE + 7, 12 * UNIT, UNIT, Side.BUY),
    )
    chart = _chart(*rows, fills=fills)
    lines = _lines(chart)
    picture = picture_of(chart)
    assert picture is not None

    assert lines[picture.scale.row(11.0) or 0][30] == "▲"
    assert lines[picture.scale.row(10.0) or 0][31] == "▼"
    assert lines[picture.scale.row(12.0) or 0][32] == "◈"
    assert _role(chart, "▲") == PALETTE.style("own")


def test_orders_alerts_zones_and_last_price_are_tagged_at_the_axis() -> None:
    """Each has its mark: arrow and size, diamond and price, letter and price, pointer."""
    rows = [_candle(n, 10 + n, 30 - n) for n in range(10)]
    orders = (OwnOrder(14 * UNIT, Side.BUY, 2 * UNIT), OwnOrder(14 * UNIT, Side.BUY, UNIT // 2))
    chart = _chart(
        *rows, orders=orders, alert_prices=(26 * UNIT,), overlays=_overlays(zones=1), height=30
    )
    picture = picture_of(chart)
    assert picture is not None
    lines = _lines(chart)

    def at(price: float) -> str:
        row = picture.scale.row(price)
        assert row is not None
        return lines[row]

    assert at(14)[33:].replace(" ", "") == "▲2.50"
    assert "╶" in at(14)
    assert at(26)[33:].replace(" ", "") == "◆26.00"
    assert at(12)[33:].replace(" ", "") == "S12.00"
    assert at(21)[33:].replace(" ", "") == "▸21.00"


def test_no_zones_in_the_plain_preset() -> None:
    """Plain means candles and what is a person's own."""
    chart = _chart(
        *[_candle(n, 10, 30) for n in range(3)], overlays=_overlays(zones=1), preset=Preset.PLAIN
    )
    assert not any("S" in line for line in _lines(chart))


def test_overlays_never_hide_a_candle() -> None:
    """Every candle glyph of the plain chart is there with all overlays, on a ground at most."""
    rows = [_candle(n, 20 + n % 5, 22 - n % 3) for n in range(33)]
    values = tuple(20.0 + n % 4 for n in range(33))
    lines = [OverlayLine(name=name, values=values) for name in ("ema9", "ema21", "vwap")]
    over = _overlays(*lines, starts=tuple(row.start_ts for row in rows))
    locked = (15.0, 30.0)
    plain = _lines(_chart(*rows, overlays=over, preset=Preset.PLAIN, locked=locked))
    full = _lines(_chart(*rows, overlays=over, preset=Preset.ALL, locked=locked))

    candles = set("│┃┇╷╵╻╹╽╿")
    for one, two in zip(plain[:16], full[:16], strict=True):
        for a, b in zip(one[:33], two[:33], strict=True):
            assert a == b or a not in candles
    assert any(0x2800 < ord(char) < 0x2900 for line in full for char in line)


def test_in_sixteen_colours_candles_stand_on_the_panel() -> None:
    """Tints cannot be told apart there, so a curve behind a candle leaves no ground."""
    rows = [_candle(n, 20, 22) for n in range(33)]
    line = OverlayLine(name="ema9", values=(21.0,) * 33)
    chart = _chart(*rows, overlays=_overlays(line, starts=tuple(row.start_ts for row in rows)))
    plain = Palette(fallback().colors, is_plain=True)

    def grounds(palette: Palette) -> set[object]:
        runs = [run for row in candle_rows(chart, palette) for run in row]
        return {style.bgcolor for text, style in runs if "┃" in text}

    assert grounds(plain) == {plain.style("text").bgcolor}
    assert len(grounds(PALETTE)) > 1


def test_time_to_the_close_of_the_open_candle() -> None:
    """Rounded up to seconds; nothing when looking back or when the candle is over."""
    chart = _chart(_candle(0, 10, 11), now=START + 17_500_000_000)
    hours = _chart(_candle(0, 10, 11), interval_ns=4 * 60 * MINUTE, now=START + MINUTE)

    assert countdown(chart) == "0:43"
    assert countdown(hours) == "3:59:00"
    assert countdown(_chart(_candle(0, 10, 11), now=START + 2 * MINUTE)) is None
    assert countdown(_chart(_candle(0, 10, 11), now=START, end_ts=START)) is None
    assert any(line.rstrip().endswith(" 0:43") for line in _lines(chart))


def test_crosshair_shows_price_and_time_at_the_axes() -> None:
    """A free crosshair has the price of its row, a bound one the close of its candle."""
    rows = [_candle(n, 10, 12) for n in range(30)]
    bound = _lines(_chart(*rows, cursor=20, height=24))
    free = _chart(*rows, cursor=20, cursor_row=2, height=24)
    picture = picture_of(free)
    assert picture is not None

    assert any(line.rstrip().endswith("12.00") and "╌" in line for line in bound)
    assert "11-25 14:47" in bound[-1]
    assert f"{picture.scale.price(2):.2f}" in _lines(free)[2]


def test_studies_under_the_candles() -> None:
    """Title with values, curves below, and the chart keeps its height."""
    starts = tuple(START + n * MINUTE for n in range(30))
    lines = [
        OverlayLine(name=name, values=tuple(value + n / 10 for n in range(30)))
        for name, value in (("rsi", 50), ("macd", -1), ("macd_signal", -1.5), ("macd_hist", 0.5),
                            ("atr", 3), ("adx", 20))
    ]  # fmt: skip
    over = _overlays(*lines, starts=starts)
    rows = [_candle(n, 10, 12) for n in range(30)]
    shown = {lower: _lines(_chart(*rows, overlays=over, lower=lower, width=60)) for lower in Lower}

    assert all(len(lines) == 20 for lines in shown.values())
    assert any("RSI 14 52.9" in line for line in shown[Lower.RSI])
    assert any("signal 9 1.400" in line for line in shown[Lower.MACD])
    assert any("ADX 14 22.9" in line for line in shown[Lower.RANGE])
    assert not any("RSI" in line for line in shown[Lower.NONE])


def test_a_study_without_values_says_so() -> None:
    """No overlays yet: a dash in the title, no invented number."""
    rows = [_candle(n, 10, 12) for n in range(9)]
    assert any("RSI 14 —" in line for line in _lines(_chart(*rows, lower=Lower.RSI)))


def test_dots_join_without_a_hole() -> None:
    """Neighbouring columns of a stroke touch, and both ends are reached."""
    chance = random.Random(5)
    for _ in range(60):
        dots = Dots(12, 6)
        x, y = chance.randint(0, 10), chance.randint(0, 23)
        end_x, end_y = x + chance.randint(1, 12), chance.randint(0, 23)
        dots.plot(x, y, y, "text")
        dots.stroke((x, y), (end_x, end_y), "text")
        found = _set_dots(dots)

        assert (x, y) in found
        assert (end_x, end_y) in found
        for column in range(x, end_x):
            here = {b for a, b in found if a == column}
            there = {b for a, b in found if a == column + 1}
            assert min(abs(a - b) for a in here for b in there) <= 1


def _set_dots(dots: Dots) -> set[tuple[int, int]]:
    """Read dots back by the numbering of the braille block, column by column."""
    order = {0: (0, 0), 1: (0, 1), 2: (0, 2), 3: (1, 0), 4: (1, 1), 5: (1, 2), 6: (0, 3), 7: (1, 3)}
    return {
        (column * 2 + order[bit][0], row * 4 + order[bit][1])
        for (row, column), bits in dots._bits.items()
        for bit in range(8)
        if bits >> bit & 1
    }


def test_the_smallest_and_strangest_charts() -> None:
    """No candles, no room, one candle, one price, huge and tiny prices: exact rows, no fault."""
    flat = CandleRow(START, 5.0, 5.0, 5.0, 5.0, 0.0)
    tiny = CandleRow(START, 0.00001234, 0.00001301, 0.0000121, 0.0000129, 1e9)
    huge = CandleRow(START, 1.2e12, 1.3e12, 1.1e12, 1.25e12, 1e15)
    for candles, decimals in (((), 2), ((flat,), 2), ((tiny,), 8), ((huge,), 2)):
        for width, height in ((0, 0), (5, 3), (30, 1), (30, 2), (40, 12), (120, 40)):
            lines = _lines(_chart(*candles, decimals=decimals, width=width, height=height))
            assert len(lines) == height
            assert {len(line) for line in lines} <= {width}
    assert any("0.00001290" in line for line in _lines(_chart(tiny, decimals=8)))
    assert any("1250000000000" in line for line in _lines(_chart(huge)))


def test_buckets_outside_of_the_window_are_left_out() -> None:
    """Old candles and those after the end have no slot."""
    rows = [_candle(n, 10, 11) for n in range(100)]
    window = window_of(_chart(*rows, end_ts=START + 49 * MINUTE))
    assert window is not None

    found = buckets_of(rows, window)

    assert [bucket.start_ts for bucket in found if bucket] == [
        START + n * MINUTE for n in range(17, 50)
    ]
