"""What an engine is started with. Light to import: the cockpit needs it before its first paint."""

from typing import Final

import msgspec

from core.domain.facts import Mode
from core.runtime.config import Config

VERSION: Final = "0.1.0"


class RecordingChoice(msgspec.Struct, frozen=True, gc=False):
    """One `VENUE=FILE` of the command line."""

    kind: str
    path: str


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an engine is started with; crosses to its process as msgpack."""

    mode: Mode
    config: Config
    data_dir: str
    seed: int = 1
    rest_url: str = ""
    ws_url: str = ""
    recordings: tuple[RecordingChoice, ...] = ()
    speed: float = 1.0
    record_to: str = ""
    """Where to write the raw frames of this run; empty for nowhere."""
