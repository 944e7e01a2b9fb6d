"""Money is neither made nor lost: conservation over a living world, and the settlement identity."""

import random

import pytest

from core.exchange.embedded.margin import fraction
from core.exchange.embedded.spec import MarginFunction
from core.exchange.embedded.units import SCALE, atoms
from core.exchange.embedded.world import DemoWorld
from tests.core.exchange.embedded.embedded_client import START_NS, Client, decoded, quiet_exchange
from tests.core.exchange.embedded.embedded_sums import sums

PERP = "SOL_USDC_PERP"


def test_a_living_world_conserves_every_asset() -> None:
    """Sums over all accounts, the fee account included, never change by an atom."""
    world = DemoWorld(11, START_NS)
    before = {name: sums(venue.exchange) for name, venue in world.venues.items()}

    world.advance(START_NS + 25_000_000_000)

    for name, venue in world.venues.items():
        assert sums(venue.exchange) == before[name]
        fees = venue.exchange.floor.clearing.fee_account
        assert fees.balance("USDC").total > 0
        held = [
            each.position_steps(PERP) for each in venue.exchange.floor.clearing.accounts.values()
        ]
        assert sum(held) == 0


def test_locked_funds_are_those_of_the_resting_orders() -> None:
    """Random orders of clients leave locks that equal what rests, and nothing below zero."""
    exchange, draw = quiet_exchange(), random.Random(4)
    clients = [Client.named(exchange, name) for name in ("ann", "bob")]
    for _ in range(150):
        client = draw.choice(clients)
        price = str(draw.randint(13_900, 14_300) / 100)
        side, size = draw.choice(["Bid", "Ask"]), str(draw.randint(1, 900) / 100)
        tif = draw.choice(["GTC", "GTC", "IOC", "FOK"])
        symbol = draw.choice(["SOL_USDC", PERP])
        client.place(symbol, side, size, price, timeInForce=tif)

    for client in clients:
        account = exchange.floor.clearing.by_key[client.keys.api_key]
        locked: dict[str, int] = {}
        for order in account.open_orders.values():
            if order.request.symbol == "SOL_USDC":
                asset = "USDC" if order.is_bid else "SOL"
                each = order.leaves * (order.price * 10**6 if order.is_bid else 10**8)
                locked[asset] = locked.get(asset, 0) + each
        assert {a: b.locked for a, b in account.balances.items() if b.locked} == locked
        assert all(balance.available >= 0 for balance in account.balances.values())


def test_profit_is_settled_every_ten_seconds_to_the_last_atom() -> None:
    """Balance moves by fees and settlement rows alone; flat again, rows sum to the profit."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    bob.place(PERP, "Ask", "3.33", "141.07")
    ann.place(PERP, "Bid", "3.33", "141.07")
    for price in ("141.9", "140.2"):
        exchange.floor.markets[PERP].index = atoms(price) + 1234
        exchange.advance(exchange.now_ns + 10_000_000_000)
    bob.place(PERP, "Bid", "3.33", "140.61")
    ann.place(PERP, "Ask", "3.33", "140.61")

    account = exchange.floor.clearing.accounts["ann"]
    rows = [row.quantity for row in account.settlements]
    fees = sum(fill.fee for fill in account.fills)
    assert len(rows) == 3
    assert all(row % 10**4 == 0 for row in rows[:-1])
    assert sum(rows) == 333 * (14_061 - 14_107) * 10**6
    assert account.balance("USDC").total == 1_000_000 * SCALE + sum(rows) - fees
    assert ann.exchange.floor.markets[PERP].open_interest == 0
    wire = decoded(ann.ask("settlementHistoryQueryAll", "/wapi/v1/history/settlement"))
    assert [row["source"] for row in wire] == ["RealizePnl"] * 3
    sequences = [row["engineSequence"] for row in wire]
    assert sequences == sorted(sequences, reverse=True)


def test_open_interest_counts_one_side_of_open_positions() -> None:
    """It grows with a new pair of positions and stays when one is handed on."""
    exchange = quiet_exchange(("ann", "bob", "cat"))
    ann, bob, cat = (Client.named(exchange, name) for name in ("ann", "bob", "cat"))
    bob.place(PERP, "Ask", "2", "141")
    ann.place(PERP, "Bid", "2", "141")
    opened = exchange.floor.markets[PERP].open_interest
    cat.place(PERP, "Bid", "1.5", "141")
    ann.place(PERP, "Ask", "1.5", "141")

    assert (opened, exchange.floor.markets[PERP].open_interest) == (200, 200)


def test_fees_are_rounded_up_to_the_assets_fee_decimals() -> None:
    """USDC to six decimals, coins to eight, always in the venue's favor."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    bob.place("BTC_USDC", "Ask", "0.00003", "86000.3")
    ann.place("BTC_USDC", "Bid", "0.00003", "86000.3")

    fees = [exchange.floor.clearing.accounts[name].fills[0].fee for name in ("ann", "bob")]

    assert fees == [atoms("0.00000003"), atoms("0.002065")]


def test_a_flip_is_split_at_zero() -> None:
    """Crossing zero closes one position, settles it, and opens another one."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    session = ann.subscribe("account.positionUpdate")
    bob.place(PERP, "Ask", "1", "141")
    ann.place(PERP, "Bid", "1", "141")
    bob.place(PERP, "Bid", "3", "142")
    ann.place(PERP, "Ask", "3", "142")

    frames = [frame["data"] for frame in ann.frames(session)]
    assert [(f["e"], f["q"], f["B"]) for f in frames] == [
        ("positionOpened", "1", "141"),
        ("positionClosed", "0", "141"),
        ("positionOpened", "-2", "142"),
    ]
    assert frames[1]["p"] == "1"
    assert frames[0]["i"] != frames[2]["i"]


def test_position_and_collateral_replies_agree() -> None:
    """PnlRealized + pnlUnrealized = netQuantity * mark - netCost, and equity counts it once."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    bob.place(PERP, "Ask", "2", "141")
    ann.place(PERP, "Bid", "2", "141")
    exchange.floor.markets[PERP].index = atoms("143.5")
    exchange.advance(exchange.now_ns + 12_000_000_000)

    row = decoded(ann.ask("positionQuery", "/api/v1/position"))[0]
    equity = decoded(ann.ask("collateralQuery", "/api/v1/capital/collateral"))

    worth = atoms(row["netQuantity"]) * atoms(row["markPrice"]) // SCALE
    paid = atoms(row["pnlRealized"]) + atoms(row["pnlUnrealized"])
    assert paid == worth - atoms(row["netCost"])
    assert row["entryPrice"] == "141"
    assert atoms(row["pnlRealized"]) > 0
    weighted = sum(atoms(each["collateralValue"]) for each in equity["collateral"])
    assert atoms(equity["netEquity"]) == weighted + atoms(equity["unsettledEquity"])


@pytest.mark.parametrize(("notional", "expected"), [("1000", "0.02"), ("1000000", "0.075")])
def test_margin_fraction_is_the_larger_of_base_and_root(notional: str, expected: str) -> None:
    """Small positions need the base, large ones factor times the root of the notional."""
    function = MarginFunction("0.02", "0.000075")

    assert fraction(function, atoms(notional)) == atoms(expected)
