"""Signatures: what is signed, how long it is valid, and what is refused."""

import base64
import json

import pytest
from nacl.signing import VerifyKey

from core.exchange.contract import Wire
from core.exchange.embedded.auth import body_text, query_text
from core.exchange.embedded.calls import read_bodies
from core.exchange.embedded.requests import ORDER_FIELDS
from tests.core.exchange.embedded.embedded_client import (
    FIXTURES,
    Client,
    decoded,
    quiet_exchange,
    refused,
)

SPOT = "SOL_USDC"


@pytest.fixture
def ann() -> Client:
    """Return a client of a quiet exchange."""
    return Client.named(quiet_exchange(), "ann")


def _signed_capital(client: Client, text: str, **options: int) -> Wire:
    return Wire("GET", "/api/v1/capital", (), client.headers(text, **options))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("instruction=orderQuery", {}, "Invalid signature"),
        ("instruction=balanceQuery", {"age_ms": 6_000}, "Request has expired"),
        ("instruction=balanceQuery", {"window": 60_001}, "Invalid window: must be at most 60000"),
        (
            "instruction=balanceQuery",
            {"age_ms": 601_000, "window": 60_000},
            "Invalid timestamp: must be within 10 minutes of current time",
        ),
        (
            "instruction=balanceQuery",
            {"age_ms": -601_000},
            "Invalid timestamp: must be within 10 minutes of current time",
        ),
    ],
)
def test_a_wrong_or_late_signature_is_refused(
    ann: Client, text: str, options: dict[str, int], message: str
) -> None:
    """Every refusal is 400 INVALID_CLIENT_REQUEST with its own words."""
    reply = ann.send(_signed_capital(ann, text, **options))

    assert refused(reply) == (400, "INVALID_CLIENT_REQUEST", message)


def test_a_window_keeps_an_older_request_valid(ann: Client) -> None:
    """Timestamp plus window must not lie in the past."""
    wire = _signed_capital(ann, "instruction=balanceQuery", age_ms=6_000, window=10_000)

    assert ann.send(wire).status == 200


def test_a_key_nobody_knows_is_refused(ann: Client) -> None:
    """A stranger's valid signature is an invalid one."""
    stranger = Client.named(ann.exchange, "eve")

    reply = stranger.ask("balanceQuery", "/api/v1/capital")

    assert refused(reply)[2] == "Invalid signature"


@pytest.mark.parametrize("signature", ["", "not base64!", "AAAA"])
def test_a_signature_that_is_none_is_refused(ann: Client, signature: str) -> None:
    """Text that cannot be a signature has its own refusal."""
    headers = dict(ann.headers("instruction=balanceQuery")) | {"X-Signature": signature}

    reply = ann.send(Wire("GET", "/api/v1/capital", (), tuple(headers.items())))

    assert refused(reply)[2] == "Invalid X-Signature header"


def test_a_parameter_the_endpoint_does_not_read_breaks_the_signature(ann: Client) -> None:
    """Only what the server reads is in its own text."""
    reply = ann.ask("balanceQuery", "/api/v1/capital", {"extra": "1"})

    assert refused(reply)[2] == "Invalid signature"


def test_both_ids_in_one_query_break_the_signature(ann: Client) -> None:
    """The server keeps only orderId."""
    placed = decoded(ann.place(SPOT, "Bid", "1", "140", clientId=5))
    query = {"symbol": SPOT, "orderId": placed["id"], "clientId": "5"}

    assert refused(ann.ask("orderQuery", "/api/v1/order", query))[2] == "Invalid signature"


def test_a_changed_body_breaks_the_signature(ann: Client) -> None:
    """The signed text is read from the body that came."""
    body = {"symbol": SPOT, "side": "Bid", "orderType": "Limit", "price": "140", "quantity": "1"}
    text = "instruction=orderExecute&orderType=Limit&price=140&quantity=1&side=Bid&symbol=SOL_USDC"
    changed = json.dumps(body | {"quantity": "2"}).encode()

    reply = ann.send(Wire("POST", "/api/v1/order", (), ann.headers(text), changed))

    assert refused(reply)[2] == "Invalid signature"


def test_a_private_subscription_needs_a_signature(ann: Client) -> None:
    """Without one an error frame comes and nothing is subscribed."""
    session = ann.exchange.open_session(ann.exchange.now_ns)
    control = b'{"method":"SUBSCRIBE","params":["account.orderUpdate"]}'

    ann.exchange.receive(session, control, ann.exchange.now_ns)
    ann.place(SPOT, "Bid", "1", "140")

    frames = ann.frames(session)
    assert len(frames) == 1
    assert "error" in frames[0]


@pytest.mark.skipif(not FIXTURES.exists(), reason="the signing vectors are not here")
def test_our_text_verifies_the_published_vectors() -> None:
    """The text built from a request is the one its vector signs."""
    vectors = json.loads((FIXTURES / "signing_vectors.json").read_text())
    key = VerifyKey(base64.b64decode(vectors["public_key_base64"]))
    checked = 0
    for vector in vectors["vectors"]:
        if "body" in vector:
            raw = vector["body"].encode()
            bodies = read_bodies(raw, is_batch=raw.startswith(b"["))
            known = [*ORDER_FIELDS, "orderId"]
            text = body_text(vector["instruction"], bodies, known)
        elif isinstance(vector.get("params"), dict):
            query = {name: _text(value) for name, value in vector["params"].items()}
            text = query_text(vector["instruction"], query, query)
        else:
            continue
        signed = f"{text}&timestamp={vector['timestamp']}&window={vector['window']}"
        assert signed == vector["string"]
        key.verify(signed.encode(), base64.b64decode(vector["signature"]))
        checked += 1
    assert checked >= 4


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
