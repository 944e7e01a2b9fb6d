"""The path of an intent: picture of the moment, the gate, then an order, a question or a denial."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.events import VenueTimeMeasured
from core.domain.exact import ZERO_NOTIONAL, Notional, Price
from core.domain.facts import DecisionTaken, Verdict
from core.domain.fixed import unscaled
from core.domain.ids import AccountId, InstrumentId, VenueId, venue_of
from core.domain.intent import Denied, Intent, Leg, NeedsConfirmation
from core.domain.order import OrderState
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import BookState
from core.market.room import MarketRoom
from core.risk import alerts
from core.risk.gate import check
from core.risk.inputs import GateInputs, MarketNow
from core.risk.room import RiskRoom, denial_text
from core.runtime.strategy_host import StrategyHost
from core.runtime.valuation import Valuation
from core.trading.room import TradingRoom

DUPLICATE_WITHIN_NS: Final = 2_000_000_000


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one intent."""

    reaction: Reaction
    denied: Denied | None = None
    is_asked: bool = False


class OrderDesk:
    """Hands the gate its inputs and carries its answer on."""

    def __init__(
        self,
        market: MarketRoom,
        trading: TradingRoom,
        risk: RiskRoom,
        host: StrategyHost,
        valuation: Valuation,
    ) -> None:
        self._market = market
        self._trading = trading
        self._risk = risk
        self._host = host
        self._valuation = valuation
        self.is_fenced = False
        self.reconciled_at: dict[AccountId, int] = {}
        self._clocks: dict[VenueId, VenueTimeMeasured] = {}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {VenueTimeMeasured: self.on_venue_time}

    def on_venue_time(self, body: VenueTimeMeasured, _at: int) -> Reaction:
        """Remember how a venue's clock stands to ours."""
        self._clocks[body.venue] = body
        return NOTHING

    def clock_trouble(self, venue: VenueId) -> str:
        """Say by how much a venue's clock is beyond the limits; empty when it is not."""
        clock, limits = self._clocks.get(venue), self._risk.limits
        if clock is None:
            return ""
        offset_ms, error_ms = clock.offset_ns // 1_000_000, clock.error_bound_ns // 1_000_000
        if abs(offset_ms) > limits.max_clock_offset_ms:
            return f"clock {offset_ms:+d} ms"
        return f"clock ±{error_ms} ms" if error_ms > limits.max_clock_error_ms else ""

    def submit(self, intent: Intent, at: int) -> Outcome:
        """Take a strategy's or a person's wish through the gate."""
        leg = intent.legs[0]
        inputs = self.inputs(intent, leg, at)
        verdict = check(intent, leg, inputs, self._risk.limits)
        if isinstance(verdict, Denied):
            return Outcome(Reaction(), verdict)
        if isinstance(verdict, NeedsConfirmation):
            within = self._risk.limits.confirm_within_ms
            alert = alerts.confirmation(intent, verdict, inputs, within)
            raised = alerts.raising(alert, at, intent, verdict.reference_price)
            return Outcome(raised, is_asked=True)
        return Outcome(self._trading.place(verdict, at))

    def confirmed(self, intent: Intent, terms_hash: str, by: str, at: int) -> Outcome:
        """Take an order a person said yes to through the gate again, bound to its terms."""
        leg = intent.legs[0]
        inputs = self.inputs(intent, leg, at)
        inputs = msgspec.structs.replace(inputs, confirmed_by=by, confirmed_hash=terms_hash)
        verdict = check(intent, leg, inputs, self._risk.limits)
        if isinstance(verdict, Denied):
            return Outcome(Reaction(), verdict)
        if isinstance(verdict, NeedsConfirmation):
            limit = verdict.threshold
            return Outcome(
                Reaction(), Denied("R25", "other terms", limit, "the approval is for other terms")
            )
        return Outcome(self._trading.place(verdict, at))

    def inputs(self, intent: Intent, leg: Leg, at: int) -> GateInputs:
        """Draw the picture of the moment for one leg."""
        instrument = leg.terms.instrument
        position, bids, asks = self._trading.exposure(leg.account, instrument)
        seat = self._host.seats.get(intent.strategy)
        equity = self._valuation.equity(at)
        reconciled = self.reconciled_at.get(leg.account)
        clock = self._clocks.get(venue_of(leg.account))
        return GateInputs(
            at=at,
            state=self._risk.state,
            is_strategy_on=seat is None or (seat.is_on and not seat.paused_reason),
            is_fenced=self.is_fenced,
            is_journal_slow=self._risk.is_journal_slow,
            reconcile_age_ns=None if reconciled is None else at - reconciled,
            instrument=self._trading.instruments.get(instrument),
            market=self._market_now(instrument, at),
            position=position,
            live_bids=bids,
            live_asks=asks,
            live_orders=self._live_count(leg.account, instrument),
            equity=None if equity is None else Notional(equity.value),
            gross_elsewhere=self._gross_elsewhere(leg.account, instrument, at),
            has_unknown=self._has_unknown(intent, instrument),
            has_duplicate=self._has_duplicate(intent, leg, at),
            crosses_own=self._crosses_own(leg),
            signal_ts=intent.signal_ts,
            signal_price=intent.reference_price,
            clock_offset_ns=None if clock is None else clock.offset_ns,
            clock_error_ns=None if clock is None else clock.error_bound_ns,
        )

    def worst_case(self, account: AccountId, instrument: InstrumentId, at: int) -> Notional | None:
        """Return W of one market at its mark; None while it has none."""
        position, bids, asks = self._trading.exposure(account, instrument)
        mark = self._valuation.mark_of(instrument, at)
        if mark is None:
            return None
        return mark * max(abs(position + bids), abs(position - asks))

    def exposed_markets(self, account: AccountId) -> list[InstrumentId]:
        """Return the markets with a position or a possibly-live order, in order of the alphabet."""
        held = {
            name
            for (owner, _, name), line in self._trading.ledger.lines()
            if owner == account and not line.quantity.is_zero
        }
        orders = self._trading.orders
        live = {r.terms.instrument for r in orders.exposed() if r.account == account}
        return sorted(held | live)

    def _market_now(self, instrument: InstrumentId, at: int) -> MarketNow:
        touch = self._market.touch(instrument, at)
        if touch is None:
            return _UNSEEN
        return MarketNow(
            is_book_valid=touch.book_state is BookState.VALID,
            best_bid=_price(touch.best_bid),
            best_ask=_price(touch.best_ask),
            book_age_ns=None if touch.proof_at is None else at - touch.proof_at,
            mark=_price(touch.mark),
            mark_age_ns=None if touch.mark_at is None else at - touch.mark_at,
            index=_price(touch.index),
            trade_vwap=_price(touch.vwap_60s),
        )

    def _gross_elsewhere(self, account: AccountId, but: InstrumentId, at: int) -> Notional | None:
        total = ZERO_NOTIONAL
        for name in self.exposed_markets(account):
            worth = ZERO_NOTIONAL if name == but else self.worst_case(account, name, at)
            if worth is None:
                return None
            total += worth
        return total

    def _live_count(self, account: AccountId, instrument: InstrumentId) -> int:
        return sum(
            1
            for record in self._trading.orders.live()
            if record.account == account and record.terms.instrument == instrument
        )

    def _has_unknown(self, intent: Intent, instrument: InstrumentId) -> bool:
        return any(
            record.state is OrderState.UNKNOWN
            and record.strategy == intent.strategy
            and record.terms.instrument == instrument
            for record in self._trading.orders.live()
        )

    def _has_duplicate(self, intent: Intent, leg: Leg, at: int) -> bool:
        """R17: the intent has an attempt that may live, or a like order went out just now."""
        for record in self._trading.orders.newest(50):
            if record.intent_id == intent.intent_id:
                return True
            is_fresh = at - record.journaled_at < DUPLICATE_WITHIN_NS and record.is_live
            if is_fresh and record.strategy == intent.strategy and record.terms == leg.terms:
                return True
        return False

    def _crosses_own(self, leg: Leg) -> bool:
        terms = leg.terms
        return any(
            record.account == leg.account
            and record.terms.instrument == terms.instrument
            and record.terms.side is not terms.side
            and (record.terms.limit_price.value - terms.limit_price.value) * terms.side.sign <= 0
            for record in self._trading.orders.live()
        )


def with_outcomes(decision: DecisionTaken, outcomes: list[Outcome]) -> DecisionTaken:
    """Say in a strategy's one line what the gate made of its intents."""
    denied = next((o.denied for o in outcomes if o.denied is not None), None)
    if denied is not None and all(o.denied is not None for o in outcomes):
        return msgspec.structs.replace(
            decision, verdict=Verdict.DENIED, code=denied.rule, text=denial_text(denied)
        )
    if any(o.is_asked for o in outcomes):
        return msgspec.structs.replace(decision, verdict=Verdict.ASKED, code="confirm")
    if denied is not None:
        text = f"{decision.text}; part denied by {denied.rule}: {denial_text(denied)}"
        return msgspec.structs.replace(decision, verdict=Verdict.RESIZED, text=text)
    return decision


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
