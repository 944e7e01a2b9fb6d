"""The ladder with what happened at its rows: prints, withdrawn and added size, our queues."""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from core.domain.ids import InstrumentId
from core.domain.study_views import LadderNote
from core.domain.views import LadderLevel, LadderView, OwnOrder
from core.market.room import MarketRoom
from core.runtime.study.market_study import RESET_NS, MarketStudy
from core.runtime.study.studies import Studies, exact_units
from core.trading.room import TradingRoom

LARGE_TIMES: Final = 4
"""A row is a large lot from so many times the median row on view."""
_ENOUGH_ROWS: Final = 5
_STEADY: Final = (2, 3)
"""A threshold stays until the norm of the moment leaves 2/3 to 3/2 of it."""
_THRESHOLDS_KEPT: Final = 32
_SIGNIFICANT: Final = 100


class LadderViews:
    """Builds ladders. Remembers the large-lot threshold of each, so that marks do not flicker."""

    def __init__(self, market: MarketRoom, trading: TradingRoom, studies: Studies) -> None:
        self._market = market
        self._trading = trading
        self._studies = studies
        self._thresholds: dict[tuple[InstrumentId, int, int], int] = {}

    def own_orders(self, instrument: InstrumentId) -> tuple[OwnOrder, ...]:
        """Return our working orders of a market, with the queue before each where it is known."""
        study = self._studies.by_id.get(instrument)
        return tuple(
            OwnOrder(
                exact_units(record.terms.limit_price),
                record.terms.side,
                exact_units(record.leaves),
                None if study is None else study.places.ahead(record.client_order_id),
                record.client_order_id,
            )
            for record in self._trading.orders.live()
            if record.terms.instrument == instrument
        )

    def view(
        self,
        instrument: InstrumentId,
        rows: int,
        group: int,
        own_orders: tuple[OwnOrder, ...],
        at: int,
    ) -> LadderView:
        """Build a ladder; notes need a study of the market."""
        plain = self._market.ladder(instrument, rows, group, own_orders, at)
        study = self._studies.by_id.get(instrument)
        return msgspec.structs.replace(
            plain,
            microprice=self._microprice(plain),
            large_size=self._large_size((instrument, rows, group), plain),
            notes=() if study is None else ladder_notes(study, plain, at),
        )

    def _microprice(self, view: LadderView) -> int | None:
        market = self._market.market(view.instrument)
        bid, ask = view.best_bid, view.best_ask
        if market is None or bid is None or ask is None:
            return None
        book = market.splice.book
        bid_size, ask_size = book.bids.size_at(bid), book.asks.size_at(ask)
        total = bid_size + ask_size
        return (bid * ask_size + ask * bid_size) // total if total else None

    def _large_size(self, key: tuple[InstrumentId, int, int], view: LadderView) -> int | None:
        norm = median_size((*view.bids, *view.asks))
        held = self._thresholds.pop(key, None)
        if norm is None:
            return None
        now = LARGE_TIMES * norm
        small, large = _STEADY
        if held is None or held * small > now * large or held * large < now * small:
            held = rounded(now)
        self._thresholds[key] = held
        while len(self._thresholds) > _THRESHOLDS_KEPT:
            del self._thresholds[next(iter(self._thresholds))]
        return held


def median_size(levels: Iterable[LadderLevel]) -> int | None:
    """Return the lower median size of rows; None where they are too few to be a norm."""
    sizes = sorted([level.size for level in levels])
    return sizes[(len(sizes) - 1) // 2] if len(sizes) >= _ENOUGH_ROWS else None


def rounded(size: int) -> int:
    """Round a size above 0 up to two significant digits, as a person would name it."""
    scale = 1
    while size // scale >= _SIGNIFICANT:
        scale *= 10
    return -(-size // scale) * scale


def ladder_notes(study: MarketStudy, view: LadderView, at: int) -> tuple[LadderNote, ...]:
    """Return the rows of a ladder's grid that hold prints or fresh changes of the book.

    Bids are grouped down and asks up as the ladder's own rows are. Rows beyond the farthest level
    on view, on either side, are left out.
    """
    prices = [level.price for level in (*view.bids, *view.asks)]
    if not prices:
        return ()
    step, low, high = view.row_step, min(prices), max(prices)
    stacked, pulled = _changed_rows(study, step, (low, high), at)
    by_row = study.traded.rows(step)
    traded = by_row.get
    grid_rows: Collection[int] = range(low, high + 1, step)
    if len(grid_rows) > len(by_row) + len(
        stacked
    ):  # a book with far outliers: look at what happened
        grid_rows = {abs(key) for key in by_row if low <= abs(key) <= high} | stacked.keys()
    return tuple(
        [
            LadderNote(row, sold, bought, stacked.get(row, 0), pulled.get(row, 0))
            for row in grid_rows
            if (sold := traded(row, 0)) | (bought := traded(-row, 0)) or row in stacked
        ]
    )


def _changed_rows(
    study: MarketStudy, step: int, between: tuple[int, int], at: int
) -> tuple[dict[int, int], dict[int, int]]:
    """Sum what was stacked and pulled by row price; both maps have the same rows."""
    low, high = between
    oldest = at - RESET_NS
    stacked: dict[int, int] = {}
    pulled: dict[int, int] = {}
    # Which keys fall into the rows on view; this loop is most of what notes cost.
    over_bids, under_asks = high + step, step - low
    for key, change in study.changes.by_key.items():
        if not (low <= key < over_bids or -high <= key < under_asks) or change.at <= oldest:
            continue
        if change.stacked | change.pulled:
            row = abs(key // step * step)
            stacked[row] = stacked.get(row, 0) + change.stacked
            pulled[row] = pulled.get(row, 0) + change.pulled
    return stacked, pulled
