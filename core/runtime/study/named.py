"""What a market is: told by its venue's rules, else by its symbol and what it sends.

Recordings carry no rules. A symbol names base and quote well enough to set two markets side by
side for a person; nothing is traded on it.
"""

import re
from typing import Final, NamedTuple

from core.domain.ids import symbol_of
from core.domain.instrument import InstrumentKind
from core.domain.views import BookState
from core.market.market import Market

DOLLARS: Final = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USD")
"""Quotes that are near enough to one another for a spread between them to mean something."""
_SEPARATORS: Final = re.compile(r"[-_/:]")


class Named(NamedTuple):
    """Kind, base and quote; None for what is not known."""

    kind: InstrumentKind | None
    base: str
    quote: str | None


def named(market: Market) -> Named:
    """Say what a market is."""
    rules = market.rules
    if rules is not None:
        return Named(rules.kind, str(rules.base), str(rules.quote))
    has_funding = market.mark is not None and market.funding_rate is not None
    kind = InstrumentKind.PERPETUAL if has_funding else None
    return Named(kind, *_read(symbol_of(market.instrument_id).upper()))


def is_there(market: Market) -> bool:
    """Whether there is anything to compare: rules, a book, or a mark."""
    has_book = market.splice.state is not BookState.EMPTY
    return market.rules is not None or has_book or market.mark is not None


def is_pair(one: Named, two: Named, *, is_one_venue: bool) -> bool:
    """Whether the spread of two markets means something.

    One base against dollars or the same quote, and two kinds or two venues.
    """
    if one.base != two.base or not _is_alike(one.quote, two.quote):
        return False
    if not is_one_venue:
        return True
    return None not in {one.kind, two.kind} and one.kind is not two.kind


def _is_alike(one: str | None, two: str | None) -> bool:
    return None in {one, two} or one == two or {one, two} <= set(DOLLARS)


def _read(symbol: str) -> tuple[str, str | None]:
    """Read base and quote from `BTCUSDT`, `SOL_USDC_PERP`, `BTC-USD`, `BTCUSD_PERP` or `BTC`."""
    parts = [part for part in _SEPARATORS.split(symbol) if part] or [symbol]
    if len(parts) > 1 and parts[1] in DOLLARS:
        return parts[0], parts[1]
    first = parts[0]
    quote = next((end for end in DOLLARS if first.endswith(end) and first != end), None)
    return (first, None) if quote is None else (first.removesuffix(quote), quote)
