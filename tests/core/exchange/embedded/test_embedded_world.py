"""The living world: deterministic, never empty or crossed, with a past and a leader."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.world import DemoWorld
from tests.core.exchange.embedded.embedded_client import START_NS, Client, decoded

SECOND = 1_000_000_000
PERP = "BTC_USDC_PERP"
_TRACE = """
import hashlib, json, sys
from core.exchange.embedded.world import DemoWorld
start = {start}
world = DemoWorld(21, start)
exchange = world.alpha.exchange
session = exchange.open_session(start)
params = [f"{{kind}}.{{s}}" for s in exchange.floor.markets for kind in
          ("depth", "trade", "bookTicker", "kline.1m", "ticker", "markPrice")]
exchange.receive(session, json.dumps({{"method": "SUBSCRIBE", "params": params}}).encode(), start)
trace = hashlib.sha256()
for step in range(1, 301):
    world.advance(start + step * 20_000_000)
    for frame in exchange.frames(session):
        trace.update(frame)
accounts = exchange.floor.clearing.accounts
for name, account in accounts.items():
    for asset, balance in account.balances.items():
        trace.update(f"{{name}} {{asset}} {{balance.total}}".encode())
sys.stdout.write(trace.hexdigest())
"""


def _trace(hash_seed: str) -> str:
    root = Path(__file__).parents[4]
    return subprocess.run(
        [sys.executable, "-c", _TRACE.format(start=START_NS)],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    """Frames and balances hash the same under another hash seed."""
    first, second = _trace("1"), _trace("2")

    assert len(first) == len(hashlib.sha256().hexdigest())
    assert first == second


def test_books_are_deep_from_the_start_and_never_empty_or_crossed() -> None:
    """Thirty levels a side at once, and a best bid below the best ask after every step."""
    world = DemoWorld(8, START_NS)
    for venue in world.venues.values():
        for market in venue.exchange.floor.markets.values():
            assert len(market.book.levels(is_bid=True)) >= 30
            assert len(market.book.levels(is_bid=False)) >= 30
    for step in range(1, 601):
        world.advance(START_NS + step * 50_000_000)
        for venue in world.venues.values():
            for market in venue.exchange.floor.markets.values():
                bid, ask = market.book.best(is_bid=True), market.book.best(is_bid=False)
                assert bid is not None
                assert ask is not None
                assert bid < ask


def test_every_market_trades_and_moves() -> None:
    """Within thirty seconds every market has printed and its mid has moved."""
    world = DemoWorld(9, START_NS)
    first = {s: m.mid for s, m in world.alpha.exchange.floor.markets.items()}

    world.advance(START_NS + 30 * SECOND)

    for symbol, market in world.alpha.exchange.floor.markets.items():
        assert market.tape[-1].at_ns > START_NS
        assert market.mid != first[symbol]


def test_the_venues_disagree_now_and_then() -> None:
    """Their mids are near each other mostly and apart by more than 5 bps at times."""
    world = DemoWorld(10, START_NS)
    gaps = []
    for step in range(1, 401):
        world.advance(START_NS + step * SECOND // 4)
        mids = [v.exchange.floor.markets[PERP].mid or 1 for v in world.venues.values()]
        gaps.append(abs(mids[0] / mids[1] - 1) * 1e4)

    apart = sum(gap > 5 for gap in gaps) / len(gaps)
    assert 0.01 < apart < 0.6
    assert sorted(gaps)[len(gaps) // 2] < 5


def test_the_leader_acts_within_two_seconds_and_can_be_followed() -> None:
    """Its key's private stream tells its fills."""
    world = DemoWorld(12, START_NS)
    assert world.alpha.leader is not None
    follower = Client(world.alpha.exchange, world.alpha.leader)
    session = follower.subscribe("account.orderUpdate", "account.positionUpdate")

    world.advance(START_NS + 2 * SECOND)
    early = [f["data"]["e"] for f in follower.frames(session)]
    world.advance(START_NS + 120 * SECOND)
    later = [f["data"]["e"] for f in follower.frames(session)]

    assert "orderFill" in early
    assert later.count("orderFill") > 20
    assert {"positionOpened", "positionAdjusted", "positionClosed"} <= set(later)


