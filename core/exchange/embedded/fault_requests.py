"""What faults do to requests: lost, late, doubled, refused, answered wrongly.

A request meets at most one fate (the first of the table that strikes); on its way back a reply may
be edited by several faults. Reply 0 stands for a connection that broke without an answer.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from core.exchange.contract import Reply, Wire
from core.exchange.embedded import fault_replies
from core.exchange.embedded.calls import Outcome, empty_reply
from core.exchange.embedded.faults import Switch
from core.exchange.embedded.floor import Floor
from core.exchange.embedded.refusals import CUT, Refusal
from core.exchange.embedded.routes import answer, verified
from core.exchange.embedded.units import NS_PER_MS

Compute = Callable[[], Outcome]
Deliver = Callable[[Reply], None]
Settle = Callable[[Compute, Deliver], None]
"""Runs a computation, now or after its speed bump, and hands its reply on."""

_ACCEPTED: Final = 202
_DEFAULT_WINDOW: Final = "5000"
_SUBMITS: Final = frozenset({"submit", "batch"})
_CANCELS: Final = frozenset({"cancel", "cancel all"})
_ORDERS: Final = _SUBMITS | _CANCELS
_SIGNED: Final = _ORDERS | {"read"}
_ALL: Final = _SIGNED | {"depth", "public"}
_KINDS: Final = {
    ("POST", "/api/v1/order"): "submit",
    ("POST", "/api/v1/orders"): "batch",
    ("DELETE", "/api/v1/order"): "cancel",
    ("DELETE", "/api/v1/orders"): "cancel all",
}


class Ask(msgspec.Struct, frozen=True, gc=False):
    """A request as the faults see it."""

    wire: Wire
    kind: str
    account: str | None
    symbol: str | None

    def header(self, name: str, default: str) -> str:
        """Return a header's value."""
        found = [value for key, value in self.wire.headers if key.lower() == name]
        return found[0] if found else default


def _drop(_reply: Reply) -> None:
    """Deliver to nobody."""


