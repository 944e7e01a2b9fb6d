"""A venue of a few lines in virtual time, for kills: delays, losses, refusals, late arrivals."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final

from core.domain.ids import AccountId, ClientOrderId, Symbol, VenueOrderId
from core.domain.kill import KillPhase, KillTrouble, OpenRow, PossibleOrder
from core.runtime.kill.run import Ask, KillRun, KillWish

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
START: Final = 1_700_000_000 * SECOND
ACCOUNT: Final = AccountId("alpha:main")


def row(
    number: int,
    symbol: str = "A",
    *,
    conditional: bool = False,
    reduce_only: bool = False,
    client: int | None = None,
) -> OpenRow:
    """Make an open order."""
    return OpenRow(
        symbol=Symbol(symbol),
        order_id=VenueOrderId(str(number)),
        client_order_id=None if client is None else ClientOrderId(client),
        is_conditional=conditional,
        is_reduce_only=reduce_only,
    )


class SmallVenue:
    """Carries out a run's wishes half a round trip after they left, answers after another half.

    `fault` may answer a wish by a trouble: before it took effect (`lost`) or after (`mute`).
    """

    def __init__(self, *rows: OpenRow, one_way_ms: int = 50, seed: int = 1) -> None:
        self.at = START
        self.open = {each.order_id: each for each in rows}
        self.strategies: set[Symbol] = set()
        self.one_way_ns = one_way_ms * MS
        self.fault: Callable[[KillWish], tuple[str, KillTrouble] | None] = lambda _wish: None
        self.sent: list[tuple[int, KillWish]] = []
        self.rng = Random(seed)
        self.run: KillRun | None = None
        self._heap: list[tuple[int, int, Callable[[], object]]] = []
        self._ties = count()

    def later(self, delay_ns: int, work: Callable[[], object]) -> None:
        """Do something after a while."""
        heapq.heappush(self._heap, (self.at + delay_ns, next(self._ties), work))

    def kill(self, *possible: PossibleOrder) -> KillRun:
        """Begin a kill."""
        self.run = KillRun(ACCOUNT, self.at, possible, self.rng)
        return self.run

    def go_on(self, secs: float, *, until: Callable[[], bool] | None = None) -> float:
        """Let time pass, at most so long, or until something is true; return how long it took."""
        assert self.run is not None
        begun, end = self.at, self.at + int(secs * SECOND)
        while self.at < end and not (until is not None and until()):
            for wish in self.run.wishes(self.at):
                self._send(wish)
            wakes = [at for at in (self.run.next_at(),) if at is not None]
            if self._heap:
                wakes.append(self._heap[0][0])
            if not wakes:
                break
            self.at = max(self.at, min(end, *wakes))
            while self._heap and self._heap[0][0] <= self.at:
                heapq.heappop(self._heap)[2]()
        return (self.at - begun) / SECOND

    def until_proven(self, most_secs: float = 60.0) -> float:
        """Let time pass until zero is proven."""
        assert self.run is not None
        return self.go_on(most_secs, until=lambda: self.run is not None and self.run.is_proven)

    @property
    def risky(self) -> list[OpenRow]:
        """What is open and can increase exposure, by the venue's own book."""
        return [each for each in self.open.values() if not each.is_reduce_only]

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.run is not None and self.run.phase is KillPhase.DONE

    def _send(self, wish: KillWish) -> None:
        self.sent.append((self.at, wish))
        struck = self.fault(wish)
        if struck is None:
            self.later(self.one_way_ns, lambda: self._arrive(wish))
            return
        kind, trouble = struck
        if kind == "mute":
            self.later(self.one_way_ns, lambda: self._apply(wish))
        wait = int(wish.deadline_secs * SECOND) if trouble.is_timeout else 2 * self.one_way_ns
        self.later(wait, lambda: self._fail(wish, trouble))

    def _fail(self, wish: KillWish, trouble: KillTrouble) -> None:
        assert self.run is not None
        self.run.failed(wish.number, trouble, self.at)

    def _arrive(self, wish: KillWish) -> None:
        answer = self._apply(wish)
        self.later(self.one_way_ns, lambda: self._answer(wish, answer))

    def _apply(self, wish: KillWish) -> object:
        if wish.ask is Ask.OPEN_ORDERS:
            return tuple(self.open.values())
        if wish.ask is Ask.STRATEGIES:
            return tuple(self.strategies)
        if wish.ask is Ask.CANCEL_STRATEGIES:
            self.strategies.discard(wish.symbol)
            return None
        gone = [each for each in self.open.values() if _meant(wish, each)]
        for each in gone:
            del self.open[each.order_id]
        return bool(gone) or wish.ask in (Ask.CANCEL_RESTING, Ask.CANCEL_CONDITIONAL)

    def _answer(self, wish: KillWish, answer: object) -> None:
        assert self.run is not None
        if isinstance(answer, tuple):
            if wish.ask is Ask.OPEN_ORDERS:
                self.run.listed(wish.number, answer, self.at)
            else:
                self.run.scheduled(wish.number, answer, self.at)
        elif answer is False:
            self.run.failed(wish.number, KillTrouble("no such", is_not_found=True), self.at)
        else:
            self.run.done(wish.number, self.at)


def _meant(wish: KillWish, each: OpenRow) -> bool:
    if wish.symbol != each.symbol:
        return False
    if wish.ask is Ask.CANCEL_ORDER:
        return wish.order_id == each.order_id
    if wish.ask is Ask.CANCEL_UNKNOWN:
        return wish.client_order_id == each.client_order_id
    return each.is_conditional is (wish.ask is Ask.CANCEL_CONDITIONAL)
