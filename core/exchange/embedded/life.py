"""The life of a market: makers that quote around their view of the value, takers in waves.

One `MarketLife` moves one market of one venue through house accounts. Its makers withdraw what the
value has passed, refill the top, and let the deep levels breathe; its takers follow a self-exciting
clock, lean toward the value and sometimes sweep. Floats are opinions here; what reaches the book is
whole ticks and steps.
"""

import math
import random
from collections.abc import Callable
from typing import Final

import msgspec

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.entry import Quote
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.orders import Order, OrderRequest, OrderType, Side, TimeInForce
from core.exchange.embedded.units import NS_PER_SEC, SCALE

View = Callable[[str, int], float]
"""Gives a maker's view of a market's log price at an instant."""


class LifeStyle(msgspec.Struct, frozen=True, gc=False):
    """How a venue's markets live."""

    half_spread_bps: float = 0.45
    quote_every_secs: float = 0.18
    takers_per_sec: float = 0.35
    """Arrivals without excitement; excitement about doubles them."""
    taker_notional: float = 1_500.0
    depth_notional: float = 9_000.0


_TOP_LEVELS: Final = 8
_TOP_GAP_BPS: Final = 0.55
_DEEP_LEVELS: Final = 40
_DEEP_FIRST_BPS: Final = 4.0
_DEEP_SCALE_BPS: Final = 45.0
_DEEP_LAST_BPS: Final = 300.0
_MOST_PER_SIDE: Final = 64
_BREATH_CHANCE: Final = 0.35
_SLACK: Final = 4
_MOST_ADDITIONS: Final = 3
_EXCITE: Final = 0.5
_CALM_SECS: Final = 1.2
_SWEEP_CHANCE: Final = 0.03
_SHOCK_CHANCE: Final = 0.002
_TAKE_BPS: Final = 6.0
_SWEEP_BPS: Final = 14.0


