"""The liquidation stream, whose name is not certain: both forms are heard, each event told once.

The venue documents one stream of all markets, other readings name one a market (4.3). Where both
deliver, the same event comes twice; two events that look alike come twice on each. No clock.
"""

from collections import OrderedDict
from typing import Final

from core.domain.events import LiquidationSeen

OF_ALL_MARKETS: Final = "liquidation"
_ENDING: Final = b'"stream":"liquidation"}'
_REMEMBERED: Final = 512
_Key = tuple[str, int, str, str, str]


class Liquidations:
    """What was heard of liquidations lately, under each of the two names."""

    def __init__(self) -> None:
        self._heard: OrderedDict[_Key, list[int]] = OrderedDict()

    def is_news(self, seen: LiquidationSeen, frame: bytes) -> bool:
        """Note an event; False if the other stream told it already."""
        key = (seen.instrument, seen.ts_event, seen.side, seen.price, seen.size)
        counts = self._heard.setdefault(key, [0, 0])
        told = max(counts)
        counts[frame.endswith(_ENDING)] += 1
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)
        return max(counts) > told

    def restart(self) -> None:
        """Forget everything: on a new connection nothing is told again."""
        self._heard.clear()
