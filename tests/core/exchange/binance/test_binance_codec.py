"""Binance's frames as events: one of each kind, and whatever else may come."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    LiquidationSeen,
    MalformedFrame,
    MarkPriceSeen,
    QuoteSeen,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import InstrumentId, Symbol, VenueId
from core.domain.order import Side
from core.exchange.binance import rest
from core.exchange.binance.codec import BinanceCodec
from core.exchange.binance.constants import BinanceMarket
from core.exchange.binance.stream import BinanceStream

VENUE = VenueId("somewhere")
MS = 1_000_000
DEPTH = {
    "e": "depthUpdate",
    "E": 1_700_000_000_005,
    "T": 1_700_000_000_003,
    "s": "AAAUSDT",
    "U": 11,
    "u": 15,
    "pu": 9,
    "b": [["10.5", "1"]],
    "a": [],
}


def framed(stream: str, data: dict[str, Any]) -> bytes:
    """Write a combined-stream frame."""
    return json.dumps({"stream": stream, "data": data}).encode()


def decoded(stream: str, data: dict[str, Any]) -> Body:
    """Decode a frame twice: the first of a stream goes another way than the rest."""
    codec, frame = BinanceCodec(VENUE), framed(stream, data)
    (first,) = codec.decode(frame, 7)
    (second,) = codec.decode(frame, 7)
    assert first == second
    return first


def test_futures_depth_keeps_its_chain() -> None:
    """`pu` becomes `prev_id`; levels stay text."""
    body = decoded("aaausdt@depth@0ms", DEPTH)

    assert isinstance(body, DepthChanged)
    assert (body.first_id, body.last_id, body.prev_id) == (11, 15, 9)
    assert body.bids == [("10.5", "1")]
    assert (body.ts_event, body.ts_recv) == (1_700_000_000_003 * MS, 7)
    assert body.instrument == "somewhere:AAAUSDT"


def test_spot_depth_has_contiguous_ids() -> None:
    """Without `pu` there is no chain, and without `T` the event time counts."""
    data = {key: value for key, value in DEPTH.items() if key not in {"pu", "T"}}

    body = decoded("aaausdt@depth@100ms", data)

    assert isinstance(body, DepthChanged)
    assert (body.prev_id, body.ts_event) == (None, 1_700_000_000_005 * MS)


def test_quotes_come_with_and_without_a_time() -> None:
    """The spot form has neither `e` nor `E`: then the receive time stands in."""
    quote = {"u": 5, "s": "AAAUSDT", "b": "1", "B": "2", "a": "3", "A": "4"}

    bare = decoded("aaausdt@bookTicker", quote)
    timed = decoded("aaausdt@bookTicker", quote | {"e": "bookTicker", "T": 8, "E": 9})

    assert isinstance(bare, QuoteSeen)
    assert isinstance(timed, QuoteSeen)
    assert (bare.ts_event, timed.ts_event) == (7, 8 * MS)
    assert (bare.bid, bare.bid_size, bare.ask, bare.ask_size) == ("1", "2", "3", "4")


def test_trades_name_the_aggressor() -> None:
    """`m` says that the buyer was the maker: then somebody sold."""
    trade = {"e": "trade", "E": 9, "T": 8, "s": "AAAUSDT", "p": "1", "q": "2", "m": True}

    body = decoded("aaausdt@trade", trade | {"t": 3, "X": "MARKET"})
    joined = decoded("aaausdt@aggTrade", trade | {"a": 4, "m": False})

    assert isinstance(body, TradeSeen)
    assert isinstance(joined, TradeSeen)
    assert (body.trade_id, body.aggressor_side) == (3, Side.SELL)
    assert (joined.trade_id, joined.aggressor_side) == (4, Side.BUY)


def test_prints_outside_the_book_are_no_trades() -> None:
    """The insurance fund and auto-deleveraging are not the market's."""
    trade = {"T": 8, "s": "AAAUSDT", "t": 3, "p": "0", "q": "0", "m": True, "X": "NA"}

    assert BinanceCodec(VENUE).decode(framed("aaausdt@trade", trade), 7) == []


def test_candle_ends_where_the_next_begins() -> None:
    """`T` is the last millisecond, our end is exclusive; no trades, no prices."""
    data = {"t": 60_000, "T": 119_999, "i": "1m", "o": "1", "h": "3", "l": "1", "c": "2"}
    kline = {"e": "kline", "E": 9, "s": "AAAUSDT", "k": data | {"v": "5", "x": False, "n": 4}}

    body = decoded("aaausdt@kline_1m", kline)
    kline["k"] = data | {"v": "0", "x": False, "n": 0}
    empty = decoded("aaausdt@kline_1m", kline)

    assert isinstance(body, CandleSeen)
    assert isinstance(empty, CandleSeen)
    assert (body.start_ts, body.end_ts, body.high) == (60_000 * MS, 120_000 * MS, "3")
    assert empty.close is None


