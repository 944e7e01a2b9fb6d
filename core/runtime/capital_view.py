"""What a person sees of capital: how equity is divided, what was lost, what holds trading back."""

from collections.abc import Hashable
from decimal import Decimal
from typing import Final

from core.domain.exact import ZERO_NOTIONAL, Amount, Notional
from core.domain.ids import StrategyId
from core.domain.risk_views import CapitalRow, CapitalView, HoldRow
from core.risk import capital as losses
from core.risk.capital import DAY_LOSS
from core.risk.room import MISMATCH, STREAM, day_of
from core.risk.states import Hold
from core.risk.wording import decimal_of, money
from core.runtime.kill.room import END_CAUSE, KILL_CAUSE
from core.runtime.liquidation_watch import LIQUIDATION_CAUSE
from core.runtime.order_watch import UNKNOWN_CAUSE
from core.runtime.rooms import Rooms
from core.runtime.strategy_host import Seat
from core.trading.ledger import MANUAL

_CENT: Final = Decimal(100)
_SECOND: Final = 1_000_000_000
_YOU, _ENGINE = "you", "engine"
_WAYS: Final = {
    STREAM.rstrip("/"): (_ENGINE, "the stream is up and ledger and venue match"),
    MISMATCH.rstrip("/"): (_ENGINE, "ledger and venue match; or answer its alert"),
    UNKNOWN_CAUSE: (_ENGINE, "what became of the order is proved"),
    LIQUIDATION_CAUSE: (_ENGINE, "liquidation is farther away"),
    KILL_CAUSE: (_YOU, "re-arm: r, then the word shown, typed"),
    END_CAUSE: (_ENGINE, "a new run begins"),
    "no account": (_YOU, "start again with an account"),
}
"""Who lifts what a resume does not, by the first part of its cause, and how."""
_MARKET, _STRATEGY = "market/", "strategy/"


