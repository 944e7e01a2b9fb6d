"""One engine process on one machine: the real shell, the real adapter, on the simulation's heap."""

import asyncio
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.domain.commands import Command, Kill
from core.domain.effects import WakeAt
from core.domain.events import Body, Commanded, KillMoved, TimerFired
from core.domain.facts import Mode
from core.domain.ids import InstrumentId, LeaderId, VenueId, account_id
from core.domain.intent import Intent
from core.exchange.backpack.canceller import AccountCanceller
from core.exchange.backpack.leader_feed import Followed, LeaderFeed
from core.exchange.backpack.signing import Credentials
from core.exchange.backpack.venue import BackpackVenue
from core.risk.limits import RiskLimits
from core.runtime.assembly import DeskSettings, Engine, begin, build
from core.runtime.inbox import Inbox
from core.runtime.kill.opening import possible_orders
from core.runtime.kill.switch import KillState, KillSwitch, KillTarget
from core.runtime.shell import Shell
from core.strategies.copy_trade.fixed_ratio import CopyTrade, CopyTradeParameters
from tests.simulation.disk import Disk, DiskLatch, JournalWriter, Lock
from tests.simulation.heap import Heap, Killed, Process
from tests.simulation.net import Net, SimTransport
from tests.simulation.venue import NAME, SYMBOLS, SimVenue
from tests.simulation.wishes import HandCancels, HandWishes, wire_hands

VENUE: Final = VenueId(NAME)
ACCOUNT: Final = account_id(VENUE)
MARKETS: Final = tuple(InstrumentId(f"{NAME}:{symbol}") for symbol in SYMBOLS)
LIMITS: Final = RiskLimits(max_book_age_ms=3_000)


class MachineClock:
    """Time as one process sees it; monotonic stands still for nobody."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap
        self.skew_ns = 0

    def now(self) -> int:
        """Return UTC in ns."""
        return self._heap.now + self.skew_ns

    def monotonic(self) -> int:
        """Return ns since the start."""
        return self._heap.now - self._heap.start_ns


class HeapTimers:
    """Wake-ups by key, on the process's own loop."""

    def __init__(
        self, process: Process, clock: MachineClock, publish: Callable[[Body], None]
    ) -> None:
        self._process = process
        self._clock = clock
        self._publish = publish
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, wake: WakeAt) -> None:
        """Arm or re-arm one key."""
        old = self._handles.pop(wake.key, None)
        if old is not None:
            old.cancel()
        wait_secs = max(0.0, (wake.at - self._clock.now()) / 1e9)
        self._handles[wake.key] = self._process.call_later(wait_secs, self._fire, wake)

    def close(self) -> None:
        """Cancel all."""
        for handle in self._handles.values():
            handle.cancel()

    def _fire(self, wake: WakeAt) -> None:
        self._handles.pop(wake.key, None)
        now = self._clock.now()
        self._publish(TimerFired(ts_event=now, ts_recv=now, key=wake.key, due=wake.at))