@pytest.mark.parametrize("window", ["", "200ms.", "1000ms."])
def test_a_naive_client_rebuilds_the_book_at_the_same_id(window: str) -> None:
    """Snapshot plus contiguous frames equals the venue's book, at every id it can compare."""
    world = DemoWorld(13, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    session = client.subscribe(f"depth.{window}{PERP}")
    frames: list[dict[str, Any]] = []
    for _ in range(24):
        client.exchange.advance(client.exchange.now_ns + SECOND // 8)
        frames += client.frames(session)
    snapshot = decoded(client.get("/api/v1/depth", symbol=PERP, limit=1000))
    for _ in range(40):
        client.exchange.advance(client.exchange.now_ns + SECOND // 8)
        frames += client.frames(session)

    book, last = _spliced(snapshot, [frame["data"] for frame in frames])

    market = client.exchange.floor.markets[PERP]
    assert last == market.update_id
    assert book == _truth(client.exchange)


def _spliced(
    snapshot: dict[str, Any], frames: list[dict[str, Any]]
) -> tuple[dict[str, dict[float, float]], int]:
    last = int(snapshot["lastUpdateId"])
    book = {
        side: {float(price): float(size) for price, size in snapshot[name]}
        for side, name in (("a", "asks"), ("b", "bids"))
    }
    kept = [frame for frame in frames if frame["u"] > last]
    assert kept[0]["U"] <= last + 1
    for frame in kept:
        assert frame["U"] <= last + 1
        last = frame["u"]
        for side in ("a", "b"):
            for price, size in frame[side]:
                book[side][float(price)] = float(size)
                if float(size) == 0:
                    del book[side][float(price)]
    return book, last


def _truth(exchange: Exchange) -> dict[str, dict[float, float]]:
    market = exchange.floor.markets[PERP]
    return {
        side: {price / 10: size / 100_000 for price, size in market.book.levels(is_bid=side == "b")}
        for side in ("a", "b")
    }


def test_realtime_ids_are_contiguous_and_the_ticker_has_the_same_id() -> None:
    """U equals u, each one more than the last; bookTicker's u is that of its depth frame."""
    world = DemoWorld(14, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    session = client.subscribe(f"depth.{PERP}", f"bookTicker.{PERP}")

    client.exchange.advance(START_NS + 10 * SECOND)
    frames = [frame["data"] for frame in client.frames(session)]

    depth = [frame for frame in frames if frame["e"] == "depth"]
    ids = [frame["u"] for frame in depth]
    assert all(frame["U"] == frame["u"] for frame in depth)
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert {f["u"] for f in frames if f["e"] == "bookTicker"} <= set(ids)


def _klines(client: Client, interval: str, first: int, last: int) -> list[dict[str, Any]]:
    reply = client.get(
        "/api/v1/klines", symbol=PERP, interval=interval, startTime=first, endTime=last
    )
    rows: list[dict[str, Any]] = decoded(reply)
    return rows


def test_higher_intervals_are_exact_roll_ups_of_one_minute() -> None:
    """Open, high, low, close, volume and trades of an hour are those of its minutes."""
    world = DemoWorld(15, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    hour = (START_NS // SECOND // 3_600 - 40) * 3_600

    whole = _klines(client, "1h", hour, hour)[0]
    minutes = _klines(client, "1m", hour, hour + 3_599)

    assert len(minutes) == 60
    assert whole["open"] == minutes[0]["open"]
    assert whole["close"] == minutes[-1]["close"]
    assert float(whole["high"]) == max(float(row["high"]) for row in minutes)
    assert float(whole["low"]) == min(float(row["low"]) for row in minutes)
    assert int(whole["trades"]) == sum(int(row["trades"]) for row in minutes)
    total = sum(float(row["volume"]) for row in minutes)
    assert float(whole["volume"]) == pytest.approx(total)


def test_the_past_joins_the_present() -> None:
    """Each bar opens at the close before it, and the last close is near the first live mid."""
    world = DemoWorld(16, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    now = START_NS // SECOND

    rows = _klines(client, "1m", now - 1_800, now)

    market = client.exchange.floor.markets[PERP]
    assert [row["open"] for row in rows[1:]] == [row["close"] for row in rows[:-1]]
    assert float(rows[-1]["close"]) == market.last / 10
    assert abs(market.last * 10**9 / (market.mid or 1) - 1) < 0.001


def test_live_trades_complete_the_open_bar() -> None:
    """The open bucket comes last and grows with the tape."""
    world = DemoWorld(17, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    now = START_NS // SECOND
    before = _klines(client, "1m", now - 60, now)[-1]

    client.exchange.advance(START_NS + 8 * SECOND)
    after = _klines(client, "1m", now - 60, now + 8)[-1]

    tape = client.exchange.floor.markets[PERP].tape
    trades = [trade for trade in tape if trade.at_ns >= START_NS]
    added = sum(trade.quantity for trade in trades) / 100_000
    assert float(after["volume"]) == pytest.approx(float(before["volume"]) + added)
    assert int(after["trades"]) == int(before["trades"]) + len(trades)
    assert float(after["close"]) == trades[-1].price / 10
    assert after["open"] == before["open"]


@pytest.mark.parametrize(
    "query",
    [
        {"startTime": START_NS // 1_000_000},
        {"startTime": START_NS // SECOND - 60, "endTime": START_NS // SECOND - 120},
        {"startTime": START_NS // SECOND - 60 * 5_000},
        {"startTime": -5},
    ],
)
def test_impossible_candle_ranges_are_refused(query: dict[str, int]) -> None:
    """Milliseconds, reversed ranges, too many rows and negative times have one refusal."""
    world = DemoWorld(18, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)

    reply = client.get("/api/v1/klines", symbol=PERP, interval="1m", **query)

    assert reply.status == 400
    assert decoded(reply)["message"] == "Invalid start time"


def test_thirty_days_of_minutes_are_there() -> None:
    """A day's bar thirty days back exists, and a month's bar rolls up."""
    world = DemoWorld(19, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    now = START_NS // SECOND

    days = _klines(client, "1d", now - 31 * 86_400, now)
    months = _klines(client, "1month", now - 70 * 86_400, now)

    assert len(days) == 31
    assert all(row["close"] is not None for row in days)
    assert len(months) >= 2


def test_a_users_mispriced_order_is_taken_by_the_market() -> None:
    """A resting order beyond the value fills: the market's life trades with people."""
    world = DemoWorld(20, START_NS)
    client = Client(world.alpha.exchange, world.alpha.trader)
    world.advance(START_NS + SECOND)
    ask = client.exchange.floor.markets["SOL_USDC"].book.best(is_bid=False)
    assert ask is not None
    placed = decoded(client.place("SOL_USDC", "Bid", "2", str((ask - 1) / 100), postOnly=True))

    client.exchange.advance(client.exchange.now_ns + 60 * SECOND)
    row = decoded(client.ask("orderHistoryQueryAll", "/wapi/v1/history/orders"))[0]

    assert row["id"] == placed["id"]
    assert row["status"] == "Filled"


def test_frames_are_json_with_a_known_envelope() -> None:
    """Every frame of a subscription decodes to data and stream."""
    world = DemoWorld(22, START_NS)
    client = Client(world.beta.exchange, world.beta.trader)
    session = client.subscribe(f"depth.{PERP}")
    client.exchange.advance(START_NS + 2 * SECOND)

    frames = client.exchange.frames(session)

    assert frames
    assert all(list(json.loads(frame)) == ["data", "stream"] for frame in frames)
