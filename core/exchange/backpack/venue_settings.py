"""Periods and limits of one venue."""

import msgspec

from core.exchange.backoff import BackoffLimits
from core.exchange.backpack.shards import SYMBOLS_A_SOCKET
from core.exchange.backpack.watch import WatchLimits
from core.exchange.session import SessionTimes


class VenueSettings(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Periods and limits of one venue; durations in seconds."""

    clock_secs: float = 30.0
    catalogue_secs: float = 900.0
    status_secs: float = 15.0
    """Between two looks at the status while the venue is out of service."""
    cross_check_secs: float = 60.0
    """In which every followed book is held against REST once."""
    symbols_a_socket: int = SYMBOLS_A_SOCKET
    session: SessionTimes = SessionTimes()
    watch: WatchLimits = WatchLimits()
    backoff: BackoffLimits = BackoffLimits()
    private_patience_secs: float = 3.0
    """How long the private stream may not tell what REST tells."""
