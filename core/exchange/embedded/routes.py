"""Routes: which handler answers a path, what it reads, and how it is signed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

import msgspec

from core.exchange.contract import Wire
from core.exchange.embedded import (
    rest_history,
    rest_lending,
    rest_money,
    rest_orders,
    rest_private,
    rest_public,
    rest_reference,
    rest_strategies,
)
from core.exchange.embedded.auth import authenticate, body_text, query_text
from core.exchange.embedded.calls import Body, Call, Outcome, read_bodies
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.refusals import not_found
from core.exchange.embedded.requests import ORDER_FIELDS

_Value = TypeVar("_Value")
Handler = Callable[[Floor, Call], Outcome]


class Route(msgspec.Struct, frozen=True, gc=False):
    """One endpoint; `instruction` is None where nothing is signed."""

    handler: Handler
    instruction: str | None = None
    fields: tuple[str, ...] = ()
    """The parameters the endpoint reads: exactly these are in the signed text."""
    is_batch: bool = False


_PAGE: Final = rest_history.PAGE_FIELDS
_LIMIT_FIELDS: Final = (
    "autoBorrow",
    "autoBorrowRepay",
    "autoLendRedeem",
    "price",
    "reduceOnly",
    "side",
    "symbol",
)

_PUBLIC: Final[Mapping[str, Handler]] = {
    "/api/v1/status": rest_reference.status,
    "/api/v1/ping": rest_reference.ping,
    "/api/v1/time": rest_reference.time,
    "/api/v1/markets": rest_reference.markets,
    "/api/v1/market": rest_reference.market,
    "/api/v1/ticker": rest_public.ticker,
    "/api/v1/tickers": rest_public.tickers,
    "/api/v1/depth": rest_public.depth,
    "/api/v1/trades": rest_public.trades,
    "/api/v1/trades/history": rest_public.trade_history,
    "/api/v1/klines": rest_public.klines,
    "/api/v1/markPrices": rest_public.mark_prices,
    "/api/v1/openInterest": rest_public.open_interest,
    "/api/v1/fundingRates": rest_public.funding_rates,
    "/api/v1/assets": rest_reference.assets,
    "/api/v1/collateral": rest_reference.collateral,
    "/api/v1/securities": rest_reference.nothing,
    "/api/v1/stockHolidays": rest_reference.nothing,
    "/api/v1/stockSessions": rest_reference.nothing,
    "/api/v1/wallets": rest_lending.wallets,
    "/api/v1/borrowLend/markets": rest_lending.markets,
    "/api/v1/borrowLend/markets/history": rest_lending.market_history,
    "/api/v1/borrowLend/apy": rest_lending.apy,
    "/wapi/v1/feeTiers": rest_lending.fee_tiers,
}

ROUTES: Final[dict[tuple[str, str], Route]] = {
    **{("GET", path): Route(handler) for path, handler in _PUBLIC.items()},
    ("GET", "/api/v1/account"): Route(rest_private.account, "accountQuery"),
    ("PATCH", "/api/v1/account"): Route(
        rest_private.update_account, "accountUpdate", rest_private.SETTINGS
    ),
    ("GET", "/api/v1/account/limits/order"): Route(
        rest_private.max_order, "maxOrderQuantity", _LIMIT_FIELDS
    ),
    ("GET", "/api/v1/account/limits/borrow"): Route(
        rest_lending.max_borrow, "maxBorrowQuantity", ("symbol",)
    ),
    ("GET", "/api/v1/account/limits/withdrawal"): Route(
        rest_lending.max_withdrawal,
        "maxWithdrawalQuantity",
        ("autoBorrow", "autoLendRedeem", "symbol"),
    ),
    ("GET", "/api/v1/borrowLend/positions"): Route(
        rest_lending.positions, "borrowLendPositionQuery", ("marketType", "symbol")
    ),
    ("GET", "/api/v1/capital"): Route(rest_private.capital, "balanceQuery"),
    ("GET", "/wapi/v1/capital/deposits"): Route(
        rest_money.deposits, "depositQueryAll", rest_money.DEPOSIT_FIELDS
    ),
    ("GET", "/api/v1/capital/collateral"): Route(
        rest_private.collateral, "collateralQuery", ("subaccountId",)
    ),
    ("GET", "/api/v1/position"): Route(
        rest_private.positions, "positionQuery", ("marketType", "symbol")
    ),
    ("GET", "/api/v1/order"): Route(
        rest_orders.query, "orderQuery", rest_orders.CANCEL_FIELDS
    ),
    ("POST", "/api/v1/order"): Route(rest_orders.place, "orderExecute", ORDER_FIELDS),
    ("DELETE", "/api/v1/order"): Route(
        rest_orders.cancel, "orderCancel", rest_orders.CANCEL_FIELDS
    ),
    ("GET", "/api/v1/orders"): Route(
        rest_orders.query_open, "orderQueryAll", ("marketType", "symbol")
    ),
    ("POST", "/api/v1/orders"): Route(
        rest_orders.place_batch, "orderExecute", ORDER_FIELDS, is_batch=True
    ),
    ("DELETE", "/api/v1/orders"): Route(
        rest_orders.cancel_all, "orderCancelAll", rest_orders.CANCEL_ALL_FIELDS
    ),
    ("GET", "/api/v1/strategy"): Route(
        rest_strategies.query, "strategyQuery", rest_strategies.ONE_FIELDS
    ),
    ("GET", "/api/v1/strategies"): Route(
        rest_strategies.query_all, "strategyQueryAll", rest_strategies.ALL_FIELDS
    ),
    ("DELETE", "/api/v1/strategies"): Route(
        rest_strategies.cancel_all, "strategyCancelAll", rest_strategies.CANCEL_FIELDS
    ),
    ("GET", "/wapi/v1/history/orders"): Route(
        rest_history.orders, "orderHistoryQueryAll", (*rest_history.ORDER_FIELDS, *_PAGE)
    ),
    ("GET", "/wapi/v1/history/fills"): Route(
        rest_history.fills, "fillHistoryQueryAll", (*rest_history.FILL_FIELDS, *_PAGE)
    ),
    ("GET", "/wapi/v1/history/settlement"): Route(
        rest_history.settlements, "settlementHistoryQueryAll", ("source", *_PAGE)
    ),
    ("GET", "/wapi/v1/history/funding"): Route(
        rest_history.funding, "fundingHistoryQueryAll", ("subaccountId", "symbol", *_PAGE)
    ),
    ("GET", "/wapi/v1/history/position"): Route(
        rest_history.positions,
        "positionHistoryQueryAll",
        ("marketType", "state", "symbol", *_PAGE),
    ),
    ("GET", "/wapi/v1/history/borrowLend"): Route(
        rest_money.lending,
        "borrowHistoryQueryAll",
        (*rest_money.LENDING_FIELDS, *_PAGE),
    ),
    ("GET", "/wapi/v1/history/borrowLend/positions"): Route(
        rest_money.lending_positions,
        "borrowPositionHistoryQueryAll",
        (*rest_money.LENT_POSITION_FIELDS, *_PAGE),
    ),
    ("GET", "/wapi/v1/history/interest"): Route(
        rest_history.nothing,
        "interestHistoryQueryAll",
        ("asset", "positionId", "source", "symbol", *_PAGE),
    ),
    ("GET", "/wapi/v1/history/dust"): Route(
        rest_history.nothing, "dustHistoryQueryAll", ("id", "symbol", *_PAGE)
    ),
    ("GET", "/wapi/v1/history/strategies"): Route(
        rest_history.nothing,
        "strategyHistoryQueryAll",
        ("marketType", "strategyId", "symbol", *_PAGE),
    ),
}  # fmt: skip


def answer(floor: Floor, wire: Wire) -> Outcome:
    """Answer one request. Raises Refusal."""
    return verified(floor, wire)()


def verified(floor: Floor, wire: Wire) -> Callable[[], Outcome]:
    """Return what a request does, once its path and its signature are good. Raises Refusal."""
    if floor.rules.rate_limits:
        floor.limits.count(wire, floor.clearing.by_key, floor.instant.ns)
    route = ROUTES.get((wire.method, wire.path))
    if route is None:
        raise not_found()
    query = dict(wire.query)
    bodies = read_bodies(wire.body, is_batch=route.is_batch) if wire.method != "GET" else []
    if route.instruction is None:
        return partial(route.handler, floor, Call(query, bodies, None))
    _drop_second_id(query, route)
    for body in bodies:
        _drop_second_id(body, route)
    text = _signed_text(route, wire.method, query, bodies)
    headers = {name.lower(): value for name, value in wire.headers}
    now_ns = floor.instant.ns + _skew_ns(floor, headers)
    account = authenticate(floor.clearing.by_key, headers, text, now_ns)
    return partial(route.handler, floor, Call(query, bodies, account))


def _skew_ns(floor: Floor, headers: Mapping[str, str]) -> int:
    """Return how far the venue's clock is wrong while F15 is on."""
    if floor.faults.is_quiet:
        return 0
    found = floor.clearing.by_key.get(headers.get("x-api-key", ""))
    switch = floor.faults.draw("F15", account=None if found is None else found.name)
    return 0 if switch is None else switch.delay_ns


def _signed_text(route: Route, method: str, query: dict[str, str], bodies: list[Body]) -> str:
    assert route.instruction is not None
    if method == "GET":
        return query_text(route.instruction, query, route.fields)
    return body_text(route.instruction, bodies, route.fields)


def _drop_second_id(fields: dict[str, _Value], route: Route) -> None:
    """Keep only `orderId` where both ids came: the venue reads no more, and signs no more."""
    if route.fields == rest_orders.CANCEL_FIELDS and "orderId" in fields:
        fields.pop("clientId", None)
