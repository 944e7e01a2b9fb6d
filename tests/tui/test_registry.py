"""The registry of actions, our names against Textual's, and the keymap's checks."""

import inspect
from typing import Any

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from tests.tui.fake_link import FakeLink
from tests.tui.flight import ManualClock
from tui.actions import ACTIONS, SCREEN_PLACES, Place, actions_at
from tui.app import Cockpit
from tui.dialogs.add_market import AddMarket
from tui.dialogs.confirm import Confirm
from tui.dialogs.help import Help, help_text
from tui.keymap import duplicate_keys, keymap_faults
from tui.screens.main import MainScreen
from tui.screens.notices import Notices
from tui.screens.panes import Panes
from tui.theme import fallback, palette_of
from tui.widgets.footprint import Footprint
from tui.widgets.heatmap import Heatmap
from tui.widgets.profile import Profile
from tui.widgets.surface import Surface
from tui.widgets.table import TablePane

PALETTE = palette_of(fallback())


def test_ids_are_unique_and_keys_too() -> None:
    """No key runs two actions in one place."""
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert duplicate_keys({}) == ()


def test_pane_keys_do_not_hide_keys_of_the_cockpit() -> None:
    """A key of a pane is no key of the cockpit: the same key never means two things at once."""
    wide = {key for a in actions_at(*SCREEN_PLACES) for key in a.keys.split(",")}
    for action in actions_at(*(place for place in Place if place not in SCREEN_PLACES)):
        assert not wide & set(action.keys.split(","))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_method(action: Any) -> None:
    """What the registry names exists where its keys work."""
    name = "action_" + action.action.removeprefix("app.").partition("(")[0]
    panes = Panes(PALETTE, mode_text="", clock=ManualClock())
    owners: dict[Place, list[Any]] = {
        Place.WATCHLIST: [panes.watchlist], Place.STRATEGIES: [panes.strategies],
        Place.PANE: [panes.tape], Place.LADDER: [panes.ladder_left],
        Place.CANDLES: [panes.candles], Place.TAPE: [panes.tape], Place.TABLE: [TablePane],
        Place.PRICE_ROWS: [Profile], Place.FOOTPRINT: [Footprint], Place.HEATMAP: [Heatmap],
        Place.LIMITS: [panes.limits], Place.ALERT_QUEUE: [panes.alert_queue],
        Place.JOURNAL: [panes.decisions], Place.ORDERS: [panes.orders],
        Place.POSITIONS: [panes.positions],
    }  # fmt: skip
    default = [Cockpit] if action.action.startswith("app.") else [MainScreen]
    assert any(hasattr(owner, name) for owner in owners.get(action.place, default))


@pytest.mark.parametrize("node", [MainScreen, Confirm, Help, AddMarket, *Surface.__subclasses__()])
def test_every_binding_has_an_id(node: Any) -> None:
    """Keys can be changed by name, so each has one."""
    bindings: list[Any] = list(node.BINDINGS)
    for binding in bindings:
        assert isinstance(binding, Binding)
        assert binding.id


def test_dangerous_actions_are_not_on_a_single_letter() -> None:
    """A slip of a finger stops nothing and starts nothing."""
    for action in ACTIONS:
        if action.is_dangerous:
            assert all(len(key) > 1 for key in action.keys.split(","))


def test_keymap_faults_are_said_in_words() -> None:
    """Unknown ids, doubled keys, danger on a letter."""
    faults = keymap_faults({"nope": "f9", "stop-all": "k", "zoom": "t"})
    assert any("nope" in fault for fault in faults)
    assert any("stop-all is dangerous" in fault for fault in faults)
    assert any("'t' would run both" in fault for fault in faults)
    assert keymap_faults({"zoom": "f12"}) == ()


def test_help_has_every_action() -> None:
    """What is not in the help is not there."""
    text = help_text().plain
    for action in ACTIONS:
        if not action.id.startswith("strategy-"):
            assert action.title in text


def _own_attributes(instance: object, base: type) -> set[str]:
    """Return names our classes define that the given Textual class has too."""
    theirs = set(dir(base)) | set(vars(base()))
    ours: set[str] = set(vars(instance)) - set(vars(base()))
    for kind in type(instance).__mro__:
        if kind.__module__.startswith("tui."):
            ours |= {name for name in vars(kind) if not name.startswith("__")}
    return ours & theirs


MEANT = {
    "BINDINGS", "DEFAULT_CSS", "ALLOW_SELECT", "ESCAPE_TO_MINIMIZE", "can_focus", "compose",
    "render_line", "render_lines", "layout", "check_action", "COMMANDS", "CSS", "TITLE",
    "ENABLE_COMMAND_PALETTE", "get_default_screen", "get_theme_variable_defaults",
    "action_quit", "watch_has_focus", "_css_type_name", "_css_type_names", "_inherit_bindings",
    "_inherit_css", "_inherit_component_classes", "_merged_bindings", "_reactives", "_computes",
    "_decorated_handlers", "_selectors", "can_focus_children", "_css_bases",
}  # fmt: skip
"""Names we override on purpose, and those Textual gives every subclass."""


def test_our_names_are_not_textuals() -> None:
    """An attribute of ours never replaces one of Textual's by accident."""
    panes = Panes(PALETTE, mode_text="", clock=ManualClock())
    for pane in panes.all:
        assert _own_attributes(pane, Widget) <= MEANT
    screen = MainScreen(PALETTE, toast=lambda *_: None)
    assert _own_attributes(screen, Screen) <= MEANT
    assert _own_attributes(Cockpit(FakeLink(), frame_hz=0), App) <= MEANT
    assert issubclass(Confirm, ModalScreen)


def test_every_module_of_the_screen_says_what_it_is() -> None:
    """Modules and classes have docstrings."""
    for kind in (Notices, Panes, MainScreen, Cockpit):
        assert inspect.getdoc(kind)
        module = inspect.getmodule(kind)
        assert module is not None
        assert module.__doc__
