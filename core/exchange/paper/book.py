"""The displayed book of one market, and whether anything may fill against it.

Prices and sizes are integers of 10^-10. Ids are spliced by the rule every book here follows: a
frame continues from its base, a snapshot takes over the frames that end at or before it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final

from core.domain.errors import DataInvalid
from core.domain.events import BookSnapshotSeen, DepthChanged, TextLevel
from core.domain.fixed import scaled
from core.domain.order import Side

_MOST_WAITING: Final = 1_000
_QUIET_NS: Final = 1_000_000_000
_CROSSED_NS: Final = 250_000_000
Levels = dict[int, int]
Change = tuple[Side, int, int]
"""Side of the book, price, and the size now displayed there."""


def _base(frame: DepthChanged) -> int:
    return frame.first_id - 1 if frame.prev_id is None else frame.prev_id


def _ints(levels: list[TextLevel]) -> list[tuple[int, int]]:
    found = [(scaled(price), scaled(size)) for price, size in levels]
    if any(price <= 0 or size < 0 for price, size in found):
        raise DataInvalid("book level is not possible", str(levels)[:80])
    return found


class PaperBook:
    """What the feed displays. What we took of it is not offered again until the feed says so.

    Attributes:
        why: Why nothing fills, age apart; empty while the book is true.
        proved_at: Engine time of the market's last sign of life, None before the first.
    """

    def __init__(self, stale_ns: int) -> None:
        self.sides: dict[Side, Levels] = {Side.BUY: {}, Side.SELL: {}}
        self._ranked: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}
        self.why = "no book yet"
        self.proved_at: int | None = None
        self._stale_ns = stale_ns
        self._taken: dict[tuple[Side, int], int] = {}
        self._waiting: list[DepthChanged] = []
        self._last_id = -1
        self._is_joined = False
        self._loaded_at: int | None = None
        self._crossed_since: int | None = None

    # ---- reading -------------------------------------------------------------------------------

    def trouble(self, now: int) -> str:
        """Say why nothing may fill now; empty when it may."""
        if self.why:
            return self.why
        if self._crossed_since is not None:
            return "the book is crossed"
        age = None if self.proved_at is None else now - self.proved_at
        if age is None or age > self._stale_ns:
            return "the book is stale"
        return ""

    def displayed(self, side: Side, price: int) -> int:
        """Return the size the feed shows at a price."""
        return self.sides[side].get(price, 0)

    def best(self, side: Side) -> int | None:
        """Return the best displayed price of a side."""
        prices = self._ranked[side]
        if not prices:
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def offered(self, taker: Side, limit: int | None) -> Iterator[tuple[int, int]]:
        """Yield what a taker could have, best first, down to a limit: price and size."""
        against = taker.opposite
        ranked = self._ranked[against]
        for price in tuple(ranked) if against is Side.SELL else tuple(reversed(ranked)):
            if limit is not None and (price - limit) * taker.sign > 0:
                return
            size = self.sides[against][price] - self._taken.get((against, price), 0)
            if size > 0:
                yield price, size

    def take(self, taker: Side, price: int, size: int) -> None:
        """Note that we took from a level."""
        key = (taker.opposite, price)
        self._taken[key] = self._taken.get(key, 0) + size

    # ---- the feed ------------------------------------------------------------------------------

    def receive(self, frame: DepthChanged, now: int) -> list[Change]:
        """Take a frame; return the levels that changed in a book that is true."""
        self.proved_at = now
        if not self._is_joined:
            self._waiting = [*self._waiting[1 - _MOST_WAITING :], frame]
            return [] if self._loaded_at is None else self._join(now)
        if _base(frame) != self._last_id or frame.last_id <= self._last_id:
            self.void("a gap in the stream of the book")
            self._waiting.append(frame)
            return []
        return self._applied(frame, now)

    def load(self, snapshot: BookSnapshotSeen, now: int) -> list[Change]:
        """Take a snapshot; one that nobody needs is ignored."""
        if self._is_joined:
            return []
        try:
            sides = {
                Side.BUY: {price: size for price, size in _ints(snapshot.bids) if size},
                Side.SELL: {price: size for price, size in _ints(snapshot.asks) if size},
            }
        except DataInvalid:
            self.void("a snapshot that cannot be read")
            return []
        self.sides, self._last_id, self._loaded_at = sides, snapshot.last_id, now
        self._ranked = {side: sorted(levels) for side, levels in sides.items()}
        self._taken.clear()
        self.proved_at = now
        return self._join(now)

    def settle(self, now: int) -> list[Change]:
        """Accept a snapshot that no frame has followed for a second; let go of a crossed book."""
        crossed = self._crossed_since
        if crossed is not None and now - crossed > _CROSSED_NS:
            self.void("the book stood crossed")
        if self._is_joined or self._loaded_at is None or self._waiting:
            return []
        if now - self._loaded_at < _QUIET_NS:
            return []
        return self._joined(now)

    def void(self, why: str) -> None:
        """Forget the book."""
        self.sides = {Side.BUY: {}, Side.SELL: {}}
        self._ranked = {Side.BUY: [], Side.SELL: []}
        self._taken.clear()
        self._waiting.clear()
        self._is_joined, self._loaded_at, self._last_id = False, None, -1
        self._crossed_since, self.why = None, why

    # ---- parts ---------------------------------------------------------------------------------

    def _join(self, now: int) -> list[Change]:
        waiting, self._waiting = self._waiting, []
        if waiting and waiting[-1].last_id == self._last_id:
            return self._joined(now)
        kept = [frame for frame in waiting if frame.last_id > self._last_id]
        if not kept:
            return []
        if _base(kept[0]) > self._last_id:
            self._loaded_at, self._waiting = None, kept
            return []
        self._last_id, self._is_joined = _base(kept[0]), True
        for index, frame in enumerate(kept):
            self.receive(frame, now)
            if not self._is_joined:
                self._waiting = kept[index:]
                return []
        return self._joined(now)

    def _joined(self, now: int) -> list[Change]:
        self._is_joined, self.why = True, ""
        self._note_crossed(now)
        return [
            (side, price, size) for side, at in self.sides.items() for price, size in at.items()
        ]

    def _applied(self, frame: DepthChanged, now: int) -> list[Change]:
        try:
            told = ((Side.BUY, _ints(frame.bids)), (Side.SELL, _ints(frame.asks)))
        except DataInvalid:
            self.void("a frame of the book that cannot be read")
            return []
        self._last_id = frame.last_id
        changes = []
        for side, levels in told:
            for price, size in levels:
                self._set(side, price, size)
                changes.append((side, price, size))
        self._note_crossed(now)
        return changes

    def _set(self, side: Side, price: int, size: int) -> None:
        self._taken.pop((side, price), None)
        levels, ranked = self.sides[side], self._ranked[side]
        if size:
            if price not in levels:
                insort(ranked, price)
            levels[price] = size
        elif levels.pop(price, None) is not None:
            del ranked[bisect_left(ranked, price)]

    def _note_crossed(self, now: int) -> None:
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        is_crossed = bid is not None and ask is not None and bid >= ask
        if not is_crossed:
            self._crossed_since = None
        elif self._crossed_since is None:
            self._crossed_since = now
