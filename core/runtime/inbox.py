"""The one door into the Desk: two lanes, one order, and the stamp of `seq` and `at`.

Private events, commands, timers and I/O results are always drained first and never dropped. Queued
contiguous depth frames of one book are merged, never dropped; quotes and marks keep the latest;
trades beyond the bound are dropped and counted.
"""

from collections import deque
from typing import Final, cast

import msgspec

from core.domain.events import (
    Body,
    BookSnapshotSeen,
    CandleSeen,
    DepthChanged,
    Event,
    LiquidationSeen,
    MarkPriceSeen,
    OpenInterestSeen,
    QuoteSeen,
    TextLevel,
    TickerSeen,
    TradeSeen,
    UnknownFrame,
)
from core.domain.ids import InstrumentId

_LATEST_ONLY: Final = frozenset({QuoteSeen, MarkPriceSeen, TickerSeen, OpenInterestSeen})
_MARKET: Final = frozenset(
    {
        DepthChanged,
        BookSnapshotSeen,
        QuoteSeen,
        TradeSeen,
        TickerSeen,
        MarkPriceSeen,
        CandleSeen,
        OpenInterestSeen,
        LiquidationSeen,
        UnknownFrame,
    }
)
_Slot = list[Body]


class InboxStatistics(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the inbox did so far."""

    popped: int
    waiting: int
    merged_depth: int
    replaced: int
    dropped_trades: int


class Inbox:
    """Queues bodies and pops them as events in the one order of things."""

    def __init__(self, *, first_seq: int = 1, trade_bound: int = 20_000) -> None:
        self._first: deque[Body] = deque()
        self._market: deque[_Slot] = deque()
        self._open_depth: dict[InstrumentId, _Slot] = {}
        self._latest: dict[tuple[type, str], _Slot] = {}
        self._trade_bound = trade_bound
        self._seq = first_seq - 1
        self._at = 0
        self._merged = 0
        self._replaced = 0
        self._dropped_trades = 0

    def __len__(self) -> int:
        return len(self._first) + len(self._market)

    def put(self, body: Body) -> None:
        """Queue a body in its lane by its kind."""
        kind = type(body)
        if kind not in _MARKET:
            self._first.append(body)
        elif kind is DepthChanged:
            self._put_depth(cast("DepthChanged", body))
        elif kind in _LATEST_ONLY:
            self._put_latest(kind, body)
        elif kind is TradeSeen and len(self._market) >= self._trade_bound:
            self._dropped_trades += 1
        else:
            if kind is BookSnapshotSeen:
                self._open_depth.pop(cast("BookSnapshotSeen", body).instrument, None)
            self._market.append([body])

    def pop(self, now: int) -> Event | None:
        """Take the next event, stamped; None when nothing waits."""
        if self._first:
            body = self._first.popleft()
        elif self._market:
            body = self._take_market()
        else:
            return None
        self._seq += 1
        self._at = max(self._at, now)
        return Event(self._seq, self._at, body)

    def statistics(self) -> InboxStatistics:
        """Return the counters for the diagnostics screen."""
        return InboxStatistics(
            popped=self._seq,
            waiting=len(self),
            merged_depth=self._merged,
            replaced=self._replaced,
            dropped_trades=self._dropped_trades,
        )

    def _put_depth(self, body: DepthChanged) -> None:
        slot = self._open_depth.get(body.instrument)
        if slot is not None and _continues(cast("DepthChanged", slot[-1]), body):
            slot.append(body)
            self._merged += 1
            return
        slot = [body]
        self._open_depth[body.instrument] = slot
        self._market.append(slot)

    def _put_latest(self, kind: type, body: Body) -> None:
        key = (kind, cast("QuoteSeen", body).instrument)
        slot = self._latest.get(key)
        if slot is not None:
            slot[0] = body
            self._replaced += 1
            return
        slot = [body]
        self._latest[key] = slot
        self._market.append(slot)

    def _take_market(self) -> Body:
        slot = self._market.popleft()
        body = slot[0]
        kind = type(body)
        if kind is DepthChanged:
            depth = cast("DepthChanged", body)
            if self._open_depth.get(depth.instrument) is slot:
                del self._open_depth[depth.instrument]
            return body if len(slot) == 1 else merged(cast("list[DepthChanged]", slot))
        if kind in _LATEST_ONLY:
            del self._latest[(kind, cast("QuoteSeen", body).instrument)]
        return body


def _continues(last: DepthChanged, body: DepthChanged) -> bool:
    if body.prev_id is None:
        return body.first_id == last.last_id + 1
    return body.prev_id == last.last_id


def merged(frames: list[DepthChanged]) -> DepthChanged:
    """Join contiguous depth frames of one book: first ids of the first, the rest of the last."""
    bids: dict[str, str] = {}
    asks: dict[str, str] = {}
    for frame in frames:
        _overwrite(bids, frame.bids)
        _overwrite(asks, frame.asks)
    last = frames[-1]
    return DepthChanged(
        ts_event=last.ts_event,
        ts_recv=last.ts_recv,
        instrument=last.instrument,
        first_id=frames[0].first_id,
        last_id=last.last_id,
        prev_id=frames[0].prev_id,
        bids=_levels(bids),
        asks=_levels(asks),
    )


def _overwrite(sizes: dict[str, str], levels: list[TextLevel]) -> None:
    """Put the newest last, so that two spellings of one price still end with the last size."""
    for price, size in levels:
        sizes.pop(price, None)
        sizes[price] = size


def _levels(sizes: dict[str, str]) -> list[TextLevel]:
    return list(sizes.items())
