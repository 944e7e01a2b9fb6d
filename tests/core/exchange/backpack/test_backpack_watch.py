"""Silence and who notices it; books against REST; many markets on several sockets; health."""

import asyncio
import json
import random
from collections.abc import Callable

import pytest

from core.domain.events import (
    BookSnapshotSeen,
    MalformedFrame,
    OrderReport,
    QuoteSeen,
    VenueErrorFrame,
)
from core.domain.exact import Quantity
from core.domain.ids import InstrumentId, Symbol, VenueOrderId
from core.domain.order import OrderState, Side
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.backpack.cross_check import TopOfBooks, Verdict
from core.exchange.backpack.health import HealthDesk, VenueState
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.public_stream import PublicStream
from core.exchange.backpack.service import ServiceWatch
from core.exchange.backpack.shards import Shards
from core.exchange.backpack.signing import Credentials, subscribe_signature
from core.exchange.backpack.stream import PrivateStream
from core.exchange.backpack.venue import BackpackVenue
from core.exchange.backpack.venue_settings import VenueSettings
from core.exchange.backpack.watch import StreamWatch, WatchLimits
from core.exchange.contract import Reply, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    MARKET,
    SECRET,
    START,
    VENUE,
    HandClock,
    ScriptedTransport,
    client_on,
    reply,
)

SECOND = 1_000_000_000
ETH = Symbol("ETH_USDC_PERP")


def frame(stream: str, **data: object) -> bytes:
    """Write a frame of the market."""
    body = {"s": str(ETH), **data}
    return json.dumps({"data": body, "stream": f"{stream}.{ETH}"}).encode()


def ticker(stamp: int) -> bytes:
    """Write a ticker."""
    numbers = dict.fromkeys(("o", "c", "h", "l", "v", "V"), "1")
    return frame("ticker", E=stamp, **numbers)


def mark(stamp: int) -> bytes:
    """Write a mark price."""
    return frame("markPrice", E=stamp, T=stamp, p="1")


def quote(update: int, stamp: int) -> bytes:
    """Write a best bid and ask."""
    return frame("bookTicker", u=update, T=stamp, b="1", B="1", a="2", A="1")


def depth(update: int, stamp: int) -> bytes:
    """Write a depth frame."""
    return frame("depth", U=update, u=update, T=stamp, b=[], a=[])


def following(*symbols: Symbol) -> PublicStream:
    """Make a connected stream that follows these."""
    stream = PublicStream(VENUE)
    for symbol in symbols or (ETH,):
        stream.follow(symbol)
    stream.connected(START, 0)
    stream.tick(START, 0)
    stream.to_send()
    stream.events()
    return stream


def subscribed(stream: PublicStream) -> list[str]:
    """Return what the stream asks for now."""
    return [name for each in stream.to_send() for name in json.loads(each)["params"]]


def test_frames_with_old_stamps_are_no_sign_of_life() -> None:
    """A server that repeats itself is a dead feed, whatever the rate."""
    stream = following()
    for second in range(15):
        stream.receive(ticker(7), START, second * SECOND)

    assert "nothing new" in stream.fault(15 * SECOND)
    stream.receive(ticker(8), START, 15 * SECOND)
    assert stream.fault(15 * SECOND) == ""


def test_stream_that_never_delivers_is_asked_for_again_ever_more_seldom() -> None:
    """It is told, and the others go on: its market may be closed."""
    stream = following()
    asked = []
    for second in range(1, 120):
        stream.receive(ticker(second), START, second * SECOND)
        stream.tick(START, second * SECOND)
        asked += [second] * subscribed(stream).count("markPrice.ETH_USDC_PERP")
        assert stream.fault(second * SECOND) == ""

    assert asked == [10, 20, 40, 80]
    assert stream.silent() == ("markPrice.ETH_USDC_PERP",)
    complaints = [body for body in stream.events() if isinstance(body, VenueErrorFrame)]
    assert len(complaints) == 4


