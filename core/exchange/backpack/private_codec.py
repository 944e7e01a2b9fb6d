"""Private stream messages as reports of orders, positions and balances (4.5)."""

from collections.abc import Callable

from core.domain.events import BalanceReport, OrderReport, PositionReport
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import (
    AccountId,
    Asset,
    InstrumentId,
    TradeId,
    VenueOrderId,
)
from core.domain.order import Fill
from core.exchange.backpack import wire
from core.exchange.backpack.constants import (
    ORDER_STATES,
    ORDER_TYPES,
    SIDES,
    TIMES_IN_FORCE,
    USER_ORIGIN,
)
from core.exchange.backpack.times import NS_PER_US
from core.exchange.backpack.words import asked_quantity, client_order_id_of, liquidity_side


class PrivateCodec:
    """Builds the reports of one account.

    Every method may raise DataInvalid or KeyError for numbers and sides that are none; the codec
    around it turns that into a malformed frame.
    """

    def __init__(self, account: AccountId, instrument: Callable[[str], InstrumentId]) -> None:
        self._account = account
        self._instrument = instrument

    def order_update(self, update: wire.OrderUpdate, ts_recv: int) -> OrderReport:
        """Read an order update; an `orderFill` carries the fill."""
        instrument = self._instrument(update.s)
        return OrderReport(
            ts_event=update.T * NS_PER_US,
            ts_recv=ts_recv,
            account=self._account,
            instrument=instrument,
            venue_order_id=VenueOrderId(str(update.i)),
            client_order_id=client_order_id_of(update.c),
            state=ORDER_STATES.get(update.X),
            side=SIDES[update.S],
            quantity=Quantity(asked_quantity(update.q, update.Y)),
            filled_quantity=Quantity(update.z),
            limit_price=None if update.p is None else Price(update.p),
            order_type=ORDER_TYPES.get(update.o),
            time_in_force=TIMES_IN_FORCE.get(update.f),
            reduce_only=bool(update.r),
            reason=update.R or "",
            fill=self._fill(update, instrument),
        )

    def _fill(self, update: wire.OrderUpdate, instrument: InstrumentId) -> Fill | None:
        if update.e != "orderFill" or update.l is None or update.L is None:
            return None
        return Fill(
            account=self._account,
            instrument=instrument,
            venue_order_id=VenueOrderId(str(update.i)),
            client_order_id=client_order_id_of(update.c),
            trade_id=None if update.t is None else TradeId(str(update.t)),
            side=SIDES[update.S],
            quantity=Quantity(update.l),
            price=Price(update.L),
            fee=Amount(0 if update.n is None else update.n),
            fee_asset=Asset(update.N or ""),
            liquidity_side=liquidity_side(update.m),
            is_system=update.O not in {None, USER_ORIGIN},
            ts_event=update.T * NS_PER_US,
        )

    def position_update(self, update: wire.PositionUpdate, ts_recv: int) -> PositionReport:
        """Read a position update, or the snapshot after subscribing, which has no `e`."""
        return PositionReport(
            ts_event=update.T * NS_PER_US,
            ts_recv=ts_recv,
            account=self._account,
            instrument=self._instrument(update.s),
            quantity=Quantity(update.q),
            entry_price=None if update.B is None else Price(update.B),
        )

    def balance_update(self, update: wire.BalanceUpdate, ts_recv: int) -> BalanceReport:
        """Read a balance update: absolute values; staked funds count as locked."""
        return BalanceReport(
            ts_event=update.T * NS_PER_US,
            ts_recv=ts_recv,
            account=self._account,
            asset=Asset(update.a),
            available=Amount(update.A),
            locked=Amount(update.L + update.S),
        )
