"""Processes of the end-to-end tests: a venue that logs every request, an engine that trades on it.

`python paper_processes.py venue SEED LOG` serves until it is told to go, after one JSON line.
`python paper_processes.py engine REST WS DATA SECS` trades on paper and prints its summary.
"""

import asyncio
import json
import logging
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from core.domain.commands import PlaceTicket
from core.domain.events import LeaderFilled
from core.domain.exact import Price, Quantity
from core.domain.facts import Mode
from core.domain.fixed import unscaled
from core.domain.ids import InstrumentId, LeaderId, TradeId, VenueOrderId
from core.domain.order import Side
from core.domain.ticket import Seen, Ticket
from core.exchange.paper.venue import PaperVenue
from core.risk.limits import CapitalLimits
from core.runtime.config import Config
from core.runtime.launch import Launch
from core.runtime.shell import Shell

SOL: Final = InstrumentId("backpack:SOL_USDC_PERP")
SPOT: Final = InstrumentId("backpack:SOL_USDC")


async def serve(seed: int, log: Path) -> None:
    """Serve the embedded exchange; write method, path and header names of each request."""
    from core.exchange.embedded.memory import MemoryVenue
    from core.exchange.embedded.server import serving
    from core.exchange.embedded.world import single_venue

    venue = MemoryVenue(single_venue(seed, time.time_ns()).exchange, time.time_ns)
    inner = venue.submit
    with log.open("w", buffering=1) as lines:

        def submit(wire: Any) -> Any:
            names = sorted(name.lower() for name, _ in wire.headers)
            row = {"method": wire.method, "path": wire.path, "headers": names}
            lines.write(json.dumps({**row, "body": len(wire.body)}) + "\n")
            return inner(wire)

        venue.submit = submit  # type: ignore[method-assign]
        async with serving(venue) as where:
            print(json.dumps({"rest": where.rest, "ws": where.ws}), flush=True)  # noqa: T201
            await asyncio.Event().wait()


async def trade(rest: str, ws: str, data: str, secs: float) -> None:
    """Let a leader and a person act on paper for a while, end in order, print what came of it."""
    from core.runtime.headless import end_in_order
    from core.runtime.runs import open_run
    from core.runtime.summary import trading_summary

    logging.basicConfig(level=logging.ERROR)
    # A pause after each small loss would leave little to compare.
    config = Config(capital=CapitalLimits(cool_down_secs=0))
    launch = Launch(mode=Mode.PAPER, config=config, data_dir=data, rest_url=rest, ws_url=ws)
    async with open_run(launch) as run:
        await act(run.shell, secs)
        await end_in_order(run.shell)
        found = trading_summary(run.shell, 0, secs)
        print(json.dumps({**found, **account(run.shell)}, default=str))  # noqa: T201


def account(shell: Shell) -> dict[str, Any]:
    """Return the paper account as it is, and what this process could sign with."""
    venue = paper(shell)
    state = venue.exchange.state
    ids = [number for order in state.orders.values() if (number := order.client_order_id)]
    return {
        "paper_cash": {asset: str(amount) for asset, amount in state.account.cash.items()},
        "paper_positions": {n: str(q) for n, q in state.account.positions.items() if q.sign},
        "paper_fills": [fill_row(fill) for fill in state.fills],
        "paper_makers": sum(fill.liquidity_side == "maker" for fill in state.fills),
        "client_ids": ids,
        "signing_modules": sorted(
            n for n in sys.modules if n.partition(".")[0] in {"nacl", "cryptography", "ed25519"}
        ),
    }


def fill_row(fill: Any) -> list[str]:
    """Return what makes a fill."""
    return [fill.instrument, fill.trade_id, fill.side, str(fill.quantity), str(fill.price)]


def paper(shell: Shell) -> PaperVenue:
    """Return the one venue of the run."""
    (venue,) = shell.venues.values()
    assert isinstance(venue, PaperVenue)
    return venue


async def act(shell: Shell, secs: float) -> None:
    """Trade back and forth: a leader's fills are copied, a person joins the best price."""
    held, number, end = Decimal(0), 0, time.monotonic() + secs
    while time.monotonic() < end:
        await asyncio.sleep(0.5)
        number += 1
        side = Side.BUY if held <= 0 else Side.SELL
        quantity = Decimal("0.6")
        bid, ask = (paper(shell).exchange.markets[SOL].book.best(s) for s in Side)
        if bid is None or ask is None:
            continue
        lead(shell, side, quantity, held, number, Price(unscaled(ask)))
        held += quantity * side.sign
        await join(shell, SOL if number % 3 else SPOT, bid, ask)


def lead(
    shell: Shell, side: Side, quantity: Decimal, held: Decimal, number: int, price: Price
) -> None:
    """Let the leader trade."""
    now = shell.clock.now()
    shell.publish(
        LeaderFilled(
            ts_event=now,
            ts_recv=now,
            leader=LeaderId("leader"),
            instrument=SOL,
            side=side,
            quantity=Quantity(quantity),
            price=price,
            trade_id=TradeId(f"{now}-{number}"),
            venue_order_id=VenueOrderId("1"),
            position_before=Quantity(held),
        )
    )


async def join(shell: Shell, name: InstrumentId, bid: int, ask: int) -> None:
    """Let a person buy at the best bid."""
    best = paper(shell).exchange.markets[name].book.best(Side.BUY) or bid
    ticket = Ticket(
        instrument=name,
        side=Side.BUY,
        size=Decimal("0.3"),
        limit_price=Price(unscaled(best)),
        post_only=True,
    )
    seen = Seen(
        engine_at=shell.clock.now(),
        best_bid=Price(unscaled(bid)),
        best_ask=Price(unscaled(ask)),
    )
    await shell.command(PlaceTicket(ticket=ticket, seen=seen), "test")


def main() -> None:
    """Be one of the two processes."""
    role, *rest = sys.argv[1:]
    if role == "venue":
        asyncio.run(serve(int(rest[0]), Path(rest[1])))
    else:
        asyncio.run(trade(rest[0], rest[1], rest[2], float(rest[3])))


if __name__ == "__main__":
    main()
