"""Lines of ledger entries, and the names of the accounts they move. Pure."""

from typing import Final

import msgspec

from core.domain.exact import Amount, Quantity, amount_of
from core.domain.facts import MarketAdded
from core.domain.ids import AccountId, Asset, StrategyId
from core.domain.instrument import InstrumentKind
from core.domain.order import Fill

CASH: Final = "cash"
UNSETTLED: Final = "unsettled"
HOLDING: Final = "holding"
MARKET: Final = "market"
FEES: Final = "fees"
OUTSIDE: Final = "outside"


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One line of an entry: so much of an asset into (or, negative, out of) an account."""

    account: AccountId
    book: StrategyId
    name: str
    asset: Asset
    amount: Amount


def signed(fill: Fill) -> Quantity:
    """Return a fill's quantity, negative for a sale."""
    return fill.quantity if fill.side.sign > 0 else -fill.quantity


def fill_postings(fill: Fill, book: StrategyId, market: MarketAdded) -> list[Posting]:
    """Return the entry of a fill: an exchange with the market, and its fee."""
    quantity = amount_of(signed(fill))
    cost = amount_of(fill.price * signed(fill))
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


def position_postings(
    account: AccountId,
    book: StrategyId,
    position: Asset,
    quote: Asset,
    moved: tuple[Amount, Amount],
) -> list[Posting]:
    """Return the entry of a position taken over: `moved` is its quantity and its cost."""
    quantity, cost = moved
    return [
        Posting(account, book, HOLDING, position, quantity),
        Posting(account, book, MARKET, position, -quantity),
        Posting(account, book, UNSETTLED, quote, -cost),
        Posting(account, book, MARKET, quote, cost),
    ]
