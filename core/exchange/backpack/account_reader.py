"""Reads an account: one function a question, complete answers or an error."""

from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Final, TypeVar

from core.domain.errors import DataInvalid, RequestRefused
from core.domain.events import BalanceReport, OrderReport, PositionReport, SettlementReport
from core.domain.ids import AccountId, ClientOrderId, InstrumentId, symbol_of
from core.domain.order import Fill
from core.exchange.backpack import account_rows, history_rows, questions, replies
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import QUERY_WINDOW_MS
from core.exchange.backpack.history import read_history
from core.exchange.backpack.questions import Question
from core.exchange.backpack.requests import leverage_request
from core.exchange.backpack.rows import read

_MS: Final = 1_000_000
_MOST_BALANCE_READS: Final = 4
_NOT_FOUND: Final = "NOT_FOUND"
_Row = TypeVar("_Row")
_Balances = dict[str, account_rows.BalanceRow]


class AccountReader:
    """Questions about one account."""

    def __init__(self, client: RestClient, account: AccountId) -> None:
        self._client = client
        self._account = account
        self._was_lent = True

    # ---- orders and fills ----------------------------------------------------------------------

    async def open_orders(self, instrument: InstrumentId | None) -> tuple[OrderReport, ...]:
        """Read the resting orders of a market, or of all."""
        reply = await self._client.ask(questions.open_orders(_symbol(instrument)))
        return self._orders(read(reply.body, list[replies.OrderRow]))

    async def order(
        self, instrument: InstrumentId, client_order_id: ClientOrderId
    ) -> tuple[OrderReport, ...]:
        """Read one resting order; none if it does not rest."""
        question = questions.order(symbol_of(instrument), client_id=int(client_order_id))
        try:
            reply = await self._client.ask(question)
        except RequestRefused as refused:
            if refused.code == _NOT_FOUND:
                return ()
            raise
        return self._orders([read(reply.body, replies.OrderRow)])

    async def order_history(
        self, instrument: InstrumentId | None, since: int | None
    ) -> tuple[OrderReport, ...]:
        """Read orders newest first, back past `since` (ns)."""
        rows = await self._pages(
            questions.order_history(_symbol(instrument)),
            replies.OrderRow,
            key=lambda row: str(row.id),
            is_past=lambda row: since is not None and self._order(row).ts_event < since,
        )
        return self._orders(rows)

    def _order(self, row: replies.OrderRow) -> OrderReport:
        return replies.order_report(row, self._account, self._client.clock.now())

    def _orders(self, rows: list[replies.OrderRow]) -> tuple[OrderReport, ...]:
        return tuple({(report := self._order(row)).venue_order_id: report for row in rows}.values())

    async def fills(self, instrument: InstrumentId | None, since: int | None) -> tuple[Fill, ...]:
        """Read fills, oldest first, at or after `since` (ns)."""
        from_ms = None if since is None else max(0, since // _MS)
        question = questions.fills(_symbol(instrument), from_ms=from_ms)
        rows = await self._pages(question, replies.FillRow, is_newest_first=False)
        return tuple(replies.fill_of(row, self._account) for row in rows)

    # ---- money ---------------------------------------------------------------------------------

    async def settlements(self, since: int | None) -> tuple[SettlementReport, ...]:
        """Read cash movements newest first, back past `since` (ns)."""
        rows = await self._pages(
            questions.settlements(),
            replies.SettlementRow,
            is_past=lambda row: since is not None and self._settlement(row).ts_event < since,
        )
        reports = (self._settlement(row) for row in rows)
        unique = {report.row_id: report for report in reports}
        return tuple(r for r in unique.values() if since is None or r.ts_event >= since)

    def _settlement(self, row: replies.SettlementRow) -> SettlementReport:
        return replies.settlement_report(row, self._account, self._client.clock.now())

    async def positions(self, instrument: InstrumentId | None) -> tuple[PositionReport, ...]:
        """Read open positions; a market without one is flat."""
        rows = await self.position_rows(instrument)
        now = self._client.clock.now()
        return tuple(replies.position_report(row, self._account, now) for row in rows)

    async def position_rows(
        self, instrument: InstrumentId | None
    ) -> tuple[account_rows.PositionRow, ...]:
        """Read open positions with all the venue says; one market's with its liquidation price."""
        try:
            reply = await self._client.ask(questions.positions(_symbol(instrument)))
        except RequestRefused as refused:
            if refused.code == _NOT_FOUND:
                return ()
            raise
        return read(reply.body, tuple[account_rows.PositionRow, ...])

    async def balances(self) -> tuple[BalanceReport, ...]:
        """Read balances, lent funds included, as totals that a ledger can equal.

        Two replies make one answer, so funds could move between them: where anything is lent, or
        was, the first is read again until it stands still.

        Raises:
            DataInvalid: when it does not.
        """
        rows = await self._capital()
        for _ in range(_MOST_BALANCE_READS):
            lent = (await self.collateral()).lent()
            is_still = not (lent or self._was_lent) or rows == (again := await self._capital())
            if is_still:
                self._was_lent = bool(lent)
                now = self._client.clock.now()
                return replies.balance_reports(rows, self._account, now, lent)
            rows = again
        raise DataInvalid("balances move faster than they can be read", self._account)

    async def _capital(self) -> _Balances:
        reply = await self._client.ask(questions.balances())
        return read(reply.body, dict[str, account_rows.BalanceRow])

    async def collateral(self) -> account_rows.CollateralRow:
        """Read what the whole account is worth."""
        reply = await self._client.ask(questions.collateral())
        return read(reply.body, account_rows.CollateralRow)

    async def account(self) -> account_rows.AccountRow:
        """Read fees, leverage limit and settings."""
        return read((await self._client.ask(questions.account())).body, account_rows.AccountRow)

    async def set_leverage(self, limit: Decimal) -> None:
        """Set the leverage limit, which holds for every market of the account."""
        await self._client.change(
            lambda signer, now_ms: leverage_request(
                signer, limit, timestamp_ms=now_ms, window_ms=QUERY_WINDOW_MS
            )
        )

    async def lending(self) -> tuple[account_rows.LendingRow, ...]:
        """Read what is lent and borrowed."""
        reply = await self._client.ask(questions.lending())
        return read(reply.body, tuple[account_rows.LendingRow, ...])

    async def strategies(self) -> tuple[account_rows.StrategyRow, ...]:
        """Read the scheduled strategies that run at the venue."""
        reply = await self._client.ask(questions.strategies())
        return read(reply.body, tuple[account_rows.StrategyRow, ...])

    # ---- other histories, newest first ---------------------------------------------------------

    async def funding(
        self, instrument: InstrumentId | None, since: int | None
    ) -> tuple[history_rows.FundingRow, ...]:
        """Read funding payments back past `since` (ns)."""
        rows = await self._pages(
            questions.funding(_symbol(instrument)),
            history_rows.FundingRow,
            is_past=lambda row: since is not None and row.interval_end_ts < since,
        )
        return tuple(row for row in rows if since is None or row.interval_end_ts >= since)

    async def position_history(
        self, instrument: InstrumentId | None
    ) -> tuple[history_rows.PositionHistoryRow, ...]:
        """Read the lives of positions; an open one goes on changing."""
        question = questions.position_history(_symbol(instrument))
        kind = history_rows.PositionHistoryRow
        return tuple(await self._pages(question, kind, key=lambda row: str(row.id)))

    async def strategy_history(
        self, instrument: InstrumentId | None
    ) -> tuple[account_rows.StrategyRow, ...]:
        """Read scheduled strategies; a running one goes on changing."""
        question = questions.strategy_history(_symbol(instrument))
        return tuple(
            await self._pages(question, account_rows.StrategyRow, key=lambda row: str(row.id))
        )

    async def lending_positions(self) -> tuple[history_rows.LendingPositionRow, ...]:
        """Read the lives of what was lent; an open one goes on changing."""
        return tuple(
            await self._pages(
                questions.lending_positions(),
                history_rows.LendingPositionRow,
                key=lambda row: (row.position_id, row.symbol, row.side, row.created_at),
            )
        )

    async def deposits(self, since: int | None) -> tuple[history_rows.DepositRow, ...]:
        """Read what came into the account at or after `since` (ns); its state goes on changing."""
        from_ms = None if since is None else max(0, since // _MS)
        question = questions.deposits(from_ms)
        return tuple(await self._pages(question, history_rows.DepositRow, key=lambda row: row.id))

    async def history(self, question: Question, kind: type[_Row]) -> tuple[_Row, ...]:
        """Read a history whose rows never change whole: lending, interest, dust."""
        return tuple(await self._pages(question, kind))

    async def _pages(
        self,
        question: Question,
        kind: type[_Row],
        *,
        key: Callable[[_Row], Hashable] | None = None,
        is_past: Callable[[_Row], bool] | None = None,
        is_newest_first: bool = True,
    ) -> list[_Row]:
        return await read_history(
            lambda page: self._client.ask(question, page),
            kind,
            key=key,
            is_past=is_past,
            is_newest_first=is_newest_first,
        )


def _symbol(instrument: InstrumentId | None) -> str | None:
    return None if instrument is None else symbol_of(instrument)
