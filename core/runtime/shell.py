"""The rim around a Desk: pumps the inbox, writes the journal, carries out effects, keeps timers.

It decides nothing. What a step may send, and when, the runner says.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from core.domain.commands import Command, Kill, Receipt
from core.domain.effects import (
    Acknowledge,
    Analyse,
    ArmLatch,
    CallPerson,
    CancelOrder,
    Effect,
    KeepWatchlist,
    PlaceOrder,
    Query,
    SetPace,
    SubscribeMarket,
    TripKill,
    UnsubscribeMarket,
    WakeAt,
)
from core.domain.events import (
    Body,
    CandlesWanted,
    Commanded,
    Event,
    JournalHealth,
    LatchWritten,
    OrderNotSent,
    QueryAnswered,
    QueryFailed,
    StudyWanted,
    TopicWanted,
)
from core.domain.ids import InstrumentId, VenueId, venue_of
from core.domain.views import Frame, FrameRequest
from core.runtime.analyst.inline import NoAnalyst
from core.runtime.analyst.port import Analyst
from core.runtime.analyst.topics import is_analysed
from core.runtime.assembly import Engine
from core.runtime.clock import Clock
from core.runtime.crash import (
    AFTER_JOURNAL,
    BEFORE_JOURNAL,
    CrashPoint,
    no_crash,
    reach_facts,
)
from core.runtime.inbox import Inbox
from core.runtime.journal_thread import JournalThread
from core.runtime.kill.flatten import may_pass_halted
from core.runtime.kill.switch import KillSwitch
from core.runtime.runner import Runner
from core.runtime.timers import Timers
from core.trading.journal import SqliteJournal

log = logging.getLogger(__name__)
STEPS_A_TURN: Final = 400
_HEALTH_SECS: Final = 0.1
_TOLD_AGAIN_NS: Final = 20_000_000_000
"""How often the Desk is told that a cockpit still looks at what the analyst computes."""


class VenuePort(Protocol):
    """What the shell needs of a venue."""

    def subscribe(self, instrument: InstrumentId) -> None:
        """Start the public streams of a market."""

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop the public streams of a market."""

    def place(self, effect: PlaceOrder) -> None:
        """Sign and send an order once."""

    def cancel(self, effect: CancelOrder) -> None:
        """Cancel an order."""

    def query(self, query: Query) -> None:
        """Read something; answered by an event."""


class TimerPort(Protocol):
    """What the shell needs of timers: real ones, or those of a replay."""

    def set(self, wake: WakeAt) -> None:
        """Arm or re-arm one key."""

    def close(self) -> None:
        """Cancel all."""


