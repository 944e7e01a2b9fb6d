"""Answers queries through the library: one event for each, whatever happens."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from core.domain.effects import Query
from core.domain.errors import DataInvalid, RequestRefused, VenueError
from core.domain.events import Body, QueryAnswered, QueryFailed, QueryKind
from core.domain.ids import AccountId
from core.exchange.ccxt import reading
from core.exchange.ccxt.library import Exchange, as_error
from core.exchange.ccxt.market_data import BOOK_LEVELS, MarketData
from core.exchange.ccxt.symbols import SymbolMap
from core.exchange.contract import Clock

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_CANDLES: Final = 1_000
_PAGE: Final = 100
_MOST_PAGES: Final = 50
_TIMEFRAMES: Final = {"1month": "1M"}
_Answer = Callable[[Query, SymbolMap], Awaitable[Body | None]]


class CcxtAnswering:
    """Reads what a query asks for and publishes the answer."""

    def __init__(
        self,
        exchange: Exchange,
        account: AccountId,
        data: MarketData,
        clock: Clock,
        publish: Callable[[Body], None],
    ) -> None:
        self._exchange = exchange
        self._account = account
        self._data = data
        self._clock = clock
        self._publish = publish
        self._answers: dict[QueryKind, _Answer] = {
            QueryKind.OPEN_ORDERS: self._open_orders,
            QueryKind.ORDER: self._order,
            QueryKind.ORDER_HISTORY: self._order_history,
            QueryKind.FILLS: self._fills,
            QueryKind.POSITIONS: self._positions,
            QueryKind.BALANCES: self._balances,
            QueryKind.BOOK_SNAPSHOT: self._book,
            QueryKind.CANDLES: self._candles,
        }

    async def answer(self, query: Query, symbols: SymbolMap) -> None:
        """Publish the answer, or QueryFailed: no information."""
        try:
            body = await self._answers.get(query.kind, _not_served)(query, symbols)
        except VenueError as error:
            self._fail(query, str(error))
        except Exception as error:  # noqa: BLE001  the library raises what it likes
            self._fail(query, str(as_error(error)))
        else:
            if body is not None:
                self._publish(body)

    def _fail(self, query: Query, reason: str) -> None:
        now = self._clock.now()
        failure = QueryFailed(
            ts_event=now,
            ts_recv=now,
            query_id=query.query_id,
            kind=query.kind,
            target=query.instrument or query.account or "",
            reason=reason[:300],
        )
        self._publish(failure)

    def _answered(self, query: Query, **found: Any) -> QueryAnswered:
        now = self._clock.now()
        return QueryAnswered(
            ts_event=now,
            ts_recv=now,
            query_id=query.query_id,
            kind=query.kind,
            account=self._account,
            **found,
        )

    async def _open_orders(self, query: Query, symbols: SymbolMap) -> Body:
        rows = await self._exchange.fetch_open_orders(_unified(query, symbols))
        return self._answered(query, rows=self._reports(rows, symbols))

    async def _order(self, query: Query, symbols: SymbolMap) -> Body:
        """Find one order among the open ones: not every exchange can be asked by our id."""
        rows = await self._exchange.fetch_open_orders(_unified(query, symbols))
        reports = self._reports(rows, symbols)
        mine = [each for each in reports if each.client_order_id == query.client_order_id]
        return self._answered(query, rows=tuple(mine))

    async def _order_history(self, query: Query, symbols: SymbolMap) -> Body:
        read = "fetch_orders" if self._has("fetchOrders") else "fetch_closed_orders"
        rows = await self._paged(read, query, symbols)
        return self._answered(query, rows=self._reports(rows, symbols))

    async def _fills(self, query: Query, symbols: SymbolMap) -> Body:
        rows = await self._paged("fetch_my_trades", query, symbols)
        now = self._clock.now()
        fills = [reading.fill(row, self._account, symbols, now) for row in rows]
        since = query.since or 0
        unique = {fill.key: fill for fill in fills if fill.ts_event >= since // _MS * _MS}
        ordered = sorted(unique.values(), key=lambda fill: fill.ts_event)
        return self._answered(query, fills=tuple(ordered))

    async def _paged(self, method: str, query: Query, symbols: SymbolMap) -> list[Any]:
        """Read on from the newest row's own millisecond until a page brings nothing new.

        Raises:
            DataInvalid: when it never ends: an answer that is not whole proves nothing.
        """
        since = None if query.since is None else query.since // _MS
        found: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = await getattr(self._exchange, method)(_unified(query, symbols), since, _PAGE)
            fresh = [row for row in page if str(row["id"]) not in found]
            found |= {str(row["id"]): row for row in fresh}
            newest = max((row.get("timestamp") or 0 for row in page), default=0)
            if since is None or not fresh or len(page) < _PAGE:
                return list(found.values())
            since = max(since, newest)
        raise DataInvalid("history is longer than can be read", method)

    async def _positions(self, query: Query, symbols: SymbolMap) -> Body:
        unified = _unified(query, symbols)
        rows = await self._exchange.fetch_positions(None if unified is None else [unified])
        now = self._clock.now()
        held = [row for row in rows if row.get("contracts")]
        reports = [reading.position_report(row, self._account, symbols, now) for row in held]
        return self._answered(query, rows=tuple(reports))

    async def _balances(self, query: Query, symbols: SymbolMap) -> Body:
        del symbols
        answer = await self._exchange.fetch_balance()
        rows = reading.balance_reports(answer, self._account, self._clock.now())
        return self._answered(query, rows=rows)

    async def _book(self, query: Query, symbols: SymbolMap) -> None:
        """Read a book; it is published with the numbers of the stream it starts anew."""
        if query.instrument is None:
            raise DataInvalid("query for a book names no market")
        book = await self._exchange.fetch_order_book(_unified(query, symbols), BOOK_LEVELS)
        self._data.book_read(query.instrument, book)

    async def _candles(self, query: Query, symbols: SymbolMap) -> Body:
        if query.instrument is None or query.interval is None:
            raise DataInvalid("query for candles names no market or interval")
        frame = _TIMEFRAMES.get(query.interval, query.interval)
        since = (query.since or 0) // _MS
        unified = _unified(query, symbols)
        rows = await self._exchange.fetch_ohlcv(unified, frame, since, _CANDLES)
        length_ns = int(self._exchange.parse_timeframe(frame)) * _SECOND
        now = self._clock.now()
        return reading.candles_loaded(rows, query.instrument, query.interval, length_ns, now)

    def _has(self, name: str) -> bool:
        return self._exchange.has.get(name) is True

    def _reports(self, rows: list[Any], symbols: SymbolMap) -> tuple[Any, ...]:
        now = self._clock.now()
        return tuple(reading.order_report(row, self._account, symbols, now) for row in rows)


async def _not_served(query: Query, symbols: SymbolMap) -> Body:
    del symbols
    raise RequestRefused("NOT_SERVED", f"the library has no {query.kind}")


def _unified(query: Query, symbols: SymbolMap) -> str | None:
    return None if query.instrument is None else symbols.unified(query.instrument)
