"""What the terminal can take: private facts of Textual's driver, kept in this one module."""

from typing import Any

from textual.app import App

from core.runtime.config import Attention
from tui.render.text import clean

_ATTENTION_CHARS = 120
_PLAIN_SYSTEMS = frozenset({"standard", "windows"})


def is_output_waiting(app: App[Any]) -> bool:
    """Whether text still waits for the terminal; a frame drawn now would only queue behind it."""
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is not None and queue.qsize() > 0


def call_attention(app: App[Any], text: str, kind: Attention) -> None:
    """Ring, or let the terminal notify; goes out in order with what is drawn, never in between."""
    driver = getattr(app, "_driver", None)
    if driver is None or app.is_headless or kind is Attention.NONE:
        return
    driver.write(attention_bytes(text, kind))
    driver.flush()


def attention_bytes(text: str, kind: Attention) -> str:
    """Return what the terminal is told. The text is data: nothing in it can end the sequence.

    It begins with a word, for terminals take digits after OSC 9 as another command.
    """
    bell = "\a" if kind in (Attention.BELL, Attention.BOTH) else ""
    if kind not in (Attention.OSC9, Attention.BOTH):
        return bell
    return f"\x1b]9;Wingman {clean(text, _ATTENTION_CHARS)}\x1b\\{bell}"


def is_plain_terminal(app: App[Any]) -> bool:
    """Whether tints look alike: 16 colours, or a person who asked for none (NO_COLOR)."""
    if app.is_headless:
        return False
    return app.no_color or app.console.color_system in _PLAIN_SYSTEMS
