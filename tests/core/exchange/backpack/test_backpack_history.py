"""The candles a running venue asks for: one service, one budget, an answer to every question."""

import asyncio
import heapq
import random
import sqlite3
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.domain.effects import Query
from core.domain.events import Body, CandlesLoaded, QueryAnswered, QueryFailed, QueryKind
from core.domain.ids import AccountId, InstrumentId, Symbol
from core.exchange.backpack import line as line_module
from core.exchange.backpack.answering import MOST_CANDLES, Answering
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.candle_source import ClientCandles, candle_history
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.public_requests import klines_request
from core.exchange.candles import INTERVALS, CandleCache, CandleService
from core.exchange.contract import Reply, TransportError, Wire
from tests.core.exchange.backpack.backpack_rig import (
    ACCOUNT,
    HandClock,
    ScriptedTransport,
    reply,
)
from tests.core.exchange.candles.candles_rig import NS, Rig

MINUTE = 60 * NS
EAGER = PacingLimits(query_secs=0.0, first_retry_secs=0.0)
SOL = InstrumentId("there:SOL_USDC")


class Engine:
    """What a venue answers queries with, on the exchange in the box."""

    def __init__(self, *, days: int = 40, cache: CandleCache | None = None) -> None:
        self.rig = Rig(days=days)
        self.client = RestClient(self.rig.transport, self.rig.time, None, EAGER)
        sleep = self.rig.time.sleep
        history = candle_history("there", self.client, random.Random(1), cache, sleep)
        self.published: list[Body] = []
        self.answering = Answering(
            self.client, AccountId("there:main"), self.published.append, history
        )
        self._ids = count(1)

    @property
    def asked(self) -> int:
        """Count the candle requests so far."""
        return len(self.rig.transport.asked)

    async def ask(
        self, interval: str, since: int | None = 0, instrument: InstrumentId = SOL
    ) -> Body:
        """Answer one query for candles."""
        query = Query(
            query_id=next(self._ids),
            kind=QueryKind.CANDLES,
            instrument=instrument,
            interval=interval,
            since=since,
        )
        await self.answering.answer(query)
        return self.published.pop()


def assert_joined(loaded: Body, now_secs: int) -> None:
    """Check that candles follow one another without hole and end with the running one."""
    assert isinstance(loaded, CandlesLoaded)
    for earlier, later in pairwise(loaded.candles):
        assert earlier.end_ts == later.start_ts
    newest = loaded.candles[-1]
    assert newest.start_ts <= now_secs * NS < newest.end_ts
    assert [c.is_closed for c in loaded.candles].count(False) == 1


@pytest.mark.parametrize("interval", [each for each in INTERVALS if each != "1s"])
@pytest.mark.parametrize("days", [2, 40])
async def test_history_costs_few_requests(interval: str, days: int) -> None:
    """At most two when nothing is known, young market or old; one when it is."""
    engine = Engine(days=days)

    cold, cold_cost = await engine.ask(interval), engine.asked
    await engine.rig.time.sleep(100)
    warm, warm_cost = await engine.ask(interval), engine.asked - cold_cost

    assert_joined(cold, engine.rig.now_secs - 100)
    assert_joined(warm, engine.rig.now_secs)
    assert isinstance(warm, CandlesLoaded)
    assert len(warm.candles) <= MOST_CANDLES
    assert cold_cost <= 2
    assert warm_cost == 1
    assert engine.rig.transport.refusals == []


async def test_history_begins_where_it_was_asked_for() -> None:
    """A reader who has the rest asks for what he missed."""
    engine = Engine()
    since = (engine.rig.now_secs - 600) * NS

    loaded = await engine.ask("1m", since)

    assert isinstance(loaded, CandlesLoaded)
    assert loaded.candles[0].start_ts <= since < loaded.candles[0].end_ts
    assert_joined(loaded, engine.rig.now_secs)


@pytest.mark.parametrize(
    ("interval", "instrument", "words"),
    [
        ("7m", SOL, "interval is not known"),
        ("1m", InstrumentId("there:NOPE_USDC"), "startTime="),
    ],
)
async def test_refused_history_is_told_in_full(
    interval: str, instrument: InstrumentId, words: str
) -> None:
    """What was asked, and what the venue said."""
    failure = await Engine().ask(interval, instrument=instrument)

    assert isinstance(failure, QueryFailed)
    assert (failure.kind, failure.target) == (QueryKind.CANDLES, instrument)
    assert words in failure.reason


async def test_venue_in_trouble_ends_the_question() -> None:
    """After three attempts the reader is told and may ask again."""
    engine = Engine()
    engine.rig.transport.planned = [TransportError("reset by peer", sent=True)] * 3

    failure, loaded = await engine.ask("1m"), await engine.ask("1m")

    assert isinstance(failure, QueryFailed)
    assert "reset by peer" in failure.reason
    assert_joined(loaded, engine.rig.now_secs)


