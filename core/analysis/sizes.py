"""How large prints are: distribution, the threshold of a large one, sweeps of one aggressor."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from core.analysis.flow import Prints
from core.domain.order import Side
from core.domain.views import TapeRow

QUANTILES_PER_MILLE: Final = (500, 900, 990, 999)
LARGE_PER_MILLE: Final = 990
_MILLE: Final = 1_000


class SizeDistribution(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Sizes of prints, units of 10^-10.

    Attributes:
        quantiles: (per mille, size) by nearest rank: that share of prints is at most this size.
    """

    trades: int
    smallest: int
    largest: int
    total: int
    quantiles: tuple[tuple[int, int], ...]


class Aggressor(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The prints of one aggressor joined into one.

    Attributes:
        first_price: Where it began, units of 10^-10.
        last_price: How far it went, units of 10^-10.
        size: Units of 10^-10.
        money: Units of 10^-20.
        levels: Prices it traded at; two and more are a sweep.
        prints: How many prints it was.
    """

    ts_event: int
    side: Side
    first_price: int
    last_price: int
    size: int
    money: int
    levels: int
    prints: int

    @property
    def is_sweep(self) -> bool:
        """Whether it went through several levels."""
        return self.levels > 1


def nearest_rank(ordered: Sequence[int], per_mille: int) -> int | None:
    """Return the quantile by nearest rank: the smallest value that so many are at or below.

    Source: Hyndman and Fan (1996), definition 1. `ordered` ascends; None where it is empty.
    """
    if not ordered:
        return None
    rank = -(-len(ordered) * per_mille // _MILLE)
    return ordered[max(1, min(rank, len(ordered))) - 1]


def size_distribution(
    prints: Prints, quantiles_per_mille: Sequence[int] = QUANTILES_PER_MILLE
) -> SizeDistribution | None:
    """Describe the sizes of prints; None where there are none."""
    ordered = sorted(row.size for row in prints)
    if not ordered:
        return None
    ranks = ((share, nearest_rank(ordered, share)) for share in quantiles_per_mille)
    return SizeDistribution(
        trades=len(ordered),
        smallest=ordered[0],
        largest=ordered[-1],
        total=sum(ordered),
        quantiles=tuple((share, size) for share, size in ranks if size is not None),
    )


def large_threshold(prints: Prints, per_mille: int = LARGE_PER_MILLE) -> int | None:
    """Return the size from which a print is large: the quantile, units of 10^-10."""
    return nearest_rank(sorted(row.size for row in prints), per_mille)


def aggressors(prints: Prints, gap_ns: int = 0) -> Iterator[Aggressor]:
    """Join prints of one aggressor: same side, at most `gap_ns` apart, price never turning back.

    Venues print one aggressor as many prints of one instant; nothing names it, so two aggressors
    of the same instant and side are told apart only when the price turns back.
    """
    group: list[TapeRow] = []
    for row in prints:
        if group and not continues(group[-1], row, gap_ns):
            yield joined(group)
            group = []
        group.append(row)
    if group:
        yield joined(group)


def sweeps(prints: Prints, gap_ns: int = 0) -> list[Aggressor]:
    """Return the aggressors that went through several levels, oldest first."""
    return [found for found in aggressors(prints, gap_ns) if found.is_sweep]


def continues(last: TapeRow, row: TapeRow, gap_ns: int) -> bool:
    """Whether a print may be of the same aggressor as the one before it."""
    if row.side is not last.side or row.ts_event - last.ts_event > gap_ns:
        return False
    return row.price >= last.price if row.side is Side.BUY else row.price <= last.price


def joined(group: Sequence[TapeRow]) -> Aggressor:
    """Make one of the prints of an aggressor, at least one."""
    return Aggressor(
        ts_event=group[0].ts_event,
        side=group[0].side,
        first_price=group[0].price,
        last_price=group[-1].price,
        size=sum(row.size for row in group),
        money=sum(row.price * row.size for row in group),
        levels=len({row.price for row in group}),
        prints=len(group),
    )
