"""Every word of the domain crosses the wire unchanged.

Instances are made by walking the unions and the types of their fields, so a new type is covered
without a new test.
"""

import random
import types
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from core.domain.alert import Alert
from core.domain.codec import as_json, packed, unpacker
from core.domain.commands import Command, Receipt
from core.domain.effects import Effect
from core.domain.events import Body, Event
from core.domain.exact import Amount, Exact, Notional, Price, Quantity
from core.domain.facts import Fact
from core.domain.instrument import Instrument
from core.domain.intent import Denied, NeedsConfirmation, RiskApproved
from core.domain.views import Frame, FrameRequest, ShownFact, View

TRIES: Final = 8
UNIONS: Final = {
    "body": Body,
    "fact": Fact,
    "command": Command,
    "effect": Effect,
    "view": View,
}
SINGLES: Final[tuple[type[msgspec.Struct], ...]] = (
    Alert,
    Denied,
    Event,
    Frame,
    FrameRequest,
    Instrument,
    NeedsConfirmation,
    Receipt,
    RiskApproved,
    ShownFact,
)


def _cases() -> Iterator[Any]:
    for name, union in UNIONS.items():
        for member in get_args(union):
            yield pytest.param(union, member, id=f"{name}-{member.__name__}")
    for single in SINGLES:
        yield pytest.param(single, single, id=single.__name__)


@pytest.mark.parametrize(("kind", "member"), _cases())
def test_every_word_reads_back_as_it_was_written(kind: Any, member: type[msgspec.Struct]) -> None:
    """Encoding and decoding through its union gives an equal value of the same type."""
    rng = random.Random(member.__name__)
    decoder = unpacker(kind)
    for _ in range(TRIES):
        value = _made(member, rng)

        again = decoder.decode(packed(value))

        assert type(again) is member
        assert again == value
        assert packed(again) == packed(value)


@pytest.mark.parametrize(("kind", "member"), _cases())
def test_every_word_has_a_json_form(kind: Any, member: type[msgspec.Struct]) -> None:
    """Exports write exact numbers as text and never fail."""
    del kind
    value = _made(member, random.Random(member.__name__))

    assert msgspec.json.decode(as_json(value)) is not None


@pytest.mark.parametrize(("kind", "member"), _cases())
def test_every_word_is_frozen(kind: Any, member: type[msgspec.Struct]) -> None:
    """Once created, a message is never changed."""
    del kind
    value = _made(member, random.Random(1))
    field = msgspec.structs.fields(member)

    assert member.__struct_config__.frozen
    assert not member.__struct_config__.gc
    if field:
        with pytest.raises(AttributeError):
            setattr(value, field[0].name, None)


def test_unions_have_no_two_members_of_one_tag() -> None:
    """A tag names one type in its union."""
    for union in UNIONS.values():
        tags = [member.__struct_config__.tag for member in get_args(union)]
        assert len(tags) == len(set(tags))


def test_results_longer_than_input_may_be_read_back_exactly() -> None:
    """Products hold up to 56 digits and cross the wire unrounded."""
    value = Amount(Decimal("1234567890123456789012345678.1234567890123456789012345678"))

    assert unpacker(Amount).decode(packed(value)) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "abc", ""])
def test_an_exact_number_on_the_wire_has_to_be_a_number(text: str) -> None:
    """What is no finite number does not decode."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  decimal's, msgspec's or ours
        unpacker(Price).decode(msgspec.msgpack.encode(text))

    assert not isinstance(caught.value, AssertionError)


# ---- making instances --------------------------------------------------------------------------


def _made(kind: type[msgspec.Struct], rng: random.Random) -> Any:
    hints = get_type_hints(kind)
    return kind(**{f.name: _value(hints[f.name], rng) for f in msgspec.structs.fields(kind)})


def _value(hint: Any, rng: random.Random) -> Any:
    hint = getattr(hint, "__supertype__", hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _value(rng.choice(get_args(hint)), rng)
    if origin is not None:
        return _container(origin, get_args(hint), rng)
    if hint is type(None) or hint is None:
        return None
    if issubclass(hint, msgspec.Struct):
        return _made(hint, rng)
    return _plain(hint, rng)


def _container(origin: Any, inner: tuple[Any, ...], rng: random.Random) -> Any:
    count = rng.randint(0, 3)
    if origin is dict:
        return {f"{_value(inner[0], rng)}{n}": _value(inner[1], rng) for n in range(count)}
    if origin is list:
        return [_value(inner[0], rng) for _ in range(count)]
    assert origin is tuple, f"teach this test to make {origin}"
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], rng) for _ in range(count))
    return tuple(_value(each, rng) for each in inner)


def _plain(hint: Any, rng: random.Random) -> Any:
    if issubclass(hint, Enum):
        return rng.choice(list(hint))
    if issubclass(hint, Exact):
        assert hint in (Price, Quantity, Notional, Amount)
        return hint(Decimal(rng.randint(-(10**20), 10**20)).scaleb(-rng.randint(0, 12)))
    if hint is Decimal:
        return Decimal(rng.randint(-(10**9), 10**9)).scaleb(-6)
    if hint is bool:
        return rng.random() < 0.5
    makers: dict[Any, Any] = {
        int: rng.randint(-(2**62), 2**62),
        float: rng.uniform(-1e9, 1e9),
        str: rng.choice(["", "alpha:SOL_USDC_PERP", "汉字 [b]x[/b]", "a\x1b[31m", "1.50"]),
        bytes: rng.randbytes(rng.randint(0, 12)),
    }
    assert hint in makers, f"teach this test to make {hint}"
    return makers[hint]
