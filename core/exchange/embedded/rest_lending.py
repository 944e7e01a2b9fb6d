"""Handlers of lending, limits and listings that are read only: nothing here moves anything."""

from typing import Final

from core.exchange.contract import Reply
from core.exchange.embedded.admission import asset_marks
from core.exchange.embedded.calls import Call, json_reply, one_of, required
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.margin import margin_state
from core.exchange.embedded.refusals import Refusal
from core.exchange.embedded.spec import ASSETS
from core.exchange.embedded.units import NS_PER_SEC, iso_seconds, trimmed

_INTERVALS: Final = ("1d", "1w", "1month", "1year")
_FUTURES: Final = (
    ("Tier 1", "0", "0", "0.020", "0.050"),
    ("Tier 2", "350", "500000", "0.019", "0.045"),
    ("Tier 3", "1500", "1000000", "0.018", "0.040"),
    ("Tier 4", "3500", "5000000", "0.016", "0.035"),
    ("Tier 5", "15000", "10000000", "0.013", "0.030"),
    ("Tier 6", "30000", "25000000", "0.010", "0.028"),
    ("VIP1", "50000", "50000000", "0.010", "0.026"),
    ("VIP2", "100000", "100000000", "0", "0.024"),
    ("VIP3", "200000", "150000000", "0", "0.022"),
    ("VIP4", "350000", "200000000", "0", "0.020"),
    ("VIP5", "500000", "300000000", "0", "0.018"),
)
_SPOT: Final = (
    ("Tier 1", "0", "0", "0.08", "0.10"),
    ("Tier 2", "350", "100000", "0.07", "0.09"),
    ("VIP5", "500000", "300000000", "0", "0.025"),
)


def fee_tiers(floor: Floor, call: Call) -> Reply:
    """GET /wapi/v1/feeTiers: percent, by stake or volume."""
    del floor, call
    return json_reply(
        {"futures": [_tier(*row) for row in _FUTURES], "spot": [_tier(*row) for row in _SPOT]}
    )


def wallets(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/wallets: nobody can pay in here."""
    del floor, call
    return json_reply([])


def max_borrow(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/account/limits/borrow: nothing is lent out here."""
    del floor
    asset = _asset(call)
    return json_reply({"maxBorrowQuantity": "0", "symbol": asset})


def max_withdrawal(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/account/limits/withdrawal: what nothing depends on."""
    asset, marks = _asset(call), asset_marks(floor.markets)
    state = margin_state(call.owner, floor.markets, marks)
    free = max(0, call.owner.balance(asset).available)
    if call.owner.positions:
        mark = marks[asset] or 1
        free = min(free, state.available * 10**10 // mark)
    return json_reply(
        {"autoBorrow": None, "autoLendRedeem": None, "maxWithdrawalQuantity": trimmed(free),
         "symbol": asset}
    )  # fmt: skip


def markets(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/borrowLend/markets."""
    del call
    marks, now = asset_marks(floor.markets), iso_seconds(floor.instant.ns)
    return json_reply([_market(floor, asset, marks[asset], now) for asset in ASSETS])


def market_history(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/borrowLend/markets/history: one row an asset, now."""
    required(call.query, "interval")
    one_of(call.query, "interval", "BorrowLendMarketHistoryInterval", _INTERVALS, None)
    now_secs = floor.instant.ns // NS_PER_SEC
    wanted = call.query.get("symbol")
    return json_reply(
        [
            {
                "borrowInterestRate": "0",
                "borrowedQuantity": "0",
                "lendInterestRate": "0",
                "lentQuantity": _lent(floor, asset),
                "symbol": asset,
                "timestamp": iso_seconds(now_secs * NS_PER_SEC),
                "utilization": "0",
            }
            for asset in ASSETS
            if wanted in {None, asset}
        ]
    )


def apy(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/borrowLend/apy."""
    del floor, call
    rows = [{"borrowRate": "0", "lendRate": "0", "symbol": asset} for asset in ASSETS]
    return json_reply({"borrowLend": rows, "staking": []})


def positions(floor: Floor, call: Call) -> Reply:
    """GET /api/v1/borrowLend/positions: what auto-lend put out."""
    marks, wanted = asset_marks(floor.markets), call.query.get("symbol")
    return json_reply(
        [
            _position(asset, call.owner.lent(asset), marks[asset])
            for asset in call.owner.balances
            if call.owner.lent(asset) and wanted in {None, asset}
        ]
    )


def _asset(call: Call) -> str:
    asset = required(call.query, "symbol")
    if asset not in ASSETS:
        raise Refusal("INVALID_ASSET", "Invalid asset")
    return asset


def _tier(name: str, stake: str, volume: str, maker: str, taker: str) -> dict[str, str]:
    return {"bpStake": stake, "makerFee": maker, "takerFee": taker, "tier": name, "volume": volume}


def _lent(floor: Floor, asset: str) -> str:
    accounts = floor.clearing.accounts.values()
    return trimmed(sum(each.lent(asset) for each in accounts if not each.is_house))


def _market(floor: Floor, asset: str, mark: int, now: str) -> dict[str, object]:
    return {
        "assetMarkPrice": trimmed(mark),
        "borrowInterestRate": "0",
        "borrowedQuantity": "0",
        "fee": "0.1",
        "lendInterestRate": "0",
        "lentQuantity": _lent(floor, asset),
        "maxUtilization": "0.95",
        "openBorrowLendLimit": "0",
        "optimalUtilization": "0.8",
        "state": "Open",
        "stepSize": "0.000001",
        "symbol": asset,
        "throttleUpdateFraction": "1",
        "throttleUtilizationBound": "0.9",
        "throttleUtilizationThreshold": "0.85",
        "timestamp": now,
        "utilization": "0",
    }


def _position(asset: str, lent: int, mark: int) -> dict[str, object]:
    function = {"base": "0.02", "factor": "0.00006", "type": "sqrt"}
    notional = lent * mark // 10**10
    return {
        "cumulativeInterest": "0",
        "estLiquidationPrice": "0",
        "id": asset,
        "imf": "0.02",
        "imfFunction": function,
        "markPrice": trimmed(mark),
        "mmf": "0.0125",
        "mmfFunction": {**function, "base": "0.0125"},
        "netExposureNotional": trimmed(notional),
        "netExposureQuantity": trimmed(lent),
        "netQuantity": trimmed(lent),
        "symbol": asset,
    }
