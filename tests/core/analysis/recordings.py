"""Real recorded data for golden tests; the tests skip where it is not at hand."""

import csv
import gzip
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.analysis.rollup import ExactCandle
from core.analysis.units import Level
from core.domain.fixed import scaled
from core.domain.order import Side
from core.domain.views import TapeRow

MARKET = (Path(__file__).parents[3] / ".." / "shared" / "fixtures" / "market").resolve()
MS = 1_000_000
MINUTE_NS = 60_000 * MS
needs_recordings = pytest.mark.skipif(
    not MARKET.is_dir(), reason="the recorded market data is not beside this checkout"
)


class _Message(msgspec.Struct):
    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Ticker(msgspec.Struct):
    b: str
    a: str


class _Shot(msgspec.Struct):
    data: msgspec.Raw


class _Level(msgspec.Struct):
    px: str
    sz: str


class _Book(msgspec.Struct):
    levels: tuple[list[_Level], list[_Level]]


class _Trade(msgspec.Struct):
    t: int
    p: str
    q: str
    T: int
    m: bool


def text_of(name: str) -> str:
    """Read a packed file."""
    return gzip.decompress((MARKET / name).read_bytes()).decode()


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Read a packed table."""
    return csv.DictReader(io.StringIO(text_of(name)))


@cache
def messages(name: str) -> list[tuple[int, str, bytes]]:
    """Return (receive time ns, stream, data) of a stream recording."""
    decode = msgspec.json.Decoder(_Message).decode
    found = []
    for line in text_of(f"l2/{name}.tslog.gz").splitlines():
        at, _, frame = line.partition(" ")
        message = decode(frame)
        if message.stream is not None:
            found.append((int(at), message.stream.partition("@")[2], bytes(message.data)))
    return found


@cache
def quotes(name: str) -> list[tuple[int, int, int]]:
    """Return (receive time ns, bid, ask) of every best quote."""
    decode = msgspec.json.Decoder(_Ticker).decode
    tickers = ((at, decode(data)) for at, stream, data in messages(name) if stream == "bookTicker")
    return [(at, scaled(t.b), scaled(t.a)) for at, t in tickers]


@cache
def raw_trades(name: str) -> list[tuple[int, str, str, bool]]:
    """Return (venue time ms, price, size, aggressor sold) as the wire wrote them."""
    decode = msgspec.json.Decoder(_Trade).decode
    found = [decode(data) for _, stream, data in messages(name) if stream == "trade"]
    return [(t.T, t.p, t.q, t.m) for t in found]


@cache
def prints(name: str) -> list[TapeRow]:
    """Return the trades as rows of a tape."""
    return [
        TapeRow(n, at * MS, scaled(price), scaled(size), Side.SELL if sold else Side.BUY)
        for n, (at, price, size, sold) in enumerate(raw_trades(name))
    ]


@cache
def kraken(name: str) -> list[list[Any]]:
    """Return the rows of a reply."""
    text = text_of(f"rest/kraken_{name}_2025-11-10.json.gz")
    rows: list[list[Any]] = msgspec.json.decode(text)["result"]["XBTUSDT"]
    return rows


def kraken_prints() -> list[TapeRow]:
    """Return the Kraken trades as rows of a tape."""
    return [
        TapeRow(
            row[6],
            int(row[2] * 1_000_000) * 1_000,
            scaled(row[0]),
            scaled(row[1]),
            Side.BUY if row[3] == "b" else Side.SELL,
        )
        for row in kraken("trades_xbtusdt")
    ]


def frame_candles() -> dict[str, list[ExactCandle]]:
    """Return the candles of fifteen timeframes."""
    found: dict[str, list[ExactCandle]] = {}
    for row in rows_of("klines/binance_ethbtc_15-timeframes_2020-05-17.csv.gz"):
        found.setdefault(row["timeframe"], []).append(
            ExactCandle(
                start_ts=int(row["open_time_s"]) * 1_000 * MS,
                open=scaled(row["open"]),
                high=scaled(row["high"]),
                low=scaled(row["low"]),
                close=scaled(row["close"]),
                volume=scaled(row["volume"]),
            )
        )
    return found


def closes(name: str) -> dict[int, float]:
    """Return close by open time (ns) of a one-minute series; what is missing is missing."""
    return {
        int(row["open_time_ms"]) * MS: float(row["close"])
        for row in rows_of(f"klines/{name}_1m_2023-03.csv.gz")
    }


def snapshots() -> list[tuple[list[Level], list[Level]]]:
    """Return the whole books of five coins, bids and asks, best first."""
    name = "l2/hyperliquid_5coins_l2book-trades_2026-07-22.jsonl.gz"
    decode = msgspec.json.Decoder(_Shot).decode
    shots = (decode(line) for line in text_of(name).splitlines() if '"l2Book"' in line)
    books = (msgspec.json.decode(shot.data, type=_Book).levels for shot in shots)
    return [(_levels(bids), _levels(asks)) for bids, asks in books]


def _levels(side: list[_Level]) -> list[Level]:
    return [(scaled(level.px), scaled(level.sz)) for level in side]
