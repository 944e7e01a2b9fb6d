"""The Desk's side of the analyst: what is asked for, when, and what a cockpit sees of it."""

import time
from statistics import median

import pytest

from core.analysis.indicators import overlay_history
from core.analysis.live import OVERLAY_NAMES
from core.domain.codec import packed, unpacker
from core.domain.events import AnalysisDone, Body, TimerFired
from core.domain.jobs import FootprintJob, Job, OverlaysJob, TrendJob
from core.domain.order import Side
from core.domain.study_views import (
    PAIRS,
    FootprintView,
    HeatmapView,
    OverlaysView,
    ProfileBar,
    TrendView,
    footprint_topic,
    heatmap_topic,
    overlays_topic,
    trend_topic,
)
from core.domain.views import CandleRow
from tests.core.builders import SECOND, SOL_PERP
from tests.core.runtime.analyst.desks import MIDNIGHT, MINUTE, Desk, candle, loaded, minutes
from tests.core.runtime.rig import Rig

OVERLAYS = overlays_topic(SOL_PERP, "1m", 60)
TREND = trend_topic(SOL_PERP)
HEATMAP = heatmap_topic(SOL_PERP, 20, 10, 1_000)
FOOTPRINT = footprint_topic(SOL_PERP, "1m", 5, 1)


def _with_candles(desk: Desk, count: int = 400) -> Desk:
    desk.feed(loaded(minutes(count, until=desk.at)))
    return desk


# ---- what is asked for -------------------------------------------------------------------------


def test_nothing_is_computed_that_nobody_looks_at() -> None:
    """Without a look there is neither a job nor a timer of the analyst."""
    desk = _with_candles(Desk())

    desk.run(5)

    assert not desk.jobs
    assert not {key for key in desk.wakes if key.startswith("analyst")}


def test_history_is_asked_for_once_until_a_candle_closes() -> None:
    """The same candles are not computed again; the next minute's are."""
    desk = _with_candles(Desk())
    desk.want(OVERLAYS)
    desk.run(5)
    assert len(desk.jobs) == 1

    desk.run(60)
    desk.feed(candle(minutes(1, until=desk.at)[0]))
    desk.want(OVERLAYS)
    desk.run(3)

    assert len(desk.jobs) >= 2
    last = desk.jobs[-1]
    assert isinstance(last, OverlaysJob)
    assert last.candles[-1].start_ts + MINUTE <= last.at


def test_topic_nobody_asks_for_costs_nothing_and_is_dropped() -> None:
    """After 25 s there are no more jobs, after 60 s nothing is left of it."""
    desk = Desk()
    desk.want(HEATMAP)
    desk.run(26)
    before = len(desk.jobs)
    assert before > 20

    desk.run(20)
    assert len(desk.jobs) == before
    assert desk.rooms.analyses.topics() == (HEATMAP,)

    desk.run(20)
    assert desk.rooms.analyses.topics() == ()
    assert desk.rooms.analyses._recorder.of(SOL_PERP) is None


def test_topic_asked_for_again_goes_on() -> None:
    """Told every 20 s, it is computed every second."""
    desk = Desk()
    for _ in range(5):
        desk.want(HEATMAP)
        desk.run(20)

    assert len(desk.jobs) == pytest.approx(100, abs=2)


def test_job_without_an_answer_is_not_asked_for_again_before_its_time() -> None:
    """One job of a topic is out at a time; after a minute it counts as lost."""
    desk = Desk(solves=False)
    for _ in range(7):
        desk.want(HEATMAP)
        desk.run(10)

    assert len(desk.jobs) == 2
    assert desk.jobs[1].at - desk.jobs[0].at >= 60 * SECOND


@pytest.mark.parametrize(
    "topic",
    [
        "overlays/alpha:NOTHING/1m/60",
        f"overlays/{SOL_PERP}/1x/60",
        f"overlays/{SOL_PERP}/1m/0",
        f"overlays/{SOL_PERP}",
        f"heatmap/{SOL_PERP}/100/60",
        f"heatmap/{SOL_PERP}/100000/60000/1000",
        f"heatmap/{SOL_PERP}/-1/60/1000",
        f"footprint/{SOL_PERP}/1w/5/1",
        f"footprint/{SOL_PERP}/1m/999999999999/1",
        f"trend/{SOL_PERP}/more",
        "trend",
        "",
        "analyst//",
    ],
)
def test_topic_that_makes_no_sense_is_ignored(topic: str) -> None:
    """It takes no seat, and nothing is shown for it."""
    desk = Desk()
    desk.want(topic)
    desk.run(2)

    assert desk.rooms.analyses.topics() == ()
    assert desk.view(topic) is None


