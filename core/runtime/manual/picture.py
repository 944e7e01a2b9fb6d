"""What a person's orders are decided by, read across the rooms. Changes nothing."""

from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from core.analysis.volatility import volatility
from core.domain.exact import ZERO_NOTIONAL, ZERO_QUANTITY, Notional, Price, Quantity
from core.domain.fixed import unscaled
from core.domain.ids import AccountId, InstrumentId, IntentId, StrategyId, venue_of
from core.domain.instrument import Instrument
from core.domain.intent import Denied, Intent, Leg
from core.domain.order import OrderTerms, Side, TimeInForce
from core.domain.ticket import SizeBy, Ticket, TicketView
from core.domain.views import BookState
from core.market.room import MarketRoom
from core.risk.exposure import reducible, reference_price
from core.risk.gate import check_together
from core.risk.inputs import GateInputs
from core.risk.room import RiskRoom, denial_text
from core.runtime.capital import CapitalDesk
from core.runtime.manual.card import Surroundings, card, unclear
from core.runtime.manual.closing import Chance, Closing, Slice
from core.runtime.manual.depth import Walk, walked
from core.runtime.manual.moving import left_of
from core.runtime.manual.seen import Touch
from core.runtime.manual.tickets import Situation, collared, worded
from core.runtime.margins import initial_margin
from core.runtime.picture import Painter
from core.trading.ledger import EXTERNAL, MANUAL, SYSTEM
from core.trading.orders import OrderRecord
from core.trading.room import TradingRoom

_LEVELS: Final = 200
_MINUTES: Final = 240
_MINUTE_NS: Final = 60_000_000_000
_CENT: Final = Decimal(100)
_ONE: Final = Quantity(1)
_ONE_PRICE: Final = Price(1)


