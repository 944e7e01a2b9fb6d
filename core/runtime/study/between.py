"""What lies between markets: funding and basis of perpetuals, spreads of pairs."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from core.analysis.cross import annualized_basis, basis_bps, funding, spread_bps, spread_stats
from core.analysis.units import BPS, HOUR_NS
from core.domain.ids import InstrumentId, venue_of
from core.domain.instrument import InstrumentKind
from core.domain.study_views import FundingRow, FundingView, PairRow, PairsView
from core.domain.views import BookState
from core.market.market import Market
from core.market.room import MarketRoom
from core.runtime.study.named import is_pair, is_there, named
from core.runtime.study.studies import Studies

PAIRS_SHOWN: Final = 40
_PCT: Final = 100
_MS_NS: Final = 1_000_000
_COMPARED: Final = (InstrumentKind.SPOT, InstrumentKind.PERPETUAL, None)
Quotes = tuple[int, int]
"""Best bid and ask of a book that is valid."""


class BetweenMarkets:
    """Builds both tables for the markets a person watches."""

    def __init__(self, market: MarketRoom, studies: Studies) -> None:
        self._market = market
        self._studies = studies

    def funding(self, watched: Iterable[InstrumentId]) -> FundingView:
        """Put every watched perpetual's funding on one scale, with its basis."""
        markets = self._known(watched)
        perpetuals = [m for m in markets if named(m).kind is InstrumentKind.PERPETUAL]
        return FundingView(rows=tuple([self._funding_row(m, markets) for m in perpetuals]))

    def _known(self, watched: Iterable[InstrumentId]) -> list[Market]:
        found = (self._market.market(name) for name in watched)
        return [market for market in found if market is not None and is_there(market)]

    def _funding_row(self, market: Market, markets: Sequence[Market]) -> FundingRow:
        rules, mark = market.rules, market.mark
        interval_ms = None if rules is None else rules.funding_interval_ms
        interval_ns = (interval_ms or 0) * _MS_NS
        rate = market.funding_rate
        scaled = None if rate is None else funding(rate, interval_ns)
        basis = self._basis(market, markets)
        annual = None if basis is None else annualized_basis(basis, interval_ns)
        return FundingRow(
            instrument=market.instrument_id,
            price_decimals=market.price_decimals.count,
            mark_price=market.mark_price,
            index_price=market.index_price,
            basis_bps=basis,
            basis_annual_pct=None if annual is None else annual * _PCT,
            rate_pct=None if rate is None else rate * _PCT,
            interval_hours=interval_ns / HOUR_NS if interval_ns else None,
            hourly_pct=None if scaled is None else scaled.hourly * _PCT,
            annual_pct=None if scaled is None else scaled.annual * _PCT,
            next_funding_ts=None if mark is None else mark.next_funding_ts,
            history=tuple(self._studies.basis.get(market.instrument_id, ())),
        )

    def _basis(self, market: Market, markets: Sequence[Market]) -> float | None:
        """Return mark against index, or against the spot mid of the same venue."""
        if market.mark_price is None:
            return None
        if market.index_price is not None:
            return basis_bps(market.mark_price, market.index_price)
        base = named(market).base
        for other in markets:
            what, quotes = named(other), quotes_of(other)
            is_spot = what.kind is InstrumentKind.SPOT and what.base == base
            if is_spot and quotes is not None and _venue(other) == _venue(market):
                return basis_bps(2 * market.mark_price, sum(quotes))
        return None

    def pairs(self, watched: Iterable[InstrumentId]) -> PairsView:
        """Set every two watched markets of one base beside one another.

        The same kind on two venues, or spot and perpetual anywhere.
        """
        markets = [m for m in self._known(watched) if named(m).kind in _COMPARED]
        alike = [pair for pair in combinations(markets, 2) if _is_pair(*pair)]
        return PairsView(rows=tuple([self._pair_row(*pair) for pair in alike[:PAIRS_SHOWN]]))

    def _pair_row(self, first: Market, second: Market) -> PairRow:
        history = spread_history(first.mids, second.mids)
        stats = spread_stats(history)
        names = (first.instrument_id, second.instrument_id)
        found = self._studies.pair_numbers(*names)
        one, two = quotes_of(first), quotes_of(second)
        return PairRow(
            first=names[0],
            second=names[1],
            spread_bps=None if one is None or two is None else spread_bps(sum(one), sum(two)),
            low_bps=None if stats is None else stats.lowest,
            high_bps=None if stats is None else stats.highest,
            mean_bps=None if stats is None else stats.mean,
            executable_bps=None if one is None or two is None else executable_bps(one, two),
            history=history,
            correlation=None if found is None else found.correlation,
            lead_s=None if found is None else found.lead_s,
            lead_correlation=None if found is None else found.lead_correlation,
        )


def _venue(market: Market) -> str:
    return venue_of(market.instrument_id)


def _is_pair(first: Market, second: Market) -> bool:
    is_one_venue = _venue(first) == _venue(second)
    return is_pair(named(first), named(second), is_one_venue=is_one_venue)


def quotes_of(market: Market) -> Quotes | None:
    """Return the touch of a valid book, None where a side is empty."""
    splice = market.splice
    if splice.state is not BookState.VALID:
        return None
    bid, ask = splice.book.best_bid, splice.book.best_ask
    return None if bid is None or ask is None else (bid, ask)


def executable_bps(one: Quotes, two: Quotes) -> float | None:
    """Return the best bid of the dearer book over the best ask of the cheaper, before fees."""
    dear, cheap = (one, two) if sum(one) >= sum(two) else (two, one)
    return (dear[0] - cheap[1]) / cheap[1] * BPS if cheap[1] else None


def spread_history(
    first: Iterable[tuple[int, int]], second: Iterable[tuple[int, int]]
) -> tuple[float, ...]:
    """Return the spread of the mids, bps, at each second either was sampled, oldest first.

    A book that was not sampled in a second had not moved: its last mid stands.

    Args:
        first: (second, mid), oldest first.
        second: The same of the other market.
    """
    one, two = dict(first), dict(second)
    held_one = held_two = None
    found = []
    for at in sorted(one.keys() | two.keys()):
        held_one, held_two = one.get(at, held_one), two.get(at, held_two)
        spread = None if held_one is None or held_two is None else spread_bps(held_one, held_two)
        if spread is not None:
            found.append(spread)
    return tuple(found)
