"""The orders room: what is held, what works, what was done; beside it a ladder where one fits."""

from typing import Final

from textual.geometry import Region

from tui.render.plan import Cut, Layout, SizeClass, columns, rows, share

_LEAST: Final = 7


def _book(body: Region, strategies: int) -> Cut:
    del strategies
    held, working = rows(body, share(body.height, 42, _LEAST))
    return {"positions": held, "orders": working}, working


def _done(body: Region, strategies: int) -> Cut:
    del strategies
    return {"fills": body}, body


def _trade(body: Region, strategies: int) -> Cut:
    del strategies
    ladder, table = columns(body, share(body.width, 54, 41))
    return {"ladder-left": ladder, "orders": table}, table


def _normal(body: Region, strategies: int) -> Cut:
    del strategies
    held, rest = rows(body, share(body.height, 28, _LEAST))
    working, done = rows(rest, share(rest.height, 52))
    return {"positions": held, "orders": working, "fills": done}, working


def _beside(body: Region, strategies: int) -> Cut:
    del strategies
    ladder, tables = columns(body, share(body.width, 36, 41, 60))
    held, working = rows(tables, share(body.height, 40, _LEAST))
    return {"ladder-left": ladder, "positions": held, "orders": working}, working


def _large(body: Region, strategies: int) -> Cut:
    ladder, tables = columns(body, share(body.width, 28, 50, 70))
    panes, sheet = _normal(tables, strategies)
    book, account = rows(ladder, share(body.height, 68))
    return {"ladder-left": book, "account": account, **panes}, sheet


PAGES: Final[dict[SizeClass, dict[str, Layout]]] = {
    SizeClass.COMPACT: {"Book": _book, "Trade": _trade, "Fills": _done},
    SizeClass.NORMAL: {"Book": _normal, "Trade": _beside},
    SizeClass.LARGE: {"": _large},
}
