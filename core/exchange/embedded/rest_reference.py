"""Handlers of what hardly ever changes: status, time, markets, assets, collateral rules."""

from core.exchange.contract import Reply
from core.exchange.embedded.calls import Call, json_reply, one_of, required_market, text_reply
from core.exchange.embedded.floor import Floor, of_kind
from core.exchange.embedded.spec import ASSETS, MARKET_KINDS, AssetSpec
from core.exchange.embedded.units import NS_PER_MS


def status(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/status."""
    del floor, call
    return json_reply({"message": None, "status": "Ok"})


def ping(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/ping: plain text."""
    del floor, call
    return text_reply("pong")


def nothing(floor: Floor, call: Call) -> Reply:
    """Answer an empty list: wallets, and all that concerns stocks."""
    del floor, call
    return json_reply([])


def time(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/time: plain text milliseconds."""
    del call
    skewed = floor.faults.active("F15")
    offset_ns = 0 if skewed is None else skewed.delay_ns
    return text_reply(str((floor.instant.ns + offset_ns) // NS_PER_MS))


def markets(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/markets."""
    kind = one_of(call.query, "marketType", "MarketType", MARKET_KINDS, None)
    return json_reply([each.spec.wire(each.state) for each in of_kind(floor, kind)])


def market(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/market."""
    found = required_market(floor.markets, call.query)
    return json_reply(found.spec.wire(found.state))


def assets(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/assets."""
    del floor, call
    return json_reply([_asset(each) for each in ASSETS.values()])


def collateral(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/collateral."""
    del floor, call
    return json_reply([_collateral(each) for each in ASSETS.values()])


def _asset(asset: AssetSpec) -> dict[str, object]:
    token = {
        "blockchain": asset.blockchain,
        "contractAddress": None,
        "depositEnabled": False,
        "displayName": asset.name,
        "maximumWithdrawal": None,
        "minimumDeposit": "0",
        "minimumWithdrawal": "0",
        "nativeDecimals": asset.fee_decimals,
        "withdrawEnabled": False,
        "withdrawalFee": "0",
    }
    return {
        "coingeckoId": asset.name.lower().replace(" ", "-"),
        "displayName": asset.name,
        "symbol": asset.symbol,
        "tokens": [token],
    }


def _collateral(asset: AssetSpec) -> dict[str, object]:
    function = {"base": "0.02", "factor": "0.00006", "type": "sqrt"}
    return {
        "haircutFunction": {"kind": {"type": "identity"}, "weight": asset.collateral_weight},
        "imfFunction": function,
        "mmfFunction": {**function, "base": "0.0125"},
        "symbol": asset.symbol,
    }
