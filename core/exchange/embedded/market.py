"""One market at work: its book, its ids, its tape, its candles, its mark."""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from core.exchange.embedded.candles import Candle, CandleSeries, History
from core.exchange.embedded.matching import Book
from core.exchange.embedded.spec import BASE_FUNDING_RATE, MarketSpec
from core.exchange.embedded.units import MINUTE_NS, SCALE, atoms

_TAPE_LENGTH: Final = 5_000
_DAY_MINUTES: Final = 1_440
_PREMIUM_SECS: Final = 60
_FUNDING_CLAMP: Final = SCALE // 2_000
"""0.05 %: within it the interest part cancels the premium."""
_FUNDING_BOUND: Final = SCALE // 100
"""100 basis points, as the market's listing says."""


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One print. Price in ticks, quantity in steps."""

    id: int
    price: int
    quantity: int
    buyer_order: int
    seller_order: int
    buyer_is_maker: bool
    at_ns: int


class Market:
    """The state of one market that everybody may see."""

    def __init__(self, spec: MarketSpec, history: History, *, last: int, first_id: int) -> None:
        self.spec = spec
        self.book = Book()
        self.update_id = first_id
        self.tape: deque[Trade] = deque(maxlen=_TAPE_LENGTH)
        self.candles = CandleSeries(history)
        self.last = last
        """Last traded price in ticks; the last historic close before the first trade."""
        self.index = last * spec.tick_atoms
        """Index price in atoms, for perpetuals; what the market's life says it is."""
        self.open_interest = 0
        self.state = "Open"
        """State of the order book, in the wire's words."""
        self.funding_log: list[tuple[int, int]] = []
        """Rates charged, oldest first: end of the interval in ns, rate in atoms."""
        self._trade_id = first_id // 64
        self._premium = 0
        self._top: tuple[int, int, int, int] | None = None
        self._day: tuple[int, Candle | None] = (-1, None)

    @property
    def mark(self) -> int:
        """Return index and averaged premium in atoms, on the market's mark grid."""
        unit = self.spec.mark_unit
        if self.state == "PostOnly":
            return self.index // unit * unit
        return (self.index + self._premium) // unit * unit

    @property
    def mid(self) -> int | None:
        """Return the middle of the book in atoms, or None where a side is empty."""
        bid, ask = self.book.best(is_bid=True), self.book.best(is_bid=False)
        if bid is None or ask is None:
            return None
        return (bid + ask) * self.spec.tick_atoms // 2

    @property
    def funding_rate(self) -> int:
        """Return the running estimate for the current interval, a fraction in atoms.

        Premium plus the interest rate, the difference clamped: near the index it is the interest.
        """
        premium = self._premium * SCALE // self.index
        interest = atoms(BASE_FUNDING_RATE)
        rate = premium + max(-_FUNDING_CLAMP, min(_FUNDING_CLAMP, interest - premium))
        return max(-_FUNDING_BOUND, min(_FUNDING_BOUND, rate))

    def average_premium(self) -> None:
        """Move the averaged premium by one second toward mid minus index."""
        mid = self.mid
        if mid is not None:
            self._premium += (mid - self.index - self._premium) // _PREMIUM_SECS

    def print_trade(self, trade: Trade) -> None:
        """Put a trade on the tape."""
        self.tape.append(trade)
        self.last = trade.price
        self.candles.add(trade.at_ns, trade.price, trade.quantity)

    def next_trade_id(self) -> int:
        """Return a fresh trade id."""
        self._trade_id += 1
        return self._trade_id

    def moved_top(self) -> tuple[int, int, int, int] | None:
        """Return (bid, size, ask, size) if the top changed since the last call; 0 is no price."""
        bid, ask = self.book.best(is_bid=True), self.book.best(is_bid=False)
        top = (
            bid or 0,
            0 if bid is None else self.book.size_at(bid, is_bid=True),
            ask or 0,
            0 if ask is None else self.book.size_at(ask, is_bid=False),
        )
        if top == self._top:
            return None
        self._top = top
        return top

    def day(self, now_ns: int, minutes: int = _DAY_MINUTES) -> Candle | None:
        """Return the last 24 hours (or more minutes) as one bar."""
        minute = now_ns // MINUTE_NS
        if minutes != _DAY_MINUTES:
            return self.candles.window(minute - minutes, minute)
        if self._day[0] != minute:
            closed = self.candles.window(minute - _DAY_MINUTES, minute - 1)
            self._day = (minute, closed)
        return _together([self._day[1], self.candles.window(minute, minute)])


def _together(bars: Iterable[Candle | None]) -> Candle | None:
    known = [bar for bar in bars if bar is not None]
    if len(known) < 2:  # noqa: PLR2004  nothing to put together
        return known[0] if known else None
    first, last = known
    return Candle(
        start_secs=first.start_secs,
        end_secs=last.end_secs,
        open=first.open,
        high=max(first.high or 0, last.high or 0),
        low=min(first.low or 0, last.low or 0),
        close=last.close,
        volume=first.volume + last.volume,
        quote=first.quote + last.quote,
        trades=first.trades + last.trades,
    )
