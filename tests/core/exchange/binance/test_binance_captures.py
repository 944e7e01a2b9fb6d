"""Captures with their REST replies, and coin-margined contracts, replay without fault."""

import gzip
import json
from decimal import Decimal
from itertools import count
from pathlib import Path

import msgspec
import pytest

from core.domain.effects import Query
from core.domain.events import InstrumentsListed, MalformedFrame
from core.domain.exact import Price, Quantity
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, VenueId
from core.domain.instrument import InstrumentKind, MarketState
from core.domain.views import BookState
from core.exchange.binance.capture import BinanceCapture
from core.exchange.binance.catalogue import base_amount, catalogue_request, instruments_listed
from core.exchange.binance.constants import BinanceMarket
from core.exchange.replay import ReplayDecoder
from core.market.recording import Recording
from core.market.room import MarketRoom

MARKET = Path(__file__).parents[4] / ".." / "shared" / "fixtures" / "market"
CAPTURES = [
    ("binance-spot", "ws/binance.jsonl.gz", 271),
    ("binance-usdm", "ws/binance_futures.jsonl.gz", 1_541),
]
COINM = MARKET / "l2" / "binance-cm_btcusd-perp_2024-08-08.tslog.gz"
needs_recordings = pytest.mark.skipif(
    not MARKET.is_dir(), reason="recorded market data is not here"
)


def replayed(kind: str, path: Path) -> tuple[MarketRoom, Recording, int]:
    """Run one recording through codec and market room."""
    decoder = ReplayDecoder(kind, VenueId(kind))
    room, recording, at = MarketRoom(count(1), can_query=False), Recording(path), 0
    handlers = room.handlers()
    for recv_ns, message in recording:
        at = max(at, recv_ns)
        for body in decoder.decode(message, recv_ns):
            assert not any(isinstance(e, Query) for e in handlers[type(body)](body, at))
    return room, recording, at


def assert_clean(room: MarketRoom) -> None:
    """Check that every counter of trouble is zero."""
    counted = room.counters.as_dict()
    assert {k: v for k, v in counted.items() if v and k != "snapshots"} == {}


@needs_recordings
@pytest.mark.parametrize(("kind", "name", "lines"), CAPTURES)
def test_capture_with_its_snapshots_has_no_gap_and_no_crossed_book(
    kind: str, name: str, lines: int
) -> None:
    """Four books each, started by the replies the capture holds."""
    room, recording, at = replayed(kind, MARKET / name)

    touches = [room.touch(instrument, at) for instrument in room.instruments()]

    assert (recording.lines, recording.broken_lines, recording.fault) == (lines, 0, "")
    assert_clean(room)
    assert room.counters.snapshots == 4
    assert len(touches) == 4
    assert all(touch and touch.book_state is BookState.VALID for touch in touches)


@needs_recordings
def test_coin_margined_recording_has_no_gap_and_ends_with_its_own_last_quote() -> None:
    """26,847 depth frames of contracts, chained by `pu`, from a snapshot that came late."""
    room, recording, at = replayed("binance-coinm", COINM)
    with gzip.open(COINM, "rt") as stream:
        depths = [json.loads(line.split(" ", 1)[1]) for line in stream if "depthUpdate" in line]

    touch = room.touch(InstrumentId("binance-coinm:BTCUSD_PERP"), at)

    assert (recording.lines, recording.broken_lines) == (48_270, 0)
    assert_clean(room)
    assert room.counters.snapshots == 1
    assert touch is not None
    assert touch.book_state is BookState.VALID
    assert touch.best_bid is not None
    assert touch.best_ask is not None
    bids = {Decimal(p) for d in depths for p, size in d["data"]["b"] if size != "0"}
    assert Decimal(touch.best_bid) / UNIT in bids
    assert touch.best_bid < touch.best_ask
    assert touch.bid_size is not None
    assert touch.bid_size % UNIT == 0, "contracts are whole"


def test_replies_that_are_no_books_are_no_data() -> None:
    """Catalogues, connects and sent frames say nothing of the market; a broken one is named."""
    capture = BinanceCapture(VenueId("there"))
    lines = [
        {"t": "http", "url": "https://x/api/v3/exchangeInfo", "data": "{}"},
        {"t": "connect", "url": "wss://x"},
        {"t": "send", "data": "{}"},
    ]

    quiet = [capture.decode(json.dumps(line, separators=(",", ":")).encode(), 7) for line in lines]
    (broken,) = capture.decode(b'{"t":"http","url":"https://x/depth?symbol=A","data":"{}"}', 7)
    (cut,) = capture.decode(b'{"t":"recv","data":', 7)

    assert quiet == [[], [], []]
    assert isinstance(broken, MalformedFrame)
    assert isinstance(cut, MalformedFrame)


def catalogue(**changed: object) -> bytes:
    """Write a catalogue with one market, and one row nobody can read."""
    row = {
        "symbol": "BTCUSD_PERP",
        "baseAsset": "BTC",
        "quoteAsset": "USD",
        "contractStatus": "TRADING",
        "contractType": "PERPETUAL",
        "contractSize": 100,
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
            {"filterType": "LOT_SIZE", "stepSize": "1", "minQty": "1", "maxQty": "1000000"},
        ],
    }
    return msgspec.json.encode({"symbols": [row | changed, {"symbol": "X"}]})


def test_inverse_contract_states_its_multiplier() -> None:
    """Sizes are contracts of 100 dollars: the instrument is no plain perpetual."""
    listed = instruments_listed(catalogue(), VenueId("there"), BinanceMarket.COINM, 7)

    assert isinstance(listed, InstrumentsListed)
    (found,) = listed.instruments
    assert (found.kind, found.contract_multiplier) == (InstrumentKind.OTHER, Decimal(100))
    assert (found.state, found.step) == (MarketState.OPEN, Quantity(1))
    assert base_amount(Quantity(5), Price("50000"), found.contract_multiplier).value == Decimal(
        "0.01"
    )


def test_spot_and_linear_markets_have_multiplier_one() -> None:
    """Sizes there are base units."""
    linear = catalogue(contractSize=None)
    spot = catalogue(contractSize=None, contractType="", contractStatus="", status="BREAK")

    (perpetual,) = instruments_listed(linear, VenueId("t"), BinanceMarket.USDM, 7).instruments
    (coin,) = instruments_listed(spot, VenueId("t"), BinanceMarket.SPOT, 7).instruments

    assert (perpetual.kind, perpetual.contract_multiplier) == (InstrumentKind.PERPETUAL, Decimal(1))
    assert (coin.kind, coin.state) == (InstrumentKind.SPOT, MarketState.CLOSED)
    assert catalogue_request(BinanceMarket.COINM).path == "/dapi/v1/exchangeInfo"
