"""Render functions: values to texts and runs, with no app."""

import pytest

from core.domain.alert import AlertOption
from core.domain.order import Side
from core.domain.study_views import TapeLine
from core.domain.views import CandleRow
from tests.tui.fake_link import FakeLink, big_order_alert
from tui.render.alerts import option_keys
from tui.render.candles import Chart, candle_rows, scale_of, slots
from tui.render.diff import changed_spans
from tui.render.gauge import gauge_role, gauge_text
from tui.render.grid import Grid
from tui.render.ladder import Row, ladder_row
from tui.render.ladder_columns import Columns
from tui.render.numbers import (
    age_text,
    compact,
    countdown_text,
    market_name,
    nice_ceiling,
    percent_text,
    price_text,
    signed_money,
    size_decimals,
)
from tui.render.palette import Palette, Runs
from tui.render.spark import sparkline
from tui.render.tape import ring_row, tape_row
from tui.theme import fallback, palette_of

UNIT = 10**10
PALETTE = palette_of(fallback())
PLAIN = palette_of(fallback(), is_plain=True)


def _text(runs: Runs) -> str:
    return "".join(text for text, _ in runs)


@pytest.mark.parametrize(
    ("price", "decimals", "text"),
    [
        (14127 * UNIT // 100, 2, "141.27"), (86_012 * UNIT, 1, "86,012.0"), (UNIT, 0, "1"),
        (33_030_000, 5, "0.00330"), (-5 * UNIT, 2, "-5.00"), (None, 2, "—"),
    ],
)  # fmt: skip
def test_price_text(price: int | None, decimals: int, text: str) -> None:
    """Fixed decimals, thousands commas, a dash for nothing."""
    assert price_text(price, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), (0.5, "0.50"), (12.34, "12.3"), (999, "999"), (9_999, "9999"),
     (12_345, "12.3k"), (123_456, "123k"), (1_234_567, "1.23M"), (2.3e9, "2.30G")],
)  # fmt: skip
def test_compact_numbers_have_at_most_six_cells(value: float, text: str) -> None:
    """Few digits, the magnitude as a letter."""
    assert compact(value) == text
    assert len(text) <= 6


def test_signs_are_always_there() -> None:
    """A gain is marked as clearly as a loss."""
    assert signed_money("431.2") == "+431.20"
    assert signed_money("-0.5") == "-0.50"
    assert percent_text(0.42) == "+0.42%"
    assert signed_money(None) == "—"


def test_ages_are_coarse_and_countdowns_round_up() -> None:
    """Under a second nothing ticks; the last second is shown as 1."""
    assert [age_text(ms) for ms in (0, 999, 1_000, 99_000, 600_000)] == [
        "<1s", "<1s", "1s", "99s", "10m",
    ]  # fmt: skip
    assert countdown_text(28_001) == "0:29"
    assert countdown_text(1) == "0:01"
    assert countdown_text(-5) == "0:00"


def test_market_names_are_short_and_say_the_kind() -> None:
    """Perpetuals with a dash, spot with a slash, other symbols as they are."""
    assert market_name("v:SOL_USDC_PERP") == "SOL-PERP"
    assert market_name("v:SOL_USDC") == "SOL/USDC"
    assert market_name("v:BTCUSDT") == "BTCUSDT"


def test_scales_are_round_and_columns_have_fixed_decimals() -> None:
    """A scale changes rarely; every size of a column has the same decimals."""
    assert nice_ceiling(0) == 1
    assert nice_ceiling(129) == 150
    assert size_decimals(150 * UNIT, 2) == 1
    assert size_decimals(2 * UNIT, 2) == 2


def test_grid_prices_fall_from_the_top() -> None:
    """Index and price are inverse to each other."""
    grid = Grid.centred(1_000, 10, 9)
    assert [grid.price_at(i) for i in (0, 4, 8)] == [1_040, 1_000, 960]
    assert all(grid.index_of(grid.price_at(i)) == i for i in range(9))
    assert grid.index_of(1_004) == grid.index_of(1_000)
    assert grid.index_of_ask(1_004) == grid.index_of_ask(1_010)
    assert grid.is_central(1_000)
    assert not grid.is_central(1_040)


@pytest.mark.parametrize(
    ("bid", "ask", "after"),
    [(990, 1_000, 4), (970, 1_000, 5), (None, 1_000, 4), (1_000, None, 3), (None, None, 3),
     (2_000, 2_010, -1), (10, 20, 8)],
)  # fmt: skip
def test_the_spread_line_stands_between_the_sides(
    bid: int | None, ask: int | None, after: int
) -> None:
    """Or at the edge beyond which the touch lies."""
    assert Grid.centred(1_000, 10, 9).spread_after(bid, ask) == after


def test_ladder_rows_mirror_each_other() -> None:
    """The ask side is the bid side reversed, digits excepted."""
    columns = Columns.of(39, 6)
    bid = Row(price="141.26", side=Side.BUY, size="40.3", cumulative="170", bar=5, depth=9)
    ask = Row(price="141.28", side=Side.SELL, size="40.3", cumulative="170", bar=5, depth=9)
    left, right = ladder_row(bid, columns, PALETTE), ladder_row(ask, columns, PALETTE)

    assert len(_text(left)) == len(_text(right)) == 39
    assert _text(left).split() == ["170", "40.3", "141.26"]
    assert _text(right).split() == ["141.28", "40.3", "170"]


