"""Copy at a fixed ratio: increases by k times the leader's quantity, decreases by his fraction.

A leader's increase is copied as `ratio * |fill|`; a decrease closes the fraction of our attributed
position that the leader closed of his; a close takes all of it; a flip closes, then opens. One fill
is acted on once. Orders are IOC limits at the slippage cap, so nothing is left resting.
"""

from decimal import Decimal
from typing import Annotated, Final

import msgspec

from core.domain.events import Body, LeaderFilled
from core.domain.exact import ZERO_QUANTITY, Price, Quantity
from core.domain.facts import DecisionTaken, Verdict
from core.domain.ids import AccountId, InstrumentId, IntentId, LeaderId, StrategyId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.intent import Intent, Leg
from core.domain.order import OrderTerms, Side, TimeInForce
from core.strategies.contract import Interests, MarketGlance, Step, StrategyView

_BPS: Final = Decimal(10_000)
_REMEMBERED: Final = 10_000


class CopyTradeParameters(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True
):
    """What a person may set."""

    name: str = "copy-leader"
    leader: str = "leader"
    ratio: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.5
    """Our quantity for one unit of the leader's."""
    max_slippage_bps: Annotated[float, msgspec.Meta(gt=0, le=500)] = 15.0
    """How far beyond the touch an order may reach."""
    symbols: tuple[str, ...] = ()
    """Markets to copy, such as `alpha:SOL_USDC_PERP`; empty means every market of the leader."""


class CopyState(msgspec.Struct, frozen=True, gc=False):
    """The causes already decided, oldest first."""

    seen: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


