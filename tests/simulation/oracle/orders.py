"""The life of every order: allowed edges, and never a word that the venue gives the lie."""

from collections import Counter
from typing import Final

from core.domain.alert import Severity
from core.domain.facts import AlertRaised, FillBooked, OrderJournaled, OrderMoved, OrderSent
from core.domain.order import OrderState
from core.exchange.embedded.orders import Order
from tests.simulation.oracle.case import SECOND, Case, Check, Finding, Line, fraction, secs

_S: Final = OrderState
_END: Final = frozenset({_S.FILLED, _S.CANCELLED, _S.EXPIRED})
_ALIVE: Final = frozenset({_S.ACCEPTED, _S.HELD, _S.PARTIAL})
_DEAD: Final = _END | {_S.REJECTED, _S.NOT_SENT, _S.ABSENT}
_EDGES: Final = {
    _S.JOURNALED: _ALIVE | _END | {_S.SENT, _S.NOT_SENT, _S.REJECTED, _S.UNKNOWN},
    _S.SENT: _ALIVE | _END | {_S.NOT_SENT, _S.REJECTED, _S.UNKNOWN},
    _S.ACCEPTED: _END | {_S.PARTIAL, _S.PENDING_CANCEL, _S.UNKNOWN},
    _S.HELD: _END | {_S.ACCEPTED, _S.PARTIAL, _S.PENDING_CANCEL, _S.UNKNOWN},
    _S.PARTIAL: _END | {_S.PENDING_CANCEL, _S.UNKNOWN},
    _S.PENDING_CANCEL: _END | {_S.UNKNOWN},
    _S.UNKNOWN: _ALIVE | _END | {_S.REJECTED, _S.ABSENT, _S.PENDING_CANCEL},
    _S.ABSENT: _ALIVE | _END,
}
"""By section 5 of the law, written down again; an order proved absent may still appear."""
_NEVER_THERE: Final = frozenset({_S.REJECTED, _S.NOT_SENT})
NEUTRAL_NS: Final = 15 * SECOND


def i05_only_allowed_edges(case: Case) -> Finding:
    """Every move is an edge of the law."""
    wrong, moves = [], 0
    state: dict[int, OrderState] = {}
    for line in case.current:
        fact = line.fact
        if isinstance(fact, OrderJournaled):
            state[fact.client_order_id] = _S.JOURNALED
        elif isinstance(fact, OrderSent | OrderMoved):
            moves += 1
            new = fact.state if isinstance(fact, OrderMoved) else _S.SENT
            old = state.get(fact.client_order_id)
            if old is not None and new is not old and new not in _EDGES.get(old, frozenset()):
                when = secs(fact.at, case)
                wrong.append(f"order {fact.client_order_id}: {old} to {new} at {when}")
            state[fact.client_order_id] = new
    return Finding(moves, tuple(wrong))


def i05_unknown_is_not_failed(case: Case) -> Finding:
    """What is said to be refused, absent or over is so at the venue."""
    wrong, claims = [], 0
    for fact in case.of(OrderMoved):
        if fact.state not in _DEAD:
            continue
        claims += 1
        orders = case.own_orders(fact.client_order_id)
        wrong += _lies(case, fact, orders)
    return Finding(claims, tuple(wrong))


def _lies(case: Case, fact: OrderMoved, orders: list[Order]) -> list[str]:
    lie = ""
    if fact.state in _NEVER_THERE and orders:
        lie = f"the venue has it ({fact.reason})"
    elif fact.state is _S.ABSENT:
        before = [order for order in orders if order.created_ns <= fact.at]
        lie = f"there since {secs(before[0].created_ns, case)}" if before else ""
    elif fact.state in _END:
        lie = _wrong_end(fact, orders)
    when = secs(fact.at, case)
    return [f"order {fact.client_order_id} called {fact.state} at {when}: {lie}"] if lie else []


def _wrong_end(fact: OrderMoved, orders: list[Order]) -> str:
    if not orders:
        return "the venue never had it"
    order = orders[0]
    if order.is_open:
        return f"it is open at the venue ({fact.reason})"
    if fact.state is _S.CANCELLED and order.status.value == "Filled":
        return "the venue filled it"
    is_short = fact.state is _S.FILLED and order.executed < (order.quantity or 0)
    return "the venue filled only a part" if is_short else ""


def i06_filled_within_quantity(case: Case) -> Finding:
    """What is booked of an order only grows, and never beyond what was asked."""
    if case.hits("F27", "F06", "F28", "F63"):
        return Finding(0)
    wrong = []
    booked: Counter[int] = Counter()
    for fact in case.of(FillBooked, current=True):
        number = fact.fill.client_order_id
        order = None if number is None else case.journaled.get(number)
        if number is None or order is None:
            continue
        booked[number] += fraction(fact.fill.quantity)  # type: ignore[assignment]
        if booked[number] > fraction(order.approved.leg.terms.quantity):
            wrong.append(f"order {number} is booked beyond its quantity: {float(booked[number])}")
    return Finding(len(booked), tuple(wrong))


