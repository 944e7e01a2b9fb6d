"""Reads the histories of markets: prints and funding rates, whole or an error."""

from core.domain.events import TradeSeen
from core.domain.ids import InstrumentId, Symbol, symbol_of
from core.exchange.backpack import market_replies, public_requests, public_rows
from core.exchange.backpack.budget import Lane
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.history import read_history
from core.exchange.backpack.questions import Fields
from core.exchange.backpack.times import NS_PER_MS
from core.exchange.contract import Reply


async def past_trades(
    client: RestClient, instrument: InstrumentId, since: int
) -> tuple[TradeSeen, ...]:
    """Read public prints at or after `since` (ns), oldest first."""
    symbol = Symbol(symbol_of(instrument))

    async def ask(page: Fields) -> Reply:
        limit, offset = int(page["limit"]), int(page["offset"])
        return await client.read(
            lambda: public_requests.trade_history_request(symbol, limit, offset), lane=Lane.HISTORY
        )

    rows = await read_history(
        ask,
        market_replies.TradeRow,
        key=lambda row: row.id,
        is_past=lambda row: row.timestamp * NS_PER_MS < since,
    )
    found = market_replies.trades_of(rows, instrument, client.clock.now())
    return tuple(trade for trade in found if trade.ts_event >= since)


async def funding_rates(
    client: RestClient, instrument: InstrumentId, since: int
) -> tuple[public_rows.FundingRateRow, ...]:
    """Read rates of intervals that end at or after `since` (ns), newest first; the first runs."""
    symbol = Symbol(symbol_of(instrument))

    async def ask(page: Fields) -> Reply:
        limit, offset = int(page["limit"]), int(page["offset"])
        return await client.read(
            lambda: public_requests.funding_rates_request(symbol, limit, offset), lane=Lane.HISTORY
        )

    rows = await read_history(
        ask,
        public_rows.FundingRateRow,
        key=lambda row: row.interval_end_timestamp,
        is_past=lambda row: row.interval_end_ts < since,
    )
    return tuple(row for row in rows if row.interval_end_ts >= since)
