"""Conversations on the socket, reconnects, and following a leader."""

import asyncio
import json
import random

import pytest

from core.domain.events import (
    Body,
    ConnectionChanged,
    LeaderFilled,
    LinkState,
    LiquidationSeen,
    PositionReport,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import Asset, LeaderId, Symbol, TradeId, VenueOrderId
from core.domain.order import Fill, LiquiditySide, Side
from core.exchange.backoff import Backoff
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.leader import LeaderTracker
from core.exchange.backpack.public_stream import PublicStream
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream
from core.exchange.contract import FramePipe, Reply, TransportError, Wire
from core.exchange.session import keep_streaming
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    MARKET,
    SECRET,
    START,
    VENUE,
    HandClock,
    ScriptedPipe,
    kinds,
)

SECOND = 1_000_000_000
SYMBOL = Symbol("ETH_USDC_PERP")
TRADE = (
    b'{"data":{"E":5,"T":5,"a":"1","b":"2","e":"trade","m":false,"p":"1","q":"1",'
    b'"s":"ETH_USDC_PERP","t":9},"stream":"trade.ETH_USDC_PERP"}'
)
LOGIN_ERROR = b'{"id":null,"error":{"code":4005,"message":"Invalid signature"}}'


def private() -> PrivateStream:
    """Make the private conversation of the test account."""
    credentials = Credentials(SECRET)
    return PrivateStream(
        VENUE,
        BackpackCodec(VENUE, ACCOUNT),
        lambda ms: subscribe_signature(credentials, timestamp_ms=ms, window_ms=5_000),
        lambda: 2_000_000_000,
    )


def params(frames: list[bytes]) -> list[str]:
    """List the streams of control frames."""
    return [name for frame in frames for name in json.loads(frame)["params"]]


def test_followed_markets_are_subscribed_again_on_every_connection() -> None:
    """Liquidations go alone, because their name may be refused."""
    stream = PublicStream(VENUE)
    stream.follow(SYMBOL)
    assert stream.to_send() == []

    for _ in range(2):
        stream.connected(START, 0)
        frames = stream.to_send()
        stream.disconnected("1001", START)

        assert "depth.ETH_USDC_PERP" in params(frames[:1])
        assert params(frames[1:]) == ["liquidation.ETH_USDC_PERP", "liquidation"]
        assert len(frames) == 3


def test_following_later_wakes_the_writer() -> None:
    """On an open connection a new market is subscribed at once."""
    stream = PublicStream(VENUE)
    stream.connected(START, 0)
    stream.to_send()
    woken: list[bool] = []
    stream.wake = lambda: woken.append(True)

    stream.follow(SYMBOL)
    stream.follow(SYMBOL)
    stream.unfollow(SYMBOL)

    methods = [json.loads(frame)["method"] for frame in stream.to_send()]
    assert methods == ["SUBSCRIBE"] * 3 + ["UNSUBSCRIBE"] * 3
    assert woken == [True] * 4


def test_silence_of_a_public_stream_is_a_fault() -> None:
    """Whatever the pings say."""
    stream = PublicStream(VENUE)
    stream.follow(SYMBOL)
    stream.connected(START, 0)
    stream.receive(TRADE, START, 4 * SECOND)

    assert stream.next_deadline() == 19 * SECOND
    assert stream.fault(19 * SECOND - 1) == ""
    assert "15 s" in stream.fault(19 * SECOND)


