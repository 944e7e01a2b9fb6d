"""Lengths of indicators; light, so that the live candle needs no array library."""

import msgspec


class Periods(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Lengths in candles, as the field uses them."""

    ema: int = 20
    rsi: int = 14
    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    bollinger: int = 20
    bollinger_deviations: float = 2.0
    atr: int = 14
    adx: int = 14


DEFAULT_PERIODS = Periods()
