"""The shapes of Binance's messages, only the fields that are used.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams and
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
"""

import msgspec

from core.domain.events import TextLevel

_NOTHING = msgspec.Raw(b"")


class _Wire(msgspec.Struct, gc=False):
    pass


class StreamError(_Wire):
    """What went wrong with a request on the socket."""

    code: int = 0
    msg: str = ""


class Envelope(_Wire):
    """A combined-stream frame, a whole book from REST, or an answer to a request."""

    stream: str | None = None
    data: msgspec.Raw = _NOTHING
    error: StreamError | None = None
    id: int | str | None = None
    lastUpdateId: int | None = None  # noqa: N815 - the venue's word
    symbol: str | None = None
    """Only the coin-margined book says which market it is of."""
    bids: list[TextLevel] = []
    asks: list[TextLevel] = []
    T: int | None = None
    E: int | None = None


class Depth(_Wire):
    """`depthUpdate`; futures chain frames by `pu`."""

    s: str
    E: int
    U: int
    u: int
    b: list[TextLevel]
    a: list[TextLevel]
    T: int | None = None
    pu: int | None = None


class BookTicker(_Wire):
    """`bookTicker`; the spot form has neither `e` nor a time."""

    s: str
    u: int
    b: str
    B: str
    a: str
    A: str
    T: int | None = None
    E: int | None = None


class Trade(_Wire):
    """`trade`."""

    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    X: str = ""
    """Futures mark prints outside the book, such as `NA` or `INSURANCE_FUND`."""


class AggTrade(_Wire):
    """`aggTrade`: fills of one taker order at one price."""

    s: str
    a: int
    p: str
    q: str
    T: int
    m: bool


class KlineBody(_Wire):
    """The candle inside `kline`; `T` is the last millisecond of it."""

    t: int
    T: int
    i: str
    o: str
    h: str
    l: str  # noqa: E741 - the venue's word
    c: str
    v: str
    x: bool
    n: int = 0


class Kline(_Wire):
    """`kline`."""

    s: str
    E: int
    k: KlineBody


class MarkPrice(_Wire):
    """`markPriceUpdate`; `T` is the next funding time."""

    s: str
    E: int
    p: str
    i: str | None = None
    r: str | None = None
    T: int | None = None


class Ticker(_Wire):
    """`24hrTicker`."""

    s: str
    E: int
    o: str
    c: str
    h: str
    l: str  # noqa: E741 - the venue's word
    v: str
    q: str


class ForcedOrder(_Wire):
    """The order inside `forceOrder`."""

    s: str
    S: str
    p: str
    q: str
    T: int


class Liquidation(_Wire):
    """`forceOrder`."""

    E: int
    o: ForcedOrder
