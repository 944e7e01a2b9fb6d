"""The base of reply rows: the venue's camelCase names, extra fields ignored.

Words of closed sets stay text: a new word must not break a row. Numbers decode exactly from text
and from JSON numbers alike.
"""

from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from core.domain.errors import DataInvalid

_T = TypeVar("_T")
_NOT_THERE = frozenset({"", "N/A"})


class Row(msgspec.Struct, gc=False, rename="camel"):
    """One object of a reply."""


def read(body: bytes, kind: type[_T]) -> _T:
    """Decode a reply's body.

    Raises:
        DataInvalid: when it is not of that form.
    """
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise DataInvalid("reply cannot be read", str(error)[:200]) from error


def number(value: str | float | None) -> Decimal | None:
    """Read a number that may be missing, null or `N/A`.

    Raises:
        DataInvalid: for anything else that is no finite number.
    """
    if value is None or value in _NOT_THERE:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise DataInvalid("not a number", repr(value)[:40]) from None
    if not found.is_finite():
        raise DataInvalid("number is not finite", repr(value)[:40])
    return found
