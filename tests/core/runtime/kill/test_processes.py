"""K2 with real processes: fifty orders, ten markets, a round trip of 100 ms, and mishaps.

The venue, the engine and the watchdog are processes; the judge asks the venue itself.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest

from core.domain.facts import Mode
from core.runtime.config import load_config
from core.runtime.kill.switch import KillState
from core.runtime.launch import Launch
from tests.core.runtime.kill.judge import ROOT, Judge, Served, configured, far_away, venue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
ENGINE: Final = Path(__file__).with_name("engine_under_test.py")


class Killed(NamedTuple):
    """What one kill left behind."""

    zero_secs: float
    state: KillState
    is_armed: bool
    code: int


def _launch(served: Served, folder: Path, port: int) -> Path:
    config = load_config(configured(folder, served.words))
    launch = Launch(
        mode=Mode.SIMULATION,
        config=config,
        data_dir=str(folder / "data"),
        rest_url=f"http://127.0.0.1:{port}",
        ws_url=f"ws://127.0.0.1:{port}",
    )
    file = folder / "launch.json"
    file.write_bytes(msgspec.json.encode(launch))
    return file


def _engine(launch: Path, mishap: str, secs: float, out: Path) -> "subprocess.Popen[bytes]":
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, str(ENGINE), str(launch), mishap, str(secs), str(out)],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "XDG_DATA_HOME": str(launch.parent / "share"),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_for(file: Path, process: "subprocess.Popen[bytes]", secs: float = 40) -> None:
    end = time.monotonic() + secs
    while not file.exists():
        assert process.poll() is None, file.with_suffix(".log").read_text()[-3_000:]
        assert time.monotonic() < end, f"no {file.name}"
        time.sleep(0.02)


def _until_zero(judge: Judge, secs: float) -> float:
    begun = time.monotonic()
    while judge.risky():
        assert time.monotonic() - begun < secs, f"{len(judge.risky())} orders are open"
        time.sleep(0.01)
    return time.monotonic() - begun


def _killed(tmp_path: Path, mishap: str, orders: int = 50) -> Killed:
    out = tmp_path / "state.json"
    with venue(tmp_path) as served, far_away(served.port) as port:
        judge = Judge(served)
        assert judge.fill_books(10, orders) == orders
        engine = _engine(_launch(served, tmp_path, port), mishap, 13.0, out)
        try:
            _wait_for(out.with_suffix(".ready"), engine)
            time.sleep(2.0)
            os.kill(engine.pid, signal.SIGUSR1)
            zero_secs = _until_zero(judge, 10)
            _wait_for(out, engine)
            code = engine.wait(30)
        finally:
            engine.kill()
            engine.wait()
    state = msgspec.json.decode(out.read_bytes(), type=KillState)
    is_armed = (tmp_path / "data" / "simulation" / "outside" / "armed").exists()
    return Killed(zero_secs, state, is_armed, code)


@pytest.mark.parametrize("mishap", ["none", "blocked", "full"])
def test_fifty_orders_are_gone_and_proven_within_three_seconds(tmp_path: Path, mishap: str) -> None:
    """Whatever the engine's loop and disk do; foreign orders included."""
    killed = _killed(tmp_path, mishap)

    (told,) = killed.state.accounts
    print(  # noqa: T201  the figures of this run
        f"\n{mishap}: zero {killed.zero_secs * 1000:.0f} ms, proven {told.proven_ms} ms, "
        f"first cancel {told.first_cancel_ms} ms, block {killed.state.block_us} us"
    )
    assert killed.zero_secs < 3
    assert told.proven_ms is not None
    assert told.proven_ms < 3_000
    assert killed.state.block_us is not None
    assert killed.state.block_us < 50_000
    assert not killed.is_armed


def test_watchdog_kills_for_an_engine_that_was_killed(tmp_path: Path) -> None:
    """No goodbye, no heartbeat: five seconds, then five more at the most."""
    out = tmp_path / "state.json"
    with venue(tmp_path) as served, far_away(served.port) as port:
        judge = Judge(served)
        judge.fill_books(5, 10)
        engine = _engine(_launch(served, tmp_path, port), "none", 60.0, out)
        try:
            _wait_for(out.with_suffix(".ready"), engine)
            time.sleep(1.5)
        finally:
            engine.kill()
            engine.wait()
        secs = _until_zero(judge, 10)
        watchdogs = _watchdogs(tmp_path)
        for pid in watchdogs:
            os.kill(pid, signal.SIGTERM)

    print(f"\nwatchdog: zero after {secs:.1f} s")  # noqa: T201  the figure of this run
    assert 4 < secs < 10
    assert not (tmp_path / "data" / "simulation" / "outside" / "armed").exists()
    why = (tmp_path / "data" / "simulation" / "outside" / "tripped").read_text()
    assert "no heartbeat" in why


def test_watchdog_kills_for_an_engine_that_failed(tmp_path: Path) -> None:
    """An error of our own is no orderly end: nobody says goodbye."""
    out = tmp_path / "state.json"
    with venue(tmp_path) as served:
        judge = Judge(served)
        judge.fill_books(3, 6)
        engine = _engine(_launch(served, tmp_path, served.port), "failing", 1.0, out)
        _wait_for(out.with_suffix(".ready"), engine)
        code = engine.wait(30)
        _until_zero(judge, 10)
        for pid in _watchdogs(tmp_path):
            os.kill(pid, signal.SIGTERM)

    assert code == 1
    assert not (tmp_path / "data" / "simulation" / "outside" / "armed").exists()


