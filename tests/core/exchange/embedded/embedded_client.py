"""A small signing client for tests: virtual time, no adapter of ours in between."""

import base64
import json
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from core.exchange.contract import Reply, Wire
from core.exchange.embedded.candles import NoHistory
from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.keys import KeyPair, derived_keys
from core.exchange.embedded.market import Market
from core.exchange.embedded.spec import MARKETS
from core.exchange.embedded.units import MINUTE_NS, SCALE

START_NS = 1_790_000_030_000_000_000
FIXTURES = Path(__file__).parents[4] / ".." / "shared" / "fixtures" / "backpack"
_FIRST_PRICES = {"SOL": 14_100, "BTC": 860_000, "ETH": 276_000}
_FUNDS = {"USDC": 1_000_000, "SOL": 1_000, "BTC": 10, "ETH": 100}


def quiet_exchange(names: tuple[str, ...] = ("ann", "bob")) -> Exchange:
    """Return an exchange without life, with funded accounts."""
    markets = [
        Market(
            spec,
            NoHistory(START_NS // MINUTE_NS),
            last=32_000 if spec.symbol == "ETH_BTC" else _FIRST_PRICES[spec.base],
            first_id=1_000,
        )
        for spec in MARKETS
    ]
    exchange = Exchange(markets, first_id=5_000, start_ns=START_NS)
    for name in names:
        funding = {asset: amount * SCALE for asset, amount in _FUNDS.items()}
        key = derived_keys(1, "quiet", name).api_key
        exchange.floor.clearing.open_account(name, api_key=key, funding=funding)
    return exchange


class Client:
    """Signs as one account and steps the exchange until the answer is there."""

    def __init__(self, exchange: Exchange, keys: KeyPair) -> None:
        self.exchange = exchange
        self.keys = keys
        self._key = SigningKey(base64.b64decode(keys.api_secret))

    @classmethod
    def named(cls, exchange: Exchange, name: str) -> "Client":
        """Return a client of a quiet exchange's account."""
        return cls(exchange, derived_keys(1, "quiet", name))

    def signed(self, text: str, *, window: int = 5_000, age_ms: int = 0) -> tuple[str, str, str]:
        """Return signature, timestamp and window of a text."""
        stamp = str(self.exchange.now_ns // 1_000_000 - age_ms)
        message = f"{text}&timestamp={stamp}&window={window}".encode()
        return base64.b64encode(self._key.sign(message).signature).decode(), stamp, str(window)

    def headers(self, text: str, **options: int) -> tuple[tuple[str, str], ...]:
        """Return the headers of a signed request."""
        signature, stamp, window = self.signed(text, **options)
        return (
            ("X-API-Key", self.keys.api_key),
            ("X-Signature", signature),
            ("X-Timestamp", stamp),
            ("X-Window", window),
        )

    def send(self, wire: Wire) -> Reply:
        """Submit and step until the reply comes."""
        now = self.exchange.now_ns
        request_id = self.exchange.submit(wire, now)
        for _ in range(1_000):
            for answered, reply in self.exchange.replies():
                if answered == request_id:
                    return reply
            self.exchange.advance(self.exchange.next_deadline())
        raise AssertionError("no reply")

    def get(self, path: str, **query: object) -> Reply:
        """Ask without a signature."""
        return self.send(Wire("GET", path, tuple((k, str(v)) for k, v in query.items())))

    def ask(self, instruction: str, path: str, query: dict[str, str] | None = None) -> Reply:
        """Ask with a signature."""
        pairs = sorted((query or {}).items())
        text = "&".join([f"instruction={instruction}", *(f"{k}={v}" for k, v in pairs)])
        return self.send(Wire("GET", path, tuple(pairs), self.headers(text)))

    def body(self, instruction: str, method: str, path: str, body: dict[str, Any]) -> Reply:
        """Send a signed body."""
        text = "&".join([f"instruction={instruction}", *self._pairs(body)])
        return self.send(Wire(method, path, (), self.headers(text), json.dumps(body).encode()))

    def batch(self, bodies: list[dict[str, Any]]) -> Reply:
        """Send a batch of orders."""
        text = "&".join("&".join(["instruction=orderExecute", *self._pairs(b)]) for b in bodies)
        body = json.dumps(bodies).encode()
        return self.send(Wire("POST", "/api/v1/orders", (), self.headers(text), body))

    def place(
        self, symbol: str, side: str, quantity: str, price: str | None = None, **more: Any
    ) -> Reply:
        """Place an order; a market order without a price."""
        body: dict[str, Any] = {"symbol": symbol, "side": side, "quantity": quantity, **more}
        body["orderType"] = "Market" if price is None else "Limit"
        if price is not None:
            body["price"] = price
        return self.body("orderExecute", "POST", "/api/v1/order", body)

    def cancel(self, symbol: str, order_id: str) -> Reply:
        """Cancel an order."""
        body = {"symbol": symbol, "orderId": order_id}
        return self.body("orderCancel", "DELETE", "/api/v1/order", body)

    def subscribe(self, *streams: str) -> int:
        """Open a session on streams, signed; return its id."""
        session = self.exchange.open_session(self.exchange.now_ns)
        signature, stamp, window = self.signed("instruction=subscribe")
        control = {
            "method": "SUBSCRIBE",
            "params": list(streams),
            "signature": [self.keys.api_key, signature, stamp, window],
        }
        self.exchange.receive(session, json.dumps(control).encode(), self.exchange.now_ns)
        return session

    def frames(self, session: int) -> list[dict[str, Any]]:
        """Return the decoded frames that wait."""
        return [json.loads(frame) for frame in self.exchange.frames(session)]

    @staticmethod
    def _pairs(body: dict[str, Any]) -> list[str]:
        def text(value: object) -> str:
            return str(value).lower() if isinstance(value, bool) else str(value)

        return [f"{name}={text(body[name])}" for name in sorted(body)]


def decoded(reply: Reply) -> Any:
    """Return the JSON of a reply."""
    return json.loads(reply.body)


def refused(reply: Reply) -> tuple[int, str, str]:
    """Return status, code and message of a refusal."""
    body = decoded(reply)
    return reply.status, body["code"], body["message"]
