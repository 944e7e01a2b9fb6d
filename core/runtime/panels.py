"""The panels' views: header, strategies, risk, account. Numbers come from ledger and market."""

from collections.abc import Hashable
from decimal import Decimal
from typing import Any, Final

from core.domain.events import Channel, ConnectionChanged, LinkState
from core.domain.exact import ZERO_AMOUNT, Amount, Notional
from core.domain.ids import AccountId, Asset, InstrumentId, StrategyId, VenueId, venue_of
from core.domain.instrument import InstrumentKind
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import (
    AccountView,
    AlertsView,
    HeaderView,
    OrderRow,
    PositionRow,
    RiskGauge,
    RiskView,
    StrategiesView,
    StrategyRow,
    VenueHealth,
)
from core.runtime.rooms import Rooms
from core.runtime.strategy_host import Seat
from core.trading.position import PositionLine

_ALERT_BEAT: Final = 250_000_000
_ORDERS_SHOWN: Final = 40


class Links:
    """Which streams are up."""

    def __init__(self) -> None:
        self._states: dict[tuple[VenueId, Channel], LinkState] = {}
        self.version = 0

    def handlers(self) -> dict[type, Any]:
        """Return what is done with which event."""
        return {ConnectionChanged: self.on_connection}

    def on_connection(self, body: ConnectionChanged, _at: int) -> Reaction:
        """Remember the state of a stream."""
        self._states[(body.venue, body.channel)] = body.state
        self.version += 1
        return NOTHING

    def is_up(self, venue: VenueId, channel: Channel) -> bool | None:
        """Whether a stream is up; None where there is none."""
        state = self._states.get((venue, channel))
        return None if state is None else state is LinkState.UP


