"""Recorded trades: every sum equals an independent naive one exactly."""

from collections import defaultdict
from decimal import Decimal

import pytest

from core.analysis.flow import cvd, flow_between
from core.analysis.profile import volume_profile
from core.analysis.rollup import candles_from_prints, larger_candles
from core.analysis.sizes import aggressors, sweeps
from core.domain.fixed import UNIT, scaled, unscaled
from tests.core.analysis.recordings import (
    MINUTE_NS,
    MS,
    frame_candles,
    kraken,
    kraken_prints,
    needs_recordings,
    prints,
    raw_trades,
)

pytestmark = needs_recordings
BOOKS = (
    "binance-spot_btcusdt_2024-08-08",
    "binance-usdm_btcusdt_2024-08-08",
    "binance-cm_btcusd-perp_2024-08-08",
)
ROLLED = (
    ("1m", "5m", 5),
    ("5m", "15m", 15),
    ("15m", "1h", 60),
    ("1h", "4h", 240),
    ("4h", "1d", 1440),
)


@pytest.mark.parametrize("name", BOOKS)
def test_cvd_and_vwap_of_recorded_trades_are_exact(name: str) -> None:
    """The running delta at every print and the VWAP of the whole are those of plain decimals."""
    running, series, money, volume = Decimal(0), [], Decimal(0), Decimal(0)
    for _, price, size, sold in raw_trades(name):
        running += -Decimal(size) if sold else Decimal(size)
        series.append(running)
        money += Decimal(price) * Decimal(size)
        volume += Decimal(size)

    rows = prints(name)
    flow = flow_between(rows, rows[0].ts_event, rows[-1].ts_event + 1)

    assert [unscaled(number) for number in cvd(rows)] == series
    assert flow.trades == len(rows) > 2_000
    assert (unscaled(flow.volume), unscaled(flow.delta)) == (volume, running)
    assert Decimal(flow.money).scaleb(-20) == money
    assert flow.vwap == pytest.approx(float(money / volume), rel=1e-15)


@pytest.mark.parametrize("name", BOOKS)
def test_volume_profile_of_recorded_trades_is_exact(name: str) -> None:
    """Every price row holds what traded there, bid and ask apart."""
    naive: dict[tuple[Decimal, bool], Decimal] = defaultdict(Decimal)
    for _, price, size, sold in raw_trades(name):
        naive[Decimal(price) // 5 * 5, sold] += Decimal(size)

    found = volume_profile(prints(name), 5 * UNIT)

    assert found is not None
    for row in found.rows:
        edge = unscaled(row.price)
        assert unscaled(row.at_bid) == naive.pop((edge, True), Decimal(0))
        assert unscaled(row.at_ask) == naive.pop((edge, False), Decimal(0))
    assert not naive


@pytest.mark.parametrize("name", BOOKS)
def test_candles_of_recorded_trades_are_exact(name: str) -> None:
    """Second by second, built once more by hand from the wire's text."""
    naive: dict[int, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for at, price, size, _ in raw_trades(name):
        naive[at // 1_000].append((Decimal(price), Decimal(size)))

    candles = candles_from_prints(prints(name), 1_000 * MS)

    assert [candle.start_ts // (1_000 * MS) for candle in candles] == list(naive)
    for candle, rows in zip(candles, naive.values(), strict=True):
        traded = [price for price, _ in rows]
        shape = (candle.open, candle.high, candle.low, candle.close)
        wanted = (traded[0], max(traded), min(traded), traded[-1])
        assert tuple(map(unscaled, shape)) == wanted
        assert unscaled(candle.volume) == sum(size for _, size in rows)


def test_recorded_sweeps_lose_no_size() -> None:
    """Joining the prints of one aggressor keeps every unit and finds real sweeps."""
    rows = prints(BOOKS[0])

    assert sum(group.size for group in aggressors(rows)) == sum(row.size for row in rows)
    found = sweeps(rows)
    assert found
    assert all(sweep.levels >= 2 and sweep.prints >= 2 for sweep in found)


def test_kraken_trades_roll_up_to_the_kraken_candles() -> None:
    """All 273 minutes agree that the trades cover: prices, volume, count and VWAP.

    The first minute is left out: the recording begins within it.
    """
    rolled = {
        c.start_ts // (1_000 * MS): c for c in candles_from_prints(kraken_prints(), MINUTE_NS)
    }
    first, last = min(rolled), max(rolled)
    matched = 0

    for start, *prices, vwap, volume, count in kraken("ohlc_xbtusdt_1m"):
        if not first < start <= last or not count:
            assert not first < start <= last or start not in rolled
            continue
        candle = rolled[start]
        assert [candle.open, candle.high, candle.low, candle.close] == list(map(scaled, prices))
        assert (candle.volume, candle.trades) == (scaled(volume), count)
        assert candle.vwap is not None
        assert abs(candle.vwap - float(vwap)) <= 0.1
        matched += 1

    assert matched == 273


def test_recorded_candles_roll_up_to_the_larger_ones() -> None:
    """595 candles of 5m to 1d are those joined from the timeframe below."""
    frames = frame_candles()
    matched = 0

    for small, large, minutes in ROLLED:
        parts = frames[small]
        length = minutes * MINUTE_NS
        step = parts[1].start_ts - parts[0].start_ts
        stored = {candle.start_ts: candle for candle in frames[large]}
        for candle in larger_candles(parts, length):
            whole = parts[0].start_ts <= candle.start_ts and (
                candle.start_ts + length <= parts[-1].start_ts + step
            )
            if whole and candle.start_ts in stored:
                assert candle == stored[candle.start_ts]
                matched += 1

    assert matched == 595
