"""Opens one exchange of the library. The only module that imports it, and only when called."""

from collections.abc import Mapping
from typing import Any

from core.domain.errors import (
    CockpitError,
    ConfigError,
    ConnectivityError,
    DataInvalid,
    RequestRefused,
)

Exchange = Any
"""One of the library's objects: it has no types to speak of, so it stays within this folder."""


def open_exchange(name: str, options: Mapping[str, object] | None = None) -> Exchange:
    """Open an exchange by the library's name for it, with streams where it has them.

    Args:
        name: Such as `kraken`.
        options: What the library takes: `apiKey`, `secret`, `password`, `urls` and more.

    Raises:
        ConfigError: when the library is missing, or knows no such exchange.
    """
    try:
        import ccxt.async_support as plain  # noqa: PLC0415  an optional part, and a heavy one
        import ccxt.pro as streaming  # noqa: PLC0415  as above
    except ImportError as error:
        hint = "Install it with: pip install 'wingman-cockpit[ccxt]'"
        raise ConfigError("the ccxt library is not installed", str(error), hint) from error
    if name not in plain.exchanges:
        raise ConfigError("the library knows no such exchange", repr(name[:40]))
    made = getattr(streaming if name in streaming.exchanges else plain, name)
    return made({"enableRateLimit": True, **(options or {})})


def as_error(error: Exception) -> CockpitError:
    """Translate one of the library's errors by what it proves."""
    import ccxt  # noqa: PLC0415  as above

    said = f"{type(error).__name__}: {error}"[:200]
    if isinstance(error, ccxt.NetworkError):
        return ConnectivityError("no answer from the venue", said)
    if isinstance(error, ccxt.BaseError):
        return RequestRefused(type(error).__name__, str(error)[:200])
    return DataInvalid("answer cannot be read", said)


def is_refusal(error: Exception) -> bool:
    """Tell whether an error proves that an order was not taken."""
    import ccxt  # noqa: PLC0415  as above

    proofs = (
        *(ccxt.InvalidOrder, ccxt.InsufficientFunds, ccxt.BadRequest, ccxt.AuthenticationError),
        *(ccxt.ArgumentsRequired, ccxt.NotSupported, ccxt.MarketClosed),
    )
    return isinstance(error, proofs) and not isinstance(error, ccxt.DuplicateOrderId)
