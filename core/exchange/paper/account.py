"""The money of a paper account: cash, positions, what is not settled yet, margin. Exact.

A perpetual's fill moves no cash but its fee; its cost stands unsettled until it is realised into
cash, as a venue with one settlement asset does it. Equity = settlement cash + unsettled + sum of
position times mark; other assets are no collateral. Fees are rounded up, what is paid out is
rounded down, to eight decimals.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from core.domain.exact import (
    ZERO_AMOUNT,
    ZERO_QUANTITY,
    Amount,
    Price,
    Quantity,
    amount_of,
)
from core.domain.ids import Asset, InstrumentId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import Fill
from core.exchange.paper.order import PaperOrder

CENT: Final = Amount("0.00000001")
FULL: Final = Decimal(1)
MarkOf = Callable[[InstrumentId], Price | None]
RulesOf = Callable[[InstrumentId], Instrument | None]


class PaperAccount:
    """Balances and positions of one account.

    Attributes:
        cash: Total of each asset, locked funds included.
        positions: Signed base units of each perpetual.
        unsettled: What perpetual fills cost and was not realised yet, negated.
    """

    def __init__(self, asset: Asset, rules_of: RulesOf) -> None:
        self.asset = asset
        self.cash: dict[Asset, Amount] = {}
        self.positions: dict[InstrumentId, Quantity] = {}
        self.unsettled: dict[InstrumentId, Amount] = {}
        self._entries: dict[InstrumentId, Price] = {}
        self._rules_of = rules_of

    # ---- changes -------------------------------------------------------------------------------

    def move(self, asset: Asset, amount: Amount) -> None:
        """Book cash."""
        self.cash[asset] = self.cash.get(asset, ZERO_AMOUNT) + amount

    def realise(self, instrument: InstrumentId, amount: Amount) -> None:
        """Turn unsettled PnL into cash."""
        self.unsettled[instrument] = self.unsettled.get(instrument, ZERO_AMOUNT) - amount
        self.move(self.asset, amount)

    def fill(self, fill: Fill, kind: InstrumentKind, base: Asset, quote: Asset) -> None:
        """Book a fill and its fee."""
        signed = fill.quantity if fill.side.sign > 0 else -fill.quantity
        cost = amount_of(fill.price * signed)
        if kind is InstrumentKind.SPOT:
            self.move(base, amount_of(signed))
            self.move(quote, -cost)
        else:
            name = fill.instrument
            self._average(name, signed, fill.price)
            self.positions[name] = self.position(name) + signed
            self.unsettled[name] = self.unsettled.get(name, ZERO_AMOUNT) - cost
        self.move(fill.fee_asset, -fill.fee)

    def _average(self, name: InstrumentId, signed: Quantity, price: Price) -> None:
        held = self.position(name)
        after = held + signed
        if after.is_zero:
            self._entries.pop(name, None)
        elif held.sign == signed.sign and name in self._entries:
            cost = self._entries[name] * held + price * signed
            self._entries[name] = cost.per(after)
        elif held.is_zero or held.sign != after.sign:
            self._entries[name] = price

    # ---- reading -------------------------------------------------------------------------------

    def position(self, instrument: InstrumentId) -> Quantity:
        """Return a signed position."""
        return self.positions.get(instrument, ZERO_QUANTITY)

    def entry_price(self, instrument: InstrumentId) -> Price | None:
        """Return the average price of an open position."""
        return self._entries.get(instrument)

    def to_realise(self, instrument: InstrumentId, mark: Price | None) -> Amount:
        """Return what may be realised now: all of it once flat, else what the mark gives."""
        open_amount = self.unsettled.get(instrument, ZERO_AMOUNT)
        held = self.position(instrument)
        if held.is_zero:
            return open_amount
        if mark is None:
            return ZERO_AMOUNT
        return (open_amount + amount_of(mark * held)).floored_to(CENT)

    def locked(self, orders: Iterable[PaperOrder]) -> dict[Asset, Amount]:
        """Return what resting spot orders hold of each asset."""
        found: dict[Asset, Amount] = {}
        for order in orders:
            rules = self._rules_of(order.instrument)
            if rules is None or rules.kind is not InstrumentKind.SPOT or not order.remaining:
                continue
            asset, amount = held_by(order, rules)
            found[asset] = found.get(asset, ZERO_AMOUNT) + amount
        return found

    def equity(self, mark_of: MarkOf) -> Amount | None:
        """Return what the account is worth; None while a mark is missing."""
        total = self.cash.get(self.asset, ZERO_AMOUNT)
        for amount in self.unsettled.values():
            total += amount
        for name, held in self.positions.items():
            if held.is_zero:
                continue
            mark = mark_of(name)
            if mark is None:
                return None
            total += amount_of(mark * held)
        return total

    def margin_needed(self, orders: Iterable[PaperOrder], mark_of: MarkOf) -> Amount:
        """Return the initial margin of positions and orders, each market at its worst case."""
        bids: dict[InstrumentId, Quantity] = {}
        asks: dict[InstrumentId, Quantity] = {}
        prices: dict[InstrumentId, Price] = {}
        for order in orders:
            if not order.remaining or self._is_spot(order.instrument) or order.terms.reduce_only:
                continue
            side = bids if order.side.sign > 0 else asks
            left = order.quantity - order.filled_quantity
            side[order.instrument] = side.get(order.instrument, ZERO_QUANTITY) + left
            prices[order.instrument] = order.terms.limit_price
        total = ZERO_AMOUNT
        for name in {*self.positions, *bids, *asks}:
            held = self.position(name)
            up = abs(held + bids.get(name, ZERO_QUANTITY))
            down = abs(held - asks.get(name, ZERO_QUANTITY))
            known = (mark_of(name), prices.get(name), self._entries.get(name))
            mark = next((price for price in known if price is not None), None)
            if mark is not None:
                worst = amount_of(mark * max(up, down))
                total += worst.scaled_by(initial_margin(self._rules_of(name)))
        return total

    def maintenance_needed(self, mark_of: MarkOf) -> Amount:
        """Return the equity at which open positions are liquidated."""
        total = ZERO_AMOUNT
        for name, held in self.positions.items():
            mark = mark_of(name)
            rules = self._rules_of(name)
            if held.is_zero or mark is None or rules is None:
                continue
            fraction = rules.maintenance_margin_base or Decimal(0)
            total += amount_of(mark * abs(held)).scaled_by(fraction)
        return total

    def _is_spot(self, name: InstrumentId) -> bool:
        rules = self._rules_of(name)
        return rules is not None and rules.kind is InstrumentKind.SPOT


def initial_margin(rules: Instrument | None) -> Decimal:
    """Return the initial margin as a fraction; all of it where the venue does not say."""
    if rules is None or rules.initial_margin_base is None:
        return FULL
    return rules.initial_margin_base


def held_by(order: PaperOrder, rules: Instrument) -> tuple[Asset, Amount]:
    """Return what a spot order reserves: the quote it may spend, or the base it sells."""
    left = order.quantity - order.filled_quantity
    if order.side.sign > 0:
        return rules.quote, amount_of(order.terms.limit_price * left)
    return rules.base, amount_of(left)
