"""Colours of a theme as ready terminal styles, resolved once and looked up by role."""

from collections.abc import Mapping

from rich.color import Color as TerminalColor
from rich.style import Style

Runs = tuple[tuple[str, Style], ...]
"""One row: texts with their styles, left to right."""


class Palette:
    """Every style the cockpit draws with: a role on a ground, plain or bold.

    Each style has a background, so a row looks the same wherever it lands.
    """

    def __init__(self, colors: Mapping[str, str], *, is_plain: bool = False) -> None:
        """Take opaque `#rrggbb` colours by role.

        Args:
            colors: Role to colour; `panel` is the ground of everything else.
            is_plain: True for terminals of 16 colours, where tints cannot be told apart.
        """
        self.is_plain = is_plain
        self._colors = {role: TerminalColor.parse(color) for role, color in colors.items()}
        self._styles: dict[tuple[str, str, bool], Style] = {}

    def style(self, role: str, ground: str = "panel", *, bold: bool = False) -> Style:
        """Return the style of a role on a ground."""
        key = (role, ground, bold)
        found = self._styles.get(key)
        if found is None:
            color, bgcolor = self._colors[role], self._colors[ground]
            found = self._styles[key] = Style(color=color, bgcolor=bgcolor, bold=bold)
        return found


def joined(runs: list[tuple[str, Style]]) -> Runs:
    """Merge neighbours of equal style and drop empty texts."""
    merged: list[tuple[str, Style]] = []
    for text, style in runs:
        if not text:
            continue
        if merged and merged[-1][1] is style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return tuple(merged)
