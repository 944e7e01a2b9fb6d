"""Accounts: keys, balances per asset, perpetual positions, and what happened to them.

The money of a perpetual, exact and without a division: a position has a signed quantity q, a cost
C (the sum of dq * price since it was opened) and S, what was settled of it into USDC. Its total
profit is q * mark - C; unsettled is q * mark - C - S.
"""

from typing import Final

import msgspec

from core.exchange.embedded.orders import Order
from core.exchange.embedded.spec import FeeSchedule, MarketSpec
from core.exchange.embedded.units import SCALE

USDC: Final = "USDC"


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One execution of one order of an account. Price in ticks, quantity in steps, fee in atoms."""

    symbol: str
    order_id: int
    client_id: int | None
    trade_id: int
    side: str
    price: int
    quantity: int
    fee: int
    fee_asset: str
    is_maker: bool
    at_ns: int


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """One payment of profit into USDC, in atoms."""

    quantity: int
    position_id: int
    symbol: str
    sequence: int
    at_ns: int


class Balance:
    """Atoms of one asset. `available` may fall below zero: a debt of the perpetual side."""

    __slots__ = ("available", "locked")

    def __init__(self, available: int = 0) -> None:
        self.available = available
        self.locked = 0

    @property
    def total(self) -> int:
        """Return available and locked together."""
        return self.available + self.locked


class Position:
    """One open perpetual position; see the module's text for the money model."""

    __slots__ = ("cost", "entry", "id", "quantity", "settled", "spec")

    def __init__(self, position_id: int, spec: MarketSpec) -> None:
        self.id = position_id
        self.spec = spec
        self.quantity = 0
        """Signed steps; negative is short."""
        self.cost = 0
        """Atoms of USDC, signed like the quantity while nothing was closed."""
        self.settled = 0
        """Atoms of USDC already paid out."""
        self.entry = 0
        """Average price of what is open in atoms, rounded: for display only."""

    def add(self, steps: int, price: int) -> None:
        """Book a signed change that does not cross zero."""
        before, price_atoms = abs(self.quantity), price * self.spec.tick_atoms
        self.quantity += steps
        self.cost += steps * price * self.spec.cost_atoms
        after = abs(self.quantity)
        if after > before:
            self.entry = (self.entry * before + price_atoms * (after - before)) // after

    def value(self, mark: int) -> int:
        """Return q * mark in atoms, exact because marks lie on the market's mark grid."""
        return self.quantity * self.spec.step_atoms * mark // SCALE

    def unsettled(self, mark: int) -> int:
        """Return the profit not yet paid out, in atoms."""
        return self.value(mark) - self.cost - self.settled


class Account:
    """One account. House accounts (the market's own life) keep no history."""

    def __init__(
        self, name: str, user_id: int, *, api_key: str = "", is_house: bool = False
    ) -> None:
        self.name = name
        self.user_id = user_id
        self.api_key = api_key
        """Base64 of the Ed25519 public key; empty where nobody can sign."""
        self.is_house = is_house
        self.fees = FeeSchedule()
        self.leverage_limit = "10"
        self.settings: dict[str, bool] = {
            "autoBorrowSettlements": True,
            "autoLend": False,
            "autoRepayBorrows": True,
        }
        self.balances: dict[str, Balance] = {}
        self.positions: dict[str, Position] = {}
        self.open_orders: dict[int, Order] = {}
        self.order_log: list[Order] = []
        self.fills: list[Fill] = []
        self.settlements: list[Settlement] = []

    def balance(self, asset: str) -> Balance:
        """Return the balance of an asset, made on first use."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found

    def position_steps(self, symbol: str) -> int:
        """Return the signed position of a market in steps."""
        position = self.positions.get(symbol)
        return 0 if position is None else position.quantity

    def orders_in(self, symbol: str) -> list[Order]:
        """Return the open orders of one market, oldest first."""
        return [order for order in self.open_orders.values() if order.request.symbol == symbol]
