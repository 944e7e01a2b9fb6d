"""The palette: every action, market and theme by name."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from core.domain.commands import SetPriceAlert
from core.domain.price_alert_writing import price_alert_text
from tui.actions import ACTIONS
from tui.dialogs.price_alert_typing import typed_alert
from tui.render.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.app import Cockpit


class CockpitCommands(Provider):
    """Finds actions of the registry, markets of the watchlist and catalogue, themes."""

    @property
    def cockpit(self) -> "Cockpit":
        """Return the application."""
        from tui.app import Cockpit  # noqa: PLC0415 - the application imports this module

        assert isinstance(self.app, Cockpit)
        return self.app

    def _entries(self) -> "Iterator[tuple[str, str, Callable[[], object]]]":
        cockpit = self.cockpit
        for action in ACTIONS:
            if action.in_palette and cockpit.main.allows(action):
                title = f"{action.title}  ({action.shown})"
                yield title, action.tooltip, partial(cockpit.run_action_id, action.id)
        for row in cockpit.main.panes.strategies.view.rows:
            title = f"Switch {clean(row.title)} {'off' if row.state == 'on' else 'on'}"
            words = f"Strategy in slot {row.slot}"
            yield title, words, partial(cockpit.action_toggle_strategy, row.slot)
        for name in cockpit.themes:
            yield f"Theme {name}", "Change the colours", partial(cockpit.use_theme, name)
        view = cockpit.main.panes.watchlist.view
        watched = [row.instrument for row in view.rows]
        for name in watched:
            show = partial(cockpit.main.show_market, name, is_right=False)
            yield f"Show {clean(name)}", "Left ladder, candles and tape", show
        for name in view.catalogue:
            if name not in watched:
                watch = partial(cockpit.watch_market, name)
                yield f"Watch {clean(name)}", "Add to the watchlist", watch

    async def discover(self) -> Hits:
        """Offer everything but the catalogue before a letter is typed."""
        for title, words, run in self._entries():
            if not title.startswith("Watch "):
                yield DiscoveryHit(Content(title), run, text=title, help=words)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        """Yield what matches."""
        alert = typed_alert(query, self.cockpit.main.panes.watchlist.view.catalogue)
        if alert is not None:
            words = f"Set the alert: {clean(alert.instrument)} {price_alert_text(alert)}"
            set_it = partial(self.cockpit.send_soon, SetPriceAlert(alert=alert))
            yield Hit(1.0, Content(words), set_it, text=words, help="Price alert")
        matcher = self.matcher(query)
        for title, words, run in self._entries():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, text=title, help=words)
