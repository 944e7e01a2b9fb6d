"""The touch of a book: spread, mid, microprice, imbalance, slippages. One pass a side, early stop.

Nothing here needs a valid book: an empty side gives None, a crossed book a negative spread.
Whole-book numbers (curve, depth within bands) are in `core.analysis.curve`.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.analysis.units import BPS, Level, Levels, ascending, ratio
from core.domain.fixed import UNIT
from core.domain.order import Side

_NEVER: Final = 1 << 300
IMBALANCE_LEVELS: Final = 20


class TouchMetrics(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a ladder says at every frame.

    Attributes:
        mid: (bid + ask) / 2, quote units.
        microprice: (bid * ask_size + ask * bid_size) / (bid_size + ask_size), quote units.
        spread_bps: (ask - bid) / mid * 1e4; negative in a crossed book.
        spread_ticks: (ask - bid) / tick.
        imbalance: (bid_size - ask_size) / sum over the best levels, -1 to 1.
        buy_slippage_bps: For each notional: buying it against mid, cost positive; None where the
            book does not hold that much.
        sell_slippage_bps: The same for selling.
    """

    best_bid: int | None
    best_ask: int | None
    mid: float | None
    microprice: float | None
    spread_bps: float | None
    spread_ticks: float | None
    imbalance: float | None
    buy_slippage_bps: tuple[float | None, ...]
    sell_slippage_bps: tuple[float | None, ...]


class Cost(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What taking a notional at once from one side would do.

    Attributes:
        notional: What was asked for, quote units of 10^-10.
        filled_money: What the side holds of it, quote units of 10^-20.
        vwap: Average price of what is filled, quote units; None where nothing is.
        slippage_bps: (vwap - mid) / mid * 1e4, cost positive, of what is filled.
        worst_price: The last price touched, units of 10^-10.
        levels_eaten: Levels touched, the last perhaps in part.
        is_complete: Whether the side holds all of it.
    """

    notional: int
    filled_money: int
    vwap: float | None
    slippage_bps: float | None
    worst_price: int | None
    levels_eaten: int
    is_complete: bool


class _Walk(msgspec.Struct, frozen=True, gc=False, array_like=True):
    best: Level | None
    shown: int
    fills: list[tuple[int, int]]


def _walked(levels: Levels, count: int, targets: Sequence[int]) -> _Walk:
    """Walk one side until `count` levels are summed and every target (money) is reached.

    A fill is its average price as a fraction: (money * price, size * price + rest of the money).
    """
    size = money = reached = shown = 0
    fills: list[tuple[int, int]] = []
    wanted = len(targets)
    target = targets[0] if targets else _NEVER
    best = None
    for rank, level in enumerate(levels, 1):
        price, quantity = level
        if rank == 1:
            best = level
        after = money + price * quantity
        while after >= target:
            fills.append((target * price, size * price + target - money))
            reached += 1
            target = targets[reached] if reached < wanted else _NEVER
        size += quantity
        money = after
        if rank <= count:
            shown = size
        if rank >= count and reached == wanted:
            break
    return _Walk(best, shown, fills)


def _slippages(
    walk: _Walk, twice_mid: int | None, wanted: int, sign: int
) -> tuple[float | None, ...]:
    missing = (None,) * (wanted - len(walk.fills))
    if not twice_mid:
        return (None,) * wanted
    scale = sign * BPS
    found = [
        scale * (2 * top - twice_mid * under) / (twice_mid * under) for top, under in walk.fills
    ]
    return (*found, *missing)


def touch_metrics(
    bids: Levels,
    asks: Levels,
    *,
    tick: int | None = None,
    imbalance_levels: int = IMBALANCE_LEVELS,
    notionals: Sequence[int] = (),
) -> TouchMetrics:
    """Read the touch of a book in one pass a side, no further than asked.

    Formulas: house words (`imbalance`, `microprice`); microprice after Gatheral and Oomen (2010),
    the size-weighted mid.

    Args:
        bids: Best first.
        asks: Best first.
        tick: Units of 10^-10.
        imbalance_levels: Levels a side that the imbalance counts.
        notionals: Quote units of 10^-10, ascending, above 0.

    Raises:
        ValueError: when the notionals do not ascend.
    """
    targets = [notional * UNIT for notional in ascending(notionals)]
    below = _walked(bids, imbalance_levels, targets)
    above = _walked(asks, imbalance_levels, targets)
    wanted, bid, ask = len(targets), below.best, above.best
    twice_mid = None if bid is None or ask is None else bid[0] + ask[0]
    return TouchMetrics(
        best_bid=None if bid is None else bid[0],
        best_ask=None if ask is None else ask[0],
        mid=None if twice_mid is None else twice_mid / (2 * UNIT),
        microprice=microprice(bid, ask),
        spread_bps=spread_bps(bid, ask),
        spread_ticks=spread_ticks(bid, ask, tick),
        imbalance=ratio(below.shown - above.shown, below.shown + above.shown),
        buy_slippage_bps=_slippages(above, twice_mid, wanted, 1),
        sell_slippage_bps=_slippages(below, twice_mid, wanted, -1),
    )


def spread_bps(bid: Level | None, ask: Level | None) -> float | None:
    """Return (ask - bid) / mid * 1e4."""
    if bid is None or ask is None:
        return None
    return ratio(2 * BPS * (ask[0] - bid[0]), ask[0] + bid[0])


def spread_ticks(bid: Level | None, ask: Level | None, tick: int | None) -> float | None:
    """Return (ask - bid) / tick."""
    if bid is None or ask is None or not tick:
        return None
    return (ask[0] - bid[0]) / tick


def microprice(bid: Level | None, ask: Level | None) -> float | None:
    """Return (bid * ask_size + ask * bid_size) / (bid_size + ask_size), quote units."""
    if bid is None or ask is None:
        return None
    return ratio(bid[0] * ask[1] + ask[0] * bid[1], (bid[1] + ask[1]) * UNIT)


def twice_mid_of(bid: Level | None, ask: Level | None) -> int | None:
    """Return bid + ask: the mid times two, exact where the mid is not."""
    return None if bid is None or ask is None else bid[0] + ask[0]


def cost_of(levels: Levels, notional: int, *, side: Side, twice_mid: int | None) -> Cost:
    """Say what taking a notional (quote units of 10^-10) from one side costs.

    Walks the levels; the last is eaten in part. Slippage is implementation shortfall against the
    arrival mid (Perold 1988), in bps.

    Args:
        levels: The asks for a buy, the bids for a sell; best first.
        notional: Above 0.
        side: What we would do.
        twice_mid: From `twice_mid_of`; None leaves the slippage out.
    """
    left, size, rank, worst = notional * UNIT, 0, 0, None
    top, under = 0, 1
    for price, quantity in levels:
        if left <= 0:
            break
        rank, worst = rank + 1, price
        taken = min(left, price * quantity)
        left -= taken
        top, under = (notional * UNIT - left) * price, size * price + taken
        size += quantity
    sign = 1 if side is Side.BUY else -1
    return Cost(
        notional=notional,
        filled_money=notional * UNIT - left,
        vwap=ratio(top, under * UNIT) if worst is not None else None,
        slippage_bps=_shortfall(top, under, twice_mid, sign) if worst is not None else None,
        worst_price=worst,
        levels_eaten=rank,
        is_complete=left == 0,
    )


def _shortfall(top: int, under: int, twice_mid: int | None, sign: int) -> float | None:
    if not twice_mid or not under:
        return None
    return sign * BPS * (2 * top - twice_mid * under) / (twice_mid * under)
