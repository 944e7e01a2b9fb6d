"""The pure parts of order entry against naive counts: taking from a book, slices, moves, seen."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.domain.exact import Price, Quantity
from core.domain.facts import CloseAsked, MoveAsked
from core.domain.ids import ClientOrderId, IntentId
from core.domain.order import TERMINAL, OrderState, Side
from core.domain.ticket import Seen
from core.runtime.manual.closing import (
    IDLE_NS,
    MOST_SLICES,
    TIME_NS,
    Chance,
    Closings,
    Over,
    Slice,
    next_step,
)
from core.runtime.manual.depth import walked
from core.runtime.manual.moving import Moves, anew
from core.runtime.manual.seen import crosses, stale_frame, turned_aggressive
from core.trading.ledger import MANUAL
from core.trading.orders import OrderRecord
from tests.core.builders import ACCOUNT, SECOND, SOL_PERP, START, instrument, terms

UNIT = 10**10
SIDES = st.sampled_from(Side)
CENTS = st.integers(9_000, 11_000).map(lambda n: Decimal(n) / 100)
SIZES = st.integers(0, 5_000).map(lambda n: Decimal(n) / 100)
RULES = instrument(SOL_PERP, step="0.01", min_quantity="0.05", max_quantity="20")


@given(SIDES, st.lists(st.tuples(CENTS, SIZES), max_size=12), CENTS, SIZES)
def test_taking_from_a_book_is_a_sum(
    side: Side, levels: list[tuple[Decimal, Decimal]], bound: Decimal, wanted: Decimal
) -> None:
    """Level by level in fractions, best first, no further than the bound."""
    book = sorted(dict(levels).items(), reverse=side is Side.SELL)
    ours = walked(
        [(int(p * UNIT), int(s * UNIT)) for p, s in book], side, Price(bound), Quantity(wanted)
    )

    inside = [(Fraction(p), Fraction(s)) for p, s in book
              if (p <= bound if side is Side.BUY else p >= bound)]  # fmt: skip
    left, money, taken = Fraction(wanted), Fraction(0), Fraction(0)
    for price, size in inside:
        part = min(left, size)
        left, taken, money = left - part, taken + part, money + part * price
    assert Fraction(ours.within.value) == sum(size for _, size in inside)
    assert Fraction(ours.taken.value) == taken
    assert (ours.vwap is None) is (taken == 0)
    if ours.vwap is not None:
        assert abs(Fraction(ours.vwap.value) - money / taken) <= Fraction(1, UNIT)


@given(
    target=st.integers(5, 3_000).map(lambda n: Quantity(Decimal(n) / 100)),
    depths=st.lists(SIZES, min_size=1, max_size=60),
    fills=st.lists(st.integers(0, 100), min_size=60, max_size=60),
    extra=st.integers(0, 500).map(lambda n: Quantity(Decimal(n) / 100)),
)
def test_slices_never_take_more_than_was_asked_or_a_share_of_the_depth(
    target: Quantity, depths: list[Decimal], fills: list[int], extra: Quantity
) -> None:
    """Whatever the book shows and however the slices fill; and it always ends."""
    closings = Closings()
    closings.asked(
        CloseAsked(
            at=START, close_id="c", account=ACCOUNT, instrument=SOL_PERP, side=Side.SELL,
            quantity=target, by="me",
        )
    )  # fmt: skip
    (closing,) = closings.running.values()
    position, at, closed = target + extra, START, Decimal(0)
    for turn in range(2_000):
        depth = depths[turn % len(depths)]
        chance = Chance(
            rules=RULES, reducible=position, position=position, owed=Quantity(0),
            price=Price(99), within=Quantity(depth), share=Decimal("0.2"),
        )  # fmt: skip
        step = next_step(closing, chance, at)
        if isinstance(step, Over):
            assert step.is_done is (target.value - closed < Decimal("0.05"))
            break
        at += SECOND // 4
        if not isinstance(step, Slice):
            continue
        quantity = step.quantity.value
        assert Decimal("0.05") <= quantity <= min(depth / 5, target.value - closed, Decimal(20))
        assert quantity % Decimal("0.01") == 0
        part = (quantity * fills[turn % 60] / 100).quantize(Decimal("0.01"), "ROUND_DOWN")
        closed += part
        closing.closed, closing.slices = Quantity(closed), closing.slices + 1
        position -= Quantity(part)
        closing.progressed_at = at if part else closing.progressed_at
    else:
        raise AssertionError("it did not end")
    assert closed <= target.value
    assert closing.slices <= MOST_SLICES
    assert at - START <= max(TIME_NS, IDLE_NS) + SECOND


@given(
    st.sampled_from(sorted(TERMINAL)), st.integers(0, 10), st.integers(0, 10), CENTS, CENTS, CENTS,
    st.booleans(), SIDES,
)  # fmt: skip
def test_a_move_is_placed_anew_only_after_its_cancel(
    state: OrderState, filled: int, told: int, price: Decimal, bid: Decimal, ask: Decimal,
    may_cross: bool, side: Side,  # noqa: FBT001
) -> None:  # fmt: skip
    """Cancelled, something left, and not through the book unless that was meant."""
    asked = terms(side, "10", "100")
    record = OrderRecord(ClientOrderId(7), ACCOUNT, MANUAL, IntentId("i"), asked, START)
    record.state, record.filled, record.told_filled = state, Quantity(filled), Quantity(told)
    moves = Moves()
    moves.asked(
        MoveAsked(at=START, client_order_id=ClientOrderId(7), limit_price=Price(price), by="me",
                  may_cross=may_cross)
    )  # fmt: skip
    found = anew(record, moves.pending[ClientOrderId(7)], RULES, (Price(bid), Price(ask)))

    left = 10 - max(filled, told)
    takes = price >= ask if side is Side.BUY else price <= bid
    is_placed = state is OrderState.CANCELLED and left > 0 and (may_cross or not takes)
    assert isinstance(found, str) is not is_placed
    if not isinstance(found, str):
        assert found.quantity == Quantity(left)
        assert found.limit_price == Price(price)


PRICES = st.one_of(st.none(), CENTS)


@given(SIDES, CENTS, PRICES, PRICES, PRICES, PRICES, st.integers(-200, 2_000))
def test_what_was_seen_binds(
    side: Side, price: Decimal, bid0: Decimal | None, ask0: Decimal | None,
    bid1: Decimal | None, ask1: Decimal | None, age_ms: int,
) -> None:  # fmt: skip
    """Over a second old is refused; so is a passive price that takes by now, and no other."""

    def of(number: Decimal | None) -> Price | None:
        return None if number is None else Price(number)

    def takes(bid: Decimal | None, ask: Decimal | None) -> bool:
        other = ask if side is Side.BUY else bid
        return other is not None and (price >= other if side is Side.BUY else price <= other)

    seen = Seen(engine_at=START, best_bid=of(bid0), best_ask=of(ask0))
    now, at = (of(bid1), of(ask1)), START + age_ms * 1_000_000

    assert crosses(side, Price(price), now) is takes(bid1, ask1)
    assert (stale_frame(seen, now, at) is None) is (-50 <= age_ms <= 1_000)
    turned = turned_aggressive(seen, now, side, Price(price), at)
    assert (turned is not None) is (not takes(bid0, ask0) and takes(bid1, ask1))
