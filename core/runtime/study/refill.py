"""How the book comes back after a notable trade, measured while it happens."""

from collections import deque
from typing import Final, NamedTuple

from core.analysis.resilience import Resilience, resilience
from core.analysis.units import SECOND_NS, Level
from core.domain.order import Side

DEPTH_LEVELS: Final = 10
_EPISODE_NS: Final = 10 * SECOND_NS
_BEFORE_NS: Final = 50_000_000
"""A sample this much older than a print is surely from before it."""
_SETTLES_NS: Final = 500_000_000
"""The lowest depth within this time after a print is what it left over."""
_SAMPLES_HELD: Final = 8
_MARK: Final = 5
"""A trade that took less than one part in so many of the depth before it left no mark: what the
book does of itself is as large."""


class DepthSample(NamedTuple):
    """The best levels of both sides at an instant."""

    at: int
    bids: list[Level]
    asks: list[Level]


class _Episode:
    """One trade and the depth after it, up to the price that was the tenth level before it."""

    __slots__ = ("before", "edge", "samples", "shock_at", "side")

    def __init__(self, shock_at: int, side: Side, levels: list[Level]) -> None:
        self.shock_at = shock_at
        self.side = side
        """Of the aggressor."""
        self.edge = levels[-1][0]
        self.before = sum(size for _, size in levels)
        self.samples: list[tuple[int, int]] = []

    def see(self, sample: DepthSample) -> None:
        levels = sample.asks if self.side is Side.BUY else sample.bids
        sign = self.side.sign
        depth = sum(size for price, size in levels if price * sign <= self.edge * sign)
        self.samples.append((sample.at, depth))

    def measured(self) -> Resilience | None:
        """Measure from the lowest depth just after the trade."""
        early = [s for s in self.samples if s[0] - self.shock_at <= _SETTLES_NS]
        if not early:
            return None
        lowest = min(range(len(early)), key=lambda place: early[place][1])
        found = resilience(self.before, self.shock_at, self.samples[lowest:])
        return found if found is not None and found.lost * _MARK >= self.before else None


class RefillMeter:
    """Follows one notable trade at a time; a new one begins when the last is over."""

    __slots__ = ("_episode", "_newest", "_recent")

    def __init__(self) -> None:
        self._recent: deque[DepthSample] = deque(maxlen=_SAMPLES_HELD)
        self._episode: _Episode | None = None
        self._newest: Resilience | None = None

    def see_depth(self, sample: DepthSample) -> None:
        """Take the best levels, about ten times a second."""
        self._recent.append(sample)
        episode = self._episode
        if episode is None:
            return
        episode.see(sample)
        found = episode.measured()
        if found is not None:
            self._newest = found
        is_over = sample.at - episode.shock_at >= _EPISODE_NS
        is_back = found is not None and found.full_ns is not None
        is_nothing = found is None and sample.at - episode.shock_at > _SETTLES_NS
        if is_over or is_back or is_nothing:
            self._episode = None

    def see_trade(self, side: Side, at: int) -> None:
        """Take a notable trade."""
        if self._episode is not None:
            return
        before = next((s for s in reversed(self._recent) if s.at <= at - _BEFORE_NS), None)
        if before is None or at - before.at > SECOND_NS:
            return
        levels = before.asks if side is Side.BUY else before.bids
        if levels:
            self._episode = _Episode(at, side, levels[:DEPTH_LEVELS])

    def restart(self) -> None:
        """Give up what was being measured: the book was rebuilt."""
        self._recent.clear()
        self._episode = None

    @property
    def newest(self) -> Resilience | None:
        """The newest trade that left a mark, as far as its refill is known."""
        return self._newest
