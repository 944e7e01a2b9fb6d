"""ED25519 signatures of requests (1.4). Time and window are arguments; no clock is read here."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

from core.domain.errors import ConfigError

Value = str | int | bool
Parameters = Mapping[str, Value]
_SEED_BYTES: Final = 32


def signed_text(
    instruction: str, parameters: Parameters, *, timestamp_ms: int, window_ms: int
) -> str:
    """Write the text of one request: instruction, sorted raw parameters, time, window."""
    return f"{_piece(instruction, parameters)}&timestamp={timestamp_ms}&window={window_ms}"


def signed_batch_text(
    instruction: str, items: Sequence[Parameters], *, timestamp_ms: int, window_ms: int
) -> str:
    """Write the text of a batch: every item with its instruction, time and window once."""
    pieces = "&".join(_piece(instruction, item) for item in items)
    return f"{pieces}&timestamp={timestamp_ms}&window={window_ms}"


def _piece(instruction: str, parameters: Parameters) -> str:
    pairs = (f"&{name}={written(parameters[name])}" for name in sorted(parameters))
    return f"instruction={instruction}{''.join(pairs)}"


def written(value: Value) -> str:
    """Write a value as it stands in a query and in the signed text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Credentials:
    """One account's key. Its text forms never show the secret.

    Raises:
        ConfigError: when the secret is not base64 of 32 bytes (or of a 64-byte seed and key).
    """

    __slots__ = ("_key", "api_key")

    def __init__(self, secret: str) -> None:
        # Only here: a run without keys must not even hold what could sign.
        from nacl.signing import SigningKey  # noqa: PLC0415

        self._key = SigningKey(_seed(secret))
        self.api_key = base64.b64encode(bytes(self._key.verify_key)).decode()
        """Base64 of the public key, as the venue names the account's key."""

    def signature(self, text: str) -> str:
        """Sign UTF-8 text; base64."""
        return base64.b64encode(self._key.sign(text.encode()).signature).decode()

    def handed_on(self) -> str:
        """Return the secret for the watchdog's process, which gets it by a pipe; never shown."""
        return base64.b64encode(bytes(self._key)).decode()

    def __repr__(self) -> str:
        return f"Credentials({self.api_key[:6]}…)"


def _seed(secret: str) -> bytes:
    try:
        raw = base64.b64decode(secret.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in {_SEED_BYTES, 2 * _SEED_BYTES}:
        hint = "copy the secret as the exchange shows it: base64 of 32 bytes"
        raise ConfigError("API secret is not a key", hint=hint)
    return raw[:_SEED_BYTES]


def signed_headers(
    credentials: Credentials, text: str, *, timestamp_ms: int, window_ms: int
) -> tuple[tuple[str, str], ...]:
    """Build the headers that carry a signature."""
    return (
        ("X-API-Key", credentials.api_key),
        ("X-Signature", credentials.signature(text)),
        ("X-Timestamp", str(timestamp_ms)),
        ("X-Window", str(window_ms)),
    )


def subscribe_signature(
    credentials: Credentials, *, timestamp_ms: int, window_ms: int
) -> tuple[str, str, str, str]:
    """Build the four texts that open private streams (4.2)."""
    text = signed_text("subscribe", {}, timestamp_ms=timestamp_ms, window_ms=window_ms)
    signature = credentials.signature(text)
    return (credentials.api_key, signature, str(timestamp_ms), str(window_ms))
