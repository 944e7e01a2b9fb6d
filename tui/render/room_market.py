"""The market room: one market from every side. The panes follow the left ladder's market."""

from typing import Final

from textual.geometry import Region

from tui.render.plan import Cut, Layout, SizeClass, columns, rows, share

_TAPE: Final = 30


def _one(pane: str) -> Layout:
    return lambda body, _: ({pane: body}, body)


def _two(left: str, right: str, left_percent: int) -> Layout:
    def cut(body: Region, strategies: int) -> Cut:
        del strategies
        first, second = columns(body, share(body.width, left_percent))
        return {left: first, right: second}, second

    return cut


def _live(body: Region, strategies: int) -> Cut:
    del strategies
    ladder, main = columns(body, share(body.width, 46, 50))
    chart, below = rows(main, share(body.height, 46))
    flow, tape = columns(below, main.width - _TAPE)
    panes = {"ladder-left": ladder, "candles": chart, "flow": flow, "tape": tape}
    return panes, main


def _depth(body: Region, strategies: int) -> Cut:
    del strategies
    ladder, main = columns(body, share(body.width, 42, 46))
    heat, depth = rows(main, share(body.height, 50))
    return {"ladder-left": ladder, "heatmap": heat, "depth": depth}, main


def _flow(body: Region, strategies: int) -> Cut:
    del strategies
    print_, below = rows(body, share(body.height, 54))
    flow, profile, tape = columns(below, share(body.width, 44), share(body.width, 31))
    return {"footprint": print_, "flow": flow, "profile": profile, "tape": tape}, below


def _trend(body: Region, strategies: int) -> Cut:
    del strategies
    chart, below = rows(body, share(body.height, 45))
    trend, side = columns(below, share(body.width, 50))
    funding, pairs = rows(side, share(below.height, 50))
    return {"candles": chart, "trend": trend, "funding": funding, "pairs": pairs}, below


def _large_live(body: Region, strategies: int) -> Cut:
    del strategies
    ladder, rest = columns(body, share(body.width, 38, 66, 92))
    main, flank = columns(rest, rest.width - share(rest.width, 36, 40, 58))
    chart, heat, prints = rows(main, share(body.height, 38), share(body.height, 32))
    tape, flow, depth = rows(flank, share(body.height, 30), share(body.height, 34))
    panes = {
        "ladder-left": ladder, "candles": chart, "heatmap": heat, "footprint": prints,
        "tape": tape, "flow": flow, "depth": depth,
    }  # fmt: skip
    return panes, main


def _large_study(body: Region, strategies: int) -> Cut:
    del strategies
    main, flank = columns(body, share(body.width, 60))
    chart, below = rows(main, share(body.height, 52))
    depth, profile = columns(below, share(main.width, 64))
    trend, pairs, funding = rows(flank, share(body.height, 46), share(body.height, 27))
    panes = {
        "candles": chart, "depth": depth, "profile": profile, "trend": trend,
        "pairs": pairs, "funding": funding,
    }  # fmt: skip
    return panes, below


PAGES: Final[dict[SizeClass, dict[str, Layout]]] = {
    SizeClass.COMPACT: {
        "Ladder": _two("ladder-left", "tape", 66),
        "Chart": _one("candles"),
        "Depth": _one("depth"),
        "Heat": _one("heatmap"),
        "Flow": _one("flow"),
        "Prints": _two("footprint", "profile", 64),
        "Trend": _one("trend"),
        "Pairs": _two("pairs", "funding", 50),
    },
    SizeClass.NORMAL: {"Live": _live, "Depth": _depth, "Flow": _flow, "Trend": _trend},
    SizeClass.LARGE: {"Live": _large_live, "Study": _large_study},
}
