"""Order entry by a person: a ticket, what was seen when it was sent, and the card before it.

Prices, quantities and money are exact; texts in views are exact decimals as they would be sent.
Instants are engine time, ns UTC. What is not known is None.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from core.domain.exact import Price, Quantity
from core.domain.ids import ClientOrderId, InstrumentId, StrategyId
from core.domain.order import OrderState, Side, TimeInForce


class SizeBy(StrEnum):
    """What the size of a ticket counts."""

    BASE = "base"
    QUOTE = "quote"
    FREE_PERCENT = "free_percent"
    """Percent of the capital that is free for a person's own orders."""
    EQUITY_PERCENT = "equity_percent"
    """Percent of the equity, as notional."""
    RISK_PERCENT = "risk_percent"
    """Percent of the equity that is lost when the stop-loss is hit."""
    VOLATILITY_TARGET = "volatility_target"
    """Percent a year the position may move; scales the allocation by the measured volatility."""


class Seen(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a person looked at when a key was pressed."""

    engine_at: int
    """Engine time of the frame."""
    best_bid: Price | None
    best_ask: Price | None
    quantity: Quantity | None = None
    """What the card showed; an order is never larger."""
    row_price: Price | None = None
    """Price of the ladder's row, where one was aimed at."""


class Ticket(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One order as a person words it.

    Attributes:
        size: In the unit `size_by` names, above zero.
        limit_price: None only while a ticket at the collar is previewed; sent with its price.
        is_at_collar: "Market": an IOC limit at the collar, never an order without a price.
        take_profit: Trigger of an attached exit with profit.
        stop_loss: Trigger of an attached exit with a loss.
    """

    instrument: InstrumentId
    side: Side
    size: Decimal
    size_by: SizeBy = SizeBy.BASE
    limit_price: Price | None = None
    is_at_collar: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    take_profit: Price | None = None
    stop_loss: Price | None = None


class LimitUse(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Use of one limit before and after an order."""

    rule: str
    title: str
    before: str
    after: str
    limit: str
    unit: str
    fraction: float
    """After over limit, 0 and up."""


class CardVerdict(StrEnum):
    """What the gate would say now."""

    APPROVED = "approved"
    ASKED = "asked"
    DENIED = "denied"
    UNCLEAR = "unclear"
    """The ticket does not name an order yet; `text` says what is missing."""


class TicketView(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    """The card before an order: what it would be, cost and lead to, by the book of this moment."""

    instrument: InstrumentId
    side: Side
    made_at: int
    verdict: CardVerdict
    text: str = ""
    """The gate's refusal or question, or what is missing, in one sentence."""
    rule: str = ""
    value: str = ""
    limit: str = ""
    best_bid: str | None = None
    best_ask: str | None = None
    tick: str = ""
    step: str = ""
    base: str = ""
    quote: str = ""
    quantity: str = ""
    limit_price: str = ""
    notional: str = ""
    bound_by: str = ""
    """What made the size smaller than wished; empty for nothing."""
    taken: str = ""
    """What it would take from the book at once; the rest would stand, or expire."""
    vwap: str | None = None
    """Average price of what it would take."""
    slippage_bps: str | None = None
    """Of that average against the mid, a cost is positive."""
    fee: str = ""
    """At the taker's rate, in quote units."""
    position_before: str = ""
    position_after: str = ""
    margin_before: str | None = None
    margin_after: str | None = None
    """Initial margin of everything, worst case, in quote units."""
    margin_fraction_after: str | None = None
    """Equity over gross worst-case exposure, percent."""
    liquidation_distance: str | None = None
    """How far the mark may move against us, percent of it."""
    liquidation_price: str | None = None
    worst_case: str = ""
    """Exposure of the market with every order filled, quote units."""
    loss_at_stop: str | None = None
    """What the stop-loss would cost with its fees; None without a stop."""
    free_before: str | None = None
    free_after: str | None = None
    uses: tuple[LimitUse, ...] = ()


class WorkingRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One order that may still do something."""

    client_order_id: ClientOrderId
    """0 for an order that is not ours."""
    venue_order_id: str
    instrument: InstrumentId
    side: Side
    state: OrderState
    quantity: str
    filled: str
    leaves: str
    limit_price: str
    tick: str
    flags: str
    """Time in force, post-only, reduce-only, trigger, in short words."""
    book: StrategyId
    placed_at: int
    best_bid: str | None
    best_ask: str | None
    away_bps: float | None
    """From the touch of its own side; 0 at the touch, positive behind it."""
    moving_to: str = ""
    """The new price of an order that is being moved."""
    take_profit: str = ""
    stop_loss: str = ""


class WorkingView(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    """Every working order, oldest first, and what they add up to."""

    made_at: int
    rows: tuple[WorkingRow, ...]
    buy_value: str
    """Quote units at the limit prices."""
    sell_value: str


class HeldRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One position of an account over every book."""

    instrument: InstrumentId
    account: str
    quantity: str
    entry_price: str
    mark_price: str | None
    notional: str | None
    unrealized_pnl: str | None
    realized_pnl: str
    fees: str
    margin: str | None
    """Initial margin at the mark."""
    liquidation_price: str | None
    liquidation_pct: float | None
    """Distance of the mark to it, percent of the mark."""
    funding_pct: float | None
    """Rate of this interval, percent; longs pay when positive."""
    next_funding_ts: int | None
    closing: str = ""
    """How far a closing in slices is; empty when none runs."""


class PositionsView(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    """Every open position, and the sums of all, positions already closed included."""

    made_at: int
    rows: tuple[HeldRow, ...]
    notional: str | None
    unrealized_pnl: str | None
    realized_pnl: str
    fees: str
    margin: str | None


class FillRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One execution."""

    serial: int
    ts_event: int
    instrument: InstrumentId
    side: Side
    quantity: str
    price: str
    notional: str
    fee: str
    fee_asset: str
    liquidity: str
    book: StrategyId


class FillsView(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    """The newest executions, newest first, and what all of this journal add up to."""

    made_at: int
    rows: tuple[FillRow, ...]
    count: int
    volume: str
    fees: str
    """Those paid in the quote asset of their market."""


TICKET: Final = "ticket"
WORKING: Final = "working"
POSITIONS: Final = "positions"
FILLS: Final = "fills"
_NOTHING: Final = "-"


def ticket_topic(ticket: Ticket) -> str:
    """Topic of the card of a ticket."""
    parts = (
        ticket.instrument,
        ticket.side,
        f"{ticket.size:f}",
        ticket.size_by,
        _written(ticket.limit_price),
        ticket.time_in_force,
        "".join("1" if flag else "0" for flag in _flags(ticket)),
        _written(ticket.take_profit),
        _written(ticket.stop_loss),
    )
    return "/".join((TICKET, *parts))


def ticket_of(parts: tuple[str, ...]) -> Ticket:
    """Read the parts of a topic after its kind.

    Raises:
        DataInvalid: when a number is none.
        ValueError: when the topic has another form.
    """
    name, side, size, size_by, price, tif, flags, take_profit, stop_loss = parts
    if len(flags) != 3 or not set(flags) <= {"0", "1"}:  # noqa: PLR2004 - three flags
        raise ValueError(f"flags {flags[:8]!r}")
    return Ticket(
        instrument=InstrumentId(name),
        side=Side(side),
        size=Price(size).value,
        size_by=SizeBy(size_by),
        limit_price=_read(price),
        time_in_force=TimeInForce(tif),
        is_at_collar=flags[0] == "1",
        post_only=flags[1] == "1",
        reduce_only=flags[2] == "1",
        take_profit=_read(take_profit),
        stop_loss=_read(stop_loss),
    )


def _flags(ticket: Ticket) -> tuple[bool, bool, bool]:
    return (ticket.is_at_collar, ticket.post_only, ticket.reduce_only)


def _written(price: Price | None) -> str:
    return _NOTHING if price is None else str(price)


def _read(text: str) -> Price | None:
    return None if text == _NOTHING else Price(text)
