"""What the ticket and the tables of the orders room look like, each state by its name."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from core.domain.ids import ClientOrderId, InstrumentId, StrategyId
from core.domain.order import OrderState, Side
from core.domain.ticket import (
    CardVerdict,
    FillRow,
    FillsView,
    HeldRow,
    LimitUse,
    PositionsView,
    TicketView,
    WorkingRow,
    WorkingView,
)
from tests.tui.ladder_app import book
from tests.tui.study_stage import Stage, palette_named
from tui.dialogs.ticket import TicketPane
from tui.widgets.fills import Fills
from tui.widgets.orders import Orders
from tui.widgets.positions import Positions

Snap = Callable[..., bool]
Run = Callable[[Pilot[Any]], Awaitable[None]]
AT = 1_764_081_042 * 10**9
SOL, ETH = InstrumentId("alpha:SOL_USDC_PERP"), InstrumentId("alpha:ETH_USDC_PERP")


def _clock() -> float:
    return 100.0


def _use(rule: str, title: str, after: str, limit: str, fraction: float) -> LimitUse:
    return LimitUse(
        rule=rule, title=title, before="0", after=after, limit=limit, unit="USDC", fraction=fraction
    )


CARD = TicketView(
    instrument=SOL, side=Side.BUY, made_at=AT, verdict=CardVerdict.APPROVED, best_bid="141.25",
    best_ask="141.27", tick="0.01", step="0.01", base="SOL", quote="USDC", quantity="12.5",
    limit_price="141.3", notional="1766.25", taken="12.5", vwap="141.2731", slippage_bps="0.9",
    fee="1.77", position_before="-3", position_after="9.5", margin_before="8.48",
    margin_after="67.10", margin_fraction_after="900.1", liquidation_distance="88.4",
    liquidation_price="16.38", worst_case="1342.35", loss_at_stop="41.20",
    free_before="38000.00", free_after="37962.91",
    uses=(
        _use("R10", "Order", "1766.25", "5000.00", 0.353),
        _use("R12", "Gross", "1342", "200000", 0.006),
        _use("R14", "Capital", "37.09", "38000", 0.001),
        _use("R25", "Asks above", "1766", "2000", 0.883),
    ),
)  # fmt: skip
DENIED = msgspec.structs.replace(
    CARD, verdict=CardVerdict.DENIED, rule="R10", value="6001.25", limit="5000.00",
    text="order notional above the order cap: 6001.25, allowed 5000.00", bound_by="order cap",
    uses=(_use("R10", "Order", "6001.25", "5000.00", 1.2),),
)  # fmt: skip
ASKED = msgspec.structs.replace(
    CARD, verdict=CardVerdict.ASKED, text="asks you again: 2119.20 is above 2000.00", vwap=None
)


def _ticket(card: TicketView, *keys: str, late: bool = False) -> tuple[TicketPane, Run]:
    pane = TicketPane(palette_named(), id="ticket", clock=_clock)

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        pane.begin(book(), None)
        pane.took_frame(AT + (2 * 10**9 if late else 0))
        pane.show(card)
        await pilot.press(*keys)
        pane.show(card)
        await pilot.pause()

    return pane, run


@pytest.mark.parametrize("size", [(37, 20), (82, 15), (104, 24)], ids=["narrow", "flat", "wide"])
def test_ticket(snap_compare: Snap, size: tuple[int, int]) -> None:
    """Form and card at the three sizes it stands in."""
    pane, run = _ticket(CARD, "1", "2", ".", "5")
    assert snap_compare(Stage(pane), terminal_size=size, run_before=run)


@pytest.mark.parametrize("card", [DENIED, ASKED], ids=["denied", "asked"])
def test_ticket_the_gate_objects_to(snap_compare: Snap, card: TicketView) -> None:
    """Rule, value and limit; or that it asks."""
    pane, run = _ticket(card, "4", "2", "p")
    assert snap_compare(Stage(pane), terminal_size=(82, 15), run_before=run)


def test_ticket_at_the_collar(snap_compare: Snap) -> None:
    """A sell at the collar: its price stands where a limit price would."""
    pane, run = _ticket(msgspec.structs.replace(CARD, side=Side.SELL), "2", "s", "m")
    assert snap_compare(Stage(pane), terminal_size=(82, 15), run_before=run)


def test_ticket_with_an_old_card(snap_compare: Snap) -> None:
    """It says so, fades, and Enter says why it sends nothing."""
    pane, run = _ticket(CARD, "1", late=True)
    assert snap_compare(Stage(pane), terminal_size=(82, 15), run_before=run)


# ---- the tables ----------------------------------------------------------------------------------


def _order(number: int, side: Side, price: str, state: OrderState, **more: Any) -> WorkingRow:
    base: dict[str, Any] = {
        "client_order_id": ClientOrderId(number), "venue_order_id": f"v{number}",
        "instrument": SOL, "side": side, "state": state, "quantity": "2.5", "filled": "0",
        "leaves": "2.5", "limit_price": price, "tick": "0.01", "flags": "GTC",
        "book": StrategyId("MANUAL"), "placed_at": AT - number * 7 * 10**9, "best_bid": "141.25",
        "best_ask": "141.27", "away_bps": 3.5,
    }  # fmt: skip
    return WorkingRow(**{**base, **more})


WORKING = WorkingView(
    made_at=AT,
    rows=(
        _order(1, Side.BUY, "141.2", OrderState.ACCEPTED, flags="post", stop_loss="139"),
        _order(2, Side.SELL, "141.9", OrderState.PARTIAL, filled="1.1", leaves="1.4"),
        _order(3, Side.BUY, "140.8", OrderState.PENDING_CANCEL, moving_to="141.1"),
        _order(4, Side.BUY, "2838.1", OrderState.UNKNOWN, instrument=ETH,
               book=StrategyId("copy-leader")),
        _order(0, Side.SELL, "150", OrderState.ACCEPTED, book=StrategyId("EXTERNAL"),
               away_bps=None),
    ),
    buy_value="8000.25", sell_value="574.10",
)  # fmt: skip
HELD = PositionsView(
    made_at=AT,
    rows=(
        HeldRow(
            instrument=SOL, account="alpha:main", quantity="12.5", entry_price="140.86",
            mark_price="141.27", notional="1765.88", unrealized_pnl="5.13", realized_pnl="313.27",
            fees="2.10", margin="35.32", liquidation_price="131.4", liquidation_pct=7.0,
            funding_pct=0.0013, next_funding_ts=AT + 1_967 * 10**9,
        ),
        HeldRow(
            instrument=ETH, account="alpha:main", quantity="-0.4", entry_price="2838.1",
            mark_price=None, notional=None, unrealized_pnl=None, realized_pnl="0.00", fees="0.31",
            margin=None, liquidation_price=None, liquidation_pct=None, funding_pct=-0.012,
            next_funding_ts=None, closing="closed 0.1 of 0.4 · slice 2",
        ),
    ),
    notional="2902.42", unrealized_pnl="3.83", realized_pnl="313.27", fees="21.44", margin="58.05",
)  # fmt: skip
DONE = FillsView(
    made_at=AT,
    rows=tuple(
        FillRow(
            serial=9 - n, ts_event=AT - n * 11 * 10**9, instrument=SOL if n % 2 else ETH,
            side=Side.BUY if n % 3 else Side.SELL, quantity=f"{n + 0.25}", price=f"14{n}.27",
            notional=f"{n * 141}.00", fee="0.0353", fee_asset="USDC",
            liquidity="maker" if n % 2 else "taker", book=StrategyId("MANUAL"),
        )
        for n in range(9)
    ),
    count=214, volume="91204.11", fees="21.44",
)  # fmt: skip
TABLES: dict[str, tuple[type[Any], Any]] = {
    "orders": (Orders, WORKING), "positions": (Positions, HELD), "fills": (Fills, DONE),
}  # fmt: skip


def _table(name: str, view: Any, *keys: str, late: int = 0) -> tuple[Any, Run]:
    pane = TABLES[name][0](palette_named(), id=name)

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        if view is not None:
            pane.show(view)
        await pilot.press(*keys)
        pane.tick(AT + late * 10**9)
        await pilot.pause()

    return pane, run


@pytest.mark.parametrize("size", [(78, 9), (118, 12)], ids=["small", "wide"])
@pytest.mark.parametrize("name", [*TABLES])
def test_table(snap_compare: Snap, name: str, size: tuple[int, int]) -> None:
    """Rows, totals, and which columns give way."""
    pane, run = _table(name, TABLES[name][1], "down")
    assert snap_compare(Stage(pane), terminal_size=size, run_before=run)


def test_orders_sorted_and_being_moved(snap_compare: Snap) -> None:
    """Sorted by price, falling; a new price half typed."""
    pane, run = _table("orders", WORKING, "s", "s", "s", "m", "1", "4", "1", ".", "3")
    assert snap_compare(Stage(pane), terminal_size=(118, 12), run_before=run)


@pytest.mark.parametrize("name", [*TABLES])
def test_stale_table(snap_compare: Snap, name: str) -> None:
    """An engine that went silent."""
    pane, run = _table(name, TABLES[name][1], late=30)
    assert snap_compare(Stage(pane), terminal_size=(78, 9), run_before=run)


def test_table_that_waits(snap_compare: Snap) -> None:
    """Nothing came yet: that is not the same as nothing open."""
    pane, run = _table("positions", None)
    assert snap_compare(Stage(pane), terminal_size=(78, 9), run_before=run)
