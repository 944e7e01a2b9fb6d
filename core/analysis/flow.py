"""What trades say: volume, delta, CVD, VWAP, TWAP, rate; over windows and from an anchor.

Prints are rows of the tape in the order of their venue time. Volumes and money are exact integers
(10^-10, 10^-20); averages and rates are floats, divided once.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import attrgetter

import msgspec

from core.analysis.units import SECOND_NS, ratio
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import TapeRow

Prints = Sequence[TapeRow]
"""Oldest first by `ts_event`."""
_TIME = attrgetter("ts_event")


class Flow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Totals of the prints with start <= ts_event < end.

    Attributes:
        buy_volume: Size whose aggressor bought, units of 10^-10.
        sell_volume: Size whose aggressor sold, units of 10^-10.
        money: Sum of price times size, units of 10^-20.
        trades: Count of prints.
        twap: Time-weighted last price over the window, quote units; see `twap`.
        missed: Prints known to be missing between these.
    """

    start: int
    end: int
    buy_volume: int
    sell_volume: int
    money: int
    trades: int
    twap: float | None
    missed: int

    @property
    def volume(self) -> int:
        """Size traded, units of 10^-10."""
        return self.buy_volume + self.sell_volume

    @property
    def delta(self) -> int:
        """Aggressor buys minus aggressor sells, units of 10^-10."""
        return self.buy_volume - self.sell_volume

    @property
    def delta_ratio(self) -> float | None:
        """Delta over volume, -1 to 1."""
        return ratio(self.delta, self.volume)

    @property
    def vwap(self) -> float | None:
        """Money over volume, quote units."""
        return vwap_of(self.money, self.volume)

    @property
    def trades_per_s(self) -> float | None:
        """Prints a second of the window."""
        return ratio(self.trades * SECOND_NS, self.end - self.start)


def within(prints: Prints, start: int, end: int) -> Prints:
    """Return the prints with start <= ts_event < end."""
    first = bisect_left(prints, start, key=_TIME)
    return prints[first : bisect_left(prints, end, first, key=_TIME)]


def flow_between(prints: Prints, start: int, end: int) -> Flow:
    """Total the prints of a window; what came before it only gives the TWAP its first price."""
    first = bisect_left(prints, start, key=_TIME)
    inside = prints[first : bisect_left(prints, end, first, key=_TIME)]
    bought = sum(row.size for row in inside if row.side is Side.BUY)
    volume = sum(row.size for row in inside)
    return Flow(
        start=start,
        end=end,
        buy_volume=bought,
        sell_volume=volume - bought,
        money=sum(row.price * row.size for row in inside),
        trades=len(inside),
        twap=twap(inside, start, end, prints[first - 1].price if first else None),
        missed=_missed(inside),
    )


def _missed(prints: Prints) -> int:
    return prints[-1].serial - prints[0].serial + 1 - len(prints) if prints else 0


def flow_since(prints: Prints, anchor: int, now: int) -> Flow:
    """Total the prints from an anchor (a session, a swing, a fill) until now, both included."""
    return flow_between(prints, anchor, now + 1)


def vwap_of(money: int, volume: int) -> float | None:
    """Return money / volume in quote units, rounded once; None where nothing traded."""
    return ratio(money, volume * UNIT)


def twap(prints: Prints, start: int, end: int, price_before: int | None = None) -> float | None:
    """Return the last price averaged over the time of a window, quote units.

    Each price holds until the next print or the end. Without `price_before` the average begins at
    the first print: time before any price is not counted as a price of 0.

    Args:
        prints: Those of the window.
        start: ns.
        end: ns.
        price_before: The last price before the window, units of 10^-10.
    """
    price, since, area, known = price_before, start, 0, 0
    for row in prints:
        if price is not None:
            area += price * (row.ts_event - since)
            known += row.ts_event - since
        price, since = row.price, row.ts_event
    if price is None or end < since:
        return None
    known += end - since
    return ratio(area + price * (end - since), known * UNIT)


def signed_sizes(prints: Prints) -> Iterator[int]:
    """Yield sizes, above 0 where the aggressor bought, units of 10^-10."""
    return (row.size if row.side is Side.BUY else -row.size for row in prints)


def cvd(prints: Prints, initial: int = 0) -> list[int]:
    """Return the cumulative volume delta after each print, units of 10^-10."""
    return list(accumulate(signed_sizes(prints), initial=initial))[1:]


class RunningFlow:
    """Anchored totals that grow with each print: CVD and VWAP without looking back.

    Attributes:
        volume: Size since the anchor, units of 10^-10.
        cvd: Aggressor buys minus sells since the anchor, units of 10^-10.
        money: Price times size since the anchor, units of 10^-20.
        trades: Prints since the anchor.
    """

    __slots__ = ("cvd", "money", "trades", "volume")

    def __init__(self) -> None:
        self.volume = self.cvd = self.money = self.trades = 0

    def add(self, row: TapeRow) -> None:
        """Take the next print."""
        self.volume += row.size
        self.cvd += row.size if row.side is Side.BUY else -row.size
        self.money += row.price * row.size
        self.trades += 1

    @property
    def vwap(self) -> float | None:
        """Average price since the anchor, quote units."""
        return vwap_of(self.money, self.volume)
