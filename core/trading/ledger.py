"""The double-entry ledger: append-only, per asset, exact, every entry balanced to zero.

A fill exchanges with the `market` account; fees go to `fees`; money from outside comes from
`outside`. A perpetual's fill moves no cash: its cost stands in `unsettled` until the venue settles.
Equity of an account in its quote asset = cash + unsettled + sum of position times mark.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.domain.errors import InvariantBroken
from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Quantity, amount_of
from core.domain.facts import CashBooked, FillBooked, MarketAdded, PositionAdopted
from core.domain.ids import AccountId, Asset, InstrumentId, StrategyId
from core.domain.instrument import InstrumentKind
from core.domain.order import Fill
from core.trading.position import PositionLine

EXTERNAL: Final = StrategyId("EXTERNAL")
SYSTEM: Final = StrategyId("SYSTEM")
MANUAL: Final = StrategyId("MANUAL")

CASH: Final = "cash"
UNSETTLED: Final = "unsettled"
HOLDING: Final = "holding"
MARKET: Final = "market"
FEES: Final = "fees"
OUTSIDE: Final = "outside"

OPENING: Final = "opening"
REALIZED_PNL: Final = "realized_pnl"
_CASH_COUNTERPARTS: Final = {OPENING: OUTSIDE, "transfer": OUTSIDE, REALIZED_PNL: UNSETTLED}
"""Where cash that moved without a fill comes from; other sources are accounts of their own."""


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line of an entry: so much of an asset into (or, negative, out of) an account."""

    account: AccountId
    book: StrategyId
    name: str
    asset: Asset
    amount: Amount


