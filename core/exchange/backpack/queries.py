"""Reads markets: one function a question, complete answers or an error."""

from core.domain.events import BookSnapshotSeen, InstrumentsListed
from core.domain.ids import InstrumentId, Symbol, VenueId, symbol_of
from core.exchange.backpack import market_replies, public_requests, public_rows
from core.exchange.backpack.account_reader import AccountReader
from core.exchange.backpack.client import RestClient
from core.exchange.backpack.constants import DEPTH_LIMIT
from core.exchange.backpack.rows import read

__all__ = ["AccountReader", "book_snapshot", "instruments", "status"]


async def instruments(client: RestClient, venue: VenueId) -> InstrumentsListed:
    """Read the catalogue."""
    reply = await client.read(public_requests.markets_request)
    return market_replies.instruments_listed(reply.body, venue, client.clock.now())


async def status(client: RestClient) -> public_rows.StatusRow:
    """Read whether the venue is in service."""
    return read((await client.read(public_requests.status_request)).body, public_rows.StatusRow)


async def book_snapshot(
    client: RestClient, instrument: InstrumentId, limit: int = DEPTH_LIMIT
) -> BookSnapshotSeen:
    """Read a book, `limit` levels a side."""
    symbol = Symbol(symbol_of(instrument))
    reply = await client.read(lambda: public_requests.depth_request(symbol, limit))
    return market_replies.book_snapshot(reply.body, instrument, client.clock.now())
