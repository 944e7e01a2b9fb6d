"""Which orders a cancel names. Pure."""

from collections.abc import Iterable

from core.domain.commands import CancelOrders
from core.trading.orders import OrderRecord


def chosen(command: CancelOrders, live: Iterable[OrderRecord]) -> list[OrderRecord] | str:
    """Return the live orders of a scope, or why the scope is none.

    Named orders alone, or one market (one side of it), or all; never all by leaving things out.
    """
    has_market = command.instrument is not None
    named = sum((bool(command.orders), has_market, command.is_all))
    if named != 1 or (command.side is not None and not has_market):
        return "a cancel names its orders, or one market (and its side), or all: exactly one"
    if command.is_all:
        return list(live)
    if command.orders:
        wanted = set(command.orders)
        return [record for record in live if record.client_order_id in wanted]
    return [
        record
        for record in live
        if record.terms.instrument == command.instrument
        and command.side in (None, record.terms.side)
    ]


def worded_scope(command: CancelOrders) -> str:
    """Say the scope in words."""
    if command.is_all:
        return "in every market"
    if command.orders:
        return "of those named"
    side = "" if command.side is None else f"{command.side} side of "
    return f"on the {side}{command.instrument}" if side else f"in {command.instrument}"
