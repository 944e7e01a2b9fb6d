"""The markets and assets of the exchange in the box: filters, margin functions, fees.

Prices are integers of 10^-price_decimals (ticks), quantities of 10^-quantity_decimals (steps).
Values follow the real exchange's listings so that a client cannot tell the difference.
"""

from typing import Final

import msgspec

from core.exchange.embedded.units import NS_PER_MS, SCALE_DIGITS, atoms, trimmed

FUNDING_INTERVAL_MS: Final = 3_600_000
FUNDING_INTERVAL_NS: Final = FUNDING_INTERVAL_MS * NS_PER_MS
MARKET_KINDS: Final = ("SPOT", "PERP", "IPERP", "DATED", "PREDICTION", "RFQ")
BASE_FUNDING_RATE: Final = "0.0000125"
_CREATED_AT: Final = "2025-01-21T06:34:54.691858"


class AssetSpec(msgspec.Struct, frozen=True, gc=False):
    """One asset: how fees in it are rounded, how it counts as collateral."""

    symbol: str
    name: str
    fee_decimals: int
    collateral_weight: str
    blockchain: str


class MarginFunction(msgspec.Struct, frozen=True, gc=False):
    """Margin fraction = max(base, factor * sqrt(notional in USDC))."""

    base: str
    factor: str

    def wire(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"base": self.base, "factor": self.factor, "type": "sqrt"}


class FeeSchedule(msgspec.Struct, frozen=True, gc=False):
    """Fees of an account in basis points."""

    spot_maker_bps: int = 8
    spot_taker_bps: int = 10
    perp_maker_bps: int = 2
    perp_taker_bps: int = 5


class MarketSpec(msgspec.Struct, frozen=True, gc=False):
    """One market and its rules."""

    symbol: str
    base: str
    quote: str
    price_decimals: int
    quantity_decimals: int
    max_multiplier: str
    min_multiplier: str
    max_impact: str
    min_impact: str
    max_price: str | None = None
    imf: MarginFunction | None = None
    mmf: MarginFunction | None = None
    mean_band: tuple[str, str] | None = None
    open_interest_limit: str = "0"

    @property
    def is_perp(self) -> bool:
        """Tell whether this is a perpetual."""
        return self.imf is not None

    @property
    def kind(self) -> str:
        """Return the wire's market type."""
        return "PERP" if self.is_perp else "SPOT"

    @property
    def tick_atoms(self) -> int:
        """Return one tick in atoms of the quote asset."""
        return int(10 ** (SCALE_DIGITS - self.price_decimals))

    @property
    def step_atoms(self) -> int:
        """Return one step in atoms of the base asset."""
        return int(10 ** (SCALE_DIGITS - self.quantity_decimals))

    @property
    def cost_decimals(self) -> int:
        """Return the decimals of one tick times one step."""
        return self.price_decimals + self.quantity_decimals

    @property
    def cost_atoms(self) -> int:
        """Return one tick times one step in atoms of the quote asset."""
        return int(10 ** (SCALE_DIGITS - self.cost_decimals))

    @property
    def mark_unit(self) -> int:
        """Return the grid of mark prices in atoms: a mark times any quantity stays exact."""
        return int(10 ** max(2, self.quantity_decimals))

    def wire(self, state: str = "Open") -> dict[str, object]:
        """Return the object of `/api/v1/markets`, with the state of the book."""
        return {
            "baseSymbol": self.base,
            "createdAt": _CREATED_AT,
            "filters": {"price": self._price_filter(), "quantity": self._quantity_filter()},
            "fundingInterval": FUNDING_INTERVAL_MS if self.is_perp else None,
            "fundingRateLowerBound": "-100" if self.is_perp else None,
            "fundingRateUpperBound": "100" if self.is_perp else None,
            "imfFunction": None if self.imf is None else self.imf.wire(),
            "marketType": self.kind,
            "mmfFunction": None if self.mmf is None else self.mmf.wire(),
            "openInterestLimit": self.open_interest_limit,
            "orderBookState": state,
            "positionLimitWeight": "1" if self.is_perp else None,
            "quoteSymbol": self.quote,
            "rwaMarketType": None,
            "symbol": self.symbol,
            "visible": True,
        }

    def _price_filter(self) -> dict[str, object]:
        tick = trimmed(1, self.price_decimals)
        return {
            "borrowEntryFeeMaxMultiplier": None,
            "borrowEntryFeeMinMultiplier": None,
            "discoveryBoundBand": None,
            "maxImpactMultiplier": self.max_impact,
            "maxMultiplier": self.max_multiplier,
            "maxPrice": self.max_price,
            "maxPriceUpdateMultiplier": "1.0025",
            "meanMarkPriceBand": self._mean_band(),
            "meanPremiumBand": {"tolerancePct": "0.05"} if self.is_perp else None,
            "minImpactMultiplier": self.min_impact,
            "minMultiplier": self.min_multiplier,
            "minPrice": tick,
            "minPriceUpdateMultiplier": "0.9975",
            "tickSize": tick,
        }

    def _mean_band(self) -> dict[str, str] | None:
        if self.mean_band is None:
            return None
        return {"maxMultiplier": self.mean_band[0], "minMultiplier": self.mean_band[1]}

    def _quantity_filter(self) -> dict[str, object]:
        step = trimmed(1, self.quantity_decimals)
        return {"maxQuantity": None, "minQuantity": step, "stepSize": step}