def test_stream_that_falls_silent_beside_others_is_a_fault_in_the_end() -> None:
    """First it is subscribed again; then the connection is given up."""
    stream = following()
    stream.receive(mark(1), START, 0)
    faults = []
    for second in range(1, 60):
        stream.receive(ticker(second), START, second * SECOND)
        stream.tick(START, second * SECOND)
        faults += [second] * bool(stream.fault(second * SECOND))

    assert faults[0] == 25
    assert "markPrice" in stream.fault(59 * SECOND)
    stream.connected(START, 60 * SECOND)
    assert stream.fault(60 * SECOND) == ""


def test_book_that_stands_still_while_its_best_prices_move_is_a_fault() -> None:
    """A quiet book is well; a busy one has to deliver."""
    stream = following()
    stream.receive(depth(5, 1), START, 0)
    stream.receive(quote(5, 1), START, 0)
    assert stream.next_deadline() == 10 * SECOND

    seen = []
    for second in range(1, 40):
        for raw in (ticker(second), mark(second), quote(5 + second, second)):
            stream.receive(raw, START, second * SECOND)
        stream.tick(START, second * SECOND)
        seen += [(second, name) for name in subscribed(stream)]
    assert seen[0] == (16, "depth.ETH_USDC_PERP")
    assert "depth.ETH_USDC_PERP" in stream.silent()
    assert "depth" in stream.fault(39 * SECOND)


def test_gaps_are_counted() -> None:
    """The book itself notices them too; this is the venue's figure."""
    stream = following()
    for update in (5, 6, 8, 9):
        stream.receive(depth(update, update), START, 0)

    assert stream.gaps == 1


def test_market_followed_after_a_long_rest_starts_its_silence_then() -> None:
    """A line that had nothing to say is not dead."""
    stream = PublicStream(VENUE)
    stream.connected(START, 0)
    stream.follow(ETH)
    stream.tick(START, 100 * SECOND)

    assert stream.fault(100 * SECOND) == ""
    assert stream.fault(115 * SECOND)


def test_unfollowed_market_is_not_expected() -> None:
    """Nobody waits for what nobody asked for."""
    stream = following()
    stream.unfollow(ETH)
    stream.to_send()
    stream.tick(START, 60 * SECOND)

    assert subscribed(stream) == []
    assert stream.next_deadline() is None


def test_watch_starts_over_when_a_stream_is_heard() -> None:
    """Strikes end with the first frame."""
    watch = StreamWatch(WatchLimits())
    watch.expect("a", 0)
    assert watch.overdue(10 * SECOND) == ["a"]
    watch.heard("a", 11 * SECOND)

    assert watch.silent() == ()
    assert watch.next_deadline() == 26 * SECOND


# ---- the private stream ----------------------------------------------------------------------


def private() -> PrivateStream:
    """Make a connected private stream that is past its start."""
    credentials = Credentials(SECRET)
    stream = PrivateStream(
        VENUE,
        BackpackCodec(VENUE, ACCOUNT),
        lambda ms: subscribe_signature(credentials, timestamp_ms=ms, window_ms=5_000),
        lambda: 0,
    )
    stream.connected(START, 0)
    return stream


def report(order: str, filled: str, at: int) -> OrderReport:
    """Write what REST tells of an order."""
    return OrderReport(
        ts_event=at,
        ts_recv=at,
        account=ACCOUNT,
        instrument=MARKET,
        venue_order_id=VenueOrderId(order),
        client_order_id=None,
        state=OrderState.ACCEPTED,
        side=Side.BUY,
        quantity=Quantity(1),
        filled_quantity=Quantity(filled),
    )


def update(order: str, filled: str) -> bytes:
    """Write what the stream tells of an order."""
    data = {"s": ETH, "i": order, "S": "Bid", "X": "New", "T": 5, "q": "1", "z": filled}
    return json.dumps({"data": data, "stream": "account.orderUpdate"}).encode()


LATER = START + 10 * SECOND