@pytest.mark.parametrize("width", [10, 17, 24, 31, 39, 60])
def test_ladder_rows_fill_any_width(width: int) -> None:
    """Columns fall away, the width stays."""
    row = Row(price="141.26", side=Side.BUY, size="40.3", cumulative="170", own="2.50")
    assert len(_text(ladder_row(row, Columns.of(width, 6), PALETTE))) == width


def test_in_sixteen_colours_bars_are_drawn_with_characters() -> None:
    """Where tints look alike, the bar is dots in the blanks."""
    row = Row(price="141.26", side=Side.BUY, size="4", cumulative="17", bar=6)
    assert "░" in _text(ladder_row(row, Columns.of(39, 6), PLAIN))
    assert "░" not in _text(ladder_row(row, Columns.of(39, 6), PALETTE))


def test_the_tape_is_a_ring_with_signs() -> None:
    """A row's place follows from its serial; sides differ in glyph, not only in colour."""
    assert [ring_row(serial, 4) for serial in (3, 4, 5, 9)] == [3, 0, 1, 1]
    rows = [
        tape_row(TapeLine(1, 0, UNIT, UNIT, side), 24, 2, 2, PALETTE, is_newest=side is Side.BUY)
        for side in Side
    ]
    assert _text(rows[0]).startswith("▸▲")
    assert _text(rows[1]).startswith(" ▼")
    assert {len(_text(row)) for row in rows} == {24}


def _candle(minute: int, opened: float, close: float) -> CandleRow:
    high, low = max(opened, close) + 1, min(opened, close) - 1
    return CandleRow(minute * 60 * 10**9, opened, high, low, close, 5.0)


def _chart(*candles: CandleRow) -> Chart:
    return Chart(candles=candles, interval_ns=60 * 10**9, decimals=2, width=30, height=12)


def test_missing_buckets_are_gaps() -> None:
    """A bucket that is not there, or has no trades, stays empty."""
    empty = CandleRow(3 * 60 * 10**9, None, None, None, None, 0.0)
    row = slots(_chart(_candle(1, 10, 11), empty, _candle(4, 11, 12)))

    assert [bool(b and b.open) for b in row[-4:]] == [True, False, False, True]


def test_candles_show_direction_without_colour() -> None:
    """Rising bodies are solid, falling ones dashed."""
    text = "\n".join(
        map(_text, candle_rows(_chart(_candle(1, 10, 30), _candle(2, 30, 8)), PALETTE))
    )
    assert "┃" in text
    assert "┇" in text
    assert "▸8.00" in text.replace(" ", "")


def test_every_chart_row_has_the_full_width() -> None:
    """With candles, without, and in the smallest pane."""
    for chart in (_chart(_candle(1, 10, 11)), _chart()):
        assert {len(_text(row)) for row in candle_rows(chart, PALETTE)} == {30}
        assert len(candle_rows(chart, PALETTE)) == 12


def test_a_flat_market_has_a_scale() -> None:
    """One price alone is drawn, not divided by zero."""
    scale = scale_of([_candle(1, 5, 5)], 8, 2)
    assert scale is not None
    assert scale.low < 5 < scale.high
    flat = CandleRow(0, 5.0, 5.0, 5.0, 5.0, 0.0)
    assert scale_of([flat], 8, 2) is not None


def test_sparklines_and_gauges() -> None:
    """Blocks from low to high; eighths of a cell; words of danger at 80 and 100 %."""
    assert sparkline([1, 2, 3], 3) == "▁▅█"
    assert sparkline([], 4) == "    "
    assert sparkline([2, 2], 2) == "▄▄"
    assert gauge_text(0.5, 4) == ("██", "  ")
    assert gauge_text(9, 4) == ("████", "")
    assert [gauge_role(f) for f in (0.1, 0.8, 1.0)] == ["accent", "warning", "danger"]


def test_changed_spans_are_as_small_as_possible() -> None:
    """Same shape: only the characters that differ; near ones join; other shape: between equals."""
    one, two = PALETTE.style("bid"), PALETTE.style("ask")
    old: Runs = (("abcdefghij", one), ("0123456789", two), ("xyz", one))
    assert changed_spans(old, old) == []
    assert changed_spans(old, (("abXdefghij", one), ("01234Y6789", two), ("xyz", one))) == [
        (2, 3), (15, 16),
    ]  # fmt: skip
    assert changed_spans(old, (("abcdefghij", two), ("0123456789", two), ("xyz", one))) == [(0, 10)]
    reshaped: Runs = (("abcdefghij", one), ("01234", two), ("56789", one), ("xyz", one))
    assert changed_spans(old, reshaped) == [(10, 20)]
    assert changed_spans(None, old) == [(0, 23)]
    assert changed_spans((("漢字", one),), (("漢口", one),)) == [(0, 4)]


def test_option_keys_are_single_and_distinct() -> None:
    """Words and letters as option keys alike get one key each."""
    alert = big_order_alert(FakeLink())
    assert [item.key for item in option_keys(alert)] == ["a", "d", "p"]
    import msgspec

    same = tuple(AlertOption(key=f"deny{n}", label="Deny", effect="") for n in range(6))
    keys = [item.key for item in option_keys(msgspec.structs.replace(alert, options=same))]
    assert len(set(keys)) == 6


def test_palette_styles_have_a_background() -> None:
    """Content does not inherit a widget's background: every style brings its own."""
    assert isinstance(PALETTE, Palette)
    assert PALETTE.style("bid").bgcolor is not None
    assert PALETTE.style("bid") is PALETTE.style("bid")
