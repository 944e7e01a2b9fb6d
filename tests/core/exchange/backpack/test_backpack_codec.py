"""Backpack's frames as events: recorded ones, composed ones, and any bytes at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.events import (
    BalanceReport,
    Body,
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    OpenInterestSeen,
    OrderReport,
    PositionReport,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import InstrumentId
from core.domain.order import LiquiditySide, OrderState, OrderType, Side, TimeInForce
from core.exchange.backpack.codec import BackpackCodec, decode, recorded_snapshot
from tests.core.exchange.backpack.backpack_rig import ACCOUNT, FIXTURES, VENUE

COMPOSED = Path(__file__).parents[3] / "fixtures" / "backpack_frames.json"
RECORDED = [
    "backpack/ws_public_frames.jsonl",
    "backpack/ws_private_frames.jsonl",
    "backpack/ws_capture_markPrice_bookTicker.jsonl",
    "market/ws/backpack_frames.jsonl",
]
US = 1_000


def composed(name: str) -> Any:
    """Decode one of our own frames, twice: the first of a stream goes another way."""
    frame = json.dumps(json.loads(COMPOSED.read_text())[name], separators=(",", ":")).encode()
    codec = BackpackCodec(VENUE, ACCOUNT)
    (first,) = codec.decode(frame, 7)
    (second,) = codec.decode(frame, 7)
    assert first == second
    return first


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recorded frames are not here")
@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_frame_is_known(name: str) -> None:
    """Nothing recorded is malformed or unknown."""
    for line in (FIXTURES / name).read_text().splitlines():
        (body,) = decode(json.loads(line)["raw"].encode(), 7, VENUE, ACCOUNT)
        assert not isinstance(body, MalformedFrame | UnknownFrame), line


def test_depth_passes_its_texts_through() -> None:
    """Levels stay what the wire wrote; times become ns."""
    body = composed("depth")

    assert isinstance(body, DepthChanged)
    assert (body.first_id, body.last_id, body.prev_id) == (41, 44, None)
    assert body.bids == [("100.10", "2.000"), ("100.00", "0.000")]
    assert body.asks == []
    assert (body.ts_event, body.ts_recv) == (1_700_000_000_000_010 * US, 7)
    assert body.instrument == "there:AAA.X_USDC_PERP"


def test_quote_may_lack_a_side() -> None:
    """A side is None when its book is empty."""
    body = composed("bookTicker")

    assert isinstance(body, QuoteSeen)
    assert (body.bid, body.bid_size, body.ask, body.ask_size) == (None, None, "3", "4")


def test_trade_names_the_aggressor() -> None:
    """`m` false: the buyer took."""
    body = composed("trade")

    assert isinstance(body, TradeSeen)
    assert (body.trade_id, body.aggressor_side, body.price) == (12, Side.BUY, "100.5")


def test_candle_is_keyed_by_its_start() -> None:
    """`t` is the start, the interval stands in the stream's name."""
    body = composed("kline")

    assert isinstance(body, CandleSeen)
    assert (body.interval, body.start_ts) == ("15m", 1_699_999_200 * 1_000_000_000)
    assert (body.open, body.volume, body.is_closed) == (None, "0", False)


def test_slower_public_streams() -> None:
    """Ticker, mark price, open interest, liquidation."""
    ticker, mark = composed("ticker"), composed("markPrice")
    interest, liquidation = composed("openInterest"), composed("liquidation")

    assert isinstance(ticker, TickerSeen)
    assert isinstance(mark, MarkPriceSeen)
    assert isinstance(interest, OpenInterestSeen)
    assert isinstance(liquidation, LiquidationSeen)
    assert (ticker.open, ticker.last, ticker.quote_volume) == ("90", "100", "500")
    assert (mark.funding_rate, mark.next_funding_ts) == ("0.0001", 1_700_003_600_000 * 1_000_000)
    assert (interest.quantity, liquidation.side) == ("8.5", Side.SELL)


