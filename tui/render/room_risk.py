"""The risk room: every limit, the capital, what holds trading back, and the queue of alerts."""

from typing import Final

from textual.geometry import Region

from tui.render.plan import Cut, Layout, SizeClass, columns, rows, share


def _limits(body: Region, strategies: int) -> Cut:
    del strategies
    return {"limits": body}, body


def _capital(body: Region, strategies: int) -> Cut:
    del strategies
    above, below = rows(body, share(body.height, 62))
    return {"capital": above, "holds": below}, below


def _alerts(body: Region, strategies: int) -> Cut:
    del strategies
    return {"alert-queue": body}, body


def _normal(body: Region, strategies: int) -> Cut:
    main, side = columns(body, share(body.width, 58))
    capital, rest = rows(side, min(share(body.height, 40), 10 + 2 * strategies))
    holds, queue = rows(rest, share(rest.height, 42))
    return {"limits": main, "capital": capital, "holds": holds, "alert-queue": queue}, rest


def _large(body: Region, strategies: int) -> Cut:
    main, side = columns(body, share(body.width, 55, 104))
    capital, rest = rows(side, min(share(body.height, 40), 12 + 2 * strategies))
    holds, queue = rows(rest, share(rest.height, 34))
    return {"limits": main, "capital": capital, "holds": holds, "alert-queue": queue}, rest


PAGES: Final[dict[SizeClass, dict[str, Layout]]] = {
    SizeClass.COMPACT: {"Limits": _limits, "Capital": _capital, "Alerts": _alerts},
    SizeClass.NORMAL: {"": _normal},
    SizeClass.LARGE: {"": _large},
}
