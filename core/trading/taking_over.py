"""What is booked without an order: what an account held before us, and rows of cash. Pure."""

from collections.abc import Iterable

from core.domain.events import BalanceReport, PositionReport, SettlementReport
from core.domain.facts import CashBooked, Fact, PositionAdopted
from core.domain.ids import AccountId
from core.trading.ledger import OPENING
from core.trading.room import TradingRoom


def opening_facts(
    room: TradingRoom,
    account: AccountId,
    balances: Iterable[BalanceReport],
    positions: Iterable[PositionReport],
    at: int,
) -> list[Fact]:
    """Take over what the account held before this journal began.

    Fills the stream told of before the first reading are booked already, and count in both.
    """
    facts: list[Fact] = []
    ledger = room.ledger
    for balance in balances:
        booked = ledger.cash(account, balance.asset)
        total = balance.available + balance.locked - booked
        if not total.is_zero:
            facts.append(
                CashBooked(
                    at=at,
                    account=account,
                    asset=balance.asset,
                    amount=total,
                    source=OPENING,
                    row_id=balance.asset,
                )
            )
    for position in positions:
        quantity = position.quantity - ledger.position(account, position.instrument)
        if not quantity.is_zero and position.entry_price is not None:
            facts.extend(room.fills.market(position.instrument, at))
            facts.append(
                PositionAdopted(
                    at=at,
                    account=account,
                    instrument=position.instrument,
                    quantity=quantity,
                    price=position.entry_price,
                )
            )
    return facts


def settlement_facts(
    room: TradingRoom, row: SettlementReport, at: int, before: Iterable[Fact] = ()
) -> list[Fact]:
    """Return the booking of a settlement row, or nothing if it is booked already.

    `before` are facts on their way that the ledger has not seen yet.
    """
    before = tuple(before)
    key = (row.account, row.source, row.row_id)
    is_coming = any(
        isinstance(fact, CashBooked) and (fact.account, fact.source, fact.row_id) == key
        for fact in before
    )
    if is_coming or room.ledger.knows_cash(*key):
        return []
    booked = CashBooked(
        at=at,
        account=row.account,
        asset=row.asset,
        amount=row.amount,
        source=row.source,
        row_id=row.row_id,
        instrument=row.instrument,
    )
    return [booked, *room.ledger.reversals_by_cash(booked, row.ts_event, before)]