def test_private_stream_logs_in_with_the_venues_time() -> None:
    """The signature is fresh on each connection and uses the corrected clock."""
    stream = private()

    stream.connected(START, 0)
    (login,) = stream.to_send()

    signature = json.loads(login)["signature"]
    assert signature[2:] == [str(START // 1_000_000 + 2_000), "5000"]
    assert "account.balanceUpdate" in params([login])


def test_error_after_login_is_a_failed_login() -> None:
    """No acknowledgement exists, so any error ends the conversation."""
    stream = private()
    stream.connected(START, 0)
    stream.events()

    stream.receive(LOGIN_ERROR, START, 0)
    assert "4005" in stream.fault(0)
    stream.disconnected("closed by us", START)

    error, down = stream.events()
    assert kinds([error]) == ["VenueErrorFrame"]
    assert isinstance(down, ConnectionChanged)
    assert "Invalid signature" in down.detail


def test_guessed_stream_name_that_is_invalid_is_no_news() -> None:
    """4006 answers the liquidation stream where it is named otherwise."""
    stream = PublicStream(VENUE)
    stream.connected(START, 0)
    stream.events()

    stream.receive(b'{"id":null,"error":{"code":4006,"message":"Invalid stream"}}', START, 0)

    assert stream.events() == []


def liquidation(stream: str, *, price: str = "18.70", symbol: str = SYMBOL) -> bytes:
    """Write a liquidation as one of the two streams tells it."""
    data = {"E": 1694688638091000, "S": "Bid", "T": 1694688638089000, "e": "liquidation"}
    data |= {"p": price, "q": "10", "s": symbol}
    return json.dumps({"data": data, "stream": stream}, separators=(",", ":")).encode()


def told_of(frames: list[bytes]) -> list[str]:
    """Let a follower of one market hear frames; return the prices of what is told."""
    stream = PublicStream(VENUE)
    stream.follow(SYMBOL)
    stream.connected(START, 0)
    stream.events()
    for frame in frames:
        stream.receive(frame, START, 0)
    return [body.price for body in stream.events() if isinstance(body, LiquidationSeen)]


OF_ALL, OF_ONE = "liquidation", f"liquidation.{SYMBOL}"


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ([liquidation(OF_ALL)], 1),
        ([liquidation(OF_ONE)], 1),
        ([liquidation(OF_ALL), liquidation(OF_ONE)], 1),
        ([liquidation(OF_ONE), liquidation(OF_ONE)], 2),
        ([liquidation(OF_ONE), liquidation(OF_ALL), liquidation(OF_ONE), liquidation(OF_ALL)], 2),
        ([liquidation(OF_ONE), liquidation(OF_ALL, price="18.71")], 2),
        ([liquidation(OF_ALL, symbol="BTC_USDC_PERP")], 0),
    ],
)
def test_liquidation_is_told_once_whichever_stream_tells_it(frames: list[bytes], told: int) -> None:
    """Both names are subscribed; markets nobody follows stay away."""
    assert len(told_of(frames)) == told


def test_stream_of_all_markets_lives_as_long_as_a_perpetual_is_followed() -> None:
    """Spot markets have no liquidations."""
    stream = PublicStream(VENUE)
    stream.connected(START, 0)
    other = Symbol("BTC_USDC_PERP")

    stream.follow(Symbol("ETH_USDC"))
    assert "liquidation" not in params(stream.to_send())
    stream.follow(SYMBOL)
    assert "liquidation" in params(stream.to_send())
    stream.follow(other)
    stream.unfollow(SYMBOL)
    assert "liquidation" not in params(stream.to_send())
    stream.unfollow(other)
    assert params(stream.to_send())[-1] == "liquidation"


class Line:
    """A transport whose streams are scripted; refuses when the script is over."""

    def __init__(self, scripts: list[list[bytes]]) -> None:
        self.pipes: list[ScriptedPipe] = []
        self.is_over = asyncio.Event()
        self._scripts = scripts

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Refuse. Raises TransportError."""
        raise TransportError(f"{wire.path} {deadline_secs}", sent=False)

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Open the next scripted pipe. Raises TransportError."""
        if not self._scripts:
            self.is_over.set()
            raise TransportError(f"no stream within {deadline_secs} s", sent=False)
        self.pipes.append(ScriptedPipe(self._scripts.pop(0)))
        return self.pipes[-1]

    async def close(self) -> None:
        """Close."""


