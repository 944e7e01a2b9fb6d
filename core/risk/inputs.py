"""What the gate looks at: one frozen picture of the moment, handed in by the runtime."""

from decimal import Decimal

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
    recv_age_ns: int | None = 0
    """Since the newest proof of the book was received, by our own clock."""
    last: Price | None = None
    average_60s: Price | None = None
    """Average of the mids (or prints) of the last minute."""
    depth: Notional | None = None
    """Worth of what the order could take inside the collar."""
    vwap: Price | None = None
    """What taking the order's quantity from the book would cost on average; None: touch alone."""


class GateInputs(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything the gate may judge by. Nothing else reaches it."""

    at: int
    state: TradingState
    """The strictest of account, strategy and market."""
    is_strategy_on: bool
    is_fenced: bool
    """True when another process took the account, or the kill latch tripped."""
    is_journal_slow: bool
    reconcile_age_ns: int | None
    instrument: Instrument | None
    market: MarketNow
    rules_age_ns: int | None
    """Since the venue's rules of the market were read."""
    position: Quantity
    live_bids: Quantity
    live_asks: Quantity
    live_orders: int
    equity: Notional | None
    gross_elsewhere: Notional | None
    """Worst-case exposure of every other market; None where one of them has no mark."""
    orders_total: int
    """Possibly-live orders of the account."""
    open_value: Notional
    """What all of them are worth at their limit prices."""
    asset_net: Quantity
    """Net holding of the base asset over spot and perpetuals, possibly-live orders left out."""
    free_capital: Notional | None
    """Allocation of the strategy less what it uses and what its orders reserve."""
    has_unknown: bool
    """An order of this strategy in this market is UNKNOWN."""
    has_duplicate: bool
    """A like order went out within two seconds, or the cause has a possibly-live order."""
    crosses_own: bool
    """It would trade against an own resting order."""
    initial_margin: Decimal = Decimal(1)
    """Of the market, as a fraction; 1 where the venue does not say."""
    maintenance_margin: Decimal = Decimal(0)
    taker_fee: Decimal = Decimal("0.001")
    """As a fraction of the notional."""
    state_reason: str = ""
    is_reconciling: bool = False
    """A blocking comparison of this market runs."""
    day_volume: Notional | None = None
    loss_stop: str = ""
    """Which loss limit or cool-down stands, in words; empty for none."""
    entries_60s: int = 0
    repeated: str = ""
    """How the strategy runs in circles, in words; empty when it does not."""
    is_package_hedge: bool = False
    """It lowers the net of a live package that passed as a whole."""
    signal_ts: int | None = None
    signal_price: Price | None = None
    clock_offset_ns: int | None = 0
    """Venue time minus ours; None where it was never measured."""
    clock_error_ns: int | None = 0
    """Error bound of that: half the round trip."""
    confirmed_by: str | None = None
    confirmed_hash: str | None = None
