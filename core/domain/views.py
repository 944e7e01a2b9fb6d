"""What a cockpit draws. Built only when asked, frozen, versioned.

Book, tape and ladder prices and sizes are integers of 10^-10 (`core.domain.fixed`); money is exact
text; floats are for pictures only. Instants are engine time, ns UTC. What is not there is None.
"""

from enum import StrEnum

import msgspec

from core.domain.alert import Alert, AlertEnd, Severity
from core.domain.facts import Fact, Mode, TradingState
from core.domain.ids import InstrumentId, StrategyId
from core.domain.kill import KillLevel, KillProgress
from core.domain.order import OrderState, Side
from core.domain.risk_views import CapitalView, LimitsView, LogView
from core.domain.study_views import LadderNote, StudyView, TapeLine
from core.domain.ticket import FillsView, PositionsView, TicketView, WorkingView


class BookState(StrEnum):
    """Whether a book may be trusted."""

    EMPTY = "empty"
    SYNCING = "syncing"
    VALID = "valid"
    STALE = "stale"
    INVALID = "invalid"


class _View(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    pass


class VenueHealth(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One venue in the header."""

    venue: str
    is_up: bool
    is_private_up: bool | None
    """None where no account is used."""
    data_age_ms: int | None
    """Since the newest market data of the venue."""
    detail: str = ""


class HeaderView(_View, frozen=True, kw_only=True):
    """Mode, freshness, worth, permission, questions."""

    mode: Mode
    engine_at: int
    venues: tuple[VenueHealth, ...]
    equity: str | None
    day_pnl: str | None
    day_pnl_pct: float | None
    trading_state: TradingState
    trading_reason: str
    open_alerts: int
    journal_ok: bool
    replay: str = ""
    """Speed and position of a replay, empty otherwise."""


class WatchRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One market of the watchlist."""

    instrument: InstrumentId
    last_price: int | None
    price_decimals: int
    change_pct: float | None
    """Against 24 hours ago, in percent."""
    funding_pct: float | None
    """Funding rate of the interval in percent, perpetuals only."""
    spark: tuple[float, ...]
    """Closes, oldest first, at most 60."""
    book_state: BookState


class WatchlistView(_View, frozen=True, kw_only=True):
    """The markets a person watches, in their order."""

    rows: tuple[WatchRow, ...]
    catalogue: tuple[InstrumentId, ...] = ()
    """Every market that could be added."""


class LadderLevel(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One row of the price grid that holds size."""

    price: int
    size: int
    cumulative: int
    """Size from the touch up to and with this row."""


class OwnOrder(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A working order of ours on the ladder."""

    price: int
    side: Side
    leaves: int
    ahead: int | None = None
    """Size estimated to stand before it in the queue at its price."""
    client_order_id: int | None = None
    """None where it is not ours to touch."""


class LadderView(_View, frozen=True, kw_only=True):
    """Both sides of one book, grouped to a price grid; bids best first, asks best first."""

    instrument: InstrumentId
    book_state: BookState
    age_ms: int | None
    """Since the last proof that the book is current."""
    price_decimals: int
    size_decimals: int
    row_step: int
    """Distance of two rows of the grid."""
    best_bid: int | None
    best_ask: int | None
    spread_bps: float | None
    imbalance: float | None
    """(bid - ask) / sum of the sizes shown, -1 to 1."""
    bids: tuple[LadderLevel, ...]
    asks: tuple[LadderLevel, ...]
    last_price: int | None
    last_side: Side | None
    own_orders: tuple[OwnOrder, ...] = ()
    microprice: int | None = None
    large_size: int | None = None
    """Size from which a level is marked as a large lot."""
    notes: tuple[LadderNote, ...] = ()
    """Rows of the grid with prints or changes; sparse, in no order."""
    alert_prices: tuple[int, ...] = ()
    """Where a person set alerts."""


class TapeRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One public print."""

    serial: int
    """Counts prints of this market since start; a hole means dropped prints."""
    ts_event: int
    price: int
    size: int
    side: Side


class TapeView(_View, frozen=True, kw_only=True):
    """The newest prints of one market, newest last."""

    instrument: InstrumentId
    price_decimals: int
    size_decimals: int
    rows: tuple[TapeLine, ...]
    missed: int
    large_size: int | None = None
    """Size from which a line is marked as large."""
    hidden: int = 0
    """Lines left out by the size filter since the oldest line shown."""


class CandleRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One candle; prices are None in a bucket without trades."""

    start_ts: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float


class FillMark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An own fill on the chart."""

    ts_event: int
    price: int
    quantity: int
    side: Side


class CandlesView(_View, frozen=True, kw_only=True):
    """Candles of one market and interval, oldest first, the last one still open."""

    instrument: InstrumentId
    interval: str
    interval_ns: int
    price_decimals: int
    candles: tuple[CandleRow, ...]
    is_loading: bool
    fills: tuple[FillMark, ...] = ()
    """Own fills within the candles, oldest first."""
    orders: tuple[OwnOrder, ...] = ()
    alert_prices: tuple[int, ...] = ()


class StrategyRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One strategy in the panel. `slot` is the key 1-9 that toggles it."""

    slot: int
    strategy: StrategyId
    title: str
    state: str
    """One word: on, off, paused."""
    pnl: str | None
    position: str
    decisions: int
    copied: int
    skipped: int
    last_decision: str
    last_code: str
    last_at: int | None


class StrategiesView(_View, frozen=True, kw_only=True):
    """Every strategy of this run."""

    rows: tuple[StrategyRow, ...]


class RiskGauge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Use of one limit."""

    rule: str
    title: str
    used: str
    limit: str
    unit: str
    fraction: float
    """Use over limit, 0 and up."""


class RiskView(_View, frozen=True, kw_only=True):
    """Trading state and the limits with their use now."""

    trading_state: TradingState
    reason: str
    gauges: tuple[RiskGauge, ...]
    denied: int
    last_denial: str


class PositionRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One open position from the ledger."""

    instrument: InstrumentId
    quantity: str
    entry_price: str
    mark_price: str | None
    unrealized_pnl: str | None
    realized_pnl: str


class OrderRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One order of ours, newest last."""

    client_order_id: int
    instrument: InstrumentId
    side: Side
    quantity: str
    filled_quantity: str
    limit_price: str
    state: OrderState
    strategy: StrategyId
    at: int


class AccountView(_View, frozen=True, kw_only=True):
    """Positions, working orders and the newest ended ones, balances; all from the ledger."""

    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    balances: tuple[tuple[str, str], ...]
    realized_pnl: str
    unrealized_pnl: str | None
    fees: str


class OpenAlert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An open alert and the time it has left."""

    alert: Alert
    remaining_ms: int | None
    repeats: int


class AlertsView(_View, frozen=True, kw_only=True):
    """Open alerts, most urgent first, and the newest ended one in words."""

    open: tuple[OpenAlert, ...]
    last_ended: str = ""


class AlertHistoryRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One alert that has ended."""

    raised_at: int
    severity: Severity
    scope: str
    title: str
    end: AlertEnd
    option: str
    """Label of what was chosen; empty where nothing was."""
    by: str
    """The cockpit that answered, or why it ended by itself; empty at a deadline."""
    stood_ms: int
    repeats: int = 1


class AlertHistoryView(_View, frozen=True, kw_only=True):
    """The newest ended alerts, newest first, and how many ended in all."""

    rows: tuple[AlertHistoryRow, ...]
    ended: int


class KillView(_View, frozen=True, kw_only=True):
    """The kill switch: what tripped it, and how far it is."""

    level: KillLevel | None = None
    """None while armed."""
    by: str = ""
    reason: str = ""
    tripped_at: int = 0
    accounts: tuple[KillProgress, ...] = ()
    flatten: tuple[str, ...] = ()
    """At K3: what is left of each position, in words."""
    rearm_word: str = ""
    """What has to be typed to re-arm."""
    rearming: str = ""
    """What a re-arming waits for; empty when none is under way."""


class ProgressStep(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One piece of long start-up work; fraction 0 to 1."""

    key: str
    label: str
    fraction: float
    is_failed: bool = False


class ProgressView(_View, frozen=True, kw_only=True):
    """Start-up work; empty `steps` when all is done."""

    steps: tuple[ProgressStep, ...]


View = (
    HeaderView
    | WatchlistView
    | LadderView
    | TapeView
    | CandlesView
    | StrategiesView
    | RiskView
    | AccountView
    | AlertsView
    | AlertHistoryView
    | ProgressView
    | KillView
    | LimitsView
    | CapitalView
    | LogView
    | TicketView
    | WorkingView
    | PositionsView
    | FillsView
    | StudyView
)


class ShownFact(msgspec.Struct, frozen=True, gc=False):
    """A fact with its number in the stream of facts a cockpit follows."""

    serial: int
    fact: Fact


class FrameRequest(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a cockpit wants to see: topics with the version it holds (0 for none)."""

    versions: dict[str, int]
    facts_since: int = 0


class Frame(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The answer: only the views whose version moved, and the facts since."""

    engine_at: int
    views: dict[str, View]
    versions: dict[str, int]
    facts: tuple[ShownFact, ...]
    next_fact: int


HEADER = "header"
WATCHLIST = "watchlist"
STRATEGIES = "strategies"
RISK = "risk"
ACCOUNT = "account"
ALERTS = "alerts"
ALERT_HISTORY = "alert-history"
PROGRESS = "progress"
KILL = "kill"


def ladder_topic(instrument: InstrumentId, rows: int, group: int) -> str:
    """Topic of a ladder: at most `rows` a side, `group` ticks a row."""
    return f"ladder/{instrument}/{rows}/{group}"


class TapeMode(StrEnum):
    """How prints become lines."""

    PRINTS = "prints"
    SWEEPS = "sweeps"
    """One aggressor's prints are one line."""


def tape_topic(
    instrument: InstrumentId, rows: int, mode: TapeMode = TapeMode.PRINTS, least_notional: int = 0
) -> str:
    """Topic of the newest `rows` lines of a market worth at least so many whole quote units."""
    return f"tape/{instrument}/{rows}/{mode}/{least_notional}"


def candles_topic(instrument: InstrumentId, interval: str, count: int) -> str:
    """Topic of the newest `count` candles of a market."""
    return f"candles/{instrument}/{interval}/{count}"
