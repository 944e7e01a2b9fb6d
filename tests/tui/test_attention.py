"""Bell and terminal notification: for grave alerts, once each, and never a way out of the text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.alert import Severity
from core.domain.views import AlertsView, OpenAlert
from core.runtime.config import Attention
from tests.tui.fake_link import FakeLink
from tests.tui.fake_risk import alert
from tests.tui.flight import flying
from tui.screens.alarm import Alarm
from tui.screens.output import attention_bytes, call_attention


def _view(*severities: Severity) -> AlertsView:
    rows = (alert(n, severity, f"Title {n}") for n, severity in enumerate(severities, start=1))
    return AlertsView(
        open=tuple(OpenAlert(alert=each, remaining_ms=None, repeats=1) for each in rows)
    )


def test_grave_alerts_ring_once_while_they_are_open() -> None:
    """Raised again after they ended, they ring again; others never do."""
    rung: list[str] = []
    alarm = Alarm(rung.append)

    alarm.take(_view(Severity.CRITICAL, Severity.INFO, Severity.WARNING))
    alarm.take(_view(Severity.CRITICAL, Severity.INFO))
    assert rung == ["CRITICAL: Title 1"]
    alarm.take(_view(Severity.CRITICAL, Severity.EMERGENCY, Severity.CRITICAL))
    assert rung[1:] == ["EMERGENCY: Title 2 (and 1 more)"]
    alarm.take(_view())
    alarm.take(_view(Severity.CRITICAL))
    assert len(rung) == 3


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (Attention.NONE, ""),
        (Attention.BELL, "\a"),
        (Attention.OSC9, "\x1b]9;Wingman hello\x1b\\"),
        (Attention.BOTH, "\x1b]9;Wingman hello\x1b\\\a"),
    ],
)
def test_what_the_terminal_is_told(kind: Attention, sent: str) -> None:
    """Exactly one sequence, exactly one bell."""
    assert attention_bytes("hello", kind) == sent


@given(text=st.text(max_size=300))
def test_no_text_ends_the_sequence_or_begins_another(text: str) -> None:
    """Whatever an alert says: one start, one end, between them only what can be seen."""
    sent = attention_bytes(text, Attention.OSC9)

    assert sent.startswith("\x1b]9;Wingman ")
    assert sent.endswith("\x1b\\")
    inside = sent[len("\x1b]9;") : -2]
    assert all(ord(char) >= 32 and not 0x7F <= ord(char) <= 0x9F for char in inside)
    assert len(inside) <= 128


class Driver:
    """A terminal that remembers."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        """Take text."""
        self.written.append(text)

    def flush(self) -> None:
        """Do nothing."""


def test_nothing_is_written_without_a_terminal_or_a_wish() -> None:
    """Headless, or none chosen: silence."""

    class App:
        is_headless = True
        _driver = Driver()

    app: Any = App()
    call_attention(app, "x", Attention.BOTH)
    app.is_headless = False
    call_attention(app, "x", Attention.NONE)
    assert app._driver.written == []
    call_attention(app, "x", Attention.BELL)
    assert app._driver.written == ["\a"]


async def test_a_cockpit_rings_for_a_grave_alert_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many frames show it."""
    rung: list[str] = []
    monkeypatch.setattr("tui.app.call_attention", lambda _app, text, _kind: rung.append(text))
    link = FakeLink()
    async with flying(link) as flight:
        link.raise_alert(alert(1, Severity.WARNING, "Calm"))
        link.raise_alert(alert(2, Severity.CRITICAL, "Grave [b]one[/b]"))
        await flight.draw(3)

    assert rung == ["CRITICAL: Grave [b]one[/b]"]
