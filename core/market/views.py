"""Builds the frozen views of one market. Reads state, changes none, looks at no clock."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from core.domain.fixed import UNIT
from core.domain.study_views import TapeLine
from core.domain.views import (
    BookState,
    CandleRow,
    CandlesView,
    LadderLevel,
    LadderView,
    OwnOrder,
    TapeRow,
    TapeView,
    WatchRow,
)
from core.market.book import BookSide
from core.market.candles import CandleSeries, interval_ns
from core.market.longer import built, continued
from core.market.market import Market

SPARK_POINTS: Final = 60
STALE_NS: Final = 5_000_000_000
_MILLISECOND: Final = 1_000_000


def shown_state(market: Market, at: int, stale_ns: int = STALE_NS) -> BookState:
    """Return the book's state with its age taken into account."""
    state = market.splice.state
    if state is not BookState.VALID:
        return state
    proof_at = market.proof_at
    is_stale = proof_at is None or at - proof_at > stale_ns
    return BookState.STALE if is_stale else state


def ladder_levels(side: BookSide, step: int, rows: int) -> tuple[LadderLevel, ...]:
    """Group a side to a grid and add up sizes from the touch."""
    total = 0
    found: list[LadderLevel] = []
    for price, size in side.grouped(step, rows):
        total += size
        found.append(LadderLevel(price, size, total))
    return tuple(found)


def ladder_view(
    market: Market,
    rows: int,
    group: int,
    own_orders: tuple[OwnOrder, ...],
    at: int,
    stale_ns: int = STALE_NS,
) -> LadderView:
    """Build the ladder: at most `rows` rows a side, `group` ticks a row."""
    book, tape = market.splice.book, market.tape
    step = market.row_tick() * max(1, group)
    bids, asks = ladder_levels(book.bids, step, rows), ladder_levels(book.asks, step, rows)
    best_bid, best_ask = book.best_bid, book.best_ask
    return LadderView(
        instrument=market.instrument_id,
        book_state=shown_state(market, at, stale_ns),
        age_ms=None if market.proof_at is None else (at - market.proof_at) // _MILLISECOND,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        row_step=step,
        best_bid=best_bid,
        best_ask=best_ask,
        spread_bps=_spread_bps(best_bid, best_ask),
        imbalance=_imbalance(bids, asks),
        bids=bids,
        asks=asks,
        last_price=tape.last_price,
        last_side=tape.last_side,
        own_orders=own_orders,
    )


def _spread_bps(best_bid: int | None, best_ask: int | None) -> float | None:
    if best_bid is None or best_ask is None:
        return None
    return (best_ask - best_bid) * 20_000 / (best_ask + best_bid)


def _imbalance(bids: tuple[LadderLevel, ...], asks: tuple[LadderLevel, ...]) -> float | None:
    bid_size = bids[-1].cumulative if bids else 0
    ask_size = asks[-1].cumulative if asks else 0
    total = bid_size + ask_size
    return (bid_size - ask_size) / total if total else None


def tape_view(market: Market, rows: int) -> TapeView:
    """Build the newest `rows` prints, newest last."""
    prints = market.tape.rows
    newest = islice(prints, max(0, len(prints) - rows), None)
    return TapeView(
        instrument=market.instrument_id,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        rows=tape_lines(newest),
        missed=market.tape.missed,
    )


def tape_lines(prints: Iterable[TapeRow]) -> tuple[TapeLine, ...]:
    """Make a line of each print; a hole in the serials shows as prints missed before a line."""
    lines: list[TapeLine] = []
    before: int | None = None
    for row in prints:
        missed = 0 if before is None else row.serial - before - 1
        lines.append(
            TapeLine(
                row.serial,
                row.ts_event,
                row.price,
                row.size,
                row.side,
                last_price=row.price,
                missed_before=missed,
            )
        )
        before = row.serial
    return tuple(lines)


def candles_view(market: Market, interval: str, count: int) -> CandlesView:
    """Build the newest `count` candles of an interval.

    Raises:
        ValueError: where the text is no interval.
    """
    series = market.candles.get(interval)
    return CandlesView(
        instrument=market.instrument_id,
        interval=interval,
        interval_ns=interval_ns(interval),
        price_decimals=market.price_decimals.count,
        candles=_candle_rows(market, interval, series, count),
        is_loading=series is not None and series.is_loading,
    )


def _candle_rows(
    market: Market, interval: str, series: CandleSeries | None, count: int
) -> tuple[CandleRow, ...]:
    minutes = market.minutes
    if series is minutes or (series is not None and series.is_streamed):
        return series.newest(count)
    if series is not None and len(series):
        return continued(series, minutes, count)
    return built(minutes, interval_ns(interval), count)


def watch_row(market: Market, at: int, stale_ns: int = STALE_NS) -> WatchRow:
    """Build the watchlist's line of a market."""
    return WatchRow(
        instrument=market.instrument_id,
        last_price=_last_price(market),
        price_decimals=market.price_decimals.count,
        change_pct=_change_pct(market),
        funding_pct=_funding_pct(market),
        spark=_spark(market),
        book_state=shown_state(market, at, stale_ns),
    )


def _last_price(market: Market) -> int | None:
    if market.tape.last_price is not None:
        return market.tape.last_price
    if market.day_last is not None:
        return market.day_last
    return market.mids[-1][1] if market.mids else None


def _change_pct(market: Market) -> float | None:
    last = market.day_last if market.tape.last_price is None else market.tape.last_price
    if last is None or not market.day_open:
        return None
    return (last / UNIT / market.day_open - 1) * 100


def _funding_pct(market: Market) -> float | None:
    return None if market.funding_rate is None else market.funding_rate * 100


def _spark(market: Market) -> tuple[float, ...]:
    minutes = market.candles.get("1m")
    closes = minutes.closes(SPARK_POINTS) if minutes is not None else ()
    if len(closes) > 2:  # noqa: PLR2004 - two points are no line; the mids of a minute say more
        return closes
    return tuple(mid / UNIT for _, mid in market.mids)
