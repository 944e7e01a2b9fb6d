"""`wingman paper`: what it refuses in one sentence, and what a run prints."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import ConnectivityError
from core.domain.facts import Mode
from core.runtime import paper
from core.runtime.config import Config, VenueConfig, VenueKind, load_config
from core.runtime.launch import Launch
from core.runtime.runs import open_run

pytestmark = pytest.mark.timeout(100)
NOWHERE = ("--backpack-url", "http://127.0.0.1:9", "--backpack-ws-url", "ws://127.0.0.1:9")


def wingman(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    command = [sys.executable, "-m", "tui.cli", *words]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=90)


def said(tmp_path: Path, config: str, *words: str) -> str:
    """Return the one sentence a paper run ends with; nothing is left on disk."""
    file = tmp_path / "wingman.toml"
    file.write_text(config)
    data = tmp_path / "data"

    run = wingman("paper", "--config", str(file), "--data-dir", str(data), "--headless", *words)

    assert run.returncode == 2
    assert run.stdout == ""
    assert not data.exists()
    assert run.stderr.count("\n") == 1
    return run.stderr


def test_paper_without_venues_says_what_to_add(tmp_path: Path) -> None:
    """The sentence names the thing and the remedy."""
    text = said(tmp_path, "")

    assert "no venues configured" in text
    assert "[[venues]]" in text


@pytest.mark.parametrize("key", ["key_file", "leader_key_file"])
def test_paper_with_a_key_refuses_it(tmp_path: Path, key: str) -> None:
    """A key has no business in a paper run; the file is not even opened."""
    text = said(
        tmp_path, f'[[venues]]\nname = "backpack"\nkind = "backpack"\n{key} = "/no/such/file"\n'
    )

    assert "takes no keys" in text
    assert "/no/such/file" not in text
    assert f"Remove {'key_file'}" in text


def test_paper_with_half_an_address_asks_for_the_other(tmp_path: Path) -> None:
    """REST and WebSocket go together."""
    assert "both addresses" in said(tmp_path, "", *NOWHERE[:2])


def test_paper_with_a_fee_that_is_none_names_its_place(tmp_path: Path) -> None:
    """Section [paper] is checked like every other."""
    assert "paper.taker_bps" in said(tmp_path, "[paper]\ntaker_bps = 5000\n", *NOWHERE)


def test_paper_of_coin_margined_contracts_alone_says_what_can_be_traded() -> None:
    """They settle in what they are about."""
    venue = VenueConfig(name="coins", kind=VenueKind.BINANCE_COINM)
    launch = Launch(mode=Mode.PAPER, config=Config(venues=(venue,)), data_dir="/nowhere")

    with pytest.raises(Exception, match=r"no venue can be traded on paper: coins is binance-coinm"):
        paper.paper_sources(launch)


def test_paper_on_a_venue_that_does_not_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its patience the run ends with the venue and its address."""
    monkeypatch.setattr(paper, "PATIENCE_SECS", 0.5)
    launch = Launch(
        mode=Mode.PAPER,
        config=Config(),
        data_dir=str(tmp_path),
        rest_url=NOWHERE[1],
        ws_url=NOWHERE[3],
    )

    async def run() -> None:
        async with open_run(launch):
            pytest.fail("a silent venue was taken for one")

    with pytest.raises(ConnectivityError, match=r"no venue answers: backpack at http://127"):
        asyncio.run(run())


def test_another_address_is_another_account() -> None:
    """Folders follow venues and addresses, so that worlds never mix; the same one goes on."""

    def folder(url: str) -> Path:
        launch = Launch(
            mode=Mode.PAPER, config=Config(), data_dir="/d", rest_url=url, ws_url="ws://127.0.0.1:1"
        )
        return paper.paper_folder(paper.paper_sources(launch))

    assert folder("http://127.0.0.1:1") == folder("http://127.0.0.1:1")
    assert folder("http://127.0.0.1:1") != folder("http://127.0.0.1:2")
    assert folder("http://127.0.0.1:1").parent == Path("/d/paper")


def test_fees_of_a_persons_own_tier_win(tmp_path: Path) -> None:
    """`[paper]` overrides the first tier, for perpetuals and spot."""
    file = tmp_path / "wingman.toml"
    file.write_text("[paper]\nmaker_bps = -1\ndeposit = 500\n")

    found = paper.paper_settings(VenueKind.BACKPACK, load_config(file).paper)

    assert found.deposit == 500
    assert found.fees.perpetual_maker_bps == -1
    assert found.fees.spot_maker_bps == -1
    assert found.fees.perpetual_taker_bps == 5


def test_paper_summary_has_the_keys_of_a_simulation(tmp_path: Path) -> None:
    """`--headless --for SECS --json` prints the same words, stamped paper."""
    venue = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "venue", "--json", "--seed", "3"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert venue.stdout is not None
        where = json.loads(venue.stdout.readline())
        ways = ("--backpack-url", where["rest"], "--backpack-ws-url", where["ws"])
        ran = wingman(
            "paper", *ways, "--data-dir", str(tmp_path), "--headless", "--for", "2", "--json"
        )
    finally:
        venue.terminate()
        venue.communicate(timeout=20)
    simulated = wingman(
        "--data-dir", str(tmp_path), "--seed", "3", "--headless", "--for", "1", "--json"
    )

    summary: dict[str, Any] = json.loads(ran.stdout)
    assert summary["mode"] == "paper"
    assert set(summary) == set(json.loads(simulated.stdout))
    assert summary["ledger_equals_venue"] is True
    assert summary["residual"] == 0
    assert summary["health"]["backpack"]["is_paper"] is True
    assert summary["frames"] > 0
