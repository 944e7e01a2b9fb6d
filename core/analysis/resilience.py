"""Resilience: how much of what a trade took from the book comes back, and how fast.

Sources: Kyle (1985) for the word; Large (2007), "Measuring the resiliency of an electronic limit
order book", for the half-life.
"""

from collections.abc import Sequence

import msgspec


class Resilience(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The book after a shock.

    Attributes:
        lost: Depth before minus depth right after the shock, as given.
        recovered: Share of the loss that is back at the last sample; above 1 when there is more.
        half_life_ns: From the shock to the first sample with half the loss back; None if never.
        full_ns: The same for all of the loss.
    """

    lost: int
    recovered: float
    half_life_ns: int | None
    full_ns: int | None


def resilience(
    depth_before: int, shock_at: int, samples: Sequence[tuple[int, int]]
) -> Resilience | None:
    """Measure the recovery of depth after a trade.

    Args:
        depth_before: Depth of the hit side before the trade, any unit (10^-10 of size, or money).
        shock_at: Instant of the trade, ns.
        samples: (instant ns, depth) after it, oldest first; the first is the depth left over.

    Returns:
        None where there is no sample, or the trade left no mark.
    """
    if not samples:
        return None
    lost = depth_before - samples[0][1]
    if lost <= 0:
        return None
    left = samples[0][1]
    return Resilience(
        lost=lost,
        recovered=(samples[-1][1] - left) / lost,
        half_life_ns=_first_at(shock_at, samples, 2 * left + lost, 2),
        full_ns=_first_at(shock_at, samples, depth_before, 1),
    )


def _first_at(
    shock_at: int, samples: Sequence[tuple[int, int]], wanted: int, times: int
) -> int | None:
    return next((at - shock_at for at, depth in samples if times * depth >= wanted), None)
