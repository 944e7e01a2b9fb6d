"""What the orders that passed the gate used of the limits of one order.

Taken from the numbers each approval is journaled with, which are those the gate judged by; of an
order of several legs they are its first leg's.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from core.domain.exact import Notional, Price, Quantity
from core.domain.facts import GateJudged
from core.domain.ids import InstrumentId
from core.domain.instrument import Instrument
from core.domain.order import OrderTerms, Side
from core.risk.exposure import is_reducing, reference_price
from core.risk.inputs import MarketNow
from core.runtime.limit_reading import BLANK, UNSEEN, Use

_CENT: Final = Decimal(100)
_BPS: Final = Decimal(10_000)


def uses_of(fact: GateJudged, rules: Instrument | None) -> Iterator[Use]:
    """Yield what one approved order used; one that reduces is not held to these limits."""
    numbers = dict(fact.numbers)
    if _reduces(numbers, rules):
        return
    side, price = Side(numbers["side"]), Price(numbers["limit_price"])
    multiplier = Decimal(1) if rules is None else rules.contract_multiplier
    notional = (price * Quantity(numbers["quantity"])).scaled_by(multiplier)
    where = fact.instrument
    yield Use("max_order_notional", notional.value, where)
    for name, whole in (
        ("max_order_equity_pct", "equity"),
        ("confirm_above_equity_pct", "equity"),
        ("max_depth_share_pct", "depth"),
    ):
        against = _money(numbers, whole)
        if against is not None:
            yield Use(name, notional.ratio_to(against) * _CENT, where)
    market = _market(numbers)
    for use in (*_collar_uses(price, side, market), *_cost_uses(price, side, market, numbers)):
        yield use._replace(worst=where)


def _reduces(numbers: Mapping[str, str], rules: Instrument | None) -> bool:
    is_flagged = bool(numbers.get("reduce_only"))
    terms = OrderTerms(
        instrument=InstrumentId("") if rules is None else rules.id,
        side=Side(numbers["side"]),
        quantity=Quantity(numbers["quantity"]),
        limit_price=Price(numbers["limit_price"]),
        reduce_only=is_flagged,
    )
    holding = {
        name: Quantity(Decimal(numbers.get(name) or "0"))
        for name in ("position", "live_bids", "live_asks")
    }
    picture = msgspec.structs.replace(BLANK, instrument=rules, **holding)
    return is_flagged or is_reducing(terms, picture)


def _collar_uses(price: Price, side: Side, market: MarketNow) -> Iterator[Use]:
    reference = reference_price(msgspec.structs.replace(BLANK, market=market))
    if reference is not None:
        beyond = _beyond(price, reference, side)
        yield Use("max_aggressive_collar_pct", max(Decimal(0), beyond))
        yield Use("max_passive_collar_pct", max(Decimal(0), -beyond))
    if market.average_60s is not None and market.average_60s.sign > 0:
        beyond = _beyond(price, market.average_60s, side)
        yield Use("max_average_collar_pct", max(Decimal(0), beyond))


def _cost_uses(
    price: Price, side: Side, market: MarketNow, numbers: Mapping[str, str]
) -> Iterator[Use]:
    bid, ask = market.best_bid, market.best_ask
    touch = ask if side is Side.BUY else bid
    if bid is not None and ask is not None and _crosses(price, side, bid, ask):
        mid = (bid + ask).scaled_by(Decimal("0.5"))
        expected = market.vwap if market.vwap is not None else touch
        assert expected is not None
        yield Use("max_slippage_bps", abs((expected - mid).ratio_to(mid)) * _BPS)
    if numbers.get("signal_age_ms"):
        yield Use("max_signal_age_ms", Decimal(numbers["signal_age_ms"]))
    signal = _price(numbers, "signal_price")
    if signal is not None and touch is not None and numbers.get("signal_age_ms"):
        drift = (touch - signal).ratio_to(signal) * _BPS * side.sign
        yield Use("max_signal_drift_bps", max(Decimal(0), drift))


def _beyond(price: Price, reference: Price, side: Side) -> Decimal:
    return (price - reference).ratio_to(reference) * _CENT * side.sign


def _crosses(price: Price, side: Side, bid: Price, ask: Price) -> bool:
    return price >= ask if side is Side.BUY else price <= bid


def _market(numbers: Mapping[str, str]) -> MarketNow:
    return msgspec.structs.replace(
        UNSEEN,
        best_bid=_price(numbers, "best_bid"),
        best_ask=_price(numbers, "best_ask"),
        mark=_price(numbers, "mark"),
        index=_price(numbers, "index"),
        trade_vwap=_price(numbers, "trade_vwap"),
        average_60s=_price(numbers, "average_60s"),
        vwap=_price(numbers, "vwap"),
    )


def _price(numbers: Mapping[str, str], name: str) -> Price | None:
    text = numbers.get(name, "")
    return Price(Decimal(text)) if text else None


def _money(numbers: Mapping[str, str], name: str) -> Notional | None:
    text = numbers.get(name, "")
    found = Notional(Decimal(text)) if text else None
    return found if found is not None and found.sign > 0 else None
