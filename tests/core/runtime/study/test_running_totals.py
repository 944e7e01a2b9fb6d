"""Totals kept as prints come equal those counted from all prints by the plain formulas."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.flow import cvd, flow_between
from core.analysis.impact import price_impact, spread_paid
from core.analysis.profile import traded_by_price, volume_profile
from core.analysis.sizes import aggressors
from core.analysis.units import SECOND_NS
from core.domain.fixed import UNIT
from core.domain.order import Side
from core.domain.study_views import TapeLine
from core.domain.views import TapeRow
from core.runtime.study import prints as prints_module
from core.runtime.study.delta import IMPACT_BUCKET_NS, DeltaSeries
from core.runtime.study.paid import HORIZON_NS, SpreadMeter
from core.runtime.study.prints import PrintLog
from core.runtime.study.tapes import TapeBook
from core.runtime.study.volumes import ROWS_KEPT, LadderVolumes, ProfileVolumes
from tests.core.analysis.tapes import tapes

MANY = tapes()


def _log(rows: list[TapeRow]) -> PrintLog:
    log = PrintLog()
    for row in rows:
        log.add(row)
    return log


def _spread_out(rows: list[TapeRow], times: int) -> list[TapeRow]:
    return [TapeRow(r.serial, r.ts_event * times, r.price, r.size, r.side) for r in rows]


@given(rows=MANY, start=st.integers(-10, 1_010), length=st.integers(1, 600))
def test_window_of_prints_equals_the_plain_flow(
    rows: list[TapeRow], start: int, length: int
) -> None:
    """Volumes and money exactly, the time-weighted price too."""
    expected = flow_between(rows, start, start + length)

    found = _log(rows).window(start, start + length)

    assert (found.buy, found.sell) == (expected.buy_volume, expected.sell_volume)
    assert (found.money, found.trades) == (expected.money, expected.trades)
    assert (found.twap, found.missed) == (expected.twap, expected.missed)


@given(rows=MANY)
def test_log_that_is_full_is_the_log_of_its_newest_prints(rows: list[TapeRow]) -> None:
    """What left leaves nothing behind in totals or sizes."""
    kept = 7
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prints_module, "PRINTS_KEPT", kept)
        patch.setattr(prints_module, "_SPARE", 5)
        log = _log(rows)
    newest = rows[-kept:]

    expected = flow_between(newest, 0, 2_000)
    found = log.window(0, 2_000)

    assert log.newest(100) == newest
    assert log.ordered_sizes == sorted(row.size for row in newest)
    assert (found.buy, found.sell, found.money) == (
        expected.buy_volume,
        expected.sell_volume,
        expected.money,
    )
    assert found.twap == expected.twap


@given(rows=MANY)
def test_delta_series_equals_a_count_by_second(rows: list[TapeRow]) -> None:
    """Each second's delta, volume and last price, and the running sum."""
    rows = _spread_out(rows, SECOND_NS // 50)
    series = DeltaSeries()
    for row in rows:
        series.add(row, row.ts_event)
    running = cvd(rows)

    expected, done = [], 0
    for second, group in groupby(rows, key=lambda row: row.ts_event // SECOND_NS):
        inside = list(group)
        done += len(inside)
        delta = sum(row.size * row.side.sign for row in inside)
        volume = sum(row.size for row in inside)
        expected.append(
            (second, delta / UNIT, running[done - 1] / UNIT, inside[-1].price / UNIT, volume / UNIT)
        )

    points = series.points()
    assert [(p.second, p.delta, p.cumulative, p.price, p.volume) for p in points] == expected


@given(rows=MANY)
def test_kyles_lambda_is_that_of_the_closed_buckets(rows: list[TapeRow]) -> None:
    """The regression over a print a bucket is the one over all prints."""
    rows = _spread_out(rows, IMPACT_BUCKET_NS // 40)
    series = DeltaSeries()
    for row in rows:
        series.add(row, row.ts_event)
    last = rows[-1].ts_event // IMPACT_BUCKET_NS if rows else 0
    closed = [row for row in rows if row.ts_event // IMPACT_BUCKET_NS < last]

    assert series.impact() == price_impact(closed, IMPACT_BUCKET_NS)


@given(
    rows=MANY,
    moves=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 80)), min_size=1, max_size=40),
)
def test_spread_paid_as_prints_come_equals_the_plain_one(
    rows: list[TapeRow], moves: list[tuple[int, int]]
) -> None:
    """Mids and prints of one clock, merged in time, mids first."""
    rows = _spread_out(rows, HORIZON_NS // 20)
    mids, at = [], 0
    for passed, mid in moves:
        at += passed * HORIZON_NS // 20
        mids.append((at, mid * UNIT))
    meter = SpreadMeter()
    deeds = [(at, 0, mid) for at, mid in mids] + [(r.ts_event, 1, r) for r in rows]
    for when, _, deed in sorted(deeds, key=lambda deed: deed[:2]):
        if isinstance(deed, TapeRow):
            meter.see_print(deed)
        else:
            meter.see_mid(when, deed)
            meter.settle(when)

    found, expected = meter.paid(), spread_paid(rows, mids, HORIZON_NS)

    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.trades == expected.trades
        assert found.effective_bps == pytest.approx(expected.effective_bps)
        assert found.realized_bps == pytest.approx(expected.realized_bps)


@given(rows=MANY)
def test_joined_lines_are_the_aggressors(rows: list[TapeRow]) -> None:
    """One line an aggressor, the newest one still open."""
    book = TapeBook()
    for row in rows:
        book.add(row)

    lines, hidden = book.shown(500, 0, is_joined=True)

    assert hidden == 0
    assert [(x.ts_event, x.price, x.last_price, x.size, x.prints, x.side) for x in lines] == [
        (a.ts_event, a.first_price, a.last_price, a.size, a.prints, a.side)
        for a in aggressors(rows)
    ]


@given(rows=MANY, least=st.integers(0, 20), shown=st.integers(1, 9), early=st.integers(0, 40))
def test_filter_shows_what_is_worth_enough_and_counts_the_rest(
    rows: list[TapeRow], least: int, shown: int, early: int
) -> None:
    """The same whether it was asked for before the prints or between them."""
    money = least * 10**21
    book = TapeBook()
    for number, row in enumerate(rows):
        if number == early:
            book.shown(shown, money, is_joined=False)
        book.add(row)
    worth = [row.price * row.size >= money for row in rows]
    serials = [row.serial for row, enough in zip(rows, worth, strict=True) if enough][-shown:]
    first = serials[0] if serials else 0

    lines, hidden = book.shown(shown, money, is_joined=False)

    assert [line.serial for line in lines] == serials
    assert hidden == sum(
        not enough for row, enough in zip(rows, worth, strict=True) if row.serial >= first
    )


def test_hole_before_a_line_left_out_shows_before_the_next_one_kept() -> None:
    """Three prints are missing before a small print; the big one after it says so."""
    book = TapeBook()
    for serial, size in ((1, 50), (5, 1), (6, 50)):
        book.add(TapeRow(serial, serial, UNIT, size * UNIT, Side.BUY))

    lines, hidden = book.shown(10, 10 * UNIT * UNIT, is_joined=False)

    assert [line.missed_before for line in lines] == [0, 3]
    assert hidden == 1


def test_hole_within_joined_prints_shows_before_their_line() -> None:
    """Two prints of one aggressor with one missing between them."""
    book = TapeBook()
    for serial, at in ((1, 1), (2, 9), (4, 9)):
        book.add(TapeRow(serial, at, UNIT, UNIT, Side.BUY))

    lines, _ = book.shown(10, 0, is_joined=True)

    assert [line.missed_before for line in lines] == [0, 1]
    assert lines[-1] == TapeLine(
        4, 9, UNIT, 2 * UNIT, Side.BUY, prints=2, last_price=UNIT, missed_before=1
    )


@given(rows=MANY, step=st.integers(1, 7), early=st.integers(0, 40))
def test_traded_rows_of_a_ladder_equal_a_naive_count(
    rows: list[TapeRow], step: int, early: int
) -> None:
    """Bids are grouped down and asks up, whenever the row height was first asked for."""
    height = step * UNIT
    traded = LadderVolumes()
    for number, row in enumerate(rows):
        if number == early:
            traded.rows(height)
        traded.add(row.price * -row.side.sign, row.size)

    expected: dict[int, int] = {}
    for row in rows:
        key = (
            -(-row.price // height) * height
            if row.side is Side.BUY
            else row.price // height * height
        )
        signed = key * -row.side.sign
        expected[signed] = expected.get(signed, 0) + row.size

    assert traded.rows(height) == expected


@given(rows=MANY, group=st.integers(1, 6))
def test_profile_of_running_volumes_equals_the_plain_profile(
    rows: list[TapeRow], group: int
) -> None:
    """Grouped from one-tick rows it is the profile of the prints."""
    volumes = ProfileVolumes(UNIT)
    for row in rows:
        is_sale = row.side is Side.SELL
        volumes.add(row.price, row.size if is_sale else 0, 0 if is_sale else row.size)

    height, found = volumes.grouped(group * UNIT)

    assert height == group * UNIT
    assert found == tuple(traded_by_price(rows, height).values())


def test_profile_with_too_many_rows_joins_them_and_loses_nothing() -> None:
    """Ten times as many prices as rows are kept: higher rows, the same volume."""
    volumes = ProfileVolumes(None)
    rows = [
        TapeRow(n, n, (1_000 + n) * UNIT // 100, UNIT, Side.BUY if n % 3 else Side.SELL)
        for n in range(10 * ROWS_KEPT)
    ]
    for row in rows:
        is_sale = row.side is Side.SELL
        volumes.add(row.price, row.size if is_sale else 0, 0 if is_sale else row.size)

    height, found = volumes.grouped(UNIT // 100)
    plain = volume_profile(rows, height)

    assert height == 10 * UNIT // 100
    assert plain is not None
    assert found == plain.rows
