"""The profit identity, checked on every posting (risk-and-faults section 4). Pure.

In the quote asset, with open positions at what they cost (marks add the unrealised part):
change of cash and unsettled = realised - change of open cost - fees + what came from other sources.
Postings and position lines are computed apart, so a slip in either shows at once.
"""

from collections.abc import Iterable
from typing import NamedTuple

from core.domain.errors import InvariantBroken
from core.domain.exact import ZERO_AMOUNT, Amount
from core.domain.ids import Asset
from core.trading.posting import MARKET, Posting


class LineChange(NamedTuple):
    """What one entry did to a position line: `position` is what it holds, `quote` what it costs."""

    position: Asset
    quote: Asset
    quantity: Amount
    cost: Amount
    realized: Amount


def residuals(postings: Iterable[Posting], change: LineChange | None) -> dict[Asset, Amount]:
    """Return by how much an entry breaks the identity, by asset; empty when it is exact.

    The exchange with the market is left out: the position line has to say the same.
    """
    sums: dict[Asset, Amount] = {}
    for posting in postings:
        if posting.name != MARKET:
            _add(sums, posting.asset, posting.amount)
    if change is not None:
        _add(sums, change.position, -change.quantity)
        _add(sums, change.quote, change.cost - change.realized)
    return {asset: amount for asset, amount in sums.items() if not amount.is_zero}


def check(postings: Iterable[Posting], change: LineChange | None) -> None:
    """Check one entry.

    Raises:
        InvariantBroken: when it breaks the identity; our books contradict themselves.
    """
    broken = residuals(postings, change)
    if broken:
        text = ", ".join(f"{asset} {amount}" for asset, amount in sorted(broken.items()))
        raise InvariantBroken("ledger entry breaks the profit identity", text)


def _add(sums: dict[Asset, Amount], asset: Asset, amount: Amount) -> None:
    sums[asset] = sums.get(asset, ZERO_AMOUNT) + amount
