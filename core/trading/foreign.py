"""Orders that rest at the venue and are not ours: counted as EXTERNAL, never touched. Pure."""

from collections.abc import Iterable
from typing import Final

from core.domain.events import OrderReport
from core.domain.exact import Price
from core.domain.facts import ForeignOrder, ForeignOrdersSeen
from core.domain.ids import AccountId
from core.domain.order import OrderTerms
from core.trading.client_ids import ClientIds
from core.trading.orders import Orders

NO_PRICE: Final = Price(0)


def foreign_order(row: OrderReport, ids: ClientIds | None) -> ForeignOrder | None:
    """Read a report of an order that is not ours; None where it rests no longer, or asks nothing.

    A state that nobody here knows counts as resting: it is never taken for an end.
    """
    if (row.state is not None and row.state.is_terminal) or row.quantity.sign <= 0:
        return None
    number = row.client_order_id
    return ForeignOrder(
        venue_order_id=row.venue_order_id,
        client_order_id=number,
        terms=OrderTerms(
            instrument=row.instrument,
            side=row.side,
            quantity=row.quantity,
            limit_price=NO_PRICE if row.limit_price is None else row.limit_price,
            reduce_only=row.reduce_only,
        ),
        filled=row.filled_quantity,
        is_second_instance=number is not None and ids is not None and ids.are_like(number),
    )


def after_report(
    orders: Orders, row: OrderReport, ids: ClientIds | None, at: int
) -> ForeignOrdersSeen | None:
    """Return the foreign orders after one report of such an order; None where nothing changed."""
    known = orders.foreign.get(row.account, ())
    others = tuple(o for o in known if o.venue_order_id != row.venue_order_id)
    told = foreign_order(row, ids)
    return _changed(orders, row.account, others if told is None else (*others, told), at)


def after_reading(
    orders: Orders,
    account: AccountId,
    rows: Iterable[OrderReport],
    ids: ClientIds | None,
    at: int,
) -> ForeignOrdersSeen | None:
    """Return the foreign orders after all open orders were read; None where nothing changed."""
    told = [foreign_order(row, ids) for row in rows if not is_ours(orders, row)]
    return _changed(orders, account, tuple(each for each in told if each is not None), at)


def is_ours(orders: Orders, row: OrderReport) -> bool:
    """Whether an order stands in our journal, by either id, in its market."""
    found = orders.find(row.client_order_id, row.instrument, row.venue_order_id)
    return found is not None


def _changed(
    orders: Orders, account: AccountId, told: tuple[ForeignOrder, ...], at: int
) -> ForeignOrdersSeen | None:
    ranked = tuple(sorted(told, key=lambda each: each.venue_order_id))
    if ranked == orders.foreign.get(account, ()):
        return None
    return ForeignOrdersSeen(at=at, account=account, orders=ranked)
