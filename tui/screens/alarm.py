"""Which alerts call for the person's attention: grave ones, each once."""

from collections.abc import Callable
from typing import Final

from core.domain.alert import Severity
from core.domain.views import AlertsView

GRAVE: Final = frozenset({Severity.CRITICAL, Severity.EMERGENCY})


class Alarm:
    """Rings for every grave alert that was not open a moment before, in one go."""

    def __init__(self, ring: Callable[[str], None]) -> None:
        self._ring = ring
        self._open: frozenset[str] = frozenset()

    def take(self, view: AlertsView) -> None:
        """Look at the open alerts."""
        grave = [row.alert for row in view.open if row.alert.severity in GRAVE]
        fresh = [alert for alert in grave if alert.alert_id not in self._open]
        self._open = frozenset(alert.alert_id for alert in grave)
        if fresh:
            more = f" (and {len(fresh) - 1} more)" if len(fresh) > 1 else ""
            self._ring(f"{fresh[0].severity.upper()}: {fresh[0].title}{more}")
