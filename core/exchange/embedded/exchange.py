"""The exchange in the box, sans-IO: requests and frames in, replies and frames out, time as data.

Nothing here reads a clock. `advance` runs whatever is due up to an instant: speed bumps, streams,
settlements, and the market's own life, in one order (time, then the order they were asked for).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from core.exchange.contract import Reply, Wire
from core.exchange.embedded import funding
from core.exchange.embedded.agenda import Agenda, Task
from core.exchange.embedded.auth import authenticate_stream
from core.exchange.embedded.calls import Later, Outcome
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.feed import private_topic
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.market import Market
from core.exchange.embedded.refusals import Refusal
from core.exchange.embedded.routes import answer
from core.exchange.embedded.rules import BOOK_STATES
from core.exchange.embedded.spec import FUNDING_INTERVAL_NS
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

if TYPE_CHECKING:
    from core.exchange.embedded.fault_requests import RequestFaults

_SETTLE_NS: Final = 10 * NS_PER_SEC
_FIRST_INTEREST_NS: Final = 5 * NS_PER_SEC
"""Open interest is told this soon after the start, then every minute."""


class Exchange:
    """One venue.

    Attributes:
        floor: Markets, accounts and order entry, for the market's own life and for tests.
        faults: The fault switches, with their hit counters.
        rules: What is enforced: strict candles and bands, rate limits, funding, liquidation.
    """

    def __init__(
        self,
        markets: Iterable[Market],
        *,
        first_id: int,
        start_ns: int,
        faults: Faults | None = None,
    ) -> None:
        self._agenda = Agenda(Instant(start_ns))
        self.faults = faults or Faults()
        self.faults.start(self._agenda.instant)
        by_symbol = {each.spec.symbol: each for each in markets}
        self.floor = Floor(by_symbol, first_id, self._agenda, self.faults)
        self.rules = self.floor.rules
        self._request_faults: RequestFaults | None = None
        self._replies: list[tuple[int, Reply]] = []
        self._requests = 0
        self.index_source: Callable[[str, int], int] | None = None
        """Gives the index of a base asset in atoms at an instant; None keeps what is."""
        self._agenda.every(NS_PER_SEC, self._each_second)
        self._agenda.every(60 * NS_PER_SEC, self.floor.feed.each_minute)
        self._agenda.after(_FIRST_INTEREST_NS, self.floor.feed.each_minute)
        self._agenda.every(_SETTLE_NS, self._settle)
        self._agenda.every(FUNDING_INTERVAL_NS, self._fund)
        for window_ms in DEPTH_WINDOWS_MS:
            self._agenda.every(window_ms * NS_PER_MS, self._flusher(window_ms))

    @property
    def now_ns(self) -> int:
        """Return the instant up to which everything has happened."""
        return self._agenda.now_ns

    def at(self, when_ns: int, task: Task) -> None:
        """Run a task at an instant; the past means as soon as possible."""
        self._agenda.at(when_ns, task)

    def next_deadline(self) -> int:
        """Return the instant of the next matter on the agenda."""
        return self._agenda.next_deadline()

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due up to now; time never runs back."""
        self._agenda.advance(now_ns)

    def set_book_state(self, symbol: str, state: str) -> None:
        """Switch the order book of a market to another state of the wire's words."""
        assert state in BOOK_STATES
        self.floor.markets[symbol].state = state

    def submit(self, wire: Wire, now_ns: int) -> int:
        """Take one request; its reply comes from `replies` under the id returned."""
        self.advance(now_ns)
        self._requests += 1
        request_id = self._requests

        def deliver(reply: Reply) -> None:
            self._replies.append((request_id, reply))

        if self.faults.is_quiet:
            self._settle_reply(lambda: answer(self.floor, wire), deliver)
        else:
            self._faulty().take(wire, deliver)
        return request_id

    def replies(self) -> list[tuple[int, Reply]]:
        """Return the replies ready since the last call; status 0 is a connection that broke."""
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

    def _faulty(self) -> "RequestFaults":
        from core.exchange.embedded.fault_requests import (  # noqa: PLC0415  only faults pay
            RequestFaults,
        )

        if self._request_faults is None:
            self._request_faults = RequestFaults(self.floor, self._settle_reply)
        return self._request_faults

    def _settle_reply(
        self, compute: Callable[[], Outcome], deliver: Callable[[Reply], None]
    ) -> None:
        try:
            outcome = compute()
        except Refusal as refusal:
            outcome = refusal.reply()
        if isinstance(outcome, Later):
            later = outcome.answer
            self._agenda.after(outcome.delay_ns, lambda: self._settle_reply(later, deliver))
        else:
            deliver(outcome)

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
        refused = None if account is None else self.faults.draw("F30", account=account.name)
        if account is None or refused is not None:
            if refused is None or refused.mode == "error":
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

    def _each_second(self) -> None:
        for market in self.floor.markets.values():
            if market.spec.is_perp:
                if self.index_source is not None:
                    market.index = self.index_source(market.spec.base, self.now_ns)
                market.average_premium()
        self.floor.feed.each_second()
        self.floor.triggers.look_everywhere()
        if self.rules.liquidation:
            self.floor.liquidation.look()

    def _flusher(self, window_ms: int) -> Task:
        return lambda: self.floor.feed.flush_window(window_ms)

    def _settle(self) -> None:
        for account in self.floor.clearing.accounts.values():
            for symbol, position in account.positions.items():
                self.floor.clearing.settle(account, position, self.floor.markets[symbol].mark)
        self.floor.feed.money_moved()

    def _fund(self) -> None:
        if self.rules.funding:
            funding.charge(self.floor.clearing, self.floor.markets, self.now_ns)
            self.floor.feed.money_moved()
