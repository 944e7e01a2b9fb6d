"""Price alerts in a whole Desk, in virtual time."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import count

import msgspec
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import array

from core.domain.alert import Severity
from core.domain.codec import packed, unpacker
from core.domain.commands import AnswerAlert, RemovePriceAlert, SetPriceAlert
from core.domain.effects import Query, SubscribeMarket
from core.domain.events import (
    CandleSeen,
    CandlesLoaded,
    Channel,
    ConnectionChanged,
    DepthChanged,
    LinkState,
    MalformedFrame,
    MarkPriceSeen,
    TradeSeen,
)
from core.domain.facts import Fact, PriceAlertFired, PriceAlertSet
from core.domain.fixed import scaled
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.price_alert_text import parse_price_alert
from core.domain.study_views import PRICE_ALERTS, PriceAlertRow, PriceAlertsView
from core.domain.views import (
    CandlesView,
    FrameRequest,
    LadderView,
    View,
    candles_topic,
    ladder_topic,
)
from core.market.room import MarketRoom
from core.market.touch import Touch
from core.runtime.price_alerts import PriceAlerts
from tests.core.builders import SECOND, SOL_PERP, SOL_SPOT, START
from tests.core.runtime.rig import ALPHA, Rig

MINUTE = 60 * SECOND


class Market:
    """A rig with a market that prints."""

    def __init__(self, journal: Iterable[Fact] = (), epoch: int = 1, at: int = START) -> None:
        self.rig = Rig(journal=journal, epoch=epoch, at=at)
        self.rig.open_markets()
        self._trades = 0

    def trade(self, price: str, size: str = "1") -> None:
        """Print at a price, over a book that is fresh."""
        self.rig.show("100")
        self._trades += 1
        at = self.rig.at
        self.rig.feed(
            TradeSeen(
                ts_event=at,
                ts_recv=at,
                instrument=SOL_PERP,
                trade_id=self._trades,
                price=price,
                size=size,
                aggressor_side=Side.BUY,
            )
        )

    def set(self, text: str) -> str:
        """Type an alert; return what the engine answered."""
        receipt = self.rig.command(SetPriceAlert(alert=parse_price_alert(text)))
        assert receipt.is_accepted, receipt.text
        self.rig.run(0)
        return receipt.text

    def refused(self, text: str) -> str:
        """Type an alert the engine refuses; return why."""
        receipt = self.rig.command(SetPriceAlert(alert=parse_price_alert(text)))
        assert not receipt.is_accepted
        return receipt.text

    def wait(self, secs: int) -> None:
        """Let seconds pass over a book that stays fresh."""
        for _ in range(secs):
            self.rig.run(1)
            self.rig.show("100")

    @property
    def firings(self) -> list[PriceAlertFired]:
        """Return every firing."""
        return [fact for fact in self.rig.facts if isinstance(fact, PriceAlertFired)]

    @property
    def fired(self) -> int:
        """Count the firings."""
        return len(self.firings)

    def view(self, topic: str) -> View:
        """Ask for one topic."""
        frame = self.rig.engine.frames.frame(FrameRequest(versions={topic: 0}), self.rig.at)
        return frame.views[topic]

    @property
    def rows(self) -> tuple[PriceAlertRow, ...]:
        """Return the list a person sees."""
        view = self.view(PRICE_ALERTS)
        assert isinstance(view, PriceAlertsView)
        return view.rows


def test_a_price_that_is_reached_raises_one_quiet_alert() -> None:
    """Severity INFO, no deadline, acknowledge only, with cause and numbers; then it is off."""
    market = Market()
    market.trade("100")
    assert "now 100" in market.set("SOL_USDC_PERP price above 101.5 once")
    market.trade("101.49")
    assert market.fired == 0
    market.trade("101.50")
    market.trade("100")
    market.trade("102")

    (alert,) = market.rig.raised
    assert alert.severity is Severity.INFO
    assert alert.deadline is None
    assert [option.key for option in alert.options] == ["ack"]
    assert "price above 101.5" in alert.title
    assert "101.5" in [number.value for number in alert.numbers]
    assert not market.rows[0].is_armed
    receipt = market.rig.command(AnswerAlert(alert_id=alert.alert_id, option="ack"))
    assert receipt.is_accepted
    assert market.rig.open_alerts == []


def test_the_side_at_setting_is_the_first_observation() -> None:
    """A level that the first print afterwards jumps over was crossed."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price crosses 105")
    market.trade("110")

    assert market.fired == 1


