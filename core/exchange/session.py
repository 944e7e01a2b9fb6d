"""Carries a sans-IO stream protocol over a frame pipe: reads, writes, pings, reconnects.

Nothing is decided here. The protocol says what to send, what happened, and when silence is a fault.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from core.domain.events import Body
from core.exchange.backoff import Backoff
from core.exchange.contract import Clock, FramePipe, PipeClosed, Transport, TransportError

_NS: Final = 1e9


class SessionTimes(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Durations in seconds. Ping and pong together bound how long a dead line goes unnoticed."""

    ping_secs: float = 10.0
    pong_secs: float = 5.0
    open_secs: float = 10.0
    close_secs: float = 3.0


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

    def tick(self, now: int, monotonic: int) -> None:
        """Look at the time: what is late may have to be asked for again."""

    def next_deadline(self) -> int | None:
        """Return the monotonic ns at which silence becomes a fault."""

    def fault(self, monotonic: int) -> str:
        """Say what is wrong with the conversation, empty if nothing."""


class _Line(msgspec.Struct, frozen=True):
    """What one connection is carried with."""

    protocol: StreamProtocol
    clock: Clock
    publish: Callable[[Body], None]
    times: SessionTimes
    on_round_trip: Callable[[float], None]
    has_work: asyncio.Event


async def keep_streaming(
    transport: Transport,
    protocol: StreamProtocol,
    clock: Clock,
    publish: Callable[[Body], None],
    backoff: Backoff,
    *,
    times: SessionTimes | None = None,
    on_round_trip: Callable[[float], None] | None = None,
) -> None:
    """Connect, carry and reconnect until cancelled.

    Args:
        transport: Opens the pipes.
        protocol: Says what to send and what happened.
        clock: Wall and monotonic time.
        publish: Takes every event.
        backoff: How long to wait between connections.
        times: Deadlines of pings and openings.
        on_round_trip: Told of every ping's round trip in seconds.
    """
    line = _Line(
        protocol,
        clock,
        publish,
        times or SessionTimes(),
        on_round_trip or _ignore,
        asyncio.Event(),
    )
    while True:
        started = clock.monotonic()
        protocol.connecting(clock.now())
        _publish_all(line)
        reason = await _one_connection(transport, line)
        protocol.disconnected(reason, clock.now())
        _publish_all(line)
        await asyncio.sleep(backoff.pause_secs((clock.monotonic() - started) / _NS))


async def _one_connection(transport: Transport, line: _Line) -> str:
    try:
        pipe = await transport.open_stream(deadline_secs=line.times.open_secs)
    except TransportError as error:
        return error.reason
    reason = "closed"
    try:
        await _carry(pipe, line)
    except* PipeClosed as closed:
        reason = str(closed.exceptions[0]) or reason
    finally:
        await _close(pipe, line.times.close_secs)
    return reason


async def _close(pipe: FramePipe, deadline_secs: float) -> None:
    """Close a pipe; a peer that does not answer is left behind at the deadline."""
    try:
        async with asyncio.timeout(deadline_secs):
            await pipe.close()
    except TimeoutError:
        return


async def _carry(pipe: FramePipe, line: _Line) -> None:
    protocol, clock = line.protocol, line.clock
    protocol.wake = line.has_work.set
    protocol.connected(clock.now(), clock.monotonic())
    _publish_all(line)
    async with asyncio.TaskGroup() as group:
        group.create_task(_read(pipe, line))
        group.create_task(_write(pipe, line))
        group.create_task(_ping(pipe, line))


async def _read(pipe: FramePipe, line: _Line) -> None:
    protocol, clock, publish = line.protocol, line.clock, line.publish
    while True:
        frame = await pipe.receive()
        protocol.receive(frame, clock.now(), clock.monotonic())
        for body in protocol.events():
            publish(body)
        if protocol.fault(clock.monotonic()):
            line.has_work.set()


async def _write(pipe: FramePipe, line: _Line) -> None:
    protocol, clock = line.protocol, line.clock
    while True:
        line.has_work.clear()
        protocol.tick(clock.now(), clock.monotonic())
        _publish_all(line)
        for frame in protocol.to_send():
            await pipe.send(frame)
        fault = protocol.fault(clock.monotonic())
        if fault:
            raise PipeClosed(fault)
        await _wait(line.has_work, protocol.next_deadline(), clock)


async def _wait(has_work: asyncio.Event, deadline: int | None, clock: Clock) -> None:
    timeout = None if deadline is None else max(0.01, (deadline - clock.monotonic()) / _NS)
    try:
        async with asyncio.timeout(timeout):
            await has_work.wait()
    except TimeoutError:
        return


async def _ping(pipe: FramePipe, line: _Line) -> None:
    times = line.times
    while True:
        await asyncio.sleep(times.ping_secs)
        try:
            async with asyncio.timeout(times.pong_secs):
                line.on_round_trip(await pipe.ping())
        except TimeoutError:
            raise PipeClosed(f"no pong within {times.pong_secs:g} s") from None


def _publish_all(line: _Line) -> None:
    for body in line.protocol.events():
        line.publish(body)


def _ignore(round_trip_secs: float) -> None:
    """Keep no figure."""
    del round_trip_secs
