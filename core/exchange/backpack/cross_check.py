"""Holds a book's stream against REST: the same top at the same update. No clock, no socket."""

from collections import deque
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from core.domain.events import BookSnapshotSeen, QuoteSeen, TextLevel
from core.domain.ids import InstrumentId

KEPT_QUOTES: Final = 256


class Verdict(StrEnum):
    """What a comparison shows."""

    AGREES = "agrees"
    NOT_COMPARABLE = "not_comparable"
    """The stream says nothing about that update: no news, no proof."""
    STREAM_BEHIND = "stream_behind"
    DIFFERS = "differs"


class TopOfBooks:
    """The newest best prices of each market, by update."""

    def __init__(self) -> None:
        self._kept: dict[InstrumentId, deque[QuoteSeen]] = {}

    def restart(self) -> None:
        """Forget everything: what comes after a reconnect has a hole before it."""
        self._kept.clear()

    def quote(self, quote: QuoteSeen) -> None:
        """Keep one."""
        kept = self._kept.get(quote.instrument)
        if kept is None:
            kept = self._kept[quote.instrument] = deque(maxlen=KEPT_QUOTES)
        kept.append(quote)

    def compare(self, snapshot: BookSnapshotSeen, stream_id: int | None) -> Verdict:
        """Compare a book by REST with the stream, which has come to `stream_id`."""
        kept = self._kept.get(snapshot.instrument)
        if not kept or stream_id is None or kept[0].update_id > snapshot.last_id:
            return Verdict.NOT_COMPARABLE
        if stream_id < snapshot.last_id:
            return Verdict.STREAM_BEHIND
        quote = next(each for each in reversed(kept) if each.update_id <= snapshot.last_id)
        same = _same(quote.bid, _best(snapshot.bids, is_bid=True)) and _same(
            quote.ask, _best(snapshot.asks, is_bid=False)
        )
        return Verdict.AGREES if same else Verdict.DIFFERS


def _best(levels: list[TextLevel], *, is_bid: bool) -> Decimal | None:
    prices = [Decimal(price) for price, _ in levels]
    if not prices:
        return None
    return max(prices) if is_bid else min(prices)


def _same(text: str | None, price: Decimal | None) -> bool:
    try:
        return (None if text is None else Decimal(text)) == price
    except InvalidOperation:
        return False
