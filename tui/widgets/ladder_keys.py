"""The trading keys of a ladder: what each asks of the engine, and why it asks nothing."""

import time
from collections.abc import Callable

from core.domain.commands import Command
from core.domain.order import Side
from core.domain.views import LadderView, OwnOrder
from tui.render.numbers import price_text
from tui.render.palette import Palette
from tui.widgets.ladder_arming import (
    Aim,
    Arming,
    cancel_at,
    move_to,
    not_aimed,
    order_at,
    picked_at,
)
from tui.widgets.ladder_stand import Stand
from tui.widgets.messages import TradeWished
from tui.widgets.pane import Pane, Titles


class ArmedPane(Pane):
    """A pane over a grid of prices whose keys trade while it is armed. A click never trades."""

    view: LadderView | None
    stand: Stand

    def __init__(
        self,
        palette: Palette,
        *,
        id: str,  # noqa: A002 - Textual's word
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(palette, id=id)
        self.arming = Arming(clock)
        self.frame_at = 0
        """Engine time of the newest frame: what it did not change is still as drawn."""

    def took_frame(self, engine_at: int) -> None:
        """Know that a frame came, and let the arming lapse in time."""
        self.frame_at = engine_at
        if self.arming.lapse() or self.arming.is_armed:
            self.redraw()

    def armed_hint(self) -> Titles:
        """Say that keys trade, how much, how long, and what was picked up."""
        if not self.arming.is_armed:
            return []
        texts: Titles = [(f"● ARMED {self.arming.amount} 0:{self.arming.left_secs:02d}", "danger")]
        picked = self.arming.picked
        if picked is not None and self.view is not None:
            price = price_text(picked.price, self.view.price_decimals)
            texts.append((f"M puts {price} here", "warning"))
        return texts

    def disarm(self) -> None:
        """Let no key trade any more."""
        if self.arming.disarm():
            self.redraw()

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 - Textual passes it by place
        """Disarm with the focus."""
        if not has_focus:
            self.arming.disarm()
        super().watch_has_focus(has_focus)

    # -- keys ------------------------------------------------------------------------------

    def action_arm(self) -> None:
        """Arm, with the cursor on a row; or disarm."""
        if self.arming.is_armed:
            self.disarm()
            return
        if self.view is None:
            return
        if self.stand.cursor_price is None:
            self.stand.move_cursor(0, self.view)
        self.arming.arm()
        self.redraw()

    def action_change_amount(self, step: int) -> None:
        """Trade more or less with one key."""
        self.arming.change_amount(step)
        self.redraw()

    def action_trade_row(self, side: str) -> None:
        """Send a limit order at the row."""
        aim = self._aim()
        if aim is not None:
            self._wish(order_at(aim, Side(side), self.arming.amount))

    def action_cancel_row(self) -> None:
        """Cancel what is ours on the row."""
        aim = self._aim()
        if aim is not None:
            self._wish(cancel_at(aim))

    def action_move_here(self) -> None:
        """Pick up our order of the row, or put the one picked up here."""
        aim = self._aim()
        if aim is None:
            return
        held = self.arming.picked
        if held is None:
            found = picked_at(aim)
            if isinstance(found, OwnOrder):
                self.arming.picked = found
                self.arming.arm()
            else:
                self._say(found)
            self.redraw()
            return
        self.arming.picked = None
        if held.price == aim.price:
            self.redraw()
        else:
            self._wish(move_to(aim, held))

    # -- parts -----------------------------------------------------------------------------

    def _aim(self) -> Aim | None:
        """Return the row as drawn, or say why there is none."""
        view, grid, cursor = self.view, self.stand.grid, self.stand.cursor_price
        fault = not_aimed(self.arming, view, grid, cursor)
        if fault or view is None or grid is None or cursor is None:
            self._say(fault)
            return None
        return Aim(view, grid, cursor, self.frame_at)

    def _wish(self, command: Command | str) -> None:
        if isinstance(command, str):
            self._say(command)
            return
        self.arming.arm()
        self.post_message(TradeWished(command))
        self.redraw()

    def _say(self, text: str) -> None:
        self.notify(text, title="Not sent", severity="warning", timeout=4, markup=False)
