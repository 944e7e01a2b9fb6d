"""The books: the journal's bookings added up by hand are what the venue says, to the last digit."""

from collections import Counter, defaultdict
from fractions import Fraction
from typing import Final

from core.domain.facts import (
    CashBooked,
    FillBooked,
    InferredBooked,
    PositionAdopted,
    Reconciled,
)
from core.domain.order import Fill, Side
from core.exchange.embedded.accounts import Fill as VenueFill
from core.exchange.embedded.spec import MARKETS
from core.exchange.embedded.units import SCALE
from tests.simulation.machine import ACCOUNT
from tests.simulation.machine import MARKETS as TRADED
from tests.simulation.oracle.case import SECOND, Case, Check, Finding, fraction, of_atoms

_SPECS: Final = {spec.symbol: spec for spec in MARKETS}
Key = tuple[object, ...]


def _venue_fill(fill: VenueFill) -> Key:
    spec = _SPECS[fill.symbol]
    return (
        fill.symbol,
        str(fill.order_id),
        "buy" if fill.side == "Bid" else "sell",
        of_atoms(fill.quantity * spec.step_atoms),
        of_atoms(fill.price * spec.tick_atoms),
        of_atoms(fill.fee),
        fill.fee_asset,
    )


def _booked_fill(fill: Fill) -> Key:
    return (
        fill.instrument.partition(":")[2],
        str(fill.venue_order_id),
        "buy" if fill.side is Side.BUY else "sell",
        fraction(fill.quantity),
        fraction(fill.price),
        fraction(fill.fee),
        str(fill.fee_asset),
    )


def _counts(case: Case) -> tuple[Counter[Key], Counter[Key]]:
    since = _opened_at(case)
    venue = Counter(_venue_fill(f) for f in case.account.fills if f.at_ns >= since)
    booked = Counter(_booked_fill(f.fill) for f in case.of(FillBooked, current=True))
    return venue, booked


def _opened_at(case: Case) -> int:
    """Return from when on the journal that stands has to know every fill."""
    for fact in case.of(Reconciled, current=True):
        if fact.is_matched:
            return fact.read_from
    return case.ended_at


def i10_no_fill_lost(case: Case) -> Finding:
    """Every fill of the venue is booked."""
    if case.is_halted_visibly() and case.is_mismatched():
        return Finding(0)
    venue, booked = _counts(case)
    missing = venue - booked
    return Finding(sum(venue.values()), tuple(f"never booked: {_worded(k)}" for k in missing))


def i11_no_fill_twice(case: Case) -> Finding:
    """No fill is booked twice, and none that the venue does not know."""
    _, booked = _counts(case)
    known = Counter(_venue_fill(f) for f in case.account.fills)
    surplus = booked - known
    return Finding(sum(booked.values()), tuple(f"booked too often: {_worded(k)}" for k in surplus))


def _worded(key: Key) -> str:
    return " ".join(str(float(k)) if isinstance(k, Fraction) else str(k) for k in key)


def _taken_over(fact: object) -> tuple[str, Fraction] | None:
    """Read what a fact takes over into a position without a fill."""
    if isinstance(fact, PositionAdopted):
        return fact.instrument, fraction(fact.quantity)
    if isinstance(fact, InferredBooked) and fact.instrument and fact.quantity is not None:
        return fact.instrument, fraction(fact.quantity)
    return None


def _cash_moved(fact: object) -> tuple[str, Fraction] | None:
    """Read what a fact moves in money without a fill."""
    if isinstance(fact, CashBooked):
        return fact.asset, fraction(fact.amount)
    if isinstance(fact, InferredBooked) and fact.asset and fact.amount is not None:
        return fact.asset, fraction(fact.amount)
    return None


def _positions(case: Case) -> dict[str, Fraction]:
    held: dict[str, Fraction] = defaultdict(Fraction)
    for line in case.current:
        fact = line.fact
        if isinstance(fact, FillBooked):
            held[fact.fill.instrument] += fact.fill.side.sign * fraction(fact.fill.quantity)
        elif (taken := _taken_over(fact)) is not None:
            held[taken[0]] += taken[1]
    return held


def i12_positions_equal(case: Case) -> Finding:
    """Positions added up from the journal are the venue's."""
    if case.is_mismatched():
        return Finding(0)
    wrong = []
    ours = _positions(case)
    perps = [name for name in TRADED if name.endswith("PERP")]
    for name in perps:
        symbol = name.partition(":")[2]
        theirs = of_atoms(case.account.position_steps(symbol) * _SPECS[symbol].step_atoms)
        if ours[name] != theirs:
            wrong.append(f"{name}: journal {float(ours[name])}, venue {float(theirs)}")
    return Finding(len(perps), tuple(wrong))


