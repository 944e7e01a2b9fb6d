"""Candles from prints, and larger candles from smaller ones; exact.

A bucket without trades gives no candle here: missing is missing, not flat and not zero.
"""

from collections.abc import Iterable, Sequence

import msgspec

from core.analysis.flow import vwap_of
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.views import CandleRow, TapeRow


class ExactCandle(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One bucket with trades: prices and volumes in units of 10^-10, money in 10^-20.

    Attributes:
        buy_volume: Size whose aggressor bought; None where nobody said who did.
        money: Price times size; None where nobody said.
    """

    start_ts: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    buy_volume: int | None = None
    money: int | None = None
    trades: int | None = None

    @property
    def delta(self) -> int | None:
        """Aggressor buys minus sells, units of 10^-10."""
        return None if self.buy_volume is None else 2 * self.buy_volume - self.volume

    @property
    def vwap(self) -> float | None:
        """Average price, quote units."""
        return None if self.money is None else vwap_of(self.money, self.volume)

    def as_row(self) -> CandleRow:
        """Turn into floats, for pictures and indicators."""
        prices = (self.open, self.high, self.low, self.close)
        o, h, low, c = (price / UNIT for price in prices)
        return CandleRow(self.start_ts, o, h, low, c, self.volume / UNIT)


def candles_from_prints(prints: Iterable[TapeRow], interval_ns: int) -> list[ExactCandle]:
    """Build candles from prints in time order; buckets begin at multiples of the interval."""
    buckets: dict[int, list[TapeRow]] = {}
    for row in prints:
        buckets.setdefault(row.ts_event // interval_ns * interval_ns, []).append(row)
    return [_candle(start, rows) for start, rows in buckets.items()]


def _candle(start: int, rows: Sequence[TapeRow]) -> ExactCandle:
    prices = [row.price for row in rows]
    return ExactCandle(
        start_ts=start,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum(row.size for row in rows),
        buy_volume=sum(row.size for row in rows if row.side is Side.BUY),
        money=sum(row.price * row.size for row in rows),
        trades=len(rows),
    )


def larger_candles(
    candles: Iterable[ExactCandle], interval_ns: int, origin: int = 0
) -> list[ExactCandle]:
    """Join candles in time order into larger ones; buckets begin at `origin` plus multiples."""
    buckets: dict[int, list[ExactCandle]] = {}
    for candle in candles:
        start = candle.start_ts - (candle.start_ts - origin) % interval_ns
        buckets.setdefault(start, []).append(candle)
    return [_joined(start, parts) for start, parts in buckets.items()]


def _joined(start: int, parts: Sequence[ExactCandle]) -> ExactCandle:
    return ExactCandle(
        start_ts=start,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum(part.volume for part in parts),
        buy_volume=_sum_if_known([part.buy_volume for part in parts]),
        money=_sum_if_known([part.money for part in parts]),
        trades=_sum_if_known([part.trades for part in parts]),
    )


def _sum_if_known(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


# ---- candles of pictures, where a bucket without trades is an empty candle ----------------------


def carried_on(
    longer: Sequence[CandleRow], shorter: Sequence[CandleRow], interval_ns: int
) -> tuple[CandleRow, ...]:
    """Go on from candles of one interval with those of a shorter one, both oldest first.

    The last longer candle was still open when it was read: it is built anew where the shorter ones
    reach back to its begin, else they are added to it.
    """
    if not longer:
        return tuple(_rolled({}, shorter, interval_ns).values())
    last = longer[-1]
    since = [row for row in shorter if row.start_ts >= last.start_ts]
    is_whole = bool(since) and since[0].start_ts == last.start_ts
    found = {} if is_whole else {last.start_ts: last}
    return (*longer[:-1], *_rolled(found, since, interval_ns).values())


def _rolled(
    found: dict[int, CandleRow], shorter: Iterable[CandleRow], interval_ns: int
) -> dict[int, CandleRow]:
    for row in shorter:
        start = row.start_ts - row.start_ts % interval_ns
        found[start] = _added(found.get(start), row, start)
    return found


def _added(held: CandleRow | None, row: CandleRow, start: int) -> CandleRow:
    """Return a candle with a shorter one added to its end."""
    if held is None or held.high is None or held.low is None:
        return CandleRow(start, row.open, row.high, row.low, row.close, row.volume)
    if row.high is None or row.low is None:
        return held
    high, low = max(held.high, row.high), min(held.low, row.low)
    return CandleRow(start, held.open, high, low, row.close, held.volume + row.volume)
