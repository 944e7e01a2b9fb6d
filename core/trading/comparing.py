"""What ledger and venue say of one account, side by side. Pure."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

from core.domain.events import BalanceReport, OrderReport, PositionReport
from core.domain.exact import ZERO_AMOUNT, ZERO_QUANTITY, Amount, Price
from core.domain.ids import AccountId, Asset, InstrumentId
from core.domain.order import OrderState
from core.trading.inferred import Gap
from core.trading.ledger import Ledger
from core.trading.orders import OrderRecord, Orders

NOT_MONEY: Final = frozenset({"POINTS"})
PRICE_TOLERANCE: Final = Decimal("0.0001")
"""Average prices may differ by one basis point: venues round theirs."""
_RESTING: Final = frozenset(
    {OrderState.ACCEPTED, OrderState.PARTIAL, OrderState.HELD, OrderState.PENDING_CANCEL}
)


def money_gaps(
    ledger: Ledger, account: AccountId, rows: Iterable[BalanceReport], but: Collection[str]
) -> list[Gap]:
    """Return the assets of which the venue holds another amount, those in `but` left out."""
    told: dict[Asset, Amount] = {row.asset: row.available + row.locked for row in rows}
    gaps = []
    for asset in sorted({*told, *ledger.cash_assets(account)} - NOT_MONEY):
        excess = told.get(asset, ZERO_AMOUNT) - ledger.cash(account, asset)
        if not excess.is_zero and asset not in but:
            gaps.append(Gap(asset, excess.value))
    return gaps


def position_gaps(
    ledger: Ledger, account: AccountId, rows: Iterable[PositionReport], but: Collection[str]
) -> list[Gap]:
    """Return the markets in which the venue holds another position, those in `but` left out."""
    told = {row.instrument: row for row in rows}
    gaps = []
    for name in sorted({*told, *perpetuals_held(ledger, account)}):
        theirs = told[name].quantity if name in told else ZERO_QUANTITY
        excess = theirs - ledger.position(account, name)
        if not excess.is_zero and name not in but:
            price = _price_of(ledger, account, name, told.get(name))
            gaps.append(Gap(Asset(name), excess.value, price))
    return gaps


def price_differences(
    ledger: Ledger, account: AccountId, rows: Iterable[PositionReport], but: Collection[str]
) -> tuple[str, ...]:
    """Say where average prices differ by more than the tolerance, of equal positions."""
    found = []
    for row in rows:
        line = ledger.total(account, row.instrument)
        ours = None if line is None else line.entry_price
        if row.instrument in but or row.entry_price is None or ours is None or line is None:
            continue
        apart = abs(ours - row.entry_price)
        if line.quantity == row.quantity and apart > row.entry_price * PRICE_TOLERANCE:
            found.append(f"{row.instrument}: average {ours}, venue {row.entry_price}")
    return tuple(found)


def lost_orders(
    orders: Orders, account: AccountId, rows: Iterable[OrderReport], settled_before: int
) -> list[OrderRecord]:
    """Return the orders that should rest, have not moved lately, and are not listed."""
    listed = {row.client_order_id for row in rows}
    return [
        record
        for record in orders.live()
        if record.account == account
        and record.state in _RESTING
        and record.client_order_id not in listed
        and record.moved_at < settled_before
    ]


def perpetuals_held(ledger: Ledger, account: AccountId) -> set[InstrumentId]:
    """Return the perpetuals the ledger has a line of."""
    return {
        name
        for (owner, _, name), _line in ledger.lines()
        if owner == account and not ledger.is_spot(name)
    }


def gap_text(ledger: Ledger, account: AccountId, gap: Gap) -> str:
    """Word a difference."""
    if gap.price is None:
        ours = ledger.cash(account, gap.name).value
    else:
        ours = ledger.position(account, InstrumentId(gap.name)).value
    return f"{gap.name}: ledger {Amount(ours)}, venue {Amount(ours + gap.excess)}"


def _price_of(
    ledger: Ledger, account: AccountId, name: InstrumentId, row: PositionReport | None
) -> Price:
    """Return the price a difference would be taken over at: the venue's, else our own average."""
    if row is not None and row.entry_price is not None:
        return row.entry_price
    line = ledger.total(account, name)
    ours = None if line is None else line.entry_price
    return Price(0) if ours is None else ours
