"""The studies room: which markets are under study, and what outside events mean for them.

Runs inside the Desk and changes nothing outside itself. A market nobody looks at costs one look-up
an event. Own fills and the basis of perpetuals are kept for every market: they come rarely.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from core.analysis.cross import basis_bps
from core.analysis.units import SECOND_NS
from core.domain.events import DepthChanged, MarkPriceSeen, StudyWanted, TradeSeen
from core.domain.exact import Price, Quantity
from core.domain.facts import FillBooked, OrderJournaled, OrderMoved
from core.domain.fixed import DIGITS
from core.domain.ids import InstrumentId
from core.domain.order import OrderState, Side
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import FillMark
from core.market.room import MarketRoom
from core.runtime.study.market_study import MarketStudy
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

STUDIED_AT_MOST: Final = 8
FILLS_KEPT: Final = 1_000
BASIS_KEPT: Final = 300


class PairNumbers(Protocol):
    """What an analyst found of two markets; see `PairRow`."""

    @property
    def correlation(self) -> float | None:
        """Of one-minute log returns."""

    @property
    def lead_s(self) -> float | None:
        """Seconds by which the first leads (negative: lags)."""

    @property
    def lead_correlation(self) -> float | None:
        """Correlation there."""


PairSource = Callable[[InstrumentId, InstrumentId], PairNumbers | None]


class Studies:
    """Every market study, and what is kept of markets without one."""

    def __init__(self, market: MarketRoom, trading: TradingRoom) -> None:
        self.by_id: dict[InstrumentId, MarketStudy] = {}
        """Least recently wanted first."""
        self.pair_numbers: PairSource = _no_pair
        """Set by whoever wires an analyst in."""
        self.basis: dict[InstrumentId, deque[float]] = {}
        """Mark against index, bps, at most one a second, oldest first."""
        self.fills: dict[InstrumentId, deque[FillMark]] = {}
        self.version = 0
        """Moves when a study begins or is let go."""
        self._market = market
        self._markets = market.by_id
        self._trading = trading
        self._basis_second: dict[InstrumentId, int] = {}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event, after the market room has taken it."""
        return {
            StudyWanted: self.on_wanted,
            DepthChanged: self.on_depth,
            TradeSeen: self.on_trade,
            MarkPriceSeen: self.on_mark,
        }

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return what is kept of facts, at a restart too."""
        return {FillBooked: self._keep_fill}

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is read from facts as they happen: where our orders stand."""
        return {OrderJournaled: self.on_order, OrderMoved: self.on_order_moved}

    # ---- events --------------------------------------------------------------------------------

    def on_wanted(self, body: StudyWanted, at: int) -> Reaction:
        """Begin a study of a market that exists; let the least recently wanted one go."""
        name = body.instrument
        study = self.by_id.pop(name, None)
        market = self._market.market(name)
        if market is None:
            return NOTHING
        if study is None or study.market is not market:
            study = MarketStudy(market, self._market.unit_caches, at)
            self.version += 1
        self.by_id[name] = study
        while len(self.by_id) > STUDIED_AT_MOST:
            del self.by_id[next(iter(self.by_id))]
            self.version += 1
        return NOTHING

    def on_depth(self, body: DepthChanged, at: int) -> Reaction:
        """Follow a book."""
        study = self.by_id.get(body.instrument)
        if study is not None:
            if study.market is not self._markets.get(body.instrument):
                study = self._begun_anew(body.instrument, study, at)
            study.on_depth(body, at)
        return NOTHING

    def on_trade(self, body: TradeSeen, at: int) -> Reaction:
        """Follow a print."""
        study = self.by_id.get(body.instrument)
        if study is not None:
            if study.market is not self._markets.get(body.instrument):
                study = self._begun_anew(body.instrument, study, at)
            study.on_trade(at)
        return NOTHING

    def _begun_anew(self, name: InstrumentId, study: MarketStudy, at: int) -> MarketStudy:
        """Begin again with a market that was dropped and came back."""
        market = self._market.market(name)
        if market is None:
            return study
        study = self.by_id[name] = MarketStudy(market, self._market.unit_caches, at)
        self.version += 1
        return study

    def on_mark(self, body: MarkPriceSeen, at: int) -> Reaction:
        """Sample the basis of a perpetual, at most once a second."""
        name, second = body.instrument, at // SECOND_NS
        if self._basis_second.get(name) == second:
            return NOTHING
        market = self._market.market(name)
        if market is None or market.mark_price is None or market.index_price is None:
            return NOTHING
        basis = basis_bps(market.mark_price, market.index_price)
        if basis is not None:
            self._basis_second[name] = second
            self.basis.setdefault(name, deque(maxlen=BASIS_KEPT)).append(basis)
        return NOTHING

    # ---- our own orders and fills --------------------------------------------------------------

    def on_order(self, fact: OrderJournaled, _at: int) -> Reaction:
        """Remember the level an order leaves for."""
        terms = fact.approved.leg.terms
        study = self.by_id.get(terms.instrument)
        if study is not None:
            key = book_key(terms.side, terms.limit_price)
            size = study.changes.sizes.get(key, 0)
            study.places.sent(fact.client_order_id, key, size)
        return NOTHING

    def on_order_moved(self, fact: OrderMoved, _at: int) -> Reaction:
        """Begin an order's queue as it is accepted, end it with the order."""
        record = self._trading.orders.by_client(fact.client_order_id)
        study = None if record is None else self.by_id.get(record.terms.instrument)
        if study is None or record is None:
            return NOTHING
        if fact.state is OrderState.ACCEPTED:
            self._accept(study, record)
        elif fact.state.is_terminal:
            study.places.ended(record.client_order_id)
        return NOTHING

    def _accept(self, study: MarketStudy, record: OrderRecord) -> None:
        size = study.changes.sizes.get(book_key(record.terms.side, record.terms.limit_price), 0)
        study.places.accepted(record.client_order_id, size, exact_units(record.leaves))

    def _keep_fill(self, fact: FillBooked) -> None:
        fill = fact.fill
        if fill.is_system and fill.price.is_zero:
            return
        mark = FillMark(
            fill.ts_event, exact_units(fill.price), exact_units(fill.quantity), fill.side
        )
        self.fills.setdefault(fill.instrument, deque(maxlen=FILLS_KEPT)).append(mark)


def _no_pair(_first: InstrumentId, _second: InstrumentId) -> PairNumbers | None:
    return None


def exact_units(number: Price | Quantity) -> int:
    """Return an exact number in units of 10^-10; what is finer than that is cut off."""
    return int(number.value.scaleb(DIGITS))


def book_key(side: Side, price: Price) -> int:
    """Return the key of the level an order rests at."""
    return exact_units(price) * side.sign