class CopyTrade:
    """Follows one leader into one account."""

    def __init__(self, parameters: CopyTradeParameters, account: AccountId) -> None:
        self._parameters = parameters
        self._account = account
        self._ratio = Decimal(str(parameters.ratio))
        self._reach = Decimal(str(parameters.max_slippage_bps)) / _BPS
        self._symbols = frozenset(InstrumentId(name) for name in parameters.symbols)

    @property
    def strategy_id(self) -> StrategyId:
        """Its name in the ledger's books."""
        return StrategyId(self._parameters.name)

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"Copy {self._parameters.leader} x{self._parameters.ratio:g}"

    @property
    def interests(self) -> Interests:
        """Only the fills of its leader."""
        return Interests(
            kinds=frozenset({LeaderFilled}), leaders=frozenset({LeaderId(self._parameters.leader)})
        )

    def start(self) -> CopyState:
        """Return the state it begins with."""
        return CopyState()

    def remember(self, state: CopyState, decision: DecisionTaken) -> CopyState:
        """Never act on the same leader fill twice, also after a restart."""
        if decision.cause in state.known:
            return state
        seen = (*state.seen, decision.cause)[-_REMEMBERED:]
        return CopyState(seen, frozenset(seen))

    def decide(self, state: CopyState, body: Body, view: StrategyView) -> Step:
        """Answer one leader fill with at most two intents and exactly one decision line."""
        if not isinstance(body, LeaderFilled):
            return Step(state)
        cause = f"{body.leader}/{body.instrument}/{body.trade_id}/{body.venue_order_id}"
        if cause in state.known:
            return Step(state)
        if self._symbols and body.instrument not in self._symbols:
            return Step(
                state, (), (self._skip(body, cause, view, "symbol-unmapped", "not copied"),)
            )
        glance = view.market(body.instrument)
        refusal = _unusable(glance)
        if refusal is not None:
            return Step(state, (), (self._skip(body, cause, view, *refusal),))
        return self._copy(state, body, cause, glance, view)

    def _copy(
        self,
        state: CopyState,
        body: LeaderFilled,
        cause: str,
        glance: MarketGlance,
        view: StrategyView,
    ) -> Step:
        rules = glance.rules
        assert rules is not None
        closing, opening = self._wanted(body, glance)
        parts = [
            (closing.floored_to(rules.step), True),
            (opening.floored_to(rules.step), False),
        ]
        legs = [(q, reduce) for q, reduce in parts if q >= rules.min_quantity]
        if not legs:
            text = f"{closing + opening} is below the minimum of {rules.min_quantity}"
            return Step(state, (), (self._skip(body, cause, view, "below-min", text),))
        intents = tuple(
            self._intent(body, cause, quantity, glance, view, is_reducing=reduce)
            for quantity, reduce in legs
        )
        return Step(state, intents, (self._copied(body, cause, intents, view),))

    def _wanted(self, body: LeaderFilled, glance: MarketGlance) -> tuple[Quantity, Quantity]:
        """Return how much to close and how much to open, both positive or zero."""
        signed = body.quantity if body.side is Side.BUY else -body.quantity
        before = body.position_before if body.position_before is not None else ZERO_QUANTITY
        if before.sign * signed.sign >= 0:
            return ZERO_QUANTITY, body.quantity.scaled_by(self._ratio)
        ours = glance.position + glance.pending
        closed = min(abs(signed), abs(before))
        opened = abs(signed) - closed
        fraction = closed.ratio_to(abs(before))
        closing = ZERO_QUANTITY
        if ours.sign * body.side.sign < 0:
            closing = abs(ours) if fraction == 1 else abs(ours).scaled_by(fraction)
        return closing, opened.scaled_by(self._ratio)

    def _intent(
        self,
        body: LeaderFilled,
        cause: str,
        quantity: Quantity,
        glance: MarketGlance,
        view: StrategyView,
        *,
        is_reducing: bool,
    ) -> Intent:
        assert glance.rules is not None
        is_flagged = is_reducing and glance.rules.kind is not InstrumentKind.SPOT
        terms = OrderTerms(
            instrument=body.instrument,
            side=body.side,
            quantity=quantity,
            limit_price=self._limit(body.side, glance, glance.rules),
            time_in_force=TimeInForce.IOC,
            reduce_only=is_flagged,
        )
        part = "close" if is_reducing else "open"
        return Intent(
            intent_id=IntentId(f"{self.strategy_id}/{cause}/{part}"),
            strategy=self.strategy_id,
            legs=(Leg(account=self._account, terms=terms),),
            reason=f"{body.leader} {body.side} {body.quantity} at {body.price}",
            cause=cause,
            made_at=view.at,
            reference_price=body.price,
            signal_ts=body.ts_event,
        )

    def _limit(self, side: Side, glance: MarketGlance, rules: Instrument) -> Price:
        """Reach beyond the touch by the slippage cap; rounded to the less aggressive tick."""
        if side is Side.BUY:
            assert glance.best_ask is not None
            return glance.best_ask.scaled_by(1 + self._reach).floored_to(rules.tick)
        assert glance.best_bid is not None
        return glance.best_bid.scaled_by(1 - self._reach).ceiled_to(rules.tick)

    def _copied(
        self, body: LeaderFilled, cause: str, intents: tuple[Intent, ...], view: StrategyView
    ) -> DecisionTaken:
        total = ZERO_QUANTITY
        for intent in intents:
            total += intent.legs[0].terms.quantity
        text = f"{body.side} {total} for the leader's {body.quantity}"
        return self._line(body, cause, view, Verdict.COPIED, "copied", text)

    def _skip(
        self, body: LeaderFilled, cause: str, view: StrategyView, code: str, text: str
    ) -> DecisionTaken:
        return self._line(body, cause, view, Verdict.SKIPPED, code, text)

    def _line(
        self,
        body: LeaderFilled,
        cause: str,
        view: StrategyView,
        verdict: Verdict,
        code: str,
        text: str,
    ) -> DecisionTaken:
        return DecisionTaken(
            at=view.at,
            strategy=self.strategy_id,
            cause=cause,
            verdict=verdict,
            code=code,
            text=text,
            numbers=(
                ("leader_quantity", str(body.quantity)),
                ("leader_price", str(body.price)),
                ("ratio", str(self._ratio)),
            ),
            instrument=body.instrument,
        )


def _unusable(glance: MarketGlance) -> tuple[str, str] | None:
    if glance.rules is None:
        return "symbol-unmapped", "the market is not known here"
    if glance.best_bid is None or glance.best_ask is None:
        return "stale", "no valid order book"
    return None
