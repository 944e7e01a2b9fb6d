"""Handlers of the signed histories of money that no order moved: deposits and lending."""

from typing import Final

from core.exchange.contract import Reply
from core.exchange.embedded.accounts import Account, Deposit, Lending
from core.exchange.embedded.calls import Call, integer, one_of
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.rest_history import FOREVER_MS, answer_page
from core.exchange.embedded.units import NS_PER_MS, iso_millis, trimmed

DEPOSIT_FIELDS: Final = ("excludePlatform", "from", "limit", "offset", "to")
LENDING_FIELDS: Final = ("positionId", "sources", "symbol", "type")
LENT_POSITION_FIELDS: Final = ("side", "state", "symbol")
_EVENTS: Final = ("Borrow", "BorrowRepay", "Lend", "LendRedeem")
_SOURCE: Final = "AutoLend"


def deposits(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/capital/deposits: from inclusive, to exclusive, milliseconds."""
    del floor
    first = integer(call.query, "from", 0) or 0
    last = integer(call.query, "to", FOREVER_MS) or FOREVER_MS
    rows = [
        _deposit(each)
        for each in call.owner.deposits
        if first <= each.at_ns // NS_PER_MS < last
    ]  # fmt: skip
    return answer_page(rows, call.query)


def lending(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/borrowLend: what auto-lend put out and took back."""
    del floor
    wanted = one_of(call.query, "type", "BorrowLendEventType", _EVENTS, None)
    symbol, position_id = call.query.get("symbol"), call.query.get("positionId")
    rows = [
        row
        for row in map(_lending, call.owner.lendings)
        if wanted in {None, row["eventType"]}
        and symbol in {None, row["symbol"]}
        and position_id in {None, row["positionId"]}
    ]
    return answer_page(rows, call.query)


def lending_positions(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/borrowLend/positions: one row an asset that was ever lent."""
    del floor
    side = one_of(call.query, "side", "BorrowLendSide", ("Borrow", "Lend"), None)
    state = one_of(call.query, "state", "BorrowLendPositionState", ("Open", "Closed"), None)
    symbol = call.query.get("symbol")
    assets = dict.fromkeys(row.asset for row in call.owner.lendings)
    rows = [
        _lending_position(call.owner, asset)
        for asset in assets
        if symbol in {None, asset}
        and side != "Borrow"
        and state in {None, "Open" if call.owner.lent(asset) else "Closed"}
    ]
    return answer_page(rows, call.query)


def _deposit(row: Deposit) -> dict[str, object]:
    return {
        "createdAt": iso_millis(row.at_ns),
        "fiatAmount": None,
        "fiatCurrency": None,
        "fromAddress": None,
        "id": row.id,
        "institutionBic": None,
        "platformMemo": None,
        "quantity": trimmed(row.quantity),
        "source": "administrator",
        "status": "confirmed",
        "symbol": row.asset,
        "toAddress": None,
        "transactionHash": None,
    }


def _lending(row: Lending) -> dict[str, object]:
    return {
        "eventType": "Lend" if row.is_lent else "LendRedeem",
        "positionId": row.asset,
        "positionQuantity": trimmed(row.total),
        "quantity": trimmed(row.quantity),
        "source": _SOURCE,
        "spotMarginOrderId": None,
        "symbol": row.asset,
        "timestamp": iso_millis(row.at_ns),
    }


def _lending_position(owner: Account, asset: str) -> dict[str, object]:
    first = next(row for row in owner.lendings if row.asset == asset)
    return {
        "avgInterestRate": "0",
        "createdAt": iso_millis(first.at_ns),
        "cumulativeInterest": "0",
        "positionId": asset,
        "quantity": trimmed(owner.lent(asset)),
        "side": "Lend",
        "source": _SOURCE,
        "symbol": asset,
    }
