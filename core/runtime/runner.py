"""What waits for the disk and what does not: "durable before sent", sans-IO.

The shell around it hands in the effects of every step, writes the batches it is given, reports
back, and carries out what `due` releases. Nothing here reads a clock, a disk or a socket.

Guarantees: facts commit in step order and a step is never split; placements and receipts of step n
leave only when every step up to n is on disk; cancels and queries never wait; placements leave
first-in-first-out for each account; a cancel of an order still held removes it; the last look at
latch, epoch and `send_before` happens as the placement is released.
"""

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from core.domain.effects import Acknowledge, CancelOrder, Effect, Persist, PlaceOrder
from core.domain.facts import DecisionTaken, Fact
from core.domain.ids import ClientOrderId

LastLook = Callable[[PlaceOrder, int], str | None]
"""Says why a placement must not leave now, or None."""

LAZY_WAIT_NS = 1_000_000_000


class JournalRow(msgspec.Struct, frozen=True, gc=False):
    """A fact and the step that made it."""

    seq: int
    fact: Fact


class JournalBatch(msgspec.Struct, frozen=True, gc=False):
    """Whole steps to commit in one go; `upto` is the last of them."""

    upto: int
    rows: tuple[JournalRow, ...]


class NotSent(msgspec.Struct, frozen=True, gc=False):
    """Proof that a placement never left."""

    client_order_id: ClientOrderId
    reason: str


class Due(msgspec.Struct, frozen=True, gc=False):
    """What may be carried out now, in order, and what never will be."""

    effects: tuple[Effect, ...]
    not_sent: tuple[NotSent, ...]


class _Held(msgspec.Struct, gc=False):
    seq: int
    effect: PlaceOrder | Acknowledge


class Runner:
    """Orders effects against the journal."""

    def __init__(self, last_look: LastLook) -> None:
        self._last_look = last_look
        self._rows: list[JournalRow] = []
        self._since: int | None = None
        self._lazy_since: int | None = None
        self._in_flight: JournalBatch | None = None
        self._in_flight_since = 0
        self._first: int | None = None
        self._flight_first: int | None = None
        self._newest = 0
        self._held: deque[_Held] = deque()
        self._free: list[Effect] = []
        self._not_sent: list[NotSent] = []

    def submit(self, seq: int, effects: Sequence[Effect], now: int) -> None:
        """Take over the effects of one step."""
        self._newest = seq
        for effect in effects:
            if isinstance(effect, Persist):
                self._persist(seq, effect, now)
            elif isinstance(effect, PlaceOrder | Acknowledge):
                self._held.append(_Held(seq, effect))
            elif isinstance(effect, CancelOrder):
                self._cancel(effect)
            else:
                self._free.append(effect)

    def journal_batch(self, now: int) -> JournalBatch | None:
        """Return all that waits, unless a batch is in flight or only young lazy rows wait."""
        if self._in_flight is not None or not self._rows:
            return None
        if self._since is None and not self._lazy_due(now):
            return None
        self._in_flight = JournalBatch(self._newest, tuple(self._rows))
        self._in_flight_since = self._since if self._since is not None else now
        self._flight_first = self._first
        self._rows = []
        self._first = self._since = self._lazy_since = None
        return self._in_flight

    def journal_done(self, upto: int) -> None:
        """Learn that every step up to and with `upto` is on disk."""
        if self._in_flight is None or upto != self._in_flight.upto:
            raise ValueError(f"no batch up to step {upto} is in flight")
        self._in_flight = None
        self._flight_first = None

    def journal_failed(self, reason: str) -> None:
        """Put the batch back and refuse every placement that waited for the disk."""
        if self._in_flight is None:
            return
        self._rows = [*self._in_flight.rows, *self._rows]
        self._since = self._in_flight_since
        self._first = self._flight_first or self._first
        self._in_flight = None
        self._flight_first = None
        kept: deque[_Held] = deque()
        for held in self._held:
            if isinstance(held.effect, PlaceOrder):
                self._refuse(held.effect, f"journal: {reason}")
            else:
                kept.append(held)
        self._held = kept

    def due(self, now: int) -> Due:
        """Release what may leave; a placement gets its last look here."""
        effects = self._free
        self._free = []
        while self._held and self._held[0].seq <= self._durable_upto():
            effect = self._held.popleft().effect
            if isinstance(effect, PlaceOrder):
                reason = self._last_look(effect, now)
                if reason is not None:
                    self._refuse(effect, reason)
                    continue
            effects.append(effect)
        not_sent = tuple(self._not_sent)
        self._not_sent = []
        return Due(tuple(effects), not_sent)

    def oldest_uncommitted_ns(self, now: int) -> int:
        """Return how long the oldest step that must be on disk has waited; 0 when none."""
        if self._in_flight is not None:
            return max(0, now - self._in_flight_since)
        return max(0, now - self._since) if self._since is not None else 0

    @property
    def has_waiting(self) -> bool:
        """Whether anything is not on disk, or held for it."""
        return bool(self._rows or self._held or self._in_flight)

    def _durable_upto(self) -> int:
        first_waiting = self._flight_first or self._first
        return self._newest if first_waiting is None else first_waiting - 1

    def _persist(self, seq: int, effect: Persist, now: int) -> None:
        if effect.is_lazy:
            if self._collapsed(effect.fact):
                return
            self._lazy_since = now if self._lazy_since is None else self._lazy_since
        elif self._first is None:
            self._first = seq
            self._since = now
        self._rows.append(JournalRow(seq, effect.fact))

    def _lazy_due(self, now: int) -> bool:
        return self._lazy_since is not None and now - self._lazy_since >= LAZY_WAIT_NS

    def _collapsed(self, fact: Fact) -> bool:
        """Count a repeat of the newest waiting decision instead of writing it again."""
        if not isinstance(fact, DecisionTaken) or not self._rows:
            return False
        last = self._rows[-1].fact
        if not isinstance(last, DecisionTaken) or _repeat_key(last) != _repeat_key(fact):
            return False
        counted = msgspec.structs.replace(last, repeats=last.repeats + fact.repeats)
        self._rows[-1] = JournalRow(self._rows[-1].seq, counted)
        return True

    def _cancel(self, effect: CancelOrder) -> None:
        for held in self._held:
            placement = held.effect
            if (
                isinstance(placement, PlaceOrder)
                and placement.client_order_id == effect.client_order_id
            ):
                self._held.remove(held)
                self._refuse(placement, "cancelled before it was sent")
                return
        self._free.append(effect)

    def _refuse(self, effect: PlaceOrder, reason: str) -> None:
        self._not_sent.append(NotSent(effect.client_order_id, reason))


def _repeat_key(fact: DecisionTaken) -> tuple[object, ...]:
    return (fact.strategy, fact.cause, fact.verdict, fact.code, fact.instrument)
