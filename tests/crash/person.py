"""A person in a hurry: tickets, cancels, moves, closings, limits and answers, many a second."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from core.domain.commands import (
    AnswerAlert,
    CancelOrders,
    ChangeLimits,
    ClosePosition,
    Command,
    Kill,
    MoveOrder,
    PlaceTicket,
)
from core.domain.exact import Price
from core.domain.ids import InstrumentId
from core.domain.kill import KillLevel
from core.domain.order import Side, TimeInForce
from core.domain.ticket import Seen, SizeBy, Ticket
from core.runtime.shell import Shell

NAME = "person"


class Person:
    """Hands in commands as a cockpit would, seldom waiting for the receipt."""

    def __init__(self, shell: Shell, markets: Sequence[str], dice: random.Random) -> None:
        self._shell = shell
        self._markets = [InstrumentId(name) for name in markets]
        self._dice = dice
        self._asked: set[asyncio.Task[object]] = set()
        self._ways: list[tuple[Callable[[], None], int]] = [
            (self._take, 40),
            (self._rest, 25),
            (self._cancel, 8),
            (self._move, 8),
            (self._close, 3),
            (self._limit, 3),
            (self._want_much, 3),
            (self._answer, 8),
        ]

    async def is_busy(self, secs: float) -> None:
        """Do one thing after the other for a while."""
        end = time.monotonic() + secs
        ways, weights = zip(*self._ways, strict=True)
        while time.monotonic() < end:
            self._dice.choices(ways, weights)[0]()
            await asyncio.sleep(self._dice.uniform(0.005, 0.05))

    async def kills(self) -> None:
        """Trip the switch."""
        await self._shell.command(Kill(level=KillLevel.HALT), NAME)

    def _hand_in(self, command: Command) -> None:
        task: asyncio.Task[object] = asyncio.create_task(self._shell.command(command, NAME))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    # ---- what a person does --------------------------------------------------------------------

    def _take(self) -> None:
        """Take from the book, a little beyond the touch."""
        self._ticket(self._dice.uniform(10, 300), time_in_force=TimeInForce.IOC, beyond=True)

    def _rest(self) -> None:
        """Stand at the touch, so that the market's life fills it."""
        self._ticket(self._dice.uniform(10, 300))

    def _want_much(self) -> None:
        """Want more than a ticket alone may have: a person is asked."""
        self._ticket(3_500, time_in_force=TimeInForce.IOC, beyond=True)

    def _ticket(
        self,
        notional: float,
        *,
        time_in_force: TimeInForce = TimeInForce.GTC,
        beyond: bool = False,
    ) -> None:
        name = self._dice.choice(self._markets)
        seen = self._seen(name)
        side = self._dice.choice((Side.BUY, Side.SELL))
        if seen is None:
            return
        far, near = (seen.best_ask, seen.best_bid)[:: side.sign]
        price = far if beyond else near
        assert price is not None
        ticket = Ticket(
            instrument=name,
            side=side,
            size=Decimal(round(notional)),
            size_by=SizeBy.QUOTE,
            limit_price=price,
            time_in_force=time_in_force,
        )
        self._hand_in(PlaceTicket(ticket=ticket, seen=seen))

    def _cancel(self) -> None:
        if self._dice.random() < 0.3:
            self._hand_in(CancelOrders(is_all=True))
            return
        self._hand_in(CancelOrders(instrument=self._dice.choice(self._markets)))

    def _move(self) -> None:
        live = [r for r in self._shell.engine.rooms.trading.orders.live() if r.venue_order_id]
        if not live:
            return
        record = self._dice.choice(live)
        seen = self._seen(record.terms.instrument)
        if seen is None:
            return
        price = seen.best_bid if record.terms.side is Side.BUY else seen.best_ask
        assert price is not None
        self._hand_in(
            MoveOrder(client_order_id=record.client_order_id, limit_price=price, seen=seen)
        )

    def _close(self) -> None:
        self._hand_in(ClosePosition(instrument=self._dice.choice(self._markets)))

    def _limit(self) -> None:
        """Tighten one limit a little; it survives restarts, so the next is tighter still."""
        value = int(self._shell.engine.rooms.risk.limits.max_order_notional) - 1
        self._hand_in(ChangeLimits(values=(("risk.max_order_notional", str(value)),)))

    def _answer(self) -> None:
        """Approve or deny what is asked, with the token typed."""
        alerts = self._shell.engine.rooms.risk.alerts
        names = alerts.open_ids("")
        record = alerts.find(self._dice.choice(names)) if names else None
        if record is None:
            return
        alert = record.alert
        option = self._dice.choice(alert.options)
        self._hand_in(AnswerAlert(alert_id=alert.alert_id, option=option.key, typed=option.token))

    def _seen(self, name: InstrumentId) -> Seen | None:
        now = self._shell.clock.now()
        pictures = self._shell.engine.rooms.entry.manual._pictures
        bid, ask = pictures.touch(name, now)
        if bid is None or ask is None:
            return None
        return Seen(engine_at=now, best_bid=Price(bid.value), best_ask=Price(ask.value))
