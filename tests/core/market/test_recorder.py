"""Recordings of our own: what was written is read back, also after a crash."""

from pathlib import Path

import pytest

from core.domain.errors import ConfigError
from core.market.recorder import Recorder
from core.market.recording import Recording

FRAME = b'{"data":{"e":"x","n":%d},"stream":"x"}'


def test_frames_are_read_back_as_they_came(tmp_path: Path) -> None:
    """Receive times and texts are unchanged; a change of connection is marked."""
    recorder = Recorder(tmp_path / "day.tslog.gz", "alpha", "backpack")
    recorder.frame(10, 1, FRAME % 1)
    recorder.frame(11, 1, FRAME % 2)
    recorder.frame(12, 2, FRAME % 3)
    recorder.close()

    lines = list(Recording(tmp_path / "day.tslog.gz"))
    frames = [(at, line) for at, line in lines if not line.startswith(b'{"wingman":')]
    assert frames == [(10, FRAME % 1), (11, FRAME % 2), (12, FRAME % 3)]
    assert lines[0][1] == b'{"wingman":"head","form":1,"venue":"alpha","kind":"backpack"}'
    assert [line for _, line in lines if b"connection" in line] == [
        b'{"wingman":"connection","number":1}',
        b'{"wingman":"connection","number":2}',
    ]


def test_everything_up_to_the_last_flush_survives_a_crash(tmp_path: Path) -> None:
    """A file that was never closed is read up to its last flush, and says that it ends early."""
    path = tmp_path / "day.tslog.gz"
    recorder = Recorder(path, "alpha", "backpack")
    for number in range(100):
        recorder.frame(number, 1, FRAME % number)
    recorder.flush()
    for number in range(100, 200):
        recorder.frame(number, 1, FRAME % number)
    copy = tmp_path / "crashed.tslog.gz"
    copy.write_bytes(path.read_bytes())

    recording = Recording(copy)
    frames = [line for _, line in recording if line.startswith(b'{"data"')]
    assert frames == [FRAME % number for number in range(100)]
    assert "ends early" in recording.fault
    recorder.close()


def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    """Each file of a rotation is a recording of its own and names its venue."""
    recorder = Recorder(tmp_path / "day", "alpha", "backpack", rotate_bytes=1)
    for number in range(3):
        recorder.frame(number, 1, FRAME % number)
        recorder.flush()
    recorder.close()

    assert [path.name for path in recorder.paths] == [
        "day.tslog.gz",
        "day.001.tslog.gz",
        "day.002.tslog.gz",
        "day.003.tslog.gz",
    ]
    for number, path in enumerate(recorder.paths[:3]):
        lines = [line for _, line in Recording(path)]
        assert lines[0].startswith(b'{"wingman":"head"')
        assert lines[-1] == FRAME % number


def test_an_existing_recording_is_never_overwritten(tmp_path: Path) -> None:
    """Recording to a file that is there is refused, and the file is untouched."""
    path = tmp_path / "day.tslog.gz"
    path.write_bytes(b"precious")

    with pytest.raises(ConfigError, match="exists already"):
        Recorder(path, "alpha", "backpack")
    assert path.read_bytes() == b"precious"
