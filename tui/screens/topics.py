"""What the screen asks the engine for, and the versions it holds."""

from collections.abc import Iterable

from core.domain.views import Frame, FrameRequest


class Topics:
    """The topics on screen with their versions, and the place in the stream of facts."""

    def __init__(self) -> None:
        self.next_fact = 0
        self._versions: dict[str, int] = {}

    def request(self, topics: list[str], *, resting: Iterable[str] = ()) -> FrameRequest:
        """Ask for these topics; the resting ones stay known, all others are forgotten."""
        known = self._versions
        asked = {topic: known.get(topic, 0) for topic in topics}
        self._versions = {**{topic: known.get(topic, 0) for topic in resting}, **asked}
        return FrameRequest(versions=asked, facts_since=self.next_fact)

    def holds(self, topic: str) -> bool:
        """Whether a view of this topic came before."""
        return self._versions.get(topic, 0) > 0

    def took(self, frame: Frame) -> None:
        """Remember what came."""
        for topic, version in frame.versions.items():
            if topic in self._versions:
                self._versions[topic] = version
        self.next_fact = frame.next_fact
