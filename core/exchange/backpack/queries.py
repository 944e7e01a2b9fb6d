"""Reads an account and its markets: one function a question, complete answers or an error."""

from collections.abc import Callable
from typing import Final, TypeVar

from core.domain.errors import DataInvalid, RequestRefused
from core.domain.events import (
    BalanceReport,
    BookSnapshotSeen,
    CandlesLoaded,
    InstrumentsListed,
    OrderReport,
    PositionReport,
    SettlementReport,
)
from core.domain.ids import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    Symbol,
    VenueId,
    symbol_of,
)
from core.domain.order import Fill
from core.exchange.backpack import market_replies, replies, requests
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import (
    HISTORY_LIMIT,
    INTERVALS,
    KLINES_LIMIT,
    Instruction,
)
from core.exchange.contract import Wire

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_MOST_PAGES: Final = 100
_NOT_FOUND: Final = "NOT_FOUND"
_SECONDS: Final = {
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "month": 2_592_000,
}
_Row = TypeVar("_Row")


class AccountReader:
    """Questions about one account."""

    def __init__(self, client: RestClient, account: AccountId) -> None:
        self._client = client
        self._account = account

    async def open_orders(self, instrument: InstrumentId | None) -> tuple[OrderReport, ...]:
        """Read the resting orders of a market, or of all."""
        fields = _symbol_field(instrument)
        reply = await self._client.query("/api/v1/orders", Instruction.OPEN_ORDERS, fields)
        return self._orders(replies.read(reply.body, list[replies.OrderRow]))

    async def order(
        self, instrument: InstrumentId, client_order_id: ClientOrderId
    ) -> tuple[OrderReport, ...]:
        """Read one resting order; none if it does not rest."""
        fields: requests.Fields = {
            "symbol": symbol_of(instrument),
            "clientId": int(client_order_id),
        }
        try:
            reply = await self._client.query("/api/v1/order", Instruction.ORDER, fields)
        except RequestRefused as refused:
            if refused.code == _NOT_FOUND:
                return ()
            raise
        return self._orders([replies.read(reply.body, replies.OrderRow)])

    async def order_history(
        self, instrument: InstrumentId | None, since: int | None
    ) -> tuple[OrderReport, ...]:
        """Read orders newest first, back past `since` (ns)."""
        rows = await self._pages(
            "/wapi/v1/history/orders",
            Instruction.ORDER_HISTORY,
            _symbol_field(instrument),
            replies.OrderRow,
            lambda row: since is not None and self._order(row).ts_event < since,
        )
        return self._orders(rows)

    def _order(self, row: replies.OrderRow) -> OrderReport:
        return replies.order_report(row, self._account, self._client.clock.now())

    def _orders(self, rows: list[replies.OrderRow]) -> tuple[OrderReport, ...]:
        return tuple({(report := self._order(row)).venue_order_id: report for row in rows}.values())

    async def fills(self, instrument: InstrumentId | None, since: int | None) -> tuple[Fill, ...]:
        """Read fills, oldest first, at or after `since` (ns)."""
        fields = _symbol_field(instrument)
        if since is not None:
            fields["from"] = max(0, since // _MS)
        fields["sortDirection"] = "Asc"
        rows = await self._pages(
            "/wapi/v1/history/fills", Instruction.FILLS, fields, replies.FillRow, _never
        )
        return tuple(replies.fill_of(row, self._account) for row in rows)

    async def settlements(self, since: int | None) -> tuple[SettlementReport, ...]:
        """Read cash movements newest first, back past `since` (ns)."""
        rows = await self._pages(
            "/wapi/v1/history/settlement",
            Instruction.SETTLEMENTS,
            {},
            replies.SettlementRow,
            lambda row: since is not None and self._settlement(row).ts_event < since,
        )
        reports = (self._settlement(row) for row in rows)
        unique = {report.row_id: report for report in reports}
        return tuple(r for r in unique.values() if since is None or r.ts_event >= since)

    def _settlement(self, row: replies.SettlementRow) -> SettlementReport:
        return replies.settlement_report(row, self._account, self._client.clock.now())

    async def positions(self, instrument: InstrumentId | None) -> tuple[PositionReport, ...]:
        """Read open positions; a market without one is flat."""
        fields = _symbol_field(instrument)
        try:
            reply = await self._client.query("/api/v1/position", Instruction.POSITIONS, fields)
        except RequestRefused as refused:
            if refused.code == _NOT_FOUND:
                return ()
            raise
        rows = replies.read(reply.body, list[replies.PositionRow])
        now = self._client.clock.now()
        return tuple(replies.position_report(row, self._account, now) for row in rows)

    async def balances(self) -> tuple[BalanceReport, ...]:
        """Read balances; lent funds are not in them."""
        reply = await self._client.query("/api/v1/capital", Instruction.BALANCES, {})
        rows = replies.read(reply.body, dict[str, replies.BalanceRow])
        return replies.balance_reports(rows, self._account, self._client.clock.now())

    async def collateral(self) -> replies.CollateralRow:
        """Read what the whole account is worth."""
        path = "/api/v1/capital/collateral"
        reply = await self._client.query(path, Instruction.COLLATERAL, {})
        return replies.read(reply.body, replies.CollateralRow)

    async def _pages(
        self,
        path: str,
        instruction: Instruction,
        fields: requests.Fields,
        kind: type[_Row],
        is_past: Callable[[_Row], bool],
    ) -> list[_Row]:
        """Read page after page until one is short or its last row lies before what was asked."""
        rows: list[_Row] = []
        for page in range(_MOST_PAGES):
            window: requests.Fields = {"limit": HISTORY_LIMIT, "offset": page * HISTORY_LIMIT}
            reply = await self._client.query(path, instruction, fields | window)
            found = replies.read(reply.body, list[kind])  # type: ignore[valid-type]
            rows += found
            if len(found) < HISTORY_LIMIT or is_past(found[-1]):
                return rows
        raise DataInvalid("history is longer than can be read", path)


def _symbol_field(instrument: InstrumentId | None) -> requests.Fields:
    return {} if instrument is None else {"symbol": symbol_of(instrument)}


def _never(row: object) -> bool:
    del row
    return False


async def instruments(client: RestClient, venue: VenueId) -> InstrumentsListed:
    """Read the catalogue."""
    reply = await client.read(requests.markets_request)
    return market_replies.instruments_listed(reply.body, venue, client.clock.now())


async def book_snapshot(client: RestClient, instrument: InstrumentId) -> BookSnapshotSeen:
    """Read a whole book."""
    symbol = Symbol(symbol_of(instrument))
    reply = await client.read(lambda: requests.depth_request(symbol))
    return market_replies.book_snapshot(reply.body, instrument, client.clock.now())


async def candles(
    client: RestClient, instrument: InstrumentId, interval: str, since: int
) -> CandlesLoaded:
    """Read candles from `since` (ns) until now, at most 1,000 of the newest.

    Raises:
        DataInvalid: when the interval or the window is none.
    """
    if interval not in INTERVALS:
        raise DataInvalid("interval is not served", repr(interval[:20]))
    step = interval_secs(interval)
    now_secs = client.venue_ms() // 1_000
    start = max(since // _SECOND, now_secs - KLINES_LIMIT * step, 1)
    build = _klines(Symbol(symbol_of(instrument)), interval, min(start, now_secs - step), step)
    reply = await client.read(lambda: build(client.venue_ms() // 1_000), is_history=True)
    now = client.clock.now()
    return market_replies.candles_loaded(reply.body, instrument, interval, now)


def _klines(symbol: Symbol, interval: str, start: int, step: int) -> Callable[[int], Wire]:
    def build(now_secs: int) -> Wire:
        return requests.klines_request(
            symbol,
            interval,
            start_secs=max(start, now_secs - KLINES_LIMIT * step),
            end_secs=now_secs,
            now_secs=now_secs,
            step_secs=step,
        )

    return build


def interval_secs(interval: str) -> int:
    """Return the length of one of the venue's intervals in seconds; a month counts 30 days."""
    digits = "".join(char for char in interval if char.isdecimal())
    return int(digits) * _SECONDS[interval[len(digits) :]]
