"""The limits of an account. Units stand in the names; tightening is free, loosening is not."""

import hashlib
from typing import Annotated

import msgspec

NotNegative = Annotated[float, msgspec.Meta(ge=0)]
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
    max_depth_share_pct: Percent = 20.0
    """Cap of one order as a share of the depth inside the collar (R10)."""
    max_open_orders_total: Annotated[int, msgspec.Meta(gt=0, le=1_000)] = 100
    """Possibly-live orders of the account (R11)."""
    max_open_value_pct: Annotated[float, msgspec.Meta(gt=0, le=1_000)] = 50.0
    """Value of all possibly-live orders as a share of equity (R11)."""
    max_asset_notional: Positive = 40_000.0
    """Cap of the net holding of one asset over spot and perpetuals (R12)."""
    min_margin_multiple: Annotated[float, msgspec.Meta(ge=1, le=100)] = 2.0
    """Margin fraction after an order over the maintenance margin fraction, at least (R13)."""
    min_liquidation_distance_pct: Percent = 15.0
    """How far the mark may be from liquidation after an order, at least (R13)."""
    max_entries_per_min: Annotated[int, msgspec.Meta(gt=0, le=800)] = 800
    """Entries in 60 s: half of the 1,600 requests we allow ourselves (R16)."""
    max_submits_without_progress: Annotated[int, msgspec.Meta(gt=0, le=1_000)] = 20
    """Orders of a strategy in 60 s without a fill between them (R18)."""
    max_refusals_in_a_row: Annotated[int, msgspec.Meta(gt=0, le=100)] = 5
    """Rejected or expired orders of a strategy one after the other (R18)."""
    max_losing_round_trips: Annotated[int, msgspec.Meta(gt=0, le=100)] = 3
    """Round trips of a strategy at a loss within 60 s (R18)."""
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
    max_average_collar_pct: Percent = 3.0
    """How far an order may be priced from the average of the last minute (R08)."""
    max_rules_age_ms: Annotated[int, msgspec.Meta(gt=0, le=86_400_000)] = 3_600_000
    """Age of the venue's rules of a market (R04)."""
    allowed_markets: tuple[str, ...] = ()
    """Markets that may be traded (R04); empty allows every listed one."""
    min_day_volume: NotNegative = 0.0
    """Least volume of 24 hours a market must have (R04); 0 asks for none."""
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


class CapitalLimits(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True
):
    """Configuration section `[capital]`: how equity is divided, and which losses stop what."""

    reserve_pct: Annotated[float, msgspec.Meta(ge=20, le=100)] = 20.0
    """Share of equity that no strategy may use."""
    allocations_pct: dict[str, Percent] = {}
    """Share of equity of a strategy by its id; what is not named shares the rest equally."""
    day_loss_reduce_pct: Percent = 3.0
    """Loss of the UTC day from which the account may only reduce."""
    day_loss_halt_pct: Percent = 5.0
    """Loss of the UTC day at which the account is halted."""
    drawdown_reduce_pct: Percent = 10.0
    """Fall of the unit value from its peak from which the account may only reduce."""
    drawdown_halt_pct: Percent = 15.0
    """Fall of the unit value from its peak at which the account is halted."""
    cool_down_secs: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 60
    """No entry of a strategy in a market for so long after it closed there at a loss."""
    losses_before_pause: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 10
    """Losing exits of a strategy within the window that pause it."""
    losses_window_secs: Annotated[int, msgspec.Meta(ge=60, le=604_800)] = 3_600
    """The window of `losses_before_pause`."""

    def __post_init__(self) -> None:
        """Refuse allocations that would use the reserve."""
        asked = sum(self.allocations_pct.values()) + self.reserve_pct
        if asked > 100:  # noqa: PLR2004 - percent
            raise ValueError(
                f"allocations_pct and reserve_pct add up to {asked:g} %, at most 100 % can be given"
            )


def version_of(limits: RiskLimits, capital: CapitalLimits) -> str:
    """Return a short name of exactly these limits, for the journal."""
    both = msgspec.json.encode((limits, capital))
    return hashlib.sha256(both).hexdigest()[:8]
