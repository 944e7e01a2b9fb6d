"""What the market room counts; integrity first. Numbers only ever grow."""


class MarketCounters:
    """Frames by kind and everything that was not as it should be."""

    def __init__(self) -> None:
        self.frames: dict[str, int] = {}
        self.gaps = 0
        """Frames that did not follow the one before: missing, repeated or going back."""
        self.crossed = 0
        """Frames after which the best bid stood at or above the best ask."""
        self.resyncs = 0
        """Books that were good and had to be rebuilt."""
        self.snapshots = 0
        self.snapshots_too_old = 0
        self.unknown_frames = 0
        self.malformed_frames = 0
        self.missed_trades = 0
        """Holes in the venues' trade ids, and prints the inbox reported as dropped."""
        self.top_mismatches = 0
        """Quotes of the same update id that contradict the book."""

    def as_dict(self) -> dict[str, int]:
        """Return the counters by name, without the frame kinds."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}
