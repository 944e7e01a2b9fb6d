"""Reading recordings: order, broken lines, files cut short."""

import gzip
from pathlib import Path

import pytest

from core.domain.errors import ConfigError
from core.market.recording import Recording, merged

LINES = b'5 {"a":1}\n7 {"a":2}\n'


def packed(path: Path, content: bytes) -> Path:
    """Write a gzip file."""
    path.write_bytes(gzip.compress(content))
    return path


def test_lines_come_with_their_receive_time(tmp_path: Path) -> None:
    """Each good line is a time in ns and the message as it was."""
    recording = Recording(packed(tmp_path / "x.tslog.gz", LINES))

    assert list(recording) == [(5, b'{"a":1}'), (7, b'{"a":2}')]
    assert (recording.lines, recording.broken_lines, recording.fault) == (2, 0, "")


def test_plain_files_are_read_too(tmp_path: Path) -> None:
    """Packing is recognised by content, not by name."""
    path = tmp_path / "x.tslog"
    path.write_bytes(LINES)

    assert len(list(Recording(path))) == 2


@pytest.mark.parametrize(
    "line", [b"x {}", b"5", b"5 ", b"5 nonsense", b'5 {"a":', b"-5 {}", b"9" * 30 + b" {}"]
)
def test_broken_lines_are_counted_and_skipped(tmp_path: Path, line: bytes) -> None:
    """A broken line costs that line only."""
    recording = Recording(packed(tmp_path / "x.gz", b"1 {}\n" + line + b"\n\n2 {}\n"))

    assert [recv_ns for recv_ns, _ in recording] == [1, 2]
    assert recording.broken_lines == 1


def test_file_cut_short_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    """A recording that ends in the middle is read up to there."""
    path = tmp_path / "x.gz"
    whole = gzip.compress(b"".join(b'%d {"n":"%d"}\n' % (n, n * n) for n in range(5_000)))
    path.write_bytes(whole[: len(whole) // 2])
    recording = Recording(path)

    read = list(recording)

    assert 0 < len(read) < 5_000
    assert "x.gz ends early" in recording.fault


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The message names the file and the remedy."""
    with pytest.raises(ConfigError, match=r"none\.gz"):
        list(Recording(tmp_path / "none.gz"))


def test_merged_follows_the_receive_clock(tmp_path: Path) -> None:
    """Several files become one stream; at equal times the first named goes first."""
    first = Recording(packed(tmp_path / "a.gz", b"1 {}\n4 {}\n9 {}\n"))
    second = Recording(packed(tmp_path / "b.gz", b"2 []\n4 []\n"))

    order = [(recv_ns, name) for recv_ns, name, _ in merged({"a": first, "b": second})]

    assert order == [(1, "a"), (2, "b"), (4, "a"), (4, "b"), (9, "a")]