def _cash(case: Case) -> dict[str, Fraction]:
    cash: dict[str, Fraction] = defaultdict(Fraction)
    for line in case.current:
        fact = line.fact
        if (moved := _cash_moved(fact)) is not None:
            cash[moved[0]] += moved[1]
        elif isinstance(fact, FillBooked):
            fill = fact.fill
            cash[fill.fee_asset] -= fraction(fill.fee)
            spec = _SPECS[fill.instrument.partition(":")[2]]
            if not spec.is_perp:
                size, price = fraction(fill.quantity), fraction(fill.price)
                cash[spec.base] += fill.side.sign * size
                cash[spec.quote] -= fill.side.sign * size * price
    return cash


def i13_balances_equal(case: Case) -> Finding:
    """Money added up from the journal is the venue's, in every asset, exactly."""
    if case.is_mismatched():
        return Finding(0)
    wrong = []
    ours = _cash(case)
    booked = {
        (f.source, f.row_id) for f in case.of(CashBooked, current=True)
    }  # settlements of the last seconds may not have been read yet
    young = Fraction(0)
    for row in case.account.settlements:
        is_young = row.at_ns > case.ended_at - 10 * SECOND
        if is_young and not any(str(row.sequence) in row_id for _, row_id in booked):
            young += of_atoms(row.quantity)
    for asset, balance in case.account.balances.items():
        theirs = Fraction(balance.total, SCALE)
        held = ours[asset] + (young if asset == "USDC" else 0)
        if held != theirs and ours[asset] != theirs:
            wrong.append(f"{asset}: journal {float(held):.10f}, venue {float(theirs):.10f}")
    return Finding(len(case.account.balances), tuple(wrong))


def i14_residual_zero(case: Case) -> Finding:
    """The ledger's own identity: nothing is left over."""
    residual = fraction(case.world.machine.engine.rooms.trading.ledger.residual())
    return Finding(1, () if residual == 0 else (f"residual {residual}",))


def i15_books_add_up(case: Case) -> Finding:
    """Each book's position is the sum of its own bookings; all of them are the account's."""
    wrong = []
    naive: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for line in case.current:
        fact = line.fact
        if isinstance(fact, FillBooked):
            key = (fact.book, fact.fill.instrument)
            naive[key] += fact.fill.side.sign * fraction(fact.fill.quantity)
        elif (taken := _taken_over(fact)) is not None:
            naive["EXTERNAL", taken[0]] += taken[1]
    ledger = case.world.machine.engine.rooms.trading.ledger
    lines = list(ledger.lines())
    for (_, book, name), position in lines:
        if fraction(position.quantity) != naive[str(book), name]:
            wrong.append(f"book {book} {name}: {position.quantity}, added up "
                         f"{float(naive[str(book), name])}")  # fmt: skip
    for name in TRADED:
        total = sum((n for (_, each), n in naive.items() if each == name), Fraction(0))
        if fraction(ledger.position(ACCOUNT, name)) != total:
            wrong.append(f"{name}: the account holds {ledger.position(ACCOUNT, name)}, "
                         f"its books {float(total)}")  # fmt: skip
    return Finding(len(lines), tuple(wrong))


def i17_profit_identity(case: Case) -> Finding:
    """Equity moved by exactly what was realised, marked, paid and received.

    By hand: cash and cost of every booking against the venue's cash and open value, at its marks.
    """
    adopted = any(fraction(f.quantity) for f in case.of(PositionAdopted, current=True))
    if case.is_mismatched() or adopted:
        return Finding(0)  # what was settled of an adopted position before is not known
    floor = case.world.venue.exchange.floor
    ours = _cash(case)["USDC"]
    settled: Fraction = sum(
        (
            fraction(f.amount)
            for f in case.of(CashBooked, current=True)
            if f.source == "realized_pnl"
        ),
        Fraction(0),
    )
    flow, held = Fraction(0), _positions(case)
    for fact in case.of(FillBooked, current=True):
        if fact.fill.instrument.endswith("PERP"):
            flow -= fact.fill.side.sign * fraction(fact.fill.quantity) * fraction(fact.fill.price)
    marks = {name: of_atoms(floor.markets[name.partition(":")[2]].mark) for name in TRADED}
    worth = sum((held[n] * marks[n] for n in TRADED if n.endswith("PERP")), Fraction(0))
    unsettled = flow + worth - settled
    theirs = of_atoms(case.account.balance("USDC").total) + sum(
        of_atoms(p.unsettled(floor.markets[s].mark)) for s, p in case.account.positions.items()
    )
    gap = ours + unsettled - theirs
    closed = _closed_remainder(case)
    if abs(gap) <= closed:
        return Finding(1)
    return Finding(1, (f"equity by the journal is {float(gap):.10f} off the venue's",))


def _closed_remainder(case: Case) -> Fraction:
    """Return what a settlement of the last seconds may still be on its way with."""
    rows = [row for row in case.account.settlements if row.at_ns > case.ended_at - 10 * SECOND]
    return sum((abs(of_atoms(row.quantity)) for row in rows), Fraction(0))


MONEY_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I10", i10_no_fill_lost),
    ("I11", i11_no_fill_twice),
    ("I12", i12_positions_equal),
    ("I13", i13_balances_equal),
    ("I14", i14_residual_zero),
    ("I15", i15_books_add_up),
    ("I17", i17_profit_identity),
)
