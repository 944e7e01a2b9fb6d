"""A ticket as rows: the form, and the card of what the order would be. Pure."""

from typing import Final

import msgspec

from core.domain.order import Side
from core.domain.ticket import CardVerdict, LimitUse, SizeBy, TicketView
from tui.render.gauge import gauge_text
from tui.render.numbers import NOTHING, money_text
from tui.render.palette import Palette, Runs
from tui.render.study import Block, Cell, beside, blank, row_of, tall
from tui.render.text import clean, fit, fit_right, wrapped
from tui.render.ticket_form import LINES, TYPED, Form, Kind, Line

BESIDE_FROM: Final = 66
"""Width from which form and card stand beside one another."""
_FORM_CELLS: Final = 36
_NAME_CELLS: Final = 12
_MOST_TEXT: Final = 3
SIDE_MARK: Final = {Side.BUY: ("▲ BUY", "bid"), Side.SELL: ("▼ SELL", "ask")}
_KINDS: Final = {
    Kind.GTC: "limit, rests (GTC)",
    Kind.IOC: "limit, at once (IOC)",
    Kind.FOK: "limit, all or none (FOK)",
    Kind.COLLAR: "market: IOC at collar",
}
_UNITS: Final = {
    SizeBy.FREE_PERCENT: "% of free capital",
    SizeBy.EQUITY_PERCENT: "% of equity",
    SizeBy.RISK_PERCENT: "% of equity at risk",
    SizeBy.VOLATILITY_TARGET: "% a year (volatility)",
}
_VERDICTS: Final = {
    CardVerdict.APPROVED: ("✓ the gate would let it pass", "ok"),
    CardVerdict.ASKED: ("? the gate", "warning"),
    CardVerdict.DENIED: ("✕ the gate would refuse:", "danger"),
    CardVerdict.UNCLEAR: ("…", "info"),
}
_FIRST: Final = 4
"""Numbers that stand before the tightest limit."""
_HIGH: Final = 0.8
_ROOMY: Final = 44
_USE_CELLS: Final = 28
_TITLE_CELLS: Final = 12
_SHORT_TITLE: Final = 7
_FAR_PCT: Final = 500.0


