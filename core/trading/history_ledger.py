"""The ledger, telling what it posts: the same booking, nothing computed twice."""

from collections.abc import Callable
from typing import Any

from core.domain.exact import Amount
from core.domain.facts import CashBooked, FillBooked, InferredBooked, MarketAdded, PositionAdopted
from core.trading.identity import LineChange
from core.trading.ledger import Ledger
from core.trading.posting import Posting


class TellingLedger(Ledger):
    """Keeps the postings of the newest facts until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._told: list[tuple[Posting, Amount]] = []

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts are booked here, as the trading room books them in its own ledger."""
        return {
            MarketAdded: self.add_market,
            FillBooked: self.book_fill,
            CashBooked: self.book_cash,
            PositionAdopted: self.adopt,
            InferredBooked: self.book_inferred,
        }

    def taken(self) -> list[tuple[Posting, Amount]]:
        """Return postings since the last call, each with its account's balance after the entry."""
        told, self._told = self._told, []
        return told

    def _post(self, postings: list[Posting], change: LineChange | None = None) -> None:
        super()._post(postings, change)
        for posting in postings:
            key = (posting.account, posting.book, posting.name, posting.asset)
            self._told.append((posting, self._balances[key]))
