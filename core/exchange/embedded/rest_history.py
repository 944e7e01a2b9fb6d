"""Handlers of the signed history endpoints: rows newest first unless asked otherwise."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from core.exchange.contract import Reply
from core.exchange.embedded.accounts import FundingPaid, Settlement
from core.exchange.embedded.calls import Call, integer, one_of, optional_symbol, paged
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.orders import SystemOrder
from core.exchange.embedded.position_frames import position_history_json
from core.exchange.embedded.private_frames import fill_json, order_history_json
from core.exchange.embedded.units import NS_PER_MS, iso_millis, iso_seconds, trimmed

PAGE_FIELDS = ("limit", "offset", "sortDirection")
FILL_FIELDS = ("fillType", "from", "marketType", "orderId", "strategyId", "symbol", "to")
ORDER_FIELDS = ("marketType", "orderId", "strategyId", "symbol")
SETTLEMENT_SOURCES = (
    "BackstopLiquidation",
    "FundingPayment",
    "RealizePnl",
    "TradingFees",
    "TradingFeesSystem",
)
_BOOK, _BACKSTOP = SystemOrder.BOOK_LIQUIDATION, SystemOrder.BACKSTOP
_FILL_TYPES: Final[dict[str, frozenset[str | None]]] = {
    "User": frozenset({None}),
    "BookLiquidation": frozenset({_BOOK}),
    "Adl": frozenset(),
    "Backstop": frozenset({_BACKSTOP}),
    "Liquidation": frozenset({_BOOK, _BACKSTOP}),
    "AllLiquidation": frozenset({_BOOK, _BACKSTOP}),
    "CollateralConversion": frozenset(),
    "CollateralConversionAndSpotLiquidation": frozenset(),
}
"""Which system orders a filter lets through; None is a client's own."""
FOREVER_MS: Final = 10**15

_Row = TypeVar("_Row")


def orders(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/orders: resting orders included."""
    symbol = optional_symbol(floor.markets, call.query)
    order_id = call.query.get("orderId")
    kind = one_of(call.query, "marketType", "MarketType", ("SPOT", "PERP"), None)
    rows = [
        order
        for order in call.owner.order_log
        if symbol in {None, order.request.symbol}
        and order_id in {None, str(order.id)}
        and kind in {None, floor.markets[order.request.symbol].spec.kind}
    ]
    specs = floor.markets
    return answer_page(
        [order_history_json(each, specs[each.request.symbol].spec) for each in rows], call.query
    )


def fills(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/fills: from inclusive, to exclusive, milliseconds."""
    symbol, order_id = optional_symbol(floor.markets, call.query), call.query.get("orderId")
    kind = one_of(call.query, "marketType", "MarketType", ("SPOT", "PERP"), None)
    fill_type = one_of(call.query, "fillType", "FillType", tuple(_FILL_TYPES), None)
    first = integer(call.query, "from", 0) or 0
    last = integer(call.query, "to", FOREVER_MS) or FOREVER_MS
    rows = [
        fill
        for fill in call.owner.fills
        if first <= fill.at_ns // NS_PER_MS < last
        and symbol in {None, fill.symbol}
        and order_id in {None, str(fill.order_id)}
        and kind in {None, floor.markets[fill.symbol].spec.kind}
        and (fill_type is None or fill.system in _FILL_TYPES[fill_type])
    ]
    found = [fill_json(each, floor.markets[each.symbol].spec) for each in rows]
    return answer_page(found, call.query)


def settlements(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/settlement. Fees stand in the fills alone: they have no rows here."""
    del floor
    source = one_of(call.query, "source", "SettlementSource", SETTLEMENT_SOURCES, None)
    rows = [row for row in call.owner.settlements if source in {None, row.source}]
    return answer_page([_settlement(each, call.owner.user_id) for each in rows], call.query)


def funding(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/funding: positive was received."""
    symbol = optional_symbol(floor.markets, call.query)
    rows = [row for row in call.owner.fundings if symbol in {None, row.symbol}]
    return answer_page([_funding(row, call.owner.user_id) for row in rows], call.query)


def positions(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/history/position."""
    symbol = optional_symbol(floor.markets, call.query)
    state = one_of(call.query, "state", "PositionState", ("Open", "Closed"), None)
    one_of(call.query, "marketType", "MarketType", ("SPOT", "PERP"), None)
    rows = [
        position_history_json(call.owner, record, floor.markets[record.position.spec.symbol])
        for record in call.owner.position_log
        if symbol in {None, record.position.spec.symbol}
        and state in {None, "Open" if record.closed_ns is None else "Closed"}
    ]
    return answer_page(rows, call.query)


def nothing(floor: Floor, call: Call) -> Reply:
    """Answer an empty page: what this venue's accounts never do."""
    del floor
    return answer_page([], call.query)


def answer_page(rows: Sequence[_Row], query: Mapping[str, str]) -> Reply:
    """Answer one page of rows that stand oldest first. Raises Refusal."""
    direction = one_of(query, "sortDirection", "SortDirection", ("Asc", "Desc"), "Desc")
    ordered = list(rows) if direction == "Asc" else list(reversed(rows))
    return paged(ordered, query)


def _settlement(row: Settlement, user_id: int) -> dict[str, object]:
    return {
        "engineSequence": row.sequence,
        "positionId": None if row.position_id is None else str(row.position_id),
        "quantity": trimmed(row.quantity),
        "source": row.source,
        "subaccountId": None,
        "timestamp": iso_millis(row.at_ns),
        "userId": user_id,
    }


def _funding(row: FundingPaid, user_id: int) -> dict[str, object]:
    return {
        "fundingRate": trimmed(row.rate),
        "intervalEndTimestamp": iso_seconds(row.end_ns),
        "quantity": trimmed(row.quantity),
        "subaccountId": 0,
        "symbol": row.symbol,
        "userId": user_id,
    }
