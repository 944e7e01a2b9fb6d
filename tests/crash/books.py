"""The journal as plain rows of SQLite, added up by hand: nothing of the engine reads them here."""

import hashlib
import sqlite3
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

ENDS: Final = frozenset(
    {"filled", "cancelled", "expired", "rejected", "denied", "not_sent", "absent"}
)
Row = dict[str, Any]


class Books:
    """Everything a journal says, read on from where the last reading stopped.

    `faults` collects what a journal must never say, whatever the venue says.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._hash = b"\0" * 32
        self.is_halted = False
        """The kill switch tripped and nobody armed it again."""
        self.latest: set[int] = set()
        """Client order ids of this epoch."""
        self._intents: set[str] = set()
        self._kinds: dict[str, Row] = {}
        self.rows = 0
        self.epoch = 0
        self.matches = 0
        """Comparisons of this epoch that found no difference."""
        self.fills: Counter[tuple[object, ...]] = Counter()
        self.fill_keys: Counter[tuple[object, ...]] = Counter()
        self.balances: dict[str, Decimal] = defaultdict(Decimal)
        self.positions: dict[str, Decimal] = defaultdict(Decimal)
        self.journaled: dict[int, int] = {}
        """Client order id to the engine time of its row, ns."""
        self.states: dict[int, str] = {}
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def read(self) -> None:
        """Take in what was written since."""
        if not self._file.exists():
            return
        db = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=5)
        try:
            found = db.execute(
                "SELECT n, step, epoch, type, payload, hash FROM rows WHERE n >= ? ORDER BY n",
                (self.rows,),
            ).fetchall()
        except sqlite3.OperationalError:
            return  # killed before the tables were made
        finally:
            db.close()
        for row in found:
            self._take(*row)

    def _take(
        self, number: int, step: int, epoch: int, kind: str, payload: bytes, digest: bytes
    ) -> None:
        if number != self.rows:
            self.faults.append(f"row {number} follows row {self.rows - 1}")
        chained = self._hash + step.to_bytes(8, "big") + kind.encode() + b"\0" + payload
        if hashlib.sha256(chained).digest() != digest:
            self.faults.append(f"row {number} does not continue the chain")
        self._hash, self.rows = digest, number + 1
        if epoch != self.epoch:
            if epoch < self.epoch:
                self.faults.append(f"epoch {epoch} after {self.epoch}")
            self.epoch, self.matches = epoch, 0
            self.latest.clear()
        self.counts[kind] += 1
        taker = getattr(self, f"_on_{kind}", None)
        if taker is not None:
            taker(msgspec.msgpack.decode(payload))

    def live(self) -> dict[int, str]:
        """Return the orders that have not ended, with their states."""
        return {
            number: self.states.get(number, "journaled")
            for number in self.journaled
            if self.states.get(number) not in ENDS
        }

    # ---- facts ---------------------------------------------------------------------------------

    def _on_MarketAdded(self, row: Row) -> None:  # noqa: N802  named after the fact
        self._kinds[row["instrument"]] = row

    def _on_FillBooked(self, row: Row) -> None:  # noqa: N802
        fill = row["fill"]
        terms = booked_terms(fill)
        self.fills[terms] += 1
        self.fill_keys[terms[:4]] += 1
        sign = 1 if fill["side"] == "buy" else -1
        quantity, price = sign * Decimal(fill["quantity"]), Decimal(fill["price"])
        self.balances[fill["fee_asset"]] -= Decimal(fill["fee"])
        market = self._kinds[fill["instrument"]]
        if market["kind"] == "spot":
            self.balances[market["base"]] += quantity
            self.balances[market["quote"]] -= quantity * price
        else:
            self.positions[fill["instrument"].partition(":")[2]] += quantity

    def _on_CashBooked(self, row: Row) -> None:  # noqa: N802
        self.balances[row["asset"]] += Decimal(row["amount"])

    def _on_PositionAdopted(self, row: Row) -> None:  # noqa: N802
        self.positions[row["instrument"].partition(":")[2]] += Decimal(row["quantity"])

    def _on_InferredBooked(self, row: Row) -> None:  # noqa: N802
        self.faults.append(f"booked without the venue's word: {row}")

    def _on_Reconciled(self, row: Row) -> None:  # noqa: N802
        self.matches += row["is_matched"]

    def _on_KillTripped(self, _row: Row) -> None:  # noqa: N802
        self.is_halted = True

    def _on_KillArmed(self, _row: Row) -> None:  # noqa: N802
        self.is_halted = False

    def _on_OrderJournaled(self, row: Row) -> None:  # noqa: N802
        number, intent = row["client_order_id"], row["approved"]["intent_id"]
        if self.journaled and number <= max(self.journaled):
            self.faults.append(f"client id {number} is not above {max(self.journaled)}")
        if not self.matches:
            self.faults.append(f"order {number} before the first match of epoch {self.epoch}")
        if self.is_halted:
            self.faults.append(f"order {number} while the account is halted")
        if intent in self._intents:
            self.faults.append(f"intent {intent} was given a second order, {number}")
        self._intents.add(intent)
        self.latest.add(number)
        self.journaled[number] = row["at"]

    def _on_OrderMoved(self, row: Row) -> None:  # noqa: N802
        number, state = row["client_order_id"], row["state"]
        was = self.states.get(number)
        if was == "absent" and state != "absent":
            self.faults.append(f"order {number} was proved absent and is {state}")
        self.states[number] = state


def booked_terms(fill: Row) -> tuple[object, ...]:
    """Return a booked fill in words both sides share."""
    return (
        fill["instrument"],
        fill["trade_id"],
        fill["venue_order_id"],
        fill["side"],
        Decimal(fill["quantity"]),
        Decimal(fill["price"]),
        Decimal(fill["fee"]),
        fill["fee_asset"],
    )
