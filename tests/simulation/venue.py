"""The venue of a simulation: the embedded exchange with a small, calm life of its own.

Three markets, a house that quotes and takes, a leader who opens and leaves positions. Everything is
drawn from one seed; the exchange itself is what the demo and the server run.
"""

import random
from collections.abc import Callable
from typing import Final

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.candles import NoHistory
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.keys import KeyPair, derived_keys
from core.exchange.embedded.leader import Leader
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import Order, OrderRequest, OrderType, Side, TimeInForce
from core.exchange.embedded.spec import MARKETS
from core.exchange.embedded.units import MINUTE_NS, NS_PER_SEC, SCALE, atoms

NAME: Final = "sim"
TRADER: Final = "trader"
LEADER: Final = "leader"
SYMBOLS: Final = ("SOL_USDC_PERP", "BTC_USDC_PERP", "SOL_USDC")
_PRICES: Final = {"SOL": 14_100, "BTC": 860_000}
"""In ticks of every market of that base."""
_FIRST_ID: Final = 4_000_000_000
_HOUSE: Final = {"USDC": 10**12 * SCALE, "SOL": 10**10 * SCALE, "BTC": 10**8 * SCALE}
_FUNDING: Final = {"USDC": atoms("100000"), "SOL": atoms("50")}
_LEVELS: Final = 6


class House:
    """Quotes one market around a random walk, and takes now and then."""

    def __init__(self, exchange: Exchange, symbol: str, rng: random.Random) -> None:
        self.fair = float(exchange.floor.markets[symbol].last)
        self._exchange = exchange
        self._market = exchange.floor.markets[symbol]
        self._rng = rng
        accounts = exchange.floor.clearing.accounts
        self._maker, self._taker = accounts["maker"], accounts["taker"]
        self._quotes: list[Order] = []
        notional = 25_000
        unit = 10**self._market.spec.cost_decimals
        self._steps = max(1, int(notional * unit / self.fair))
        self.is_resting = False
        self._live()

    def jump(self, factor: float) -> None:
        """Move the value at once."""
        self.fair *= factor
        self._quote()

    def _live(self) -> None:
        if self.is_resting:
            return
        self.fair *= 1 + self._rng.gauss(0, 0.0003)
        self._quote()
        if self._rng.random() < 0.4:
            self._take()
        pause = self._rng.uniform(1.1, 2.2)
        self._exchange.at(self._exchange.now_ns + int(pause * NS_PER_SEC), self._live)

    def _quote(self) -> None:
        if self._market.state in {"Closed", "CancelOnly"}:
            return
        fair, gap = round(self.fair), max(1, round(self.fair * 0.0001))
        for is_bid in (True, False):
            self._clear_strangers(is_bid, fair)
        wanted = [
            (is_bid, fair + (-gap if is_bid else gap) * level, self._size())
            for is_bid in (True, False)
            for level in range(1, _LEVELS)
        ]
        entry = self._exchange.floor.entry
        gone = [order for order in self._quotes if order.is_open]
        self._quotes = entry.quote(self._maker, self._market.spec.symbol, gone, wanted)

    def _clear_strangers(self, is_bid: bool, fair: int) -> None:  # noqa: FBT001
        """Take orders of others that stand on the wrong side of the value."""
        for order in list(self._market.book.orders(is_bid=is_bid)):
            is_through = order.price >= fair if is_bid else order.price <= fair
            if order.owner == self._maker.name or not is_through:
                continue
            side = Side.ASK if is_bid else Side.BID
            self._send(side, order.leaves, order.price)

    def _take(self) -> None:
        side = self._rng.choice((Side.BID, Side.ASK))
        best = self._market.book.best(is_bid=side is Side.ASK)
        if best is not None and self._market.state in {"Open", "LimitOnly"}:
            self._send(side, max(1, self._size() // 12), best)

    def _send(self, side: Side, steps: int, price: int) -> None:
        request = OrderRequest(
            symbol=self._market.spec.symbol,
            side=side,
            order_type=OrderType.LIMIT,
            price=price,
            quantity=steps,
            time_in_force=TimeInForce.IOC,
        )
        self._exchange.floor.entry.place(self._taker, request)

    def _size(self) -> int:
        return max(1, int(self._steps * self._rng.uniform(0.3, 1.0)))


class _Reins:
    """The exchange as the leader sees it: deaf to him once the venue rests."""

    def __init__(self, venue: "SimVenue") -> None:
        self._venue = venue
        self.floor = venue.exchange.floor

    @property
    def now_ns(self) -> int:
        return self._venue.exchange.now_ns

    def at(self, when_ns: int, task: Callable[[], None]) -> None:
        if not self._venue.is_resting:
            self._venue.exchange.at(when_ns, task)


class SimVenue:
    """The exchange, its houses, and the keys of the two who may sign."""

    def __init__(self, seed: int, start_ns: int, faults: Faults) -> None:
        self.is_resting = False
        rng = random.Random(f"venue/{seed}")
        markets = [_market(symbol, start_ns) for symbol in SYMBOLS]
        self.exchange = Exchange(markets, first_id=_FIRST_ID, start_ns=start_ns, faults=faults)
        self.faults = self.exchange.faults
        self.exchange.index_source = self._index
        clearing = self.exchange.floor.clearing
        for name in ("maker", "taker"):
            clearing.open_account(name, is_house=True, funding=dict(_HOUSE))
        self.keys = derived_keys(seed, NAME, TRADER)
        self.leader_keys: KeyPair = derived_keys(seed, NAME, LEADER)
        self.account: Account = clearing.open_account(
            TRADER, api_key=self.keys.api_key, funding=dict(_FUNDING)
        )
        leader = clearing.open_account(
            LEADER, api_key=self.leader_keys.api_key, funding={"USDC": atoms("250000")}
        )
        self.leader: Account = leader
        self.houses = {s: House(self.exchange, s, random.Random(rng.random())) for s in SYMBOLS}
        Leader(_Reins(self), leader, seed).start()  # type: ignore[arg-type]

    def heal(self) -> None:
        """End every fault."""
        self.faults.switch_off()
        for symbol in SYMBOLS:
            self.exchange.set_book_state(symbol, "Open")

    def rest(self) -> None:
        """Let nobody else act any more, so that two sides can be compared at rest."""
        self.is_resting = True
        self.exchange.rules.funding = False
        for house in self.houses.values():
            house.is_resting = True

    def _index(self, asset: str, _now_ns: int) -> int:
        symbol = f"{asset}_USDC_PERP"
        return int(self.houses[symbol].fair) * self.exchange.floor.markets[symbol].spec.tick_atoms


def _market(symbol: str, start_ns: int) -> Market:
    spec = next(each for each in MARKETS if each.symbol == symbol)
    number = SYMBOLS.index(symbol) + 1
    return Market(
        spec,
        NoHistory(start_ns // MINUTE_NS),
        last=_PRICES[spec.base],
        first_id=_FIRST_ID + number * 10**6,
    )
