"""What the ladder looks like in each state a person can name."""

from collections.abc import Callable

import pytest

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.views import BookState, LadderView
from tests.tui.ladder_app import CENT, SOL, LadderApp, book, busy_book
from tui.render.ladder_choice import ColumnChoice

Snap = Callable[..., bool]
NARROW, MIDDLE, WIDE = (41, 22), (62, 26), (120, 34)


def _empty() -> LadderView:
    return book(bid=None, ask=None, state=BookState.EMPTY)


def _stale() -> LadderView:
    return book(state=BookState.STALE)


def _tiny() -> LadderView:
    tick = 100
    return book(
        bid=1234 * tick, ask=1235 * tick, step=tick, size=UNIT * 91_000, decimals=8,
        instrument=InstrumentId("alpha:SHIB_USDC"),
    )  # fmt: skip


def _huge() -> LadderView:
    tick = UNIT // 2
    return book(
        bid=18_765_432_109 * UNIT, ask=18_765_432_109 * UNIT + tick, step=tick,
        size=UNIT * 73_000_000_000, decimals=1, instrument=InstrumentId("alpha:IDR_BTC"),
    )  # fmt: skip


STATES: dict[str, tuple[Callable[[], LadderView], tuple[int, int]]] = {
    "empty": (_empty, NARROW),
    "stale": (_stale, NARROW),
    "one-sided": (lambda: book(ask=None), NARROW),
    "huge": (_huge, MIDDLE),
    "tiny": (_tiny, NARROW),
    "wide-name": (lambda: book(instrument=InstrumentId("火币:测试币_永续合约")), NARROW),
    "narrow": (busy_book, NARROW),
    "middle": (busy_book, MIDDLE),
    "every-column": (busy_book, WIDE),
}


@pytest.mark.parametrize("state", STATES)
def test_ladder(snap_compare: Snap, state: str) -> None:
    """A named state at its size."""
    view, size = STATES[state]
    assert snap_compare(LadderApp(view()), terminal_size=size)


def test_ladder_waiting_for_its_book(snap_compare: Snap) -> None:
    """Before the first view."""
    app = LadderApp(None)
    app.ladder.instrument = SOL
    assert snap_compare(app, terminal_size=NARROW)


@pytest.mark.parametrize("theme", ["wingman-light", "wingman-redup"])
def test_ladder_in_other_colours(snap_compare: Snap, theme: str) -> None:
    """Every column in the other themes."""
    assert snap_compare(LadderApp(busy_book(), theme=theme), terminal_size=WIDE)


def test_ladder_in_sixteen_colours(snap_compare: Snap) -> None:
    """Bars are characters where tints look alike."""
    assert snap_compare(LadderApp(busy_book(), is_plain=True), terminal_size=MIDDLE)


def test_ladder_held_while_the_market_went_on(snap_compare: Snap) -> None:
    """Static mode: the grid stood still and says where the market is."""
    app = LadderApp(busy_book())
    app.ladder.stand.is_static = True
    app.ladder.choice = ColumnChoice().next().next()
    moved = book(bid=14138 * CENT, ask=14139 * CENT)
    first = app.feed

    def both() -> None:
        first()
        app.ladder.show(moved, 0)

    app.feed = both  # type: ignore[method-assign]
    assert snap_compare(app, terminal_size=MIDDLE)


def test_the_dialog_of_columns(snap_compare: Snap) -> None:
    """Which columns there are, and what does not fit."""
    assert snap_compare(LadderApp(busy_book()), terminal_size=(80, 24), press=["C", "j", "space"])
