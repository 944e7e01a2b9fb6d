"""Real processes for the kill switch, and a judge that signs for itself and asks the venue."""

import asyncio
import base64
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from nacl.signing import SigningKey

from core.exchange.embedded.toxics import Proxy, Toxic

ROOT: Final = Path(__file__).resolve().parents[4]
VENUE: Final = "alpha"
Row = dict[str, Any]


class Served(NamedTuple):
    """One venue process and the keys it printed."""

    process: "subprocess.Popen[bytes]"
    words: dict[str, str]

    @property
    def port(self) -> int:
        """Where it answers without delay."""
        return urlsplit(self.words["rest"]).port or 0


@contextmanager
def venue(folder: Path, seed: int = 5) -> Iterator[Served]:
    """Run `wingman venue` as a process."""
    printed = folder / "venue.json"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", str(seed)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        end = time.monotonic() + 40
        while not printed.read_bytes().endswith(b"\n"):
            assert process.poll() is None, "the venue ended"
            assert time.monotonic() < end, "the venue did not say where it is"
            time.sleep(0.05)
        yield Served(process, json.loads(printed.read_bytes()))
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def far_away(port: int, ms: int = 50) -> Iterator[int]:
    """Put a way of so many milliseconds in each direction before a port."""
    loop = asyncio.new_event_loop()
    proxy = Proxy(port, (Toxic(kind="latency", direction="both", ms=ms),))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(5)
    try:
        yield proxy.port
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def configured(folder: Path, words: dict[str, str]) -> Path:
    """Write key file and configuration."""
    key = folder / "key.json"
    keys = {"api_key": words["api_key"], "api_secret": words["api_secret"]}
    key.write_text(json.dumps({"mode": "simulation", **keys}))
    key.chmod(0o600)
    config = folder / "wingman.toml"
    config.write_text(f'[[venues]]\nname = "{VENUE}"\nkind = "backpack"\nkey_file = "{key}"\n')
    return config


class Judge:
    """Places foreign orders and counts what is open, with the documented signing alone."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._key = SigningKey(base64.b64decode(served.words["api_secret"]))

    def open_orders(self) -> list[Row]:
        """Return every open order of the account."""
        rows: list[Row] = self._call("GET", "/api/v1/orders", "orderQueryAll", None)
        return rows

    def risky(self) -> list[Row]:
        """Return the open orders that can increase exposure."""
        return [row for row in self.open_orders() if not row.get("reduceOnly")]

    def markets(self) -> list[Row]:
        """Return the venue's catalogue."""
        rows: list[Row] = json.loads(self._raw("GET", "/api/v1/markets", {}, b""))
        return rows

    def place(self, **fields: object) -> Row:
        """Place one order."""
        row: Row = self._call("POST", "/api/v1/order", "orderExecute", fields)
        return row

    def fill_books(self, markets: int, orders: int) -> int:
        """Leave so many resting bids in so many markets, far below; return how many rest."""
        chosen = [m for m in self.markets() if m["marketType"] in {"SPOT", "PERP"}][:markets]
        for number in range(orders):
            market = chosen[number % len(chosen)]
            filters = market["filters"]
            tick = float(filters["price"]["tickSize"])
            last = self._last(market["symbol"])
            price = round(last * (0.93 + 0.001 * (number // len(chosen))) / tick) * tick
            self.place(
                symbol=market["symbol"],
                side="Bid",
                orderType="Limit",
                postOnly=True,
                price=_text(price, filters["price"]["tickSize"]),
                quantity=filters["quantity"]["minQuantity"],
            )
        return len(self.open_orders())

    def _last(self, symbol: str) -> float:
        path = f"/api/v1/ticker?symbol={symbol}"
        return float(json.loads(self._raw("GET", path, {}, b""))["lastPrice"])

    def _call(self, method: str, path: str, instruction: str, fields: Row | None) -> Any:
        stamp = str(int(time.time() * 1000))
        pairs = "".join(f"&{name}={_word((fields or {})[name])}" for name in sorted(fields or {}))
        text = f"instruction={instruction}{pairs}&timestamp={stamp}&window=5000"
        headers = {
            "X-API-Key": self._served.words["api_key"],
            "X-Signature": base64.b64encode(self._key.sign(text.encode()).signature).decode(),
            "X-Timestamp": stamp,
            "X-Window": "5000",
            "Content-Type": "application/json",
        }
        body = b"" if fields is None else json.dumps(fields).encode()
        return json.loads(self._raw(method, path, headers, body))

    def _raw(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._served.port, timeout=20)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, data
        return data


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(price: float, tick: str) -> str:
    decimals = len(tick.partition(".")[2].rstrip("0"))
    return f"{price:.{decimals}f}"
