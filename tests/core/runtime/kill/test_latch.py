"""The latch: a file whose absence halts."""

from pathlib import Path

import pytest

from core.domain.kill import KillLevel
from core.runtime.kill.latch import ARMED, CACHED_NS, Latch
from core.runtime.kill.wish import leave_wish, take_wish


class Hand:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Return ns."""
        return self.now


@pytest.fixture
def hand() -> Hand:
    """Start at zero."""
    return Hand()


def test_latch_that_was_never_armed_halts(tmp_path: Path, hand: Hand) -> None:
    """Absent means no."""
    assert not Latch(tmp_path, hand).is_armed
    assert not Latch(tmp_path / "nowhere", hand).is_armed


def test_armed_latch_survives_and_a_tripped_one_stays_tripped(tmp_path: Path, hand: Hand) -> None:
    """On disk, for whoever looks next."""
    one = Latch(tmp_path, hand)
    one.arm("a person")
    armed_for_another = Latch(tmp_path, hand).is_armed
    first, second = one.trip("why not"), one.trip("again")

    assert armed_for_another
    assert (first, second) == (True, False)
    assert not one.is_armed
    assert not Latch(tmp_path, hand).is_armed
    assert one.why() == "why not"


def test_removed_file_is_seen_within_the_cached_moment(tmp_path: Path, hand: Hand) -> None:
    """Somebody else removes it: at most 20 ms later nothing leaves."""
    latch = Latch(tmp_path, hand)
    latch.arm("x")
    assert latch.is_armed
    (tmp_path / ARMED).unlink()
    hand.now = CACHED_NS - 1
    still = latch.is_armed
    hand.now = CACHED_NS

    assert still
    assert not latch.is_armed


def test_own_trip_counts_at_once_though_the_file_cannot_be_removed(
    tmp_path: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only disk keeps the file; this process is halted all the same."""
    latch = Latch(tmp_path, hand)
    latch.arm("x")

    def refuse(_self: Path) -> None:
        raise PermissionError(30, "read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(PermissionError):
        latch.trip()

    assert (tmp_path / ARMED).exists()
    assert not latch.is_armed


def test_trip_needs_no_space(tmp_path: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note beside it may fail; the removal does not."""
    latch = Latch(tmp_path, hand)
    latch.arm("x")

    def full(*_arguments: object, **_named: object) -> int:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(Path, "write_text", full)

    assert latch.trip("full disk")
    assert not (tmp_path / ARMED).exists()
    assert latch.why() == ""


def test_arming_again_lifts_the_own_trip(tmp_path: Path, hand: Hand) -> None:
    """Only writing the file does."""
    latch = Latch(tmp_path, hand)
    latch.arm("x")
    latch.trip()
    latch.arm("y")

    assert latch.is_armed
    assert (tmp_path / ARMED).stat().st_mode & 0o777 == 0o600


def test_wish_of_the_command_line_is_taken_once(tmp_path: Path) -> None:
    """A level, or nothing."""
    leave_wish(tmp_path, KillLevel.REDUCE)
    first, second = take_wish(tmp_path), take_wish(tmp_path)
    (tmp_path / "kill-wish").write_text("K9; rm")
    odd = take_wish(tmp_path)

    assert (first, second, odd) == (KillLevel.REDUCE, None, None)
