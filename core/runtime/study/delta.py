"""The delta series: what each second's aggressors bought and sold, and the sum since the anchor."""

from collections import deque
from typing import Final

from core.analysis.impact import PriceImpact, price_impact
from core.analysis.units import SECOND_NS
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import SeriesPoint
from core.domain.views import TapeRow

SECONDS_KEPT: Final = 600
IMPACT_BUCKET_NS: Final = 10 * SECOND_NS
IMPACT_BUCKETS: Final = 360
"""An hour that traded."""


class DeltaSeries:
    """Seconds with prints, oldest first, and the buckets Kyle's lambda is measured over."""

    __slots__ = ("_buckets", "_closed", "_delta", "_impact", "_price", "_second", "_volume", "cvd")

    def __init__(self) -> None:
        self.cvd = 0
        """Since the first print, units of 10^-10."""
        self._closed: deque[SeriesPoint] = deque(maxlen=SECONDS_KEPT - 1)
        self._second: int | None = None
        self._delta = self._volume = self._price = 0
        self._buckets: deque[tuple[int, int, int]] = deque(maxlen=IMPACT_BUCKETS + 1)
        self._impact: tuple[int, PriceImpact | None] = (-1, None)

    def add(self, row: TapeRow, instant: int) -> None:
        """Take a print that counts with this instant."""
        second = instant // SECOND_NS
        if second != self._second:
            self._close()
            self._second, self._delta, self._volume = second, 0, 0
        signed = row.size if row.side is Side.BUY else -row.size
        self.cvd += signed
        self._delta += signed
        self._volume += row.size
        self._price = row.price
        self._bucket(instant // IMPACT_BUCKET_NS, row.price, signed)

    def _close(self) -> None:
        if self._second is not None:
            self._closed.append(self._point())

    def _point(self) -> SeriesPoint:
        assert self._second is not None, "a point needs a print"
        return SeriesPoint(
            self._second,
            self._delta / UNIT,
            self.cvd / UNIT,
            self._price / UNIT,
            self._volume / UNIT,
        )

    def _bucket(self, number: int, price: int, signed: int) -> None:
        buckets = self._buckets
        if buckets and buckets[-1][0] == number:
            buckets[-1] = (number, price, buckets[-1][2] + signed)
        else:
            buckets.append((number, price, signed))

    def points(self) -> tuple[SeriesPoint, ...]:
        """Return the newest seconds that traded."""
        return (*self._closed, self._point()) if self._second is not None else ()

    def impact(self) -> PriceImpact | None:
        """Return Kyle's lambda over closed buckets; measured anew when one closes."""
        if not self._buckets:
            return None
        newest = self._buckets[-1][0]
        if self._impact[0] != newest:
            self._impact = (newest, self._measured())
        return self._impact[1]

    def _measured(self) -> PriceImpact | None:
        """Measure over one print a bucket: its last price, and its signed volume."""
        closed = list(self._buckets)[:-1]
        prints = [
            TapeRow(
                number,
                number * IMPACT_BUCKET_NS,
                price,
                abs(signed),
                Side.BUY if signed > 0 else Side.SELL,
            )
            for number, price, signed in closed
        ]
        return price_impact(prints, IMPACT_BUCKET_NS)
