"""The double-entry ledger: append-only, per asset, exact, every entry balanced to zero.

A fill exchanges with the `market` account; fees go to `fees`; money from outside comes from
`outside`. A perpetual's fill moves no cash: its cost stands in `unsettled` until the venue settles.
Equity of an account in its quote asset = cash + unsettled + sum of position times mark.
Every entry is checked against the profit identity (`identity`) before it counts.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from core.domain.errors import InvariantBroken
from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Price, Quantity, amount_of
from core.domain.facts import (
    CashBooked,
    Fact,
    FillBooked,
    InferredBooked,
    MarketAdded,
    PositionAdopted,
)
from core.domain.ids import AccountId, Asset, InstrumentId, StrategyId
from core.domain.instrument import InstrumentKind
from core.domain.order import Fill
from core.trading import identity
from core.trading.fifo import FifoLine
from core.trading.identity import LineChange
from core.trading.inferred import Gap, InferredEntries
from core.trading.position import PositionLine
from core.trading.posting import (
    CASH,
    FEES,
    HOLDING,
    MARKET,
    OUTSIDE,
    UNSETTLED,
    Posting,
    fill_postings,
    position_postings,
    signed,
)

EXTERNAL: Final = StrategyId("EXTERNAL")
SYSTEM: Final = StrategyId("SYSTEM")
MANUAL: Final = StrategyId("MANUAL")

OPENING: Final = "opening"
REALIZED_PNL: Final = "realized_pnl"
INFERRED: Final = "inferred"
_CASH_COUNTERPARTS: Final = {OPENING: OUTSIDE, "transfer": OUTSIDE, REALIZED_PNL: UNSETTLED}
"""Where cash that moved without a fill comes from; other sources are accounts of their own."""
_OWN_NAMES: Final = frozenset({CASH, FEES, HOLDING, MARKET, UNSETTLED, INFERRED})
LineKey = tuple[AccountId, StrategyId, InstrumentId]


class Ledger:
    """Balances by (account, book, name, asset) and positions by (account, book, instrument)."""

    def __init__(self) -> None:
        self._markets: dict[InstrumentId, MarketAdded] = {}
        self._balances: dict[tuple[AccountId, StrategyId, str, Asset], Amount] = {}
        self._lines: dict[LineKey, PositionLine] = {}
        self._fifo: dict[LineKey, FifoLine] = {}
        self._totals: dict[tuple[AccountId, InstrumentId], PositionLine] = {}
        self._fill_keys: set[tuple[str, str, str, str]] = set()
        self._cash_keys: set[tuple[str, str, str]] = set()
        self._settled: dict[AccountId, Amount] = {}
        self._inferred = InferredEntries()
        self.entries = 0
        self.fills = 0

    # ---- what is known -------------------------------------------------------------------------

    def knows_market(self, instrument: InstrumentId) -> bool:
        """Whether fills of this market can be booked."""
        return instrument in self._markets

    def is_spot(self, instrument: InstrumentId) -> bool:
        """Whether a market that is known here exchanges assets; else it holds positions."""
        return self._markets[instrument].kind is InstrumentKind.SPOT

    def assets_of(self, instrument: InstrumentId) -> tuple[Asset, ...]:
        """Return the money a fill of a market may move; nothing while it is not known."""
        market = self._markets.get(instrument)
        return () if market is None else (market.base, market.quote)

    def knows_fill(self, fill: Fill) -> bool:
        """Whether this very fill is booked already."""
        return fill.key in self._fill_keys

    def knows_cash(self, account: AccountId, source: str, row_id: str) -> bool:
        """Whether this cash row is booked already."""
        return (account, source, row_id) in self._cash_keys

    # ---- booking -------------------------------------------------------------------------------

    def add_market(self, fact: MarketAdded) -> None:
        """Learn what a market's fills are booked in."""
        self._markets[fact.instrument] = fact

    def book_fill(self, fact: FillBooked) -> None:
        """Book one fill once; a second time is an error of the caller."""
        fill = fact.fill
        if fill.key in self._fill_keys:
            raise InvariantBroken("fill booked twice", str(fill.key))
        self._fill_keys.add(fill.key)
        self.fills += 1
        market = self._markets[fill.instrument]
        fee = fill.fee if fill.fee_asset == market.quote else None
        key = (fill.account, fact.book, fill.instrument)
        change = self._traded(key, signed(fill), fill.price, fee)
        self._post(fill_postings(fill, fact.book, market), change)

    def book_cash(self, fact: CashBooked) -> None:
        """Book cash that moved without a fill."""
        self._cash_keys.add((fact.account, fact.source, fact.row_id))
        against = _counterpart(fact.source)
        if against == UNSETTLED:
            settled = self._settled.get(fact.account, ZERO_AMOUNT)
            self._settled[fact.account] = settled + fact.amount
        self._post(_cash_postings(fact.account, SYSTEM, against, fact.asset, fact.amount))

    def adopt(self, fact: PositionAdopted) -> None:
        """Take over a position that was there before us."""
        self._take_over(fact.account, fact.instrument, fact.quantity, fact.price)

    def book_inferred(self, fact: InferredBooked) -> None:
        """Book, or take back, a difference a person adopted; it stands in EXTERNAL."""
        self._inferred.applied(fact)
        if fact.instrument is not None and fact.quantity is not None and fact.price is not None:
            self._take_over(fact.account, fact.instrument, fact.quantity, fact.price)
        elif fact.asset is not None and fact.amount is not None:
            self._post(_cash_postings(fact.account, EXTERNAL, INFERRED, fact.asset, fact.amount))

    def _take_over(
        self, account: AccountId, name: InstrumentId, quantity: Quantity, price: Price
    ) -> None:
        change = self._traded((account, EXTERNAL, name), quantity, price, None)
        moved = (amount_of(quantity), amount_of(price * quantity))
        quote = self._markets[name].quote
        self._post(position_postings(account, EXTERNAL, Asset(name), quote, moved), change)

    # ---- adopted differences -------------------------------------------------------------------

    def adopting(self, account: AccountId, gaps: Iterable[Gap], at: int) -> list[Fact]:
        """Return the entries that make the ledger equal the venue."""
        return self._inferred.adopted(account, gaps, at)

    def reversals_by_fill(self, fact: FillBooked, before: Sequence[Fact] = ()) -> list[Fact]:
        """Return what a fill takes back of entries adopted in its place."""
        market = self._markets.get(fact.fill.instrument)
        if market is None:
            return []
        postings = fill_postings(fact.fill, fact.book, market)
        return self._inferred.taken_back(postings, (fact.fill.ts_event, fact.at), before)

    def reversals_by_cash(
        self, fact: CashBooked, happened_at: int, before: Sequence[Fact] = ()
    ) -> list[Fact]:
        """Return what a row of cash takes back of entries adopted in its place."""
        posting = Posting(fact.account, SYSTEM, CASH, fact.asset, fact.amount)
        return self._inferred.taken_back([posting], (happened_at, fact.at), before)

    # ---- reading -------------------------------------------------------------------------------

    def cash(self, account: AccountId, asset: Asset) -> Amount:
        """Return an asset's balance over every book."""
        return self._sum(account, CASH, asset)

    def accounts(self) -> list[AccountId]:
        """Return the accounts anything was ever booked for, in order of the alphabet."""
        return sorted({key[0] for key in self._balances})

    def cash_assets(self, account: AccountId) -> list[Asset]:
        """Return the assets that ever had cash, in order of the alphabet."""
        return sorted({key[3] for key in self._balances if key[0] == account and key[2] == CASH})

    def unsettled(self, account: AccountId, asset: Asset) -> Amount:
        """Return what perpetual fills cost and the venue has not settled yet (negated)."""
        return self._sum(account, UNSETTLED, asset)

    def fees(self, account: AccountId, asset: Asset) -> Amount:
        """Return the fees paid in an asset."""
        return self._sum(account, FEES, asset)

    def received(self, account: AccountId, source: str, asset: Asset) -> Amount:
        """Return what came in from a source (funding, interest ...); negative was paid."""
        return -self._sum(account, _counterpart(source), asset)

    def position(self, account: AccountId, instrument: InstrumentId) -> Quantity:
        """Return the signed position over every book (perpetuals)."""
        total = self.total(account, instrument)
        return ZERO_QUANTITY if total is None else total.quantity

    def total(self, account: AccountId, instrument: InstrumentId) -> PositionLine | None:
        """Return the line of a market over every book, as the venue averages it."""
        return self._totals.get((account, instrument))

    def line(
        self, account: AccountId, book: StrategyId, instrument: InstrumentId
    ) -> PositionLine | None:
        """Return one book's line of an instrument."""
        return self._lines.get((account, book, instrument))

    def fifo(
        self, account: AccountId, book: StrategyId, instrument: InstrumentId
    ) -> FifoLine | None:
        """Return one book's lots of an instrument, first in first out."""
        return self._fifo.get((account, book, instrument))

    def lines(self) -> Iterable[tuple[LineKey, PositionLine]]:
        """Iterate over every position line."""
        return self._lines.items()

    # ---- proof ---------------------------------------------------------------------------------

    def residual(self) -> Amount:
        """Return how far the ledger is from balance: exactly 0, or our books contradict themselves.

        Adds the absolute sums of every asset, the differences between postings and lines, and what
        the profit identity leaves: what lines realised and still hold, less their cost, is what
        was settled into cash plus what is unsettled.
        """
        sums: dict[Asset, Amount] = {}
        for (_, _, _, asset), amount in self._balances.items():
            sums[asset] = sums.get(asset, ZERO_AMOUNT) + amount
        total = ZERO_AMOUNT
        for amount in sums.values():
            total += abs(amount)
        for (account, book, instrument), line in self._lines.items():
            total += abs(self._line_difference(account, book, instrument, line))
        for account in {key[0] for key in self._lines}:
            total += abs(self._identity_difference(account))
        return total

    def _identity_difference(self, account: AccountId) -> Amount:
        told = self._settled.get(account, ZERO_AMOUNT)
        for (owner, _, name, _), amount in self._balances.items():
            if owner == account and name == UNSETTLED:
                told += amount
        for (owner, _, name), line in self._lines.items():
            if owner == account and not self.is_spot(name):
                told -= line.realized - line.cost
        return told

    def _line_difference(
        self, account: AccountId, book: StrategyId, name: InstrumentId, line: PositionLine
    ) -> Amount:
        if self.is_spot(name):
            return ZERO_AMOUNT
        held = self._balances.get((account, book, HOLDING, Asset(name)), ZERO_AMOUNT)
        return held - amount_of(line.quantity)

    # ---- parts ---------------------------------------------------------------------------------

    def _traded(
        self, key: LineKey, delta: Quantity, price: Price, fee: Amount | None
    ) -> LineChange:
        """Follow a trade in the lines of its book and of the account; return what it changed."""
        account, _, name = key
        line = self._lines.setdefault(key, PositionLine())
        quantity, cost, realized = line.quantity, line.cost, line.realized
        line.trade(delta, price, fee)
        self._fifo.setdefault(key, FifoLine()).trade(delta, price)
        self._totals.setdefault((account, name), PositionLine()).trade(delta, price, fee)
        market = self._markets[name]
        return LineChange(
            position=market.base if market.kind is InstrumentKind.SPOT else Asset(name),
            quote=market.quote,
            quantity=amount_of(line.quantity - quantity),
            cost=line.cost - cost,
            realized=line.realized - realized,
        )

    def _sum(self, account: AccountId, name: str, asset: Asset) -> Amount:
        total = ZERO_AMOUNT
        for (owner, _, kind, which), amount in self._balances.items():
            if owner == account and kind == name and which == asset:
                total += amount
        return total

    def _post(self, postings: list[Posting], change: LineChange | None = None) -> None:
        sums: dict[Asset, Amount] = {}
        for posting in postings:
            sums[posting.asset] = sums.get(posting.asset, ZERO_AMOUNT) + posting.amount
        if any(not amount.is_zero for amount in sums.values()):
            raise InvariantBroken("ledger entry does not balance", str(postings))
        identity.check(postings, change)
        for posting in postings:
            key = (posting.account, posting.book, posting.name, posting.asset)
            self._balances[key] = self._balances.get(key, ZERO_AMOUNT) + posting.amount
        self.entries += 1


def _counterpart(source: str) -> str:
    """Name the account cash of a source comes from; a venue's word never names one of ours."""
    if source in _OWN_NAMES:
        return f"source {source}"
    return _CASH_COUNTERPARTS.get(source, source)


def _cash_postings(
    account: AccountId, book: StrategyId, against: str, asset: Asset, amount: Amount
) -> list[Posting]:
    return [
        Posting(account, book, CASH, asset, amount),
        Posting(account, book, against, asset, -amount),
    ]
