"""Funding: at the end of every interval longs pay shorts the published rate, or the other way.

Payments are cut to 6 decimals toward zero; what the cuts leave goes to the fee account, so that
USDC is conserved to the atom.
"""

from collections.abc import Mapping
from typing import Final

from core.exchange.embedded.accounts import FundingPaid
from core.exchange.embedded.clearing import Clearing
from core.exchange.embedded.market import Market
from core.exchange.embedded.units import SCALE, SCALE_DIGITS, truncated

RATE_UNIT: Final = 10
"""Published rates have 9 decimals, and what is published is what is charged."""
_PAYMENT_UNIT: Final = 10 ** (SCALE_DIGITS - 6)


def published_rate(market: Market) -> int:
    """Return the running rate of a market as it is published, in atoms."""
    return truncated(market.funding_rate, RATE_UNIT)


def charge(clearing: Clearing, markets: Mapping[str, Market], end_ns: int) -> None:
    """Charge every perpetual's rate to every open position, and write the rates down."""
    for market in markets.values():
        if market.spec.is_perp:
            rate = published_rate(market)
            market.funding_log.append((end_ns, rate))
            _charge_market(clearing, market, rate, end_ns)


def _charge_market(clearing: Clearing, market: Market, rate: int, end_ns: int) -> None:
    symbol, received = market.spec.symbol, 0
    for account in list(clearing.accounts.values()):
        position = account.positions.get(symbol)
        if position is None:
            continue
        owed = -position.value(market.mark) * rate
        quantity = truncated(owed, _PAYMENT_UNIT * SCALE) // SCALE
        clearing.pay_funding(account, position, FundingPaid(symbol, quantity, rate, end_ns))
        received += quantity
    clearing.fee_account.balance("USDC").available -= received
