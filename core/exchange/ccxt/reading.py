"""The library's dictionaries as domain events. Pure; every reader raises DataInvalid at worst."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from core.domain.errors import DataInvalid
from core.domain.events import (
    BalanceReport,
    CandleSeen,
    CandlesLoaded,
    OrderReport,
    PositionReport,
    TextLevel,
)
from core.domain.exact import Amount, Price, Quantity
from core.domain.ids import (
    AccountId,
    Asset,
    ClientOrderId,
    InstrumentId,
    TradeId,
    VenueOrderId,
)
from core.domain.order import Fill, LiquiditySide, OrderState, OrderType, Side, TimeInForce
from core.exchange.ccxt.numbers import exact, maybe_exact, maybe_text, text
from core.exchange.ccxt.symbols import SymbolMap

Row = Mapping[str, Any]
_MS: Final = 1_000_000
_MOST_CLIENT_ID: Final = 2**32
_STATES: Final = {
    "open": OrderState.ACCEPTED,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}
_LIQUIDITY: Final = {"maker": LiquiditySide.MAKER, "taker": LiquiditySide.TAKER}
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _total(reader: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a reader fail in one way only."""

    @wraps(reader)
    def read(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return reader(*args, **kwargs)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise DataInvalid("answer cannot be read", repr(error)[:200]) from error

    return read


@_total
def levels(side: Iterable[Any]) -> list[TextLevel]:
    """Read one side of a book: price and size, whatever else a level holds."""
    return [(text(level[0]), text(level[1])) for level in side if level[1]]


@_total
def instant(row: Row, now: int) -> int:
    """Read a row's time in ns, ours where it has none."""
    stamp = row.get("timestamp")
    return now if stamp is None else int(stamp) * _MS


@_total
def candles_loaded(
    rows: Iterable[Any], instrument: InstrumentId, interval: str, length_ns: int, now: int
) -> CandlesLoaded:
    """Read candles: `[ms, open, high, low, close, volume]`, once each, oldest first."""
    unique = {int(row[0]): row for row in rows}
    return CandlesLoaded(
        ts_event=now,
        ts_recv=now,
        instrument=instrument,
        interval=interval,
        candles=tuple(
            CandleSeen(
                ts_event=min(start * _MS + length_ns, now),
                ts_recv=now,
                instrument=instrument,
                interval=interval,
                start_ts=start * _MS,
                end_ts=start * _MS + length_ns,
                open=maybe_text(unique[start][1]),
                high=maybe_text(unique[start][2]),
                low=maybe_text(unique[start][3]),
                close=maybe_text(unique[start][4]),
                volume=maybe_text(unique[start][5]) or "0",
                is_closed=start * _MS + length_ns <= now,
            )
            for start in sorted(unique)
        ),
    )


def client_order_id(row: Row) -> ClientOrderId | None:
    """Return our id on a report, None where there is none or it is not one of ours."""
    given = str(row.get("clientOrderId") or "")
    is_ours = given.isascii() and given.isdecimal() and int(given) < _MOST_CLIENT_ID
    return ClientOrderId(int(given)) if is_ours else None


@_total
def order_report(row: Row, account: AccountId, symbols: SymbolMap, now: int) -> OrderReport:
    """Read an order. An unknown status is None: query, never assume."""
    filled = maybe_exact(row.get("filled")) or exact(0)
    state = _STATES.get(str(row.get("status")))
    if state is OrderState.ACCEPTED and filled:
        state = OrderState.PARTIAL
    price = maybe_exact(row.get("price"))
    return OrderReport(
        ts_event=instant(row, now),
        ts_recv=now,
        account=account,
        instrument=symbols.instrument(row["symbol"]),
        venue_order_id=VenueOrderId(str(row["id"])),
        client_order_id=client_order_id(row),
        state=state,
        side=Side(row["side"]),
        quantity=Quantity(exact(row["amount"])),
        filled_quantity=Quantity(filled),
        limit_price=Price(price) if price else None,
        order_type=_word(OrderType, row.get("type")),
        time_in_force=_word(TimeInForce, row.get("timeInForce")),
        reduce_only=bool(row.get("reduceOnly")),
    )


@_total
def fill(row: Row, account: AccountId, symbols: SymbolMap, now: int) -> Fill:
    """Read one of our executions; what has no fee stated cost nothing in its quote."""
    fee = row.get("fee") or {}
    quote = str(row["symbol"]).partition(":")[0].partition("/")[2]
    return Fill(
        account=account,
        instrument=symbols.instrument(row["symbol"]),
        venue_order_id=VenueOrderId(str(row["order"])),
        client_order_id=client_order_id(row),
        trade_id=TradeId(str(row["id"])) if row.get("id") else None,
        side=Side(row["side"]),
        quantity=Quantity(exact(row["amount"])),
        price=Price(exact(row["price"])),
        fee=Amount(maybe_exact(fee.get("cost")) or exact(0)),
        fee_asset=Asset(fee.get("currency") or quote),
        liquidity_side=_LIQUIDITY.get(str(row.get("takerOrMaker")), LiquiditySide.UNKNOWN),
        ts_event=instant(row, now),
    )


@_total
def position_report(row: Row, account: AccountId, symbols: SymbolMap, now: int) -> PositionReport:
    """Read a position: contracts times their size, signed by the side."""
    size = abs(exact(row["contracts"])) * (maybe_exact(row.get("contractSize")) or exact(1))
    entry = maybe_exact(row.get("entryPrice"))
    return PositionReport(
        ts_event=instant(row, now),
        ts_recv=now,
        account=account,
        instrument=symbols.instrument(row["symbol"]),
        quantity=Quantity(-size if row.get("side") == "short" else size),
        entry_price=Price(entry) if entry else None,
    )


@_total
def balance_reports(answer: Row, account: AccountId, now: int) -> tuple[BalanceReport, ...]:
    """Read what is free and what is used of each asset."""
    free, used = answer["free"], answer["used"]
    return tuple(
        BalanceReport(
            ts_event=now,
            ts_recv=now,
            account=account,
            asset=Asset(asset),
            available=Amount(maybe_exact(free.get(asset)) or exact(0)),
            locked=Amount(maybe_exact(used.get(asset)) or exact(0)),
        )
        for asset in sorted({*free, *used})
    )


_Word = TypeVar("_Word", OrderType, TimeInForce)


def _word(kind: type[_Word], given: Any) -> _Word | None:
    try:
        return kind(str(given).lower())
    except ValueError:
        return None
