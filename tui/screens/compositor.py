"""Sends exactly the cells that changed: Textual's own update starts at the edge of the widget.

Private API of Textual 8.2.8, kept in this one module. `use_exact_spans` leaves Textual's compositor
in place where it does not look as expected.
"""

import logging

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.screen import Screen

_LOG = logging.getLogger(__name__)


class ExactUpdate(ChopsUpdate):
    """An update that crops every changed span at both ends."""

    def render_segments(self, console: Console) -> str:
        """Return the terminal sequences of the changed spans only."""
        parts: list[str] = []
        for y, left, right in self.spans:
            for end, (start, strip) in zip(
                self.chop_ends[y], self.chops[y].items(), strict=False
            ):
                if strip is None or start >= right or end <= left:
                    continue
                cut_left, cut_right = max(left, start), min(right, end)
                if (cut_left, cut_right) != (start, end):
                    strip = strip.crop(cut_left - start, cut_right - start)  # noqa: PLW2901
                parts.append(Control.move_to(cut_left, y).segment.text)
                parts.append(strip.render(console))
        return "".join(parts)


class ExactCompositor(Compositor):
    """A compositor whose partial updates are exact."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return an exact update, or None when nothing changed."""
        update = super().render_partial_update()
        if update is None:
            return None
        return ExactUpdate(update.chops, update.spans, update.chop_ends)


def use_exact_spans(screen: Screen[None]) -> None:
    """Give a screen the exact compositor, if its own is the one this was written for."""
    if type(getattr(screen, "_compositor", None)) is Compositor:
        screen._compositor.__class__ = ExactCompositor  # noqa: SLF001 - see the module's words
    else:
        _LOG.info("screen.compositor_unknown")
