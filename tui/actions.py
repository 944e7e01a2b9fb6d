"""Every action of the cockpit, once: keys, words, danger.

Bindings, footer, help and palette are made from this list.
"""

from enum import StrEnum
from typing import Final

import msgspec
from textual.binding import Binding


class Place(StrEnum):
    """Where an action's keys work."""

    COCKPIT = "cockpit"
    PANE = "pane"
    WATCHLIST = "watchlist"
    LADDER = "ladder"
    CANDLES = "candles"
    STRATEGIES = "strategies"
    TAPE = "tape"
    TABLE = "table"
    PRICE_ROWS = "price rows"
    FOOTPRINT = "footprint"
    HEATMAP = "heatmap"
    ORDERS = "orders"
    POSITIONS = "positions"
    LIMITS = "limits"
    ALERT_QUEUE = "alert queue"
    JOURNAL = "journal"
    REPLAY = "replay"


class Action(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing a person can do with the keyboard."""

    id: str
    keys: str
    """As Textual writes them, comma-separated."""
    shown: str
    """The keys as the footer and the help write them."""
    title: str
    tooltip: str
    group: str
    place: Place = Place.COCKPIT
    run: str = ""
    """The Textual action; by default the id with underscores, on the screen or the pane."""
    is_dangerous: bool = False
    in_footer: bool = False
    in_palette: bool = True

    @property
    def action(self) -> str:
        """Return the Textual action this runs."""
        return self.run or self.id.replace("-", "_")


def _toggle(slot: int) -> Action:
    return Action(
        id=f"strategy-{slot}",
        keys=str(slot),
        shown=str(slot),
        title=f"Strategy {slot} on or off",
        tooltip="Switch the strategy in this slot; off also cancels its orders",
        group="Strategies",
        run=f"app.toggle_strategy({slot})",
        in_palette=False,
    )


ACTIONS: Final[tuple[Action, ...]] = (
    Action(
        id="help", keys="f1", shown="F1", title="Help", group="Cockpit",
        tooltip="Every key and what it does", run="app.open_help", in_footer=True,
    ),
    Action(
        id="explain", keys="question_mark", shown="?", title="Explain", group="Cockpit",
        tooltip="What the focused pane's numbers are: formula, inputs, ages; else the keys",
        run="app.explain", in_footer=True,
    ),
    Action(
        id="palette", keys="ctrl+p", shown="^p", title="Palette", group="Cockpit",
        tooltip="Find any action, market or theme by name", run="app.open_palette", in_footer=True,
        in_palette=False,
    ),
    Action(
        id="next-theme", keys="t", run="app.next_theme",
        shown="t", title="Next theme", group="Cockpit",
        tooltip="Change the colours", in_footer=True,
    ),
    Action(
        id="room-cockpit", keys="f3", shown="F3", title="Cockpit", group="Rooms",
        tooltip="Everything at once: watchlist, strategies, two ladders, candles, tape",
        run="open_room('cockpit')",
    ),
    Action(
        id="room-market", keys="f4", shown="F4", title="Market", group="Rooms",
        tooltip="One market from every side: DOM, heatmap, depth, flow, footprint, trend",
        run="open_room('market')",
    ),
    Action(
        id="room-risk", keys="f8", shown="F8", title="Risk", group="Rooms",
        tooltip="Every limit and its use, capital, what holds trading back, the alerts",
        run="open_room('risk')",
    ),
    Action(
        id="room-journal", keys="f9", shown="F9", title="Journal", group="Rooms",
        tooltip="Every decision with its numbers, alerts, what people did, the log",
        run="open_room('journal')",
    ),
    Action(
        id="room-orders", keys="f5", shown="F5", title="Orders", group="Rooms",
        tooltip="Working orders, positions and fills: cancel, move, close",
        run="open_room('orders')",
    ),
    Action(
        id="ticket", keys="o", shown="o", title="Order ticket", group="Trading",
        tooltip="Word one order by keys, with its cost and limits beside it; enter sends it",
        run="open_ticket", in_footer=True,
    ),
    Action(
        id="next-market", keys="n", shown="n", title="Next market", group="Markets",
        tooltip="Show the watchlist's next market on ladder, chart and studies",
        run="step_market(1)",
    ),
    Action(
        id="previous-market", keys="N", shown="N", title="Previous market", group="Markets",
        tooltip="Show the watchlist's market before", run="step_market(-1)",
    ),
    Action(
        id="next-page", keys="v", shown="v", title="Next page", group="Cockpit",
        tooltip="Show the next group of panes of this room", in_footer=True,
    ),
    Action(
        id="previous-page", keys="V", shown="V", title="Previous page", group="Cockpit",
        tooltip="Show the group of panes before",
    ),
    Action(
        id="zoom", keys="z", shown="z", title="Zoom pane", group="Cockpit",
        tooltip="Give the focused pane the whole screen, and back", in_footer=True,
    ),
    Action(
        id="back", keys="escape", shown="esc", title="Back", group="Cockpit",
        tooltip="Leave the zoom; hide an alert without answering it", in_palette=False,
    ),
    Action(
        id="leave", keys="q,ctrl+q", run="app.leave",
        shown="q", title="Quit", group="Cockpit",
        tooltip="Close this cockpit; asks first when positions or orders are open",
        in_footer=True,
    ),
    Action(
        id="stop-all", keys="ctrl+k", run="app.stop_all",
        shown="^k", title="Kill", group="Trading",
        tooltip="Kill switch: 0 pause, 1 reduce, 2 halt, 3 flatten, 4 sever", is_dangerous=True,
        in_footer=True,
    ),
    Action(
        id="resume", keys="r", run="app.resume",
        shown="r", title="Resume trading", group="Trading",
        tooltip="Allow entries again after a stop; strategies stay off", in_footer=True,
    ),
    Action(
        id="show-alert", keys="exclamation_mark,f2", shown="!", title="Show alert",
        group="Trading", tooltip="Bring the alert sheet back", in_footer=True,
    ),
    *(_toggle(slot) for slot in range(1, 10)),
    Action(
        id="add-market", keys="a", run="app.add_market",
        shown="a", title="Add market", group="Markets",
        tooltip="Search a market and watch it", in_footer=True,
    ),
    Action(
        id="price-alerts", keys="A", run="app.price_alerts",
        shown="A", title="Price alerts", group="Markets",
        tooltip="Set an alert at the price under the cursor; see and remove those set",
        in_footer=True,
    ),
    Action(
        id="coarser", keys="plus,equals_sign", shown="+", title="Coarser", group="Ladder",
        tooltip="More ticks in one ladder row", run="group_prices(1)", in_footer=True,
    ),
    Action(
        id="finer", keys="minus", shown="-", title="Finer", group="Ladder",
        tooltip="Fewer ticks in one ladder row", run="group_prices(-1)",
    ),
    Action(
        id="center", keys="c", shown="c", title="Centre", group="Ladder",
        tooltip="Bring the best prices back to the middle and drop the cursor", in_footer=True,
    ),
    Action(
        id="static", keys="s", shown="s", title="Hold the grid", group="Ladder",
        place=Place.LADDER, run="switch_static", in_palette=False, in_footer=True,
        tooltip="Ladder: never move by itself (static), or follow the market (dynamic)",
    ),
    Action(
        id="next-columns", keys="O", shown="O", title="Columns", group="Ladder",
        place=Place.LADDER, in_palette=False, in_footer=True,
        tooltip="Ladder: the next set of columns: auto, book, flow, orders, own choice",
    ),
    Action(
        id="choose-columns", keys="C", shown="C", title="Choose columns", group="Ladder",
        place=Place.LADDER, in_palette=False,
        tooltip="Ladder: pick its columns from a list",
    ),
    Action(
        id="arm-ladder", keys="e", shown="e", title="Arm", group="Ladder",
        place=Place.LADDER, run="arm", in_palette=False, in_footer=True,
        tooltip="Ladder: let keys trade on the row for 30 seconds; again, or leaving, disarms",
    ),
    Action(
        id="buy-row", keys="B", shown="B", title="Buy at the row", group="Ladder",
        place=Place.LADDER, run="trade_row('buy')", in_palette=False, in_footer=True,
        tooltip="Armed ladder: a limit order to buy at the row's price",
    ),
    Action(
        id="sell-row", keys="S", shown="S", title="Sell at the row", group="Ladder",
        place=Place.LADDER, run="trade_row('sell')", in_palette=False, in_footer=True,
        tooltip="Armed ladder: a limit order to sell at the row's price",
    ),
    Action(
        id="cancel-row", keys="X", shown="X", title="Cancel at the row", group="Ladder",
        place=Place.LADDER, run="cancel_row", in_palette=False, in_footer=True,
        tooltip="Armed ladder: cancel your orders on the row",
    ),
    Action(
        id="move-here", keys="M", shown="M", title="Move an order", group="Ladder",
        place=Place.LADDER, run="move_here", in_palette=False,
        tooltip="Armed ladder: pick up your order of the row, then put it on another row",
    ),
    Action(
        id="larger-amount", keys="right_curly_bracket", shown="}", title="Larger amount",
        group="Ladder", place=Place.LADDER, run="change_amount(1)", in_palette=False,
        tooltip="Ladder: more with one key: 50, 100, 250, 500, 1000 in the quote",
    ),
    Action(
        id="smaller-amount", keys="left_curly_bracket", shown="{", title="Smaller amount",
        group="Ladder", place=Place.LADDER, run="change_amount(-1)", in_palette=False,
        tooltip="Ladder: less with one key",
    ),
    Action(
        id="cancel-order", keys="x", shown="x", title="Cancel", group="Orders",
        place=Place.ORDERS, tooltip="Cancel the row's order", in_palette=False, in_footer=True,
    ),
    Action(
        id="move-order", keys="m", shown="m", title="Move", group="Orders",
        place=Place.ORDERS, in_palette=False, in_footer=True,
        tooltip="Type a new price for the row's order: cancel, proof, placed again",
    ),
    Action(
        id="cancel-side", keys="X", shown="X", title="Cancel side", group="Orders",
        place=Place.ORDERS, in_palette=False, in_footer=True,
        tooltip="Cancel your orders of the row's market on the row's side",
    ),
    Action(
        id="cancel-market", keys="w", shown="w", title="Cancel market", group="Orders",
        place=Place.ORDERS, tooltip="Cancel every order of yours in the row's market",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="cancel-every", keys="W", shown="W", title="Cancel all", group="Orders",
        place=Place.ORDERS, tooltip="Cancel every order of yours in every market",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="close-position", keys="x", shown="x", title="Close", group="Orders",
        place=Place.POSITIONS, run="close_position(100)", in_palette=False, in_footer=True,
        tooltip="Close the row's position in reduce-only slices that respect the depth",
    ),
    Action(
        id="close-half", keys="X", shown="X", title="Close half", group="Orders",
        place=Place.POSITIONS, run="close_position(50)", in_palette=False, in_footer=True,
        tooltip="Close half of the row's position in slices",
    ),
    Action(
        id="stop-closing", keys="w", shown="w", title="Stop closing", group="Orders",
        place=Place.POSITIONS, in_palette=False, in_footer=True,
        tooltip="Send no further slice, and cancel the one that is out",
    ),
    Action(
        id="shorter", keys="left_square_bracket", shown="[", title="Shorter candles",
        group="Candles", tooltip="1d 12h 6h 4h 2h 1h 30m 15m 5m 3m 1m", run="change_interval(-1)",
    ),
    Action(
        id="longer", keys="right_square_bracket", shown="]", title="Longer candles",
        group="Candles", tooltip="1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d", run="change_interval(1)",
        in_footer=True,
    ),
    Action(
        id="next-overlays", keys="e", shown="e", title="Overlays", group="Candles",
        place=Place.CANDLES, in_palette=False, in_footer=True,
        tooltip="Over the candles: nothing; EMA and VWAP; Bollinger bands; all",
    ),
    Action(
        id="next-study", keys="p", shown="p", title="Study", group="Candles",
        place=Place.CANDLES, tooltip="Under the candles: nothing, RSI, MACD, ATR and ADX",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="candles-or-line", keys="b", shown="b", title="Candles or line", group="Candles",
        place=Place.CANDLES, tooltip="The closes as a fine line of dots, or candles",
        in_palette=False,
    ),
    Action(
        id="wider-candles", keys="i", shown="i", title="Wider candles", group="Candles",
        place=Place.CANDLES, tooltip="Up to three cells a candle", run="zoom_candles(1)",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="narrower-candles", keys="u", shown="u", title="Narrower candles", group="Candles",
        place=Place.CANDLES, tooltip="Up to eight candles joined in one cell",
        run="zoom_candles(-1)", in_palette=False, in_footer=True,
    ),
    Action(
        id="pan-back", keys="H,shift+left", shown="H", title="Into the past", group="Candles",
        place=Place.CANDLES, tooltip="Move the chart by a third of what it shows",
        run="pan(1)", in_palette=False, in_footer=True,
    ),
    Action(
        id="pan-on", keys="L,shift+right", shown="L", title="Towards now", group="Candles",
        place=Place.CANDLES, tooltip="Move the chart by a third of what it shows",
        run="pan(-1)", in_palette=False,
    ),
    Action(
        id="oldest-candles", keys="home", shown="home", title="Oldest candles",
        group="Candles", place=Place.CANDLES, tooltip="As far back as the history goes",
        run="pan_end(1)", in_palette=False,
    ),
    Action(
        id="newest-candles", keys="end", shown="end", title="Newest candles", group="Candles",
        place=Place.CANDLES, tooltip="Back to now, without the crosshair", run="pan_end(-1)",
        in_palette=False,
    ),
    Action(
        id="lock-scale", keys="y", shown="y", title="Lock the scale", group="Candles",
        place=Place.CANDLES, tooltip="Hold the price axis still while reading, or let it follow",
        in_palette=False,
    ),
    Action(
        id="chart-crosshair-off", keys="x", shown="x", title="No crosshair",
        group="Candles", place=Place.CANDLES, tooltip="Put the crosshair of the chart away",
        run="crosshair_off", in_palette=False,
    ),
    Action(
        id="next-pane", keys="tab", shown="tab", title="Next pane", group="Moving",
        tooltip="Move the focus on", run="app.focus_next", in_palette=False, in_footer=True,
    ),
    Action(
        id="previous-pane", keys="shift+tab", shown="⇧tab", title="Previous pane",
        group="Moving", tooltip="Move the focus back", run="app.focus_previous",
        in_palette=False,
    ),
    Action(
        id="row-up", keys="up,k", shown="k ↑", title="Up", group="Moving", place=Place.PANE,
        tooltip="Move the cursor of the focused pane up", run="move_cursor(-1)",
        in_palette=False,
    ),
    Action(
        id="row-down", keys="down,j", shown="j ↓", title="Down", group="Moving",
        place=Place.PANE, tooltip="Move the cursor of the focused pane down",
        run="move_cursor(1)", in_palette=False,
    ),
    Action(
        id="side-left", keys="left,h", shown="h ←", title="Left", group="Moving",
        place=Place.PANE, tooltip="To the pane at the left; in the candles, the crosshair",
        run="move_aside(-1)", in_palette=False,
    ),
    Action(
        id="side-right", keys="right,l", shown="l →", title="Right", group="Moving",
        place=Place.PANE, tooltip="To the pane at the right; in the candles, the crosshair",
        run="move_aside(1)", in_palette=False,
    ),
    Action(
        id="show-market", keys="enter", shown="⏎", title="Show market", group="Markets",
        place=Place.WATCHLIST, tooltip="Put the row on left ladder, candles and tape",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="show-market-right", keys="x", shown="x", title="Show at right", group="Markets",
        place=Place.WATCHLIST, tooltip="Put the row on the right ladder", in_palette=False,
        in_footer=True,
    ),
    Action(
        id="remove-market", keys="delete,backspace", shown="del", title="Remove market",
        group="Markets", place=Place.WATCHLIST, tooltip="Stop watching the row's market",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="switch-strategy", keys="enter", shown="⏎", title="On or off", group="Strategies",
        place=Place.STRATEGIES, tooltip="Switch the strategy under the cursor",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="filter-prints", keys="f", shown="f", title="Size filter", group="Studies",
        place=Place.TAPE, tooltip="Tape: hide prints below 1k, 5k, 10k, 50k, 100k quote",
        run="filter_prints(1)", in_palette=False, in_footer=True,
    ),
    Action(
        id="filter-prints-back", keys="F", shown="F", title="Smaller size filter",
        group="Studies", place=Place.TAPE, tooltip="Tape: one step back", in_palette=False,
        run="filter_prints(-1)",
    ),
    Action(
        id="join-prints", keys="g", shown="g", title="Join sweeps", group="Studies",
        place=Place.TAPE, tooltip="Tape: one line for each aggressor, or one for each print",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="sort-next", keys="s", shown="s", title="Sort by next", group="Studies",
        place=Place.TABLE, tooltip="Tables: sort by the next column", run="sort_by(1)",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="sort-turn", keys="S", shown="S", title="Turn order", group="Studies",
        place=Place.TABLE, tooltip="Tables: rising or falling", in_palette=False,
        in_footer=True,
    ),
    Action(
        id="show-row", keys="enter", shown="⏎", title="Show row's market", group="Studies",
        place=Place.TABLE, tooltip="Tables: put the row's market on ladder and chart",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="coarser-rows", keys="g", shown="g", title="Coarser rows", group="Studies",
        place=Place.PRICE_ROWS, tooltip="Profile and footprint: more ticks in a row",
        run="group_rows(1)", in_palette=False, in_footer=True,
    ),
    Action(
        id="finer-rows", keys="G", shown="G", title="Finer rows", group="Studies",
        place=Place.PRICE_ROWS, tooltip="Profile and footprint: fewer ticks in a row",
        run="group_rows(-1)", in_palette=False, in_footer=True,
    ),
    Action(
        id="next-interval", keys="i", shown="i", title="Next interval", group="Studies",
        place=Place.FOOTPRINT, tooltip="Footprint: the next interval", in_palette=False,
        in_footer=True,
    ),
    Action(
        id="time-step", keys="s", shown="s", title="Time step", group="Studies",
        place=Place.HEATMAP, tooltip="Heatmap: time of one column",
        in_palette=False, in_footer=True,
    ),
    Action(
        id="crosshair-off", keys="x", shown="x", title="Crosshair off", group="Studies",
        place=Place.HEATMAP, tooltip="Heatmap: put the crosshair away", in_palette=False,
    ),
    Action(
        id="change-limit", keys="enter", shown="⏎", title="Change limit", group="Risk",
        place=Place.LIMITS, in_palette=False, in_footer=True,
        tooltip="Limits: a new value; tighter at once, looser only typed in full",
    ),
    Action(
        id="nearest-first", keys="s", shown="s", title="Nearest first", group="Risk",
        place=Place.LIMITS, in_palette=False, in_footer=True,
        tooltip="Limits: those nearest to being reached first, or as configured",
    ),
    Action(
        id="open-alert", keys="enter", shown="⏎", title="Its sheet", group="Risk",
        place=Place.ALERT_QUEUE, in_palette=False, in_footer=True,
        tooltip="Alerts: bring the sheet of the alert under the cursor",
    ),
    Action(
        id="acknowledge", keys="x", shown="x", title="Acknowledge", group="Risk",
        place=Place.ALERT_QUEUE, in_palette=False, in_footer=True,
        tooltip="Alerts: acknowledge what was only told",
    ),
    Action(
        id="next-severity", keys="w", shown="w", title="Severity", group="Risk",
        place=Place.ALERT_QUEUE, in_palette=False, in_footer=True,
        tooltip="Alerts: all, warnings, critical ones, emergencies",
    ),
    Action(
        id="follow-alerts", keys="f", shown="f", title="Follow", group="Risk",
        place=Place.ALERT_QUEUE, in_palette=False, in_footer=True,
        tooltip="Alerts: stay at the most urgent one, or stand still",
    ),
    Action(
        id="seek", keys="slash", shown="/", title="Filter", group="Journal",
        place=Place.JOURNAL, in_palette=False, in_footer=True,
        tooltip="Journal: type words that must stand in a line: strategy, market, code, text",
    ),
    Action(
        id="open-item", keys="enter", shown="⏎", title="Numbers", group="Journal",
        place=Place.JOURNAL, in_palette=False, in_footer=True,
        tooltip="Journal: everything of the line under the cursor",
    ),
    Action(
        id="follow-newest", keys="f", shown="f", title="Follow newest", group="Journal",
        place=Place.JOURNAL, in_palette=False, in_footer=True,
        tooltip="Journal: stay at the newest line, or stand still",
    ),
    Action(
        id="next-level", keys="w", shown="w", title="Level", group="Journal",
        place=Place.JOURNAL, in_palette=False, in_footer=True,
        tooltip="Journal: everything, what acted, what went wrong",
    ),
    Action(
        id="replay-pause", keys="space", run="app.replay_pause",
        shown="space", title="Pause", group="Replay",
        place=Place.REPLAY, tooltip="Hold the replay or go on", in_footer=True,
    ),
    Action(
        id="replay-step", keys="full_stop", run="app.replay_step",
        shown=".", title="Step", group="Replay",
        place=Place.REPLAY, tooltip="While paused, let one frame through", in_footer=True,
    ),
    Action(
        id="replay-slower", keys="less_than_sign", shown="<", title="Slower", group="Replay",
        place=Place.REPLAY, tooltip="Halve the speed", run="app.replay_speed(-1)",
    ),
    Action(
        id="replay-faster", keys="greater_than_sign", shown=">", title="Faster",
        group="Replay", place=Place.REPLAY, tooltip="Double the speed",
        run="app.replay_speed(1)", in_footer=True,
    ),
)  # fmt: skip

BY_ID: Final = {action.id: action for action in ACTIONS}
SCREEN_PLACES: Final = (Place.COCKPIT, Place.REPLAY)


def actions_at(*places: Place) -> tuple[Action, ...]:
    """Return the actions whose keys work at these places, in order."""
    return tuple(action for action in ACTIONS if action.place in places)


def bindings_at(*places: Place) -> list[Binding]:
    """Make the key bindings of these places; each has the id of its action."""
    return [
        Binding(
            action.keys, action.action, action.title, tooltip=action.tooltip, id=action.id,
            show=action.in_footer,
        )
        for action in actions_at(*places)
    ]  # fmt: skip
