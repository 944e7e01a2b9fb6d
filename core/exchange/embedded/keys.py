"""Keys of demo accounts, derived from the seed: the same seed gives the same keys."""

import base64
import hashlib

import msgspec
from nacl.signing import SigningKey


class KeyPair(msgspec.Struct, frozen=True, gc=False):
    """An API key with its secret, both base64 as the venue shows them."""

    api_key: str
    api_secret: str


def derived_keys(seed: int, venue: str, account: str) -> KeyPair:
    """Return the keys of one account of one venue."""
    secret = hashlib.sha256(f"embedded|{seed}|{venue}|{account}".encode()).digest()
    public = SigningKey(secret).verify_key.encode()
    return KeyPair(base64.b64encode(public).decode(), base64.b64encode(secret).decode())


def derived_number(seed: int, *names: str) -> int:
    """Return a 63-bit number that depends on the seed and the names alone."""
    text = "|".join(("embedded", str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
