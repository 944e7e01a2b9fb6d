"""Check the lock files: complete, hashed, without addresses, and good for a plain install."""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = ROOT / "requirements.lock"
TEST = ROOT / ".ci" / "requirements-test.lock"
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+))?", re.MULTILINE)


def normalized(name: str) -> str:
    """Return a project name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path: Path) -> dict[str, set[str]]:
    """Return every pinned project of a lock file with its versions; complain about the form."""
    text = path.read_text(encoding="utf-8")
    problems = [line for line in text.splitlines() if "://" in line or "index-url" in line]
    versions: dict[str, set[str]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        match = ENTRY.match(block)
        if match is None:
            continue
        versions.setdefault(normalized(match[1]), set()).add(match[2])
        if "--hash=sha256:" not in block:
            problems.append(f"no hash: {match[0]}")
    if problems:
        sys.exit(f"{path.name}: " + "; ".join(problems[:5]))
    return versions


def check_complete(lock: dict[str, set[str]], wanted: list[str], name: str) -> None:
    """Check that every declared dependency is pinned to a version it allows."""
    for text in wanted:
        need = Requirement(text)
        found = lock.get(normalized(need.name), set())
        if not any(need.specifier.contains(version) for version in found):
            sys.exit(f"{name} does not pin {text} (found {sorted(found)})")


def check_install() -> None:
    """Install as a user would, in an empty environment, and start what was installed."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "-r", str(RUNTIME)], folder)
        run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], folder)
        run([f"{folder}/bin/wingman", "--version"], folder)
        code = "from tui.theme import load_themes; assert len(load_themes()[0]) >= 3, load_themes()"
        run([f"{folder}/bin/python", "-c", code], folder)


def run(command: list[str], folder: str) -> None:
    """Run one command outside the checkout; stop at the first failure."""
    done = subprocess.run(command, cwd=folder, check=False)  # noqa: S603  fixed commands
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}")


def main() -> None:
    """Check everything."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    runtime, test = pinned(RUNTIME), pinned(TEST)
    check_complete(runtime, [*project["dependencies"], *extras["build"]], RUNTIME.name)
    check_complete(test, [*project["dependencies"], *extras["test"]], TEST.name)
    different = [name for name in runtime if runtime[name] != test.get(name)]
    if different:
        sys.exit(f"the two locks differ on: {', '.join(sorted(different))}")
    check_install()
    counts = f"{len(runtime)} and {len(test)} projects pinned"
    sys.stdout.write(f"locks: {counts} with hashes, plain install works\n")


if __name__ == "__main__":
    main()
