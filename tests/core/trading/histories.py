"""Random histories of an account, as the engine would journal them."""

from decimal import Decimal
from typing import Final

from hypothesis import strategies as some

from core.domain.alert import Alert, AlertEnd, AlertNumber, AlertOption, Severity
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import (
    AlertEnded,
    AlertRaised,
    CashBooked,
    DecisionTaken,
    Fact,
    FillBooked,
    GateJudged,
    InferredBooked,
    MarketAdded,
    Mode,
    NavMarked,
    OrderJournaled,
    OrderMoved,
    PositionAdopted,
    RunStarted,
    Verdict,
)
from core.domain.ids import (
    AlertId,
    Asset,
    ClientOrderId,
    InstrumentId,
    IntentId,
    StrategyId,
    TradeId,
    VenueOrderId,
)
from core.domain.instrument import InstrumentKind
from core.domain.order import Fill, LiquiditySide, OrderState, Side
from core.trading.journal.chain import Entry
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, SOL_SPOT, START, approved, terms

DAY: Final = 86_400 * SECOND
MARKETS: Final = (SOL_PERP, SOL_SPOT)
BOOKS: Final = (StrategyId("copy"), StrategyId("=arb"), StrategyId("MANUAL"))
SOURCES: Final = (
    *("funding", "realized_pnl", "transfer", "opening", "trading_fees", "InterestPayment"),
    "liquidation",
)
HOSTILE: Final = ("=1+1", "@x", "-cmd", "+a", "\x1b[31mred", "a\u202eb", 'q"uo,te', "line\nbreak")
_words = some.sampled_from(("fine", "", *HOSTILE))
_prices = some.decimals("0.01", "9999", places=2)
_sizes = some.decimals("0.001", "50", places=3)
_amounts = some.decimals("-500", "500", places=6)


def entries(facts: list[Fact]) -> list[Entry]:
    """Number facts as a journal would; one step each."""
    return [Entry(n, n + 1, 1, fact, b"", b"") for n, fact in enumerate(facts)]


