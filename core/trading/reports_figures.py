"""The figures of a report: one cell's, added up exactly. Pure."""

from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from core.domain.exact import ZERO_AMOUNT, Amount


class By(StrEnum):
    """What rows of a report stand for."""

    DAY = "day"
    STRATEGY = "strategy"
    MARKET = "market"


class Cell(NamedTuple):
    """The finest grain of a report."""

    day: str
    strategy: str
    market: str
    asset: str


class Figures:
    """What happened in one cell or group; amounts in its asset, costs positive."""

    AMOUNTS: Final = (
        *("price", "slippage", "fees", "funding", "interest", "other"),
        *("fifo_realized", "volume", "arrival_volume", "arrival_cost", "transfers"),
    )
    COUNTS: Final = ("fills", "closes", "wins")

    def __init__(self) -> None:
        self.price = self.slippage = self.fees = ZERO_AMOUNT
        self.funding = self.interest = self.other = ZERO_AMOUNT
        self.fifo_realized = self.transfers = ZERO_AMOUNT
        self.volume = self.arrival_volume = self.arrival_cost = ZERO_AMOUNT
        self.fills = self.closes = self.wins = 0

    @property
    def realized(self) -> Amount:
        """What closing realised at average cost, before fees."""
        return self.price + self.slippage

    @property
    def net(self) -> Amount:
        """What was earned, open positions and transfers left out."""
        return self.realized - self.fees + self.funding + self.interest + self.other

    @property
    def is_traded(self) -> bool:
        """Whether anything but transfers happened."""
        amounts = (getattr(self, name) for name in self.AMOUNTS if name != "transfers")
        return bool(self.fills) or any(not amount.is_zero for amount in amounts)

    @property
    def win_rate(self) -> Decimal | None:
        """Share of closing orders that earned more than their fees; None without any."""
        return None if not self.closes else Decimal(self.wins) / self.closes

    @property
    def slippage_bps(self) -> Decimal | None:
        """Mean cost of fills against their arrival mid; None without any."""
        if self.arrival_volume.is_zero:
            return None
        return self.arrival_cost.ratio_to(self.arrival_volume) * 10_000

    def add(self, other: "Figures") -> None:
        """Add another cell's figures."""
        for name in (*self.AMOUNTS, *self.COUNTS):
            setattr(self, name, getattr(self, name) + getattr(other, name))
