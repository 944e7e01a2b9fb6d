"""Working orders, positions and fills as a person sees them, over every book; and their totals."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.domain.events import MarkPriceSeen
from core.domain.exact import ZERO_AMOUNT, ZERO_NOTIONAL, Amount, Notional, Price, amount_of
from core.domain.facts import FillBooked, MarketAdded
from core.domain.ids import AccountId, Asset, ClientOrderId, InstrumentId
from core.domain.instrument import Instrument, InstrumentKind
from core.domain.order import AttachedExit, OrderTerms, Side, TimeInForce
from core.domain.reaction import NOTHING, Reaction
from core.domain.ticket import (
    FillRow,
    FillsView,
    HeldRow,
    PositionsView,
    WorkingRow,
    WorkingView,
)
from core.runtime.manual.closing import Closings
from core.runtime.manual.moving import Moves
from core.runtime.manual.picture import Pictures
from core.runtime.manual.seen import Touch
from core.runtime.margins import initial_margin, maintenance_margin
from core.runtime.picture import Painter
from core.runtime.valuation import Valuation
from core.trading.orders import OrderRecord
from core.trading.position import PositionLine
from core.trading.room import TradingRoom

FILLS_KEPT: Final = 500
_BPS: Final = 10_000


class FillMemory:
    """The newest executions, and the sums of all; changed only by facts."""

    def __init__(self) -> None:
        self.newest: deque[tuple[int, FillBooked]] = deque(maxlen=FILLS_KEPT)
        self.count = 0
        self.volume = ZERO_NOTIONAL
        self.fees = ZERO_AMOUNT
        self._quotes: dict[InstrumentId, Asset] = {}

    def listed(self, fact: MarketAdded) -> None:
        """Learn what a market is quoted in; stands before its first fill."""
        self._quotes[fact.instrument] = fact.quote

    def booked(self, fact: FillBooked) -> None:
        """Remember a fill."""
        fill = fact.fill
        self.count += 1
        self.newest.append((self.count, fact))
        self.volume += abs(fill.price * fill.quantity)
        if fill.fee_asset == self._quotes.get(fill.instrument):
            self.fees += fill.fee


class Funding(msgspec.Struct, frozen=True, gc=False):
    """What the newest mark said of a market's funding."""

    rate: str | None
    next_ts: int | None


