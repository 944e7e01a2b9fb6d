"""From what was asked to which buckets that means now. Pure."""

import msgspec

from core.exchange.candles.intervals import Grid, Span, utc_text


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """Whole buckets to give, and what to say of the rest; an empty span where there are none."""

    span: Span
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be given."""
        return self.span.start >= self.span.stop


def wanted(grid: Grid, asked: Span, now_secs: int) -> Wanted:
    """Return the buckets a range touches, of those that have begun."""
    if asked.start >= asked.stop:
        word = "empty" if asked.start == asked.stop else "reversed: it ends before it starts"
        return Wanted(Span(0, 0), f"the range is {word}")
    if asked.start >= now_secs:
        return Wanted(Span(0, 0), f"the range lies in the future: now is {utc_text(now_secs)}")
    if asked.stop <= grid.earliest:
        return Wanted(Span(0, 0), "the range lies before 1970")
    start = grid.floor(max(asked.start, grid.earliest))
    return Wanted(Span(start, grid.ceiling(min(asked.stop, now_secs))))


def since_beginning(grid: Grid, found: Wanted, begins_secs: int | None) -> Wanted:
    """Leave out what lies before a market's history."""
    if begins_secs is None or begins_secs <= found.span.start:
        return found
    start = max(found.span.start, grid.floor(begins_secs))
    note = f"the market's history begins {utc_text(begins_secs)}"
    return Wanted(Span(min(start, found.span.stop), found.span.stop), note)
