"""What each signed request has to bring, or to do, as the exchange's own state has it."""

from decimal import Decimal
from typing import Any

import msgspec

from core.domain.effects import PlaceOrder
from core.domain.exact import Price, Quantity
from core.domain.ids import ClientOrderId, InstrumentId, Symbol, VenueOrderId
from core.domain.order import OrderTerms, Side
from core.exchange.backpack import account_rows, questions, requests
from core.exchange.backpack.batching import batch_results
from core.exchange.backpack.replies import OrderRow
from core.exchange.embedded.spec import ASSETS
from tests.core.exchange.backpack.backpack_rig import placement
from tests.core.exchange.backpack.every_history_case import STRATEGY, check_strategy_form
from tests.core.exchange.backpack.every_public_case import Case, is_empty, row_of, rows_of
from tests.core.exchange.backpack.every_request_rig import PERP, SPOT, Day, asks, units

# ---- account ---------------------------------------------------------------------------------


def check_account(row: account_rows.AccountRow, day: Day) -> None:
    """Find the settings and fees the exchange charges by, and the orders it counts."""
    fees = day.account.fees
    assert row.fee(is_perpetual=True, is_maker=False) == Decimal(fees.perp_taker_bps) / 10_000
    assert row.fee(is_perpetual=False, is_maker=True) == Decimal(fees.spot_maker_bps) / 10_000
    assert (row.auto_lend, row.leverage_limit, row.liquidating) == (True, Decimal(10), False)
    assert (row.limit_orders, row.trigger_orders) == (1, 1)


def check_most_to_order(row: account_rows.MostToOrderRow, day: Day) -> None:
    """Find what the lent money buys at the price that was asked."""
    money = units(day.account.balance("USDC").available)
    assert (row.symbol, row.side) == (SPOT, "Bid")
    assert row.max_order_quantity == (money / 100).quantize(Decimal("0.01"), "ROUND_FLOOR")


def check_most_to_borrow(row: account_rows.MostToBorrowRow, day: Day) -> None:
    """Find nothing: nobody lends to anybody there."""
    del day
    assert (row.symbol, row.max_borrow_quantity) == ("SOL", Decimal(0))


def check_balances(found: dict[str, account_rows.BalanceRow], day: Day) -> None:
    """Find nothing available, since all is lent, and the resting order's money locked."""
    price, quantity = Decimal(day.resting["price"]), Decimal(day.resting["quantity"])
    assert {row.available for row in found.values()} == {0}
    assert found["USDC"].locked == price * quantity
    assert set(found) == set(day.account.balances)


def check_collateral(row: account_rows.CollateralRow, day: Day) -> None:
    """Find the sums of what is owned, lent funds included, less what the position wants."""
    assets = {each.symbol: each for each in row.collateral}
    for asset, each in assets.items():
        balance = day.account.balance(asset)
        assert each.total_quantity == units(balance.total)
        assert each.spendable == units(balance.available)
        assert each.collateral_weight == Decimal(ASSETS[asset].collateral_weight)
    assert row.lent()["SOL"] == units(day.account.lent("SOL"))
    values = (each.collateral_value or Decimal(0) for each in assets.values())
    position = day.account.positions[PERP]
    profit = units(position.unsettled(day.market(PERP).mark))
    assert row.pnl_unrealized == profit
    assert row.net_equity == sum(values) + profit
    assert row.net_exposure_futures == 2 * units(day.market(PERP).mark)
    locked = row.net_equity - row.net_equity_available
    assert row.net_equity_locked == locked > 0


def check_lending(found: list[account_rows.LendingRow], day: Day) -> None:
    """Find what is lent, positive, at its worth."""
    lent = {row.symbol: row.net_quantity for row in found}
    assert lent == {asset: units(day.account.lent(asset)) for asset in ASSETS}
    (sol,) = [row for row in found if row.symbol == "SOL"]
    assert sol.mark_price == units(day.market(PERP).mark)
    assert sol.net_exposure_notional == lent["SOL"] * units(day.market(PERP).mark)


def check_positions(found: list[account_rows.PositionRow], day: Day) -> None:
    """Find size, entry and profit of the only open position."""
    (row,), held = found, day.account.positions[PERP]
    mark = units(day.market(PERP).mark)
    assert (row.symbol, row.net_quantity, row.entry_price) == (PERP, Decimal(2), Decimal("141.5"))
    assert row.mark_price == mark
    assert row.pnl_since_entry == (mark - Decimal("141.5")) * 2
    assert (row.pnl_realized, row.cumulative_funding_payment) == (
        units(held.settled),
        units(held.funding),
    )
    assert str(row.position_id) == str(held.id)


def check_leverage(body: bytes, day: Day) -> None:
    """Find the limit changed, and an empty answer."""
    assert (body, day.account.leverage_limit) == (b"", "5")


# ---- orders ----------------------------------------------------------------------------------


def check_order(row: OrderRow, day: Day) -> None:
    """Find the resting order as it was placed."""
    (order,) = day.account.open_orders.values()
    assert (str(row.id), row.client_id, row.status) == (str(order.id), 71, "New")
    assert (row.price, row.quantity, row.side) == (Decimal(139), Decimal("0.5"), "Bid")
    assert row.created_at == order.created_ns // 1_000_000


