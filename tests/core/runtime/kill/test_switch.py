"""The switch with its own loop: it survives what breaks, and cancels without the engine's loop."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from core.domain.ids import AccountId, ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import KillLevel, KillTrouble, OpenRow, PossibleOrder
from core.runtime.clock import SystemClock
from core.runtime.kill.latch import Latch
from core.runtime.kill.switch import KillState, KillSwitch, KillTarget, KillThread
from tests.core.runtime.kill.small_venue import row

ACCOUNT = AccountId("alpha:main")


class Port:
    """A venue in memory that can break in every way."""

    def __init__(self, *rows: OpenRow) -> None:
        self.rows = {each.order_id: each for each in rows}
        self.breaks = 0
        self.closed = 0
        self.first_cancel_at: float | None = None

    def _maybe_break(self) -> None:
        if self.breaks:
            self.breaks -= 1
            raise ZeroDivisionError("the port is broken")

    async def measure_clock(self, deadline_secs: float) -> None:
        """Fail: warmth is no condition."""
        raise KillTrouble(f"no answer in {deadline_secs} s", is_timeout=True)

    async def open_orders(self, deadline_secs: float) -> tuple[OpenRow, ...]:
        """List what is open."""
        del deadline_secs
        self._maybe_break()
        return tuple(self.rows.values())

    async def cancel_market(
        self, symbol: Symbol, *, is_conditional: bool, deadline_secs: float
    ) -> None:
        """Cancel a market."""
        del deadline_secs
        self._cancelled()
        for each in tuple(self.rows.values()):
            if each.symbol == symbol and each.is_conditional is is_conditional:
                del self.rows[each.order_id]

    async def cancel_order(
        self,
        symbol: Symbol,
        order_id: VenueOrderId | None,
        client_order_id: ClientOrderId | None,
        deadline_secs: float,
    ) -> bool:
        """Cancel one."""
        del symbol, client_order_id, deadline_secs
        self._cancelled()
        if order_id not in self.rows:
            raise KillTrouble("no such order", is_not_found=True)
        del self.rows[order_id]
        return True

    async def strategies(self, deadline_secs: float) -> tuple[Symbol, ...]:
        """Run none."""
        del deadline_secs
        return ()

    async def cancel_strategies(self, symbol: Symbol, deadline_secs: float) -> None:
        """Never be asked."""
        raise AssertionError(symbol, deadline_secs)

    async def close(self) -> None:
        """Count."""
        self.closed += 1

    def _cancelled(self) -> None:
        self._maybe_break()
        self.first_cancel_at = self.first_cancel_at or time.monotonic()


def switch_on(
    tmp_path: Path,
    port: Port,
    possible: Callable[[], tuple[PossibleOrder, ...]] = tuple,
    told: list[KillState] | None = None,
) -> tuple[KillSwitch, KillThread]:
    """Arm and start a switch in a thread."""
    latch = Latch(tmp_path, time.monotonic_ns)
    latch.arm("test")
    switch = KillSwitch(
        latch,
        (KillTarget(ACCOUNT, lambda: port, possible),),
        SystemClock(),
        tell=(told if told is not None else []).append,
        sever=lambda: None,
        rng=Random(1),
    )
    thread = KillThread(switch)
    thread.start()
    return switch, thread


def wait_until(condition: Callable[[], bool], secs: float = 5.0) -> None:
    """Wait for another thread."""
    end = time.monotonic() + secs
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def test_block_is_at_once_and_the_first_cancel_within_a_tenth(tmp_path: Path) -> None:
    """Own orders go without asking first."""
    own = tuple(PossibleOrder(row=row(n, f"M{n}")) for n in range(5))
    port = Port(*(each.row for each in own))
    switch, thread = switch_on(tmp_path, port, lambda: own)
    begun = time.monotonic()
    switch.trip(KillLevel.HALT, "test", "test")
    blocked = switch.may_send
    wait_until(lambda: switch.state.is_proven)
    thread.close()

    assert not blocked
    assert port.rows == {}
    assert port.first_cancel_at is not None
    assert port.first_cancel_at - begun < 0.1


def test_removed_file_trips_it(tmp_path: Path) -> None:
    """The file flag is a trigger of its own."""
    port = Port(row(1))
    switch, thread = switch_on(tmp_path, port)
    (tmp_path / "armed").unlink()
    wait_until(lambda: switch.state.is_proven)
    thread.close()

    assert port.rows == {}
    assert switch.state.by == "latch"


async def test_blocked_loop_of_the_engine_stops_nothing(tmp_path: Path) -> None:
    """The engine's loop sleeps; the kill's does not."""
    port = Port(row(1), row(2, "B"))
    switch, thread = switch_on(tmp_path, port)
    asyncio.get_running_loop().call_soon(switch.trip, KillLevel.HALT, "test", "test")
    await asyncio.sleep(0)
    time.sleep(0.4)  # noqa: ASYNC251  the mishap itself
    is_proven = switch.state.is_proven
    thread.close()

    assert is_proven
    assert port.rows == {}


@pytest.mark.parametrize("breaks", [1, 5])
def test_exception_in_the_path_is_an_emergency_and_it_goes_on(tmp_path: Path, breaks: int) -> None:
    """Told as one, and zero is proven all the same."""
    port = Port(row(1))
    told: list[KillState] = []
    switch, thread = switch_on(tmp_path, port, told=told)
    port.breaks = breaks
    switch.trip(KillLevel.HALT, "test", "test")
    wait_until(lambda: switch.state.is_proven)
    thread.close()

    assert port.rows == {}
    assert any(a.is_emergency for state in told for a in state.accounts)
    assert any("ZeroDivisionError" in a.trouble for state in told for a in state.accounts)


def test_engine_memory_that_raises_costs_only_the_head_start(tmp_path: Path) -> None:
    """The venue's list is asked anyway."""

    def broken() -> tuple[PossibleOrder, ...]:
        raise RuntimeError("dictionary changed size during iteration")

    port = Port(row(1))
    switch, thread = switch_on(tmp_path, port, broken)
    switch.trip(KillLevel.HALT, "test", "test")
    wait_until(lambda: switch.state.is_proven)
    thread.close()

    assert port.rows == {}


def test_higher_level_adds_and_a_lower_one_changes_nothing(tmp_path: Path) -> None:
    """K3 takes protective orders too."""
    port = Port(row(1), row(2, conditional=True, reduce_only=True))
    switch, thread = switch_on(tmp_path, port)
    switch.trip(KillLevel.HALT, "one", "first")
    wait_until(lambda: switch.state.is_proven)
    kept = set(port.rows)
    switch.trip(KillLevel.FLATTEN, "two", "second")
    wait_until(lambda: not port.rows)
    wait_until(lambda: switch.state.is_proven)
    switch.trip(KillLevel.HALT, "three", "third")
    state = switch.state
    thread.close()

    assert kept == {"2"}
    assert (state.level, state.by, state.reason) == (KillLevel.FLATTEN, "one", "first")


def test_armed_again_it_kills_again(tmp_path: Path) -> None:
    """A second kill is as good as the first."""
    port = Port(row(1))
    switch, thread = switch_on(tmp_path, port)
    switch.trip(KillLevel.HALT, "test", "test")
    wait_until(lambda: switch.state.is_proven)
    switch.arm("a person")
    wait_until(lambda: switch.state.level is None and not switch.state.accounts)
    assert switch.may_send
    port.rows = {VenueOrderId("9"): row(9)}
    switch.trip(KillLevel.HALT, "test", "test")
    wait_until(lambda: switch.state.is_proven)
    thread.close()

    assert port.rows == {}
