"""Who signed: the ED25519 check of requests and of private subscriptions.

The signed text holds only the parameters an endpoint reads, sorted by name, values raw; so a
parameter it does not read makes the signature wrong.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.calls import Body
from core.exchange.embedded.refusals import Refusal, client_error
from core.exchange.embedded.units import NS_PER_MS

_DEFAULT_WINDOW: Final = "5000"
_MAX_WINDOW_MS: Final = 60_000
_CLOCK_TOLERANCE_MS: Final = 600_000
_SIGNATURE_BYTES: Final = 64
_MAX_DIGITS: Final = 18
_SUBSCRIBE: Final = "subscribe"


def authenticate(
    accounts: Mapping[str, Account], headers: Mapping[str, str], pieces: str, now_ns: int
) -> Account:
    """Return the account that signed a request. Raises Refusal."""
    for name in ("X-API-Key", "X-Signature", "X-Timestamp"):
        if name.lower() not in headers:
            raise client_error(f"Missing {name} header")
    return _verified(
        accounts,
        (headers["x-api-key"], headers["x-signature"]),
        pieces,
        (headers["x-timestamp"], headers.get("x-window", _DEFAULT_WINDOW)),
        now_ns,
    )


def authenticate_stream(
    accounts: Mapping[str, Account], signature: Iterable[str] | None, now_ns: int
) -> Account | None:
    """Return the account that signed a private subscription, or None."""
    parts = list(signature or ())
    if len(parts) != 4:  # noqa: PLR2004  key, signature, timestamp, window
        return None
    key, signed, timestamp, window = parts
    text = f"instruction={_SUBSCRIBE}"
    try:
        return _verified(accounts, (key, signed), text, (timestamp, window), now_ns)
    except Refusal:
        return None


def query_text(instruction: str, query: Mapping[str, str], known: Iterable[str]) -> str:
    """Return the signed text of query parameters, without timestamp and window."""
    pairs = [f"{name}={query[name]}" for name in sorted(known) if name in query]
    return "&".join([f"instruction={instruction}", *pairs])


def body_text(instruction: str, bodies: Iterable[Body], known: Iterable[str]) -> str:
    """Return the signed text of one body or of a batch, without timestamp and window."""
    names = list(known)
    texts = [
        query_text(instruction, {name: field.text for name, field in body.items()}, names)
        for body in bodies
    ]
    return "&".join(texts) or f"instruction={instruction}"


def _verified(
    accounts: Mapping[str, Account],
    proof: tuple[str, str],
    text: str,
    validity: tuple[str, str],
    now_ns: int,
) -> Account:
    timestamp, window = validity
    _check_validity(timestamp, window, now_ns // NS_PER_MS)
    key, signature = proof
    account = accounts.get(key)
    signed = f"{text}&timestamp={timestamp}&window={window}".encode()
    if account is None or not _is_signed(key, signature, signed):
        raise client_error("Invalid signature")
    return account


def _check_validity(timestamp: str, window: str, now_ms: int) -> None:
    if not (_is_number(timestamp) and _is_number(window)):
        raise client_error("Invalid X-Timestamp or X-Window header")
    if int(window) > _MAX_WINDOW_MS:
        raise client_error(f"Invalid window: must be at most {_MAX_WINDOW_MS}")
    if abs(int(timestamp) - now_ms) > _CLOCK_TOLERANCE_MS:
        raise client_error("Invalid timestamp: must be within 10 minutes of current time")
    if int(timestamp) + int(window) < now_ms:
        raise client_error("Request has expired")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def _is_signed(key: str, signature: str, text: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise client_error("Invalid X-Signature header") from error
    if len(raw) != _SIGNATURE_BYTES:
        raise client_error("Invalid X-Signature header")
    try:
        VerifyKey(base64.b64decode(key)).verify(text, raw)
    except BadSignatureError:
        return False
    return True