@some.composite
def histories(draw: some.DrawFn, most: int = 30) -> list[Fact]:
    """Draw a run: markets known, then orders with fills, money, questions, in order of time."""
    at = START
    facts: list[Fact] = [RunStarted(at=at, mode=Mode.SIMULATION, epoch=1, version="1")]
    facts.extend(
        MarketAdded(
            at=at,
            instrument=name,
            kind=InstrumentKind.PERPETUAL if name == SOL_PERP else InstrumentKind.SPOT,
            base=Asset("SOL"),
            quote=Asset("USDC"),
        )
        for name in MARKETS
    )
    for number in range(1, draw(some.integers(0, most)) + 1):
        at += draw(some.integers(0, DAY // 3))
        kind = draw(some.sampled_from(("order", "order", "order", "cash", "other", "taken over")))
        if kind == "order":
            facts.extend(_order(draw, number, at))
        elif kind == "cash":
            facts.append(_cash(draw, number, at))
        elif kind == "other":
            facts.extend(_other(draw, number, at))
        else:
            facts.append(_taken_over(draw, number, at))
    return facts


def _order(draw: some.DrawFn, number: int, at: int) -> list[Fact]:
    name = draw(some.sampled_from(MARKETS))
    book = draw(some.sampled_from(BOOKS))
    side = draw(some.sampled_from(Side))
    mid = draw(_prices)
    wish = approved(terms(side, "9", str(mid), name=name), name=f"intent-{number}", strategy=book)
    facts: list[Fact] = []
    if draw(some.booleans()):
        numbers = (("best_bid", f"{mid}"), ("best_ask", f"{mid + 1}"), ("equity", "1000.5"))
        facts.append(
            GateJudged(
                at=at,
                intent_id=IntentId(f"intent-{number}"),
                strategy=book,
                instrument=name,
                verdict="approved",
                rule="",
                text=draw(_words),
                numbers=numbers,
                limits="v",
            )
        )
    facts.append(
        OrderJournaled(
            at=at, client_order_id=ClientOrderId(number), approved=wish, send_before=at + 1
        )
    )
    for part in range(draw(some.integers(0, 3))):
        facts.append(_fill(draw, (number, part), (name, book, side), at))  # noqa: PERF401
    state = draw(some.sampled_from((OrderState.FILLED, OrderState.CANCELLED, OrderState.UNKNOWN)))
    facts.append(
        OrderMoved(at=at, client_order_id=ClientOrderId(number), state=state, reason=draw(_words))
    )
    return facts


def _fill(
    draw: some.DrawFn,
    numbers: tuple[int, int],
    what: tuple[InstrumentId, StrategyId, Side],
    at: int,
) -> Fact:
    number, part = numbers
    name, book, side = what
    fill = Fill(
        account=ACCOUNT,
        instrument=name,
        venue_order_id=VenueOrderId(f"v{number}"),
        client_order_id=draw(some.sampled_from((ClientOrderId(number), None))),
        trade_id=TradeId(f"{number}-{part}"),
        side=side,
        quantity=Quantity(draw(_sizes)),
        price=Price(draw(_prices)),
        fee=Amount(draw(some.decimals("-1", "5", places=6))),
        fee_asset=draw(some.sampled_from((Asset("USDC"), Asset("SOL"), Asset("BP")))),
        liquidity_side=draw(some.sampled_from(LiquiditySide)),
        ts_event=at,
    )
    return FillBooked(at=at, fill=fill, book=book)


def _cash(draw: some.DrawFn, number: int, at: int) -> Fact:
    return CashBooked(
        at=at,
        account=ACCOUNT,
        asset=draw(some.sampled_from((Asset("USDC"), Asset("SOL")))),
        amount=Amount(draw(_amounts)),
        source=draw(some.sampled_from(SOURCES)),
        row_id=str(number),
        instrument=draw(some.sampled_from((None, SOL_PERP))),
    )


def _taken_over(draw: some.DrawFn, number: int, at: int) -> Fact:
    quantity = Quantity(draw(some.sampled_from((-1, 1))) * draw(_sizes))
    if draw(some.booleans()):
        return PositionAdopted(
            at=at,
            account=ACCOUNT,
            instrument=SOL_PERP,
            quantity=quantity,
            price=Price(draw(_prices)),
        )
    if draw(some.booleans()):
        return InferredBooked(
            at=at,
            account=ACCOUNT,
            entry_id=f"i{number}",
            instrument=SOL_PERP,
            quantity=quantity,
            price=Price(draw(_prices)),
        )
    return InferredBooked(
        at=at,
        account=ACCOUNT,
        entry_id=f"i{number}",
        asset=Asset("USDC"),
        amount=Amount(draw(_amounts)),
    )


def _other(draw: some.DrawFn, number: int, at: int) -> list[Fact]:
    equity = Amount(draw(some.decimals("1", "9999", places=2)))
    alert = Alert(
        alert_id=AlertId(f"a{number}"),
        severity=Severity.WARNING,
        scope="market/x",
        title=draw(_words),
        cause=draw(_words),
        numbers=(AlertNumber("seen", draw(_words)),),
        options=(AlertOption(key="keep", label="Keep", effect="nothing"),),
        safe_default="keep",
        raised_at=at,
        deadline=at + 60 * SECOND,
    )
    ended = AlertEnded(
        at=at, alert_id=alert.alert_id, end=AlertEnd.ANSWERED, option="keep", by=draw(_words)
    )
    decision = DecisionTaken(
        at=at,
        strategy=draw(some.sampled_from(BOOKS)),
        cause=draw(_words),
        verdict=Verdict.SKIPPED,
        code="stale",
        text=draw(_words),
        numbers=(("ratio", "0.5"),),
    )
    mark = NavMarked(
        at=at,
        day="2023-11-14",
        equity=equity,
        units=Amount(1000),
        peak=Amount(Decimal(1)),
        day_equity=equity,
    )
    return [AlertRaised(at=at, alert=alert), ended, decision, mark]
