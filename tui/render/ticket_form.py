"""The form of a ticket: what is typed so far, and what each key makes of it. Pure.

Numbers stay text until they are a ticket: what is half typed is nobody's order.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.errors import DataInvalid
from core.domain.exact import Price, exact_decimal, plain
from core.domain.ids import InstrumentId
from core.domain.order import Side, TimeInForce
from core.domain.ticket import SizeBy, Ticket

MOST_CHARS: Final = 18
PRESETS: Final = ("25", "50", "75", "100")
"""Percent of the free capital; of the position where the order reduces."""
_DIGITS: Final = frozenset("0123456789.")
UNITS: Final = tuple(SizeBy)


class Kind(StrEnum):
    """How long an order may stand; the last is what others call a market order."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    COLLAR = "collar"


KINDS: Final = tuple(Kind)


class Line(StrEnum):
    """The lines of the form, top first."""

    SIDE = "side"
    SIZE = "size"
    PRICE = "price"
    KIND = "type"
    POST = "post-only"
    REDUCE = "reduce"
    TAKE = "take"
    STOP = "stop"


LINES: Final = tuple(Line)
TYPED: Final = {Line.SIZE: "size", Line.PRICE: "price", Line.TAKE: "take", Line.STOP: "stop"}


class Form(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a person has typed so far."""

    instrument: InstrumentId
    side: Side = Side.BUY
    size: str = ""
    size_by: SizeBy = SizeBy.BASE
    price: str = ""
    kind: Kind = Kind.GTC
    post_only: bool = False
    reduce_only: bool = False
    take: str = ""
    stop: str = ""
    line: Line = Line.SIZE
    is_fresh: bool = True
    """The line was just reached: the first digit replaces what stands there."""
    last: tuple[str, SizeBy] | None = None
    """Size and unit of the ticket sent before."""


def moved(form: Form, rows: int) -> Form:
    """Go to another line; the list has no ends."""
    index = (LINES.index(form.line) + rows) % len(LINES)
    return msgspec.structs.replace(form, line=LINES[index], is_fresh=True)


def typed(form: Form, char: str) -> Form:
    """Add a digit or the point to the line's number."""
    name = TYPED.get(form.line)
    if name is None or char not in _DIGITS or (form.line is Line.PRICE and _is_collar(form)):
        return form
    text = "" if form.is_fresh else getattr(form, name)
    if len(text) >= MOST_CHARS or (char == "." and "." in text):
        return form
    return msgspec.structs.replace(form, **{name: text + char}, is_fresh=False)


def erased(form: Form, *, is_all: bool = False) -> Form:
    """Take the last character back, or all."""
    name = TYPED.get(form.line)
    if name is None:
        return form
    text = "" if is_all else getattr(form, name)[:-1]
    return msgspec.structs.replace(form, **{name: text}, is_fresh=False)


def changed(form: Form, step: int, tick: Decimal | None) -> Form:
    """Change the line's value: prices by ticks, sizes by presets, choices to the next."""
    line = form.line
    if line in {Line.PRICE, Line.TAKE, Line.STOP}:
        return _ticked(form, TYPED[line], step, tick)
    direction = 1 if step > 0 else -1
    if line is Line.SIZE:
        return _preset(form, direction)
    if line is Line.SIDE:
        return sided(form, form.side.opposite)
    if line is Line.KIND:
        return kind_changed(form, direction)
    name = "post_only" if line is Line.POST else "reduce_only"
    return msgspec.structs.replace(form, **{name: not getattr(form, name)})


def sided(form: Form, side: Side) -> Form:
    """Take a side; exits of the other side make no sense any more."""
    if side is form.side:
        return form
    return msgspec.structs.replace(form, side=side, take="", stop="")


def kind_changed(form: Form, direction: int) -> Form:
    """Take the next kind."""
    kind = KINDS[(KINDS.index(form.kind) + direction) % len(KINDS)]
    return msgspec.structs.replace(form, kind=kind)


def at_collar(form: Form) -> Form:
    """Switch between an order at the collar and one that rests."""
    kind = Kind.GTC if _is_collar(form) else Kind.COLLAR
    return msgspec.structs.replace(form, kind=kind)


def unit_changed(form: Form) -> Form:
    """Count the size in the next unit; the number itself means nothing there and goes."""
    unit = UNITS[(UNITS.index(form.size_by) + 1) % len(UNITS)]
    return msgspec.structs.replace(form, size_by=unit, size="", line=Line.SIZE, is_fresh=True)


def as_before(form: Form) -> Form:
    """Take size and unit of the ticket sent before."""
    if form.last is None:
        return form
    size, unit = form.last
    return msgspec.structs.replace(form, size=size, size_by=unit, line=Line.SIZE, is_fresh=True)


def priced(form: Form, price: str) -> Form:
    """Take a price that stands on the screen."""
    return msgspec.structs.replace(form, price=price, line=Line.PRICE, is_fresh=True)


def ticket_from(form: Form) -> Ticket | str:
    """Return the ticket, or what is missing in one sentence."""
    try:
        size = _number(form.size)
        price, take, stop = (_price(text) for text in (form.price, form.take, form.stop))
    except DataInvalid:
        return "a number is half typed: digits and one point, such as 141.25"
    if size is None or size <= 0:
        return "type a size above zero"
    is_collar = _is_collar(form)
    if price is None and not is_collar:
        return "type a limit price"
    return Ticket(
        instrument=form.instrument,
        side=form.side,
        size=size,
        size_by=form.size_by,
        limit_price=None if is_collar else price,
        is_at_collar=is_collar,
        time_in_force=TimeInForce.IOC if is_collar else TimeInForce(form.kind),
        post_only=form.post_only,
        reduce_only=form.reduce_only,
        take_profit=take,
        stop_loss=stop,
    )


def _is_collar(form: Form) -> bool:
    return form.kind is Kind.COLLAR


def _ticked(form: Form, name: str, step: int, tick: Decimal | None) -> Form:
    if tick is None or (name == "price" and _is_collar(form)):
        return form
    try:
        number = _number(getattr(form, name) or form.price)
    except DataInvalid:
        return form
    after = (number or Decimal(0)) + step * tick
    if after <= 0:
        return form
    return msgspec.structs.replace(form, **{name: plain(after)}, is_fresh=True)


def _preset(form: Form, direction: int) -> Form:
    """Go through the presets, and the size sent before as one of them."""
    choices = [(text, SizeBy.FREE_PERCENT) for text in PRESETS]
    choices += [form.last] if form.last is not None else []
    here = (form.size, form.size_by)
    start = choices.index(here) + direction if here in choices else min(0, direction)
    size, unit = choices[start % len(choices)]
    return msgspec.structs.replace(form, size=size, size_by=unit, is_fresh=True)


def _number(text: str) -> Decimal | None:
    return exact_decimal(text) if text else None


def _price(text: str) -> Price | None:
    return Price(text) if text else None
