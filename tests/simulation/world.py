"""One run: a venue, a line, a disk, an engine process on it and a hand; first faults, then calm.

The safety phase lasts so many engine events, with faults. Then everything heals, the hand rests,
and in the liveness phase the engine has a minute to be consistent, or visibly halted.
"""

import hashlib
import random
import re
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.codec import packed
from core.domain.errors import ConfigError, InvariantBroken
from core.domain.events import Event, VenueConditionSeen
from core.domain.facts import AlertRaised, Fact, OrderMoved, Reconciled
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.orders import OrderRequest, OrderType, Side, TimeInForce
from core.exchange.embedded.refusals import Refusal
from core.runtime.kill import switch
from tests.simulation.disk import Disk, Lock, Row
from tests.simulation.hand import Hand
from tests.simulation.happenings import HAPPENINGS, End
from tests.simulation.heap import Heap
from tests.simulation.machine import Machine
from tests.simulation.net import Net
from tests.simulation.options import Options
from tests.simulation.samples import Sampler
from tests.simulation.venue import SimVenue

_SECOND: Final = 1_000_000_000
_HALF: Final = 0.5
CALM_SECS: Final = 60
MORE_CALM_SECS: Final = 30
"""After stress an order may come to life for a minute: its proof takes so much longer."""
_KILL_POLL_SECS: Final = 0.5
"""The kill switch looks at its latch so often; a trip does not wait for it."""
REST_SECS: Final = 18
"""The end of the calm, in which nobody trades any more."""
_LONGEST_SAFETY_SECS: Final = 900
_DETAIL: Final = re.compile(r":.*$|\b\d[\d.]*\b|\S+:\S+")
OTHER_HOST: Final = "other host"
Dress = Callable[[Machine], None]
"""Makes an engine naive, before it begins."""


class Life(msgspec.Struct, frozen=True):
    """One engine process: when it lived, and on which journal."""

    name: str
    epoch: int
    host: str
    began: int


