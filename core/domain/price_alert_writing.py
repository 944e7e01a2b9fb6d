"""Price alerts as text that `core.domain.price_alert_text` reads again."""

from typing import Final

from core.domain.fixed import unscaled
from core.domain.price_alert import (
    DEFAULT_COOLDOWN_S,
    EMA_FAST,
    EMA_SLOW,
    INDICATOR_KINDS,
    MINUTE_S,
    WINDOW_KINDS,
    AlertKind,
    PriceAlert,
)

UNITS: Final = {
    AlertKind.MOVE: "%",
    AlertKind.FUNDING: "%",
    AlertKind.SPREAD: "bps",
}
FAST: Final = f"ema{EMA_FAST}"
SLOW: Final = f"ema{EMA_SLOW}"


def price_alert_text(alert: PriceAlert) -> str:
    """Write an alert without its market; reading it again gives the same alert."""
    parts = [condition_text(alert)]
    if alert.persistence_s:
        parts.append(f"for {duration_text(alert.persistence_s)}")
    if alert.is_repeating:
        parts.append("repeat")
    if alert.cooldown_s != DEFAULT_COOLDOWN_S:
        parts.append(f"cooldown {duration_text(alert.cooldown_s)}")
    if alert.counts_now:
        parts.append("now")
    return " ".join(parts)


def condition_text(alert: PriceAlert) -> str:
    """Write what is watched and the level: `price above 141.2`."""
    if alert.kind is AlertKind.EMA:
        return f"{FAST} {alert.direction} {SLOW} on {alert.interval}"
    head = f"{alert.kind} {alert.direction} {level_text(alert)}"
    if alert.kind in WINDOW_KINDS:
        return f"{head} in {duration_text(alert.window_s)}"
    return f"{head} on {alert.interval}" if alert.kind in INDICATOR_KINDS else head


def level_text(alert: PriceAlert) -> str:
    """Write the threshold with its unit."""
    number = f"{unscaled(alert.threshold):f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return number + UNITS.get(alert.kind, "")


def duration_text(seconds: int) -> str:
    """Write whole seconds in the largest unit that fits: `90s`, `5m`, `2h`."""
    for unit, size in (("h", 60 * MINUTE_S), ("m", MINUTE_S)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
