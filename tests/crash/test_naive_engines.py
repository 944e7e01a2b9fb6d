"""The harness has to catch engines that do what must never be done: each with one mistake.

The mistakes are made here and inherited by the engines forked from this process.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.domain.facts import Fact, OrderMoved
from core.domain.order import OrderState
from core.runtime.crash import AFTER_SEND
from core.runtime.runner import Runner
from core.trading.journal import SqliteJournal
from core.trading.room import TradingRoom
from tests.crash.cycles import Account, Point, kill_at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


@pytest.fixture
def account() -> Iterator[Account]:
    """Return a venue with an empty journal."""
    with Account(77) as account:
        yield account
        account._own_folder = True


def _wrongs(account: Account, point: Point, tries: int) -> list[str]:
    for number in range(tries):
        outcome = kill_at(point, 900 + 10 * number, account)
        if outcome.wrong:
            return list(outcome.wrong)
    return []


def test_engine_that_sends_before_its_row_is_on_disk_is_caught(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue has an order that no journal knows."""
    append = SqliteJournal.append

    def slow(journal: SqliteJournal, rows: Any) -> None:
        time.sleep(0.15)
        append(journal, rows)

    monkeypatch.setattr(SqliteJournal, "append", slow)
    monkeypatch.setattr(Runner, "_durable_upto", lambda runner: runner._newest)

    wrong = _wrongs(account, Point(label=AFTER_SEND, count=3), 3)

    assert any("is not on disk" in text for text in wrong), wrong


def test_engine_that_takes_silence_for_a_no_is_caught(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order in doubt at the restart is called absent, and the venue has it."""

    def hasty(room: TradingRoom, at: int) -> list[Fact]:
        return [
            OrderMoved(at=at, client_order_id=r.client_order_id, state=OrderState.ABSENT)
            for r in room.orders.live()
        ]

    monkeypatch.setattr(TradingRoom, "recovery_facts", hasty)

    wrong = _wrongs(account, Point(label=AFTER_SEND, count=3), 3)

    assert any("absent" in text for text in wrong), wrong
