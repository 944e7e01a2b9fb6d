"""What the numbers on the screen mean: formula, unit and source of each, by name.

A pane that is asked for its numbers (`?`) names entries of this table beside the values it shows.
"""

from typing import Final

import msgspec


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What one number is."""

    title: str
    unit: str
    formula: str
    source: str = ""
    """Who defined it, where it is not plain arithmetic."""


_CKS: Final = "Cont, Kukanov and Stoikov (2014)"
_HS: Final = "Huang and Stoll (1996)"

GLOSSARY: Final[dict[str, Meaning]] = {
    # ---- book
    "spread_bps": Meaning("Spread", "bps, ticks", "(best ask - best bid) / mid · 10,000"),
    "mid": Meaning("Mid", "quote", "(best bid + best ask) / 2"),
    "microprice": Meaning(
        "Microprice", "quote",
        "(bid · ask size + ask · bid size) / (bid size + ask size), sizes at the touch",
    ),
    "imbalance": Meaning(
        "Imbalance", "-1 to 1", "(bid size - ask size) / (bid size + ask size) over N levels"
    ),
    "cumulative": Meaning(
        "Cumulative", "base", "sizes of a side added up from the touch to the row, row included"
    ),
    "queue_ahead": Meaning(
        "Queue ahead", "base",
        "size at the price when the order was accepted, less prints there and less the share of "
        "withdrawals that must have stood before it; an estimate, never below 0",
    ),
    "traded_at_price": Meaning(
        "Traded at bid, at ask", "base",
        "prints at the row by aggressor: sold into the bid, bought from the ask, since the market "
        "is being studied",
    ),
    "stacked_pulled": Meaning(
        "Stacked and pulled", "base",
        "size added at the row, and size withdrawn from it that no print took, until it rests",
    ),
    "large_lot": Meaning("Large lot", "base", "a level of several times the usual size on view"),
    "depth_within": Meaning(
        "Depth within x bps", "quote", "sum of price · size of levels within x bps of the mid"
    ),
    "cost_to_trade": Meaning(
        "Cost to trade", "bps",
        "|VWAP of taking the notional from the book - mid| / mid · 10,000; none where the book "
        "does not hold it",
    ),
    "wall": Meaning(
        "Wall", "times the norm", "level size / median size of its neighbours; from 5 up, until 3"
    ),
    "order_flow_imbalance": Meaning(
        "Order-flow imbalance", "base",
        "sum over book changes of what the best bid gained less what the best ask gained", _CKS,
    ),
    "resilience": Meaning(
        "Resilience", "seconds, share",
        "time until half of the depth a trade took has come back; share back at the end",
        "Large (2007)",
    ),
    "liquidity_score": Meaning(
        "Liquidity score", "0 to 100",
        "100 / (1 + cost of buying and selling 10,000 quote units at once / 10 bps)",
        "after the Xetra Liquidity Measure",
    ),
    "heat": Meaning(
        "Heat", "base", "resting size in the cell's price rows at the end of the cell's time"
    ),
    # ---- prints
    "volume": Meaning("Volume", "base", "sum of print sizes in the window"),
    "delta": Meaning("Delta", "base", "bought by aggressors - sold by aggressors"),
    "cvd": Meaning("Cumulative volume delta", "base", "delta added up since the anchor"),
    "vwap": Meaning("VWAP", "quote", "sum of price · size / sum of size over the prints"),
    "twap": Meaning("TWAP", "quote", "prices weighted by the time each stood as the last one"),
    "trade_rate": Meaning("Trade rate", "prints a second", "prints in the window / its seconds"),
    "large_print": Meaning("Large print", "base", "from the 99 % quantile of print sizes up"),
    "sweep": Meaning(
        "Sweep", "", "prints of one side at one instant through two or more prices, joined"
    ),
    "kyle_lambda": Meaning(
        "Kyle's lambda", "quote a base unit",
        "slope of price changes on signed volume over equal buckets of time", "Kyle (1985)",
    ),
    "effective_spread": Meaning(
        "Effective spread", "bps", "2 · sign · (price - mid before) / mid before, by size", _HS
    ),
    "realized_spread": Meaning(
        "Realised spread", "bps", "2 · sign · (price - mid later) / mid before, by size", _HS
    ),
    "point_of_control": Meaning("Point of control", "quote", "the price row with most volume"),
    "value_area": Meaning(
        "Value area", "quote", "rows round the point of control that hold 70 % of the volume"
    ),
    "footprint": Meaning(
        "Footprint", "base",
        "sold and bought at each price of a candle; marked where one side is 3 times its diagonal",
    ),
    # ---- candles
    "candle": Meaning("Candle", "quote", "first, highest, lowest and last price of the bucket"),
    "change": Meaning("Change", "%", "(last close / first open - 1) · 100 over what is shown"),
    "ema": Meaning("EMA", "quote", "EMA + (close - EMA) · 2 / (n + 1)", "TA-Lib"),
    "vwap_day": Meaning(
        "Day VWAP", "quote", "sum of typical price · volume / volume since 00:00 UTC"
    ),
    "bollinger": Meaning(
        "Bollinger bands", "quote", "average of 20 closes ± 2 standard deviations", "TA-Lib"
    ),
    "rsi": Meaning("RSI", "0 to 100", "100 - 100 / (1 + average gain / average loss)", "Wilder"),
    "macd": Meaning("MACD", "quote", "EMA 12 - EMA 26; signal is its EMA 9", "TA-Lib"),
    "atr": Meaning("ATR", "quote", "Wilder's average of the true range, 14 candles", "Wilder"),
    "adx": Meaning("ADX", "0 to 100", "smoothed |+DI - -DI| / (+DI + -DI) · 100", "Wilder"),
    "support_resistance": Meaning(
        "Support and resistance", "quote", "prices where several swing highs or lows agree"
    ),
    "regime": Meaning(
        "Trend", "",
        "up or down where close, EMA 20 and EMA 50 are in order and ADX is 20 or more; else range",
    ),
    "realized_volatility": Meaning(
        "Realised volatility", "% a year", "standard deviation of log returns · √(year / interval)"
    ),
    "parkinson": Meaning(
        "Parkinson volatility", "% a year", "√(mean of ln(high / low)² / (4 ln 2)), annualised",
        "Parkinson (1980)",
    ),
    "garman_klass": Meaning(
        "Garman-Klass volatility", "% a year",
        "√(mean of ½ ln(high / low)² - (2 ln 2 - 1) ln(close / open)²), annualised",
        "Garman and Klass (1980)",
    ),
    "volume_anomaly": Meaning(
        "Volume score", "", "(volume - median) · 0.6745 / median distance from the median"
    ),
    # ---- between markets
    "basis": Meaning("Basis", "bps, % a year", "(perpetual / index - 1) · 10,000"),
    "funding_hourly": Meaning("Funding an hour", "%", "rate of the interval / its hours"),
    "funding_annual": Meaning("Funding a year", "%", "rate an hour · 8,760; longs pay if above 0"),
    "venue_spread": Meaning("Spread between markets", "bps", "(first mid / second mid - 1) · 1e4"),
    "executable_spread": Meaning(
        "Executable spread", "bps",
        "(best bid of the dearer / best ask of the cheaper - 1) · 10,000, before fees",
    ),
    "correlation": Meaning(
        "Correlation", "-1 to 1", "Pearson's, of one-minute log returns both markets have"
    ),
    "lead_lag": Meaning(
        "Lead", "seconds", "the shift at which the two series correlate most; above 0: first leads"
    ),
}  # fmt: skip
