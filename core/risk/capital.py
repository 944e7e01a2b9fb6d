"""Capital: what each strategy may use, which losses stop what (risk-and-faults section 4). Pure.

Money is exact. Drawdown is judged on units: transfers buy or redeem units at the value before them,
so a deposit is no gain and a withdrawal no loss.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import Amount, Notional
from core.domain.facts import NavMarked, TradingState
from core.domain.ids import StrategyId
from core.risk.limits import CapitalLimits
from core.risk.wording import decimal_of

_CENT: Final = Decimal(100)
_GRAIN: Final = Amount(Decimal("0.000000000001"))
DAY_LOSS: Final = "day loss"
DRAWDOWN: Final = "drawdown"


class Loss(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A loss limit that is reached."""

    cause: str
    state: TradingState
    found_pct: Decimal
    limit_pct: Decimal

    @property
    def text(self) -> str:
        """Say which limit, by how much."""
        return f"{self.cause} {self.found_pct:.2f} % has reached {self.limit_pct} %"


def allocation(
    strategy: StrategyId,
    strategies: Iterable[StrategyId],
    equity: Notional,
    limits: CapitalLimits,
) -> Notional:
    """Return what a strategy may use: its named share, or an equal part of what is not named."""
    named = {StrategyId(name): decimal_of(pct) for name, pct in limits.allocations_pct.items()}
    if strategy in named:
        return equity.scaled_by(named[strategy] / _CENT)
    rest = _CENT - decimal_of(limits.reserve_pct) - sum(named.values(), Decimal(0))
    sharing = len({*strategies, strategy} - named.keys())
    return equity.scaled_by(max(rest, Decimal(0)) / _CENT / sharing)


def unit_value(equity: Amount, units: Amount) -> Amount:
    """Return the value of a unit, rounded down to 10^-12."""
    return Amount(equity.ratio_to(units)).floored_to(_GRAIN)


def opened(at: int, day: str, equity: Amount) -> NavMarked:
    """Return the first mark: one unit for each quote unit."""
    return NavMarked(at=at, day=day, equity=equity, units=equity, peak=Amount(1), day_equity=equity)


def transferred(mark: NavMarked, at: int, equity: Amount, amount: Amount) -> NavMarked:
    """Return the mark after a transfer: units bought or redeemed at the value before it.

    Args:
        mark: The mark so far.
        at: Engine time.
        equity: After the transfer.
        amount: What came in; negative for what went out.
    """
    before = equity - amount
    if before.sign <= 0:
        return opened(at, mark.day, equity) if equity.sign > 0 else mark
    units = mark.units.scaled_by(equity.ratio_to(before)).floored_to(_GRAIN)
    return msgspec.structs.replace(
        mark, at=at, equity=equity, units=units, day_equity=mark.day_equity + amount
    )


def remarked(
    mark: NavMarked, at: int, day: str, equity: Amount, profits: Mapping[StrategyId, Amount]
) -> NavMarked:
    """Return the mark with a new peak and, on a new day, a new beginning."""
    is_new_day = day != mark.day
    known = {name: (begin, best) for name, begin, best in mark.strategies}
    rows = []
    for name, profit in profits.items():
        begin, best = known.get(name, (profit, profit))
        rows.append((name, profit if is_new_day else begin, max(best, profit)))
    return msgspec.structs.replace(
        mark,
        at=at,
        day=day,
        equity=equity,
        peak=max(mark.peak, unit_value(equity, mark.units)),
        day_equity=equity if is_new_day else mark.day_equity,
        strategies=tuple(rows),
    )


def rebased(mark: NavMarked, at: int, equity: Amount) -> NavMarked:
    """Return the mark after a person accepted a drawdown: the peak is what a unit is worth now."""
    return msgspec.structs.replace(mark, at=at, equity=equity, peak=unit_value(equity, mark.units))


def rebased_strategy(mark: NavMarked, at: int, strategy: StrategyId, profit: Amount) -> NavMarked:
    """Return the mark after a person switched a strategy on again: its losses begin anew."""
    rows = tuple(row for row in mark.strategies if row[0] != strategy)
    return msgspec.structs.replace(mark, at=at, strategies=(*rows, (strategy, profit, profit)))


def day_loss_pct(mark: NavMarked, equity: Amount) -> Decimal:
    """Return (E_start + net transfers - E) / E_start in percent; negative for a gain."""
    if mark.day_equity.sign <= 0:
        return Decimal(0)
    return (mark.day_equity - equity).ratio_to(mark.day_equity) * _CENT


def drawdown_pct(mark: NavMarked, equity: Amount) -> Decimal:
    """Return the fall of a unit's value from its peak in percent, never below 0."""
    if mark.peak.sign <= 0 or mark.units.sign <= 0:
        return Decimal(0)
    fallen = mark.peak - unit_value(equity, mark.units)
    return max(Decimal(0), fallen.ratio_to(mark.peak) * _CENT)


def losses(mark: NavMarked, equity: Amount, limits: CapitalLimits) -> tuple[Loss, ...]:
    """Return the account's loss limits that are reached, the strictest step of each."""
    found = (
        _reached(
            DAY_LOSS,
            day_loss_pct(mark, equity),
            (limits.day_loss_reduce_pct, limits.day_loss_halt_pct),
        ),
        _reached(
            DRAWDOWN,
            drawdown_pct(mark, equity),
            (limits.drawdown_reduce_pct, limits.drawdown_halt_pct),
        ),
    )
    return tuple(loss for loss in found if loss is not None)


def strategy_losses(
    mark: NavMarked, profits: Mapping[StrategyId, Amount], limits: CapitalLimits
) -> dict[StrategyId, Loss]:
    """Return the strategies that lost half of what would stop the account, by day or from peak."""
    found: dict[StrategyId, Loss] = {}
    for name, begin, best in mark.strategies:
        now = profits.get(name)
        if now is None or mark.day_equity.sign <= 0:
            continue
        for cause, lost, limit in (
            (DAY_LOSS, begin - now, limits.day_loss_reduce_pct),
            (DRAWDOWN, best - now, limits.drawdown_reduce_pct),
        ):
            share = lost.ratio_to(mark.day_equity) * _CENT
            half = decimal_of(limit) / 2
            if share >= half:
                found[name] = Loss(
                    cause=cause, state=TradingState.REDUCING, found_pct=share, limit_pct=half
                )
    return found


def _reached(cause: str, found: Decimal, limits: tuple[float, float]) -> Loss | None:
    for state, limit in (
        (TradingState.HALTED, decimal_of(limits[1])),
        (TradingState.REDUCING, decimal_of(limits[0])),
    ):
        if found >= limit:
            return Loss(cause=cause, state=state, found_pct=found, limit_pct=limit)
    return None
