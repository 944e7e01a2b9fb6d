"""A paper account in virtual time, driven by hand: what the feed shows, what is ordered, told."""

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from core.domain.effects import CancelOrder, PlaceOrder, Query
from core.domain.events import (
    Body,
    BookSnapshotSeen,
    DepthChanged,
    InstrumentsListed,
    MarkPriceSeen,
    OrderReport,
    QueryAnswered,
    QueryKind,
    TradeSeen,
)
from core.domain.ids import Asset, ClientOrderId, InstrumentId, venue_of
from core.domain.instrument import Instrument
from core.domain.intent import Leg, RiskApproved
from core.domain.order import Fill, OrderTerms, Side
from core.exchange.paper.exchange import PaperExchange
from core.exchange.paper.facts import PaperFact
from core.exchange.paper.settings import PaperFees, PaperSettings
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, SOL_SPOT, START, approved, instrument

MS: Final = 1_000_000
USDC: Final = Asset("USDC")
FEES: Final = PaperFees(
    perpetual_maker_bps=Decimal(2),
    perpetual_taker_bps=Decimal(5),
    spot_maker_bps=Decimal(8),
    spot_taker_bps=Decimal(10),
)


def settings(**changes: object) -> PaperSettings:
    """Return an account of 100,000 USDC without a bump."""
    given: dict[str, object] = {"asset": USDC, "deposit": 100_000, "fees": FEES, "bump_ns": 0}
    return PaperSettings(**(given | changes))  # type: ignore[arg-type]


