"""Every request there is: sent to the exchange in memory, read, and held against its state."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from decimal import Decimal
from inspect import getmembers, isfunction
from typing import Any, get_type_hints

import msgspec
import pytest

import core.exchange.backpack as adapter
from core.domain.exact import Quantity
from core.domain.ids import InstrumentId
from core.domain.order import OrderType, Slippage, SlippageUnit
from core.exchange.backpack import questions, requests
from core.exchange.backpack.constants import Instruction
from core.exchange.backpack.questions import Question
from core.exchange.backpack.refusals import reply_error
from core.exchange.backpack.replies import OrderRow
from core.exchange.backpack.rows import read
from core.exchange.contract import Wire
from tests.core.exchange.backpack.every_history_case import HISTORIES
from tests.core.exchange.backpack.every_private_case import ASKED, WRITTEN, approved
from tests.core.exchange.backpack.every_public_case import PUBLIC
from tests.core.exchange.backpack.every_request_rig import SPOT, Day

READ = {"public_requests": PUBLIC, "questions": ASKED | HISTORIES}
CASES = {
    f"{module}.{name}": case
    for module, cases in (READ | {"requests": WRITTEN}).items()
    for name, case in cases.items()
}
READING = [name for name in CASES if not name.startswith("requests.")]
TEXTS = {"public_requests.ping_request", "public_requests.time_request"}
FORMS = [name for name, case in CASES.items() if case.form]
WORDS = {
    "cancelReason",
    "eventType",
    "expiryReason",
    "marketType",
    "orderBookState",
    "orderType",
    "paymentType",
    "selfTradePrevention",
    "source",
    "state",
    "status",
    "strategyType",
    "systemOrderType",
    "timeInForce",
    "triggerBy",
    "type",
}
"""Fields that hold a word of a closed set; the venue adds words without notice."""


def builders() -> Iterator[str]:
    """Name every function of the adapter that builds a request or a question."""
    for found in pkgutil.iter_modules(adapter.__path__):
        module = importlib.import_module(f"{adapter.__name__}.{found.name}")
        for name, function in getmembers(module, isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and get_type_hints(function).get("return") in {Wire, Question}:
                yield f"{found.name}.{name}"


@pytest.fixture(scope="module")
def quiet_day() -> Day:
    """Return a day that is only asked about."""
    return Day()


def test_every_builder_has_its_case() -> None:
    """A new request fails here until somebody has seen it answered."""
    assert set(builders()) == set(CASES)


@pytest.mark.parametrize("name", READING)
async def test_answer_says_what_the_exchange_knows(name: str, quiet_day: Day) -> None:
    """Signed, sent, decoded, and equal to the state it came from."""
    case = CASES[name]

    reply = await quiet_day.send(case.ask(quiet_day))

    assert reply.status == case.status, reply.body
    if reply.status == 404:
        assert reply_error(reply).is_not_found
    else:
        case.check(case.read(reply.body), quiet_day)


@pytest.mark.parametrize("name", [f"requests.{name}" for name in WRITTEN])
async def test_write_does_what_it_says(name: str) -> None:
    """The answer is read, and the exchange has done it."""
    case, day = CASES[name], Day()

    reply = await day.send(case.ask(day))

    assert reply.status == 200, reply.body
    case.check(case.read(reply.body), day)


@pytest.mark.parametrize("name", FORMS)
def test_documented_form_is_read(name: str) -> None:
    """What the exchange in memory has none of is read as the venue documents it."""
    case = CASES[name]
    assert case.check_form is not None

    case.check_form(case.read(case.form.encode()))


@pytest.mark.parametrize(
    ("ticks", "bought", "reason"),
    [("1", Decimal(2), "SlippageToleranceExceeded"), ("300", Decimal(3), None)],
)
async def test_slippage_tolerance_stops_a_market_order(
    ticks: str, bought: Decimal, reason: str | None
) -> None:
    """It goes as many ticks beyond the best price as it may; lent money pays for it."""
    day = Day()
    assert day.bob.place(SPOT, "Ask", "5", "142").status == 200
    effect = approved(
        9,
        "142",
        instrument=InstrumentId(f"there:{SPOT}"),
        quantity=Quantity(3),
        order_type=OrderType.MARKET,
        slippage=Slippage(amount=Decimal(ticks), unit=SlippageUnit.TICKS),
        redeems_lent=True,
    )

    wire = requests.place_request(day.signer, effect, **day.stamp)
    reply = await day.send(wire)

    row = read(reply.body, OrderRow)
    assert row.executed_quantity == bought
    history = await day.send(day.asked(questions.order_history(order_id=str(row.id))))
    (past,) = read(history.body, list[OrderRow])
    assert (past.expiry_reason, past.slippage_tolerance) == (reason, Decimal(ticks))
    assert past.slippage_tolerance_type == "TickSize"
    assert b'"autoLendRedeem":true' in wire.body


# ---- what nobody has heard of ----------------------------------------------------------------


def strange(node: Any, *, is_row: bool = True) -> Any:
    """Write a reply as a later version of the venue might: more fields, other words."""
    if isinstance(node, list):
        return [strange(each) for each in node]
    if not isinstance(node, dict):
        return node
    row = {name: strange_word(name, each) for name, each in node.items()}
    is_map = row and all(isinstance(each, dict) for each in row.values())
    return row if is_map or not is_row else row | {"surprise": {"deep": [1, None]}}


def strange_word(name: str, value: Any) -> Any:
    """Write a field's value, another word if it is one."""
    if name in WORDS and isinstance(value, str):
        return "Unheard"
    return strange(value)


