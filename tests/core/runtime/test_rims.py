"""Configuration, keys, the account's lock, logs, clocks, timers and crash points."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from core.domain.effects import WakeAt
from core.domain.errors import ConfigError
from core.domain.events import TimerFired
from core.runtime.clock import VirtualClock
from core.runtime.config import Config, data_folder, load_config, load_key_file
from core.runtime.crash import crash_point_from_environment, no_crash
from core.runtime.lock import AccountLock
from core.runtime.logs import RING_LINES, RingHandler, set_up_logging
from core.runtime.timers import Timers

ROOT: Final = Path(__file__).resolve().parents[3]
SECRET: Final = "c2VjcmV0LWNhbmFyeS0wMTIzNDU2Nzg5YWJjZGVm"


def written(path: Path, text: str) -> Path:
    """Write a file."""
    path.write_text(text, encoding="utf-8")
    return path


# ---- configuration -----------------------------------------------------------------------------


def test_no_configuration_is_the_defaults() -> None:
    """Nothing has to be configured."""
    assert load_config(None) == Config()


def test_configuration_is_read_into_its_sections(tmp_path: Path) -> None:
    """What is written is what is set."""
    path = written(
        tmp_path / "c.toml",
        'watchlist = ["alpha:SOL_USDC"]\n[risk]\nmax_order_notional = 100\n'
        '[[venues]]\nname = "alpha"\nkind = "backpack"\n[[copy_trade]]\nratio = 0.1\n',
    )

    config = load_config(path)

    assert config.watchlist == ("alpha:SOL_USDC",)
    assert config.risk.max_order_notional == 100
    assert config.venues[0].name == "alpha"
    assert config.copy_trade[0].ratio == 0.1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("colour = 1", "colour"),
        ("[risk]\nmax_notional = 5", "risk.max_notional"),
        ("[risk]\nmax_leverage = -1", "risk.max_leverage"),
        ('[risk]\nmax_leverage = "two"', "risk.max_leverage"),
        ("[risk]\nmax_order_equity_pct = 101", "risk.max_order_equity_pct"),
        ("[screen]\nframes_per_sec = 21", "screen.frames_per_sec"),
        ('[[venues]]\nname = "alpha"\nkind = "nasdaq"', "venues[0].kind"),
        ('[[venues]]\nname = "al pha"\nkind = "backpack"', "venues[0].name"),
        ('[[venues]]\nname = "alpha"\nkind = "backpack"\npassword = "x"', "password"),
        ("[[copy_trade]]\nratio = 11", "copy_trade[0].ratio"),
    ],
)
def test_wrong_configuration_names_file_and_key(tmp_path: Path, text: str, place: str) -> None:
    """Unknown key, wrong type, out of range: one sentence with file and path."""
    path = written(tmp_path / "c.toml", text)

    with pytest.raises(ConfigError) as caught:
        load_config(path)

    told = str(caught.value).replace("[...]", "[0]")
    assert str(path) in told
    assert place in told


@pytest.mark.parametrize("text", ["= broken", "a = \x00"])
def test_text_that_is_no_toml_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """A broken file is named."""
    path = written(tmp_path / "c.toml", text)

    with pytest.raises(ConfigError, match=r"c\.toml"):
        load_config(path)


def test_configuration_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """A file that was asked for has to exist."""
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load_config(tmp_path / "gone.toml")


def test_data_folder_follows_the_desktop_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chosen folder wins, then XDG, then home."""
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    assert data_folder(None) == Path("/x/wingman")
    assert data_folder(Path("/y")) == Path("/y")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/h")
    assert data_folder(None) == Path("/h/.local/share/wingman")


# ---- keys --------------------------------------------------------------------------------------


def key_file(tmp_path: Path, bits: int = 0o600, mode: str = "simulation") -> Path:
    """Write a key file."""
    keys = {"mode": mode, "api_key": "k", "api_secret": SECRET}
    path = written(tmp_path / "key.json", json.dumps(keys))
    path.chmod(bits)
    return path


def test_key_file_is_read_and_shows_nothing_secret(tmp_path: Path) -> None:
    """A repr may reach a log."""
    keys = load_key_file(key_file(tmp_path), "simulation")

    assert keys.api_secret == SECRET
    assert SECRET not in repr(keys)


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_key_file_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, bits: int) -> None:
    """Secrets are their owner's alone."""
    with pytest.raises(ConfigError, match="chmod 600"):
        load_key_file(key_file(tmp_path, bits), "simulation")


def test_key_file_of_another_mode_is_refused(tmp_path: Path) -> None:
    """Live keys never reach a simulation, nor the other way."""
    with pytest.raises(ConfigError, match="live"):
        load_key_file(key_file(tmp_path, mode="live"), "simulation")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mode": "simulation", "api_key": "k"}'])
def test_key_file_that_is_not_one_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    """What is missing is said; what is there is not."""
    path = written(tmp_path / "key.json", text)
    path.chmod(0o600)

    with pytest.raises(ConfigError, match=r"key\.json"):
        load_key_file(path, "simulation")


def test_key_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """A missing key file is one clear sentence."""
    with pytest.raises(ConfigError, match=r"key\.json"):
        load_key_file(tmp_path / "key.json", "simulation")


# ---- the lock ----------------------------------------------------------------------------------