def test_many_topics_drop_the_one_asked_for_longest_ago() -> None:
    """A terminal that is resized and resized leaves a bounded number of rasters."""
    desk = Desk()
    for number in range(50):
        desk.want(heatmap_topic(SOL_PERP, 20 + number, 10, 1_000))
        desk.run(0.1)

    topics = desk.rooms.analyses.topics()
    assert len(topics) == 32
    assert topics[-1] == heatmap_topic(SOL_PERP, 69, 10, 1_000)


def test_failure_is_counted_and_the_last_answer_stays() -> None:
    """An error of the analyst takes nothing away."""
    desk = _with_candles(Desk())
    desk.want(OVERLAYS)
    desk.run(3)
    shown = desk.view(OVERLAYS)

    desk.done(OVERLAYS, None, "its process ended")

    assert desk.rooms.analyses.failures() == {OVERLAYS: 1}
    assert shown is not None
    assert desk.view(OVERLAYS) == shown


# ---- overlays ----------------------------------------------------------------------------------


def assert_overlays_are_history(view: OverlaysView, rows: list[CandleRow]) -> None:
    """Every value shown is that of TA-Lib over all the candles, the open one too."""
    place_of = {row.start_ts: place for place, row in enumerate(rows)}
    columns = overlay_history(rows)
    assert [line.name for line in view.lines] == list(OVERLAY_NAMES)
    for line, column in zip(view.lines, columns, strict=True):
        if line.name == "vwap":
            continue
        assert len(line.values) == len(view.starts)
        for start, value in zip(view.starts, line.values, strict=True):
            expected = column[place_of[start]]
            assert value == pytest.approx(expected, rel=1e-6, abs=1e-9), (line.name, start)


def test_overlays_reach_to_the_open_candle_and_follow_it() -> None:
    """The last value is live: it moves with the open candle, without a job, and equals TA-Lib."""
    desk = Desk()
    rows = minutes(400, until=desk.at)
    desk.feed(loaded(rows))
    desk.want(OVERLAYS)
    desk.run(8)
    asked = len(desk.jobs)
    first = desk.view(OVERLAYS)
    assert isinstance(first, OverlaysView)
    assert first.starts == tuple(row.start_ts for row in rows[-60:])
    assert_overlays_are_history(first, rows)

    rows[-1] = CandleRow(rows[-1].start_ts, 100.0, 107.0, 99.0, 106.5, 30.0)
    desk.feed(candle(rows[-1]))
    desk.run(0.6)

    moved = desk.view(OVERLAYS)
    assert isinstance(moved, OverlaysView)
    assert moved.lines[0].values[-1] != first.lines[0].values[-1]
    assert moved.lines[0].values[:-1] == first.lines[0].values[:-1]
    assert_overlays_are_history(moved, rows)
    assert len(desk.jobs) == asked


def test_overlays_stay_whole_while_the_analyst_is_behind() -> None:
    """Candles that closed since the history have the values they closed with."""
    desk = Desk()
    rows = minutes(400, until=desk.at)
    desk.feed(loaded(rows))
    desk.want(OVERLAYS)
    desk.run(8)
    desk.solves = False

    for _ in range(3):
        desk.want(OVERLAYS)
        rows.append(minutes(1, until=rows[-1].start_ts + MINUTE, price="101")[0])
        desk.run((rows[-1].start_ts + SECOND - desk.at) / SECOND)
        desk.feed(candle(rows[-1]))
        desk.run(20)
        desk.want(OVERLAYS)
        desk.run(20)

    view = desk.view(OVERLAYS)
    assert isinstance(view, OverlaysView)
    assert view.starts[-1] == rows[-1].start_ts
    assert len(view.starts) == 60
    assert_overlays_are_history(view, rows)


