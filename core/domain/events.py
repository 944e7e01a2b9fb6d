"""What happened outside. Sources set `ts_event` (venue's clock) and `ts_recv` (ours), int ns UTC.

The inbox alone wraps a body into an `Event` with `seq` and a non-decreasing `at`. Market bodies
carry the wire's text; nothing is parsed until somebody needs it.
"""

from enum import StrEnum

import msgspec

from core.domain.commands import Command
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import (
    AccountId,
    Asset,
    ClientOrderId,
    InstrumentId,
    LeaderId,
    TradeId,
    VenueId,
    VenueOrderId,
)
from core.domain.instrument import Instrument
from core.domain.kill import KillLevel, KillProgress
from core.domain.order import Fill, OrderState, OrderType, Side, TimeInForce
from core.domain.study_views import StudyView

TextLevel = tuple[str, str]
"""Price and absolute size as the wire wrote them; size zero deletes the level."""


class _Body(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    ts_event: int
    ts_recv: int


# ---- market data -----------------------------------------------------------------------------


class DepthChanged(_Body, frozen=True, kw_only=True):
    """One depth frame: absolute sizes at the named prices.

    `prev_id` is set by venues that chain frames by the previous frame's last id; where it is None,
    ids are contiguous (`first_id` = previous `last_id` + 1).
    """

    instrument: InstrumentId
    first_id: int
    last_id: int
    bids: list[TextLevel]
    asks: list[TextLevel]
    prev_id: int | None = None


class BookSnapshotSeen(_Body, frozen=True, kw_only=True):
    """A whole book, levels in any order."""

    instrument: InstrumentId
    last_id: int
    bids: list[TextLevel]
    asks: list[TextLevel]


class QuoteSeen(_Body, frozen=True, kw_only=True):
    """Best bid and ask; a side that is empty is None."""

    instrument: InstrumentId
    update_id: int
    bid: str | None
    bid_size: str | None
    ask: str | None
    ask_size: str | None


class TradeSeen(_Body, frozen=True, kw_only=True):
    """One public print."""

    instrument: InstrumentId
    trade_id: int
    price: str
    size: str
    aggressor_side: Side


class TickerSeen(_Body, frozen=True, kw_only=True):
    """Rolling statistics of the last 24 hours."""

    instrument: InstrumentId
    open: str
    last: str
    high: str
    low: str
    volume: str
    quote_volume: str


class MarkPriceSeen(_Body, frozen=True, kw_only=True):
    """Mark, index and the running funding rate of a perpetual (a fraction for one interval)."""

    instrument: InstrumentId
    mark_price: str
    index_price: str | None
    funding_rate: str | None
    next_funding_ts: int | None


class CandleSeen(_Body, frozen=True, kw_only=True):
    """The state of one candle; open, high, low and close are None while it holds no trade."""

    instrument: InstrumentId
    interval: str
    start_ts: int
    end_ts: int
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    volume: str
    is_closed: bool


class CandlesLoaded(_Body, frozen=True, kw_only=True):
    """Candles of the past, oldest first, as answer to a query."""

    instrument: InstrumentId
    interval: str
    candles: tuple[CandleSeen, ...]


class OpenInterestSeen(_Body, frozen=True, kw_only=True):
    """Open interest in base units."""

    instrument: InstrumentId
    quantity: str


class LiquidationSeen(_Body, frozen=True, kw_only=True):
    """A liquidation print."""

    instrument: InstrumentId
    side: Side
    price: str
    size: str


class UnknownFrame(_Body, frozen=True, kw_only=True):
    """A well-formed frame of a kind nobody here knows."""

    venue: VenueId
    raw: bytes


class MalformedFrame(_Body, frozen=True, kw_only=True):
    """A frame that breaks its own form; the book it concerns, if known, has to resync."""

    venue: VenueId
    raw: bytes
    reason: str
    instrument: InstrumentId | None = None


class VenueErrorFrame(_Body, frozen=True, kw_only=True):
    """An error the venue sent on a stream."""

    venue: VenueId
    code: int
    message: str


# ---- connections -----------------------------------------------------------------------------


class Channel(StrEnum):
    """Which stream of a venue."""

    PUBLIC = "public"
    PRIVATE = "private"


class LinkState(StrEnum):
    """State of a stream."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"


class ConnectionChanged(_Body, frozen=True, kw_only=True):
    """A stream came up or went down. All books of a public stream that went down are void."""

    venue: VenueId
    channel: Channel
    state: LinkState
    detail: str = ""


class InstrumentsListed(_Body, frozen=True, kw_only=True):
    """The venue's catalogue."""

    venue: VenueId
    instruments: tuple[Instrument, ...]


class VenueTimeMeasured(_Body, frozen=True, kw_only=True):
    """One clock comparison: venue minus local, and the error bound (half the round trip), ns."""

    venue: VenueId
    offset_ns: int
    error_bound_ns: int


class VenueConditionSeen(_Body, frozen=True, kw_only=True):
    """How a venue bears up: told when it changes.

    Stress is a 503, a status that is not OK, or answers ten times slower than usual: what was sent
    may then come to life much later.
    """

    venue: VenueId
    is_stressed: bool
    is_open: bool = True
    """False during maintenance or a pause of trading."""
    detail: str = ""


class Progressed(_Body, frozen=True, kw_only=True):
    """Long start-up work moved on; fraction 0 to 1."""

    key: str
    label: str
    fraction: float
    is_failed: bool = False


# ---- private ---------------------------------------------------------------------------------


class OrderReport(_Body, frozen=True, kw_only=True):
    """What the venue says of one order: a stream update, or a row of an answer.

    `state` is None when the venue used a word we do not know: query, never assume failure.
    """

    account: AccountId
    instrument: InstrumentId
    venue_order_id: VenueOrderId
    client_order_id: ClientOrderId | None
    state: OrderState | None
    side: Side
    quantity: Quantity
    filled_quantity: Quantity
    limit_price: Price | None = None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    reason: str = ""
    fill: Fill | None = None


class PositionReport(_Body, frozen=True, kw_only=True):
    """A position as the venue states it; quantity is signed."""

    account: AccountId
    instrument: InstrumentId
    quantity: Quantity
    entry_price: Price | None


class BalanceReport(_Body, frozen=True, kw_only=True):
    """One asset's balance as the venue states it."""

    account: AccountId
    asset: Asset
    available: Amount
    locked: Amount


class SettlementReport(_Body, frozen=True, kw_only=True):
    """Cash that moved without a fill (realised PnL, funding, fees of the system)."""

    account: AccountId
    asset: Asset
    amount: Amount
    source: str
    row_id: str
    """What makes two reports the same row."""
    instrument: InstrumentId | None = None


class LeaderFilled(_Body, frozen=True, kw_only=True):
    """A fill of somebody we follow. `position_before` is signed base units, None where unknown."""

    leader: LeaderId
    instrument: InstrumentId
    side: Side
    quantity: Quantity
    price: Price
    trade_id: TradeId
    venue_order_id: VenueOrderId
    position_before: Quantity | None = None


# ---- answers of the rims ---------------------------------------------------------------------


class OrderBytesLeft(_Body, frozen=True, kw_only=True):
    """The first byte of an order left; `signed_at` is in the venue's clock."""

    client_order_id: ClientOrderId
    signed_at: int
    window_ms: int


class OrderNotSent(_Body, frozen=True, kw_only=True):
    """Proof that no byte of an order left: a definitive refusal of our own."""

    client_order_id: ClientOrderId
    reason: str


class OrderRefused(_Body, frozen=True, kw_only=True):
    """A coded refusal of the venue, documented as before acceptance."""

    client_order_id: ClientOrderId
    code: str
    message: str


class OrderOutcomeUnknown(_Body, frozen=True, kw_only=True):
    """A placement whose answer never came or cannot be read."""

    client_order_id: ClientOrderId
    reason: str


class CancelAnswered(_Body, frozen=True, kw_only=True):
    """The venue took a cancel: `is_done` False is a 202 (nothing yet)."""

    client_order_id: ClientOrderId
    is_done: bool


class CancelFailed(_Body, frozen=True, kw_only=True):
    """A cancel was refused (`is_not_found`) or has no answer."""

    client_order_id: ClientOrderId
    is_not_found: bool
    reason: str


class QueryKind(StrEnum):
    """What the rims can be asked to read."""

    OPEN_ORDERS = "open_orders"
    ORDER_HISTORY = "order_history"
    FILLS = "fills"
    POSITIONS = "positions"
    BALANCES = "balances"
    SETTLEMENTS = "settlements"
    ORDER = "order"
    BOOK_SNAPSHOT = "book_snapshot"
    CANDLES = "candles"


class QueryAnswered(_Body, frozen=True, kw_only=True):
    """A successful, complete answer; an empty `rows` means none, proved."""

    query_id: int
    kind: QueryKind
    account: AccountId
    rows: tuple[OrderReport | PositionReport | BalanceReport | SettlementReport, ...] = ()
    fills: tuple[Fill, ...] = ()


class QueryFailed(_Body, frozen=True, kw_only=True):
    """No information: never read as flat, gone or none."""

    query_id: int
    kind: QueryKind
    target: str
    reason: str


class TimerFired(_Body, frozen=True, kw_only=True):
    """A wake-up that was asked for with `WakeAt`."""

    key: str
    due: int


class JournalHealth(_Body, frozen=True, kw_only=True):
    """How the disk does: age of the oldest uncommitted step, and whether writing failed."""

    oldest_uncommitted_ms: int
    is_failed: bool
    detail: str = ""


class Commanded(_Body, frozen=True, kw_only=True):
    """A person's command, through whichever cockpit."""

    command_id: str
    cockpit: str
    command: Command


class KillMoved(_Body, frozen=True, kw_only=True):
    """What the kill path did and found, told by itself; it waits for nobody here."""

    level: KillLevel | None
    by: str
    reason: str
    accounts: tuple[KillProgress, ...] = ()


class LatchWritten(_Body, frozen=True, kw_only=True):
    """The latch was armed again; with an error it was not."""

    error: str = ""


class CandlesWanted(_Body, frozen=True, kw_only=True):
    """A cockpit looks at candles of this interval; their history may have to be fetched."""

    instrument: InstrumentId
    interval: str


class StudyWanted(_Body, frozen=True, kw_only=True):
    """A cockpit looks at the numbers of a market; what costs more than its book begins now."""

    instrument: InstrumentId


class TopicWanted(_Body, frozen=True, kw_only=True):
    """A cockpit looks at what the analyst computes; told again while somebody looks."""

    topic: str


class AnalysisDone(_Body, frozen=True, kw_only=True):
    """The analyst's answer to one job; without a view, `error` says why."""

    topic: str
    view: StudyView | None
    error: str = ""


Body = (
    DepthChanged
    | BookSnapshotSeen
    | QuoteSeen
    | TradeSeen
    | TickerSeen
    | MarkPriceSeen
    | CandleSeen
    | CandlesLoaded
    | OpenInterestSeen
    | LiquidationSeen
    | UnknownFrame
    | MalformedFrame
    | VenueErrorFrame
    | ConnectionChanged
    | InstrumentsListed
    | VenueTimeMeasured
    | VenueConditionSeen
    | Progressed
    | OrderReport
    | PositionReport
    | BalanceReport
    | SettlementReport
    | LeaderFilled
    | OrderBytesLeft
    | OrderNotSent
    | OrderRefused
    | OrderOutcomeUnknown
    | CancelAnswered
    | CancelFailed
    | QueryAnswered
    | QueryFailed
    | TimerFired
    | JournalHealth
    | Commanded
    | KillMoved
    | LatchWritten
    | CandlesWanted
    | StudyWanted
    | TopicWanted
    | AnalysisDone
)


class Event(msgspec.Struct, frozen=True, gc=False):
    """A body with its place in the one order of things."""

    seq: int
    at: int
    """Engine time in ns UTC, never decreasing."""
    body: Body
