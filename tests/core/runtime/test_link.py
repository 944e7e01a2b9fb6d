"""The link: frames asked for, receipts once durable, and an end that is told."""

import asyncio
import socket
import sqlite3
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.domain.commands import AddToWatchlist, Receipt, StopAll
from core.domain.facts import CommandTaken, Mode
from core.domain.ids import AccountId, InstrumentId, VenueId
from core.domain.views import ALERTS, HEADER, RISK, FrameRequest, HeaderView, ladder_topic
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.clock import SystemClock
from core.runtime.journal_thread import JournalThread
from core.runtime.link import LinkClosed
from core.runtime.link_client import SocketLink
from core.runtime.link_local import LocalLink
from core.runtime.link_server import LinkServer
from core.runtime.link_wire import EngineFailed, message
from core.runtime.runner import JournalBatch
from core.runtime.shell import Shell
from core.trading.journal import JournalReader, JournalStamp, SqliteJournal
from tests.core.builders import ACCOUNT, SOL_PERP

STAMP = JournalStamp(mode=Mode.SIMULATION, account="alpha:main")
ALPHA = VenueId("alpha")


@asynccontextmanager
async def engine(
    folder: Path, accounts: tuple[AccountId, ...] = (ACCOUNT,)
) -> AsyncIterator[Shell]:
    """Run an engine with a journal and no venue."""
    settings = DeskSettings(
        mode=Mode.SIMULATION, venues=(ALPHA,), accounts=accounts, watchlist=(SOL_PERP,)
    )
    built = build(settings, (), lambda: 0)
    journal = SqliteJournal(folder / "journal.db", STAMP, epoch=1)
    clock = SystemClock()
    shell = Shell(built, clock, journal)
    shell.submit(1, begin(built, (), 1, clock.now()))
    pump = asyncio.create_task(shell.run())
    try:
        yield shell
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        journal.close()


def read(path: Path) -> list[object]:
    """Read a journal while its engine writes it."""
    with JournalReader(path) as reader:
        return [entry.fact for entry in reader.entries()]


@asynccontextmanager
async def linked(shell: Shell, name: str = "cockpit") -> AsyncIterator[SocketLink]:
    """Serve one cockpit over a socket pair."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=theirs)
    serving = asyncio.create_task(LinkServer(shell, reader, writer, name).serve())
    link = SocketLink(ours)
    try:
        yield link
    finally:
        await link.close()
        await asyncio.wait_for(serving, 5)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, never for time."""
    while not condition():  # noqa: ASYNC110  the code under test has no event to wait for
        await asyncio.sleep(0.001)


async def test_frame_over_the_link_is_the_frame_of_the_engine(tmp_path: Path) -> None:
    """What is asked for comes, typed; what is unknown is left out."""
    async with engine(tmp_path) as shell, linked(shell) as link:
        frame = await link.frame(FrameRequest(versions={HEADER: 0, ALERTS: 0, "nonsense/x": 0}))

    assert set(frame.views) == {HEADER, ALERTS}
    assert isinstance(frame.views[HEADER], HeaderView)
    assert frame.next_fact > 1


async def test_view_that_did_not_move_is_not_sent_again(tmp_path: Path) -> None:
    """A version held is not sent twice."""
    async with engine(tmp_path) as shell, linked(shell) as link:
        first = await link.frame(FrameRequest(versions={ALERTS: 0}))
        second = await link.frame(
            FrameRequest(versions=first.versions, facts_since=first.next_fact)
        )

    assert set(first.views) == {ALERTS}
    assert second.views == {}
    assert second.versions == first.versions


async def test_view_is_built_once_a_version_for_all_cockpits(tmp_path: Path) -> None:
    """Three cockpits cost one view."""
    async with engine(tmp_path) as shell:
        at = shell.clock.now()
        frames = [
            shell.engine.frames.frame(FrameRequest(versions={RISK: 0, ALERTS: 0}), at)
            for _ in range(3)
        ]

    for topic in (RISK, ALERTS):
        assert frames[0].views[topic] is frames[1].views[topic] is frames[2].views[topic]


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "ladder",
        "ladder/alpha:SOL_USDC_PERP/x/y",
        "ladder/alpha:SOL_USDC_PERP/0/0",
        "ladder/alpha:SOL_USDC_PERP/-5/-1",
        "ladder/nowhere/10/1",
        "tape/alpha:SOL_USDC_PERP/x",
        "tape//5",
        "candles/alpha:SOL_USDC_PERP/never/5",
        "candles/alpha:SOL_USDC_PERP/1m/x",
        "candles/alpha:SOL_USDC_PERP/1m/99999999999999999999",
        ladder_topic(SOL_PERP, 10**9, 10**9),
    ],
)
async def test_topic_that_makes_no_sense_harms_nobody(tmp_path: Path, topic: str) -> None:
    """A cockpit's mistake never ends the engine: the next frame comes."""
    async with engine(tmp_path) as shell, linked(shell) as link:
        await link.frame(FrameRequest(versions={topic: 0}))
        frame = await link.frame(FrameRequest(versions={HEADER: 0}))

    assert HEADER in frame.views


