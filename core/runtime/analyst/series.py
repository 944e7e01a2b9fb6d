"""Candles as the analyst needs them: closed ones apart from the open one, live at any interval.

Venues stream minutes only; what was loaded of a longer interval is carried on by the minutes.
"""

from typing import Final, NamedTuple

from core.analysis.anchored import DAY_NS, typical_price
from core.domain.ids import InstrumentId
from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow
from core.market.candles import interval_ns
from core.market.room import MarketRoom

MINUTE: Final = "1m"
SEED_INTERVAL: Final = "15m"
"""Where the day before a shorter series begins is read from."""
_MINUTE_NS: Final = interval_ns(MINUTE)
_MOST_MINUTES: Final = 2_000


class Candles(NamedTuple):
    """A series at one instant, oldest first."""

    closed: tuple[CandleRow, ...]
    open: CandleRow | None


def candles(
    market: MarketRoom, instrument: InstrumentId, interval: str, count: int, at: int
) -> Candles:
    """Return the newest candles; one is closed once its time is over."""
    rows = live_rows(market, instrument, interval, count)
    step = interval_ns(interval)
    if rows and rows[-1].start_ts + step > at:
        return Candles(rows[:-1], rows[-1])
    return Candles(rows, None)


def live_rows(
    market: MarketRoom, instrument: InstrumentId, interval: str, count: int
) -> tuple[CandleRow, ...]:
    """Return the newest candles, the last one live."""
    loaded = market.candles(instrument, interval, count).candles
    step = interval_ns(interval)
    if not loaded or step <= _MINUTE_NS or DAY_NS % step:
        return loaded
    newest = loaded[-1].start_ts
    minutes = market.candles(instrument, MINUTE, 2).candles
    if not minutes or minutes[-1].start_ts < newest:
        return loaded
    reach = min(_MOST_MINUTES, (minutes[-1].start_ts - newest) // _MINUTE_NS + 1)
    tail = market.candles(instrument, MINUTE, reach).candles
    carried = _carried(loaded[-1], [row for row in tail if row.start_ts >= newest], step)
    return (*loaded[:-1], *carried)[-count:]


def _carried(last: CandleRow, minutes: list[CandleRow], step: int) -> list[CandleRow]:
    """Go on from the last loaded candle with minutes; empty buckets stay as empty candles."""
    found: dict[int, CandleRow] = {last.start_ts: last}
    if minutes and minutes[0].start_ts == last.start_ts:
        found[last.start_ts] = CandleRow(last.start_ts, None, None, None, None, 0.0)
    for row in minutes:
        start = row.start_ts - row.start_ts % step
        held = found.get(start)
        found[start] = row_with(held, row, start)
    return list(found.values())


def row_with(held: CandleRow | None, row: CandleRow, start: int) -> CandleRow:
    """Return a candle with a shorter one added to its end."""
    if held is None or held.high is None or held.low is None:
        return CandleRow(start, row.open, row.high, row.low, row.close, row.volume)
    if row.high is None or row.low is None:
        return held
    return CandleRow(
        start,
        held.open,
        max(held.high, row.high),
        min(held.low, row.low),
        row.close,
        held.volume + row.volume,
    )


def vwap_seed(
    market: MarketRoom, instrument: InstrumentId, first_ts: int, interval: str
) -> VwapSeed | None:
    """Return what the day held before a series that begins in it; None if that is not known."""
    longer = interval_ns(SEED_INTERVAL)
    if first_ts % DAY_NS == 0 or longer % interval_ns(interval):
        return None
    goes_on = -(-first_ts // longer) * longer
    day = first_ts // DAY_NS * DAY_NS
    if goes_on // DAY_NS * DAY_NS != day:
        return None
    wanted = (goes_on - day) // longer
    behind = live_rows(market, instrument, SEED_INTERVAL, _MOST_MINUTES)
    rows = [row for row in behind if day <= row.start_ts < goes_on]
    if len(rows) != wanted:
        return None
    money = volume = 0.0
    for row in rows:
        price = typical_price(row)
        if price is not None:
            money, volume = money + price * row.volume, volume + row.volume
    return VwapSeed(goes_on, money, volume)
