"""Any exchange of the library behind our contract, tried on the served embedded exchange."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec
import pytest

pytest.importorskip("ccxt", reason="the optional library is not installed")

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.errors import ConfigError, ConnectivityError, DataInvalid, RequestRefused
from core.domain.events import (
    BalanceReport,
    Body,
    CancelAnswered,
    CandlesLoaded,
    ConnectionChanged,
    InstrumentsListed,
    LinkState,
    OrderBytesLeft,
    OrderNotSent,
    OrderOutcomeUnknown,
    OrderRefused,
    OrderReport,
    QueryAnswered,
    QueryFailed,
    QueryKind,
    TradeSeen,
)
from core.domain.exact import Price, Quantity
from core.domain.ids import Asset, ClientOrderId, InstrumentId, IntentId, StrategyId, VenueId
from core.domain.instrument import InstrumentKind
from core.domain.intent import Leg, RiskApproved
from core.domain.order import OrderState, OrderTerms, OrderType, Side
from core.domain.views import BookState
from core.exchange.ccxt.capabilities import UNPROVEN, Capabilities
from core.exchange.ccxt.catalogue import instruments_listed
from core.exchange.ccxt.conformance import Conformance, Trial
from core.exchange.ccxt.library import as_error, is_refusal, open_exchange
from core.exchange.ccxt.numbers import exact, text
from core.exchange.ccxt.symbols import SymbolMap, our_symbol
from core.exchange.ccxt.venue import CcxtVenue
from core.market.room import MarketRoom
from core.runtime.clock import SystemClock
from tests.core.exchange.ccxt.served_exchange import ServedExchange

VENUE = VenueId("other")
SPOT = InstrumentId("other:ETH_USDC")
PERP = InstrumentId("other:SOL_USDC_PERP")
PROVEN = Capabilities(client_id_on_every_report=True, fill_history=True, open_order_query=True)
FAR = 10**19


@pytest.fixture(scope="module")
def host() -> Iterator[ServedExchange]:
    """Serve one venue for all tests of this module."""
    serving_host = ServedExchange()
    serving_host.start()
    yield serving_host
    serving_host.stop()


def exchange_on(host: ServedExchange) -> Any:
    """Open the library's exchange, pointed at the served venue."""
    assert host.where is not None
    assert host.keys is not None
    keys = {"apiKey": host.keys.api_key, "secret": host.keys.api_secret}
    made = open_exchange("backpack", {**keys, "enableRateLimit": False})
    made.urls["api"] = {
        "public": host.where.rest,
        "private": host.where.rest,
        "ws": {"public": host.where.ws, "private": host.where.ws},
    }
    return made


@asynccontextmanager
async def running(
    host: ServedExchange,
    seen: list[Body],
    *,
    capabilities: Capabilities = UNPROVEN,
    polls: bool = False,
) -> AsyncIterator[CcxtVenue]:
    """Run a venue on the served exchange until its catalogue is there."""
    exchange = exchange_on(host)
    if polls:
        exchange.has["watchOrderBook"] = exchange.has["watchTrades"] = False
    rng = random.Random(0)
    made = CcxtVenue(VENUE, exchange, SystemClock(), seen.append, rng, capabilities=capabilities)
    async with made as venue:
        await settled(lambda: any(isinstance(body, InstrumentsListed) for body in seen))
        yield venue