def plain(found: Any) -> Any:
    """Return decoded rows as the wire names their fields."""
    return msgspec.to_builtins(found, enc_hook=str)


async def body_of(name: str, day: Day) -> bytes:
    """Return the answer, or the documented form where it is empty."""
    case = CASES[name]
    return case.form.encode() or (await day.send(case.ask(day))).body


@pytest.mark.parametrize("name", [name for name in READING if name not in TEXTS])
async def test_unknown_words_and_fields_break_no_answer(name: str, quiet_day: Day) -> None:
    """Every row is still there, and all it says that is no word is the same."""
    case = CASES[name]
    body = await body_of(name, quiet_day)

    known = plain(case.read(body))
    found = plain(case.read(json.dumps(strange(json.loads(body))).encode()))

    assert stripped(found) == stripped(known)
    assert known


def stripped(node: Any) -> Any:
    """Leave the words out, wherever they were read to."""
    if isinstance(node, list | tuple):
        return [stripped(each) for each in node]
    if not isinstance(node, dict):
        return node
    words = WORDS | {"kind"}
    return {
        name: stripped(each)
        for name, each in node.items()
        if not (name in words and isinstance(each, str))
    }


@pytest.mark.parametrize("name", ["place_request", "batch_request", "cancel_request"])
async def test_unknown_words_and_fields_break_no_order(name: str) -> None:
    """The answer to a write is read as well."""
    case, day = WRITTEN[name], Day()
    reply = await day.send(case.ask(day))
    rows = json.loads(reply.body)
    strangers = [row | {"surprise": 1, "orderType": "Iceberg"} for row in as_list(rows)]
    body = json.dumps(strangers if isinstance(rows, list) else strangers[0]).encode()

    case.check(case.read(body), day)


def as_list(rows: Any) -> list[dict[str, Any]]:
    """Return one row, or several, as a list."""
    return rows if isinstance(rows, list) else [rows]


# ---- what is refused -------------------------------------------------------------------------

ENUM = "Expect a valid enumeration value."


def refused(path: str, instruction: Instruction, **fields: str) -> Question:
    """Write a question the venue does not understand."""
    return Question(path, instruction, {name.rstrip("_"): each for name, each in fields.items()})


REFUSED = [
    (
        refused("/wapi/v1/capital/deposits", Instruction.DEPOSITS, from_="now"),
        'failed to parse parameter `from`: failed to parse "int64": invalid digit found in string',
    ),
    (
        refused("/wapi/v1/history/borrowLend", Instruction.LENDING_HISTORY, type="Gift"),
        f'failed to parse parameter `type`: failed to parse "BorrowLendEventType": {ENUM}',
    ),
    (
        refused("/wapi/v1/history/borrowLend/positions", Instruction.LENDING_POSITIONS, side="Bid"),
        f'failed to parse parameter `side`: failed to parse "BorrowLendSide": {ENUM}',
    ),
    (
        refused("/api/v1/strategies", Instruction.STRATEGIES, strategyType="Dca"),
        f'failed to parse parameter `strategyType`: failed to parse "StrategyType": {ENUM}',
    ),
    (
        refused("/api/v1/strategy", Instruction.STRATEGY, symbol="SOL_USDC"),
        "Must specify one of `strategyId` or `clientStrategyId`",
    ),
]


@pytest.mark.parametrize(("question", "text"), REFUSED)
async def test_nonsense_is_refused_in_the_venues_words(
    question: Question, text: str, quiet_day: Day
) -> None:
    """Plain text for what cannot be parsed, JSON for what makes no sense."""
    reply = await quiet_day.send(quiet_day.asked(question))

    assert (reply.status, reply_error(reply).message) == (400, text)
