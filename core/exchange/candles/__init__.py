"""Candles that never fail: one service for any venue with a kline call. Venue-neutral."""

from core.exchange.candles.budget import BudgetLimits
from core.exchange.candles.cache import MEMORY, CandleCache
from core.exchange.candles.errors import CandlesRefused, CandlesUnavailable
from core.exchange.candles.intervals import INTERVALS, Grid, Span, utc_text
from core.exchange.candles.joining import from_trades, joined, seams, with_trades
from core.exchange.candles.model import Candle, CandleAnswer, seen, streamed
from core.exchange.candles.port import (
    KlineRow,
    KlineSource,
    SourceBusyError,
    SourceRefusedError,
    SourceTime,
    SourceTroubleError,
)
from core.exchange.candles.service import CandleService

__all__ = [
    "INTERVALS",
    "MEMORY",
    "BudgetLimits",
    "Candle",
    "CandleAnswer",
    "CandleCache",
    "CandleService",
    "CandlesRefused",
    "CandlesUnavailable",
    "Grid",
    "KlineRow",
    "KlineSource",
    "SourceBusyError",
    "SourceRefusedError",
    "SourceTime",
    "SourceTroubleError",
    "Span",
    "from_trades",
    "joined",
    "seams",
    "seen",
    "streamed",
    "utc_text",
    "with_trades",
]
