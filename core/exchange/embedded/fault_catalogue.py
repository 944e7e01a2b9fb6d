"""The faults this venue can have: ids, modes, usual delays; and what can hurt a connection.

The ids are those of the project's fault catalogue. A fault's first mode is its default; a fault
whose default is `any` draws one of the others each time.
"""

from typing import Final, Literal

import msgspec

ANY: Final = "any"
_LOST: Final = ("cut", "hang")
"""The connection breaks, or nothing ever comes."""


class FaultKind(msgspec.Struct, frozen=True, gc=False):
    """One fault: what it does, its modes (the first is the default) and its default delay."""

    title: str
    modes: tuple[str, ...] = ("",)
    delay_ms: int = 0


EXPIRY_MODES: Final = (
    ANY,
    "AccountTradingSuspended",
    "BorrowRequiresLendRedeem",
    "FillOrKill",
    "ImmediateOrCancel",
    "InsufficientBorrowableQuantity",
    "InsufficientFunds",
    "InsufficientLiquidity",
    "InsufficientMargin",
    "InvalidPrice",
    "InvalidQuantity",
    "Liquidation",
    "MaxStopOrdersPerPosition",
    "NegativeEquity",
    "PositionLimit",
    "PostOnlyMode",
    "PostOnlyTaker",
    "PriceImpact",
    "PriceOutOfBounds",
    "ReduceOnlyNotReduced",
    "SelfTradePrevention",
    "SlippageToleranceExceeded",
    "StopWithoutPosition",
    "Unknown",
    "UserPermissions",
)

CATALOGUE: Final[dict[str, FaultKind]] = {
    "F01": FaultKind("submit booked, answer lost", _LOST),
    "F02": FaultKind("submit lost", _LOST),
    "F03": FaultKind("submit delayed inside its window", delay_ms=3_000),
    "F04": FaultKind("submit delayed beyond its window", delay_ms=1_000),
    "F05": FaultKind("edge accepts, engine applies later", _LOST, delay_ms=60_000),
    "F06": FaultKind("same bytes executed twice", delay_ms=50),
    "F07": FaultKind("5xx or TIMEOUT with the order live", ("503", "500", "502", "TIMEOUT")),
    "F08": FaultKind("429 on submit and cancel", ("orders", "all")),
    "F09": FaultKind("200 truncated, empty or not JSON", ("truncated", "empty", "html")),
    "F10": FaultKind("batch partly applied, reordered", ("both", "partial", "reordered")),
    "F11": FaultKind("connection fails before or after the bytes", ("connect", "later")),
    "F12": FaultKind("half-open hang", ("before", "after")),
    "F13": FaultKind("cancel 202, applied late or never", ("late", "never"), delay_ms=500),
    "F14": FaultKind("cancel not found because filled", ("404", "400")),
    "F15": FaultKind("venue clock ahead by delay_ms; negative is behind", delay_ms=30_000),
    "F16": FaultKind("fill before the submit answer", delay_ms=500),
    "F17": FaultKind("fill after cancel", delay_ms=200),
    "F18": FaultKind("duplicate fills", ("both", "stream", "rest")),
    "F19": FaultKind("fill only in REST", ("fills", "all")),
    "F20": FaultKind("private events out of order", delay_ms=50),
    "F21": FaultKind("trade ids shared, null or zero", ("shared", "null", "zero")),
    "F22": FaultKind("unknown enum, missing or extra field", (ANY, "enum", "missing", "extra")),
    "F23": FaultKind("partial, then expired", EXPIRY_MODES),
    "F24": FaultKind("venue shrinks the order"),
    "F25": FaultKind("expired right after accept", EXPIRY_MODES),
    "F26": FaultKind("trigger fails, or is held", ("fail", "held", "release"), delay_ms=5_000),
    "F27": FaultKind("overfill"),
    "F28": FaultKind("client id absent, text or reused", ("absent", "text", "foreign")),
    "F29": FaultKind("private stream silent, pings fine"),
    "F30": FaultKind("private subscription refused", ("error", "silent")),
    "F31": FaultKind("book gap, repeat or regress", ("gap", "repeat", "regress")),
    "F32": FaultKind("snapshot-delta race", ("old", "late", "ahead"), delay_ms=1_500),
    "F33": FaultKind("one feed frozen", ("depth", "bookTicker", "trade", "markPrice", "every")),
    "F34": FaultKind("crossed, empty or negative book", ("crossed", "empty", "negative")),
    "F35": FaultKind("price x10 or /10, or the mark alone", ("x10", "d10", "mark")),
    "F44": FaultKind("key revoked or account suspended", ("UNAUTHORIZED", "FORBIDDEN")),
    "F45": FaultKind("maintenance"),
}  # fmt: skip

Kind = Literal["latency", "slow_close", "hang", "reset", "slice", "byte_limit", "bandwidth"]
Direction = Literal["down", "up", "both"]


class Toxic(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One way to hurt a connection.

    Attributes:
        kind: `latency` (ms later), `slow_close` (ms before a close), `hang` (bytes wait),
            `reset` (cut after ms), `slice` (pieces of `amount` bytes, ms apart), `byte_limit`
            (cut after `amount` bytes), `bandwidth` (`amount` bytes a second).
        ms: Time of the toxic in milliseconds.
        amount: Bytes of the toxic.
        direction: `down` is from the server to the client.
    """

    kind: Kind
    ms: int = 0
    amount: int = 0
    direction: Direction = "down"
