"""Everything known of one market: book, prints, candles, marks, and how fresh each is."""

from collections import deque
from itertools import islice
from typing import Final

from core.domain.events import MarkPriceSeen, OpenInterestSeen, QuoteSeen, TickerSeen
from core.domain.fixed import scaled
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.market.candles import CandleSeries, finite
from core.market.splice import BookSplice
from core.market.tape import Tape
from core.market.units import Decimals, mark_units_of

MID_SAMPLES: Final = 60
_SECOND: Final = 1_000_000_000


class Market:
    """State of one market; changed only by `core.market.room`."""

    __slots__ = (
        "book_version",
        "candles",
        "candles_version",
        "day_last",
        "day_open",
        "feed_ts",
        "funding_rate",
        "index_price",
        "instrument_id",
        "liquidations",
        "mark",
        "mark_at",
        "mark_price",
        "mid_at",
        "mids",
        "minutes",
        "open_interest",
        "price_decimals",
        "proof_at",
        "proof_recv",
        "quote",
        "rules",
        "size_decimals",
        "splice",
        "tape",
        "tape_version",
        "tick",
        "ticker",
        "wake_at",
        "watch_version",
    )

    def __init__(self, instrument: InstrumentId, splice: BookSplice) -> None:
        self.instrument_id = instrument
        self.splice = splice
        self.tape = Tape()
        self.minutes = CandleSeries("1m")
        """Built from prints until the venue streams it."""
        self.candles: dict[str, CandleSeries] = {"1m": self.minutes}
        self.liquidations = 0
        self.ticker: TickerSeen | None = None
        self.day_open: float | None = None
        self.day_last: int | None = None
        self.mark: MarkPriceSeen | None = None
        self.mark_at: int | None = None
        self.mark_price: int | None = None
        self.index_price: int | None = None
        self.funding_rate: float | None = None
        self.quote: QuoteSeen | None = None
        self.open_interest: OpenInterestSeen | None = None
        self.rules: Instrument | None = None
        self.tick: int | None = None
        self.price_decimals = Decimals()
        self.size_decimals = Decimals()
        self.feed_ts = 0
        """Venue time of the newest depth frame, ns."""
        self.proof_at: int | None = None
        """Engine time of the newest proof that the book is current, ns."""
        self.proof_recv = 0
        self.mids: deque[tuple[int, int]] = deque(maxlen=MID_SAMPLES)
        """Engine second and mid, one sample a second."""
        self.mid_at = 0
        self.wake_at: int | None = None
        self.book_version = 0
        self.tape_version = 0
        self.candles_version = 0
        self.watch_version = 0

    def set_rules(self, rules: Instrument) -> None:
        """Take the venue's rules for this market."""
        self.rules = rules
        self.tick = scaled(str(rules.tick))
        self.price_decimals, self.size_decimals = Decimals(), Decimals()
        self.price_decimals.see(self.tick)
        self.size_decimals.see(scaled(str(rules.step)))
        self.book_version += 1
        self.watch_version += 1

    def set_mark(self, mark: MarkPriceSeen, at: int) -> None:
        """Take a mark.

        Raises:
            ValueError: when its funding rate is no number.
            DataInvalid: when its prices are none.
        """
        price = mark_units_of(mark.mark_price)
        index = None if mark.index_price is None else mark_units_of(mark.index_price)
        rate = None if mark.funding_rate is None else finite(mark.funding_rate)
        self.mark_price, self.index_price, self.funding_rate = price, index, rate
        self.mark, self.mark_at = mark, at

    def set_ticker(self, ticker: TickerSeen) -> None:
        """Take the statistics of the day.

        Raises:
            ValueError: when its opening price is no number.
            DataInvalid: when its last price is none.
        """
        self.day_last, self.day_open = mark_units_of(ticker.last), finite(ticker.open)
        self.ticker = ticker

    def prove(self, at: int, ts_recv: int) -> None:
        """Note that the book is current."""
        self.proof_at, self.proof_recv = at, max(ts_recv, self.proof_recv)

    def prove_by(self, ts_event: int, at: int, ts_recv: int) -> None:
        """Take another message of the connection as proof, if the venue made it later."""
        if ts_event > self.feed_ts:
            self.prove(at, ts_recv)

    def sample_mid(self, second: int) -> None:
        """Remember the mid of a second, once."""
        self.mid_at = second
        book = self.splice.book
        bid, ask = book.best_bid, book.best_ask
        if bid is not None and ask is not None:
            self.mids.append((second, (bid + ask) // 2))

    def mid_average(self, at: int) -> int | None:
        """Average the sampled mids of the last minute."""
        oldest = at // _SECOND - MID_SAMPLES
        recent = [mid for second, mid in self.mids if second > oldest]
        return sum(recent) // len(recent) if recent else None

    def series(self, interval: str) -> CandleSeries:
        """Return the series of an interval, made on first use.

        Raises:
            ValueError: where the text is no interval.
        """
        series = self.candles.get(interval)
        if series is None:
            series = self.candles[interval] = CandleSeries(interval)
        return series

    def row_tick(self) -> int:
        """Return the price step, inferred from what was seen where no rules are known."""
        if self.tick is not None:
            return self.tick
        book = self.splice.book
        for price, size in (*islice(book.bids, 20), *islice(book.asks, 20)):
            self.price_decimals.see(price)
            self.size_decimals.see(size)
        return self.price_decimals.step

    def see_print(self, price: int, size: int) -> None:
        """Infer decimals from a print where no rules are known."""
        if self.tick is None:
            self.price_decimals.see(price)
            self.size_decimals.see(size)
