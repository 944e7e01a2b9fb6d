"""What trading earned and what it cost, folded from a journal, exact and additive.

The finest grain is a cell: one day (UTC, by when it was booked), strategy, market and asset. Groups
are sums of cells, so any grouping adds up to the whole. Amounts of different assets never mix.

    net = price + slippage - fees + funding + interest + other

`price` is what would have been realised had every fill been made at its arrival mid, `slippage` the
rest of what was realised (average cost). A fill without an arrival mid counts as made at it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from core.domain.exact import ZERO_AMOUNT, Amount, Price, Quantity, amount_of
from core.domain.facts import (
    CashBooked,
    Fact,
    FillBooked,
    GateJudged,
    InferredBooked,
    OrderJournaled,
    PositionAdopted,
)
from core.domain.ids import AccountId, Asset, InstrumentId, StrategyId
from core.domain.order import Fill
from core.trading.funding_shares import shared
from core.trading.history import Span
from core.trading.journal.chain import Entry
from core.trading.ledger import EXTERNAL, OPENING, REALIZED_PNL, SYSTEM, LineKey
from core.trading.position import PositionLine
from core.trading.posting import signed
from core.trading.reports_figures import By, Cell, Figures
from core.trading.room import TradingRoom

TRANSFERS: Final = frozenset({OPENING, "transfer", "deposit", "withdrawal"})
"""Sources of money that is neither gain nor loss."""
FUNDING: Final = "funding"
TRADING_FEES: Final = "trading_fees"
NO_MARKET: Final = "(none)"
_HALF: Final = Decimal("0.5")
_NS: Final = 1_000_000_000


class OpenLine(NamedTuple):
    """A position that is open at the end of the span, at the last price the journal knows."""

    account: AccountId
    strategy: StrategyId
    market: InstrumentId
    asset: str
    quantity: Quantity
    entry_price: Price | None
    price: Price | None
    price_at: int | None
    unrealized: Amount | None


class _Closing:
    """One order's closing fills."""

    __slots__ = ("cell", "earned")

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.earned = ZERO_AMOUNT