def test_fill_carries_this_fill_and_the_sum() -> None:
    """`l` and `L` are of this fill, `z` is the sum."""
    body = composed("orderFill")

    assert isinstance(body, OrderReport)
    assert (body.state, body.filled_quantity) == (OrderState.PARTIAL, Quantity("0.003"))
    assert (body.client_order_id, body.venue_order_id) == (99, "812")
    assert (body.order_type, body.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    assert body.fill is not None
    assert (body.fill.quantity, body.fill.price) == (Quantity("0.001"), Price("100.5"))
    assert (body.fill.fee, body.fill.fee_asset) == (Amount("-0.01"), "USDC")
    assert (body.fill.trade_id, body.fill.liquidity_side) == ("31", LiquiditySide.MAKER)
    assert not body.fill.is_system


def test_liquidation_of_ours_is_marked_as_the_venues_doing() -> None:
    """Every origin but USER is the venue's; its fills may lack a trade id."""
    body = composed("orderFill by the venue")

    assert isinstance(body, OrderReport)
    assert body.fill is not None
    assert body.fill.is_system
    assert body.fill.trade_id is None
    assert body.fill.liquidity_side is LiquiditySide.UNKNOWN


def test_status_nobody_knows_is_no_failure() -> None:
    """A new word means: ask. It never means rejected."""
    body = composed("orderFill by the venue")

    assert isinstance(body, OrderReport)
    assert body.state is None


def test_positions_and_balances() -> None:
    """Net quantity is signed; the entry price is the capital B; staked counts as locked."""
    position, balance = composed("position"), composed("balance")

    assert isinstance(position, PositionReport)
    assert isinstance(balance, BalanceReport)
    assert (position.quantity, position.entry_price) == (Quantity("-2"), Price("99.5"))
    assert (balance.available, balance.locked) == (Amount("122.35"), Amount("11"))


def test_recorded_book_is_read_back() -> None:
    """A recording holds the books that came by REST, in a form of our own."""
    snapshot = BookSnapshotSeen(
        ts_event=5_000,
        ts_recv=7,
        instrument=InstrumentId("there:AAA_USDC"),
        last_id=69,
        bids=[("1", "2")],
        asks=[],
    )

    assert decode(recorded_snapshot(snapshot), 7, VENUE) == [snapshot]


def test_quoted_numbers_are_numbers() -> None:
    """Some recorders quote ids and times; some servers do not quote amounts."""
    frame = (
        b'{"data":{"A":1.5,"E":"5","L":0,"S":"0","T":"6","a":"USDC","e":"balanceUpdate"},'
        b'"stream":"account.balanceUpdate"}'
    )

    (body,) = decode(frame, 7, VENUE, ACCOUNT)

    assert isinstance(body, BalanceReport)
    assert (body.available, body.ts_event) == (Amount("1.5"), 6 * US)


def test_errors_strangers_and_broken_frames_have_names() -> None:
    """An unknown stream is unknown, a broken depth frame names its market."""
    codec = BackpackCodec(VENUE)

    (error,) = codec.decode(b'{"id":null,"error":{"code":4006,"message":"Invalid stream"}}', 7)
    (stranger,) = codec.decode(b'{"data":{"e":"new"},"stream":"news.X"}', 7)
    (private,) = codec.decode(b'{"data":{"s":"X"},"stream":"account.orderUpdate"}', 7)
    (cut,) = codec.decode(b'{"data":{"e":"depth","s":"AAA_USDC","U":4,"u":', 7)

    assert isinstance(error, VenueErrorFrame)
    assert (error.code, error.message) == (4006, "Invalid stream")
    assert isinstance(stranger, UnknownFrame)
    assert isinstance(private, UnknownFrame)
    assert isinstance(cut, MalformedFrame)
    assert cut.instrument == "there:AAA_USDC"


@pytest.mark.parametrize("value", ['"NaN"', '"Infinity"', '"x"', "null", "[]"])
def test_amount_that_is_none_is_a_malformed_frame(value: str) -> None:
    """Private numbers are exact and finite, or the frame is bad."""
    frame = f'{{"data":{{"A":{value},"L":"0","T":6,"a":"USDC"}},"stream":"account.balanceUpdate"}}'

    (body,) = decode(frame.encode(), 7, VENUE, ACCOUNT)

    assert isinstance(body, MalformedFrame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
STREAMS = [
    *("depth.X", "bookTicker.X", "trade.X", "kline.1m.X", "ticker.X", "markPrice.X", "liquidation"),
    *("openInterest.X", "account.orderUpdate.X", "account.positionUpdate", "account.balanceUpdate"),
]


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=200, deadline=None)
def test_decode_never_raises(frame: bytes) -> None:
    """Any bytes give events."""
    assert decode(frame, 7, VENUE, ACCOUNT)


@given(
    st.sampled_from(STREAMS),
    st.dictionaries(st.sampled_from(list("sEUuTbaABpqtmifnoOzclLNSXy")), JSON, max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_decode_never_raises_inside_known_streams(stream: str, data: dict[str, Any]) -> None:
    """Any body under a known stream gives events."""
    frame = json.dumps({"data": data, "stream": stream}).encode()
    bodies: list[Body] = decode(frame, 7, VENUE, ACCOUNT)
    assert len(bodies) == 1
