"""The alert sheet: one question, live prices behind it, no accidental answer."""

import msgspec
from textual import events

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.commands import AnswerAlert
from core.domain.ids import AlertId
from tests.tui.fake_link import FakeLink, big_order_alert
from tests.tui.flight import Flight, flying


async def _raise(flight: Flight, number: int = 1, *, secs: int = 28) -> None:
    """Open an alert and draw it; the guard is over."""
    flight.link.raise_alert(big_order_alert(flight.link, number, secs=secs))
    await flight.draw(secs=0.1)
    await flight.pilot.pause()
    flight.clock.now += 0.6


async def test_a_new_alert_takes_the_focus_while_prices_stay_live() -> None:
    """The sheet comes up over chart and tape, never over the left ladder, which goes on."""
    async with flying() as flight:
        await _raise(flight)

        sheet, ladder = flight.panes.sheet, flight.panes.ladder_left
        assert flight.app.screen.focused is sheet
        assert not flight.is_asking()
        assert not sheet.region.overlaps(ladder.region)
        before = ladder.all_text
        flight.link.advance(1000, times=20)
        await flight.draw()
        assert ladder.all_text != before


async def test_the_sheet_says_all_it_knows() -> None:
    """Severity, title, cause, numbers with ages, options with effects, default, countdown."""
    async with flying() as flight:
        await _raise(flight)

        text = flight.panes.sheet.all_text
        for part in (
            "! WARNING", "Copy Aurora wants to buy 15.0 SOL", "Leader Aurora bought",
            "2,119.20 USDC", "2s old", "Approve once · adds risk", "Sends the order",
            "Deny · safe default", "without an answer in 0:", "1 of 1",
        ):  # fmt: skip
            assert part in text


async def test_keys_in_the_first_half_second_do_nothing() -> None:
    """A key that was meant for something else is no answer."""
    async with flying() as flight:
        flight.link.raise_alert(big_order_alert(flight.link))
        await flight.draw(secs=0.0)
        flight.clock.now += 0.49
        await flight.pilot.press("a", "d", "enter")
        await flight.settle()
        assert flight.link.commands == []

        flight.clock.now += 0.02
        await flight.pilot.press("d")
        await flight.settle()
        assert flight.link.commands == [AnswerAlert(alert_id=AlertId("alert-1"), option="deny")]


async def test_enter_takes_the_safe_default_and_never_more_risk() -> None:
    """The cursor starts on the safe default and cannot reach an option that adds risk."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("up", "up", "up", "enter")
        await flight.settle()

        assert flight.link.commands == [AnswerAlert(alert_id=AlertId("alert-1"), option="deny")]


async def test_an_option_that_adds_risk_needs_its_own_key() -> None:
    """Approving is the option's letter, and is sent once."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("a", "a")
        await flight.settle()

        assert flight.link.commands == [AnswerAlert(alert_id=AlertId("alert-1"), option="approve")]


async def test_the_receipt_is_shown_before_the_sheet_goes() -> None:
    """After the answer the engine's words stay for a moment."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("p")
        await flight.settle()
        await flight.draw(secs=0.1)
        assert "Answered: pause: done, effect 42" in flight.panes.sheet.all_text

        flight.link.advance(4_000)
        await flight.draw(2, secs=4.0)
        assert not flight.is_shown("sheet")
        assert flight.focused == "watchlist"


async def test_escape_hides_and_answers_nothing() -> None:
    """The countdown runs on in the alerts line; ! brings the sheet back."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("escape")
        await flight.settle()

        assert flight.link.commands == []
        assert not flight.is_shown("sheet")
        assert "0:28" in flight.panes.alert_line.row_text(0)
        assert "! opens it" in flight.panes.alert_line.row_text(0)
        flight.link.advance(5_000)
        await flight.draw()
        assert "0:23" in flight.panes.alert_line.row_text(0)

        await flight.pilot.press("exclamation_mark")
        await flight.settle()
        assert flight.focused == "sheet"


async def test_f2_brings_the_sheet_back_too() -> None:
    """F2 is the same as the exclamation mark."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("escape")
        await flight.settle()
        await flight.pilot.press("f2")
        await flight.settle()

        assert flight.is_shown("sheet")


async def test_pasted_text_is_refused() -> None:
    """A paste is never an answer, and the sheet says so."""
    async with flying() as flight:
        await _raise(flight)
        flight.panes.sheet.post_message(events.Paste("a"))
        await flight.settle()

        assert flight.link.commands == []
        assert "pasted text is refused" in flight.panes.sheet.all_text


async def test_keys_of_the_panes_do_not_reach_through_the_sheet() -> None:
    """Digits and letters that are no option switch nothing behind the sheet."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("1", "x", "t", "q", "backspace")
        await flight.settle()

        assert flight.link.commands == []
        assert flight.app.theme == "wingman-dark"
        assert not flight.is_asking()


async def test_stop_all_works_above_the_sheet() -> None:
    """ctrl+k is never swallowed."""
    async with flying() as flight:
        await _raise(flight)
        await flight.pilot.press("ctrl+k")
        await flight.pilot.pause()

        assert flight.is_asking()


