"""Trading states, folded from the journal by hand: what was allowed when an order was approved."""

from collections import defaultdict
from fractions import Fraction
from typing import Final

from core.domain.facts import (
    FillBooked,
    GateJudged,
    OrderJournaled,
    PositionAdopted,
    Reconciled,
    RunStarted,
    TradingState,
    TradingStateChanged,
)
from tests.simulation.oracle.case import SECOND, Case, Check, Finding, fraction, secs

_T: Final = TradingState
_PHASES: Final = {_T.STARTING, _T.RECONCILING, _T.ACTIVE}
_RANK: Final = {_T.ACTIVE: 0, _T.REDUCING: 1, _T.RECONCILING: 2, _T.STARTING: 3, _T.HALTED: 4}
_KILL_BOOK: Final = "KILL"


class Folded:
    """The strictest state of scopes, from facts in their order."""

    def __init__(self) -> None:
        self.phase = _T.STARTING
        self.holds: dict[tuple[str, str], TradingState] = {}

    def take(self, fact: TradingStateChanged) -> None:
        """Follow one fact."""
        if not fact.cause and fact.state in _PHASES:
            self.phase = fact.state
        elif fact.state is _T.ACTIVE:
            self.holds.pop((fact.scope, fact.cause), None)
        else:
            self.holds[fact.scope, fact.cause] = fact.state

    def of(self, *scopes: str) -> TradingState:
        """Return the strictest."""
        states = [self.phase]
        states += [s for (scope, _), s in self.holds.items() if scope in ("", *scopes)]
        return max(states, key=lambda state: _RANK[state])


def i08_approved_only_when_allowed(case: Case) -> Finding:
    """HALTED approves nothing but a slice of K3; REDUCING nothing that could grow or flip."""
    wrong, looked = [], 0
    folded, held = Folded(), defaultdict[str, Fraction](Fraction)
    for line in case.current:
        fact = line.fact
        if isinstance(fact, TradingStateChanged):
            folded.take(fact)
        elif isinstance(fact, FillBooked):
            held[fact.fill.instrument] += fact.fill.side.sign * fraction(fact.fill.quantity)
        elif isinstance(fact, PositionAdopted):
            held[fact.instrument] += fraction(fact.quantity)
        elif isinstance(fact, OrderJournaled):
            looked += 1
            wrong += _misjudged(case, fact, folded, held)
    return Finding(looked, tuple(wrong))


def _misjudged(
    case: Case, fact: OrderJournaled, folded: Folded, held: dict[str, Fraction]
) -> list[str]:
    approved, terms = fact.approved, fact.approved.leg.terms
    scopes = (f"market/{terms.instrument}", f"strategy/{approved.strategy}")
    state = folded.of(*scopes)
    who, when = f"order {fact.client_order_id}", secs(fact.at, case)
    if state is _T.ACTIVE or (approved.strategy == _KILL_BOOK and terms.reduce_only):
        return []
    if state is not _T.REDUCING:
        return [f"{who} was approved at {when} while {state}"]
    side, position = terms.side.sign, held[terms.instrument]
    is_perp = terms.instrument.endswith("PERP")
    if is_perp and not terms.reduce_only:
        return [f"{who} was approved at {when} while reducing, without the reduce-only flag"]
    if is_perp and (position * side >= 0 or fraction(terms.quantity) > abs(position)):
        wish = f"{terms.side} {terms.quantity} at a position of {float(position)}"
        return [f"{who} was approved at {when} while reducing: {wish}"]
    return []


def i31_no_entry_before_match(case: Case) -> Finding:
    """In every run the first order comes after a matched comparison; I29 stands on it."""
    wrong, runs = [], 0
    has_matched = False
    for line in case.lines:
        fact = line.fact
        if isinstance(fact, RunStarted):
            runs, has_matched = runs + 1, False
        elif isinstance(fact, Reconciled):
            has_matched = has_matched or fact.is_matched
        elif isinstance(fact, OrderJournaled) and not has_matched:
            has_matched = True
            wrong.append(f"epoch {line.epoch} approved order {fact.client_order_id} before a match")
    return Finding(runs, tuple(wrong))


