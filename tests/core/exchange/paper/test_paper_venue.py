"""The shell round a paper account: what passes through, the file, the kill switch's verbs."""

import asyncio
import random
from pathlib import Path

import pytest

from core.domain.effects import Query
from core.domain.errors import ConfigError
from core.domain.events import (
    Body,
    Channel,
    ConnectionChanged,
    InstrumentsListed,
    LinkState,
    OrderReport,
    QueryAnswered,
    QueryKind,
)
from core.domain.ids import AccountId, InstrumentId, Symbol, VenueId
from core.domain.kill import KillTrouble
from core.domain.order import OrderState, Side, TimeInForce
from core.exchange.paper.canceller import PaperCanceller
from core.exchange.paper.exchange import PaperExchange
from core.exchange.paper.facts import PaperFact
from core.exchange.paper.store import PaperStore, StoreBroken
from core.exchange.paper.venue import PaperVenue
from core.runtime.clock import SystemClock
from tests.core.builders import ACCOUNT, SOL_PERP, instrument, terms
from tests.core.exchange.paper.paper_stage import MS, place, settings


class Behind:
    """A public venue that only notes what it is asked."""

    def __init__(self) -> None:
        self.queries: list[Query] = []

    def subscribe(self, instrument: InstrumentId) -> None:
        """Do nothing."""

    def unsubscribe(self, instrument: InstrumentId) -> None:
        """Do nothing."""

    def query(self, query: Query) -> None:
        """Note it."""
        self.queries.append(query)


class FullDisk(PaperStore):
    """A file that refuses while it is told to."""

    is_full = False

    def append(self, facts: list[PaperFact]) -> None:
        """Refuse, or write."""
        if self.is_full:
            raise StoreBroken("database or disk is full")
        super().append(facts)


def opened(path: Path, told: list[Body]) -> tuple[PaperVenue, FullDisk, Behind]:
    """Return a venue of one millisecond's latency on a file, and what stands behind it."""
    store, behind = FullDisk(path, ACCOUNT), Behind()
    exchange = PaperExchange(ACCOUNT, settings(first_latency_ns=MS), random.Random(1))
    venue = PaperVenue(VenueId("alpha"), exchange, store, SystemClock(), told.append)
    venue.put_before(behind)
    return venue, store, behind


def catalogue() -> InstrumentsListed:
    """Tell one market."""
    return InstrumentsListed(
        ts_event=0, ts_recv=0, venue=VenueId("alpha"), instruments=(instrument(SOL_PERP),)
    )


async def until_told(told: list[Body], kind: type[Body], count: int = 1) -> list[Body]:
    """Wait until so many events of a kind have come."""
    async with asyncio.timeout(5):
        while len(found := [b for b in told if isinstance(b, kind)]) < count:  # noqa: ASYNC110  a list
            await asyncio.sleep(0.005)
    return found


async def test_kill_verbs_cancel_paper_orders_and_prove_it(tmp_path: Path) -> None:
    """Open orders are listed, a market is cancelled, then none is left."""
    told: list[Body] = []
    venue, store, _ = opened(tmp_path / "a.db", told)
    async with venue:
        venue.publish(catalogue())
        for number in (1, 2):
            venue.place(place(terms(Side.BUY, "1", "90", time_in_force=TimeInForce.GTC), number))
        await until_told(told, OrderReport, 2)
        kill = PaperCanceller(venue)

        before = await kill.open_orders(1)
        is_done = await kill.cancel_order(Symbol("SOL_USDC_PERP"), before[0].order_id, None, 1)
        await kill.cancel_market(Symbol("SOL_USDC_PERP"), is_conditional=False, deadline_secs=1)
        after = await kill.open_orders(1)
        with pytest.raises(KillTrouble) as gone:
            await kill.cancel_order(Symbol("SOL_USDC_PERP"), before[0].order_id, None, 1)
    store.close()

    assert [row.client_order_id for row in before] == [1, 2]
    assert is_done
    assert after == ()
    assert gone.value.is_not_found


async def test_full_disk_silences_the_account_and_says_so_until_it_is_well(tmp_path: Path) -> None:
    """No report leaves, the private link is down with the reason; afterwards all comes, once."""
    told: list[Body] = []
    venue, store, _ = opened(tmp_path / "a.db", told)
    async with venue:
        venue.publish(catalogue())
        store.is_full = True
        venue.place(place(terms(Side.BUY, "1", "90", time_in_force=TimeInForce.GTC), 1))
        await until_told(told, ConnectionChanged, 2)
        silent = [body for body in told if isinstance(body, OrderReport)]
        error = venue.health().store_error
        store.is_full = False
        reports = await until_told(told, OrderReport)
    store.close()

    links = [body for body in told if isinstance(body, ConnectionChanged)]
    assert silent == []
    assert "disk is full" in error
    assert [link.state for link in links] == [LinkState.UP, LinkState.DOWN, LinkState.UP]
    assert {link.channel for link in links} == {Channel.PRIVATE}
    assert [r.state for r in reports if isinstance(r, OrderReport)] == [OrderState.ACCEPTED]


async def test_only_public_questions_reach_the_venue_behind(tmp_path: Path) -> None:
    """Books and candles pass; the account answers for itself."""
    told: list[Body] = []
    venue, store, behind = opened(tmp_path / "a.db", told)
    async with venue:
        for number, kind in enumerate(QueryKind, 1):
            venue.query(
                Query(
                    query_id=number,
                    kind=kind,
                    account=ACCOUNT,
                    instrument=SOL_PERP,
                    client_order_id=place(terms(), 1).client_order_id,
                )
            )
        answers = await until_told(told, QueryAnswered, len(QueryKind) - 2)
    store.close()

    assert {q.kind for q in behind.queries} == {QueryKind.BOOK_SNAPSHOT, QueryKind.CANDLES}
    assert len(answers) == len(QueryKind) - 2


def test_file_of_another_account_is_refused_and_untouched(tmp_path: Path) -> None:
    """The sentence names the file and the remedy."""
    path = tmp_path / "a.db"
    PaperStore(path, ACCOUNT).close()
    before = path.read_bytes()

    with pytest.raises(ConfigError, match=r"paper account cannot be read: .*a\.db.*Move this file"):
        PaperStore(path, AccountId("beta:main"))

    assert path.read_bytes() == before


def test_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    """Junk is not overwritten."""
    path = tmp_path / "a.db"
    path.write_bytes(b"no database at all, " * 300)
    before = path.read_bytes()

    with pytest.raises(ConfigError, match="paper account cannot be read"):
        PaperStore(path, ACCOUNT)

    assert path.read_bytes() == before
