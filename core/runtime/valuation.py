"""What the accounts are worth: ledger quantities at market prices, exact."""

from core.domain.exact import ZERO_AMOUNT, Amount, Price, amount_of
from core.domain.fixed import unscaled
from core.domain.ids import AccountId, Asset, InstrumentId, venue_of
from core.domain.instrument import InstrumentKind
from core.market.room import MarketRoom
from core.trading.room import TradingRoom


class Valuation:
    """Prices the ledger of every account in one quote asset."""

    def __init__(
        self,
        market: MarketRoom,
        trading: TradingRoom,
        accounts: tuple[AccountId, ...],
        quote: Asset,
    ) -> None:
        self._market = market
        self._trading = trading
        self._accounts = accounts
        self.quote = quote

    def mark_of(self, instrument: InstrumentId, at: int) -> Price | None:
        """Return the mark, or the middle of the book where there is none."""
        touch = self._market.touch(instrument, at)
        if touch is None:
            return None
        number = touch.mark if touch.mark is not None else touch.mid
        return None if number is None else Price(unscaled(number))

    def equity(self, at: int) -> Amount | None:
        """Return cash, positions and holdings at market; None while a price is missing."""
        total = ZERO_AMOUNT
        for account in self._accounts:
            worth = self._account(account, at)
            if worth is None:
                return None
            total += worth
        return total

    def unrealized(self, at: int) -> Amount | None:
        """Return the unrealised PnL of every open perpetual position."""
        total = ZERO_AMOUNT
        for (_, _, name), line in self._trading.ledger.lines():
            if line.quantity.is_zero or self._is_spot(name):
                continue
            mark = self.mark_of(name, at)
            if mark is None:
                return None
            total += line.unrealized(mark)
        return total

    def equity_of(self, account: AccountId, at: int) -> Amount | None:
        """Return one account's cash, positions and holdings at market; None as above."""
        return self._account(account, at)

    def _account(self, account: AccountId, at: int) -> Amount | None:
        ledger = self._trading.ledger
        total = ledger.unsettled(account, self.quote)
        for asset in ledger.cash_assets(account):
            worth = self._asset_worth(account, asset, ledger.cash(account, asset), at)
            if worth is None:
                return None
            total += worth
        for name in {n for (owner, _, n), _ in ledger.lines() if owner == account}:
            quantity = ledger.position(account, name)
            if quantity.is_zero or self._is_spot(name):
                continue
            mark = self.mark_of(name, at)
            if mark is None:
                return None
            total += amount_of(mark * quantity)
        return total

    def worth(self, account: AccountId, asset: Asset, held: Amount, at: int) -> Amount | None:
        """Return what so much of an asset is worth in the quote; None while it has no price."""
        return self._asset_worth(account, asset, held, at)

    def _asset_worth(
        self, account: AccountId, asset: Asset, held: Amount, at: int
    ) -> Amount | None:
        if asset == self.quote:
            return held
        if held.is_zero:
            return ZERO_AMOUNT
        spot = self._spot_of(account, asset)
        mark = None if spot is None else self.mark_of(spot, at)
        return None if mark is None else held.scaled_by(mark.value)

    def _spot_of(self, account: AccountId, asset: Asset) -> InstrumentId | None:
        venue = venue_of(account)
        for name, rules in self._trading.instruments.items():
            if (
                rules.kind is InstrumentKind.SPOT
                and rules.base == asset
                and rules.quote == self.quote
                and venue_of(name) == venue
            ):
                return name
        return None

    def _is_spot(self, name: InstrumentId) -> bool:
        return self._trading.ledger.is_spot(name)
