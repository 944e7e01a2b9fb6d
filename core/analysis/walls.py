"""Walls: levels far above the size that is normal round them, and how long they have stood.

Folded from successive books: `walls_after(previous, bids, asks, at)` gives the next state.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from core.analysis.units import Level
from core.domain.order import Side

_ENOUGH: Final = 3
"""Neighbours below which nothing is normal."""


class WallRules(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """When a level is a wall.

    Attributes:
        times: A wall begins at this many times the local median.
        keep_times: A wall ends below this many times the local median.
        neighbours: Levels on each side that are local.
        depth: Levels a side that are looked at.
    """

    times: int = 5
    keep_times: int = 3
    neighbours: int = 10
    depth: int = 100


class Wall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One wall.

    Attributes:
        price: Units of 10^-10.
        size: Units of 10^-10.
        norm: Median size of its neighbours, units of 10^-10.
        since: Instant of the first book that had it as a wall, ns.
        age_ns: How long it has stood.
    """

    side: Side
    price: int
    size: int
    norm: int
    since: int
    age_ns: int


DEFAULT_RULES: Final = WallRules()


def local_norm(sizes: Sequence[int], index: int, neighbours: int) -> int | None:
    """Return the lower median size of the levels round one, itself left out; None if too few."""
    start = max(0, index - neighbours)
    near = sorted([*sizes[start:index], *sizes[index + 1 : index + 1 + neighbours]])
    return near[(len(near) - 1) // 2] if len(near) >= _ENOUGH else None


def local_norms(sizes: Sequence[int], neighbours: int) -> Iterator[int | None]:
    """Yield `local_norm` of each level in turn, from one sorted window that slides along."""
    count = len(sizes)
    window = sorted(sizes[:neighbours])
    for index, size in enumerate(sizes):
        if index + neighbours < count:
            insort(window, sizes[index + neighbours])
        if index > neighbours:
            del window[bisect_left(window, sizes[index - neighbours - 1])]
        near = len(window) - 1
        if near < _ENOUGH:
            yield None
            continue
        middle = (near - 1) // 2
        yield window[middle if bisect_left(window, size) > middle else middle + 1]


def walls_after(
    previous: Sequence[Wall],
    bids: Sequence[Level],
    asks: Sequence[Level],
    at: int,
    rules: WallRules = DEFAULT_RULES,
) -> tuple[Wall, ...]:
    """Return the walls of a book, bids first, each side best first; old ones keep their birth."""
    since = {(wall.side, wall.price): wall.since for wall in previous}
    return (
        *_side_walls(since, Side.BUY, bids, at, rules),
        *_side_walls(since, Side.SELL, asks, at, rules),
    )


def _side_walls(
    since: dict[tuple[Side, int], int],
    side: Side,
    levels: Sequence[Level],
    at: int,
    rules: WallRules,
) -> list[Wall]:
    sizes = [size for _, size in levels[: rules.depth]]
    found = []
    for index, norm in enumerate(local_norms(sizes, rules.neighbours)):
        price, size = levels[index]
        born = since.get((side, price)) if since else None
        times = rules.times if born is None else rules.keep_times
        if norm is None or size < times * norm:
            continue
        first = at if born is None else born
        found.append(
            Wall(side=side, price=price, size=size, norm=norm, since=first, age_ns=at - first)
        )
    return found
