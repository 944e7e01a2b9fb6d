"""A seeded market that looks alive: books, prints, candles. Only for tests and pictures."""

import math
import random

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import LadderNote, OverlaysView, TapeLine
from core.domain.views import (
    BookState,
    CandleRow,
    CandlesView,
    FillMark,
    LadderLevel,
    LadderView,
    OwnOrder,
    TapeView,
    WatchRow,
)
from tests.tui.fake_overlays import overlays_of

NS = 1_000_000_000
INTERVALS = {
    "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14400,
    "6h": 21600, "12h": 43200, "1d": 86400,
}  # fmt: skip


class FakeMarket:
    """One market: a mid that wanders, a book around it, prints that follow."""

    def __init__(
        self, instrument: str, mid: float, tick: float, size: float, *, seed: int, drift: float = 0
    ) -> None:
        self.instrument = InstrumentId(instrument)
        self.random = random.Random(f"{instrument}/{seed}")
        self.tick = round(tick * UNIT)
        self.price_decimals = max(0, -math.floor(math.log10(tick) + 1e-9))
        self.typical_size = size
        self.mid = round(mid * UNIT) // self.tick * self.tick
        self.drift = drift
        self.book_state = BookState.VALID
        self.serial = 0
        self.prints: list[TapeLine] = []
        self.last: tuple[int, Side] = (self.mid, Side.BUY)
        self.sizes: dict[int, int] = {}
        self.spark: list[float] = []
        self.own_orders: list[OwnOrder] = []
        self.alert_prices: list[int] = []
        price = float(mid) * (1 - drift / 100)
        for step in range(60):
            price *= 1 + self.random.gauss(drift / 6000, 0.0012)
            self.spark.append(price + (mid - price) * step / 59)

    def best(self) -> tuple[int, int]:
        """Return best bid and best ask."""
        half = max(1, round(self.mid * 0.00004 / self.tick)) * self.tick
        return self.mid - half // self.tick * self.tick, self.mid + half

    def advance(self, at: int, *, prints: float, flicker: float = 0.12) -> None:
        """Let the mid wander, sizes flicker, and about `prints` trades happen."""
        rng = self.random
        if rng.random() < 0.35:
            self.mid += rng.choice((-1, 1)) * self.tick
        bid, ask = self.best()
        for _ in range(_poisson(rng, prints)):
            side = rng.choice((Side.BUY, Side.SELL))
            self.serial += 1
            price = ask if side is Side.BUY else bid
            size = round(self.typical_size * rng.expovariate(1.6) * UNIT) // 10**6 * 10**6 + 10**6
            self.prints.append(TapeLine(self.serial, at, price, size, side, last_price=price))
            self.last = (price, side)
        del self.prints[:-200]
        for price in list(self.sizes):
            if rng.random() < flicker:
                del self.sizes[price]

    def _size_at(self, price: int) -> int:
        found = self.sizes.get(price)
        if found is None:
            distance = abs(price - self.mid) / self.tick
            size = self.typical_size * self.random.lognormvariate(0.2, 0.7)
            size *= 0.5 + math.log1p(distance) * 0.9
            found = self.sizes[price] = round(size * UNIT) // 10**7 * 10**7
        return found

    def _side(self, start: int, direction: int, rows: int, step: int) -> list[LadderLevel]:
        levels: list[LadderLevel] = []
        cumulative = 0
        price = start
        while len(levels) < rows and price > 0:
            row = price // step * step if direction < 0 else -(-price // step) * step
            size = 0
            while price > 0 and (price >= row if direction < 0 else price <= row):
                size += self._size_at(price)
                price += direction * self.tick
            cumulative += size
            levels.append(LadderLevel(row, size, cumulative))
        return levels

    def ladder(self, rows: int, group: int, age_ms: int) -> LadderView:
        """Build the ladder view."""
        bid, ask = self.best()
        step = self.tick * group
        bids, asks = self._side(bid, -1, rows, step), self._side(ask, 1, rows, step)
        bid_size, ask_size = bids[-1].cumulative, asks[-1].cumulative
        return LadderView(
            instrument=self.instrument,
            book_state=self.book_state,
            age_ms=age_ms,
            price_decimals=self.price_decimals,
            size_decimals=2 if self.typical_size >= 1 else 4,
            row_step=step,
            best_bid=bid,
            best_ask=ask,
            spread_bps=(ask - bid) / self.mid * 1e4,
            imbalance=(bid_size - ask_size) / (bid_size + ask_size),
            bids=tuple(bids),
            asks=tuple(asks),
            last_price=self.last[0],
            last_side=self.last[1],
            own_orders=tuple(map(self._queued, self.own_orders)),
            microprice=(bid * self._size_at(ask) + ask * self._size_at(bid))
            // (self._size_at(bid) + self._size_at(ask)),
            large_size=self._large_size(bids + asks),
            notes=self._notes(step, rows),
            alert_prices=tuple(self.alert_prices),
        )

    def _queued(self, order: OwnOrder) -> OwnOrder:
        """Put an order behind six tenths of what stands at its price."""
        ahead = self._size_at(order.price) * 6 // 10
        return OwnOrder(order.price, order.side, order.leaves, ahead, order.client_order_id)

    def _large_size(self, levels: list[LadderLevel]) -> int:
        """Call a level large from three times the median on."""
        sizes = sorted(level.size for level in levels)
        return 3 * sizes[len(sizes) // 2]

    def _notes(self, step: int, rows: int) -> tuple[LadderNote, ...]:
        """Give rows near the mid the prints that were there, and made-up changes that stay."""
        traded: dict[int, list[int]] = {}
        for line in self.prints:
            row = line.price // step * step
            sides = traded.setdefault(row, [0, 0])
            sides[line.side is Side.BUY] += line.size
        notes = []
        middle = self.mid // step * step
        for price in range(middle - rows * step, middle + (rows + 1) * step, step):
            sold, bought = traded.get(price, (0, 0))
            made_up = random.Random(f"{self.instrument}/{price}")
            older = self.typical_size * 40 * math.exp(-(((price - self.mid) / self.tick / 7) ** 2))
            if older > self.typical_size:
                sold += round(older * made_up.random() * UNIT)
                bought += round(older * made_up.random() * UNIT)
            stacked, pulled = (
                round(self.typical_size * made_up.expovariate(1.5) * UNIT)
                if made_up.random() < 0.4
                else 0
                for _ in range(2)
            )
            notes.append(LadderNote(price, sold, bought, stacked, pulled))
        return tuple(notes)

    def tape(self, rows: int) -> TapeView:
        """Build the tape view."""
        return TapeView(
            instrument=self.instrument,
            price_decimals=self.price_decimals,
            size_decimals=2 if self.typical_size >= 1 else 4,
            rows=tuple(self.prints[-rows:]),
            missed=0,
        )

    def candles(self, interval: str, count: int, at: int) -> CandlesView:
        """Build candles that end at the mid; two buckets had no trades, one is missing."""
        step = INTERVALS[interval] * NS
        rng = random.Random(f"{self.instrument}/{interval}")
        newest = at // step * step
        volatility = 0.0007 * math.sqrt(INTERVALS[interval] / 60)
        close = self.mid / UNIT
        rows: list[CandleRow] = []
        for index in range(count):
            start = newest - index * step
            trend = math.sin(index / 11) * volatility * 0.6
            opened = close * (1 + rng.gauss(trend, volatility))
            high = max(opened, close) * (1 + abs(rng.gauss(0, volatility * 0.6)))
            low = min(opened, close) * (1 - abs(rng.gauss(0, volatility * 0.6)))
            volume = self.typical_size * 60 * rng.lognormvariate(0, 0.6)
            volume *= 1 + abs(opened - close) / close / volatility
            if index == 31:
                close = opened
                continue
            if index in {23, 24}:
                rows.append(CandleRow(start, None, None, None, None, 0.0))
            else:
                rows.append(CandleRow(start, opened, high, low, close, volume))
            close = opened
        return CandlesView(
            instrument=self.instrument,
            interval=interval,
            interval_ns=step,
            price_decimals=self.price_decimals,
            candles=tuple(reversed(rows)),
            is_loading=False,
            fills=self._fills(rows) if self.own_orders else (),
            orders=tuple(self.own_orders),
            alert_prices=tuple(self.alert_prices),
        )

    def _fills(self, rows: list[CandleRow]) -> tuple[FillMark, ...]:
        """Buy at one close, sell at a later one; the quantities are 2.5 and 1.2."""
        marks = []
        for index, side, quantity in ((17, Side.BUY, 25), (6, Side.SELL, 12)):
            if index < len(rows) and (close := rows[index].close) is not None:
                price = round(close * UNIT) // self.tick * self.tick
                at = rows[index].start_ts + NS
                marks.append(FillMark(at, price, quantity * UNIT // 10, side))
        return tuple(marks)

    def overlays(self, interval: str, count: int, at: int) -> OverlaysView:
        """Build the indicators of the candles."""
        return overlays_of(self.candles(interval, count + 40, at), count, at)

    def watch_row(self) -> WatchRow:
        """Build the row of the watchlist."""
        return WatchRow(
            instrument=self.instrument,
            last_price=self.last[0],
            price_decimals=self.price_decimals,
            change_pct=self.drift,
            funding_pct=0.0061 if self.instrument.endswith("PERP") else None,
            spark=(*self.spark[1:], self.mid / UNIT),
            book_state=self.book_state,
        )


def _poisson(rng: random.Random, mean: float) -> int:
    count, edge, product = 0, math.exp(-mean), rng.random()
    while product > edge:
        count += 1
        product *= rng.random()
    return count
