"""Handlers of scheduled strategies: none runs here, because nobody can start one."""

from typing import Final

from core.exchange.contract import Reply
from core.exchange.embedded.calls import Call, json_reply, one_of, optional_symbol, required_market
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.refusals import Refusal, bad_field, client_error

ONE_FIELDS: Final = ("clientStrategyId", "strategyId", "symbol")
ALL_FIELDS: Final = ("marketType", "strategyType", "symbol")
CANCEL_FIELDS: Final = ("strategyType", "symbol")
_TYPES: Final = ("Scheduled",)


def query(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/strategy: only while it runs."""
    required_market(floor.markets, call.query)
    if "strategyId" not in call.query and "clientStrategyId" not in call.query:
        raise client_error("Must specify one of `strategyId` or `clientStrategyId`")
    raise Refusal("RESOURCE_NOT_FOUND", "Not Found", 404)


def query_all(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/strategies."""
    optional_symbol(floor.markets, call.query)
    one_of(call.query, "strategyType", "StrategyType", _TYPES, None)
    return json_reply([])


def cancel_all(floor: Floor, call: Call) -> Reply:
    """DELETE /api/v1/strategies: 200 with the cancelled strategies of one market."""
    field = call.body.get("symbol")
    if field is None or field.text not in floor.markets:
        raise bad_field("MarketSymbol", "Invalid market symbol", "StrategyCancelAllPayload")
    return json_reply([])
