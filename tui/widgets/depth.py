"""The numbers and the curve of one book."""

from typing import ClassVar

from core.domain.study_views import DepthView, depth_topic
from tui.render.depth import depth_rows, refill_text
from tui.render.explain import Explained
from tui.render.numbers import age_text, price_text
from tui.render.study import Block, fixed, message, short, sized
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane


class Depth(StudyPane[DepthView]):
    """Spread, imbalance, cost, depth, walls, and the cumulative depth as a picture."""

    study = "Depth"
    stale_ms: ClassVar = 5_000
    waiting = "waiting for a book"

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return depth_topic(self.instrument) if self.instrument else None

    def made_at(self, view: DepthView) -> int | None:
        """Return when the book was last known to be current."""
        return None if view.age_ms is None else view.at - view.age_ms * 1_000_000

    def note(self, view: DepthView) -> Titles:
        """Return the age of the book."""
        if view.age_ms is None:
            return [("○ no age", "muted")]
        return [("●", "ok"), (f" {age_text(self.age_ms)}", "muted")]

    def clock_face(self) -> object:
        """Return the age as it is shown."""
        return age_text(self.age_ms)

    def pictured(self, view: DepthView, width: int, height: int) -> Block:
        """Draw numbers, curve and tables."""
        if not view.bids and not view.asks:
            return message("the book is empty", width, height, self.palette)
        return depth_rows(view, width, height, self.ink)

    def explain(self) -> tuple[Explained, ...]:
        """Return every number of the book with what it was made of."""
        view = self.view
        if view is None:
            return ()
        age = self.age_ms
        touch = _touch(view)
        said = [
            Explained(key="spread_bps", value=fixed(view.spread_bps, 2), inputs=touch, age_ms=age),
            Explained(key="mid", value=fixed(view.mid, view.price_decimals + 1), inputs=touch),
            Explained(key="microprice", value=fixed(view.microprice, view.price_decimals + 2)),
        ]
        for levels, value in view.imbalances:
            inputs = f"the best {levels} levels a side"
            text = fixed(value, 3, is_signed=True)
            said.append(Explained(key="imbalance", value=text, inputs=inputs, age_ms=age))
        said += _sums(view, age)
        for window in view.order_flow:
            inputs = f"changes at the touch over {window.window_s} s"
            text = short(window.value, is_signed=True)
            said.append(Explained(key="order_flow_imbalance", value=text, inputs=inputs))
        said.append(
            Explained(key="resilience", value=refill_text(view), inputs="the newest trade measured")
        )
        said.append(Explained(key="liquidity_score", value=short(view.liquidity_score)))
        return tuple(said)


def _touch(view: DepthView) -> str:
    bid = price_text(view.bids[0].price if view.bids else None, view.price_decimals)
    ask = price_text(view.asks[0].price if view.asks else None, view.price_decimals)
    return f"best bid {bid}, best ask {ask}"


def _sums(view: DepthView, age: int | None) -> list[Explained]:
    said = []
    for cost in view.costs[:2]:
        inputs = f"{cost.side} {short(cost.notional)} through {cost.levels} levels"
        text = f"{fixed(cost.slippage_bps, 2)} bps"
        said.append(Explained(key="cost_to_trade", value=text, inputs=inputs, age_ms=age))
    for band in view.bands[:1]:
        text = f"{short(band.bid_notional)} / {short(band.ask_notional)}"
        inputs = f"levels within {band.within_bps} bps of the mid, bids / asks"
        said.append(Explained(key="depth_within", value=text, inputs=inputs, age_ms=age))
    for wall in view.walls[:1]:
        text = f"{fixed(wall.times_norm, 1)}×"  # noqa: RUF001
        price = price_text(wall.price, view.price_decimals)
        inputs = f"{sized(wall.size)} at {price}, standing for {age_text(wall.age_ms)}"
        said.append(Explained(key="wall", value=text, inputs=inputs, age_ms=age))
    return said
