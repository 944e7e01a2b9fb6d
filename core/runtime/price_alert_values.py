"""The numbers that price alerts watch, read from the market room. Decides nothing."""

from collections.abc import Callable
from typing import Final

import msgspec

from core.analysis.averages import LiveEma, LiveRsi
from core.domain.fixed import UNIT, unscaled
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.price_alert import (
    EMA_FAST,
    EMA_SLOW,
    IMBALANCE_LEVELS,
    MINUTE_S,
    PRICE_KINDS,
    RSI_PERIOD,
    AlertKind,
    PriceAlert,
)
from core.domain.views import BookState, CandleRow
from core.market.room import MarketRoom
from core.market.touch import Touch
from core.market.views import STALE_NS
from core.runtime.price_alert_hold import SECOND, Value

_MINUTE: Final = MINUTE_S * SECOND
_SEED_CANDLES: Final = 500
"""An average of 21 closes has forgotten where it began long before."""
_QUIET_MINUTES: Final = 60
"""So many minutes without a print before a window still leave a close to compare with."""
_FORMATS: Final[dict[AlertKind, str]] = {
    AlertKind.MOVE: "{:+.2f}%",
    AlertKind.VOLUME: "{:,.2f}",
    AlertKind.SPREAD: "{:.2f} bps",
    AlertKind.FUNDING: "{:.4f}%",
    AlertKind.IMBALANCE: "{:+.2f}",
    AlertKind.EMA: "{:+.6g}",
    AlertKind.RSI: "{:.1f}",
}


