"""The one msgpack form of events, facts, commands, views and effects (journal, link, inbox log)."""

from decimal import Decimal
from typing import Any

import msgspec

from core.domain.exact import Amount, Exact, Notional, Price, Quantity, plain

_EXACT: tuple[type[Exact], ...] = (Price, Quantity, Notional, Amount)


def _encode_exact(value: object) -> object:
    if isinstance(value, Exact):
        return plain(value.value)
    raise NotImplementedError(f"no wire form for {type(value).__name__}")


def _decode_exact(kind: type[Any], value: object) -> object:
    if kind in _EXACT and isinstance(value, str):
        # Results of exact arithmetic may hold more digits than input may.
        return kind(Decimal(value))
    raise NotImplementedError(f"no wire form for {kind.__name__}")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode_exact, decimal_format="string")
_JSON_ENCODER = msgspec.json.Encoder(enc_hook=_encode_exact, decimal_format="string")


def packed(value: object) -> bytes:
    """Encode any domain value as msgpack."""
    return _ENCODER.encode(value)


def as_json(value: object) -> bytes:
    """Encode any domain value as JSON, for people and exports."""
    return _JSON_ENCODER.encode(value)


def unpacker(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Build a decoder for a domain type or union; the caller names what it yields."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_decode_exact)
