"""What left the machine, held against what the journal had allowed by then."""

from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from core.domain.facts import OrderJournaled
from core.domain.intent import terms_hash
from core.domain.order import Side
from core.exchange.contract import Wire
from tests.simulation.oracle.case import SECOND, Case, Check, Finding, Line, Submit, fraction, secs

_MINUTE: Final = 60 * SECOND


def i01_only_approved_terms(case: Case) -> Finding:
    """No order byte without an approval of those exact terms."""
    wrong = []
    for submit in _ours(case):
        fact = case.journaled.get(submit.client_id)
        if fact is None:
            wrong.append(f"order {submit.client_id} on the wire stands in no journal")
            continue
        wrong += _other_terms(fact, submit.body)
        if fact.approved.terms_hash != terms_hash((fact.approved.leg,)):
            wrong.append(f"order {submit.client_id}: the approval is for other terms")
    return Finding(len(case.submits), tuple(wrong))


def _other_terms(fact: OrderJournaled, body: dict[str, object]) -> list[str]:
    terms = fact.approved.leg.terms
    told: dict[str, tuple[object, object]] = {
        "symbol": (body.get("symbol"), terms.instrument.partition(":")[2]),
        "side": (body.get("side"), "Bid" if terms.side is Side.BUY else "Ask"),
        "reduceOnly": (bool(body.get("reduceOnly", False)), terms.reduce_only),
        "postOnly": (bool(body.get("postOnly", False)), terms.post_only),
    }
    if "price" in body:
        told["price"] = (fraction(str(body["price"])), fraction(terms.limit_price))
    size = body.get("quantity", body.get("triggerQuantity"))
    if size is not None:
        told["quantity"] = (fraction(str(size)), fraction(terms.quantity))
    return [
        f"order {fact.client_order_id}: {name} left as {left}, approved was {approved}"
        for name, (left, approved) in told.items()
        if left != approved
    ]


def i02_durable_before_sent(case: Case) -> Finding:
    """An order's intent is on the platter before its first byte leaves."""
    wrong = []
    lines: dict[int, Line] = {
        line.fact.client_order_id: line
        for line in case.lines
        if isinstance(line.fact, OrderJournaled)
    }
    for submit in _ours(case):
        line = lines.get(submit.client_id)
        if line is None or line.synced_at > submit.sent.at or line.epoch != submit.sent.epoch:
            when = "never" if line is None else secs(line.synced_at, case)
            left = secs(submit.sent.at, case)
            wrong.append(f"order {submit.client_id} left at {left}, was durable {when}")
    return Finding(len(case.submits), tuple(wrong))


def i04_ids_increase(case: Case) -> Finding:
    """Client ids are never reused and only rise; each leaves once."""
    wrong: list[str] = []
    seen: set[int] = set()
    highest = 0
    for submit in _ours(case):
        number = submit.client_id
        if number in seen:
            wrong.append(f"order {number} left twice, again at {secs(submit.sent.at, case)}")
        elif number < highest:
            wrong.append(f"order {number} left after {highest}")
        seen.add(number)
        highest = max(highest, number)
    last = 0
    for fact in case.of(OrderJournaled):
        if fact.client_order_id <= last:
            wrong.append(f"order {fact.client_order_id} was journaled after {last}")
        last = fact.client_order_id
    return Finding(len(seen), tuple(wrong))


def i32_one_trader(case: Case) -> Finding:
    """Once a later epoch spoke, no earlier one of this machine sends an order."""
    wrong = []
    newest = 0
    for sent in case.world.net.sent:
        if not sent.process.startswith("engine"):
            continue
        is_order = sent.wire.method == "POST"
        if is_order and sent.epoch < newest:
            wrong.append(
                f"epoch {sent.epoch} sent an order at {secs(sent.at, case)}, after epoch {newest}"
            )
        newest = max(newest, sent.epoch)
    return Finding(len(case.submits), tuple(wrong))


def i35_rate_budget(case: Case) -> Finding:
    """In any minute: at most 1,600 requests, half of them entries; history within its limit."""
    wrong = []
    bounds: tuple[tuple[str, int, Callable[[Wire], bool]], ...] = (
        ("requests", 1_600, lambda wire: wire.path != ""),
        ("entries", 800, lambda wire: wire.method == "POST"),
        ("candles", 30, lambda wire: wire.path.endswith("/klines")),
    )
    for name, most, is_one in bounds:
        seen: deque[int] = deque()
        worst = 0
        for sent in case.world.net.sent:
            if not sent.process.startswith("engine"):
                continue
            if not is_one(sent.wire):
                continue
            seen.append(sent.at)
            while seen[0] <= sent.at - _MINUTE:
                seen.popleft()
            worst = max(worst, len(seen))
        if worst > most:
            wrong.append(f"{worst} {name} in a minute, allowed {most}")
    return Finding(len(case.world.net.sent), tuple(wrong))


def i08_sends_only_when_allowed(case: Case) -> Finding:
    """HALTED sends nothing new: also what was approved before and had not left yet."""
    wrong = []
    halts = case.halts()
    for submit in _ours(case):
        at = submit.sent.at
        for began, ended in halts:
            if began + SECOND // 20 < at < ended and not case.is_sanctioned(submit.client_id):
                wrong.append(
                    f"order {submit.client_id} left at {secs(at, case)}, "
                    f"halted since {secs(began, case)}"
                )
    return Finding(len(case.submits), tuple(wrong))


def i07_order_caps(case: Case) -> Finding:
    """The hard cap of one order holds for every order that adds risk."""
    wrong = []
    for fact in case.of(OrderJournaled):
        terms = fact.approved.leg.terms
        worth = fraction(terms.quantity) * fraction(terms.limit_price)
        if not terms.reduce_only and worth > 5_000:
            wrong.append(f"order {fact.client_order_id} is worth {float(worth):.2f}")
    return Finding(len(case.journaled), tuple(wrong))


def i07_position_caps(case: Case) -> Finding:
    """The worst case of each market stays under its cap, by the venue's own positions."""
    if case.hits("F38", "F43", "F63", "F27", "F06", "F05", "F17", "F35", "F28"):
        return Finding(0)
    wrong: list[str] = []
    lowest: dict[str, int] = {}
    for sample in case.world.sampler.exposures:
        lowest[sample.symbol] = min(lowest.get(sample.symbol, sample.mark), sample.mark)
        most = max(abs(sample.position + sample.bids), abs(sample.position - sample.asks))
        worth = Fraction(most, 10**10) * Fraction(lowest[sample.symbol], 10**10)
        if worth > 20_000 and sample.symbol.endswith("PERP"):
            at = secs(sample.at, case)
            wrong.append(f"{sample.symbol}: worst case {float(worth):.0f} at {at}")
    return Finding(len(case.world.sampler.exposures), tuple(wrong[:3]))


def _ours(case: Case) -> list[Submit]:
    return [submit for submit in case.submits if submit.is_ours]


WIRE_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I01", i01_only_approved_terms),
    ("I02", i02_durable_before_sent),
    ("I04", i04_ids_increase),
    ("I07", i07_order_caps),
    ("I07", i07_position_caps),
    ("I08", i08_sends_only_when_allowed),
    ("I32", i32_one_trader),
    ("I35", i35_rate_budget),
)
