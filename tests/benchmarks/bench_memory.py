"""Engine memory over ten million frames: must stay flat. Prints a table.

Run with `python tests/benchmarks/bench_memory.py [MILLIONS]`; takes some minutes.
"""

import resource
import sys
import time
from pathlib import Path

from core.domain.events import BookSnapshotSeen
from core.domain.facts import Mode
from core.domain.ids import InstrumentId, VenueId
from core.exchange.backpack.codec import BackpackCodec
from core.runtime.assembly import DeskSettings, begin, build
from core.runtime.inbox import Inbox
from tests.benchmarks.depth_frames import FIRST_ID, SYMBOL, FrameSource
from tests.benchmarks.idle_strategy import idle_pair

VENUE = VenueId("here")
INSTRUMENT = InstrumentId(f"here:{SYMBOL}")
MILLION = 1_000_000
STEP_NS = 1_000_000


def resident_mib() -> float:
    """Return this process's resident memory now, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def trade(number: int, price: str) -> bytes:
    """Write one print, every tenth frame."""
    return (
        f'{{"data":{{"E":{number},"T":{number},"a":"1","b":"2","e":"trade","m":false,"p":"{price}",'
        f'"q":"0.01","s":"{SYMBOL}","t":{number}}},"stream":"trade.{SYMBOL}"}}'
    ).encode()


def main(millions: int) -> None:
    """Feed frames through codec, inbox and Desk, and print memory after each million."""
    source = FrameSource(3)
    settings = DeskSettings(
        mode=Mode.REPLAY, venues=(VENUE,), watchlist=(INSTRUMENT,), can_query=False
    )
    engine = build(settings, idle_pair(INSTRUMENT), time.monotonic_ns)
    begin(engine, (), 1, 1)
    inbox, codec = Inbox(first_seq=2), BackpackCodec(VENUE)
    bids, asks = source.snapshot()
    inbox.put(
        BookSnapshotSeen(
            ts_event=1,
            ts_recv=1,
            instrument=INSTRUMENT,
            last_id=FIRST_ID,
            bids=[(price, size) for price, size in bids],
            asks=[(price, size) for price, size in asks],
        )
    )
    print(f"{'frames':>12}{'MiB':>8}{'frames/s':>10}")
    print(f"{0:12,}{resident_mib():8.1f}")
    for block in range(millions):
        begun = time.perf_counter()
        for number in range(block * MILLION, (block + 1) * MILLION):
            frame = trade(number + 1, "86600.0") if number % 10 == 0 else source.frame()
            for body in codec.decode(frame, number):
                inbox.put(body)
            while (event := inbox.pop(number * STEP_NS)) is not None:
                engine.desk.handle(event)
        rate = MILLION / (time.perf_counter() - begun)
        print(f"{(block + 1) * MILLION:12,}{resident_mib():8.1f}{rate:10,.0f}", flush=True)
    counters = engine.rooms.market.counters.as_dict()
    print({name: count for name, count in counters.items() if count})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