def test_a_condition_that_is_true_already_waits_unless_asked_now() -> None:
    """Above 99 at 100 says nothing; with `now` it says so at once, without an event."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 99")
    market.trade("100.5")
    assert market.fired == 0
    market.set("SOL_USDC_PERP price above 98 now")

    assert market.fired == 1


def test_persistence_counts_engine_time_without_a_print() -> None:
    """The hold ends by the clock, at the instant it is over."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 for 10s")
    market.trade("102")
    begun = market.rig.at
    market.wait(9)
    assert market.fired == 0
    market.wait(1)

    (fact,) = market.firings
    assert fact.at == begun + 10 * SECOND


def test_a_book_that_went_silent_breaks_the_hold() -> None:
    """Six seconds without proof: the ten begin again when the book is back."""
    market = Market()
    market.wait(10)
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 for 10s")
    market.trade("102")
    market.rig.run(6)
    market.wait(9)
    assert market.fired == 0
    market.wait(3)

    assert market.fired == 1


def test_a_stale_book_never_fires_at_the_end_of_a_hold() -> None:
    """The clock alone proves nothing."""
    market = Market()
    market.wait(10)
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 for 10s")
    market.trade("102")
    market.rig.run(60)

    assert market.fired == 0


@pytest.mark.parametrize("trouble", ["malformed", "gap", "down"])
def test_an_invalid_book_breaks_the_hold_and_fires_nothing(trouble: str) -> None:
    """Prints over a book nobody believes are not judged until it is rebuilt."""
    market = Market()
    rig = market.rig
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 for 3s")
    market.trade("102")
    rig.run(2)
    at = rig.at
    if trouble == "malformed":
        rig.feed(
            MalformedFrame(
                ts_event=at, ts_recv=at, venue=ALPHA, raw=b"", reason="", instrument=SOL_PERP
            )
        )
    elif trouble == "gap":
        rig.feed(
            DepthChanged(
                ts_event=at, ts_recv=at, instrument=SOL_PERP, first_id=900, last_id=900,
                bids=[("1", "1")], asks=[],
            )
        )  # fmt: skip
    else:
        rig.feed(
            ConnectionChanged(
                ts_event=at, ts_recv=at, venue=ALPHA, channel=Channel.PUBLIC, state=LinkState.DOWN
            )
        )
    rig.run(2)

    assert market.fired == 0


def test_cooldown_and_counter_tame_a_storm() -> None:
    """A level crossed every second fires once a minute, and stays one open alert that counts."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 repeat cooldown 1m")
    for _ in range(60):
        for price in ("102", "100"):
            market.rig.run(1)
            market.trade(price)

    assert market.fired == 2
    (row,) = market.rig.rooms.risk.alerts.view(market.rig.at).open
    assert row.repeats == 2
    assert market.rows[0].fired == 2
    assert market.rows[0].is_armed


def test_a_removed_alert_never_fires() -> None:
    """Not even in the middle of its hold."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 for 5s")
    market.trade("102")
    market.wait(2)
    receipt = market.rig.command(RemovePriceAlert(alert_id="pa-1"))
    market.wait(10)

    assert receipt.is_accepted
    assert market.fired == 0
    assert market.rows == ()
    assert not market.rig.command(RemovePriceAlert(alert_id="pa-1")).is_accepted


def _restarted(market: Market) -> Market:
    """Begin again from what was journaled, through its wire form."""
    decoder = unpacker(list[Fact])
    journal = decoder.decode(packed(market.rig.facts))
    return Market(journal, 2, at=market.rig.at)


