"""Candles with our own fills and working orders on them."""

import msgspec

from core.domain.ids import InstrumentId
from core.domain.views import CandlesView, FillMark, OwnOrder
from core.market.room import MarketRoom
from core.runtime.study.studies import Studies


class ChartViews:
    """Builds candles views."""

    def __init__(self, market: MarketRoom, studies: Studies) -> None:
        self._market = market
        self._studies = studies

    def view(
        self,
        instrument: InstrumentId,
        interval: str,
        count: int,
        own_orders: tuple[OwnOrder, ...],
    ) -> CandlesView:
        """Build the newest candles of an interval.

        Raises:
            ValueError: where the text is no interval.
        """
        plain = self._market.candles(instrument, interval, count)
        return msgspec.structs.replace(plain, fills=self._fills(plain), orders=own_orders)

    def _fills(self, view: CandlesView) -> tuple[FillMark, ...]:
        """Return our fills within the candles shown, oldest first."""
        if not view.candles:
            return ()
        start = view.candles[0].start_ts
        end = view.candles[-1].start_ts + view.interval_ns
        fills = self._studies.fills.get(view.instrument, ())
        inside = [fill for fill in fills if start <= fill.ts_event < end]
        return tuple(sorted(inside, key=lambda fill: fill.ts_event))
