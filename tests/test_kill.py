"""However a run is stopped: results in place stay whole, nothing is left running, the next run gives the same bytes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from projects import CLEAN, COUNT, brief, command, environment, on_terminal, project, results

#: Long enough that a moment can be hit.
SLOW = "\nimport time\ntime.sleep(0.3)"

#: Results before and after the change, the seconds that the run between them takes, and the project before it.
Undisturbed = tuple[dict[str, bytes], dict[str, bytes], float, Path]


def marked(mark: str) -> list[int]:
    """Return the processes that have `mark` in the environment they were started with."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                zombie = (place / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
                if mark.encode() in (place / "environ").read_bytes() and not zombie:
                    found.append(int(place.name))
            except OSError:
                continue
    return found


def nothing_left(mark: str, patience: float = 10.0) -> bool:
    """Return whether all processes that have `mark` end within `patience` seconds."""
    until = time.monotonic() + patience
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.05)
    return not marked(mark)


def changed(root: Path) -> None:
    """Change what everything rests on."""
    (root / "data/coded/reports.csv").write_text("report_id,country,date\nc/9,SY,2023-12-24\n")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The results before and after the change, how long the run between takes, and the project before it."""
    root = project(tmp_path_factory.mktemp("undisturbed"), clean=CLEAN + SLOW, count=COUNT + SLOW)
    assert brief(root, "run").returncode == 0
    before = results(root)
    built = shutil.copytree(root, tmp_path_factory.mktemp("built"), dirs_exist_ok=True)
    changed(root)
    begun = time.monotonic()
    assert brief(root, "run").returncode == 0
    return before, results(root), time.monotonic() - begun, built


def disturb(root: Path, number: int, wait: float | Path, undisturbed: Undisturbed) -> str:
    """Stop a run with signal `number` after `wait` (seconds, or until a path exists); check what it leaves.

    Return whether that is the ``old`` results or the ``new`` ones.
    """
    before, after, _, built = undisturbed
    shutil.rmtree(root)
    shutil.copytree(built, root)
    assert results(root) == before
    changed(root)
    shutil.rmtree(root / ".brief/cache")  # or an earlier round's results would be taken from there
    mark = f"BRIEF_MARK_{uuid.uuid4().hex}"
    temporary = Path(tempfile.mkdtemp(prefix="brief-test-"))
    run = subprocess.Popen(
        command("run"),
        cwd=root,
        env=environment(**{mark: "1", "TMPDIR": str(temporary)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if isinstance(wait, Path):
        while not wait.exists() and run.poll() is None:
            time.sleep(0.002)
    else:
        time.sleep(wait)
    # Ctrl-C and a killed terminal reach the whole process group.
    os.killpg(run.pid, number)
    _, said = run.communicate(timeout=20)
    assert nothing_left(mark), "something is still running"
    temporary.rmdir()  # nothing is left there either
    left = results(root)
    assert left in (before, after), "neither the old results nor the new ones"
    holder = root / ".brief/locks/default.pid"
    if holder.read_text() == str(run.pid):  # else it was stopped before Python had started the command
        assert run.returncode in {0, -number, 128 + number}
        assert len(said.splitlines()) == (run.returncode == 128 + number), said
    again = brief(root, "run")
    assert again.returncode == 0, again.stderr
    assert results(root) == after
    assert not (root / ".brief/work/default").exists()
    return "old" if left == before else "new"


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(signal.SIGINT, "01_clean", marks=pytest.mark.soak),  # as Ctrl-C on a terminal, below
        (signal.SIGTERM, "02_count"),
        (signal.SIGKILL, "02_count"),
    ],
)
def test_stopped_while_notebooks_run(number: int, moment: str, tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert disturb(tmp_path, number, tmp_path / ".brief/work/default" / moment, undisturbed) == "old"


def test_killed_while_results_move_into_place(tmp_path: Path, undisturbed: Undisturbed) -> None:
    # From the moment that the journal stands, the results will be the new ones.
    disturb(tmp_path, signal.SIGKILL, tmp_path / ".brief/work/default/place/state", undisturbed)


@pytest.mark.parametrize("times", [3, pytest.param(1, marks=pytest.mark.soak)])
def test_ctrl_c_on_a_terminal(times: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    before, after, _, built = undisturbed
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    changed(tmp_path)
    shutil.rmtree(tmp_path / ".brief/cache")
    mark = f"BRIEF_MARK_{uuid.uuid4().hex}"
    at_work = tmp_path / ".brief/work/default/02_count/report/notebooks"
    status, said = on_terminal(tmp_path, "run", press=lambda shown: at_work.exists(), times=times, **{mark: "1"})
    assert status == 130
    assert said[-1] == "brief: stopped; the results in place are whole; the next run goes on from here"
    assert [line for line in said[:-1] if not line.startswith("01_clean  ran")] == []
    assert nothing_left(mark)
    assert results(tmp_path) == before
    assert brief(tmp_path, "run").returncode == 0
    assert results(tmp_path) == after


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2))
def test_stopped_at_random_moments(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    draw = random.Random(seed)
    seen = [
        disturb(
            tmp_path,
            draw.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL]),
            draw.uniform(0.0, 1.1 * undisturbed[2]),
            undisturbed,
        )
        for _ in range(25)
    ]
    assert len(seen) == 25
    assert "old" in seen