class _KillTime:
    """Stands for the module `time` where the kill switch measures for itself."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap

    def monotonic(self) -> float:
        return (self._heap.now - self._heap.start_ns) / 1e9

    def monotonic_ns(self) -> int:
        return self._heap.now - self._heap.start_ns


class World:
    """Everything of one run. `run` plays it to its end; the oracle reads what is left.

    Attributes:
        evidence: Journals that were damaged and moved away, oldest first.
        troubles: What an engine did that no fault asked for: a task that raised, a death.
    """

    def __init__(self, options: Options, dress: Dress | None = None) -> None:
        self.options = options
        self.heap = Heap(options.start_ns)
        self.hits: dict[str, int] = {}
        self.evidence: list[list[Row]] = []
        self.troubles: list[str] = []
        self.lives: list[Life] = []
        self.stalls: list[tuple[int, int]] = []
        self.stressed_at: list[int] = []
        """When an engine was told that the venue is under stress."""
        self.kills_in_recovery = 0
        self.wants_power_cut = False
        self.healed_at: int | None = None
        self.trace = hashlib.sha256()
        self.steps = 0
        self.machines: list[Machine] = []
        self.other_disk: Disk | None = None
        self._dress = dress
        self._poisoned = False
        self._other: Machine | None = None
        self._asleep: Machine | None = None
        self._names = 0
        self._rng = random.Random(f"world/{options.seed}")
        self.venue = SimVenue(options.seed, options.start_ns, Faults(seed=options.seed))
        self.net = Net(self.heap, self.venue, random.Random(f"net/{options.seed}"))
        self.disk = Disk(self.heap, random.Random(f"disk/{options.seed}"))
        self.lock = Lock()
        self.machine = self._start()
        self.hand = Hand(self, random.Random(f"hand/{options.seed}"), options.hand_every_ms)
        self.sampler = Sampler(self)
        self.ended_at = 0

    # ---- the run -------------------------------------------------------------------------------

    def run(self) -> "World":
        """Play the run to its end."""
        poll_secs = switch.POLL_SECS
        vars(switch).update(time=_KillTime(self.heap), POLL_SECS=_KILL_POLL_SECS)
        try:
            self._safety()
            self._heal()
            self._until(CALM_SECS - REST_SECS)
            if self.stressed_at:
                self._until(MORE_CALM_SECS)
            self.venue.rest()
            self._until(REST_SECS)
        finally:
            vars(switch).update(time=time, POLL_SECS=poll_secs)
            self.ended_at = self.heap.now
            for machine in self.machines:
                machine.close()
        return self

    def _safety(self) -> None:
        waiting = [
            h for h in self.options.happenings if h.begins < self.options.events
        ]  # what a cut run no longer reaches does not begin
        ends: list[tuple[int, int, End]] = []
        last = self.heap.now + _LONGEST_SAFETY_SECS * _SECOND
        while self.steps < self.options.events and self.heap.now < last:
            while waiting and waiting[0].begins <= self.steps:
                happening = waiting.pop(0)
                end = HAPPENINGS[happening.name](self, random.Random(happening.dice))
                ends.append((happening.ends, len(ends), end))
            for each in [each for each in ends if each[0] <= self.steps]:
                ends.remove(each)
                each[2]()
            self.heap.step()
        for _, _, end in ends:
            end()

    def _heal(self) -> None:
        self.venue.heal()
        self.net.trouble.calm()
        self.disk.is_failing, self.disk.slow_ns = False, 0
        self.wants_power_cut, self.kills_in_recovery = False, 0
        self.machine.crash_at = None
        self.stop_other_host()
        self.hand.is_resting = True
        self.healed_at = self.heap.now

    def _until(self, secs: float) -> None:
        end = self.heap.now + int(secs * _SECOND)
        while self.heap.now < end:
            self.heap.step()

    # ---- processes -----------------------------------------------------------------------------

    def _start(self) -> Machine:
        self._names += 1
        return self._machine(self.disk, self.lock, f"engine {self._names}", "host")

    def _machine(self, disk: Disk, lock: Lock, name: str, host: str) -> Machine:
        rng = random.Random(f"{name}/{self.options.seed}")
        machine = Machine(self.heap, self.net, self.venue, disk, lock, name, rng)
        self.lives.append(Life(name, machine.epoch, host, self.heap.now))
        self.machines.append(machine)
        self._watch(machine)
        if self._dress is not None:
            self._dress(machine)
        if host == "host":
            machine.on_dead = lambda: self._died(machine)
        return machine

    def _watch(self, machine: Machine) -> None:
        """Count the steps of an engine and fold them into the trace."""
        handle, update = machine.engine.desk.handle, self.trace.update

        def handled(event: Event) -> Any:
            effects = handle(event)
            if type(event.body) is VenueConditionSeen:
                self.stressed_at.append(self.heap.now)
            self.steps += 1
            update(event.seq.to_bytes(8, "big"))
            update(event.at.to_bytes(8, "big"))
            update(type(event.body).__name__.encode())
            if effects:
                update(packed(effects))
            return effects

        machine.engine.desk.handle = handled  # type: ignore[method-assign]

    def _died(self, machine: Machine) -> None:
        if machine.trouble and not self._poisoned:
            self.troubles.append(f"{machine.name} died: {machine.trouble}")
        self._poisoned = False
        if machine is self.machine:
            pause = self._rng.choice((0.05, 0.5, 2.0, 6.0))
            self.heap.after(int(pause * _SECOND), self._restart)

    def _restart(self) -> None:
        if not self.machine.is_dead:
            return
        self.lock.break_() if self.lock.holder is not None else None
        try:
            self.machine = self._start()
        except InvariantBroken:
            # The person keeps the damaged journal and begins another, as the message says.
            self.evidence.append(self.disk.keep_as_evidence())
            self.lock.break_()
            self.machine = self._start()
        if self.kills_in_recovery:
            self.kills_in_recovery -= 1
            self.hit("F56")
            self.heap.after(int(self._rng.uniform(0, 1.5) * _SECOND), self.machine.kill)

    def hit(self, name: str) -> None:
        """Count a fault."""
        self.hits[name] = self.hits.get(name, 0) + 1

    # ---- what happenings ask for ---------------------------------------------------------------

    def stall(self, until: int) -> None:
        """Let the engine stand still until an instant."""
        self.stalls.append((self.heap.now, until))
        self.machine.process.stall(until)

    def start_second_here(self) -> None:
        """F62: the lock refuses a second engine of this machine."""
        if self.lock.holder is None:
            return
        try:
            self.lock.take("second")
        except ConfigError:
            self.hit("F62")
        else:
            self.troubles.append("a second engine was let in")

    def start_other_host(self, rng: random.Random) -> None:
        """F63: the other host counts its epochs by itself."""
        if self._other is not None:
            return
        self.hit("F63")
        self.other_disk = self.other_disk or Disk(self.heap, random.Random(rng.random()))
        lock = Lock(first_epoch=rng.choice((0, 20, 200)))
        self._names += 1
        name = f"other {self._names}"
        self._other = self._machine(self.other_disk, lock, name, OTHER_HOST)

    def stop_other_host(self) -> None:
        """Somebody pulls its plug."""
        other, self._other = self._other, None
        if other is not None:
            other.kill()

    def put_to_sleep(self, sleep_ns: int) -> None:
        """F64: the holder sleeps, its lock is broken, another starts; then it wakes."""
        sleeper = self.machine
        if sleeper.is_dead:
            return
        self.hit("F64")
        self.stall(self.heap.now + sleep_ns)

        def take_over() -> None:
            if sleeper.is_dead or self.machine is not sleeper:
                return
            self.lock.break_()
            self._asleep = sleeper
            try:
                self.machine = self._start()
            except InvariantBroken:
                self.lock.break_()

        self.heap.after(sleep_ns // 2, take_over)

    def poison(self, rng: random.Random) -> None:
        """F65: the next thing the adapter publishes raises in its task."""
        machine = self.machine
        if machine.is_dead:
            return
        self.hit("F65")
        self._poisoned = True
        machine.poison(rng)

    def foreign_order(self, rng: random.Random) -> None:
        """F43: somebody trades on the account in another program."""
        symbol = rng.choice(sorted(self.venue.houses))
        house = self.venue.houses[symbol]
        spec = self.venue.exchange.floor.markets[symbol].spec
        side = rng.choice((Side.BID, Side.ASK))
        sign = 1 if side is Side.BID else -1
        reach = rng.choice((-0.01, -0.002, 0.001))
        steps = max(1, int(rng.uniform(50, 1_500) * 10**spec.cost_decimals / house.fair))
        request = OrderRequest(
            symbol=symbol,
            side=side,
            order_type=OrderType.LIMIT,
            price=round(house.fair * (1 + sign * reach)),
            quantity=steps,
            time_in_force=TimeInForce.GTC,
        )
        try:
            self.venue.exchange.floor.entry.place(self.venue.account, request)
        except Refusal:
            return
        self.hit("F43")

    def overreach(self, rng: random.Random) -> None:
        """F38: a foreign position of many times the equity, then a price that ends it."""
        symbol = rng.choice(("SOL_USDC_PERP", "BTC_USDC_PERP"))
        house, floor = self.venue.houses[symbol], self.venue.exchange.floor
        spec = floor.markets[symbol].spec
        is_bid = rng.random() < _HALF
        price = round(house.fair)
        steps = int(rng.uniform(500_000, 900_000) * 10**spec.cost_decimals / house.fair)
        request = OrderRequest(
            symbol=symbol,
            side=Side.BID if is_bid else Side.ASK,
            order_type=OrderType.LIMIT,
            price=price,
            quantity=steps,
            time_in_force=TimeInForce.IOC,
        )
        order = floor.entry.new_order(self.venue.account, request)
        self.venue.account.order_log.append(order)
        floor.clearing.house("faults")
        floor.entry.execution.transfer(order, steps, price, "faults")
        floor.feed.money_moved()
        self.heap.after(
            int(rng.uniform(0.2, 4) * _SECOND), lambda: house.jump(0.86 if is_bid else 1.14)
        )
        self.hit("F38")

    # ---- what is left --------------------------------------------------------------------------

    def hit_books(self) -> tuple[dict[str, int], ...]:
        """Return every table of hits: the host's, the line's, the disk's, the venue's."""
        return (self.hits, self.net.trouble.hits, self.disk.hits, self.venue.faults.hits)

    def states_seen(self) -> dict[str, int]:
        """Count the moves of orders by the state they led to."""
        seen: dict[str, int] = {}
        for fact in self.facts():
            if isinstance(fact, OrderMoved):
                seen[fact.state.value] = seen.get(fact.state.value, 0) + 1
        return seen

    def end_state(self) -> str:
        """Say how the account stands at the end."""
        rooms = self.machine.engine.rooms
        told = [fact for fact in self.facts() if isinstance(fact, Reconciled)]
        if told and not told[-1].is_matched:
            return f"{rooms.risk.state.value}, mismatched"
        return rooms.risk.state.value

    def alerts_seen(self) -> dict[str, int]:
        """Count the alerts raised, by severity and title."""
        seen: dict[str, int] = {}
        for fact in self.facts():
            if isinstance(fact, AlertRaised):
                title = _DETAIL.sub("", fact.alert.title).strip()
                name = f"{fact.alert.severity.value}: {title}"
                seen[name] = seen.get(name, 0) + 1
        return seen

    def facts(self) -> list[Fact]:
        """Return the facts of the journal as it stands."""
        return self.disk.replay()
