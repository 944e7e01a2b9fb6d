"""What can be asked about an account: path, instruction and fields of each signed GET (section 3).

Filters are the venue's own words; a field without a value is left out of URL and signed text.
"""

import msgspec

from core.domain.ids import Symbol
from core.exchange.backpack.constants import Instruction
from core.exchange.backpack.signing import Value

Fields = dict[str, Value]


class Question(msgspec.Struct, frozen=True):
    """One signed GET before it has time and signature."""

    path: str
    instruction: Instruction
    fields: Fields = {}


def _of(**fields: Value | None) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


# ---- account ---------------------------------------------------------------------------------


def account() -> Question:
    """Ask for fees, leverage limit and settings."""
    return Question("/api/v1/account", Instruction.ACCOUNT)


def most_to_order(
    symbol: Symbol, side: str, *, price: str | None = None, reduce_only: bool | None = None
) -> Question:
    """Ask for the largest order; no price means a market order."""
    fields = _of(symbol=symbol, side=side, price=price, reduceOnly=reduce_only)
    return Question("/api/v1/account/limits/order", Instruction.MOST_TO_ORDER, fields)


def most_to_borrow(symbol: str) -> Question:
    """Ask how much of an asset could be borrowed."""
    path = "/api/v1/account/limits/borrow"
    return Question(path, Instruction.MOST_TO_BORROW, _of(symbol=symbol))


def balances() -> Question:
    """Ask for what is available, locked and staked; lent funds are not in it."""
    return Question("/api/v1/capital", Instruction.BALANCES)


def collateral() -> Question:
    """Ask for equity, margin fractions and each asset's worth, lent funds included."""
    return Question("/api/v1/capital/collateral", Instruction.COLLATERAL)


def lending() -> Question:
    """Ask for what is lent (positive) and borrowed (negative)."""
    return Question("/api/v1/borrowLend/positions", Instruction.LENDING)


def positions(symbol: str | None = None, market_type: str | None = None) -> Question:
    """Ask for open positions."""
    fields = _of(symbol=symbol, marketType=market_type)
    return Question("/api/v1/position", Instruction.POSITIONS, fields)


# ---- orders ----------------------------------------------------------------------------------


def order(symbol: str, *, order_id: str | None = None, client_id: int | None = None) -> Question:
    """Ask for one resting order, by one of the two ids.

    Raises:
        ValueError: for both ids or none: the venue signs only one.
    """
    if (order_id is None) == (client_id is None):
        raise ValueError("an order is asked for by exactly one id")
    fields = _of(symbol=symbol, orderId=order_id, clientId=client_id)
    return Question("/api/v1/order", Instruction.ORDER, fields)


def open_orders(symbol: str | None = None, market_type: str | None = None) -> Question:
    """Ask for resting and waiting orders."""
    fields = _of(symbol=symbol, marketType=market_type)
    return Question("/api/v1/orders", Instruction.OPEN_ORDERS, fields)


def strategy(symbol: str, strategy_id: str) -> Question:
    """Ask for one scheduled strategy of the venue."""
    fields = _of(symbol=symbol, strategyId=strategy_id)
    return Question("/api/v1/strategy", Instruction.STRATEGY, fields)


def strategies(symbol: str | None = None) -> Question:
    """Ask for the scheduled strategies that run at the venue."""
    return Question("/api/v1/strategies", Instruction.STRATEGIES, _of(symbol=symbol))


# ---- histories; limit, offset and direction are added while paging ---------------------------


def order_history(
    symbol: str | None = None, *, order_id: str | None = None, market_type: str | None = None
) -> Question:
    """Ask for past and resting orders."""
    fields = _of(symbol=symbol, orderId=order_id, marketType=market_type)
    return Question("/wapi/v1/history/orders", Instruction.ORDER_HISTORY, fields)


def fills(
    symbol: str | None = None,
    *,
    order_id: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    fill_type: str | None = None,
) -> Question:
    """Ask for fills; `from` is inclusive, `to` is not."""
    fields = _of(symbol=symbol, orderId=order_id, to=to_ms, fillType=fill_type)
    return Question("/wapi/v1/history/fills", Instruction.FILLS, fields | _of(**{"from": from_ms}))


def funding(symbol: str | None = None) -> Question:
    """Ask for funding payments; positive was received."""
    return Question("/wapi/v1/history/funding", Instruction.FUNDING, _of(symbol=symbol))


def position_history(symbol: str | None = None, *, state: str | None = None) -> Question:
    """Ask for open and closed positions."""
    fields = _of(symbol=symbol, state=state)
    return Question("/wapi/v1/history/position", Instruction.POSITION_HISTORY, fields)


def settlements(source: str | None = None) -> Question:
    """Ask for cash that moved without a fill."""
    return Question("/wapi/v1/history/settlement", Instruction.SETTLEMENTS, _of(source=source))


def lending_history(symbol: str | None = None) -> Question:
    """Ask for what was lent, borrowed and given back."""
    return Question("/wapi/v1/history/borrowLend", Instruction.LENDING_HISTORY, _of(symbol=symbol))


def lending_positions(symbol: str | None = None, *, side: str | None = None) -> Question:
    """Ask for past and open lending positions."""
    path = "/wapi/v1/history/borrowLend/positions"
    return Question(path, Instruction.LENDING_POSITIONS, _of(symbol=symbol, side=side))


def interest(asset: str | None = None, *, source: str | None = None) -> Question:
    """Ask for interest paid and received."""
    fields = _of(asset=asset, source=source)
    return Question("/wapi/v1/history/interest", Instruction.INTEREST, fields)


def dust() -> Question:
    """Ask for conversions of dust."""
    return Question("/wapi/v1/history/dust", Instruction.DUST)


def strategy_history(symbol: str | None = None) -> Question:
    """Ask for past scheduled strategies."""
    path = "/wapi/v1/history/strategies"
    return Question(path, Instruction.STRATEGY_HISTORY, _of(symbol=symbol))


def deposits(from_ms: int | None = None, to_ms: int | None = None) -> Question:
    """Ask for what came into the account."""
    fields = _of(**{"from": from_ms, "to": to_ms})
    return Question("/wapi/v1/capital/deposits", Instruction.DEPOSITS, fields)
