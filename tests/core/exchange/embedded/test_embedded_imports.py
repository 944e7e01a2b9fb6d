"""The room stands alone: no adapter, no screen, no socket library outside its server."""

import ast
from pathlib import Path

ROOM = Path(__file__).parents[4] / "core" / "exchange" / "embedded"


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_the_room_imports_itself_and_the_contract_only() -> None:
    """Nothing of core but this room and the contract of venues."""
    for path in ROOM.glob("*.py"):
        own = {name for name in _imports(path) if name.startswith(("core", "tui"))}
        others = {name for name in own if not name.startswith("core.exchange.embedded")}
        assert others <= {"core.exchange.contract"}, path.name


def test_aiohttp_stands_in_the_server_only() -> None:
    """Third parties are the four chosen ones, and sockets are the server's."""
    for path in ROOM.glob("*.py"):
        roots = {name.partition(".")[0] for name in _imports(path)}
        assert roots & {"textual", "rich", "ccxt", "websockets"} == set()
        assert ("aiohttp" in roots) == (path.name == "server.py")