async def settled(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  conditions of many kinds, no event for each
            await asyncio.sleep(0.01)


async def answer(venue: CcxtVenue, seen: list[Body], **fields: Any) -> Body:
    """Ask one question and wait for its answer."""
    number = len(seen)
    venue.query(Query(query_id=number, **fields))
    kinds = QueryAnswered | QueryFailed | CandlesLoaded
    await settled(lambda: any(isinstance(body, kinds) for body in seen[number:]))
    return next(body for body in seen[number:] if isinstance(body, kinds))


def placement(number: int, price: str, *, quantity: str = "0.05", late: bool = False) -> PlaceOrder:
    """Write an approved limit order."""
    terms = OrderTerms(
        instrument=SPOT, side=Side.BUY, quantity=Quantity(quantity), limit_price=Price(price)
    )
    approved = RiskApproved(
        intent_id=IntentId("i"),
        strategy=StrategyId("s"),
        leg=Leg(account=VENUE_ACCOUNT, terms=terms),
        terms_hash="",
        approved_at=0,
    )
    return PlaceOrder(
        client_order_id=ClientOrderId(number), approved=approved, send_before=0 if late else FAR
    )


VENUE_ACCOUNT = CcxtVenue(VENUE, None, SystemClock(), lambda _: None, random.Random(0)).account


async def test_catalogue_has_our_symbols_and_rules(host: ServedExchange) -> None:
    """Ticks and steps are exact, perpetuals of one settlement are perpetuals."""
    seen: list[Body] = []
    async with running(host, seen) as venue:
        fees = await venue.fees(SPOT)

    listed = next(body for body in seen if isinstance(body, InstrumentsListed))
    rules = {each.id: each for each in listed.instruments}
    assert {SPOT, PERP} <= set(rules)
    assert (rules[SPOT].kind, rules[PERP].kind) == (
        InstrumentKind.SPOT,
        InstrumentKind.PERPETUAL,
    )
    assert str(rules[SPOT].tick) == "0.01"
    assert fees.taker_bps is None or fees.taker_bps >= 0


@pytest.mark.parametrize("polls", [False, True], ids=["streams", "polls"])
async def test_book_and_prints_reach_the_market_room(host: ServedExchange, *, polls: bool) -> None:
    """By streams where there are any, else by asking: a valid book, no gap, no crossing."""
    seen: list[Body] = []
    room = MarketRoom(count(1), can_query=False)
    async with running(host, seen, polls=polls) as venue:
        venue.subscribe(PERP)
        await settled(lambda: sum(type(b).__name__ == "DepthChanged" for b in seen) >= 3)
        await settled(lambda: any(isinstance(body, TradeSeen) for body in seen))
        venue.unsubscribe(PERP)
    handlers = room.handlers()
    for at, body in enumerate(seen):
        if type(body) in handlers:
            handlers[type(body)](body, at)

    touch = room.touch(PERP, len(seen))
    assert touch is not None
    assert touch.book_state is BookState.VALID
    assert {k: v for k, v in room.counters.as_dict().items() if v and k != "snapshots"} == {}
    assert [b.state for b in seen if isinstance(b, ConnectionChanged)] == [LinkState.UP]


async def test_account_and_candles_are_read(host: ServedExchange) -> None:
    """Balances, positions, open orders, candles; what is not served is a failure, not none."""
    seen: list[Body] = []
    since = SystemClock().now() - 3_600 * 10**9
    async with running(host, seen) as venue:
        balances = await answer(venue, seen, kind=QueryKind.BALANCES)
        positions = await answer(venue, seen, kind=QueryKind.POSITIONS)
        orders = await answer(venue, seen, kind=QueryKind.OPEN_ORDERS)
        candles = await answer(
            venue, seen, kind=QueryKind.CANDLES, instrument=SPOT, interval="1m", since=since
        )
        nothing = await answer(venue, seen, kind=QueryKind.SETTLEMENTS)
        unknown = await answer(
            venue, seen, kind=QueryKind.OPEN_ORDERS, instrument=InstrumentId("other:NO_USDC")
        )

    assert isinstance(balances, QueryAnswered)
    held = {row.asset: row for row in balances.rows if isinstance(row, BalanceReport)}
    assert held[Asset("USDC")].available.value > 0
    assert isinstance(positions, QueryAnswered)
    assert isinstance(orders, QueryAnswered)
    assert isinstance(candles, CandlesLoaded)
    assert len(candles.candles) >= 59
    assert isinstance(nothing, QueryFailed)
    assert isinstance(unknown, QueryFailed)


async def test_unproven_venue_sends_no_order_and_says_why(host: ServedExchange) -> None:
    """What the library declares counts for nothing."""
    seen: list[Body] = []
    async with running(host, seen) as venue:
        venue.place(placement(5, "1000"))
        await settled(lambda: isinstance(seen[-1], OrderNotSent))

    refused = seen[-1]
    assert isinstance(refused, OrderNotSent)
    assert "own client id on every report" in refused.reason
    assert "fill history" in refused.reason


async def test_conformance_run_proves_and_orders_go_through(host: ServedExchange) -> None:
    """What was done is written down; then an order rests, is found by our id, and is cancelled."""
    seen: list[Body] = []
    exchange = exchange_on(host)
    try:
        ask = (await exchange.fetch_order_book("ETH/USDC"))["asks"][0][0]
        trial = Trial(
            symbol="ETH/USDC",
            quantity="0.01",
            resting_price="2300",
            taking_price=f"{ask * 1.01:.2f}",
            first_client_id=901,
        )
        proved = await Conformance(exchange, trial).run()
    finally:
        await exchange.close()
    assert proved.may_place, proved.evidence
    assert len(proved.evidence) >= 5

    async with running(host, seen, capabilities=proved) as venue:
        venue.place(placement(77, "2300"))
        await settled(lambda: isinstance(seen[-1], OrderReport))
        report = seen[-1]
        assert isinstance(report, OrderReport)
        number = ClientOrderId(77)
        found = await answer(
            venue, seen, kind=QueryKind.ORDER, instrument=SPOT, client_order_id=number
        )
        venue.cancel(
            CancelOrder(
                account=venue.account,
                instrument=SPOT,
                client_order_id=number,
                venue_order_id=report.venue_order_id,
            )
        )
        await settled(lambda: isinstance(seen[-1], CancelAnswered))
        fills = await answer(venue, seen, kind=QueryKind.FILLS, instrument=SPOT, since=1)

    assert (report.state, report.client_order_id) == (OrderState.ACCEPTED, 77)
    assert isinstance(found, QueryAnswered)
    assert [row.client_order_id for row in found.rows if isinstance(row, OrderReport)] == [77]
    assert isinstance(fills, QueryAnswered)
    assert sum(fill.quantity.value for fill in fills.fills) == Decimal("0.01")


async def test_refusals_are_refusals_and_late_orders_do_not_leave(host: ServedExchange) -> None:
    """Funds that are not there; a deadline that has passed."""
    seen: list[Body] = []
    async with running(host, seen, capabilities=PROVEN) as venue:
        venue.place(placement(81, "2300", quantity="90000"))
        await settled(lambda: isinstance(seen[-1], OrderRefused | OrderOutcomeUnknown))
        refused = seen[-1]
        venue.place(placement(82, "2300", late=True))
        await settled(lambda: isinstance(seen[-1], OrderNotSent))

    assert isinstance(refused, OrderRefused), refused
    assert refused.client_order_id == 81


async def test_terms_that_would_be_lost_keep_an_order_at_home(host: ServedExchange) -> None:
    """A conditional order never leaves as a plain one."""
    seen: list[Body] = []
    plain = placement(83, "2300")
    terms = msgspec.structs.replace(plain.approved.leg.terms, trigger_price=Price("2400"))
    leg = msgspec.structs.replace(plain.approved.leg, terms=terms)
    approved = msgspec.structs.replace(plain.approved, leg=leg)
    async with running(host, seen, capabilities=PROVEN) as venue:
        venue.place(msgspec.structs.replace(plain, approved=approved))
        await settled(lambda: isinstance(seen[-1], OrderNotSent))
        told = seen[-1]

    assert isinstance(told, OrderNotSent)
    assert "a trigger" in told.reason
    assert not any(isinstance(body, OrderBytesLeft) for body in seen)


def test_symbols_go_both_ways() -> None:
    """`SOL/USDC:USDC` and our instrument; two that would share a name stay apart."""
    symbols = SymbolMap(VENUE, ["SOL/USDC:USDC", "ETH/USDC", "BTC/USD:BTC", "A/B_C", "A_B/C"])

    for unified in ("SOL/USDC:USDC", "ETH/USDC", "BTC/USD:BTC", "A/B_C", "A_B/C"):
        assert symbols.unified(symbols.instrument(unified)) == unified
    assert symbols.instrument("SOL/USDC:USDC") == PERP
    assert our_symbol("BTC/USD:BTC") == "BTC_USD_BTC"
    with pytest.raises(DataInvalid):
        symbols.unified(InstrumentId("other:NO"))


def test_floats_become_the_text_they_came_from() -> None:
    """Shortest form, never an exponent; what is no number is an error."""
    assert [text(each) for each in (0.1, 1e-7, 1e22, "5.00", 3)] == [
        "0.1",
        "0.0000001",
        "10000000000000000000000",
        "5",
        "3",
    ]
    for wrong in (None, "x", float("nan"), float("inf"), True):
        with pytest.raises(DataInvalid):
            exact(wrong)


def test_significant_digits_and_inverse_contracts_are_not_taken_for_ours() -> None:
    """A market whose tick is not fixed is left out; an inverse one is no perpetual of ours."""
    market = {
        "symbol": "BTC/USD:BTC",
        "base": "BTC",
        "quote": "USD",
        "swap": True,
        "linear": False,
        "inverse": True,
        "contractSize": 100,
        "precision": {"amount": 1, "price": 0.1},
        "limits": {"amount": {"min": None, "max": None}},
    }
    symbols = SymbolMap(VENUE, ["BTC/USD:BTC"])

    (found,) = instruments_listed({"a": market, "b": {}}, 4, symbols, VENUE, 7).instruments

    assert (found.kind, found.contract_multiplier) == (InstrumentKind.OTHER, Decimal(100))
    assert instruments_listed({"a": market}, 3, symbols, VENUE, 7).instruments == ()


def test_errors_say_what_they_prove() -> None:
    """Only a definite refusal proves that no order lives."""
    import ccxt

    assert isinstance(as_error(ccxt.RequestTimeout("x")), ConnectivityError)
    assert isinstance(as_error(ccxt.BadSymbol("x")), RequestRefused)
    assert isinstance(as_error(KeyError("x")), DataInvalid)
    assert is_refusal(ccxt.InsufficientFunds("x"))
    assert not is_refusal(ccxt.RequestTimeout("x"))
    assert not is_refusal(ccxt.ExchangeError("x"))
    assert not is_refusal(ccxt.RateLimitExceeded("x"))
    assert OrderType.LIMIT.value == "limit"


def test_unknown_exchange_is_a_wrong_input() -> None:
    """Not an attribute error."""
    with pytest.raises(ConfigError):
        open_exchange("nowhere")


def test_our_modules_do_not_import_the_library() -> None:
    """It is big and optional: only opening an exchange needs it."""
    code = "import core.exchange.ccxt.venue, sys; print('ccxt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
