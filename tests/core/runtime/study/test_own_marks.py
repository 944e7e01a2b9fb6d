"""Our own orders and fills on ladder and chart."""

from core.domain.facts import FillBooked, MarketAdded, OrderJournaled, OrderMoved
from core.domain.fixed import UNIT
from core.domain.ids import Asset, ClientOrderId
from core.domain.instrument import InstrumentKind
from core.domain.order import OrderState, Side
from core.domain.reaction import Reaction
from core.domain.views import OwnOrder, candles_topic, ladder_topic
from tests.core.builders import booked, fill, journaled, terms
from tests.core.market.market_bodies import HERE, candle, depth, snapshot, trade
from tests.core.runtime.study.studied import StudiedDesk

LADDER = ladder_topic(HERE, 10, 1)
MINUTE = 60_000_000_000


def _told(desk: StudiedDesk, *facts: OrderJournaled | OrderMoved | FillBooked) -> None:
    desk.engine.desk.absorb(Reaction(facts), desk.at, [])


def _moved(state: OrderState) -> OrderMoved:
    return OrderMoved(at=0, client_order_id=ClientOrderId(1), state=state)


def _studied() -> StudiedDesk:
    """Look at a market with twenty bid at 99; an order of ours for five is on its way there."""
    desk = StudiedDesk()
    desk.send(snapshot(10, [("99", "20")], [("101", "10")]))
    desk.want()
    desk.send(depth(11))
    _told(desk, journaled(1, terms(Side.BUY, "5", "99", name=HERE)))
    return desk


def _ahead(desk: StudiedDesk) -> int | None:
    (order,) = desk.view(LADDER).own_orders
    assert order == OwnOrder(99 * UNIT, Side.BUY, 5 * UNIT, order.ahead, 1)
    return None if order.ahead is None else order.ahead // UNIT


def test_queue_is_unknown_until_the_order_is_accepted() -> None:
    """An order on its way stands nowhere yet."""
    assert _ahead(_studied()) is None


def test_queue_is_the_level_at_acceptance_and_shrinks_with_prints() -> None:
    """Twenty before us; eight trade; a withdrawal counts when the level proves it."""
    desk = _studied()
    desk.send(depth(12, bids=[("99", "25")]))
    _told(desk, _moved(OrderState.ACCEPTED))
    assert _ahead(desk) == 20

    desk.send(trade(1, "99", "8", ts=desk.at, side=Side.SELL), 10)
    assert _ahead(desk) == 12
    desk.send(depth(13, bids=[("99", "17")]))
    assert _ahead(desk) == 12
    desk.send(depth(14, bids=[("99", "9")]))
    assert _ahead(desk) == 9


def test_prints_at_another_price_or_side_leave_the_queue_alone() -> None:
    """Only what trades against our level takes from its front."""
    desk = _studied()
    _told(desk, _moved(OrderState.ACCEPTED))

    desk.send(trade(1, "99", "3", ts=desk.at, side=Side.BUY))
    desk.send(trade(2, "98", "3", ts=desk.at, side=Side.SELL))

    assert _ahead(desk) == 20


def test_order_that_ended_leaves_ladder_and_queues() -> None:
    """Nothing is kept of it."""
    desk = _studied()
    _told(desk, _moved(OrderState.ACCEPTED), _moved(OrderState.CANCELLED))

    assert desk.view(LADDER).own_orders == ()
    assert desk.study().places.by_key == {}


def test_chart_shows_the_fills_within_its_candles() -> None:
    """Oldest first; a fill before the first candle is left out; the journal restores them."""
    desk = StudiedDesk()
    start = desk.at - desk.at % MINUTE
    for number in range(3):
        desk.send(candle(start + number * MINUTE, "100"))
    facts = [
        booked(fill(n, "0.5", "100.25", name=HERE, ts_event=start + after, client_order_id=None))
        for n, after in ((1, 90_000_000_000), (2, 10_000_000_000), (3, -1))
    ]

    added = MarketAdded(
        at=0, instrument=HERE, kind=InstrumentKind.SPOT, base=Asset("AAA"), quote=Asset("USD")
    )
    desk.engine.desk.restore([added, *facts])
    marks = desk.view(candles_topic(HERE, "1m", 10)).fills

    assert [mark.ts_event - start for mark in marks] == [10_000_000_000, 90_000_000_000]
    assert (marks[0].price, marks[0].quantity) == (100 * UNIT + UNIT // 4, UNIT // 2)


def test_chart_shows_working_orders() -> None:
    """The same orders as the ladder."""
    desk = _studied()
    desk.send(candle(desk.at - desk.at % MINUTE, "100"))

    orders = desk.view(candles_topic(HERE, "1m", 10)).orders

    assert [(order.price, order.leaves) for order in orders] == [(99 * UNIT, 5 * UNIT)]
