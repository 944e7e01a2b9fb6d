"""What one run is: everything follows from the seed, and can be printed and given again."""

from typing import Final

import msgspec

DEFAULT_EVENTS: Final = 500


class Happening(msgspec.Struct, frozen=True):
    """One fault of a run: from one engine event to another, with its own dice."""

    name: str
    begins: int
    """Engine event."""
    ends: int
    dice: int


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """One run, expanded."""

    seed: int
    events: int
    """Engine events of the safety phase."""
    horizon: int
    """The events the plan was drawn for; a minimised run is cut, not drawn anew."""
    start_ns: int
    hand_every_ms: int
    happenings: tuple[Happening, ...]
    naive: str = ""
