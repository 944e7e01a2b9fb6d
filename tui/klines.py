"""`wingman klines`: candles of one market for scripts and people, as a table, CSV or JSON.

Candles go to standard output; progress and remarks to standard error.
"""

import asyncio
import csv
import os
import random
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

import msgspec

from core.domain.errors import CockpitError, ConfigError, VenueError
from core.exchange.candles import (
    MEMORY,
    Candle,
    CandleAnswer,
    CandleCache,
    CandleService,
    Grid,
    KlineSource,
    utc_text,
)
from core.exchange.contract import Clock
from core.runtime.clock import SystemClock
from tui.moments import moment

FAILED: Final = 1
COLUMNS: Final = (
    *("start", "end", "open", "high", "low", "close"),
    *("volume", "quote_volume", "trades", "is_open"),
)
_LONG: Final = 1_000
"""Buckets from which on a progress bar is worth its line."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SECOND: Final = 1_000_000_000
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
OpenSource = Callable[[str, Clock], KlineSource]
_Show = Callable[[int, int], None]


class KlinesQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    symbol: str
    interval: str
    since: str
    until: str = ""
    as_csv: bool = False
    as_json: bool = False
    url: str = ""
    folder: Path


def run_klines(question: KlinesQuestion, open_source: OpenSource) -> int:
    """Answer on standard output; return the exit code: 0, or 1 where the venue has no answer.

    Raises:
        ConfigError: when something typed is wrong.
    """
    _check(question)
    try:
        asyncio.run(_answer(question, open_source))
    except VenueError as error:
        _remark(f"wingman: {error}")
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _check(question: KlinesQuestion) -> None:
    if question.as_csv and question.as_json:
        raise ConfigError("one form at a time", "--csv and --json", "Choose one of them")
    parts = urlsplit(question.url or "https://default")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError("not an address", repr(question.url[:80]), "Write https://host")
    Grid(question.interval)
    moment(question.since, datetime.now(UTC))
    moment(question.until or "now", datetime.now(UTC))


async def _answer(question: KlinesQuestion, open_source: OpenSource) -> None:
    clock = SystemClock()
    source = open_source(question.url, clock)
    cache = _cache(question, source.name)
    try:
        service = CandleService(source, clock, random.Random(), cache=cache)  # noqa: S311 jitter
        since, until = await _range(question, service)
        with progress_bar(sys.stderr) as show:
            if question.as_json:
                await _print_json(question, service, since, until, show)
            else:
                await _print_rows(question, service, since, until, show)
    finally:
        cache.close()
        await source.close()


def _cache(question: KlinesQuestion, name: str) -> CandleCache:
    """Open the cache on disk; an exchange on this machine lives another life at each start."""
    if urlsplit(question.url).hostname in _LOCAL:
        return CandleCache(MEMORY, name)
    try:
        question.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return CandleCache(question.folder / "candles.sqlite", name)
    except (OSError, CockpitError) as error:
        _remark(f"candles are not kept: {error}")
        return CandleCache(MEMORY, name)


async def _range(question: KlinesQuestion, service: CandleService) -> tuple[datetime, datetime]:
    """Read both times against the venue's clock."""
    now = await service.now()
    since, assumed = moment(question.since, now)
    until, also = moment(question.until, now) if question.until else (_FOREVER, "")
    for note in (assumed, also):
        if note:
            _remark(note)
    return since, until


async def _print_json(
    question: KlinesQuestion,
    service: CandleService,
    since: datetime,
    until: datetime,
    show: _Show,
) -> None:
    answer = await service.candles(question.symbol, question.interval, since, until, show)
    _print(msgspec.json.encode(document(answer)).decode())
    _say(answer.note)


async def _print_rows(
    question: KlinesQuestion,
    service: CandleService,
    since: datetime,
    until: datetime,
    show: _Show,
) -> None:
    pages = service.pages(question.symbol, question.interval, since, until, show)
    count = await (_csv(pages) if question.as_csv else _table(pages))
    if not count:
        answer = await service.candles(question.symbol, question.interval, since, until)
        _say(answer.note or "no candles")


async def _csv(pages: AsyncIterator[tuple[Candle, ...]]) -> int:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    async for page in pages:
        for candle in page:
            writer.writerow(row(candle).values())
        count += len(page)
        sys.stdout.flush()
    return count


async def _table(pages: AsyncIterator[tuple[Candle, ...]]) -> int:
    count = 0
    async for page in pages:
        if not count:
            _print(_line(("start, UTC", *COLUMNS[2:7], "trades", "")))
        for candle in page:
            shown = ["-" if value is None else str(value) for value in row(candle).values()]
            _print(_line((shown[0], *shown[2:7], shown[8], "open" if candle.is_open else "")))
        count += len(page)
    return count


def _line(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:20} " + " ".join(f"{cell:>14}" for cell in cells[1:]).rstrip()


def row(candle: Candle) -> dict[str, Any]:
    """Write a candle with exact numbers as text; what is not there is None."""
    return {
        "start": utc_text(candle.start_secs),
        "end": utc_text(candle.end_secs),
        "open": candle.open,
        "high": candle.high,
        "low": candle.low,
        "close": candle.close,
        "volume": candle.volume,
        "quote_volume": candle.quote_volume,
        "trades": candle.trades,
        "is_open": candle.is_open,
    }


def document(answer: CandleAnswer) -> dict[str, Any]:
    """Write a whole answer as one JSON document."""
    begins = answer.begins_secs
    return {
        "symbol": answer.symbol,
        "interval": answer.interval,
        "since": utc_text(answer.asked.start),
        "until": utc_text(min(answer.asked.stop, answer.as_of_ns // _SECOND + 1)),
        "begins": None if begins is None else utc_text(begins),
        "requests": answer.requests,
        "note": answer.note,
        "candles": [row(candle) for candle in answer.candles],
    }


# ---- standard error --------------------------------------------------------------------------


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[_Show]:
    """Show a bar once a range turns out long; nothing where nobody looks at a terminal."""
    if not stream.isatty():
        yield _silent
        return
    from rich.console import Console  # noqa: PLC0415  only for a bar
    from rich.progress import Progress  # noqa: PLC0415  as above

    with Progress(console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("candles", total=None, visible=False)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total > _LONG)

        yield show


def _silent(done: int, total: int) -> None:
    del done, total


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say(note: str) -> None:
    if note:
        _remark(note)


def _remark(text: str) -> None:
    sys.stderr.write(text + "\n")
