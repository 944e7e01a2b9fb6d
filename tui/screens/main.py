"""The main screen: panes by plan, views from the engine to the panes, keys to wishes."""

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.layout import Layout
from textual.screen import Screen

from core.domain.facts import Mode, TradingState
from core.domain.ids import InstrumentId
from core.domain.study_views import PriceAlertsView
from core.domain.views import Frame, FrameRequest, HeaderView, WatchlistView
from tui.actions import BY_ID, SCREEN_PLACES, Action, Place, actions_at, bindings_at
from tui.dialogs.ticket import TicketClosed
from tui.render.palette import Palette
from tui.render.plan import MIN_HEIGHT, MIN_WIDTH, Plan, SizeClass
from tui.render.rooms import ROOMS, plan_for
from tui.screens.aiming import alert_prefill
from tui.screens.arrange import PlanLayout, neighbour
from tui.screens.compositor import use_exact_spans
from tui.screens.notices import Notices
from tui.screens.panes import Panes
from tui.screens.router import Router
from tui.widgets.ladder import Ladder
from tui.widgets.messages import AlertWanted, FocusAside, MarketChosen, SheetHidden
from tui.widgets.pane import Pane

_ROOM_FOR_GONE = 7


class MainScreen(Screen[None]):
    """Everything at once, at any size; it draws what the engine answers and holds no truth."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(*SCREEN_PLACES)]
    ESCAPE_TO_MINIMIZE = False
    DEFAULT_CSS = """
    MainScreen { layers: default sheet; background: $background; overflow: hidden; }
    """

    def __init__(
        self,
        palette: Palette,
        *,
        mode_text: str = "",
        toast: Callable[[str, str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(id="main")
        self.panes = Panes(palette, mode_text=mode_text, clock=clock)
        self.room = ROOMS[0].id
        self._pages: dict[str, int] = {}
        """The page last seen in each room."""
        self.zoomed: str | None = None
        self.plan: Plan | None = None
        self._plan_layout = PlanLayout()
        self._notices = Notices(self.panes.alert_line.show_event, toast, clock)
        self._router = Router(
            self.panes, self._notices, on_watchlist=self._choose_markets, clock=clock
        )
        self._focus_before_sheet: Pane | None = None
        self._focus_before_ticket: Pane | None = None
        self._is_sheet_up = False
        self._has_markets = False

    @property
    def layout(self) -> Layout:
        """Return the plan's layout, whatever the style sheets say."""
        return self._plan_layout

    def compose(self) -> ComposeResult:
        """Give every pane; the plan decides which are seen."""
        yield from self.panes.all

    def on_mount(self) -> None:
        """Take the plan's layout and the first focus."""
        use_exact_spans(self)
        for pane in self.panes.all:
            pane.display = False
        self.replan(self.app.size)

    # -- where things stand ----------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new size."""
        self.replan(event.size)

    def replan(self, size: Size | None = None) -> None:
        """Decide anew what stands where."""
        size = size or self.size
        plan = plan_for(
            size.width,
            size.height,
            room=self.room,
            page=self.page,
            zoomed=self.zoomed,
            strategies=self.panes.strategies.row_count() or 3,
        )
        self.plan = self._plan_layout.plan = plan
        self._plan_layout.floating = self._floating(plan)
        shown = {*plan.regions, *self._plan_layout.floating}
        for pane in self.panes.all:
            if pane.display != ((pane.id or "") in shown):
                pane.display = not pane.display
        self.panes.small.show(
            f"This terminal is {size.width} x {size.height}.",
            f"Wingman needs at least {MIN_WIDTH} x {MIN_HEIGHT}: please make it larger.",
        )
        rooms = tuple((BY_ID[f"room-{r.id}"].shown, r.title, f"room-{r.id}") for r in ROOMS)
        here = next(index for index, room in enumerate(ROOMS) if room.id == self.room)
        self.panes.tabs.show(rooms, here, plan.pages, plan.page)
        self._clear_arrangement_cache()
        self.refresh(layout=True)
        self._keep_focus()
        self.show_keys()

    def _floating(self, plan: Plan) -> dict[str, Region]:
        """Return the regions of what lies over the panes."""
        if plan.size_class is SizeClass.TOO_SMALL:
            return {}
        floating = {}
        steps = len(self.panes.progress.view.steps)
        if steps:
            x, y, width, _ = plan.middle
            floating["progress"] = Region(x, y, width, min(steps + 2, plan.middle.height + 8))
        lines = self.panes.kill.line_count
        if lines:
            x, y, width, _ = plan.middle
            floating["kill"] = Region(x, y, width, min(lines + 2, plan.middle.height))
        if self.panes.ticket.is_open:
            floating["ticket"] = plan.sheet
        if self._is_sheet_up:
            floating["sheet"] = plan.sheet
        if self.panes.gone.lines:
            x, y, width, _ = plan.middle
            floating["gone"] = Region(x, y, width, _ROOM_FOR_GONE)
        return floating

    def _keep_focus(self) -> None:
        focused = self.focused
        if focused is None or not focused.display:
            target = next((p for p in self.panes.focusable if p.display), None)
            self.set_focus(target, scroll_visible=False)

    @property
    def page(self) -> int:
        """Which group of panes of the room is shown."""
        return self._pages.get(self.room, 0)

    @property
    def has_pages(self) -> bool:
        """Whether the room has more than one group of panes at this size."""
        return self.plan is not None and bool(self.plan.pages)

    # -- frames ----------------------------------------------------------------------------

    def request(self, *, is_covered: bool = False) -> FrameRequest:
        """Ask for what is on screen; under a dialog only for header and alerts."""
        return self._router.request(is_covered=is_covered)

    def follow_price_alerts(self, show: Callable[[PriceAlertsView], None] | None) -> None:
        """Show the alerts a person set to a dialog, under which nothing else is asked for."""
        self._router.show_price_alerts = show

    @property
    def alert_prefill(self) -> str:
        """Market and price a person points at, as the beginning of a price alert."""
        return alert_prefill(
            self.focused, self.aimed_ladder, self.panes.candles, self.panes.watchlist.view.catalogue
        )

    def grow_old(self, silent_secs: float) -> None:
        """Let the ages on the panes grow while the engine is silent or gone."""
        self._router.grow_old(silent_secs)

    def take(self, frame: Frame) -> bool:
        """Hand every view to its pane; return whether a new alert came up."""
        shape_before = self._shape()
        state_before = self._key_state()
        has_new_alert = self._router.take(frame)
        sheet = self.panes.sheet
        if has_new_alert:
            self.raise_sheet()
        elif self._is_sheet_up and not sheet.keeps_place:
            self.lower_sheet()
        if shape_before != self._shape():
            self.replan()
        if state_before != self._key_state():
            self.show_keys()
        return has_new_alert

    def _shape(self) -> tuple[int, int, int]:
        """Return what the plan depends on beside the size."""
        panes = self.panes
        steps = len(panes.progress.view.steps)
        return steps, panes.strategies.row_count(), panes.kill.line_count

    def _key_state(self) -> tuple[object, ...]:
        view = self.panes.header.view
        return (view.mode, view.trading_state, view.open_alerts > 0) if view else ()

    def show_gone(self, *lines: str) -> None:
        """Say that the engine is gone; what is drawn stays, marked as old."""
        self.panes.gone.show(*lines)
        self.panes.header.show_note("ENGINE GONE")
        self.replan()

    # -- the alert sheet -------------------------------------------------------------------

    def raise_sheet(self, *, is_called: bool = False) -> None:
        """Bring the sheet up with the focus; `is_called` when a person asked for it."""
        if not self._is_sheet_up and isinstance(self.focused, Pane):
            self._focus_before_sheet = self.focused
        self._is_sheet_up = True
        self.panes.alert_line.is_sheet_hidden = False
        self.replan()
        self.panes.sheet.came_up(is_called=is_called)
        self.set_focus(self.panes.sheet, scroll_visible=False)

    def lower_sheet(self) -> None:
        """Put the sheet away and give the focus back."""
        self._is_sheet_up = False
        self.panes.sheet.is_open = False
        before = self._focus_before_sheet
        self.set_focus(before if before and before.display else None, scroll_visible=False)
        self.replan()

    @on(SheetHidden)
    def hide_sheet(self) -> None:
        """Leave the question open: its countdown runs on in the alerts line."""
        self.panes.alert_line.is_sheet_hidden = self.panes.sheet.has_question
        self.lower_sheet()
        self.panes.alert_line.redraw()

    def action_open_ticket(self) -> None:
        """Open a ticket for the aimed ladder's market, or go back to the one that is open."""
        ticket, ladder = self.panes.ticket, self.aimed_ladder
        if not ticket.is_open:
            if ladder.view is None:
                return
            if isinstance(self.focused, Pane):
                self._focus_before_ticket = self.focused
            ticket.begin(ladder.view, ladder.cursor_price if ladder is self.focused else None)
            self.replan()
        self.set_focus(ticket, scroll_visible=False)

    @on(TicketClosed)
    def close_ticket(self) -> None:
        """Put the ticket away and give the focus back."""
        self.panes.ticket.end()
        before = self._focus_before_ticket
        self.set_focus(before if before and before.display else None, scroll_visible=False)
        self.replan()

    def disarm(self) -> None:
        """Let no ladder's keys trade any more."""
        self.panes.ladder_left.disarm()
        self.panes.ladder_right.disarm()

    def on_screen_suspend(self) -> None:
        """Disarm under a dialog: it took the keys."""
        self.disarm()

    def action_show_alert(self) -> None:
        """Bring the sheet back, or give it the focus."""
        if self.panes.sheet.has_question:
            self.raise_sheet(is_called=True)

    @on(AlertWanted)
    def show_wanted_alert(self, message: AlertWanted) -> None:
        """Bring the sheet of the alert a person pointed at."""
        if self.panes.sheet.turn_to(message.alert_id):
            self.raise_sheet(is_called=True)

    # -- markets ---------------------------------------------------------------------------

    def _choose_markets(self, view: WatchlistView) -> None:
        """At first sight, show the first market and its twin at another venue."""
        if self._has_markets or not view.rows:
            return
        self._has_markets = True
        names = [row.instrument for row in view.rows]
        symbol = names[0].partition(":")[2]
        twins = [name for name in names[1:] if name.partition(":")[2] == symbol]
        others = twins or names[1:] or names
        self.show_market(names[0], is_right=False)
        self.show_market(others[0], is_right=True)

    def show_market(self, instrument: InstrumentId, *, is_right: bool) -> None:
        """Put a market on a ladder; the left one carries candles and tape with it."""
        panes = self.panes
        if is_right:
            panes.ladder_right.follow(instrument)
            panes.tape_right.follow(instrument)
        else:
            for pane in panes.followers:
                pane.follow(instrument)
        panes.watchlist.mark_shown(panes.ladder_left.instrument, panes.ladder_right.instrument)

    def action_step_market(self, step: int) -> None:
        """Show the watchlist's next market, or the one before."""
        names = [row.instrument for row in self.panes.watchlist.view.rows]
        here = self.panes.ladder_left.instrument
        if names:
            place = names.index(here) + step if here in names else 0
            self.show_market(names[place % len(names)], is_right=False)

    @on(MarketChosen)
    def choose_market(self, message: MarketChosen) -> None:
        """Show the market a person pointed at."""
        self._has_markets = True
        self.show_market(message.instrument, is_right=message.is_right)

    # -- keys ------------------------------------------------------------------------------

    @on(FocusAside)
    def focus_aside(self, message: FocusAside) -> None:
        """Give the focus to the neighbour."""
        if isinstance(self.focused, Pane):
            others = [pane for pane in self.panes.focusable if pane.display]
            target = neighbour(self.focused, others, message.direction)
            self.set_focus(target or self.focused, scroll_visible=False)

    def on_descendant_focus(self) -> None:
        """List the keys of the pane that has the focus now."""
        self.show_keys()

    def show_keys(self) -> None:
        """Fill the footer with the keys that work here and now."""
        places = self.focused.places if isinstance(self.focused, Pane) else ()
        wanted = [*actions_at(*places), *actions_at(Place.REPLAY), *actions_at(Place.COCKPIT)]
        wanted.sort(key=lambda action: not action.is_dangerous)  # the way out is never cut off
        self.panes.footer.show(tuple(a for a in wanted if a.in_footer and self.allows(a)))

    def allows(self, action: Action) -> bool:
        """Whether an action makes sense now."""
        return bool(self.check_action(action.action.removeprefix("app.").partition("(")[0], ()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch off keys that mean nothing in this state."""
        del parameters
        view: HeaderView | None = self.panes.header.view
        if action.startswith("replay_"):
            return view is not None and view.mode is Mode.REPLAY
        if action == "resume":
            return view is not None and view.trading_state in {
                TradingState.HALTED,
                TradingState.REDUCING,
            }
        if action in {"next_page", "previous_page"}:
            return self.has_pages
        if action == "show_alert":
            return self.panes.sheet.has_question
        return True

    def action_zoom(self) -> None:
        """Give the focused pane the whole body, or end that."""
        if self.zoomed is not None:
            self.zoomed = None
        elif isinstance(self.focused, Pane) and self.focused is not self.panes.sheet:
            self.zoomed = self.focused.id
        self.replan()

    def action_back(self) -> None:
        """Leave the zoom, or hide the sheet."""
        if self.zoomed is not None:
            self.action_zoom()
        elif self._is_sheet_up:
            self.hide_sheet()

    def action_next_page(self) -> None:
        """Show the next page of a small terminal."""
        self._turn_page(1)

    def action_previous_page(self) -> None:
        """Show the page before."""
        self._turn_page(-1)

    def _turn_page(self, step: int) -> None:
        if self.plan is None or not self.plan.pages:
            return
        self.zoomed = None
        self._pages[self.room] = (self.plan.page + step) % len(self.plan.pages)
        self.replan()

    def action_open_room(self, room: str) -> None:
        """Go to a room, to the page last seen there."""
        if room != self.room:
            self.room, self.zoomed = room, None
            self.replan()

    @property
    def aimed_ladder(self) -> Ladder:
        """The ladder that keys go to: the focused one, else the left one."""
        focused = self.focused
        return focused if isinstance(focused, Ladder) else self.panes.ladder_left

    def action_group_prices(self, direction: int) -> None:
        """Change the ticks in a ladder row."""
        self.aimed_ladder.change_group(direction)

    def action_center(self) -> None:
        """Centre the focused ladder, or both."""
        if isinstance(self.focused, Ladder):
            self.focused.center()
        else:
            self.panes.ladder_left.center()
            self.panes.ladder_right.center()

    def action_change_interval(self, step: int) -> None:
        """Take longer or shorter candles."""
        self.panes.candles.change_interval(step)
