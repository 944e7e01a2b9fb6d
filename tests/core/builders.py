"""Words of the domain, ready made, for tests of the rooms."""

from decimal import Decimal
from typing import Final

from core.domain.events import OrderReport
from core.domain.exact import Amount, Price, Quantity
from core.domain.facts import FillBooked, OrderJournaled
from core.domain.ids import (
    AccountId,
    Asset,
    ClientOrderId,
    InstrumentId,
    IntentId,
    StrategyId,
    TradeId,
    VenueOrderId,
    symbol_of,
)
from core.domain.instrument import Instrument, InstrumentKind, MarketState
from core.domain.intent import Intent, Leg, RiskApproved, terms_hash
from core.domain.order import (
    Fill,
    LiquiditySide,
    OrderState,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
)

SECOND: Final = 1_000_000_000
START: Final = 1_700_000_000 * SECOND
ACCOUNT: Final = AccountId("alpha:main")
STRATEGY: Final = StrategyId("copy-leader")
SOL_PERP: Final = InstrumentId("alpha:SOL_USDC_PERP")
SOL_SPOT: Final = InstrumentId("alpha:SOL_USDC")


def instrument(
    name: InstrumentId = SOL_PERP,
    *,
    tick: str = "0.01",
    step: str = "0.01",
    min_quantity: str = "0.01",
    max_quantity: str | None = None,
    multiplier: str = "1",
    state: MarketState = MarketState.OPEN,
) -> Instrument:
    """Make a market; a symbol that ends in PERP is a perpetual."""
    base, quote, *rest = symbol_of(name).split("_")
    return Instrument(
        id=name,
        kind=InstrumentKind.PERPETUAL if rest else InstrumentKind.SPOT,
        base=Asset(base),
        quote=Asset(quote),
        tick=Price(tick),
        step=Quantity(step),
        min_quantity=Quantity(min_quantity),
        max_quantity=None if max_quantity is None else Quantity(max_quantity),
        contract_multiplier=Decimal(multiplier),
        state=state,
    )


def terms(
    side: Side = Side.BUY,
    quantity: str = "1",
    price: str = "100",
    *,
    name: InstrumentId = SOL_PERP,
    order_type: OrderType = OrderType.LIMIT,
    time_in_force: TimeInForce = TimeInForce.IOC,
    post_only: bool = False,
    reduce_only: bool = False,
) -> OrderTerms:
    """Make an order's terms."""
    return OrderTerms(
        instrument=name,
        side=side,
        quantity=Quantity(quantity),
        limit_price=Price(price),
        order_type=order_type,
        time_in_force=time_in_force,
        post_only=post_only,
        reduce_only=reduce_only,
    )


def intent(
    asked: OrderTerms | None = None,
    *,
    name: str = "intent-1",
    cause: str = "cause-1",
    signal_ts: int | None = None,
    reference_price: str | None = None,
) -> Intent:
    """Make a wish of one leg."""
    return Intent(
        intent_id=IntentId(name),
        strategy=STRATEGY,
        legs=(Leg(account=ACCOUNT, terms=asked or terms()),),
        reason="a test",
        cause=cause,
        made_at=START,
        signal_ts=signal_ts,
        reference_price=None if reference_price is None else Price(reference_price),
    )


def approved(
    asked: OrderTerms | None = None,
    *,
    name: str = "intent-1",
    strategy: StrategyId = STRATEGY,
    account: AccountId = ACCOUNT,
) -> RiskApproved:
    """Make an approval as a test's own: the gate's are made by the gate alone."""
    leg = Leg(account=account, terms=asked or terms())
    return RiskApproved(
        intent_id=IntentId(name),
        strategy=strategy,
        leg=leg,
        terms_hash=terms_hash((leg,)),
        approved_at=START,
    )


def journaled(
    number: int = 1, asked: OrderTerms | None = None, *, at: int = START, name: str = ""
) -> OrderJournaled:
    """Make the first fact of an order."""
    return OrderJournaled(
        at=at,
        client_order_id=ClientOrderId(number),
        approved=approved(asked, name=name or f"intent-{number}"),
        send_before=at + SECOND // 4,
    )


def fill(  # noqa: PLR0913  one parameter a field
    number: int = 1,
    quantity: str = "1",
    price: str = "100",
    *,
    side: Side = Side.BUY,
    client_order_id: int | None = 1,
    name: InstrumentId = SOL_PERP,
    fee: str = "0",
    fee_asset: str = "USDC",
    venue_order_id: str = "v1",
    trade_id: str | None = "",
    ts_event: int = START,
    is_system: bool = False,
) -> Fill:
    """Make one execution; `trade_id` follows the number unless it is given."""
    return Fill(
        account=ACCOUNT,
        instrument=name,
        venue_order_id=VenueOrderId(venue_order_id),
        client_order_id=None if client_order_id is None else ClientOrderId(client_order_id),
        trade_id=None if trade_id is None else TradeId(trade_id or str(number)),
        side=side,
        quantity=Quantity(quantity),
        price=Price(price),
        fee=Amount(fee),
        fee_asset=Asset(fee_asset),
        liquidity_side=LiquiditySide.TAKER,
        is_system=is_system,
        ts_event=ts_event,
    )


def booked(execution: Fill, book: StrategyId = STRATEGY) -> FillBooked:
    """Make the fact of one booking."""
    return FillBooked(at=START, fill=execution, book=book)


def report(  # noqa: PLR0913  one parameter a field
    state: OrderState | None,
    number: int | None = 1,
    *,
    filled: str = "0",
    quantity: str = "1",
    side: Side = Side.BUY,
    execution: Fill | None = None,
    name: InstrumentId = SOL_PERP,
    venue_order_id: str = "v1",
    at: int = START,
) -> OrderReport:
    """Make what a venue says about an order."""
    return OrderReport(
        ts_event=at,
        ts_recv=at,
        account=ACCOUNT,
        instrument=name,
        venue_order_id=VenueOrderId(venue_order_id),
        client_order_id=None if number is None else ClientOrderId(number),
        state=state,
        side=side,
        quantity=Quantity(quantity),
        filled_quantity=Quantity(filled),
        fill=execution,
    )
