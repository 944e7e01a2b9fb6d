"""What must never change: every asset summed over all accounts."""

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.spec import ASSETS


def sums(exchange: Exchange) -> dict[str, int]:
    """Return every asset over all accounts, open positions counted at their cost."""
    accounts = exchange.floor.clearing.accounts.values()
    totals = {asset: sum(each.balance(asset).total for each in accounts) for asset in ASSETS}
    totals["USDC"] += sum(_unpaid_cost(account) for account in accounts)
    return totals


def _unpaid_cost(account: Account) -> int:
    return sum(-position.cost - position.settled for position in account.positions.values())
