"""Joins a snapshot and a stream of deltas into one book, or says that it cannot.

Two id schemes, one rule. A frame continues from its base: the previous frame's last id where the
venue chains frames (`prev_id`), else the id before its first. A snapshot with last id L takes over
frames that end at or before L; the first frame after it must have its base at or before L, every
later one exactly at the end of the one before.
"""

import msgspec

from core.domain.errors import DataInvalid
from core.domain.events import BookSnapshotSeen, DepthChanged, QuoteSeen
from core.domain.fixed import scaled
from core.domain.views import BookState
from core.market.book import OrderBook
from core.market.counters import MarketCounters


class SpliceLimits(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Bounds of one splice; durations in ns of engine time."""

    buffer_frames: int = 1_000
    crossed_ns: int = 250_000_000
    """How long a book may stand crossed before it is thrown away."""
    settle_ns: int = 1_000_000_000
    """After this long without any frame a snapshot alone is the book of a quiet market."""


DEFAULT_LIMITS = SpliceLimits()


def _base(frame: DepthChanged) -> int:
    return frame.first_id - 1 if frame.prev_id is None else frame.prev_id


class BookSplice:
    """The book of one market with its right to be believed. No clock, no socket.

    Attributes:
        book: The levels; empty unless a snapshot is in.
        last_id: Id up to which the book is true, -1 without a snapshot.
        crossed_since: Engine time at which the book became crossed, None while it is not.
        is_asking: Whether a snapshot is needed.
    """

    __slots__ = (
        "_counters",
        "_frames",
        "_is_joined",
        "_limits",
        "_loaded_at",
        "_was_invalid",
        "book",
        "crossed_since",
        "is_asking",
        "last_id",
    )

    def __init__(
        self, book: OrderBook, counters: MarketCounters, limits: SpliceLimits = DEFAULT_LIMITS
    ) -> None:
        self.book = book
        self.last_id = -1
        self.crossed_since: int | None = None
        self.is_asking = False
        self._counters = counters
        self._limits = limits
        self._frames: list[DepthChanged] = []
        self._is_joined = False
        self._loaded_at: int | None = None
        self._was_invalid = False

    @property
    def state(self) -> BookState:
        """What the book is worth now, its age apart."""
        if self._is_joined:
            return BookState.VALID if self.crossed_since is None else BookState.INVALID
        if self._loaded_at is not None:
            return BookState.SYNCING
        if self._was_invalid:
            return BookState.INVALID
        return BookState.SYNCING if self.is_asking else BookState.EMPTY

    def receive(self, frame: DepthChanged, at: int) -> bool:
        """Take the next frame; True if it went into a valid book."""
        if not self._is_joined:
            return self._receive_early(frame, at)
        prev_id = frame.prev_id
        base = frame.first_id - 1 if prev_id is None else prev_id
        if base != self.last_id or frame.last_id <= base:
            self._counters.gaps += 1
            self.invalidate()
            self._frames.append(frame)
            return False
        book = self.book
        try:
            if frame.bids:
                book.bids.apply(frame.bids)
            if frame.asks:
                book.asks.apply(frame.asks)
        except DataInvalid:
            return self._note_malformed()
        self.last_id = frame.last_id
        if book.is_crossed():
            return self._note_crossed(at)
        self.crossed_since = None
        return True

    def _note_malformed(self) -> bool:
        self._counters.malformed_frames += 1
        self.invalidate()
        return False

    def _note_crossed(self, at: int) -> bool:
        self._counters.crossed += 1
        if self.crossed_since is None:
            self.crossed_since = at
        self.check_crossed(at)
        return False

    def check_crossed(self, at: int) -> None:
        """Throw the book away if it has been crossed for too long."""
        if self.crossed_since is not None and at - self.crossed_since > self._limits.crossed_ns:
            self.invalidate()

    def _receive_early(self, frame: DepthChanged, at: int) -> bool:
        if len(self._frames) >= self._limits.buffer_frames:
            del self._frames[0]
        self._frames.append(frame)
        if self._loaded_at is None:
            self.is_asking = True
            return False
        return self._join(at)

    def load(self, snapshot: BookSnapshotSeen, at: int) -> bool:
        """Take a snapshot and what was buffered; True if the book is now valid.

        A snapshot nobody needs is ignored: the joined book is newer and better proved.
        """
        self._counters.snapshots += 1
        if self._is_joined:
            return self.crossed_since is None
        try:
            self.book.load(snapshot.bids, snapshot.asks)
        except DataInvalid:
            self._counters.malformed_frames += 1
            self.book.clear()
            self.is_asking = True
            return False
        if self.book.is_crossed():
            self._counters.crossed += 1
            self._ask_again()
            return False
        self.last_id, self._loaded_at, self.is_asking = snapshot.last_id, at, False
        return self._join(at)

    def _join(self, at: int) -> bool:
        """Apply what is buffered, if it connects to the snapshot."""
        frames, self._frames = self._frames, []
        if frames and frames[-1].last_id == self.last_id:
            self._is_joined, self._was_invalid = True, False
            return True
        kept = [frame for frame in frames if frame.last_id > self.last_id]
        if not kept:
            return False
        if _base(kept[0]) > self.last_id:
            self._counters.snapshots_too_old += 1
            self._frames = kept
            self._ask_again()
            return False
        return self._replay(kept, at)

    def _replay(self, kept: list[DepthChanged], at: int) -> bool:
        self._is_joined, self._was_invalid = True, False
        self.last_id = _base(kept[0])
        for index, frame in enumerate(kept):
            is_valid = self.receive(frame, at)
            if not self._is_joined:
                self._frames = kept[index:]
                return False
        return is_valid

    def _ask_again(self) -> None:
        self.book.clear()
        self.last_id, self._loaded_at = -1, None
        self.is_asking = True

    def agrees(self, quote: QuoteSeen) -> bool:
        """Whether a quote of this very update shows the book's top."""
        if not self._is_joined:
            return True
        book = self.book
        try:
            bid = None if quote.bid is None else scaled(quote.bid)
            ask = None if quote.ask is None else scaled(quote.ask)
        except DataInvalid:
            return False
        return bid == book.best_bid and ask == book.best_ask

    def settle(self, at: int) -> bool:
        """Accept a snapshot that no frame has followed for a while; True if the book is valid."""
        if self._is_joined or self._loaded_at is None or self._frames:
            return self.state is BookState.VALID
        if at - self._loaded_at < self._limits.settle_ns:
            return False
        self._is_joined, self._was_invalid = True, False
        return True

    @property
    def settles_at(self) -> int | None:
        """When `settle` may accept the snapshot, None where nothing waits for it."""
        if self._is_joined or self._loaded_at is None:
            return None
        return self._loaded_at + self._limits.settle_ns

    @property
    def crosses_out_at(self) -> int | None:
        """When a crossed book is thrown away, None while it is not crossed."""
        return None if self.crossed_since is None else self.crossed_since + self._limits.crossed_ns

    def invalidate(self) -> None:
        """Throw the book away and ask for a new one."""
        if self._is_joined:
            self._counters.resyncs += 1
        self.void()
        self._was_invalid = self.is_asking = True

    def void(self) -> None:
        """Forget everything: the stream it came from has ended."""
        self.book.clear()
        self._frames.clear()
        self._is_joined = self._was_invalid = self.is_asking = False
        self.last_id, self._loaded_at, self.crossed_since = -1, None, None

    def ask(self) -> None:
        """Ask for a snapshot though no frame came yet (a quiet market)."""
        if not self._is_joined and self._loaded_at is None:
            self.is_asking = True
