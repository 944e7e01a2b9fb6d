"""Answers `Query` effects: one event for each, whatever happens."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from core.domain.effects import Query
from core.domain.errors import CockpitError, DataInvalid
from core.domain.events import Body, CandlesLoaded, QueryAnswered, QueryFailed, QueryKind
from core.domain.ids import AccountId, symbol_of
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.queries import AccountReader, book_snapshot
from core.exchange.candles import CandleService, seen

MOST_CANDLES: Final = 990
"""Of a chart: one window of the service, with room for the clocks to differ."""
_SECOND: Final = 1_000_000_000
_Answer = Callable[[Query], Awaitable[Body]]
log = logging.getLogger(__name__)


class Answering:
    """Reads what a query asks for and publishes the answer.

    Args:
        client: Asks the venue.
        account: Whose account it is, for answers that have no other.
        publish: Takes the answers.
        history: The candles of the past, asked through the same client.
    """

    def __init__(
        self,
        client: RestClient,
        account: AccountId,
        publish: Callable[[Body], None],
        history: CandleService,
    ) -> None:
        self._client = client
        self._account = account
        self._reader = AccountReader(client, account)
        self._publish = publish
        self._history = history
        self._answers: dict[QueryKind, _Answer] = {
            QueryKind.OPEN_ORDERS: self._open_orders,
            QueryKind.ORDER_HISTORY: self._order_history,
            QueryKind.FILLS: self._fills,
            QueryKind.POSITIONS: self._positions,
            QueryKind.BALANCES: self._balances,
            QueryKind.SETTLEMENTS: self._settlements,
            QueryKind.ORDER: self._order,
            QueryKind.BOOK_SNAPSHOT: self._book_snapshot,
            QueryKind.CANDLES: self._candles,
        }

    async def answer(self, query: Query) -> None:
        """Publish the answer, or QueryFailed: no information."""
        try:
            self._publish(await self._answers[query.kind](query))
        except (CockpitError, ValueError) as error:
            self._fail(query, str(error))
        except Exception:
            # The edge of a task: the venue goes on, and the question is not left open.
            log.exception("query.failed", extra={"kind": query.kind.value})
            self._fail(query, "the answer could not be read: see the log")

    def _fail(self, query: Query, reason: str) -> None:
        now = self._client.clock.now()
        failure = QueryFailed(
            ts_event=now,
            ts_recv=now,
            query_id=query.query_id,
            kind=query.kind,
            target=query.instrument or query.account or "",
            reason=reason[:300],
        )
        self._publish(failure)

    def _answered(self, query: Query, **found: object) -> QueryAnswered:
        now = self._client.clock.now()
        return QueryAnswered(
            ts_event=now,
            ts_recv=now,
            query_id=query.query_id,
            kind=query.kind,
            account=query.account or self._account,
            **found,  # type: ignore[arg-type]
        )

    async def _open_orders(self, query: Query) -> Body:
        return self._answered(query, rows=await self._reader.open_orders(query.instrument))

    async def _order_history(self, query: Query) -> Body:
        rows = await self._reader.order_history(query.instrument, query.since)
        return self._answered(query, rows=rows)

    async def _fills(self, query: Query) -> Body:
        fills = await self._reader.fills(query.instrument, query.since)
        return self._answered(query, fills=fills)

    async def _positions(self, query: Query) -> Body:
        return self._answered(query, rows=await self._reader.positions(query.instrument))

    async def _balances(self, query: Query) -> Body:
        return self._answered(query, rows=await self._reader.balances())

    async def _settlements(self, query: Query) -> Body:
        return self._answered(query, rows=await self._reader.settlements(query.since))

    async def _order(self, query: Query) -> Body:
        if query.instrument is None or query.client_order_id is None:
            raise DataInvalid("query for an order names no order")
        rows = await self._reader.order(query.instrument, query.client_order_id)
        return self._answered(query, rows=rows)

    async def _book_snapshot(self, query: Query) -> Body:
        if query.instrument is None:
            raise DataInvalid("query for a book names no market")
        return await book_snapshot(self._client, query.instrument)

    async def _candles(self, query: Query) -> Body:
        if query.instrument is None or query.interval is None:
            raise DataInvalid("query for candles names no market or interval")
        candles = await self._history.newest(
            symbol_of(query.instrument),
            query.interval,
            MOST_CANDLES,
            (query.since or 0) // _SECOND,
        )
        now = self._client.clock.now()
        return CandlesLoaded(
            ts_event=now,
            ts_recv=now,
            instrument=query.instrument,
            interval=query.interval,
            candles=tuple(seen(each, query.instrument, query.interval, now) for each in candles),
        )