def test_watchdog_goes_home_when_the_engine_ends_in_order(tmp_path: Path) -> None:
    """No orphan, and the account stays armed."""
    out = tmp_path / "state.json"
    with venue(tmp_path) as served:
        launch = _launch(served, tmp_path, served.port)
        engine = _engine(launch, "none", 2.0, out)
        _wait_for(out.with_suffix(".ready"), engine)
        during = _watchdogs(tmp_path)
        code = engine.wait(30)
        time.sleep(0.2)
        after = _watchdogs(tmp_path)

    assert code == 0, out.with_suffix(".log").read_text()[-3_000:]
    assert len(during) == 1
    assert after == []
    assert (tmp_path / "data" / "simulation" / "outside" / "armed").exists()


def test_stopped_cockpit_stops_no_kill(tmp_path: Path) -> None:
    """SIGSTOP on the screen; the engine is a process of its own and hears its signal."""
    with venue(tmp_path) as served, far_away(served.port) as port:
        judge = Judge(served)
        judge.fill_books(10, 50)
        cockpit, master = _cockpit(tmp_path, served, port)
        try:
            (engine,) = _until_some(tmp_path, b"core.runtime.engine_process")
            _until_some(tmp_path, b"core.runtime.watchdog")
            _drain(master, 6.0)
            cockpit.send_signal(signal.SIGSTOP)
            os.kill(engine, signal.SIGUSR1)
            zero_secs = _until_zero(judge, 10)
            time.sleep(1.0)
            os.kill(engine, signal.SIGTERM)
            os.kill(engine, signal.SIGTERM)
            begun = time.monotonic()
            while _processes(tmp_path, b"core.runtime.engine_process"):
                assert time.monotonic() - begun < 11, "the engine did not end in order"
                time.sleep(0.05)
            ended_secs = time.monotonic() - begun
        finally:
            cockpit.kill()
            cockpit.wait()
            os.close(master)
        time.sleep(0.3)
        left = _processes(tmp_path, b"core.runtime.watchdog")

    print(f"\nstopped cockpit: zero {zero_secs * 1000:.0f} ms, end {ended_secs:.1f} s")  # noqa: T201
    assert zero_secs < 3
    assert left == []


def test_lost_terminal_ends_cockpit_and_engine_in_order(tmp_path: Path) -> None:
    """The line is gone: the cockpit leaves at once, the engine within ten seconds, no orphan."""
    with venue(tmp_path) as served:
        cockpit, master = _cockpit(tmp_path, served, served.port)
        try:
            _until_some(tmp_path, b"core.runtime.watchdog")
            _drain(master, 5.0)
            os.close(master)
            begun = time.monotonic()
            cockpit.wait(5)
            gone_secs = time.monotonic() - begun
            while _processes(tmp_path, b"core.runtime."):
                assert time.monotonic() - begun < 13, "something lives on"
                time.sleep(0.05)
        finally:
            cockpit.kill()
            cockpit.wait()

    assert gone_secs < 3
    assert (tmp_path / "data" / "simulation" / "outside" / "armed").exists()


def _cockpit(folder: Path, served: Served, port: int) -> tuple["subprocess.Popen[bytes]", int]:
    """Open a cockpit on a terminal of its own."""
    configured(folder, served.words)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tui.cli", "--data-dir", str(folder / "data")),
            *("--config", str(folder / "wingman.toml")),
            *("--backpack-url", f"http://127.0.0.1:{port}"),
            *("--backpack-ws-url", f"ws://127.0.0.1:{port}"),
        ],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", "XDG_DATA_HOME": str(folder / "share")},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    return process, master


def _drain(master: int, secs: float) -> None:
    """Read what the screen draws, for a while."""
    end = time.monotonic() + secs
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            os.read(master, 65_536)


def _until_some(folder: Path, module: bytes) -> list[int]:
    end = time.monotonic() + 40
    while not (found := _processes(folder, module)):
        assert time.monotonic() < end, module
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("has_engine", [True, False])
def test_command_line_kills_with_and_without_an_engine(tmp_path: Path, *, has_engine: bool) -> None:
    """`wingman kill` trips the latch, cancels by itself and says what is proven."""
    out = tmp_path / "state.json"
    with venue(tmp_path) as served:
        judge = Judge(served)
        judge.fill_books(4, 8)
        launch = _launch(served, tmp_path, served.port)
        engine = _engine(launch, "none", 9.0, out)
        _wait_for(out.with_suffix(".ready"), engine)
        if not has_engine:
            engine.send_signal(signal.SIGSTOP)
        try:
            done = _kill_command(tmp_path, served, "K2")
            left = judge.risky()
        finally:
            engine.send_signal(signal.SIGCONT)
            engine.wait(40)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["proven"] is True
    assert len(told["tripped"]) == 1
    assert left == []
    state = msgspec.json.decode(out.read_bytes(), type=KillState)
    assert state.level is not None


def _kill_command(folder: Path, served: Served, level: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "tui.cli", "kill", "--level", level, "--json"),
            *("--data-dir", str(folder / "data"), "--config", str(folder / "wingman.toml")),
            *("--backpack-url", served.words["rest"]),
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=90,
    )


def _watchdogs(folder: Path) -> list[int]:
    return _processes(folder, b"core.runtime.watchdog")


def _processes(folder: Path, module: bytes) -> list[int]:
    """Return the processes of one test: its folder stands in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        is_ours = str(folder).encode() in environment
        if module in line and is_ours and state != "Z":
            found.append(int(entry.name))
    return found
