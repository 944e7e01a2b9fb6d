"""Whether the venue is in service: what replies say, and what `/status` says (5.4). No clock."""

from core.exchange.backpack.constants import OUT_OF_SERVICE
from core.exchange.backpack.refusals import reply_error
from core.exchange.contract import Reply

_UNAVAILABLE = 503
_FIRST_ERROR = 400


class ServiceWatch:
    """Turns replies into one answer.

    Attributes:
        reason: Why the venue is out of service, empty while it is in.
    """

    def __init__(self) -> None:
        self.reason = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing speaks against trading."""
        return not self.reason

    def told(self, reply: Reply) -> bool:
        """Learn from a reply; True when it takes the venue out of service."""
        if reply.status < _FIRST_ERROR or not self.is_open:
            return False
        error = reply_error(reply)
        if reply.status == _UNAVAILABLE or error.code in OUT_OF_SERVICE:
            self.reason = f"{error.code} {error.message}".strip()[:120]
        return not self.is_open

    def status(self, message: str, *, is_open: bool) -> bool:
        """Learn from `/status`; True when the venue is back."""
        was_open = self.is_open
        self.reason = "" if is_open else (message or "maintenance")[:120]
        return is_open and not was_open
