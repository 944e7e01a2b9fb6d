"""What the oracle reads: the wire log, the venue's log, the journal. Nothing of the engine's rules.

Amounts are Fractions. A check returns a `Finding`: how many things it looked at, and what is wrong.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from core.domain.facts import (
    Fact,
    OrderJournaled,
    Reconciled,
    RunStarted,
    TradingState,
    TradingStateChanged,
)
from core.exchange.embedded.orders import Order
from core.exchange.embedded.units import SCALE
from tests.simulation.disk import DECODER, Row
from tests.simulation.net import Sent
from tests.simulation.world import World

SECOND: Final = 1_000_000_000
_Kind = TypeVar("_Kind")


class Finding(msgspec.Struct, frozen=True):
    """What one check found."""

    looked_at: int
    wrong: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One fact as it stands, or stood, in a journal."""

    fact: Any
    epoch: int
    synced_at: int
    journal: int
    """0 for the first, one more each time a damaged one was moved away."""


class Submit(msgspec.Struct, frozen=True):
    """One order on the wire."""

    sent: Sent
    body: dict[str, Any]

    @property
    def client_id(self) -> int:
        """The id we gave it."""
        return int(self.body["clientId"])

    @property
    def is_ours(self) -> bool:
        """Whether this machine sent it, and not the other host."""
        return self.sent.process.startswith("engine")


class Case:
    """One run, over."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = world.venue.account
        self.healed_at = world.healed_at or world.ended_at
        self.ended_at = world.ended_at
        journals = [*world.evidence, world.disk.rows]
        self.lines = [line for number, rows in enumerate(journals) for line in _lines(rows, number)]
        self.current = [line for line in self.lines if line.journal == len(world.evidence)]

    def of(self, kind: type[_Kind], *, current: bool = False) -> list[_Kind]:
        """Return the facts of a kind, of all journals or of the last."""
        lines = self.current if current else self.lines
        return [line.fact for line in lines if isinstance(line.fact, kind)]

    @cached_property
    def submits(self) -> list[Submit]:
        """Every order on the wire, in order."""
        found = []
        for sent in self.world.net.sent:
            if sent.wire.method != "POST":
                continue
            tree = msgspec.json.decode(sent.wire.body)
            found += [Submit(sent, body) for body in (tree if isinstance(tree, list) else [tree])]
        return found

    @cached_property
    def journaled(self) -> dict[int, OrderJournaled]:
        """Our orders by client id."""
        return {fact.client_order_id: fact for fact in self.of(OrderJournaled)}

    @cached_property
    def at_venue(self) -> dict[int, list[Order]]:
        """What the venue knows under each client id, oldest first; twins of another's included."""
        found: dict[int, list[Order]] = {}
        for order in self.account.order_log:
            if order.client_id is not None:
                found.setdefault(order.client_id, []).append(order)
        return found

    def own_orders(self, client_id: int) -> list[Order]:
        """Return the venue's orders of one of our ids.

        Left out are those others sent under it (F28), and what a conditional order became when it
        fired: the venue lists that as another order.
        """
        orders = self.at_venue.get(client_id, [])
        return [each for each in orders if each.related_id is None and not self.is_borrowed(each)]

    def is_borrowed(self, order: Order) -> bool:
        """Whether another program used our id: F28 prices its order a fifth away."""
        first = self.at_venue[order.client_id or 0][0]
        if order is first or order.request.price is None or first.request.price is None:
            return False
        apart = abs(Fraction(order.request.price, first.request.price) - 1)
        return apart > Fraction(1, 10)

    def hits(self, *names: str) -> int:
        """Return how often these faults struck."""
        world = self.world
        books = (world.hits, world.net.trouble.hits, world.disk.hits, world.venue.faults.hits)
        return sum(book.get(name, 0) for book in books for name in names)

    @property
    def is_reborn(self) -> bool:
        """Whether a journal was lost: what was before is history of another book."""
        return bool(self.world.evidence)

    def is_mismatched(self) -> bool:
        """Whether the engine says that its books differ from the venue's, and holds back."""
        told = self.of(Reconciled, current=True)
        return bool(told) and not told[-1].is_matched

    def is_halted_visibly(self) -> bool:
        """Whether the engine is held back and says so."""
        risk = self.world.machine.engine.rooms.risk
        return risk.state is TradingState.HALTED and bool(risk.reason)

    @cached_property
    def _halts(self) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        held: dict[tuple[str, str], int] = {}
        for fact in self.of(TradingStateChanged, current=True):
            key = (fact.scope, fact.cause)
            if fact.scope:
                continue
            if fact.state is TradingState.HALTED:
                held.setdefault(key, fact.at)
            elif key in held and (fact.cause or fact.state is TradingState.ACTIVE):
                spans.append((held.pop(key), fact.at))
        return spans + [(began, self.ended_at + 1) for began in held.values()]

    def halts(self) -> list[tuple[int, int]]:
        """Return when the account was halted, by the journal that stands."""
        return self._halts

    def is_sanctioned(self, client_id: int) -> bool:
        """Whether an order is a reduce-only slice of K3."""
        fact = self.journaled.get(client_id)
        return (
            fact is not None
            and fact.approved.strategy == "KILL"
            and fact.approved.leg.terms.reduce_only
        )

    def patience_ns(self) -> int:
        """Return how long after the faults an outcome may stay unknown.

        15 s; where the venue showed stress its engine may take a minute to bring an order to life.
        """
        return (90 if self.world.stressed_at else 15) * SECOND

    def was_away(self, began: int, ended: int) -> bool:
        """Whether the engine was dead, stalled or restarted in a span."""
        starts = any(began <= life.began <= ended for life in self.world.lives)
        stalls = any(s <= ended and e >= began for s, e in self.world.stalls)
        return starts or stalls

    def runs(self) -> list[RunStarted]:
        """Return the beginnings of every run."""
        return self.of(RunStarted)


Check = Callable[[Case], Finding]


def fraction(value: Any) -> Fraction:
    """Return any of the engine's exact numbers, or text, as a Fraction."""
    inner = getattr(value, "value", value)
    return Fraction(Decimal(inner) if isinstance(inner, str) else inner)


def of_atoms(value: int) -> Fraction:
    """Return atoms of the venue as a Fraction."""
    return Fraction(value, SCALE)


def secs(ns: int, case: Case) -> str:
    """Word an instant as seconds since the start."""
    return f"{(ns - case.world.options.start_ns) / 1e9:.3f}s"


def _lines(rows: list[Row], number: int) -> list[Line]:
    lines = []
    for row in rows:
        fact: Fact = DECODER.decode(row.truth or row.payload)
        lines.append(Line(fact, row.epoch, row.at, number))
    return lines
