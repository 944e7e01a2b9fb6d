"""The prints of one market in numbers, and their cumulative delta."""

from core.domain.study_views import FlowView, flow_topic
from tui.render.explain import Explained
from tui.render.flow import flow_rows, nothing_known, since_text, window_text
from tui.render.study import Block, fixed, message, round_text, short, sized
from tui.widgets.pane import Titles
from tui.widgets.study import StudyPane


class Flow(StudyPane[FlowView]):
    """Cumulative delta and price as lines, delta bars, windows, sweeps and impact."""

    study = "Flow"
    waiting = "waiting for prints"

    def topic(self) -> str | None:
        """Return the topic this pane draws."""
        return flow_topic(self.instrument) if self.instrument else None

    def made_at(self, view: FlowView) -> int | None:
        """Return when the numbers were made."""
        return view.at

    def note(self, view: FlowView) -> Titles:
        """Return from when on prints are counted."""
        return [(since_text(view), "muted")]

    def pictured(self, view: FlowView, width: int, height: int) -> Block:
        """Draw curve, windows and impact."""
        if nothing_known(view):
            return message("no prints yet", width, height, self.palette)
        return flow_rows(view, width, height, self.ink)

    def explain(self) -> tuple[Explained, ...]:
        """Return delta, averages, rate and impact with what they were made of."""
        view = self.view
        if view is None:
            return ()
        age = self.age_ms
        said = []
        if view.series:
            inputs = f"{len(view.series)} seconds with prints, {since_text(view)}"
            value = short(view.series[-1].cumulative, is_signed=True)
            said.append(Explained(key="cvd", value=value, inputs=inputs, age_ms=age))
        for window in view.windows[:1]:
            inputs = f"{window.trades} prints of {window_text(window)}"
            decimals = view.price_decimals
            values = {
                "delta": short(window.delta, is_signed=True),
                "vwap": fixed(window.vwap, decimals),
                "twap": fixed(window.twap, decimals),
                "trade_rate": f"{fixed(window.trades_per_s, 2)} /s",
            }
            said += [
                Explained(key=key, value=value, inputs=inputs, age_ms=age)
                for key, value in values.items()
            ]
        said += _impact_said(view, age)
        return tuple(said)


def _impact_said(view: FlowView, age: int | None) -> list[Explained]:
    quantile = f"{round_text(view.large_quantile * 100)}% of the sizes seen are smaller"
    fit = f"R² {fixed(view.kyle_r_squared, 2)}"
    return [
        Explained(key="large_print", value=sized(view.large_size), inputs=quantile),
        Explained(key="sweep", value=str(len(view.sweeps)), inputs="the newest ones listed"),
        Explained(key="kyle_lambda", value=short(view.kyle_lambda), inputs=fit, age_ms=age),
        Explained(key="effective_spread", value=f"{fixed(view.effective_bps, 2)} bps"),
        Explained(key="realized_spread", value=f"{fixed(view.realized_bps, 2)} bps"),
    ]
