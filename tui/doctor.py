"""`wingman doctor` on the command line."""

import asyncio
from pathlib import Path

import msgspec
import typer

from core.runtime.config import KeyFile
from core.runtime.doctor import Finding, examine_venue


def run_doctor(
    rest_url: str, ws_url: str, data_dir: Path, keys: KeyFile | None, *, as_json: bool
) -> None:
    """Examine, print a line a check, and leave with exit code 1 when something is wrong."""
    findings = asyncio.run(examine_venue(rest_url, ws_url, data_dir, keys))
    is_ok = all(finding.is_ok for finding in findings)
    if as_json:
        document = {"is_ok": is_ok, "findings": findings}
        typer.echo(msgspec.json.encode(document).decode())
    else:
        for finding in findings:
            typer.echo(_line(finding))
    raise typer.Exit(0 if is_ok else 1)


def _line(finding: Finding) -> str:
    mark = "ok   " if finding.is_ok else "WRONG"
    line = f"{mark}  {finding.check:12}  {finding.text}"
    return line if finding.is_ok else f"{line}\n       {'':12}  {finding.remedy}"