class _Window(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What no longer changes of a window's minutes."""

    begin: int
    """Start of its oldest minute."""
    settled: float | None
    """Volume of its minutes but the newest two; None where the history begins later."""
    before: float | None
    """Last close before it."""


def _window_of(rows: tuple[CandleRow, ...], begin: int, unsettled: int) -> _Window:
    closes = (row.close for row in reversed(rows) if row.start_ts < begin and row.close)
    is_known = bool(rows) and rows[0].start_ts <= begin
    settled = sum(row.volume for row in rows if begin <= row.start_ts < unsettled)
    return _Window(begin=begin, settled=settled if is_known else None, before=next(closes, None))


class _Averages:
    """Indicators of one series, committed through its last closed candle."""

    def __init__(self, closed: tuple[CandleRow, ...]) -> None:
        self._fast, self._slow = LiveEma(EMA_FAST), LiveEma(EMA_SLOW)
        self._rsi = LiveRsi(RSI_PERIOD)
        self.tail = closed[-1:]
        for row in closed:
            if row.close is not None:
                self._fast.commit(row.close)
                self._slow.commit(row.close)
                self._rsi.commit(row.close)

    def difference(self, close: float) -> float | None:
        """Return the fast average less the slow one, were the live candle to close now."""
        fast, slow = self._fast.value(close), self._slow.value(close)
        return None if fast is None or slow is None else fast - slow

    def rsi(self, close: float) -> float | None:
        """Return the relative strength index, were the live candle to close now."""
        return self._rsi.value(close)


class AlertValues:
    """Reads one number of one market."""

    def __init__(self, market: MarketRoom) -> None:
        self._market = market
        self._averages: dict[tuple[InstrumentId, str], _Averages] = {}
        self._windows: dict[tuple[InstrumentId, int], _Window] = {}
        self._table: dict[AlertKind, Callable[[PriceAlert, Touch, int], Value | None]] = {
            AlertKind.PRICE: lambda _alert, touch, _at: touch.last_price,
            AlertKind.MID: lambda _alert, touch, _at: touch.mid,
            AlertKind.MARK: lambda _alert, touch, _at: touch.mark,
            AlertKind.MOVE: self._move,
            AlertKind.VOLUME: self._volume,
            AlertKind.SPREAD: lambda _alert, touch, _at: _spread_bps(touch),
            AlertKind.FUNDING: self._funding,
            AlertKind.IMBALANCE: self._imbalance,
            AlertKind.EMA: self._ema,
            AlertKind.RSI: self._relative_strength,
        }

    def read(self, alert: PriceAlert, touch: Touch, at: int) -> Value | None:
        """Return the alert's number, None where it is not known."""
        return self._table[alert.kind](alert, touch, at)

    def forget_candles(self, instrument: InstrumentId) -> None:
        """Read the history of a market anew: its candles changed."""
        for key in [key for key in self._averages if key[0] == instrument]:
            del self._averages[key]
        for window in [window for window in self._windows if window[0] == instrument]:
            del self._windows[window]

    def _move(self, alert: PriceAlert, touch: Touch, at: int) -> float | None:
        window, newest = self._window(alert, at), self._newest(alert)
        if touch.last_price is None or window is None or not newest:
            return None
        late = (row.close for row in reversed(newest) if row.start_ts < window.begin and row.close)
        before = next(late, window.before)
        return None if before is None else (touch.last_price / UNIT / before - 1) * 100

    def _volume(self, alert: PriceAlert, _touch: Touch, at: int) -> float | None:
        window = self._window(alert, at)
        if window is None or window.settled is None:
            return None
        since = max(window.begin, at - at % _MINUTE - _MINUTE)
        return window.settled + sum(r.volume for r in self._newest(alert) if r.start_ts >= since)

    def _newest(self, alert: PriceAlert) -> tuple[CandleRow, ...]:
        """Return the running minute and the one before, which may still change."""
        return self._market.candles(alert.instrument, "1m", 2).candles

    def _window(self, alert: PriceAlert, at: int) -> _Window | None:
        """Read the minutes of a window once a minute; None while they are being fetched."""
        key = (alert.instrument, alert.window_s)
        begin = _window_begin(alert, at)
        held = self._windows.get(key)
        if held is not None and held.begin == begin:
            return held
        count = alert.window_s // MINUTE_S + _QUIET_MINUTES
        view = self._market.candles(alert.instrument, "1m", count)
        if view.is_loading:
            return None
        self._windows[key] = _window_of(view.candles, begin, at - at % _MINUTE - _MINUTE)
        return self._windows[key]

    def _funding(self, alert: PriceAlert, _touch: Touch, at: int) -> float | None:
        return self._market.watch_row(alert.instrument, at).funding_pct

    def _imbalance(self, alert: PriceAlert, _touch: Touch, _at: int) -> float | None:
        bid, ask = (
            sum(size for _, size in self._market.depth_levels(alert.instrument, side, count))
            for side, count in ((Side.BUY, IMBALANCE_LEVELS), (Side.SELL, IMBALANCE_LEVELS))
        )
        return (bid - ask) / (bid + ask) if bid + ask else None

    def _ema(self, alert: PriceAlert, _touch: Touch, _at: int) -> float | None:
        found = self._live(alert)
        return None if found is None else found[0].difference(found[1])

    def _relative_strength(self, alert: PriceAlert, _touch: Touch, _at: int) -> float | None:
        found = self._live(alert)
        return None if found is None else found[0].rsi(found[1])

    def _live(self, alert: PriceAlert) -> tuple[_Averages, float] | None:
        """Return the averages of the closed candles, and the close of the live one."""
        name, interval = alert.instrument, alert.interval
        view = self._market.candles(name, interval, 2)
        if view.is_loading or not view.candles or view.candles[-1].close is None:
            return None
        held = self._averages.get((name, interval))
        if held is None or held.tail != view.candles[:-1]:
            rows = self._market.candles(name, interval, _SEED_CANDLES).candles
            held = self._averages[(name, interval)] = _Averages(rows[:-1])
        return held, view.candles[-1].close


def is_believable(touch: Touch | None, at: int) -> bool:
    """Whether a market's book is valid and proved to be current."""
    if touch is None or touch.book_state is not BookState.VALID or touch.proof_at is None:
        return False
    return at - touch.proof_at <= STALE_NS


def value_text(kind: AlertKind, value: Value) -> str:
    """Write a number with its unit."""
    if kind in PRICE_KINDS and isinstance(value, int):
        number = f"{unscaled(value):f}"
        return number.rstrip("0").rstrip(".") if "." in number else number
    return _FORMATS[kind].format(value)


def shown_value(value: Value | None) -> float | None:
    """Return a number for reading: prices in quote units."""
    return value / UNIT if isinstance(value, int) else value


def _window_begin(alert: PriceAlert, at: int) -> int:
    """Return the start of the oldest minute in the window; the running one is its newest."""
    minutes = alert.window_s // MINUTE_S
    return (at // _MINUTE - minutes + 1) * _MINUTE


def _spread_bps(touch: Touch) -> float | None:
    bid, ask = touch.best_bid, touch.best_ask
    return None if bid is None or ask is None else (ask - bid) * 20_000 / (ask + bid)
