"""Where a run's data and orders go: the venues of a run, from memory or the network."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.domain.ids import LeaderId, VenueId
from core.exchange.backpack.leader_feed import Followed, LeaderFeed
from core.exchange.backpack.pacing import PacingLimits
from core.exchange.backpack.signing import Credentials
from core.exchange.candles import CandleCache
from core.exchange.contract import Reply, Transport, Wire
from core.exchange.recording_transport import RecordingTransport
from core.market.recorder import Recorder
from core.runtime.clock import Clock
from core.runtime.config import Config, VenueConfig, VenueKind, load_key_file
from core.runtime.crash import crashing
from core.runtime.launch import Launch
from core.runtime.opening import LIVE_URLS, Source, open_venue
from core.runtime.paper import open_paper_venue
from core.runtime.shell import Shell

log = logging.getLogger(__name__)
LEADER: Final = LeaderId("leader")
FLUSH_SECS: Final = 1.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_IN_MEMORY: Final = PacingLimits(query_secs=0.002, history_secs=0.05)


async def embedded_sources(launch: Launch, clock: Clock, stack: AsyncExitStack) -> list[Source]:
    """Start the two venues in the box and return the ways to them."""
    from core.exchange.embedded.memory import (  # noqa: PLC0415  only this mode pays for it
        MemoryTransport,
        MemoryVenue,
        running,
    )
    from core.exchange.embedded.world import DemoWorld  # noqa: PLC0415  as above

    world = DemoWorld(launch.seed, clock.now())
    memory = {name: MemoryVenue(venue.exchange, clock.now) for name, venue in world.venues.items()}
    await stack.enter_async_context(running(memory.values()))

    def transport_to(venue: MemoryVenue) -> Callable[[], Transport]:
        return lambda: MemoryTransport(venue)

    return [
        Source(
            name=VenueId(name),
            transport=transport_to(memory[name]),
            credentials=Credentials(venue.trader.api_secret) if venue.leader else None,
            leader=Credentials(venue.leader.api_secret) if venue.leader else None,
            pacing=_IN_MEMORY,
        )
        for name, venue in world.venues.items()
    ]


def outside_source(launch: Launch) -> Source:
    """Return the venue behind `--backpack-url`; simulation trades on this machine only."""
    for url in (launch.rest_url, launch.ws_url):
        if urlsplit(url).hostname not in _LOOPBACK:
            raise ConfigError(
                "simulation trades on this machine only",
                repr(url),
                "Use an address of 127.0.0.1, such as one that `wingman venue` prints",
            )
    config = _backpack_of(launch.config)
    return Source(
        name=VenueId(config.name),
        transport=_network(launch.rest_url, launch.ws_url),
        address=launch.rest_url,
        credentials=_credentials(config.key_file, launch.mode),
        leader=_credentials(config.leader_key_file, launch.mode),
    )


def public_source(config: VenueConfig) -> Source:
    """Return a venue's public data, live unless addresses are given."""
    rest, ws = LIVE_URLS.get(config.kind, ("", ""))
    is_network = config.kind is not VenueKind.CCXT
    return Source(
        name=VenueId(config.name),
        kind=config.kind,
        transport=_network(config.rest_url or rest, config.ws_url or ws) if is_network else None,
        address=config.rest_url or rest,
        exchange=config.exchange,
    )


def price_sources(config: Config) -> list[Source]:
    """Return the configured venues that only give prices beside a simulation."""
    kinds = {kind for kind in VenueKind if kind is not VenueKind.BACKPACK}
    return [public_source(venue) for venue in config.venues if venue.kind in kinds]


async def open_sources(
    shell: Shell,
    clock: Clock,
    sources: list[Source],
    launch: Launch,
    stack: AsyncExitStack,
) -> list[Recorder]:
    """Open every venue for a shell; record their frames where the launch says so."""
    rng = random.Random(launch.seed)  # noqa: S311  jitter of reconnects
    record_to = launch.record_to
    recorders = []
    for source in sources:
        transport = None if source.transport is None else source.transport()
        if transport is not None:
            transport = crashing(transport, shell.crash)
        if record_to and transport is not None:
            recorder = _recorder(record_to, source, many=len(sources) > 1)
            recorders.append(recorder)
            stack.callback(recorder.close)
            transport = _recorded(transport, recorder, clock)
        candles = candle_cache(source, launch.data_dir, stack)
        if source.paper is not None:
            await open_paper_venue(source, transport, clock, shell, rng, stack, candles)
        else:
            shell.venues[source.name] = await open_venue(
                source, transport, clock, shell, rng, stack, candles
            )
        if source.leader is not None:
            await stack.enter_async_context(_leader_feed(source, clock, shell, rng))
    if recorders:
        flushing = asyncio.create_task(_keep_flushing(recorders), name="recorder")
        stack.push_async_callback(_cancelled, flushing)
    return recorders


def candle_cache(source: Source, data_dir: str, stack: AsyncExitStack) -> CandleCache | None:
    """Open the file that keeps a venue's final candles between runs; None where memory must do.

    A file outlives the run, so only a market that outlives it may go there: candles are kept under
    the address they came from, and those of the exchange in the box, or of any server on this
    machine, never. Each of their starts is another world, with another past. A run without a data
    directory keeps nothing, nor does one whose file cannot be opened. `wingman klines` follows the
    same rule and uses the same file.
    """
    host = urlsplit(source.address).hostname
    if source.kind is not VenueKind.BACKPACK or not data_dir or not host or host in _LOOPBACK:
        return None
    try:
        Path(data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
        cache = CandleCache(Path(data_dir) / "candles.sqlite", source.address)
    except (OSError, ConfigError) as error:
        log.warning("candles.not_kept", extra={"venue": source.name, "error": str(error)})
        return None
    stack.callback(cache.close)
    return cache


# ---- parts -------------------------------------------------------------------------------------


def _leader_feed(source: Source, clock: Clock, shell: Shell, rng: random.Random) -> LeaderFeed:
    assert source.leader is not None
    assert source.transport is not None
    return LeaderFeed(
        Followed(leader=LEADER, venue=source.name, credentials=source.leader),
        source.transport(),
        clock,
        shell.publish,
        rng,
        pacing=source.pacing,
    )


def _recorder(record_to: str, source: Source, *, many: bool) -> Recorder:
    path = Path(record_to)
    if many:
        path = path.with_name(
            f"{path.name.removesuffix('.gz').removesuffix('.tslog')}-{source.name}"
        )
    return Recorder(path, source.name, source.kind.value)


def _recorded(inner: Transport, recorder: Recorder, clock: Clock) -> Transport:
    def on_frame(connection: int, frame: bytes) -> None:
        if b'"account.' not in frame:
            recorder.frame(clock.now(), connection, frame)

    def on_reply(wire: Wire, reply: Reply) -> None:
        if reply.status == 200:  # noqa: PLR2004  the venue's OK
            recorder.reply(clock.now(), wire.path, wire.query, reply.body)

    return RecordingTransport(inner, on_frame, on_reply)


async def _keep_flushing(recorders: list[Recorder]) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECS)
        for recorder in recorders:
            recorder.flush()


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _network(rest_url: str, ws_url: str) -> Callable[[], Transport]:
    from core.exchange.network import NetworkTransport  # noqa: PLC0415  imports aiohttp

    return lambda: NetworkTransport(rest_url, ws_url)


def _backpack_of(config: Config) -> VenueConfig:
    for venue in config.venues:
        if venue.kind is VenueKind.BACKPACK:
            return venue
    raise ConfigError(
        "no venue of kind backpack", "the configuration has none", "Add [[venues]] with a key_file"
    )


def _credentials(key_file: str, mode: Mode) -> Credentials | None:
    if not key_file:
        return None
    return Credentials(load_key_file(Path(key_file).expanduser(), mode.value).api_secret)