class MarketLife:
    """Makers and takers of one market."""

    def __init__(
        self, exchange: Exchange, symbol: str, view: View, style: LifeStyle, seed: int
    ) -> None:
        self._exchange = exchange
        self._market = exchange.floor.markets[symbol]
        self._spec = self._market.spec
        self._view = view
        self._style = style
        self._random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self._quotes: dict[bool, list[Order]] = {True: [], False: []}
        self._excitement = 0.0
        self._excited_ns = exchange.now_ns
        self._mood = 0.0
        quote_worth = 1.0 if self._spec.quote == "USDC" else 1 / 86_000
        self._steps_per_usd = quote_worth * 10.0**self._spec.cost_decimals / self._market.last
        self._maker = self._account("maker")
        self._taker = self._account("taker")

    def start(self) -> None:
        """Seed the book and begin to live."""
        fair = self._fair()
        bid, ask = self._edges(fair)
        quotes = [
            quote
            for is_bid, edge in ((True, bid), (False, ask))
            for quote in [*self._top(is_bid, edge, _TOP_LEVELS), *self._deep_seed(is_bid, fair)]
        ]
        self._place([], quotes)
        self._exchange.at(self._exchange.now_ns, self._quote)
        self._schedule_taker()

    def _account(self, name: str) -> Account:
        return self._exchange.floor.clearing.accounts[name]

    def _fair(self) -> float:
        log_price = self._view(self._spec.symbol, self._exchange.now_ns)
        return float(math.exp(log_price) * 10**self._spec.price_decimals)

    def _edges(self, fair: float) -> tuple[int, int]:
        """Return the best bid and ask the makers stand for, in ticks."""
        half = fair * self._style.half_spread_bps * 1e-4 * self._random.uniform(0.7, 1.4)
        bid, ask = math.floor(fair - half), math.ceil(fair + half)
        return (bid, ask) if bid < ask else (bid, bid + 1)

    def _quote(self) -> None:
        """Follow the value once, where the book takes orders."""
        if self._market.state in {"Closed", "CancelOnly"}:
            self._exchange.at(self._exchange.now_ns + NS_PER_SEC, self._quote)
            return
        fair = self._fair()
        bid, ask = self._edges(fair)
        self._hit_strangers(bid, ask)
        gone: list[Order] = []
        wanted: list[Quote] = []
        for is_bid, edge in ((True, bid), (False, ask)):
            live = [order for order in self._quotes[is_bid] if order.is_open]
            gone += self._passed(live, edge, is_bid=is_bid)
            self._quotes[is_bid] = live = [order for order in live if order not in gone]
            wanted += self._refill(live, edge, is_bid=is_bid)
            if self._random.random() < _BREATH_CHANCE and live:
                gone.append(live.pop(self._random.randrange(len(live))))
            missing = _TOP_LEVELS + _DEEP_LEVELS - len(live)
            wanted += [self._deep_quote(is_bid, fair) for _ in range(_additions(missing))]
        self._place(gone, wanted)
        pause = self._style.quote_every_secs * self._random.uniform(0.5, 1.5)
        self._exchange.at(self._exchange.now_ns + int(pause * NS_PER_SEC), self._quote)

    def _place(self, gone: list[Order], quotes: list[Quote]) -> None:
        placed = self._exchange.floor.entry.quote(self._maker, self._spec.symbol, gone, quotes)
        for order in placed:
            self._quotes[order.is_bid].append(order)

    def _passed(self, live: list[Order], edge: int, *, is_bid: bool) -> list[Order]:
        """Return the quotes the value has gone through, and those too many or too far."""
        passed = [each for each in live if (each.price > edge if is_bid else each.price < edge)]
        if len(live) - len(passed) > _MOST_PER_SIDE:
            rest = [order for order in live if order not in passed]
            passed.append(max(rest, key=lambda order: abs(order.price - edge)))
        return passed

    def _refill(self, live: list[Order], edge: int, *, is_bid: bool) -> list[Quote]:
        """Return what the top misses, a few levels at a time."""
        gap = max(1, round(edge * _TOP_GAP_BPS * 1e-4))
        near = {abs(order.price - edge) // gap for order in live}
        missing = [place for place in range(_TOP_LEVELS) if place not in near]
        sign = -1 if is_bid else 1
        return [
            (is_bid, edge + sign * (place * gap + self._random.randrange(gap)) * (place > 0),
             self._size(self._style.depth_notional * (0.35 + 0.25 * place)))
            for place in missing[:3]
        ]  # fmt: skip

    def _top(self, is_bid: bool, edge: int, levels: int) -> list[Quote]:  # noqa: FBT001
        quotes: list[Quote] = []
        gap = max(1, round(edge * _TOP_GAP_BPS * 1e-4))
        sign = -1 if is_bid else 1
        for place in range(levels):
            size = self._size(self._style.depth_notional * (0.35 + 0.25 * place))
            quotes.append((is_bid, edge + sign * place * gap, size))
        return quotes

    def _deep_seed(self, is_bid: bool, fair: float) -> list[Quote]:  # noqa: FBT001
        return [self._deep_quote(is_bid, fair) for _ in range(_DEEP_LEVELS)]

    def _deep_quote(self, is_bid: bool, fair: float) -> Quote:  # noqa: FBT001
        far = self._random.expovariate(1 / _DEEP_SCALE_BPS)
        bps = _DEEP_FIRST_BPS + min(far, _DEEP_LAST_BPS)
        price = round(fair * (1 - bps * 1e-4 if is_bid else 1 + bps * 1e-4))
        return is_bid, price, self._size(self._style.depth_notional * (1.5 + bps / 20))

    def _size(self, notional: float) -> int:
        drawn = notional * self._random.lognormvariate(-0.3, 0.8)
        return max(1, round(drawn * self._steps_per_usd))

    def _hit_strangers(self, bid: int, ask: int) -> None:
        """Take orders of others that stand on the wrong side of the value."""
        for is_bid, edge in ((True, ask), (False, bid)):
            best = self._market.book.best(is_bid=is_bid)
            if self._market.state == "PostOnly":
                continue
            if best is None or (best < edge if is_bid else best > edge):
                continue
            first = next(self._market.book.orders(is_bid=is_bid))
            if first.owner != self._maker.name:
                self._take(Side.ASK if is_bid else Side.BID, first.leaves, best)

    def _schedule_taker(self) -> None:
        """Ask for the next arrival: a self-exciting clock, thinned as it calms down."""
        now_ns = self._exchange.now_ns
        self._calm(now_ns)
        rate = self._style.takers_per_sec + self._excitement
        wait_ns = int(self._random.expovariate(rate) * NS_PER_SEC)
        self._exchange.at(now_ns + wait_ns, lambda: self._arrive(rate))

    def _calm(self, now_ns: int) -> None:
        age = (now_ns - self._excited_ns) / NS_PER_SEC
        self._excitement *= math.exp(-age / _CALM_SECS)
        self._excited_ns = now_ns

    def _arrive(self, bound: float) -> None:
        self._calm(self._exchange.now_ns)
        if self._random.random() * bound <= self._style.takers_per_sec + self._excitement:
            self._excitement += _EXCITE / _CALM_SECS
            self._trade()
        self._schedule_taker()

    def _trade(self) -> None:
        """Take once: toward the value, with the mood, sometimes hard."""
        mid = self._market.mid
        if mid is None or self._market.state not in {"Open", "LimitOnly"}:
            return
        gap_bps = (self._fair() * self._spec.tick_atoms / mid - 1) * 1e4
        self._mood = 0.8 * self._mood + 0.2 * self._random.gauss(0, 1)
        lean = math.tanh(0.35 * gap_bps + 0.9 * self._mood)
        side = Side.BID if self._random.random() < 0.5 + 0.42 * lean else Side.ASK
        factor, reach_bps = self._force()
        steps = self._size(self._style.taker_notional * factor)
        best = self._market.book.best(is_bid=side is Side.ASK)
        assert best is not None
        reach = max(1, round(best * reach_bps * 1e-4))
        self._take(side, steps, best + (reach if side is Side.BID else -reach))

    def _force(self) -> tuple[float, float]:
        """Return size factor and reach in bps of one taker."""
        draw = self._random.random()
        if draw < _SHOCK_CHANCE:
            return 60.0, 3 * _SWEEP_BPS
        if draw < _SWEEP_CHANCE:
            return 14.0, _SWEEP_BPS
        return 1.0, _TAKE_BPS

    def _take(self, side: Side, steps: int, price: int) -> None:
        request = OrderRequest(
            symbol=self._spec.symbol,
            side=side,
            order_type=OrderType.LIMIT,
            price=price,
            quantity=steps,
            time_in_force=TimeInForce.IOC,
        )
        self._exchange.floor.entry.place(self._taker, request)


def _additions(missing: int) -> int:
    """Return how many deep quotes to add: one to breathe, more where a move ate many."""
    return max(0, min(_MOST_ADDITIONS, missing - _SLACK)) or int(missing > 0)


HOUSE_FUNDING: Final = {
    "USDC": 10**12 * SCALE,
    "SOL": 10**10 * SCALE,
    "BTC": 10**8 * SCALE,
    "ETH": 10**9 * SCALE,
}
"""What the market's own life may spend: practically everything."""
