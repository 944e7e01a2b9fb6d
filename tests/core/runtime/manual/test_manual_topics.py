"""Cards by the hundred: what a cockpit types is forgotten, and never taken for unmoved."""

from core.domain.views import FrameRequest, LadderView, ladder_topic
from core.runtime.frames import MAX_TOPICS
from tests.core.builders import SOL_PERP
from tests.core.runtime.rig import Rig


def test_topics_are_bounded_and_a_forgotten_one_is_sent_again() -> None:
    """A ladder not asked for during a thousand other topics comes whole, with another version."""
    rig = Rig().open_markets()
    frames, topic = rig.engine.frames, ladder_topic(SOL_PERP, 10, 1)
    first = frames.frame(FrameRequest(versions={topic: 0}), rig.at).versions[topic]
    for rows in range(1, 2 * MAX_TOPICS):
        frames.frame(FrameRequest(versions={f"ticket/{SOL_PERP}/buy/{rows}/base/9/gtc/000/-/-": 0,
                                            }), rig.at)  # fmt: skip

    again = frames.frame(FrameRequest(versions={topic: first}), rig.at)
    assert isinstance(again.views[topic], LadderView)
    assert again.versions[topic] != first
    assert len(frames._versions) <= MAX_TOPICS


def test_a_topic_that_did_not_move_is_not_sent_again() -> None:
    """The version held is the version there is."""
    rig = Rig().open_markets()
    frames, topic = rig.engine.frames, ladder_topic(SOL_PERP, 10, 1)
    held = frames.frame(FrameRequest(versions={topic: 0}), rig.at).versions[topic]

    assert not frames.frame(FrameRequest(versions={topic: held}), rig.at).views
