"""Recorded books: depth numbers are the naive fractions, and none of them is NaN."""

from fractions import Fraction
from itertools import pairwise

from core.analysis.curve import depth_profile, liquidity_score
from core.analysis.depth import touch_metrics
from core.analysis.impact import price_impact
from core.analysis.ofi import OrderFlow
from core.domain.fixed import UNIT
from tests.core.analysis.books import eaten, mid_of
from tests.core.analysis.recordings import MS, needs_recordings, prints, quotes, snapshots

pytestmark = needs_recordings
NOTIONALS = [thousand * 1_000 * UNIT for thousand in (1, 10, 50, 100, 500)]
SPOT = "binance-spot_btcusdt_2024-08-08"


def test_slippages_of_recorded_books_are_exact() -> None:
    """285 books of five coins, deep and thin; some do not hold the larger notionals."""
    books = snapshots()
    unfilled = 0

    for bids, asks in books:
        found = touch_metrics(bids, asks, notionals=NOTIONALS)
        mid = mid_of(bids, asks)
        assert mid is not None
        for notional, slippage in zip(NOTIONALS, found.buy_slippage_bps, strict=True):
            paid, base, _ = eaten(asks, notional)
            if paid < Fraction(notional, UNIT):
                unfilled += 1
                assert slippage is None
            else:
                assert slippage == float((paid / base / mid - 1) * 10_000)

    assert len(books) == 285
    assert 0 < unfilled < len(books) * len(NOTIONALS)


def test_recorded_books_have_widening_bands_and_scores_in_range() -> None:
    """Wider bands hold no less, and every score lies between 0 and 100."""
    for bids, asks in snapshots():
        bands = depth_profile(bids, asks).bands
        assert [band.bid_money for band in bands] == sorted(band.bid_money for band in bands)
        assert [band.ask_size for band in bands] == sorted(band.ask_size for band in bands)
        score = liquidity_score(bids, asks, 1_000 * UNIT)
        assert score is None or 0 < score <= 100


def test_order_flow_of_recorded_quotes_is_the_naive_sum() -> None:
    """Over 28,040 quotes, each of size 1: only moves of the touch count, one unit a step."""
    flow = OrderFlow(10**18)
    naive = 0

    for (_, bid, ask), (_, next_bid, next_ask) in pairwise(quotes(SPOT)):
        naive += (next_bid > bid) - (next_bid < bid) + (next_ask > ask) - (next_ask < ask)
    for at, bid, ask in quotes(SPOT):
        flow.see((bid, UNIT), (ask, UNIT), at)

    assert flow.total == naive * UNIT != 0
    flow.forget(10**19)
    assert flow.total == 0


def test_recorded_buying_moves_the_price_up() -> None:
    """Kyle's lambda of five minutes of trades is above 0: flow moves price its own way."""
    found = price_impact(prints(SPOT), 1_000 * MS)

    assert found is not None
    assert found.kyle_lambda > 0
    assert 0 < found.r_squared < 1
    assert found.buckets > 300
