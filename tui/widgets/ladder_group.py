"""Which grouping of prices suits a book at first sight."""

from typing import Final

from core.domain.views import LadderView

GROUPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
"""Ticks in one row."""
_FILLED: Final = 0.6
"""A grid with fewer levels than this on its rows is grouped coarser at first sight."""
_MOST_SPREAD_ROWS: Final = 5
"""So is one whose spread takes more rows than this."""


def first_group(view: LadderView, group: int) -> int:
    """Return the finest grouping at which most rows hold size; both sides must have levels.

    Args:
        view: A book as grouped now.
        group: Its grouping.
    """
    step = view.row_step
    span = max(abs(side[0].price - side[-1].price) // step + 1 for side in (view.bids, view.asks))
    count = min(len(view.bids), len(view.asks))
    spread = (view.asks[0].price - view.bids[0].price) // step
    wanted = max(span / count * _FILLED, spread / _MOST_SPREAD_ROWS) * group
    return next((known for known in GROUPS if known >= wanted), GROUPS[-1])
