"""The picture of the moment that the gate judges by, drawn from every room. Decides nothing."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from core.domain.exact import ZERO_NOTIONAL, ZERO_QUANTITY, Notional, Price, Quantity
from core.domain.fixed import DIGITS, unscaled
from core.domain.ids import AccountId, InstrumentId, StrategyId, VenueId, venue_of
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.intent import Intent, Leg
from core.domain.order import OrderState, OrderTerms, Side
from core.domain.views import BookState
from core.market.room import MarketRoom
from core.market.touch import Touch
from core.risk.inputs import GateInputs, MarketNow
from core.risk.room import RiskRoom
from core.risk.states import market_scope, strategy_scope
from core.runtime.capital import TAKER_FEE, CapitalDesk
from core.runtime.margins import initial_margin, maintenance_margin
from core.runtime.strategy_host import StrategyHost
from core.runtime.valuation import Valuation
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

DUPLICATE_WITHIN_NS: Final = 2_000_000_000
_DEPTH_LEVELS: Final = 200
_CENT: Final = 100


class Clock(NamedTuple):
    """How a venue's clock stands to ours, ns."""

    offset_ns: int
    error_ns: int


class Painter:
    """Draws `GateInputs`; reads everything, changes nothing."""

    def __init__(
        self,
        market: MarketRoom,
        trading: TradingRoom,
        risk: RiskRoom,
        host: StrategyHost,
        valuation: Valuation,
        capital: CapitalDesk,
    ) -> None:
        self._market = market
        self._trading = trading
        self._risk = risk
        self._host = host
        self._valuation = valuation
        self._capital = capital
        self.is_fenced = False
        self.reconciled_at: dict[AccountId, int] = {}
        self.reconciling: set[InstrumentId | AccountId] = set()
        """Markets or accounts of which a blocking comparison runs."""
        self.rules_at: dict[VenueId, int] = {}
        self.clocks: dict[VenueId, Clock] = {}

    def together(self, intent: Intent, at: int) -> tuple[GateInputs, ...]:
        """Draw the picture for every leg, the legs before each counted as live."""
        return tuple(
            self.draw(intent, leg, at, intent.legs[:index]) for index, leg in enumerate(intent.legs)
        )

    def draw(self, intent: Intent, leg: Leg, at: int, ahead: Sequence[Leg] = ()) -> GateInputs:
        """Draw the picture for one leg."""
        name, account = leg.terms.instrument, leg.account
        rules = self._trading.instruments.get(name)
        position, bids, asks = self._exposure(account, name, at, ahead)
        seat = self._host.seats.get(intent.strategy)
        equity = self._valuation.equity(at)
        reconciled = self.reconciled_at.get(account)
        rules_at = self.rules_at.get(venue_of(name))
        clock = self.clocks.get(venue_of(account))
        orders = self._trading.orders.exposed()  # those of strangers count as well
        live = [r for r in orders if r.account == account and r.is_live]
        scopes = (market_scope(name), strategy_scope(intent.strategy))
        return GateInputs(
            at=at,
            state=self._risk.states.of(*scopes),
            state_reason=self._risk.states.reason(*scopes),
            is_strategy_on=seat is None or (seat.is_on and not seat.paused_reason),
            is_fenced=self.is_fenced,
            is_journal_slow=self._risk.is_journal_slow,
            is_reconciling=name in self.reconciling or account in self.reconciling,
            reconcile_age_ns=None if reconciled is None else at - reconciled,
            instrument=rules,
            rules_age_ns=None if rules_at is None else at - rules_at,
            market=self._market_now(leg.terms, rules, at),
            position=position,
            live_bids=bids,
            live_asks=asks,
            live_orders=sum(1 for r in live if r.terms.instrument == name) + len(ahead),
            orders_total=len(live) + len(ahead),
            open_value=self._open_value(live, ahead),
            asset_net=self._asset_net(account, rules),
            equity=None if equity is None else Notional(equity.value),
            gross_elsewhere=self._gross_elsewhere(account, name, at),
            free_capital=self._capital.free(intent.strategy, at, ahead),
            loss_stop=self._capital.stop(intent.strategy, name, at),
            entries_60s=self._capital.entries_60s(at) + len(ahead),
            repeated=self._capital.repeated(intent.strategy, at),
            initial_margin=initial_margin(rules),
            maintenance_margin=maintenance_margin(rules),
            taker_fee=TAKER_FEE,
            has_unknown=_has_unknown(live, intent.strategy, name),
            has_duplicate=self._has_duplicate(intent, leg, at),
            crosses_own=_crosses_own(live, leg.terms, ahead),
            signal_ts=intent.signal_ts,
            signal_price=intent.reference_price,
            clock_offset_ns=None if clock is None else clock.offset_ns,
            clock_error_ns=None if clock is None else clock.error_ns,
        )

    def worst_case(self, account: AccountId, instrument: InstrumentId, at: int) -> Notional | None:
        """Return W of one market at its mark; None while it has none."""
        position, bids, asks = self._trading.exposure(account, instrument, at)
        mark = self._valuation.mark_of(instrument, at)
        if mark is None:
            return None
        worst = mark * max(abs(position + bids), abs(position - asks))
        rules = self._trading.instruments.get(instrument)
        return worst if rules is None else worst.scaled_by(rules.contract_multiplier)

    def exposed_markets(self, account: AccountId, at: int) -> list[InstrumentId]:
        """Return the markets with a position or a possibly-live order, in order of the alphabet."""
        held = {
            name
            for (owner, _, name), line in self._trading.ledger.lines()
            if owner == account and not line.quantity.is_zero
        }
        orders = self._trading.orders
        open_ = (*orders.exposed(), *orders.shadows(at))
        return sorted(held | {r.terms.instrument for r in open_ if r.account == account})

    def asset_net(self, account: AccountId, rules: Instrument | None) -> Quantity:
        """Return the net holding of a market's base asset over spot and perpetuals."""
        return self._asset_net(account, rules)

    def open_value(self, live: Iterable[OrderRecord]) -> Notional:
        """Return what possibly-live orders are worth at their limit prices, reduces left out."""
        return self._open_value(live, ())

    # ---- parts ---------------------------------------------------------------------------------

    def _exposure(
        self, account: AccountId, name: InstrumentId, at: int, ahead: Iterable[Leg]
    ) -> tuple[Quantity, Quantity, Quantity]:
        position, bids, asks = self._trading.exposure(account, name, at)
        for leg in ahead:
            if leg.account == account and leg.terms.instrument == name:
                if leg.terms.side is Side.BUY:
                    bids += leg.terms.quantity
                else:
                    asks += leg.terms.quantity
        return position, bids, asks

    def _open_value(self, live: Iterable[OrderRecord], ahead: Iterable[Leg]) -> Notional:
        total = ZERO_NOTIONAL
        for record in live:
            if not record.terms.reduce_only:
                total += record.terms.limit_price * record.leaves
        for leg in ahead:
            total += leg.terms.limit_price * leg.terms.quantity
        return total

    def _asset_net(self, account: AccountId, rules: Instrument | None) -> Quantity:
        """Add up what is held of a base asset: coins, and positions in its perpetuals."""
        if rules is None:
            return ZERO_QUANTITY
        ledger = self._trading.ledger
        total = Quantity(ledger.cash(account, rules.base).value)
        for (owner, _, name), line in ledger.lines():
            other = self._trading.instruments.get(name)
            if owner != account or other is None or other.base != rules.base:
                continue
            if other.kind is not InstrumentKind.SPOT:
                total += line.quantity
        return total

    def _gross_elsewhere(self, account: AccountId, but: InstrumentId, at: int) -> Notional | None:
        total = ZERO_NOTIONAL
        for name in self.exposed_markets(account, at):
            worth = ZERO_NOTIONAL if name == but else self.worst_case(account, name, at)
            if worth is None:
                return None
            total += worth
        return total

    def _has_duplicate(self, intent: Intent, leg: Leg, at: int) -> bool:
        """R17: the intent has an attempt that may live, or a like order went out just now."""
        rules = self._trading.instruments.get(leg.terms.instrument)
        for record in self._trading.orders.newest(50):
            if record.intent_id == intent.intent_id:
                return True
            is_fresh = at - record.journaled_at < DUPLICATE_WITHIN_NS and record.is_live
            if is_fresh and record.strategy == intent.strategy and _is_like(record, leg, rules):
                return True
        return False

    def _market_now(self, terms: OrderTerms, rules: Instrument | None, at: int) -> MarketNow:
        touch = self._market.touch(terms.instrument, at)
        if touch is None:
            return _UNSEEN
        depth, vwap = self._taken(terms, rules, touch)
        return seen(touch, at, depth, vwap)

    def _taken(
        self, terms: OrderTerms, rules: Instrument | None, touch: Touch
    ) -> tuple[Notional | None, Price | None]:
        """Return the worth inside the collar and the average price of the order's quantity.

        Both of the side the order would take from. Book numbers are units of 10^-10.
        """
        best = touch.best_ask if terms.side is Side.BUY else touch.best_bid
        if best is None or rules is None:
            return None, None
        reach = Decimal(str(self._risk.limits.max_aggressive_collar_pct)) / _CENT
        bound = int(best + best * reach * terms.side.sign)
        left = int(terms.quantity.value.scaleb(DIGITS))
        worth = taken = money = 0
        levels = self._market.depth_levels(terms.instrument, terms.side.opposite, _DEPTH_LEVELS)
        for price, size in levels:
            if (price - bound) * terms.side.sign > 0:
                break
            worth += price * size
            part = min(size, left - taken)
            taken, money = taken + part, money + price * part
        depth = Notional(Decimal(worth).scaleb(-2 * DIGITS)).scaled_by(rules.contract_multiplier)
        return depth, Price(unscaled(money // taken)) if taken else None


def seen(
    touch: Touch, at: int, depth: Notional | None = None, vwap: Price | None = None
) -> MarketNow:
    """Return a market as the gate sees it; depth and average are those of one order."""
    average = touch.mid_60s if touch.mid_60s is not None else touch.vwap_60s
    return MarketNow(
        is_book_valid=touch.book_state is BookState.VALID,
        best_bid=_price(touch.best_bid),
        best_ask=_price(touch.best_ask),
        book_age_ns=None if touch.proof_at is None else at - touch.proof_at,
        recv_age_ns=max(0, at - touch.proof_recv) if touch.proof_recv else None,
        mark=_price(touch.mark),
        mark_age_ns=None if touch.mark_at is None else at - touch.mark_at,
        index=_price(touch.index),
        trade_vwap=_price(touch.vwap_60s),
        last=_price(touch.last_price),
        average_60s=_price(average),
        depth=depth,
        vwap=vwap,
    )


def _is_like(record: OrderRecord, leg: Leg, rules: Instrument | None) -> bool:
    """Whether an order asks the same as a leg: market, side, quantity, price within a tick."""
    ours, theirs = record.terms, leg.terms
    if (ours.instrument, ours.side, ours.quantity) != (
        theirs.instrument,
        theirs.side,
        theirs.quantity,
    ):
        return False
    apart = abs(ours.limit_price - theirs.limit_price)
    return apart.is_zero if rules is None else apart <= rules.tick


def _has_unknown(
    live: Iterable[OrderRecord], strategy: StrategyId, instrument: InstrumentId
) -> bool:
    return any(
        record.state is OrderState.UNKNOWN
        and record.strategy == strategy
        and record.terms.instrument == instrument
        for record in live
    )


def _crosses_own(live: Iterable[OrderRecord], terms: OrderTerms, ahead: Iterable[Leg]) -> bool:
    others = (*(r.terms for r in live), *(leg.terms for leg in ahead))
    return any(
        other.instrument == terms.instrument
        and other.side is not terms.side
        and other.trigger_price is None
        and (other.limit_price.value - terms.limit_price.value) * terms.side.sign <= 0
        for other in others
    )


_UNSEEN: Final = MarketNow(
    is_book_valid=False,
    best_bid=None,
    best_ask=None,
    book_age_ns=None,
    mark=None,
    mark_age_ns=None,
    index=None,
)


def _price(number: int | None) -> Price | None:
    return None if number is None else Price(unscaled(number))
