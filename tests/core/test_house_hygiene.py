"""The house's arrows, proved twice: by reading the imports and by importing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
CORE: Final = ROOT / "core"
TUI: Final = ROOT / "tui"
SCREEN_LIBRARIES: Final = ("textual", "rich")
MIDDLE: Final = ("exchange", "trading", "risk", "market", "analysis")
MAY_IMPORT: Final = {
    "domain": {"domain"},
    **{room: {"domain", room} for room in MIDDLE},
    "strategies": {"domain", "analysis", "strategies"},
    "runtime": {"domain", *MIDDLE, "strategies", "runtime"},
}
"""Every arrow points down; the rooms of the middle floor are strangers."""
NAMES_VENUES: Final = ("backpack", "binance", "hyperliquid")
CONFIGURATION: Final = {
    "core/runtime/config.py",
    "core/runtime/doctor.py",
    "core/runtime/opening.py",
    "core/runtime/runs.py",
    "core/runtime/sources.py",
    "core/runtime/replay.py",
    "tui/cli.py",
}
"""Where a venue may be chosen by name."""


def _modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> Iterator[str]:
    """Yield every module a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


CORE_MODULES: Final = _modules(CORE)


@pytest.mark.parametrize("path", CORE_MODULES, ids=_name)
def test_core_module_imports_nothing_of_the_screen(path: Path) -> None:
    """Nothing in core imports tui, textual or rich."""
    roots = {name.partition(".")[0] for name in _imports(path)}

    assert not roots & {"tui", *SCREEN_LIBRARIES}


@pytest.mark.parametrize("path", CORE_MODULES, ids=_name)
def test_core_module_imports_only_from_its_own_floor_and_below(path: Path) -> None:
    """A room imports itself, the words, and what lies below it."""
    parts = path.relative_to(CORE).parts
    room = parts[0] if len(parts) > 1 else "domain"

    reached = {name.split(".")[1] for name in _imports(path) if name.startswith("core.")}

    assert reached <= MAY_IMPORT[room], f"{_name(path)} reaches {reached - MAY_IMPORT[room]}"


@pytest.mark.parametrize("path", _modules(CORE / "exchange" / "embedded"), ids=_name)
def test_embedded_exchange_knows_no_adapter(path: Path) -> None:
    """The exchange in the box speaks the wire; the adapter is always under test against it."""
    reached = {name for name in _imports(path) if name.startswith("core.exchange.")}

    assert all(name.split(".")[2] in {"embedded", "contract"} for name in reached), reached


@pytest.mark.parametrize("path", _modules(CORE / "domain"), ids=_name)
def test_words_do_no_input_and_read_no_clock(path: Path) -> None:
    """The domain imports neither I/O nor time."""
    forbidden = {"aiohttp", "asyncio", "json", "time", "socket", "sqlite3", "os", "random"}

    assert not {name.partition(".")[0] for name in _imports(path)} & forbidden


@pytest.mark.parametrize(
    "path",
    [p for room in ("trading", "risk", "strategies") for p in _modules(CORE / room)],
    ids=_name,
)
def test_rooms_that_decide_read_no_clock_and_no_chance(path: Path) -> None:
    """Time and randomness are parameters; decisions are pure."""
    forbidden = {"time", "random", "asyncio", "socket", "aiohttp", "threading", "secrets", "uuid"}

    assert not {name.partition(".")[0] for name in _imports(path)} & forbidden


def _calls(path: Path, name: str) -> list[int]:
    """Return the lines that construct or decode a type by name."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == name)
            or (isinstance(node.func, ast.Attribute) and node.func.attr == name)
        )
    ]


def test_only_the_gate_makes_an_approval() -> None:
    """`RiskApproved` is constructed in one place of the whole product."""
    makers = {_name(p) for p in [*CORE_MODULES, *_modules(TUI)] if _calls(p, "RiskApproved")}

    assert makers == {"core/risk/gate.py"}


def test_approvals_are_not_changed_after_they_were_made() -> None:
    """Nobody replaces fields of an approval on its way to the signer."""
    for path in CORE_MODULES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"replace\(\s*(verdict|approved|effect\.approved)\b", text), path


@pytest.mark.parametrize("path", [*CORE_MODULES, *_modules(TUI)], ids=_name)
def test_venue_names_stay_in_their_folder_and_in_configuration(path: Path) -> None:
    """A venue's name stands in its own folder and where venues and recordings are chosen."""
    name = _name(path)
    if name in CONFIGURATION or (name.startswith("core/exchange/") and name.count("/") == 2):
        return
    allowed = next((v for v in NAMES_VENUES if name.startswith(f"core/exchange/{v}/")), "")
    if name.startswith("core/exchange/embedded/"):
        allowed = "backpack"
    code = ast.unparse(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))).lower()

    named = [venue for venue in NAMES_VENUES if venue != allowed and venue in code]

    assert not named


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                s
                for s in body
                if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            ] or [ast.Pass()]
    return tree


_PROBE: Final = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    found = [m for m in ("textual", "rich", "tui") if m in sys.modules]
    if found:
        raise SystemExit(f"{name} imports {found}")
"""


def test_importing_every_core_module_loads_nothing_of_the_screen() -> None:
    """What the imports say is what happens: no core module brings the screen's libraries in."""
    names = [
        _name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in CORE_MODULES
    ]
    importable = [name for name in names if ".ccxt" not in name]

    probe = subprocess.run(
        [sys.executable, "-c", _PROBE, *importable],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert probe.returncode == 0, probe.stderr


def test_link_and_launch_load_no_network_library() -> None:
    """What is imported before the first paint stays light."""
    light = ["core.runtime.engine_start", "core.runtime.link_client", "core.runtime.launch"]
    heavy = ("aiohttp", "websockets", "numpy", "nacl", "sqlite3", "textual")
    code = f"import sys; import {', '.join(light)}; print([m for m in {heavy} if m in sys.modules])"

    probe = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert probe.stdout.strip() == "[]"
