"""Fills without a trade id, told by a stream and read in pages, against a naive multiset."""

from collections import Counter
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.events import InstrumentsListed
from core.domain.exact import Quantity
from core.domain.facts import Fact, FillBooked
from core.domain.ids import TradeId, VenueId
from core.domain.order import Fill
from core.trading.room import TradingRoom
from tests.core.builders import ACCOUNT, SOL_PERP, START, fill, instrument

MS: Final = 1_000_000
US: Final = 1_000


class Books:
    """A trading room whose facts are applied as the Desk would."""

    def __init__(self) -> None:
        self.room = TradingRoom()
        self.facts: list[Fact] = []
        listed = InstrumentsListed(
            ts_event=0, ts_recv=0, venue=VenueId("alpha"), instruments=(instrument(SOL_PERP),)
        )
        self.room.on_instruments(listed, START)

    def tell(self, one: Fill, filled: str) -> None:
        """Let the stream tell of a fill, and of what its order has filled by then."""
        self.take(self.room.fills.of_stream(one, Quantity(filled), START))

    def read(self, *rows: Fill) -> None:
        """Read a full page."""
        self.take(self.room.fills.of_answer(rows, START))

    def take(self, facts: list[Fact]) -> None:
        """Apply facts."""
        for fact in facts:
            self.facts.append(fact)
            self.room.appliers()[type(fact)](fact)

    def reborn(self) -> "Books":
        """Start again from the journal."""
        again = Books()
        again.take(self.facts)
        return again

    @property
    def fills(self) -> list[Fill]:
        """Return what is booked."""
        return [fact.fill for fact in self.facts if isinstance(fact, FillBooked)]


def nameless(at_ns: int = START, quantity: str = "1", trade_id: str | None = None) -> Fill:
    """Make a fill of order v1 that the venue gave no number."""
    made = fill(1, quantity, client_order_id=None, ts_event=at_ns)
    return msgspec.structs.replace(made, trade_id=None if trade_id is None else TradeId(trade_id))


@pytest.mark.parametrize("trade_id", [None, "", "0"])
def test_two_equal_fills_of_one_page_are_both_booked_and_no_repeat_doubles_them(
    trade_id: str | None,
) -> None:
    """The occurrence in the full page tells them apart; the same page again adds nothing."""
    books = Books()
    page = [nameless(trade_id=trade_id), nameless(trade_id=trade_id)]

    books.read(*page)
    books.read(*page)

    assert books.room.ledger.position(ACCOUNT, SOL_PERP) == Quantity(2)
    assert [each.occurrence for each in books.fills] == [0, 1]


def test_two_equal_fills_of_the_stream_are_both_booked_and_the_page_adds_nothing() -> None:
    """The second says that its order has filled more."""
    books = Books()
    books.tell(nameless(), "1")
    books.tell(nameless(), "2")

    books.read(nameless(), nameless())

    assert len(books.fills) == 2


def test_page_that_comes_before_the_stream_is_not_booked_twice() -> None:
    """Each telling stands for one of the fills the page brought."""
    books = Books()
    books.read(nameless(), nameless())

    books.tell(nameless(START + 300 * US), "1")
    books.tell(nameless(START + 300 * US), "2")
    books.tell(nameless(START + 300 * US), "3")

    assert len(books.fills) == 3


def test_stream_that_repeats_itself_is_booked_once() -> None:
    """The order has filled no more by the second telling."""
    books = Books()

    books.tell(nameless(), "1")
    books.tell(nameless(), "1")

    assert len(books.fills) == 1


def test_stream_that_does_not_say_what_was_filled_tells_fills_apart_by_the_instant() -> None:
    """Never doubled: what is equal even in its instant is left to the next page."""
    books = Books()

    books.tell(nameless(), "0")
    books.tell(nameless(START + US), "0")
    books.tell(nameless(START + US), "0")
    assert len(books.fills) == 2
    books.read(nameless(), nameless(), nameless())

    assert len(books.fills) == 3


@pytest.mark.parametrize(("apart_ms", "booked"), [(-2, 2), (-1, 1), (0, 1), (1, 1), (2, 2)])
def test_stream_and_page_may_be_a_millisecond_apart(apart_ms: int, booked: int) -> None:
    """One rounds, the other cuts off; two milliseconds apart are two fills."""
    books = Books()
    books.tell(nameless(), "1")

    books.read(nameless(START + apart_ms * MS))

    assert len(books.fills) == booked


def test_restart_knows_what_was_booked() -> None:
    """The journal carries the occurrence; after a restart a page adds only what is missing."""
    books = Books()
    books.tell(nameless(), "1")
    books.tell(nameless(), "2")

    again = books.reborn()
    again.read(nameless(), nameless())
    again.read(nameless(), nameless(), nameless())

    assert len(again.fills) == 3


def test_repeated_trade_id_is_one_fill() -> None:
    """With a number, the number decides."""
    books = Books()

    books.read(fill(7, client_order_id=None), fill(7, client_order_id=None))
    books.tell(fill(7, client_order_id=None), "1")

    assert len(books.fills) == 1


class Happening(msgspec.Struct, frozen=True):
    """An execution at the venue: in which millisecond, of how much."""

    millis: int
    quantity: int


executions = st.lists(
    st.builds(Happening, st.integers(0, 4).map(lambda n: 5 * n), st.integers(1, 2)), max_size=8
)
steps = st.lists(
    st.one_of(st.tuples(st.just("page"), st.integers(0, 8)), st.tuples(st.just("tell"), st.just(0)))
    | st.tuples(st.just("again"), st.integers(0, 8)),
    max_size=16,
)


@given(executions, steps, st.integers(-1, 1))
@settings(max_examples=200, deadline=None)
def test_books_equal_the_multiset_of_executions(
    happened: list[Happening], order: list[tuple[str, int]], skew_ms: int
) -> None:
    """Never more than was executed; all of it once a full page was read. Any interleaving.

    Pages grow as the venue does; the stream tells each execution once, in order, maybe twice.
    """
    books = Books()
    rows = [nameless(START + h.millis * MS, str(h.quantity)) for h in happened]
    true = Counter((h.millis, h.quantity) for h in happened)
    filled = [str(sum(h.quantity for h in happened[: n + 1])) for n in range(len(happened))]
    told = 0
    for what, number in order:
        if what == "page":
            books.read(*rows[: max(told, number)])
        elif what == "again" and told:
            earlier = number % told
            books.tell(_skewed(rows[earlier], skew_ms), filled[earlier])
        elif told < len(rows):
            books.tell(_skewed(rows[told], skew_ms), filled[told])
            told += 1
        assert not _counted(books) - true

    books.read(*rows)

    assert _counted(books) == true


def _skewed(row: Fill, skew_ms: int) -> Fill:
    return msgspec.structs.replace(row, ts_event=row.ts_event + skew_ms * MS + 300 * US)


def _counted(books: Books) -> Counter[tuple[int, int]]:
    """Count what is booked, by the nearest millisecond at which anything happened."""
    return Counter(
        (round((each.ts_event - START) / MS / 5) * 5, int(each.quantity.value))
        for each in books.fills
    )
