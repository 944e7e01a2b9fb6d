"""Holds a journal against its venue: every sentence is one way in which a restart went wrong."""

import time
from decimal import Decimal
from typing import Final

from tests.crash.books import Books
from tests.crash.venue import Snapshot, Witness, fill_terms

PATIENCE_SECS: Final = 20.0
_MS: Final = 1_000_000
_CLOCKS_MS: Final = 5
"""How far the clocks of two processes of this machine may seem to differ."""


def until_equal(
    books: Books,
    witness: Witness,
    patience_secs: float = PATIENCE_SECS,
    *,
    with_money: bool = True,
) -> list[str]:
    """Wait until the books say what the venue says; return what is still wrong in the end.

    What may never be is reported at once; what may be late (a fill on its way, a settlement of the
    last ten seconds) gets its time.
    """
    end = time.monotonic() + patience_secs
    while True:
        snapshot = witness.look()
        books.read()
        wrong = never(books, witness)
        if wrong:
            return wrong
        late = differences(books, witness, snapshot, with_money=with_money)
        if not late:
            return []
        if time.monotonic() > end:
            return late
        time.sleep(0.1)


def never(books: Books, witness: Witness) -> list[str]:
    """Return what is wrong at any instant, also the instant after a kill."""
    wrong = list(books.faults)
    seen: set[int] = set()
    for order in witness.orders.values():
        number = order["clientId"]
        if number is None or int(number) not in books.journaled:
            wrong.append(f"the venue has order {number} that is not on disk")
            continue
        number = int(number)
        if number in seen:
            wrong.append(f"the venue has order {number} twice")
        seen.add(number)
        if _ms(order["createdAt"]) + _CLOCKS_MS < books.journaled[number] // _MS:
            wrong.append(f"order {number} is older at the venue than its row")
    wrong.extend(f"fill {key} is booked {n} times" for key, n in books.fill_keys.items() if n > 1)
    return wrong


def differences(
    books: Books, witness: Witness, snapshot: Snapshot, *, with_money: bool = True
) -> list[str]:
    """Return how the books differ from the venue now."""
    theirs = {fill_terms(row) for row in witness.fills.values()}
    ours = set(books.fills)
    wrong = [f"fill {terms} of the venue is not booked" for terms in theirs - ours]
    wrong += [f"fill {terms} is booked and not the venue's" for terms in ours - theirs]
    wrong += _unequal("position", books.positions, snapshot.positions)
    if with_money:
        wrong += _unequal("balance", books.balances, snapshot.balances)
    return wrong


def _unequal(what: str, ours: dict[str, Decimal], theirs: dict[str, Decimal]) -> list[str]:
    return [
        f"{what} {name}: {ours.get(name, Decimal())} in the journal, "
        f"{theirs.get(name, Decimal())} at the venue"
        for name in sorted({*ours, *theirs})
        if ours.get(name, Decimal()) != theirs.get(name, Decimal())
    ]


def _ms(text: str) -> int:
    """Read an instant of the venue's histories, such as 2026-01-02T03:04:05.678."""
    from datetime import UTC, datetime

    at = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)
