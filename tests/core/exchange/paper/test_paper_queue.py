"""The queue model against one that lines up every single unit."""

from typing import Final

import hypothesis.strategies as st
from hypothesis import given, settings

from core.domain.events import BookSnapshotSeen, DepthChanged
from core.domain.exact import Price, Quantity
from core.domain.fixed import UNIT
from core.domain.ids import ClientOrderId, VenueOrderId
from core.domain.order import OrderState, OrderTerms, Side, TimeInForce
from core.exchange.paper.book import PaperBook
from core.exchange.paper.market import PaperMarket
from core.exchange.paper.order import PaperOrder
from tests.core.builders import SECOND, SOL_PERP

PUBLIC: Final = 0
PRICE: Final = 100


class UnitQueue:
    """Every unit at one price stands in line by itself; prints pop the front, nothing is summed.

    A unit that leaves unseen leaves from the back. Prints that only tell again, within a second,
    what the display told by a shorter queue ahead of an order do not move that order: each of
    ours therefore watches a line of its own, in which the others of ours are units like any.
    """

    def __init__(self) -> None:
        self.lines: dict[int, list[int]] = {}
        self.told: dict[int, tuple[int, int]] = {}
        self.wanted: dict[int, int] = {}
        self.got: dict[int, int] = {}

    def join(self, order: int, size: int, displayed: int) -> None:
        """Put an order behind everything displayed."""
        self.lines[order] = [PUBLIC] * displayed
        self.wanted[order], self.got[order] = size, 0

    def show(self, displayed: int, now: int) -> None:
        """Let units leave from the back until no more stand ahead than are displayed."""
        for order, line in self.lines.items():
            left = 0
            while len(line) > displayed:
                line.pop()
                left += 1
            if left:
                known, until = self.told.get(order, (0, 0))
                self.told[order] = ((known if now <= until else 0) + left, now + SECOND)

    def print(self, size: int, now: int) -> None:
        """Serve a print unit by unit."""
        ours = 0
        for order, line in self.lines.items():
            units = size
            known, until = self.told.get(order, (0, 0))
            if now > until:
                known = 0
            while units and known:
                units, known = units - 1, known - 1
            self.told[order] = (known, until)
            units = max(0, units - ours)
            while units and line:
                line.pop(0)
                units -= 1
            while units and self.got[order] < self.wanted[order]:
                self.got[order] += 1
                ours += 1
                units -= 1


class Pit:
    """The model under test at one price: bids of ours at 100, asks far away."""

    def __init__(self) -> None:
        self.book = PaperBook(stale_ns=10**15)
        self.market = PaperMarket(self.book, self._execute)
        self.market.is_listed = True
        self.filled: dict[int, int] = {}
        self.number = 1
        self.book.load(
            BookSnapshotSeen(
                ts_event=0,
                ts_recv=0,
                instrument=SOL_PERP,
                last_id=1,
                bids=[("100", "7")],
                asks=[("200", "5")],
            ),
            0,
        )
        self.frame([], 0)

    def _execute(self, order: PaperOrder, price: int, size: int, is_maker: bool) -> None:  # noqa: FBT001
        assert is_maker
        assert price == PRICE * UNIT
        order.filled += size
        number = int(order.order_id)
        self.filled[number] = self.filled.get(number, 0) + size // UNIT
        if order.filled == order.asked:
            order.state = OrderState.FILLED

    def frame(self, bids: list[tuple[str, str]], now: int) -> None:
        """Show a frame of the book."""
        self.number += 1
        changes = self.book.receive(
            DepthChanged(
                ts_event=now,
                ts_recv=now,
                instrument=SOL_PERP,
                first_id=self.number,
                last_id=self.number,
                bids=bids,
                asks=[],
            ),
            now,
        )
        self.market.levels_changed(changes, now)

    def join(self, number: int, size: int, now: int) -> None:
        """Let an order of ours rest."""
        terms = OrderTerms(
            instrument=SOL_PERP,
            side=Side.BUY,
            quantity=Quantity(size),
            limit_price=Price(PRICE),
            time_in_force=TimeInForce.GTC,
        )
        order = PaperOrder(VenueOrderId(str(number)), ClientOrderId(number), terms, now)
        self.market.rest(order, now)


VERBS: Final = ("join", "fall", "fall", "rise", "print", "print", "wait")


@settings(max_examples=400, deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(VERBS), st.integers(1, 4)), min_size=6, max_size=25
    ).map(lambda moves: [("join", 2), *moves])
)
def test_queue_fills_as_when_every_unit_stands_in_line(moves: list[tuple[str, int]]) -> None:
    """Fills and places in the queue equal those of a line of single units."""
    pit, line, now, displayed, orders = Pit(), UnitQueue(), 0, 7, 0

    for verb, number in moves:
        now += 1
        if verb == "join":
            orders += 1
            pit.join(orders, number, now)
            line.join(orders, number, displayed)
        elif verb in {"fall", "rise"}:
            displayed = max(0, displayed + (number if verb == "rise" else -number))
            pit.frame([("100", str(displayed))], now)
            line.show(displayed, now)
        elif verb == "print":
            pit.market.printed(PRICE * UNIT, number * UNIT, Side.SELL, now)
            line.print(number, now)
        else:
            now += number * SECOND // 2

        got = {order: units for order, units in line.got.items() if units}
        assert pit.filled == got
        for order in pit.market.resting:
            assert order.ahead == len(line.lines[int(order.order_id)]) * UNIT


@settings(max_examples=200, deadline=None)
@given(
    prints=st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=20),
    size=st.integers(1, 10),
)
def test_trade_told_twice_moves_the_queue_once(prints: list[tuple[int, bool]], size: int) -> None:
    """Whether print or display comes first, a fill needs the displayed queue printed away."""
    pit, now, displayed, printed = Pit(), 0, 7, 0
    pit.join(1, size, now)

    for wanted, is_print_first in prints:
        now += 10 * SECOND
        units = min(wanted, displayed) or wanted
        shown = max(0, displayed - units)
        if is_print_first:
            pit.market.printed(PRICE * UNIT, units * UNIT, Side.SELL, now)
            pit.frame([("100", str(shown))], now + 1)
        else:
            pit.frame([("100", str(shown))], now)
            pit.market.printed(PRICE * UNIT, units * UNIT, Side.SELL, now + 1)
        displayed = shown
        printed += units

        assert pit.filled.get(1, 0) == min(size, max(0, printed - 7))
