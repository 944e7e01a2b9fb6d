"""The panes of the risk and journal rooms: what stands in them, and what keys do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from core.domain.alert import Severity
from core.domain.facts import Noted
from core.domain.views import AlertsView, ShownFact
from tests.tui import fake_risk
from tests.tui.risk_stage import PANES, RiskStage
from tui.render.limits import limit_text, mark_of, number_text, share_text
from tui.widgets.decisions import HELD
from tui.widgets.messages import AlertChosen, AlertWanted, LimitChosen

SIZES = [(78, 20), (40, 12), (60, 16), (120, 40), (24, 6), (200, 56)]


@asynccontextmanager
async def staged(
    name: str, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[RiskStage, Any, Pilot[None]]]:
    """Put a pane on a stage, filled."""
    stage = RiskStage(name)
    async with stage.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.pause()
        yield stage, stage.pane, pilot


@pytest.mark.parametrize("name", list(PANES))
async def test_every_row_is_exactly_as_wide_as_the_pane(name: str) -> None:
    """At any size, in any script, with hostile text: no row spills, none is short."""
    async with staged(name) as (_, pane, pilot):
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await pilot.press("enter", "down")
            assert pane.size == (width, height)
            for row in range(height):
                strip = pane.render_line(row)
                assert strip.cell_length == width
                assert not any(ord(c) < 32 or c in "\x7f\x9b\u202e" for c in strip.text)


# ---- limits --------------------------------------------------------------------------------------


async def test_limits_say_how_many_are_near_and_reached() -> None:
    """From four fifths a limit warns, at the whole it is reached."""
    async with staged("limits") as (_, pane, _pilot):
        text = pane.all_text
        assert "■ 1 reached" in text
        assert "! 2 near" in text
        assert "86%!" in text


async def test_enter_asks_to_change_the_limit_under_the_cursor() -> None:
    """The row's limit, also when the nearest stand first."""
    async with staged("limits") as (stage, _pane, pilot):
        await pilot.press("down", "enter", "s", "enter")
        names = [m.name for m in stage.told if isinstance(m, LimitChosen)]
        assert names == ["risk.max_order_equity_pct", "risk.max_losing_round_trips"]


async def test_the_cursor_stays_on_its_limit_when_the_order_moves() -> None:
    """New numbers do not put another limit under a person's cursor."""
    async with staged("limits") as (_, pane, pilot):
        await pilot.press("s", "down")
        held = pane.item.name
        view = fake_risk.tightened()
        rows = tuple(
            msgspec.structs.replace(r, fraction=2.0) if r.name == "risk.max_leverage" else r
            for r in view.rows
        )
        pane.show(msgspec.structs.replace(view, rows=rows))
        assert pane.item.name == held
        assert pane.items[0].name == "risk.max_leverage"


def test_a_limit_changed_since_the_file_was_read_is_marked() -> None:
    """A star, and in the detail what the file says."""
    row = next(r for r in fake_risk.tightened().rows if r.name == "risk.max_leverage")

    assert mark_of(row) == "*"
    assert limit_text(row) == "1.50 x" or limit_text(row) == "1.5 x"


@pytest.mark.parametrize(
    ("text", "unit", "shown"),
    [
        ("2119.20", "USDC", "2,119"), ("17.5", "USDC", "17.50"), ("0.61", "x", "0.61"),
        ("29577.4", "x", ">999"), ("143", "ms", "143"), ("3600000", "ms", "3,600,000"),
        ("all", "", "all"), (None, "%", "—"),
    ],
)  # fmt: skip
def test_numbers_of_limits(text: str | None, unit: str, shown: str) -> None:
    """Large ones without cents, huge multiples cut, words as they are."""
    assert number_text(text, unit) == shown


def test_shares_warn_from_four_fifths() -> None:
    """The mark stands beside the number, so that colour is not the only sign."""
    assert [share_text(f).strip() for f in (None, 0.794, 0.8, 1.25, 9.99)] == [
        "—", "79%", "80%!", "125%!", ">999%!",
    ]  # fmt: skip


# ---- holds ---------------------------------------------------------------------------------------


async def test_holds_say_who_may_lift_them_and_how() -> None:
    """The hold under the cursor tells its cause and its way out."""
    async with staged("holds", (90, 20)) as (_, pane, pilot):
        assert "You lift it: resume: r, from 00:00 UTC on" in pane.all_text
        await pilot.press("down")
        assert "Ends by itself once ledger and venue match" in pane.all_text
        assert "▼ REDUCING" in pane.all_text


# ---- alerts --------------------------------------------------------------------------------------


async def test_the_queue_shows_open_alerts_and_who_answered_what() -> None:
    """Open ones with their countdown first, ended ones with their end, newest first."""
    async with staged("alert-queue", (120, 20)) as (_, pane, _pilot):
        text = pane.all_text
        assert "EMERGENCY    0:28" in text
        assert "Deny by cockpit-2 after 6s" in text
        assert "expired after 18s: Stay reducing" in text
        assert "void after 30s: the market moved" in text
        assert "3 held · older ones: wingman export" in text


