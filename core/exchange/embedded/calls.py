"""One REST call as a handler sees it, and the readers of its parameters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from core.exchange.contract import Reply
from core.exchange.embedded.accounts import Account
from core.exchange.embedded.market import Market
from core.exchange.embedded.refusals import (
    JSON_TYPE,
    TEXT_TYPE,
    bad_enum,
    bad_integer,
    bad_payload,
    missing_parameter,
    unknown_symbol,
)

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_OK: Final = 200
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000


class Field(msgspec.Struct, frozen=True, gc=False):
    """One body field: its text without quotes, and whether it stood in quotes."""

    text: str
    is_string: bool


Body = dict[str, Field]


class Later(msgspec.Struct, frozen=True, gc=False):
    """An answer that comes after a delay, computed then."""

    delay_ns: int
    answer: Callable[[], Reply]


Outcome = Reply | Later


class Call(msgspec.Struct, frozen=True, gc=False):
    """A request after routing and, where needed, authentication."""

    query: dict[str, str]
    bodies: list[Body]
    """One object for most calls, one per order for a batch."""
    account: Account | None

    @property
    def owner(self) -> Account:
        """Return the account that signed."""
        assert self.account is not None
        return self.account

    @property
    def body(self) -> Body:
        """Return the body of a call that has exactly one object."""
        return self.bodies[0] if self.bodies else {}


def read_bodies(raw: bytes, *, is_batch: bool) -> list[Body]:
    """Read a JSON body. Raises Refusal."""
    if not raw:
        return []
    try:
        if is_batch:
            rows = msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]])
        else:
            rows = [msgspec.json.decode(raw, type=dict[str, msgspec.Raw])]
        return [_fields(row) for row in rows]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_payload("failed to parse JSON", f'"{type(error).__name__}"') from error


def _fields(row: Mapping[str, msgspec.Raw]) -> Body:
    fields: Body = {}
    for name, raw in row.items():
        value = bytes(raw)
        if value == b"null":
            continue
        is_string = value.startswith(b'"')
        text = msgspec.json.decode(value, type=str) if is_string else value.decode()
        fields[name] = Field(text, is_string)
    return fields


def json_reply(value: object, headers: dict[str, str] | None = None) -> Reply:
    """Answer 200 with JSON."""
    return Reply(_OK, {"content-type": JSON_TYPE, **(headers or {})}, _ENCODER.encode(value))


def text_reply(text: str) -> Reply:
    """Answer 200 with plain text."""
    return Reply(_OK, {"content-type": TEXT_TYPE}, text.encode())


def empty_reply() -> Reply:
    """Answer 200 without a body."""
    return Reply(_OK, {}, b"")


def required(query: Mapping[str, str], name: str) -> str:
    """Return a parameter that must be there. Raises Refusal."""
    value = query.get(name)
    if value is None:
        raise missing_parameter(name)
    return value


def market_of(markets: Mapping[str, Market], symbol: str) -> Market:
    """Return a market by its symbol. Raises Refusal."""
    market = markets.get(symbol)
    if market is None:
        raise unknown_symbol()
    return market


def required_market(markets: Mapping[str, Market], query: Mapping[str, str]) -> Market:
    """Return the market of a required `symbol`. Raises Refusal."""
    return market_of(markets, required(query, "symbol"))


def optional_symbol(markets: Mapping[str, Market], query: Mapping[str, str]) -> str | None:
    """Return the symbol asked for, checked, or None. Raises Refusal."""
    symbol = query.get("symbol")
    return None if symbol is None else market_of(markets, symbol).spec.symbol


def integer(query: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """Return an integer parameter. Raises Refusal."""
    value = query.get(name)
    if value is None:
        return default
    if not value.lstrip("-").isdecimal() or len(value) > 20:  # noqa: PLR2004  an int64 is shorter
        raise bad_integer(name, value)
    return int(value)


def required_integer(query: Mapping[str, str], name: str) -> int:
    """Return an integer parameter that must be there. Raises Refusal."""
    value = integer(query, name)
    if value is None:
        raise missing_parameter(name, "integer_int64")
    return value


def one_of(
    query: Mapping[str, str], name: str, kind: str, values: Iterable[str], default: str | None
) -> str | None:
    """Return a parameter of a closed set. Raises Refusal."""
    value = query.get(name)
    if value is None:
        return default
    if value not in values:
        raise bad_enum(name, kind)
    return value


def paged(rows: Sequence[object], query: Mapping[str, str], *, max_limit: int = MAX_LIMIT) -> Reply:
    """Answer one page of rows with the page headers. Raises Refusal."""
    limit = integer(query, "limit", DEFAULT_LIMIT) or DEFAULT_LIMIT
    offset = integer(query, "offset", 0) or 0
    limit, offset = max(1, min(limit, max_limit)), max(0, offset)
    headers = {
        "x-page-count": str(-(-len(rows) // limit)),
        "x-current-page": str(offset // limit + 1),
        "x-page-size": str(limit),
        "x-total": str(len(rows)),
    }
    return json_reply(rows[offset : offset + limit], headers)
