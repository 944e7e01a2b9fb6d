"""Opens a run: sources, Desk, journal and shell of one mode, closed again in order."""

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import CockpitError, ConfigError
from core.domain.events import Channel, ConnectionChanged, LinkState
from core.domain.facts import Mode
from core.domain.ids import AccountId, Asset, InstrumentId, LeaderId, VenueId, account_id
from core.exchange.backpack.pacing import PacingLimits
from core.market.recorder import Recorder
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.clock import Clock, SystemClock, VirtualClock
from core.runtime.config import Config, data_folder
from core.runtime.crash import AFTER_LOCK, AFTER_REPLAY, crash_point_from_environment
from core.runtime.kill.latch import Latch
from core.runtime.kill.opening import open_kill
from core.runtime.launch import Launch
from core.runtime.lock import AccountLock
from core.runtime.opening import Source
from core.runtime.paper import first_answer, paper_folder, paper_quote, paper_sources
from core.runtime.replay import (
    Replay,
    VirtualTimers,
    first_glance,
)
from core.runtime.shell import Shell
from core.runtime.sources import embedded_sources, open_sources, outside_source, price_sources
from core.strategies.copy_trade.fixed_ratio import CopyTrade, CopyTradeParameters
from core.trading.journal import JournalStamp, SqliteJournal

log = logging.getLogger(__name__)
LEADER: Final = LeaderId("leader")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_IN_MEMORY: Final = PacingLimits(query_secs=0.002, history_secs=0.05)


class Run(msgspec.Struct, frozen=True):
    """A run that is open."""

    shell: Shell
    pump: "asyncio.Task[None]"
    replay: Replay | None = None
    recorders: tuple[Recorder, ...] = ()


@asynccontextmanager
async def open_run(launch: Launch) -> AsyncIterator[Run]:
    """Open the run a launch asks for."""
    opener = _OPENERS.get(launch.mode, open_simulation)
    with single_error():
        async with opener(launch) as run:
            yield run


@contextmanager
def single_error() -> Iterator[None]:
    """Take an error meant for a person out of the groups that task groups put round it."""
    try:
        yield
    except BaseExceptionGroup as group:
        told, _ = group.split(CockpitError)
        if told is None:
            raise
        raise _first_of(told) from group


def _first_of(group: BaseExceptionGroup[CockpitError]) -> CockpitError:
    """Return the first error for a person in a group of groups."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, CockpitError)
    return first


@asynccontextmanager
async def open_replay(launch: Launch) -> AsyncIterator[Run]:
    """Open recordings; the caller plays them (headless) or starts `run_paced`."""
    markets, venues, start = first_glance(launch.recordings)
    settings = DeskSettings(
        mode=Mode.REPLAY, venues=tuple(venues), watchlist=tuple(markets), can_query=False
    )
    engine = build(settings, (), time.monotonic_ns)
    clock, timers = VirtualClock(start), VirtualTimers()
    shell = Shell(engine, clock, timers=timers)
    replay = Replay(shell, clock, timers, launch.recordings)
    replay.set_pace_to(launch.speed)
    shell.on_pace = replay.set_pace
    shell.submit(1, begin(engine, (), 1, start))
    for venue in venues:
        shell.publish(_playing(venue, start))
    pump = asyncio.create_task(shell.run(), name="pump")
    try:
        yield Run(shell, pump, replay)
    finally:
        await _ended(pump)


def _playing(venue: VenueId, at: int) -> ConnectionChanged:
    """Return what a recording's venue is while it plays: up."""
    return ConnectionChanged(
        ts_event=at,
        ts_recv=at,
        venue=venue,
        channel=Channel.PUBLIC,
        state=LinkState.UP,
        detail="recording",
    )


