"""Positions as replies, frames and history rows show them."""

from core.exchange.embedded.accounts import Account, Position, PositionRecord
from core.exchange.embedded.clearing import PositionMoved
from core.exchange.embedded.frames import engine_us, event_us
from core.exchange.embedded.margin import Exposure, exposure_of
from core.exchange.embedded.market import Market
from core.exchange.embedded.units import SCALE, iso_millis, trimmed


def position_json(
    account: Account,
    position: Position,
    market: Market,
    exposure: Exposure,
    liquidation_price: int = 0,
) -> dict[str, object]:
    """Return a position as `/api/v1/position` has it.

    `netCost` is the exact cost, so that pnlRealized + pnlUnrealized = netQuantity * mark - netCost.
    """
    spec, mark = market.spec, market.mark
    assert spec.imf is not None
    assert spec.mmf is not None
    return {
        "breakEvenPrice": trimmed(_break_even(position)),
        "cumulativeFundingPayment": trimmed(position.funding),
        "cumulativeInterest": "0",
        "entryPrice": trimmed(position.entry),
        "estLiquidationPrice": trimmed(liquidation_price),
        "imf": trimmed(exposure.initial_fraction),
        "imfFunction": spec.imf.wire(),
        "markPrice": trimmed(mark),
        "mmf": trimmed(exposure.maintenance_fraction),
        "mmfFunction": spec.mmf.wire(),
        "netCost": trimmed(position.cost),
        "netExposureNotional": trimmed(exposure.notional),
        "netExposureQuantity": trimmed(exposure.quantity, spec.quantity_decimals),
        "netQuantity": trimmed(position.quantity, spec.quantity_decimals),
        "pnlRealized": trimmed(position.settled),
        "pnlUnrealized": trimmed(position.unsettled(mark)),
        "positionId": str(position.id),
        "subaccountId": None,
        "symbol": spec.symbol,
        "userId": account.user_id,
    }


def position_update(
    move: PositionMoved, market: Market, exposure: Exposure, now_ns: int, *, is_snapshot: bool
) -> dict[str, object]:
    """Return the data of an account.positionUpdate frame; a snapshot has no event."""
    position, spec, mark = move.position, market.spec, market.mark
    value = move.quantity * spec.step_atoms * mark // SCALE
    unsettled = value - position.cost - move.settled if move.quantity else 0
    data: dict[str, object] = {
        "B": trimmed(position.entry),
        "E": event_us(now_ns),
        "M": trimmed(mark),
        "P": trimmed(unsettled),
        "Q": trimmed(exposure.quantity, spec.quantity_decimals),
        "T": engine_us(now_ns),
        "b": trimmed(_break_even(position)),
        "f": trimmed(exposure.initial_fraction),
        "i": position.id,
        "l": "0",
        "m": trimmed(exposure.maintenance_fraction),
        "n": trimmed(exposure.notional),
        "p": trimmed(move.settled),
        "q": trimmed(move.quantity, spec.quantity_decimals),
        "s": spec.symbol,
    }
    if not is_snapshot:
        data["e"] = move.event
    return data


def position_history_json(
    account: Account, record: PositionRecord, market: Market
) -> dict[str, object]:
    """Return a position as `/wapi/v1/history/position` has it; a closed one has no size."""
    position, spec, mark = record.position, market.spec, market.mark
    is_open = record.closed_ns is None
    exposure = exposure_of(account, market) if is_open else None
    closing = record.closed_notional // record.closed_steps if record.closed_steps else None
    return {
        "accountLeverage": account.leverage_limit,
        "closedAt": None if record.closed_ns is None else iso_millis(record.closed_ns),
        "closedVolume": trimmed(record.closed_notional),
        "closingPrice": closing and trimmed(closing * SCALE // spec.step_atoms),
        "cumulativePnlRealized": trimmed(position.settled),
        "entryPrice": trimmed(position.entry),
        "fees": trimmed(record.fees),
        "fundingQuantity": trimmed(record.funding),
        "id": str(position.id),
        "imf": trimmed(exposure.initial_fraction) if exposure else "0",
        "interest": "0",
        "liquidated": record.liquidation_fees > 0,
        "liquidationFees": trimmed(record.liquidation_fees),
        "markPrice": trimmed(mark),
        "netCost": trimmed(position.cost),
        "netExposureNotional": trimmed(exposure.notional) if exposure else "0",
        "netExposureQuantity": trimmed(
            exposure.quantity if exposure else 0, spec.quantity_decimals
        ),
        "netQuantity": trimmed(position.quantity, spec.quantity_decimals),
        "openedAt": iso_millis(record.opened_ns),
        "state": "Open" if is_open else "Closed",
        "symbol": spec.symbol,
        "unrealizedPnl": trimmed(position.unsettled(mark)) if is_open else "0",
    }


def _break_even(position: Position) -> int:
    if position.quantity == 0:
        return position.entry
    cost = position.cost * SCALE
    return abs(cost // (position.quantity * position.spec.step_atoms))
