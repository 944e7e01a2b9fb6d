"""The views of a studied market: equal to naive counts, and defined for every book."""

from collections import defaultdict
from math import isfinite
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.curve import BANDS_BPS, bands_of, curve_of, liquidity_score
from core.analysis.units import MONEY_UNIT
from core.domain.events import Body, MarkPriceSeen, TextLevel
from core.domain.fixed import UNIT, scaled
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import FUNDING, PAIRS, depth_topic, flow_topic, profile_topic
from core.domain.views import BookState, TapeMode, candles_topic, ladder_topic, tape_topic
from core.runtime.study.depth_view import CURVE_POINTS, SCORE_NOTIONAL
from core.runtime.study.market_study import HISTORY_KEPT
from core.runtime.study.named import named
from core.runtime.study.studies import STUDIED_AT_MOST
from tests.core.builders import instrument
from tests.core.market.market_bodies import HERE, depth, mark, snapshot, trade
from tests.core.runtime.study.studied import START, StudiedDesk

LADDER = ladder_topic(HERE, 10, 1)
TOPICS = (
    LADDER,
    ladder_topic(HERE, 40, 25),
    tape_topic(HERE, 20),
    tape_topic(HERE, 20, TapeMode.SWEEPS, 300),
    candles_topic(HERE, "1m", 50),
    depth_topic(HERE),
    flow_topic(HERE),
    profile_topic(HERE, 1),
    profile_topic(HERE, 7),
    FUNDING,
    PAIRS,
)
LEVELS = st.lists(
    st.tuples(st.integers(90, 110).map(str), st.sampled_from(("0", "1", "2.5", "400"))), max_size=4
)
PRINTS = st.tuples(
    st.integers(90, 110).map(str), st.sampled_from(("1", "0.5", "70")), st.sampled_from(Side)
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("depth"), LEVELS, LEVELS),
        st.tuples(st.just("trade"), PRINTS, st.just(None)),
        st.tuples(st.just("wait"), st.integers(1, 3_000), st.just(None)),
    ),
    max_size=25,
)


def _played(desk: StudiedDesk, deeds: list[Any], last_id: int = 10) -> None:
    trade_id = 0
    for kind, one, two in deeds:
        if kind == "depth":
            last_id += 1
            desk.send(depth(last_id, bids=one, asks=two), 20)
        elif kind == "trade":
            trade_id += 1
            price, size, side = one
            desk.send(trade(trade_id, price, size, ts=desk.at, side=side), 5)
        else:
            desk.at += one * 1_000_000


def _floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for part in value for number in _floats(part)]
    return []


@settings(max_examples=60, deadline=None)
@given(bids=LEVELS, asks=LEVELS, deeds=DEEDS, wanted=st.integers(0, 1))
def test_views_of_any_book_are_defined(
    bids: list[TextLevel], asks: list[TextLevel], deeds: list[Any], wanted: int
) -> None:
    """Empty, one-sided, crossed: a number or None, never NaN, and it survives the link."""
    desk = StudiedDesk()
    desk.send(snapshot(10, bids, asks))
    if wanted:
        desk.want()
    _played(desk, deeds)

    for topic in TOPICS:
        view = desk.view(topic)
        assert all(isfinite(number) for number in _floats(msgspec.to_builtins(view)))


