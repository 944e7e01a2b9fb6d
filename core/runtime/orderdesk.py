"""The path of an intent: picture of the moment, the gate, then orders, a question or a denial."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.domain.effects import Effect
from core.domain.events import InstrumentsListed, VenueTimeMeasured
from core.domain.exact import Notional
from core.domain.facts import DecisionTaken, Fact, GateJudged, StrategyPaused, Verdict
from core.domain.ids import AccountId, InstrumentId, StrategyId, VenueId, venue_of
from core.domain.intent import Denied, Intent, Leg, NeedsConfirmation, RiskApproved
from core.domain.reaction import NOTHING, Reaction
from core.risk import alerts
from core.risk.gate import check_together
from core.risk.inputs import GateInputs
from core.risk.limits import version_of
from core.risk.room import RiskRoom, denial_text
from core.runtime.capital import CapitalDesk
from core.runtime.judged import numbers_of
from core.runtime.picture import Clock, Painter
from core.trading.ledger import MANUAL
from core.trading.room import TradingRoom

REPEAT_NS: Final = 10_000_000_000
"""Denials of one kind are written again only after so long, with their count."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one intent."""

    reaction: Reaction
    denied: Denied | None = None
    is_asked: bool = False


class OrderDesk:
    """Hands the gate its inputs and carries its answer on."""

    def __init__(
        self, painter: Painter, trading: TradingRoom, risk: RiskRoom, capital: CapitalDesk
    ) -> None:
        self.painter = painter
        self._trading = trading
        self._risk = risk
        self._capital = capital
        both = (risk.limits, capital.limits)
        self._version_of = (*both, version_of(*both))
        self._denials: dict[tuple[StrategyId, InstrumentId, str], tuple[int, int]] = {}

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {VenueTimeMeasured: self.on_venue_time, InstrumentsListed: self.on_instruments}

    def on_venue_time(self, body: VenueTimeMeasured, _at: int) -> Reaction:
        """Remember how a venue's clock stands to ours."""
        self.painter.clocks[body.venue] = Clock(body.offset_ns, body.error_bound_ns)
        return NOTHING

    def on_instruments(self, body: InstrumentsListed, at: int) -> Reaction:
        """Remember when a venue's rules were read."""
        for instrument in body.instruments[:1]:
            self.painter.rules_at[venue_of(instrument.id)] = at
        return NOTHING

    @property
    def is_fenced(self) -> bool:
        """Whether another process took the account, or the kill latch tripped."""
        return self.painter.is_fenced

    @property
    def reconciled_at(self) -> dict[AccountId, int]:
        """When each account last matched."""
        return self.painter.reconciled_at

    def clock_trouble(self, venue: VenueId) -> str:
        """Say by how much a venue's clock is beyond the limits; empty when it is not."""
        clock, limits = self.painter.clocks.get(venue), self._risk.limits
        if clock is None:
            return ""
        offset_ms, error_ms = clock.offset_ns // 1_000_000, clock.error_ns // 1_000_000
        if abs(offset_ms) > limits.max_clock_offset_ms:
            return f"clock {offset_ms:+d} ms"
        return f"clock ±{error_ms} ms" if error_ms > limits.max_clock_error_ms else ""

    def inputs(self, intent: Intent, leg: Leg, at: int) -> GateInputs:
        """Draw the picture of the moment for one leg."""
        return self.painter.draw(intent, leg, at)

    def worst_case(self, account: AccountId, instrument: InstrumentId, at: int) -> Notional | None:
        """Return W of one market at its mark; None while it has none."""
        return self.painter.worst_case(account, instrument, at)

    def exposed_markets(self, account: AccountId, at: int) -> list[InstrumentId]:
        """Return the markets with a position or a possibly-live order."""
        return self.painter.exposed_markets(account, at)

    # ---- the gate ------------------------------------------------------------------------------

    def submit(self, intent: Intent, at: int) -> Outcome:
        """Take a strategy's or a person's wish through the gate, all its legs together."""
        pictures = self.painter.together(intent, at)
        verdict = check_together(intent, pictures, self._risk.limits)
        if isinstance(verdict, Denied):
            return self._denied(intent, pictures[0], verdict, at)
        if isinstance(verdict, NeedsConfirmation):
            within = self._risk.limits.confirm_within_ms
            alert = alerts.confirmation(intent, verdict, pictures[0], within)
            raised = alerts.raising(alert, at, intent, verdict.reference_price)
            return Outcome(raised, is_asked=True)
        return self._placed(intent, pictures, verdict, at)

    def confirmed(self, intent: Intent, terms_hash: str, by: str, at: int) -> Outcome:
        """Take an order a person said yes to through the gate again, bound to its terms."""
        pictures = tuple(
            msgspec.structs.replace(each, confirmed_by=by, confirmed_hash=terms_hash)
            for each in self.painter.together(intent, at)
        )
        verdict = check_together(intent, pictures, self._risk.limits)
        if isinstance(verdict, NeedsConfirmation):
            limit = verdict.threshold
            verdict = Denied("R25", "other terms", limit, "the approval is for other terms")
        if isinstance(verdict, Denied):
            return self._denied(intent, pictures[0], verdict, at)
        return self._placed(intent, pictures, verdict, at)

    def _placed(
        self,
        intent: Intent,
        pictures: tuple[GateInputs, ...],
        approved: tuple[RiskApproved, ...],
        at: int,
    ) -> Outcome:
        facts: list[Fact] = [self._judged(intent, pictures[0], "approved", "", "", at)]
        effects: list[Effect] = []
        for each in approved:
            placed = self._trading.place(each, at)
            facts.extend(placed.facts)
            effects.extend(placed.effects)
        return Outcome(Reaction(tuple(facts), tuple(effects)))

    def _denied(self, intent: Intent, picture: GateInputs, denied: Denied, at: int) -> Outcome:
        """Journal a denial, repeats as a counter, and pause a strategy that runs in circles."""
        facts: list[Fact] = []
        key = (intent.strategy, intent.legs[0].terms.instrument, denied.rule)
        told_at, repeats = self._denials.get(key, (at - REPEAT_NS, 0))
        if at - told_at >= REPEAT_NS:
            self._denials[key] = (at, 0)
            text = denial_text(denied)
            fact = self._judged(intent, picture, "denied", denied.rule, text, at)
            facts.append(msgspec.structs.replace(fact, repeats=repeats + 1))
        else:
            self._denials[key] = (told_at, repeats + 1)
        if denied.rule == "R18" and intent.strategy != MANUAL:
            reason = self._capital.repeated(intent.strategy, at)
            facts.append(StrategyPaused(at=at, strategy=intent.strategy, reason=reason))
        return Outcome(Reaction(tuple(facts)), denied)

    def _limits_version(self) -> str:
        limits = (self._risk.limits, self._capital.limits)
        if self._version_of[0] is not limits[0] or self._version_of[1] is not limits[1]:
            self._version_of = (*limits, version_of(*limits))
        return self._version_of[2]

    def _judged(
        self, intent: Intent, picture: GateInputs, verdict: str, rule: str, text: str, at: int
    ) -> GateJudged:
        return GateJudged(
            at=at,
            intent_id=intent.intent_id,
            strategy=intent.strategy,
            instrument=intent.legs[0].terms.instrument,
            verdict=verdict,
            rule=rule,
            text=text,
            numbers=numbers_of(intent.legs[0], picture),
            limits=self._limits_version(),
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
