"""An app with nothing but a ladder, fed by hand; and books to feed it. For tests and pictures."""

from collections.abc import Iterable

from textual.app import App, ComposeResult

from core.domain.fixed import UNIT
from core.domain.ids import InstrumentId
from core.domain.order import Side
from core.domain.study_views import LadderNote
from core.domain.views import BookState, LadderLevel, LadderView, OwnOrder
from tui.theme import load_themes, palette_of, textual_theme
from tui.widgets.ladder import Ladder

AT = 1_764_081_042 * 10**9
"""2025-11-25 14:30:42 UTC."""
SOL = InstrumentId("alpha:SOL_USDC_PERP")
CENT = UNIT // 100


def side_of(start: int, step: int, sizes: Iterable[int]) -> tuple[LadderLevel, ...]:
    """Stack sizes from a price on, a step apart, best first."""
    total, levels = 0, []
    for number, size in enumerate(sizes):
        total += size
        levels.append(LadderLevel(start + number * step, size, total))
    return tuple(levels)


def book(  # noqa: PLR0913 - one argument a part of the view a test is about
    *,
    bid: int | None = 14125 * CENT,
    ask: int | None = 14127 * CENT,
    step: int = CENT,
    size: int = UNIT,
    levels: int = 40,
    instrument: InstrumentId = SOL,
    decimals: int = 2,
    state: BookState = BookState.VALID,
    own_orders: tuple[OwnOrder, ...] = (),
    notes: tuple[LadderNote, ...] = (),
    alert_prices: tuple[int, ...] = (),
    large_size: int | None = None,
) -> LadderView:
    """Make a book whose sizes rise and fall in a pattern: 3, 8, 13, 18, 4, 9 ... times `size`."""
    pattern = [size * (3 + number * 5 % 19) for number in range(levels)]
    bids = side_of(bid, -step, pattern) if bid is not None else ()
    asks = side_of(ask, step, pattern[::-1]) if ask is not None else ()
    bid_sum = bids[-1].cumulative if bids else 0
    ask_sum = asks[-1].cumulative if asks else 0
    has_both = bid is not None and ask is not None
    return LadderView(
        instrument=instrument,
        book_state=state,
        age_ms=23,
        price_decimals=decimals,
        size_decimals=2,
        row_step=step,
        best_bid=bid,
        best_ask=ask,
        spread_bps=(ask - bid) * 20_000 / (ask + bid) if bid and ask else None,
        imbalance=(bid_sum - ask_sum) / (bid_sum + ask_sum) if bids or asks else None,
        bids=bids,
        asks=asks,
        last_price=bid,
        last_side=Side.SELL if bid else None,
        own_orders=own_orders,
        microprice=bid + (ask - bid) * 3 // 4 if has_both and bid and ask else None,
        large_size=large_size,
        notes=notes,
        alert_prices=alert_prices,
    )


def busy_book(*, scale: int = UNIT) -> LadderView:
    """Make a book with everything on it: prints, changes, orders, an alert, large lots."""
    notes = tuple(
        LadderNote(
            (14126 + row) * CENT,
            scale * max(0, 90 - row * row) * 3,
            scale * max(0, 80 - row * row) * 2,
            scale * 7 if row % 3 == 0 else 0,
            scale * 21 // 2 if row % 4 == 1 else 0,
        )
        for row in range(-14, 15)
    )
    orders = (
        OwnOrder(14123 * CENT, Side.BUY, 12 * scale, 340 * scale),
        OwnOrder(14129 * CENT, Side.SELL, scale * 5 // 2),
    )
    return book(
        size=scale,
        own_orders=orders,
        notes=notes,
        alert_prices=(14121 * CENT, 14131 * CENT),
        large_size=20 * scale,
    )


class LadderApp(App[None]):
    """One ladder over the whole terminal, showing one view."""

    def __init__(
        self, view: LadderView | None, *, theme: str = "wingman-dark", is_plain: bool = False
    ) -> None:
        super().__init__()
        themes, _ = load_themes()
        self.register_theme(textual_theme(themes[theme]))
        self.theme = theme
        self.ladder = Ladder(palette_of(themes[theme], is_plain=is_plain), id="ladder")
        self._first = view

    def compose(self) -> ComposeResult:
        """Give the ladder."""
        yield self.ladder

    def on_mount(self) -> None:
        """Let it fill the screen."""
        self.ladder.styles.width = self.ladder.styles.height = "1fr"
        self.ladder.focus()
        self.call_after_refresh(self.feed)

    def feed(self) -> None:
        """Show the first view."""
        if self._first is not None:
            self.ladder.follow(self._first.instrument)
            self.ladder.show(self._first, AT)
        self.ladder.redraw()