class Shell:
    """One running engine. Use `run()` as a task; stop by cancelling it."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        journal: SqliteJournal | None = None,
        *,
        crash_point: CrashPoint = no_crash,
        watchlist_file: Path | None = None,
        timers: "TimerPort | None" = None,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.inbox = Inbox(first_seq=2 if journal is None else journal.last_step() + 2)
        self.runner = Runner(self._last_look)
        self.venues: dict[VenueId, VenuePort] = {}
        self.is_latched = False
        self.kill: KillSwitch | None = None
        """The kill switch; None where there is no account."""
        self.holds_account: Callable[[], bool] = _surely
        """Whether the account lock is held and its epoch current; asked before each order."""
        self._journal = journal
        self._thread: JournalThread | None = None
        self.crash = crash_point
        self._watchlist_file = watchlist_file
        self.on_pace: Callable[[SetPace], None] | None = None
        self.on_call: Callable[[CallPerson], None] | None = None
        self.answered_at = clock.monotonic()
        """When an account's query was last answered, monotonic ns: proof for the watchdog."""
        self._wake = asyncio.Event()
        self._timers: TimerPort = timers or Timers(clock, self.publish)
        self._receipts: dict[str, asyncio.Future[Receipt]] = {}
        self._commands = 0
        self._was_unwell = False
        self._looked_at: dict[str, int] = {}
        self.analyst: Analyst = NoAnalyst()
        self._table: dict[type, Callable[[Any], None]] = {
            PlaceOrder: self._place,
            CancelOrder: lambda e: self._venue_of(e.account).cancel(e),
            Query: self._query,
            SubscribeMarket: lambda e: self._venue_of(e.instrument).subscribe(e.instrument),
            UnsubscribeMarket: lambda e: self._venue_of(e.instrument).unsubscribe(e.instrument),
            WakeAt: self._timers.set,
            Acknowledge: self._acknowledge,
            KeepWatchlist: self._keep_watchlist,
            SetPace: self._set_pace,
            Analyse: lambda e: self.analyst.submit(e.job),
            TripKill: self._trip,
            ArmLatch: self._arm,
            CallPerson: self._call_person,
        }

    # ---- the outside ---------------------------------------------------------------------------

    def publish(self, body: Body) -> None:
        """Take an event body from any source on the loop."""
        if type(body) is QueryAnswered:
            self.answered_at = self.clock.monotonic()
        self.inbox.put(body)
        self._wake.set()

    def frame(self, request: FrameRequest) -> Frame:
        """Answer a cockpit; what it looks at for the first time is told to the Desk by events."""
        now = self.clock.now()
        for topic in request.versions:
            told_at = self._looked_at.get(topic)
            if told_at is None or now - told_at >= _TOLD_AGAIN_NS:
                self._look_at(topic, now)
        return self.engine.frames.frame(request, now)

    def _look_at(self, topic: str, now: int) -> None:
        """Tell the Desk what is looked at, and again now and then: what nobody wants is let go."""
        self._looked_at[topic] = now
        if is_analysed(topic):
            self.publish(TopicWanted(ts_event=now, ts_recv=now, topic=topic))
        kind, instrument, interval, *_ = (*topic.split("/"), "", "")
        if not instrument:
            return
        if kind != "candles":
            self.publish(
                StudyWanted(ts_event=now, ts_recv=now, instrument=InstrumentId(instrument))
            )
            return
        self.publish(
            CandlesWanted(
                ts_event=now,
                ts_recv=now,
                instrument=InstrumentId(instrument),
                interval=interval,
            )
        )

    async def command(self, command: Command, cockpit: str) -> Receipt:
        """Hand in a command and wait for its durable receipt."""
        if isinstance(command, Kill) and command.level.trips and self.kill is not None:
            # The block waits neither for the inbox nor for the disk.
            self.kill.trip(command.level, cockpit, f"{command.level} by a person")
        self._commands += 1
        command_id = f"{cockpit}-{self._commands}"
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._receipts[command_id] = future
        now = self.clock.now()
        self.publish(
            Commanded(
                ts_event=now, ts_recv=now, command_id=command_id, cockpit=cockpit, command=command
            )
        )
        try:
            return await future
        finally:
            self._receipts.pop(command_id, None)

    # ---- the pump ------------------------------------------------------------------------------

    def submit(self, seq: int, effects: list[Effect]) -> None:
        """Give the runner the effects of one step and carry out what may leave."""
        reach_facts(self.crash, effects)
        self.runner.submit(seq, effects, self.clock.now())
        self._turn()

    async def run(self) -> None:
        """Pump until cancelled."""
        if self._journal is not None:
            self._thread = JournalThread(self._journal, self._journal_done, self._journal_failed)
        health = asyncio.create_task(self._watch_health(), name="journal health")
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                self.pump(STEPS_A_TURN)
                if len(self.inbox):
                    self._wake.set()
                    await asyncio.sleep(0)
        finally:
            health.cancel()
            await asyncio.gather(health, return_exceptions=True)
            self._timers.close()
            if self._thread is not None:
                self._thread.close()

    def pump(self, most: int) -> int:
        """Take up to so many steps; returns how many."""
        taken = 0
        handle, pop, now = self.engine.desk.handle, self.inbox.pop, self.clock.now
        if self.crash is not no_crash:
            handle = self._handled_at_risk
        while taken < most and (event := pop(now())) is not None:
            effects = handle(event)
            taken += 1
            if effects:
                self.runner.submit(event.seq, effects, event.at)
                self._turn()
        return taken

    def _handled_at_risk(self, event: Event) -> list[Effect]:
        """Handle an event between the crash points before and after it."""
        self.crash(f"heard:{type(event.body).__name__}")
        effects = self.engine.desk.handle(event)
        reach_facts(self.crash, effects)
        return effects

    async def drained(self) -> None:
        """Wait until nothing is queued and everything is on disk."""
        while len(self.inbox) or self.runner.has_waiting:
            await asyncio.sleep(0.01)
            self._turn()

    def _turn(self) -> None:
        """Start a journal batch if one waits, and carry out what is due."""
        now = self.clock.now()
        batch = self.runner.journal_batch(now)
        if batch is not None:
            self.crash(BEFORE_JOURNAL)
            if self._thread is None:
                self._write_now(batch.upto, batch)
            else:
                self._thread.write(batch)
        due = self.runner.due(now)
        for refusal in due.not_sent:
            self.publish(
                OrderNotSent(
                    ts_event=now,
                    ts_recv=now,
                    client_order_id=refusal.client_order_id,
                    reason=refusal.reason,
                )
            )
        for effect in due.effects:
            self._table[type(effect)](effect)

    def _write_now(self, upto: int, batch: Any) -> None:
        if self._journal is not None:
            self._journal.append([(row.seq, row.fact) for row in batch.rows])
        self.runner.journal_done(upto)

    def _journal_done(self, upto: int) -> None:
        self.runner.journal_done(upto)
        self._turn()

    def _journal_failed(self, reason: str) -> None:
        self.runner.journal_failed(reason)
        self._tell_health(is_failed=True, detail=reason)

    async def _watch_health(self) -> None:
        """Tell the Desk when the disk is slow, and when it is well again; retry after a failure."""
        while True:
            await asyncio.sleep(_HEALTH_SECS)
            oldest_ms = self.runner.oldest_uncommitted_ns(self.clock.now()) // 1_000_000
            is_unwell = oldest_ms > 200  # noqa: PLR2004  just under the bound the Desk judges by
            if is_unwell or self._was_unwell:
                self._tell_health(is_failed=False, oldest_ms=oldest_ms)
            self._was_unwell = is_unwell
            self._turn()

    def _tell_health(self, *, is_failed: bool, oldest_ms: int = 0, detail: str = "") -> None:
        now = self.clock.now()
        self._was_unwell = True
        self.publish(
            JournalHealth(
                ts_event=now,
                ts_recv=now,
                oldest_uncommitted_ms=oldest_ms,
                is_failed=is_failed,
                detail=detail,
            )
        )

    # ---- effects -------------------------------------------------------------------------------

    def _last_look(self, effect: PlaceOrder, now: int) -> str | None:
        if self.is_latched or self.engine.rooms.orders.is_fenced or not self.holds_account():
            return "the kill latch or the account lock is lost"
        kill = self.kill
        if kill is not None and not kill.may_send and not may_pass_halted(effect, kill.state.level):
            return "the kill switch has tripped"
        if now > effect.send_before:
            return "too late: its time to be sent has passed"
        return None

    def _place(self, effect: PlaceOrder) -> None:
        self.crash(AFTER_JOURNAL)
        self._venue_of(effect.account).place(effect)

    def _query(self, effect: Query) -> None:
        target = effect.account or effect.instrument
        assert target is not None, "a query names an account or a market"
        venue = self.venues.get(venue_of(target))
        if venue is not None:
            venue.query(effect)
            return
        now = self.clock.now()
        self.publish(
            QueryFailed(
                ts_event=now,
                ts_recv=now,
                query_id=effect.query_id,
                kind=effect.kind,
                target=target,
                reason="no such venue in this run",
            )
        )

    def _venue_of(self, name: Any) -> VenuePort:
        return self.venues.get(venue_of(name), _NO_VENUE)

    def _acknowledge(self, effect: Acknowledge) -> None:
        future = self._receipts.get(effect.receipt.command_id)
        if future is not None and not future.done():
            future.set_result(effect.receipt)

    def _keep_watchlist(self, effect: KeepWatchlist) -> None:
        if self._watchlist_file is None:
            return
        temporary = self._watchlist_file.with_suffix(".new")
        try:
            temporary.write_bytes(msgspec.json.encode(effect.instruments))
            temporary.replace(self._watchlist_file)
        except OSError:
            log.exception("watchlist.not_kept")

    def _trip(self, effect: TripKill) -> None:
        if self.kill is not None:
            self.kill.trip(effect.level, effect.by, effect.reason)

    def _arm(self, effect: ArmLatch) -> None:
        now, error = self.clock.now(), ""
        if self.kill is not None:
            try:
                self.kill.arm(effect.by)
            except OSError as refused:
                log.exception("kill.not_armed")
                error = f"the latch cannot be written: {refused.strerror}"
        self.publish(LatchWritten(ts_event=now, ts_recv=now, error=error))

    def _call_person(self, effect: CallPerson) -> None:
        if self.on_call is not None:
            self.on_call(effect)

    def _set_pace(self, effect: SetPace) -> None:
        if self.on_pace is not None:
            self.on_pace(effect)


def _surely() -> bool:
    """Stand in where no account is locked."""
    return True


class _NoVenue:
    """Stands where a market of a replay has nobody to ask."""

    def subscribe(self, instrument: InstrumentId) -> None:
        """Ignore: recorded markets come by themselves."""

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Ignore."""

    def place(self, effect: PlaceOrder) -> None:
        """Refuse loudly: nothing is ever placed without a venue."""
        raise AssertionError(f"no venue for {effect.account}")

    def cancel(self, effect: CancelOrder) -> None:
        """Ignore."""

    def query(self, query: Query) -> None:
        """Ignore."""


_NO_VENUE: Final = _NoVenue()
