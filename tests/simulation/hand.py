"""A person who trades by hand, at random: tickets, cancels, answers, switches."""

import random
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Final

from core.domain.commands import (
    AnswerAlert,
    CancelOrders,
    ClosePosition,
    Kill,
    MoveOrder,
    PlaceTicket,
    ResumeTrading,
    StopAll,
    SwitchStrategy,
)
from core.domain.exact import Price, Quantity
from core.domain.ids import InstrumentId, IntentId, StrategyId
from core.domain.intent import Intent, Leg
from core.domain.kill import KillLevel
from core.domain.order import OrderTerms, Side, TimeInForce, TriggerBy
from core.domain.ticket import Seen, Ticket
from tests.simulation.machine import ACCOUNT, MARKETS

if TYPE_CHECKING:
    from tests.simulation.world import World

MANUAL: Final = StrategyId("MANUAL")
COPY: Final = StrategyId("copy-leader")
_MS: Final = 1_000_000
_UNITS: Final = Decimal(10) ** 10
_TICKS: Final = {"SOL": Decimal("0.01"), "BTC": Decimal("0.1")}
_STEPS: Final = {"SOL": Decimal("0.01"), "BTC": Decimal("0.00001")}


_Make = Callable[[InstrumentId, Decimal, Side], OrderTerms | None]


