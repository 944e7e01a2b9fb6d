"""Short ways to write market bodies in tests."""

from core.domain.events import (
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    MarkPriceSeen,
    QuoteSeen,
    TextLevel,
    TickerSeen,
    TradeSeen,
)
from core.domain.ids import InstrumentId
from core.domain.order import Side

HERE = InstrumentId("here:AAA_USD")
SECOND = 1_000_000_000
MS = 1_000_000


def depth(
    first: int,
    last: int | None = None,
    *,
    bids: list[TextLevel] | None = None,
    asks: list[TextLevel] | None = None,
    prev: int | None = None,
    instrument: InstrumentId = HERE,
) -> DepthChanged:
    """Write a depth frame."""
    return DepthChanged(
        ts_event=first,
        ts_recv=first,
        instrument=instrument,
        first_id=first,
        last_id=first if last is None else last,
        bids=bids or [],
        asks=asks or [],
        prev_id=prev,
    )


def snapshot(
    last_id: int,
    bids: list[TextLevel] | None = None,
    asks: list[TextLevel] | None = None,
    instrument: InstrumentId = HERE,
) -> BookSnapshotSeen:
    """Write a snapshot; one level a side if none is given."""
    return BookSnapshotSeen(
        ts_event=1,
        ts_recv=1,
        instrument=instrument,
        last_id=last_id,
        bids=[("99", "1")] if bids is None else bids,
        asks=[("101", "1")] if asks is None else asks,
    )


def trade(
    trade_id: int, price: str, size: str = "1", *, ts: int = 0, side: Side = Side.BUY
) -> TradeSeen:
    """Write a print."""
    return TradeSeen(
        ts_event=ts,
        ts_recv=ts,
        instrument=HERE,
        trade_id=trade_id,
        price=price,
        size=size,
        aggressor_side=side,
    )


def quote(update_id: int, bid: str, ask: str, *, ts: int = 1) -> QuoteSeen:
    """Write a best bid and ask."""
    return QuoteSeen(
        ts_event=ts,
        ts_recv=ts,
        instrument=HERE,
        update_id=update_id,
        bid=bid,
        bid_size="1",
        ask=ask,
        ask_size="1",
    )


def ticker(opened: str, last: str, *, ts: int = 1) -> TickerSeen:
    """Write a ticker."""
    return TickerSeen(
        ts_event=ts,
        ts_recv=ts,
        instrument=HERE,
        open=opened,
        last=last,
        high=last,
        low=opened,
        volume="1",
        quote_volume="1",
    )


def mark(price: str, index: str | None = None, *, ts: int = 1) -> MarkPriceSeen:
    """Write a mark."""
    return MarkPriceSeen(
        ts_event=ts,
        ts_recv=ts,
        instrument=HERE,
        mark_price=price,
        index_price=index,
        funding_rate="0.0001",
        next_funding_ts=None,
    )


def candle(start_ts: int, close: str | None, *, interval: str = "1m") -> CandleSeen:
    """Write a candle of one price."""
    return CandleSeen(
        ts_event=start_ts,
        ts_recv=start_ts,
        instrument=HERE,
        interval=interval,
        start_ts=start_ts,
        end_ts=start_ts + 60 * SECOND,
        open=close,
        high=close,
        low=close,
        close=close,
        volume="1",
        is_closed=False,
    )
