"""The house holds together: environment, lock, make targets, the order of the rooms, the form of the files."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
import yaml
from conftest import ROOT

from helpers.running.imports import mentioned

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: Rooms in the order in which data flows; what has no room of its own stands first.
ROOMS = ["", "cleaning", "analysis", "figures", "brief", "explorer", "running"]


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


def test_the_command_and_the_kernel_provisioner_are_registered() -> None:
    from importlib.metadata import entry_points

    assert [point.value for point in entry_points(group="console_scripts", name="brief")] == [
        "helpers.running.start:main"
    ]
    found = entry_points(group="jupyter_client.kernel_provisioners", name="brief-warm")
    assert [point.load().__name__ for point in found] == ["WarmProvisioner"]


@pytest.mark.parametrize("path", sorted((ROOT / "src/helpers").rglob("*.py")), ids=lambda path: path.stem)
def test_each_module_is_short_and_imports_only_from_rooms_before_its_own(path) -> None:  # type: ignore[no-untyped-def]
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    package = parts[-1] == "__init__"
    room = parts[1] if len(parts) > 2 else ""
    names = mentioned(source, ".".join(parts[:-1] if package else parts), package=package)
    used = {name.split(".")[1] for name in names if name.count(".") and name.split(".")[1] in ROOMS}
    if room == "running":  # the command line may call every room
        return
    allowed = ROOMS[: ROOMS.index(room) + 1]
    assert used <= set(allowed), f"{path} imports from {sorted(used - set(allowed))}"


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
