"""Every recorded case: requests as other clients send them, replies and frames as they came."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from core.domain.events import (
    DepthChanged,
    MalformedFrame,
    MarkPriceSeen,
    OrderReport,
    PositionReport,
    QuoteSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.exact import Notional, Price, Quantity
from core.domain.ids import InstrumentId, Symbol, VenueOrderId
from core.domain.order import (
    AttachedExit,
    OrderState,
    OrderTerms,
    OrderType,
    SelfTradePrevention,
    Side,
)
from core.exchange.backpack import (
    account_rows,
    history_rows,
    market_replies,
    public_requests,
    public_rows,
    questions,
    replies,
    requests,
)
from core.exchange.backpack.candle_source import kline_rows
from core.exchange.backpack.codec import decode
from core.exchange.backpack.public_stream import control_frames
from core.exchange.backpack.questions import Question
from core.exchange.backpack.refusals import Outcome, outcome_of, reply_error
from core.exchange.backpack.requests import Signer
from core.exchange.backpack.rows import read
from core.exchange.backpack.signing import Credentials, Value, signed_text
from core.exchange.contract import Reply, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    FIXTURES,
    MARKET,
    SECRET,
    START,
    VENUE,
    placement,
)

FOLDER = FIXTURES / "backpack"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded cases are not here")
NOW_MS = START // 1_000_000
STAMP = {"timestamp_ms": NOW_MS, "window_ms": 5_000}
NOT_OFFERED = "what moves funds out of an account does not exist here"


def load(name: str) -> Any:
    """Read one fixture; nothing where it is not there."""
    path: Path = FOLDER / name
    return json.loads(path.read_bytes()) if path.exists() else {"cases": [], "errors": []}


def lines(name: str) -> list[dict[str, str]]:
    """Read one fixture of lines; nothing where it is not there."""
    path: Path = FOLDER / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def by_case(name: str) -> list[Any]:
    """Name each case by its number and call."""
    cases = load(name)["cases"]
    return [pytest.param(case, id=f"{case['case']}-{case['method']}") for case in cases]


# ---- requests --------------------------------------------------------------------------------


def signer() -> Signer:
    """Make the signer of the test key."""
    return Signer(Credentials(SECRET))


def asked(question: Question, **page: Value) -> Wire:
    """Sign a question as a page of it is asked."""
    return signer().query(question.path, question.instruction, question.fields | page, **STAMP)


def ordered(symbol: str, **terms: Any) -> Wire:
    """Place a buy with these terms."""
    base: dict[str, Any] = {"quantity": Quantity("0.001"), "limit_price": Price("4000")}
    effect = placement(1)
    leg = msgspec.structs.replace(
        effect.approved.leg,
        terms=OrderTerms(
            instrument=InstrumentId(f"there:{symbol}"), side=Side.BUY, **(base | terms)
        ),
    )
    approved = msgspec.structs.replace(effect.approved, leg=leg)
    effect = msgspec.structs.replace(effect, approved=approved)
    return requests.place_request(signer(), effect, **STAMP)


def cancelled() -> Wire:
    """Cancel one order by the venue's id."""
    return requests.cancel_request(
        signer(),
        Symbol("ETH_USDC"),
        client_order_id=placement(1).client_order_id,
        venue_order_id=VenueOrderId("8284661092"),
        **STAMP,
    )


def candles() -> Wire:
    """Ask for the candles of the case."""
    return public_requests.klines_request(
        Symbol("ETH_USDC"),
        "1m",
        start_secs=1_754_912_316,
        end_secs=1_754_912_916,
    )