def test_second_lock_of_an_account_refuses(tmp_path: Path) -> None:
    """One trader per account."""
    first = AccountLock(tmp_path, "key")
    first.take(1)

    with pytest.raises(ConfigError, match="another"):
        AccountLock(tmp_path, "key").take(1)

    first.release()
    AccountLock(tmp_path, "key").take(1)


def test_lock_of_a_sleeper_is_not_current_once_another_took_the_account(tmp_path: Path) -> None:
    """Whoever was taken for dead finds the later epoch before its next order leaves."""
    sleeper, other = AccountLock(tmp_path, "key"), AccountLock(tmp_path, "key")
    assert not sleeper.is_current()
    sleeper.take(1)
    assert sleeper.is_current()
    (file,) = tmp_path.iterdir()

    file.unlink()  # somebody breaks the lock by hand
    assert not sleeper.is_current()
    other.take(sleeper.epoch + 1)

    assert other.is_current()
    assert not sleeper.is_current()


def test_locks_of_two_accounts_do_not_meet(tmp_path: Path) -> None:
    """The lock is keyed by the API key, which its file does not show."""
    AccountLock(tmp_path, "key").take(1)
    AccountLock(tmp_path, "another").take(1)

    assert not any("key" in path.name for path in tmp_path.iterdir())


def test_epoch_counts_up_with_every_taking(tmp_path: Path) -> None:
    """Each life gets a block of ids of its own."""
    epochs = []
    for least in (1, 1, 7, 1):
        lock = AccountLock(tmp_path, "key")
        epochs.append(lock.take(least))
        lock.release()

    assert epochs == [1, 2, 7, 8]


def test_lock_ends_with_its_process(tmp_path: Path) -> None:
    """A crashed trader leaves no stale lock, and its epoch is used up."""
    code = (
        "import os, sys; from pathlib import Path; from core.runtime.lock import AccountLock;"
        "AccountLock(Path(sys.argv[1]), 'key').take(1); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)

    assert AccountLock(tmp_path, "key").take(1) == 2


# ---- logs --------------------------------------------------------------------------------------


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[RingHandler]:
    """Set logging up, and put back what was there."""
    root = logging.getLogger()
    before, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield set_up_logging(tmp_path)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raising


def test_log_goes_to_file_and_ring_and_never_to_the_terminal(
    ring: RingHandler, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A line on the terminal would tear the screen."""
    logging.getLogger("a.b").info("order.denied", extra={"rule": "R10"})

    assert "order.denied rule=R10" in ring.lines[-1]
    assert "order.denied rule=R10" in (tmp_path / "wingman.log").read_text()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        f"api_secret={SECRET}",
        f'{{"api_secret": "{SECRET}"}}',
        f"X-Signature: {SECRET}",
        f"API-KEY {SECRET}",
        f"passphrase = {SECRET}",
    ],
)
def test_secrets_are_masked_in_every_line(ring: RingHandler, tmp_path: Path, text: str) -> None:
    """A canary never reaches a log, as text, field or traceback."""
    log = logging.getLogger("a.b")
    log.info("said %s", text)
    log.info("field", extra={"detail": text})
    try:
        int(text)
    except ValueError:
        log.exception("failed")

    assert SECRET not in "\n".join(ring.lines)
    assert SECRET not in (tmp_path / "wingman.log").read_text()
    assert "***" in ring.lines[-1]


def test_ring_is_bounded_and_counts_errors(ring: RingHandler) -> None:
    """Memory does not grow with the log."""
    log = logging.getLogger("a.b")
    for number in range(RING_LINES + 10):
        log.info("line %s", number)
    log.error("bad")

    assert len(ring.lines) == RING_LINES
    assert ring.exceptions == 1


def test_log_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """Logs are private."""
    folder = tmp_path / "logs"
    root = logging.getLogger()
    before = list(root.handlers)
    set_up_logging(folder)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in before:
        root.addHandler(handler)

    assert folder.stat().st_mode & 0o077 == 0


# ---- time and crashes --------------------------------------------------------------------------


def test_virtual_clock_never_goes_back() -> None:
    """Moving back is ignored by both times."""
    clock = VirtualClock(100)
    clock.move_to(150)
    clock.move_to(120)

    assert (clock.now(), clock.monotonic()) == (150, 50)


async def test_later_timer_of_one_key_replaces_the_earlier() -> None:
    """A key fires once."""
    clock, fired = VirtualClock(0), asyncio.Queue[TimerFired]()
    timers = Timers(clock, fired.put_nowait)
    timers.set(WakeAt(key="a", at=10**15))
    timers.set(WakeAt(key="b", at=0))
    timers.set(WakeAt(key="a", at=0))

    seen = [(await fired.get()).key, (await fired.get()).key]
    timers.close()

    assert sorted(seen) == ["a", "b"]
    assert fired.empty()


def test_crash_point_is_inactive_without_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run dies by accident."""
    monkeypatch.delenv("WINGMAN_CRASH_AT", raising=False)

    assert crash_point_from_environment() is no_crash


def test_crash_point_kills_at_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third time means the third time, of this label only."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: killed.append(number))
    monkeypatch.setenv("WINGMAN_CRASH_AT", "after-send/3")
    crash = crash_point_from_environment()

    for label in ("after-send", "after-journal", "after-send"):
        crash(label)
    early = list(killed)
    crash("after-send")

    assert (early, killed) == ([], [9])


def test_defaults_of_the_configuration_survive_the_way_to_the_engine() -> None:
    """A launch crosses to another process as msgpack."""
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Config()), type=Config) == Config()
