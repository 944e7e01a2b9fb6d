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
    trade_id: int | None
    side: str
    price: int
    quantity: int
    fee: int
    fee_asset: str
    is_maker: bool
    at_ns: int
    system: str | None = None


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """One payment of profit, funding or rescue into USDC, in atoms; negative is paid."""

    quantity: int
    position_id: int | None
    symbol: str | None
    sequence: int
    at_ns: int
    source: str = "RealizePnl"


class FundingPaid(msgspec.Struct, frozen=True, gc=False):
    """One funding payment of one position: atoms of USDC, positive received."""

    symbol: str
    quantity: int
    rate: int
    end_ns: int


class Deposit(msgspec.Struct, frozen=True, gc=False):
    """What came into an account from outside, in atoms."""

    id: int
    asset: str
    quantity: int
    at_ns: int


class Lending(msgspec.Struct, frozen=True, gc=False):
    """One change of what an account lends of an asset, in atoms: lent, or redeemed."""

    asset: str
    quantity: int
    total: int
    """What is lent after it."""
    is_lent: bool
    at_ns: int


class PositionRecord:
    """The story of one position from its opening to its close, for the history."""

    __slots__ = (
        "closed_notional", "closed_ns", "closed_steps", "fees", "funding", "liquidation_fees",
        "opened_ns", "position", "settled",
    )  # fmt: skip

    def __init__(self, position: "Position", opened_ns: int) -> None:
        self.position = position
        self.opened_ns = opened_ns
        self.closed_ns: int | None = None
        self.closed_steps = 0
        self.closed_notional = 0
        """Atoms of USDC of all that was closed."""
        self.fees = 0
        self.liquidation_fees = 0
        self.funding = 0
        self.settled = 0


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

    __slots__ = ("cost", "entry", "funding", "id", "quantity", "settled", "spec")

    def __init__(self, position_id: int, spec: MarketSpec) -> None:
        self.id = position_id
        self.spec = spec
        self.funding = 0
        """Atoms of USDC received as funding; negative is paid."""
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
        self.is_liquidating = False
        self.open_orders: dict[int, Order] = {}
        self.trigger_orders: dict[int, Order] = {}
        """Conditional orders that wait; they are not in any book."""
        self.order_log: list[Order] = []
        self.fills: list[Fill] = []
        self.settlements: list[Settlement] = []
        self.fundings: list[FundingPaid] = []
        self.position_log: list[PositionRecord] = []
        self.deposits: list[Deposit] = []
        self.lendings: list[Lending] = []

    def balance(self, asset: str) -> Balance:
        """Return the balance of an asset, made on first use."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found

    def free(self, asset: str) -> int:
        """Return what an asset's balance shows as available: nothing while it is lent."""
        return 0 if self.settings["autoLend"] else self.balance(asset).available

    def lent(self, asset: str) -> int:
        """Return the atoms of an asset that auto-lend put out; they come back as needed."""
        return max(0, self.balance(asset).available) if self.settings["autoLend"] else 0

    def log_lending(self, asset: str, at_ns: int) -> None:
        """Put on record that more or less of an asset is lent than was known."""
        known = next((row.total for row in reversed(self.lendings) if row.asset == asset), 0)
        total = self.lent(asset)
        if total != known:
            self.lendings.append(Lending(asset, abs(total - known), total, total > known, at_ns))

    def position_steps(self, symbol: str) -> int:
        """Return the signed position of a market in steps."""
        position = self.positions.get(symbol)
        return 0 if position is None else position.quantity

    def orders_in(self, symbol: str) -> list[Order]:
        """Return the open orders of one market, oldest first."""
        return [order for order in self.open_orders.values() if order.request.symbol == symbol]

    def triggers_in(self, symbol: str) -> list[Order]:
        """Return the waiting conditional orders of one market, oldest first."""
        return [order for order in self.trigger_orders.values() if order.request.symbol == symbol]

    def record_of(self, position: Position) -> PositionRecord | None:
        """Return the history row of a position; house accounts have none."""
        for record in reversed(self.position_log):
            if record.position is position:
                return record
        return None