class Panels:
    """Builds every view that is not of one market."""

    def __init__(self, rooms: Rooms, links: Links) -> None:
        self._rooms = rooms
        self._links = links
        self._catalogue: tuple[InstrumentId, ...] = ()

    # ---- what versions depend on ---------------------------------------------------------------

    def header_key(self) -> Hashable:
        """Return what moves the header besides time."""
        rooms = self._rooms
        return (rooms.risk.version, rooms.risk.alerts.version, self._links.version)

    def strategies_key(self) -> Hashable:
        """Return what moves the strategies panel."""
        return (self._rooms.host.version, self._rooms.trading.ledger.entries)

    def risk_key(self) -> Hashable:
        """Return what moves the risk panel."""
        rooms = self._rooms
        return (rooms.risk.version, rooms.trading.ledger.entries, len(rooms.trading.orders.live()))

    def account_key(self) -> Hashable:
        """Return what moves the account panel."""
        trading = self._rooms.trading
        return (trading.ledger.entries, len(trading.orders), trading.orders.moves)

    def alerts_key(self, at: int) -> Hashable:
        """Return what moves the alerts: their version, and the countdown of open ones."""
        book = self._rooms.risk.alerts
        return (book.version, at // _ALERT_BEAT if len(book) else 0)

    # ---- views ---------------------------------------------------------------------------------

    def header(self, at: int) -> HeaderView:
        """Build the header."""
        rooms = self._rooms
        equity = rooms.valuation.equity(at) if rooms.accounts else None
        pnl, pct = self._day(equity)
        return HeaderView(
            mode=rooms.mode,
            engine_at=at,
            venues=tuple(self._venue(venue, at) for venue in rooms.venues),
            equity=money(equity),
            day_pnl=money(pnl),
            day_pnl_pct=pct,
            trading_state=rooms.risk.state,
            trading_reason=rooms.risk.reason,
            open_alerts=len(rooms.risk.alerts),
            journal_ok=not rooms.risk.is_journal_slow,
            replay=rooms.progress.replay,
        )

    def strategies(self, at: int) -> StrategiesView:
        """Build the strategies panel."""
        seats = self._rooms.host.seats.values()
        rows = tuple(self._seat(slot, seat, at) for slot, seat in enumerate(seats, start=1))
        return StrategiesView(rows=rows)

    def risk(self, at: int) -> RiskView:
        """Build the risk panel."""
        risk = self._rooms.risk
        return RiskView(
            trading_state=risk.state,
            reason=risk.reason,
            gauges=tuple(self._gauges(at)),
            denied=risk.use.denied,
            last_denial=risk.use.last_denial,
        )

    def account(self, at: int) -> AccountView:
        """Build positions, orders and balances."""
        rooms = self._rooms
        ledger = rooms.trading.ledger
        positions = self._positions(at)
        realized = fees = ZERO_AMOUNT
        for _key, line in ledger.lines():
            realized += line.realized
            fees += line.fees
        return AccountView(
            positions=positions,
            orders=tuple(self._orders()),
            balances=tuple(
                (self._balance_name(account, asset), str(ledger.cash(account, asset)))
                for account in rooms.accounts
                for asset in ledger.cash_assets(account)
            ),
            realized_pnl=money(realized) or "0",
            unrealized_pnl=money(rooms.valuation.unrealized(at)),
            fees=money(fees) or "0",
        )

    def alerts(self, at: int) -> AlertsView:
        """Build the open alerts."""
        return self._rooms.risk.alerts.view(at)

    def catalogue(self) -> tuple[InstrumentId, ...]:
        """Return every market that could be watched."""
        known = self._rooms.trading.instruments
        if len(self._catalogue) != len(known):
            self._catalogue = tuple(sorted(known))
        return self._catalogue

    # ---- parts ---------------------------------------------------------------------------------

    def _balance_name(self, account: AccountId, asset: Asset) -> str:
        return asset if len(self._rooms.accounts) == 1 else f"{asset} {account}"

    def _day(self, equity: Amount | None) -> tuple[Amount | None, float | None]:
        mark = self._rooms.keeper.day_mark
        if mark is None or equity is None:
            return None, None
        pnl = equity - mark.equity
        pct = None if mark.equity.is_zero else float(pnl.ratio_to(mark.equity)) * 100
        return pnl, pct

    def _venue(self, venue: VenueId, at: int) -> VenueHealth:
        data_at = self._rooms.market.data_at(venue)
        has_account = any(venue_of(account) == venue for account in self._rooms.accounts)
        private = self._links.is_up(venue, Channel.PRIVATE) if has_account else None
        return VenueHealth(
            venue=venue,
            is_up=bool(self._links.is_up(venue, Channel.PUBLIC)),
            is_private_up=bool(private) if has_account else None,
            data_age_ms=None if data_at is None else max(0, (at - data_at) // 1_000_000),
            detail=self._rooms.orders.clock_trouble(venue),
        )

    def _seat(self, slot: int, seat: Seat, at: int) -> StrategyRow:
        strategy = seat.strategy
        lines = self._lines_of(strategy.strategy_id)
        last = seat.last
        return StrategyRow(
            slot=slot,
            strategy=strategy.strategy_id,
            title=strategy.title,
            state="paused" if seat.paused_reason else ("on" if seat.is_on else "off"),
            pnl=money(self._pnl(lines, at)),
            position=", ".join(
                f"{line.quantity} {name.partition(':')[2]}"
                for name, line in lines
                if not line.quantity.is_zero
            ),
            decisions=seat.decisions,
            copied=seat.copied,
            skipped=seat.skipped,
            last_decision="" if last is None else last.text,
            last_code="" if last is None else last.code,
            last_at=None if last is None else last.at,
        )

    def _lines_of(self, strategy: StrategyId) -> list[tuple[InstrumentId, PositionLine]]:
        return [
            (name, line)
            for (_, book, name), line in self._rooms.trading.ledger.lines()
            if book == strategy
        ]

    def _pnl(self, lines: list[tuple[InstrumentId, PositionLine]], at: int) -> Amount | None:
        """Realised plus unrealised minus fees of one strategy; None while a mark is missing."""
        total = ZERO_AMOUNT
        for name, line in lines:
            total += line.realized - line.fees
            if line.quantity.is_zero:
                continue
            mark = self._rooms.valuation.mark_of(name, at)
            if mark is None:
                return None
            total += line.unrealized(mark)
        return total

    def _positions(self, at: int) -> tuple[PositionRow, ...]:
        rows = []
        for (_, _, name), line in self._rooms.trading.ledger.lines():
            rules = self._rooms.trading.instruments.get(name)
            if line.quantity.is_zero or rules is None or rules.kind is InstrumentKind.SPOT:
                continue
            mark = self._rooms.valuation.mark_of(name, at)
            entry = line.entry_price
            rows.append(
                PositionRow(
                    instrument=name,
                    quantity=str(line.quantity),
                    entry_price="" if entry is None else str(entry.floored_to(rules.tick)),
                    mark_price=None if mark is None else str(mark.floored_to(rules.tick)),
                    unrealized_pnl=None if mark is None else money(line.unrealized(mark)),
                    realized_pnl=money(line.realized) or "0",
                )
            )
        return tuple(rows)

    def _orders(self) -> list[OrderRow]:
        return [
            OrderRow(
                client_order_id=record.client_order_id,
                instrument=record.terms.instrument,
                side=record.terms.side,
                quantity=str(record.terms.quantity),
                filled_quantity=str(record.filled),
                limit_price=str(record.terms.limit_price),
                state=record.state,
                strategy=record.strategy,
                at=record.moved_at,
            )
            for record in self._rooms.trading.orders.newest(_ORDERS_SHOWN)
        ]

    def _gauges(self, at: int) -> list[RiskGauge]:
        rooms = self._rooms
        limits = rooms.risk.limits
        quote = rooms.valuation.quote
        gauges = []
        for account in rooms.accounts:
            gauges.extend(self._account_gauges(account, at))
        live = len(rooms.trading.orders.live())
        gauges.append(_gauge("R11", "Open orders", live, limits.max_open_orders, ""))
        largest = max(
            ((r.terms.limit_price * r.leaves).value for r in rooms.trading.orders.live()),
            default=Decimal(0),
        )
        cap = Decimal(str(limits.max_order_notional))
        gauges.insert(0, _gauge("R10", "Live order", largest, cap, quote))
        return gauges

    def _account_gauges(self, account: AccountId, at: int) -> list[RiskGauge]:
        rooms = self._rooms
        limits = rooms.risk.limits
        markets = rooms.orders.exposed_markets(account, at)
        found = (rooms.orders.worst_case(account, name, at) for name in markets)
        worst = [worth.value for worth in found if worth is not None]
        largest = max(worst, default=Decimal(0))
        gross = sum(worst, Decimal(0))
        cap = Decimal(str(limits.max_position_notional))
        quote = rooms.valuation.quote
        gauges = [_gauge("R12", "Position", largest, cap, quote)]
        equity = rooms.valuation.equity(at)
        if equity is not None and equity.sign > 0:
            most = Notional(equity.value).scaled_by(Decimal(str(limits.max_leverage)))
            gauges.append(_gauge("R12", "Gross", gross, most.value, quote))
        return gauges


def money(amount: Amount | None) -> str | None:
    """Write an amount with two decimals; None stays None."""
    return None if amount is None else f"{amount.value:.2f}"


def _gauge(
    rule: str, title: str, used: Decimal | int, limit: Decimal | int, unit: str
) -> RiskGauge:
    share = float(Decimal(used) / Decimal(limit)) if limit else 0.0
    is_count = isinstance(used, int)
    return RiskGauge(
        rule=rule,
        title=title,
        used=str(used) if is_count else f"{used:.0f}",
        limit=str(limit) if is_count else f"{limit:.0f}",
        unit=unit,
        fraction=share,
    )