def test_alerts_survive_a_restart_with_their_cooldown() -> None:
    """Set, fired, when: from the journal. The rest is looked at anew."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101 repeat cooldown 1m")
    market.trade("102")
    fired_at = market.rig.at
    again = _restarted(market)
    again.trade("100")
    again.trade("102")
    assert again.fired == 1
    again.wait(62)

    first, second = again.firings
    assert first.at == fired_at
    assert second.at == fired_at + 60 * SECOND
    assert again.rows[0].fired == 2


def test_a_crossing_over_a_restart_is_seen() -> None:
    """The side at setting is journaled: a price that jumped meanwhile has crossed."""
    market = Market()
    market.trade("100")
    market.set("SOL_USDC_PERP price above 101")
    again = _restarted(market)
    again.trade("105")

    assert again.fired == 1


def test_ids_are_not_used_again() -> None:
    """An alert set after a removal has a number of its own, after a restart too."""
    market = Market()
    market.set("SOL_USDC_PERP price above 101")
    market.rig.command(RemovePriceAlert(alert_id="pa-1"))
    again = _restarted(market)
    again.set("SOL_USDC_PERP price above 101")

    assert [row.alert_id for row in again.rows] == ["pa-2"]


def test_ladder_and_candles_carry_the_lines_of_armed_price_alerts() -> None:
    """Only prices, only this market, only while armed; a new line moves the version."""
    market = Market()
    market.trade("100")
    ladder, candles = ladder_topic(SOL_PERP, 10, 1), candles_topic(SOL_PERP, "1m", 10)
    frames, at = market.rig.engine.frames, market.rig.at
    held = frames.frame(FrameRequest(versions={ladder: 0, candles: 0}), at).versions
    for text in ("price above 101", "mark below 99.5", "spread above 5bps", "price below 50"):
        market.set(f"SOL_USDC_PERP {text}")
    moved = frames.frame(FrameRequest(versions=held), at).views
    expected = (scaled("50"), scaled("99.5"), scaled("101"))

    for topic, kind in ((ladder, LadderView), (candles, CandlesView)):
        view = moved[topic]
        assert isinstance(view, kind)
        assert view.alert_prices == expected
    market.trade("102")
    view = market.view(ladder)
    assert isinstance(view, LadderView)
    assert view.alert_prices == expected[:2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("DOGE_USDC price above 1", "no venue lists 'DOGE_USDC'"),
        ("alpha:SOL_USDC funding above 0.01%", "SOL_USDC is a spot market"),
        ("SOL_USDC_PERP price above 101", "is set already, as pa-1"),
    ],
)
def test_the_engine_refuses_with_a_reason(text: str, says: str) -> None:
    """Unknown markets, numbers that do not exist, and doubles."""
    market = Market()
    market.set("SOL_USDC_PERP price above 101")

    assert says in market.refused(text)


def test_a_market_is_found_whatever_its_case() -> None:
    """Typed in small letters it is the same market."""
    market = Market()
    market.set("sol_usdc_perp price above 101")

    assert market.rows[0].instrument == SOL_PERP


def test_a_market_that_is_not_watched_is_followed_for_its_alert() -> None:
    """Its streams start with the alert, and with the engine after a restart."""
    market = Market()
    market.set("alpha:SOL_USDC price above 101")

    again = _restarted(market)
    for rig in (market.rig, again.rig):
        asked = [e.instrument for e in rig.effects if isinstance(e, SubscribeMarket)]
        assert SOL_SPOT in asked


def _book(rig: Rig, bid: str, ask: str, sizes: tuple[str, str] = ("500", "500")) -> None:
    rig._depth_id += 1
    old = rig._shown[SOL_PERP]
    rig._shown[SOL_PERP] = (bid, ask)
    rig.feed(
        DepthChanged(
            ts_event=rig.at, ts_recv=rig.at, instrument=SOL_PERP,
            first_id=rig._depth_id, last_id=rig._depth_id,
            bids=[(old[0], "0"), (bid, sizes[0])], asks=[(old[1], "0"), (ask, sizes[1])],
        )
    )  # fmt: skip


def test_spread_mid_and_imbalance_are_judged_on_each_frame() -> None:
    """A depth frame moves them; each fires on its own number."""
    market = Market()
    market.set("SOL_USDC_PERP spread above 10bps")
    market.set("SOL_USDC_PERP mid above 100.05")
    market.set("SOL_USDC_PERP imbalance beyond 0.5")
    _book(market.rig, "99.99", "100.02")
    assert market.fired == 0
    _book(market.rig, "99.99", "100.15")
    assert [fact.alert_id for fact in market.firings] == ["pa-1", "pa-2"]
    _book(market.rig, "99.99", "100.15", ("100", "300"))

    fact = market.firings[-1]
    assert fact.alert_id == "pa-3"
    assert fact.value == "-0.50"


def test_funding_is_judged_on_marks() -> None:
    """The running rate of the interval, in percent."""
    market = Market()
    market.set("SOL_USDC_PERP funding below -0.01%")
    for rate in ("-0.00009", "-0.0001"):
        at = market.rig.at
        assert market.fired == 0
        market.rig.feed(
            MarkPriceSeen(
                ts_event=at, ts_recv=at, instrument=SOL_PERP, mark_price="100",
                index_price="100", funding_rate=rate, next_funding_ts=None,
            )
        )  # fmt: skip

    assert market.fired == 1


def _candles(interval: str, step_s: int, closes: list[float], end: int) -> CandlesLoaded:
    step = step_s * SECOND
    newest = end - end % step
    rows = tuple(
        CandleSeen(
            ts_event=end, ts_recv=end, instrument=SOL_PERP, interval=interval,
            start_ts=newest - (len(closes) - index) * step,
            end_ts=newest - (len(closes) - index - 1) * step,
            open=str(close), high=str(close), low=str(close), close=str(close),
            volume=str(index % 7), is_closed=True,
        )
        for index, close in enumerate(closes)
    )  # fmt: skip
    return CandlesLoaded(
        ts_event=end, ts_recv=end, instrument=SOL_PERP, interval=interval, candles=rows
    )


def _to_next_minute(rig: Rig, secs: int) -> None:
    rig.run((MINUTE - rig.at % MINUTE) / SECOND + secs)


@settings(max_examples=15, deadline=None)
@given(
    closes=st.lists(st.integers(9_000, 11_000), min_size=6, max_size=12),
    minutes=st.integers(1, 5),
)
def test_move_and_volume_equal_a_plain_reading_of_the_minutes(
    closes: list[int], minutes: int
) -> None:
    """The window is the running minute and those before it; a move starts at the close before."""
    market = Market()
    rig = market.rig
    _to_next_minute(rig, 1)
    prices = [close / 100 for close in closes]
    rig.feed(_candles("1m", 60, prices, rig.at))
    market.set(f"SOL_USDC_PERP move beyond 90% in {minutes}m")
    market.set(f"SOL_USDC_PERP volume above 99999 in {minutes}m")
    market.trade("105.5", "2.5")
    move, volume = (row.value_now for row in market.rows)

    before = prices[len(prices) - minutes]
    expected = Fraction("105.5") / Fraction(str(before)) - 1
    assert move == pytest.approx(float(expected * 100), rel=1e-12)
    inside = list(range(len(prices)))[len(prices) - minutes + 1 :]
    assert volume == sum(index % 7 for index in inside) + 2.5


def test_a_window_rolls_on_without_an_event() -> None:
    """What printed falls out of the window by the clock; a number not known is not there."""
    market = Market()
    rig = market.rig
    market.set("SOL_USDC_PERP volume above 9 in 2m")
    assert market.rows[0].value_now is None
    _to_next_minute(rig, 1)
    rig.feed(_candles("1m", 60, [100.0] * 5, rig.at))
    market.trade("100", "4")
    rig.run(2)
    market.trade("100", "5")
    market.wait(2)
    assert market.fired == 1
    market.wait(150)

    assert market.rows[0].value_now == 0


def test_the_average_crossing_is_talibs_and_is_judged_every_second() -> None:
    """On the live candle, with history asked for when the alert is set."""
    market = Market()
    rig = market.rig
    closes = [100 + ((index * 37) % 11) / 10 - index / 50 for index in range(60)]
    market.set("SOL_USDC_PERP ema9 above ema21 on 5m")
    market.set("SOL_USDC_PERP rsi above 60 on 5m")
    wanted = [e.interval for e in rig.effects if isinstance(e, Query) and e.interval]
    assert "5m" in wanted
    _to_next_minute(rig, 1)
    rig.feed(_candles("5m", 300, closes, rig.at))
    fired_with: list[float] = []
    for last in (98.0, 99.0, 103.0):
        at, start = rig.at, rig.at - rig.at % (5 * MINUTE)
        rig.feed(
            CandleSeen(
                ts_event=at, ts_recv=at, instrument=SOL_PERP, interval="5m", start_ts=start,
                end_ts=start + 5 * MINUTE, open="98", high=str(last), low="98", close=str(last),
                volume="1", is_closed=False,
            )
        )  # fmt: skip
        market.wait(2)
        series = array([*closes, last])
        ema, rsi = (row.value_now for row in market.rows)
        difference = talib.EMA(series, 9)[-1] - talib.EMA(series, 21)[-1]
        assert ema == pytest.approx(difference, abs=1e-9)
        assert rsi == pytest.approx(talib.RSI(series, 14)[-1], abs=1e-9)
        fired_with.append(market.fired)

    assert fired_with == [0, 0, 2]


class _CountingRoom(MarketRoom):
    """A market room that counts how often its touch is read."""

    looks = 0

    def touch(self, instrument: InstrumentId, at: int) -> Touch | None:
        """Count, then read."""
        self.looks += 1
        return super().touch(instrument, at)


def test_an_event_costs_a_look_only_where_somebody_waits() -> None:
    """No look where nobody set an alert."""
    room = _CountingRoom(count(1))
    alerts = PriceAlerts(room)
    trade = TradeSeen(
        ts_event=1, ts_recv=1, instrument=SOL_PERP, trade_id=5, price="1", size="1",
        aggressor_side=Side.BUY,
    )  # fmt: skip
    alerts.on_market(trade, 1)
    assert room.looks == 0

    alert = parse_price_alert("alpha:SOL_USDC_PERP price above 101")
    named = msgspec.structs.replace(alert, alert_id="pa-1")
    alerts.appliers()[PriceAlertSet](PriceAlertSet(at=1, alert=named, side=-1, by="test"))
    alerts.on_market(trade, 1)

    assert room.looks == 1


def test_the_same_events_give_the_same_trace() -> None:
    """Alerts are part of the determinism."""
    traces = []
    for _ in range(2):
        market = Market()
        market.trade("100")
        market.set("SOL_USDC_PERP price crosses 101 repeat cooldown 5s for 2s")
        for price in ("102", "100", "103", "103.5", "99"):
            market.trade(price)
            market.wait(3)
        traces.append(market.rig.trace.hexdigest())
        assert market.fired

    assert traces[0] == traces[1]