class Pictures:
    """Draws what tickets, moves and closings are judged by."""

    def __init__(
        self,
        market: MarketRoom,
        trading: TradingRoom,
        risk: RiskRoom,
        capital: CapitalDesk,
        painter: Painter,
        accounts: tuple[AccountId, ...],
    ) -> None:
        self._market = market
        self._trading = trading
        self._risk = risk
        self._capital = capital
        self._painter = painter
        self.accounts = accounts

    def account_of(self, instrument: InstrumentId) -> AccountId | None:
        """Return the account that trades a market: the first at its venue."""
        venue = venue_of(instrument)
        return next((each for each in self.accounts if venue_of(each) == venue), None)

    def touch(self, instrument: InstrumentId, at: int) -> Touch:
        """Return best bid and ask of a valid book; of one that is not, nothing."""
        found = self._market.touch(instrument, at)
        if found is None or found.book_state is not BookState.VALID:
            return None, None
        return _price(found.best_bid), _price(found.best_ask)

    def strategies_in(self, account: AccountId, instrument: InstrumentId) -> list[StrategyId]:
        """Return the strategies that hold part of a position."""
        return [
            book
            for (owner, book, name), line in self._trading.ledger.lines()
            if owner == account
            and name == instrument
            and book not in (MANUAL, EXTERNAL, SYSTEM)
            and not line.quantity.is_zero
        ]

    # ---- tickets -------------------------------------------------------------------------------

    def situation(self, ticket: Ticket, account: AccountId, at: int) -> Situation:
        """Return what a ticket is worded by."""
        probe = probe_of(ticket, self._trading.instruments.get(ticket.instrument))
        is_scaled = ticket.size_by is SizeBy.VOLATILITY_TARGET
        return Situation(
            inputs=self._inputs(self.leg(account, probe), at),
            limits=self._risk.limits,
            allocation=self._capital.allocation(MANUAL, at),
            volatility_pct=self.volatility_pct(ticket.instrument) if is_scaled else None,
        )

    def card(self, ticket: Ticket, at: int) -> TicketView:
        """Build the card of a ticket; nothing of it is kept."""
        account = self.account_of(ticket.instrument) or AccountId("none:none")
        now = self.situation(ticket, account, at)
        if account not in self.accounts:
            text = f"no account of this run trades {ticket.instrument}"
            return unclear(ticket, now.inputs, text, at)
        asked = worded(ticket, now)
        if isinstance(asked, str):
            return unclear(ticket, now.inputs, asked, at)
        leg = self.leg(account, asked.terms)
        intent = manual_intent(IntentId("preview"), leg, "a preview", at)
        inputs = now.inputs
        if not _is_drawn(asked.terms, probe_of(ticket, inputs.instrument)):
            inputs = self._painter.draw(intent, leg, at)
        around = Surroundings(
            walk=self._walk(asked.terms),
            margin_elsewhere=self._margin_elsewhere(account, ticket.instrument, at),
        )
        return card(asked, intent, inputs, now.limits, around)

    def volatility_pct(self, instrument: InstrumentId) -> Decimal | None:
        """Return what the last hours' minutes say, percent a year, rounded up to a tenth.

        Rounded up, so that the size it bounds is never larger than measured.
        """
        market = self._market.market(instrument)
        if market is None:
            return None
        found = volatility(market.minutes.newest(_MINUTES), _MINUTE_NS)
        fraction = found.realized if found.garman_klass is None else found.garman_klass
        if fraction is None or not fraction > 0:
            return None
        return (Decimal(repr(fraction)) * _CENT).quantize(Decimal("0.1"), ROUND_CEILING)

    # ---- moves ---------------------------------------------------------------------------------

    def denial_instead_of(self, record: OrderRecord, terms: OrderTerms, at: int) -> str | None:
        """Say what the gate would object if an order stood with these terms in its place."""
        leg = self.leg(record.account, terms)
        intent = manual_intent(IntentId("preview"), leg, "a preview", at)
        drawn = self._painter.draw(intent, leg, at)
        left = left_of(record)
        is_buy = terms.side is Side.BUY
        inputs = msgspec.structs.replace(
            drawn,
            live_bids=drawn.live_bids - left if is_buy else drawn.live_bids,
            live_asks=drawn.live_asks if is_buy else drawn.live_asks - left,
            live_orders=drawn.live_orders - 1,
            orders_total=drawn.orders_total - 1,
            open_value=drawn.open_value - record.terms.limit_price * left,
            free_capital=self._freed(drawn, record, left),
            has_duplicate=False,
        )
        verdict = check_together(intent, (inputs,), self._risk.limits)
        if not isinstance(verdict, Denied):
            return None
        return f"the gate would refuse it there: {verdict.rule} {denial_text(verdict)}"

    def _freed(self, inputs: GateInputs, record: OrderRecord, left: Quantity) -> Notional | None:
        if inputs.free_capital is None:
            return None
        share = inputs.initial_margin + inputs.taker_fee
        return inputs.free_capital + (record.terms.limit_price * left).scaled_by(share)

    # ---- closings ------------------------------------------------------------------------------

    def chance(self, closing: Closing, at: int) -> Chance:
        """Return what the next slice is decided by."""
        probe = OrderTerms(
            instrument=closing.instrument,
            side=closing.side,
            quantity=_ONE,
            limit_price=_ONE_PRICE,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
        )
        inputs = self._inputs(self.leg(closing.account, probe), at)
        price = self._collar_end(inputs, closing.side)
        within = ZERO_QUANTITY
        if price is not None and inputs.market.is_book_valid:
            within = self._walk(msgspec.structs.replace(probe, limit_price=price)).within
        return Chance(
            rules=inputs.instrument,
            reducible=reducible(closing.side, inputs),
            position=inputs.position,
            owed=self._owed(closing),
            price=price,
            within=within,
            share=Decimal(str(self._risk.limits.max_depth_share_pct)) / _CENT,
        )

    def slice_leg(self, closing: Closing, step: Slice) -> Leg:
        """Return the leg of a slice."""
        terms = OrderTerms(
            instrument=closing.instrument,
            side=closing.side,
            quantity=step.quantity,
            limit_price=step.price,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
        )
        return self.leg(closing.account, terms)

    def _collar_end(self, inputs: GateInputs, side: Side) -> Price | None:
        reference, rules = reference_price(inputs), inputs.instrument
        if reference is None or rules is None:
            return None
        end = collared(reference, side, self._risk.limits)
        return end.floored_to(rules.tick) if side is Side.BUY else end.ceiled_to(rules.tick)

    def _owed(self, closing: Closing) -> Quantity:
        total = ZERO_QUANTITY
        for number in sorted(closing.orders):
            record = self._trading.orders.by_client(number)
            if record is not None:
                total += record.leaves
        return total

    # ---- parts ---------------------------------------------------------------------------------

    def leg(self, account: AccountId, terms: OrderTerms) -> Leg:
        """Return the one leg of a person's order."""
        return Leg(account=account, terms=terms)

    def rules(self, instrument: InstrumentId) -> Instrument | None:
        """Return a market's rules."""
        return self._trading.instruments.get(instrument)

    def _inputs(self, leg: Leg, at: int) -> GateInputs:
        return self._painter.draw(manual_intent(IntentId("preview"), leg, "a preview", at), leg, at)

    def _walk(self, terms: OrderTerms) -> Walk:
        side = terms.side
        levels = self._market.depth_levels(terms.instrument, side.opposite, _LEVELS)
        return walked(levels, side, terms.limit_price, terms.quantity)

    def _margin_elsewhere(self, account: AccountId, but: InstrumentId, at: int) -> Notional | None:
        total = ZERO_NOTIONAL
        for name in self._painter.exposed_markets(account, at):
            if name == but:
                continue
            worst = self._painter.worst_case(account, name, at)
            if worst is None:
                return None
            total += worst.scaled_by(initial_margin(self._trading.instruments.get(name)))
        return total


def manual_intent(name: IntentId, leg: Leg, reason: str, at: int) -> Intent:
    """Word a person's wish."""
    return Intent(
        intent_id=name, strategy=MANUAL, legs=(leg,), reason=reason, cause=name, made_at=at
    )


def probe_of(ticket: Ticket, rules: Instrument | None) -> OrderTerms:
    """Return terms to draw a first picture with: those of the ticket, as far as they are plain."""
    price = _ONE_PRICE if ticket.limit_price is None else ticket.limit_price
    quantity = _ONE
    if rules is not None and price.sign > 0 and ticket.size_by is SizeBy.BASE:
        quantity = Quantity(ticket.size).truncated_to(rules.step)
    elif rules is not None and price.sign > 0 and ticket.size_by is SizeBy.QUOTE:
        unit = price.scaled_by(rules.contract_multiplier)
        quantity = Notional(ticket.size).at(unit).truncated_to(rules.step)
    return OrderTerms(
        instrument=ticket.instrument, side=ticket.side, quantity=quantity, limit_price=price
    )


def _is_drawn(terms: OrderTerms, probe: OrderTerms) -> bool:
    """Whether a picture drawn with a probe is the picture of these terms."""
    same_price = terms.limit_price == probe.limit_price
    return same_price and terms.quantity == probe.quantity and terms.side is probe.side


def _price(number: int | None) -> Price | None:
    return None if number is None else Price(unscaled(number))
