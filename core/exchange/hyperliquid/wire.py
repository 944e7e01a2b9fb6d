"""The shapes of Hyperliquid's messages, only the fields that are used. Numbers of money are text.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api
"""

from decimal import Decimal

import msgspec

_NOTHING = msgspec.Raw(b"")


class _Wire(msgspec.Struct, gc=False):
    pass


class Envelope(_Wire):
    """What surrounds every message."""

    channel: str = ""
    data: msgspec.Raw = _NOTHING


class Level(_Wire):
    """One price: its size in all and the number of orders."""

    px: str
    sz: str


class Book(_Wire):
    """`l2Book`: a whole book, at most 20 levels a side; bids descending, asks ascending."""

    coin: str
    time: int
    levels: tuple[list[Level], list[Level]]


class Bbo(_Wire):
    """`bbo`: best bid and ask, None where a side is empty."""

    coin: str
    time: int
    bbo: tuple[Level | None, Level | None]


class Trade(_Wire):
    """One of `trades`; `side` is the taker's, `users` buyer and seller."""

    coin: str
    side: str
    px: str
    sz: str
    time: int
    tid: int = 0
    users: tuple[str, str] | None = None


class Fill(_Wire, rename="camel"):
    """One fill of a wallet; `start_position` is signed and before it."""

    coin: str
    px: Decimal
    sz: Decimal
    side: str
    time: int
    start_position: Decimal | None = None
    dir: str = ""
    oid: int = 0
    tid: int = 0
    crossed: bool | None = None
    fee: Decimal = Decimal(0)
    fee_token: str | None = None
    twap_id: int | None = None


class UserFills(_Wire, rename="camel"):
    """`userFills`: history if `is_snapshot`, else news."""

    user: str
    fills: list[Fill]
    is_snapshot: bool = False


class SliceFill(_Wire, rename="camel"):
    """A child fill of a TWAP order."""

    fill: Fill
    twap_id: int | None = None


class UserSliceFills(_Wire, rename="camel"):
    """`userTwapSliceFills`: likewise."""

    user: str
    twap_slice_fills: list[SliceFill]
    is_snapshot: bool = False


class Position(_Wire, rename="camel"):
    """A holding; `szi` is signed."""

    coin: str
    szi: Decimal
    entry_px: Decimal | None = None


class AssetPosition(_Wire):
    """What surrounds a holding."""

    position: Position


class State(_Wire, rename="camel"):
    """`clearinghouseState` of one dex: what is not listed is flat."""

    asset_positions: list[AssetPosition]
    time: int


class UserState(_Wire, rename="camel"):
    """`clearinghouseState` as the stream pushes it."""

    user: str
    clearinghouse_state: State
    dex: str = ""


class Asset(_Wire, rename="camel"):
    """One market of `meta`."""

    name: str
    sz_decimals: int
    is_delisted: bool = False


class Meta(_Wire):
    """`meta`: the catalogue of one dex."""

    universe: list[Asset]


class Candle(_Wire):
    """One of `candleSnapshot`; `T` is the last millisecond."""

    t: int
    T: int
    i: str
    o: str
    h: str
    l: str  # noqa: E741 - the venue's word
    c: str
    v: str
    n: int = 0
