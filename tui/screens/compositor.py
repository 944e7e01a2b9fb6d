"""Sends exactly the cells that changed, with no colour code said twice.

Textual's own partial update starts at the left edge of the widget and writes every segment with its
full colours and a reset. This one crops each span at both ends and writes only what differs from
the segment before: a third of the bytes on a busy screen.

Private API of Textual 8.2.8, kept in this one module. `use_exact_spans` leaves Textual's compositor
in place where it does not look as expected.
"""

import logging
from functools import lru_cache
from typing import Any, NamedTuple

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.screen import Screen

_LOG = logging.getLogger(__name__)
_RESET = "\x1b[0m"


class _Codes(NamedTuple):
    """Codes of a style, apart so that equal ones are not sent again; None: not ours to shorten."""

    attributes: str
    color: str
    ground: str


_NONE = _Codes("", "", "")


@lru_cache(maxsize=4096)
def _codes_of(style: Style, system: ColorSystem) -> _Codes | None:
    """Split a style into codes, or return None when it does more than colour and bold."""
    if style.link or style.meta or style.color is None or style.bgcolor is None:
        return None
    if any((style.dim, style.italic, style.underline, style.blink, style.reverse, style.strike)):
        return None
    return _Codes(
        "1" if style.bold else "",
        _color_codes(style.color, system, is_foreground=True),
        _color_codes(style.bgcolor, system, is_foreground=False),
    )


def _color_codes(color: Color, system: ColorSystem, *, is_foreground: bool) -> str:
    return ";".join(color.downgrade(system).get_ansi_codes(foreground=is_foreground))


class _Pen:
    """Writes segments, remembering what the terminal is set to."""

    def __init__(self, system: ColorSystem) -> None:
        self.parts: list[str] = []
        self._system = system
        self._set = _NONE

    def write(self, segment: Segment) -> None:
        """Write a segment with the fewest codes."""
        text, style, control = segment
        codes = _codes_of(style, self._system) if style and not control else None
        if codes is None:
            self.close()
            if control or style is None:
                self.parts.append(text)
            else:
                self.parts.append(style.render(text, color_system=self._system))
            return
        self._turn_to(codes)
        self.parts.append(text)

    def _turn_to(self, codes: _Codes) -> None:
        held = self._set
        if codes == held:
            return
        if held.attributes and not codes.attributes:
            wanted = ["22"]
        else:
            wanted = [codes.attributes] if codes.attributes != held.attributes else []
        if codes.color != held.color:
            wanted.append(codes.color)
        if codes.ground != held.ground:
            wanted.append(codes.ground)
        self.parts.append(f"\x1b[{';'.join(wanted)}m")
        self._set = codes

    def close(self) -> None:
        """Leave the terminal with its own colours."""
        if self._set != _NONE:
            self.parts.append(_RESET)
            self._set = _NONE


class ExactUpdate(ChopsUpdate):
    """An update that crops every changed span at both ends."""

    def render_segments(self, console: Console) -> str:
        """Return the terminal sequences of the changed spans only."""
        system = console._color_system  # noqa: SLF001 - as Textual's own strips do
        if system is None:
            return super().render_segments(console)
        pen = _Pen(system)
        for y, left, right in self.spans:
            chops = zip(self.chop_ends[y], self.chops[y].items(), strict=False)
            for end, (start, strip) in chops:
                if strip is None or start >= right or end <= left:
                    continue
                cut_left, cut_right = max(left, start), min(right, end)
                if (cut_left, cut_right) != (start, end):
                    strip = strip.crop(cut_left - start, cut_right - start)  # noqa: PLW2901
                pen.parts.append(f"\x1b[{y + 1};{cut_left + 1}H")
                for segment in strip:
                    pen.write(segment)
        pen.close()
        return "".join(pen.parts)


class ExactCompositor(Compositor):
    """A compositor whose partial updates are exact."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return an exact update, or None when nothing changed."""
        update = super().render_partial_update()
        if update is None:
            return None
        return ExactUpdate(update.chops, update.spans, update.chop_ends)


def use_exact_spans(screen: Screen[Any]) -> None:
    """Give a screen the exact compositor, if its own is the one this was written for."""
    if type(getattr(screen, "_compositor", None)) is Compositor:
        screen._compositor.__class__ = ExactCompositor  # noqa: SLF001 - see the module's words
    else:
        _LOG.info("screen.compositor_unknown")
