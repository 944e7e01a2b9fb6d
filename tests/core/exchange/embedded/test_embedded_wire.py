"""The wire's forms, key by key, against frames and replies of the real exchange."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.exchange.contract import Wire
from core.exchange.embedded.world import DemoWorld
from tests.core.exchange.embedded.embedded_client import (
    FIXTURES,
    START_NS,
    Client,
    decoded,
    quiet_exchange,
)

pytestmark = pytest.mark.skipif(
    not FIXTURES.exists(), reason="the recorded frames of the real exchange are not here"
)
PERP = "BTC_USDC_PERP"


def _load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FIXTURES / name).read_text().splitlines()]


def _shape(value: Any) -> Any:
    """Return keys and JSON types, all the way down; lists by their first row."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value[:1]]
    return type(value).__name__


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    """Return a world that has lived a little."""
    made = DemoWorld(5, START_NS)
    made.advance(START_NS + 3_000_000_000)
    return made


@pytest.fixture(scope="module")
def client(world: DemoWorld) -> Client:
    """Return the trader of venue alpha."""
    return Client(world.alpha.exchange, world.alpha.trader)


@pytest.fixture(scope="module")
def public_frames(client: Client) -> dict[str, dict[str, Any]]:
    """Return one raw frame of each public kind."""
    kinds = ("bookTicker", "depth", "trade", "ticker", "markPrice", "openInterest", "kline.2h")
    session = client.subscribe(*(f"{kind}.{PERP}" for kind in kinds))
    client.exchange.advance(client.exchange.now_ns + 61_000_000_000)
    frames = client.exchange.frames(session)
    return {json.loads(frame)["data"]["e"]: {"raw": frame} for frame in frames}


def _recorded(name: str) -> list[Any]:
    return [json.loads(line["raw"]) for line in _lines(name)]


@pytest.mark.parametrize("kind", ["bookTicker", "depth", "trade", "ticker", "markPrice", "kline"])
def test_public_frames_have_the_keys_order_and_types_of_the_real_ones(
    public_frames: dict[str, dict[str, Any]], kind: str
) -> None:
    """Envelope first data then stream; data keys sorted; every type as recorded."""
    real = next(
        each
        for each in _recorded("ws_public_frames.jsonl")
        if each["data"]["e"] == kind and each["data"]["s"] != "AAPL.US_USDC_PERP"
    )
    raw: bytes = public_frames[kind]["raw"]
    ours = json.loads(raw)

    assert list(ours) == list(real)
    assert list(ours["data"]) == list(real["data"])
    if kind != "depth":
        assert _shape(ours["data"]) == _shape(real["data"])
    assert b" " not in raw


def test_prices_are_padded_on_streams_and_trimmed_in_rest_depth(
    client: Client, public_frames: dict[str, dict[str, Any]]
) -> None:
    """Streams write all decimals of tick and step; the snapshot drops trailing zeros."""
    top = json.loads(public_frames["bookTicker"]["raw"])["data"]
    depth = decoded(client.get("/api/v1/depth", symbol=PERP, limit=1000))
    real = _load("rest_depth_BTC_USDC_PERP_limit5.json")

    assert len(top["b"].partition(".")[2]) == 1
    assert len(top["B"].partition(".")[2]) == 5
    texts = [text for side in ("asks", "bids") for level in depth[side] for text in level]
    assert not any(text.endswith("0") and "." in text for text in texts)
    assert _shape(depth) == _shape(real)
    for side in ("asks", "bids"):
        prices = [float(level[0]) for level in depth[side]]
        assert prices == sorted(prices)


def test_trade_times_are_whole_milliseconds(public_frames: dict[str, dict[str, Any]]) -> None:
    """A trade's T ends in three zeros."""
    assert json.loads(public_frames["trade"]["raw"])["data"]["T"] % 1_000 == 0


@pytest.mark.parametrize(
    ("fixture", "path", "query"),
    [
        ("rest_status.json", "/api/v1/status", {}),
        ("rest_markets.json", "/api/v1/markets", {"marketType": "PERP"}),
        ("rest_fundingRates_BTC_USDC_PERP.json", "/api/v1/fundingRates", {"symbol": PERP}),
        ("rest_openInterest_SOL_USDC_PERP.json", "/api/v1/openInterest", {"symbol": PERP}),
    ],
)
def test_public_replies_have_the_shape_of_the_real_ones(
    client: Client, fixture: str, path: str, query: dict[str, str]
) -> None:
    """Keys and JSON types are the recorded ones."""
    ours, real = decoded(client.get(path, **query)), _load(fixture)

    if fixture == "rest_markets.json":
        ours = [each for each in ours if each["symbol"] == real[0]["symbol"]]
    assert _shape(ours) == _shape(real)


def _case(number: int) -> Any:
    cases = _load("ccxt_response_cases.json")["cases"]
    return next(case for case in cases if case["case"] == number)["httpResponse"]


