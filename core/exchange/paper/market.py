"""One market on paper: what of the feed fills which resting order. Pure but for its own state.

The rules, in the order they are applied:

* An order that rests joins behind all that is displayed at its price.
* A print at its price is served to the queue ahead first, then to us, by time among our own.
* A print beyond its price, and a book that offers at its price or better, fill it at its price: the
  seller would have met us first. No more fills than was printed or is offered.
* What fills is served from a level once; it is offered again when the feed names the level again.
* While the book is not true, crossed or stale, nothing fills.
"""

from collections.abc import Callable, Iterable

from core.domain.order import Side
from core.exchange.paper.book import Change, PaperBook
from core.exchange.paper.order import PaperOrder

OnExecution = Callable[[PaperOrder, int, int, bool], None]
"""Takes order, price, size and whether we made the price; it moves the order's `filled`."""


class PaperMarket:
    """The resting orders of one market beside its displayed book."""

    def __init__(self, book: PaperBook, on_execution: OnExecution) -> None:
        self.book = book
        self.resting: list[PaperOrder] = []
        self.is_listed = False
        """Whether its rules are known: after a restart orders may rest before they are."""
        self._execute = on_execution

    def trouble(self, now: int) -> str:
        """Say why nothing may fill now; empty when it may."""
        return self.book.trouble(now) if self.is_listed else "the market's rules are not known yet"

    # ---- orders --------------------------------------------------------------------------------

    def would_cross(self, order: PaperOrder) -> bool:
        """Whether an order's price meets what is displayed on the other side."""
        best = self.book.best(order.side.opposite)
        return best is not None and (order.price - best) * order.side.sign >= 0

    def meets_own(self, order: PaperOrder) -> bool:
        """Whether it could trade with an order of ours."""
        return any(
            own.side is not order.side and (order.price - own.price) * order.side.sign >= 0
            for own in self.resting
            if own.remaining
        )

    def available(self, order: PaperOrder) -> int:
        """Return how much it could take at once."""
        return sum(size for _, size in self.book.offered(order.side, order.price))

    def sweep(self, order: PaperOrder, limit: int | None) -> None:
        """Let an order take what is offered, best first, down to a limit."""
        for price, size in self.book.offered(order.side, limit):
            if not order.remaining:
                return
            taken = min(size, order.remaining)
            self.book.take(order.side, price, taken)
            self._execute(order, price, taken, False)

    def rest(self, order: PaperOrder, now: int) -> None:
        """Put an order at the back of the queue of its price."""
        if not self.trouble(now):
            order.queue(self.book.displayed(order.side, order.price), now)
        self.resting.append(order)
        self.resting.sort(key=_priority)

    def forget_ended(self) -> None:
        """Let go of orders that are over."""
        self.resting = [order for order in self.resting if order.remaining]

    # ---- the feed ------------------------------------------------------------------------------

    def levels_changed(self, changes: Iterable[Change], now: int) -> None:
        """Follow the queues, then fill what the book has reached."""
        if not self.resting:
            return
        sizes = {(side, price): size for side, price, size in changes}
        is_true = not self.trouble(now)
        for order in self.resting:
            size = sizes.get((order.side, order.price))
            if size is not None:
                order.queue(size, now)
            elif order.ahead is None and is_true:
                order.queue(self.book.displayed(order.side, order.price), now)
        if is_true:
            self._reach_through()

    def printed(self, price: int, size: int, aggressor: Side, now: int) -> None:
        """Serve a print to whom it met: our better prices, the queue ahead, ourselves."""
        if not self.resting or self.trouble(now):
            return
        maker = aggressor.opposite
        met = [order for order in self.resting if order.side is maker and order.remaining]
        left = size
        for order in met:
            if not order.is_better_than(price):
                break
            left -= self._fill(order, left)
        queue = [order for order in met if order.price == price and order.ahead is not None]
        self._serve(queue, left, now)
        self.forget_ended()

    # ---- parts ---------------------------------------------------------------------------------

    def _serve(self, queue: list[PaperOrder], left: int, now: int) -> None:
        """Let a print eat the queue of one price: those ahead of each of us, then us, by time."""
        own = 0
        for order in queue:
            # What one of ours took before never reached the queue between it and this one.
            reaching = max(0, order.unexplained(left, now) - own)
            passed = min(order.ahead or 0, reaching)
            order.ahead = (order.ahead or 0) - passed
            if order.ahead == 0:
                own += self._fill(order, reaching - passed)

    def _fill(self, order: PaperOrder, size: int) -> int:
        """Fill at the order's own price as far as both reach; return how much."""
        filled = min(size, order.remaining)
        if filled <= 0:
            return 0
        self._execute(order, order.price, filled, True)
        return filled

    def _reach_through(self) -> None:
        """Fill what the other side of the book has come to."""
        for order in self.resting:
            if not order.remaining or not self.would_cross(order):
                continue
            for price, size in self.book.offered(order.side, order.price):
                filled = self._fill(order, size)
                if not filled:
                    break
                self.book.take(order.side, price, filled)
        self.forget_ended()


def _priority(order: PaperOrder) -> tuple[str, int, int, int]:
    return (order.side, -order.price * order.side.sign, order.taken_at, int(order.order_id))
