"""A market's past: one-minute bars of the latent value, made by the day when somebody asks.

Every bar opens at the close before it, and the last closes at the first live price. The bar of the
start's own minute is partial: live trades complete it.
"""

from typing import Final

import numpy as np

from core.exchange.embedded.candles import Rows
from core.exchange.embedded.keys import derived_number
from core.exchange.embedded.market import Market, Trade
from core.exchange.embedded.spec import MarketSpec
from core.exchange.embedded.units import MINUTE_NS, NS_PER_SEC
from core.exchange.embedded.value import Floats, PastProcess, asset_column

_DAY_MINUTES: Final = 1_440
_DAYS: Final = 90
_KEPT_DAYS: Final = 4
_COLUMNS: Final = 8
_WICK: Final = 0.00022
_MINUTE_NOTIONAL: Final = 90_000.0
_TRADE_NOTIONAL: Final = 2_600.0
_TAPE_LENGTH: Final = 120
_TAPE_GAP_SECS: Final = 1.1


class MarketHistory:
    """The past of one market on one venue."""

    def __init__(
        self, spec: MarketSpec, past: PastProcess, *, seed: int, partial: float, activity: float
    ) -> None:
        self.last_minute = past.last_minute
        self.first_minute = past.last_minute - _DAYS * _DAY_MINUTES + 1
        self._spec = spec
        self._past = past
        self._seed = derived_number(seed, "history", spec.symbol)
        self._partial = partial
        self._activity = activity
        self._days: dict[int, Rows] = {}

    @property
    def last_price(self) -> int:
        """Return the last close in ticks: the first price of the live market."""
        return int(self._prices(self._past.block(0)[:1])[0])

    def rows(self, first: int, last: int) -> Rows:
        """Return the bars of the minutes first to last, inclusive, oldest first."""
        newest, oldest = self.last_minute - last, self.last_minute - first
        if oldest < newest:
            return np.empty((0, _COLUMNS), dtype=np.int64)
        days = range(oldest // _DAY_MINUTES, newest // _DAY_MINUTES - 1, -1)
        joined = np.concatenate([self._day(number) for number in days])
        low = np.searchsorted(joined[:, 0], first)
        high = np.searchsorted(joined[:, 0], last, side="right")
        return joined[low:high]

    def draws(self) -> np.random.Generator:
        """Return a generator of this market's own, for what the past needs beyond bars."""
        return np.random.Generator(np.random.Philox(key=[self._seed, 1]))

    def _day(self, number: int) -> Rows:
        found = self._days.get(number)
        if found is None:
            found = self._made_day(number)
            if number < _KEPT_DAYS:
                self._days[number] = found
        return found

    def _made_day(self, number: int) -> Rows:
        """Return one day of bars, oldest first."""
        prices = self._prices(self._past.block(number))
        closes, opens = prices[:-1], prices[1:]
        rng = np.random.Generator(np.random.Philox(key=self._seed, counter=[0, 0, 0, number]))
        wicks = np.abs(rng.normal(0, _WICK, (2, _DAY_MINUTES))) * closes
        high = np.maximum(opens, closes) + wicks[0].astype(np.int64)
        low = np.maximum(1, np.minimum(opens, closes) - wicks[1].astype(np.int64))
        volume, trades = self._flow(rng, closes, np.abs(closes - opens) / opens)
        if number == 0:
            volume[0] = max(1, int(volume[0] * self._partial))
            trades[0] = max(1, int(trades[0] * self._partial))
        quote = volume * ((opens + high + low + closes) // 4)
        minutes = self.last_minute - number * _DAY_MINUTES - np.arange(_DAY_MINUTES)
        rows = np.column_stack([minutes, opens, high, low, closes, volume, quote, trades])
        return rows[::-1]

    def _flow(self, rng: np.random.Generator, closes: Rows, moves: Floats) -> tuple[Rows, Rows]:
        """Return volume in steps and number of trades of every bar: more where it moved more."""
        unit = 10.0 ** (self._spec.price_decimals + self._spec.quantity_decimals)
        worth = 1.0 if self._spec.quote == "USDC" else 1 / 86_000
        notional = _MINUTE_NOTIONAL * self._activity * worth
        heat = np.exp(rng.normal(-0.2, 0.6, _DAY_MINUTES)) * (0.5 + moves / 0.0006)
        volume = np.maximum(1, notional * heat * unit / closes).astype(np.int64)
        trades = np.maximum(1, notional * heat / (_TRADE_NOTIONAL * worth)).astype(np.int64)
        return volume, trades

    def _prices(self, logs: Floats) -> Rows:
        column = logs[:, asset_column(self._spec.base)]
        if self._spec.quote != "USDC":
            column = column - logs[:, asset_column(self._spec.quote)]
        ticks: Rows = np.rint(np.exp(column) * 10**self._spec.price_decimals).astype(np.int64)
        return ticks


def recent_trades(
    spec: MarketSpec, history: MarketHistory, market: Market, now_ns: int
) -> list[Trade]:
    """Return the prints just before the start, oldest first, within the bars of their minutes.

    The bars already count them: they belong on the tape only.
    """
    rng = history.draws()
    gaps = rng.exponential(_TAPE_GAP_SECS * NS_PER_SEC, _TAPE_LENGTH).astype(np.int64) + 1
    times = (now_ns - np.cumsum(gaps))[::-1]
    bars = {
        int(row[0]): row for row in history.rows(int(times[0] // MINUTE_NS), now_ns // MINUTE_NS)
    }
    sizes = np.maximum(1, rng.lognormal(0, 0.8, _TAPE_LENGTH) * _steps_of_trade(spec, market.last))
    places, sides = rng.random(_TAPE_LENGTH), rng.random(_TAPE_LENGTH) < 0.5  # noqa: PLR2004
    trades = []
    for at, place, size, is_sell in zip(times, places, sizes, sides, strict=True):
        _, _, high, low, *_ = bars[int(at // MINUTE_NS)]
        price = int(low + (high - low) * place)
        number = market.next_trade_id()
        trades.append(Trade(number, price, int(size), number, number, bool(is_sell), int(at)))
    return trades


def _steps_of_trade(spec: MarketSpec, price: int) -> float:
    worth = 1.0 if spec.quote == "USDC" else 1 / 86_000
    return float(_TRADE_NOTIONAL * 0.4 * worth * 10.0**spec.cost_decimals / price)
