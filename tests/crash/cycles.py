"""Lives and deaths on one account: start, compare with the venue, trade, kill, start again."""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import msgspec

from core.runtime.crash import KILL_ASKED
from tests.crash.books import Books
from tests.crash.engine import Life, Plan, journal_of
from tests.crash.judge import PATIENCE_SECS, never, until_equal
from tests.crash.venue import VenueProcess, Witness

MATCH_SECS: Final = 25.0
REACH_SECS: Final = 25.0
"""How long a life may take to reach its crash point."""
BUMP_SECS: Final = 0.3
"""How long the venue may hold what it took before it tells of it (its speed bump is 0.1 s)."""
PROOF_SECS: Final = 40.0
"""How long orders in doubt may take to be proved; the law's window, margin and two rounds."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One kill and the restart after it."""

    name: str
    seed: int
    wrong: tuple[str, ...] = ()
    is_hit: bool = True
    """Whether the process died where it should."""
    code: int | None = None
    """How the process ended, negative for a signal."""
    in_doubt: int = 0
    """Own orders that had not ended when it died."""
    untold: int = 0
    """Orders on disk at the kill of which no outcome was."""
    untold_there: int = 0
    """Those of them that the venue had."""
    rows: int = 0
    fills: int = 0
    restart_secs: float | None = None
    """From the start to ledger and venue compared equal by the engine."""


class Account:
    """One venue, one journal and the lives that follow one another on it."""

    def __init__(self, seed: int, folder: Path | None = None) -> None:
        self._own_folder = folder is None
        self.seed = seed
        self.folder = folder or Path(tempfile.mkdtemp(prefix="wingman-crash-"))
        self.venue = VenueProcess(seed, self.folder)
        self.witness = Witness(self.venue.words)
        self.books = Books(journal_of(self.folder))
        self.life: Life | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.life is not None:
            self.life.kill()
        self.witness.close()
        self.venue.stop()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- one life ------------------------------------------------------------------------------

    def start(
        self, seed: int, *, crash_at: str = "", wish: str = "trade", busy_secs: float = 30.0
    ) -> Life:
        """Start an engine; the one before has to be gone."""
        with suppress(FileNotFoundError):
            (self.folder / "summary.json").unlink()
        plan = Plan(
            folder=self.folder,
            words=self.venue.words,
            seed=seed,
            crash_at=crash_at,
            wish=wish,
            busy_secs=busy_secs,
        )
        self.life = Life(plan)
        return self.life

    def matched(self, life: Life) -> float | None:
        """Wait until this life found ledger and venue equal; None if it died or never did."""
        begun, epoch = time.monotonic(), self.books.epoch
        while time.monotonic() < begun + MATCH_SECS:
            self.books.read()
            if self.books.epoch > epoch and self.books.matches:
                return time.monotonic() - begun
            if life.has_ended():
                return None
            time.sleep(0.01)
        return None

    def after_kill(self) -> list[str]:
        """Return what is wrong right after a kill, before anybody mends it."""
        self.books.read()
        self.witness.look()
        return never(self.books, self.witness)

    def untold(self) -> tuple[int, int]:
        """Count this epoch's orders without an outcome on disk, and those of them at the venue."""
        there = self._at_venue()
        mine = [
            number
            for number in self.books.journaled
            if number not in self.books.states and number in self.books.latest
        ]
        return len(mine), sum(number in there for number in mine)

    def recovered(self, life: Life) -> tuple[list[str], float | None]:
        """Return what is wrong after a restart, and how long it took."""
        secs = self.matched(life)
        if secs is None:
            return [f"no match within {MATCH_SECS:g} s of the restart: {self.last_words()}"], None
        return until_equal(self.books, self.witness, PATIENCE_SECS), secs

    def settled(self, seed: int) -> list[str]:
        """Live once more, end in order, and return what is not as it has to be in the end."""
        life = self.start(seed, wish="exit", busy_secs=0.0)
        wrong, _ = self.recovered(life)
        end = time.monotonic() + PROOF_SECS
        while not wrong and self.books.live() and time.monotonic() < end:
            # Copying goes on, so count only what was in doubt or rests: it has to end by proof.
            if not any(state in _DOUBT for state in self.books.live().values()):
                break
            time.sleep(0.2)
            self.books.read()
        life.go()
        if not life.wait(60):
            life.kill()
            return [*wrong, "the orderly end did not come"]
        # Nobody books what the venue settles from here on, so money is compared above alone.
        wrong += until_equal(self.books, self.witness, 1.0, with_money=False)
        wrong += [f"order {n} ended as {s}" for n, s in self.books.live().items()]
        wrong += [f"order {row['id']} still rests" for row in self.witness.open_orders()]
        summary = life.summary()
        wanted = {
            "ledger_equals_venue": True,
            "mismatches": 0,
            "residual": 0,
            "exceptions": 0,
            "orders_unknown": 0,
            "orders_live": 0,
        }
        wrong += [f"{k} is {summary.get(k)}" for k, v in wanted.items() if summary.get(k) != v]
        return wrong + self._proofs()

    def _proofs(self) -> list[str]:
        """Hold every end against the venue: absent means never there, else it was."""
        there = self._at_venue()
        wrong = []
        for number in self.books.journaled:
            state = self.books.states.get(number)
            if state == "absent" and number in there:
                wrong.append(f"order {number} was called absent and is at the venue")
            if state in {"filled", "cancelled", "expired"} and number not in there:
                wrong.append(f"order {number} ended as {state} and never was at the venue")
        return wrong

    def _at_venue(self) -> set[int]:
        return {int(row["clientId"]) for row in self.witness.orders.values() if row["clientId"]}

    def last_words(self) -> str:
        """Return the end of what the engines said."""
        file = self.folder / "engine.out"
        text = file.read_text(errors="replace") if file.exists() else ""
        return text[-1_500:] or "no words"


