"""Whatever comes and whatever the size: no fault, and every row exactly as wide as the pane."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import OverlayLine, OverlaysView, PriceZone
from core.domain.views import CandleRow, FillMark, OwnOrder
from tui.render.candles import candle_rows, picture_of
from tui.render.chart_readout import change_in_view, explained, legend, readouts
from tui.render.chart_spec import LINE_ROLES, ZOOMS, Chart, Lower, Preset
from tui.render.chart_time import line_values
from tui.theme import fallback, palette_of

PALETTE = palette_of(fallback())
MINUTE = 60 * 10**9
MANY = settings(max_examples=200, deadline=None)
prices = st.one_of(
    st.floats(0, 1e9, allow_nan=False), st.floats(-1e300, 1e300), st.sampled_from([0.0, 1e-8, 5.0])
)
volumes = st.one_of(st.floats(0, 1e12), st.floats(0, 1.7e308), st.just(float("inf")))
values = st.one_of(st.none(), prices, st.floats())


@st.composite
def candles(draw: st.DrawFn) -> CandleRow:
    """Draw one candle: four prices in order, or none."""
    start = draw(st.integers(0, 300)) * MINUTE
    volume = draw(volumes)
    if draw(st.booleans()) and draw(st.booleans()):
        return CandleRow(start, None, None, None, None, volume)
    opened, close, other = draw(prices), draw(prices), draw(prices)
    high, low = max(opened, close, other), min(opened, close, other)
    return CandleRow(start, opened, high, low, close, volume)


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Draw a chart of any size with any choices."""
    rows = sorted(draw(st.lists(candles(), max_size=60)), key=lambda row: row.start_ts)
    starts = tuple(row.start_ts for row in rows)
    lines = tuple(
        OverlayLine(name=name, values=tuple(draw(values) for _ in starts[:12]))
        for name in draw(st.sets(st.sampled_from(sorted(LINE_ROLES))))
    )
    zones = tuple(
        PriceZone(is_support=draw(st.booleans()), price=price, touches=2)
        for price in draw(st.lists(prices, max_size=2))
    )
    over = OverlaysView(
        instrument=InstrumentId("a:B"), interval="1m", starts=starts[:12], lines=lines,
        zones=zones, computed_at=0,
    )  # fmt: skip
    scaled = st.integers(0, 10**22)
    sides = st.sampled_from(list(Side))
    return Chart(
        candles=rows, interval_ns=MINUTE, decimals=draw(st.integers(0, 10)),
        width=draw(st.integers(0, 130)), height=draw(st.integers(0, 45)),
        cursor=draw(st.one_of(st.none(), st.integers(0, 200))),
        cursor_row=draw(st.one_of(st.none(), st.integers(0, 60))),
        zoom=draw(st.sampled_from(ZOOMS)),
        end_ts=draw(st.one_of(st.none(), st.integers(0, 300).map(lambda n: n * MINUTE))),
        overlays=draw(st.one_of(st.none(), st.just(over))),
        preset=draw(st.sampled_from(list(Preset))), lower=draw(st.sampled_from(list(Lower))),
        is_line=draw(st.booleans()),
        locked=draw(st.one_of(st.none(), st.just((10.0, 20.0)))),
        fills=[
            FillMark(draw(st.integers(0, 300)) * MINUTE, draw(scaled), draw(scaled), draw(sides))
            for _ in range(draw(st.integers(0, 3)))
        ],
        orders=[
            OwnOrder(draw(scaled), draw(sides), draw(scaled))
            for _ in range(draw(st.integers(0, 3)))
        ],
        alert_prices=draw(st.lists(scaled, max_size=2)),
        now=draw(st.one_of(st.none(), st.integers(0, 301 * MINUTE))),
    )  # fmt: skip


@MANY
@given(charts())
def test_every_row_is_exactly_as_wide_as_asked(chart: Chart) -> None:
    """As many rows as asked, each of that width, in cells of the terminal."""
    rows = candle_rows(chart, PALETTE)

    assert len(rows) == chart.height
    assert {cell_len("".join(text for text, _ in row)) for row in rows} <= {chart.width}


@MANY
@given(charts())
def test_everything_can_be_said_in_words(chart: Chart) -> None:
    """Read-out, legend, change and explanations never fail and never say NaN."""
    picture = picture_of(chart)
    if picture is None:
        return
    lines = line_values(chart.overlays, LINE_ROLES, picture.window)
    said = [text for texts in readouts(picture) for text, _ in texts]
    said += [text for text, _ in legend(picture)]
    said += [part.value + part.inputs for part in explained(picture, "1m", lines)]
    change_in_view(picture)

    assert said
    assert not any("nan" in text for text in said)
