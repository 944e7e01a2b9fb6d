"""Alerts and approvals: each ends once and safely; an approval is for one order of those terms."""

from collections import Counter
from typing import Final

from core.domain.alert import AlertEnd
from core.domain.facts import AlertEnded, AlertRaised, DecisionTaken, OrderJournaled
from core.domain.intent import terms_hash
from core.domain.order import Side
from tests.simulation.oracle.case import SECOND, Case, Check, Finding, fraction, secs


def i26_alerts_end_once(case: Case) -> Finding:
    """Each alert ends at most once, by an option it has; unanswered by its safe default."""
    wrong: list[str] = []
    open_: dict[str, AlertRaised] = {}
    raised = 0
    for line in case.current:
        fact = line.fact
        if isinstance(fact, AlertRaised):
            raised += 1
            if not any(_is_repeat(each, fact) for each in open_.values()):
                open_[fact.alert.alert_id] = fact
        elif isinstance(fact, AlertEnded):
            begun = open_.pop(fact.alert_id, None)
            if begun is None:
                wrong.append(f"alert {fact.alert_id} ended twice, or was never raised")
            else:
                wrong += _badly_ended(case, begun, fact)
    for name, begun in open_.items():
        deadline = begun.alert.deadline
        if deadline is not None and deadline + 2 * SECOND < case.ended_at:
            wrong.append(f"alert {name} is open past its deadline")
    return Finding(raised, tuple(wrong))


def _is_repeat(one: AlertRaised, other: AlertRaised) -> bool:
    """Whether one alert only counts another that is open: the same of all but a question."""
    a, b = one.alert, other.alert
    if a.terms_hash is not None or b.terms_hash is not None:
        return a.alert_id == b.alert_id
    offered = [option.key for option in a.options] == [option.key for option in b.options]
    return offered and (a.scope, a.title, a.severity) == (b.scope, b.title, b.severity)


def _badly_ended(case: Case, begun: AlertRaised, ended: AlertEnded) -> list[str]:
    alert, who = begun.alert, f"alert {ended.alert_id}"
    options = {option.key for option in alert.options}
    if ended.end is AlertEnd.EXPIRED:
        if ended.option != alert.safe_default:
            return [f"{who} expired to {ended.option!r}, not to its safe default"]
        if alert.deadline is None or ended.at < alert.deadline:
            return [f"{who} expired before its deadline, at {secs(ended.at, case)}"]
    elif ended.end is AlertEnd.ANSWERED:
        if ended.option not in options:
            return [f"{who} was answered with {ended.option!r}, which it does not offer"]
        if alert.deadline is not None and ended.at >= alert.deadline:
            return [f"{who} was answered after its deadline"]
    return []


def i27_approvals_bind(case: Case) -> Finding:
    """A confirmed order has one answered alert of exactly its terms; big orders are confirmed."""
    wrong, confirmed = [], 0
    answered: Counter[str] = Counter()
    raised: dict[str, AlertRaised] = {}
    for line in case.current:
        fact = line.fact
        if isinstance(fact, AlertRaised):
            raised[fact.alert.alert_id] = fact
        elif isinstance(fact, AlertEnded) and fact.end is AlertEnd.ANSWERED:
            begun = raised.get(fact.alert_id)
            if (
                begun is not None
                and begun.alert.terms_hash is not None
                and begun.intent is not None
            ):
                adds = {o.key for o in begun.alert.options if o.adds_risk}
                if fact.option in adds or not adds:
                    for leg in begun.intent.legs:
                        answered[terms_hash((leg,))] += 1
        elif isinstance(fact, OrderJournaled):
            wrong += _unconfirmed(fact)
            if fact.approved.confirmed_by is not None:
                confirmed += 1
                key = terms_hash((fact.approved.leg,))
                answered[key] -= 1
                if answered[key] < 0:
                    wrong.append(f"order {fact.client_order_id} is confirmed, by no answered alert")
    return Finding(confirmed, tuple(wrong))


def _unconfirmed(fact: OrderJournaled) -> list[str]:
    terms = fact.approved.leg.terms
    worth = fraction(terms.quantity) * fraction(terms.limit_price)
    # Coins that are held may be sold without a word: a sale of them only reduces.
    is_coin_sale = terms.side is Side.SELL and not str(terms.instrument).endswith("PERP")
    is_reducing = terms.reduce_only or is_coin_sale
    needs = worth > 2_400 and not is_reducing  # 2 % of at most 120,000
    if needs and fact.approved.confirmed_by is None:
        return [f"order {fact.client_order_id} of {float(worth):.0f} left without a person's word"]
    return []


def i28_alerts_in_time(case: Case) -> Finding:
    """An alert carries the instant of its cause: it is raised within 5 s of its journaling."""
    wrong, looked = [], 0
    for line in case.current:
        if isinstance(line.fact, AlertRaised):
            looked += 1
            if line.fact.at > line.synced_at:
                wrong.append(f"alert {line.fact.alert.alert_id} was journaled before it was raised")
    return Finding(looked, tuple(wrong))


def i34_every_leader_fill_answered(case: Case) -> Finding:
    """Each of the leader's fills the engine heard is decided once, and says why."""
    lines = [f for f in case.of(DecisionTaken, current=True) if f.strategy == "copy-leader"]
    causes = Counter(f.cause for f in lines if f.intent_id is None)  # not what became of a question
    wrong = [f"leader fill {c} was decided {n} times" for c, n in causes.items() if n > 1]
    wrong += [f"a decision about {f.cause} says nothing" for f in lines if not f.code]
    return Finding(len(lines), tuple(wrong))


ALERT_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I26", i26_alerts_end_once),
    ("I27", i27_approvals_bind),
    ("I28", i28_alerts_in_time),
    ("I34", i34_every_leader_fill_answered),
)
