"""What a person wants to be told about one market: a number, a level, and how to judge it.

The words only. How they are typed is in `core.domain.price_alert_text`, how they are watched in
`core.runtime.price_alerts`.
"""

from enum import StrEnum
from typing import Final

import msgspec

from core.domain.ids import InstrumentId


class AlertKind(StrEnum):
    """Which number is watched, and the unit of its threshold."""

    PRICE = "price"
    """Last print, quote units."""
    MID = "mid"
    """Middle of best bid and ask, quote units."""
    MARK = "mark"
    """Mark price, quote units."""
    MOVE = "move"
    """Last print against the last close before the window, percent."""
    VOLUME = "volume"
    """Base units printed within the window."""
    SPREAD = "spread"
    """Best ask over best bid, basis points of the mid."""
    FUNDING = "funding"
    """Running funding rate of the interval, percent."""
    IMBALANCE = "imbalance"
    """(bid - ask) / sum of the best ten levels a side, -1 to 1."""
    EMA = "ema"
    """Average of 9 closes less the average of 21, quote units; the threshold is 0."""
    RSI = "rsi"
    """Relative strength index of 14 closes, 0 to 100."""


class AlertDirection(StrEnum):
    """When the condition holds. The level itself counts as reached."""

    ABOVE = "above"
    BELOW = "below"
    CROSSES = "crosses"
    """Reached or passed from either side."""
    BEYOND = "beyond"
    """As far from zero as the level, on either side of it."""


PRICE_KINDS: Final = frozenset({AlertKind.PRICE, AlertKind.MID, AlertKind.MARK})
"""Those whose threshold is a price: an integer of 10^-10 that stands on ladder and chart."""
WINDOW_KINDS: Final = frozenset({AlertKind.MOVE, AlertKind.VOLUME})
INDICATOR_KINDS: Final = frozenset({AlertKind.EMA, AlertKind.RSI})
MINUTE_S: Final = 60
LONGEST_WINDOW_S: Final = 24 * 60 * MINUTE_S
LONGEST_WAIT_S: Final = 24 * 60 * MINUTE_S
"""Of persistence and of cooldown."""
DEFAULT_COOLDOWN_S: Final = 60
IMBALANCE_LEVELS: Final = 10
EMA_FAST: Final = 9
EMA_SLOW: Final = 21
RSI_PERIOD: Final = 14


class PriceAlert(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One alert a person set."""

    alert_id: str = ""
    """Given by the engine; empty in a command."""
    instrument: InstrumentId
    kind: AlertKind
    direction: AlertDirection
    threshold: int
    """Units of 10^-10 of the kind's unit."""
    window_s: int = 0
    """Whole minutes for moves and volumes: the running minute and those before it; else 0."""
    interval: str = ""
    """Of the candles, for indicators."""
    persistence_s: int = 0
    """The condition has to hold so long, without a break."""
    cooldown_s: int = DEFAULT_COOLDOWN_S
    """Between two firings of a repeating alert."""
    is_repeating: bool = False
    """Otherwise it fires once and is off then."""
    counts_now: bool = False
    """Whether a condition that is true already fires without a crossing."""

    @property
    def price(self) -> int | None:
        """Return where it stands on ladder and chart."""
        return self.threshold if self.kind in PRICE_KINDS else None
