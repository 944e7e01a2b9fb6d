"""What moves cash without a fill: the deposit, funding, realised PnL; and fills with their fees.

Every function returns facts and changes nothing.
"""

from typing import Final

import msgspec

from core.domain.exact import Amount, Price, Quantity, amount_of
from core.domain.fixed import unscaled
from core.domain.ids import AccountId, Asset, InstrumentId, TradeId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import Fill, LiquiditySide, Side
from core.exchange.paper.account import CENT, MarkOf
from core.exchange.paper.facts import CashMoved, OrderFilled
from core.exchange.paper.order import PaperOrder
from core.exchange.paper.settings import PaperSettings
from core.exchange.paper.state import DEPOSIT, FUNDING, REALIZED, PaperState

_BPS_PLACES: Final = -4


def deposit(settings: PaperSettings, at: int) -> CashMoved:
    """Return what a new account begins with."""
    return CashMoved(
        at=at,
        asset=settings.asset,
        amount=Amount(settings.deposit),
        source=DEPOSIT,
        row_id="deposit:1",
    )


def realised(state: PaperState, mark_of: MarkOf, at: int) -> list[CashMoved]:
    """Return the PnL that is turned into cash: all of a closed position, an open one's by mark."""
    account, number = state.account, len(state.cash_rows)
    found: list[CashMoved] = []
    for name in account.unsettled:
        amount = account.to_realise(name, mark_of(name))
        if not amount.is_zero:
            number += 1
            found.append(_row(at, account.asset, amount, REALIZED, f"realized:{number}", name))
    return found


class Rate(msgspec.Struct, frozen=True, gc=False):
    """What an interval costs that ends at an instant (venue clock, ns)."""

    ends_at: int
    rate: str


def funding(
    state: PaperState, name: InstrumentId, due: Rate, mark: Price | None, at: int
) -> CashMoved | None:
    """Return the payment of an interval: rate x position x mark; longs pay a positive rate."""
    held, row_id = state.account.position(name), f"funding:{name}:{due.ends_at}"
    if held.is_zero or mark is None or state.knows_row(row_id):
        return None
    paid = amount_of(mark * held).scaled_by(-Price(due.rate).value).floored_to(CENT)
    return None if paid.is_zero else _row(at, state.account.asset, paid, FUNDING, row_id, name)


def _row(
    at: int, asset: Asset, amount: Amount, source: str, row_id: str, name: InstrumentId
) -> CashMoved:
    return CashMoved(
        at=at, asset=asset, amount=amount, source=source, row_id=row_id, instrument=name
    )


class Execution(msgspec.Struct, frozen=True, gc=False):
    """So much of an order at a price, in integers of 10^-10."""

    order: PaperOrder
    price: int
    size: int
    is_maker: bool


def filled(
    execution: Execution,
    rules: Instrument,
    settings: PaperSettings,
    account: AccountId,
    trade: int,
    at: int,
) -> OrderFilled:
    """Return the fill of an execution; an order without a client id is the venue's own."""
    order = execution.order
    quantity, price = Quantity(unscaled(execution.size)), Price(unscaled(execution.price))
    fee, fee_asset = _fee(execution, rules, settings, quantity, price)
    fill = Fill(
        account=account,
        instrument=order.instrument,
        venue_order_id=order.order_id,
        client_order_id=order.client_order_id,
        trade_id=TradeId(str(trade)),
        side=order.side,
        quantity=quantity,
        price=price,
        fee=fee,
        fee_asset=fee_asset,
        liquidity_side=LiquiditySide.MAKER if execution.is_maker else LiquiditySide.TAKER,
        is_system=order.client_order_id is None,
        ts_event=at,
    )
    return OrderFilled(at=at, fill=fill, kind=rules.kind, base=rules.base, quote=rules.quote)


def _fee(
    execution: Execution,
    rules: Instrument,
    settings: PaperSettings,
    quantity: Quantity,
    price: Price,
) -> tuple[Amount, Asset]:
    """Return fee and asset: spot buys pay in what they buy, all else in the quote."""
    is_spot = rules.kind is InstrumentKind.SPOT
    if execution.order.client_order_id is None:
        rate = settings.liquidation_fee_bps.scaleb(_BPS_PLACES)
    else:
        rate = settings.fees.rate(is_spot=is_spot, is_maker=execution.is_maker)
    is_in_base = is_spot and execution.order.side is Side.BUY
    paid_on = amount_of(quantity) if is_in_base else amount_of(price * quantity)
    return paid_on.scaled_by(rate).ceiled_to(CENT), rules.base if is_in_base else rules.quote
