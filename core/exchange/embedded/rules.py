"""The rules of a venue that can be switched while it runs."""

from typing import Final

BOOK_STATES: Final = ("Open", "PostOnly", "LimitOnly", "CancelOnly", "Closed")


class Rules:
    """What this venue enforces; the demo is lenient.

    Attributes:
        strict_klines: Candles refuse exactly what the real venue refuses, in plain text.
        strict_bands: Limit orders beyond the mean mark band are refused.
        rate_limits: Requests a minute are counted and refused beyond the limits.
        funding: Positions pay and receive at the end of every interval.
        liquidation: Accounts below their maintenance margin are liquidated.
    """

    def __init__(self) -> None:
        self.strict_klines = False
        self.strict_bands = False
        self.rate_limits = False
        self.funding = True
        self.liquidation = True

    def be_strict(self, *, is_strict: bool = True) -> None:
        """Enforce everything, or be as lenient as the demo."""
        self.strict_klines = self.strict_bands = self.rate_limits = is_strict
