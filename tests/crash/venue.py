"""The venue as a process of its own, and what it says when asked by a client that is not ours."""

import base64
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from nacl.signing import SigningKey

ROOT: Final = Path(__file__).resolve().parents[2]
VENUE: Final = "alpha"
_PAGE: Final = 200
_START_SECS: Final = 40.0
Row = dict[str, Any]


class VenueProcess:
    """One exchange in the box behind a loopback port."""

    def __init__(self, seed: int, folder: Path, faults: Path | None = None) -> None:
        printed = folder / "venue.json"
        more = () if faults is None else ("--faults", str(faults))
        with printed.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", str(seed), *more],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
            )
        end = time.monotonic() + _START_SECS
        while not printed.read_bytes().endswith(b"\n"):
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError("the venue did not start")
            time.sleep(0.02)
        self.words: dict[str, str] = json.loads(printed.read_bytes())

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Snapshot(NamedTuple):
    """What the venue says of the account, read twice with nothing between."""

    fills: int
    orders: int
    positions: dict[str, Decimal]
    """Signed, by symbol; those of zero left out."""
    balances: dict[str, Decimal]
    """Available and locked together, by asset."""


class Witness:
    """Reads an account with the exchange's documented signing and nothing of the engine's."""

    def __init__(self, words: dict[str, str]) -> None:
        self._address = urlsplit(words["rest"]).netloc
        self._key = SigningKey(base64.b64decode(words["api_secret"]))
        self._api_key = words["api_key"]
        self._line: http.client.HTTPConnection | None = None
        self.fills: dict[tuple[str, ...], Row] = {}
        """By market, trade, order and side: what makes a fill one fill."""
        self.orders: dict[str, Row] = {}
        """By the venue's own id."""

    def look(self) -> Snapshot:
        """Read everything; nothing happened between the first and the last answer."""
        while True:
            before = self._known()
            positions = {
                row["symbol"]: Decimal(row["netQuantity"])
                for row in self.asked("/api/v1/position", "positionQuery")
                if Decimal(row["netQuantity"])
            }
            balances = {
                asset: Decimal(row["available"]) + Decimal(row["locked"]) + Decimal(row["staked"])
                for asset, row in self.asked("/api/v1/capital", "balanceQuery").items()
            }
            if self._known() == before:
                return Snapshot(*before, positions, balances)

    def open_orders(self) -> list[Row]:
        """Return what rests now."""
        rows: list[Row] = self.asked("/api/v1/orders", "orderQueryAll")
        return rows

    def _known(self) -> tuple[int, int]:
        self._newer("/wapi/v1/history/fills", "fillHistoryQueryAll", self.fills, fill_key)
        self._newer(
            "/wapi/v1/history/orders",
            "orderHistoryQueryAll",
            self.orders,
            lambda row: str(row["id"]),
        )
        return len(self.fills), len(self.orders)

    def _newer(self, path: str, name: str, kept: dict[Any, Row], key: Callable[[Row], Any]) -> None:
        """Read a history, newest first, back to what is known."""
        offset = 0
        while True:
            rows = self.asked(path, name, f"limit={_PAGE}&offset={offset}")
            fresh = [row for row in rows if key(row) not in kept]
            kept.update((key(row), row) for row in fresh)
            if len(fresh) < len(rows) or len(rows) < _PAGE:
                return
            offset += _PAGE

    def asked(self, path: str, instruction: str, query: str = "") -> Any:
        """Ask one signed question."""
        stamp = str(int(time.time() * 1000))
        parts = (f"instruction={instruction}", query, f"timestamp={stamp}", "window=5000")
        signed = "&".join(filter(None, parts))
        headers = {
            "X-API-Key": self._api_key,
            "X-Signature": base64.b64encode(self._key.sign(signed.encode()).signature).decode(),
            "X-Timestamp": stamp,
            "X-Window": "5000",
        }
        if self._line is None:
            self._line = http.client.HTTPConnection(self._address, timeout=20)
        try:
            self._line.request("GET", f"{path}?{query}" if query else path, headers=headers)
            answer = self._line.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return json.loads(body)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None


def fill_key(row: Row) -> tuple[str, ...]:
    """Return what makes a fill of the venue one fill."""
    return (row["symbol"], str(row["tradeId"]), str(row["orderId"]), row["side"])


def fill_terms(row: Row) -> tuple[object, ...]:
    """Return a fill of the venue as `books.booked_terms` words one of ours."""
    return (
        f"{VENUE}:{row['symbol']}",
        str(row["tradeId"]),
        str(row["orderId"]),
        "buy" if row["side"] == "Bid" else "sell",
        Decimal(row["quantity"]),
        Decimal(row["price"]),
        Decimal(row["fee"]),
        row["feeSymbol"],
    )
