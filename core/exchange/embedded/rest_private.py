"""Handlers of the signed endpoints of the account: balances, collateral, positions, settings."""

from core.exchange.contract import Reply
from core.exchange.embedded.accounts import Account
from core.exchange.embedded.admission import asset_marks
from core.exchange.embedded.calls import (
    Call,
    empty_reply,
    json_reply,
    optional_symbol,
    required,
    required_market,
)
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.margin import (
    collateral_value,
    exposure_of,
    liquidation_price,
    margin_state,
)
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import Side
from core.exchange.embedded.position_frames import position_json
from core.exchange.embedded.refusals import bad_enum, bad_field, client_error
from core.exchange.embedded.spec import ASSETS
from core.exchange.embedded.units import SCALE, atoms, is_plain_decimal, scaled, trimmed

_PAYLOAD = "UpdateAccountSettingsRequest"
SETTINGS = ("autoBorrowSettlements", "autoLend", "autoRepayBorrows", "leverageLimit")


def account(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/account."""
    del floor
    owner = call.owner
    return json_reply(
        {
            **owner.settings,
            "autoRealizePnl": True,
            "borrowLimit": "0",
            "futuresMakerFee": str(owner.fees.perp_maker_bps),
            "futuresTakerFee": str(owner.fees.perp_taker_bps),
            "leverageLimit": owner.leverage_limit,
            "limitOrders": len(owner.open_orders),
            "liquidating": owner.is_liquidating,
            "positionLimit": "2000000",
            "spotMakerFee": str(owner.fees.spot_maker_bps),
            "spotTakerFee": str(owner.fees.spot_taker_bps),
            "triggerOrders": len(owner.trigger_orders),
        }
    )


def update_account(floor: Floor, call: Call) -> Reply:
    """PATCH /api/v1/account: 200 with an empty body."""
    for name in call.owner.settings:
        field = call.body.get(name)
        if field is None:
            continue
        if field.text not in {"true", "false"}:
            raise bad_field("boolean", "Expected input type", _PAYLOAD)
        call.owner.settings[name] = field.text == "true"
    for asset in tuple(call.owner.balances):
        call.owner.log_lending(asset, floor.instant.ns)
    limit = call.body.get("leverageLimit")
    if limit is not None:
        call.owner.leverage_limit = _leverage(limit.text)
    return empty_reply()


def capital(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/capital: an object keyed by asset."""
    del floor
    return json_reply(
        {
            asset: {
                "available": trimmed(call.owner.free(asset)),
                "locked": trimmed(balance.locked),
                "staked": "0",
            }
            for asset, balance in call.owner.balances.items()
        }
    )


def collateral(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/capital/collateral."""
    marks = asset_marks(floor.markets)
    state = margin_state(call.owner, floor.markets, marks)
    exposure = state.exposure
    return json_reply(
        {
            "assetsValue": trimmed(state.assets_value),
            "borrowLiability": "0",
            "collateral": [_asset_row(call.owner, asset, marks[asset]) for asset in marks],
            "imf": trimmed(_ratio(state.initial, exposure)),
            "liabilitiesValue": "0",
            "marginFraction": trimmed(_ratio(state.net_equity, exposure)) if exposure else None,
            "mmf": trimmed(_ratio(state.maintenance, exposure)),
            "netEquity": trimmed(state.net_equity),
            "netEquityAvailable": trimmed(state.available),
            "netEquityLocked": trimmed(state.initial),
            "netExposureFutures": trimmed(exposure),
            "pnlUnrealized": trimmed(state.unsettled),
            "unsettledEquity": trimmed(state.unsettled),
        }
    )


def positions(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/position: an array, also for one symbol, which alone is told its liquidation."""
    symbol, owner = optional_symbol(floor.markets, call.query), call.owner
    return json_reply(
        [
            position_json(
                owner,
                position,
                floor.markets[each],
                exposure_of(owner, floor.markets[each]),
                0 if symbol is None else _liquidation_price(floor, owner, floor.markets[each]),
            )
            for each, position in owner.positions.items()
            if symbol in {None, each}
        ]
    )


def _liquidation_price(floor: Floor, owner: Account, market: Market) -> int:
    state = margin_state(owner, floor.markets, asset_marks(floor.markets))
    return liquidation_price(owner, market, state)


def max_order(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/account/limits/order."""
    found = required_market(floor.markets, call.query)
    side = required(call.query, "side")
    if side not in set(Side):
        raise bad_enum("side", "Side")
    text = call.query.get("price")
    if text is not None and not is_plain_decimal(text):
        raise client_error("Invalid price")
    price = (scaled(text) if text else None) or found.last * found.spec.tick_atoms
    most = _most_steps(floor, call.owner, found, Side(side), price)
    return json_reply(
        {
            "autoBorrow": None,
            "autoBorrowRepay": None,
            "autoLendRedeem": None,
            "maxOrderQuantity": trimmed(most, found.spec.quantity_decimals),
            "price": text,
            "reduceOnly": None,
            "side": side,
            "symbol": found.spec.symbol,
        }
    )


def _most_steps(floor: Floor, owner: Account, found: Market, side: Side, price: int) -> int:
    spec = found.spec
    if spec.is_perp:
        state = margin_state(owner, floor.markets, asset_marks(floor.markets))
        power = state.available * atoms(owner.leverage_limit) // SCALE
        return power * SCALE // price // spec.step_atoms
    if side is Side.ASK:
        return max(0, owner.balance(spec.base).available) // spec.step_atoms
    return max(0, owner.balance(spec.quote).available) * SCALE // price // spec.step_atoms


def _asset_row(owner: Account, asset: str, mark: int) -> dict[str, object]:
    balance = owner.balance(asset)
    notional, value = collateral_value(asset, balance.total, mark)
    return {
        "assetMarkPrice": trimmed(mark),
        "availableQuantity": trimmed(owner.free(asset)),
        "balanceNotional": trimmed(notional),
        "collateralValue": trimmed(value),
        "collateralWeight": ASSETS[asset].collateral_weight,
        "lendQuantity": trimmed(owner.lent(asset)),
        "openOrderQuantity": trimmed(balance.locked),
        "symbol": asset,
        "totalQuantity": trimmed(balance.total),
    }


def _ratio(part: int, whole: int) -> int:
    return part * SCALE // whole if whole else 0


def _leverage(text: str) -> str:
    value = scaled(text) if is_plain_decimal(text) else None
    if value is None or not SCALE <= value <= 75 * SCALE:
        raise client_error("Invalid leverage limit")
    return text
