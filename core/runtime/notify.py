"""Telling a person off the box: the text of grave alerts, through `apprise`, an optional extra.

What is told is decided in the Desk (`Calls`), sent by a worker of the engine's process. It never
waits for the disk: an alert about a journal that cannot be written has to leave as well. A message
has a deadline and one try more; what hangs is left to a thread that ends with the process.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from core.domain.alert import Severity
from core.domain.effects import CallPerson
from core.domain.errors import ConfigError
from core.domain.facts import AlertRaised
from core.domain.reaction import NOTHING, Reaction
from core.risk.room import RiskRoom

log = logging.getLogger(__name__)
GRAVE: Final = frozenset({Severity.CRITICAL, Severity.EMERGENCY})
DEADLINE_SECS: Final = 15.0
AGAIN_SECS: Final = 5.0
MOST_WAITING: Final = 20
MOST_HANGING: Final = 3
_TITLE_CHARS, _TEXT_CHARS = 120, 500
Deliver = Callable[[str, str], bool]
"""Takes title and text; blocks; False when a service refused."""


class Calls:
    """Decides in the Desk which alerts call a person: grave ones, when they are raised first."""

    def __init__(self, risk: RiskRoom) -> None:
        self._risk = risk

    def reactors(self) -> dict[type, Callable[[Any, int], Reaction]]:
        """Return what follows from an alert."""
        return {AlertRaised: self.on_raised}

    def on_raised(self, fact: AlertRaised, _at: int) -> Reaction:
        """Call once; repeats of an open alert call nobody again."""
        alert = fact.alert
        record = self._risk.alerts.find(alert.alert_id)
        if alert.severity not in GRAVE or record is None or record.repeats > 1:
            return NOTHING
        title = f"Wingman {alert.severity.upper()}: {alert.title}"
        return Reaction((), (CallPerson(title=title, text=alert.cause),))


class Notifier:
    """Sends calls one after the other; `run()` is a task of the engine's process."""

    def __init__(self, deliver: Deliver, *, deadline_secs: float = DEADLINE_SECS) -> None:
        self._deliver = deliver
        self._deadline_secs = deadline_secs
        self._waiting: asyncio.Queue[CallPerson] = asyncio.Queue(MOST_WAITING)
        self._hanging: list[threading.Thread] = []
        self.again_secs = AGAIN_SECS

    def call(self, effect: CallPerson) -> None:
        """Take a call; beyond what may wait it is dropped and logged."""
        try:
            self._waiting.put_nowait(effect)
        except asyncio.QueueFull:
            log.error("notify.dropped", extra={"title": effect.title})  # noqa: TRY400  as below

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            effect = await self._waiting.get()
            if not await self._sent(effect):
                await asyncio.sleep(self.again_secs)
                await self._sent(effect)

    async def _sent(self, effect: CallPerson) -> bool:
        self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if len(self._hanging) >= MOST_HANGING:
            log.error("notify.services_hang", extra={"title": effect.title})
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        thread = self._started(plain(effect.title, _TITLE_CHARS), plain(effect.text), done)
        try:
            async with asyncio.timeout(self._deadline_secs):
                is_sent = await done
        except TimeoutError:
            self._hanging.append(thread)
            log.error("notify.timeout", extra={"title": effect.title})  # noqa: TRY400  no traceback says more
            return False
        if not is_sent:
            log.error("notify.not_sent", extra={"title": effect.title})
        return is_sent

    def _started(self, title: str, text: str, done: "asyncio.Future[bool]") -> threading.Thread:
        loop = asyncio.get_running_loop()

        def settle(is_sent: bool) -> None:  # noqa: FBT001  called by the loop, by place
            if not done.done():
                done.set_result(is_sent)

        def work() -> None:
            try:
                is_sent = self._deliver(title, text)
            except Exception:  # noqa: BLE001  a service's library may raise anything, with secrets
                is_sent = False
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, is_sent)

        thread = threading.Thread(target=work, name="notify", daemon=True)
        thread.start()
        return thread


def delivering(urls: tuple[str, ...]) -> Deliver:
    """Return what sends to these services.

    Raises:
        ConfigError: without the extra, or for an address it does not know; the address itself,
            which holds a secret, is never repeated.
    """
    try:
        import apprise  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise ConfigError(
            "notify.urls needs an extra", str(error), "Run: pip install wingman-cockpit[notify]"
        ) from error
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would log addresses
    services = apprise.Apprise()
    for place, url in enumerate(urls, start=1):
        if not services.add(url):
            raise ConfigError(
                "notify.urls is not valid", f"entry {place}", "Write it as apprise documents it"
            )

    def deliver(title: str, text: str) -> bool:
        return bool(services.notify(title=title, body=text, body_format="text"))

    return deliver


def plain(text: str, most: int = _TEXT_CHARS) -> str:
    """Return printable text alone, cut: nothing that a service would act on."""
    return "".join(char if char.isprintable() else " " for char in text[:most])
