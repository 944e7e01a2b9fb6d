"""What the terminal can take: private facts of Textual's driver, kept in this one module."""

from typing import Any

from textual.app import App

_PLAIN_SYSTEMS = frozenset({"standard", "windows"})


def is_output_waiting(app: App[Any]) -> bool:
    """Whether text still waits for the terminal; a frame drawn now would only queue behind it."""
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is not None and queue.qsize() > 0


def is_plain_terminal(app: App[Any]) -> bool:
    """Whether the terminal has 16 colours, so that tints look alike."""
    return not app.is_headless and app.console.color_system in _PLAIN_SYSTEMS
