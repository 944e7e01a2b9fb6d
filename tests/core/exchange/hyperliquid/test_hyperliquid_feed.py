"""Following wallets and markets through broken streams: nothing lost, nothing twice."""

import asyncio
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.effects import Query
from core.domain.errors import ConfigError, ConnectivityError, RequestRefused
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CandlesLoaded,
    DepthChanged,
    InstrumentsListed,
    LeaderFilled,
    QueryFailed,
    QueryKind,
    TradeSeen,
    UnknownFrame,
    VenueErrorFrame,
)
from core.domain.ids import InstrumentId, LeaderId, Symbol, VenueId
from core.domain.order import Side
from core.exchange.contract import FramePipe, PipeClosed, Reply, Wire
from core.exchange.hyperliquid import info
from core.exchange.hyperliquid.chain import Hole
from core.exchange.hyperliquid.codec import HyperliquidCodec
from core.exchange.hyperliquid.feed import FollowedWallet, WalletFeed
from core.exchange.hyperliquid.fills import WalletFill, grouped
from core.exchange.hyperliquid.paging import FillPager
from core.exchange.hyperliquid.stream import MarketStream
from core.exchange.hyperliquid.tracker import WalletTracker
from core.exchange.hyperliquid.venue import HyperliquidVenue
from core.runtime.clock import SystemClock

VENUE = VenueId("there")
WALLET = "0x" + "ab" * 20
NOW_MS = 1_790_000_000_000


class HandClock:
    """Stands at one instant."""

    def now(self) -> int:
        """Return UTC in ns."""
        return NOW_MS * 1_000_000

    def monotonic(self) -> int:
        """Return ns."""
        return 5


class FakePipe:
    """Frames a test puts in; breaks when told."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def push(self, frame: object) -> None:
        """Give the client a frame."""
        self._frames.put_nowait(json.dumps(frame).encode())

    def cut(self) -> None:
        """Break the pipe."""
        self._frames.put_nowait(None)

    async def send(self, frame: bytes) -> None:
        """Keep a frame."""
        self.sent.append(json.loads(frame))

    async def receive(self) -> bytes:
        """Wait for a frame. Raises PipeClosed."""
        frame = await self._frames.get()
        if frame is None:
            raise PipeClosed("1006")
        return frame

    async def ping(self) -> float:
        """Answer at once."""
        return 0.0

    async def close(self) -> None:
        """Close."""


class FakeServer:
    """The venue's REST by a function, and one pipe after the other."""

    def __init__(self, answer: Callable[[dict[str, Any]], object]) -> None:
        self.pipes: list[FakePipe] = []
        self._answer = answer

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Answer a question."""
        assert deadline_secs > 0
        assert (wire.method, wire.path) == ("POST", "/info")
        assert ("Content-Type", "application/json") in wire.headers
        return Reply(200, {}, json.dumps(self._answer(json.loads(wire.body))).encode())

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open a pipe."""
        assert deadline_secs > 0
        self.pipes.append(FakePipe())
        return self.pipes[-1]

    async def close(self) -> None:
        """Close."""


