"""Where our resting orders stand in their queues, kept while their market is studied."""

import msgspec

from core.analysis.queue import ahead_after_change, ahead_after_print, ahead_when_accepted
from core.domain.ids import ClientOrderId


class _Place(msgspec.Struct, gc=False):
    key: int
    size_when_sent: int
    ahead: int | None = None


class QueuePlaces:
    """Estimates by order; `by_key` says which levels matter (minus the price for asks)."""

    __slots__ = ("_places", "by_key")

    def __init__(self) -> None:
        self._places: dict[ClientOrderId, _Place] = {}
        self.by_key: dict[int, dict[ClientOrderId, _Place]] = {}

    def sent(self, order: ClientOrderId, key: int, size: int) -> None:
        """Remember a level's size as an order leaves for it."""
        place = self._places[order] = _Place(key, size)
        self.by_key.setdefault(key, {})[order] = place

    def accepted(self, order: ClientOrderId, size: int, leaves: int) -> None:
        """Take the queue from the level's size as the order is accepted."""
        place = self._places.get(order)
        if place is not None and place.ahead is None:
            place.ahead = ahead_when_accepted(place.size_when_sent, size, leaves)

    def ended(self, order: ClientOrderId) -> None:
        """Forget an order."""
        place = self._places.pop(order, None)
        if place is None:
            return
        others = self.by_key[place.key]
        del others[order]
        if not others:
            del self.by_key[place.key]

    def see_print(self, key: int, size: int) -> None:
        """Take a print against a level."""
        for place in self.by_key[key].values():
            if place.ahead is not None:
                place.ahead = ahead_after_print(place.ahead, size)

    def see_size(self, key: int, size: int) -> None:
        """Take a level's new size."""
        for place in self.by_key[key].values():
            if place.ahead is not None:
                place.ahead = ahead_after_change(place.ahead, size)

    def ahead(self, order: ClientOrderId) -> int | None:
        """Return the size estimated before an order; None where its acceptance was not seen."""
        place = self._places.get(order)
        return None if place is None else place.ahead