class Blotter:
    """Builds the three tables of the orders room."""

    def __init__(
        self,
        trading: TradingRoom,
        painter: Painter,
        valuation: Valuation,
        moves: Moves,
        closings: Closings,
        pictures: Pictures,
    ) -> None:
        self._trading = trading
        self._painter = painter
        self._valuation = valuation
        self._moves = moves
        self._closings = closings
        self._pictures = pictures
        self._accounts = pictures.accounts
        self._funding: dict[InstrumentId, Funding] = {}
        self.fills = FillMemory()

    def handlers(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what is done with which event."""
        return {MarkPriceSeen: self.on_mark}

    def appliers(self) -> dict[type, Callable[[Any], None]]:
        """Return how facts change what is remembered."""
        return {FillBooked: self.fills.booked, MarketAdded: self.fills.listed}

    def on_mark(self, body: MarkPriceSeen, _at: int) -> Reaction:
        """Remember when and how much funding a market pays next."""
        self._funding[body.instrument] = Funding(body.funding_rate, body.next_funding_ts)
        return NOTHING

    # ---- working orders ------------------------------------------------------------------------

    def working(self, at: int) -> WorkingView:
        """Build the table of orders that may still do something; foreign ones stand last."""
        orders = self._trading.orders
        ours = [(record, self._row(record, at)) for record in orders.live()]
        foreign = [
            (record, msgspec.structs.replace(self._row(record, at), client_order_id=_NOT_OURS))
            for record in orders.exposed()
            if record.is_live and orders.by_client(record.client_order_id) is not record
        ]
        rows = [*ours, *foreign]
        return WorkingView(
            made_at=at,
            rows=tuple(row for _, row in rows),
            buy_value=_value(record for record, _ in rows if record.terms.side is Side.BUY),
            sell_value=_value(record for record, _ in rows if record.terms.side is Side.SELL),
        )

    def _row(self, record: OrderRecord, at: int) -> WorkingRow:
        terms = record.terms
        touch = self._touch(terms.instrument, at)
        rules = self._trading.instruments.get(terms.instrument)
        pending = self._moves.pending.get(record.client_order_id)
        return WorkingRow(
            client_order_id=record.client_order_id,
            venue_order_id=record.venue_order_id or "",
            instrument=terms.instrument,
            side=terms.side,
            state=record.state,
            quantity=str(record.quantity),
            filled=str(record.filled),
            leaves=str(record.leaves),
            limit_price=str(terms.limit_price),
            tick="" if rules is None else str(rules.tick),
            flags=_flags(terms),
            book=record.strategy,
            placed_at=record.journaled_at,
            best_bid=_text(touch[0]),
            best_ask=_text(touch[1]),
            away_bps=_away(terms, touch),
            moving_to="" if pending is None else str(pending.limit_price),
            take_profit=_exit(terms.take_profit),
            stop_loss=_exit(terms.stop_loss),
        )

    def _touch(self, instrument: InstrumentId, at: int) -> Touch:
        return self._pictures.touch(instrument, at)

    # ---- positions -----------------------------------------------------------------------------

    def positions(self, at: int) -> PositionsView:
        """Build the table of positions, each over every book."""
        rows: list[HeldRow] = []
        notionals: list[Notional | None] = []
        margins: list[Notional | None] = []
        for account in self._accounts:
            gross = self._gross(account, at)
            for name in self._markets_of(account):
                line = self._trading.ledger.total(account, name)
                rules = self._trading.instruments.get(name)
                if line is None or line.quantity.is_zero or rules is None:
                    continue
                if rules.kind is InstrumentKind.SPOT:
                    continue
                row, worth, margin = self._held(account, line, rules, gross, at)
                rows.append(row)
                notionals.append(worth)
                margins.append(margin)
        realized = fees = ZERO_AMOUNT
        for _, line in self._trading.ledger.lines():
            realized, fees = realized + line.realized, fees + line.fees
        return PositionsView(
            made_at=at,
            rows=tuple(rows),
            notional=_sum(notionals),
            unrealized_pnl=_amount(self._valuation.unrealized(at)),
            realized_pnl=_amount(realized) or "0",
            fees=_amount(fees) or "0",
            margin=_sum(margins),
        )

    def _markets_of(self, account: AccountId) -> list[InstrumentId]:
        return sorted({n for (owner, _, n), _ in self._trading.ledger.lines() if owner == account})

    def _gross(self, account: AccountId, at: int) -> Notional | None:
        total = ZERO_NOTIONAL
        for name in self._painter.exposed_markets(account, at):
            worst = self._painter.worst_case(account, name, at)
            if worst is None:
                return None
            total += worst
        return total

    def _held(
        self,
        account: AccountId,
        line: PositionLine,
        rules: Instrument,
        gross: Notional | None,
        at: int,
    ) -> tuple[HeldRow, Notional | None, Notional | None]:
        name, entry = rules.id, line.entry_price
        mark = self._valuation.mark_of(name, at)
        worth = None
        if mark is not None:
            worth = (mark * abs(line.quantity)).scaled_by(rules.contract_multiplier)
        margin = None if worth is None else worth.scaled_by(initial_margin(rules))
        price, pct = self._liquidation(line, rules, mark, gross, at)
        funding = self._funding.get(name)
        closing = self._closings.of_market(name)
        row = HeldRow(
            instrument=name,
            account=account,
            quantity=str(line.quantity),
            entry_price="" if entry is None else str(entry.floored_to(rules.tick)),
            mark_price=None if mark is None else str(mark.floored_to(rules.tick)),
            notional=_amount_of(worth),
            unrealized_pnl=None if mark is None else _amount(line.unrealized(mark)),
            realized_pnl=_amount(line.realized) or "0",
            fees=_amount(line.fees) or "0",
            margin=_amount_of(margin),
            liquidation_price=price,
            liquidation_pct=pct,
            funding_pct=_percent(funding),
            next_funding_ts=None if funding is None else funding.next_ts,
            closing="" if closing is None else str(closing),
        )
        return row, worth, margin

    def _liquidation(
        self,
        line: PositionLine,
        rules: Instrument,
        mark: Price | None,
        gross: Notional | None,
        at: int,
    ) -> tuple[str | None, float | None]:
        """Return where equity less maintenance would be used up by this market alone.

        (E - MMF * G) / |q|: how far the mark may move against the position.
        """
        equity = self._valuation.equity(at)
        if mark is None or equity is None or gross is None or mark.sign <= 0:
            return None, None
        left = Notional(equity.value) - gross.scaled_by(maintenance_margin(rules))
        units = abs(line.quantity).scaled_by(rules.contract_multiplier)
        away = left.per(units)
        pct = float(away.ratio_to(mark)) * 100
        price = mark - away if line.quantity.sign > 0 else mark + away
        return (str(price.floored_to(rules.tick)) if price.sign > 0 else None), pct

    # ---- fills ---------------------------------------------------------------------------------

    def fill_rows(self, at: int, most: int) -> FillsView:
        """Build the table of the newest executions."""
        newest = list(self.fills.newest)[-most:][::-1]
        return FillsView(
            made_at=at,
            rows=tuple(_fill_row(serial, fact) for serial, fact in newest),
            count=self.fills.count,
            volume=f"{self.fills.volume.value:.2f}",
            fees=f"{self.fills.fees.value:.2f}",
        )


_NOT_OURS: Final = ClientOrderId(0)


def _fill_row(serial: int, fact: FillBooked) -> FillRow:
    fill = fact.fill
    return FillRow(
        serial=serial,
        ts_event=fill.ts_event,
        instrument=fill.instrument,
        side=fill.side,
        quantity=str(fill.quantity),
        price=str(fill.price),
        notional=f"{(fill.price * fill.quantity).value:.2f}",
        fee=str(fill.fee),
        fee_asset=fill.fee_asset,
        liquidity="system" if fill.is_system else fill.liquidity_side,
        book=fact.book,
    )


def _flags(terms: OrderTerms) -> str:
    words = [terms.time_in_force.upper()]
    words += ["post"] if terms.post_only else []
    words += ["reduce"] if terms.reduce_only else []
    words += [f"trigger {terms.trigger_price}"] if terms.trigger_price is not None else []
    is_default = terms.time_in_force is TimeInForce.GTC and len(words) > 1
    return " ".join(words[1:] if is_default else words)


def _away(terms: OrderTerms, touch: Touch) -> float | None:
    """Return how far behind the touch of its side an order stands, basis points."""
    own = touch[0] if terms.side is Side.BUY else touch[1]
    if own is None or own.sign <= 0:
        return None
    return float((own - terms.limit_price).ratio_to(own)) * _BPS * terms.side.sign


def _exit(attached: AttachedExit | None) -> str:
    return "" if attached is None else str(attached.trigger_price)


def _value(records: Iterable[OrderRecord]) -> str:
    total = ZERO_NOTIONAL
    for record in records:
        total += record.terms.limit_price * record.leaves
    return f"{total.value:.2f}"


def _sum(parts: list[Notional | None]) -> str | None:
    total = ZERO_NOTIONAL
    for part in parts:
        if part is None:
            return None
        total += part
    return f"{total.value:.2f}"


def _amount(amount: Amount | None) -> str | None:
    return None if amount is None else f"{amount.value:.2f}"


def _amount_of(worth: Notional | None) -> str | None:
    return None if worth is None else _amount(amount_of(worth))


def _percent(funding: Funding | None) -> float | None:
    if funding is None or funding.rate is None:
        return None
    try:
        return float(funding.rate) * 100
    except ValueError:
        return None


def _text(price: Price | None) -> str | None:
    return None if price is None else str(price)