def test_idle_account_is_no_fault() -> None:
    """It may be silent for hours."""
    stream = private()

    assert stream.next_deadline() is None
    assert stream.fault(10_000 * SECOND) == ""


def test_stream_has_to_tell_what_rest_tells() -> None:
    """An order, or a further fill of it, within the patience."""
    stream = private()
    stream.rest_told(report("1", "0", LATER), 10 * SECOND)
    stream.receive(update("1", "0"), START, 11 * SECOND)
    assert stream.fault(60 * SECOND) == ""

    stream.rest_told(report("1", "0.5", LATER), 60 * SECOND)
    assert stream.next_deadline() == 63 * SECOND
    assert stream.fault(63 * SECOND - 1) == ""
    assert "order 1" in stream.fault(63 * SECOND)


def test_stream_that_was_faster_than_rest_is_well() -> None:
    """In whatever order the two come."""
    stream = private()
    stream.receive(update("1", "0.5"), START, 11 * SECOND)
    stream.rest_told(report("1", "0.5", LATER), 12 * SECOND)

    assert stream.next_deadline() is None


def test_what_happened_before_the_stream_came_up_is_not_expected() -> None:
    """Neither is what happened while it came up, or while it is down."""
    stream = private()
    stream.rest_told(report("1", "0", START + SECOND), 10 * SECOND)
    assert stream.next_deadline() is None
    stream.rest_told(report("2", "0", LATER), 10 * SECOND)
    stream.disconnected("1001", LATER)
    stream.rest_told(report("3", "0", LATER), 10 * SECOND)

    assert stream.next_deadline() is None


# ---- books against REST ----------------------------------------------------------------------


def top(update_id: int, bid: str | None, ask: str | None) -> QuoteSeen:
    """Write a best bid and ask."""
    return QuoteSeen(
        ts_event=0,
        ts_recv=0,
        instrument=MARKET,
        update_id=update_id,
        bid=bid,
        bid_size="1",
        ask=ask,
        ask_size="1",
    )


def book(last_id: int, bids: list[str], asks: list[str]) -> BookSnapshotSeen:
    """Write a book by REST."""
    return BookSnapshotSeen(
        ts_event=0,
        ts_recv=0,
        instrument=MARKET,
        last_id=last_id,
        bids=[(price, "1") for price in bids],
        asks=[(price, "1") for price in asks],
    )


@pytest.mark.parametrize(
    ("snapshot", "stream_id", "verdict"),
    [
        (book(12, ["9", "10"], ["11.0", "12"]), 20, Verdict.AGREES),
        (book(14, ["9", "10"], ["11"]), 20, Verdict.AGREES),
        (book(15, [], ["11"]), 20, Verdict.AGREES),
        (book(12, ["9"], ["11"]), 20, Verdict.DIFFERS),
        (book(12, [], ["11"]), 20, Verdict.DIFFERS),
        (book(21, ["10"], ["11"]), 20, Verdict.STREAM_BEHIND),
        (book(9, ["10"], ["11"]), 20, Verdict.NOT_COMPARABLE),
        (book(12, ["10"], ["11"]), None, Verdict.NOT_COMPARABLE),
    ],
)
def test_top_of_a_book_is_that_of_the_stream_at_the_same_update(
    snapshot: BookSnapshotSeen, stream_id: int | None, verdict: Verdict
) -> None:
    """The newest quote at or before the update; prices compare as numbers."""
    tops = TopOfBooks()
    for each in (top(10, "10.0", "11"), top(15, None, "11"), top(18, "7", "8")):
        tops.quote(each)

    assert tops.compare(snapshot, stream_id) is verdict


def test_book_that_rest_contradicts_is_void() -> None:
    """Its depth is subscribed again, the others stay."""
    stream = following()

    stream.doubt_book(MARKET, "differs", START)

    (void,) = stream.events()
    assert isinstance(void, MalformedFrame)
    assert void.instrument == MARKET
    assert subscribed(stream) == ["depth.ETH_USDC_PERP"]


