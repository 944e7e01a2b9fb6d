"""The kill switch in words: levels, phases, what it finds at a venue and how far it is."""

from enum import StrEnum

import msgspec

from core.domain.ids import AccountId, ClientOrderId, Symbol, VenueOrderId


class KillLevel(StrEnum):
    """How much is stopped (risk-and-faults section 10); each includes nothing of the next."""

    PAUSE = "K0"
    """One strategy, or all: no new orders, its own are cancelled."""
    REDUCE = "K1"
    """The account may only reduce."""
    HALT = "K2"
    """Nothing new; every order that can increase exposure is cancelled, foreign ones too."""
    FLATTEN = "K3"
    """K2, then positions are closed in reduce-only slices."""
    SEVER = "K4"
    """K2, then the engine ends; the latch stays tripped."""

    @property
    def trips(self) -> bool:
        """Whether the level trips the latch."""
        return self in (KillLevel.HALT, KillLevel.FLATTEN, KillLevel.SEVER)


class KillPhase(StrEnum):
    """Where the work of a kill stands."""

    IDLE = "idle"
    CANCELLING = "cancelling"
    WATCHING = "watching"
    """Zero open orders are proven; late arrivals are watched for."""
    DONE = "done"


class OpenRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One open order as the venue lists it, as far as a kill has to know it."""

    symbol: Symbol
    order_id: VenueOrderId
    client_order_id: ClientOrderId | None = None
    is_conditional: bool = False
    is_reduce_only: bool = False


class PossibleOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An own order that may be live, told to the kill path so that it need not ask first.

    `dead_at` is set where the outcome is not known: from then on (wall clock, ns) the venue can no
    longer accept it.
    """

    row: OpenRow
    dead_at: int | None = None


class KillMarket(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Open orders of one market that can increase exposure."""

    symbol: Symbol
    resting: int
    conditional: int


class KillProgress(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far a kill is with one account. Durations count from its beginning."""

    account: AccountId
    phase: KillPhase
    markets: tuple[KillMarket, ...] = ()
    open_orders: int | None = None
    """By the newest answer; None before the first."""
    kept: int = 0
    """Reduce-only orders left alone."""
    unknown: int = 0
    """Own orders without a proven outcome, counted apart."""
    late: int = 0
    """Orders that appeared after zero was proven."""
    cancels: int = 0
    elapsed_ms: int = 0
    first_cancel_ms: int | None = None
    proven_ms: int | None = None
    trouble: str = ""
    is_emergency: bool = False


class KillTrouble(Exception):
    """A request of the kill path that has no good answer.

    Attributes:
        reason: In words.
        is_timeout: Nothing came in time; the connection may be dead.
        is_not_found: The venue knows no such order.
        retry_after_secs: What the venue asked for, 0 where it did not.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_timeout: bool = False,
        is_not_found: bool = False,
        retry_after_secs: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_timeout = is_timeout
        self.is_not_found = is_not_found
        self.retry_after_secs = retry_after_secs
