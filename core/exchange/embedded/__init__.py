"""The exchange in the box: a matching engine with accounts and a market life, speaking one wire.

Reached through `MemoryTransport` in memory, or over sockets through `server`. It imports nothing of
the venue adapters: they are always under test against it.
"""
