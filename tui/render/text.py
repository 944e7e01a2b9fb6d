"""Text from outside made safe and exactly as wide as asked."""

import unicodedata
from typing import Final

from rich.cells import cell_len, set_cell_size

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"})
REPLACEMENT: Final = "·"
MAX_LENGTH: Final = 400


def clean(text: str, limit: int = MAX_LENGTH) -> str:
    """Return the text without control, bidirectional or combining characters.

    Newlines and tabs become spaces, other hidden characters a middle dot. Never longer than
    `limit` characters.
    """
    text = text[:limit]
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in "\n\r\t":
        return " "
    return REPLACEMENT if unicodedata.category(char) in _HIDDEN else char


def width_of(text: str) -> int:
    """Count the terminal cells of a text."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int) -> str:
    """Cut or pad to exactly `width` cells, left-aligned; a cut ends in an ellipsis."""
    if width <= 0:
        return ""
    have = width_of(text)
    if have <= width:
        return text + " " * (width - have)
    return set_cell_size(text, width - 1) + "…"


def fit_right(text: str, width: int) -> str:
    """Cut or pad to exactly `width` cells, right-aligned."""
    have = width_of(text)
    return " " * (width - have) + text if have <= width else fit(text, width)


def fit_center(text: str, width: int, fill: str = " ") -> str:
    """Cut or pad to exactly `width` cells, centred between `fill`."""
    room = width - width_of(text)
    if room < 0:
        return fit(text, width)
    return fill * (room // 2) + text + fill * (room - room // 2)


def wrapped(text: str, width: int, most: int = 20) -> list[str]:
    """Break a text into at most `most` lines of at most `width` cells."""
    if width <= 0:
        return []
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word if width_of(word) <= width else fit(word, width)
    if line:
        lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(lines[most - 1] + " …", width).rstrip()]
    return lines