ETH, ETH_PERP = Symbol("ETH_USDC"), Symbol("ETH_USDC_PERP")
EXITS = {
    "stop_loss": AttachedExit(trigger_price=Price("0.2")),
    "take_profit": AttachedExit(trigger_price=Price(2)),
}
BUILDERS: dict[int, Callable[[], Wire]] = {
    1: lambda: asked(questions.funding(), limit=1),
    3: lambda: asked(questions.order_history("ETH_USDC"), limit=1),
    5: cancelled,
    7: lambda: asked(questions.open_orders("ETH_USDC")),
    9: lambda: ordered("ADA_USDC_PERP", order_type=OrderType.MARKET, quantity=Quantity(4), **EXITS),
    11: lambda: ordered(
        "DOGE_USDC", order_type=OrderType.MARKET, quote_quantity=Notional(5), quantity=Quantity(50)
    ),
    13: lambda: ordered("ETH_USDC_PERP"),
    15: lambda: ordered("ETH_USDC_PERP", order_type=OrderType.MARKET),
    17: lambda: ordered(
        "ETH_USDC",
        limit_price=Price(3500),
        self_trade_prevention=SelfTradePrevention.REJECT_BOTH,
    ),
    21: public_requests.time_request,
    23: lambda: asked(
        questions.fills("ETH_USDC", from_ms=1_754_062_378_000, fill_type="User"), limit=1
    ),
    25: lambda: public_requests.trades_request(ETH, 1),
    27: lambda: public_requests.funding_rates_request(ETH_PERP),
    29: lambda: public_requests.mark_prices_request(ETH_PERP),
    31: candles,
    33: lambda: public_requests.ticker_request(ETH),
    35: public_requests.assets_request,
    37: public_requests.markets_request,
}
ALWAYS_OURS = {"clientId", "timeInForce", "selfTradePrevention"}
"""What we always say and other clients may leave to the venue's default."""


@pytest.mark.parametrize("case", by_case("ccxt_request_cases.json"))
def test_request_is_what_others_send(case: dict[str, Any]) -> None:
    """Path, query, body and the signed text agree, case by case."""
    if case["method"] == "fetchWithdrawals":
        pytest.skip(NOT_OFFERED)

    wire = BUILDERS[case["case"]]()

    url = urlsplit(case["url"])
    theirs = dict(parse_qsl(url.query))
    ours = dict(wire.query)
    if case["method"] == "fetchOHLCV":
        assert int(ours.pop("endTime")) - int(ours["startTime"]) <= 60_000
    assert (wire.method, wire.path) == (case["http_method"], url.path)
    assert ours == theirs
    body = json.loads(wire.body) if wire.body else {}
    if "body" in case:
        extra = ALWAYS_OURS - case["body"].keys()
        assert {name: body[name] for name in body.keys() - extra} == case["body"]
    if "instruction" in case:
        text = signed_text(case["instruction"], body or dict(wire.query), **STAMP)
        assert dict(wire.headers)["X-Signature"] == Credentials(SECRET).signature(text)


# ---- replies ---------------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "fetchCurrencies": list[public_rows.AssetRow],
    "fetchPositions": list[account_rows.PositionRow],
    "cancelAllOrders": list[replies.OrderRow],
    "fetchOpenOrder": replies.OrderRow,
    "createOrder": replies.OrderRow,
    "fetchDeposits": list[history_rows.DepositRow],
    "fetchMyTrades": list[replies.FillRow],
    "fetchFundingRateHistory": list[public_rows.FundingRateRow],
    "fetchFundingRate": list[public_rows.MarkPriceRow],
    "fetchTicker": public_rows.TickerRow,
    "fetchBalance": dict[str, account_rows.BalanceRow],
}


def assert_row_keeps(row: Any, raw: dict[str, Any]) -> int:
    """Compare every field we know with the wire's; count them."""
    names = {field.encode_name: field.name for field in msgspec.structs.fields(row)}
    known = [name for name in raw if name in names]
    for name in known:
        assert_same(getattr(row, names[name]), raw[name])
    return len(known)


def assert_same(value: Any, raw: Any) -> None:
    """Compare a decoded value with what the wire says."""
    if isinstance(value, msgspec.Struct):
        assert assert_row_keeps(value, raw)
    elif isinstance(value, list | tuple):
        assert len(value) == len(raw)
        for each, one in zip(value, raw, strict=True):
            assert_same(each, one)
    elif isinstance(value, bool) or value is None:
        assert value is raw
    elif isinstance(value, Decimal):
        assert value == Decimal(str(raw))
    else:
        assert str(value) == str(raw)


def unquoted(value: Any, paths: list[str]) -> Any:
    """Write the fields as numbers that are numbers on the wire."""
    names = {path.rpartition(".")[2] for path in paths}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        return {
            name: int(each)
            if name in names and isinstance(each, str) and each.isdecimal()
            else walk(each)
            for name, each in node.items()
        }

    return walk(value)


