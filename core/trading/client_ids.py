"""Client order ids: uint32, strictly increasing, never reused, fenced by epoch.

The upper 20 bits are the epoch of the process that took the account, the lower 12 count within a
block. Simulation sets the top bit, so that its ids never meet live ones.
"""

from typing import Final

from core.domain.errors import InvariantBroken
from core.domain.ids import ClientOrderId

BLOCK_BITS: Final = 12
SIMULATION_BIT: Final = 1 << 31
EPOCHS_AHEAD: Final = 256
"""How many takings of an account another host may be ahead and still be taken for one of ours."""
_LAST_LIVE: Final = (1 << 31) - 1
_LAST_SIMULATED: Final = (1 << 32) - 1


def epoch_of(client_order_id: int) -> int:
    """Return the fencing epoch an id belongs to."""
    return (client_order_id & ~SIMULATION_BIT) >> BLOCK_BITS


class ClientIds:
    """Hands out the next id; starts at its epoch's block, above everything in the journal."""

    def __init__(self, epoch: int, *, is_simulation: bool, highest_used: int = 0) -> None:
        base = epoch << BLOCK_BITS
        self._epoch = epoch
        self._is_simulation = is_simulation
        self._last = _LAST_SIMULATED if is_simulation else _LAST_LIVE
        self._next = max(base | (SIMULATION_BIT if is_simulation else 0), highest_used + 1)

    def take(self) -> ClientOrderId:
        """Return the next id.

        Raises:
            InvariantBroken: when the 32 bits are used up.
        """
        if self._next > self._last:
            raise InvariantBroken(
                "client order ids are used up", hint="Start a new account journal"
            )
        taken = self._next
        self._next += 1
        return ClientOrderId(taken)

    def are_like(self, number: int) -> bool:
        """Whether an id that is not in our journal was built the way ours are.

        Such an id at the venue means a second engine on the account: another host, whose epoch is
        its own. Ids far off any epoch of ours (counters from 1, clocks) are other people's.
        """
        if bool(number & SIMULATION_BIT) is not self._is_simulation:
            return False
        return 1 <= epoch_of(number) <= self._epoch + EPOCHS_AHEAD
