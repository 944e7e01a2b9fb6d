"""What makes two reports the same fill."""

import msgspec
import pytest

from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import AccountId, Asset, InstrumentId, TradeId, VenueOrderId
from core.domain.order import Fill, LiquiditySide, Side

MS = 1_000_000


def fill(trade_id: str | None, at_ms: int, *, quantity: str = "1") -> Fill:
    """Make a fill of order 7."""
    return Fill(
        account=AccountId("alpha:main"),
        instrument=InstrumentId("alpha:SOL_USDC_PERP"),
        venue_order_id=VenueOrderId("7"),
        client_order_id=None,
        trade_id=None if trade_id is None else TradeId(trade_id),
        side=Side.SELL,
        quantity=Quantity(quantity),
        price=Price(100),
        fee=Amount(0),
        fee_asset=Asset("USDC"),
        liquidity_side=LiquiditySide.MAKER,
        ts_event=at_ms * MS,
    )


@pytest.mark.parametrize("trade_id", [None, "", "0"])
@pytest.mark.parametrize(("apart_ms", "is_same"), [(0, True), (1, True), (-1, True), (2, False)])
def test_fill_without_a_trade_id_is_the_same_within_a_millisecond(
    trade_id: str | None, apart_ms: int, *, is_same: bool
) -> None:
    """A stream tells microseconds, a history rounds to milliseconds its own way."""
    told, read = fill(trade_id, 5_000), fill(trade_id, 5_000 + apart_ms)

    assert (told.key in read.keys) is is_same


def test_fill_with_a_trade_id_is_known_by_it_alone() -> None:
    """The instant does not matter then."""
    told, read = fill("9", 5_000), fill("9", 9_000)

    assert read.keys == (told.key,)
    assert fill("10", 5_000).key != told.key


def test_other_quantity_is_another_fill() -> None:
    """Price and quantity stand in for the id."""
    told, other = fill(None, 5_000), fill(None, 5_000, quantity="2")

    assert told.key not in other.keys
    assert msgspec.structs.replace(other, quantity=Quantity(1)).key == told.key
