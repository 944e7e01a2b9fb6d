"""Books against the venue's, data ages at approval, reservations, and the replay of the journal."""

from bisect import bisect_right
from typing import Final

from core.domain.facts import Fact, OrderJournaled
from core.runtime.assembly import Engine
from tests.simulation.machine import ACCOUNT, LIMITS, new_engine
from tests.simulation.oracle.case import Case, Check, Finding, secs


def i18_valid_books_are_whole(case: Case) -> Finding:
    """A book that says it is valid is not crossed and has no sizes below nothing."""
    wrong = []
    for sample in case.world.sampler.books:
        is_crossed = sample.bids and sample.asks and sample.bids[0][0] >= sample.asks[0][0]
        if is_crossed:
            wrong.append(f"{sample.instrument} is crossed at {secs(sample.at, case)}")
        if any(size <= 0 for _, size in (*sample.bids, *sample.asks)):
            wrong.append(f"{sample.instrument} has an empty level at {secs(sample.at, case)}")
    return Finding(len(case.world.sampler.books), tuple(wrong))


def i20_books_equal_at_same_id(case: Case) -> Finding:
    """At the venue's id a book is the venue's, while no fault falsifies what is sent."""
    if case.hits("F34", "F35", "F71", "F32"):
        return Finding(0)
    wrong, looked = [], 0
    for sample in case.world.sampler.books:
        if sample.venue_bids is None or sample.venue_asks is None:
            continue
        looked += 1
        if sample.bids != sample.venue_bids or sample.asks != sample.venue_asks:
            wrong.append(f"{sample.instrument} differs at {secs(sample.at, case)}")
    return Finding(looked, tuple(wrong[:3]))


def i19_no_decision_on_old_data(case: Case) -> Finding:
    """At each approval something newer than the bound had been heard of the market."""
    wrong = []
    bound = (LIMITS.max_book_age_ms + 250) * 1_000_000
    heard = case.world.net.heard
    names = {line.epoch: line for line in case.world.lives if line.host == "host"}
    for line in case.lines:
        fact = line.fact
        if not isinstance(fact, OrderJournaled) or fact.approved.leg.terms.reduce_only:
            continue
        symbol = fact.approved.leg.terms.instrument.partition(":")[2]
        times = heard.get((names[line.epoch].name, symbol), [])
        place = bisect_right(times, fact.at)
        newest = times[place - 1] if place else 0
        if fact.at - newest > bound:
            age = (fact.at - newest) / 1e9
            wrong.append(f"order {fact.client_order_id} was approved on data {age:.1f} s old")
    return Finding(len(case.journaled), tuple(wrong))


def i16_reservations_released(case: Case) -> Finding:
    """With nothing live and nothing lately absent, nothing is reserved."""
    rooms = case.world.machine.engine.rooms
    at = case.ended_at
    if rooms.trading.orders.live() or rooms.trading.orders.shadows(at):
        return Finding(0)
    wrong = []
    for strategy in (*rooms.capital.strategies(), "MANUAL"):
        reserved = rooms.capital.reserved(strategy, at)  # type: ignore[arg-type]
        if reserved.value != 0:
            wrong.append(f"{strategy} still reserves {reserved}")
    return Finding(1, tuple(wrong))


def i30_replay_is_the_state(case: Case) -> Finding:
    """The journal alone rebuilds what the engine holds; twice over it rebuilds the same."""
    facts = case.world.facts()
    live = _picture(case.world.machine.engine)
    try:
        once, twice = _rebuilt(facts), _rebuilt(facts)
    except Exception as error:  # noqa: BLE001  as the next line says
        # Whatever it is, an engine would not start on this journal.
        return Finding(1, (f"the journal cannot be replayed: {error!r}",))
    wrong = []
    if once != twice:
        wrong.append("two replays of one journal differ")
    waiting = case.world.machine.shell.runner.has_waiting
    if not waiting and once != live:
        changed = [key for key in {*once, *live} if once.get(key) != live.get(key)]
        told = ", ".join(f"{k}: journal {once.get(k)}, engine {live.get(k)}" for k in changed[:3])
        wrong.append(f"the journal rebuilds another state: {told}")
    return Finding(1, tuple(wrong))


def _rebuilt(facts: list[Fact]) -> dict[str, str]:
    engine = new_engine(lambda: 0)
    engine.desk.restore(facts)
    return _picture(engine)


def _picture(engine: Engine) -> dict[str, str]:
    trading, risk = engine.rooms.trading, engine.rooms.risk
    picture = {
        f"order {r.client_order_id}": f"{r.state} {r.filled} {r.quantity}"
        for r in trading.orders.newest(len(trading.orders))
    }
    for (_, book, name), line in trading.ledger.lines():
        picture[f"line {book} {name}"] = f"{line.quantity}"
    for asset in trading.ledger.cash_assets(ACCOUNT):
        picture[f"cash {asset}"] = f"{trading.ledger.cash(ACCOUNT, asset)}"
    picture["state"] = f"{risk.state}"
    picture["alerts"] = " ".join(sorted(r.alert.alert_id for r in risk.alerts.view(0).open))
    return picture


ENGINE_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("I16", i16_reservations_released),
    ("I18", i18_valid_books_are_whole),
    ("I19", i19_no_decision_on_old_data),
    ("I20", i20_books_equal_at_same_id),
    ("I30", i30_replay_is_the_state),
)
