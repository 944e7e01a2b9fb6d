"""What an engine makes of a journal that was damaged, restored or rebuilt (F67)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from core.domain.commands import ResumeTrading
from core.domain.facts import Fact, Mode, TradingState
from core.domain.history import HISTORY_INCOMPLETE
from core.domain.order import Side
from core.runtime.journals import find_journal, journals_of, refuse_if_traded
from core.runtime.lock import AccountLock
from core.trading.journal import JournalInUse, JournalStamp, SqliteJournal
from core.trading.journal.backup import back_up
from core.trading.journal.rebuild import rebuild
from core.trading.journal.restore import restore
from tests.core.builders import ACCOUNT, SECOND
from tests.core.runtime.rig import Rig
from tests.core.trading.journals import changed, facts_of, summary, written

ROOT: Final = Path(__file__).resolve().parents[3]
STAMP: Final = JournalStamp(mode=Mode.SIMULATION, account=ACCOUNT)


def lived() -> Rig:
    """Let an account trade a little."""
    rig = Rig().open_markets()
    rig.leader(Side.BUY, "2", before="0", trade="one")
    rig.run(2)
    return rig


def journaled(folder: Path, rig: Rig) -> Path:
    """Write what a rig journaled to disk."""
    facts: list[tuple[int, Fact]] = [(n + 1, fact) for n, fact in enumerate(rig.facts)]
    path = folder / "journal.db"
    journal = SqliteJournal(path, STAMP, epoch=1)
    journal.append(facts)
    journal.close()
    return path


def again(path: Path, before: Rig) -> Rig:
    """Start an engine on what the journal holds now, with the venue as it is."""
    at = before.at + 60 * SECOND
    rig = Rig(journal=facts_of(path), venue=before.venue, epoch=2, at=at)
    return rig.open_markets()


def test_restart_from_a_whole_journal_trades_again(tmp_path: Path) -> None:
    """The other tests of this file differ from this one in the journal alone."""
    rig = lived()

    second = again(journaled(tmp_path, rig), rig)

    assert second.rooms.risk.state is TradingState.ACTIVE


@pytest.mark.parametrize("kind", ["restored", "rebuilt"])
def test_incomplete_history_only_reduces_until_a_person_allows_it(
    tmp_path: Path, kind: str
) -> None:
    """The venue's rows fill what is missing; REDUCING even so, until the person has looked."""
    rig = lived()
    path = journaled(tmp_path, rig)
    if kind == "restored":
        back_up(path, tmp_path / "copy.db", "2026-10-14T12:00:00Z")
        written(path, [(99_999, rig.facts[1])])
        mode = Mode.SIMULATION
        copy = tmp_path / "copy.db"
        restore(copy, path, mode=mode, stamp="s", at=rig.at, is_older_meant=True)
    else:
        last = summary(path).rows - 1
        changed(path, "UPDATE rows SET payload = x'00' WHERE n = ?", last)
        rebuild(path, "s", rig.at)

    second = again(path, rig)
    held = second.rooms.risk.state
    reasons = [hold.cause for hold in second.rooms.risk.states.holds()]
    receipt = second.command(ResumeTrading())
    second.run(5)

    assert held is TradingState.REDUCING
    assert HISTORY_INCOMPLETE in reasons
    assert second.rooms.trading.ledger.residual().is_zero
    assert receipt.is_accepted
    assert second.rooms.risk.state is TradingState.ACTIVE


def test_engine_does_not_start_on_a_damaged_journal_and_says_what_to_do(tmp_path: Path) -> None:
    """One sentence, exit code 2, before anything is asked of the venue; the file is untouched."""
    rig = lived()
    folder = tmp_path / "data" / "simulation" / "outside"
    folder.mkdir(parents=True)
    path = journaled(folder, rig)
    changed(path, "UPDATE rows SET payload = x'00' WHERE n = 5")
    keys = tmp_path / "key.json"
    secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    keys.write_text(json.dumps({"mode": "simulation", "api_key": "k", "api_secret": secret}))
    keys.chmod(0o600)
    config = tmp_path / "wingman.toml"
    config.write_text(f'[[venues]]\nname = "alpha"\nkind = "backpack"\nkey_file = "{keys}"\n')

    done = subprocess.run(
        [
            *(sys.executable, "-m", "tui.cli", "--headless", "--for", "1"),
            *("--backpack-url", "http://127.0.0.1:9", "--backpack-ws-url", "ws://127.0.0.1:9"),
            *("--config", str(config), "--data-dir", str(tmp_path / "data")),
        ],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "XDG_DATA_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=40,
    )

    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("wingman: journal is damaged")
    assert "row 5" in done.stderr
    assert "wingman journal restore BACKUP" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert summary(path).broken_at == 5


def test_epoch_never_falls_behind_the_journal(tmp_path: Path) -> None:
    """A journal brought to a machine that never counted goes on above its own epoch."""
    journal = SqliteJournal(tmp_path / "journal.db", STAMP, epoch=41)
    journal.append([(1, lived().facts[1])])
    lock = AccountLock(tmp_path / "locks", "key")

    epoch = lock.take(journal.last_epoch() + 1)
    lock.release()
    journal.close()

    assert epoch == 42


# ---- where journals lie ------------------------------------------------------------------------


def test_newest_written_journal_is_the_latest(tmp_path: Path) -> None:
    """Whatever its folder is called."""
    import os

    runs = tmp_path / "simulation" / "runs"
    old, new = (written(runs / name / "journal.db") for name in ("b", "a"))
    os.utime(old, ns=(1, 1))

    assert find_journal(tmp_path, Mode.SIMULATION, "LATEST") == new
    assert find_journal(tmp_path, Mode.SIMULATION, "b") == old
    assert find_journal(tmp_path, Mode.LIVE, str(old)) == old
    assert journals_of(tmp_path, Mode.SIMULATION) == [old, new]


def test_reading_an_old_journal_does_not_make_it_the_latest(tmp_path: Path) -> None:
    """A reader leaves an empty log behind, whose time says nothing; paper runs are found too."""
    import os

    root = tmp_path / "paper"
    old, new = (written(root / name / "journal.db") for name in ("alpha-1", "alpha-2"))
    os.utime(old, ns=(1, 1))
    summary(old)

    assert find_journal(tmp_path, Mode.PAPER, "LATEST") == new
    assert find_journal(tmp_path, Mode.PAPER, "alpha-1") == old


def test_journal_outside_is_not_changed_while_any_account_is_traded(tmp_path: Path) -> None:
    """Locks of accounts lie in one folder for all; a run's own journal minds its own alone."""
    outside = written(tmp_path / "simulation" / "outside" / "journal.db")
    run = written(tmp_path / "simulation" / "runs" / "x" / "journal.db")
    locks = tmp_path / "locks"
    lock = AccountLock(locks, "key")
    lock.take(1)

    with pytest.raises(JournalInUse):
        refuse_if_traded(outside, locks)
    refuse_if_traded(run, locks)
    lock.release()

    refuse_if_traded(outside, locks)
