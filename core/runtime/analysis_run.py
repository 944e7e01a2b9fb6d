"""One look at a market for a script: every study of it, live after a while or in a recording.

Runs the ordinary engine without a screen; the analyst computes in this very process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from difflib import get_close_matches
from typing import Final, TypeVar

import msgspec

from core.analysis.raster import nice_step
from core.domain.errors import ConfigError, ConnectivityError
from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId, symbol_of
from core.domain.study_views import (
    FUNDING,
    PAIRS,
    DepthView,
    FlowView,
    FundingView,
    PairsView,
    ProfileView,
    TrendView,
    depth_topic,
    flow_topic,
    profile_topic,
    trend_topic,
)
from core.domain.views import FrameRequest, LadderView, View, ladder_topic
from core.runtime.analyst.inline import InlineAnalyst
from core.runtime.analyst.trend_study import INTERVALS
from core.runtime.clock import SystemClock
from core.runtime.config import VenueConfig, VenueKind
from core.runtime.launch import Launch, RecordingChoice
from core.runtime.opening import Source
from core.runtime.replay import opened
from core.runtime.runs import Run, majors_of, open_public, open_replay, single_error
from core.runtime.shell import Shell
from core.runtime.sources import embedded_sources, public_source

SETTLE_SECS: Final = 15.0
ROW_BPS: Final = 2.0
"""Height of a row of the volume profile, about."""
_LISTED_SECS: Final = 10.0
_SECOND: Final = 1_000_000_000
_STEP_NS: Final = 20_000_000
_MOST_GROUP: Final = 500
_NEAR: Final = 0.7
"""Of 1, 2, 5, 10 ... the step nearest to a number is the first from so much of it on."""
_V = TypeVar("_V", bound=View)


class Look(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything known of a market at one instant; None where a study has nothing to say."""

    mode: str
    instrument: InstrumentId
    at: int
    """Engine time, ns UTC."""
    since: int
    """When the studies began."""
    ladder: LadderView | None
    depth: DepthView | None
    flow: FlowView | None
    profile: ProfileView | None
    trend: TrendView | None
    pairs: PairsView | None
    funding: FundingView | None
    counters: dict[str, int]


# ---- a recording -------------------------------------------------------------------------------


async def look_at_recording(
    launch: Launch, asked: str, instant_of: Callable[[int], int] | None
) -> Look:
    """Play recordings to an instant and look; to their end without one.

    `instant_of` takes the instant they begin at.

    Raises:
        ConfigError: when the market or the instant is not in them.
    """
    first, last = recorded_span(launch.recordings)
    until = last if instant_of is None else instant_of(first)
    if not first <= until <= last:
        raise ConfigError(
            "time is outside the recording",
            _stamp(until),
            f"It runs from {_stamp(first)} to {_stamp(last)}",
        )
    async with open_replay(launch) as run:
        shell, replay = run.shell, run.replay
        assert replay is not None, "a replay was opened"
        shell.analyst = InlineAnalyst(shell.clock, shell.publish)
        name = _found(asked, shell, "the recording")
        _want(shell, _early_topics(name))
        before = max(first, until - _SECOND)
        replay.play_to(before)
        _want(shell, [trend_topic(name)])
        for instant in range(before, until, _STEP_NS):
            replay.play_to(instant)
        replay.play_to(until)
        return _look(shell, name, "replay", first)


def recorded_span(choices: tuple[RecordingChoice, ...]) -> tuple[int, int]:
    """Return the first and the last receive time of recordings."""
    firsts, lasts = [], []
    for choice in choices:
        times = [recv_ns for recv_ns, _ in opened(choice).recording if recv_ns]
        if not times:
            raise ConfigError(
                "recording holds no readable line", choice.path, "Is it a .tslog file?"
            )
        firsts.append(times[0])
        lasts.append(max(times[0], times[-1]))
    return min(firsts), max(lasts)


def _stamp(instant: int) -> str:
    seconds, rest = divmod(instant, _SECOND)
    return time.strftime(f"%Y-%m-%dT%H:%M:%S.{rest // 1_000_000:03d}Z", time.gmtime(seconds))


# ---- a live venue ------------------------------------------------------------------------------


async def look_at_venue(launch: Launch, kind: VenueKind | None, asked: str, secs: float) -> Look:
    """Listen to a venue for a while and look; without a kind, to the exchange in the box.

    Addresses of the launch go before a kind's own.

    Raises:
        ConfigError: when no such market is listed.
        ConnectivityError: when the venue cannot be heard.
    """
    with single_error():
        return await _heard(launch, kind, asked, secs)


async def _heard(launch: Launch, kind: VenueKind | None, asked: str, secs: float) -> Look:
    async with _public_run(launch, kind, asked) as run:
        shell = run.shell
        begun = shell.clock.now()
        shell.analyst = InlineAnalyst(shell.clock, shell.publish)
        await _until(lambda: bool(shell.engine.rooms.trading.instruments), run, _LISTED_SECS)
        if not shell.engine.rooms.trading.instruments:
            raise ConnectivityError(
                "the venue did not list its markets", f"within {_LISTED_SECS:g} s", "Try again"
            )
        name = _found(asked, shell, "the venue")
        topics = [*_early_topics(name), trend_topic(name)]
        _want(shell, topics)
        await _until(lambda: False, run, secs)
        await _until(lambda: _has_all(shell, name), run, SETTLE_SECS)
        return _look(shell, name, "live", begun)


