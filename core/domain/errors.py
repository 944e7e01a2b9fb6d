"""Errors, named by the reaction they ask for.

CockpitError                     base; carries `title`, `detail`, `hint` for the person
  ConfigError                    stop at start, exit code 2
  VenueError
    ConnectivityError            may heal: back off, mark stale
    RequestRefused(code)         ours to fix: show, do not retry
    AmbiguousOutcome             order may live: state UNKNOWN, chase
    DataInvalid                  gap, checksum, crossed: resync
  InvariantBroken                our bug: halt, keep evidence

A denial by the risk gate is an expected answer (`approval.Denied`), not an error.
"""


class CockpitError(Exception):
    """Something a person is told: what is wrong, with which thing, and the remedy."""

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title, detail, hint)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        """Join what is there into one sentence-like line."""
        head = f"{self.title}: {self.detail}" if self.detail else self.title
        return f"{head}. {self.hint}" if self.hint else head


class ConfigError(CockpitError):
    """The configuration, a file or an argument cannot be used; stop at start with exit code 2."""


class VenueError(CockpitError):
    """A venue or the way to it is at fault."""


class ConnectivityError(VenueError):
    """The venue cannot be reached now; it may heal."""


class RequestRefused(VenueError):
    """The venue refused a request for a documented reason; repeating it does not help."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__("request refused by the venue", f"{code} {message}".strip())
        self.code = code
        self.message = message


class AmbiguousOutcome(VenueError):
    """A request may or may not have taken effect at the venue."""


class DataInvalid(VenueError):
    """Market data broke its own rules; the state built from it has to be rebuilt."""


class InvariantBroken(CockpitError):
    """Our own books contradict themselves."""
