"""Replays recordings through the same codec, inbox and Desk, on the recordings' own clock."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from core.domain.effects import SetPace, WakeAt
from core.domain.errors import ConfigError
from core.domain.events import Body, DepthChanged, Progressed, TimerFired
from core.domain.fixed import unscaled
from core.domain.ids import InstrumentId, VenueId
from core.exchange.own_recording import OwnRecordingDecoder, read_head
from core.exchange.replay import KINDS, FrameDecoder, ReplayDecoder
from core.market.recording import Recording, merged
from core.runtime.clock import VirtualClock
from core.runtime.launch import RecordingChoice
from core.runtime.progress import REPLAY
from core.runtime.shell import Shell

_PEEKED_LINES: Final = 400
_SLICE_SECS: Final = 0.008
_TURN_SECS: Final = 0.01
_NS: Final = 1_000_000_000


class VirtualTimers:
    """Wake-ups on a clock that is moved by hand. Stands in for `Timers`."""

    def __init__(self) -> None:
        self._wakes: dict[str, WakeAt] = {}
        self.next_at: int | None = None

    def set(self, wake: WakeAt) -> None:
        """Arm or re-arm one key."""
        self._wakes[wake.key] = wake
        self._find_next()

    def close(self) -> None:
        """Forget all."""
        self._wakes.clear()
        self.next_at = None

    def due(self, now: int) -> list[TimerFired]:
        """Return the timers whose time has come, earliest first."""
        if self.next_at is None or now < self.next_at:
            return []
        ripe = sorted((w for w in self._wakes.values() if w.at <= now), key=lambda w: (w.at, w.key))
        for wake in ripe:
            del self._wakes[wake.key]
        self._find_next()
        return [TimerFired(ts_event=now, ts_recv=now, key=w.key, due=w.at) for w in ripe]

    def _find_next(self) -> None:
        self.next_at = min((wake.at for wake in self._wakes.values()), default=None)


def parse_choice(text: str) -> RecordingChoice:
    """Read `VENUE=FILE`, or the path of an own recording, which names its venue itself.

    Raises:
        ConfigError: naming what is wrong and what would be right.
    """
    kind, equals, path = text.partition("=")
    if not equals:
        kind, path = "", text
    if kind and kind not in KINDS:
        raise ConfigError(
            "recording is not named as VENUE=FILE",
            repr(text),
            f"VENUE is one of {', '.join(KINDS)}",
        )
    if not Path(path).is_file():
        raise ConfigError("recording not found", path, "Give the path of a .tslog.gz file")
    return RecordingChoice(kind, path) if kind else _own_choice(path)


def _own_choice(path: str) -> RecordingChoice:
    for _, line in Recording(Path(path)):
        if read_head(line) is not None:
            return RecordingChoice("", path)
        break
    raise ConfigError(
        "recording does not name its venue",
        path,
        f"Write VENUE=FILE; VENUE is one of {', '.join(KINDS)}",
    )


class Opened(NamedTuple):
    """A recording, whose it is, and how its lines are read."""

    recording: Recording
    venue: VenueId
    decode: FrameDecoder


def opened(choice: RecordingChoice) -> Opened:
    """Open one chosen recording."""
    path = Path(choice.path)
    if choice.kind:
        venue = VenueId(choice.kind)
        return Opened(Recording(path), venue, ReplayDecoder(choice.kind, venue).decode)
    _, line = next(iter(Recording(path)))
    head = read_head(line)
    assert head is not None, "the choice was checked when it was read"
    return Opened(Recording(path), VenueId(head.venue), OwnRecordingDecoder(head).decode)


def first_glance(
    choices: tuple[RecordingChoice, ...],
) -> tuple[list[InstrumentId], list[VenueId], int]:
    """Return the markets the recordings begin with, their venues, and the earliest receive time.

    Raises:
        ConfigError: when a file holds no line that can be read.
    """
    found: dict[InstrumentId, None] = {}
    venues: dict[VenueId, None] = {}
    starts = []
    for choice in choices:
        recording, venue, decode = opened(choice)
        venues[venue] = None
        start = None
        for count, (recv_ns, line) in enumerate(recording):
            start = recv_ns or None if start is None else start
            for body in decode(line, recv_ns):
                if isinstance(body, DepthChanged):
                    found[body.instrument] = None
            if count >= _PEEKED_LINES:
                break
        if start is None:
            hint = "Is it a .tslog file?"
            raise ConfigError("recording holds no readable line", choice.path, hint)
        starts.append(start)
    return list(found), list(venues), min(starts)


class Replay:
    """Feeds recordings into a shell, headless at full speed or paced for a screen."""

    def __init__(
        self,
        shell: Shell,
        clock: VirtualClock,
        timers: VirtualTimers,
        choices: tuple[RecordingChoice, ...],
    ) -> None:
        self._shell = shell
        self._clock = clock
        self._timers = timers
        sources = [opened(choice) for choice in choices]
        self._recordings = [source.recording for source in sources]
        self._decoders = [source.decode for source in sources]
        self._speed = 1.0
        self._is_paused = False
        self._steps = 0
        self.frames = 0
        self.elapsed_secs = 0.0
        self.is_finished = False
        self._told_at = 0.0
        self._feed: Iterator[tuple[int, list[Body]]] | None = None
        self._ahead: tuple[int, list[Body]] | None = None

    def set_pace_to(self, speed: float) -> None:
        """Begin at this multiple of the recording's own speed; 0 is as fast as possible."""
        self._speed = speed

    def set_pace(self, pace: SetPace) -> None:
        """Change speed, hold, go on, or let single frames through."""
        if pace.speed is not None:
            self._speed = pace.speed
        if pace.is_paused is not None:
            self._is_paused = pace.is_paused
        self._steps += pace.step_frames

    @property
    def lines(self) -> int:
        """Lines read well so far."""
        return sum(recording.lines for recording in self._recordings)

    @property
    def broken_lines(self) -> int:
        """Lines skipped because they are not of the form."""
        return sum(recording.broken_lines for recording in self._recordings)

    @property
    def faults(self) -> list[str]:
        """Why files ended early, if they did."""
        return [recording.fault for recording in self._recordings if recording.fault]

    def run_at_full_speed(self) -> None:
        """Play everything as fast as it goes."""
        begun = time.perf_counter()
        for recv_ns, bodies in self._bodies():
            self._take(recv_ns, bodies)
        self.elapsed_secs = time.perf_counter() - begun
        self.is_finished = True

    def play_to(self, at: int) -> None:
        """Play everything received up to an instant as fast as it goes, and stand there.

        Timers due by then have fired. `is_finished` says whether the recordings ended before.
        """
        if self._feed is None:
            self._feed = self._bodies()
        while not self.is_finished:
            self._ahead = self._ahead or next(self._feed, None)
            if self._ahead is None:
                self.is_finished = True
            elif self._ahead[0] > at:
                break
            else:
                self._take(*self._ahead)
                self._ahead = None
        self._stand_at(at)

    def _stand_at(self, at: int) -> None:
        self._clock.move_to(at)
        for fired in self._timers.due(at):
            self._shell.inbox.put(fired)
        self._shell.pump(1_000)

    async def run_paced(self) -> None:
        """Play at the chosen speed beside a screen, until the end; then say so."""
        loop = asyncio.get_running_loop()
        position = self._clock.now()
        last = loop.time()
        for recv_ns, bodies in self._bodies():
            while True:
                now = loop.time()
                if not self._is_paused and self._speed > 0:
                    position += int((now - last) * self._speed * _NS)
                elif not self._is_paused:
                    position = recv_ns
                last = now
                if recv_ns <= position or self._may_step():
                    break
                self._tell(recv_ns, now)
                await asyncio.sleep(_TURN_SECS)
            position = max(position, recv_ns) if self._is_paused else position
            self._take(recv_ns, bodies)
            if loop.time() - now > _SLICE_SECS:
                await asyncio.sleep(0)
            elif self.frames % 64 == 0:
                self._tell(recv_ns, now)
                await asyncio.sleep(0)
        self.is_finished = True
        self._tell(self._clock.now(), 0.0)

    def _may_step(self) -> bool:
        if not self._is_paused or self._steps <= 0:
            return False
        self._steps -= 1
        return True

    def _bodies(self) -> Iterator[tuple[int, list[Body]]]:
        if len(self._recordings) == 1:
            decode = self._decoders[0]
            for recv_ns, line in self._recordings[0]:
                yield recv_ns, decode(line, recv_ns)
            return
        named = {str(index): recording for index, recording in enumerate(self._recordings)}
        decoders = {str(index): decode for index, decode in enumerate(self._decoders)}
        for recv_ns, name, line in merged(named):
            yield recv_ns, decoders[name](line, recv_ns)

    def _take(self, recv_ns: int, bodies: list[Body]) -> None:
        shell, timers = self._shell, self._timers
        self._clock.move_to(recv_ns)
        if timers.next_at is not None and recv_ns >= timers.next_at:
            for fired in timers.due(recv_ns):
                shell.inbox.put(fired)
        for body in bodies:
            shell.inbox.put(body)
        self.frames += 1
        shell.pump(1_000)

    def _tell(self, position: int, now: float) -> None:
        """Let the header say how fast and where, a few times a second."""
        if now and now - self._told_at < 0.25:  # noqa: PLR2004  four times a second
            return
        self._told_at = now
        stamp = time.strftime("%H:%M:%S", time.gmtime(position / _NS))
        word = "ended" if self.is_finished else "paused" if self._is_paused else f"x{self._speed:g}"
        at = self._clock.now()
        self._shell.inbox.put(
            Progressed(ts_event=at, ts_recv=at, key=REPLAY, label=f"{word} {stamp}", fraction=0.0)
        )
        self._shell.pump(1_000)


def tops(shell: Shell) -> dict[str, dict[str, str | None]]:
    """Return the final best bid and ask of every market, exact text."""
    market = shell.engine.rooms.market
    found: dict[str, dict[str, str | None]] = {}
    for name in market.instruments():
        touch = market.touch(name, shell.clock.now())
        if touch is not None:
            found[name] = {"bid": _text(touch.best_bid), "ask": _text(touch.best_ask)}
    return found


def _text(number: int | None) -> str | None:
    if number is None:
        return None
    text = f"{unscaled(number):f}".rstrip("0").rstrip(".")
    return text or "0"
