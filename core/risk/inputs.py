"""What the gate looks at: one frozen picture of the moment, handed in by the runtime."""

import msgspec

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.instrument import Instrument


class MarketNow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One market as known now. Ages are engine time, ns; None where never seen."""

    is_book_valid: bool
    best_bid: Price | None
    best_ask: Price | None
    book_age_ns: int | None
    mark: Price | None
    mark_age_ns: int | None
    index: Price | None
    trade_vwap: Price | None = None
    """60 s volume-weighted trade price: the second reference of spot markets."""


class GateInputs(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything the gate may judge by. Nothing else reaches it."""

    at: int
    state: TradingState
    is_strategy_on: bool
    is_fenced: bool
    """True when another process took the account, or the kill latch tripped."""
    is_journal_slow: bool
    reconcile_age_ns: int | None
    instrument: Instrument | None
    market: MarketNow
    position: Quantity
    live_bids: Quantity
    live_asks: Quantity
    live_orders: int
    equity: Notional | None
    gross_elsewhere: Notional | None
    """Worst-case exposure of every other market; None where one of them has no mark."""
    has_unknown: bool
    """An order of this strategy in this market is UNKNOWN."""
    has_duplicate: bool
    """A like order went out within two seconds, or the cause has a possibly-live order."""
    crosses_own: bool
    """It would trade against an own resting order."""
    signal_ts: int | None = None
    signal_price: Price | None = None
    clock_offset_ns: int | None = 0
    """Venue time minus ours; None where it was never measured."""
    clock_error_ns: int | None = 0
    """Error bound of that: half the round trip."""
    confirmed_by: str | None = None
    confirmed_hash: str | None = None
