"""What may query and cancel in an account, by kind of venue: for the kill path and the watchdog.

Nothing imported from here can place an order.
"""

from core.domain.errors import ConfigError
from core.exchange.backpack.canceller import AccountCanceller
from core.exchange.backpack.signing import Credentials
from core.exchange.contract import Clock
from core.exchange.network import NetworkTransport

KINDS = frozenset({"backpack"})


def network_canceller(kind: str, rest_url: str, secret: str, clock: Clock) -> AccountCanceller:
    """Open the way to an account over sockets.

    Raises:
        ConfigError: when the kind of venue has none, or the secret is no key.
    """
    if kind not in KINDS:
        raise ConfigError("venue has no kill path", kind, "Trade on one of: " + ", ".join(KINDS))
    transport = NetworkTransport(rest_url, rest_url)
    return AccountCanceller(transport, clock, Credentials(secret))
