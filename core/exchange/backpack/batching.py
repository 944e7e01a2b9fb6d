"""Reads the answer to a batch: each order's own outcome, found by client id, never by place alone.

A refused item names no order. It is told apart only where nothing is missing: then as many orders
are unanswered as items were refused.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from core.domain.errors import DataInvalid
from core.domain.ids import ClientOrderId
from core.exchange.backpack.constants import REFUSALS
from core.exchange.backpack.refusals import ReplyError
from core.exchange.backpack.replies import OrderRow
from core.exchange.backpack.rows import read
from core.exchange.backpack.words import client_order_id_of

Result = OrderRow | ReplyError | None
"""The order as taken, its refusal, or None: its outcome is not known."""
_OK: Final = "Ok"


class _Item(msgspec.Struct, gc=False):
    operation: str
    code: str = ""
    message: str = ""


def batch_results(body: bytes, asked: Sequence[ClientOrderId]) -> dict[ClientOrderId, Result]:
    """Say what is known of each order of a batch; an unreadable answer proves nothing."""
    results: dict[ClientOrderId, Result] = dict.fromkeys(asked)
    try:
        items = read(body, list[msgspec.Raw])
    except DataInvalid:
        return results
    refused = _take_orders(items, results)
    _take_refusals(refused, list(asked), results, is_complete=len(items) == len(asked))
    return results


def _take_orders(
    items: Sequence[msgspec.Raw], results: dict[ClientOrderId, Result]
) -> dict[int, ReplyError]:
    """Note the orders that were taken; return the refusals by their place."""
    refused: dict[int, ReplyError] = {}
    for place, raw in enumerate(items):
        try:
            item = read(bytes(raw), _Item)
            if item.operation != _OK:
                refused[place] = ReplyError(item.code, item.message[:200])
                continue
            row = read(bytes(raw), OrderRow)
        except DataInvalid:
            continue
        client_order_id = client_order_id_of(row.client_id)
        if client_order_id in results:
            results[client_order_id] = row
    return refused


def _take_refusals(
    refused: dict[int, ReplyError],
    asked: list[ClientOrderId],
    results: dict[ClientOrderId, Result],
    *,
    is_complete: bool,
) -> None:
    open_ids = [name for name in asked if results[name] is None]
    is_proof = all(error.code in REFUSALS for error in refused.values())
    if not (is_complete and is_proof and len(open_ids) == len(refused)):
        return
    spare = list(refused.values())
    for name in open_ids:
        error = refused.get(asked.index(name), spare[0])
        results[name] = error