@pytest.mark.parametrize("on_the_wire", [False, True], ids=["quoted", "numbers"])
@pytest.mark.parametrize("case", by_case("ccxt_response_cases.json"))
def test_reply_is_read_field_by_field(case: dict[str, Any], *, on_the_wire: bool) -> None:
    """Each known field equals the wire's, with quoted numbers and with real ones."""
    if case["method"] == "fetchWithdrawals":
        pytest.skip(NOT_OFFERED)
    raw = case["httpResponse"]
    raw = unquoted(raw, case["json_numbers_on_the_wire"]) if on_the_wire else raw
    body = json.dumps(raw).encode()
    if case["method"] == "fetchOHLCV":
        (candle,) = kline_rows(body)
        assert candle.start_secs * 1_000 == case["expected_by_ccxt"]["candle"][0]
        assert (candle.open, candle.high, candle.low, candle.close, candle.volume) == tuple(
            raw[0][name] for name in ("open", "high", "low", "close", "volume")
        )
        return

    found = read(body, KINDS[case["method"]])

    if case["method"] == "fetchBalance":
        assert [report.asset for report in replies.balance_reports(found, ACCOUNT, START)] == [
            "ETH",
            "USDC",
        ]
        found, raw = list(found.values()), list(raw.values())
    assert_same(found, raw)


def expected(number: int) -> tuple[Any, dict[str, Any]]:
    """Return a case's reply and what others read from it."""
    for case in load("ccxt_response_cases.json")["cases"]:
        if case["case"] == number:
            return json.dumps(case["httpResponse"]).encode(), case.get("expected_by_ccxt", {})
    raise AssertionError(number)


def test_replies_mean_what_others_read() -> None:
    """Times, states, averages and sizes of the cases that name them."""
    body, told = expected(13)
    order = replies.order_report(read(body, replies.OrderRow), ACCOUNT, START)
    assert order.ts_event == told["timestamp_ms"] * 1_000_000
    assert order.state is OrderState.FILLED
    assert read(body, replies.OrderRow).average_price == Decimal(str(told["average"]))
    body, told = expected(7)
    order = replies.order_report(read(body, replies.OrderRow), ACCOUNT, START)
    assert (order.state, order.ts_event) == (OrderState.ACCEPTED, told["timestamp_ms"] * 1_000_000)
    body, told = expected(3)
    (position,) = read(body, list[account_rows.PositionRow])
    assert position.net_quantity == Decimal(told["contracts"])
    assert position.liquidation_price is None
    body, told = expected(21)
    (fill,) = read(body, list[replies.FillRow])
    assert replies.fill_of(fill, ACCOUNT).ts_event == told["timestamp_ms"] * 1_000_000
    body, told = expected(19)
    (deposit,) = read(body, list[history_rows.DepositRow])
    assert (deposit.created_ts, deposit.is_done) == (told["timestamp_ms"] * 1_000_000, True)
    body, _ = expected(29)
    assert read(body, public_rows.TickerRow).change is None


REST_FILES: dict[str, Any] = {
    "rest_fundingRates_BTC_USDC_PERP.json": list[public_rows.FundingRateRow],
    "rest_history_funding_SOL.json": list[history_rows.FundingRow],
    "rest_openInterest_SOL_USDC_PERP.json": list[public_rows.OpenInterestRow],
    "rest_position_short_SOL.json": list[account_rows.PositionRow],
    "rest_status.json": public_rows.StatusRow,
}


@pytest.mark.parametrize("name", REST_FILES)
def test_recorded_reply_is_read_field_by_field(name: str) -> None:
    """Replies captured whole."""
    body = (FOLDER / name).read_bytes()

    assert_same(read(body, REST_FILES[name]), json.loads(body))


def test_short_position_is_signed_by_its_net_quantity() -> None:
    """The exposure of a short was unsigned on the wire."""
    body = (FOLDER / "rest_position_short_SOL.json").read_bytes()
    (row,) = read(body, list[account_rows.PositionRow])

    assert (row.net_quantity, row.net_exposure_quantity) == (Decimal("-0.01"), Decimal("0.01"))
    assert row.pnl_since_entry == Decimal("0.0495")


def test_markets_of_every_age_are_read() -> None:
    """Old rows lack fields, new rows have more; none is left out."""
    for name, rows in (
        ("rest_markets.json", load("rest_markets.json")),
        ("ccxt_markets.json", load("ccxt_markets.json")["markets"]),
    ):
        listed = market_replies.instruments_listed(json.dumps(rows).encode(), VENUE, START)
        assert len(listed.instruments) == len(rows), name
        for row, rules in zip(rows, listed.instruments, strict=True):
            assert str(rules.tick) == row["filters"]["price"]["tickSize"]
            assert str(rules.step) == row["filters"]["quantity"]["stepSize"]


