"""The house holds together: environment, lock, make targets, the order of the rooms, the form of the files."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from conftest import ROOT

from helpers import running

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: The environment in which commands of the same Python are found.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def locked() -> dict[str, str]:
    """Return package -> version as the lock pins it."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.M)}


def canonical(name: str) -> str:
    """Return a package's name in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_and_pip_have_the_same_python_and_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert python == f"python {PROJECT['project']['requires-python']}"
    assert pip == "pip"
    assert packages == {"pip": ["-r requirements.lock"]}


def test_the_lock_pins_all_that_is_asked_for_with_hashes_and_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)
    pins = locked()
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *extras["dev"], *extras["cluster"]]
    for requirement in asked:
        assert canonical(re.split(r"[\[<>=;~ ]", requirement)[0]) in {canonical(name) for name in pins}, requirement
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])


def test_make_knows_its_targets() -> None:
    for target in ("report", "test", "soak", "bench", "lab", "clean", "notebooks", "lock"):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci/run")]).returncode == 0


def test_the_command_is_registered() -> None:
    from importlib.metadata import entry_points

    (point,) = entry_points(group="console_scripts", name="brief")
    assert point.load() is running.main


def test_rooms_import_only_from_rooms_before_their_own() -> None:
    done = subprocess.run(["lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout


MODULES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/helpers").rglob("*.py"))}

#: What one person can carry: lines and files of the library, lines of a module and of a function.
LINES, FILES, MODULE, FUNCTION = 16_000, 80, 400, 60


def test_the_house_is_small() -> None:
    assert sum(len(text.splitlines()) for text in MODULES.values()) <= LINES
    assert len(MODULES) <= FILES


def test_modules_and_functions_are_short() -> None:
    long = [f"{path.relative_to(ROOT)}" for path, text in MODULES.items() if len(text.splitlines()) > MODULE]
    for path, text in MODULES.items():
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        lengths = [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in nodes]
        long += [f"{path.relative_to(ROOT)}: {name}, {length} lines" for name, length in lengths if length > FUNCTION]
    assert long == []


def test_nothing_is_left_undone_or_skipped() -> None:
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(TO" + r"DO|FIX" + r"ME)\b", text), path
        assert not re.search(r"mark\.(sk" + r"ip|xf" + r"ail)", text), path


def test_git_does_not_see_what_a_run_leaves_behind() -> None:
    left = [
        ".brief/state/default.json",
        "runs/x/report/brief.html",
        ".venv/bin/python",
        "notebooks/.ipynb_checkpoints/a",
    ]
    done = subprocess.run(["git", "check-ignore", *left], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == left
