"""The lines our recordings add to the frames."""

import pytest

from core.domain.errors import ConfigError
from core.domain.events import BookSnapshotSeen, DepthChanged, MalformedFrame
from core.exchange.own_recording import Head, OwnRecordingDecoder, read_head

HEAD = b'{"wingman":"head","form":1,"venue":"alpha","kind":"backpack"}'
REPLY = (
    b'{"wingman":"reply","path":"/api/v1/depth","query":{"symbol":"SOL_USDC","limit":"1000"},'
    b'"body":{"asks":[["141.2","1"]],"bids":[["141","2"]],"lastUpdateId":"7","timestamp":5}}'
)
DEPTH = (
    b'{"data":{"E":1,"T":1,"U":8,"a":[],"b":[["141.1","3"]],"e":"depth","s":"SOL_USDC","u":8},'
    b'"stream":"depth.SOL_USDC"}'
)


def test_head_names_venue_and_kind() -> None:
    """Only an own recording has a head."""
    assert read_head(HEAD) == Head("head", 1, "alpha", "backpack")
    assert read_head(DEPTH) is None


@pytest.mark.parametrize("changed", [b'"form":2', b'"form":1,"kind":"nonsense"'])
def test_head_of_another_form_is_refused(changed: bytes) -> None:
    """A recording that this version cannot read says so instead of replaying wrongly."""
    with pytest.raises(ConfigError, match="cannot read"):
        read_head(HEAD.replace(b'"kind":"backpack"', b'"kind":"x"').replace(b'"form":1', changed))


def test_reply_starts_the_book_its_frames_go_on_with() -> None:
    """A REST reply becomes the snapshot of the recorded venue's market; frames decode as ever."""
    decoder = OwnRecordingDecoder(Head("head", 1, "alpha", "backpack"))

    (snapshot,) = decoder.decode(REPLY, 99)
    (depth,) = decoder.decode(DEPTH, 100)

    assert isinstance(snapshot, BookSnapshotSeen)
    assert (snapshot.instrument, snapshot.last_id) == ("alpha:SOL_USDC", 7)
    assert (snapshot.bids, snapshot.asks) == ([("141", "2")], [("141.2", "1")])
    assert isinstance(depth, DepthChanged)
    assert depth.instrument == "alpha:SOL_USDC"
    assert decoder.decode(HEAD, 0) == []


def test_broken_own_line_is_malformed_and_never_raises() -> None:
    """A reply that cannot be read is counted like any other bad frame."""
    decoder = OwnRecordingDecoder(Head("head", 1, "alpha", "backpack"))

    (body,) = decoder.decode(b'{"wingman":"reply","body":{"no":"book"}}', 1)

    assert isinstance(body, MalformedFrame)
