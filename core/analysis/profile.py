"""Volume by price: traded at bid and ask, point of control, value area, clusters.

A footprint is the same over the prints of one candle.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from core.domain.order import Side
from core.domain.views import TapeRow

VALUE_AREA_PCT: Final = 70
_HUNDRED: Final = 100


class ProfileRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One price row, units of 10^-10.

    Attributes:
        price: Lower edge of the row.
        at_bid: Size traded at the bid: the aggressor sold.
        at_ask: Size traded at the ask: the aggressor bought.
    """

    price: int
    at_bid: int
    at_ask: int

    @property
    def volume(self) -> int:
        """Size traded in the row."""
        return self.at_bid + self.at_ask

    @property
    def delta(self) -> int:
        """Size at ask minus size at bid."""
        return self.at_ask - self.at_bid


class VolumeProfile(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Volume by price.

    Attributes:
        rows: Rows with volume, lowest price first.
        step: Height of a row, units of 10^-10.
        point_of_control: The row with most volume; the lowest where several have.
        value_low: Lowest row of the value area.
        value_high: Highest row of the value area.
    """

    rows: tuple[ProfileRow, ...]
    step: int
    point_of_control: int
    value_low: int
    value_high: int
    volume: int


class Cluster(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Neighbouring rows that all traded far more than the usual row; prices are lower edges."""

    low: int
    high: int
    at_bid: int
    at_ask: int


def traded_by_price(prints: Iterable[TapeRow], step: int = 1) -> dict[int, ProfileRow]:
    """Sum sizes at bid and ask by price row; prices are floored to multiples of `step`."""
    bid: dict[int, int] = {}
    ask: dict[int, int] = {}
    for row in prints:
        side = ask if row.side is Side.BUY else bid
        price = row.price // step * step
        side[price] = side.get(price, 0) + row.size
    return {p: ProfileRow(p, bid.get(p, 0), ask.get(p, 0)) for p in sorted(bid.keys() | ask.keys())}


def volume_profile(
    prints: Iterable[TapeRow], step: int, value_area_pct: int = VALUE_AREA_PCT
) -> VolumeProfile | None:
    """Build the profile; None where nothing traded.

    Value area after Steidlmayer (CBOT Market Profile): from the point of control, take the two
    rows above or the two below, whichever hold more (above on a tie), until the share is reached;
    rows are those that traded, so that a fine step over a wide range stays cheap.

    Args:
        prints: In any order.
        step: Height of a row, units of 10^-10.
        value_area_pct: Share of the volume that the value area holds at least.
    """
    return profile_of(tuple(traded_by_price(prints, step).values()), step, value_area_pct)


def profile_of(
    rows: tuple[ProfileRow, ...], step: int, value_area_pct: int = VALUE_AREA_PCT
) -> VolumeProfile | None:
    """Build the profile of rows summed already, lowest price first; None where nothing traded."""
    volumes = [row.at_bid + row.at_ask for row in rows]
    total = sum(volumes)
    if not total:
        return None
    control = volumes.index(max(volumes))
    low, high = _value_area(volumes, control, total * value_area_pct)
    return VolumeProfile(
        rows=rows,
        step=step,
        point_of_control=rows[control].price,
        value_low=rows[low].price,
        value_high=rows[high].price,
        volume=total,
    )


def _value_area(volumes: Sequence[int], control: int, wanted: int) -> tuple[int, int]:
    """Grow from the index of the point of control; `wanted` is the volume times 100."""
    end = len(volumes)
    low, high, held = control, control + 1, volumes[control]
    while held * _HUNDRED < wanted:
        above, below = sum(volumes[high : high + 2]), sum(volumes[max(0, low - 2) : low])
        if high < end and (above >= below or not low):
            held, high = held + above, min(high + 2, end)
        else:
            held, low = held + below, max(low - 2, 0)
    return low, high - 1


def clusters(profile: VolumeProfile, times: int = 3) -> list[Cluster]:
    """Return runs of neighbouring rows with at least `times` the median row, lowest first."""
    ordered = sorted(row.volume for row in profile.rows)
    least = times * ordered[(len(ordered) - 1) // 2]
    runs: list[list[ProfileRow]] = []
    for row in profile.rows:
        if row.volume < least:
            continue
        if runs and row.price - runs[-1][-1].price == profile.step:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [
        Cluster(
            low=run[0].price,
            high=run[-1].price,
            at_bid=sum(row.at_bid for row in run),
            at_ask=sum(row.at_ask for row in run),
        )
        for run in runs
    ]
