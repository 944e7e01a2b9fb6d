"""Funding and liquidation: who pays whom, what is written down, and that no atom is lost."""

from typing import Any

import pytest

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.units import SCALE, atoms
from core.exchange.embedded.world import DemoWorld
from tests.core.exchange.embedded.embedded_client import START_NS, Client, decoded, quiet_exchange
from tests.core.exchange.embedded.embedded_sums import sums

PERP = "SOL_USDC_PERP"
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND


@pytest.fixture
def exchange() -> Exchange:
    """Return a quiet exchange in which ann is long what bob is short."""
    made = quiet_exchange()
    ann, bob = Client.named(made, "ann"), Client.named(made, "bob")
    bob.place(PERP, "Ask", "333", "141")
    ann.place(PERP, "Bid", "333", "141")
    return made


def _end_interval(exchange: Exchange) -> int:
    """Run over the next funding instant; return it."""
    end_ns = (exchange.now_ns // HOUR + 1) * HOUR
    exchange.advance(end_ns + SECOND)
    return end_ns


def test_longs_pay_shorts_what_is_published(exchange: Exchange) -> None:
    """Rate times quantity times mark, in rows, balances, positions and history alike."""
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    before, free = sums(exchange), exchange.floor.clearing.accounts["ann"].balance("USDC").total
    exchange.rules.liquidation = False
    _end_interval(exchange)

    rows = {
        client: decoded(client.ask("fundingHistoryQueryAll", "/wapi/v1/history/funding"))
        for client in (ann, bob)
    }
    rates = decoded(ann.get("/api/v1/fundingRates", symbol=PERP))
    position = decoded(ann.ask("positionQuery", "/api/v1/position"))[0]

    paid = rows[ann][0]
    assert paid["intervalEndTimestamp"] == rates[1]["intervalEndTimestamp"]
    assert paid["fundingRate"] == rates[1]["fundingRate"]
    mark = exchange.floor.markets[PERP].mark
    due = 333 * mark * atoms(paid["fundingRate"]) // SCALE
    assert abs(atoms(paid["quantity"]) + due) < 10**4
    assert atoms(paid["quantity"]) == -atoms(rows[bob][0]["quantity"]) < 0
    assert position["cumulativeFundingPayment"] == paid["quantity"]
    settled = decoded(
        ann.ask("settlementHistoryQueryAll", "/wapi/v1/history/settlement",
                {"source": "FundingPayment"})
    )  # fmt: skip
    assert [row["quantity"] for row in settled] == [paid["quantity"]]
    account = exchange.floor.clearing.accounts["ann"]
    moved = sum(row.quantity for row in account.settlements)
    assert account.balance("USDC").total == free + moved
    assert sums(exchange) == before


def test_funding_can_be_switched_off(exchange: Exchange) -> None:
    """The rule is read at the instant it is due."""
    exchange.rules.funding = False
    _end_interval(exchange)

    assert exchange.floor.clearing.accounts["ann"].fundings == []


def test_a_living_world_conserves_over_funding() -> None:
    """House accounts pay and receive like anybody, and the cuts go to the fee account."""
    begin = (START_NS // HOUR + 1) * HOUR - 10 * SECOND
    world = DemoWorld(5, begin)
    before = sums(world.alpha.exchange)

    world.advance(begin + 20 * SECOND)

    market = world.alpha.exchange.floor.markets[PERP]
    assert [end for end, _ in market.funding_log] == [begin + 10 * SECOND]
    assert sums(world.alpha.exchange) == before


def _broke(exchange: Exchange, equity: str) -> Client:
    """Leave ann with little."""
    return _poor(exchange, "ann", equity)


def _poor(exchange: Exchange, name: str, equity: str) -> Client:
    """Leave an account with a little USDC and nothing else."""
    account = exchange.floor.clearing.accounts[name]
    for asset in ("SOL", "BTC", "ETH"):
        exchange.floor.clearing.house("rest").balance(asset).available += account.balance(
            asset
        ).available
        account.balance(asset).available = 0
    free = account.balance("USDC")
    exchange.floor.clearing.house("rest").balance("USDC").available += free.available - atoms(
        equity
    )
    free.available = atoms(equity)
    return Client.named(exchange, name)


def test_an_account_below_its_maintenance_loses_a_tenth_at_a_time(exchange: Exchange) -> None:
    """Orders first, then the book: 1 % fee, system orders, public liquidations, healed again."""
    ann = _broke(exchange, "600")
    bob = Client.named(exchange, "bob")
    bob.place(PERP, "Bid", "400", "140.9")
    session = ann.subscribe("account.orderUpdate", "liquidation", f"liquidation.{PERP}")
    before = sums(exchange)

    exchange.advance(exchange.now_ns + 2 * SECOND)
    refused = ann.place(PERP, "Bid", "1", "130")
    account = decoded(ann.ask("accountQuery", "/api/v1/account"))
    exchange.advance(exchange.now_ns + 8 * SECOND)

    frames = ann.frames(session)
    fills = decoded(
        ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills", {"fillType": "BookLiquidation"})
    )
    public = [frame for frame in frames if frame["data"]["e"] == "liquidation"]
    orders = [frame["data"] for frame in frames if frame["data"]["e"] == "orderFill"]
    assert decoded(refused)["code"] == "ACCOUNT_LIQUIDATING"
    assert account["liquidating"]
    assert fills[-1]["quantity"] == "33.3"
    assert {fill["systemOrderType"] for fill in fills} == {"LiquidatePositionOnBook"}
    assert atoms(fills[-1]["fee"]) == atoms("33.3") * atoms("140.9") // SCALE // 100
    assert {frame["stream"] for frame in public} == {"liquidation", f"liquidation.{PERP}"}
    assert (public[0]["data"]["S"], public[0]["data"]["q"]) == ("Ask", "33.30")
    assert {order["O"] for order in orders} == {"LIQUIDATION_AUTOCLOSE"}
    assert 0 < len(fills) <= 10
    assert exchange.floor.clearing.insurance.balance("USDC").total > 0
    assert sums(exchange) == before


def test_what_the_book_does_not_take_goes_to_the_backstop(exchange: Exchange) -> None:
    """At the mark, with a trade id; a debt nobody can pay is borne by the insurance."""
    ann = _broke(exchange, "100")
    exchange.floor.markets[PERP].index = atoms("138")
    before = sums(exchange)

    exchange.advance(exchange.now_ns + 5 * SECOND)

    account = exchange.floor.clearing.accounts["ann"]
    fill = decoded(ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills"))[0]
    record = decoded(ann.ask("positionHistoryQueryAll", "/wapi/v1/history/position"))[0]
    rows: list[Any] = decoded(ann.ask("settlementHistoryQueryAll", "/wapi/v1/history/settlement"))
    assert fill["systemOrderType"] == "LiquidatePositionOnBackstop"
    assert fill["tradeId"]
    assert (record["state"], record["liquidated"], record["netQuantity"]) == ("Closed", True, "0")
    assert account.positions == {}
    assert account.balance("USDC").total == 0
    assert rows[0]["source"] == "BackstopLiquidation"
    assert exchange.floor.clearing.accounts["backstop"].position_steps(PERP) == 33_300
    assert sums(exchange) == before
    assert not decoded(ann.ask("accountQuery", "/api/v1/account"))["liquidating"]


def test_liquidation_can_be_switched_off(exchange: Exchange) -> None:
    """Nobody looks."""
    exchange.rules.liquidation = False
    _broke(exchange, "100")
    exchange.advance(exchange.now_ns + 5 * SECOND)

    assert PERP in exchange.floor.clearing.accounts["ann"].positions


@pytest.mark.parametrize("name", ["ann", "bob"])
def test_the_liquidation_price_is_where_liquidation_begins(exchange: Exchange, name: str) -> None:
    """Told when asked by symbol; a tick before it nothing happens, a tick beyond it does."""
    client = _broke(exchange, "2000") if name == "ann" else _poor(exchange, "bob", "2000")
    path = ("positionQuery", "/api/v1/position")
    told = decoded(client.ask(*path, {"symbol": PERP}))[0]["estLiquidationPrice"]
    listed = decoded(client.ask(*path))[0]["estLiquidationPrice"]
    away = 10**8 if name == "ann" else -(10**8)
    account = exchange.floor.clearing.accounts[name]

    seen = []
    for price in (atoms(told) + 2 * away, atoms(told) - 2 * away):
        exchange.floor.markets[PERP].index = price
        exchange.floor.liquidation.look()
        seen.append(account.is_liquidating)

    assert listed == "0"
    assert seen == [False, True]
