"""Wake-ups by key: a later one of the same key replaces the earlier."""

import asyncio
from collections.abc import Callable

from core.domain.effects import WakeAt
from core.domain.events import TimerFired
from core.runtime.clock import Clock


class Timers:
    """Turns `WakeAt` into `TimerFired` on the running loop."""

    def __init__(self, clock: Clock, publish: Callable[[TimerFired], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, wake: WakeAt) -> None:
        """Arm or re-arm one key."""
        old = self._handles.pop(wake.key, None)
        if old is not None:
            old.cancel()
        wait_secs = max(0.0, (wake.at - self._clock.now()) / 1e9)
        loop = asyncio.get_running_loop()
        self._handles[wake.key] = loop.call_later(wait_secs, self._fire, wake)

    def close(self) -> None:
        """Cancel all."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, wake: WakeAt) -> None:
        self._handles.pop(wake.key, None)
        now = self._clock.now()
        self._publish(TimerFired(ts_event=now, ts_recv=now, key=wake.key, due=wake.at))
