"""`wingman doctor` on the command line."""

import asyncio
from pathlib import Path

import msgspec
import typer

from core.exchange.backpack import constants
from core.exchange.backpack.signing import Credentials
from core.exchange.network import NetworkTransport
from core.runtime.clock import SystemClock
from core.runtime.config import KeyFile
from core.runtime.doctor import Finding, Patient, examine


def run_doctor(
    rest_url: str, ws_url: str, data_dir: Path, keys: KeyFile | None, *, as_json: bool
) -> None:
    """Examine, print a line a check, and leave with exit code 1 when something is wrong."""
    patient = Patient(
        rest_url=rest_url or constants.REST_URL,
        ws_url=ws_url or constants.STREAM_URL,
        data_dir=data_dir,
        credentials=None if keys is None else Credentials(keys.api_secret),
    )
    findings = asyncio.run(_examined(patient))
    is_ok = all(finding.is_ok for finding in findings)
    if as_json:
        document = {"is_ok": is_ok, "findings": findings}
        typer.echo(msgspec.json.encode(document).decode())
    else:
        for finding in findings:
            typer.echo(_line(finding))
    raise typer.Exit(0 if is_ok else 1)


async def _examined(patient: Patient) -> list[Finding]:
    transport = NetworkTransport(patient.rest_url, patient.ws_url)
    try:
        return await examine(patient, transport, SystemClock())
    finally:
        await transport.close()


def _line(finding: Finding) -> str:
    mark = "ok   " if finding.is_ok else "WRONG"
    line = f"{mark}  {finding.check:12}  {finding.text}"
    return line if finding.is_ok else f"{line}\n       {'':12}  {finding.remedy}"
