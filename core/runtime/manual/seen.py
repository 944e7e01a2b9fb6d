"""Whether what a person saw still holds when the key arrives. Pure.

An order carries the frame it was aimed at (design section 3): a frame over a second old is refused,
and so is a passive order that would take from the book by now. The refusal says the difference.
"""

from decimal import Decimal
from typing import Final

from core.domain.exact import Price, Quantity
from core.domain.order import Side
from core.domain.ticket import Seen

MAX_FRAME_AGE_NS: Final = 1_000_000_000
_SECOND: Final = 1_000_000_000
_AHEAD_NS: Final = 50_000_000
"""A frame is never of the future; a cockpit that says so is wrong."""
_ONE_PERCENT_MORE: Final = Decimal("1.01")
Touch = tuple[Price | None, Price | None]
"""Best bid and best ask."""


def crosses(side: Side, price: Price, touch: Touch) -> bool:
    """Whether an order at this price would take from the book."""
    bid, ask = touch
    if side is Side.BUY:
        return ask is not None and price >= ask
    return bid is not None and price <= bid


def stale_frame(seen: Seen, now: Touch, at: int) -> str | None:
    """Say that the frame is too old, and what moved since; None while it is fresh."""
    age = at - seen.engine_at
    if -_AHEAD_NS <= age <= MAX_FRAME_AGE_NS:
        return None
    return (
        f"what you saw is {age / _SECOND:.1f} s old, at most 1.0 s is taken: "
        f"{_difference(seen, now)}; look again and press again"
    )


def turned_aggressive(seen: Seen, now: Touch, side: Side, price: Price, at: int) -> str | None:
    """Say that a price which would have rested would take by now; None while it would not."""
    if crosses(side, price, (seen.best_bid, seen.best_ask)) or not crosses(side, price, now):
        return None
    return (
        f"the {side} at {price} would have rested and would take from the book now, "
        f"{(at - seen.engine_at) / _SECOND:.1f} s later: {_difference(seen, now)}"
    )


def grown(shown: Quantity | None, quantity: Quantity) -> str | None:
    """Say that the card showed more than the size allows by now; None while it does not."""
    if shown is None or shown <= quantity.scaled_by(_ONE_PERCENT_MORE):
        return None
    return f"the card showed {shown}, by now the size comes to {quantity}: look again"


def _difference(seen: Seen, now: Touch) -> str:
    return (
        f"best bid {_price(seen.best_bid)} then, {_price(now[0])} now; "
        f"best ask {_price(seen.best_ask)} then, {_price(now[1])} now"
    )


def _price(price: Price | None) -> str:
    return "none" if price is None else str(price)
