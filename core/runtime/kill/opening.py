"""Opens the kill switch of a run: targets from its venues, a thread of its own, the watchdog."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Final

from core.domain.commands import Kill
from core.domain.events import KillMoved
from core.domain.ids import AccountId, Symbol, VenueOrderId, account_id, symbol_of
from core.domain.kill import OpenRow, PossibleOrder
from core.domain.order import OrderState
from core.exchange.contract import Transport
from core.runtime.crash import crashing
from core.runtime.kill.latch import Latch
from core.runtime.kill.port import KillPort
from core.runtime.kill.switch import KillState, KillSwitch, KillTarget, KillThread
from core.runtime.kill.wish import take_wish
from core.runtime.launch import Launch
from core.runtime.opening import Source, canceller_of
from core.runtime.paper import paper_canceller
from core.runtime.shell import Shell
from core.runtime.watchdog.start import keep_watchdog
from core.trading.orders import OrderRecord

log = logging.getLogger(__name__)
_WISH_SECS: Final = 0.25
_WINDOW_NS: Final = 5_000_000_000
_MARGIN_NS: Final = 65_000_000_000
"""Beyond the window: the engine's margin under stress, and the clock's error."""
_OUTCOME_OPEN: Final = frozenset({OrderState.JOURNALED, OrderState.SENT, OrderState.UNKNOWN})


async def open_kill(
    shell: Shell, latch: Latch, sources: list[Source], launch: Launch, stack: AsyncExitStack
) -> None:
    """Give a shell its kill switch, and leave both to the stack to close.

    Venues over sockets are killed from a thread of its own, beside a watchdog process. Those in
    this process live on the engine's loop, and so does their kill: nothing rests outside.
    """
    traded = [source for source in sources if source.is_traded]
    loop = asyncio.get_running_loop()
    switch = KillSwitch(
        latch,
        tuple(_target(shell, source) for source in traded),
        shell.clock,
        tell=_teller(shell, loop),
        sever=lambda: os.kill(os.getpid(), signal.SIGTERM),
        rng=Random(launch.seed),  # noqa: S311  jitter of pauses
    )
    switch.crash = shell.crash
    shell.kill = switch
    take_wish(latch.path.parent)  # of a run that is over
    wishing = asyncio.create_task(_take_wishes(shell, latch), name="kill wishes")
    stack.push_async_callback(_ended, wishing)
    if not all(source.is_outside for source in traded):
        serving = asyncio.create_task(switch.serve(), name="kill")
        stack.push_async_callback(_ended, serving)
        return
    thread = KillThread(switch)
    thread.start()
    stack.callback(thread.close)
    await keep_watchdog(shell, latch, traded, stack)


async def _take_wishes(shell: Shell, latch: Latch) -> None:
    """Carry out what the command line left; K2 does not wait for this, its latch is gone."""
    while True:
        await asyncio.sleep(_WISH_SECS)
        level = take_wish(latch.path.parent)
        if level is not None:
            await shell.command(Kill(level=level), "command line")


def _teller(shell: Shell, loop: asyncio.AbstractEventLoop) -> Callable[[KillState], None]:
    def tell(state: KillState) -> None:
        now = shell.clock.now()
        moved = KillMoved(
            ts_event=now,
            ts_recv=now,
            level=state.level,
            by=state.by,
            reason=state.reason,
            accounts=state.accounts,
        )
        try:
            loop.call_soon_threadsafe(shell.publish, moved)
        except RuntimeError:
            log.info("kill.nobody_to_tell")

    return tell


def _target(shell: Shell, source: Source) -> KillTarget:
    account = account_id(source.name)

    def open_port() -> KillPort:
        if source.paper is not None:
            return paper_canceller(shell, source.name)
        assert source.transport is not None
        transport: Transport = crashing(source.transport(), shell.crash, "kill-")
        return canceller_of(source, transport, shell.clock)

    return KillTarget(account, open_port, lambda: possible_orders(shell, account))


def possible_orders(shell: Shell, account: AccountId) -> tuple[PossibleOrder, ...]:
    """Return own orders that may be live, as the engine's memory has them now."""
    live = shell.engine.rooms.trading.orders.live()
    return tuple(_possible(record) for record in tuple(live) if record.account == account)


def _possible(record: OrderRecord) -> PossibleOrder:
    row = OpenRow(
        symbol=Symbol(symbol_of(record.terms.instrument)),
        order_id=record.venue_order_id or VenueOrderId(""),
        client_order_id=record.client_order_id,
        is_conditional=record.terms.trigger_price is not None,
        is_reduce_only=record.terms.reduce_only,
    )
    if record.state not in _OUTCOME_OPEN:
        return PossibleOrder(row=row)
    signed_at = record.signed_at if record.signed_at is not None else record.send_before
    window_ns = record.window_ms * 1_000_000 or _WINDOW_NS
    return PossibleOrder(row=row, dead_at=signed_at + window_ns + _MARGIN_NS)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