def check_open_orders(found: list[OrderRow], day: Day) -> None:
    """Find the waiting order of the market, with its trigger."""
    (row,), (order,) = found, day.account.trigger_orders.values()
    assert (str(row.id), row.status) == (str(order.id), "TriggerPending")
    assert (row.trigger_price, row.quantity) == (Decimal(100), Decimal(0))
    assert row.trigger_quantity == "1"


def approved(number: int, price: str, **changed: Any) -> PlaceOrder:
    """Write an approved order: if nothing is changed, one that rests far from the market."""
    base: dict[str, Any] = {
        "instrument": InstrumentId(f"there:{PERP}"),
        "side": Side.BUY,
        "quantity": Quantity("0.5"),
        "limit_price": Price(price),
        "post_only": not changed,
    }
    effect = placement(number)
    leg = msgspec.structs.replace(effect.approved.leg, terms=OrderTerms(**(base | changed)))
    return msgspec.structs.replace(
        effect, approved=msgspec.structs.replace(effect.approved, leg=leg)
    )


def check_placed(row: OrderRow, day: Day) -> None:
    """Find the order in the exchange's book, under the id it answered."""
    order = day.account.open_orders[int(row.id)]
    assert (row.client_id, order.client_id, row.status) == (7, 7, "New")
    assert units(order.price, 2) == row.price == Decimal("130.5")
    assert (order.request.post_only, row.post_only) == (True, True)
    assert day.market(PERP).book.holds(order)


def check_batch(found: dict[ClientOrderId, Any], day: Day) -> None:
    """Find both orders in the book, each under its own id."""
    for number, price in ((7, "130.5"), (8, "130.4")):
        order = day.account.open_orders[int(found[ClientOrderId(number)].id)]
        assert (order.client_id, units(order.price, 2)) == (number, Decimal(price))


def check_cancelled(row: OrderRow, day: Day) -> None:
    """Find the resting order gone, and nothing else."""
    assert (str(row.id), row.status) == (day.resting["id"], "Cancelled")
    assert day.account.open_orders == {}
    assert len(day.account.trigger_orders) == 1
    assert day.account.balance("USDC").locked == 0


def check_cancelled_all(found: list[OrderRow], day: Day) -> None:
    """Find the waiting order gone; what rests in another market stays."""
    assert [(str(row.id), row.status) for row in found] == [(day.waiting["id"], "Cancelled")]
    assert day.account.trigger_orders == {}
    assert len(day.account.open_orders) == 1


_Q = questions
ASKED: dict[str, Case] = {
    "account": Case(asks(lambda _: _Q.account()), row_of(account_rows.AccountRow), check_account),
    "most_to_order": Case(
        asks(lambda _: _Q.most_to_order(Symbol(SPOT), "Bid", price="100", reduce_only=False)),
        row_of(account_rows.MostToOrderRow),
        check_most_to_order,
    ),
    "most_to_borrow": Case(
        asks(lambda _: _Q.most_to_borrow("SOL")),
        row_of(account_rows.MostToBorrowRow),
        check_most_to_borrow,
    ),
    "balances": Case(
        asks(lambda _: _Q.balances()), row_of(dict[str, account_rows.BalanceRow]), check_balances
    ),
    "collateral": Case(
        asks(lambda _: _Q.collateral()), row_of(account_rows.CollateralRow), check_collateral
    ),
    "lending": Case(asks(lambda _: _Q.lending()), rows_of(account_rows.LendingRow), check_lending),
    "positions": Case(
        asks(lambda _: _Q.positions(PERP)), rows_of(account_rows.PositionRow), check_positions
    ),
    "order": Case(asks(lambda _: _Q.order(SPOT, client_id=71)), row_of(OrderRow), check_order),
    "open_orders": Case(
        asks(lambda _: _Q.open_orders(PERP, "PERP")), rows_of(OrderRow), check_open_orders
    ),
}
_BATCH = (ClientOrderId(7), ClientOrderId(8))
WRITTEN: dict[str, Case] = {
    "place_request": Case(
        lambda day: requests.place_request(day.signer, approved(7, "130.5"), **day.stamp),
        row_of(OrderRow),
        check_placed,
    ),
    "batch_request": Case(
        lambda day: requests.batch_request(
            day.signer, [approved(7, "130.5"), approved(8, "130.4")], **day.stamp
        ),
        lambda body: batch_results(body, _BATCH),
        check_batch,
    ),
    "cancel_request": Case(
        lambda day: requests.cancel_request(
            day.signer,
            Symbol(SPOT),
            client_order_id=ClientOrderId(71),
            venue_order_id=VenueOrderId(day.resting["id"]),
            **day.stamp,
        ),
        row_of(OrderRow),
        check_cancelled,
    ),
    "cancel_all_request": Case(
        lambda day: requests.cancel_all_request(
            day.signer, Symbol(PERP), order_kind="ConditionalOrder", **day.stamp
        ),
        rows_of(OrderRow),
        check_cancelled_all,
    ),
    "cancel_strategies_request": Case(
        lambda day: requests.cancel_strategies_request(day.signer, Symbol(SPOT), **day.stamp),
        rows_of(account_rows.StrategyRow),
        is_empty,
        f"[{STRATEGY}]",
        check_strategy_form,
    ),
    "leverage_request": Case(
        lambda day: requests.leverage_request(day.signer, Decimal(5), **day.stamp),
        bytes,
        check_leverage,
    ),
}
