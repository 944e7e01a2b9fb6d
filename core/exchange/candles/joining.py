"""Joins candles of the past with the live stream and with prints: no seam, no double. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.domain.events import TradeSeen
from core.domain.exact import exact_decimal, plain
from core.exchange.candles.intervals import Grid, Span
from core.exchange.candles.model import Candle

_SECOND: Final = 1_000_000_000


def joined(history: Iterable[Candle], live: Iterable[Candle]) -> tuple[Candle, ...]:
    """Put two sources into one series, one candle a start, oldest first.

    A closed candle wins over an open one; of two closed ones that of the history, which carries
    more; of two open ones the live one, the last of them.
    """
    found = {candle.start_secs: candle for candle in history}
    for candle in live:
        held = found.get(candle.start_secs)
        if held is None or held.is_open:
            found[candle.start_secs] = candle
    return tuple(found[start] for start in sorted(found))


def seams(candles: Iterable[Candle], grid: Grid) -> list[Span]:
    """Return what is missing between the candles, to be asked for."""
    gaps: list[Span] = []
    expected: int | None = None
    for candle in candles:
        if expected is not None and candle.start_secs > expected:
            gaps.append(Span(expected, candle.start_secs))
        expected = grid.end(candle.start_secs)
    return gaps


def from_trades(trades: Iterable[TradeSeen], grid: Grid, now_secs: int) -> tuple[Candle, ...]:
    """Build candles from prints, from the first print's bucket to the running one.

    The first bucket is whole only if the prints reach back to its start.
    """
    prints = _once(trades)
    if not prints:
        return ()
    start = grid.floor(prints[0].ts_event // _SECOND)
    return tuple(_built({}, prints, Span(start, max(start, now_secs)), grid))


def with_trades(
    history: Iterable[Candle],
    trades: Iterable[TradeSeen],
    grid: Grid,
    *,
    as_of_ns: int,
    now_secs: int,
) -> tuple[Candle, ...]:
    """Carry a history on with the prints after it was read.

    Args:
        history: Without holes; its last candle may be open.
        trades: In any order, repeated ones count once.
        grid: The buckets of both.
        as_of_ns: Venue time at which an open last candle was read: earlier prints are in it. It is
            known to half a round trip only, so the candle is read again once it is closed.
        now_secs: Venue time up to which the prints reach; buckets that ended by then are closed.
    """
    past = {candle.start_secs: candle for candle in history}
    if not past:
        return from_trades((t for t in trades if t.ts_event > as_of_ns), grid, now_secs)
    last = max(past)
    known_ns = as_of_ns if past[last].is_open else past[last].end_secs * _SECOND - 1
    fresh = [trade for trade in _once(trades) if trade.ts_event > known_ns]
    tail = _built(past, fresh, Span(last, max(last, now_secs)), grid)
    return (*(past[start] for start in sorted(past) if start != last), *tail)


def _once(trades: Iterable[TradeSeen]) -> list[TradeSeen]:
    unique = {trade.trade_id: trade for trade in trades}
    return sorted(unique.values(), key=lambda trade: (trade.ts_event, trade.trade_id))


def _built(
    past: dict[int, Candle], prints: list[TradeSeen], span: Span, grid: Grid
) -> list[Candle]:
    """Build every bucket from the span's start to its stop or the last print, oldest first."""
    buckets: dict[int, list[TradeSeen]] = {}
    for trade in prints:
        buckets.setdefault(grid.floor(trade.ts_event // _SECOND), []).append(trade)
    stop = max([span.stop, span.start + 1, *(start + 1 for start in buckets)])
    starts = grid.starts(Span(span.start, grid.ceiling(stop)))
    return [
        _grown(past.get(start) or _nothing(start, grid), buckets.get(start, []), span.stop)
        for start in starts
    ]


def _nothing(start: int, grid: Grid) -> Candle:
    return Candle(start_secs=start, end_secs=grid.end(start), volume="0", trades=0)


def _grown(candle: Candle, prints: list[TradeSeen], now_secs: int) -> Candle:
    """Add prints, in order, to a candle."""
    prices = [exact_decimal(trade.price) for trade in prints]
    sizes = [exact_decimal(trade.size) for trade in prints]
    quote = sum((p * s for p, s in zip(prices, sizes, strict=True)), Decimal(0))
    highs = prices if candle.high is None else [exact_decimal(candle.high), *prices]
    lows = prices if candle.low is None else [exact_decimal(candle.low), *prices]
    return Candle(
        start_secs=candle.start_secs,
        end_secs=candle.end_secs,
        open=candle.open if candle.open is not None or not prices else plain(prices[0]),
        high=plain(max(highs)) if highs else None,
        low=plain(min(lows)) if lows else None,
        close=plain(prices[-1]) if prices else candle.close,
        volume=_sum(candle.volume, sum(sizes, Decimal(0))),
        quote_volume=_sum(candle.quote_volume, quote),
        trades=(candle.trades or 0) + len(prints),
        is_open=candle.end_secs > now_secs,
    )


def _sum(text: str | None, more: Decimal) -> str:
    return plain((exact_decimal(text) if text else Decimal(0)) + more)
