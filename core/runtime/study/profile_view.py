"""The volume profile of a study, on rows of a chosen height."""

from typing import Final

from core.analysis.profile import VolumeProfile, clusters, profile_of
from core.domain.study_views import ProfileBar, ProfileView
from core.market.market import Market
from core.runtime.study.market_study import MarketStudy

ROWS_SHOWN: Final = 500
"""Those nearest the last price; point of control and value area are of all rows."""


def profile_view(market: Market, study: MarketStudy | None, group: int) -> ProfileView:
    """Build the profile of all prints since the study began, `group` ticks a row."""
    step = market.row_tick() * max(1, group)
    profile = None
    if study is not None:
        step, rows = study.profile.grouped(step)
        profile = profile_of(rows, step)
    return ProfileView(
        instrument=market.instrument_id,
        price_decimals=market.price_decimals.count,
        size_decimals=market.size_decimals.count,
        row_step=step,
        rows=() if profile is None else _bars(profile, market.tape.last_price),
        point_of_control=None if profile is None else profile.point_of_control,
        value_high=None if profile is None else profile.value_high,
        value_low=None if profile is None else profile.value_low,
        clusters=() if profile is None else _cluster_prices(profile),
    )


def _bars(profile: VolumeProfile, last_price: int | None) -> tuple[ProfileBar, ...]:
    """Return the rows nearest the last price, highest first."""
    rows = profile.rows
    if len(rows) > ROWS_SHOWN and last_price is not None:
        below = sum([row.price <= last_price for row in rows])
        start = max(0, min(below - ROWS_SHOWN // 2, len(rows) - ROWS_SHOWN))
        rows = rows[start : start + ROWS_SHOWN]
    return tuple([ProfileBar(row.price, row.at_bid, row.at_ask) for row in reversed(rows)])


def _cluster_prices(profile: VolumeProfile) -> tuple[int, ...]:
    """Return the lower edge of every row in a cluster, highest first."""
    step = profile.step
    found = [
        price
        for cluster in clusters(profile)
        for price in range(cluster.low, cluster.high + 1, step)
    ]
    return tuple(found[::-1])