async def test_bug_while_answering_costs_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task lives at the edge of the venue: nothing it raises may end the others."""
    engine = Engine()
    monkeypatch.setattr(CandleService, "newest", lambda *_: 1 / 0)

    assert isinstance(await engine.ask("1m"), QueryFailed)


async def test_failing_disk_costs_no_candle(tmp_path: Path) -> None:
    """The cache is a help, no condition."""
    with CandleCache(tmp_path / "candles.sqlite", "there") as cache:
        engine = Engine(cache=cache)
        before = await engine.ask("1m")
        with sqlite3.connect(tmp_path / "candles.sqlite") as other:
            other.execute("DROP TABLE covered")
        other.close()

        after = await engine.ask("1m")

    assert isinstance(before, CandlesLoaded)
    assert isinstance(after, CandlesLoaded)
    assert len(after.candles) == len(before.candles)


async def test_slow_history_holds_nobody_up() -> None:
    """While candles hang, orders are looked up."""
    hanging = asyncio.Event()
    published: list[Body] = []

    class Slow(ScriptedTransport):
        async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
            if wire.path.endswith("klines"):
                await hanging.wait()
            return await super().request(wire, deadline_secs=deadline_secs)

    transport = Slow(_time_or_nothing)
    client = RestClient(transport, HandClock(), None, EAGER)
    history = candle_history("there", client, random.Random(1))
    answering = Answering(client, ACCOUNT, published.append, history)
    candles = Query(query_id=1, kind=QueryKind.CANDLES, instrument=SOL, interval="1m", since=0)
    book = Query(query_id=2, kind=QueryKind.BOOK_SNAPSHOT, instrument=SOL)

    async with asyncio.TaskGroup() as group:
        group.create_task(answering.answer(candles))
        await asyncio.sleep(0)
        await answering.answer(book)
        first = len(published)
        hanging.set()

    assert first == 1
    assert not isinstance(published[0], QueryAnswered | CandlesLoaded)
    assert len(published) == 2


def _time_or_nothing(wire: Wire) -> Reply:
    if wire.path.endswith("time"):
        return reply(200, b"1700000000000")
    return reply(200, [])


# ---- one budget --------------------------------------------------------------------------------


class SharedTime:
    """Virtual time for several sleepers: it goes on when all of them wait."""

    def __init__(self) -> None:
        self.ns = 1_700_000_000 * NS
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def now(self) -> int:
        """Return UTC in ns."""
        return self.ns

    def monotonic(self) -> int:
        """Return ns of the steady clock."""
        return self.ns

    async def sleep(self, secs: float) -> None:
        """Wait."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self.ns + max(0, int(secs * NS))
        heapq.heappush(self._sleepers, (due, next(self._numbers), woken))
        await woken

    async def drive(self, work: "asyncio.Future[object]") -> None:
        """Wake sleepers in order until the work is done."""
        while not work.done():
            for _ in range(20):
                await _turn()
            if self._sleepers:
                due, _, woken = heapq.heappop(self._sleepers)
                self.ns = max(self.ns, due)
                woken.set_result(None)


async def _turn() -> None:
    turned: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


def test_service_and_client_take_from_one_bucket() -> None:
    """What one of them takes, the other has not."""
    client = RestClient(ScriptedTransport(_time_or_nothing), HandClock(), None, EAGER)
    source = ClientCandles("there", client)

    for _ in range(10):
        source.turns.take(0)
    for _ in range(14):
        client.pacer.take(Lane.HISTORY, 0)

    assert source.turns.left(0) == client.pacer.budget.left(Lane.HISTORY, 0) == 0
    assert source.turns.wait_ns(0) == client.pacer.wait_ns(Lane.HISTORY, 0) == MINUTE


async def test_both_together_never_exceed_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 in any 60 s, whoever asks; and everybody comes to his turn."""
    time = SharedTime()
    sent: list[int] = []

    def answer(wire: Wire) -> Reply:
        if wire.path.endswith("time"):
            return reply(200, str(time.ns // 1_000_000).encode())
        sent.append(time.ns)
        return reply(200, [])

    client = RestClient(ScriptedTransport(answer), time, None, EAGER)
    monkeypatch.setattr(line_module, "asyncio", SimpleNamespace(sleep=time.sleep))
    service = candle_history("there", client, random.Random(1), None, time.sleep)

    async def by_client(number: int) -> None:
        await time.sleep(number * 5.0)
        now = time.ns // NS
        await client.read(
            lambda: klines_request(Symbol("X_USDC"), "1m", now - 60, now), lane=Lane.HISTORY
        )

    async def by_service(number: int) -> None:
        await service.newest(f"M{number}_USDC", "1m", 5)

    async def all_of_them() -> object:
        asked = [by_client(number) for number in range(30)]
        return await asyncio.gather(*asked, *(by_service(number) for number in range(30)))

    work = asyncio.ensure_future(all_of_them())
    await time.drive(work)
    await work

    assert len(sent) >= 60
    assert max(sum(at <= other < at + MINUTE for other in sent) for at in sent) == 24
