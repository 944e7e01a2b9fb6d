"""Entries without a fill or a row: adopted by a person, reversed when the real one comes.

Ids are deterministic: what is concerned, and how often it was adopted before.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import Fact, InferredBooked
from core.domain.ids import AccountId, Asset, InstrumentId
from core.trading.posting import CASH, HOLDING, Posting


class Gap(NamedTuple):
    """What the venue holds beyond the ledger: of a market (at a price), or of an asset."""

    name: Asset
    """The asset, or the market a position is in."""
    excess: Decimal
    price: Price | None = None
    """Of a position; None for money."""


class InferredEntries:
    """What was adopted and is not taken back yet. Changed only by facts."""

    def __init__(self) -> None:
        self._entries: dict[str, InferredBooked] = {}
        self._open: dict[str, Decimal] = {}

    def applied(self, fact: InferredBooked) -> None:
        """Follow an adoption or a reversal."""
        if fact.reverses:
            self._open[fact.reverses] += amount_in(fact)
        else:
            self._entries[fact.entry_id] = fact
            self._open[fact.entry_id] = amount_in(fact)

    def adopted(self, account: AccountId, gaps: Iterable[Gap], at: int) -> list[Fact]:
        """Return the entries that make the ledger equal the venue."""
        return [self._entry(account, gap, at) for gap in gaps]

    def taken_back(
        self, postings: Iterable[Posting], when: tuple[int, int], before: Sequence[Fact] = ()
    ) -> list[Fact]:
        """Return what a real booking takes back of entries adopted after it happened.

        Args:
            postings: The real booking; only cash and holdings matter.
            when: When it happened by the venue's clock, and engine time now, ns.
            before: Facts on their way that are not applied yet.
        """
        happened_at, at = when
        facts: list[Fact] = []
        came: dict[tuple[AccountId, Asset], Decimal] = {}
        for posting in postings:
            if posting.name in {CASH, HOLDING}:
                key = (posting.account, posting.asset)
                came[key] = came.get(key, Decimal(0)) + posting.amount.value
        for (account, name), moved in came.items():
            left = moved
            for entry in self._of(account, name, happened_at):
                part = _common(self._remaining(entry, before), left)
                if part:
                    facts.append(_reversal(entry, -part, at))
                    left -= part
        return facts

    def _of(self, account: AccountId, name: Asset, happened_at: int) -> list[InferredBooked]:
        return [
            entry
            for entry in self._entries.values()
            if entry.account == account and _name(entry) == name and entry.at >= happened_at
        ]

    def _remaining(self, entry: InferredBooked, before: Sequence[Fact]) -> Decimal:
        on_the_way = (
            amount_in(fact)
            for fact in before
            if isinstance(fact, InferredBooked) and fact.reverses == entry.entry_id
        )
        return self._open[entry.entry_id] + sum(on_the_way, Decimal(0))

    def _entry(self, account: AccountId, gap: Gap, at: int) -> InferredBooked:
        prefix = f"inferred/{account}/{gap.name}/"
        serial = 1 + sum(1 for known in self._entries if known.startswith(prefix))
        is_position = gap.price is not None
        return InferredBooked(
            at=at,
            account=account,
            entry_id=f"{prefix}{serial}",
            instrument=InstrumentId(gap.name) if is_position else None,
            quantity=Quantity(gap.excess) if is_position else None,
            price=gap.price,
            asset=None if is_position else gap.name,
            amount=None if is_position else Amount(gap.excess),
        )


def amount_in(fact: InferredBooked) -> Decimal:
    """Return what an entry moves, signed."""
    moved = fact.quantity if fact.quantity is not None else fact.amount
    assert moved is not None, "an inferred entry concerns a position or money"
    return moved.value


def _name(entry: InferredBooked) -> Asset:
    return Asset(entry.instrument) if entry.instrument is not None else entry.asset or Asset("")


def _common(held: Decimal, came: Decimal) -> Decimal:
    """Return the part of what is held that came at last: of the same sign, the smaller of both."""
    if held * came <= 0:
        return Decimal(0)
    return held if abs(held) <= abs(came) else came


def _reversal(entry: InferredBooked, moved: Decimal, at: int) -> InferredBooked:
    is_position = entry.instrument is not None
    return InferredBooked(
        at=at,
        account=entry.account,
        entry_id=f"{entry.entry_id}/reversal/{at}",
        instrument=entry.instrument,
        quantity=Quantity(moved) if is_position else None,
        price=entry.price,
        asset=entry.asset,
        amount=None if is_position else Amount(moved),
        reverses=entry.entry_id,
    )
