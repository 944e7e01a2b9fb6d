"""What faults make of replies: broken bodies, server errors, rows that are doubled or strange."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.exchange.contract import Reply
from core.exchange.embedded.faults import Faults, Switch
from core.exchange.embedded.refusals import Refusal

_OK: Final = 200
_FORBIDDEN: Final = {"UNAUTHORIZED": 401, "FORBIDDEN": 403}
_TOO_MANY: Final = 429
_MAINTENANCE: Final = 503
_HTML: Final = b"<html><head><title>502 Bad Gateway</title></head><body>cloudfront</body></html>"
_HTML_TYPE: Final = {"content-type": "text/html"}
_OLD_IDS: Final = 1_000
_STATUS_PATH: Final = "/api/v1/status"
_TIME_PATH: Final = "/api/v1/time"
_DEPTH_PATH: Final = "/api/v1/depth"
_FILLS_PATH: Final = "/wapi/v1/history/fills"
_ORDER_PATHS: Final = frozenset({"/api/v1/order", "/api/v1/orders", "/wapi/v1/history/orders"})
_ENCODER: Final = msgspec.json.Encoder(order="sorted")
Row = dict[str, Any]


def too_many() -> Reply:
    """Return the refusal of one request too many."""
    return Refusal("TOO_MANY_REQUESTS", "Too many requests", _TOO_MANY).reply()


def server_error(mode: str) -> Reply:
    """Return a reply of a server, or of the network before it, that failed."""
    if mode == "502":
        return Reply(502, _HTML_TYPE, _HTML)
    if mode == "TIMEOUT":
        return Refusal("TIMEOUT", "Request timed out", 504).reply()
    return Refusal("SERVER_ERROR", "Internal server error", int(mode)).reply()


def barred(code: str) -> Reply:
    """Return the refusal of a key that may do nothing."""
    return Refusal(
        code, "Unauthorized" if code == "UNAUTHORIZED" else "Forbidden", _FORBIDDEN[code]
    ).reply()


def maintenance(path: str) -> Reply:
    """Return what answers during maintenance."""
    if path == _STATUS_PATH:
        body = {"message": "Scheduled maintenance", "status": "Maintenance"}
        return Reply(_OK, {"content-type": "application/json"}, _ENCODER.encode(body))
    return Refusal("MAINTENANCE", "Exchange is under maintenance", _MAINTENANCE).reply()


def mangled(reply: Reply, mode: str) -> Reply:
    """Return a reply whose body did not survive; errors are left alone."""
    if reply.status != _OK:
        return reply
    if mode == "html":
        return Reply(_OK, _HTML_TYPE, _HTML)
    kept = reply.body[: len(reply.body) // 2] if mode == "truncated" else b""
    return Reply(_OK, reply.headers, kept)


def older_snapshot(reply: Reply) -> Reply:
    """Return a depth reply whose id lies far behind the stream."""
    if reply.status != _OK:
        return reply
    tree = msgspec.json.decode(reply.body)
    tree["lastUpdateId"] = str(int(tree["lastUpdateId"]) - _OLD_IDS)
    return msgspec.structs.replace(reply, body=_ENCODER.encode(tree))


def edited(faults: Faults, path: str, account: str | None, reply: Reply) -> Reply:
    """Return a good JSON reply after the faults that edit rows."""
    editors = _EDITORS.get(path, ())
    if reply.status != _OK or not editors or faults.is_quiet:
        return reply
    try:
        tree = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return reply  # another fault was there before
    rows = tree if isinstance(tree, list) else [tree]
    for fault_id, modes, edit in editors:
        rows = _each(rows, faults, fault_id, modes, account, edit)
    changed = rows if isinstance(tree, list) else rows[0]
    return msgspec.structs.replace(reply, body=_ENCODER.encode(changed))


Edit = Callable[[Row, Switch], list[Row]]


def _each(
    rows: list[Row],
    faults: Faults,
    fault_id: str,
    modes: tuple[str, ...] | None,
    account: str | None,
    edit: Edit,
) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        symbol = row.get("symbol")
        switch = faults.draw(fault_id, symbol=symbol, account=account, modes=modes)
        found += [row] if switch is None else edit(row, switch)
    return found


def _twice(row: Row, _switch: Switch) -> list[Row]:
    return [row, dict(row)]


def strange(row: Row, switch: Switch, status: str, dropped: str) -> Row:
    """Return a row with an unknown word, without a field, or with one too many."""
    changed = dict(row)
    if switch.mode == "enum":
        changed[status] = "Quarantined"
    elif switch.mode == "missing":
        changed.pop(dropped, None)
    else:
        changed["zzNew"] = {"since": "2026-11-01", "values": [1, None]}
    return changed


def _strange_order(row: Row, switch: Switch) -> list[Row]:
    return [strange(row, switch, "status", "timeInForce")]


def _client_id(row: Row, switch: Switch) -> list[Row]:
    value = row.get("clientId")
    changed = dict(row)
    if switch.mode == "absent":
        changed["clientId"] = None
    elif value is not None:
        changed["clientId"] = int(value) if isinstance(value, str) else str(value)
    return [changed]


def _bad_depth(row: Row, switch: Switch) -> list[Row]:
    asks, bids = list(row["asks"]), list(row["bids"])
    if switch.mode == "empty":
        bids = []
    elif switch.mode == "negative" and asks:
        asks[0] = [asks[0][0], "-" + asks[0][1]]
    elif asks and bids:
        bids.append([asks[0][0], bids[-1][1]])
    return [row | {"asks": asks, "bids": bids}]


def scaled_text(text: object, mode: str) -> object:
    """Return a price text ten times, or a tenth, of what it was."""
    if not isinstance(text, str):
        return text
    factor = Decimal("0.1") if mode == "d10" else Decimal(10)
    return f"{(Decimal(text) * factor).normalize():f}"


def _scaled_row(row: Row, switch: Switch) -> list[Row]:
    changed = dict(row)
    for name in ("asks", "bids"):
        if name in row:
            changed[name] = [[scaled_text(p, switch.mode), size] for p, size in row[name]]
    for name in ("price", "markPrice", "lastPrice"):
        if name in row and (switch.mode != "mark" or name == "markPrice"):
            changed[name] = scaled_text(row[name], switch.mode)
    return [changed]


_STRANGE_ORDER: Final = ("F22", None, _strange_order)
_CLIENT_ID: Final = ("F28", ("absent", "text"), _client_id)
_PRICES: Final = ("F35", ("x10", "d10"), _scaled_row)
_EDITORS: Final[Mapping[str, tuple[tuple[str, tuple[str, ...] | None, Edit], ...]]] = {
    _FILLS_PATH: (("F18", ("both", "rest"), _twice), _CLIENT_ID),
    **dict.fromkeys(_ORDER_PATHS, (_STRANGE_ORDER, _CLIENT_ID)),
    _DEPTH_PATH: (("F34", None, _bad_depth), _PRICES),
    "/api/v1/trades": (_PRICES,),
    "/api/v1/ticker": (_PRICES,),
    "/api/v1/markPrices": (("F35", None, _scaled_row),),
}
