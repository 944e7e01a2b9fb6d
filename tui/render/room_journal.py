"""The journal room: what was decided and why, and the end of the log."""

from typing import Final

from textual.geometry import Region

from tui.render.plan import Cut, Layout, SizeClass, rows, share


def _decisions(body: Region, strategies: int) -> Cut:
    del strategies
    return {"decisions": body}, body


def _log(body: Region, strategies: int) -> Cut:
    del strategies
    return {"log": body}, body


def _both(body: Region, strategies: int) -> Cut:
    del strategies
    above, below = rows(body, share(body.height, 68))
    return {"decisions": above, "log": below}, above


PAGES: Final[dict[SizeClass, dict[str, Layout]]] = {
    SizeClass.COMPACT: {"Decisions": _decisions, "Log": _log},
    SizeClass.NORMAL: {"": _both},
    SizeClass.LARGE: {"": _both},
}