async def test_receipt_comes_only_after_the_journal_has_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk is busy there is no receipt; with it, the row is there."""
    held: list[JournalBatch] = []
    write = JournalThread.write
    monkeypatch.setattr(JournalThread, "write", lambda _self, batch: held.append(batch))
    async with engine(tmp_path) as shell, linked(shell) as link:
        asked = asyncio.create_task(link.command(StopAll()))
        await until(lambda: bool(held))
        done, _ = await asyncio.wait({asked}, timeout=0.15)
        early = bool(done)
        monkeypatch.setattr(JournalThread, "write", write)
        assert shell._thread is not None
        shell._thread.write(held[0])
        receipt = await asyncio.wait_for(asked, 5)
        rows = read(tmp_path / "journal.db")

    assert not early
    assert receipt.is_accepted
    assert any(isinstance(row, CommandTaken) for row in rows)


async def test_commands_of_two_cockpits_get_their_own_receipts(tmp_path: Path) -> None:
    """Answers do not cross."""
    async with engine(tmp_path) as shell, linked(shell, "a") as one, linked(shell, "b") as two:
        receipts = await asyncio.gather(
            one.command(AddToWatchlist(instrument=InstrumentId("one"))),
            two.command(AddToWatchlist(instrument=InstrumentId("two"))),
            one.command(StopAll()),
        )

    assert ["one" in receipts[0].text, "two" in receipts[1].text] == [True, True]
    assert [r.is_accepted for r in receipts] == [False, False, True]


async def test_engine_that_goes_closes_the_link_of_those_who_wait() -> None:
    """A cockpit is told, and told again whenever it asks."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = SocketLink(ours)
    asked = asyncio.create_task(link.frame(FrameRequest(versions={})))
    await until(lambda: bool(link._waiting))
    theirs.close()

    with pytest.raises(LinkClosed):
        await asyncio.wait_for(asked, 5)
    with pytest.raises(LinkClosed):
        await asyncio.wait_for(link.command(StopAll()), 5)
    await link.close()
    await link.close()


async def test_engine_that_cannot_start_says_why_over_the_link() -> None:
    """The person reads the reason, not a broken pipe."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = SocketLink(ours)
    theirs.sendall(message(EngineFailed("the disk is full")))
    theirs.close()

    with pytest.raises(LinkClosed, match="the disk is full"):
        await asyncio.wait_for(link.frame(FrameRequest(versions={})), 5)
    await link.close()


@pytest.mark.parametrize(
    "raw", [struct.pack("!I", 2**32 - 1), struct.pack("!I", 3) + b"\xff\xff\xff", b"\x00"]
)
async def test_garbage_from_a_cockpit_ends_its_link_and_nothing_else(
    tmp_path: Path, raw: bytes
) -> None:
    """The engine goes on for the others."""
    async with engine(tmp_path) as shell:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=theirs)
        serving = asyncio.create_task(LinkServer(shell, reader, writer, "bad").serve())
        ours.sendall(raw)
        ours.close()
        await asyncio.wait_for(serving, 5)
        async with linked(shell) as link:
            frame = await link.frame(FrameRequest(versions={HEADER: 0}))

    assert HEADER in frame.views


async def test_local_link_speaks_like_the_socket(tmp_path: Path) -> None:
    """Headless runs and tests use the same verbs."""
    async with engine(tmp_path) as shell:
        link = LocalLink(shell)
        frame = await link.frame(FrameRequest(versions={HEADER: 0}))
        receipt = await asyncio.wait_for(link.command(StopAll()), 5)
        await link.close()

    assert HEADER in frame.views
    assert isinstance(receipt, Receipt)


async def test_failed_write_is_told_to_the_desk_and_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs time, not rows: the receipt comes once it is well."""
    real, failures = SqliteJournal.append, [2]

    def sometimes(self: SqliteJournal, rows: list[tuple[int, object]]) -> None:
        if failures[0]:
            failures[0] -= 1
            raise sqlite3.OperationalError("disk is full")
        real(self, rows)  # type: ignore[arg-type]

    async with engine(tmp_path) as shell:
        monkeypatch.setattr(SqliteJournal, "append", sometimes)
        receipt = await asyncio.wait_for(LocalLink(shell).command(StopAll()), 10)
        alerts = shell.engine.rooms.risk.alerts.view(0).open
        rows = read(tmp_path / "journal.db")

    assert receipt.is_accepted
    assert [row.alert.title for row in alerts] == ["The journal cannot be written"]
    assert sum(isinstance(row, CommandTaken) for row in rows) == 1