async def test_several_alerts_stand_in_a_queue() -> None:
    """The first stays on the sheet; its place and the count are shown."""
    async with flying() as flight:
        await _raise(flight, 1)
        await _raise(flight, 2)
        await _raise(flight, 3)
        assert "1 of 3" in flight.panes.sheet.row_text(0)
        assert "+2 more" in flight.panes.alert_line.row_text(0)

        await flight.pilot.press("d")
        await flight.settle()
        await flight.draw(secs=4.0)
        flight.link.advance(1_000)
        await flight.draw(secs=4.0)
        assert "1 of 2" in flight.panes.sheet.row_text(0)


async def test_the_next_alert_is_guarded_too() -> None:
    """A second key meant for the first alert does not answer the second."""
    async with flying() as flight:
        await _raise(flight, 1)
        await _raise(flight, 2)
        await flight.pilot.press("d")
        await flight.settle()
        await flight.draw(secs=0.1)
        await flight.pilot.press("enter", "d", "d")
        await flight.settle()

        assert len(flight.link.commands) == 1


async def test_an_expired_alert_takes_its_sheet_along() -> None:
    """When the engine ends the alert, the sheet goes and the line says how it ended."""
    async with flying() as flight:
        await _raise(flight)
        flight.link.end_alerts("denied by default after 30 s")
        await flight.draw()

        assert not flight.is_shown("sheet")
        assert "denied by default after 30 s" in flight.panes.alert_line.row_text(0)


async def test_a_hard_block_has_no_approving_option() -> None:
    """Only what the alert offers can be chosen; letters of nothing do nothing."""
    link = FakeLink()
    async with flying(link) as flight:
        alert = msgspec.structs.replace(
            big_order_alert(link),
            severity=Severity.EMERGENCY,
            options=(AlertOption(key="ack", label="Acknowledge", effect="Closes this alert."),),
            safe_default="ack",
            deadline=None,
        )
        link.raise_alert(alert)
        await flight.draw()
        flight.clock.now += 1
        assert "!!! EMERGENCY" in flight.panes.sheet.row_text(0)
        assert "no deadline" in flight.panes.sheet.all_text
        await flight.pilot.press("y", "d")
        await flight.settle()
        assert link.commands == []


async def test_an_alert_closes_dialogs_that_ask_nothing() -> None:
    """Help gives way to a question; a confirmation under way does not."""
    async with flying() as flight:
        await flight.press("f1")
        assert flight.is_asking()
        flight.link.raise_alert(big_order_alert(flight.link))
        await flight.draw()
        await flight.pilot.pause()

        assert not flight.is_asking()
        assert flight.is_shown("sheet")


async def test_a_refused_answer_stays_open() -> None:
    """When the engine refuses, the sheet says why and can be answered again."""
    async with flying() as flight:
        await _raise(flight)
        flight.link.refusal = "price moved 14 bps: asked again"
        await flight.pilot.press("a")
        await flight.settle()
        assert "refused: price moved 14 bps" in flight.panes.sheet.all_text

        flight.link.refusal = ""
        await flight.pilot.press("d")
        await flight.settle()
        assert len(flight.link.commands) == 2


def _with_token(alert: Alert, token: str) -> Alert:
    options = tuple(
        msgspec.structs.replace(option, token=token) if option.adds_risk else option
        for option in alert.options
    )
    return msgspec.structs.replace(alert, options=options)


async def test_an_option_with_an_amount_needs_it_typed() -> None:
    """The option's key alone, or a wrong amount, answers nothing; the right one does, once."""
    async with flying() as flight:
        flight.link.raise_alert(_with_token(big_order_alert(flight.link), "2119"))
        await flight.draw(secs=0.1)
        flight.clock.now += 0.6
        await flight.pilot.press("a", "enter", "2", "1", "enter")
        await flight.settle()
        assert flight.link.commands == []
        assert "not 2119" in flight.panes.sheet.all_text

        await flight.pilot.press("2", "1", "1", "8", "backspace", "9", "enter")
        await flight.settle()
        assert flight.link.commands == [
            AnswerAlert(alert_id=AlertId("alert-1"), option="approve", typed="2119")
        ]


async def test_escape_leaves_the_amount_first_and_then_hides() -> None:
    """Giving up an amount keeps the sheet; other options work again."""
    async with flying() as flight:
        flight.link.raise_alert(_with_token(big_order_alert(flight.link), "2119"))
        await flight.draw(secs=0.1)
        flight.clock.now += 0.6
        await flight.pilot.press("a", "2", "escape")
        await flight.settle()
        assert flight.is_shown("sheet")

        await flight.pilot.press("d")
        await flight.settle()
        assert flight.link.commands == [AnswerAlert(alert_id=AlertId("alert-1"), option="deny")]


async def test_a_pasted_amount_is_refused() -> None:
    """An amount is typed key by key; a paste while typing adds nothing."""
    async with flying() as flight:
        flight.link.raise_alert(_with_token(big_order_alert(flight.link), "2119"))
        await flight.draw(secs=0.1)
        flight.clock.now += 0.6
        await flight.pilot.press("a")
        flight.panes.sheet.post_message(events.Paste("2119"))
        await flight.settle()
        await flight.pilot.press("enter")
        await flight.settle()

        assert flight.link.commands == []
