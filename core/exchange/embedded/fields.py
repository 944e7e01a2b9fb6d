"""Readers of single fields of an order body, with the venue's parse errors."""

from enum import StrEnum
from typing import Final, TypeVar

from core.exchange.embedded.calls import Body, Field
from core.exchange.embedded.refusals import bad_enum_field, bad_field
from core.exchange.embedded.units import is_plain_decimal

PAYLOAD: Final = "OrderExecutePayload"
_Word = TypeVar("_Word", bound=StrEnum)


def required(body: Body, name: str) -> Field:
    """Return a field that must be there. Raises Refusal."""
    field = body.get(name)
    if field is None:
        raise bad_field(PAYLOAD, f"field `{name}` is required", PAYLOAD)
    return field


def word(body: Body, name: str, kind: type[_Word]) -> _Word:
    """Return a required word of a closed set. Raises Refusal."""
    field = required(body, name)
    try:
        return kind(field.text)
    except ValueError as error:
        raise bad_enum_field(kind.__name__, PAYLOAD) from error


def optional_word(body: Body, name: str, kind: type[_Word]) -> _Word | None:
    """Return a word of a closed set, or None where it is absent. Raises Refusal."""
    return word(body, name, kind) if name in body else None


def flag(body: Body, name: str) -> bool | None:
    """Return a boolean, or None where it is absent. Raises Refusal."""
    field = body.get(name)
    if field is None:
        return None
    if field.is_string or field.text not in {"true", "false"}:
        raise bad_field("boolean", "Expected input type", PAYLOAD)
    return field.text == "true"


def decimal(body: Body, name: str) -> str | None:
    """Return a decimal text, or None where it is absent. Raises Refusal."""
    field = body.get(name)
    if field is None:
        return None
    if not is_plain_decimal(field.text):
        raise bad_field("decimal", "Invalid decimal", PAYLOAD)
    return field.text