class CapitalPanel:
    """Builds the view; reads everything, changes nothing."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def key(self, at: int) -> Hashable:
        """Return what moves the view: a second, states, switches."""
        return at // _SECOND, self._rooms.risk.version, self._rooms.host.version

    def view(self, at: int) -> CapitalView:
        """Build the view."""
        rooms, mark = self._rooms, self._rooms.capital.mark
        worth = rooms.valuation.equity(at) if rooms.accounts else None
        limits = rooms.capital.limits
        rows, tied = self._rows(at)
        lost = fallen = None
        if mark is not None and worth is not None:
            lost = float(losses.day_loss_pct(mark, worth))
            fallen = float(losses.drawdown_pct(mark, worth))
        reserve = decimal_of(limits.reserve_pct) / _CENT
        return CapitalView(
            quote=rooms.valuation.quote,
            equity=_money(worth),
            reserve=None if worth is None else _money(worth.scaled_by(reserve)),
            tied=money(tied),
            nav=_nav(worth, None if mark is None else mark.units),
            peak=None if mark is None else f"{mark.peak.value:.6f}",
            drawdown_pct=fallen,
            drawdown_limits_pct=(limits.drawdown_reduce_pct, limits.drawdown_halt_pct),
            day=day_of(at) if mark is None else mark.day,
            day_start=None if mark is None else _money(mark.day_equity),
            day_loss_pct=lost,
            day_loss_limits_pct=(limits.day_loss_reduce_pct, limits.day_loss_halt_pct),
            trading_state=rooms.risk.state,
            reason=rooms.risk.reason,
            rows=rows,
            holds=(*self._holds(at), *self._pauses()),
        )

    # ---- capital -------------------------------------------------------------------------------

    def _rows(self, at: int) -> tuple[tuple[CapitalRow, ...], Notional]:
        rows, tied = [], ZERO_NOTIONAL
        profits = self._rooms.capital.profits(at)
        for strategy in self._rooms.capital.strategies():
            used = self._rooms.capital.used(strategy, at)
            reserved = self._rooms.capital.reserved(strategy, at)
            tied += used + reserved
            rows.append(self._row(strategy, used, reserved, profits.get(strategy), at))
        return tuple(rows), tied

    def _row(
        self,
        strategy: StrategyId,
        used: Notional,
        reserved: Notional,
        profit: Amount | None,
        at: int,
    ) -> CapitalRow:
        capital = self._rooms.capital
        seat = self._rooms.host.seats.get(strategy)
        allotted = capital.allocation(strategy, at)
        conduct = capital.conduct(strategy)
        day, fall = self._lost(strategy, profit)
        taken = used + reserved
        return CapitalRow(
            strategy=strategy,
            title=strategy if seat is None else seat.strategy.title,
            state="" if seat is None else _state(seat),
            allocation=None if allotted is None else money(allotted),
            used=money(used),
            reserved=money(reserved),
            free=None if allotted is None else money(allotted - taken),
            fraction=None if allotted is None else _share(taken, allotted),
            day_loss_pct=day,
            drawdown_pct=fall,
            cooling=tuple(
                (name, -(-left // _SECOND)) for name, left in conduct.resting(at, capital.limits)
            )
            if strategy != MANUAL
            else (),
            submits=conduct.submits_60s(at),
            refusals=conduct.refusals,
            losing_trips=conduct.losing_60s(at),
            losses=conduct.losses_within(at, capital.limits),
        )

    def _lost(
        self, strategy: StrategyId, profit: Amount | None
    ) -> tuple[float | None, float | None]:
        """Return the loss of the day and the fall from the peak, in percent of the day's start."""
        mark = self._rooms.capital.mark
        row = next((r for r in mark.strategies if r[0] == strategy), None) if mark else None
        if mark is None or row is None or profit is None or mark.day_equity.sign <= 0:
            return None, None
        day = (row[1] - profit).ratio_to(mark.day_equity) * _CENT
        return float(day), float((row[2] - profit).ratio_to(mark.day_equity) * _CENT)

    # ---- holds ---------------------------------------------------------------------------------

    def _holds(self, at: int) -> list[HoldRow]:
        return [self._hold(hold, at) for hold in self._rooms.risk.states.holds()]

    def _hold(self, hold: Hold, at: int) -> HoldRow:
        who, how = self._way_out(hold, at)
        return HoldRow(
            scope=hold.scope.removeprefix(_MARKET).removeprefix(_STRATEGY) or "account",
            cause=hold.cause or "start",
            state=hold.state,
            reason=hold.reason,
            since=hold.since,
            who=who,
            how=how,
        )

    def _way_out(self, hold: Hold, at: int) -> tuple[str, str]:
        """Say who may lift a hold and how, as the risk room would act on it."""
        if self._rooms.risk.may_be_lifted(hold, at):
            how = "resume: r; trading opens after a match with the venue"
            if hold.cause == DAY_LOSS and day_of(hold.since) == day_of(at):
                how = "resume: r; only reducing until 00:00 UTC"
            return _YOU, how
        if hold.cause == DAY_LOSS:
            return _YOU, "resume: r, from 00:00 UTC on"
        return _WAYS.get(hold.cause.partition("/")[0], (_ENGINE, "with its cause"))

    def _pauses(self) -> list[HoldRow]:
        return [
            HoldRow(
                scope=name,
                cause="paused",
                state="paused",
                reason=seat.paused_reason,
                since=None,
                who=_YOU,
                how=f"switch it on: {slot}",
            )
            for slot, (name, seat) in enumerate(self._rooms.host.seats.items(), start=1)
            if seat.paused_reason
        ]


def _state(seat: Seat) -> str:
    return "paused" if seat.paused_reason else "on" if seat.is_on else "off"


def _money(amount: Amount | None) -> str | None:
    return None if amount is None else f"{amount.value:.2f}"


def _nav(worth: Amount | None, units: Amount | None) -> str | None:
    if worth is None or units is None or units.sign <= 0:
        return None
    return f"{losses.unit_value(worth, units).value:.6f}"


def _share(part: Notional, whole: Notional) -> float:
    return float(part.ratio_to(whole)) if whole.sign > 0 else 0.0
