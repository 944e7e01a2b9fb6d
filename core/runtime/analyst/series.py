"""Candles as the analyst needs them: closed ones apart from the open one, live at any interval.

Venues stream minutes only; what was loaded of a longer interval is carried on by the minutes.
"""

from typing import Final, NamedTuple

from core.analysis.anchored import DAY_NS, typical_price
from core.analysis.rollup import carried_on
from core.domain.ids import InstrumentId
from core.domain.jobs import VwapSeed
from core.domain.views import CandleRow
from core.market.candles import interval_ns
from core.market.room import MarketRoom

MINUTE: Final = "1m"
SEED_INTERVAL: Final = "15m"
"""Where the day before a shorter series begins is read from."""
MINUTE_NS: Final = interval_ns(MINUTE)
MOST_MINUTES: Final = 2_000


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
    rows = market.candles(instrument, interval, count).candles
    step = interval_ns(interval)
    if not rows or not is_carried(interval) or not market.candles_held(instrument, interval):
        return rows
    tail = minutes_since(market, instrument, rows[-1].start_ts)
    return carried_on(rows, tail, step)[-count:] if tail else rows


def is_carried(interval: str) -> bool:
    """Whether minutes carry an interval on: longer ones that divide a day."""
    step = interval_ns(interval)
    return step > MINUTE_NS and not DAY_NS % step


def minutes_since(
    market: MarketRoom, instrument: InstrumentId, start: int
) -> tuple[CandleRow, ...]:
    """Return the minutes from an instant on, as far as they are held."""
    newest = market.candles(instrument, MINUTE, 1).candles
    if not newest or newest[-1].start_ts < start:
        return ()
    reach = (newest[-1].start_ts - start) // MINUTE_NS + 1
    return market.candles(instrument, MINUTE, min(MOST_MINUTES, reach)).candles


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
    behind = live_rows(market, instrument, SEED_INTERVAL, MOST_MINUTES)
    rows = [row for row in behind if day <= row.start_ts < goes_on]
    if len(rows) != wanted:
        return None
    money = volume = 0.0
    for row in rows:
        price = typical_price(row)
        if price is not None:
            money, volume = money + price * row.volume, volume + row.volume
    return VwapSeed(goes_on, money, volume)