class Hand:
    """Acts every so often until it is told to rest."""

    def __init__(self, world: "World", rng: random.Random, every_ms: int) -> None:
        self._world = world
        self._rng = rng
        self._every_ms = every_ms
        self._made = 0
        self.is_resting = False
        self.wished: dict[str, OrderTerms] = {}
        """What was asked for, by intent."""
        world.heap.after(3_000 * _MS, self._act)

    def _act(self) -> None:
        if self.is_resting:
            return
        draw = self._rng.random()
        for chance, act in self._acts():
            draw -= chance
            if draw < 0:
                act()
                break
        pause = self._rng.uniform(0.3, 1.7) * self._every_ms
        self._world.heap.after(int(pause * _MS), self._act)

    def _acts(self) -> tuple[tuple[float, Callable[[], None]], ...]:
        return (
            (0.43, self._ticket),
            (0.12, self._place_ticket),
            (0.16, self._cancel),
            (0.03, self._cancel_many),
            (0.05, self._move),
            (0.03, self._close),
            (0.08, self._answer),
            (0.02, self._switch),
            (0.06, self._resume),
            (0.01, self._stop),
        )

    # ---- tickets -------------------------------------------------------------------------------

    def _ticket(self) -> None:
        instrument = self._rng.choice(MARKETS)
        terms = self._terms(instrument)
        if terms is not None:
            self.send(terms)

    def send(self, terms: OrderTerms) -> None:
        """Hand in a ticket."""
        self._made += 1
        name = f"hand/{self._world.machine.name}/{self._made}"
        self.wished[name] = terms
        intent = Intent(
            intent_id=IntentId(name),
            strategy=MANUAL,
            legs=(Leg(account=ACCOUNT, terms=terms),),
            reason="by hand",
            cause=name,
            made_at=self._world.machine.clock.now(),
        )
        self._world.machine.wish(intent)

    def storm(self, rng: random.Random) -> None:
        """Ask for many orders that need a person."""
        for _ in range(15):
            instrument = rng.choice(MARKETS)
            price = self._mid(instrument)
            if price is not None:
                size = Decimal(rng.randint(2_200, 4_500)) / price
                terms = _terms(instrument, rng.choice((Side.BUY, Side.SELL)), size, price)
                if terms is not None:
                    self.send(terms)

    def _terms(self, instrument: InstrumentId) -> OrderTerms | None:
        price = self._mid(instrument)
        if price is None:
            return None
        draw = self._rng.random()
        for chance, make in self._kinds():
            draw -= chance
            if draw < 0:
                return make(instrument, price, self._rng.choice((Side.BUY, Side.SELL)))
        return None

    def _kinds(self) -> tuple[tuple[float, "_Make"], ...]:
        return (
            (0.30, self._passive),
            (0.10, self._post_only),
            (0.22, self._taking),
            (0.16, self._reducing),
            (0.06, self._big),
            (0.05, self._money_as_quantity),
            (0.05, self._far_off),
            (0.06, self._conditional),
        )

    def _money(self) -> Decimal:
        return Decimal(self._rng.randint(50, 1_800))

    def _passive(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        near = _off(price, -side.sign, self._rng, 1, 40)
        return _terms(name, side, self._money() / price, near)

    def _post_only(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        near = _off(price, -side.sign, self._rng, 0, 6)
        return _terms(name, side, self._money() / price, near, post_only=True)

    def _taking(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        far = _off(price, side.sign, self._rng, 2, 60)
        tif = self._rng.choice((TimeInForce.IOC, TimeInForce.IOC, TimeInForce.FOK))
        return _terms(name, side, self._money() / price, far, tif=tif)

    def _big(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        """Ask for more than goes without a person's word."""
        size = Decimal(self._rng.randint(2_100, 4_800)) / price
        return _terms(name, side, size, _off(price, -side.sign, self._rng, 0, 20))

    def _money_as_quantity(
        self, name: InstrumentId, price: Decimal, side: Side
    ) -> OrderTerms | None:
        """F72: type the amount of money where the quantity goes."""
        self._world.hit("F72")
        return _terms(name, side, self._money(), _off(price, -side.sign, self._rng, 1, 40))

    def _far_off(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        far = _off(price, side.sign, self._rng, 200, 900)
        return _terms(name, side, self._money() / price, far)

    def _conditional(self, name: InstrumentId, price: Decimal, side: Side) -> OrderTerms | None:
        trigger = _off(price, side.sign, self._rng, 1, 25)
        return _terms(name, side, self._money() / price, trigger, trigger=trigger)

    def _reducing(self, instrument: InstrumentId, price: Decimal, _side: Side) -> OrderTerms | None:
        ledger = self._world.machine.engine.rooms.trading.ledger
        held = ledger.position(ACCOUNT, instrument).value
        if not held or not instrument.endswith("PERP"):
            return None
        side = Side.SELL if held > 0 else Side.BUY
        size = abs(held) * Decimal(self._rng.choice((25, 50, 100, 130))) / 100
        is_taking = self._rng.random() < 0.6
        reach = _off(price, side.sign if is_taking else -side.sign, self._rng, 2, 50)
        tif = TimeInForce.IOC if is_taking else TimeInForce.GTC
        return _terms(instrument, side, size, reach, tif=tif, reduce_only=True)

    def _mid(self, instrument: InstrumentId) -> Decimal | None:
        """Return what the person sees on the screen."""
        touch = self._world.machine.engine.rooms.market.touch(
            instrument, self._world.machine.clock.now()
        )
        if touch is None or touch.best_bid is None or touch.best_ask is None:
            return None
        price = Decimal(touch.best_bid + touch.best_ask) / 2 / _UNITS
        return price if price > 0 else None

    # ---- everything else -----------------------------------------------------------------------

    def _cancel(self) -> None:
        live = self._world.machine.engine.rooms.trading.orders.live()
        if live:
            self._world.machine.cancel(self._rng.choice(live).client_order_id)

    # ---- by command, as the cockpit does it ----------------------------------------------------

    def _place_ticket(self) -> None:
        instrument = self._rng.choice(MARKETS)
        terms = self._terms(instrument)
        if terms is None or terms.trigger_price is not None:
            return
        ticket = Ticket(
            instrument=instrument,
            side=terms.side,
            size=terms.quantity.value,
            limit_price=terms.limit_price,
            time_in_force=terms.time_in_force,
            post_only=terms.post_only,
            reduce_only=terms.reduce_only,
        )
        self._world.machine.command(PlaceTicket(ticket=ticket, seen=self._seen(instrument)))

    def _cancel_many(self) -> None:
        side = self._rng.choice((None, Side.BUY, Side.SELL))
        command = CancelOrders(instrument=self._rng.choice(MARKETS), side=side)
        self._world.machine.command(
            CancelOrders(is_all=True) if self._rng.random() < 0.3 else command
        )

    def _move(self) -> None:
        live = self._world.machine.engine.rooms.trading.orders.live()
        if not live:
            return
        record = self._rng.choice(live)
        tick = _TICKS[_base(record.terms.instrument)]
        away = record.terms.limit_price.value + tick * self._rng.randint(-30, 30)
        self._world.machine.command(
            MoveOrder(
                client_order_id=record.client_order_id,
                limit_price=Price(away),
                seen=self._seen(record.terms.instrument),
            )
        )

    def _close(self) -> None:
        instrument = self._rng.choice(MARKETS)
        percent = Decimal(self._rng.choice((25, 100)))
        self._world.machine.command(ClosePosition(instrument=instrument, percent=percent))

    def _seen(self, instrument: InstrumentId) -> Seen:
        machine = self._world.machine
        touch = machine.engine.rooms.market.touch(instrument, machine.clock.now())
        bid = None if touch is None else touch.best_bid
        ask = None if touch is None else touch.best_ask
        return Seen(
            engine_at=machine.clock.now(),
            best_bid=None if bid is None else Price(Decimal(bid) / _UNITS),
            best_ask=None if ask is None else Price(Decimal(ask) / _UNITS),
        )

    def _answer(self) -> None:
        machine = self._world.machine
        open_ = machine.engine.rooms.risk.alerts.view(machine.clock.now()).open
        if not open_:
            return
        alert = self._rng.choice(open_).alert
        option = self._rng.choice(alert.options)
        typed = option.token if self._rng.random() < 0.8 else ""
        machine.command(AnswerAlert(alert_id=alert.alert_id, option=option.key, typed=typed))
        if self._rng.random() < 0.2:
            machine.command(AnswerAlert(alert_id=alert.alert_id, option=option.key, typed=typed))

    def _switch(self) -> None:
        is_on = self._rng.random() < 0.7
        self._world.machine.command(SwitchStrategy(strategy=COPY, is_on=is_on))

    def _resume(self) -> None:
        word = self._world.machine.engine.rooms.kill.rearm_word
        self._world.machine.command(ResumeTrading(typed=word))

    def _stop(self) -> None:
        stops = (StopAll(), Kill(level=KillLevel.HALT), Kill(level=KillLevel.FLATTEN))
        self._world.machine.command(self._rng.choice((*stops, Kill(level=KillLevel.REDUCE))))


def _base(instrument: InstrumentId) -> str:
    return instrument.partition(":")[2].partition("_")[0]


def _off(price: Decimal, sign: int, rng: random.Random, least: int, most: int) -> Decimal:
    """Return a price so many basis points up (sign 1) or down."""
    return price * (1 + sign * Decimal(rng.randint(least, most)) / 10_000)


def _terms(
    instrument: InstrumentId,
    side: Side,
    size: Decimal,
    price: Decimal,
    *,
    tif: TimeInForce = TimeInForce.GTC,
    post_only: bool = False,
    reduce_only: bool = False,
    trigger: Decimal | None = None,
) -> OrderTerms | None:
    base = _base(instrument)
    quantity = size.quantize(_STEPS[base], ROUND_DOWN)
    if quantity <= 0:
        return None
    tick = _TICKS[base]
    return OrderTerms(
        instrument=instrument,
        side=side,
        quantity=Quantity(quantity),
        limit_price=Price(price.quantize(tick)),
        time_in_force=tif,
        post_only=post_only,
        reduce_only=reduce_only,
        trigger_price=None if trigger is None else Price(trigger.quantize(tick)),
        trigger_by=None if trigger is None else TriggerBy.LAST_PRICE,
    )