class RequestFaults:
    """Gives every request its fate."""

    def __init__(self, floor: Floor, settle: Settle) -> None:
        self._floor = floor
        self._faults = floor.faults
        self._settle = settle

    def take(self, wire: Wire, deliver: Deliver) -> None:
        """Take one request while faults are on."""
        ask = _read_ask(self._floor, wire)

        def edited(reply: Reply) -> None:
            deliver(fault_replies.edited(self._faults, ask.wire.path, ask.account, reply))

        for fault_id, kinds, fate in _FATES:
            if ask.kind not in kinds:
                continue
            modes = _MODES.get(fault_id) if ask.kind not in _ORDERS else None
            switch = self._draw(fault_id, ask, modes or _OWN_MODES.get(fault_id))
            if switch is not None:
                fate(self, switch, ask, edited)
                return
        self._settle(self._compute(ask), edited)

    def _draw(self, fault_id: str, ask: Ask, modes: tuple[str, ...] | None) -> Switch | None:
        return self._faults.draw(fault_id, symbol=ask.symbol, account=ask.account, modes=modes)

    def _compute(self, ask: Ask) -> Compute:
        return lambda: answer(self._floor, ask.wire)

    def _later(self, delay_ns: int, task: Callable[[], None]) -> None:
        self._floor.agenda.after(delay_ns, task)

    def answer_lost(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F01: executed, and nobody hears of it."""
        self._settle(self._compute(ask), _drop if switch.mode == "hang" else _cut(deliver))

    def lost(self, switch: Switch, _ask: Ask, deliver: Deliver) -> None:
        """F02: never executed, never answered."""
        if switch.mode == "cut":
            deliver(CUT)

    def delayed(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F03: reaches the venue late, within its window."""
        self._later(switch.delay_ns, lambda: self._settle(self._compute(ask), deliver))

    def expired(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F04: reaches the venue after its window."""
        window_ns = int(ask.header("x-window", _DEFAULT_WINDOW)) * NS_PER_MS
        delay_ns = window_ns + switch.delay_ns
        self._later(delay_ns, lambda: self._settle(self._compute(ask), deliver))

    def applied_late(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F05: verified now, executed later whatever its window says."""
        checked = self._checked(ask, deliver)
        if checked is None:
            return
        self._later(switch.delay_ns, lambda: self._settle(checked, _drop))
        if switch.mode == "cut":
            deliver(CUT)

    def doubled(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F06: the same bytes are executed twice, and answered once."""
        self._settle(self._compute(ask), deliver)
        self._later(switch.delay_ns, lambda: self._settle(self._compute(ask), _drop))

    def broken_after(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F07: executed, and answered with a server error."""
        failure = fault_replies.server_error(switch.mode)
        self._settle(self._compute(ask), lambda _reply: deliver(failure))

    def too_many(self, _switch: Switch, _ask: Ask, deliver: Deliver) -> None:
        """F08: refused for its number."""
        deliver(fault_replies.too_many())

    def mangled(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F09: executed, and the body does not survive."""
        mode = switch.mode
        self._settle(self._compute(ask), lambda reply: deliver(fault_replies.mangled(reply, mode)))

    def cut_later(self, _switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F11, later: the bytes went out and were executed; then the connection broke."""
        self._settle(self._compute(ask), _cut(deliver))

    def hanging(self, switch: Switch, ask: Ask, _deliver: Deliver) -> None:
        """F12: the connection stands and nothing comes back."""
        if switch.mode == "after":
            self._settle(self._compute(ask), _drop)

    def only_accepted(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F13: 202, and the cancel happens later or never."""
        checked = self._checked(ask, deliver)
        if checked is None:
            return
        if switch.mode == "late":
            self._later(switch.delay_ns, lambda: self._settle(checked, _drop))
        deliver(msgspec.structs.replace(empty_reply(), status=_ACCEPTED))

    def answered_late(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F16: executed at once, so that the stream is faster than the answer."""

        def wait(reply: Reply) -> None:
            self._later(switch.delay_ns, lambda: deliver(reply))

        self._settle(self._compute(ask), wait)

    def barred(self, switch: Switch, _ask: Ask, deliver: Deliver) -> None:
        """F44: the key is worth nothing any more."""
        deliver(fault_replies.barred(switch.mode))

    def closed(self, _switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F45: maintenance; only status and time answer."""
        deliver(fault_replies.maintenance(ask.wire.path))

    def old_snapshot(self, switch: Switch, ask: Ask, deliver: Deliver) -> None:
        """F32: the snapshot is from before, or comes when the stream is far ahead."""
        if switch.mode == "late":
            self.answered_late(switch, ask, deliver)
            return
        self._settle(self._compute(ask), lambda reply: deliver(fault_replies.older_snapshot(reply)))

    def _checked(self, ask: Ask, deliver: Deliver) -> Compute | None:
        """Return what a request would do once its signature is known good, or refuse it."""
        try:
            return verified(self._floor, ask.wire)
        except Refusal as refusal:
            deliver(refusal.reply())
            return None


_Fate = Callable[[RequestFaults, Switch, Ask, Deliver], None]
_FATES: Final[tuple[tuple[str, frozenset[str], _Fate], ...]] = (
    ("F45", _ALL, RequestFaults.closed),
    ("F12", _ALL, RequestFaults.hanging),
    ("F11", _ALL, RequestFaults.cut_later),
    ("F44", _SIGNED, RequestFaults.barred),
    ("F08", _ALL, RequestFaults.too_many),
    ("F02", _SUBMITS, RequestFaults.lost),
    ("F04", _SUBMITS, RequestFaults.expired),
    ("F05", _SUBMITS, RequestFaults.applied_late),
    ("F03", _SUBMITS, RequestFaults.delayed),
    ("F01", _SUBMITS, RequestFaults.answer_lost),
    ("F06", _SUBMITS, RequestFaults.doubled),
    ("F07", _SUBMITS, RequestFaults.broken_after),
    ("F16", _SUBMITS, RequestFaults.answered_late),
    ("F13", _CANCELS, RequestFaults.only_accepted),
    ("F09", _SIGNED, RequestFaults.mangled),
    ("F32", frozenset({"depth"}), RequestFaults.old_snapshot),
)
_MODES: Final = {"F08": ("all",)}
"""Modes that strike requests other than orders."""
_OWN_MODES: Final = {"F11": ("later",), "F32": ("old", "late")}
"""Modes that concern requests at all; the others belong to transports and streams."""


def _cut(deliver: Deliver) -> Deliver:
    return lambda _reply: deliver(CUT)


def _read_ask(floor: Floor, wire: Wire) -> Ask:
    key = next((value for name, value in wire.headers if name.lower() == "x-api-key"), None)
    account = None if key is None else floor.clearing.by_key.get(key)
    kind = _KINDS.get((wire.method, wire.path), "public" if key is None else "read")
    if wire.path == "/api/v1/depth":
        kind = "depth"
    name = None if account is None else account.name
    return Ask(wire, kind, name, dict(wire.query).get("symbol") or _body_symbol(wire.body))


def _body_symbol(body: bytes) -> str | None:
    """Return the symbol of a body, or of a batch's first order."""
    try:
        tree = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    row = tree[0] if isinstance(tree, list) and tree else tree
    symbol = row.get("symbol") if isinstance(row, dict) else None
    return symbol if isinstance(symbol, str) else None
