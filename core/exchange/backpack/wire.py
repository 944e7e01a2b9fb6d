"""The shapes of Backpack's stream messages, only the fields that are used (4.3, 4.5).

Numbers of private messages decode exactly, from text and from JSON numbers alike.
"""

from decimal import Decimal

import msgspec

from core.domain.events import TextLevel

_NOTHING = msgspec.Raw(b"")


class _Wire(msgspec.Struct, gc=False):
    pass


class StreamError(_Wire):
    """The inside of an error frame."""

    code: int = 0
    message: str = ""


class Envelope(_Wire):
    """What surrounds every message."""

    stream: str = ""
    data: msgspec.Raw = _NOTHING
    error: StreamError | None = None


class Depth(_Wire):
    """`depth`: absolute sizes, µs."""

    s: str
    U: int
    u: int
    b: list[TextLevel]
    a: list[TextLevel]
    T: int


class Snapshot(_Wire):
    """A whole book as our own recordings keep it; the venue's streams have none."""

    s: str
    u: int
    T: int
    b: list[TextLevel]
    a: list[TextLevel]


class BookTicker(_Wire):
    """`bookTicker`: a side is null when it is empty."""

    s: str
    u: int
    T: int
    b: str | None = None
    B: str | None = None
    a: str | None = None
    A: str | None = None


class Trade(_Wire):
    """`trade`: `m` says that the buyer was the maker."""

    s: str
    p: str
    q: str
    t: int
    m: bool
    T: int


class Kline(_Wire):
    """`kline`: `t` is the start; prices are null while there is no trade."""

    s: str
    t: str
    T: str
    E: int
    X: bool
    o: str | None = None
    h: str | None = None
    l: str | None = None  # noqa: E741 - the venue's word
    c: str | None = None
    v: str | None = None


class Ticker(_Wire):
    """`ticker`: the last 24 hours."""

    s: str
    E: int
    o: str
    c: str
    h: str
    l: str  # noqa: E741 - the venue's word
    v: str
    V: str


class MarkPrice(_Wire):
    """`markPrice`: `n` is the next funding time in ms."""

    s: str
    E: int
    p: str
    T: int | None = None
    i: str | None = None
    f: str | None = None
    n: int | None = None


class OpenInterest(_Wire):
    """`openInterest` in base units."""

    s: str
    E: int
    o: str


class Liquidation(_Wire):
    """`liquidation`."""

    s: str
    S: str
    p: str
    q: str
    E: int
    T: int | None = None


class OrderUpdate(_Wire):
    """`account.orderUpdate`: `l`, `L` of this fill, `z` filled in all, `Y` waits for a trigger."""

    s: str
    i: str | int
    S: str
    X: str
    T: int
    e: str = ""
    o: str = ""
    f: str = ""
    q: Decimal = Decimal(0)
    z: Decimal = Decimal(0)
    c: int | str | None = None
    p: Decimal | None = None
    l: Decimal | None = None  # noqa: E741 - the venue's word
    L: Decimal | None = None
    n: Decimal | None = None
    N: str | None = None
    m: bool | None = None
    t: int | str | None = None
    r: bool | None = None
    R: str | None = None
    O: str | None = None  # noqa: E741 - the venue's word
    Y: str | int | None = None


class PositionUpdate(_Wire):
    """`account.positionUpdate`: `q` signed, `B` the entry price."""

    s: str
    q: Decimal
    T: int
    B: Decimal | None = None


class BalanceUpdate(_Wire):
    """`account.balanceUpdate`."""

    a: str
    A: Decimal
    L: Decimal
    T: int
    S: Decimal = Decimal(0)
