"""The network between engine processes and the venue, with everything that goes wrong on it.

Requests and frames are the exchange's own bytes. Each direction has its own delay and its own dice;
what left and what arrived stands in the wire log, which the oracle reads.
"""

import asyncio
import random
import re
from collections import deque
from typing import Any, Final

import msgspec

from core.exchange.contract import PipeClosed, Reply, TransportError, Wire
from core.exchange.embedded.refusals import CUT
from tests.simulation.heap import Heap, Process
from tests.simulation.venue import SimVenue

_MS: Final = 1_000_000
_NUMBER: Final = re.compile(rb'"(?:p|a|b|A|B|c|f|i|L|q|l|h)":"([0-9][0-9.]*)"')
_WILD: Final = (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 45, b"-0", b"0x10", b"1_000")


class Trouble:
    """What the network does to traffic now; all zero is a good line.

    Probabilities are for each request or frame.
    """

    def __init__(self) -> None:
        self.calm()
        self.hits: dict[str, int] = {}

    def calm(self) -> None:
        """Stop everything."""
        self.spike_ms = 0
        self.lose_request = 0.0
        self.lose_reply = 0.0
        self.refuse = 0.0
        self.hang = False
        self.lose_private = 0.0
        self.double_private = 0.0
        self.late_private = 0.0
        self.wild_numbers = 0.0

    def hit(self, name: str) -> None:
        """Count one."""
        self.hits[name] = self.hits.get(name, 0) + 1


class Sent(msgspec.Struct):
    """One request on the wire."""

    at: int
    process: str
    epoch: int
    wire: Wire
    synced_rows: int
    """Rows of the sender's journal on its platter as the bytes left."""
    arrived_at: int | None = None
    status: int | None = None


class Net:
    """Carries bytes in virtual time."""

    def __init__(self, heap: Heap, venue: SimVenue, rng: random.Random) -> None:
        self.trouble = Trouble()
        self.sent: list[Sent] = []
        self.heard: dict[tuple[str, str], list[int]] = {}
        """When each process heard anything of which market."""
        self._heap = heap
        self._venue = venue
        self._exchange = venue.exchange
        self._rng = rng
        self._waiting: dict[int, tuple[Process, asyncio.Future[Reply], Sent]] = {}
        self._pipes: dict[int, Pipe] = {}
        self._tick()

    # ---- the exchange's time -------------------------------------------------------------------

    def _tick(self) -> None:
        """Let the exchange live, from one of its deadlines to the next."""
        self._exchange.advance(self._heap.now)
        self.collect()
        self._heap.at(self._exchange.next_deadline(), self._tick)

    def collect(self) -> None:
        """Put what the exchange says on the wire."""
        for request_id, reply in self._exchange.replies():
            found = self._waiting.pop(request_id, None)
            if found is not None:
                self._answer(*found, reply)
        for session_id, pipe in list(self._pipes.items()):
            for frame in self._exchange.frames(session_id):
                self._push(pipe, frame)

    # ---- requests ------------------------------------------------------------------------------

    def send(self, transport: "SimTransport", wire: Wire) -> "asyncio.Future[Reply]":
        """Put a request on the wire. Raises TransportError where no byte leaves."""
        trouble, process = self.trouble, transport.process
        faults = self._venue.faults
        if self._hits(trouble.refuse, "F11 refused") or (
            not faults.is_quiet and faults.draw("F11", modes=("connect",))
        ):
            raise TransportError("connection refused", sent=False)
        sent = Sent(
            self._heap.now, process.name, transport.epoch, wire, transport.synced_rows()
        )  # fmt: skip
        self.sent.append(sent)
        future: asyncio.Future[Reply] = process.create_future()
        if trouble.hang:
            trouble.hit("F12 hang")
        elif not self._hits(trouble.lose_request, "request lost"):
            self._heap.after(self._delay_ns(), lambda: self._arrive(process, future, sent))
        return future

    def _arrive(self, process: Process, future: "asyncio.Future[Reply]", sent: Sent) -> None:
        sent.arrived_at = self._heap.now
        request_id = self._exchange.submit(sent.wire, self._heap.now)
        self._waiting[request_id] = (process, future, sent)
        self.collect()

    def _answer(
        self, process: Process, future: "asyncio.Future[Reply]", sent: Sent, reply: Reply
    ) -> None:
        sent.status = reply.status
        if process.is_dead or self._hits(self.trouble.lose_reply, "reply lost"):
            return

        def deliver() -> None:
            if future.done():
                return
            if sent.wire.path == "/api/v1/depth":
                symbol = dict(sent.wire.query).get("symbol", "")
                self.heard.setdefault((process.name, symbol), []).append(self._heap.now)
            if reply.status == CUT.status:
                future.set_exception(TransportError("the connection broke", sent=True))
            else:
                future.set_result(reply)

        self._heap.after(self._delay_ns(), lambda: _into(process, deliver))

    # ---- frames --------------------------------------------------------------------------------

    def open(self, transport: "SimTransport") -> "Pipe":
        """Open a frame pipe. Raises TransportError."""
        faults = self._venue.faults
        is_refused = self._hits(self.trouble.refuse, "F11 refused") or (
            not faults.is_quiet and faults.draw("F11", modes=("connect",)) is not None
        )
        if is_refused or self.trouble.hang:
            raise TransportError("connection refused", sent=False)
        session = self._exchange.open_session(self._heap.now)
        pipe = self._pipes[session] = Pipe(self, transport.process, session)
        return pipe

    def up(self, pipe: "Pipe", frame: bytes) -> None:
        """Carry a client's frame to the venue."""
        if self.trouble.hang:
            return

        def arrive() -> None:
            self._exchange.receive(pipe.session, frame, self._heap.now)
            self.collect()

        self._heap.after(self._delay_ns(), arrive)

    def _push(self, pipe: "Pipe", frame: bytes) -> None:
        trouble = self.trouble
        if pipe.process.is_dead:
            return
        if trouble.hang:
            trouble.hit("F12 hang")
            return
        is_private = b'"account.' in frame
        if trouble.wild_numbers and self._rng.random() < trouble.wild_numbers:
            frame = self._wild(frame)
        if is_private and self._hits(trouble.lose_private, "F29 frame lost"):
            return
        due = self._heap.now + self._delay_ns()
        if is_private and self._hits(trouble.late_private, "F20 out of order"):
            self._heap.at(due + self._rng.randrange(1, 400) * _MS, lambda: self._hear(pipe, frame))
            return
        pipe.due = due = max(due, pipe.due + 1)
        self._heap.at(due, lambda: self._hear(pipe, frame))
        if is_private and self._hits(trouble.double_private, "F18 frame doubled"):
            self._heap.at(due + 1 + self._rng.randrange(900) * _MS, lambda: self._hear(pipe, frame))

    def _wild(self, frame: bytes) -> bytes:
        found = list(_NUMBER.finditer(frame))
        if not found:
            return frame
        self.trouble.hit("F71")
        chosen = self._rng.choice(found)
        wild = self._rng.choice(_WILD)
        return frame[: chosen.start(1)] + wild + frame[chosen.end(1) :]

    def _hear(self, pipe: "Pipe", frame: bytes) -> None:
        if pipe.process.is_dead or pipe.is_closed:
            return
        symbol = frame[frame.rfind(b".") + 1 : -2].decode(errors="replace")
        self.heard.setdefault((pipe.process.name, symbol), []).append(self._heap.now)
        _into(pipe.process, lambda: pipe.feed(frame))

    def cut(self, process: Process, reason: str) -> None:
        """Break every pipe of a process."""
        for pipe in list(self._pipes.values()):
            if pipe.process is process:
                self.trouble.hit(reason)
                self.drop(pipe)
                _into(process, pipe.broken)

    def drop(self, pipe: "Pipe") -> None:
        """Forget a pipe; twice is harmless."""
        self._pipes.pop(pipe.session, None)
        self._exchange.close_session(pipe.session)

    def drop_all(self, process: Process) -> None:
        """Forget the pipes of a dead process."""
        for pipe in list(self._pipes.values()):
            if pipe.process is process:
                self.drop(pipe)

    def round_trip_ns(self) -> int:
        """Return what a ping takes now."""
        return 2 * self._delay_ns()

    def _delay_ns(self) -> int:
        spike = self.trouble.spike_ms
        if spike:
            self.trouble.hit("slow line")
        return self._rng.randrange(2 * _MS, 12 * _MS) + self._rng.randrange(spike + 1) * _MS

    def _hits(self, chance: float, name: str) -> bool:
        if not chance or self._rng.random() >= chance:
            return False
        self.trouble.hit(name)
        return True


