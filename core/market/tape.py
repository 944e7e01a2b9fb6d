"""The newest public prints of one market, and their average price over a minute."""

from collections import deque
from typing import Final

from core.domain.order import Side
from core.domain.views import TapeRow

TAPE_LENGTH: Final = 2_000
VWAP_SECONDS: Final = 60
_SECOND: Final = 1_000_000_000


class RollingVwap:
    """Volume-weighted average price of the last minute, in whole seconds of engine time."""

    __slots__ = ("_buckets", "_money", "_second", "_size")

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, int, int]] = deque()
        self._money = 0
        self._size = 0
        self._second = 0

    def add(self, price: int, size: int, at: int) -> None:
        """Count one print."""
        second = at // _SECOND
        money = price * size
        self._money += money
        self._size += size
        if self._buckets and second == self._second:
            _, held_money, held_size = self._buckets[-1]
            self._buckets[-1] = (second, held_money + money, held_size + size)
            return
        self._second = second
        self._buckets.append((second, money, size))
        self._drop_before(second - VWAP_SECONDS)

    def _drop_before(self, second: int) -> None:
        while self._buckets and self._buckets[0][0] <= second:
            _, money, size = self._buckets.popleft()
            self._money -= money
            self._size -= size

    def value(self, at: int) -> int | None:
        """Return the average, None where nothing printed for a minute."""
        self._drop_before(at // _SECOND - VWAP_SECONDS)
        return self._money // self._size if self._size else None


class Tape:
    """Bounded list of prints; serials have holes where prints are known to be missing."""

    __slots__ = (
        "_last_id",
        "last_at",
        "last_price",
        "last_side",
        "missed",
        "rows",
        "serial",
        "vwap",
    )

    def __init__(self) -> None:
        self.rows: deque[TapeRow] = deque(maxlen=TAPE_LENGTH)
        self.serial = 0
        self.missed = 0
        self.last_price: int | None = None
        self.last_side: Side | None = None
        self.last_at: int | None = None
        self.vwap = RollingVwap()
        self._last_id = -1

    def add(self, trade_id: int, ts_event: int, price: int, size: int, side: Side, at: int) -> int:
        """Add one print; return how many are missing before it, -1 if it is a repeat."""
        holes = trade_id - self._last_id - 1
        if holes:
            if holes == -1:
                return -1
            holes = self._count_holes(holes)
        self._last_id = trade_id
        self.serial += 1
        self.rows.append(TapeRow(self.serial, ts_event, price, size, side))
        self.last_price, self.last_side, self.last_at = price, side, at
        self.vwap.add(price, size, at)
        return holes

    def _count_holes(self, holes: int) -> int:
        if self._last_id < 0 or holes < 0:
            return 0
        self.skip(holes)
        return holes

    def skip(self, count: int) -> None:
        """Note prints that were lost on the way."""
        self.serial += count
        self.missed += count

    def restart(self) -> None:
        """Expect any trade id next: the stream began anew."""
        self._last_id = -1
