"""What faults do to frames: lost, doubled, late, out of order, strange.

Frames come as the feed built them; what is edited is decoded, changed and encoded again. A delayed
frame keeps the instants it was made with.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from core.exchange.embedded.agenda import Agenda
from core.exchange.embedded.fault_replies import scaled_text, strange
from core.exchange.embedded.faults import Faults
from core.exchange.embedded.market import Market
from core.exchange.embedded.streams import Hub
from core.exchange.embedded.units import padded

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_ORDER_STREAM: Final = "account.orderUpdate"
_FILL: Final = "orderFill"
_PRICE_KEYS: Final = ("a", "b", "c", "h", "i", "l", "o", "p")
_PRICED: Final = frozenset({"bookTicker", "depth", "kline", "markPrice", "ticker", "trade"})
Data = dict[str, Any]


class StreamFaults:
    """Stands between the feed and the hub while faults are on."""

    def __init__(self, faults: Faults, agenda: Agenda, hub: Hub) -> None:
        self._faults = faults
        self._agenda = agenda
        self._hub = hub
        self._last_depth: dict[str, bytes] = {}

    def public(self, stream: str, market: Market, frame: bytes) -> None:
        """Publish one public frame, or what the faults leave of it."""
        kind, symbol = stream.partition(".")[0], market.spec.symbol
        if self._faults.draw("F12", symbol=symbol):
            return
        if self._faults.draw("F33", symbol=symbol, modes=(kind, "every")):
            return
        if kind in _PRICED:
            frame = self._repriced(kind, symbol, frame)
        if kind == "depth":
            self._depth(stream, market, frame)
        else:
            self._hub.publish(stream, frame)

    def private(
        self, account: str, symbol: str | None, topics: list[str], data: dict[str, object]
    ) -> None:
        """Publish one private event, or what the faults leave of it."""
        if self._is_lost(account, symbol, topics, data):
            return
        is_order = _ORDER_STREAM in topics[0]
        shown = self._edited(account, symbol, data) if is_order else data

        def publish() -> None:
            for topic in topics:
                frame = _ENCODER.encode({"data": shown, "stream": topic.partition("|")[2]})
                self._hub.publish(topic, frame)

        late = self._faults.draw("F20", symbol=symbol, account=account) if is_order else None
        if late is None:
            publish()
        else:
            self._agenda.after(late.delay_ns, publish)
        if data.get("e") == _FILL and self._faults.draw(
            "F18", symbol=symbol, account=account, modes=("both", "stream")
        ):
            publish()

    def _is_lost(
        self, account: str, symbol: str | None, topics: list[str], data: dict[str, object]
    ) -> bool:
        for fault_id in ("F12", "F29"):
            if self._faults.draw(fault_id, symbol=symbol, account=account):
                return True
        modes = None if data.get("e") == _FILL else ("all",)
        is_order = _ORDER_STREAM in topics[0]
        if is_order and data.get("e") != _FILL:
            return False
        return self._faults.draw("F19", symbol=symbol, account=account, modes=modes) is not None

    def _edited(
        self, account: str, symbol: str | None, data: dict[str, object]
    ) -> dict[str, object]:
        switch = self._faults.draw("F22", symbol=symbol, account=account)
        shown = data if switch is None else strange(data, switch, "X", "f")
        if "c" not in shown:
            return shown
        switch = self._faults.draw("F28", symbol=symbol, account=account, modes=("absent", "text"))
        if switch is not None:
            shown = dict(shown)
            number = shown.pop("c")
            if switch.mode == "text":
                shown["c"] = str(number)
        return shown

    def _repriced(self, kind: str, symbol: str, frame: bytes) -> bytes:
        modes = None if kind == "markPrice" else ("x10", "d10")
        switch = self._faults.draw("F35", symbol=symbol, modes=modes)
        if switch is None:
            return frame
        tree = msgspec.json.decode(frame)
        data: Data = tree["data"]
        if kind == "depth":
            for side in ("a", "b"):
                data[side] = [[scaled_text(p, switch.mode), size] for p, size in data[side]]
        elif kind in {"trade", "markPrice"}:
            data["p"] = scaled_text(data["p"], switch.mode)
        else:
            for key in _PRICE_KEYS:
                if key in data:
                    data[key] = scaled_text(data[key], switch.mode)
        return _ENCODER.encode(tree)

    def _depth(self, stream: str, market: Market, frame: bytes) -> None:
        previous, symbol = self._last_depth.get(stream), market.spec.symbol
        self._last_depth[stream] = frame
        switch = self._faults.draw("F31", symbol=symbol)
        if switch is not None and switch.mode == "gap":
            return
        frames = [self._bad_book(market, frame)]
        if switch is not None:
            frames.append(frame if switch.mode == "repeat" or previous is None else previous)
        late = self._faults.draw("F32", symbol=symbol, modes=("ahead",))

        def publish() -> None:
            for each in frames:
                self._hub.publish(stream, each)

        if late is None:
            publish()
        else:
            self._agenda.after(late.delay_ns, publish)

    def _bad_book(self, market: Market, frame: bytes) -> bytes:
        switch = self._faults.draw("F34", symbol=market.spec.symbol)
        if switch is None:
            return frame
        tree = msgspec.json.decode(frame)
        _BOOK_EDITS[switch.mode](tree["data"], market)
        return _ENCODER.encode(tree)


def _crossed(data: Data, market: Market) -> None:
    """Add a bid at the best ask."""
    best = market.book.best(is_bid=False)
    if best is not None:
        data["b"] = [*data["b"], [padded(best, market.spec.price_decimals), "1"]]


def _emptied(data: Data, market: Market) -> None:
    """Delete every level."""
    for name, is_bid in (("a", False), ("b", True)):
        levels = market.book.levels(is_bid=is_bid)
        gone = [[padded(price, market.spec.price_decimals), "0"] for price, _ in levels]
        data[name] = [*data[name], *gone]


def _negative(data: Data, _market: Market) -> None:
    """Turn the sizes of one side negative."""
    side = "b" if data["b"] else "a"
    data[side] = [[price, f"-{size}"] for price, size in data[side]]


_BOOK_EDITS: Final[dict[str, Callable[[Data, Market], None]]] = {
    "crossed": _crossed,
    "empty": _emptied,
    "negative": _negative,
}
