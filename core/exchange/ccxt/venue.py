"""The shell: one exchange of the library behind the venue contract.

The library owns its sockets and paces its requests; here things are started, stopped and told.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.events import Body, OrderOutcomeUnknown
from core.domain.ids import AccountId, InstrumentId, VenueId, account_id
from core.exchange.ccxt.answering import CcxtAnswering
from core.exchange.ccxt.capabilities import UNPROVEN, Capabilities
from core.exchange.ccxt.catalogue import FeeRates, fee_rates, instruments_listed
from core.exchange.ccxt.entry import CcxtEntry
from core.exchange.ccxt.library import Exchange, as_error
from core.exchange.ccxt.market_data import MarketData
from core.exchange.ccxt.symbols import SymbolMap, symbol_map
from core.exchange.contract import Clock

CATALOGUE_SECS: Final = 3_600.0
RETRY_SECS: Final = 5.0
log = logging.getLogger(__name__)


class CcxtVenue:
    """One exchange: public data, and an account where the exchange object has keys.

    Args:
        name: What instruments are named after.
        exchange: An object of the library; closed with the venue.
        clock: Wall and monotonic time.
        publish: Takes every event; must not block.
        rng: Jitter of pauses.
        capabilities: What a conformance run proved; without one nothing can be placed.
        account: The account's name; `<venue>:main` if None.
    """

    def __init__(
        self,
        name: VenueId,
        exchange: Exchange,
        clock: Clock,
        publish: Callable[[Body], None],
        rng: random.Random,
        *,
        capabilities: Capabilities = UNPROVEN,
        account: AccountId | None = None,
    ) -> None:
        self.name = name
        self.account = account or account_id(name)
        self.capabilities = capabilities
        self._exchange = exchange
        self._clock = clock
        self._publish = publish
        self._symbols = SymbolMap(name)
        self._is_listed = asyncio.Event()
        self._data = MarketData(name, exchange, clock, publish, rng)
        self._entry = CcxtEntry(exchange, self.account, capabilities, clock, publish)
        self._answering = CcxtAnswering(exchange, self.account, self._data, clock, publish)
        self._followed: dict[InstrumentId, list[asyncio.Task[None]]] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._start(self._keep_catalogue(), "catalogue")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._exchange.close()

    def _start(self, work: Coroutine[Any, Any, None], title: str) -> asyncio.Task[None]:
        task = self._group.create_task(work, name=f"{self.name} {title}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ---- what the runtime asks -----------------------------------------------------------------

    def subscribe(self, instrument: InstrumentId) -> None:
        """Follow the book and the prints of a market."""
        if instrument not in self._followed:
            self._followed[instrument] = [
                self._start(self._follow(instrument, is_book=True), f"book {instrument}"),
                self._start(self._follow(instrument, is_book=False), f"trades {instrument}"),
            ]

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Stop following a market."""
        for task in self._followed.pop(instrument, []):
            task.cancel()

    def place(self, effect: PlaceOrder) -> None:
        """Send an approved order once, where that is proved; its fate comes as events."""
        self._start(self._place(effect), f"order {effect.client_order_id}")

    def cancel(self, effect: CancelOrder) -> None:
        """Send a cancel; its answer comes as an event."""
        self._start(self._entry.cancel(effect, self._symbols), f"cancel {effect.client_order_id}")

    def query(self, query: Query) -> None:
        """Read something; the answer, or its failure, comes as an event."""
        self._start(self._answer(query), f"query {query.query_id}")

    async def fees(self, instrument: InstrumentId) -> FeeRates:
        """Read a market's fees: the account's own where the exchange tells them.

        Raises:
            CockpitError: when they cannot be had.
        """
        unified = self._symbols.unified(instrument)
        try:
            if self._exchange.has.get("fetchTradingFee") is True:
                return fee_rates(await self._exchange.fetch_trading_fee(unified))
            return fee_rates(self._exchange.market(unified))
        except Exception as error:
            raise as_error(error) from error

    # ---- what goes on by itself ----------------------------------------------------------------

    async def _place(self, effect: PlaceOrder) -> None:
        try:
            await self._entry.place(effect, self._symbols)
        except Exception:
            log.exception("order.entry_failed", extra={"client_order_id": effect.client_order_id})
            now = self._clock.now()
            unknown = OrderOutcomeUnknown(
                ts_event=now,
                ts_recv=now,
                client_order_id=effect.client_order_id,
                reason="order entry failed",
            )
            self._publish(unknown)

    async def _answer(self, query: Query) -> None:
        await self._is_listed.wait()
        await self._answering.answer(query, self._symbols)

    async def _follow(self, instrument: InstrumentId, *, is_book: bool) -> None:
        await self._is_listed.wait()
        try:
            unified = self._symbols.unified(instrument)
        except Exception as error:  # noqa: BLE001  a market nobody lists: say so, follow nothing
            log.warning("venue.no_such_market", extra={"error": str(error)})
            return
        follow = self._data.follow_book if is_book else self._data.follow_trades
        await follow(instrument, unified)

    async def _keep_catalogue(self) -> None:
        while True:
            try:
                markets = await self._exchange.load_markets(True)
                self._symbols = symbol_map(self.name, markets)
                self._is_listed.set()
                mode, now = self._exchange.precisionMode, self._clock.now()
                self._publish(instruments_listed(markets, mode, self._symbols, self.name, now))
                pause = CATALOGUE_SECS
            except Exception as error:  # noqa: BLE001  the library raises what it likes
                reason = str(as_error(error))
                log.warning("venue.read_failed", extra={"venue": self.name, "error": reason})
                pause = RETRY_SECS
            await asyncio.sleep(pause)
