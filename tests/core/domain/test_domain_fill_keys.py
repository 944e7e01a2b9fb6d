"""What makes two reports the same fill."""

import msgspec
import pytest

from core.domain.exact import Quantity
from core.domain.ids import TradeId
from core.domain.order import Fill
from tests.core.builders import START, fill


def named(trade_id: str | None, at: int = START) -> Fill:
    """Make a fill under a trade id, or without one."""
    made = fill(1, ts_event=at)
    return msgspec.structs.replace(made, trade_id=None if trade_id is None else TradeId(trade_id))


def test_fill_with_a_trade_id_is_known_by_it_alone() -> None:
    """The instant and the occurrence do not matter then."""
    one = named("9")

    assert one.key == named("9", START + 4_000_000).key
    assert one.key == msgspec.structs.replace(one, occurrence=3).key
    assert one.key != named("10").key


@pytest.mark.parametrize("trade_id", [None, "", "0"])
def test_fill_without_a_trade_id_is_known_by_what_it_was_and_when(trade_id: str | None) -> None:
    """Price, quantity, the millisecond and the occurrence stand in for the id."""
    one = named(trade_id)

    assert one.key == named(trade_id, START + 999_999).key
    assert one.key != named(trade_id, START + 1_000_000).key
    assert one.key != msgspec.structs.replace(one, quantity=Quantity(2)).key
    assert one.key != msgspec.structs.replace(one, occurrence=1).key
