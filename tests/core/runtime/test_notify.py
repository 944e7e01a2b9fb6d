"""Telling a person off the box: what calls, once, with a deadline, and nothing secret told."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from core.domain.alert import Alert, AlertOption, Severity
from core.domain.effects import CallPerson
from core.domain.errors import ConfigError
from core.domain.facts import AlertRaised
from core.domain.ids import AlertId
from core.domain.reaction import Reaction
from core.runtime.config import Config, NotifyConfig
from core.runtime.notify import MOST_HANGING, MOST_WAITING, Notifier, delivering, plain
from tests.core.runtime.rig import Rig

CALL = CallPerson(title="Wingman CRITICAL: x", text="y")


def _raised(rig: Rig, severity: Severity, number: int = 1) -> list[CallPerson]:
    """Raise an alert on a Desk and return the calls it led to."""
    alert = Alert(
        alert_id=AlertId(f"a{number}"), severity=severity, scope="account",
        title=f"Something {number}", cause="It happened.", numbers=(), safe_default="ok",
        options=(AlertOption(key="ok", label="OK", effect="Nothing."),), raised_at=rig.at,
    )  # fmt: skip
    effects: list[object] = []
    fact = AlertRaised(at=rig.at, alert=alert)
    rig.engine.desk.absorb(Reaction((fact,)), rig.at, effects)  # type: ignore[arg-type]
    return [effect for effect in effects if isinstance(effect, CallPerson)]


@pytest.mark.parametrize(
    ("severity", "calls"),
    [
        (Severity.INFO, 0), (Severity.WARNING, 0), (Severity.CRITICAL, 1), (Severity.EMERGENCY, 1),
    ],
)  # fmt: skip
def test_grave_alerts_call_and_others_do_not(severity: Severity, calls: int) -> None:
    """With the words of the alert alone."""
    found = _raised(Rig(), severity)

    assert len(found) == calls
    for call in found:
        assert call.title == f"Wingman {severity.upper()}: Something 1"
        assert call.text == "It happened."


def test_an_alert_that_repeats_calls_once() -> None:
    """Raised again while it is open, nobody is called again; another alert calls."""
    rig = Rig()

    assert len(_raised(rig, Severity.CRITICAL)) == 1
    assert _raised(rig, Severity.CRITICAL) == []
    assert len(_raised(rig, Severity.CRITICAL, 2)) == 1


class Service:
    """A service that answers as told and remembers."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.told: list[tuple[str, str]] = []

    def __call__(self, title: str, text: str) -> bool:
        """Take one message."""
        self.told.append((title, text))
        return self.answers.pop(0) if self.answers else True


async def _until(seen: list[object] | list[tuple[str, str]], count: int) -> None:
    async with asyncio.timeout(5):
        while len(seen) < count:  # noqa: ASYNC110  a list of another thread has no event
            await asyncio.sleep(0.005)


async def test_a_message_is_cleaned_and_cut() -> None:
    """No control character of an alert's text reaches a service."""
    service = Service()
    notifier = Notifier(service)
    task = asyncio.create_task(notifier.run())

    notifier.call(CallPerson(title="bad\x1b]9;x\x07", text="line\n" + "z" * 900))
    await _until(service.told, 1)
    task.cancel()

    title, text = service.told[0]
    assert title == "bad ]9;x "
    assert text.isprintable()
    assert len(text) == 500


async def test_what_was_refused_is_tried_once_more() -> None:
    """Then it is given up, and the next goes out."""
    service = Service(False, False, True)
    notifier = Notifier(service)
    notifier.again_secs = 0.0
    task = asyncio.create_task(notifier.run())

    notifier.call(CALL)
    notifier.call(CallPerson(title="second", text=""))
    await _until(service.told, 3)
    task.cancel()

    assert [title for title, _ in service.told] == [CALL.title, CALL.title, "second"]


async def test_a_service_that_raises_ends_nothing() -> None:
    """Whatever its library raises, the next message goes out."""
    told: list[tuple[str, str]] = []

    def deliver(title: str, text: str) -> bool:
        told.append((title, text))
        raise RuntimeError("https://secret@service")

    notifier = Notifier(deliver)
    notifier.again_secs = 0.0
    task = asyncio.create_task(notifier.run())
    notifier.call(CALL)
    notifier.call(CALL)
    await _until(told, 4)
    assert not task.done()
    task.cancel()


async def test_services_that_hang_are_left_behind_their_deadline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A few hanging threads at most; then nothing more is started."""
    release, started = threading.Event(), []

    def deliver(title: str, text: str) -> bool:
        started.append((title, text))
        return release.wait(10)

    notifier = Notifier(deliver, deadline_secs=0.01)
    notifier.again_secs = 0.0
    task = asyncio.create_task(notifier.run())
    with caplog.at_level(logging.ERROR):
        for _ in range(4):
            notifier.call(CALL)
        async with asyncio.timeout(5):
            while "notify.services_hang" not in caplog.text:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.005)
    assert len(started) == MOST_HANGING
    release.set()
    task.cancel()


async def test_a_flood_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond what may wait it is dropped, and logged."""
    notifier = Notifier(Service())
    with caplog.at_level(logging.ERROR):
        for _ in range(MOST_WAITING + 3):
            notifier.call(CALL)

    assert caplog.text.count("notify.dropped") == 3


@pytest.mark.filterwarnings("ignore")
def test_an_address_that_is_wrong_is_named_by_its_place_alone() -> None:
    """It holds a secret."""
    pytest.importorskip("apprise")

    with pytest.raises(ConfigError, match="entry 2") as wrong:
        delivering(("json://127.0.0.1:9/", "nope://token-of-mine"))
    assert "token-of-mine" not in str(wrong.value)


def test_addresses_are_not_shown() -> None:
    """Neither by the section nor by the whole configuration."""
    section = NotifyConfig(urls=("json://user:secret@127.0.0.1/",))

    assert "secret" not in repr(section)
    assert "secret" not in repr(Config(notify=section))
    assert msgspec.convert({"urls": ["json://x/"]}, NotifyConfig).urls == ("json://x/",)


@pytest.fixture
def listener() -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A service on this machine that remembers what it was posted."""
    posted: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append(msgspec.json.decode(body, type=dict))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, posted
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.filterwarnings("ignore")
def test_the_library_delivers_title_and_text(
    listener: tuple[int, list[dict[str, str]]],
) -> None:
    """To a service of ours on this machine; markup of the text is data."""
    pytest.importorskip("apprise")
    port, posted = listener

    assert delivering((f"json://127.0.0.1:{port}/",))("Wingman CRITICAL: x", "a <b>cause</b>")

    assert posted[0]["title"] == "Wingman CRITICAL: x"
    assert posted[0]["message"] == "a <b>cause</b>"


def test_plain_text_is_printable_and_short() -> None:
    """Whatever comes in."""
    assert plain("\x00a\u202eb\u2028c", 10) == " a b c"
