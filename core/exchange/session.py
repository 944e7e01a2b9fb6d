"""Carries a sans-IO stream protocol over a frame pipe: reads, writes, pings, reconnects.

Nothing is decided here. The protocol says what to send, what happened, and when silence is a fault.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from core.domain.events import Body
from core.exchange.backoff import Backoff
from core.exchange.contract import Clock, FramePipe, PipeClosed, Transport, TransportError

PING_SECS: Final = 15.0
PONG_SECS: Final = 10.0
OPEN_SECS: Final = 10.0
_NS: Final = 1e9


class StreamProtocol(Protocol):
    """One conversation on one pipe at a time; no clock, no socket."""

    wake: Callable[[], None]
    """Called when there is something to send outside of `receive`."""

    def connecting(self, now: int) -> None:
        """Start an attempt; `now` in ns UTC."""

    def connected(self, now: int, monotonic: int) -> None:
        """Start a conversation on a fresh pipe."""

    def receive(self, frame: bytes, now: int, monotonic: int) -> None:
        """Take one frame."""

    def disconnected(self, reason: str, now: int) -> None:
        """End the conversation."""

    def events(self) -> list[Body]:
        """Hand over what happened since the last call."""

    def to_send(self) -> list[bytes]:
        """Hand over frames to send, in order."""

    def next_deadline(self) -> int | None:
        """Return the monotonic ns at which silence becomes a fault."""

    def fault(self, monotonic: int) -> str:
        """Say what is wrong with the conversation, empty if nothing."""


async def keep_streaming(
    transport: Transport,
    protocol: StreamProtocol,
    clock: Clock,
    publish: Callable[[Body], None],
    backoff: Backoff,
) -> None:
    """Connect, carry and reconnect until cancelled."""
    while True:
        started = clock.monotonic()
        protocol.connecting(clock.now())
        _publish_all(protocol, publish)
        reason = await _one_connection(transport, protocol, clock, publish)
        protocol.disconnected(reason, clock.now())
        _publish_all(protocol, publish)
        await asyncio.sleep(backoff.pause_secs((clock.monotonic() - started) / _NS))


async def _one_connection(
    transport: Transport,
    protocol: StreamProtocol,
    clock: Clock,
    publish: Callable[[Body], None],
) -> str:
    try:
        pipe = await transport.open_stream(deadline_secs=OPEN_SECS)
    except TransportError as error:
        return error.reason
    reason = "closed"
    try:
        await _carry(pipe, protocol, clock, publish)
    except* PipeClosed as closed:
        reason = str(closed.exceptions[0]) or reason
    finally:
        await pipe.close()
    return reason


async def _carry(
    pipe: FramePipe, protocol: StreamProtocol, clock: Clock, publish: Callable[[Body], None]
) -> None:
    has_work = asyncio.Event()
    protocol.wake = has_work.set
    protocol.connected(clock.now(), clock.monotonic())
    _publish_all(protocol, publish)
    async with asyncio.TaskGroup() as group:
        group.create_task(_read(pipe, protocol, clock, publish, has_work))
        group.create_task(_write(pipe, protocol, clock, has_work))
        group.create_task(_ping(pipe))


async def _read(
    pipe: FramePipe,
    protocol: StreamProtocol,
    clock: Clock,
    publish: Callable[[Body], None],
    has_work: asyncio.Event,
) -> None:
    while True:
        frame = await pipe.receive()
        protocol.receive(frame, clock.now(), clock.monotonic())
        for body in protocol.events():
            publish(body)
        if protocol.fault(clock.monotonic()):
            has_work.set()


async def _write(
    pipe: FramePipe, protocol: StreamProtocol, clock: Clock, has_work: asyncio.Event
) -> None:
    while True:
        has_work.clear()
        for frame in protocol.to_send():
            await pipe.send(frame)
        fault = protocol.fault(clock.monotonic())
        if fault:
            raise PipeClosed(fault)
        await _wait(has_work, protocol.next_deadline(), clock)


async def _wait(has_work: asyncio.Event, deadline: int | None, clock: Clock) -> None:
    timeout = None if deadline is None else max(0.01, (deadline - clock.monotonic()) / _NS)
    try:
        async with asyncio.timeout(timeout):
            await has_work.wait()
    except TimeoutError:
        return


async def _ping(pipe: FramePipe) -> None:
    while True:
        await asyncio.sleep(PING_SECS)
        try:
            async with asyncio.timeout(PONG_SECS):
                await pipe.ping()
        except TimeoutError:
            raise PipeClosed(f"no pong within {PONG_SECS:g} s") from None


def _publish_all(protocol: StreamProtocol, publish: Callable[[Body], None]) -> None:
    for body in protocol.events():
        publish(body)
