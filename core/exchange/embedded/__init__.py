"""The exchange in the box: a matching engine with accounts and a market life, speaking one wire.

Reached through `MemoryTransport` in memory, or over sockets through `server`, which alone needs
aiohttp. `Exchange.faults` switches faults, `Exchange.rules` what is enforced. It imports nothing of
the venue adapters: they are always under test against it.
"""

from core.exchange.embedded.exchange import Exchange
from core.exchange.embedded.faults import BadFaultError, Faults, Switch
from core.exchange.embedded.keys import KeyPair
from core.exchange.embedded.memory import (
    MemoryPipe,
    MemoryTransport,
    MemoryVenue,
    memory_venues,
    running,
)
from core.exchange.embedded.world import ALPHA, BETA, DemoWorld, Venue, single_venue

__all__ = [
    "ALPHA",
    "BETA",
    "BadFaultError",
    "DemoWorld",
    "Exchange",
    "Faults",
    "KeyPair",
    "MemoryPipe",
    "MemoryTransport",
    "MemoryVenue",
    "Switch",
    "Venue",
    "memory_venues",
    "running",
    "single_venue",
]
