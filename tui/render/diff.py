"""Which cells of a row differ from what is on the screen."""

from typing import Final

from tui.render.palette import Runs
from tui.render.text import width_of

_JOIN: Final = 6
"""Spans nearer than this are sent as one: a cursor move costs about as many bytes."""
Span = tuple[int, int]


def changed_spans(old: Runs | None, new: Runs) -> list[Span]:
    """Return the half-open cell spans that differ, left to right; the whole row without `old`."""
    total = sum(width_of(text) for text, _ in new)
    if old is None or sum(width_of(text) for text, _ in old) != total:
        return [(0, total)] if total else []
    if len(old) == len(new) and all(len(a[0]) == len(b[0]) for a, b in zip(old, new, strict=True)):
        return _merged(_same_shape(old, new))
    return _edges(old, new, total)


def _same_shape(old: Runs, new: Runs) -> list[Span]:
    spans = []
    start = 0
    for (old_text, old_style), (text, style) in zip(old, new, strict=True):
        end = start + width_of(text)
        if old_style is not style and old_style != style:
            spans.append((start, end))
        elif old_text != text:
            spans.append(_narrowed(old_text, text, start, end))
        start = end
    return spans


def _narrowed(old: str, new: str, start: int, end: int) -> Span:
    """Leave out the equal ends of a text whose characters are one cell each."""
    if len(new) != end - start or len(old) != len(new):
        return (start, end)
    left = next(i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
    right = len(new)
    while old[right - 1] == new[right - 1]:
        right -= 1
    return (start + left, start + right)


def _edges(old: Runs, new: Runs, total: int) -> list[Span]:
    """Leave out the equal runs at both ends of rows of different shape."""
    left = first = 0
    shorter = min(len(old), len(new))
    while first < shorter and old[first] == new[first]:
        left += width_of(new[first][0])
        first += 1
    right, last = total, 1
    while last <= shorter - first and old[-last] == new[-last]:
        right -= width_of(new[-last][0])
        last += 1
    return [(left, right)] if left < right else []


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start - merged[-1][1] < _JOIN:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged
