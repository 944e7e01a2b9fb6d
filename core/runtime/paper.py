"""Opens accounts on paper beside public venues. Nothing here can reach a signer or hold a key.

The file of an account stands beside the journal, in a folder named after the venues and their
addresses: another venue is another account, and the same one goes on where it was.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Iterable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from core.domain.errors import ConfigError, ConnectivityError
from core.domain.ids import Asset, VenueId, account_id
from core.exchange.candles import CandleCache
from core.exchange.contract import Transport
from core.exchange.paper.canceller import PaperCanceller
from core.exchange.paper.exchange import PaperExchange
from core.exchange.paper.settings import PaperConfig, PaperFees, PaperSettings
from core.exchange.paper.store import PaperStore
from core.exchange.paper.venue import PaperVenue
from core.runtime.clock import Clock
from core.runtime.config import VenueConfig, VenueKind, paper_venues
from core.runtime.launch import Launch
from core.runtime.opening import LIVE_URLS, PAPER_TERMS, PaperPlan, Source, open_venue
from core.runtime.shell import Shell

log = logging.getLogger(__name__)
PATIENCE_SECS: Final = 10.0
"""How long a run waits for the first word of any venue."""


def paper_sources(launch: Launch) -> list[Source]:
    """Return the venues of a paper run: those that settle in one asset have an account each.

    Raises:
        ConfigError: when there is none, one names a key, or none can be traded on paper.
    """
    from core.runtime.sources import public_source  # noqa: PLC0415  it imports this module

    venues = paper_venues(launch.config, launch.rest_url, launch.ws_url)
    traded = [venue for venue in venues if venue.kind in PAPER_TERMS]
    if not traded:
        raise ConfigError(
            "no venue can be traded on paper",
            ", ".join(f"{venue.name} is {venue.kind.value}" for venue in venues),
            f"Add one of {', '.join(kind.value for kind in PAPER_TERMS)}",
        )
    if not launch.config.watchlist and not any(PAPER_TERMS[v.kind].has_majors for v in traded):
        raise ConfigError(
            "no markets chosen", f"watchlist is empty for {venues[0].name}", "Add a watchlist"
        )
    asset = PAPER_TERMS[traded[0].kind].asset
    accounts = [venue for venue in traded if PAPER_TERMS[venue.kind].asset == asset]
    folder = _folder(launch, venues)
    plans = {venue.name: _plan(venue, launch.config.paper, folder) for venue in accounts}
    return [
        msgspec.structs.replace(public_source(venue), paper=plans.get(venue.name))
        for venue in sorted(venues, key=lambda venue: venue.name not in plans)
    ]


def _plan(venue: VenueConfig, config: PaperConfig, folder: Path) -> PaperPlan:
    settings = paper_settings(venue.kind, config)
    return PaperPlan(settings=settings, file=str(folder / f"paper-{venue.name}.db"))


def paper_settings(kind: VenueKind, config: PaperConfig) -> PaperSettings:
    """Return how an account at a kind of venue behaves, the person's own tier first."""
    trading = PAPER_TERMS[kind]
    makers = {0: config.maker_bps, 1: config.taker_bps, 2: config.maker_bps, 3: config.taker_bps}
    fees = [
        Decimal(word) if makers[index] is None else Decimal(str(makers[index]))
        for index, word in enumerate(trading.fees_bps)
    ]
    return PaperSettings(
        asset=Asset(trading.asset),
        deposit=config.deposit,
        fees=PaperFees(
            perpetual_maker_bps=fees[0],
            perpetual_taker_bps=fees[1],
            spot_maker_bps=fees[2],
            spot_taker_bps=fees[3],
        ),
        bump_ns=trading.bump_ns,
    )


def paper_quote(sources: Iterable[Source]) -> Asset | None:
    """Return what the accounts of a paper run count in; None where there is none."""
    return next((s.paper.settings.asset for s in sources if s.paper is not None), None)


def paper_folder(sources: Iterable[Source]) -> Path:
    """Return where a paper run keeps journal and accounts."""
    return next(Path(source.paper.file).parent for source in sources if source.paper is not None)


def _folder(launch: Launch, venues: Iterable[VenueConfig]) -> Path:
    words = sorted(
        f"{v.name} {v.kind.value} {v.exchange} {v.rest_url or LIVE_URLS.get(v.kind, ('', ''))[0]}"
        for v in venues
    )
    mark = hashlib.sha256("\n".join(words).encode()).hexdigest()[:8]
    names = "-".join(sorted(v.name for v in venues))[:60]
    return Path(launch.data_dir) / launch.mode.value / f"{names}-{mark}"


async def open_paper_venue(
    source: Source,
    transport: Transport | None,
    clock: Clock,
    shell: Shell,
    rng: random.Random,
    stack: AsyncExitStack,
    candles: CandleCache | None = None,
) -> None:
    """Open a public venue with an account on paper before it, and give both to the shell."""
    assert source.paper is not None
    assert source.credentials is None, "paper never holds a key"
    account = account_id(source.name)
    store = PaperStore(Path(source.paper.file), account)
    stack.callback(store.close)
    drawing = random.Random(rng.getrandbits(64))  # noqa: S311  latencies, no secrets
    exchange = PaperExchange(account, source.paper.settings, drawing)
    venue = PaperVenue(source.name, exchange, store, clock, shell.publish)
    shell.venues[source.name] = await stack.enter_async_context(venue)
    venue.put_before(await open_venue(source, transport, clock, venue, rng, stack, candles))


def paper_canceller(shell: Shell, venue: VenueId) -> PaperCanceller:
    """Return what the kill switch cancels a paper account with."""
    found = shell.venues[venue]
    assert isinstance(found, PaperVenue)
    return PaperCanceller(found)


async def first_answer(shell: Shell, sources: Iterable[Source]) -> None:
    """Wait until a venue with an account has told anything.

    Raises:
        ConnectivityError: naming the venues, when none of them does in time.
    """
    waited = [source for source in sources if source.paper is not None]
    venues = [shell.venues[source.name] for source in waited]
    asking = [asyncio.create_task(v.answered.wait()) for v in venues if isinstance(v, PaperVenue)]
    try:
        done, _ = await asyncio.wait(
            asking, timeout=PATIENCE_SECS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    if not done:
        raise ConnectivityError(
            "no venue answers",
            ", ".join(f"{source.name} at {source.address or source.exchange}" for source in waited),
            "Check the address and the network; `wingman doctor` says more",
        )
