"""Pulled and stacked size per price: what was withdrawn or added since the last reset.

Size that left because it traded is not pulled. `changes_after` folds whole books and is told what
traded between two of them; `BookChanges` follows single changes and prints as a stream brings them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from core.analysis.units import SECOND_NS, Level

PRINT_JOINS_NS: Final = 2 * SECOND_NS
"""A print and the book change it made are at most this far apart, whichever comes first."""
CHANGES_KEPT: Final = 4_096


class Change(msgspec.Struct, frozen=True, gc=False):
    """What happened at one price since `since`; sizes are units of 10^-10.

    Attributes:
        stacked: Size that was added.
        pulled: Size that was withdrawn without trading.
        since: Instant of the first change, ns.
    """

    stacked: int
    pulled: int
    since: int


class SideChanges(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One side between two books: the last sizes seen, and the changes by price."""

    sizes: dict[int, int]
    changes: dict[int, Change]


NOTHING = SideChanges(sizes={}, changes={})


def changes_after(
    state: SideChanges | None,
    levels: Sequence[Level],
    *,
    traded: Mapping[int, int],
    at: int,
    reset_ns: int,
    sign: int,
    is_whole: bool = False,
) -> SideChanges:
    """Fold one book side into the changes.

    Args:
        state: None at the first book, and after a resync.
        levels: Best first.
        traded: Size traded against this side at each price since the last book, units of 10^-10.
            A print that arrives after the book that shows it counts as pulled, then as stacked.
        at: Instant, ns.
        reset_ns: Changes older than this are forgotten.
        sign: 1 for bids, -1 for asks.
        is_whole: Whether `levels` is the entire side. Where it is a top only, prices that came into
            or went out of sight at its far end are not changes.
    """
    sizes = dict(levels)
    if state is None:
        return SideChanges(sizes=sizes, changes={})
    kept = {p: c for p, c in state.changes.items() if at - c.since < reset_ns}
    edge = None if is_whole else _common_edge(state.sizes, sizes, sign)
    for price in state.sizes.keys() | sizes.keys():
        if edge is not None and price * sign < edge:
            continue
        delta = sizes.get(price, 0) - state.sizes.get(price, 0) + traded.get(price, 0)
        if delta:
            kept[price] = _changed(kept.get(price), delta, at)
    return SideChanges(sizes=sizes, changes=kept)


def _common_edge(before: Mapping[int, int], after: Mapping[int, int], sign: int) -> int | None:
    """Return the farthest price (times sign) that both books show."""
    ends = [min(price * sign for price in sizes) for sizes in (before, after) if sizes]
    return max(ends, default=None)


def _changed(change: Change | None, delta: int, at: int) -> Change:
    stacked, pulled, since = (
        (0, 0, at) if change is None else (change.stacked, change.pulled, change.since)
    )
    return Change(stacked + max(0, delta), pulled + max(0, -delta), since)


class KeyChange:
    """Size added at and withdrawn from one price, and when it last moved."""

    __slots__ = ("at", "pulled", "stacked")

    def __init__(self, at: int) -> None:
        self.stacked = self.pulled = 0
        self.at = at


class BookChanges:
    """Stacked and pulled size of a stream of level changes and prints, both sides in one map.

    A key is the price of a bid, or minus the price of an ask. Prints and book changes of one trade
    come in either order: a print waits for the change it explains, and a print that comes after its
    change takes the size back out of what counted as pulled. Per key, while nothing is forgotten:
    stacked - pulled = change of the book + traded - prints that wait.

    Args:
        reset_ns: A key that has not changed for so long is forgotten.
    """

    __slots__ = ("_reset_ns", "_waiting", "by_key", "sizes")

    def __init__(self, reset_ns: int) -> None:
        self._reset_ns = reset_ns
        self.sizes: dict[int, int] = {}
        """The book as last seen, size by key, units of 10^-10."""
        self.by_key: dict[int, KeyChange] = {}
        self._waiting: dict[int, tuple[int, int]] = {}

    def rebase(self, sizes: dict[int, int]) -> None:
        """Go on from a whole book; what changed unseen is nobody's doing."""
        self.sizes = sizes
        self._waiting.clear()

    def see(self, key: int, size: int, at: int) -> None:
        """Take the new absolute size of one level."""
        delta = size - self.sizes.get(key, 0)
        if size:
            self.sizes[key] = size
        elif delta:
            del self.sizes[key]
        if self._waiting and key in self._waiting:
            traded, since = self._waiting.pop(key)
            if at - since <= PRINT_JOINS_NS:
                delta += traded
        if delta:
            change = self._changed(key, at)
            if delta > 0:
                change.stacked += delta
            else:
                change.pulled -= delta

    def trade(self, key: int, size: int, at: int) -> None:
        """Take a print against the level of a key."""
        change = self.by_key.get(key)
        if change is not None and change.pulled and at - change.at <= PRINT_JOINS_NS:
            explained = min(size, change.pulled)
            change.pulled -= explained
            size -= explained
        if size:
            held, since = self._waiting.get(key, (0, at))
            self._waiting[key] = (size + (held if at - since <= PRINT_JOINS_NS else 0), at)

    def _changed(self, key: int, at: int) -> KeyChange:
        change = self.by_key.get(key)
        if change is None or at - change.at >= self._reset_ns:
            change = self.by_key[key] = KeyChange(at)
        change.at = at
        return change

    def forget(self, at: int) -> None:
        """Drop what has not changed for the reset time; call now and then."""
        oldest = at - self._reset_ns
        self.by_key = {key: change for key, change in self.by_key.items() if change.at > oldest}
        if len(self.by_key) > CHANGES_KEPT:
            newest = sorted(self.by_key, key=lambda key: self.by_key[key].at)[-CHANGES_KEPT:]
            self.by_key = {key: self.by_key[key] for key in newest}
        since = at - PRINT_JOINS_NS
        self._waiting = {key: held for key, held in self._waiting.items() if held[1] >= since}

    def waiting(self, key: int) -> int:
        """Return what printed at a key and no book change has explained yet."""
        return self._waiting.get(key, (0, 0))[0]
