"""What a person can ask the engine to do. Answered with a `Receipt` once durable."""

from decimal import Decimal

import msgspec

from core.domain.exact import Price
from core.domain.ids import AlertId, ClientOrderId, InstrumentId, StrategyId
from core.domain.kill import KillLevel
from core.domain.order import Side
from core.domain.price_alert import PriceAlert
from core.domain.ticket import Seen, Ticket


class _Command(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    pass


class SwitchStrategy(_Command, frozen=True, kw_only=True):
    """Turn a strategy on or off. Off also cancels its open orders."""

    strategy: StrategyId
    is_on: bool


class AnswerAlert(_Command, frozen=True, kw_only=True):
    """Choose one option of an open alert. Single use; `typed` carries the typed token if asked."""

    alert_id: AlertId
    option: str
    typed: str = ""


class StopAll(_Command, frozen=True, kw_only=True):
    """Stop every strategy, cancel every own order, deny entries until resumed."""


class ResumeTrading(_Command, frozen=True, kw_only=True):
    """Allow entries again after a stop; strategies stay off until switched on.

    After the kill switch tripped it re-arms, which needs the word shown, typed.
    """

    typed: str = ""


class Kill(_Command, frozen=True, kw_only=True):
    """Work the kill switch (K0 to K4). Idempotent; `strategy` is for K0 alone, None for all."""

    level: KillLevel
    strategy: StrategyId | None = None


class EndRun(_Command, frozen=True, kw_only=True):
    """Strategies off, own orders cancelled: the engine is about to end. Trips no latch."""


class AddToWatchlist(_Command, frozen=True, kw_only=True):
    """Watch one more market."""

    instrument: InstrumentId


class RemoveFromWatchlist(_Command, frozen=True, kw_only=True):
    """Stop watching a market."""

    instrument: InstrumentId


class SetReplaySpeed(_Command, frozen=True, kw_only=True):
    """Play a recording at this multiple of its own speed; 0 means as fast as possible."""

    speed: float


class PauseReplay(_Command, frozen=True, kw_only=True):
    """Hold or go on."""

    is_paused: bool


class StepReplay(_Command, frozen=True, kw_only=True):
    """Let this many frames through while paused."""

    frames: int = 1


class SetPriceAlert(_Command, frozen=True, kw_only=True):
    """Watch a number of a market; a bare symbol is accepted where only one venue has it."""

    alert: PriceAlert


class RemovePriceAlert(_Command, frozen=True, kw_only=True):
    """Forget an alert a person set."""

    alert_id: str


class ChangeLimits(_Command, frozen=True, kw_only=True):
    """Change limits while the engine runs: names with their new values as text.

    Tightening is taken at once; loosening asks for `typed`: each loosened name and its new value,
    joined by a comma.
    """

    values: tuple[tuple[str, str], ...]
    typed: str = ""


class PlaceTicket(_Command, frozen=True, kw_only=True):
    """Send the order a ticket words, by what was seen; refused when that is no longer so."""

    ticket: Ticket
    seen: Seen


class CancelOrders(_Command, frozen=True, kw_only=True):
    """Cancel own orders: those named; else those of a market, or of one side of it; else all.

    Every own order goes only by `is_all`. Closings in slices within the scope stop too.
    """

    orders: tuple[ClientOrderId, ...] = ()
    instrument: InstrumentId | None = None
    side: Side | None = None
    is_all: bool = False


class MoveOrder(_Command, frozen=True, kw_only=True):
    """Give an own order another price: cancel, proof, then anew with what was not filled."""

    client_order_id: ClientOrderId
    limit_price: Price
    seen: Seen


class ClosePosition(_Command, frozen=True, kw_only=True):
    """Close so many percent of a position by reduce-only slices inside the collar."""

    instrument: InstrumentId
    percent: Decimal = Decimal(100)


class StopClosing(_Command, frozen=True, kw_only=True):
    """Let a closing in slices send nothing more, and cancel the slice that is out."""

    instrument: InstrumentId


Command = (
    SwitchStrategy
    | AnswerAlert
    | StopAll
    | ResumeTrading
    | Kill
    | EndRun
    | AddToWatchlist
    | RemoveFromWatchlist
    | SetReplaySpeed
    | PauseReplay
    | StepReplay
    | SetPriceAlert
    | RemovePriceAlert
    | ChangeLimits
    | PlaceTicket
    | CancelOrders
    | MoveOrder
    | ClosePosition
    | StopClosing
)


class Receipt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The engine's answer to a command, sent once what it did is durable."""

    command_id: str
    is_accepted: bool
    text: str = ""