# ---- several sockets -------------------------------------------------------------------------


def test_markets_are_spread_over_sockets() -> None:
    """A market stays where it is; a free place is used before a socket is opened."""
    started: list[PublicStream] = []
    shards = Shards(VENUE, WatchLimits(), 2, started.append)
    names = [Symbol(f"M{number}_USDC") for number in range(5)]
    for name in (*names, *names):
        shards.follow(name)

    assert [len(stream.symbols) for stream in shards.streams] == [2, 2, 1]
    assert started == shards.streams[1:]
    shards.unfollow(names[0])
    shards.follow(Symbol("NEW_USDC"))
    assert [len(stream.symbols) for stream in shards.streams] == [2, 2, 1]
    assert shards.carrier_of(InstrumentId("there:M4_USDC")) is shards.streams[2]
    assert shards.carrier_of(InstrumentId("there:M0_USDC")) is None


def test_further_socket_that_goes_down_voids_its_own_books_only() -> None:
    """The venue is up as long as its first socket is."""
    stream = PublicStream(VENUE, is_first=False)
    stream.follow(ETH)
    stream.connecting(START)
    stream.connected(START, 0)
    stream.disconnected("1001", START)

    (void,) = stream.events()
    assert isinstance(void, MalformedFrame)
    assert (void.instrument, void.reason) == (MARKET, "stream down: 1001")


# ---- health and service ----------------------------------------------------------------------


def test_report_says_how_the_venue_is() -> None:
    """One word, and what there is to know."""
    clock = HandClock()
    client = client_on(ScriptedTransport(lambda _: reply(200)), clock)
    desk, stream = HealthDesk(VENUE, client), PublicStream(VENUE)
    assert desk.report([stream], None).state is VenueState.DOWN

    client.venue_clock.compare(sent_at=0, received_at=4_000_000, venue_ns=START, wall_ns=START)
    stream.follow(ETH)
    stream.connected(START, 0)
    stream.receive(ticker(START // 1_000 - 250_000), START, 0)
    report = desk.report([stream], private())
    assert (report.state, report.complaints) == (VenueState.UP, ())
    assert report.data_age_ms == pytest.approx(248)
    assert report.clock_bound_ms == 3
    assert report.budget_left["cancel"] == 1_400

    client.service.reason = "MAINTENANCE"
    assert desk.report([stream], None).state is VenueState.MAINTENANCE


def test_service_is_judged_by_replies_and_by_status() -> None:
    """503 or a code of its own; only `/status` ends it."""
    service = ServiceWatch()
    assert not service.told(reply(500))
    assert service.told(reply(400, {"code": "TRADING_PAUSED", "message": "soon"}))
    assert not service.told(reply(503))
    assert not service.status("upgrade", is_open=False)
    assert service.reason == "upgrade"
    assert service.status("", is_open=True)
    assert service.is_open


async def test_status_is_looked_at_until_the_venue_is_back() -> None:
    """Nothing else ends it."""
    looks: list[str] = []

    def answer(wire: Wire) -> Reply:
        if wire.path == "/api/v1/time":
            return reply(200, b"1700000000000")
        if wire.path == "/api/v1/markets":
            return reply(503, {"code": "MAINTENANCE", "message": "x"})
        looks.append(wire.path)
        return reply(200, {"status": "Ok" if len(looks) > 2 else "Maintenance"})

    venue = BackpackVenue(
        VENUE,
        ScriptedTransport(answer),
        HandClock(),
        lambda _: None,
        random.Random(1),
        pacing=PacingLimits(query_secs=0.0, first_retry_secs=0.0, trouble_count=1_000),
        settings=VenueSettings(status_secs=0.01),
    )
    async with venue:
        await until(lambda: venue.health().state is VenueState.MAINTENANCE)
        await until(lambda: venue.health().state is not VenueState.MAINTENANCE)

    assert looks == ["/api/v1/status"] * 3


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, never for a time."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - the condition is in other people's lists
            await asyncio.sleep(0.005)
