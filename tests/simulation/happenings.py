"""The faults of a run, by name: how each begins and how it ends.

Those of the venue are switches of the embedded exchange; those of the line, the disk and the host
act on the simulation's own parts. Every one counts its hits.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from core.domain.commands import Kill, StopAll
from core.domain.kill import KillLevel
from core.exchange.embedded.fault_catalogue import CATALOGUE
from tests.simulation.venue import TRADER

if TYPE_CHECKING:
    from tests.simulation.world import World

_SECOND: Final = 1_000_000_000
End = Callable[[], None]
Begin = Callable[["World", random.Random], End]


def _nothing() -> None:
    """End by itself."""


def _switch(fault: str, chances: tuple[float, ...], *, everybody: bool = False) -> Begin:
    """Return a fault of the exchange, in one of its modes."""

    def begin(world: "World", rng: random.Random) -> End:
        options: dict[str, object] = {"probability": rng.choice(chances)}
        if not everybody:
            options["account"] = TRADER
        modes = CATALOGUE[fault].modes
        if len(modes) > 1:
            options["mode"] = rng.choice(modes)
        if fault in _DELAYS:
            options["delay_ms"] = rng.choice(_DELAYS[fault])
        if fault in _COUNTS:
            options["count"] = _COUNTS[fault]
        world.venue.faults.switch_on(fault, **options)
        return lambda: world.venue.faults.switch_off(fault)

    return begin


_DELAYS: Final = {
    "F03": (300, 1_000, 1_800),
    "F04": (100, 1_000, 20_000),
    "F05": (500, 3_000, 60_000),
    "F06": (10, 50, 900),
    "F13": (300, 1_500, 7_000),
    "F15": (-30_000, -3_000, 3_000, 30_000),
    "F16": (100, 700),
    "F17": (10, 300, 3_000),
    "F20": (20, 200, 900),
    "F26": (500, 5_000),
    "F32": (500, 1_500),
}
_COUNTS: Final = {"F06": 1, "F27": 1, "F28": 6, "F05": 2}
_OFTEN: Final = (0.2, 0.5, 1.0)
_SELDOM: Final = (0.02, 0.1, 0.3)


def _line(field: str, values: tuple[float, ...]) -> Begin:
    """Return a trouble of the network."""

    def begin(world: "World", rng: random.Random) -> End:
        setattr(world.net.trouble, field, rng.choice(values))
        return lambda: setattr(world.net.trouble, field, type(values[0])(0))

    return begin


def _cut(world: "World", rng: random.Random) -> End:
    del rng
    world.net.cut(world.machine.process, "line cut")
    return _nothing


def _crash_point(label: str) -> Begin:
    def begin(world: "World", rng: random.Random) -> End:
        world.machine.crash_at = (label, rng.randint(1, 3))
        return _nothing

    return begin


def _kill(world: "World", rng: random.Random) -> End:
    """F55; and now and then F56: again while it recovers."""
    world.hit("F55")
    world.machine.kill()
    world.kills_in_recovery = rng.choice((0, 0, 1, 2))
    return _nothing


def _power(world: "World", rng: random.Random) -> End:
    """F57: wait for a batch in flight, then cut the power."""
    del rng
    world.wants_power_cut = True
    return _nothing


def _stall(world: "World", rng: random.Random) -> End:
    world.hit("F58")
    world.stall(world.heap.now + int(rng.uniform(0.1, 12) * _SECOND))
    return _nothing


def _suspend(world: "World", rng: random.Random) -> End:
    """F60: everything of the machine stands still, and its lines are dead afterwards."""
    world.hit("F60")
    machine = world.machine
    until = world.heap.now + int(rng.uniform(15, 40) * _SECOND)
    world.stall(until)
    world.heap.at(until, lambda: world.net.cut(machine.process, "line dead after sleep"))
    return _nothing


def _second_instance(world: "World", rng: random.Random) -> End:
    """F62: somebody starts a second engine on this machine."""
    del rng
    world.start_second_here()
    return _nothing


def _second_host(world: "World", rng: random.Random) -> End:
    """F63: another machine with the same key, its own journal and its own lock."""
    world.start_other_host(rng)
    return world.stop_other_host


def _sleeper(world: "World", rng: random.Random) -> End:
    """F64: the holder sleeps so long that its lock is broken; then it wakes."""
    world.put_to_sleep(int(rng.uniform(8, 20) * _SECOND))
    return _nothing


def _dead_task(world: "World", rng: random.Random) -> End:
    """F65: one task of the adapter raises."""
    world.poison(rng)
    return _nothing


def _disk_fails(world: "World", rng: random.Random) -> End:
    del rng
    world.disk.is_failing = True

    def end() -> None:
        world.disk.is_failing = False

    return end


def _disk_slow(world: "World", rng: random.Random) -> End:
    world.disk.slow_ns = int(rng.choice((0.1, 0.4, 2.5, 6.0)) * _SECOND)

    def end() -> None:
        world.disk.slow_ns = 0

    return end


def _corrupt(world: "World", rng: random.Random) -> End:
    """F67: a row rots; found at the next start."""
    del rng
    if world.disk.rows:
        world.disk.corrupt()
        world.machine.kill()
    return _nothing


def _storm(world: "World", rng: random.Random) -> End:
    """F73: many questions at once, and a restart with them open now and then."""
    world.hit("F73")
    world.hand.storm(rng)
    if rng.random() < 0.5:
        world.heap.after(_SECOND, world.machine.kill)
    return _nothing


def _stop(world: "World", rng: random.Random) -> End:
    """F75: a person stops everything, whatever is in flight."""
    world.hit("F75")
    if rng.random() < 0.3:
        world.machine.kill()
    command = rng.choice((StopAll(), Kill(level=KillLevel.HALT), Kill(level=KillLevel.FLATTEN)))
    world.heap.after(int(rng.uniform(0, 3) * _SECOND), lambda: world.machine.command(command))
    return _nothing


def _jump(world: "World", rng: random.Random) -> End:
    house = world.venue.houses[rng.choice(sorted(world.venue.houses))]
    house.jump(1 + rng.choice((-1, 1)) * rng.uniform(0.002, 0.05))
    world.hit("price jump")
    return _nothing


def _foreign(world: "World", rng: random.Random) -> End:
    world.foreign_order(rng)
    return _nothing


def _liquidation(world: "World", rng: random.Random) -> End:
    """F38: another program takes far too much, and the market turns."""
    world.overreach(rng)
    return _nothing


def _market_state(world: "World", rng: random.Random) -> End:
    """F37: the venue lets nobody, or only some, trade in a market."""
    symbol = rng.choice(sorted(world.venue.houses))
    world.venue.exchange.set_book_state(
        symbol, rng.choice(("PostOnly", "LimitOnly", "CancelOnly", "Closed"))
    )
    world.hit("F37")
    return lambda: world.venue.exchange.set_book_state(symbol, "Open")


HAPPENINGS: Final[dict[str, Begin]] = {
    "F01": _switch("F01", _OFTEN),
    "F02": _switch("F02", _OFTEN),
    "F03": _switch("F03", _OFTEN),
    "F04": _switch("F04", _OFTEN),
    "F05": _switch("F05", _SELDOM),
    "F06": _switch("F06", _OFTEN),
    "F07": _switch("F07", _OFTEN),
    "F08": _switch("F08", _SELDOM),
    "F09": _switch("F09", _SELDOM),
    "F11": _switch("F11", _SELDOM),
    "F12": _switch("F12", _SELDOM),
    "F13": _switch("F13", _OFTEN),
    "F14": _switch("F14", _OFTEN),
    "F15": _switch("F15", _OFTEN),
    "F16": _switch("F16", _OFTEN),
    "F17": _switch("F17", _OFTEN),
    "F18": _switch("F18", _OFTEN),
    "F19": _switch("F19", _OFTEN),
    "F20": _switch("F20", _OFTEN),
    "F21": _switch("F21", _OFTEN),
    "F22": _switch("F22", _SELDOM),
    "F23": _switch("F23", _OFTEN),
    "F24": _switch("F24", _OFTEN),
    "F25": _switch("F25", _OFTEN),
    "F26": _switch("F26", _OFTEN),
    "F27": _switch("F27", _OFTEN),
    "F28": _switch("F28", _SELDOM),
    "F29": _switch("F29", (1.0,)),
    "F30": _switch("F30", (1.0,)),
    "F31": _switch("F31", _SELDOM, everybody=True),
    "F32": _switch("F32", _OFTEN, everybody=True),
    "F33": _switch("F33", (1.0,), everybody=True),
    "F34": _switch("F34", _SELDOM, everybody=True),
    "F35": _switch("F35", _SELDOM, everybody=True),
    "F37": _market_state,
    "F38": _liquidation,
    "F43": _foreign,
    "F44": _switch("F44", _SELDOM),
    "F45": _switch("F45", (1.0,), everybody=True),
    "F54 before": _crash_point("before-journal"),
    "F54 journal": _crash_point("after-journal"),
    "F54 send": _crash_point("heard:OrderBytesLeft"),
    "F55": _kill,
    "F57": _power,
    "F58": _stall,
    "F60": _suspend,
    "F62": _second_instance,
    "F63": _second_host,
    "F64": _sleeper,
    "F65": _dead_task,
    "F66 fails": _disk_fails,
    "F66 slow": _disk_slow,
    "F67": _corrupt,
    "F71": _line("wild_numbers", (0.01, 0.05)),
    "F73": _storm,
    "F75": _stop,
    "line spikes": _line("spike_ms", (40, 300, 1_500)),
    "line loses requests": _line("lose_request", (0.1, 0.4)),
    "line loses replies": _line("lose_reply", (0.1, 0.4)),
    "line refuses": _line("refuse", (0.2, 1.0)),
    "line hangs": _line("hang", (True,)),
    "line loses private": _line("lose_private", (0.1, 0.5)),
    "line doubles private": _line("double_private", (0.2, 0.6)),
    "line reorders private": _line("late_private", (0.2, 0.6)),
    "line cut": _cut,
    "price jump": _jump,
}
