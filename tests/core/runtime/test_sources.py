"""Where a run's data comes from."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from core.domain.errors import ConfigError
from core.domain.facts import Mode
from core.domain.ids import VenueId
from core.runtime.config import Config, VenueConfig, VenueKind
from core.runtime.launch import Launch
from core.runtime.opening import LIVE_URLS, Source
from core.runtime.runs import open_run
from core.runtime.sources import candle_cache, outside_source, price_sources, public_source


def _launch(folder: Path, *venues: VenueConfig) -> Launch:
    return Launch(mode=Mode.SIMULATION, config=Config(venues=venues), data_dir=str(folder))


def test_every_kind_with_a_network_has_live_addresses() -> None:
    """Only the library's exchanges bring their own way; all others are TLS."""
    assert set(VenueKind) - set(LIVE_URLS) == {VenueKind.CCXT}
    for rest, stream in LIVE_URLS.values():
        assert rest.startswith("https://")
        assert stream.startswith("wss://")


def test_configured_price_venues_stand_beside_the_simulation() -> None:
    """All kinds but the one that trades give prices alone."""
    config = Config(
        venues=(
            VenueConfig(name="trade", kind=VenueKind.BACKPACK),
            VenueConfig(name="bin", kind=VenueKind.BINANCE_SPOT),
            VenueConfig(name="kraken", kind=VenueKind.CCXT, exchange="kraken"),
        )
    )

    assert [source.name for source in price_sources(config)] == ["bin", "kraken"]
    assert public_source(config.venues[2]).transport is None


@pytest.mark.parametrize("url", ["https://api.backpack.exchange", "http://192.168.1.5:80"])
def test_simulation_never_trades_beyond_this_machine(url: str, tmp_path: Path) -> None:
    """An address elsewhere is refused before anything is opened."""
    launch = msgspec.structs.replace(_launch(tmp_path), rest_url=url, ws_url=url)

    with pytest.raises(ConfigError, match="this machine only"):
        outside_source(launch)


@pytest.mark.parametrize("exchange", ["", "nonsense"])
async def test_unknown_exchange_stops_the_start_and_leaves_nothing_running(
    exchange: str, tmp_path: Path
) -> None:
    """One clear sentence, although the venues in the box were up already."""
    launch = _launch(tmp_path, VenueConfig(name="x", kind=VenueKind.CCXT, exchange=exchange))

    with pytest.raises(ConfigError):
        async with asyncio.timeout(20), open_run(launch):
            pytest.fail("the run opened")
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left


@pytest.mark.parametrize(
    ("kind", "address", "has_folder", "is_kept"),
    [
        (VenueKind.BACKPACK, "https://api.backpack.exchange", True, True),
        (VenueKind.BACKPACK, "https://api.backpack.exchange", False, False),
        (VenueKind.BACKPACK, "http://127.0.0.1:8080", True, False),
        (VenueKind.BACKPACK, "", True, False),
        (VenueKind.BINANCE_SPOT, "https://api.binance.com", True, False),
    ],
)
async def test_only_candles_of_a_lasting_world_are_kept(
    kind: VenueKind, address: str, tmp_path: Path, *, has_folder: bool, is_kept: bool
) -> None:
    """A venue in the box, or on this machine, has another past at each start."""
    folder = str(tmp_path / "data") if has_folder else ""
    source = Source(name=VenueId("v"), transport=None, kind=kind, address=address)

    async with AsyncExitStack() as stack:
        cache = candle_cache(source, folder, stack)

    assert (cache is not None) is is_kept
    assert (tmp_path / "data" / "candles.sqlite").exists() is is_kept
    if cache is not None:
        assert cache.source == address


async def test_candle_file_that_cannot_be_opened_stops_no_run(tmp_path: Path) -> None:
    """Candles are then kept in memory."""
    (tmp_path / "candles.sqlite").mkdir()
    address = "https://api.backpack.exchange"
    source = Source(name=VenueId("v"), transport=None, address=address)

    async with AsyncExitStack() as stack:
        assert candle_cache(source, str(tmp_path), stack) is None
