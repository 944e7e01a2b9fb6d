"""The cockpit room: everything a trader watches at once."""

from typing import Final

from textual.geometry import Region

from tui.render.plan import Cut, Layout, SizeClass, columns, rows

_TAPE: Final = 26


def _trade(body: Region, strategies: int) -> Cut:
    left, right = columns(body, max(41, body.width * 53 // 100))
    most = body.height - body.height // 2
    above, below = rows(right, body.height - min(most, 2 + 4 * strategies))
    return {"ladder-left": left, "watchlist": above, "strategies": below}, right


def _chart(body: Region, strategies: int) -> Cut:
    del strategies
    chart, side = columns(body, body.width - _TAPE)
    return {"candles": chart, "tape": side}, side


def _books(body: Region, strategies: int) -> Cut:
    del strategies
    half, other = columns(body, body.width // 2)
    return {"ladder-left": half, "ladder-right": other}, other


def _risk(body: Region, strategies: int) -> Cut:
    del strategies
    half, other = columns(body, body.width // 2)
    risk, rest = rows(half, body.height * 6 // 10)
    return {"risk": risk, "strategies": rest, "account": other}, other


def _normal(body: Region, strategies: int) -> Cut:
    side, main = columns(body, max(38, body.width * 31 // 100))
    height = body.height
    most, limits, holdings = height * 30 // 100, height * 25 // 100, height * 19 // 100
    plans = min(most, 2 + 5 * strategies)
    watch, panel, risk, account = rows(side, height - plans - limits - holdings, plans, limits)
    above, below = rows(main, height * 42 // 100)
    chart, tape = columns(above, main.width - _TAPE)
    left, right = columns(below, main.width // 2)
    panes = {
        "watchlist": watch, "strategies": panel, "risk": risk, "account": account,
        "candles": chart, "tape": tape, "ladder-left": left, "ladder-right": right,
    }  # fmt: skip
    return panes, above


def _large(body: Region, strategies: int) -> Cut:
    side, rest = columns(body, 46)
    center, flank = columns(rest, rest.width - max(60, rest.width * 38 // 100))
    height = body.height
    plans, limits = min(height * 38 // 100, 2 + 6 * strategies), height * 28 // 100
    watch, panel, risk = rows(side, height - plans - limits, plans)
    above, below = rows(center, height * 42 // 100)
    left, right = columns(below, center.width // 2)
    account, tapes = rows(flank, above.height)
    tape, other = columns(tapes, flank.width // 2)
    panes = {
        "watchlist": watch, "strategies": panel, "risk": risk, "account": account,
        "candles": above, "tape": tape, "tape-right": other,
        "ladder-left": left, "ladder-right": right,
    }  # fmt: skip
    return panes, above


PAGES: Final[dict[SizeClass, dict[str, Layout]]] = {
    SizeClass.COMPACT: {"Trade": _trade, "Chart": _chart, "Books": _books, "Risk": _risk},
    SizeClass.NORMAL: {"": _normal},
    SizeClass.LARGE: {"": _large},
}