class Machine:
    """An engine process. Made running; `kill` ends it."""

    def __init__(
        self,
        heap: Heap,
        net: Net,
        venue: SimVenue,
        disk: Disk,
        lock: Lock,
        name: str,
        rng: random.Random,
    ) -> None:
        self.facts_at_start = disk.replay()
        self.epoch = lock.take(name)
        self.name = name
        self.disk = disk
        self.lock = lock
        self.started_at = heap.now
        self.crash_at: tuple[str, int] | None = None
        self.trouble = ""
        self.was_closed = False
        self.on_begun: Callable[[], None] = _nothing
        self.on_dead: Callable[[], None] = _nothing
        self.transport_of = SimTransport
        self.listen: Callable[[Body], Body | None] = _same
        self.process = Process(heap, name)  # type: ignore[abstract]
        self.clock = MachineClock(heap)
        self._heap = heap
        self._net = net
        self._rng = rng
        self._commands = 0
        self._poison: str | None = None
        self.engine = new_engine(self.clock.monotonic)
        wire_hands(self.engine)
        timers = HeapTimers(self.process, self.clock, self.publish)
        self.shell = Shell(self.engine, self.clock, crash_point=self._crash, timers=timers)
        self.shell.holds_account = lambda: lock.epoch == self.epoch
        self.shell.inbox = Inbox(first_seq=disk.last_step() + 2)
        self.writer = JournalWriter(
            disk,
            self.process,
            self.epoch,
            heap,
            rng,
            self.shell._journal_done,
            self.shell._journal_failed,
        )
        self.shell._thread = self.writer  # type: ignore[assignment]
        self.kill_process = Process(heap, f"{name} kill")  # type: ignore[abstract]
        self.shell.kill = self._kill_switch(venue)
        self.kill_process.call_soon(self._serve_kill)
        self.process.on_killed = self._died
        self.process.call_soon(self._main, venue)

    def _kill_switch(self, venue: SimVenue) -> KillSwitch:
        """Make the switch with a loop of its own, as a thread of its own would have."""
        key = Credentials(venue.keys.api_secret)

        def port() -> AccountCanceller:
            transport = self.transport_of(
                self._net, self.kill_process, self.epoch, lambda: len(self.disk.rows)
            )
            return AccountCanceller(transport, self.clock, key)

        target = KillTarget(ACCOUNT, port, lambda: possible_orders(self.shell, ACCOUNT))
        return KillSwitch(
            DiskLatch(self.disk),  # type: ignore[arg-type]
            (target,),
            self.clock,
            tell=self._told_by_kill,
            sever=self.kill,
            rng=random.Random(self._rng.random()),
        )

    def _serve_kill(self) -> None:
        assert self.shell.kill is not None
        self.kill_process.create_task(self.shell.kill.serve(), name="kill")

    def _told_by_kill(self, state: KillState) -> None:
        now = self.clock.now()
        moved = KillMoved(
            ts_event=now,
            ts_recv=now,
            level=state.level,
            by=state.by,
            reason=state.reason,
            accounts=state.accounts,
        )
        if not self.is_dead:
            self.process.call_soon(self.publish, moved)

    # ---- life ----------------------------------------------------------------------------------

    def _main(self, venue: SimVenue) -> None:
        main = self.process.create_task(self._run(venue), name="main")
        main.add_done_callback(self._ended)

    def _ended(self, main: "asyncio.Task[None]") -> None:
        """Die when the main task ends: nothing else would keep the process."""
        if self.is_dead:
            return
        if not main.cancelled() and main.exception() is not None:
            self.trouble = _told(main.exception())
        self.process.kill()

    async def _run(self, venue: SimVenue) -> None:
        """Do what `open_run` does: open the venue, begin, pump."""
        rng = random.Random(self._rng.random())
        transport = self.transport_of(
            self._net, self.process, self.epoch, lambda: len(self.disk.rows)
        )
        adapter = BackpackVenue(
            VENUE,
            transport,
            self.clock,
            self.publish,
            rng,
            credentials=Credentials(venue.keys.api_secret),
        )
        feed = LeaderFeed(
            Followed(
                leader=LeaderId("leader"),
                venue=VENUE,
                credentials=Credentials(venue.leader_keys.api_secret),
            ),
            self.transport_of(self._net, self.process, self.epoch, lambda: len(self.disk.rows)),
            self.clock,
            self.publish,
            rng,
        )
        async with adapter, feed:
            self.shell.venues[VENUE] = adapter
            first = self.disk.last_step() + 1
            effects = begin(
                self.engine,
                self.facts_at_start,
                self.epoch,
                self.clock.now(),
                is_armed=self.disk.is_armed,
                why=self.disk.why,
            )
            self.on_begun()
            self.shell.submit(first, effects)
            await self.shell.run()

    def kill(self) -> None:
        """End it as kill -9 does, or a power cut."""
        self.process.kill()

    def close(self) -> None:
        """End with the simulation; what it holds stays to be read."""
        self.was_closed = not self.is_dead
        self.process.close()
        self.kill_process.close()

    @property
    def is_dead(self) -> bool:
        """Whether it ended."""
        return self.process.is_dead

    def _died(self) -> None:
        self.writer.lose_power()
        self.kill_process.kill()
        self._net.drop_all(self.process)
        self.lock.free(self.name)
        self._heap.at(self._heap.now, self.process.bury)
        self._heap.at(self._heap.now, self.kill_process.bury)
        self.on_dead()

    def _crash(self, label: str) -> None:
        if self.crash_at is None or self.is_dead:
            return
        wanted, left = self.crash_at
        if label != wanted:
            return
        self.crash_at = (wanted, left - 1)
        if left <= 1:
            self.crash_at = None
            self.disk.hit(f"F54 {label}")
            self.process.kill()
            raise Killed

    # ---- the outside ---------------------------------------------------------------------------

    def publish(self, body: Body) -> None:
        """Take an event, unless the process is dead."""
        if self.is_dead:
            return
        if self._poison is not None and type(body).__name__ == self._poison:
            self._poison = None
            raise RuntimeError("poisoned")
        heard = self.listen(body)
        if heard is not None:
            self.shell.publish(heard)

    def poison(self, rng: random.Random) -> None:
        """Let one task of the adapter raise, soon."""
        self._poison = rng.choice(("DepthChanged", "TickerSeen", "OrderReport", "QueryAnswered"))

    def command(self, command: Command) -> None:
        """Let a person give a command; what trips the kill switch waits for no inbox."""
        if isinstance(command, Kill) and command.level.trips:
            self.kill_process.call_soon(self._trip, command)
        self._commands += 1
        now = self.clock.now()
        body = Commanded(
            ts_event=now,
            ts_recv=now,
            command_id=f"{self.name}-{self._commands}",
            cockpit="person",
            command=command,
        )
        self.process.call_soon(self.publish, body)

    def _trip(self, command: Kill) -> None:
        if self.shell.kill is not None:
            self.shell.kill.trip(command.level, "person", f"{command.level} by a person")

    def wish(self, *intents: Intent) -> None:
        """Let a person want something."""
        for intent in intents:
            self.process.call_soon(self.publish, HandWishes(intent))

    def cancel(self, client_order_id: int) -> None:
        """Let a person be rid of an order."""
        self.process.call_soon(self.publish, HandCancels(client_order_id))


def new_engine(stopwatch: Callable[[], int]) -> Engine:
    """Wire the engine every process of a simulation runs."""
    settings = DeskSettings(
        mode=Mode.SIMULATION,
        venues=(VENUE,),
        accounts=(ACCOUNT,),
        limits=LIMITS,
        watchlist=MARKETS,
    )
    strategy = CopyTrade(CopyTradeParameters(ratio=0.4), ACCOUNT)
    return build(settings, (strategy,), stopwatch)


def _told(error: BaseException | None) -> str:
    """Name the innermost of grouped errors, and where it was raised."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    return f"{type(error).__name__}: {error} ({where})"


def _nothing() -> None:
    """Hear of nothing."""


def _same(body: Body) -> Body:
    return body
