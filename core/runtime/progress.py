"""Long start-up work as the cockpit shows it, and where a replay stands."""

from collections.abc import Callable
from typing import Any, Final

from core.domain.events import CandlesLoaded, Channel, ConnectionChanged, LinkState, Progressed
from core.domain.ids import InstrumentId, VenueId
from core.domain.reaction import NOTHING, Reaction
from core.domain.views import ProgressStep, ProgressView

REPLAY: Final = "replay"
Handler = Callable[[Any, int], Reaction]


class ProgressBoard:
    """Long start-up work as the cockpit shows it, and where a replay stands."""

    def __init__(self) -> None:
        self._steps: dict[str, ProgressStep] = {}
        self._wanted: set[InstrumentId] = set()
        self._loaded: set[InstrumentId] = set()
        self.replay = ""
        self.version = 1

    def handlers(self) -> dict[type, Handler]:
        """Return what is done with which event."""
        return {
            Progressed: self.on_progress,
            ConnectionChanged: self.on_connection,
            CandlesLoaded: self.on_candles,
        }

    def expect(self, venues: tuple[VenueId, ...], markets: tuple[InstrumentId, ...]) -> None:
        """Show the way to these venues and these markets' history as work to be done."""
        for venue in venues:
            self._put(_connect_key(venue), f"Connecting {venue}", 0.0)
        self._wanted = set(markets)
        self._show_history()

    def on_progress(self, body: Progressed, _at: int) -> Reaction:
        """Follow one piece of work."""
        if body.key == REPLAY:
            self.replay = body.label
        else:
            self._put(body.key, body.label, body.fraction, is_failed=body.is_failed)
        return NOTHING

    def on_connection(self, body: ConnectionChanged, _at: int) -> Reaction:
        """Tick a venue off once its public stream is up."""
        if body.channel is Channel.PUBLIC and _connect_key(body.venue) in self._steps:
            is_up = body.state is LinkState.UP
            text = f"Connecting {body.venue}" + (f": {body.detail}" if body.detail else "")
            self._put(_connect_key(body.venue), text, 1.0 if is_up else 0.3)
        return NOTHING

    def on_candles(self, body: CandlesLoaded, _at: int) -> Reaction:
        """Count the markets whose minutes have come."""
        if body.instrument in self._wanted and body.instrument not in self._loaded:
            self._loaded.add(body.instrument)
            self._show_history()
        return NOTHING

    def view(self) -> ProgressView:
        """Show what is not done yet."""
        return ProgressView(steps=tuple(self._steps.values()))

    def _show_history(self) -> None:
        done, total = len(self._loaded & self._wanted), len(self._wanted)
        if total:
            self._put("history", f"Loading history {done} of {total}", done / total)

    def _put(self, key: str, label: str, fraction: float, *, is_failed: bool = False) -> None:
        self.version += 1
        if fraction >= 1 and not is_failed:
            self._steps.pop(key, None)
        else:
            self._steps[key] = ProgressStep(
                key=key, label=label, fraction=fraction, is_failed=is_failed
            )


def _connect_key(venue: VenueId) -> str:
    return f"connect/{venue}"