class Stage:
    """One paper account; `told` is what has reached the engine, `stored` what is on disk."""

    def __init__(
        self,
        *,
        seed: int = 1,
        facts: Iterable[PaperFact] = (),
        at: int = START,
        rules: tuple[Instrument, ...] | None = None,
        **changes: object,
    ) -> None:
        self.at = at
        self.told: list[Body] = []
        self.stored = [*facts]
        self.exchange = PaperExchange(ACCOUNT, settings(**changes), random.Random(seed))
        self.exchange.restore(self.stored)
        self.exchange.open(at)
        self.stores = True
        self._ids = {SOL_PERP: 0, SOL_SPOT: 0}
        self._query_ids = 0
        self.catalogue(*((instrument(SOL_PERP), instrument(SOL_SPOT)) if rules is None else rules))

    def catalogue(self, *rules: Instrument) -> None:
        """Tell the catalogue."""
        self.feed(
            InstrumentsListed(
                ts_event=self.at, ts_recv=self.at, venue=venue_of(ACCOUNT), instruments=rules
            )
        )

    # ---- time ----------------------------------------------------------------------------------

    def step(self) -> None:
        """Do what is due now, as the shell does it: advance, store, tell."""
        self.exchange.advance(self.at)
        if self.stores:
            self.stored.extend(self.exchange.unstored())
            self.exchange.stored()
        self.told.extend(self.exchange.due(self.at))

    def run(self, secs: float) -> None:
        """Let time pass, stopping at every deadline."""
        end = self.at + int(secs * SECOND)
        while (due := self.exchange.next_deadline()) is not None and due <= end:
            self.at = max(self.at, due)
            self.step()
            if due <= self.at and self.exchange.next_deadline() == due:
                break
        self.at = end
        self.step()

    # ---- the feed ------------------------------------------------------------------------------

    def feed(self, body: Body) -> None:
        """Let the account see an event."""
        self.exchange.feed(body, self.at)
        self.step()

    def snapshot(
        self, bids: dict[str, str], asks: dict[str, str], name: InstrumentId = SOL_PERP
    ) -> None:
        """Show a whole book, and an empty frame that makes it true."""
        number = self._ids[name] = self._ids[name] + 1
        self.feed(
            BookSnapshotSeen(
                ts_event=self.at,
                ts_recv=self.at,
                instrument=name,
                last_id=number,
                bids=list(bids.items()),
                asks=list(asks.items()),
            )
        )
        self.depth({}, {}, name)

    def depth(
        self,
        bids: dict[str, str],
        asks: dict[str, str],
        name: InstrumentId = SOL_PERP,
        *,
        skip: int = 0,
    ) -> None:
        """Show a frame of a book; `skip` frames before it are lost."""
        number = self._ids[name] = self._ids[name] + 1 + skip
        self.feed(
            DepthChanged(
                ts_event=self.at,
                ts_recv=self.at,
                instrument=name,
                first_id=number,
                last_id=number,
                bids=list(bids.items()),
                asks=list(asks.items()),
            )
        )

    def trade(self, price: str, size: str, aggressor: Side, name: InstrumentId = SOL_PERP) -> None:
        """Show a print."""
        self.feed(
            TradeSeen(
                ts_event=self.at,
                ts_recv=self.at,
                instrument=name,
                trade_id=1,
                price=price,
                size=size,
                aggressor_side=aggressor,
            )
        )

    def mark(
        self,
        price: str,
        name: InstrumentId = SOL_PERP,
        *,
        rate: str | None = None,
        ends_at: int | None = None,
    ) -> None:
        """Show a mark price."""
        self.feed(
            MarkPriceSeen(
                ts_event=self.at,
                ts_recv=self.at,
                instrument=name,
                mark_price=price,
                index_price=price,
                funding_rate=rate,
                next_funding_ts=ends_at,
            )
        )

    # ---- the account ---------------------------------------------------------------------------

    def place(self, wanted: OrderTerms, number: int = 1, *, secs: float = 0.2) -> None:
        """Send an order and wait until it has arrived and answered."""
        self.exchange.place(place(wanted, number), self.at)
        self.step()
        self.run(secs)

    def cancel(self, number: int, name: InstrumentId = SOL_PERP, *, secs: float = 0.2) -> None:
        """Send a cancel and wait for the answer."""
        effect = CancelOrder(
            account=ACCOUNT, instrument=name, client_order_id=ClientOrderId(number)
        )
        self.exchange.cancel(effect, self.at)
        self.step()
        self.run(secs)

    def ask(self, kind: QueryKind, **fields: object) -> QueryAnswered:
        """Ask, wait, and return the answer."""
        self._query_ids += 1
        query = Query(query_id=self._query_ids, kind=kind, account=ACCOUNT, **fields)  # type: ignore[arg-type]
        self.exchange.ask(query, self.at)
        self.run(1)
        (answer,) = [
            body
            for body in self.told
            if isinstance(body, QueryAnswered) and body.query_id == self._query_ids
        ]
        return answer

    # ---- looking -------------------------------------------------------------------------------

    def reports(self, number: int) -> list[OrderReport]:
        """Return what was told of one order, in order."""
        return [
            body
            for body in self.told
            if isinstance(body, OrderReport) and body.client_order_id == number
        ]

    def fills(self, number: int | None = None) -> list[Fill]:
        """Return the fills told, of one order or of all."""
        told = [b.fill for b in self.told if isinstance(b, OrderReport) and b.fill is not None]
        return [fill for fill in told if number is None or fill.client_order_id == number]

    def filled(self, number: int) -> list[tuple[str, str]]:
        """Return price and quantity of an order's fills."""
        return [(str(fill.price), str(fill.quantity)) for fill in self.fills(number)]


def place(wanted: OrderTerms, number: int) -> PlaceOrder:
    """Approve terms and make them an order."""
    leg = Leg(account=ACCOUNT, terms=wanted)
    passed: RiskApproved = approved(leg.terms)
    return PlaceOrder(
        client_order_id=ClientOrderId(number), approved=passed, send_before=START + 10**18
    )


def frame(at: int, number: int, asks: list[tuple[str, str]]) -> DepthChanged:
    """Make a frame of asks."""
    return DepthChanged(
        ts_event=at,
        ts_recv=at,
        instrument=SOL_PERP,
        first_id=number,
        last_id=number,
        bids=[],
        asks=asks,
    )
