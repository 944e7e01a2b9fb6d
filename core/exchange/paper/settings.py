"""What a paper account starts with and pays. Light to import: the configuration holds it."""

from decimal import Decimal
from typing import Annotated

import msgspec

from core.domain.ids import Asset

_MS = 1_000_000
_BPS = Decimal(10_000)
FeeBps = Annotated[Decimal, msgspec.Meta(description="basis points; negative is a rebate")]


class PaperConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[paper]`."""

    deposit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 100_000
    """What each paper account begins with, in the venue's settlement asset."""
    maker_bps: Annotated[int, msgspec.Meta(ge=-10, le=100)] | None = None
    """Your tier's maker fee where it is not the venue's first tier."""
    taker_bps: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    """The same for takers."""


class PaperFees(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Fees as basis points of the notional; negative is a rebate."""

    perpetual_maker_bps: Decimal
    perpetual_taker_bps: Decimal
    spot_maker_bps: Decimal
    spot_taker_bps: Decimal

    def rate(self, *, is_spot: bool, is_maker: bool) -> Decimal:
        """Return a fee as a fraction of the notional."""
        if is_spot:
            return (self.spot_maker_bps if is_maker else self.spot_taker_bps) / _BPS
        return (self.perpetual_maker_bps if is_maker else self.perpetual_taker_bps) / _BPS


class PaperSettings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a venue on paper behaves. Durations in ns."""

    asset: Asset
    """What the account is opened in, and what perpetuals settle in."""
    deposit: int
    fees: PaperFees
    bump_ns: int = 0
    """How long the venue holds every order that is not post-only (3.4 of its reference)."""
    first_latency_ns: int = 50 * _MS
    """One way, until a round trip was measured."""
    stale_ns: int = 5_000 * _MS
    """Age of the last sign of life of a market after which nothing fills."""
    settle_every_ns: int = 10_000 * _MS
    """How often PnL of open positions is realised into cash."""
    liquidation_fee_bps: Decimal = Decimal(100)
    window_ms: int = 5_000
    """How long an order is valid after its (never made) signature."""