@asynccontextmanager
async def open_simulation(launch: Launch) -> AsyncIterator[Run]:
    """Open the embedded exchange in this process, or one over sockets on this machine."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        if launch.rest_url:
            sources = [outside_source(launch)]
        else:
            sources = await embedded_sources(launch, clock, stack)
        sources.extend(price_sources(launch.config))
        yield await _trading_run(launch, clock, sources, stack)


@asynccontextmanager
async def open_paper(launch: Launch) -> AsyncIterator[Run]:
    """Open public data with accounts on paper beside it; wait until a venue answers."""
    sources = paper_sources(launch)
    async with AsyncExitStack() as stack:
        run = await _trading_run(launch, SystemClock(), sources, stack)
        await first_answer(run.shell, sources)
        yield run


@asynccontextmanager
async def open_public(launch: Launch, sources: list[Source]) -> AsyncIterator[Run]:
    """Open public data alone: no account, no journal, nothing that could trade."""
    clock = SystemClock()
    markets = tuple(InstrumentId(name) for name in launch.config.watchlist)
    settings = DeskSettings(
        mode=Mode.PAPER, venues=tuple(source.name for source in sources), watchlist=markets
    )
    shell = Shell(build(settings, (), time.monotonic_ns), clock)
    async with AsyncExitStack() as stack:
        recorders = await open_sources(shell, clock, sources, launch, stack)
        shell.submit(1, begin(shell.engine, (), 1, clock.now()))
        pump = asyncio.create_task(shell.run(), name="pump")
        stack.push_async_callback(_ended, pump)
        yield Run(shell, pump, recorders=tuple(recorders))


async def _trading_run(
    launch: Launch, clock: Clock, sources: list[Source], stack: AsyncExitStack
) -> Run:
    accounts = tuple(account_id(s.name) for s in sources if s.is_traded)
    settings = DeskSettings(
        mode=launch.mode,
        venues=tuple(source.name for source in sources),
        accounts=accounts,
        limits=launch.config.risk,
        capital=launch.config.capital,
        watchlist=_watchlist(launch, sources),
        quote=paper_quote(sources) or Asset("USDC"),
    )
    engine = build(settings, _strategies(launch.config, accounts), time.monotonic_ns)
    folder = _run_folder(launch, sources)
    journal, lock = _journal(launch, folder, sources, stack)
    crash = journal.crash = crash_point_from_environment()
    crash(AFTER_LOCK)
    facts = [fact for _, fact in journal.replay()]
    crash(AFTER_REPLAY)
    latch = Latch(folder, time.monotonic_ns)
    if not facts:
        # An account's first run: nothing can have tripped yet.
        latch.arm("first run")
    shell = Shell(
        engine,
        clock,
        journal,
        crash_point=crash,
        watchlist_file=_watchlist_file(launch),
    )
    shell.holds_account = lock.is_current
    recorders = await open_sources(shell, clock, sources, launch, stack)
    await open_kill(shell, latch, sources, launch, stack)
    why = "" if latch.is_armed else latch.why()
    effects = begin(engine, facts, lock.epoch, clock.now(), is_armed=latch.is_armed, why=why)
    shell.submit(journal.last_step() + 1, effects)
    pump = asyncio.create_task(shell.run(), name="pump")
    stack.push_async_callback(_ended, pump)
    return Run(shell, pump, recorders=tuple(recorders))


def _journal(
    launch: Launch, folder: Path, sources: list[Source], stack: AsyncExitStack
) -> tuple[SqliteJournal, AccountLock]:
    """Open the journal of this account and take the account.

    A run on the exchange in the box gets a folder of its own: its venue forgets everything too.
    """
    traded = [s for s in sources if s.is_traded]
    if not traded:
        raise ConfigError(
            "no account to trade with", "no venue has a key_file", "Name one in [[venues]]"
        )
    credentials = traded[0].credentials
    owner = f"paper:{folder.name}" if credentials is None else credentials.api_key
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            "data directory cannot be made", f"{folder}: {error.strerror}", "Choose --data-dir"
        ) from error
    stamp = JournalStamp(mode=launch.mode, account=account_id(traded[0].name))
    journal = SqliteJournal(folder / "journal.db", stamp)
    stack.callback(journal.close)
    lock = AccountLock(_lock_folder(launch, folder), owner)
    stack.callback(lock.release)
    # A journal brought here from elsewhere may be ahead of what this machine counted.
    epoch = lock.take(journal.last_epoch() + 1)
    journal.begin_epoch(epoch)
    return journal, lock


def _lock_folder(launch: Launch, run_folder: Path) -> Path:
    """One trader per account and user; the exchange in the box is each run's own."""
    is_outside = launch.rest_url and launch.mode is not Mode.PAPER
    return data_folder(None) / "locks" if is_outside else run_folder


def _run_folder(launch: Launch, sources: list[Source]) -> Path:
    if launch.mode is Mode.PAPER:
        return paper_folder(sources)
    root = Path(launch.data_dir) / launch.mode.value
    if launch.rest_url:
        return root / "outside"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return root / "runs" / f"{stamp}-{os.getpid()}"


def _strategies(config: Config, accounts: tuple[AccountId, ...]) -> tuple[CopyTrade, ...]:
    if not accounts:
        return ()
    return tuple(
        CopyTrade(parameters, accounts[0])
        for parameters in config.copy_trade or (CopyTradeParameters(),)
    )


def _watchlist_file(launch: Launch) -> Path:
    return Path(launch.data_dir) / f"{launch.mode.value}-watchlist.json"


def _watchlist(launch: Launch, sources: list[Source]) -> tuple[InstrumentId, ...]:
    """Return what was kept last time, else what is configured, else the majors of each venue."""
    venues = {source.name for source in sources}
    try:
        kept = json.loads(_watchlist_file(launch).read_bytes())
        names = [InstrumentId(str(name)) for name in kept]
    except (OSError, ValueError, TypeError):
        names = [InstrumentId(name) for name in launch.config.watchlist]
    known = tuple(name for name in names if name.partition(":")[0] in venues)
    return known or tuple(name for source in sources for name in majors_of(source.name))


def majors_of(venue: VenueId) -> tuple[InstrumentId, ...]:
    """Return the markets a run watches where nobody chose any."""
    return tuple(InstrumentId(f"{venue}:{symbol}") for symbol in _MAJORS)


_MAJORS: Final = (
    "SOL_USDC_PERP",
    "BTC_USDC_PERP",
    "ETH_USDC_PERP",
    "SOL_USDC",
    "BTC_USDC",
    "ETH_USDC",
)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


_OPENERS: Final = {Mode.REPLAY: open_replay, Mode.PAPER: open_paper}
