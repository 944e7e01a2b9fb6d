"""The limits of an account. Units stand in the names; tightening is free, loosening is not."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]
Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]
Bps = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
Millis = Annotated[int, msgspec.Meta(gt=0, le=600_000)]


class RiskLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """Configuration section `[risk]`. Amounts are in the account's quote currency."""

    max_order_notional: Positive = 5_000.0
    """Hard cap of one order (R10); nothing overrides it at run time."""
    max_order_equity_pct: Percent = 5.0
    """Cap of one order as a share of equity (R10)."""
    max_position_notional: Positive = 20_000.0
    """Cap of the worst-case exposure in one market (R12)."""
    max_leverage: Positive = 2.0
    """Cap of gross worst-case exposure over equity (R12)."""
    max_aggressive_collar_pct: Percent = 1.0
    """How far beyond the reference an order may reach (R08)."""
    max_passive_collar_pct: Percent = 10.0
    """How far behind the reference an order may stand (R08)."""
    max_reference_spread_pct: Percent = 1.0
    """How far the reference prices may lie apart (R08)."""
    max_book_age_ms: Millis = 1_000
    """Age of the last proof that the book is current (R09)."""
    max_mark_age_ms: Millis = 5_000
    """Age of the mark price (R09)."""
    max_reconcile_age_ms: Millis = 30_000
    """Age of the last matched comparison with the venue (R03)."""
    max_open_orders: Annotated[int, msgspec.Meta(gt=0, le=100)] = 20
    """Possibly-live orders in one market (R11)."""
    max_slippage_bps: Bps = 20.0
    """Expected cost of an aggressive order against the mid (R21)."""
    confirm_above_equity_pct: Percent = 2.0
    """Orders above this share of equity need a person (R25)."""
    confirm_within_ms: Millis = 15_000
    """How long a question about an order stands (section 9)."""
    max_confirm_drift_bps: Bps = 10.0
    """A confirmation is void once the reference moved further than this."""
    max_clock_offset_ms: Millis = 500
    """How far the venue's clock may differ from ours (R22)."""
    max_clock_error_ms: Millis = 250
    """How uncertain that difference may be (R22)."""
    max_signal_age_ms: Millis = 3_000
    """Age of the cause of an entry (R23)."""
    max_signal_drift_bps: Bps = 30.0
    """How far the price may have moved against us since the cause (R23)."""
