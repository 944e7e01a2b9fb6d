"""Configuration: TOML into frozen structs.

An unknown key, a wrong type or a value out of range is one clear error with file and path.
"""

import os
import re
import stat
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from core.domain.errors import ConfigError
from core.exchange.paper.settings import PaperConfig
from core.risk.limits import CapitalLimits, RiskLimits
from core.strategies.copy_trade.fixed_ratio import CopyTradeParameters

DEFAULT_THEME: Final = "wingman-dark"
_OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO


class VenueKind(StrEnum):
    """Which language a configured venue speaks."""

    BACKPACK = "backpack"
    BINANCE_SPOT = "binance-spot"
    BINANCE_USDM = "binance-usdm"
    BINANCE_COINM = "binance-coinm"
    HYPERLIQUID = "hyperliquid"
    CCXT = "ccxt"


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `[[venues]]`."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,24}$")]
    kind: VenueKind
    rest_url: str = ""
    ws_url: str = ""
    key_file: str = ""
    """JSON file with `mode`, `api_key`, `api_secret`; readable by its owner only."""
    exchange: str = ""
    """With kind `ccxt`: the library's name of the exchange, such as `kraken`."""
    leader_key_file: str = ""
    """The same for a leader who gave his key."""


class Attention(StrEnum):
    """How a cockpit calls for its person when a grave alert comes up."""

    NONE = "none"
    BELL = "bell"
    OSC9 = "osc9"
    """A notification of the terminal's own, where it knows them."""
    BOTH = "both"


class NotifyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[notify]`: services the engine tells of grave alerts; needs the extra `notify`."""

    urls: tuple[Annotated[str, msgspec.Meta(min_length=4, max_length=500)], ...] = ()
    """As apprise writes them; they hold secrets and are never shown."""

    def __repr__(self) -> str:
        """Show nothing secret."""
        return f"NotifyConfig({len(self.urls)} urls)"


class ScreenConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `[screen]`."""

    theme: str = DEFAULT_THEME
    frames_per_sec: Annotated[int, msgspec.Meta(ge=1, le=20)] = 10
    notify: Attention = Attention.NONE


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    watchlist: tuple[str, ...] = ()
    venues: tuple[VenueConfig, ...] = ()
    risk: RiskLimits = RiskLimits()
    capital: CapitalLimits = CapitalLimits()
    paper: PaperConfig = PaperConfig()
    screen: ScreenConfig = ScreenConfig()
    notify: NotifyConfig = NotifyConfig()
    copy_trade: tuple[CopyTradeParameters, ...] = ()


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credentials of one account, stamped with the mode they are for."""

    mode: str
    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        """Show nothing secret."""
        return f"KeyFile(mode={self.mode!r})"


def load_config(path: Path | None) -> Config:
    """Read a configuration file; without one, the defaults.

    Raises:
        ConfigError: naming the file, the place and the remedy.
    """
    if path is None:
        return Config()
    raw = _toml(path)
    try:
        return msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        place, text = _place(str(error))
        raise ConfigError(
            "configuration is not valid", f"{path}: {place}: {text}", "Correct or remove this key"
        ) from error


def load_key_file(path: Path, mode: str | None) -> KeyFile:
    """Read credentials; refuse a file others may read, or one of another mode than given.

    Raises:
        ConfigError: naming the file and the remedy.
    """
    try:
        if path.stat().st_mode & _OTHERS_MAY:
            raise ConfigError("key file is open to others", str(path), f"Run: chmod 600 {path}")
        keys = msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except OSError as error:
        raise ConfigError(
            "key file cannot be read", f"{path}: {error.strerror}", "Check the path and its owner"
        ) from error
    except msgspec.DecodeError as error:
        raise ConfigError(
            "key file is not valid", f"{path}: {error}", "It needs mode, api_key and api_secret"
        ) from error
    if mode is not None and keys.mode != mode:
        raise ConfigError(
            "key file is for another mode", f"{path}: {keys.mode!r}, this run is {mode!r}"
        )
    return keys


def paper_venues(config: Config, rest_url: str = "", ws_url: str = "") -> tuple[VenueConfig, ...]:
    """Return the venues a paper run listens to; addresses of the command line come first.

    Raises:
        ConfigError: when there is none, or one of them names a key.
    """
    venues = config.venues
    for venue in venues:
        if venue.key_file or venue.leader_key_file:
            raise ConfigError(
                "paper trading takes no keys",
                f"venue {venue.name!r} names a key file",
                "Remove key_file and leader_key_file from this configuration",
            )
    if rest_url:
        name = next((v.name for v in venues if v.kind is VenueKind.BACKPACK), "backpack")
        asked = VenueConfig(name=name, kind=VenueKind.BACKPACK, rest_url=rest_url, ws_url=ws_url)
        venues = (asked, *(venue for venue in venues if venue.name != name))
    if not venues:
        raise ConfigError(
            "no venues configured",
            "paper trading listens to the venues of the configuration",
            "Add [[venues]] with name and kind, or give --backpack-url and --backpack-ws-url",
        )
    return venues


def data_folder(chosen: Path | None) -> Path:
    """Return where journals, logs and the watchlist live."""
    if chosen is not None:
        return chosen
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "wingman"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            "configuration cannot be read", f"{path}: {error.strerror}", "Check --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("configuration is not TOML", f"{path}: {error}") from error


def _place(text: str) -> tuple[str, str]:
    """Split msgspec's message into the key's path and what is wrong with it."""
    unknown = re.search(r"unknown field `([^`]+)`", text)
    where = re.search(r" - at `\$\.?([^`]*)`", text)
    place = where.group(1) if where else ""
    message = text.partition(" - at `")[0]
    if unknown:
        place = f"{place}.{unknown.group(1)}" if place else unknown.group(1)
        message = "unknown key"
    return place or "top level", message