@asynccontextmanager
async def _public_run(launch: Launch, kind: VenueKind | None, asked: str) -> AsyncIterator[Run]:
    async with AsyncExitStack() as stack:
        if kind is None:
            sources = await embedded_sources(launch, SystemClock(), stack)
            sources = [_without_account(source) for source in sources]
            markets = tuple(str(name) for source in sources for name in majors_of(source.name))
        else:
            config = VenueConfig(
                name=kind.value, kind=kind, rest_url=launch.rest_url, ws_url=launch.ws_url
            )
            source = public_source(config)
            sources = [source]
            symbol = asked.partition(":")[2] or asked
            markets = (f"{source.name}:{symbol}",)
        watched = msgspec.structs.replace(launch.config, watchlist=markets)
        wanted = msgspec.structs.replace(launch, config=watched)
        yield await stack.enter_async_context(open_public(wanted, sources))


def _without_account(source: Source) -> Source:
    return msgspec.structs.replace(source, credentials=None, leader=None)


async def _until(condition: Callable[[], bool], run: Run, secs: float) -> None:
    """Wait for a condition, at most so long; an end of the pump is an error and is raised."""
    end = time.monotonic() + secs
    while not condition() and time.monotonic() < end:
        done, _ = await asyncio.wait({run.pump}, timeout=0.05)
        for task in done:
            task.result()


def _has_all(shell: Shell, name: InstrumentId) -> bool:
    topics = [depth_topic(name), trend_topic(name)]
    views = shell.frame(FrameRequest(versions=dict.fromkeys(topics, 0))).views
    depth, trend = views.get(topics[0]), views.get(topics[1])
    has_book = isinstance(depth, DepthView) and depth.mid is not None
    market = shell.engine.rooms.market
    has_past = not any(market.candles(name, each, 1).is_loading for each in INTERVALS)
    return has_book and has_past and isinstance(trend, TrendView)


# ---- both --------------------------------------------------------------------------------------


def _found(asked: str, shell: Shell, where: str) -> InstrumentId:
    """Return the market a person means: with its venue, or where only one venue has it.

    Raises:
        ConfigError: when there is none, or several.
    """
    rooms = shell.engine.rooms
    known = sorted({*rooms.trading.instruments, *rooms.market.instruments()})
    if not asked and len(known) == 1:
        return known[0]
    exact = [name for name in known if name == asked]
    same = exact or [name for name in known if str(symbol_of(name)).upper() == asked.upper()]
    if len(same) == 1:
        return same[0]
    if len(same) > 1 or not asked:
        hint = "Write one of " + ", ".join((same or known)[:6])
        raise ConfigError(f"{where} has several such markets", asked or "none was named", hint)
    near = get_close_matches(asked, known, n=3, cutoff=0.4) or known[:6]
    raise ConfigError(f"{where} has no such market", repr(asked), f"Try {', '.join(near)}")


def _early_topics(name: InstrumentId) -> list[str]:
    return [depth_topic(name), flow_topic(name), profile_topic(name, 1), PAIRS, FUNDING]


def _want(shell: Shell, topics: list[str]) -> None:
    shell.frame(FrameRequest(versions=dict.fromkeys(topics, 0)))


def _look(shell: Shell, name: InstrumentId, mode: str, since: int) -> Look:
    group = _group(shell, name)
    topics = [*_early_topics(name), trend_topic(name), ladder_topic(name, 10, 1)]
    topics.append(profile_topic(name, group))
    frame = shell.frame(FrameRequest(versions=dict.fromkeys(topics, 0)))
    views = frame.views
    counters = shell.engine.rooms.market.counters
    return Look(
        mode=mode,
        instrument=name,
        at=frame.engine_at,
        since=since,
        ladder=_shown(views.get(ladder_topic(name, 10, 1)), LadderView),
        depth=_shown(views.get(depth_topic(name)), DepthView),
        flow=_shown(views.get(flow_topic(name)), FlowView),
        profile=_shown(views.get(profile_topic(name, group)), ProfileView),
        trend=_shown(views.get(trend_topic(name)), TrendView),
        pairs=_shown(views.get(PAIRS), PairsView),
        funding=_shown(views.get(FUNDING), FundingView),
        counters={"frames": sum(counters.frames.values()), **counters.as_dict()},
    )


def _shown(view: View | None, kind: type[_V]) -> _V | None:
    return view if isinstance(view, kind) else None


def _group(shell: Shell, name: InstrumentId) -> int:
    """Return the ticks a row of the profile: about two basis points, a step people count in."""
    ladder = shell.engine.rooms.market.ladder(name, 1, 1, (), shell.clock.now())
    mid = ladder.best_bid or ladder.last_price or UNIT
    wanted = mid * ROW_BPS / 10_000 / ladder.row_step
    return min(_MOST_GROUP, nice_step(_NEAR * wanted, 1))
