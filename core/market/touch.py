"""The top of a market with the ages a risk gate asks for."""

import msgspec

from core.domain.ids import InstrumentId
from core.domain.views import BookState
from core.market.market import Market


class Touch(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One market at one instant. Prices and sizes are units of 10^-10; instants ns UTC.

    Attributes:
        book_state: Never STALE: ages are for the reader to judge.
        proof_at: Engine time of the newest proof that the book is current (its own depth or quote,
            or a ticker or mark of the same connection with a later venue time).
        proof_recv: Receive time of that proof.
        ts_event: Venue time of the newest depth frame.
        vwap_60s: Average price of the prints of the last minute.
        mid_60s: Average of the mids of the last minute, one sample a second.
    """

    instrument: InstrumentId
    book_state: BookState
    best_bid: int | None
    best_ask: int | None
    bid_size: int
    ask_size: int
    proof_at: int | None
    proof_recv: int
    ts_event: int
    mark: int | None
    index: int | None
    mark_at: int | None
    last_price: int | None
    last_at: int | None
    vwap_60s: int | None
    mid_60s: int | None

    @property
    def mid(self) -> int | None:
        """Middle of best bid and ask."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return (self.best_bid + self.best_ask) // 2


def touch_of(market: Market, at: int) -> Touch:
    """Read the touch of a market.

    Raises:
        DataInvalid: when a size of the wire turns out to be no number.
    """
    book, tape = market.splice.book, market.tape
    bid, ask = book.best_bid, book.best_ask
    return Touch(
        instrument=market.instrument_id,
        book_state=market.splice.state,
        best_bid=bid,
        best_ask=ask,
        bid_size=0 if bid is None else book.bids.size_at(bid),
        ask_size=0 if ask is None else book.asks.size_at(ask),
        proof_at=market.proof_at,
        proof_recv=market.proof_recv,
        ts_event=market.feed_ts,
        mark=market.mark_price,
        index=market.index_price,
        mark_at=market.mark_at,
        last_price=tape.last_price,
        last_at=tape.last_at,
        vwap_60s=tape.vwap.value(at),
        mid_60s=market.mid_average(at),
    )
