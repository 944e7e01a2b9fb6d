"""What a ladder can say of its numbers: values as they stand, what they were made of, their age."""

from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import LadderNote
from core.domain.views import LadderLevel, LadderView
from tui.render.explain import Explained
from tui.render.grid import Grid
from tui.render.ladder_rows import index_on_side
from tui.render.numbers import price_text


def explained_ladder(
    view: LadderView, grid: Grid | None, cursor_price: int | None, age_ms: int | None
) -> tuple[Explained, ...]:
    """Explain the touch, then the row under the cursor (without one, the best bid's)."""
    told = [*_touch(view, age_ms)]
    price = view.best_bid if cursor_price is None else cursor_price
    if grid is not None and price is not None:
        told += _row(view, grid, grid.index_of(price), age_ms)
    if view.large_size is not None:
        told.append(
            Explained(
                key="large_lot",
                value=f"from {size_words(view, view.large_size)}",
                inputs=f"the sizes of this book; {_large_levels(view)} rows are as large",
                age_ms=age_ms,
            )
        )
    return tuple(told)


def size_words(view: LadderView, size: int) -> str:
    """Write a size with all decimals of the market."""
    return f"{size / UNIT:,.{view.size_decimals}f}"


def _large_levels(view: LadderView) -> int:
    least = view.large_size
    assert least is not None
    return sum(level.size >= least for level in (*view.bids, *view.asks))


def _touch(view: LadderView, age_ms: int | None) -> list[Explained]:
    bid, ask, bps = view.best_bid, view.best_ask, view.spread_bps
    told = []
    if bid is not None and ask is not None:
        bid_text, ask_text = (price_text(price, view.price_decimals) for price in (bid, ask))
        sides = f"best bid {bid_text}, best ask {ask_text}"
        more = min(10, view.price_decimals + 1)
        spread = price_text(ask - bid, view.price_decimals)
        told.append(
            Explained(
                key="spread_bps",
                value=spread if bps is None else f"{spread} · {bps:.2f} bps",
                inputs=sides,
                age_ms=age_ms,
            )
        )
        mid = price_text((bid + ask) // 2, more)
        told.append(Explained(key="mid", value=mid, inputs=sides, age_ms=age_ms))
        if view.microprice is not None:
            micro = price_text(view.microprice, more)
            inputs = f"{sides}{_touch_sizes(view)}"
            told.append(Explained(key="microprice", value=micro, inputs=inputs, age_ms=age_ms))
    if view.imbalance is not None:
        told.append(_imbalance(view, view.imbalance, age_ms))
    return told


def _touch_sizes(view: LadderView) -> str:
    """Name the sizes at the touch, where the first rows are the touch and not a group of prices."""
    if not view.bids or not view.asks or view.microprice is None:
        return ""
    bid, ask = view.bids[0], view.asks[0]
    weighed = (bid.price * ask.size + ask.price * bid.size) // (bid.size + ask.size)
    if abs(weighed - view.microprice) > 1:
        return ""
    return f"; {size_words(view, bid.size)} bid, {size_words(view, ask.size)} asked there"


def _imbalance(view: LadderView, imbalance: float, age_ms: int | None) -> Explained:
    bid = view.bids[-1].cumulative if view.bids else 0
    ask = view.asks[-1].cumulative if view.asks else 0
    inputs = (
        f"{size_words(view, bid)} bid in {len(view.bids)} rows, "
        f"{size_words(view, ask)} asked in {len(view.asks)} rows"
    )
    return Explained(key="imbalance", value=f"{imbalance:+.3f}", inputs=inputs, age_ms=age_ms)


def _row(view: LadderView, grid: Grid, index: int, age_ms: int | None) -> list[Explained]:
    told = []
    at = price_text(grid.price_at(index), view.price_decimals)
    if (found := _level(view, grid, index)) is not None:
        side, level = found
        words = f"the bids down to {at}" if side is Side.BUY else f"the asks up to {at}"
        told.append(
            Explained(
                key="cumulative",
                value=size_words(view, level.cumulative),
                inputs=f"{words}; {size_words(view, level.size)} at {at}",
                age_ms=age_ms,
            )
        )
    told += _queues(view, age_ms)
    note = next((note for note in view.notes if grid.index_of(note.price) == index), None)
    return told + (_note(view, note, at, age_ms) if note is not None else [])


def _level(view: LadderView, grid: Grid, index: int) -> tuple[Side, LadderLevel] | None:
    for side, levels in ((Side.BUY, view.bids), (Side.SELL, view.asks)):
        for level in levels:
            if index_on_side(grid, level.price, side) == index:
                return side, level
    return None


def _queues(view: LadderView, age_ms: int | None) -> list[Explained]:
    """Explain the queue of each own order whose place is known."""
    return [
        Explained(
            key="queue_ahead",
            value=size_words(view, order.ahead),
            inputs=f"own {order.side} of {size_words(view, order.leaves)} "
            f"at {price_text(order.price, view.price_decimals)}",
            age_ms=age_ms,
        )
        for order in view.own_orders
        if order.ahead is not None
    ]


def _note(view: LadderView, note: LadderNote, at: str, age_ms: int | None) -> list[Explained]:
    sold, bought = size_words(view, note.traded_bid), size_words(view, note.traded_ask)
    added, taken = size_words(view, note.stacked), size_words(view, note.pulled)
    told = []
    if note.traded_bid or note.traded_ask:
        value = size_words(view, note.traded_bid + note.traded_ask)
        inputs = f"prints at {at}: {sold} sold, {bought} bought"
        told.append(Explained(key="traded_at_price", value=value, inputs=inputs, age_ms=age_ms))
    if note.stacked or note.pulled:
        value = f"+{added} -{taken}"
        inputs = f"changes of the book at {at}, prints left out"
        told.append(Explained(key="stacked_pulled", value=value, inputs=inputs, age_ms=age_ms))
    return told