def test_best_bid_of_a_recorded_book_is_its_last() -> None:
    """Both sides ascend."""
    body = (FOLDER / "rest_depth_BTC_USDC_PERP_limit5.json").read_bytes()
    book = market_replies.book_snapshot(body, MARKET, START)

    assert Decimal(book.bids[-1][0]) == max(Decimal(price) for price, _ in book.bids)
    assert Decimal(book.asks[0][0]) == min(Decimal(price) for price, _ in book.asks)
    assert book.last_id == int(json.loads(body)["lastUpdateId"])


@pytest.mark.parametrize(
    "error", [pytest.param(e, id=e["call"][:60]) for e in load("rest_errors.json")["errors"]]
)
def test_recorded_error_is_a_refusal_with_its_words(error: dict[str, Any]) -> None:
    """JSON or plain text: the code and the message reach a person."""
    body = error["body"]
    raw = body.encode() if error["content"] == "text" else json.dumps(body).encode()
    reply = Reply(error["status"], {}, raw)

    told = reply_error(reply)

    message = body if error["content"] == "text" else body["message"]
    assert told.message == message
    if error["status"] == 400:
        assert outcome_of(reply) is Outcome.REFUSED


def test_plain_text_replies() -> None:
    """Time and ping have no quotes."""
    assert replies.venue_time_ns((FOLDER / "rest_time.txt").read_bytes()) == 1790133798064 * 10**6
    assert (FOLDER / "rest_ping.txt").read_bytes() == b"pong"


# ---- frames ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, id=line.get("kind", line["raw"][:30])[:50])
        for name in (
            "ws_public_frames.jsonl",
            "ws_private_frames.jsonl",
            "ws_capture_markPrice_bookTicker.jsonl",
        )
        for line in lines(name)
    ],
)
def test_recorded_frame_is_read(line: dict[str, str]) -> None:
    """Every frame that was seen is known, well-formed and keeps its time and market."""
    data = json.loads(line["raw"])["data"]

    (body,) = decode(line["raw"].encode(), START, VENUE, ACCOUNT)

    assert not isinstance(body, UnknownFrame | MalformedFrame | VenueErrorFrame)
    assert getattr(body, "instrument", None) == f"there:{data['s']}"
    stamp = data["T"] if isinstance(data.get("T"), int) else data["E"]
    assert body.ts_event == stamp * 1_000
    if isinstance(body, DepthChanged):
        assert (body.first_id, body.last_id) == (data["U"], data["u"])
        assert [list(level) for level in body.bids] == data["b"]
    elif isinstance(body, QuoteSeen):
        assert (body.bid, body.ask_size, body.update_id) == (data["b"], data["A"], data["u"])
    elif isinstance(body, MarkPriceSeen):
        assert (body.mark_price, body.funding_rate) == (data["p"], data["f"])
    elif isinstance(body, OrderReport):
        assert body.venue_order_id == data["i"]
        assert body.state is not None
        assert body.filled_quantity.value == Decimal(data["z"])
    elif isinstance(body, PositionReport):
        assert body.quantity.value == Decimal(data["q"])
        assert body.entry_price == Price(data["B"])


def test_waiting_trigger_has_its_quantity() -> None:
    """`q` is 0 while a trigger waits; a share of the position is no number."""
    held = [
        body
        for line in lines("ws_private_frames.jsonl")
        for body in decode(line["raw"].encode(), START, VENUE, ACCOUNT)
        if isinstance(body, OrderReport) and '"P"' in line["raw"]
    ]

    assert {str(body.quantity) for body in held} == {"20.03", "0"}


def test_control_frames_are_as_recorded() -> None:
    """Subscribing and unsubscribing byte by byte; every refusal is an error frame."""
    for each in load("ws_control_frames.json")["client_to_server"]:
        if each["reply"]:
            (body,) = decode(each["reply"].encode(), START, VENUE)
            assert isinstance(body, VenueErrorFrame)
            continue
        frame = json.loads(each["raw"])
        assert control_frames(frame["method"], frame["params"]) == [each["raw"].encode()]
