"""The one JSON summary a headless run prints: what was received, decided, traded, booked."""

from typing import Any

import msgspec

from core.domain.exact import Amount
from core.domain.ids import AccountId
from core.domain.order import OrderState
from core.runtime.replay import Replay, tops
from core.runtime.shell import Shell
from core.trading.reconcile import Reconciler


def market_summary(shell: Shell) -> dict[str, Any]:
    """Return the integrity counters and frames by kind."""
    market = shell.engine.rooms.market
    counters = market.counters
    frames = dict(sorted(counters.frames.items()))
    return {
        "frames": sum(frames.values()),
        "frames_by_kind": frames,
        **counters.as_dict(),
        "dropped_trades": shell.inbox.statistics().dropped_trades,
        "tops": tops(shell),
    }


def replay_summary(shell: Shell, replay: Replay, exceptions: int) -> dict[str, Any]:
    """Return what a replay saw."""
    rate = replay.lines / replay.elapsed_secs if replay.elapsed_secs else 0.0
    return {
        "mode": "replay",
        "lines": replay.lines,
        "broken_lines": replay.broken_lines,
        "faults": replay.faults,
        **market_summary(shell),
        "exceptions": exceptions,
        "elapsed_s": round(replay.elapsed_secs, 3),
        "frames_per_s": round(rate),
    }


def trading_summary(shell: Shell, exceptions: int, elapsed_secs: float) -> dict[str, Any]:
    """Return what a trading run did, and whether its ledger ties to the venue."""
    rooms = shell.engine.rooms
    market = market_summary(shell)
    orders = rooms.trading.orders
    seats = list(rooms.host.seats.values())
    fills = [line for _, line in rooms.trading.ledger.lines()]
    comparisons = [_comparison(reconciler) for reconciler in rooms.reconcilers]
    return {
        "mode": rooms.mode.value,
        **market,
        "private_frames_by_kind": rooms.keeper.private_frames,
        "fills": rooms.trading.ledger.fills,
        "leader_fills": rooms.keeper.leader_fills,
        "decisions": sum(seat.decisions for seat in seats),
        "copied": sum(seat.copied for seat in seats),
        "skipped": sum(seat.skipped for seat in seats),
        "asked": sum(seat.asked for seat in seats),
        "denied": rooms.risk.use.denied,
        "orders": len(orders),
        "orders_live": len(orders.live()),
        "orders_unknown": sum(1 for r in orders.live() if r.state is OrderState.UNKNOWN),
        "mismatches": sum(c["mismatches"] for c in comparisons),
        "ledger_equals_venue": all(c["is_matched"] for c in comparisons),
        "comparisons": comparisons,
        "residual": float(rooms.trading.ledger.residual().value),
        "health": _health(shell),
        "equity": _number(rooms.valuation.equity(shell.clock.now())),
        "realized_pnl": float(sum(line.realized.value for line in fills)),
        "fees": float(sum(line.fees.value for line in fills)),
        "exceptions": exceptions,
        "elapsed_s": round(elapsed_secs, 3),
        "frames_per_s": round(market["frames"] / elapsed_secs) if elapsed_secs else 0,
    }


def _comparison(reconciler: Reconciler) -> dict[str, Any]:
    return {
        "account": AccountId(reconciler.account),
        "compared": reconciler.compared,
        "mismatches": reconciler.mismatches,
        "is_matched": reconciler.last_matched,
        "differences": list(reconciler.last_differences),
    }


def _number(amount: Amount | None) -> float | None:
    return None if amount is None else float(amount.value)


def _health(shell: Shell) -> dict[str, Any]:
    """Return what each venue that reports its health says of itself."""
    reports = {
        name: venue.health() for name, venue in shell.venues.items() if hasattr(venue, "health")
    }
    found: dict[str, Any] = msgspec.to_builtins(reports, enc_hook=str)
    return found
