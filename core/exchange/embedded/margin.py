"""Margin: what an account is worth, what its exposure needs, how much more it may take on.

All figures in atoms of USDC. The fraction of a market is max(base, factor * sqrt(notional)); an
account's leverage limit puts a floor of 1/limit under the initial fraction.
"""

from collections.abc import Mapping
from math import isqrt
from typing import Protocol

import msgspec

from core.exchange.embedded.accounts import Account
from core.exchange.embedded.orders import Order
from core.exchange.embedded.spec import ASSETS, MarginFunction, MarketSpec
from core.exchange.embedded.units import SCALE, atoms


class Marked(Protocol):
    """What margin needs to know of a market."""

    @property
    def spec(self) -> MarketSpec:
        """Return the market's rules."""

    @property
    def mark(self) -> int:
        """Return the mark price in atoms."""


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """Worst case of one market: position and open orders together."""

    quantity: int
    """Steps, unsigned."""
    notional: int
    initial_fraction: int
    """Of the market's function alone, as position replies show it."""
    maintenance_fraction: int
    initial: int
    """Margin needed, the account's leverage limit included."""
    maintenance: int


class MarginState(msgspec.Struct, frozen=True, gc=False):
    """One account's margin at one instant."""

    assets_value: int
    collateral_value: int
    unsettled: int
    exposure: int
    initial: int
    maintenance: int

    @property
    def net_equity(self) -> int:
        """Return collateral and unsettled profit."""
        return self.collateral_value + self.unsettled

    @property
    def available(self) -> int:
        """Return the equity that new positions can use, never below zero."""
        return max(0, self.net_equity - self.initial)


def fraction(function: MarginFunction, notional: int) -> int:
    """Return a margin fraction in atoms for a notional in atoms."""
    growing = atoms(function.factor) * isqrt(notional * SCALE) // SCALE
    return max(atoms(function.base), growing)


def exposure_of(account: Account, market: Marked, extra: Order | None = None) -> Exposure:
    """Return the exposure of one market, with one more order if given."""
    spec = market.spec
    assert spec.imf is not None
    assert spec.mmf is not None
    steps = _worst_steps(account, spec.symbol, extra)
    notional = steps * spec.step_atoms * market.mark // SCALE
    initial, maintenance = fraction(spec.imf, notional), fraction(spec.mmf, notional)
    floor = SCALE * SCALE // atoms(account.leverage_limit)
    return Exposure(
        quantity=steps,
        notional=notional,
        initial_fraction=initial,
        maintenance_fraction=maintenance,
        initial=notional * max(initial, floor) // SCALE,
        maintenance=notional * maintenance // SCALE,
    )


def margin_state(
    account: Account, markets: Mapping[str, Marked], asset_marks: Mapping[str, int]
) -> MarginState:
    """Return an account's margin."""
    assets_value, collateral = _collateral(account, asset_marks)
    exposures = [
        exposure_of(account, market)
        for symbol, market in markets.items()
        if market.spec.is_perp and _is_active(account, symbol)
    ]
    return MarginState(
        assets_value=assets_value,
        collateral_value=collateral,
        unsettled=sum(
            position.unsettled(markets[symbol].mark)
            for symbol, position in account.positions.items()
        ),
        exposure=sum(each.notional for each in exposures),
        initial=sum(each.initial for each in exposures),
        maintenance=sum(each.maintenance for each in exposures),
    )


def has_margin_for(
    account: Account,
    order: Order,
    markets: Mapping[str, Marked],
    asset_marks: Mapping[str, int],
) -> bool:
    """Tell whether an account may add an order of a perpetual."""
    market = markets[order.request.symbol]
    before, after = exposure_of(account, market), exposure_of(account, market, order)
    added = after.initial - before.initial
    if added <= 0:
        return True
    state = margin_state(account, markets, asset_marks)
    return state.net_equity >= state.initial + added


def liquidation_price(account: Account, market: Marked, state: MarginState) -> int:
    """Return the mark in atoms at which a position's account would be liquidated; 0 is never.

    All other prices are taken to stay: there equity, moved by this position alone, meets the
    maintenance margin.
    """
    spec = market.spec
    position, exposure = account.positions[spec.symbol], exposure_of(account, market)
    equity = state.net_equity - (state.maintenance - exposure.maintenance)
    size, is_long = abs(position.quantity) * spec.step_atoms, position.quantity > 0
    worth = abs(position.value(market.mark))
    left = worth - equity if is_long else worth + equity
    share = exposure.maintenance_fraction
    price = left * SCALE // size * SCALE // (SCALE - share if is_long else SCALE + share)
    return max(0, price // spec.tick_atoms * spec.tick_atoms)


def collateral_value(asset: str, quantity: int, mark: int) -> tuple[int, int]:
    """Return the notional and the weighted value of an asset; debts count in full."""
    notional = quantity * mark // SCALE
    weight = atoms(ASSETS[asset].collateral_weight) if notional > 0 else SCALE
    return notional, notional * weight // SCALE


def _collateral(account: Account, asset_marks: Mapping[str, int]) -> tuple[int, int]:
    pairs = [
        collateral_value(asset, balance.total, asset_marks[asset])
        for asset, balance in account.balances.items()
    ]
    return sum(notional for notional, _ in pairs), sum(value for _, value in pairs)


def _is_active(account: Account, symbol: str) -> bool:
    return symbol in account.positions or bool(account.orders_in(symbol))


def _worst_steps(account: Account, symbol: str, extra: Order | None) -> int:
    bids = asks = 0
    orders = account.orders_in(symbol)
    for order in orders if extra is None else [*orders, extra]:
        if order.request.reduce_only:
            continue
        if order.is_bid:
            bids += order.leaves
        else:
            asks += order.leaves
    held = account.position_steps(symbol)
    return max(abs(held + bids), abs(held - asks))
