"""What a cockpit draws of limits, capital and the log. Money is exact text; instants are ns UTC."""

import msgspec

from core.domain.facts import TradingState
from core.domain.ids import StrategyId


class _View(msgspec.Struct, frozen=True, gc=False, tag=True, kw_only=True):
    pass


class LimitRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One limit of the configuration and what of it is used."""

    name: str
    """Its path in the configuration, such as `risk.max_leverage`."""
    rule: str
    title: str
    scope: str
    """What it counts for: order, market, strategy, account, or nothing for a setting."""
    value: str
    """As it is written to change it."""
    file_value: str
    """As the file says it; differs once a person changed it while the engine runs."""
    unit: str
    used: str | None
    """None where there is nothing to measure now."""
    fraction: float | None
    """Use over limit, 0 and up; of a floor, limit over use."""
    worst: str = ""
    """The market or strategy that uses most of it now."""
    peak: str | None = None
    """The highest use of the UTC day."""
    peak_fraction: float | None = None
    peak_at: int | None = None
    peak_worst: str = ""
    is_floor: bool = False
    """A least instead of a most."""
    is_hard: bool = False
    """Can only be tightened while the engine runs."""
    denied: int = 0
    """Orders its rule denied this UTC day."""


class LimitsView(_View, frozen=True, kw_only=True):
    """Every limit, in the order of the configuration."""

    rows: tuple[LimitRow, ...]
    version: str
    """Name of exactly these limits, as decisions are journaled with."""
    day: str
    """UTC day of the peaks."""
    sharing: tuple[StrategyId, ...] = ()
    """Who shares the capital."""


class CapitalRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One strategy's, or a person's own, capital and conduct."""

    strategy: StrategyId
    title: str
    state: str
    """on, off, paused; empty for a person's own hand."""
    allocation: str | None
    used: str
    reserved: str
    free: str | None
    fraction: float | None
    """Used and reserved over the allocation."""
    day_loss_pct: float | None = None
    """Lost since the day began, in percent of the day's start; negative for a gain."""
    drawdown_pct: float | None = None
    cooling: tuple[tuple[str, int], ...] = ()
    """Markets that rest after a loss, with the seconds left."""
    submits: int = 0
    """Orders in 60 s without a fill between them (R18)."""
    refusals: int = 0
    """Rejected or expired in a row (R18)."""
    losing_trips: int = 0
    """Round trips at a loss within 60 s (R18)."""
    losses: int = 0
    """Losing exits within the window that pauses."""


class HoldRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One cause that holds something back."""

    scope: str
    """account, or the market's or strategy's name."""
    cause: str
    state: str
    reason: str
    since: int | None
    """None where that is not recorded."""
    who: str
    """Who may lift it: you, or the engine by itself."""
    how: str


class CapitalView(_View, frozen=True, kw_only=True):
    """How equity is divided, what was lost, and what holds trading back."""

    quote: str
    equity: str | None
    reserve: str | None
    tied: str
    """Used and reserved by all together."""
    nav: str | None
    """Value of a unit."""
    peak: str | None
    drawdown_pct: float | None
    drawdown_limits_pct: tuple[float, float]
    """Reduce, halt."""
    day: str
    day_start: str | None
    """Equity at the beginning of the UTC day, transfers since included."""
    day_loss_pct: float | None
    day_loss_limits_pct: tuple[float, float]
    trading_state: TradingState
    reason: str
    rows: tuple[CapitalRow, ...]
    holds: tuple[HoldRow, ...]


class LogLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of the engine's log."""

    serial: int
    level: str
    text: str


class LogView(_View, frozen=True, kw_only=True):
    """The newest lines of the engine's log, oldest first."""

    lines: tuple[LogLine, ...]
    path: str
    """Where the whole log is; empty where it is kept in memory only."""
    first: int
    """Serial of the oldest line that exists here; 1 when nothing was lost since the start."""


LIMITS = "limits"
CAPITAL = "capital"
LOG = "log"
