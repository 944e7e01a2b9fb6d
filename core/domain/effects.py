"""What the Desk wants done outside. The runner decides what waits for the disk."""

import msgspec

from core.domain.commands import Receipt
from core.domain.events import QueryKind
from core.domain.facts import Fact
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, VenueOrderId
from core.domain.intent import RiskApproved
from core.domain.jobs import Job
from core.domain.kill import KillLevel


class _Effect(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    pass


class Persist(_Effect, frozen=True, kw_only=True):
    """Write a fact. Lazy facts ride with the next batch and hold nothing up."""

    fact: Fact
    is_lazy: bool = False


class PlaceOrder(_Effect, frozen=True, kw_only=True):
    """Sign and send an approved order, once, before `send_before` (engine time, ns)."""

    client_order_id: ClientOrderId
    approved: RiskApproved
    send_before: int

    @property
    def account(self) -> AccountId:
        """Whose order it is."""
        return self.approved.leg.account


class CancelOrder(_Effect, frozen=True, kw_only=True):
    """Cancel one order; may be repeated freely."""

    account: AccountId
    instrument: InstrumentId
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId | None = None


class Query(_Effect, frozen=True, kw_only=True):
    """Read something from a venue; answered by an event with the same `query_id`."""

    query_id: int
    kind: QueryKind
    account: AccountId | None = None
    instrument: InstrumentId | None = None
    client_order_id: ClientOrderId | None = None
    interval: str | None = None
    since: int | None = None
    """Engine time, ns; rows at or after it."""


class SubscribeMarket(_Effect, frozen=True, kw_only=True):
    """Start the public streams of a market."""

    instrument: InstrumentId


class UnsubscribeMarket(_Effect, frozen=True, kw_only=True):
    """Stop the public streams of a market."""

    instrument: InstrumentId


class WakeAt(_Effect, frozen=True, kw_only=True):
    """Fire a timer with this key at this engine time; a later one of the same key replaces it."""

    key: str
    at: int


class Acknowledge(_Effect, frozen=True, kw_only=True):
    """Answer a command, once the step is on disk."""

    cockpit: str
    receipt: Receipt


class KeepWatchlist(_Effect, frozen=True, kw_only=True):
    """Store the watchlist outside the journal, so that the next run has it too."""

    instruments: tuple[InstrumentId, ...]


class SetPace(_Effect, frozen=True, kw_only=True):
    """Change how a recording plays. None leaves a setting as it is."""

    speed: float | None = None
    is_paused: bool | None = None
    step_frames: int = 0


class TripKill(_Effect, frozen=True, kw_only=True):
    """Trip the kill switch; never waits for the disk."""

    level: KillLevel
    by: str
    reason: str


class ArmLatch(_Effect, frozen=True, kw_only=True):
    """Write the latch: a person re-armed and ledger and venue match."""

    by: str


class CallPerson(_Effect, frozen=True, kw_only=True):
    """Tell a person off the box. Text of an alert, not yet cleaned; never waits for the disk."""

    title: str
    text: str


class Analyse(_Effect, frozen=True, kw_only=True):
    """Compute something that costs more than a step may; answered by `AnalysisDone`."""

    job: Job


Effect = (
    Persist
    | PlaceOrder
    | CancelOrder
    | Query
    | SubscribeMarket
    | UnsubscribeMarket
    | WakeAt
    | Acknowledge
    | KeepWatchlist
    | SetPace
    | TripKill
    | ArmLatch
    | CallPerson
    | Analyse
)
