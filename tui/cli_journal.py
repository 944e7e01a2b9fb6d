"""The commands on a journal: `export`, `report` and `journal ...`. Light: each imports its own."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.domain.facts import Mode
from core.runtime.config import data_folder

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where journals, logs and the watchlist live.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
WhichMode = Annotated[Mode, typer.Option("--mode", help="Whose journals: modes never mix.")]
Run = Annotated[
    str,
    typer.Option("--run", help="LATEST, a run's folder name, `outside`, or a journal's file."),
]
Since = Annotated[
    str, typer.Option("--from", help="ISO time with zone, date, or how long ago: 36h, 2d.")
]
Until = Annotated[str, typer.Option("--to", help="The same; not included. Empty: to the end.")]
Confirm = Annotated[
    str, typer.Option("--confirm", help="The word it asks for, where nobody can type it.")
]
_NEWEST: Final = "LATEST"
_OUTSIDE: Final = "outside"
journal_app = typer.Typer(
    name="journal",
    help="Look at a journal, prove it, copy it, put it back, let old ones go.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(export)
    app.command()(report)
    app.add_typer(journal_app)


def export(  # noqa: PLR0913, PLR0917  one parameter an option of the command line
    since: Since = "",
    until: Until = "",
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="orders, fills, ledger, alerts, decisions, gate, several, or all."
        ),
    ] = "all",
    as_csv: AsCsv = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  as above
    data_dir: DataDir = None,
    run: Run = _NEWEST,
    mode: WhichMode = Mode.SIMULATION,
    out: Annotated[Path | None, typer.Option("--out", help="A new file, not the screen.")] = None,
) -> None:
    """Print what a journal tells row by row: exact amounts, UTC times, CSV unless --json."""
    from tui.export import ExportQuestion, run_export  # noqa: PLC0415  waits for its command

    question = ExportQuestion(
        choice=_choice(data_dir, mode, run, since, until),
        kind=kind,
        as_csv=as_csv,
        as_json=as_json,
        out=out,
    )
    raise typer.Exit(run_export(question))


def report(
    since: Since = "",
    until: Until = "",
    by: Annotated[str, typer.Option("--by", help="day, strategy or market.")] = "day",
    as_csv: AsCsv = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  as above
    data_dir: DataDir = None,
    run: Run = _NEWEST,
    mode: WhichMode = Mode.SIMULATION,
) -> None:
    """Print what was earned and what it cost, with a picture of equity and drawdown."""
    from tui.report import ReportQuestion, grouping, run_report  # noqa: PLC0415  as above

    question = ReportQuestion(
        choice=_choice(data_dir, mode, run, since, until),
        by=grouping(by),
        as_csv=as_csv,
        as_json=as_json,
    )
    raise typer.Exit(run_report(question))


@journal_app.command()
def info(
    data_dir: DataDir = None,
    run: Run = _NEWEST,
    mode: WhichMode = Mode.SIMULATION,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Print what a journal is: mode, account, epoch, rows, head, and whether it is whole."""
    from tui.keeping import show_info  # noqa: PLC0415  as above

    raise typer.Exit(show_info(_choice(data_dir, mode, run), as_json=as_json))


@journal_app.command()
def verify(data_dir: DataDir = None, run: Run = _NEWEST, mode: WhichMode = Mode.SIMULATION) -> None:
    """Prove every row by the hash chain; exit code 1 where it is damaged."""
    from tui.keeping import verify as proves  # noqa: PLC0415  as above

    raise typer.Exit(proves(_choice(data_dir, mode, run)))


@journal_app.command()
def backup(
    to: Annotated[
        Path | None, typer.Option("--to", help="A new file or a folder; else DATA/backups.")
    ] = None,
    data_dir: DataDir = None,
    run: Run = _NEWEST,
    mode: WhichMode = Mode.SIMULATION,
) -> None:
    """Copy a journal, also while it is written, prove the copy, and write its manifest."""
    from tui.keeping import back_up_to  # noqa: PLC0415  as above

    raise typer.Exit(back_up_to(_kept(_choice(data_dir, mode, run)), to))


@journal_app.command()
def restore(
    backup_file: Annotated[Path, typer.Argument(metavar="BACKUP", help="A finished backup.")],
    older: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--older", help="It may lack what happened since; mark it so.")
    ] = False,
    data_dir: DataDir = None,
    run: Run = _OUTSIDE,
    mode: WhichMode = Mode.SIMULATION,
) -> None:
    """Put a backup in a journal's place; what was there is kept."""
    from tui.keeping import restore_from  # noqa: PLC0415  as above

    asked = _kept(_choice(data_dir, mode, run))
    raise typer.Exit(restore_from(asked, backup_file, is_older_meant=older))


@journal_app.command()
def prune(
    older_than: Annotated[str, typer.Option("--older-than", help="Age: 36h, 30d, 8w.")] = "",
    max_size: Annotated[str, typer.Option("--max-size", help="Of all runs: 500M, 2G.")] = "",
    confirm: Confirm = "",
    data_dir: DataDir = None,
    mode: WhichMode = Mode.SIMULATION,
) -> None:
    """Delete old runs by age or size: shows what would go first, never one in use."""
    from tui.keeping import prune_runs  # noqa: PLC0415  as above

    asked = _kept(_choice(data_dir, mode, _NEWEST), confirm)
    raise typer.Exit(prune_runs(asked, older_than, max_size))


@journal_app.command()
def migrate(
    data_dir: DataDir = None, run: Run = _OUTSIDE, mode: WhichMode = Mode.SIMULATION
) -> None:
    """Bring a journal to this version's schema, on a copy; the old file is kept."""
    from tui.keeping import migrate_journal  # noqa: PLC0415  as above

    raise typer.Exit(migrate_journal(_kept(_choice(data_dir, mode, run))))


@journal_app.command()
def rebuild(
    account: Annotated[
        str, typer.Option("--account", help="Whose it is, where the file cannot tell any more.")
    ] = "",
    confirm: Confirm = "",
    data_dir: DataDir = None,
    run: Run = _OUTSIDE,
    mode: WhichMode = Mode.SIMULATION,
) -> None:
    """Cut a damaged journal to what is proved; the venue tells the rest at the next start."""
    from tui.keeping import rebuild_journal  # noqa: PLC0415  as above

    raise typer.Exit(rebuild_journal(_kept(_choice(data_dir, mode, run), confirm), account))


def _choice(data_dir: Path | None, mode: Mode, run: str, since: str = "", until: str = "") -> Any:
    from tui.journals import JournalChoice  # noqa: PLC0415  as above

    data = data_folder(data_dir)
    return JournalChoice(data=data, mode=mode, run=run, since=since, until=until)


def _kept(choice: Any, confirm: str = "") -> Any:
    from core.runtime.crash import crash_point_from_environment  # noqa: PLC0415  as above
    from tui.keeping import Kept  # noqa: PLC0415  as above

    return Kept(choice=choice, confirm=confirm, crash=crash_point_from_environment())