def test_ticker_candles_and_marks_have_the_recorded_keys(client: Client) -> None:
    """The three price replies carry exactly the recorded keys."""
    start = START_NS // 1_000_000_000 - 600
    calls = {
        29: client.get("/api/v1/ticker", symbol="ETH_USDC"),
        27: client.get("/api/v1/klines", symbol="ETH_USDC", interval="1m", startTime=start),
        25: client.get("/api/v1/markPrices", symbol="ETH_USDC_PERP"),
    }
    for number, reply in calls.items():
        ours, real = decoded(reply), _case(number)
        row, wanted = (ours[0], real[0]) if isinstance(real, list) else (ours, real)
        assert set(row) == set(wanted)


@pytest.mark.parametrize("number", [7, 13])
def test_orders_have_the_keys_of_the_real_ones(number: int) -> None:
    """A limit order carries price and postOnly, a market order quoteQuantity."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    bob.place("ETH_USDC", "Ask", "1", "2760")
    order = ann.place("ETH_USDC", "Bid", "0.001", "2700" if number == 7 else None)

    assert set(decoded(order)) == set(_case(number))


def test_fills_positions_and_balances_have_the_recorded_keys() -> None:
    """The private replies carry exactly the recorded keys."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    bob.place("SOL_USDC_PERP", "Bid", "1", "141")
    ann.place("SOL_USDC_PERP", "Ask", "1")

    fill = decoded(ann.ask("fillHistoryQueryAll", "/wapi/v1/history/fills"))[0]
    position = decoded(ann.ask("positionQuery", "/api/v1/position"))[0]
    balance = decoded(ann.ask("balanceQuery", "/api/v1/capital"))["USDC"]

    assert set(fill) == set(_case(21)[0])
    assert _shape(position) == _shape(_load("rest_position_short_SOL.json")[0])
    assert (position["netQuantity"], position["netExposureQuantity"]) == ("-1", "1")
    assert set(balance) == set(_case(31)["USDC"])


def test_private_frames_have_the_recorded_keys() -> None:
    """Accepted, filled, opened and the snapshot carry the recorded keys, sorted."""
    exchange = quiet_exchange()
    ann, bob = Client.named(exchange, "ann"), Client.named(exchange, "bob")
    orders = ann.subscribe("account.orderUpdate.ETH_USDC")
    positions = ann.subscribe("account.positionUpdate")
    bob.place("ETH_USDC", "Ask", "1", "2760")
    ann.place("ETH_USDC", "Bid", "0.001")
    bob.place("SOL_USDC_PERP", "Ask", "1", "141")
    ann.place("SOL_USDC_PERP", "Bid", "1")
    real = {
        each["data"].get("e"): each
        for each in reversed(_recorded("ws_private_frames.jsonl"))
        if each["data"]["i"] != "114575842681290753"
    }

    accepted, filled = ann.frames(orders)
    opened = ann.frames(positions)[0]
    snapshot = ann.frames(ann.subscribe("account.positionUpdate"))[0]

    for ours in (accepted, filled, opened, snapshot):
        wanted = real[ours["data"].get("e")]
        assert list(ours["data"]) == sorted(ours["data"])
        assert set(ours["data"]) == set(wanted["data"])
        assert _shape(ours["data"]) == _shape(wanted["data"])


def test_recorded_errors_are_answered_word_for_word(client: Client) -> None:
    """Every recorded refusal of a public call comes with its status and text."""
    calls = {
        "GET /api/v1/klines without startTime": ("/api/v1/klines", {"interval": "1m"}),
        "GET /api/v1/depth?symbol=BTC_USDC_PERP&limit=30": ("/api/v1/depth", {"limit": "30"}),
        "GET /api/v1/depth?symbol=NOPE (unknown symbol)": ("/api/v1/depth", {"symbol": "NOPE"}),
        "GET /api/v1/markPrices?symbol=… (unknown or closed market)": (
            "/api/v1/markPrices",
            {"symbol": "NOPE"},
        ),
        "GET /api/v1/nope (unknown path)": ("/api/v1/nope", {}),
    }
    seen = 0
    for row in _load("rest_errors.json")["errors"]:
        if row["call"] not in calls:
            continue
        path, query = calls[row["call"]]
        reply = client.send(Wire("GET", path, tuple(({"symbol": PERP} | query).items())))
        ours = decoded(reply) if row["content"] == "json" else reply.body.decode()
        assert (reply.status, ours) == (row["status"], row["body"])
        seen += 1
    assert seen == len(calls)


def test_control_frames_are_answered_like_the_real_ones(client: Client) -> None:
    """Success and unknown symbols are silent; errors have their code and text."""
    for row in _load("ws_control_frames.json")["client_to_server"]:
        session = client.exchange.open_session(client.exchange.now_ns)
        client.exchange.receive(session, row["raw"].encode(), client.exchange.now_ns)
        answered = client.exchange.frames(session)
        expected = [] if row["reply"] is None else [row["reply"].encode()]
        assert answered == expected, row["what"]


def test_the_fixture_folder_is_found_beside_the_repository() -> None:
    """The folder is located relative to this file."""
    assert (Path(__file__).parents[4] / ".." / "shared").exists()
