"""A day of trading on the embedded exchange, and the in-memory way every request goes to it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from core.exchange.backpack.questions import Fields, Question
from core.exchange.backpack.requests import Signer
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import Reply, Wire
from core.exchange.embedded.accounts import Account
from core.exchange.embedded.keys import derived_keys
from core.exchange.embedded.market import Market
from core.exchange.embedded.memory import MemoryTransport, MemoryVenue
from core.exchange.embedded.units import SCALE_DIGITS
from tests.core.exchange.embedded.embedded_client import Client, decoded, quiet_exchange

PERP = "SOL_USDC_PERP"
CLOSED = "ETH_USDC_PERP"
SPOT = "SOL_USDC"
HOUR_NS = 3_600_000_000_000


class Day:
    """An exchange on which two people have traded, and one of them asks.

    Attributes:
        resting: The row of an order of the asker that rests.
        waiting: The row of an order of the asker that waits for its trigger.
    """

    def __init__(self) -> None:
        self.exchange = quiet_exchange()
        self.ann = Client.named(self.exchange, "ann")
        self.bob = Client.named(self.exchange, "bob")
        self.signer = Signer(Credentials(derived_keys(1, "quiet", "ann").api_secret))
        self._venue = MemoryVenue(self.exchange, lambda: self.exchange.now_ns)
        self._transport = MemoryTransport(self._venue)
        self._quote(PERP, "140.5", "141.5")
        self._quote(SPOT, "140.5", "141.5")
        self._quote(CLOSED, "2755", "2765")
        self._traded()
        self.exchange.advance((self.exchange.now_ns // HOUR_NS + 1) * HOUR_NS + 11_000_000_000)
        self.resting = decoded(self.ann.place(SPOT, "Bid", "0.5", "139", clientId=71))
        self.waiting = decoded(
            self.ann.place(PERP, "Ask", "0", triggerPrice="100", triggerQuantity="1", clientId=72)
        )

    def _quote(self, symbol: str, bid: str, ask: str) -> None:
        for side, price in (("Bid", bid), ("Ask", ask)):
            assert decoded(self.bob.place(symbol, side, "3", price))["status"] == "New"

    def _traded(self) -> None:
        """Open, close, buy, sell, lend."""
        self.ann.place(PERP, "Bid", "2")
        self.ann.place(CLOSED, "Ask", "0.5")
        self.ann.place(CLOSED, "Bid", "0.5")
        body = {"autoLend": True}
        assert self.ann.body("accountUpdate", "PATCH", "/api/v1/account", body).status == 200
        self.ann.place(SPOT, "Bid", "1")
        self.ann.place(SPOT, "Ask", "0.25")

    @property
    def account(self) -> Account:
        """The asker's account as the exchange has it."""
        return self.exchange.floor.clearing.accounts["ann"]

    @property
    def now_ms(self) -> int:
        """The exchange's clock in ms."""
        return self.exchange.now_ns // 1_000_000

    @property
    def stamp(self) -> dict[str, int]:
        """The time and window of a signature made now."""
        return {"timestamp_ms": self.now_ms, "window_ms": 5_000}

    def market(self, symbol: str) -> Market:
        """Return a market as the exchange has it."""
        return self.exchange.floor.markets[symbol]

    def asked(self, question: Question, **page: str | int) -> Wire:
        """Sign a question, or a page of it."""
        fields: Fields = question.fields | page
        return self.signer.query(question.path, question.instruction, fields, **self.stamp)

    async def send(self, wire: Wire) -> Reply:
        """Send a request through the in-memory transport and run the exchange until it answers."""
        reply = asyncio.ensure_future(self._transport.request(wire, deadline_secs=5.0))
        for _ in range(50):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if reply.done():
                return reply.result()
            self.exchange.advance(self.exchange.next_deadline())
            self._venue.deliver()
        raise AssertionError("no reply")


def units(count: int, decimals: int = SCALE_DIGITS) -> Decimal:
    """Write an integer of the exchange as the number it means."""
    return Decimal(count).scaleb(-decimals)


def iso(ns: int, *, millis: bool = True) -> str:
    """Write an instant as the venue's text, by another way than the exchange does."""
    text = datetime.fromtimestamp(ns // 1_000_000 / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text[:-3] if millis else text[:-7]


def asks(question: Callable[[Day], Question], **page: str | int) -> Callable[[Day], Wire]:
    """Sign a question, or a page of it."""
    return lambda day: day.asked(question(day), **page)
