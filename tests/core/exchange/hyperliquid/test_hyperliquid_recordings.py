"""Hyperliquid's recordings: books without gap or crossing, fills that make whole chains."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.effects import Query
from core.domain.events import LeaderFilled, QuoteSeen
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, LeaderId, VenueId
from core.domain.order import Side
from core.domain.views import BookState
from core.exchange.hyperliquid import wire
from core.exchange.hyperliquid.chain import PositionChain
from core.exchange.hyperliquid.codec import HyperliquidCodec
from core.exchange.hyperliquid.fills import WalletFill, grouped, wallet_fill
from core.exchange.hyperliquid.tracker import WalletTracker
from core.exchange.replay import ReplayDecoder
from core.market.recording import Recording
from core.market.room import MarketRoom

MARKET = Path(__file__).parents[4] / ".." / "shared" / "fixtures" / "market"
KIND = "hyperliquid"
pytestmark = pytest.mark.skipif(not MARKET.is_dir(), reason="recorded market data is not here")


@pytest.mark.parametrize(
    ("name", "lines", "books", "trades"),
    [
        ("hyperliquid_5coins_l2book-trades_2026-07-22.jsonl.gz", 1_216, 285, 1_869),
        ("hyperliquid_btc_2025-01-26.tslog.gz", 55, 46, None),
    ],
)
def test_recording_replays_without_gap_or_crossing(
    name: str, lines: int, books: int, trades: int | None
) -> None:
    """Whole books become changes; after each of them our book is the one that came."""
    decoder, room = ReplayDecoder(KIND, VenueId(KIND)), MarketRoom(count(1), can_query=False)
    recording, handlers, at = Recording(MARKET / "l2" / name), room.handlers(), 0
    seen: defaultdict[str, int] = defaultdict(int)
    for recv_ns, message in recording:
        at = max(at, recv_ns)
        for body in decoder.decode(message, recv_ns):
            seen[type(body).__name__] += 1
            assert not any(isinstance(e, Query) for e in handlers[type(body)](body, at))
        line = json.loads(message)
        if line["channel"] == "l2Book":
            seen["books"] += 1
            assert_same_book(room, line["data"])

    assert (recording.lines, recording.broken_lines, recording.fault) == (lines, 0, "")
    assert {k: v for k, v in room.counters.as_dict().items() if v and k != "snapshots"} == {}
    assert seen["books"] == books
    assert trades is None or seen["TradeSeen"] == trades


def assert_same_book(room: MarketRoom, data: dict[str, Any]) -> None:
    """Check that every level of a whole book is ours, and no other."""
    instrument = InstrumentId(f"{KIND}:{data['coin']}")
    touch = room.touch(instrument, 0)
    assert touch is not None
    assert touch.book_state is BookState.VALID
    for side, levels in zip((Side.BUY, Side.SELL), data["levels"], strict=True):
        ours = room.depth_levels(instrument, side, 100)
        told = [(int(Decimal(e["px"]) * UNIT), int(Decimal(e["sz"]) * UNIT)) for e in levels]
        assert [(level[0], level[1]) for level in ours] == told


def test_recorded_best_quotes_have_both_sides() -> None:
    """Five frames, for the shape."""
    codec = HyperliquidCodec(VenueId(KIND))
    lines = (MARKET / "ws" / "hyperliquid_bbo_shape.jsonl").read_bytes().splitlines()

    bodies = [body for line in lines for body in codec.decode(line, 7)]

    assert len(bodies) == 5
    for body in bodies:
        assert isinstance(body, QuoteSeen)
        assert body.bid is not None
        assert body.ask is not None
        assert Decimal(body.bid) < Decimal(body.ask)


def recorded_fills(name: str) -> dict[str, list[WalletFill]]:
    """Read the fills of each slot of a file."""
    with gzip.open(MARKET / "fills" / name) as stream:
        queries = json.load(stream)["queries"]
    found: dict[str, list[WalletFill]] = {}
    for query in queries:
        slot = query.get("slot") or query["slots"][0]
        rows = msgspec.convert(query["fills"], list[wire.Fill], strict=False)
        found[slot] = [wallet_fill(row, slot) for row in rows]
    return found


FILES = [
    "hyperliquid_copytrade_leader_fills.json.gz",
    "hyperliquid_copytrade_follower_fills.json.gz",
]


@pytest.mark.parametrize("name", FILES)
def test_positions_are_those_of_the_stated_chain_at_every_millisecond(name: str) -> None:
    """Sums of fills and `startPosition` say the same wherever a millisecond ends."""
    for slot, fills in recorded_fills(name).items():
        chain = PositionChain()
        steps: dict[int, list[WalletFill]] = {}
        for fill in fills:
            steps.setdefault(fill.time_ms, []).append(fill)
        for step in steps.values():
            assert chain.take(step) == [], slot
            for coin in {fill.coin for fill in step}:
                last = [fill for fill in step if fill.coin == coin][-1]
                assert last.before is not None
                assert chain.positions[coin] == last.before + last.signed


@pytest.mark.parametrize("name", FILES)
def test_a_missing_fill_is_noticed(name: str) -> None:
    """Take any middle block away, and the chain says where."""
    fills = max(recorded_fills(name).values(), key=len)
    coin = max({f.coin for f in fills}, key=lambda each: sum(f.coin == each for f in fills))
    ours = [fill for fill in fills if fill.coin == coin]
    lost = ours[len(ours) // 2].time_ms

    chain = PositionChain()
    holes = chain.take(fill for fill in ours if fill.time_ms != lost)

    assert len(holes) == 1
    assert holes[0].time_ms > lost
    assert holes[0].expected != holes[0].stated


def test_tracker_publishes_each_leader_order_once_whatever_comes_twice() -> None:
    """A snapshot with everything again after a reconnect is no news."""
    for slot, fills in recorded_fills(FILES[0]).items():
        tracker = WalletTracker(LeaderId(slot), VenueId(KIND), fills[0].time_ms - 1)
        half = len(fills) // 2
        while fills[half].time_ms == fills[half - 1].time_ms:
            half += 1

        news = tracker.take(fills[:half], 1)
        news += tracker.take(reversed(fills), 2)
        again = tracker.take(fills, 3)

        assert again == []
        assert tracker.chain.holes == []
        assert len(news) == len(grouped(fills))
        assert_sums(news, fills)


def assert_sums(news: list[LeaderFilled], fills: list[WalletFill]) -> None:
    """Check that grouped quantities add up, and positions before are those stated."""
    for coin in {fill.coin for fill in fills}:
        ours = [n for n in news if n.instrument == f"{KIND}:{coin}"]
        moved = sum((n.quantity.value * n.side.sign for n in ours), Decimal(0))
        assert moved == sum((f.signed for f in fills if f.coin == coin), Decimal(0))
        for earlier, later in pairwise(ours):
            assert earlier.position_before is not None
            assert later.position_before is not None
            after = earlier.position_before.value + earlier.quantity.value * earlier.side.sign
            assert after == later.position_before.value


def wallet_history(name: str) -> list[WalletFill]:
    """Read a whole history that kept no start positions."""
    path = MARKET / "fills" / f"hyperliquid_wallet_{name}_fills.csv.gz"
    with gzip.open(path, "rt") as stream:
        return [
            WalletFill(
                wallet=name,
                coin=row["symbol"],
                side=Side(row["side"].lower()),
                price=Decimal(row["price"]),
                quantity=Decimal(row["shares"]),
                time_ms=int(datetime.fromisoformat(row["filled_at"]).timestamp() * 1000),
                order_id=0,
                trade_id=number,
                word=row["dir"],
            )
            for number, row in enumerate(csv.DictReader(stream), 1)
        ]


def test_history_with_holes_is_noticed_and_the_whole_one_is_not() -> None:
    """Fills lost between pages of one millisecond show in the words that follow."""
    whole, holed = PositionChain(), PositionChain()

    whole.take(wallet_history("gpt-5-1"))
    holed.take(wallet_history("deepseek-v3-1-mm"))

    assert whole.holes == []
    assert set(whole.positions.values()) == {Decimal(0)}
    assert {hole.coin for hole in holed.holes} == {"NVDA", "PLTR"}
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in wallet_history("deepseek-v3-1-mm"):
        sums[fill.coin] += fill.signed
    assert {coin for coin, total in sums.items() if total} == {"NVDA", "PLTR"}