class Ledger:
    """Balances by (account, book, name, asset) and positions by (account, book, instrument)."""

    def __init__(self) -> None:
        self._markets: dict[InstrumentId, MarketAdded] = {}
        self._balances: dict[tuple[AccountId, StrategyId, str, Asset], Amount] = {}
        self._lines: dict[tuple[AccountId, StrategyId, InstrumentId], PositionLine] = {}
        self._fill_keys: set[tuple[str, str, str, str]] = set()
        self._cash_keys: set[tuple[str, str, str]] = set()
        self._settled: dict[AccountId, Amount] = {}
        self.entries = 0
        self.fills = 0

    def knows_market(self, instrument: InstrumentId) -> bool:
        """Whether fills of this market can be booked."""
        return instrument in self._markets

    def is_spot(self, instrument: InstrumentId) -> bool:
        """Whether a market that is known here exchanges assets; else it holds positions."""
        return self._markets[instrument].kind is InstrumentKind.SPOT

    def add_market(self, fact: MarketAdded) -> None:
        """Learn what a market's fills are booked in."""
        self._markets[fact.instrument] = fact

    def knows_fill(self, fill: Fill) -> bool:
        """Whether this very fill is booked already."""
        return fill.key in self._fill_keys

    def knows_cash(self, account: AccountId, source: str, row_id: str) -> bool:
        """Whether this cash row is booked already."""
        return (account, source, row_id) in self._cash_keys

    def book_fill(self, fact: FillBooked) -> None:
        """Book one fill once; a second time is an error of the caller."""
        fill = fact.fill
        if fill.key in self._fill_keys:
            raise InvariantBroken("fill booked twice", str(fill.key))
        self._fill_keys.add(fill.key)
        self.fills += 1
        market = self._markets[fill.instrument]
        self._post(_fill_postings(fill, fact.book, market))
        self._line(fill.account, fact.book, fill.instrument).trade(
            _signed(fill), fill.price, fill.fee if fill.fee_asset == market.quote else None
        )

    def book_cash(self, fact: CashBooked) -> None:
        """Book cash that moved without a fill."""
        self._cash_keys.add((fact.account, fact.source, fact.row_id))
        against = _CASH_COUNTERPARTS.get(fact.source, fact.source)
        if against == UNSETTLED:
            settled = self._settled.get(fact.account, ZERO_AMOUNT)
            self._settled[fact.account] = settled + fact.amount
        self._post(
            [
                Posting(fact.account, SYSTEM, CASH, fact.asset, fact.amount),
                Posting(fact.account, SYSTEM, against, fact.asset, -fact.amount),
            ]
        )

    def adopt(self, fact: PositionAdopted) -> None:
        """Take over a position that was there before us."""
        market = self._markets[fact.instrument]
        cost = amount_of(fact.price * fact.quantity)
        position = Asset(fact.instrument)
        self._post(
            [
                Posting(fact.account, EXTERNAL, HOLDING, position, amount_of(fact.quantity)),
                Posting(fact.account, EXTERNAL, MARKET, position, -amount_of(fact.quantity)),
                Posting(fact.account, EXTERNAL, UNSETTLED, market.quote, -cost),
                Posting(fact.account, EXTERNAL, MARKET, market.quote, cost),
            ]
        )
        self._line(fact.account, EXTERNAL, fact.instrument).trade(fact.quantity, fact.price, None)

    def cash(self, account: AccountId, asset: Asset) -> Amount:
        """Return an asset's balance over every book."""
        return self._sum(account, CASH, asset)

    def cash_assets(self, account: AccountId) -> list[Asset]:
        """Return the assets that ever had cash, in order of the alphabet."""
        return sorted({key[3] for key in self._balances if key[0] == account and key[2] == CASH})

    def unsettled(self, account: AccountId, asset: Asset) -> Amount:
        """Return what perpetual fills cost and the venue has not settled yet (negated)."""
        return self._sum(account, UNSETTLED, asset)

    def fees(self, account: AccountId, asset: Asset) -> Amount:
        """Return the fees paid in an asset."""
        return self._sum(account, FEES, asset)

    def position(self, account: AccountId, instrument: InstrumentId) -> Quantity:
        """Return the signed position over every book (perpetuals)."""
        total = ZERO_QUANTITY
        for (owner, _, name), line in self._lines.items():
            if owner == account and name == instrument:
                total += line.quantity
        return total

    def line(
        self, account: AccountId, book: StrategyId, instrument: InstrumentId
    ) -> PositionLine | None:
        """Return one book's line of an instrument."""
        return self._lines.get((account, book, instrument))

    def lines(self) -> Iterable[tuple[tuple[AccountId, StrategyId, InstrumentId], PositionLine]]:
        """Iterate over every position line."""
        return self._lines.items()

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

    def _line(self, account: AccountId, book: StrategyId, instrument: InstrumentId) -> PositionLine:
        return self._lines.setdefault((account, book, instrument), PositionLine())

    def _sum(self, account: AccountId, name: str, asset: Asset) -> Amount:
        total = ZERO_AMOUNT
        for (owner, _, kind, which), amount in self._balances.items():
            if owner == account and kind == name and which == asset:
                total += amount
        return total

    def _post(self, postings: list[Posting]) -> None:
        sums: dict[Asset, Amount] = {}
        for posting in postings:
            sums[posting.asset] = sums.get(posting.asset, ZERO_AMOUNT) + posting.amount
        if any(not amount.is_zero for amount in sums.values()):
            raise InvariantBroken("ledger entry does not balance", str(postings))
        for posting in postings:
            key = (posting.account, posting.book, posting.name, posting.asset)
            self._balances[key] = self._balances.get(key, ZERO_AMOUNT) + posting.amount
        self.entries += 1


def _signed(fill: Fill) -> Quantity:
    return fill.quantity if fill.side.sign > 0 else -fill.quantity


def _fill_postings(fill: Fill, book: StrategyId, market: MarketAdded) -> list[Posting]:
    quantity = amount_of(_signed(fill))
    cost = amount_of(fill.price * _signed(fill))
    if market.kind is InstrumentKind.SPOT:
        holding, base, payment = CASH, market.base, CASH
    else:
        holding, base, payment = HOLDING, Asset(fill.instrument), UNSETTLED
    account = fill.account
    postings = [
        Posting(account, book, holding, base, quantity),
        Posting(account, book, MARKET, base, -quantity),
        Posting(account, book, payment, market.quote, -cost),
        Posting(account, book, MARKET, market.quote, cost),
    ]
    if not fill.fee.is_zero:
        postings.append(Posting(account, book, CASH, fill.fee_asset, -fill.fee))
        postings.append(Posting(account, book, FEES, fill.fee_asset, fill.fee))
    return postings