class TicketState(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the ticket shows at one moment."""

    form: Form
    card: TicketView | None
    missing: str = ""
    """What the form lacks, by its own word."""
    note: str = ""
    note_role: str = "info"
    is_old: bool = False
    """The card is older than it may be when Enter is pressed."""
    is_focused: bool = True


def ticket_rows(state: TicketState, width: int, height: int, palette: Palette) -> Block:
    """Draw form and card, side by side or one over the other, and the note below."""
    notes = _note(state, width, palette)
    room = max(0, height - len(notes))
    if width >= BESIDE_FROM:
        form = form_rows(state, _FORM_CELLS, palette)
        card = card_rows(state, width - _FORM_CELLS - 2, palette)
        body = beside(
            tall(form, _FORM_CELLS, room, palette),
            tall(card, width - _FORM_CELLS - 2, room, palette),
            palette,
        )
    else:
        body = tall(
            [*form_rows(state, width, palette), *card_rows(state, width, palette)],
            width, room, palette,
        )  # fmt: skip
    return [*body, *notes][:height]


def _note(state: TicketState, width: int, palette: Palette) -> Block:
    """Draw the newest word of the engine, or the keys."""
    if state.note:
        lines = wrapped(clean(state.note), width, _MOST_TEXT)
        return [row_of([(line, state.note_role)], width, palette) for line in lines]
    keys = "↑↓ line  ←→ change  b s side  u unit  m market  ⏎ send  esc close"
    if width < len(keys):
        keys = "↑↓ ←→  b s  u m p r  ⏎ send  esc"
    return [row_of([(keys, "faint")], width, palette)]


# ---- the form ------------------------------------------------------------------------------------


def form_rows(state: TicketState, width: int, palette: Palette) -> Block:
    """Draw the lines of the form; the one with the cursor is marked by an arrow and its ground."""
    return [_line(state, line, width, palette) for line in LINES]


def _line(state: TicketState, line: Line, width: int, palette: Palette) -> Runs:
    is_here = line is state.form.line
    ground = "cursor" if is_here and state.is_focused else "panel"
    text, role = _value(state, line)
    caret = "_" if is_here and state.is_focused and line in TYPED else ""
    name = ("▸ " if is_here else "  ") + fit(line, _NAME_CELLS - 2)
    return (
        (name, palette.style("accent" if is_here else "muted", ground)),
        (
            fit(text + caret, max(0, width - _NAME_CELLS)),
            palette.style(role, ground, bold=line is Line.SIDE),
        ),
    )


def _value(state: TicketState, line: Line) -> Cell:
    form, card = state.form, state.card
    if line is Line.SIDE:
        return SIDE_MARK[form.side]
    if line is Line.SIZE:
        return f"{form.size or NOTHING} {_unit(form, card)}", "text"
    if line is Line.PRICE:
        return _price(form, card)
    if line is Line.KIND:
        return _KINDS[form.kind], "warning" if form.kind is Kind.COLLAR else "text_soft"
    if line in TYPED:
        text, word = (form.take, "take-profit") if line is Line.TAKE else (form.stop, "stop-loss")
        return (text, "text") if text else (f"{NOTHING} no {word}", "muted")
    is_on = form.post_only if line is Line.POST else form.reduce_only
    word = "maker or nothing" if line is Line.POST else "may only shrink"
    return (f"● yes, {word}", "accent") if is_on else ("○ no", "muted")


def _price(form: Form, card: TicketView | None) -> Cell:
    if form.kind is not Kind.COLLAR:
        return form.price or NOTHING, "text"
    shown = card.limit_price if card is not None and card.limit_price else NOTHING
    return f"{shown} collar", "warning"


def _unit(form: Form, card: TicketView | None) -> str:
    if form.size_by is SizeBy.BASE:
        return clean(card.base, 8) if card is not None else ""
    if form.size_by is SizeBy.QUOTE:
        return clean(card.quote, 8) if card is not None else "quote"
    if form.size_by is SizeBy.FREE_PERCENT and form.reduce_only:
        return "% of the position"
    return _UNITS[form.size_by]


# ---- the card ------------------------------------------------------------------------------------


def card_rows(state: TicketState, width: int, palette: Palette) -> Block:
    """Draw verdict, order, cost, what comes after, and every limit with its use."""
    card = state.card
    if state.missing or card is None:
        text = state.missing or "asking the engine…"
        return [*_touch(card, width, palette), row_of([(f"… {text}", "info")], width, palette)]
    rows = [*_verdict(state, card, width, palette), *_touch(card, width, palette)]
    if card.verdict is CardVerdict.UNCLEAR:
        return rows
    ink = "stale" if state.is_old else "text"
    numbers = [row_of(cells, width, palette) for cells in _numbers(card, ink)]
    tightest = sorted(card.uses, key=lambda use: -use.fraction)
    limits = [_use(use, width, palette) for use in tightest]
    return [*rows, *numbers[:_FIRST], *limits[:1], *numbers[_FIRST:], *limits[1:]]


def _verdict(state: TicketState, card: TicketView, width: int, palette: Palette) -> Block:
    if state.is_old:
        return [row_of([("◍ this card is old; a new one comes", "warning")], width, palette)]
    words, role = _VERDICTS[card.verdict]
    rule = f" {card.rule}" if card.verdict is CardVerdict.DENIED else ""
    text = f"{words}{rule} {clean(card.text)}".rstrip()
    return [row_of([(line, role)], width, palette) for line in wrapped(text, width, _MOST_TEXT)]


def _touch(card: TicketView | None, width: int, palette: Palette) -> Block:
    if card is None:
        return [blank(width, palette)]
    cells = [
        ("bid ", "muted"), (card.best_bid or NOTHING, "bid"),
        ("  ask ", "muted"), (card.best_ask or NOTHING, "ask"),
        (f"  tick {card.tick}", "faint"),
    ]  # fmt: skip
    return [row_of(cells, width, palette)]


def _numbers(card: TicketView, ink: str) -> list[list[Cell]]:
    mark, role = SIDE_MARK[card.side]
    bound = [(f" · bound by {card.bound_by}", "warning")] if card.bound_by else []
    takes: list[Cell] = [("rests, takes nothing now", ink)]
    if card.vwap is not None:
        takes = [
            (f"{card.taken} at {card.vwap}", ink),
            (f" · {card.slippage_bps or NOTHING} bps", "muted"),
        ]
    quote = clean(card.quote, 8)
    stop = f" · stop -{money_text(card.loss_at_stop)}" if card.loss_at_stop else ""
    liquidation, away = _liquidation(card)
    lines: list[tuple[str, list[Cell]]] = [
        ("order", [(f"{mark} {card.quantity}", role), (f" at {card.limit_price}", ink), *bound]),
        ("worth", [(money_text(card.notional), ink),
                   (f" · fee {money_text(card.fee)} {quote}", "muted")]),
        ("takes", takes),
        ("position", [(f"{card.position_before} → {card.position_after}", ink)]),
        ("liq ≈", [(liquidation, ink), (away, "muted")]),
        ("worst", [(money_text(card.worst_case), ink), (stop, "loss")]),
        ("margin", [(f"{money_text(card.margin_before)} → {money_text(card.margin_after)}", ink)]),
        ("free", [(f"{money_text(card.free_before)} → {money_text(card.free_after)}", ink)]),
    ]  # fmt: skip
    return [[(fit(name, 9), "muted"), *cells] for name, cells in lines]


def _liquidation(card: TicketView) -> tuple[str, str]:
    """Return price and distance; one further away than the price itself says nothing."""
    distance = card.liquidation_distance
    if distance is None:
        return NOTHING, ""
    if card.liquidation_price is None or float(distance) > _FAR_PCT:
        return "far", f" · more than {min(float(distance), _FAR_PCT):.0f} % away"
    return card.liquidation_price, f" · {distance} % away"


def _use(use: LimitUse, width: int, palette: Palette) -> Runs:
    """Draw a limit: rule, name, before and after, the limit, and a bar."""
    over = use.fraction > 1
    role = "danger" if over else "warning" if use.fraction > _HIGH else "text_soft"
    if use.rule == "R25":
        role = "warning" if over else "text_soft"
    text = f"{_whole(use.before)}→{_whole(use.after)} / {_whole(use.limit)}"
    bar = max(0, min(12, width - 46))
    title = _TITLE_CELLS if width >= _ROOMY else _SHORT_TITLE
    cells: list[Cell] = [
        (f"{use.rule} ", "faint"),
        (fit(use.title, title - 1) + " ", "muted"),
        (fit_right(text, min(_USE_CELLS, max(10, width - 10 - title - bar))), role),
        (fit_right(f"{min(9.99, use.fraction):.0%}", 6), role),
    ]
    if bar:
        cells.append((" " + gauge_text(use.fraction, bar - 1)[0], role))
    return row_of(cells, width, palette)


def _whole(amount: str) -> str:
    return money_text(amount, 0)
