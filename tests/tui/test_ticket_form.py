"""The form of a ticket: every key by hand, and by property that keys never invent an order."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.exact import Price
from core.domain.ids import InstrumentId
from core.domain.order import Side, TimeInForce
from core.domain.ticket import SizeBy, Ticket, ticket_of, ticket_topic
from tui.render import ticket_form as form_of
from tui.render.ticket_form import Form, Kind, Line

TICK = Decimal("0.01")
BLANK = Form(instrument=InstrumentId("alpha:SOL_USDC_PERP"))


def keyed(text: str, line: Line, form: Form = BLANK) -> Form:
    """Type a text on a line."""
    form = msgspec.structs.replace(form, line=line, is_fresh=True)
    for char in text:
        form = form_of.typed(form, char)
    return form


def test_what_is_typed_becomes_a_ticket() -> None:
    """Size and price, a limit that rests."""
    ticket = form_of.ticket_from(keyed("141.25", Line.PRICE, keyed("1.5", Line.SIZE)))

    assert ticket == Ticket(
        instrument=BLANK.instrument, side=Side.BUY, size=Decimal("1.5"), limit_price=Price("141.25")
    )


def test_the_first_digit_replaces_and_the_next_ones_add() -> None:
    """A line that was just reached is typed anew."""
    form = keyed("25", Line.SIZE)
    form = form_of.moved(form_of.moved(form, 1), -1)

    assert form_of.typed(form, "7").size == "7"
    assert form_of.typed(form_of.typed(form, "7"), "5").size == "75"
    assert form_of.erased(form).size == "2"
    assert form_of.erased(form, is_all=True).size == ""


@pytest.mark.parametrize(
    ("size", "price", "said"),
    [("", "1", "size above zero"), ("0", "1", "size above zero"), ("1", "", "limit price"),
     (".", "1", "half typed"), ("1", ".", "half typed")],
)  # fmt: skip
def test_what_is_missing_is_said(size: str, price: str, said: str) -> None:
    """One sentence, and no ticket."""
    found = form_of.ticket_from(msgspec.structs.replace(BLANK, size=size, price=price))

    assert isinstance(found, str)
    assert said in found


def test_arrows_change_what_the_line_holds() -> None:
    """Prices by ticks, sizes by presets, choices round and round."""
    form = keyed("100", Line.PRICE)
    assert form_of.changed(form, -3, TICK).price == "99.97"
    assert form_of.changed(form, 10, TICK).price == "100.1"
    assert form_of.changed(form, -10_000, TICK).price == "100"
    size = msgspec.structs.replace(form, line=Line.SIZE)
    for wanted in ("25", "50", "75", "100", "25"):
        size = form_of.changed(size, 1, TICK)
        assert (size.size, size.size_by) == (wanted, SizeBy.FREE_PERCENT)
    stop = form_of.changed(msgspec.structs.replace(form, line=Line.STOP), -1, TICK)
    assert stop.stop == "99.99"


def test_the_size_sent_before_is_a_preset_too() -> None:
    """One key takes it, and so do the arrows."""
    form = msgspec.structs.replace(BLANK, last=("3.5", SizeBy.BASE))

    assert form_of.as_before(form).size == "3.5"
    assert form_of.changed(form, -1, TICK).size == "3.5"


def test_a_change_of_side_drops_exits_of_the_other() -> None:
    """A stop below is none for a sell."""
    form = msgspec.structs.replace(BLANK, stop="90", take="110")

    assert form_of.sided(form, Side.SELL).stop == ""
    assert form_of.sided(form, Side.BUY).stop == "90"


def test_a_change_of_unit_drops_the_number() -> None:
    """5 SOL are not 5 %."""
    form = form_of.unit_changed(keyed("5", Line.SIZE))

    assert (form.size, form.size_by) == ("", SizeBy.QUOTE)


def test_market_is_an_ioc_at_the_collar_and_never_the_default() -> None:
    """It has to be switched on, and says its kind."""
    assert BLANK.kind is Kind.GTC
    ticket = form_of.ticket_from(form_of.at_collar(keyed("1", Line.SIZE)))

    assert isinstance(ticket, Ticket)
    assert ticket.is_at_collar
    assert ticket.time_in_force is TimeInForce.IOC
    assert ticket.limit_price is None


KEYS = st.lists(
    st.one_of(
        st.sampled_from("0123456789.").map(lambda c: lambda f: form_of.typed(f, c)),
        st.integers(-3, 3).map(lambda n: lambda f: form_of.moved(f, n)),
        st.integers(-12, 12).map(lambda n: lambda f: form_of.changed(f, n, TICK)),
        st.sampled_from(
            [form_of.at_collar, form_of.unit_changed, form_of.as_before, form_of.erased]
        ),
    ),
    max_size=40,
)


@given(KEYS)
def test_any_keys_make_a_ticket_or_a_sentence(keys: list[object]) -> None:
    """Never an error; a ticket has a size above zero and survives its topic."""
    form = BLANK
    for key in keys:
        form = key(form)  # type: ignore[operator]
    found = form_of.ticket_from(form)

    if isinstance(found, Ticket):
        assert found.size > 0
        assert ticket_of(tuple(ticket_topic(found).split("/")[1:])) == found
    else:
        assert found
