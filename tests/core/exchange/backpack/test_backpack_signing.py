"""Signatures against vectors."""

import json
from typing import Any

import pytest

from core.domain.errors import ConfigError
from core.exchange.backpack.signing import (
    Credentials,
    signed_batch_text,
    signed_text,
    subscribe_signature,
    written,
)
from tests.core.exchange.backpack.backpack_rig import FIXTURES, SECRET

VECTORS = FIXTURES / "backpack" / "signing_vectors.json"
LIMIT_ORDER: dict[str, str | int | bool] = {
    "symbol": "ETH_USDC_PERP",
    "side": "Bid",
    "orderType": "Limit",
    "price": "4000",
    "quantity": "0.001",
    "postOnly": True,
    "clientId": 55555,
    "timeInForce": "GTC",
}


def test_limit_order_is_signed_as_the_venue_reads_it() -> None:
    """Sorted, raw, booleans in lower case, time and window last."""
    text = signed_text("orderExecute", LIMIT_ORDER, timestamp_ms=1_757_621_458_290, window_ms=5_000)

    assert text == (
        "instruction=orderExecute&clientId=55555&orderType=Limit&postOnly=true&price=4000"
        "&quantity=0.001&side=Bid&symbol=ETH_USDC_PERP&timeInForce=GTC"
        "&timestamp=1757621458290&window=5000"
    )
    assert Credentials(SECRET).signature(text) == (
        "AZvlTwMlD8g4bnrAMbmaDORe1vXCfPtgGSwIxLt+i5fGycjVIEYaGngKC4TIVqwNH9JbNNNxZe7CMpN5HU+hAw=="
    )


def test_stream_signature_is_four_texts() -> None:
    """Key, signature, time and window, all as text."""
    signature = subscribe_signature(
        Credentials(SECRET), timestamp_ms=1_614_550_000_000, window_ms=5_000
    )

    assert signature == (
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "nnH9lOoIF3v72vbmeopqLLUggbPuhAuXgYbQc6qJnYSsFW0ZM3hUVK4feOAmIHQA02vH16oz+C3+6HQmPkggDA==",
        "1614550000000",
        "5000",
    )


@pytest.mark.skipif(not VECTORS.exists(), reason="the signing vectors are not here")
def test_every_vector() -> None:
    """Text and signature of each vector, batches included."""
    document = json.loads(VECTORS.read_text())
    credentials = Credentials(document["secret_base64"])

    assert credentials.api_key == document["public_key_base64"]
    for vector in document["vectors"]:
        text = _text(vector)
        assert text == vector["string"], vector["name"]
        assert credentials.signature(text) == vector["signature"], vector["name"]


def _text(vector: dict[str, Any]) -> str:
    build: Any = signed_batch_text if isinstance(vector["params"], list) else signed_text
    text: str = build(
        vector["instruction"],
        vector["params"],
        timestamp_ms=vector["timestamp"],
        window_ms=vector["window"],
    )
    return text


def test_values_are_written_as_in_json_without_quotes() -> None:
    """`True` would fail the check."""
    assert [written(value) for value in (True, False, 5, "80%")] == ["true", "false", "5", "80%"]


def test_longer_secrets_hold_the_seed_first() -> None:
    """Some tools store seed and public key together."""
    both = (
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
    )

    assert Credentials(both).api_key == Credentials(SECRET).api_key


@pytest.mark.parametrize("secret", ["", "not base64", "AAAA"])
def test_what_is_no_key_is_refused_without_showing_it(secret: str) -> None:
    """The message helps and leaks nothing."""
    with pytest.raises(ConfigError) as refused:
        Credentials(secret)

    assert not secret or secret not in str(refused.value)
    assert SECRET not in repr(Credentials(SECRET))
