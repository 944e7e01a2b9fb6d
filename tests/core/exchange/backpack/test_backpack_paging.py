"""Histories that grow while they are read: nothing lost, nothing doubled."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import DataInvalid
from core.exchange.backpack.paging import Pager


class MovingServer:
    """A history that grows between pages; row n is what `make` makes of it."""

    def __init__(self, rows: int, growth: list[int], *, kinds: int | None, told: bool) -> None:
        self.made: list[tuple[int, int]] = []
        self._growth = list(growth)
        self._kinds = kinds
        self._told = told
        self._rng = random.Random(rows)
        self.grow(rows)

    def grow(self, count: int) -> None:
        """Make new rows: all different, or of a few kinds only."""
        for _ in range(count):
            serial = len(self.made)
            kind = serial if self._kinds is None else self._rng.randrange(self._kinds)
            self.made.append((serial, kind))

    def page(self, offset: int, limit: int, *, newest_first: bool) -> list[tuple[int, int]]:
        """Serve a page, then grow."""
        rows = self.made[::-1] if newest_first else self.made
        page = rows[offset : offset + limit]
        self.total = len(self.made) if self._told else None
        self.grow(self._growth.pop(0) if self._growth else 0)
        return page


def read_all(server: MovingServer, limit: int, *, newest_first: bool) -> list[tuple[int, int]]:
    """Read a history; rows are told apart by their kind only."""
    pager = Pager[tuple[int, int]](
        lambda row: row[1], limit, is_newest_first=newest_first, overlap=3
    )
    for _ in range(400):
        page = server.page(pager.offset, limit, newest_first=newest_first)
        pager.take(page, server.total)
        if pager.is_complete:
            return pager.rows
    raise AssertionError("never complete")


GROWTH = st.lists(st.integers(0, 30), max_size=12)


@settings(max_examples=300, deadline=None)
@given(rows=st.integers(0, 120), growth=GROWTH, limit=st.integers(6, 20), told=st.booleans())
def test_rows_that_differ_are_read_once(
    rows: int, growth: list[int], limit: int, *, told: bool
) -> None:
    """All rows that were there at the start, each once, in order, with or without totals."""
    server = MovingServer(rows, growth, kinds=None, told=told)

    try:
        found = read_all(server, limit, newest_first=True)
    except DataInvalid:
        return

    serials = [serial for serial, _ in found]
    assert serials == sorted(set(serials), reverse=True)
    assert set(range(rows)) <= set(serials)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 120), GROWTH, st.integers(8, 20), st.integers(1, 3))
def test_equal_rows_are_all_counted_where_the_venue_tells_totals(
    rows: int, growth: list[int], limit: int, kinds: int
) -> None:
    """Two fills of one price and size are two fills."""
    server = MovingServer(rows, growth, kinds=kinds, told=True)

    try:
        found = read_all(server, limit, newest_first=True)
    except DataInvalid:
        return

    serials = [serial for serial, _ in found]
    assert serials == list(range(len(serials) - 1, -1, -1)) or not rows
    assert len(serials) >= rows


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 120), GROWTH, st.integers(6, 20), st.sampled_from([None, 1, 2]))
def test_oldest_first_reads_to_the_moving_end(
    rows: int, growth: list[int], limit: int, kinds: int | None
) -> None:
    """New rows come behind; what was there at the start is read once."""
    server = MovingServer(rows, growth, kinds=kinds, told=True)

    found = read_all(server, limit, newest_first=False)

    assert [serial for serial, _ in found] == list(range(len(found)))
    assert len(found) >= rows


def test_row_that_comes_in_where_was_read_starts_over() -> None:
    """A late fill of an older time is not missed."""
    pager = Pager[int](lambda row: row, 10, is_newest_first=False, overlap=3)

    pager.take(list(range(10)), 20)
    pager.take(list(range(6, 16)), 21)

    assert pager.rows == []
    assert pager.offset == 0


def test_history_that_never_stands_still_is_an_error() -> None:
    """No answer is better than a wrong one."""
    pager = Pager[int](lambda row: row, 10, is_newest_first=True, overlap=3)

    def shuffle() -> None:
        for number in range(20):
            pager.take([number * 100 + each for each in range(10)], None)

    with pytest.raises(DataInvalid, match="faster"):
        shuffle()