async def test_session_reconnects_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt is connecting, up or not, down; frames in between are published."""
    line, published = Line([[TRADE], [TRADE, TRADE]]), list[Body]()
    stream = PublicStream(VENUE)
    stream.follow(SYMBOL)
    backoff = Backoff(random.Random(1))
    monkeypatch.setattr(backoff, "pause_secs", lambda _: 0.0)

    task = asyncio.create_task(keep_streaming(line, stream, HandClock(), published.append, backoff))
    await asyncio.wait_for(line.is_over.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    states = [body.state for body in published if isinstance(body, ConnectionChanged)]
    one_life = [LinkState.CONNECTING, LinkState.UP, LinkState.DOWN]
    assert states[:7] == [*one_life, *one_life, LinkState.CONNECTING]
    assert kinds(published).count("TradeSeen") == 3
    assert all("SUBSCRIBE" in pipe.sent[0].decode() for pipe in line.pipes)


def test_backoff_grows_to_a_cap_with_full_jitter_and_resets() -> None:
    """0.5 s doubling to 30 s; a connection that lived a minute starts over."""
    backoff = Backoff(random.Random(3))

    pauses = [backoff.pause_secs(0.0) for _ in range(200)]
    after_a_good_one = backoff.pause_secs(61.0)

    assert pauses[0] <= 0.5
    assert all(pause <= 0.5 * 2**number for number, pause in enumerate(pauses[:6]))
    assert 25 < max(pauses) <= 30
    assert min(pauses[10:]) < 3
    assert after_a_good_one <= 0.5


def fill(trade: str, ts: int, quantity: str = "1", side: Side = Side.BUY) -> Fill:
    """Write a fill of the leader."""
    return Fill(
        account=ACCOUNT,
        instrument=MARKET,
        venue_order_id=VenueOrderId("o"),
        client_order_id=None,
        trade_id=TradeId(trade),
        side=side,
        quantity=Quantity(quantity),
        price=Price("100"),
        fee=Amount(0),
        fee_asset=Asset("USDC"),
        liquidity_side=LiquiditySide.TAKER,
        ts_event=ts,
    )


def stated(quantity: str, ts: int) -> PositionReport:
    """Write a position of the leader."""
    return PositionReport(
        ts_event=ts,
        ts_recv=ts,
        account=ACCOUNT,
        instrument=MARKET,
        quantity=Quantity(quantity),
        entry_price=None,
    )


def before(filled: LeaderFilled | None) -> str | None:
    """Return the position before a fill as text."""
    assert filled is not None
    return None if filled.position_before is None else str(filled.position_before)


def test_leader_fill_is_told_once() -> None:
    """Stream and history overlap."""
    tracker = LeaderTracker(LeaderId("l"), 0)

    assert tracker.fill(fill("1", 10), 11) is not None
    assert tracker.fill(fill("1", 10), 12) is None
    assert tracker.cursor == 10


def test_position_before_runs_along_the_fills() -> None:
    """Reports of one instant come before or after the fills they hold."""
    tracker = LeaderTracker(LeaderId("l"), 0)
    tracker.positions([], at=5)

    tracker.position(stated("1", 10))
    assert before(tracker.fill(fill("1", 10), 10)) == "0"
    assert before(tracker.fill(fill("2", 10), 10)) == "1"
    tracker.position(stated("2", 10))
    assert before(tracker.fill(fill("3", 20, "3", Side.SELL), 20)) == "2"
    assert before(tracker.fill(fill("4", 30), 30)) == "-1"


def test_statement_between_two_fills_corrects_the_sum() -> None:
    """A fill that was missed shows in the next position the venue states."""
    tracker = LeaderTracker(LeaderId("l"), 0)
    tracker.positions([stated("0", 5)], at=5)
    tracker.fill(fill("1", 10), 10)

    tracker.position(stated("4", 15))

    assert before(tracker.fill(fill("3", 20), 20)) == "4"


def test_position_nobody_stated_is_unknown() -> None:
    """Unknown is None, never zero."""
    assert before(LeaderTracker(LeaderId("l"), 0).fill(fill("1", 10), 10)) is None
