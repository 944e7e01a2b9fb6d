"""Shared pieces of the Backpack tests: a scripted transport, a hand-moved clock, an order."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from core.domain.effects import PlaceOrder
from core.domain.events import Body
from core.domain.exact import Price, Quantity
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, IntentId, StrategyId, VenueId
from core.domain.intent import Leg, RiskApproved
from core.domain.order import OrderTerms, Side
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import FramePipe, PipeClosed, Reply, TransportError, Wire

FIXTURES = Path(__file__).parents[4] / ".." / "shared" / "fixtures"
VENUE = VenueId("there")
ACCOUNT = AccountId("there:main")
MARKET = InstrumentId("there:ETH_USDC_PERP")
SECRET = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
"""The secret of RFC 8032's first test vector."""
START = 1_700_000_000_000_000_000
FAST = PacingLimits(query_secs=0.0, history_secs=0.0, first_retry_secs=0.0, patience_secs=2.0)


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ns = START

    def now(self) -> int:
        """Return UTC in ns."""
        return self.ns

    def monotonic(self) -> int:
        """Return ns since the start."""
        return self.ns - START


class ScriptedTransport:
    """Answers requests by a function and keeps them."""

    def __init__(self, answer: Callable[[Wire], Reply | TransportError]) -> None:
        self.sent: list[Wire] = []
        self.is_closed = False
        self._answer = answer

    async def request(self, wire: Wire, *, deadline_secs: float) -> Reply:
        """Keep the request and answer it. Raises TransportError."""
        assert deadline_secs > 0
        self.sent.append(wire)
        answer = self._answer(wire)
        if isinstance(answer, TransportError):
            raise answer
        return answer

    async def open_stream(self, *, deadline_secs: float) -> FramePipe:
        """Refuse. Raises TransportError."""
        raise TransportError(f"no stream within {deadline_secs} s", sent=False)

    async def close(self) -> None:
        """Close."""
        self.is_closed = True


class ScriptedPipe:
    """Hands out frames, then ends."""

    def __init__(self, frames: list[bytes]) -> None:
        self.sent: list[bytes] = []
        self._frames = frames

    async def send(self, frame: bytes) -> None:
        """Keep a frame."""
        self.sent.append(frame)

    async def receive(self) -> bytes:
        """Hand out the next frame. Raises PipeClosed."""
        if not self._frames:
            raise PipeClosed("1001 going away")
        return self._frames.pop(0)

    async def ping(self) -> float:
        """Answer at once."""
        return 0.0

    async def close(self) -> None:
        """Close."""


def reply(status: int, body: object = None) -> Reply:
    """Write a reply; bytes as they are, None empty, the rest as JSON."""
    if body is None:
        return Reply(status, {}, b"")
    return Reply(status, {}, body if isinstance(body, bytes) else msgspec.json.encode(body))


def always(answer: Reply | TransportError) -> ScriptedTransport:
    """Make a transport with one answer."""
    return ScriptedTransport(lambda _: answer)


def client_on(transport: ScriptedTransport, clock: HandClock) -> RestClient:
    """Make a client with the test key."""
    return RestClient(transport, clock, Credentials(SECRET), FAST)


def placement(
    client_order_id: int = 7, *, send_before: int = START + 1, account: AccountId = ACCOUNT
) -> PlaceOrder:
    """Write an approved limit order."""
    terms = OrderTerms(
        instrument=MARKET, side=Side.BUY, quantity=Quantity("0.001"), limit_price=Price("4000")
    )
    approved = RiskApproved(
        intent_id=IntentId("i"),
        strategy=StrategyId("s"),
        leg=Leg(account=account, terms=terms),
        terms_hash="",
        approved_at=START,
    )
    return PlaceOrder(
        client_order_id=ClientOrderId(client_order_id), approved=approved, send_before=send_before
    )


def order_row(**changed: object) -> dict[str, object]:
    """Write an order as REST states it."""
    row: dict[str, object] = {
        "clientId": 7,
        "createdAt": 1_700_000_000_123,
        "executedQuantity": "0",
        "id": "8284671277",
        "orderType": "Limit",
        "postOnly": False,
        "price": "4000",
        "quantity": "0.001",
        "side": "Bid",
        "status": "New",
        "symbol": "ETH_USDC_PERP",
        "timeInForce": "GTC",
    }
    return row | changed


def kinds(bodies: list[Body]) -> list[str]:
    """Name the kinds of what was published."""
    return [type(body).__name__ for body in bodies]
