"""Request limits: so many a minute for each account, few of them for historical data."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from core.exchange.contract import Wire
from core.exchange.embedded.refusals import Refusal
from core.exchange.embedded.units import MINUTE_NS

_REQUESTS: Final = 2_000
_HISTORICAL: Final = 30
_HISTORICAL_PATHS: Final = frozenset({"/api/v1/klines", "/api/v1/trades/history"})
_NOBODY: Final = "unsigned"
_TOO_MANY: Final = 429


class Limits:
    """Counts requests in the minute that just passed."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[int]] = {}

    def count(self, wire: Wire, accounts: Mapping[str, object], now_ns: int) -> None:
        """Count one request. Raises Refusal where it is one too many.

        Unsigned requests have no published limit of their own: together they share the one of
        historical data, as one address would.
        """
        key = next((value for name, value in wire.headers if name.lower() == "x-api-key"), _NOBODY)
        who = key if key in accounts else _NOBODY
        if wire.path in _HISTORICAL_PATHS:
            self._count(("historical", who), _HISTORICAL, now_ns)
        elif who != _NOBODY:
            self._count(("all", who), _REQUESTS, now_ns)

    def _count(self, bucket: tuple[str, str], most: int, now_ns: int) -> None:
        seen = self._seen.setdefault(bucket, deque())
        while seen and seen[0] <= now_ns - MINUTE_NS:
            seen.popleft()
        if len(seen) >= most:
            raise Refusal("TOO_MANY_REQUESTS", "Too many requests", _TOO_MANY)
        seen.append(now_ns)
