"""Pulled and stacked size per price: what was withdrawn or added since the last reset.

Size that left because it traded is not pulled: hand in what traded between two books. Folded from
successive books; each price forgets after `reset_ns` of its own first change.
"""

from collections.abc import Mapping, Sequence

import msgspec

from core.analysis.units import Level


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
