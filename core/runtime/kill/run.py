"""What a kill does with one account, sans-IO: answers in, requests to send out.

It cancels what can increase exposure until two answers in a row show none, then watches for what
arrives late. Nothing here reads a clock, opens a socket, or gives up.
"""

from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import Final

import msgspec

from core.domain.ids import AccountId, ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import (
    KillMarket,
    KillPhase,
    KillProgress,
    KillTrouble,
    OpenRow,
    PossibleOrder,
)

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000
WATCH_NS: Final = 60 * _SECOND
_WATCH_EVERY_NS: Final = _SECOND
_UNKNOWN_EVERY_NS: Final = 500 * _MS
_AGAIN_NS: Final = 150 * _MS
"""The longest wait for cancels before the venue is asked what is left."""
_PROOFS: Final = 2
FIRST_DEADLINE_SECS: Final = 1.0
LONGEST_DEADLINE_SECS: Final = 8.0
_HEDGE_NS: Final = 400 * _MS
"""A request without answer for so long is sent once more beside it; all of them may be repeated."""
_MOST_ASKED: Final = 4
_LONGEST_BACKOFF_NS: Final = _SECOND
_LONGEST_PAUSE_SECS: Final = 2.0
EMERGENCY_NS: Final = 10 * _SECOND
BUDGET: Final = 300
"""Requests in any minute: what is reserved for cancels (R16)."""
_MINUTE_NS: Final = 60 * _SECOND


class Ask(StrEnum):
    """What a request is."""

    OPEN_ORDERS = "open orders"
    CANCEL_RESTING = "cancel resting"
    CANCEL_CONDITIONAL = "cancel conditional"
    CANCEL_ORDER = "cancel order"
    CANCEL_UNKNOWN = "cancel unknown"
    STRATEGIES = "strategies"
    CANCEL_STRATEGIES = "cancel strategies"


Key = tuple[Ask, Symbol, str]
_OPEN: Final[Key] = (Ask.OPEN_ORDERS, Symbol(""), "")
_STRATEGIES: Final[Key] = (Ask.STRATEGIES, Symbol(""), "")
_QUERIES: Final = frozenset({Ask.OPEN_ORDERS, Ask.STRATEGIES})


