"""The scripted trader: builds, trims and leaves positions in the perpetuals, for others to follow.

It trades through the same order entry and the same speed bump as anybody else.
"""

import random
from typing import Final

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.market import Market
from core.exchange.embedded.orders import OrderRequest, OrderType, Side
from core.exchange.embedded.refusals import Refusal
from core.exchange.embedded.rest_orders import SPEED_BUMP_NS
from core.exchange.embedded.units import NS_PER_SEC, SCALE

_FIRST_SECS: Final = (0.6, 1.4)
_PAUSE_SECS: Final = (2.0, 5.0)
_NOTIONAL: Final = (500.0, 5_000.0)
_BIG_NOTIONAL: Final = 12_000.0
_BIG_CHANCE: Final = 0.06
_MOST_NOTIONAL: Final = 20_000.0


class Leader:
    """One account that acts every few seconds."""

    def __init__(self, exchange: Exchange, account: Account, seed: int) -> None:
        self._exchange = exchange
        self._account = account
        self._random = random.Random(seed)  # noqa: S311  a simulation, not a secret
        self._markets = [each for each in exchange.floor.markets.values() if each.spec.is_perp]
        self._sentiment = {each.spec.symbol: 1 for each in self._markets}

    def start(self) -> None:
        """Begin; the first action comes within two seconds."""
        self._again(*_FIRST_SECS)

    def _again(self, soonest_secs: float, latest_secs: float) -> None:
        pause = self._random.uniform(soonest_secs, latest_secs)
        self._exchange.at(self._exchange.now_ns + int(pause * NS_PER_SEC), self._act)

    def _act(self) -> None:
        market = self._random.choice(self._markets)
        steps = self._change(market)
        if steps:
            self._send(market, steps)
        self._again(*_PAUSE_SECS)

    def _change(self, market: Market) -> int:
        """Return the signed steps to trade: open, add, reduce, close or flip."""
        held = self._account.position_steps(market.spec.symbol)
        fresh = self._fresh_steps(market)
        if held == 0:
            return fresh if self._random.random() < 0.55 else -fresh  # noqa: PLR2004
        sign = 1 if held > 0 else -1
        draw = self._random.random()
        if draw < 0.46 and self._notional(market, held) < _MOST_NOTIONAL:  # noqa: PLR2004
            return sign * fresh
        if draw < 0.86:  # noqa: PLR2004
            return -sign * max(1, abs(held) * self._random.randint(25, 75) // 100)
        if draw < 0.94:  # noqa: PLR2004
            return -held
        return -held - sign * fresh

    def _fresh_steps(self, market: Market) -> int:
        is_big = self._random.random() < _BIG_CHANCE
        wish = _BIG_NOTIONAL if is_big else self._random.uniform(*_NOTIONAL)
        per_step = self._notional(market, 1)
        return max(1, round(wish / per_step))

    def _notional(self, market: Market, steps: int) -> float:
        return abs(steps) * market.spec.step_atoms * market.mark / SCALE / SCALE

    def _send(self, market: Market, steps: int) -> None:
        side = Side.BID if steps > 0 else Side.ASK
        request = OrderRequest(market.spec.symbol, side, OrderType.MARKET, None, abs(steps))
        self._exchange.at(self._exchange.now_ns + SPEED_BUMP_NS, lambda: self._enter(request))

    def _enter(self, request: OrderRequest) -> None:
        try:
            self._exchange.floor.entry.place(self._account, request)
        except Refusal:
            return