@settings(max_examples=60, deadline=None)
@given(deeds=DEEDS)
def test_notes_of_a_ladder_equal_naive_counts(deeds: list[Any]) -> None:
    """Traded by price since the beginning, and what was added and withdrawn but for prints."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("95", "5"), ("80", "1")], [("105", "5"), ("120", "1")]))
    desk.want()
    desk.send(depth(11))
    sides = [d for d in deeds if d[0] != "depth"] + _uncrossed(deeds)
    _played(desk, sides, 11)

    sold: dict[int, int] = defaultdict(int)
    bought: dict[int, int] = defaultdict(int)
    for kind, one, _ in sides:
        if kind == "trade":
            price, size, side = one
            (bought if side is Side.BUY else sold)[scaled(price)] += scaled(size)

    view = desk.view(ladder_topic(HERE, 100, 1))
    notes = {note.price: note for note in view.notes}
    low, high = view.bids[-1].price, view.asks[-1].price
    for price in sold.keys() | bought.keys():
        assert low <= price <= high
        note = notes[price]
        assert (note.traded_bid, note.traded_ask) == (sold[price], bought[price])


def _uncrossed(deeds: list[Any]) -> list[Any]:
    """Keep bids under 100 and asks over it, and the far levels where they are."""
    kept = []
    for kind, bids, asks in deeds:
        if kind == "depth":
            below = [level for level in bids if int(level[0]) < 100]
            above = [level for level in asks if int(level[0]) > 100]
            kept.append((kind, below, above))
    return kept


def test_print_in_front_of_its_book_change_is_no_withdrawal_on_the_ladder() -> None:
    """Of ten that left the best bid, six traded and four were pulled."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "10")], [("101", "10")]))
    desk.want()
    desk.send(depth(11, bids=[("98", "3")]))
    desk.send(depth(12, bids=[("98", "8")]), 100)

    desk.send(trade(1, "99", "6", ts=desk.at, side=Side.SELL))
    desk.send(depth(13, bids=[("99", "0"), ("97", "1")]), 10)

    notes = {note.price // UNIT: note for note in desk.view(LADDER).notes}
    assert (notes[98].stacked, notes[98].pulled) == (5 * UNIT, 0)
    assert (notes[99].traded_bid, notes[99].stacked, notes[99].pulled) == (6 * UNIT, 0, 4 * UNIT)


def test_notes_are_grouped_with_the_rows_they_stand_on() -> None:
    """Bids floor and asks ceil to the row height, as the sizes beside them do."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("97", "1"), ("80", "1")], [("103", "1"), ("120", "1")]))
    desk.want()
    desk.send(trade(1, "97", "2", ts=desk.at, side=Side.SELL))
    desk.send(trade(2, "103", "3", ts=desk.at, side=Side.BUY))

    view = desk.view(ladder_topic(HERE, 10, 10))

    assert view.row_step == 10 * UNIT
    found = [(n.price // UNIT, n.traded_bid // UNIT, n.traded_ask // UNIT) for n in view.notes]
    assert found == [(90, 2, 0), (110, 0, 3)]


def test_change_of_the_book_fades_from_the_ladder() -> None:
    """Thirty seconds after the last change at a price the note is gone."""
    desk = StudiedDesk()
    desk.send(snapshot(10))
    desk.want()
    desk.send(depth(11))
    desk.send(depth(12, bids=[("99", "4")]))
    begun = desk.version(LADDER)
    assert [note.stacked for note in desk.view(LADDER).notes] == [3 * UNIT]

    desk.at += 30_000_000_000

    assert desk.version(LADDER) > begun
    assert desk.view(LADDER).notes == ()


def test_large_lot_mark_does_not_flicker() -> None:
    """The threshold stays while the norm moves a little, and follows when it moves much."""
    desk = StudiedDesk()
    bids = [(str(90 + n), "10") for n in range(10)]
    desk.send(snapshot(10, bids, [("101", "10")]))
    desk.want()
    held = desk.view(LADDER).large_size
    desk.send(depth(11, bids=[(price, "12") for price, _ in bids]))
    little = desk.view(LADDER).large_size
    desk.send(depth(12, bids=[(price, "40") for price, _ in bids]))

    assert held == little == 40 * UNIT
    assert desk.view(LADDER).large_size == 160 * UNIT


def test_microprice_of_a_ladder_leans_to_the_thin_side() -> None:
    """(99 * 1 + 101 * 3) / 4."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "3")], [("101", "1")]))

    assert desk.view(LADDER).microprice == scaled("100.5")


def test_depth_view_equals_the_plain_numbers_of_the_book() -> None:
    """Bands, curve and score of 700 levels a side, one of them gone again."""
    bids = [(f"{100 - n / 100:.2f}", f"{1 + n % 7}") for n in range(1, 701)]
    asks = [(f"{100 + n / 100:.2f}", f"{1 + n % 5}") for n in range(1, 701)]
    desk = StudiedDesk()
    desk.send(snapshot(10, bids, asks))
    desk.want()
    desk.send(depth(11, bids=[(bids[9][0], "0")]))
    below = [(scaled(p), scaled(s)) for p, s in bids if p != bids[9][0]]
    above = [(scaled(p), scaled(s)) for p, s in asks]

    view = desk.view(depth_topic(HERE))

    for row, band in zip(view.bands, bands_of(curve_of(below), curve_of(above)), strict=True):
        assert row.bid_notional == band.bid_money / MONEY_UNIT
        assert row.ask_notional == band.ask_money / MONEY_UNIT
        assert row.imbalance == band.imbalance
    assert [row.within_bps for row in view.bands] == list(BANDS_BPS)
    assert view.liquidity_score == liquidity_score(below, above, SCORE_NOTIONAL * UNIT)
    for points, levels in ((view.bids, below), (view.asks, above)):
        curve = curve_of(levels)
        at = dict(zip(curve.prices, curve.sizes, strict=True))
        live = [point for point in points if point.price in at]
        assert len(points) == CURVE_POINTS
        assert len(live) >= CURVE_POINTS - 1
        assert all(at[point.price] == point.cumulative for point in live)
        assert (points[0].price, points[-1].price) == (curve.prices[0], curve.prices[-1])


def test_band_that_reaches_past_the_levels_read_is_left_out() -> None:
    """1,100 levels of one hundredth of a basis point: nothing is said of more than 10 bps."""
    bids = [(f"{100 - n / 10_000:.4f}", "1") for n in range(1, 1_101)]
    asks = [(f"{100 + n / 10_000:.4f}", "1") for n in range(1, 1_101)]
    desk = StudiedDesk()
    desk.send(snapshot(10, bids, asks))

    bands = desk.view(depth_topic(HERE)).bands

    assert [row.within_bps for row in bands] == [5]
    assert bands[0].bid_notional == pytest.approx(sum(100 - n / 10_000 for n in range(1, 501)))


def test_histories_take_one_value_a_second_and_hold_over_quiet_ones() -> None:
    """A book that stood still for three seconds had the same spread all the while."""
    desk = StudiedDesk()
    desk.send(snapshot(10))
    desk.want()
    desk.send(depth(11), 1_000)
    desk.send(depth(12, bids=[("100", "1")]), 4_000)

    spreads = desk.view(depth_topic(HERE)).spread_history

    assert spreads == pytest.approx((200.0, 200.0, 200.0, 200.0, 2 * 10_000 / 201))
    assert desk.study().spreads.maxlen == HISTORY_KEPT


def test_wall_ages_while_it_stands() -> None:
    """A level of fifty among ones is a wall from the first look on."""
    desk = StudiedDesk()
    bids = [(str(90 + n), "50" if n == 5 else "1") for n in range(10)]
    desk.send(snapshot(10, bids, [("101", "1")]))
    desk.want()
    desk.send(depth(11), 1_000)
    desk.send(depth(12, asks=[("102", "1")]), 2_500)

    (wall,) = desk.view(depth_topic(HERE)).walls

    assert (wall.side, wall.price, wall.times_norm, wall.age_ms) == (
        Side.BUY,
        95 * UNIT,
        50.0,
        2_500,
    )


def test_wall_that_was_taken_away_is_told_no_more() -> None:
    """Of fifty two are left, less than three times the ones round it: no wall, at once."""
    desk = StudiedDesk()
    bids = [(str(90 + n), "50" if n == 5 else "1") for n in range(10)]
    desk.send(snapshot(10, bids, [("101", "1")]))
    desk.want()
    desk.send(depth(11), 1_000)
    desk.send(depth(12, bids=[("95", "2")]), 10)

    assert desk.view(depth_topic(HERE)).walls == ()


def test_refill_after_a_notable_trade_is_measured() -> None:
    """A sweep takes both levels of twelve asks; half is back after 1.1 seconds."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "5")], [("101", "6"), ("102", "6"), ("103", "8")]))
    desk.want()
    desk.send(depth(11), 200)
    desk.send(depth(12), 200)
    at = desk.at + 100_000_000
    desk.send(trade(1, "101", "6", ts=at), 100)
    desk.send(trade(2, "102", "6", ts=at))
    desk.send(depth(13, asks=[("101", "0"), ("102", "0")]), 100)
    desk.send(depth(14, asks=[("102", "6")]), 1_000)

    view = desk.view(depth_topic(HERE))

    assert view.resilience_half_s == pytest.approx(1.1)
    assert view.resilience_share == pytest.approx(0.5)


def test_trade_that_takes_little_of_the_book_is_no_shock() -> None:
    """A sweep of two out of a hundred: what comes back says nothing of the book."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "5")], [("101", "1"), ("102", "1"), ("103", "98")]))
    desk.want()
    desk.send(depth(11), 200)
    desk.send(depth(12), 200)
    at = desk.at + 100_000_000
    desk.send(trade(1, "101", "1", ts=at), 100)
    desk.send(trade(2, "102", "1", ts=at))
    desk.send(depth(13, asks=[("101", "0"), ("102", "0")]), 100)
    desk.send(depth(14, asks=[("102", "6")]), 1_000)

    assert desk.view(depth_topic(HERE)).resilience_share is None


def test_flow_windows_begin_when_the_study_reaches_back_so_far() -> None:
    """A window that is not wholly studied is left out, not shown as if it were."""
    desk = StudiedDesk()
    desk.send(snapshot(10))
    desk.want()
    desk.send(trade(1, "100", "2", ts=START, side=Side.BUY))
    desk.send(trade(2, "101", "1", ts=START + 12_000_000_000, side=Side.SELL), 12_000)

    windows = desk.view(flow_topic(HERE)).windows

    assert [w.window_s for w in windows] == [10, None]
    assert (windows[0].trades, windows[0].delta) == (1, -1.0)
    assert (windows[1].trades, windows[1].delta, windows[1].volume) == (2, 1.0, 3.0)


def test_study_begins_with_the_prints_the_market_remembers() -> None:
    """What traded before anybody looked is on tape, profile and flow."""
    desk = StudiedDesk()
    desk.send(trade(1, "100", "2", ts=desk.at, side=Side.BUY))
    desk.send(trade(2, "101", "1", ts=desk.at, side=Side.SELL))
    desk.want()

    assert [line.serial for line in desk.view(tape_topic(HERE, 5)).rows] == [1, 2]
    assert [bar.price // UNIT for bar in desk.view(profile_topic(HERE, 1)).rows] == [101, 100]
    assert desk.view(flow_topic(HERE)).windows[-1].trades == 2


def test_repeated_and_malformed_prints_are_not_counted() -> None:
    """The market's tape decides what was printed."""
    desk = StudiedDesk()
    desk.want()
    desk.send(snapshot(10))
    desk.want()
    for body in (trade(1, "100"), trade(1, "100"), trade(2, "bad"), trade(2, "100")):
        desk.send(body)

    assert desk.study().prints.count == 2


def test_heavy_views_move_at_most_four_times_a_second() -> None:
    """Twenty frames of one beat are one version; a still book moves with its age only."""
    desk = StudiedDesk()
    desk.send(snapshot(10))
    desk.want()
    topic = depth_topic(HERE)
    begun = desk.version(topic)
    for number in range(11, 31):
        desk.send(depth(number, bids=[("98", str(number))]), 10)
    within = desk.version(topic)
    desk.at += 100_000_000

    assert within == begun
    assert desk.version(topic) == begun + 1


def test_least_recently_wanted_study_is_let_go() -> None:
    """The ninth market takes the place of the one nobody asked for longest."""
    desk = StudiedDesk()
    names = [InstrumentId(f"here:M{n}_USD") for n in range(STUDIED_AT_MOST + 1)]
    for name in names:
        desk.send(snapshot(10, instrument=name))
    for name in (*names[:STUDIED_AT_MOST], names[0], names[-1]):
        desk.want(name)

    assert list(desk.engine.rooms.studies.by_id) == [*names[2:STUDIED_AT_MOST], names[0], names[-1]]


def test_market_nobody_knows_is_not_studied() -> None:
    """A topic with a made-up name begins nothing."""
    desk = StudiedDesk()
    desk.want(InstrumentId("here:NONE_USD"))

    assert InstrumentId("here:NONE_USD") not in desk.engine.rooms.studies.by_id


def test_gap_in_the_book_is_nobodys_withdrawal() -> None:
    """After a resync changes are counted from the new book on."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "50")], [("101", "1")]))
    desk.want()
    desk.send(depth(11))
    desk.send(depth(20, bids=[("99", "1")]))
    assert desk.view(LADDER).book_state is not BookState.VALID
    desk.send(snapshot(30, [("99", "2")], [("101", "1")]))
    desk.send(depth(31))
    desk.send(depth(32, bids=[("99", "3")]))

    (note,) = desk.view(LADDER).notes
    assert (note.stacked, note.pulled) == (UNIT, 0)


def _marked(price: str, index: str | None, rate: str | None = "0.0001") -> MarkPriceSeen:
    return msgspec.structs.replace(mark(price, index), instrument=PERP, funding_rate=rate)


PERP = InstrumentId("here:SOL_USDC_PERP")
SPOT = InstrumentId("here:SOL_USDC")


def _listed(name: InstrumentId) -> Any:
    return msgspec.structs.replace(instrument(name), funding_interval_ms=8 * 3_600_000)


def test_funding_is_put_on_one_scale() -> None:
    """One basis point in eight hours; the mark stands twenty over the index."""
    desk = StudiedDesk(_listed(PERP), _listed(SPOT), watched=(PERP, SPOT))
    bodies: list[Body] = [_marked("100.2", "100"), _marked("100.2", "100")]
    for body in bodies:
        desk.send(body, 1_000)

    (row,) = desk.view(FUNDING).rows

    assert row.instrument == PERP
    assert row.basis_bps == pytest.approx(20)
    assert row.basis_annual_pct == pytest.approx(0.2 * 3 * 365)
    assert (row.rate_pct, row.interval_hours) == (pytest.approx(0.01), 8.0)
    assert row.hourly_pct == pytest.approx(0.01 / 8)
    assert row.annual_pct == pytest.approx(0.01 * 3 * 365)
    assert row.history == pytest.approx((20.0, 20.0))


def test_basis_without_an_index_is_against_the_spot_mid() -> None:
    """The spot book of the same venue stands at 100."""
    desk = StudiedDesk(_listed(PERP), _listed(SPOT), watched=(PERP, SPOT))
    desk.send(snapshot(10, instrument=SPOT))
    desk.send(depth(11, instrument=SPOT))
    desk.send(_marked("101", None, None))

    (row,) = desk.view(FUNDING).rows

    assert row.basis_bps == pytest.approx(100)
    assert (row.rate_pct, row.annual_pct, row.index_price) == (None, None, None)


def test_pair_of_one_base_shows_its_spread_and_what_could_be_done() -> None:
    """Perpetual 100 to 102, spot 98 to 99: one over the other, and 100 over 99 to take."""
    desk = StudiedDesk(_listed(PERP), _listed(SPOT), watched=(PERP, SPOT))
    books = ((PERP, "100", "102"), (SPOT, "98", "99"))
    for name, bid, ask in books:
        desk.send(snapshot(10, [(bid, "1")], [(ask, "1")], instrument=name))
        desk.send(depth(11, instrument=name))

    (row,) = desk.view(PAIRS).rows

    assert (row.first, row.second) == (PERP, SPOT)
    assert row.spread_bps == pytest.approx((101 / 98.5 - 1) * 10_000)
    assert row.executable_bps == pytest.approx((100 / 99 - 1) * 10_000)
    assert row.history == pytest.approx((row.spread_bps,))
    assert row.correlation is None


def _with_book(desk: StudiedDesk, name: InstrumentId, bid: str, ask: str) -> None:
    desk.send(snapshot(10, [(bid, "1")], [(ask, "1")], instrument=name))
    desk.send(depth(11, instrument=name))


def test_pairs_and_funding_of_a_recording_are_read_from_its_symbols() -> None:
    """No rules were recorded: a mark with a rate is a perpetual, a symbol ends in its quote."""
    perp, spot = InstrumentId("here:BTCUSDT"), InstrumentId("there:BTC_USDC")
    other, cross = InstrumentId("here:ETHUSDT"), InstrumentId("there:ETHBTC")
    desk = StudiedDesk(watched=(perp, spot, other, cross))
    _with_book(desk, perp, "100", "102")
    _with_book(desk, spot, "98", "99")
    _with_book(desk, other, "5", "6")
    _with_book(desk, cross, "0.1", "0.2")
    desk.send(
        MarkPriceSeen(
            ts_event=1, ts_recv=1, instrument=perp, mark_price="100.2", index_price="100",
            funding_rate="0.0001", next_funding_ts=None,
        )
    )  # fmt: skip

    (pair,) = desk.view(PAIRS).rows
    (row,) = desk.view(FUNDING).rows

    assert (pair.first, pair.second) == (perp, spot)
    assert pair.spread_bps == pytest.approx((101 / 98.5 - 1) * 10_000)
    assert row.instrument == perp
    assert row.basis_bps == pytest.approx(20)
    assert row.rate_pct == pytest.approx(0.01)
    assert (row.interval_hours, row.hourly_pct, row.annual_pct) == (None, None, None)


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("BTCUSD_PERP", "BTC", "USD"),
        ("SOL_USDC_PERP", "SOL", "USDC"),
        ("BTC-USD", "BTC", "USD"),
        ("kPEPE", "KPEPE", None),
        ("ETHBTC", "ETHBTC", None),
        ("USDCUSDT", "USDC", "USDT"),
        ("USDC", "USDC", None),
    ],
)
def test_symbol_names_base_and_quote(symbol: str, base: str, quote: str | None) -> None:
    """Only dollars are taken for a quote: anything else stays part of the name."""
    desk = StudiedDesk()
    name = InstrumentId(f"there:{symbol}")
    _with_book(desk, name, "1", "2")
    market = desk.engine.rooms.market.market(name)
    assert market is not None

    assert named(market) == (None, base, quote)