async def settled(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  conditions of many kinds, no event for each
            await asyncio.sleep(0.005)


def fill(number: int, time_ms: int, size: str, before: str, **changed: object) -> dict[str, Any]:
    """Write a fill as the wire has it; a negative size sells."""
    row = {
        "coin": "BTC",
        "px": "100.5",
        "sz": size.lstrip("-"),
        "side": "A" if size.startswith("-") else "B",
        "time": time_ms,
        "startPosition": before,
        "dir": "Open Long",
        "oid": number,
        "tid": number,
        "crossed": True,
        "fee": "0.1",
        "feeToken": "USDC",
        "hash": "0x0",
    }
    return row | changed


class Wallet:
    """The venue's side of one wallet."""

    def __init__(self) -> None:
        self.fills: list[dict[str, Any]] = []
        self.slices: list[dict[str, Any]] = []
        self.held: dict[str, str] = {}
        self.time = NOW_MS + 10_000

    def answer(self, question: dict[str, Any]) -> object:
        """Answer `info`."""
        if question["type"] == "clearinghouseState":
            rows = [
                {"type": "oneWay", "position": {"coin": c, "szi": s}} for c, s in self.held.items()
            ]
            return {"assetPositions": rows, "time": self.time}
        window = range(question["startTime"], question["endTime"] + 1)
        if question["type"] == "userFillsByTime":
            return [row for row in self.fills if row["time"] in window]
        return [{"fill": row, "twapId": 9} for row in self.slices if row["time"] in window]


def frame(channel: str, fills: list[dict[str, Any]], **more: object) -> dict[str, Any]:
    """Write a wallet's frame; addresses come in lower case."""
    return {"channel": channel, "data": {"user": WALLET, "fills": fills, **more}}


async def test_fills_missed_by_a_broken_stream_come_once_and_in_order() -> None:
    """Snapshot, news, an outage with fills of both kinds, and the same again."""
    wallet, seen, holes = Wallet(), list[Body](), list[Hole]()
    server = FakeServer(wallet.answer)
    old = fill(1, NOW_MS - 5, "3", "0")
    first = fill(2, NOW_MS + 5, "1", "3")
    missed = fill(3, NOW_MS + 6, "-6", "4", dir="Long > Short")
    child = fill(4, NOW_MS + 7, "-0.5", "-2", oid=77)
    last = fill(5, NOW_MS + 8, "2", "-2.5", dir="Close Short")
    wallet.fills, wallet.held = [old], {"BTC": "3"}
    followed = FollowedWallet(leader=LeaderId("l"), wallet=WALLET.upper().replace("X", "x"))
    feed = WalletFeed(
        VENUE, (followed,), server, HandClock(), seen.append, random.Random(0), on_hole=holes.append
    )

    async with feed:
        await settled(lambda: server.pipes and feed.trackers[WALLET].chain.positions)
        server.pipes[0].push(frame("userFills", [old], isSnapshot=True))
        server.pipes[0].push(frame("userFills", [first]))
        await settled(lambda: len(fills_of(seen)) == 1)
        server.pipes[0].cut()
        wallet.fills, wallet.slices = [old, first, missed], [child]
        wallet.held = {"BTC": "-2.5"}
        await settled(lambda: len(fills_of(seen)) == 3)
        server.pipes[1].push(frame("userFills", [missed, first, old], isSnapshot=True))
        server.pipes[1].push(frame("userFills", [last]))
        await settled(lambda: len(fills_of(seen)) == 4)

    news = fills_of(seen)
    assert [str(each.trade_id) for each in news] == ["2", "3", "4", "5"]
    assert [str(each.position_before) for each in news] == ["3", "4", "-2", "-2.5"]
    assert news[2].venue_order_id == "twap-9"
    assert (news[1].side, str(news[1].quantity)) == (Side.SELL, "6")
    assert holes == []
    subscribed = {each["subscription"]["type"] for each in server.pipes[1].sent}
    assert subscribed == {"userFills", "userTwapSliceFills", "clearinghouseState"}


def fills_of(seen: list[Body]) -> list[LeaderFilled]:
    """Pick the leader's fills."""
    return [body for body in seen if isinstance(body, LeaderFilled)]


async def test_position_that_differs_from_the_venues_word_is_a_hole() -> None:
    """A transfer, or fills nobody sent: noticed, and the venue is believed."""
    wallet, holes = Wallet(), list[Hole]()
    server = FakeServer(wallet.answer)
    wallet.held = {"BTC": "3"}
    followed = FollowedWallet(leader=LeaderId("l"), wallet=WALLET)
    feed = WalletFeed(
        VENUE,
        (followed,),
        server,
        HandClock(),
        lambda _: None,
        random.Random(0),
        on_hole=holes.append,
    )

    async with feed:
        await settled(lambda: server.pipes and feed.trackers[WALLET].chain.positions)
        state = {"assetPositions": [], "time": NOW_MS + 99_999}
        data = {"user": WALLET, "dex": "", "clearinghouseState": state}
        server.pipes[0].push({"channel": "clearinghouseState", "data": data})
        await settled(lambda: holes)

    assert (holes[0].coin, holes[0].expected, holes[0].stated) == ("BTC", Decimal(3), Decimal(0))
    assert feed.trackers[WALLET].chain.positions["BTC"] == 0


def test_more_wallets_than_the_venue_allows_are_refused() -> None:
    """Ten from one address."""
    many = tuple(FollowedWallet(leader=LeaderId("l"), wallet=f"0x{n}") for n in range(11))

    with pytest.raises(ConfigError, match="too many wallets"):
        WalletFeed(VENUE, many, FakeServer(str), HandClock(), lambda _: None, random.Random(0))


def made(number: int, time_ms: int) -> WalletFill:
    """Make a fill of one unit."""
    return WalletFill(
        wallet=WALLET,
        coin="BTC",
        side=Side.BUY,
        price=Decimal(1),
        quantity=Decimal(1),
        time_ms=time_ms,
        order_id=1,
        trade_id=number,
    )


@given(st.lists(st.integers(0, 30), max_size=80), st.integers(2, 9))
@settings(deadline=None)
def test_pages_lose_nothing_of_a_millisecond(times: list[int], size: int) -> None:
    """Unless one millisecond is longer than a page: then it is named."""
    history = [made(number, at) for number, at in enumerate(sorted(times), 1)]
    pager = FillPager(0, 100, page_rows=size)

    while (window := pager.next_window()) is not None:
        inside = [each for each in history if window[0] <= each.time_ms <= window[1]]
        pager.answered(inside[:size])

    too_many = {at for at in times if times.count(at) >= size}
    assert set(pager.cut_at) <= too_many
    lost = {each.key for each in history} - {each.key for each in pager.fills}
    assert {int(key[1]) for key in lost} <= {
        f.trade_id for f in history if f.time_ms in pager.cut_at
    }
    assert len(pager.fills) == len({each.key for each in pager.fills})


def test_two_wallets_trading_with_each_other_share_a_trade_id() -> None:
    """The key is wallet and trade; dust rows have no id and are told apart by what they say."""
    ours, theirs = made(7, 5), made(7, 5)

    assert ours.key == theirs.key
    other = WalletFill(
        wallet="0xother",
        coin="BTC",
        side=Side.SELL,
        price=Decimal(1),
        quantity=Decimal(1),
        time_ms=5,
        order_id=2,
        trade_id=7,
    )
    assert other.key != ours.key
    assert made(0, 5).key != made(0, 6).key


def test_child_fills_of_one_order_in_one_block_are_one_decision() -> None:
    """Quantity adds up, the price is the average by size."""
    tracker = WalletTracker(LeaderId("l"), VENUE, 0)
    children = [made(1, 5), made(2, 5), made(3, 6)]

    assert [len(group.fills) for group in grouped(children)] == [2, 1]
    news = tracker.take(children, 7)

    assert [str(each.quantity) for each in news] == ["2", "1"]
    assert tracker.take(children, 8) == []
    assert tracker.repeats == 3


def test_older_statement_does_not_undo_newer_fills() -> None:
    """The venue's answers may trail its stream: only coins nobody knew are taken from them."""
    tracker = WalletTracker(LeaderId("l"), VENUE, 0)
    tracker.take([made(1, 50)], 7)
    tracker.chain.state("BTC", Decimal(4))

    first = tracker.state({"BTC": Decimal(3), "SOL": Decimal(2)}, 40, starts=True)
    later = tracker.state({"BTC": Decimal(9)}, 45)

    assert (first, later) == ([], [])
    assert tracker.chain.positions == {"BTC": Decimal(4), "SOL": Decimal(2)}


BOOK = {
    "coin": "BTC",
    "time": 5,
    "levels": [[{"px": "10.0", "sz": "1", "n": 1}], [{"px": "11.0", "sz": "2", "n": 1}]],
}


def framed(channel: str, data: object) -> bytes:
    """Write a frame."""
    return json.dumps({"channel": channel, "data": data}).encode()


def test_whole_books_become_a_snapshot_and_changes() -> None:
    """A level that is not in the next book is deleted."""
    codec = HyperliquidCodec(VENUE)
    later = BOOK | {"levels": [[{"px": "9", "sz": "3", "n": 1}], BOOK["levels"][1]]}  # type: ignore[index]

    first = codec.decode(framed("l2Book", BOOK), 7)
    (change,) = codec.decode(framed("l2Book", later), 8)
    codec.forget_books()
    again = codec.decode(framed("l2Book", later), 9)

    assert [type(body) for body in first] == [BookSnapshotSeen, DepthChanged]
    assert isinstance(change, DepthChanged)
    assert isinstance(first[1], DepthChanged)
    assert change.bids == [("10.0", "0"), ("9", "3")]
    assert (change.asks, change.prev_id) == ([], first[1].last_id)
    assert isinstance(again[0], BookSnapshotSeen)


def test_repeated_prints_count_once_and_strangers_have_names() -> None:
    """The first frame after a subscription repeats the last seconds."""
    codec = HyperliquidCodec(VENUE)
    print_ = {"coin": "xyz:CL", "side": "A", "px": "1", "sz": "2", "time": 5, "tid": 9}

    (trade,) = codec.decode(framed("trades", [print_, print_]), 7)
    assert codec.decode(framed("trades", [print_]), 8) == []
    (error,) = codec.decode(framed("error", "Already subscribed: {}"), 8)
    (unknown,) = codec.decode(framed("news", {}), 8)

    assert isinstance(trade, TradeSeen)
    assert (trade.instrument, trade.aggressor_side) == ("there:xyz:CL", Side.SELL)
    assert isinstance(error, VenueErrorFrame)
    assert isinstance(unknown, UnknownFrame)
    assert codec.decode(b'{"channel":"pong"}', 8) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@given(st.sampled_from(["l2Book", "trades", "bbo", "error", "userFills", ""]), JSON, st.binary())
@settings(max_examples=200, deadline=None)
def test_decode_never_raises(channel: str, data: object, noise: bytes) -> None:
    """Any bytes give events."""
    codec = HyperliquidCodec(VENUE)
    codec.decode(framed(channel, data), 7)
    codec.decode(noise, 7)


def test_stream_pings_and_notices_silence() -> None:
    """The server sends no pings of its own; ours keep it, and show when it is gone."""
    stream = MarketStream(VENUE)
    stream.follow(Symbol("BTC"))
    stream.connected(0, 0)

    assert [json.loads(frame)["subscription"]["type"] for frame in stream.to_send()] == [
        "l2Book",
        "trades",
        "bbo",
    ]
    deadline = stream.next_deadline()
    assert deadline == 6_000_000_000
    assert stream.fault(deadline) == ""
    assert stream.to_send() == [b'{"method":"ping"}']
    assert "15 s" in stream.fault(15_000_000_000)


META = {
    "universe": [
        {"name": "BTC", "szDecimals": 5},
        {"name": "OLD", "szDecimals": 0, "isDelisted": True},
    ]
}


def market_answer(question: dict[str, Any]) -> object:
    """Answer what the public venue asks."""
    if question["type"] == "meta":
        return META
    if question["type"] == "l2Book":
        return BOOK if question["coin"] == "BTC" else None
    candle = {"t": 0, "T": 59_999, "s": "BTC", "i": "1m", "o": "1", "h": "1", "l": "1", "c": "1"}
    return [candle | {"v": "3", "n": 2}]


async def test_venue_subscribes_only_what_the_catalogue_names() -> None:
    """An unknown name would end the socket with everything on it."""
    seen, server = list[Body](), FakeServer(market_answer)
    market = InstrumentId("there:BTC")
    venue = HyperliquidVenue(VENUE, server, SystemClock(), seen.append, random.Random(0))

    async with venue:
        venue.subscribe(market)
        venue.subscribe(InstrumentId("there:btc"))
        await settled(lambda: server.pipes and len(server.pipes[0].sent) == 3)
        for number, kind in enumerate((QueryKind.BOOK_SNAPSHOT, QueryKind.CANDLES)):
            venue.query(Query(query_id=number, kind=kind, instrument=market, interval="1m"))
        unknown = InstrumentId("there:NOPE")
        venue.query(Query(query_id=3, kind=QueryKind.BOOK_SNAPSHOT, instrument=unknown))
        await settled(
            lambda: len([b for b in seen if isinstance(b, QueryFailed | CandlesLoaded)]) == 2
        )

    listed = next(body for body in seen if isinstance(body, InstrumentsListed))
    assert {each["subscription"]["coin"] for each in server.pipes[0].sent} == {"BTC"}
    assert [str(each.step) for each in listed.instruments] == ["0.00001", "1"]
    assert [str(each.tick) for each in listed.instruments] == ["0.1", "0.000001"]
    assert any(isinstance(body, BookSnapshotSeen) for body in seen)


def test_replies_say_whether_asking_again_helps() -> None:
    """A 500 that says null is a refusal there; 429 is not."""
    with pytest.raises(RequestRefused):
        info.checked(Reply(500, {}, b"null"))
    with pytest.raises(ConnectivityError):
        info.checked(Reply(429, {}, b""))
    with pytest.raises(RequestRefused):
        info.checked(Reply(422, {}, b"Failed to deserialize"))
