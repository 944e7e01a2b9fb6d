"""The views of the market studies: depth, flow, trend, heatmap and what lies between markets.

Prices and sizes are integers of 10^-10 (`core.domain.fixed`) unless a name says otherwise; ratios,
basis points and series are floats for pictures. Instants are engine or venue time, ns UTC. What is
not known is None, never zero and never NaN.
"""

import msgspec

from core.domain.ids import InstrumentId
from core.domain.order import Side


class _StudyView(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    pass


class _Row(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    pass


class LadderNote(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What happened at one price row of a ladder: prints since the study began, book changes now.

    Stacked and pulled are sizes added to and taken from the book at the row, prints left out,
    within the reset time of the study.
    """

    price: int
    traded_bid: int
    """Sold into the bids at this row."""
    traded_ask: int
    """Bought from the asks at this row."""
    stacked: int
    pulled: int


class TapeLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of a tape: a print, or one aggressor's prints through several levels joined."""

    serial: int
    """Serial of the newest print in the line."""
    ts_event: int
    price: int
    """Of the first print."""
    size: int
    side: Side
    prints: int = 1
    last_price: int = 0
    """Of the last print; equals `price` for a single one."""
    is_large: bool = False
    missed_before: int = 0
    """Prints known to be missing between the line above and this one."""


# ---- depth --------------------------------------------------------------------------------------


class CostRow(_Row, frozen=True, kw_only=True):
    """What taking a notional would cost now. None where the book does not hold it."""

    notional: float
    """Quote units."""
    side: Side
    vwap: float | None
    slippage_bps: float | None
    """Against the mid, positive."""
    worst_price: int | None
    levels: int


class BandRow(_Row, frozen=True, kw_only=True):
    """Depth within a distance of the mid, quote units."""

    within_bps: int
    bid_notional: float
    ask_notional: float
    imbalance: float | None


class WallRow(_Row, frozen=True, kw_only=True):
    """A level far above its neighbours."""

    side: Side
    price: int
    size: int
    times_norm: float
    age_ms: int


class CurvePoint(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A point of the cumulative depth curve."""

    price: int
    cumulative: int


class WindowValue(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A number over a window."""

    window_s: int
    value: float | None


class DepthView(_StudyView, frozen=True, kw_only=True):
    """Every number of one book, and its cumulative curve."""

    instrument: InstrumentId
    at: int
    age_ms: int | None
    price_decimals: int
    size_decimals: int
    mid: float | None
    microprice: float | None
    spread_bps: float | None
    spread_ticks: float | None
    imbalances: tuple[tuple[int, float | None], ...]
    """(levels a side, imbalance -1..1)."""
    costs: tuple[CostRow, ...]
    bands: tuple[BandRow, ...]
    walls: tuple[WallRow, ...]
    order_flow: tuple[WindowValue, ...]
    """Order-flow imbalance over windows, base units (Cont, Kukanov and Stoikov)."""
    resilience_half_s: float | None
    """Half-life of the newest measured refill after a trade."""
    resilience_share: float | None
    """Share of the depth lost that came back by its last sample."""
    liquidity_score: float | None
    spread_history: tuple[float, ...]
    """One value a second, bps, oldest first."""
    imbalance_history: tuple[float, ...]
    bids: tuple[CurvePoint, ...]
    """Best first, thinned to what a pane can show."""
    asks: tuple[CurvePoint, ...]


# ---- flow ---------------------------------------------------------------------------------------


class FlowWindow(_Row, frozen=True, kw_only=True):
    """Prints of one window; sizes in base units as floats, for reading."""

    window_s: int | None
    """None: since the anchor (the study's begin, or where a person set it)."""
    volume: float
    buy: float
    sell: float
    delta: float
    delta_ratio: float | None
    vwap: float | None
    twap: float | None
    trades: int
    trades_per_s: float | None
    missed: int


class SweepRow(_Row, frozen=True, kw_only=True):
    """One aggressor through several levels."""

    ts_event: int
    side: Side
    first_price: int
    last_price: int
    size: int
    prints: int


class SeriesPoint(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A second of the delta series."""

    second: int
    delta: float
    cumulative: float
    price: float | None
    volume: float


class FlowView(_StudyView, frozen=True, kw_only=True):
    """Every number of one market's prints, and the cumulative volume delta."""

    instrument: InstrumentId
    at: int
    since: int | None
    """Instant of the first print counted."""
    price_decimals: int
    size_decimals: int
    windows: tuple[FlowWindow, ...]
    large_size: int | None
    """Size from which a print is large: the quantile stated by `large_quantile`."""
    large_quantile: float
    size_quantiles: tuple[tuple[float, float], ...]
    """(quantile, size in base units)."""
    sweeps: tuple[SweepRow, ...]
    """Newest last."""
    kyle_lambda: float | None
    """Quote units a base unit."""
    kyle_r_squared: float | None
    effective_bps: float | None
    realized_bps: float | None
    impact_bps: float | None
    series: tuple[SeriesPoint, ...]
    """Seconds, oldest first; seconds without prints are left out."""


# ---- profile and footprint ----------------------------------------------------------------------


class ProfileBar(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Volume at one price row."""

    price: int
    sold: int
    bought: int


class ProfileView(_StudyView, frozen=True, kw_only=True):
    """Volume by price, with point of control and value area."""

    instrument: InstrumentId
    price_decimals: int
    size_decimals: int
    row_step: int
    rows: tuple[ProfileBar, ...]
    """Highest price first."""
    point_of_control: int | None
    value_high: int | None
    value_low: int | None
    clusters: tuple[int, ...]
    """Prices of volume clusters."""


class FootprintCandle(_Row, frozen=True, kw_only=True):
    """One candle with its volume by price."""

    start_ts: int
    open: int | None
    high: int | None
    low: int | None
    close: int | None
    bars: tuple[ProfileBar, ...]
    delta: float
    volume: float


class FootprintView(_StudyView, frozen=True, kw_only=True):
    """The newest candles taken apart by price; built from prints, so it begins with the study."""

    instrument: InstrumentId
    interval: str
    interval_ns: int
    price_decimals: int
    size_decimals: int
    row_step: int
    candles: tuple[FootprintCandle, ...]


# ---- trend --------------------------------------------------------------------------------------


class OverlayLine(_Row, frozen=True, kw_only=True):
    """A line over candles; one value a candle, None where the indicator has none yet."""

    name: str
    """ema9, ema21, vwap, bb_upper, bb_middle, bb_lower, rsi, macd, macd_signal, macd_hist,
    atr, adx."""
    values: tuple[float | None, ...]


class PriceZone(_Row, frozen=True, kw_only=True):
    """Support or resistance from swing points."""

    is_support: bool
    price: float
    touches: int


class OverlaysView(_StudyView, frozen=True, kw_only=True):
    """Indicators of one candle series, aligned to the candles that start at `starts`."""

    instrument: InstrumentId
    interval: str
    starts: tuple[int, ...]
    lines: tuple[OverlayLine, ...]
    zones: tuple[PriceZone, ...]
    computed_at: int


class RegimeRow(_Row, frozen=True, kw_only=True):
    """The trend of one interval, with its reason in words and the numbers behind it."""

    interval: str
    regime: str
    reason: str
    rsi: float | None
    adx: float | None
    atr_pct: float | None
    volatility_pct: float | None
    """Realised, annualised, percent."""
    parkinson_pct: float | None
    garman_klass_pct: float | None
    volume_score: float | None
    """Robust score of the newest complete volume against the usual ones."""
    gaps: int
    quality: str
    """Empty where the series is sound."""


class TrendView(_StudyView, frozen=True, kw_only=True):
    """Trend over several intervals."""

    instrument: InstrumentId
    price_decimals: int
    head: str
    """The joint verdict in words."""
    rows: tuple[RegimeRow, ...]
    zones: tuple[PriceZone, ...]
    computed_at: int


# ---- heatmap ------------------------------------------------------------------------------------


class HeatTrade(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Prints of one raster cell."""

    column: int
    row: int
    bought: int
    sold: int


class HeatmapView(_StudyView, frozen=True, kw_only=True):
    """Resting size over time and price as a raster, prints on it."""

    instrument: InstrumentId
    price_decimals: int
    size_decimals: int
    columns: int
    rows: int
    start_ts: int
    step_ns: int
    """Time of a column."""
    top_price: int
    """Upper edge of row 0."""
    row_step: int
    cells: bytes
    """uint8, shape (rows, columns), row 0 highest: 0 nothing, 1-255 size over `full_size`."""
    full_size: int
    """Size of intensity 255."""
    best_bids: tuple[int, ...]
    """Row of the best bid a column, -1 where unknown."""
    best_asks: tuple[int, ...]
    trades: tuple[HeatTrade, ...]
    computed_at: int
    newest_bid: int | None = None
    """Best bid of the newest column itself; its row holds `row_step` of prices."""
    newest_ask: int | None = None


# ---- between markets ----------------------------------------------------------------------------


class FundingRow(_Row, frozen=True, kw_only=True):
    """One perpetual in the funding and basis table."""

    instrument: InstrumentId
    price_decimals: int
    mark_price: int | None
    index_price: int | None
    basis_bps: float | None
    """Mark against index, or against the spot mid where there is no index."""
    basis_annual_pct: float | None
    rate_pct: float | None
    """Of the interval."""
    interval_hours: float | None
    hourly_pct: float | None
    annual_pct: float | None
    next_funding_ts: int | None
    history: tuple[float, ...]
    """Basis samples, bps, oldest first."""


class FundingView(_StudyView, frozen=True, kw_only=True):
    """Funding normalised to one hour and one year, and the basis, of all watched perpetuals."""

    rows: tuple[FundingRow, ...]


class PairRow(_Row, frozen=True, kw_only=True):
    """Two markets beside one another."""

    first: InstrumentId
    second: InstrumentId
    spread_bps: float | None
    """First mid over second mid."""
    low_bps: float | None
    high_bps: float | None
    mean_bps: float | None
    executable_bps: float | None
    """Best bid of the dearer over best ask of the cheaper, before fees."""
    history: tuple[float, ...]
    correlation: float | None
    """Of one-minute log returns."""
    lead_s: float | None
    """Seconds by which the first leads (negative: lags)."""
    lead_correlation: float | None


class PairsView(_StudyView, frozen=True, kw_only=True):
    """Spreads between venues and between spot and perpetual, with correlation and lead-lag."""

    rows: tuple[PairRow, ...]


# ---- alerts a person set on prices --------------------------------------------------------------


class PriceAlertRow(_Row, frozen=True, kw_only=True):
    """One alert a person set."""

    alert_id: str
    instrument: InstrumentId
    text: str
    """In words: `price above 141.20`."""
    price: int | None
    """Where it stands on ladder and chart, for alerts on a price."""
    is_armed: bool
    fired: int
    last_fired_at: int | None
    value_now: float | None


class PriceAlertsView(_StudyView, frozen=True, kw_only=True):
    """Every alert a person set."""

    rows: tuple[PriceAlertRow, ...]


StudyView = (
    DepthView
    | FlowView
    | ProfileView
    | FootprintView
    | OverlaysView
    | TrendView
    | HeatmapView
    | FundingView
    | PairsView
    | PriceAlertsView
)

FUNDING = "funding"
PAIRS = "pairs"
PRICE_ALERTS = "price-alerts"


def depth_topic(instrument: InstrumentId) -> str:
    """Topic of a book's numbers and curve."""
    return f"depth/{instrument}"


def flow_topic(instrument: InstrumentId) -> str:
    """Topic of the numbers of the prints."""
    return f"flow/{instrument}"


def profile_topic(instrument: InstrumentId, group: int) -> str:
    """Topic of the volume profile, `group` ticks a row."""
    return f"profile/{instrument}/{group}"


def footprint_topic(instrument: InstrumentId, interval: str, candles: int, group: int) -> str:
    """Topic of the newest candles by price; group 0 lets the engine choose a row height."""
    return f"footprint/{instrument}/{interval}/{candles}/{group}"


def overlays_topic(instrument: InstrumentId, interval: str, count: int) -> str:
    """Topic of the indicators over the newest `count` candles."""
    return f"overlays/{instrument}/{interval}/{count}"


def trend_topic(instrument: InstrumentId) -> str:
    """Topic of the trend over several intervals."""
    return f"trend/{instrument}"


def heatmap_topic(instrument: InstrumentId, columns: int, rows: int, step_ms: int) -> str:
    """Topic of the depth heatmap: a raster of this many cells, so much time a column."""
    return f"heatmap/{instrument}/{columns}/{rows}/{step_ms}"