class Pipe:
    """One frame pipe of one process."""

    def __init__(self, net: Net, process: Process, session: int) -> None:
        self.process = process
        self.session = session
        self.due = 0
        self.is_closed = False
        self._net = net
        self._frames: deque[bytes] = deque()
        self._stirred = asyncio.Event()

    async def send(self, frame: bytes) -> None:
        """Send one frame."""
        self._check()
        self._net.up(self, frame)

    async def receive(self) -> bytes:
        """Wait for one frame."""
        while not self._frames:
            self._check()
            self._stirred.clear()
            await self._stirred.wait()
        return self._frames.popleft()

    async def ping(self) -> float:
        """Wait for a round trip; for ever while the line hangs."""
        self._check()
        while self._net.trouble.hang:  # noqa: ASYNC110  the line does not say when it is well
            await asyncio.sleep(0.5)
        secs = self._net.round_trip_ns() / 1e9
        await asyncio.sleep(secs)
        self._check()
        return secs

    async def close(self) -> None:
        """Close."""
        self.is_closed = True
        self._net.drop(self)
        self._stirred.set()

    def feed(self, frame: bytes) -> None:
        """Take a frame from the wire."""
        if not self.is_closed:
            self._frames.append(frame)
            self._stirred.set()

    def broken(self) -> None:
        """Learn that the line is gone."""
        self.is_closed = True
        self._stirred.set()

    def _check(self) -> None:
        if self.is_closed:
            raise PipeClosed("the pipe is closed")


class SimTransport:
    """A `Transport` of one process."""

    def __init__(self, net: Net, process: Process, epoch: int, synced_rows: Any) -> None:
        self.process = process
        self.epoch = epoch
        self.synced_rows = synced_rows
        self._net = net

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Send one request and wait for its reply."""
        if self.process.is_dead:
            raise TransportError("the process is dead", sent=False)
        future = self._net.send(self, wire)
        try:
            async with asyncio.timeout(deadline_secs):
                return await future
        except TimeoutError as error:
            raise TransportError(f"no reply within {deadline_secs} s", sent=True) from error

    async def open_stream(self, *, deadline_secs: float) -> Pipe:
        """Open one frame pipe."""
        if self.process.is_dead:
            raise TransportError("the process is dead", sent=False)
        await asyncio.sleep(min(deadline_secs, self._net.round_trip_ns() / 1e9))
        return self._net.open(self)

    async def close(self) -> None:
        """Let go."""


def _into(process: Process, call: Any) -> None:
    if not process.is_dead:
        process.call_soon(call)
