"""Whatever comes from outside is text: never markup, never control codes, never too wide."""

import msgspec
import pytest
from rich.cells import cell_len

from core.domain.facts import Noted
from core.domain.ids import InstrumentId
from core.domain.views import StrategiesView
from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import flying
from tui.render.text import clean, fit, fit_center, fit_right, wrapped

HOSTILE = "[bold red]X[/] [/nope] \x1b[31mred \u202eevil \x07 漢字 e\u0301 [@click=app.quit]y[/]"


@pytest.mark.parametrize("text", [HOSTILE, "\x00", "\u200b\u2066a", "\udc80", "a\nb\tc", ""])
def test_clean_leaves_nothing_that_hides(text: str) -> None:
    """Control, format, bidi, surrogate and combining characters are gone."""
    cleaned = clean(text)
    assert all(char.isprintable() for char in cleaned)
    assert "\x1b" not in cleaned
    assert "\u202e" not in cleaned


@pytest.mark.parametrize("width", [0, 1, 2, 3, 7, 40])
@pytest.mark.parametrize("text", ["", "a", "漢字漢字", clean(HOSTILE)])
def test_fitting_gives_exactly_the_cells_asked_for(text: str, width: int) -> None:
    """Left, right and centre, wide characters and cuts alike."""
    for place in (fit, fit_right, fit_center):
        assert cell_len(place(text, width)) == width


def test_wrapped_lines_are_never_wider_than_asked() -> None:
    """Long words are cut, long texts end in an ellipsis."""
    lines = wrapped("one " * 40 + "x" * 100, 17, 3)
    assert len(lines) == 3
    assert all(cell_len(line) <= 17 for line in lines)


async def test_hostile_names_are_drawn_as_they_are() -> None:
    """Symbols, alerts, strategies, notes and replay texts cannot style, end or steer the app."""
    link = FakeLink()
    name = InstrumentId(f"al{HOSTILE}:{HOSTILE}")
    link.markets[name] = link.markets[link.watched[0]]
    link.watched.insert(0, name)
    link.replay = HOSTILE
    alert = msgspec.structs.replace(big_order_alert(link), title=HOSTILE, cause=HOSTILE)
    async with flying(link) as flight:
        strategies = link.view("strategies")
        assert isinstance(strategies, StrategiesView)
        rows = tuple(
            msgspec.structs.replace(row, title=HOSTILE, last_decision=HOSTILE, position=HOSTILE)
            for row in strategies.rows
        )
        flight.panes.strategies.show(StrategiesView(rows=rows))
        link.add_fact(Noted(at=link.at + 10**9, level="error", text=HOSTILE))
        link.raise_alert(alert)
        link.advance(1000)
        await flight.draw(2)

        text = flight.screen_text
        assert "[bold red]X[/]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        strips = flight.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {120}