def i03_one_live_order_an_intent(case: Case) -> Finding:
    """An intent's leg has at most one attempt that may live; twins are taken off in time."""
    wrong = []
    ends = _first_ends(case.current)
    attempts: dict[tuple[str, str], OrderJournaled] = {}
    for fact in case.of(OrderJournaled, current=True):
        key = (fact.approved.intent_id, fact.approved.terms_hash)
        earlier = attempts.get(key)
        if earlier is not None and ends.get(earlier.client_order_id, fact.at + 1) > fact.at:
            both = f"{earlier.client_order_id} and {fact.client_order_id}"
            wrong.append(f"intent {key[0]} has orders {both} at once")
        attempts[key] = fact
    for number in case.journaled:
        wrong += [
            f"order {number} rests a second time since {secs(twin.created_ns, case)}"
            for twin in case.own_orders(number)[1:]
            if twin.is_open and twin.created_ns + NEUTRAL_NS < case.ended_at
        ]
    return Finding(len(attempts), tuple(wrong))


def _first_ends(lines: list[Line]) -> dict[int, int]:
    ends: dict[int, int] = {}
    for line in lines:
        if isinstance(line.fact, OrderMoved) and line.fact.state in _DEAD:
            ends.setdefault(line.fact.client_order_id, line.fact.at)
    return ends


def i03_late_orders_neutralised(case: Case) -> Finding:
    """An order that appears after it was proved absent is told as an emergency and taken off."""
    wrong, late = [], 0
    told = {
        fact.alert.alert_id: fact.at
        for fact in case.of(AlertRaised)
        if fact.alert.severity is Severity.EMERGENCY
    }
    for fact in case.of(OrderMoved, current=True):
        if fact.state is not _S.ABSENT:
            continue
        for order in case.own_orders(fact.client_order_id):
            if order.created_ns <= fact.at:
                continue
            late += 1
            if order.is_open and order.created_ns + NEUTRAL_NS < case.ended_at:
                wrong.append(f"order {fact.client_order_id} came late and rests")
            if not any(str(fact.client_order_id) in name for name in told):
                wrong.append(f"order {fact.client_order_id} came late; nobody was told")
    return Finding(late, tuple(wrong))


def i09_unknown_is_resolved(case: Case) -> Finding:
    """What is not known is known 15 s after the faults are over."""
    wrong = []
    since: dict[int, int] = {}
    spells = 0
    for line in case.current:
        fact = line.fact
        if not isinstance(fact, OrderMoved):
            continue
        if fact.state is _S.UNKNOWN:
            spells += fact.client_order_id not in since
            since.setdefault(fact.client_order_id, fact.at)
        elif fact.client_order_id in since:
            wrong += _slow(case, fact.client_order_id, since.pop(fact.client_order_id), fact.at)
    for number, began in since.items():
        wrong += _slow(case, number, began, case.ended_at)
    return Finding(spells, tuple(wrong))


def _slow(case: Case, number: int, began: int, ended: int) -> list[str]:
    start = max(began, case.healed_at, case.world.machine.started_at)
    if ended - start <= case.patience_ns():
        return []
    since, healed, known = (secs(at, case) for at in (began, case.healed_at, ended))
    return [f"order {number} unknown since {since}, healed at {healed}, known at {known}"]


def i09_unknown_is_told(case: Case) -> Finding:
    """Unknown beyond 10 s is a warning, beyond 30 s critical."""
    wrong, long_ones = [], 0
    alerts = case.of(AlertRaised)
    since: dict[int, int] = {}
    for line in case.current:
        fact = line.fact
        if not isinstance(fact, OrderMoved):
            continue
        if fact.state is _S.UNKNOWN:
            since.setdefault(fact.client_order_id, fact.at)
            continue
        began = since.pop(fact.client_order_id, None)
        if began is None or fact.at - began < 12 * SECOND or case.was_away(began, fact.at):
            continue
        long_ones += 1
        words = [a.alert for a in alerts if began <= a.at <= fact.at and _names(a, fact)]
        if not words:
            long = f"{(fact.at - began) / 1e9:.1f} s"
            wrong.append(f"order {fact.client_order_id} was unknown for {long}; nobody was told")
    return Finding(long_ones, tuple(wrong))


def _names(alert: AlertRaised, fact: OrderMoved) -> bool:
    text = f"{alert.alert.alert_id} {alert.alert.cause} {alert.alert.title}".lower()
    return str(fact.client_order_id) in text or "unknown" in text or "outcome" in text


ORDER_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I03", i03_one_live_order_an_intent),
    ("I03", i03_late_orders_neutralised),
    ("I05", i05_only_allowed_edges),
    ("I05", i05_unknown_is_not_failed),
    ("I06", i06_filled_within_quantity),
    ("I09", i09_unknown_is_resolved),
    ("I09", i09_unknown_is_told),
)
