"""Sets of seconds as sorted, disjoint spans. Pure."""

from collections.abc import Iterable

from core.exchange.candles.intervals import Span


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join what overlaps or touches."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].stop:
            joined[-1] = Span(joined[-1].start, max(joined[-1].stop, span.stop))
        elif span.start < span.stop:
            joined.append(span)
    return joined


def within(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """Keep what lies inside the bounds."""
    cut = (Span(max(s.start, bounds.start), min(s.stop, bounds.stop)) for s in spans)
    return [span for span in cut if span.start < span.stop]


def without(bounds: Span, spans: Iterable[Span]) -> list[Span]:
    """Return what the spans leave free of the bounds, oldest first."""
    free: list[Span] = []
    at = bounds.start
    for span in merged(within(spans, bounds)):
        if span.start > at:
            free.append(Span(at, span.start))
        at = span.stop
    if at < bounds.stop:
        free.append(Span(at, bounds.stop))
    return free