_DOUBT: Final = frozenset({"journaled", "sent", "unknown", "pending_cancel"})


Tell = Callable[[Outcome], None]


def random_kills(
    seed: int,
    count: int,
    *,
    kills_an_account: int = 40,
    give_up_at: float | None = None,
    tell: Tell = lambda _outcome: None,
) -> list[Outcome]:
    """Kill at so many random instants, on a new venue and journal every so often."""
    found: list[Outcome] = []
    while len(found) < count and not _is_late(give_up_at):
        account_seed = seed * 1_000 + len(found)
        with Account(account_seed) as account:
            wanted = min(kills_an_account, count - len(found))
            dice = random.Random(account_seed)
            found.extend(_series(account, dice, wanted, give_up_at, tell))
    return found


def _series(
    account: Account, dice: random.Random, count: int, give_up_at: float | None, tell: Tell
) -> list[Outcome]:
    found: list[Outcome] = []
    while len(found) < count and not _is_late(give_up_at):
        found.append(_one_random_kill(account, dice))
        tell(found[-1])
        if found[-1].wrong:
            _keep(account, found[-1])
            return found
    wrong = account.settled(dice.randrange(2**31))
    if wrong:
        last = Outcome(name="settled", seed=account.seed, wrong=tuple(wrong))
        _keep(account, last)
        found.append(last)
        tell(last)
    return found


def _one_random_kill(account: Account, dice: random.Random) -> Outcome:
    """Start, compare, trade, kill; one in four dies on its way up (F56)."""
    seed = dice.randrange(2**31)
    life = account.start(seed)
    secs: float | None = None
    wrong: list[str] = []
    is_early = dice.random() < 0.25
    if is_early:
        time.sleep(dice.uniform(0.0, 1.0))
    else:
        wrong, secs = account.recovered(life)
        life.go()
        time.sleep(dice.uniform(0.3, 2.5))
    is_alive = not life.has_ended()
    life.kill()
    if not is_alive:
        wrong.append(f"the engine ended by itself with {life.code}: {account.last_words()}")
    wrong += account.after_kill()
    return Outcome(
        name="recovery" if is_early else "random",
        seed=seed,
        wrong=tuple(wrong),
        in_doubt=len(account.books.live()),
        rows=account.books.rows,
        fills=len(account.books.fills),
        restart_secs=secs,
    )


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled point and the life that reaches it."""

    label: str
    count: int = 1
    wish: str = "trade"
    busy_secs: float = 20.0
    is_recovery: bool = False
    """Reached while starting: the life before it has to have left something to recover."""


def few_kills(seed: int, points: Sequence[Point], tell: Tell) -> None:
    """Die at a few points one after the other on one account, and settle once in the end."""
    with Account(seed) as account:
        for number, point in enumerate(points):
            outcome = kill_at(point, seed * 100 + number * 10, account, settles=False)
            tell(outcome)
            if outcome.wrong:
                return
        wrong = tuple(account.settled(seed))
        last = Outcome(name="settled", seed=seed, wrong=wrong, fills=len(account.books.fills))
        if wrong:
            _keep(account, last)
        tell(last)


def kill_at(point: Point, seed: int, account: Account, *, settles: bool = True) -> Outcome:
    """Die at a point, restart, and compare; settle so that the next point starts from zero."""
    wrong: list[str] = []
    if point.is_recovery:
        before = account.start(seed)
        wrong, _ = account.recovered(before)
        before.go()
        time.sleep(1.0)
        before.kill()
        wrong += account.after_kill()
    life = account.start(
        seed + 1,
        crash_at=f"{point.label}/{point.count}",
        wish=point.wish,
        busy_secs=point.busy_secs,
    )
    if not point.is_recovery and account.matched(life) is not None:
        life.go()
    is_hit = life.wait(REACH_SECS) and life.code == -9
    life.kill()
    wrong += account.after_kill()
    time.sleep(BUMP_SECS)
    wrong += account.after_kill()
    in_doubt = len(account.books.live())
    untold, there = account.untold()
    again = account.start(seed + 2)
    late, secs = account.recovered(again)
    again.kill()
    wrong += late
    if point.wish == "kill" and point.label != KILL_ASKED and not account.books.is_halted:
        wrong.append("the kill's latch was gone and the restart does not know")
    if settles and not wrong:
        wrong += account.settled(seed + 3)
    outcome = Outcome(
        name=point.label,
        seed=seed,
        wrong=tuple(wrong),
        is_hit=is_hit,
        code=life.code,
        in_doubt=in_doubt,
        untold=untold,
        untold_there=there,
        rows=account.books.rows,
        fills=len(account.books.fills),
        restart_secs=secs,
    )
    if wrong:
        _keep(account, outcome)
    return outcome


def _keep(account: Account, outcome: Outcome) -> None:
    """Leave the folder of a failure where it can be looked at."""
    account._own_folder = False
    counts = Counter(account.books.counts)
    note = {"outcome": msgspec.to_builtins(outcome), "facts": dict(counts), "pid": os.getpid()}
    (account.folder / "failure.json").write_bytes(msgspec.json.encode(note))


def _is_late(give_up_at: float | None) -> bool:
    return give_up_at is not None and time.monotonic() > give_up_at