ASSETS: Final = {
    asset.symbol: asset
    for asset in (
        AssetSpec("USDC", "USD Coin", 6, "1", "Solana"),
        AssetSpec("SOL", "Solana", 8, "0.9", "Solana"),
        AssetSpec("BTC", "Bitcoin", 8, "0.95", "Bitcoin"),
        AssetSpec("ETH", "Ethereum", 8, "0.95", "Ethereum"),
    )
}


def _spot(symbol: str, price_decimals: int, quantity_decimals: int) -> MarketSpec:
    base, quote = symbol.split("_")
    return MarketSpec(
        symbol, base, quote, price_decimals, quantity_decimals, "1.25", "0.75", "1.02", "0.98"
    )  # fmt: skip


def _perp(
    base: str, decimals: tuple[int, int], margins: tuple[str, str, str, str], *, limit: str
) -> MarketSpec:
    imf_base, imf_factor, mmf_base, mmf_factor = margins
    return MarketSpec(
        symbol=f"{base}_USDC_PERP",
        base=base,
        quote="USDC",
        price_decimals=decimals[0],
        quantity_decimals=decimals[1],
        max_multiplier="2",
        min_multiplier="0.25",
        max_impact="1.01",
        min_impact="0.99",
        max_price="1000000" if base != "SOL" else "1000",
        imf=MarginFunction(imf_base, imf_factor),
        mmf=MarginFunction(mmf_base, mmf_factor),
        mean_band=("1.04", "0.96"),
        open_interest_limit=limit,
    )


MARKETS: Final = (
    _spot("SOL_USDC", 2, 2),
    _spot("BTC_USDC", 1, 5),
    _spot("ETH_USDC", 2, 4),
    _spot("ETH_BTC", 6, 4),
    _perp("SOL", (2, 2), ("0.02", "0.000075", "0.0135", "0.0000375"), limit="4000000"),
    _perp("BTC", (1, 5), ("0.01333333", "0.00002494", "0.00666667", "0.00001496"), limit="4000"),
    _perp("ETH", (2, 4), ("0.02", "0.0000935", "0.0125", "0.0000561"), limit="64000"),
)


def scaled_price(ticks: int, multiplier: str) -> int:
    """Return a price times a multiplier in ticks, rounded down."""
    return ticks * atoms(multiplier) // 10**SCALE_DIGITS
