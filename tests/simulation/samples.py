"""What can only be seen while it happens: books and exposure, looked at once a second."""

from typing import TYPE_CHECKING, Final

import msgspec

from core.domain.order import Side
from core.exchange.embedded.market import Market
from core.exchange.embedded.spec import MarketSpec
from tests.simulation.machine import MARKETS

if TYPE_CHECKING:
    from tests.simulation.world import World

_SECOND: Final = 1_000_000_000


class BookSample(msgspec.Struct, frozen=True):
    """One book of the engine that says it is valid, beside the venue's."""

    at: int
    instrument: str
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    venue_bids: tuple[tuple[int, int], ...] | None
    """None where the venue is at another id."""
    venue_asks: tuple[tuple[int, int], ...] | None


class ExposureSample(msgspec.Struct, frozen=True):
    """What the venue says of one market: position, possible bids and asks, mark; in atoms."""

    at: int
    symbol: str
    position: int
    bids: int
    asks: int
    mark: int
    has_foreign: bool


class Sampler:
    """Looks once a second."""

    def __init__(self, world: "World") -> None:
        self.books: list[BookSample] = []
        self.exposures: list[ExposureSample] = []
        self._world = world
        world.heap.after(_SECOND, self._look)

    def _look(self) -> None:
        self._look_at_books()
        self._look_at_exposure()
        self._world.heap.after(_SECOND, self._look)

    def _look_at_books(self) -> None:
        machine = self._world.machine
        if machine.is_dead or machine.process.is_stalled:
            return
        room = machine.engine.rooms.market
        for name in MARKETS:
            market = room.market(name)
            if market is None or market.splice.state.value != "valid":
                continue
            bids = tuple(room.depth_levels(name, Side.BUY, 5))
            asks = tuple(room.depth_levels(name, Side.SELL, 5))
            truth = self._world.venue.exchange.floor.markets[name.partition(":")[2]]
            is_same = market.splice.last_id == truth.update_id
            spec = truth.spec
            self.books.append(
                BookSample(
                    self._world.heap.now,
                    name,
                    bids,
                    asks,
                    _top(truth, spec, is_bid=True) if is_same else None,
                    _top(truth, spec, is_bid=False) if is_same else None,
                )
            )

    def _look_at_exposure(self) -> None:
        account = self._world.venue.account
        for symbol, market in self._world.venue.exchange.floor.markets.items():
            spec = market.spec
            live = [*account.orders_in(symbol), *account.triggers_in(symbol)]
            ours = [order for order in live if order.client_id is not None]
            self.exposures.append(
                ExposureSample(
                    self._world.heap.now,
                    symbol,
                    account.position_steps(symbol) * spec.step_atoms,
                    sum(o.leaves for o in ours if o.is_bid) * spec.step_atoms,
                    sum(o.leaves for o in ours if not o.is_bid) * spec.step_atoms,
                    market.mark if spec.is_perp else market.last * spec.tick_atoms,
                    len(ours) != len(live),
                )
            )


def _top(market: Market, spec: MarketSpec, *, is_bid: bool) -> tuple[tuple[int, int], ...]:
    """Return the venue's best five levels in atoms, best first."""
    levels = [
        (price * spec.tick_atoms, size * spec.step_atoms)
        for price, size in market.book.levels(is_bid=is_bid)
    ]
    return tuple(sorted(levels, reverse=is_bid)[:5])
