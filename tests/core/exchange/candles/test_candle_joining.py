"""History, the live stream and prints make one series: no seam, no double."""

import random
from datetime import UTC, datetime

from core.domain.events import CandleSeen, TradeSeen
from core.domain.ids import InstrumentId, VenueId
from core.domain.order import Side
from core.exchange.backpack.candle_source import BackpackCandles
from core.exchange.backpack.codec import BackpackCodec
from core.exchange.candles import (
    Candle,
    CandleService,
    Grid,
    Span,
    from_trades,
    joined,
    seams,
    seen,
    streamed,
    with_trades,
)
from core.exchange.embedded import MemoryTransport, MemoryVenue, single_venue
from tests.core.exchange.candles.candles_rig import NS, VirtualTime

MARKET = InstrumentId("there:SOL_USDC")
MINUTE = Grid("1m")


def candle(minute: int, close: str | None, *, is_open: bool = False) -> Candle:
    """Write a candle of one price."""
    return Candle(
        start_secs=minute * 60,
        end_secs=minute * 60 + 60,
        open=close,
        high=close,
        low=close,
        close=close,
        volume="1",
        quote_volume="1",
        trades=1,
        is_open=is_open,
    )


def print_(number: int, secs: float, price: str, size: str = "1") -> TradeSeen:
    """Write a print."""
    return TradeSeen(
        ts_event=int(secs * NS),
        ts_recv=0,
        instrument=MARKET,
        trade_id=number,
        price=price,
        size=size,
        aggressor_side=Side.BUY,
    )


def test_closed_wins_over_open_and_the_newest_open_over_the_older() -> None:
    """One candle a start, whatever came twice."""
    history = [candle(1, "1"), candle(2, "2", is_open=True)]
    live = [
        candle(1, "9"),
        candle(2, "3", is_open=True),
        candle(2, "4"),
        candle(2, "5", is_open=True),
    ]

    assert [c.close for c in joined(history, live)] == ["1", "4"]


def test_seam_is_named_to_be_filled() -> None:
    """What lies between history and the stream's first candle is a span to ask for."""
    assert seams(joined([candle(1, "1")], [candle(4, "2")]), MINUTE) == [Span(120, 240)]
    assert seams([candle(1, "1"), candle(2, "1")], MINUTE) == []


def test_prints_make_candles_with_quiet_buckets_between() -> None:
    """First, highest, lowest, last; sums; None where nothing traded."""
    trades = [
        print_(3, 70, "12"),
        print_(1, 61, "10", "2"),
        print_(2, 65, "9"),
        print_(4, 190, "7"),
    ]

    built = from_trades([*trades, trades[0]], MINUTE, 195)

    first, quiet, last = built
    assert (first.open, first.high, first.low, first.close) == ("10", "12", "9", "12")
    assert (first.volume, first.quote_volume, first.trades) == ("4", "41", 3)
    assert (quiet.open, quiet.volume, quiet.trades, quiet.is_open) == (None, "0", 0, False)
    assert (last.close, last.is_open) == ("7", True)
    assert from_trades([], MINUTE, 5) == ()


def test_prints_go_on_where_the_history_was_read() -> None:
    """Prints the open candle already holds are not counted again."""
    history = [candle(1, "5"), candle(2, "6", is_open=True)]
    trades = [print_(1, 110, "1"), print_(2, 130, "2"), print_(3, 150, "8"), print_(4, 200, "7")]

    built = with_trades(history, trades, MINUTE, as_of_ns=140 * NS, now_secs=230)

    assert [c.start_secs for c in built] == [60, 120, 180]
    assert (built[0], built[1].high, built[1].volume) == (history[0], "8", "2")
    assert [c.is_open for c in built] == [False, False, True]
    assert with_trades([], trades, MINUTE, as_of_ns=0, now_secs=230)[0].close == "1"


def test_late_reading_of_a_closed_history_loses_no_print() -> None:
    """Its end counts then, not the time it was read."""
    built = with_trades(
        [candle(1, "5")], [print_(1, 120, "6")], MINUTE, as_of_ns=500 * NS, now_secs=130
    )

    assert [(c.close, c.trades) for c in built] == [("5", 1), ("6", 1)]


async def test_living_market_gives_the_same_candles_by_three_roads() -> None:
    """History now, the stream and the prints since, and history later are one and the same."""
    time = VirtualTime(1_790_000_030)
    exchange = single_venue(3, time.ns).exchange
    transport = MemoryTransport(MemoryVenue(exchange, time))
    service = CandleService(
        BackpackCandles("here", transport, time), time, random.Random(1), sleep=time.sleep
    )
    session = exchange.open_session(time.ns)
    subscribe = b'{"method":"SUBSCRIBE","params":["kline.1m.SOL_USDC","trade.SOL_USDC"]}'
    exchange.receive(session, subscribe, time.ns)
    since = datetime.fromtimestamp(time.ns // NS - 600, UTC)
    before = await service.candles("SOL_USDC", "1m", since, datetime.max.replace(tzinfo=UTC))
    await time.sleep(200)
    exchange.advance(time.ns)
    codec = BackpackCodec(VenueId("there"))
    bodies = [b for frame in exchange.frames(session) for b in codec.decode(frame, time.ns)]
    trades = [body for body in bodies if isinstance(body, TradeSeen)]
    klines = [streamed(body) for body in bodies if isinstance(body, CandleSeen)]

    after = await service.candles("SOL_USDC", "1m", since, datetime.max.replace(tzinfo=UTC))

    by_stream = joined(before.candles, klines)
    by_prints = with_trades(
        before.candles, trades, MINUTE, as_of_ns=before.as_of_ns, now_secs=time.ns // NS
    )
    assert len(trades) > 20
    assert seams(by_stream, MINUTE) == []
    assert numbers(by_stream) == numbers(after.candles)
    assert numbers(by_prints) == numbers(after.candles)
    assert [c.trades for c in by_prints] == [c.trades for c in after.candles]


def numbers(candles: tuple[Candle, ...]) -> list[tuple[float | bool | None, ...]]:
    """Write candles as numbers: the stream pads its text, REST trims it."""
    return [
        (
            c.start_secs,
            *(None if t is None else float(t) for t in (c.open, c.high, c.low, c.close)),
            round(float(c.volume or 0), 6),
            c.is_open,
        )
        for c in candles
    ]


def test_candle_and_event_say_the_same() -> None:
    """To the market room and back, all but what an event has no word for."""
    body = seen(candle(3, "4"), MARKET, "1m", 999 * NS)

    assert (body.start_ts, body.end_ts, body.is_closed) == (180 * NS, 240 * NS, True)
    assert streamed(body).close == "4"
    assert streamed(seen(candle(3, None, is_open=True), MARKET, "1m", 9)).is_empty
