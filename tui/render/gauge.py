"""A horizontal gauge with eighth-cell precision."""

from typing import Final

_PARTS: Final = " ▏▎▍▌▋▊▉█"


def gauge_text(fraction: float, width: int) -> tuple[str, str]:
    """Return the filled and the empty part of a gauge, `width` cells together."""
    eighths = round(max(0.0, min(fraction, 1.0)) * width * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_PARTS[part] if part else "")
    return filled, " " * (width - len(filled))


def gauge_role(fraction: float) -> str:
    """Choose the colour role: calm, warning from 80 %, danger from 100 %."""
    if fraction >= 1:
        return "danger"
    return "warning" if fraction >= 0.8 else "accent"  # noqa: PLR2004 - the limit that alerts
