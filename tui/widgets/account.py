"""Positions, orders and balances from the ledger."""

from collections.abc import Iterable

from core.domain.views import AccountView
from tui.render.account import order_row, position_row, section_row
from tui.render.numbers import money_text, signed_money
from tui.render.palette import Palette, Runs
from tui.render.text import clean, fit
from tui.widgets.pane import Pane, Titles

_ROOMY = 14
_EMPTY = AccountView(
    positions=(), orders=(), balances=(), realized_pnl="0", unrealized_pnl=None, fees="0"
)


class Account(Pane):
    """Open positions and orders; balances too where there is room."""

    def __init__(self, palette: Palette, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(palette, id=id)
        self.view = _EMPTY

    def show(self, view: AccountView) -> None:
        """Draw the account."""
        self.view = view
        self.redraw()

    @property
    def is_exposed(self) -> bool:
        """Whether a position or a working order is open."""
        return bool(self.view.positions) or self.working > 0

    @property
    def working(self) -> int:
        """Count the orders that are not over."""
        return sum(not order.state.is_terminal for order in self.view.orders)

    def title(self) -> Titles:
        """Return the pane's name."""
        return [("Account", "text")]

    def status(self) -> Titles:
        """Return how much is open."""
        return [(f"{len(self.view.positions)} pos · {self.working} orders", "muted")]

    def rows(self, width: int, height: int) -> Iterable[tuple[int, Runs]]:
        """Draw sections where there is room, otherwise positions and then the newest orders."""
        drawn = self._sections(width, height) if height >= _ROOMY else self._short(width, height)
        blank: Runs = ((" " * width, self.palette.style("muted")),)
        if not drawn:
            drawn = [((fit("flat, no orders", width), self.palette.style("muted")),)]
        yield from enumerate((drawn + [blank] * height)[:height])

    def _short(self, width: int, height: int) -> list[Runs]:
        positions = [position_row(row, width, self.palette) for row in self.view.positions]
        orders = self._newest_orders(max(1, height - len(positions)), width)
        return positions[: max(1, height - min(1, len(orders)))] + orders

    def _newest_orders(self, most: int, width: int) -> list[Runs]:
        orders = sorted(self.view.orders, key=lambda order: (order.state.is_terminal, -order.at))
        return [order_row(row, width, self.palette) for row in orders[:most]]

    def _sections(self, width: int, height: int) -> list[Runs]:
        view = self.view
        drawn = [section_row("positions", "entry → mark · unrealized", width, self.palette)]
        drawn += [position_row(row, width, self.palette) for row in view.positions] or [
            ((fit("flat", width), self.palette.style("muted")),)
        ]
        tail = self._tail(width)
        room = max(1, height - len(drawn) - len(tail) - 1)
        drawn.append(section_row("orders", "newest first", width, self.palette))
        drawn += self._newest_orders(room, width)
        return drawn + tail

    def _tail(self, width: int) -> list[Runs]:
        view = self.view
        money = (
            f"realized {signed_money(view.realized_pnl)}   "
            f"unrealized {signed_money(view.unrealized_pnl)}   fees {money_text(view.fees)}"
        )
        balances = "   ".join(
            f"{clean(asset, 8)} {money_text(amount, 4)}" for asset, amount in view.balances
        )
        return [
            section_row("result and balances", "", width, self.palette),
            ((fit(money, width), self.palette.style("text_soft")),),
            ((fit(balances, width), self.palette.style("text_soft")),),
        ]
