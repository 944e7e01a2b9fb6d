"""The exchange in the box, sans-IO: requests and frames in, replies and frames out, time as data.

Nothing here reads a clock. `advance` runs whatever is due up to an instant: speed bumps, streams,
settlements, and the market's own life, in one order (time, then the order they were asked for).
"""

import heapq
from collections.abc import Callable, Iterable
from typing import Final

from core.exchange.contract import Reply, Wire
from core.exchange.embedded.auth import authenticate_stream
from core.exchange.embedded.calls import Later, Outcome
from core.exchange.embedded.feed import private_topic
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.market import Market
from core.exchange.embedded.refusals import Refusal
from core.exchange.embedded.routes import answer
from core.exchange.embedded.streams import (
    DEPTH_WINDOWS_MS,
    INVALID_SIGNATURE,
    PARSE_ERROR,
    Session,
    is_private,
    parse_control,
    stream_error,
)
from core.exchange.embedded.units import NS_PER_MS, NS_PER_SEC, Instant

Task = Callable[[], None]
_SETTLE_NS: Final = 10 * NS_PER_SEC


class Exchange:
    """One venue.

    Attributes:
        floor: Markets, accounts and order entry, for the market's own life and for tests.
    """

    def __init__(self, markets: Iterable[Market], *, first_id: int, start_ns: int) -> None:
        self._instant = Instant(start_ns)
        self.floor = Floor({each.spec.symbol: each for each in markets}, first_id, self._instant)
        self._agenda: list[tuple[int, int, Task]] = []
        self._asked = 0
        self._replies: list[tuple[int, Reply]] = []
        self._requests = 0
        self.index_source: Callable[[str, int], int] | None = None
        """Gives the index of a base asset in atoms at an instant; None keeps what is."""
        self._every(NS_PER_SEC, self._each_second)
        self._every(60 * NS_PER_SEC, self.floor.feed.each_minute)
        self._every(_SETTLE_NS, self._settle)
        for window_ms in DEPTH_WINDOWS_MS:
            self._every(window_ms * NS_PER_MS, self._flusher(window_ms))

    @property
    def now_ns(self) -> int:
        """Return the instant up to which everything has happened."""
        return self._instant.ns

    def at(self, when_ns: int, task: Task) -> None:
        """Run a task at an instant; the past means as soon as possible."""
        self._asked += 1
        heapq.heappush(self._agenda, (max(when_ns, self._instant.ns), self._asked, task))

    def next_deadline(self) -> int:
        """Return the instant of the next matter on the agenda."""
        return self._agenda[0][0]

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due up to now; time never runs back."""
        while self._agenda[0][0] <= now_ns:
            when_ns, _, task = heapq.heappop(self._agenda)
            self._instant.ns = max(when_ns, self._instant.ns)
            task()
        self._instant.ns = max(now_ns, self._instant.ns)

    def submit(self, wire: Wire, now_ns: int) -> int:
        """Take one request; its reply comes from `replies` under the id returned."""
        self.advance(now_ns)
        self._requests += 1
        request_id = self._requests
        self._settle_reply(request_id, lambda: answer(self.floor, wire))
        return request_id

    def replies(self) -> list[tuple[int, Reply]]:
        """Return the replies ready since the last call."""
        ready, self._replies = self._replies, []
        return ready

    def open_session(self, now_ns: int) -> int:
        """Open a stream connection; return its id."""
        self.advance(now_ns)
        return self.floor.feed.hub.open().id

    def receive(self, session_id: int, frame: bytes, now_ns: int) -> None:
        """Take one frame from a client. Success is silent; errors are frames."""
        self.advance(now_ns)
        session = self.floor.feed.hub.find(session_id)
        if session is None:
            return
        control = parse_control(frame)
        if control is None:
            session.outbox.append(PARSE_ERROR)
            return
        if control.method == "UNSUBSCRIBE":
            self._unsubscribe(session, control.params)
        else:
            self._subscribe(session, control.params, control.signature)

    def frames(self, session_id: int) -> list[bytes]:
        """Return the frames that wait for a client."""
        session = self.floor.feed.hub.find(session_id)
        if session is None or not session.outbox:
            return []
        waiting, session.outbox = session.outbox, []
        return waiting

    def close_session(self, session_id: int) -> None:
        """Close a stream connection; twice is harmless."""
        self.floor.feed.hub.close(session_id)

    def _settle_reply(self, request_id: int, compute: Callable[[], Outcome]) -> None:
        try:
            outcome = compute()
        except Refusal as refusal:
            outcome = refusal.reply()
        if isinstance(outcome, Later):
            later = outcome.answer
            self.at(self.now_ns + outcome.delay_ns, lambda: self._settle_reply(request_id, later))
        else:
            self._replies.append((request_id, outcome))

    def _subscribe(
        self, session: Session, streams: Iterable[str], signature: list[str] | None
    ) -> None:
        for stream in streams:
            error = stream_error(stream)
            if error is not None:
                session.outbox.append(error)
            elif is_private(stream):
                self._subscribe_private(session, stream, signature)
            else:
                self.floor.feed.hub.subscribe(session, stream)

    def _subscribe_private(
        self, session: Session, stream: str, signature: list[str] | None
    ) -> None:
        account = authenticate_stream(self.floor.clearing.by_key, signature, self.now_ns)
        if account is None:
            session.outbox.append(INVALID_SIGNATURE)
            return
        topic = private_topic(account, stream)
        is_new = topic not in session.topics
        self.floor.feed.hub.subscribe(session, topic)
        if is_new and stream.startswith("account.positionUpdate"):
            session.outbox.extend(self.floor.feed.position_snapshots(account, stream))

    def _unsubscribe(self, session: Session, streams: Iterable[str]) -> None:
        names = set(streams)
        gone = [topic for topic in session.topics if topic.rpartition("|")[2] in names]
        for topic in gone:
            self.floor.feed.hub.unsubscribe(session.id, topic)

    def _every(self, period_ns: int, task: Task) -> None:
        """Run a task at every multiple of a period."""

        def run() -> None:
            task()
            self.at(self.now_ns + period_ns, run)

        self.at((self.now_ns // period_ns + 1) * period_ns, run)

    def _each_second(self) -> None:
        for market in self.floor.markets.values():
            if market.spec.is_perp:
                if self.index_source is not None:
                    market.index = self.index_source(market.spec.base, self.now_ns)
                market.average_premium()
        self.floor.feed.each_second()

    def _flusher(self, window_ms: int) -> Task:
        return lambda: self.floor.feed.flush_window(window_ms)

    def _settle(self) -> None:
        for account in self.floor.clearing.accounts.values():
            for symbol, position in account.positions.items():
                self.floor.clearing.settle(account, position, self.floor.markets[symbol].mark)
        self.floor.feed.money_moved()
