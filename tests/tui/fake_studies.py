"""Seeded, lively views of every market study, for tests and pictures. No engine behind them."""

import math
import random
from collections.abc import Sequence

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import (
    BandRow,
    CostRow,
    CurvePoint,
    DepthView,
    FlowView,
    FlowWindow,
    FootprintCandle,
    FootprintView,
    FundingRow,
    FundingView,
    HeatmapView,
    HeatTrade,
    PairRow,
    PairsView,
    PriceZone,
    ProfileBar,
    ProfileView,
    RegimeRow,
    SeriesPoint,
    SweepRow,
    TapeLine,
    TrendView,
    WallRow,
    WindowValue,
)
from core.domain.views import TapeView

NS = 1_000_000_000
START = 1_764_081_042 * NS
"""2025-11-25 14:30:42 UTC."""
MARKET = InstrumentId("alpha:SOL_USDC_PERP")
NOTIONALS = (1_000.0, 10_000.0, 50_000.0, 100_000.0, 250_000.0)
BANDS = (5, 10, 25, 50, 100)


class FakeStudies:
    """One market's studies: prices in quote units, made from one seed."""

    def __init__(
        self,
        *,
        instrument: str = MARKET,
        mid: float = 141.27,
        tick: float = 0.01,
        decimals: int = 2,
        size: float = 24.0,
        seed: int = 11,
        at: int = START,
    ) -> None:
        self.instrument = InstrumentId(instrument)
        self.mid = mid
        self.tick = tick
        self.decimals = decimals
        self.size = size
        self.at = at
        self.rng = random.Random(f"{instrument}/{seed}")

    def price(self, value: float) -> int:
        """Return a price on the grid, units of 10^-10."""
        return round(value / self.tick) * round(self.tick * UNIT)

    def units(self, size: float) -> int:
        """Return a size in units of 10^-10."""
        return round(size * UNIT)

    def walk(self, count: int, step: float, start: float = 0.0) -> list[float]:
        """Return a wandering series that comes back slowly."""
        values, value, pull = [], start, 0.0
        for _ in range(count):
            pull = pull * 0.94 + self.rng.gauss(0, step * 0.35)
            value += pull + self.rng.gauss(0, step * 0.5) - (value - start) * 0.01
            values.append(value)
        return values

    # -- depth -----------------------------------------------------------------------------

    def _levels(self, direction: int, count: int) -> list[tuple[int, int]]:
        levels = []
        price = self.mid + direction * self.tick / 2
        for number in range(count):
            price += direction * self.tick * (1 if number < 12 else self.rng.choice((1, 1, 2, 3)))
            size = self.size * self.rng.lognormvariate(0, 0.7) * (0.5 + math.log1p(number) * 0.7)
            if self.rng.random() < 0.03:
                size *= 9
            levels.append((self.price(price), self.units(size)))
        return levels

    def depth(self, levels: int = 90, *, has_bids: bool = True, has_asks: bool = True) -> DepthView:
        """Build a book's numbers; a side can be left out."""
        bids = self._levels(-1, levels) if has_bids else []
        asks = self._levels(1, levels) if has_asks else []
        both = bool(bids and asks)
        return DepthView(
            instrument=self.instrument,
            at=self.at,
            age_ms=180,
            price_decimals=self.decimals,
            size_decimals=2,
            mid=self.mid if both else None,
            microprice=self.mid + self.tick * 0.27 if both else None,
            spread_bps=2 * self.tick / self.mid * 1e4 if both else None,
            spread_ticks=2.0 if both else None,
            imbalances=((1, 0.34 if both else None), (5, 0.12 if both else None),
                        (20, -0.08 if both else None)),
            costs=tuple(self._costs(bids, asks)),
            bands=tuple(self._bands(bids, asks)) if both else (),
            walls=tuple(self._walls(bids, asks)),
            order_flow=(WindowValue(1, 12.4), WindowValue(10, -140.2), WindowValue(60, 1_260.0)),
            resilience_half_s=1.4,
            resilience_share=0.86,
            liquidity_score=72.4,
            spread_history=tuple(1.4 + abs(x) for x in self.walk(60, 0.2)),
            imbalance_history=tuple(math.tanh(x) for x in self.walk(60, 0.3)),
            bids=_curve(bids),
            asks=_curve(asks),
        )  # fmt: skip

    def _costs(
        self, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
    ) -> list[CostRow]:
        rows = []
        for notional in NOTIONALS:
            for side, book in ((Side.BUY, asks), (Side.SELL, bids)):
                rows.append(self._cost(notional, side, book))
        return rows

    def _cost(self, notional: float, side: Side, book: Sequence[tuple[int, int]]) -> CostRow:
        left, size, eaten, worst = notional, 0.0, 0, None
        for price, quantity in book:
            money = price / UNIT * quantity / UNIT
            take = min(left, money)
            size += take / (price / UNIT)
            left, eaten, worst = left - take, eaten + 1, price
            if left <= 0:
                break
        vwap = notional / size if left <= 0 and size else None
        slip = None if vwap is None else abs(vwap - self.mid) / self.mid * 1e4
        return CostRow(
            notional=notional, side=side, vwap=vwap, slippage_bps=slip,
            worst_price=worst if vwap is not None else None, levels=eaten,
        )  # fmt: skip

    def _bands(
        self, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
    ) -> list[BandRow]:
        rows = []
        for bps in BANDS:
            reach = self.mid * bps / 1e4
            sums = [
                sum(p / UNIT * s / UNIT for p, s in book if abs(p / UNIT - self.mid) <= reach)
                for book in (bids, asks)
            ]
            total = sum(sums)
            rows.append(
                BandRow(
                    within_bps=bps, bid_notional=sums[0], ask_notional=sums[1],
                    imbalance=(sums[0] - sums[1]) / total if total else None,
                )
            )  # fmt: skip
        return rows

    def _walls(
        self, bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]
    ) -> list[WallRow]:
        rows = []
        for side, book in ((Side.BUY, bids), (Side.SELL, asks)):
            for price, size in sorted(book, key=lambda level: -level[1])[:2]:
                times = size / UNIT / self.size / 2
                rows.append(
                    WallRow(
                        side=side, price=price, size=size, times_norm=times,
                        age_ms=self.rng.randint(900, 240_000),
                    )
                )  # fmt: skip
        return rows

    # -- flow ------------------------------------------------------------------------------

    def series(self, seconds: int) -> list[SeriesPoint]:
        """Return the delta series; some seconds had no prints."""
        points = []
        cumulative = 0.0
        prices = self.walk(seconds, self.mid * 0.00012, self.mid)
        for number, price in enumerate(prices):
            if self.rng.random() < 0.2:
                continue
            move = price - prices[number - 1] if number else 0.0
            volume = self.size * self.rng.lognormvariate(0, 0.8)
            lean = math.tanh(move / (self.mid * 0.0001)) * 0.7 + self.rng.gauss(0, 0.35)
            delta = volume * max(-1.0, min(1.0, lean))
            cumulative += delta
            second = self.at // NS - seconds + number
            points.append(SeriesPoint(second, delta, cumulative, price, volume))
        return points

    def _window(self, seconds: int | None, points: Sequence[SeriesPoint]) -> FlowWindow:
        since = self.at // NS - seconds if seconds else 0
        inside = [point for point in points if point.second >= since]
        volume = sum(point.volume for point in inside)
        delta = sum(point.delta for point in inside)
        money = sum(point.volume * (point.price or 0) for point in inside)
        length = seconds or (self.at // NS - points[0].second if points else 1)
        return FlowWindow(
            window_s=seconds, volume=volume, buy=(volume + delta) / 2, sell=(volume - delta) / 2,
            delta=delta, delta_ratio=delta / volume if volume else None,
            vwap=money / volume if volume else None,
            twap=sum(p.price or 0 for p in inside) / len(inside) if inside else None,
            trades=len(inside) * 3, trades_per_s=len(inside) * 3 / length,
            missed=12 if seconds is None else 0,
        )  # fmt: skip

    def flow(self, seconds: int = 600) -> FlowView:
        """Build the numbers of the prints."""
        points = self.series(seconds)
        sweeps = []
        for number in range(9):
            side = self.rng.choice((Side.BUY, Side.SELL))
            sign = 1 if side is Side.BUY else -1
            first = self.mid + self.tick * self.rng.randint(-20, 20)
            last = first + sign * self.tick * self.rng.randint(2, 9)
            sweeps.append(
                SweepRow(
                    ts_event=self.at - (9 - number) * 23 * NS, side=side,
                    first_price=self.price(first), last_price=self.price(last),
                    size=self.units(self.size * self.rng.uniform(4, 30)),
                    prints=self.rng.randint(3, 14),
                )
            )  # fmt: skip
        return FlowView(
            instrument=self.instrument,
            at=self.at,
            since=self.at - seconds * NS,
            price_decimals=self.decimals,
            size_decimals=2,
            windows=tuple(self._window(s, points) for s in (10, 60, 300, 900, None)),
            large_size=self.units(self.size * 6),
            large_quantile=0.99,
            size_quantiles=((0.5, self.size * 0.4), (0.9, self.size * 2), (0.99, self.size * 6)),
            sweeps=tuple(sweeps),
            kyle_lambda=self.mid * 1.3e-6,
            kyle_r_squared=0.31,
            effective_bps=1.12,
            realized_bps=0.44,
            impact_bps=0.68,
            series=tuple(points),
        )

    # -- profile and footprint -------------------------------------------------------------

    def _bars(self, low: float, high: float, volume: float, step: float) -> list[ProfileBar]:
        bars = []
        count = max(1, round((high - low) / step))
        for number in range(count, -1, -1):
            share = math.exp(-(((number / count - 0.45) * 2.4) ** 2)) if count else 1.0
            size = volume / (count + 1) * share * self.rng.lognormvariate(0, 0.45) * 1.6
            bought = size * min(1.0, max(0.0, self.rng.betavariate(2.2, 2.2)))
            bars.append(
                ProfileBar(self.price(low + number * step), self.units(size - bought),
                           self.units(bought))
            )  # fmt: skip
        return bars

    def profile(self, rows: int = 60, group: int = 1) -> ProfileView:
        """Build the volume by price."""
        step = self.tick * group
        low = self.mid - step * rows * 0.5
        bars = self._bars(low, low + (rows - 1) * step, self.size * rows * 60, step)
        totals = [bar.sold + bar.bought for bar in bars]
        best = totals.index(max(totals))
        top = bottom = best
        while sum(totals[top : bottom + 1]) < 0.7 * sum(totals):
            above = totals[top - 1] if top else -1
            below = totals[bottom + 1] if bottom + 1 < len(totals) else -1
            top, bottom = (top - 1, bottom) if above > below else (top, bottom + 1)
        order = sorted(range(len(bars)), key=lambda index: -totals[index])
        return ProfileView(
            instrument=self.instrument,
            price_decimals=self.decimals,
            size_decimals=2,
            row_step=round(step * UNIT),
            rows=tuple(bars),
            point_of_control=bars[best].price,
            value_high=bars[top].price,
            value_low=bars[bottom].price,
            clusters=tuple(bars[index].price for index in order[1:4]),
        )

    def footprint(self, candles: int = 8, interval_s: int = 60, group: int = 2) -> FootprintView:
        """Build the newest candles by price; one of them had no prints."""
        step = self.tick * group
        opened = self.mid - step * 3
        found = []
        newest = self.at // (interval_s * NS) * interval_s * NS
        for number in range(candles):
            start = newest - (candles - 1 - number) * interval_s * NS
            if candles > 4 and number == candles - 5:
                found.append(_still(start))
                continue
            close = opened + step * self.rng.randint(-5, 6)
            low = min(opened, close) - step * self.rng.randint(0, 3)
            high = max(opened, close) + step * self.rng.randint(0, 3)
            bars = self._bars(low, high, self.size * 40 * self.rng.uniform(0.5, 1.6), step)
            bought, sold = sum(b.bought for b in bars) / UNIT, sum(b.sold for b in bars) / UNIT
            found.append(
                FootprintCandle(
                    start_ts=start, open=self.price(opened), high=self.price(high),
                    low=self.price(low), close=self.price(close), bars=tuple(bars),
                    delta=bought - sold, volume=bought + sold,
                )
            )  # fmt: skip
            opened = close
        return FootprintView(
            instrument=self.instrument,
            interval="1m",
            interval_ns=interval_s * NS,
            price_decimals=self.decimals,
            size_decimals=2,
            row_step=round(step * UNIT),
            candles=tuple(found),
        )

    # -- trend -----------------------------------------------------------------------------

    def trend(self) -> TrendView:
        """Build the trend over several intervals."""
        words = (
            ("1m", "down", "EMA20 below EMA50 and falling, ADX 27 over 20", 38.2, 27.1, 0.06, ""),
            ("5m", "range", "EMAs apart by 0.02 %, ADX 14 under 20: no direction", 49.6, 14.2,
             0.14, ""),
            ("15m", "up", "EMA20 above EMA50 and rising, ADX 31 over 20", 61.3, 31.0, 0.27, ""),
            ("1h", "up", "EMA20 above EMA50 and rising, ADX 38 over 20", 68.9, 38.4, 0.61,
             "2 buckets missing"),
            ("4h", "up", "EMA20 above EMA50, ADX 22 over 20", 58.0, 22.3, 1.32, ""),
            ("1d", "unknown", "12 candles of the 50 needed", None, None, None, "too short"),
        )  # fmt: skip
        rows = []
        for interval, regime, reason, rsi, adx, atr, quality in words:
            is_known = rsi is not None
            rows.append(
                RegimeRow(
                    interval=interval, regime=regime, reason=reason, rsi=rsi, adx=adx, atr_pct=atr,
                    volatility_pct=self.rng.uniform(42, 88) if is_known else None,
                    parkinson_pct=self.rng.uniform(40, 80) if is_known else None,
                    garman_klass_pct=self.rng.uniform(40, 80) if is_known else None,
                    volume_score=self.rng.gauss(0.6, 1.6) if is_known else None,
                    gaps=2 if quality.startswith("2") else 0, quality=quality,
                )
            )  # fmt: skip
        zones = [
            PriceZone(is_support=offset < 0, price=self.mid * (1 + offset), touches=touches)
            for offset, touches in ((0.021, 2), (0.009, 5), (0.0034, 3), (-0.004, 4), (-0.013, 6))
        ]
        return TrendView(
            instrument=self.instrument,
            price_decimals=self.decimals,
            head="up on 3 of 5 timeframes; 1m leans against it",
            rows=tuple(rows),
            zones=tuple(zones),
            computed_at=self.at - 4 * NS,
        )

    # -- heatmap ---------------------------------------------------------------------------

    def heatmap(self, columns: int = 80, rows: int = 48, step_ms: int = 1_000) -> HeatmapView:
        """Build a raster: resting walls that come and go around a mid that wanders."""
        mids = [value + rows / 2 for value in self.walk(columns, rows / 60)]
        raster = [bytearray(columns) for _ in range(rows)]
        for row in range(rows):
            base = self.rng.lognormvariate(2.6, 0.55)
            for column in range(columns):
                distance = abs(row - mids[column])
                if distance >= 1:
                    grown = base * (0.5 + min(distance, 12) / 8) * self.rng.uniform(0.75, 1.25)
                    raster[row][column] = max(1, min(255, round(grown)))
        self._add_walls(raster, mids, columns, rows)
        trades = []
        for column in range(columns):
            for _ in range(self.rng.choice((0, 1, 1, 2))):
                is_buy = self.rng.random() < 0.5
                row = int(mids[column]) + (-1 if is_buy else 1)
                size = self.units(self.size * self.rng.expovariate(0.8))
                trade = (size, 0) if is_buy else (0, size)
                trades.append(HeatTrade(column, max(0, min(rows - 1, row)), *trade))
        step = self.tick
        return HeatmapView(
            instrument=self.instrument,
            price_decimals=self.decimals,
            size_decimals=2,
            columns=columns,
            rows=rows,
            start_ts=self.at - columns * step_ms * 1_000_000,
            step_ns=step_ms * 1_000_000,
            top_price=self.price(self.mid + rows / 2 * step),
            row_step=round(step * UNIT),
            cells=b"".join(bytes(row) for row in raster),
            full_size=self.units(self.size * 30),
            best_bids=tuple(min(rows - 1, int(mid) + 1) for mid in mids),
            best_asks=tuple(max(0, int(mid) - 1) for mid in mids),
            trades=tuple(trades),
            computed_at=self.at,
        )

    def _add_walls(
        self, raster: list[bytearray], mids: Sequence[float], columns: int, rows: int
    ) -> None:
        for _ in range(rows // 5):
            row = self.rng.randrange(rows)
            start = self.rng.randrange(columns)
            end = min(columns, start + self.rng.randint(columns // 8 + 1, columns))
            strength = self.rng.randint(110, 255)
            for column in range(start, end):
                if abs(row - mids[column]) >= 1.5:
                    raster[row][column] = max(1, min(255, strength + self.rng.randint(-18, 18)))

    # -- the tape --------------------------------------------------------------------------

    def tape(self, rows: int = 40, *, is_joined: bool = False, missed: bool = True) -> TapeView:
        """Build prints, or sweeps, with a hole and some large ones."""
        lines = []
        serial = 4_200
        price = self.mid
        for number in range(rows):
            side = self.rng.choice((Side.BUY, Side.SELL))
            price += self.rng.choice((-1, 0, 0, 1)) * self.tick
            prints = self.rng.choice((1, 1, 1, 2, 4, 7)) if is_joined else 1
            serial += prints
            size = self.units(self.size * self.rng.expovariate(1.2) * prints + 0.01)
            way = (1 if side is Side.BUY else -1) * self.tick * (prints - 1)
            lines.append(
                TapeLine(
                    serial, self.at - (rows - number) * NS // 3, self.price(price), size, side,
                    prints, self.price(price + way), size > self.units(self.size * 2.6),
                    12 if missed and number == rows - 8 else 0,
                )
            )  # fmt: skip
        return TapeView(
            instrument=self.instrument, price_decimals=self.decimals, size_decimals=2,
            rows=tuple(lines), missed=12 if missed else 0,
            large_size=self.units(self.size * 2.6), hidden=37 if is_joined else 0,
        )  # fmt: skip


def _curve(levels: Sequence[tuple[int, int]]) -> tuple[CurvePoint, ...]:
    points, total = [], 0
    for price, size in levels:
        total += size
        points.append(CurvePoint(price, total))
    return tuple(points)


def _still(start: int) -> FootprintCandle:
    return FootprintCandle(
        start_ts=start, open=None, high=None, low=None, close=None, bars=(), delta=0.0, volume=0.0
    )


def funding(at: int = START, seed: int = 5) -> FundingView:
    """Build the funding and basis table of nine perpetuals."""
    rng = random.Random(seed)
    bases = (("SOL", 141.27, 2), ("BTC", 86_012.4, 1), ("ETH", 2_841.36, 2), ("JUP", 0.3412, 4),
             ("SHIB", 0.00001234, 8))  # fmt: skip
    rows = []
    for venue, hours in (("alpha", 1.0), ("orion", 8.0)):
        for name, price, decimals in bases:
            basis = rng.gauss(1.5, 4)
            rate = rng.gauss(0.0011 * hours, 0.0022 * hours)
            index = price * (1 - basis / 1e4)
            history = [basis + rng.gauss(0, 1.4) for _ in range(40)]
            rows.append(
                FundingRow(
                    instrument=InstrumentId(f"{venue}:{name}_USDC_PERP"), price_decimals=decimals,
                    mark_price=round(price * UNIT), index_price=round(index * UNIT),
                    basis_bps=basis, basis_annual_pct=basis / 100 * 365,
                    rate_pct=rate, interval_hours=hours, hourly_pct=rate / hours,
                    annual_pct=rate / hours * 8_760,
                    next_funding_ts=at + rng.randint(60, round(hours * 3600)) * NS,
                    history=tuple(history),
                )
            )  # fmt: skip
    rows.append(
        FundingRow(
            instrument=InstrumentId("orion:NEW_USDC_PERP"), price_decimals=3, mark_price=None,
            index_price=None, basis_bps=None, basis_annual_pct=None, rate_pct=None,
            interval_hours=None, hourly_pct=None, annual_pct=None, next_funding_ts=None,
            history=(),
        )
    )  # fmt: skip
    return FundingView(rows=tuple(rows))


def pairs(seed: int = 5) -> PairsView:
    """Build the table of markets beside one another."""
    rng = random.Random(seed)
    names = (
        ("alpha:SOL_USDC_PERP", "orion:SOL_USDC_PERP"), ("alpha:SOL_USDC", "alpha:SOL_USDC_PERP"),
        ("alpha:BTC_USDC_PERP", "orion:BTC_USDC_PERP"), ("alpha:ETH_USDC", "orion:ETH_USDC_PERP"),
        ("alpha:SHIB_USDC", "orion:SHIB_USDC_PERP"),
    )  # fmt: skip
    rows = []
    for first, second in names:
        mean = rng.gauss(0, 3)
        history = [mean + rng.gauss(0, 1.8) for _ in range(60)]
        rows.append(
            PairRow(
                first=InstrumentId(first), second=InstrumentId(second), spread_bps=history[-1],
                low_bps=min(history), high_bps=max(history), mean_bps=sum(history) / 60,
                executable_bps=abs(history[-1]) - rng.uniform(0.5, 3), history=tuple(history),
                correlation=rng.uniform(0.7, 0.995), lead_s=rng.choice((-2.0, -1.0, 0.0, 1.0, 3.0)),
                lead_correlation=rng.uniform(0.4, 0.9),
            )
        )  # fmt: skip
    rows.append(
        PairRow(
            first=InstrumentId("alpha:NEW_USDC"), second=InstrumentId("orion:NEW_USDC"),
            spread_bps=None, low_bps=None, high_bps=None, mean_bps=None, executable_bps=None,
            history=(), correlation=None, lead_s=None, lead_correlation=None,
        )
    )  # fmt: skip
    return PairsView(rows=tuple(rows))
