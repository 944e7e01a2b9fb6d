"""`wingman export`, `report` and `journal ...` as a person or a script meets them."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.exact import Amount
from core.domain.facts import CashBooked, DecisionTaken, Fact, NavMarked, Verdict
from core.domain.ids import Asset, StrategyId
from core.domain.order import Side
from core.trading.journal import SqliteJournal
from tests.core.builders import ACCOUNT, SECOND, START, booked, fill, journaled
from tests.core.trading.journals import (
    FACTS,
    MARKET,
    STAMP,
    changed,
    facts_of,
    summary,
    written,
    written_as_v1,
)
from tui import cli

HOSTILE = '=HYPERLINK("x")\x1b[2J\u202e'
DAY = 86_400 * SECOND
Wingman = Callable[..., tuple[int, str, str]]


def nav(at: int, equity: str) -> NavMarked:
    """Make a mark of equity."""
    return NavMarked(
        at=at,
        day="2023-11-14",
        equity=Amount(equity),
        units=Amount("1000"),
        peak=Amount("1"),
        day_equity=Amount("1000"),
    )


def lived() -> list[tuple[int, Fact]]:
    """Return the facts of a small account: two days, a hostile text, money in and out."""
    decision = DecisionTaken(
        at=START,
        strategy=StrategyId("copy"),
        cause="c",
        verdict=Verdict.NOTE,
        code="x",
        text=HOSTILE,
    )
    opening = CashBooked(
        at=START,
        account=ACCOUNT,
        asset=Asset("USDC"),
        amount=Amount("1000"),
        source="opening",
        row_id="o",
    )
    sale = booked(fill(2, "0.1", "120", side=Side.SELL, fee="0.01"))
    facts: list[Fact] = [
        FACTS[0][1],
        MARKET,
        opening,
        journaled(1),
        decision,
        nav(START, "1000"),
        booked(fill(1, "0.3", "100.123456789", fee="0.02")),
        nav(START + DAY, "1005"),
        sale,
        nav(START + 2 * DAY, "990"),
    ]
    return [(n + 1, fact) for n, fact in enumerate(facts)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a data folder with one run."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    written(tmp_path / "simulation" / "runs" / "20260101-000000-1" / "journal.db", lived())
    return tmp_path


@pytest.fixture
def run(data: Path) -> Path:
    """Name its journal."""
    return data / "simulation" / "runs" / "20260101-000000-1" / "journal.db"


@pytest.fixture
def wingman(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Wingman:
    """Run a command in this process, as `main` does."""

    def run_it(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wingman", *words, "--data-dir", str(data)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        told = capsys.readouterr()
        code = caught.value.code
        return (int(code or 0), told.out, told.err)

    return run_it


def rows(text: str) -> list[dict[str, str]]:
    """Read a table."""
    return list(csv.DictReader(io.StringIO(text)))


# ---- export ------------------------------------------------------------------------------------


def test_export_is_a_table_with_exact_amounts_and_utc_times(wingman: Wingman) -> None:
    """Every digit of what was booked, and where it stands in the journal."""
    code, out, err = wingman("export", "--kind", "fills", "--csv")

    first, second = rows(out)
    assert (code, err) == (0, "")
    assert first["price"] == "100.123456789"
    assert first["notional"] == "30.0370370367"
    assert (first["time"], first["at_ns"]) == ("2023-11-14T22:13:20.000000000Z", str(START))
    assert (first["epoch"], first["account"], first["strategy"]) == ("1", ACCOUNT, "copy-leader")
    assert (first["sequence"], second["sequence"]) == ("6", "8")


def test_json_and_csv_tell_the_same(wingman: Wingman) -> None:
    """Two forms of one thing; amounts are text in both."""
    _, table, _ = wingman("export", "--csv")
    _, text, _ = wingman("export", "--json")

    document = json.loads(text)
    assert document["is_complete"] is True
    assert (document["mode"], document["account"]) == ("simulation", "alpha:main")
    assert len(document["rows"]) == len(rows(table))
    for row, cells in zip(document["rows"], rows(table), strict=True):
        for name, value in row.items():
            shown = "" if value is None else str(value)
            shown = shown.lower() if isinstance(value, bool) else shown
            assert cells[name].removeprefix("'") == shown


def test_hostile_text_is_no_formula_and_moves_no_cursor(wingman: Wingman) -> None:
    """A spreadsheet sees text, a terminal sees text; amounts below zero stay numbers."""
    _, out, _ = wingman("export", "--kind", "decisions,ledger")

    (decision,) = [row for row in rows(out) if row["kind"] == "decisions"]
    assert decision["text"].startswith("'=HYPERLINK")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert any(row["amount"].startswith("-") for row in rows(out) if row["kind"] == "ledger")


def test_range_is_from_included_to_excluded(wingman: Wingman) -> None:
    """As `wingman klines` reads times."""
    _, out, _ = wingman("export", "--kind", "fills", "--from", "2023-11-14T22:13:20Z")
    _, none, _ = wingman("export", "--kind", "fills", "--to", "2023-11-14T22:13:20Z")

    assert len(rows(out)) == 2
    assert rows(none) == []


def test_nothing_after_damage_is_exported_and_the_place_is_said(
    wingman: Wingman, run: Path
) -> None:
    """Exit code 1, the sequence on standard error and in the document."""
    changed(run, "UPDATE rows SET payload = x'00' WHERE n = 7")

    code, out, err = wingman("export", "--kind", "fills,orders", "--csv")
    _, text, _ = wingman("export", "--json")

    assert code == 1
    assert [row["sequence"] for row in rows(out)] == ["6", "3"]
    assert "row 7" in err
    assert "sequence 7" in err
    assert (json.loads(text)["is_complete"], json.loads(text)["broken_at"]) == (False, 7)


def test_export_to_a_file_is_whole_and_private(wingman: Wingman, data: Path) -> None:
    """Standard output stays empty; nothing half is left."""
    out = data / "fills.csv"

    code, printed, _ = wingman("export", "--kind", "fills", "--out", str(out))

    assert (code, printed) == (0, "")
    assert len(rows(out.read_text())) == 2
    assert out.stat().st_mode & 0o077 == 0
    assert not list(data.glob("*.part"))


# ---- report ------------------------------------------------------------------------------------


def test_report_shows_figures_open_positions_and_a_picture(wingman: Wingman) -> None:
    """A page for a person: who earned what, what is open, how equity went."""
    code, out, _ = wingman("report", "--by", "strategy")

    assert code == 0
    assert "copy-leader USDC" in out
    assert "Brought in, less taken out: 1000 USDC" in out
    assert "copy-leader alpha:SOL_USDC_PERP 0.2 from" in out
    assert "Equity 1,000.00 to 990.00" in out
    assert "deepest 1.49 %" in out
    assert "Change of equity -10.00 USDC = 1.96 net of trading + -11.96" in out
    assert all(len(line) <= 100 for line in out.splitlines())
    assert out.partition("\n")[2].isascii()


def test_report_in_json_is_exact(wingman: Wingman) -> None:
    """Sold 0.1 of what cost 100.123456789 at 120, by hand."""
    _, out, _ = wingman("report", "--json")

    document = json.loads(out)
    (total,) = document["total"]
    assert total["realized"] == "1.9876543211"
    assert (total["fees"], total["net"]) == ("0.03", "1.9576543211")
    assert [group["day"] for group in document["groups"]] == ["2023-11-14"]
    assert document["max_drawdown_pct"] == "1.492537"
    assert document["bridge"]["held"] == "-11.9576543211"


def test_report_as_csv_has_a_row_a_group(wingman: Wingman) -> None:
    """No total among them: a sum of the column is the total."""
    _, out, _ = wingman("report", "--by", "market", "--csv")

    (money, market) = rows(out)
    assert (money["market"], money["transfers"]) == ("(none)", "1000")
    assert (market["market"], market["net"]) == ("alpha:SOL_USDC_PERP", "1.9576543211")


def test_report_of_nothing_says_so(wingman: Wingman, run: Path) -> None:
    """An empty range is no error."""
    code, out, _ = wingman("report", "--from", "2030-01-01")

    assert code == 0
    assert "Nothing was earned" in out
    assert run.exists()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("is_plain", [True, False])
def test_no_line_of_a_page_is_wider_than_asked(run: Path, width: int, is_plain: bool) -> None:  # noqa: FBT001
    """Narrow terminals lose columns, and are told which."""
    from core.trading.history import Span
    from core.trading.journal import JournalReader
    from core.trading.reports import Report
    from core.trading.reports_equity import EquityCurve
    from core.trading.reports_figures import By
    from tui.report import folded
    from tui.report_page import page

    with JournalReader(run) as reader:
        found = folded(reader, Report(Span()), EquityCurve(Span()), By.STRATEGY)
    lines = page(found, width, is_plain=is_plain)

    assert max(map(len, lines)) <= width
    assert any("A wider terminal" in line for line in lines) is (width < 100)


# ---- journal -----------------------------------------------------------------------------------


def test_info_and_verify_say_what_a_journal_is(wingman: Wingman, run: Path) -> None:
    """Whole: exit code 0. Damaged: 1, with what to do."""
    _, text, _ = wingman("journal", "info", "--json")
    code, out, _ = wingman("journal", "verify")
    changed(run, "DELETE FROM rows WHERE n = 9")
    bad, told, _ = wingman("journal", "verify")

    assert (json.loads(text)["rows"], json.loads(text)["epoch"]) == (10, 1)
    assert (code, out.split(":")[0]) == (0, "whole")
    assert bad == 1
    assert "sequence 9" in told
    assert "wingman journal rebuild" in told


def test_backup_and_restore_by_command(wingman: Wingman, data: Path, run: Path) -> None:
    """Back up, go on, restore the older one: only with the word; then it only reduces."""
    wingman("journal", "backup")
    (backup,) = (data / "backups").glob("*.db")
    written(run, [(50, MARKET)])

    refused, _, err = wingman("journal", "restore", str(backup), "--run", run.parent.name)
    code, out, _ = wingman("journal", "restore", str(backup), "--run", run.parent.name, "--older")

    assert refused == 2
    assert "--older" in err
    assert code == 0
    assert "only" in out
    assert summary(run).is_incomplete


def test_migrate_and_rebuild_by_command(wingman: Wingman, data: Path) -> None:
    """The journal an engine opens again and again is `outside`."""
    path = written_as_v1(data / "simulation" / "outside" / "journal.db")
    code, out, _ = wingman("journal", "migrate")
    changed(path, "DELETE FROM rows WHERE n = 4")
    refused, _, err = wingman("journal", "rebuild")
    rebuilt, _, _ = wingman("journal", "rebuild", "--confirm", "rebuild")

    assert (code, "kept as" in out) == (0, True)
    assert refused == 2
    assert "--confirm 'rebuild'" in err
    assert rebuilt == 0
    assert (summary(path).rows, summary(path).broken_at) == (6, None)


def test_prune_shows_first_and_deletes_what_was_confirmed(
    wingman: Wingman, data: Path, run: Path
) -> None:
    """A dry run deletes nothing; the word names how many."""
    newer = written(data / "simulation" / "runs" / "20260202-000000-2" / "journal.db")
    os.utime(run, ns=(START, START))

    shown = wingman("journal", "prune", "--older-than", "30d")
    is_there = run.exists()
    wrong = wingman("journal", "prune", "--older-than", "30d", "--confirm", "delete 7")
    done = wingman("journal", "prune", "--older-than", "30d", "--confirm", "delete 1")

    assert shown[0] == 0
    assert "add --confirm 'delete 1'" in shown[1]
    assert is_there
    assert wrong[0] == 2
    assert done[0] == 0
    assert not run.exists()
    assert newer.exists()


BAD: dict[str, tuple[str, ...]] = {
    "two forms": ("export", "--csv", "--json"),
    "kind": ("export", "--kind", "trades"),
    "empty kind": ("export", "--kind", ""),
    "no time": ("export", "--from", "yesterday"),
    "backwards": ("export", "--from", "1d", "--to", "2d"),
    "no run": ("export", "--run", "nowhere"),
    "a path up": ("export", "--run", "../../etc"),
    "other mode": ("export", "--mode", "live"),
    "file exists": ("export", "--out", "/dev/null"),
    "no folder": ("export", "--out", "/nowhere/at/all.csv"),
    "grouping": ("report", "--by", "hour"),
    "report forms": ("report", "--csv", "--json"),
    "report time": ("report", "--to", "1e9"),
    "no backup": ("journal", "restore", "/nowhere.db"),
    "no limit": ("journal", "prune"),
    "age": ("journal", "prune", "--older-than", "soon"),
    "size": ("journal", "prune", "--max-size", "-1"),
    "live is kept": ("journal", "prune", "--older-than", "1d", "--mode", "live"),
    "no outside": ("journal", "migrate"),
    "rebuild nothing": ("journal", "rebuild", "--confirm", "rebuild"),
    "bad mode": ("export", "--mode", "dream"),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_bad_input_is_one_sentence_and_exit_code_2(wingman: Wingman, run: Path, kind: str) -> None:
    """Nothing on standard output, nothing changed, no traceback."""
    before = facts_of(run)

    code, out, err = wingman(*BAD[kind])

    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 or kind == "bad mode"
    assert facts_of(run) == before


@pytest.mark.parametrize("kind", ["newer", "other mode's file", "no journal"])
def test_journal_that_is_not_asked_for_is_refused_with_the_reason(
    wingman: Wingman, run: Path, data: Path, kind: str
) -> None:
    """A newer schema, a journal of another mode, a letter."""
    words = ["export"]
    if kind == "newer":
        changed(run, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    elif kind == "no journal":
        (data / "letter").write_text("dear")
        words += ["--run", str(data / "letter")]
    else:
        words += ["--mode", "paper", "--run", str(run)]
    before = run.read_bytes()

    code, out, err = wingman(*words)

    reason = {"newer": "schema 99", "other mode's file": "'simulation'", "no journal": "letter"}
    assert (code, out) == (2, "")
    assert reason[kind] in err
    assert run.read_bytes() == before


def test_commands_that_change_a_journal_refuse_one_in_use(wingman: Wingman, data: Path) -> None:
    """An engine holds it; looking and backing up go on."""
    path = written(data / "simulation" / "outside" / "journal.db")
    copy = data / "copy.db"
    wingman("journal", "backup", "--run", "outside", "--to", str(copy))
    engine = SqliteJournal(path, STAMP, epoch=1)

    for words in (("migrate",), ("rebuild", "--confirm", "rebuild"), ("restore", str(copy))):
        code, _, err = wingman("journal", *words)
        assert (code, "in use" in err) == (2, True), words
    looked = wingman("journal", "verify", "--run", "outside")
    second = wingman("journal", "backup", "--run", "outside", "--to", str(data / "two.db"))
    engine.close()

    assert looked[0] == second[0] == 0


def test_export_into_a_closed_pipe_ends_quietly(data: Path) -> None:
    """`wingman export | head -1` is a real process and no error."""
    command = f"{sys.executable} -m tui.cli export --data-dir {data} | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=30
    )

    assert done.stdout.startswith("kind,sequence,time")
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("label", ["staged", "folded", "kept", "cleared", "swapped"])
def test_command_killed_at_a_point_leaves_old_or_new(data: Path, label: str) -> None:
    """The real command in a process of its own, killed by its label, then run again."""
    path = written_as_v1(data / "simulation" / "outside" / "journal.db")
    command = [sys.executable, "-m", "tui.cli", "journal", "migrate", "--data-dir", str(data)]

    killed = subprocess.run(
        command,
        env={**os.environ, "WINGMAN_CRASH_AT": f"{label}/1"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    left = summary(path)
    again = subprocess.run(command, capture_output=True, check=False, timeout=30)

    assert killed.returncode == -9
    assert (left.schema, left.broken_at) == (2 if label == "swapped" else 1, None)
    assert again.returncode == 0
    assert (summary(path).schema, summary(path).rows) == (2, len(FACTS))
