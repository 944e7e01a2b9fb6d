"""The ledger, telling what it posts: the same booking, nothing computed twice."""

from core.domain.exact import Amount
from core.trading.identity import LineChange
from core.trading.ledger import Ledger
from core.trading.posting import Posting


class TellingLedger(Ledger):
    """Keeps the postings of the newest facts until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._told: list[tuple[Posting, Amount]] = []

    def taken(self) -> list[tuple[Posting, Amount]]:
        """Return postings since the last call, each with its account's balance after the entry."""
        told, self._told = self._told, []
        return told

    def _post(self, postings: list[Posting], change: LineChange | None = None) -> None:
        super()._post(postings, change)
        for posting in postings:
            key = (posting.account, posting.book, posting.name, posting.asset)
            self._told.append((posting, self._balances[key]))