async def test_enter_wants_the_sheet_and_x_acknowledges_only_what_was_told() -> None:
    """What asks is answered on its sheet, never by a key of the queue."""
    async with staged("alert-queue") as (stage, _pane, pilot):
        await pilot.press("enter", "down", "x", "down", "down", "x")
        wanted = [m.alert_id for m in stage.told if isinstance(m, AlertWanted)]
        chosen = [(m.alert_id, m.option) for m in stage.told if isinstance(m, AlertChosen)]
        assert wanted == ["alert-1", "alert-2"]
        assert chosen == [("alert-4", "ack")]


async def test_the_severity_filter_leaves_what_is_at_least_as_bad() -> None:
    """Round by w."""
    async with staged("alert-queue") as (_, pane, pilot):
        counts = []
        for _ in range(5):
            counts.append(len(pane.items))
            await pilot.press("w")
        assert counts == [7, 6, 3, 1, 7]


async def test_the_cursor_keeps_its_alert_once_it_left_the_top() -> None:
    """A new alert above does not slip under a person's finger."""
    async with staged("alert-queue") as (_, pane, pilot):
        await pilot.press("down")
        more = fake_risk.alert(9, Severity.EMERGENCY, "Another")
        old = fake_risk.open_alerts().open
        row = msgspec.structs.replace(old[0], alert=more)
        pane.show_open(AlertsView(open=(row, *old)), fake_risk.AT)
        assert pane.item.alert.alert_id == "alert-2"
        await pilot.press("f")
        assert pane.item.alert.alert_id == "alert-9"


# ---- decisions -----------------------------------------------------------------------------------


async def test_decisions_show_verdict_rule_and_numbers_on_enter() -> None:
    """The line in a row, everything it was decided by below."""
    async with staged("decisions", (140, 30)) as (_, pane, pilot):
        assert "DENIED" in pane.all_text
        assert "allowed 20000.00 (3x)" in pane.all_text
        assert "limit_price" not in pane.all_text
        await pilot.press("up", "up", "up", "up", "up", "enter")
        assert "limit_price" in pane.all_text
        assert "141.42" in pane.all_text


async def test_a_filter_is_typed_and_every_word_must_stand_in_the_line() -> None:
    """Strategy, market, code and text are looked in; keys of the pane are letters meanwhile."""
    async with staged("decisions") as (_, pane, pilot):
        await pilot.press("slash", *"sol r12")
        assert [item.code for item in pane.items] == ["R12"]
        assert pane.is_typing
        await pilot.press("enter", "w")
        assert not pane.is_typing
        assert pane.sought == "sol r12"
        await pilot.press("slash", "escape")
        assert pane.sought == ""


async def test_levels_leave_what_went_wrong() -> None:
    """All, what acted, alarms and denials."""
    async with staged("decisions") as (_, pane, pilot):
        counts = [len(pane.items)]
        for _ in range(3):
            await pilot.press("w")
            counts.append(len(pane.items))
        assert counts == [10, 8, 4, 10]


async def test_the_list_follows_until_a_person_goes_up() -> None:
    """Then it stands still, and follows again at the end."""
    async with staged("decisions") as (_, pane, pilot):
        await pilot.press("up", "up")
        held = pane.item
        pane.take([ShownFact(11, Noted(at=fake_risk.AT, level="info", text="new"))])
        assert pane.item == held
        assert not pane.is_following
        await pilot.press("f")
        assert pane.item.text == "new"


async def test_the_journal_says_where_it_ends() -> None:
    """From the start while it is all there; else where older lines are."""
    async with staged("decisions") as (_, pane, _pilot):
        assert "from the start" in pane.all_text
        many = [
            ShownFact(n, Noted(at=fake_risk.AT, level="info", text=f"n{n}"))
            for n in range(11, HELD + 50)
        ]
        pane.take(many)
        assert "2000 lines" in pane.all_text
        assert "older ones: wingman export" in pane.all_text


async def test_a_hole_in_the_facts_is_admitted() -> None:
    """A cockpit attached late has not seen the beginning."""
    stage = RiskStage("decisions", is_bare=True)
    async with stage.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        stage.pane.take([ShownFact(900, Noted(at=fake_risk.AT, level="info", text="late"))])
        assert "older ones: wingman export" in stage.pane.all_text


async def test_facts_seen_twice_are_lines_once() -> None:
    """Frames may overlap."""
    async with staged("decisions") as (_, pane, _pilot):
        pane.take(fake_risk.facts())
        assert len(pane.items) == 10


# ---- log -----------------------------------------------------------------------------------------


async def test_the_log_shows_levels_and_the_whole_line_on_enter() -> None:
    """A traceback below, cleaned."""
    async with staged("log") as (_, pane, pilot):
        assert "whole log: /home/me" in pane.all_text
        await pilot.press("w", "w", "enter")
        assert [line.level for line in pane.items] == ["ERROR"]
        assert "ValueError" in pane.all_text
        assert "\x1b" not in pane.all_text