class KillWish(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request to send now."""

    number: int
    ask: Ask
    symbol: Symbol = Symbol("")
    order_id: VenueOrderId | None = None
    client_order_id: ClientOrderId | None = None
    deadline_secs: float = FIRST_DEADLINE_SECS


class _Unknown(msgspec.Struct, gc=False):
    symbol: Symbol
    dead_at: int
    proofs: int = 0


class KillRun:
    """The kill of one account. Instants are wall-clock ns that never go back.

    Args:
        account: Whose orders.
        now: When the latch tripped.
        possible: Own orders that may be live; what is missing is found by asking.
        rng: Jitter of pauses.
    """

    def __init__(
        self, account: AccountId, now: int, possible: Iterable[PossibleOrder], rng: Random
    ) -> None:
        self.account = account
        self.phase = KillPhase.CANCELLING
        self._begun = now
        self._rng = rng
        self._numbers = 0
        self._out: dict[int, tuple[Key, int, float]] = {}
        self._due: dict[Key, int] = {_OPEN: now, _STRATEGIES: now}
        self._answered_at: dict[Key, int] = {}
        self._unknown: dict[ClientOrderId, _Unknown] = {}
        self._targets: tuple[OpenRow, ...] = ()
        self._seen: set[VenueOrderId] = set()
        self._is_read = False
        self._kept = self._late = self._cancels = self._empties = self._failures = 0
        self._paused_until = now
        self._deadline_secs = FIRST_DEADLINE_SECS
        self._hedge_ns = _HEDGE_NS
        self._empty_at = now
        self._sent_at: deque[int] = deque()
        self._first_cancel: int | None = None
        self._proven: int | None = None
        self._watch_until: int | None = None
        self._trouble = ""
        self._is_broken = False
        self._was_proven = self._is_schedule_clear = self._takes_all = False
        self._salvo(tuple(possible), now)

    def _salvo(self, possible: tuple[PossibleOrder, ...], now: int) -> None:
        """Cancel what is known to be possible before the first answer."""
        for key in _cancel_keys([each.row for each in possible]):
            self._due[key] = now
        for each in possible:
            client = each.row.client_order_id
            if each.dead_at is not None and client is not None:
                self._unknown[client] = _Unknown(each.row.symbol, each.dead_at)
                self._due[_unknown_key(each.row.symbol, client)] = now

    def take_all(self, now: int) -> None:
        """Take protective orders too (K3 closes what they protect), until zero is proven."""
        if self._takes_all:
            return
        self._takes_all, self._empties = True, 0
        self._was_proven = False
        self._proven = self._watch_until = None
        self.phase = KillPhase.CANCELLING
        self._due[_OPEN] = now

    # ---- what to send --------------------------------------------------------------------------

    def wishes(self, now: int) -> tuple[KillWish, ...]:
        """Return the requests that leave now, cancels first."""
        self._finish(now)
        if not self._due and not self._out and self.phase is not KillPhase.DONE:
            self._ask_open(now)
        if now < self._paused_until:
            return ()
        ready = [key for key, at in self._due.items() if at <= now]
        ready.sort(key=lambda key: key[0] in _QUERIES)
        return tuple(self._sent(key, now) for key in ready[: self._left(now)])

    def next_at(self) -> int | None:
        """Return when there is something to do without an answer; None when never."""
        if self.phase is KillPhase.DONE:
            return None
        soonest = min(self._due.values(), default=None)
        if soonest is None:
            return self._watch_until
        if len(self._sent_at) >= BUDGET:
            soonest = max(soonest, self._sent_at[0] + _MINUTE_NS)
        return max(soonest, self._paused_until)

    def _left(self, now: int) -> int:
        while self._sent_at and now - self._sent_at[0] >= _MINUTE_NS:
            self._sent_at.popleft()
        return max(0, BUDGET - len(self._sent_at))

    def _sent(self, key: Key, now: int) -> KillWish:
        del self._due[key]
        ask, symbol, name = key
        self._numbers += 1
        self._out[self._numbers] = (key, now, self._deadline_secs)
        self._sent_at.append(now)
        if key == _OPEN:
            self._ask_open(now)
        if ask not in _QUERIES:
            self._cancels += 1
            if self._first_cancel is None:
                self._first_cancel = now
        return KillWish(
            number=self._numbers,
            ask=ask,
            symbol=symbol,
            order_id=VenueOrderId(name) if ask is Ask.CANCEL_ORDER else None,
            client_order_id=ClientOrderId(int(name)) if ask is Ask.CANCEL_UNKNOWN else None,
            deadline_secs=self._deadline_secs,
        )

    # ---- answers -------------------------------------------------------------------------------

    def listed(self, number: int, rows: Iterable[OpenRow], now: int) -> None:
        """Take the venue's whole list of open orders."""
        _, asked_at, _ = self._out.pop(number)
        self._went_well(asked_at, now)
        self._is_read = True
        self._due.pop(_OPEN, None)
        rows = tuple(rows)
        if self._takes_all and not self._was_proven:
            # K3's own slices are reduce-only; they are left alone once zero has been proven.
            rows = tuple(msgspec.structs.replace(row, is_reduce_only=False) for row in rows)
        self._targets = tuple(row for row in rows if not row.is_reduce_only)
        self._kept = len(rows) - len(self._targets)
        self._met(rows)
        if self._targets:
            self._still_open(rows, asked_at, now)
        else:
            self._none_open(asked_at, now)

    def scheduled(self, number: int, symbols: Iterable[Symbol], now: int) -> None:
        """Take the markets in which the venue runs scheduled orders; ask again until none does."""
        _, asked_at, _ = self._out.pop(number)
        self._went_well(asked_at, now)
        found = tuple(symbols)
        for symbol in found:
            self._due.setdefault((Ask.CANCEL_STRATEGIES, symbol, ""), now)
        self._is_schedule_clear = not found
        if found:
            self._due[_STRATEGIES] = now + _AGAIN_NS * 2

    def done(self, number: int, now: int, *, is_final: bool = True) -> None:
        """Take a successful answer to a cancel; not final means accepted and no more."""
        key, asked_at, _ = self._out.pop(number)
        self._went_well(asked_at, now)
        self._answered_at[key] = now
        if key[0] is Ask.CANCEL_UNKNOWN:
            client = ClientOrderId(int(key[2]))
            if is_final:
                self._unknown.pop(client, None)
        if not self._has_cancels_out() and self.phase is KillPhase.CANCELLING:
            self._ask_open(now)

    def failed(self, number: int, trouble: KillTrouble, now: int) -> None:
        """Take a request without a good answer; it is repeated, later and with more patience."""
        found = self._out.pop(number, None)
        if found is None:
            self._ask_open(now + self._backoff())
            return
        key, asked_at, deadline_secs = found
        if trouble.is_not_found:
            self._is_schedule_clear = self._is_schedule_clear or key == _STRATEGIES
            self._went_well(asked_at, now)
            self._answered_at[key] = now
            self._ask_open(now)
            return
        self._failures += 1
        self._trouble = f"{key[0]} {key[1]}: {trouble.reason}".replace(" :", ":")
        if trouble.is_timeout:
            longer = max(self._deadline_secs, deadline_secs * 2)
            self._deadline_secs = min(LONGEST_DEADLINE_SECS, longer)
        if trouble.retry_after_secs:
            pause = min(_LONGEST_PAUSE_SECS, trouble.retry_after_secs)
            self._paused_until = now + int(pause * self._rng.uniform(0.5, 1.0) * _SECOND)
        if key[0] is not Ask.CANCEL_UNKNOWN or ClientOrderId(int(key[2])) in self._unknown:
            self._due.setdefault(key, now + self._backoff())
        if key[0] is not Ask.OPEN_ORDERS:
            self._ask_open(now + self._backoff())

    def broke(self, reason: str) -> None:
        """Learn that the path around this machine raised: an emergency that stops nothing."""
        self._is_broken = True
        self._trouble = reason[:200]

    def lost(self, now: int) -> None:
        """Forget every request under way: its carrier broke. They are asked again."""
        for key, *_ in self._out.values():
            self._due.setdefault(key, now + self._backoff())
        self._out.clear()

    # ---- what is left --------------------------------------------------------------------------

    def _met(self, rows: tuple[OpenRow, ...]) -> None:
        """Count new ones after the proof as late; one seen has no unknown outcome any more."""
        for row in rows:
            if row.order_id not in self._seen and not row.is_reduce_only and self._was_proven:
                self._late += 1
            self._seen.add(row.order_id)
            if row.client_order_id is not None:
                self._unknown.pop(row.client_order_id, None)

    def _still_open(self, rows: tuple[OpenRow, ...], asked_at: int, now: int) -> None:
        self.phase = KillPhase.CANCELLING
        self._empties = 0
        self._proven = self._watch_until = None
        wanted = _cancel_keys(rows)
        stale = [k for k in self._due if k[0] in _LISTED and k not in wanted]
        for key in stale:
            del self._due[key]
        under_way = self._under_way(now)
        for key in wanted:
            is_answered_since = self._answered_at.get(key, -1) >= asked_at
            if key not in under_way and not is_answered_since:
                self._due.setdefault(key, now)
        self._ask_open(now if not self._has_work() else now + _AGAIN_NS)

    def _none_open(self, asked_at: int, now: int) -> None:
        for key in [k for k in self._due if k[0] in _LISTED]:
            del self._due[key]
        if asked_at >= self._empty_at:
            self._empties, self._empty_at = self._empties + 1, now
        for client, unknown in tuple(self._unknown.items()):
            unknown.proofs += asked_at >= unknown.dead_at
            if unknown.proofs >= _PROOFS:
                del self._unknown[client]
        if self._empties < _PROOFS or not self._is_schedule_clear:
            self._ask_open(now if self._empties < _PROOFS else now + _AGAIN_NS)
            return
        if self._proven is None:
            self._proven, self._was_proven = now, True
            self._watch_until = now + WATCH_NS
            self.phase = KillPhase.WATCHING
        self._ask_open(now + (_UNKNOWN_EVERY_NS if self._unknown else _WATCH_EVERY_NS))
        self._chase(now + _UNKNOWN_EVERY_NS)

    def _chase(self, at: int) -> None:
        """Send each order without an outcome its cancel again."""
        under_way = self._under_way(at)
        for client, unknown in self._unknown.items():
            key = _unknown_key(unknown.symbol, client)
            if key not in under_way:
                self._due.setdefault(key, at)

    def _ask_open(self, at: int) -> None:
        """Ask what is open at that time, unless that is asked already or will be sooner."""
        asked = [sent_at for key, sent_at, _ in self._out.values() if key == _OPEN]
        if len(asked) >= _MOST_ASKED:
            return
        if asked:
            at = max(at, max(asked) + self._hedge_ns)
        self._due[_OPEN] = min(at, self._due.get(_OPEN, at))

    def _under_way(self, now: int) -> set[Key]:
        """Return what was sent so lately that its answer may still come."""
        return {key for key, at, _ in self._out.values() if now - at < self._hedge_ns}

    def _has_cancels_out(self) -> bool:
        return any(key[0] in _LISTED for key, *_ in self._out.values())

    def _has_work(self) -> bool:
        return self._has_cancels_out() or any(key[0] in _LISTED for key in self._due)

    def _went_well(self, asked_at: int, now: int) -> None:
        """Be as patient as the venue is slow: thrice the round trip, from one second to eight."""
        self._failures = 0
        self._hedge_ns = max(_HEDGE_NS, 3 * (now - asked_at))
        thrice_secs = 3 * (now - asked_at) / _SECOND
        self._deadline_secs = min(LONGEST_DEADLINE_SECS, max(FIRST_DEADLINE_SECS, thrice_secs))

    def _backoff(self) -> int:
        longest = min(_LONGEST_BACKOFF_NS, 25 * _MS * 2 ** min(self._failures, 6))
        return int(longest * self._rng.uniform(0.5, 1.0))

    def _finish(self, now: int) -> None:
        is_over = self._watch_until is not None and now >= self._watch_until
        if is_over and not self._unknown and _STRATEGIES not in self._due:
            self.phase = KillPhase.DONE
            self._due.clear()

    # ---- looking -------------------------------------------------------------------------------

    @property
    def is_proven(self) -> bool:
        """Whether the venue said twice in a row that nothing is open."""
        return self._proven is not None

    def progress(self, now: int) -> KillProgress:
        """Say how far it is."""
        is_slow = self._proven is None and now - self._begun >= EMERGENCY_NS
        return KillProgress(
            account=self.account,
            phase=self.phase,
            markets=_counted(self._targets),
            open_orders=len(self._targets) if self._is_read else None,
            kept=self._kept,
            unknown=len(self._unknown),
            late=self._late,
            cancels=self._cancels,
            elapsed_ms=(now - self._begun) // _MS,
            first_cancel_ms=self._since_begun(self._first_cancel),
            proven_ms=self._since_begun(self._proven),
            trouble=self._trouble,
            is_emergency=self._is_broken or is_slow,
        )

    def _since_begun(self, at: int | None) -> int | None:
        return None if at is None else (at - self._begun) // _MS


_LISTED: Final = frozenset({Ask.CANCEL_RESTING, Ask.CANCEL_CONDITIONAL, Ask.CANCEL_ORDER})


def _cancel_keys(rows: Iterable[OpenRow]) -> dict[Key, None]:
    """Return the cancels these rows ask for: a whole market at once where nothing has to stay.

    In the order of the rows, so that the same rows give the same requests in any process.
    """
    groups: dict[tuple[Symbol, bool], list[OpenRow]] = {}
    for row in rows:
        groups.setdefault((row.symbol, row.is_conditional), []).append(row)
    keys: dict[Key, None] = {}
    for (symbol, is_conditional), group in groups.items():
        targets = [row for row in group if not row.is_reduce_only]
        if targets and len(targets) == len(group):
            ask = Ask.CANCEL_CONDITIONAL if is_conditional else Ask.CANCEL_RESTING
            keys[ask, symbol, ""] = None
        else:
            # One without the venue's id is chased by its client id.
            known = [row for row in targets if row.order_id]
            keys |= {(Ask.CANCEL_ORDER, symbol, str(row.order_id)): None for row in known}
    return keys


def _unknown_key(symbol: Symbol, client: ClientOrderId) -> Key:
    return (Ask.CANCEL_UNKNOWN, symbol, str(int(client)))


def _counted(rows: tuple[OpenRow, ...]) -> tuple[KillMarket, ...]:
    counts: dict[Symbol, list[int]] = {}
    for row in rows:
        counts.setdefault(row.symbol, [0, 0])[row.is_conditional] += 1
    return tuple(
        KillMarket(symbol=symbol, resting=resting, conditional=conditional)
        for symbol, (resting, conditional) in sorted(counts.items())
    )