def test_vwap_of_the_day_takes_its_begin_from_a_longer_series() -> None:
    """Minutes that begin at noon are carried on from quarters of an hour since midnight."""
    desk = Desk()
    quarter = 15 * MINUTE
    day = [
        CandleRow(MIDNIGHT + n * quarter, 100.0, 101.0, 99.0, 100.5, 15.0)
        for n in range((desk.at - MIDNIGHT) // quarter + 1)
    ]
    rows = minutes(400, until=desk.at)
    desk.feed(loaded(day, "15m", quarter), loaded(rows))
    desk.want(OVERLAYS)
    desk.run(8)

    view = desk.view(OVERLAYS)

    assert isinstance(view, OverlaysView)
    goes_on = -(-rows[-360].start_ts // quarter) * quarter
    before = [row for row in day if row.start_ts < goes_on]
    after = [row for row in rows if row.start_ts >= goes_on]
    counted = [*before, *after]
    money = sum(
        (r.high + r.low + r.close) / 3 * r.volume for r in counted if r.high and r.low and r.close
    )
    vwap = next(line for line in view.lines if line.name == "vwap").values[-1]
    assert vwap == pytest.approx(money / sum(row.volume for row in counted))


def test_longer_series_is_carried_on_by_minutes() -> None:
    """Venues stream minutes only: a loaded quarter of an hour still moves with them."""
    desk = Desk()
    quarter = 15 * MINUTE
    last = desk.at - desk.at % quarter
    day = [
        CandleRow(last - n * quarter, 100.0, 101.0, 99.0, 100.5, 15.0) for n in range(100, -1, -1)
    ]
    desk.feed(loaded(day, "15m", quarter), loaded(minutes(60, until=desk.at)))
    topic = overlays_topic(SOL_PERP, "15m", 20)
    desk.want(topic)
    desk.run(5)
    first = desk.view(topic)

    newest = minutes(1, until=desk.at)[0]
    desk.feed(candle(CandleRow(newest.start_ts, 100.0, 140.0, 100.0, 139.0, 5.0)))
    desk.run(0.6)
    moved = desk.view(topic)

    assert isinstance(first, OverlaysView)
    assert isinstance(moved, OverlaysView)
    assert first.starts == moved.starts
    assert moved.starts[-1] == last
    emas = [view.lines[0].values[-1] for view in (first, moved)]
    assert emas[0] is not None
    assert emas[1] is not None
    assert emas[1] > emas[0] + 1


# ---- trend -------------------------------------------------------------------------------------


def test_trend_covers_five_intervals_and_is_renewed_each_minute() -> None:
    """One job while nothing closed; a closed minute makes another."""
    desk = _with_candles(Desk())
    desk.want(TREND)
    desk.run(10)
    view = desk.view(TREND)

    assert isinstance(view, TrendView)
    assert [row.interval for row in view.rows] == ["1m", "5m", "15m", "1h", "4h"]
    assert view.rows[0].rsi is not None
    assert view.head
    asked = [job for job in desk.jobs if isinstance(job, TrendJob)]
    assert len(asked) == 1
    assert all(
        row.start_ts + column.interval_ns <= asked[0].at
        for column in asked[0].columns
        for row in column.candles
    )


# ---- rings -------------------------------------------------------------------------------------


def test_heatmap_shows_the_book_of_each_second() -> None:
    """Columns fill from the right as time passes; the book's two levels are in their rows."""
    desk = Desk()
    desk.want(HEATMAP)
    desk.run(10)

    view = desk.view(HEATMAP)

    assert isinstance(view, HeatmapView)
    assert (view.columns, view.rows, len(view.cells)) == (20, 10, 200)
    known = [place for place, row in enumerate(view.best_bids) if row >= 0]
    assert known == list(range(20 - len(known), 20))
    assert 10 <= len(known) <= 12
    bid_row = view.best_bids[-1]
    low = view.top_price - (bid_row + 1) * view.row_step
    assert low <= 99_990_000_0000 < low + view.row_step
    assert view.cells[bid_row * 20 + 19] > 0


def test_heatmap_keeps_a_hole_where_the_book_was_not_to_be_believed() -> None:
    """A book that went away leaves empty columns, not its last picture."""
    desk = Desk()
    desk.want(HEATMAP)
    desk.run(5)
    desk.feed(*_disconnect(desk))
    desk.run(6)

    view = desk.view(HEATMAP)

    assert isinstance(view, HeatmapView)
    assert view.best_bids[-3:] == (-1, -1, -1)
    assert max(view.best_bids) >= 0


def _disconnect(desk: Desk) -> tuple[Body, ...]:
    from core.domain.events import Channel, ConnectionChanged, LinkState
    from tests.core.runtime.rig import ALPHA

    return (
        ConnectionChanged(
            ts_event=desk.at,
            ts_recv=desk.at,
            venue=ALPHA,
            channel=Channel.PUBLIC,
            state=LinkState.DOWN,
        ),
    )


def test_footprint_counts_every_print_since_somebody_looked() -> None:
    """Bars are the prints by price and side; a repeat counts once."""
    desk = Desk()
    desk.want(FOOTPRINT)
    desk.run(1)
    for number, (price, size, side) in enumerate(
        [("100", "1", Side.BUY), ("100", "2", Side.SELL), ("100.01", "3", Side.BUY)], start=1
    ):
        desk.trade(number, price, size, side)
    desk.trade(3, "100.01", "3")
    desk.run(2)

    view = desk.view(FOOTPRINT)

    assert isinstance(view, FootprintView)
    unit = 10**10
    assert view.candles[-1].bars == (
        ProfileBar(100 * unit + unit // 100, 0, 3 * unit),
        ProfileBar(100 * unit, 2 * unit, unit),
    )
    assert (view.candles[-1].volume, view.candles[-1].delta) == (6.0, 2.0)


def test_prints_are_bounded_and_cut_candles_are_known() -> None:
    """After 40 chunks the oldest prints go, and the job says from when on all are held."""
    desk = Desk(solves=False)
    desk.want(FOOTPRINT)
    for number in range(1, 43_000):
        desk.at += 1_000_000
        desk.trade(number, "100", "1")
    desk.want(FOOTPRINT)
    desk.run(2)
    rings = desk.rooms.analyses._recorder.of(SOL_PERP)

    assert rings is not None
    held = rings.prints.since_event(0)
    count = sum(len(chunk.sizes) // 8 for chunk in held)
    assert 40_960 <= count <= 40_960 + 1_024
    first = memoryview(held[0].rows).cast("q")[0]
    assert rings.prints.complete_from <= first
    assert rings.prints.complete_from > 0
    last = [job for job in desk.jobs if isinstance(job, FootprintJob)]
    assert last


def test_pairs_are_sampled_only_while_somebody_looks() -> None:
    """Numbers come for watched markets once two have minutes, in either order."""
    desk = _with_candles(Desk())
    desk.want(PAIRS)
    desk.run(3)

    assert desk.rooms.analyses.pair_numbers(SOL_PERP, SOL_PERP) is None
    assert not desk.jobs


# ---- determinism and cost ----------------------------------------------------------------------


def test_same_log_gives_the_same_effects() -> None:
    """The inbox log, answers included, gives one trace, also after a way through the wire form."""
    desk = _with_candles(Desk())
    desk.want(OVERLAYS, TREND, HEATMAP, FOOTPRINT)
    for number in range(1, 30):
        desk.trade(number, "100", "1")
        desk.run(0.5)
    assert any(isinstance(event.body, AnalysisDone) for event in desk.log)
    decode = unpacker(Body).decode

    again = Rig()
    for event in desk.log:
        again.at = event.at
        body = decode(packed(event.body))
        again._carry_out(again.engine.desk.handle(type(event)(event.seq, event.at, body)))

    assert again.trace.hexdigest() == desk.trace.hexdigest()


def test_job_is_the_same_through_the_wire() -> None:
    """What the analyst's process reads is what the Desk froze."""
    desk = _with_candles(Desk())
    desk.want(OVERLAYS, TREND, HEATMAP, FOOTPRINT)
    desk.trade(1, "100", "1")
    desk.run(3)
    decode = unpacker(Job).decode

    assert {type(job).__name__ for job in desk.jobs} >= {"OverlaysJob", "TrendJob", "HeatmapJob"}
    for job in desk.jobs:
        assert decode(packed(job)) == job


def test_snapshot_costs_the_desk_little() -> None:
    """Freezing 500 candles and 200 columns is a step of well under a few milliseconds."""
    desk = _with_candles(Desk(solves=False), 1_000)
    topics = (overlays_topic(SOL_PERP, "1m", 300), TREND, heatmap_topic(SOL_PERP, 200, 80, 500))
    desk.want(*topics)
    desk.run(20)
    taken: dict[str, list[float]] = {}
    for number in range(30):
        desk.want(*topics)
        for topic in topics:
            desk.done(topic, None)
            desk.feed(candle(minutes(1, until=desk.at + number * MINUTE)[0]))
            timer = TimerFired(
                ts_event=desk.at, ts_recv=desk.at, key=f"analyst/{topic}", due=desk.at
            )
            begun = time.thread_time_ns()
            desk.feed(timer)
            taken.setdefault(topic, []).append((time.thread_time_ns() - begun) / 1e6)

    assert {topic: median(values) for topic, values in taken.items() if median(values) > 3} == {}
