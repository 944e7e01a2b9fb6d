"""Each fault of public frames does what it says; the true book is never touched."""

from itertools import pairwise
from typing import Any

import pytest

from core.exchange.embedded.faults import Faults
from core.exchange.embedded.world import single_venue
from tests.core.exchange.embedded.embedded_client import START_NS, Client, decoded

PERP = "SOL_USDC_PERP"
OTHER = "BTC_USDC_PERP"
SECOND = 1_000_000_000


@pytest.fixture
def client() -> Client:
    """Return the trader of a living venue."""
    venue = single_venue(31, START_NS)
    return Client(venue.exchange, venue.trader)


def _live(client: Client, session: int, secs: int = 5) -> list[dict[str, Any]]:
    client.exchange.advance(client.exchange.now_ns + secs * SECOND)
    return [frame["data"] for frame in client.frames(session)]


def _ids(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["u"] for frame in frames if frame["e"] == "depth"]


def test_f31_leaves_a_gap(client: Client) -> None:
    """One frame is missing; all others are there."""
    session = client.subscribe(f"depth.{PERP}")
    client.exchange.faults.switch_on("F31", skip=3, count=1)

    ids = _ids(_live(client, session))

    steps = [after - before for before, after in pairwise(ids)]
    assert sorted(set(steps)) == [1, 2]
    assert steps.count(2) == 1
    assert client.exchange.faults.hits["F31"] == 1


@pytest.mark.parametrize(("mode", "step"), [("repeat", 0), ("regress", -1)])
def test_f31_repeats_and_regresses(client: Client, mode: str, step: int) -> None:
    """A frame comes twice, or the one before comes again."""
    session = client.subscribe(f"depth.{PERP}")
    client.exchange.faults.switch_on("F31", mode=mode, skip=3, count=1)

    ids = _ids(_live(client, session))

    steps = [after - before for before, after in pairwise(ids)]
    assert steps.count(step) == 1
    assert client.exchange.faults.hits["F31"] == 1


def test_f32_ahead_holds_the_stream_back(client: Client) -> None:
    """The snapshot is ahead of every frame so far; later the frames catch up."""
    session = client.subscribe(f"depth.{PERP}")
    client.exchange.faults.switch_on("F32", mode="ahead", delay_ms=1_000)
    early = _ids(_live(client, session, 3))

    snapshot = decoded(client.get("/api/v1/depth", symbol=PERP, limit=5))
    later = _ids(_live(client, session, 2))

    assert int(snapshot["lastUpdateId"]) > early[-1]
    assert int(snapshot["lastUpdateId"]) in later
    assert early + later == list(range(early[0], later[-1] + 1))
    assert client.exchange.faults.hits["F32"] > 0


def test_f33_freezes_one_feed_of_one_market(client: Client) -> None:
    """Its depth stands still; its ticker and the other market go on."""
    session = client.subscribe(f"depth.{PERP}", f"depth.{OTHER}", f"bookTicker.{PERP}")
    client.exchange.faults.switch_on("F33", symbol=PERP)

    frames = _live(client, session)

    kinds = {(frame["e"], frame["s"]) for frame in frames}
    assert kinds == {("depth", OTHER), ("bookTicker", PERP)}
    assert client.exchange.faults.hits["F33"] > 0


def test_f33_can_freeze_everything_for_a_while(client: Client) -> None:
    """Only between its begin and its end."""
    session = client.subscribe(f"depth.{PERP}", f"trade.{PERP}", f"markPrice.{PERP}")
    client.exchange.faults.switch_on("F33", mode="every", after_secs=5, for_secs=10)

    assert _live(client, session, 4)
    _live(client, session, 2)
    assert _live(client, session, 8) == []
    assert _live(client, session, 4)


@pytest.mark.parametrize("mode", ["crossed", "empty", "negative"])
def test_f34_spoils_the_book_on_the_stream(client: Client, mode: str) -> None:
    """A bid at the best ask, every level deleted, or sizes below zero."""
    session = client.subscribe(f"depth.{PERP}")
    market = client.exchange.floor.markets[PERP]
    client.exchange.faults.switch_on("F34", mode=mode, count=1)

    frame = _live(client, session, 1)[0]

    gone = [size for side in ("a", "b") for _, size in frame[side] if float(size) == 0]
    asks = {float(price) for price, _ in frame["a"]}
    highest = max((float(price) for price, _ in frame["b"]), default=0.0)
    assert {
        "crossed": highest >= (market.mid or 0) / 10**10 * 0.999,
        "empty": len(gone) > 60 and len(asks) > 30,
        "negative": any(size.startswith("-") for side in "ab" for _, size in frame[side]),
    }[mode]
    bid, ask = market.book.best(is_bid=True), market.book.best(is_bid=False)
    assert bid is not None
    assert ask is not None
    assert bid < ask
    assert client.exchange.faults.hits["F34"] == 1


def test_f35_multiplies_the_prices_of_frames(client: Client) -> None:
    """Ten times on every feed, or the mark against the index."""
    session = client.subscribe(f"bookTicker.{PERP}", f"markPrice.{PERP}", f"trade.{PERP}")
    client.exchange.faults.switch_on("F35", symbol=PERP)
    tenfold = _live(client, session)
    client.exchange.faults.switch_off()
    client.exchange.faults.switch_on("F35", symbol=PERP, mode="mark")
    marked = _live(client, session)

    assert all(float(frame["a"]) > 1_000 for frame in tenfold if frame["e"] == "bookTicker")
    assert all(float(frame["p"]) > 1_000 for frame in tenfold if frame["e"] == "trade")
    assert all(float(frame["a"]) < 1_000 for frame in marked if frame["e"] == "bookTicker")
    marks = [frame for frame in marked if frame["e"] == "markPrice"]
    assert all(float(frame["p"]) > 5 * float(frame["i"]) for frame in marks)
    assert client.exchange.faults.hits["F35"] > 0


def test_f12_lets_sessions_stand_and_say_nothing(client: Client) -> None:
    """Nothing comes while it is on; afterwards frames flow again."""
    session = client.subscribe(f"depth.{PERP}")
    client.exchange.faults.switch_on("F12", for_secs=5)

    assert _live(client, session, 4) == []
    assert _live(client, session, 3)
    assert client.exchange.faults.hits["F12"] > 0


def test_the_same_seed_has_the_same_faults_and_the_same_bytes() -> None:
    """Frames under several faults are equal byte for byte, and so are the counters."""

    def lived() -> tuple[list[bytes], dict[str, int]]:
        faults = Faults(seed=9)
        for fault_id in ("F31", "F33", "F34", "F35", "F18", "F20", "F22"):
            faults.switch_on(fault_id, probability=0.2)
        venue = single_venue(31, START_NS, faults)
        assert venue.leader is not None
        leader = Client(venue.exchange, venue.leader)
        session = leader.subscribe("account.orderUpdate", f"depth.{PERP}", f"trade.{PERP}")
        venue.exchange.advance(START_NS + 20 * SECOND)
        return venue.exchange.frames(session), faults.hits

    first, second = lived(), lived()

    assert first == second
    assert all(first[1][fault_id] > 0 for fault_id in ("F31", "F33", "F34", "F35", "F20", "F22"))
