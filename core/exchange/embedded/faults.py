"""Faults: switches with hit counters that the exchange and both its transports consult.

A switch names a fault of the catalogue, how often it strikes and whom. Draws depend on the seed,
the fault and how often it was asked, never on other faults: the same run has the same faults.

A fault file, TOML or JSON:

    seed = 7
    strict = true

    [[fault]]
    id = "F01"
    probability = 0.1
    account = "trader"

    [[toxic]]
    kind = "latency"
    ms = 200
"""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from core.exchange.embedded.fault_catalogue import ANY, CATALOGUE, Toxic
from core.exchange.embedded.keys import derived_number
from core.exchange.embedded.units import NS_PER_MS, NS_PER_SEC, Instant

if TYPE_CHECKING:
    from pathlib import Path

_NEVER_STARTED: Final = Instant(0)
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class BadFaultError(Exception):
    """A fault switch that cannot be: unknown id or mode, a number out of its range."""


class Switch(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One fault switched on.

    Attributes:
        id: Fault of the catalogue, such as `F01`.
        probability: Chance at each opportunity, 0 to 1.
        count: Most hits; None is no bound.
        skip: Opportunities left alone first.
        symbol: Market it strikes; None is every one.
        account: Name of the account it strikes; None is every one.
        mode: Variant; empty is the fault's default.
        delay_ms: Delay or amount of the fault; None is its default.
        after_secs: Begin, in the venue's time since its start.
        for_secs: How long it lasts from there; None is for ever.
    """

    id: str
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    symbol: str | None = None
    account: str | None = None
    mode: str = ""
    delay_ms: int | None = None
    after_secs: float = 0.0
    for_secs: float | None = None

    @property
    def delay_ns(self) -> int:
        """Return the delay in nanoseconds."""
        chosen = CATALOGUE[self.id].delay_ms if self.delay_ms is None else self.delay_ms
        return chosen * NS_PER_MS


class FaultPlan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a fault file says: switches, socket toxics, and whether limits are strict."""

    seed: int = 0
    strict: bool = False
    fault: tuple[Switch, ...] = ()
    toxic: tuple[Toxic, ...] = ()


class _Armed:
    """A switch at work: its draws and its counters."""

    __slots__ = ("hits", "random", "seen", "switch")

    def __init__(self, switch: Switch, seed: int) -> None:
        self.switch = switch
        self.random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self.seen = 0
        self.hits = 0

    def strikes(self) -> bool:
        """Count one opportunity and tell whether the fault strikes."""
        switch = self.switch
        self.seen += 1
        if self.seen <= switch.skip or (switch.count is not None and self.hits >= switch.count):
            return False
        if switch.probability < 1.0 and self.random.random() >= switch.probability:
            return False
        self.hits += 1
        return True

    def is_spent(self) -> bool:
        return self.switch.count is not None and self.hits >= self.switch.count


class Faults:
    """The switchboard of one venue.

    Attributes:
        hits: How often each fault struck, by id; it survives switching off.
    """

    def __init__(self, switches: Iterable[Switch] = (), *, seed: int = 0) -> None:
        self._seed = seed
        self._armed: dict[str, list[_Armed]] = {}
        self._made = 0
        self._instant = _NEVER_STARTED
        self._start_ns = 0
        self.hits: dict[str, int] = dict.fromkeys(CATALOGUE, 0)
        for switch in switches:
            self.add(switch)

    @property
    def is_quiet(self) -> bool:
        """Tell whether no fault is on."""
        return not self._armed

    def start(self, instant: Instant) -> None:
        """Take the venue's time; switches with a begin count from here."""
        self._instant = instant
        self._start_ns = instant.ns

    def switch_on(self, fault_id: str, **options: object) -> None:
        """Switch a fault on; options are the fields of `Switch`. Raises BadFaultError."""
        self.add(_converted({"id": fault_id, **options}, Switch))

    def add(self, switch: Switch) -> None:
        """Add a switch beside those that are on. Raises BadFaultError."""
        _check(switch)
        self._made += 1
        seed = derived_number(self._seed, "fault", switch.id, str(self._made))
        self._armed.setdefault(switch.id, []).append(_Armed(switch, seed))

    def switch_off(self, fault_id: str | None = None) -> None:
        """Switch one fault off, or all."""
        if fault_id is None:
            self._armed.clear()
        else:
            self._armed.pop(fault_id, None)

    def draw(
        self,
        fault_id: str,
        *,
        symbol: str | None = None,
        account: str | None = None,
        modes: Iterable[str] | None = None,
    ) -> Switch | None:
        """Return the switch that strikes at this opportunity, its mode settled, or None."""
        for armed in self._armed.get(fault_id, ()):
            if self._concerns(armed, symbol, account, modes) and armed.strikes():
                self.hits[fault_id] += 1
                return msgspec.structs.replace(armed.switch, mode=_mode(armed))
        return None

    def active(self, fault_id: str, *, symbol: str | None = None) -> Switch | None:
        """Return a switch that is on and not spent, without drawing or counting."""
        for armed in self._armed.get(fault_id, ()):
            if self._concerns(armed, symbol, armed.switch.account, None) and not armed.is_spent():
                return armed.switch
        return None

    def _concerns(
        self, armed: _Armed, symbol: str | None, account: str | None, modes: Iterable[str] | None
    ) -> bool:
        switch = armed.switch
        if switch.symbol not in {None, symbol} or switch.account not in {None, account}:
            return False
        if modes is not None and (switch.mode or CATALOGUE[switch.id].modes[0]) not in modes:
            return False
        age_secs = (self._instant.ns - self._start_ns) / NS_PER_SEC
        end_secs = float("inf") if switch.for_secs is None else switch.after_secs + switch.for_secs
        return switch.after_secs <= age_secs < end_secs


def read_plan(path: "Path") -> FaultPlan:
    """Read a fault file, TOML or JSON by its name. Raises BadFaultError."""
    import tomllib  # noqa: PLC0415  the demo reads no fault file

    try:
        raw = path.read_bytes()
        tree = msgspec.json.decode(raw) if path.suffix == ".json" else tomllib.loads(raw.decode())
    except (OSError, ValueError) as error:
        raise BadFaultError(f"{path}: {error}") from error
    plan = _converted(tree, FaultPlan)
    for switch in plan.fault:
        _check(switch)
    return plan


def _converted(tree: object, kind: type[_Struct]) -> _Struct:
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise BadFaultError(str(error)) from error


def _check(switch: Switch) -> None:
    kind = CATALOGUE.get(switch.id)
    if kind is None:
        raise BadFaultError(f"unknown fault {switch.id}; known: {', '.join(CATALOGUE)}")
    if switch.mode not in {"", *kind.modes}:
        raise BadFaultError(
            f"{switch.id} has no mode {switch.mode}; it has {', '.join(kind.modes)}"
        )
    if not 0 <= switch.probability <= 1:
        raise BadFaultError(f"{switch.id}: probability must be 0 to 1, was {switch.probability}")


def _mode(armed: _Armed) -> str:
    modes = CATALOGUE[armed.switch.id].modes
    chosen = armed.switch.mode or modes[0]
    if chosen == ANY:
        return modes[1 + (armed.hits - 1) % (len(modes) - 1)]
    return chosen
