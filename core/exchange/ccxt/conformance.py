"""Proves what an exchange does, by doing it: one order that rests and is cancelled, one that fills.

Run it once for each exchange on an account meant for it; the record is what lets orders through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from core.exchange.ccxt.capabilities import Capabilities
from core.exchange.ccxt.library import Exchange


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: unified symbol, sizes and prices as exact text."""

    symbol: str
    quantity: str
    resting_price: str
    """Far below the market: a buy at it does not trade."""
    taking_price: str
    """Above the market: a buy at it fills at once."""
    first_client_id: int
    """This one and the next are used."""
    attempts: int = 10
    pause_secs: float = 0.3


class Conformance:
    """One run.

    Attributes:
        evidence: What was done and what was seen.
    """

    def __init__(self, exchange: Exchange, trial: Trial) -> None:
        self.evidence: list[str] = []
        self._exchange = exchange
        self._trial = trial

    async def run(self) -> Capabilities:
        """Do it all; what fails is not proved, and says so."""
        resting = await self._proved("resting order", self._resting())
        filling = await self._proved("filling order", self._filling())
        return Capabilities(
            client_id_on_every_report="reports" in resting and "reports" in filling,
            fill_history="fills" in filling,
            open_order_query="open" in resting,
            evidence=tuple(self.evidence),
        )

    async def _proved(self, title: str, work: Awaitable[set[str]]) -> set[str]:
        try:
            return await work
        except Exception as error:  # noqa: BLE001  the library raises what it likes
            self.evidence.append(f"{title}: {type(error).__name__}: {str(error)[:160]}")
            return set()

    async def _resting(self) -> set[str]:
        """Place, find among the open ones by our id, cancel, find it gone."""
        number, symbol = self._trial.first_client_id, self._trial.symbol
        made = await self._place(number, self._trial.resting_price)
        try:
            listed = await self._exchange.fetch_open_orders(symbol)
        finally:
            await self._exchange.cancel_order(made["id"], symbol)
        mine = self._named(listed, number, "open orders list it by our id")
        is_gone = await self._until(
            lambda: self._is_absent(made["id"]), "it is gone after its cancel"
        )
        proofs = {"open"} if mine and is_gone else set()
        return proofs | ({"reports"} if mine and _is_named(made, number) else set())

    async def _filling(self) -> set[str]:
        """Place one that takes, and find its fills by the order's id."""
        number = self._trial.first_client_id + 1
        made = await self._place(number, self._trial.taking_price)
        has_fills = await self._until(lambda: self._has_fills(made["id"]), "its fills are listed")
        proofs = {"fills"} if has_fills else set()
        return proofs | ({"reports"} if _is_named(made, number) else set())

    async def _place(self, number: int, price: str) -> Any:
        trial = self._trial
        parameters = {"clientOrderId": str(number)}
        made = await self._exchange.create_order(
            trial.symbol, "limit", "buy", trial.quantity, price, parameters
        )
        self._named([made], number, "the answer names our id")
        return made

    async def _is_absent(self, order_id: str) -> bool:
        rows = await self._exchange.fetch_open_orders(self._trial.symbol)
        return all(row["id"] != order_id for row in rows)

    async def _has_fills(self, order_id: str) -> bool:
        rows = await self._exchange.fetch_my_trades(self._trial.symbol)
        return any(row["order"] == order_id for row in rows)

    async def _until(self, check: Callable[[], Awaitable[bool]], words: str) -> bool:
        for _ in range(self._trial.attempts):
            if await check():
                self.evidence.append(f"yes: {words}")
                return True
            await asyncio.sleep(self._trial.pause_secs)
        self.evidence.append(f"no: {words}")
        return False

    def _named(self, rows: Iterable[Any], number: int, words: str) -> bool:
        is_found = any(_is_named(row, number) for row in rows)
        self.evidence.append(f"{'yes' if is_found else 'no'}: {words}")
        return is_found


def _is_named(row: Any, number: int) -> bool:
    return str(row.get("clientOrderId")) == str(number)
