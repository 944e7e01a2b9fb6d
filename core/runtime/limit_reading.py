"""How much of each limit is used at an instant, from the pictures the gate judges by.

One pass over accounts, markets, orders and strategies; exposure, margin and losses are those of
`core.risk`, never counted a second way. Reads everything, changes nothing.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from core.domain.exact import ZERO_NOTIONAL, ZERO_QUANTITY, Notional, Price, Quantity
from core.domain.facts import TradingState
from core.domain.ids import AccountId, InstrumentId, venue_of
from core.domain.order import OrderTerms, Side
from core.risk import capital as losses
from core.risk.alerts import OpenRecord
from core.risk.exposure import reference_price, references, worst_case_after
from core.risk.inputs import GateInputs, MarketNow
from core.risk.margin import liquidation_distance_pct, margin_fraction
from core.runtime.margins import initial_margin, maintenance_margin
from core.runtime.picture import seen
from core.runtime.rooms import Rooms
from core.trading.ledger import MANUAL
from core.trading.orders import OrderRecord

_CENT: Final = Decimal(100)
_BPS: Final = Decimal(10_000)
_MILLI: Final = 1_000_000
_SECOND: Final = 1_000_000_000
_CONFIRM: Final = "confirm/"


class Use(NamedTuple):
    """How much of one limit is used, in its unit, and by what."""

    name: str
    used: Decimal
    worst: str = ""


UNSEEN: Final = MarketNow(
    is_book_valid=False,
    best_bid=None,
    best_ask=None,
    book_age_ns=None,
    mark=None,
    mark_age_ns=None,
    index=None,
)
BLANK: Final = GateInputs(
    at=0,
    state=TradingState.ACTIVE,
    is_strategy_on=True,
    is_fenced=False,
    is_journal_slow=False,
    reconcile_age_ns=None,
    instrument=None,
    market=UNSEEN,
    rules_age_ns=None,
    position=ZERO_QUANTITY,
    live_bids=ZERO_QUANTITY,
    live_asks=ZERO_QUANTITY,
    live_orders=0,
    equity=None,
    gross_elsewhere=ZERO_NOTIONAL,
    orders_total=0,
    open_value=ZERO_NOTIONAL,
    asset_net=ZERO_QUANTITY,
    free_capital=None,
    has_unknown=False,
    has_duplicate=False,
    crosses_own=False,
)
"""A picture of nothing, to be filled with what a rule of `core.risk` looks at."""


class Standing(NamedTuple):
    """One market that carries something: its picture, an order for nothing, and its worst case."""

    name: InstrumentId
    picture: GateInputs
    nothing: OrderTerms
    worst: Notional


class LimitReader:
    """Measures every limit there is a number for."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def uses(self, at: int) -> Iterator[Use]:
        """Yield uses; of several with one name the one nearest to its limit counts."""
        equity = self.equity(at)
        seen_now = self._markets(at)
        yield from self._market_uses(seen_now, at)
        yield from self._strategy_uses(equity, at)
        yield from self._loss_uses(at)
        yield from self._question_uses(at)
        yield Use("max_entries_per_min", Decimal(self._rooms.capital.entries_60s(at)))
        for account in self._rooms.accounts:
            yield from self._order_uses(account, equity)
            yield from self._exposure_uses(account, equity, at)
            yield from self._account_uses(account, at)

    def equity(self, at: int) -> Notional | None:
        """Return the equity as the gate takes it; None while it is not known or gone."""
        worth = self._rooms.valuation.equity(at) if self._rooms.accounts else None
        return Notional(worth.value) if worth is not None and worth.sign > 0 else None

    # ---- markets -------------------------------------------------------------------------------

    def _markets(self, at: int) -> dict[InstrumentId, MarketNow]:
        """Return the markets an order could go to: watched, traded by a strategy, or carrying."""
        rooms = self._rooms
        venues = {venue_of(account) for account in rooms.accounts}
        names = dict.fromkeys(rooms.watchlist.instruments)
        for seat in rooms.host.seats.values():
            names.update(dict.fromkeys(sorted(seat.strategy.interests.instruments)))
        for account in rooms.accounts:
            names.update(dict.fromkeys(rooms.orders.exposed_markets(account, at)))
        found = {}
        for name in names:
            touch = rooms.market.touch(name, at) if venue_of(name) in venues else None
            if touch is not None:
                found[name] = seen(touch, at)
        return found

    def _market_uses(self, now: dict[InstrumentId, MarketNow], at: int) -> Iterator[Use]:
        for name, market in now.items():
            if market.book_age_ns is not None:
                age = max(market.book_age_ns, market.recv_age_ns or 0)
                yield Use("max_book_age_ms", Decimal(age // _MILLI), name)
            if market.mark_age_ns is not None:
                yield Use("max_mark_age_ms", Decimal(market.mark_age_ns // _MILLI), name)
            prices = references(msgspec.structs.replace(BLANK, market=market))
            if len(prices) > 1:
                apart = (max(prices) - min(prices)).ratio_to(min(prices)) * _CENT
                yield Use("max_reference_spread_pct", apart, name)
        painter = self._rooms.orders.painter
        for venue in sorted({venue_of(name) for name in now} & painter.rules_at.keys()):
            age = (at - painter.rules_at[venue]) // _MILLI
            yield Use("max_rules_age_ms", Decimal(age), venue)

    # ---- orders --------------------------------------------------------------------------------

    def _order_uses(self, account: AccountId, equity: Notional | None) -> Iterator[Use]:
        live = [r for r in self._rooms.trading.orders.live() if r.account == account]
        yield Use("max_open_orders_total", Decimal(len(live)))
        counts: dict[InstrumentId, int] = {}
        for record in live:
            counts[record.terms.instrument] = counts.get(record.terms.instrument, 0) + 1
            if record.terms.reduce_only:
                continue
            worth = self._worth(record)
            yield Use("max_order_notional", worth.value, record.terms.instrument)
            if equity is not None:
                share = worth.ratio_to(equity) * _CENT
                yield Use("max_order_equity_pct", share, record.terms.instrument)
        for name, count in counts.items() or (("", 0),):
            yield Use("max_open_orders", Decimal(count), name)
        if not live:
            yield Use("max_order_notional", Decimal(0))
            yield Use("max_order_equity_pct", Decimal(0))
        if equity is not None:
            value = self._rooms.orders.painter.open_value(live)
            yield Use("max_open_value_pct", value.ratio_to(equity) * _CENT)

    def _worth(self, record: OrderRecord) -> Notional:
        rules = self._rooms.trading.instruments.get(record.terms.instrument)
        worth = record.terms.limit_price * record.terms.quantity
        return worth if rules is None else worth.scaled_by(rules.contract_multiplier)

    # ---- exposure and margin -------------------------------------------------------------------

    def standing(self, account: AccountId, at: int) -> list[Standing] | None:
        """Return every market that carries something; None while one of them has no price."""
        found = []
        for name in self._rooms.orders.exposed_markets(account, at):
            mark = self._rooms.valuation.mark_of(name, at)
            rules = self._rooms.trading.instruments.get(name)
            if mark is None or rules is None:
                return None
            position, bids, asks = self._rooms.trading.exposure(account, name, at)
            picture = msgspec.structs.replace(
                BLANK,
                instrument=rules,
                position=position,
                live_bids=bids,
                live_asks=asks,
                market=msgspec.structs.replace(UNSEEN, mark=mark),
                initial_margin=initial_margin(rules),
                maintenance_margin=maintenance_margin(rules),
            )
            nothing = _nothing(name, mark)
            found.append(Standing(name, picture, nothing, worst_case_after(nothing, picture)))
        return found

    def _exposure_uses(self, account: AccountId, equity: Notional | None, at: int) -> Iterator[Use]:
        standing = self.standing(account, at)
        if standing is None:
            return
        gross = ZERO_NOTIONAL
        for each in standing:
            gross += each.worst
            yield Use("max_position_notional", each.worst.value, each.name)
            yield self._asset_use(account, each)
        if not standing:
            yield Use("max_position_notional", Decimal(0))
            yield Use("max_asset_notional", Decimal(0))
        if equity is None:
            return
        yield Use("max_leverage", gross.ratio_to(equity))
        for each in standing:
            yield from self._margin_uses(each, gross, equity)

    def _asset_use(self, account: AccountId, each: Standing) -> Use:
        rules = each.picture.instrument
        assert rules is not None
        net = abs(self._rooms.orders.painter.asset_net(account, rules))
        worth = (each.nothing.limit_price * net).scaled_by(rules.contract_multiplier)
        return Use("max_asset_notional", worth.value, rules.base)

    def _margin_uses(self, each: Standing, gross: Notional, equity: Notional) -> Iterator[Use]:
        picture = msgspec.structs.replace(
            each.picture, equity=equity, gross_elsewhere=gross - each.worst
        )
        fraction = margin_fraction(each.nothing, picture)
        if fraction is not None and picture.maintenance_margin > 0:
            multiple = fraction / picture.maintenance_margin
            yield Use("min_margin_multiple", multiple, each.name)
        distance = liquidation_distance_pct(each.nothing, picture)
        if distance is not None:
            yield Use("min_liquidation_distance_pct", distance, each.name)

    # ---- accounts, strategies, losses, questions -------------------------------------------------

    def _account_uses(self, account: AccountId, at: int) -> Iterator[Use]:
        matched_at = self._rooms.orders.reconciled_at.get(account)
        if matched_at is not None:
            age = Decimal((at - matched_at) // _MILLI)
            yield Use("max_reconcile_age_ms", age, account)
        clock = self._rooms.orders.painter.clocks.get(venue_of(account))
        if clock is not None:
            venue = venue_of(account)
            yield Use("max_clock_offset_ms", Decimal(abs(clock.offset_ns) // _MILLI), venue)
            yield Use("max_clock_error_ms", Decimal(clock.error_ns // _MILLI), venue)

    def _strategy_uses(self, equity: Notional | None, at: int) -> Iterator[Use]:
        capital, tied = self._rooms.capital, ZERO_NOTIONAL
        for strategy in capital.strategies():
            taken = capital.used(strategy, at) + capital.reserved(strategy, at)
            tied += taken
            allotted = capital.allocation(strategy, at)
            if allotted is not None and allotted.sign > 0:
                yield Use("allocations_pct", taken.ratio_to(allotted) * _CENT, strategy)
            if strategy == MANUAL:
                continue
            conduct = capital.conduct(strategy)
            lost = conduct.losses_within(at, capital.limits)
            yield Use("max_submits_without_progress", Decimal(conduct.submits_60s(at)), strategy)
            yield Use("max_refusals_in_a_row", Decimal(conduct.refusals), strategy)
            yield Use("max_losing_round_trips", Decimal(conduct.losing_60s(at)), strategy)
            yield Use("losses_before_pause", Decimal(lost), strategy)
        if equity is not None:
            yield Use("reserve_pct", _CENT - tied.ratio_to(equity) * _CENT)

    def _loss_uses(self, at: int) -> Iterator[Use]:
        mark, worth = self._rooms.capital.mark, self._rooms.valuation.equity(at)
        if mark is None or worth is None:
            return
        lost = max(Decimal(0), losses.day_loss_pct(mark, worth))
        fallen = losses.drawdown_pct(mark, worth)
        for name, found in (
            ("day_loss_reduce_pct", lost),
            ("day_loss_halt_pct", lost),
            ("drawdown_reduce_pct", fallen),
            ("drawdown_halt_pct", fallen),
        ):
            yield Use(name, found)

    def _question_uses(self, at: int) -> Iterator[Use]:
        for record in self._questions(at):
            intent = record.intent
            assert intent is not None
            name = intent.legs[0].terms.instrument
            stood = Decimal((at - record.alert.raised_at) // _MILLI)
            yield Use("confirm_within_ms", stood, name)
            touch = self._rooms.market.touch(name, at)
            if touch is None or record.reference_price is None:
                continue
            picture = msgspec.structs.replace(BLANK, market=seen(touch, at))
            now = reference_price(picture)
            if now is not None:
                yield Use("max_confirm_drift_bps", drift_bps(now, record.reference_price), name)

    def _questions(self, at: int) -> Iterable[OpenRecord]:
        book = self._rooms.risk.alerts
        for row in book.view(at).open if len(book) else ():
            record = book.find(row.alert.alert_id)
            if record is not None and record.intent is not None:
                yield record


def drift_bps(now: Price, then: Price) -> Decimal:
    """Return how far a price moved, in bps of what it was."""
    return abs((now - then).ratio_to(then)) * _BPS


def _nothing(name: InstrumentId, price: Price) -> OrderTerms:
    """Return an order for nothing: what the gate would say of it is what stands now."""
    return OrderTerms(instrument=name, side=Side.BUY, quantity=Quantity(0), limit_price=price)