class Report:
    """Folds a journal's entries in order."""

    def __init__(self, span: Span) -> None:
        self.room = TradingRoom()
        self.cells: dict[Cell, Figures] = {}
        self.without_arrival = 0
        self.earned: dict[str, Amount] = {}
        """Net of the span so far, by asset: what `Figures.net` adds up to."""
        self._apply = self.room.appliers()
        self._span = span
        self._arrivals: dict[str, tuple[InstrumentId, Price]] = {}
        self._order_arrivals: dict[int, Price] = {}
        self._shadows: dict[LineKey, PositionLine] = {}
        self._closings: dict[tuple[object, ...], _Closing] = {}
        self._prices: dict[InstrumentId, tuple[Price, int]] = {}

    def take(self, entry: Entry) -> None:
        """Fold one fact; facts after the span are left out."""
        fact = entry.fact
        if self._span.is_over(fact.at):
            return
        if isinstance(fact, FillBooked):
            self._fill(fact)
        elif isinstance(fact, CashBooked):
            self._cash(fact)
        elif isinstance(fact, PositionAdopted | InferredBooked):
            self._taken_over(fact)
        else:
            self._learn(fact)
            self._applied(fact)

    def grouped(self, by: By) -> dict[tuple[str, str], Figures]:
        """Return the figures of each group and asset, in order."""
        places = {By.DAY: 0, By.STRATEGY: 1, By.MARKET: 2}
        return self._summed((cell[places[by]], cell.asset) for cell in self.cells)

    def total(self) -> dict[str, Figures]:
        """Return the figures of the whole, by asset."""
        summed = self._summed(("", cell.asset) for cell in self.cells)
        return {asset: figures for (_, asset), figures in summed.items()}

    def finish(self) -> None:
        """Count closing orders; call once, after the last entry."""
        for closing in self._closings.values():
            figures = self._figures(closing.cell)
            figures.closes += 1
            figures.wins += closing.earned.sign > 0
        self._closings.clear()

    def quote(self) -> str | None:
        """Return the asset every market of the journal is quoted in; None where they differ."""
        quotes = {self._quote(key[2]) for key, _ in self.room.ledger.lines()}
        return quotes.pop() if len(quotes) == 1 else None

    def open_lines(self) -> list[OpenLine]:
        """Return what is held, at the last price the journal knows."""
        return [
            self._open(key, line)
            for key, line in sorted(self.room.ledger.lines(), key=lambda item: item[0])
            if not line.quantity.is_zero
        ]

    # ---- facts ---------------------------------------------------------------------------------

    def _learn(self, fact: Fact) -> None:
        """Keep what fills are compared with."""
        if isinstance(fact, GateJudged):
            numbers = dict(fact.numbers)
            mid = _mid(numbers)
            price = _price(numbers["mark"]) if numbers.get("mark") else mid
            if price is not None:
                self._prices[fact.instrument] = (price, fact.at)
            if mid is not None and fact.verdict == "approved":
                self._arrivals[fact.intent_id] = (fact.instrument, mid)
        elif isinstance(fact, OrderJournaled):
            found = self._arrivals.get(fact.approved.intent_id)
            if found is not None and found[0] == fact.approved.leg.terms.instrument:
                self._order_arrivals[fact.client_order_id] = found[1]

    def _fill(self, fact: FillBooked) -> None:
        fill = fact.fill
        key = (fill.account, fact.book, fill.instrument)
        cell = self._cell(fact.at, fact.book, fill.instrument)
        held = self._quantity(key)
        arrival = self._order_arrivals.get(fill.client_order_id or 0)
        earned = self._traded(fact, key, cell, (signed(fill), fill.price, arrival))
        self._prices[fill.instrument] = (fill.price, fact.at)
        if not self._span.holds(fact.at):
            return
        self._count(fill, cell, arrival)
        if held.sign * fill.side.sign < 0:
            self._close(fact, cell, earned)

    def _count(self, fill: Fill, cell: Cell, arrival: Price | None) -> None:
        figures = self._figures(cell)
        notional = amount_of(fill.price * fill.quantity)
        figures.fills += 1
        figures.volume += notional
        self._figures(cell._replace(asset=fill.fee_asset)).fees += fill.fee
        self._earn(fill.fee_asset, -fill.fee)
        if arrival is None:
            self.without_arrival += 1
            return
        cost = amount_of(fill.price * signed(fill)) - amount_of(arrival * signed(fill))
        figures.arrival_volume += amount_of(arrival * fill.quantity)
        figures.arrival_cost += cost

    def _close(self, fact: FillBooked, cell: Cell, earned: Amount) -> None:
        """Follow an order that closes: what it earned after its fees, where those are known."""
        fill = fact.fill
        order = fill.client_order_id or fill.venue_order_id
        key = (fill.account, fact.book, fill.instrument, order)
        closing = self._closings.setdefault(key, _Closing(cell))
        closing.cell = cell
        closing.earned += earned - self._fee_in_quote(fill)

    def _fee_in_quote(self, fill: Fill) -> Amount:
        base, quote = self.room.ledger.assets_of(fill.instrument)
        if fill.fee_asset == quote:
            return fill.fee
        return fill.fee.scaled_by(fill.price.value) if fill.fee_asset == base else ZERO_AMOUNT

    def _taken_over(self, fact: PositionAdopted | InferredBooked) -> None:
        """Book what was taken over at a price: a trade without a fill, in EXTERNAL."""
        if fact.instrument is None or fact.quantity is None or fact.price is None:
            self._applied(fact)
            self._inferred_money(fact)
            return
        key = (fact.account, EXTERNAL, fact.instrument)
        cell = self._cell(fact.at, EXTERNAL, fact.instrument)
        self._traded(fact, key, cell, (fact.quantity, fact.price, None))

    def _inferred_money(self, fact: PositionAdopted | InferredBooked) -> None:
        if not isinstance(fact, InferredBooked) or fact.asset is None or fact.amount is None:
            return
        if self._span.holds(fact.at):
            cell = Cell(day_of(fact.at), EXTERNAL, NO_MARKET, fact.asset)
            self._figures(cell).other += fact.amount
            self._earn(fact.asset, fact.amount)

    def _cash(self, fact: CashBooked) -> None:
        self._applied(fact)
        if fact.source == REALIZED_PNL or not self._span.holds(fact.at):
            return
        day, market = day_of(fact.at), fact.instrument or NO_MARKET
        if fact.source not in TRANSFERS:
            self._earn(fact.asset, fact.amount)
        if fact.source == FUNDING:
            for book, amount in self._funding_shares(fact):
                self._figures(Cell(day, book, market, fact.asset)).funding += amount
            return
        figures = self._figures(Cell(day, SYSTEM, market, fact.asset))
        if fact.source in TRANSFERS:
            figures.transfers += fact.amount
        elif fact.source == TRADING_FEES:
            figures.fees -= fact.amount
        elif "interest" in fact.source.lower():
            figures.interest += fact.amount
        else:
            figures.other += fact.amount

    def _funding_shares(self, fact: CashBooked) -> list[tuple[StrategyId, Amount]]:
        """Share a payment among the books that hold the position it was paid on."""
        holders = [
            (book, line.quantity)
            for (account, book, name), line in self.room.ledger.lines()
            if account == fact.account and name == fact.instrument and not line.quantity.is_zero
        ]
        return shared(fact.amount, holders, SYSTEM)

    # ---- parts ---------------------------------------------------------------------------------

    def _traded(
        self, fact: Fact, key: LineKey, cell: Cell, trade: tuple[Quantity, Price, Price | None]
    ) -> Amount:
        """Apply a trade and count what it realised; return that, before fees."""
        delta, price, arrival = trade
        before, before_fifo = self._realized(key)
        shadow = self._shadows.setdefault(key, PositionLine())
        shadow_before = shadow.realized
        self._applied(fact)
        shadow.trade(delta, price if arrival is None else arrival, None)
        now, now_fifo = self._realized(key)
        if self._span.holds(fact.at):
            figures = self._figures(cell)
            at_mid = shadow.realized - shadow_before
            figures.price += at_mid
            figures.slippage += now - before - at_mid
            self._earn(cell.asset, now - before)
            figures.fifo_realized += now_fifo - before_fifo
        return now - before

    def _earn(self, asset: str, amount: Amount) -> None:
        self.earned[asset] = self.earned.get(asset, ZERO_AMOUNT) + amount

    def _realized(self, key: LineKey) -> tuple[Amount, Amount]:
        line, lots = self.room.ledger.line(*key), self.room.ledger.fifo(*key)
        return (
            ZERO_AMOUNT if line is None else line.realized,
            ZERO_AMOUNT if lots is None else lots.realized,
        )

    def _quantity(self, key: LineKey) -> Quantity:
        line = self.room.ledger.line(*key)
        return Quantity(0) if line is None else line.quantity

    def _applied(self, fact: Fact) -> None:
        applier = self._apply.get(type(fact))
        if applier is not None:
            applier(fact)

    def _cell(self, at: int, book: StrategyId, market: InstrumentId) -> Cell:
        return Cell(day_of(at), book, market, self._quote(market))

    def _quote(self, market: InstrumentId) -> Asset:
        return self.room.ledger.assets_of(market)[1]

    def _figures(self, cell: Cell) -> Figures:
        return self.cells.setdefault(cell, Figures())

    def _summed(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Figures]:
        found: dict[tuple[str, str], Figures] = {}
        for name, figures in zip(names, self.cells.values(), strict=True):
            found.setdefault(name, Figures()).add(figures)
        return dict(sorted(found.items()))

    def _open(self, key: LineKey, line: PositionLine) -> OpenLine:
        account, book, market = key
        price, at = self._prices.get(market, (None, None))
        return OpenLine(
            account=account,
            strategy=book,
            market=market,
            asset=self._quote(market),
            quantity=line.quantity,
            entry_price=line.entry_price,
            price=price,
            price_at=at,
            unrealized=None if price is None else line.unrealized(price),
        )


def day_of(at: int) -> str:
    """Return the UTC day of an instant in ns."""
    return datetime.fromtimestamp(at // _NS, UTC).date().isoformat()


def _mid(numbers: dict[str, str]) -> Price | None:
    bid, ask = numbers.get("best_bid"), numbers.get("best_ask")
    return (_price(bid) + _price(ask)).scaled_by(_HALF) if bid and ask else None


def _price(text: str) -> Price:
    # Prices computed from others may hold more digits than input may.
    return Price(Decimal(text))
