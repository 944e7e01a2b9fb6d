"""What the engine decided or came to know, as it stands in the journal.

State of trading, risk and alerts changes only by `apply(fact)`; the same facts rebuild it at
restart.
"""

from enum import StrEnum

import msgspec

from core.domain.alert import Alert, AlertEnd
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import (
    AccountId,
    AlertId,
    Asset,
    ClientOrderId,
    InstrumentId,
    IntentId,
    StrategyId,
    VenueOrderId,
)
from core.domain.instrument import InstrumentKind
from core.domain.intent import Intent, RiskApproved
from core.domain.kill import KillLevel
from core.domain.order import Fill, OrderState, OrderTerms, Side
from core.domain.price_alert import PriceAlert


class Mode(StrEnum):
    """What is real. Stamped everywhere; modes never mix."""

    SIMULATION = "simulation"
    PAPER = "paper"
    LIVE = "live"
    REPLAY = "replay"


class TradingState(StrEnum):
    """What the account, a strategy or a market may do; the strictest wins."""

    STARTING = "starting"
    RECONCILING = "reconciling"
    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class _Fact(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    at: int
    """Engine time of the step that made the fact, ns."""


class RunStarted(_Fact, frozen=True, kw_only=True):
    """A process took the account: everything after belongs to this epoch."""

    mode: Mode
    epoch: int
    version: str


class OrderJournaled(_Fact, frozen=True, kw_only=True):
    """An approved order's intent and identity, on disk before its first byte may leave."""

    client_order_id: ClientOrderId
    approved: RiskApproved
    send_before: int


class OrderSent(_Fact, frozen=True, kw_only=True):
    """The bytes of an order left."""

    client_order_id: ClientOrderId
    signed_at: int
    window_ms: int


class OrderMoved(_Fact, frozen=True, kw_only=True):
    """An order changed state."""

    client_order_id: ClientOrderId
    state: OrderState
    venue_order_id: VenueOrderId | None = None
    filled_quantity: Quantity | None = None
    """What the venue says was filled so far; its fills may still be on their way."""
    reason: str = ""
    quantity: Quantity | None = None
    """What the order asks for now, where the venue made it smaller (reduce-only)."""


class CancelAsked(_Fact, frozen=True, kw_only=True):
    """Somebody wants rid of an order; asked for again until it has ended."""

    client_order_id: ClientOrderId


class ForeignOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order that rests at the venue and does not stand in our journal."""

    venue_order_id: VenueOrderId
    client_order_id: ClientOrderId | None
    terms: OrderTerms
    """A limit price of 0 stands for none."""
    filled: Quantity
    is_second_instance: bool = False
    """Its id is built as ours are: another engine trades on the account."""


class ForeignOrdersSeen(_Fact, frozen=True, kw_only=True):
    """Every order of an account that is not ours, as known now."""

    account: AccountId
    orders: tuple[ForeignOrder, ...]


class MarketAdded(_Fact, frozen=True, kw_only=True):
    """A market entered the ledger: what its fills are booked in.

    Stands before the first of them, so that the journal alone rebuilds the books.
    """

    instrument: InstrumentId
    kind: InstrumentKind
    base: Asset
    quote: Asset


class FillBooked(_Fact, frozen=True, kw_only=True):
    """A fill entered the ledger, in this book (a strategy, MANUAL, EXTERNAL or SYSTEM)."""

    fill: Fill
    book: StrategyId


class CashBooked(_Fact, frozen=True, kw_only=True):
    """Cash moved without a fill: opening balance, settlement, funding, transfer."""

    account: AccountId
    asset: Asset
    amount: Amount
    source: str
    row_id: str
    instrument: InstrumentId | None = None


class PositionAdopted(_Fact, frozen=True, kw_only=True):
    """A position that was there before us, taken over as EXTERNAL at this price."""

    account: AccountId
    instrument: InstrumentId
    quantity: Quantity
    price: Price


class InferredBooked(_Fact, frozen=True, kw_only=True):
    """A difference to the venue a person adopted, booked in EXTERNAL without its fill or row.

    Concerns a position (`instrument`, `quantity`, `price`) or money (`asset`, `amount`). With
    `reverses` it takes back so much of the entry of that id, because the real one came.
    """

    account: AccountId
    entry_id: str
    instrument: InstrumentId | None = None
    quantity: Quantity | None = None
    price: Price | None = None
    asset: Asset | None = None
    amount: Amount | None = None
    reverses: str = ""


class Verdict(StrEnum):
    """What became of a strategy's reason to act."""

    COPIED = "copied"
    RESIZED = "resized"
    SKIPPED = "skipped"
    DENIED = "denied"
    ASKED = "asked"
    NOTE = "note"


class DecisionTaken(_Fact, frozen=True, kw_only=True):
    """One decision line: what was decided about one cause, and the numbers that decided."""

    strategy: StrategyId
    cause: str
    verdict: Verdict
    code: str
    text: str
    numbers: tuple[tuple[str, str], ...] = ()
    instrument: InstrumentId | None = None
    intent_id: IntentId | None = None
    repeats: int = 1


class AlertRaised(_Fact, frozen=True, kw_only=True):
    """An alert is open. `intent` is what an approval would let through."""

    alert: Alert
    intent: Intent | None = None
    reference_price: Price | None = None
    """What the market stood at; an approval is void once it moved too far."""


class AlertEnded(_Fact, frozen=True, kw_only=True):
    """An alert's one end."""

    alert_id: AlertId
    end: AlertEnd
    option: str
    by: str


class AlertCarriedOut(_Fact, frozen=True, kw_only=True):
    """What an alert's end led to; stands after the end, once."""

    alert_id: AlertId
    effect_id: str
    text: str


class TradingStateChanged(_Fact, frozen=True, kw_only=True):
    """What may be done changed.

    Without a cause it is the phase of the whole engine. With one, that cause holds the scope at
    this state until ACTIVE clears it; the strictest of all holds wins.
    """

    state: TradingState
    reason: str
    scope: str = ""
    """Empty for the account, else `market/...` or `strategy/...`."""
    cause: str = ""


class NavMarked(_Fact, frozen=True, kw_only=True):
    """What drawdown and the day's loss are judged by: units of the account and their peak.

    Transfers buy or redeem units at the value before them, so that they are neither gain nor loss.
    """

    day: str
    """UTC day."""
    equity: Amount
    units: Amount
    peak: Amount
    """Highest value of a unit so far."""
    day_equity: Amount
    """Equity at the beginning of the day, plus the transfers since."""
    strategies: tuple[tuple[StrategyId, Amount, Amount], ...] = ()
    """Profit of each strategy at the beginning of the day, and its highest so far."""


class GateJudged(_Fact, frozen=True, kw_only=True):
    """One decision of the gate with the numbers it was made by; never needed to rebuild state."""

    intent_id: IntentId
    strategy: StrategyId
    instrument: InstrumentId
    verdict: str
    """approved, denied or asked."""
    rule: str
    text: str
    numbers: tuple[tuple[str, str], ...]
    limits: str
    """Version of the limits it was judged by."""
    repeats: int = 1


class LimitsChanged(_Fact, frozen=True, kw_only=True):
    """A person changed limits while the engine runs: names and new values as text."""

    values: tuple[tuple[str, str], ...]
    by: str
    kept: tuple[tuple[str, str], ...] = ()
    """Names that are now stricter than the file, with what the file said then: they outlive the
    run."""


class LimitPeak(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The highest use of one limit in a UTC day."""

    name: str
    used: str
    fraction: float
    at: int
    worst: str


class LimitsPeaked(_Fact, frozen=True, kw_only=True):
    """New peaks of the use of limits; those of other limits stand."""

    day: str
    peaks: tuple[LimitPeak, ...]


class KillTripped(_Fact, frozen=True, kw_only=True):
    """The kill switch tripped, or went to a higher level. Only `KillArmed` ends it."""

    level: KillLevel
    by: str
    reason: str


class KillArmed(_Fact, frozen=True, kw_only=True):
    """A person re-armed, and ledger and venue matched."""

    by: str


class StrategySwitched(_Fact, frozen=True, kw_only=True):
    """A strategy was turned on or off."""

    strategy: StrategyId
    is_on: bool
    by: str


class StrategyPaused(_Fact, frozen=True, kw_only=True):
    """A strategy raised or took too long; it stays silent until a person switches it on."""

    strategy: StrategyId
    reason: str


class Reconciled(_Fact, frozen=True, kw_only=True):
    """Ledger and venue were compared."""

    account: AccountId
    is_matched: bool
    differences: tuple[str, ...] = ()
    markets: tuple[InstrumentId, ...] = ()
    """Markets whose positions differ; empty where money differs, which concerns the account."""
    read_from: int = 0
    """When the reading began; rows of the venue from then on are not in what was read before."""


class EquityMarked(_Fact, frozen=True, kw_only=True):
    """What the accounts were worth when a day (UTC) or a run began."""

    equity: Amount
    day: str


class WatchlistChanged(_Fact, frozen=True, kw_only=True):
    """The markets a person watches, in order."""

    instruments: tuple[InstrumentId, ...]


class PriceAlertSet(_Fact, frozen=True, kw_only=True):
    """A person set an alert on a number of a market."""

    alert: PriceAlert
    side: int | None
    """-1, 0 or 1: below, on or above the level when it was set; None where that was not known."""
    by: str


class PriceAlertRemoved(_Fact, frozen=True, kw_only=True):
    """A person took an alert away."""

    alert_id: str
    by: str


class PriceAlertFired(_Fact, frozen=True, kw_only=True):
    """What an alert waited for came true."""

    alert_id: str
    side: int
    """-1, 0 or 1: where the number stood to its level."""
    value: str


class MoveAsked(_Fact, frozen=True, kw_only=True):
    """A person wants an order at another price: it is placed anew once its cancel is proved."""

    client_order_id: ClientOrderId
    limit_price: Price
    by: str
    may_cross: bool = False
    """It would have taken from the book when it was asked for, so it still may."""


class MoveEnded(_Fact, frozen=True, kw_only=True):
    """A move is over: placed anew, or dropped for the reason given."""

    client_order_id: ClientOrderId
    is_placed: bool
    text: str


class CloseAsked(_Fact, frozen=True, kw_only=True):
    """A person wants so much of a position closed in slices."""

    close_id: str
    account: AccountId
    instrument: InstrumentId
    side: Side
    """Of the slices: sells close a long position."""
    quantity: Quantity
    by: str


class CloseEnded(_Fact, frozen=True, kw_only=True):
    """A closing is over: done, or stopped for the reason given."""

    close_id: str
    is_done: bool
    text: str


class CommandTaken(_Fact, frozen=True, kw_only=True):
    """A command of a person was carried out or refused."""

    command_id: str
    text: str
    is_accepted: bool


class Noted(_Fact, frozen=True, kw_only=True):
    """Something a person should see pass by; never needed to rebuild state."""

    level: str
    text: str


Fact = (
    RunStarted
    | OrderJournaled
    | OrderSent
    | OrderMoved
    | CancelAsked
    | ForeignOrdersSeen
    | MarketAdded
    | FillBooked
    | CashBooked
    | PositionAdopted
    | InferredBooked
    | DecisionTaken
    | AlertRaised
    | AlertEnded
    | AlertCarriedOut
    | TradingStateChanged
    | NavMarked
    | GateJudged
    | LimitsChanged
    | LimitsPeaked
    | KillTripped
    | KillArmed
    | StrategySwitched
    | StrategyPaused
    | Reconciled
    | EquityMarked
    | WatchlistChanged
    | PriceAlertSet
    | PriceAlertRemoved
    | PriceAlertFired
    | MoveAsked
    | MoveEnded
    | CloseAsked
    | CloseEnded
    | CommandTaken
    | Noted
)