def test_marks_tickers_and_liquidations() -> None:
    """The slower streams of futures."""
    mark = {"e": "markPriceUpdate", "E": 9, "s": "AAAUSDT", "p": "1", "i": "2", "r": "0.1", "T": 5}
    ticker = {"e": "24hrTicker", "E": 9, "s": "AAAUSDT", "o": "1", "c": "2", "h": "3", "l": "1"}
    order = {"s": "AAAUSDT", "S": "BUY", "p": "1", "q": "2", "T": 4}

    bodies = [
        decoded("aaausdt@markPrice@1s", mark),
        decoded("aaausdt@ticker", ticker | {"v": "5", "q": "6"}),
        decoded("aaausdt@forceOrder", {"e": "forceOrder", "E": 9, "o": order}),
    ]

    assert [type(body) for body in bodies] == [MarkPriceSeen, TickerSeen, LiquidationSeen]


def test_recorded_snapshot_is_of_the_market_whose_deltas_came() -> None:
    """A book from REST names no market; one that comes first waits for a name."""
    snapshot = b'{"lastUpdateId":12,"bids":[["10","1"]],"asks":[["11","1"]]}'
    codec, early = BinanceCodec(VENUE), BinanceCodec(VENUE)
    codec.decode(framed("aaausdt@depth", DEPTH), 7)

    (after,) = codec.decode(snapshot, 8)
    assert early.decode(snapshot, 6) == []
    _, named = early.decode(framed("aaausdt@depth", DEPTH), 7)

    assert isinstance(after, BookSnapshotSeen)
    assert isinstance(named, BookSnapshotSeen)
    assert (after.instrument, after.last_id) == ("somewhere:AAAUSDT", 12)
    assert named.instrument == "somewhere:AAAUSDT"


def test_answers_errors_and_strangers_have_names() -> None:
    """Nothing is dropped silently but the answer to a request."""
    codec = BinanceCodec(VENUE)

    assert codec.decode(b'{"result":null,"id":1}', 7) == []
    (error,) = codec.decode(b'{"error":{"code":2,"msg":"Invalid request"},"id":1}', 7)
    (unknown,) = codec.decode(framed("aaausdt@newThing", {"e": "newThing"}), 7)
    (other,) = codec.decode(b"{}", 7)

    assert isinstance(error, VenueErrorFrame)
    assert isinstance(unknown, UnknownFrame)
    assert isinstance(other, UnknownFrame)


def test_broken_depth_frame_names_its_market() -> None:
    """The book it concerns has to resync."""
    (body,) = BinanceCodec(VENUE).decode(framed("aaausdt@depth", DEPTH)[:-20], 7)

    assert isinstance(body, MalformedFrame)
    assert body.instrument == "somewhere:AAAUSDT"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=200, deadline=None)
def test_decode_never_raises(frame: bytes) -> None:
    """Any bytes give events."""
    BinanceCodec(VENUE).decode(frame, 7)


@given(
    st.sampled_from(["depth", "bookTicker", "trade", "kline_1m", "markPrice", "ticker"]),
    st.dictionaries(st.sampled_from(list("sEUuTbapqtmki")), JSON, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_decode_never_raises_inside_known_streams(kind: str, data: dict[str, Any]) -> None:
    """Any body under a known stream gives events."""
    BinanceCodec(VENUE).decode(framed(f"aaausdt@{kind}", data), 7)


def test_stream_follows_markets_on_every_connection() -> None:
    """What is followed is subscribed again after a reconnect."""
    stream = BinanceStream(VENUE, BinanceMarket.SPOT)
    stream.follow(Symbol("AAAUSDT"))

    for _ in range(2):
        stream.connected(0, 0)
        (frame,) = stream.to_send()
        stream.disconnected("closed", 0)

        assert json.loads(frame)["method"] == "SUBSCRIBE"
        assert "aaausdt@depth@100ms" in json.loads(frame)["params"]


def test_rest_reads_books_and_candles() -> None:
    """The whole book, and rows of candles."""
    row = [60_000, "1", "3", "1", "2", "5", 119_999, "9", 4, "1", "1", "0"]
    instrument = stream_instrument()

    candles = rest.candles_loaded(json.dumps([row]).encode(), instrument, "1m", 7)
    book = rest.book_snapshot(b'{"lastUpdateId":3,"bids":[],"asks":[]}', instrument, 7)
    wire = rest.depth_request(BinanceMarket.USDM, Symbol("AAAUSDT"))

    assert (candles.candles[0].open, candles.candles[0].end_ts) == ("1", 120_000 * MS)
    assert book.last_id == 3
    assert (wire.path, wire.query[0]) == ("/fapi/v1/depth", ("symbol", "AAAUSDT"))


def stream_instrument() -> InstrumentId:
    """Name a market the way the codec does."""
    body = decoded("aaausdt@depth", DEPTH)
    assert isinstance(body, DepthChanged)
    return body.instrument
