"""`wingman doctor`: each finding is ok, or says what to do."""

from pathlib import Path

import pytest

from core.exchange.backpack.signing import Credentials
from core.exchange.embedded import MemoryTransport, MemoryVenue, running, single_venue
from core.runtime.clock import SystemClock
from core.runtime.doctor import Finding, Patient, examine

SECOND = 1_000_000_000


class SkewedClock(SystemClock):
    """A clock that is wrong by so many ns."""

    def __init__(self, skew_ns: int) -> None:
        self._skew_ns = skew_ns

    def now(self) -> int:
        """Return the wrong time."""
        return super().now() + self._skew_ns


async def _examined(tmp_path: Path, skew_ns: int, *, secret: str = "") -> dict[str, Finding]:
    clock = SystemClock()
    venue = single_venue(1, clock.now())
    memory = MemoryVenue(venue.exchange, clock.now)
    patient = Patient(
        rest_url="http://127.0.0.1:1",
        ws_url="ws://127.0.0.1:1",
        data_dir=tmp_path,
        credentials=Credentials(secret or venue.trader.api_secret),
    )
    async with running([memory]):
        findings = await examine(patient, MemoryTransport(memory), SkewedClock(skew_ns))
    return {finding.check: finding for finding in findings}


async def test_a_healthy_way_to_a_venue_is_ok(tmp_path: Path) -> None:
    """Every check passes, and the key's answer is shown."""
    findings = await _examined(tmp_path, 0)

    assert all(finding.is_ok for finding in findings.values()), findings
    assert "leverage limit" in findings["key"].text


async def test_a_wrong_clock_is_named_with_its_remedy(tmp_path: Path) -> None:
    """Two seconds off are too much, and the finding says what to do."""
    finding = (await _examined(tmp_path, 2 * SECOND))["clock"]

    assert not finding.is_ok
    assert "-20" in finding.text
    assert "clock" in finding.remedy


async def test_a_key_the_venue_refuses_is_wrong(tmp_path: Path) -> None:
    """A stranger's key is refused; the other checks go on."""
    findings = await _examined(tmp_path, 0, secret="AQ" * 21 + "A=")

    assert not findings["key"].is_ok
    assert findings["key"].remedy
    assert findings["disk"].is_ok


@pytest.mark.parametrize("check", ["websocket", "clock"])
async def test_a_dead_venue_is_a_finding_and_not_an_error(tmp_path: Path, check: str) -> None:
    """With nothing listening each check of the way fails for itself."""
    clock = SystemClock()
    memory = MemoryVenue(single_venue(1, clock.now()).exchange, clock.now)
    transport = MemoryTransport(memory)
    await transport.close()
    patient = Patient(rest_url="http://127.0.0.1:1", ws_url="ws://127.0.0.1:1", data_dir=tmp_path)

    findings = {finding.check: finding for finding in await examine(patient, transport, clock)}

    assert not findings[check].is_ok
    assert findings["disk"].is_ok
