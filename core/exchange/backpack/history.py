"""Reads any history whole: one code for all of them, so that growing while read harms none."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

import msgspec

from core.domain.errors import DataInvalid
from core.exchange.backpack.constants import HISTORY_LIMIT
from core.exchange.backpack.paging import Pager
from core.exchange.backpack.questions import Fields
from core.exchange.backpack.rows import read
from core.exchange.contract import Reply

_MOST_PAGES: Final = 200
_Row = TypeVar("_Row")
Ask = Callable[[Fields], Awaitable[Reply]]
"""Asks for one page; takes `limit`, `offset` and, where it matters, `sortDirection`."""


async def read_history(
    ask: Ask,
    kind: type[_Row],
    *,
    key: Callable[[_Row], Hashable] | None = None,
    is_past: Callable[[_Row], bool] | None = None,
    is_newest_first: bool = True,
) -> list[_Row]:
    """Read page after page until one is short or its last row lies before what was asked.

    Args:
        ask: Asks for one page.
        kind: What one row is.
        key: What makes two rows the same row; the whole row if None, so rows whose fields go on
            changing need one.
        is_past: Whether a row lies before what was asked.
        is_newest_first: Whether new rows come in at the front.

    Raises:
        DataInvalid: when it is too long, or moves faster than it can be read.
    """
    pager = Pager(key or _whole, HISTORY_LIMIT, is_newest_first=is_newest_first)
    direction: Fields = {} if is_newest_first else {"sortDirection": "Asc"}
    for _ in range(_MOST_PAGES):
        window: Fields = {"limit": HISTORY_LIMIT, "offset": pager.offset}
        reply = await ask(window | direction)
        pager.take(read(reply.body, list[kind]), _total(reply))  # type: ignore[valid-type]
        rows = pager.rows
        if pager.is_complete or (rows and is_past is not None and is_past(rows[-1])):
            return rows
    raise DataInvalid("history is longer than can be read", kind.__name__)


def _whole(row: Any) -> Hashable:
    return msgspec.structs.astuple(row)


def _total(reply: Reply) -> int | None:
    told = reply.headers.get("x-total", "")
    return int(told) if told.isdecimal() else None