def i23_halt_survives(case: Case) -> Finding:
    """A halt lasts over restarts until a person ends it."""
    wrong, restarts = [], 0
    folded = Folded()
    for line in case.current:
        fact = line.fact
        if isinstance(fact, TradingStateChanged):
            was = folded.of()
            folded.take(fact)
            if was is _T.HALTED and folded.of() is not _T.HALTED and not _by_person(fact):
                wrong.append(f"a halt ended by itself at {secs(fact.at, case)}: {fact.reason}")
        elif isinstance(fact, RunStarted):
            restarts += folded.of() is _T.HALTED
    engine = case.world.machine.engine.rooms.risk.state
    if folded.of() is _T.HALTED and engine is not _T.HALTED:
        wrong.append(f"the journal says halted, the engine is {engine}")
    return Finding(restarts + 1, tuple(wrong))


def _by_person(fact: TradingStateChanged) -> bool:
    return fact.reason in {"re-armed", "lifted"} or fact.state is _T.REDUCING


_SOFT: Final = {"R10", "R11", "R12", "R13", "R14", "R15", "R16", "R18", "R21", "R23", "R25"}


def i25_reducing_never_soft_blocked(case: Case) -> Finding:
    """No soft cap ever refused a reduce-only order."""
    wrong, looked = [], 0
    wished = case.world.hand.wished
    for fact in case.of(GateJudged):
        terms = wished.get(fact.intent_id)
        if terms is None or not terms.reduce_only:
            continue
        looked += 1
        if fact.verdict != "approved" and fact.rule in _SOFT:
            wrong.append(f"a reduce-only order was refused by {fact.rule}: {fact.text}")
    return Finding(looked, tuple(wrong))


def i40_consistent_or_halted(case: Case) -> Finding:
    """A minute after the faults: alive, matched lately, nothing unknown; or visibly held."""
    machine, wrong = case.world.machine, []
    if machine.is_dead and not machine.was_closed:
        wrong.append("no engine lives")
    matched = [f.at for f in case.of(Reconciled, current=True) if f.is_matched]
    if case.is_halted_visibly():
        return Finding(1, tuple(wrong))
    if not matched or matched[-1] < case.ended_at - 30 * SECOND:
        wrong.append("no matched comparison in the last 30 s, and the account is not halted")
    live = machine.engine.rooms.trading.orders.live()
    open_ = {o.client_id: o for o in case.account.open_orders.values()}
    open_ |= {o.client_id: o for o in case.account.trigger_orders.values()}
    wrong += [
        f"order {record.client_order_id} is {record.state} here and not open there"
        for record in live
        if record.client_order_id not in open_
    ]
    ours = {record.client_order_id for record in live}
    known = {fact.client_order_id for fact in case.of(OrderJournaled, current=True)}
    for number, order in open_.items():
        if number in known and number not in ours and not case.is_borrowed(order):
            wrong.append(f"order {number} rests at the venue and is over here")
    return Finding(1, tuple(wrong))


def i21_nothing_rests_after_halt(case: Case) -> Finding:
    """Halted at the end: nothing of ours that could add to a position rests at the venue."""
    halts = [began for began, ended in case.halts() if ended > case.ended_at]
    since = max([*halts, case.healed_at]) if halts else case.ended_at
    if case.ended_at - since < 15 * SECOND:
        return Finding(0)
    ours = {fact.client_order_id for fact in case.of(OrderJournaled, current=True)}
    resting = [
        order
        for order in (*case.account.open_orders.values(), *case.account.trigger_orders.values())
        if order.client_id in ours and not order.request.reduce_only and not case.is_borrowed(order)
    ]
    return Finding(1, tuple(f"order {o.client_id} rests though halted" for o in resting))


def engine_lives(case: Case) -> Finding:
    """No engine process ends that nothing killed, and no task of it raises."""
    return Finding(len(case.world.machines), tuple(dict.fromkeys(case.world.troubles)))


STATE_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I08", i08_approved_only_when_allowed),
    ("I21", i21_nothing_rests_after_halt),
    ("I23", i23_halt_survives),
    ("I25", i25_reducing_never_soft_blocked),
    ("I31", i31_no_entry_before_match),
    ("I40", i40_consistent_or_halted),
    ("alive", engine_lives),
)
