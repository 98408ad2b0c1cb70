"""A run: the same bytes however it is done, whole results or none, one at a time, the default brief left alone."""

from __future__ import annotations

import ctypes
import json
import platform
import resource
import subprocess
import time
from pathlib import Path

import nbformat.v4 as nbf
import pytest
from projects import CLEAN, COUNT, DRAW, brief, built, command, environment, project, results
from test_plan import outcome

from helpers.running.execute import tidy
from helpers.running.results import complete

#: Prints what would betray the machine, the moment or the order of things.
BETRAYING = DRAW + (
    "import os, sys, time, warnings\n"
    "print(hash('x') % 7, os.environ['TZ'], time.strftime('%H', time.gmtime(0)), resolve('x'))\n"
    "print(object(), file=sys.stderr)\n"
    "print(set('unordered'), os.environ['LC_ALL'], sorted('äz'))\n"
    "warnings.warn(f'{__file__ if \"__file__\" in globals() else 0}')\n"
)


@pytest.mark.soak
def test_the_same_bytes_in_another_folder_and_another_way(tmp_path: Path) -> None:
    runs = []
    ways: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
        ("one", ("--jobs", "1"), {}),
        ("second folder", ("--jobs", "2"), {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Baghdad", "PYTHONHASHSEED": "7"}),
        ("third", ("--jobs", "2"), {"BRIEF_PROCESSES": "cold", "LANG": "C", "TZ": "America/New_York"}),
    ]
    for folder, arguments, more in ways:
        root = project(tmp_path / folder, draw=BETRAYING)
        done = brief(root, "run", *arguments, **more)
        assert done.returncode == 0, done.stderr
        runs.append(results(root))
    assert runs[0].keys() == runs[1].keys() == runs[2].keys()
    for path, content in runs[0].items():
        assert content == runs[1][path] == runs[2][path], path
    executed = runs[0]["report/notebooks/03_draw.ipynb"].decode()
    assert str(tmp_path) not in executed
    assert "ipykernel_" not in executed
    assert platform.python_version() not in executed
    notebook = json.loads(executed)
    assert "papermill" not in notebook["metadata"]
    assert all(set(cell["metadata"]) <= {"tags"} for cell in notebook["cells"])
    assert [cell.get("execution_count") for cell in notebook["cells"] if cell["cell_type"] == "code"] == [1, 2]


def test_forced_again_gives_the_same_bytes_and_says_so_if_not(tmp_path: Path) -> None:
    moment = '\n(resolve(figures_dir) / "two.svg").write_text(str(__import__("time").time_ns()))'
    root = project(built(tmp_path), draw=DRAW + moment)
    before = results(root)
    assert "other bytes" not in brief(root, "run").stdout
    done = brief(root, "run", "--force")
    assert "other bytes than before from the same inputs: figures/two.svg\n" in done.stdout
    after = results(root)
    changed = {"figures/two.svg", "report/brief.html", "report/notebooks/03_draw.ipynb"}
    assert {path for path in after if after[path] != before.get(path)} == changed


def test_another_run_leaves_the_default_alone_and_looks_like_it(tmp_path: Path) -> None:
    root = built(tmp_path)
    before = results(root)
    done = brief(root, "run", "-p", "window_end", "2023-12-31", "-p", "countries", "IQ,SY")
    assert done.returncode == 0, done.stderr
    run = root / "runs" / "window_end-2023-12-31_countries-IQ-SY"
    assert results(root) == before
    assert results(run).keys() == before.keys() - {"report/brief.md"}
    executed = (run / "report/notebooks/02_count.ipynb").read_text()
    assert "injected-parameters" in executed
    assert "runs/" not in executed
    # Asked for by name, even the default's parameters write elsewhere.
    assert brief(root, "run", "--name", "mine").returncode == 0
    assert (root / "runs/mine/report/brief.html").read_bytes() == before["report/brief.html"]
    assert results(root) == before


def test_folders_that_the_user_gives_are_taken(tmp_path: Path) -> None:
    root = project(tmp_path)
    sheets = tmp_path / "elsewhere"
    sheets.mkdir()
    (sheets / "reports.csv").write_text("report_id,country,date\nz/1,JO,2024-01-28\n")
    done = brief(root, "run", "-p", "coded_dir", str(sheets), "-p", "figures_dir", "pictures", "--name", "own")
    assert done.returncode == 0, done.stderr
    assert "Z/1,JO" in (root / "runs/own/data/clean/incidents.csv").read_text()
    assert (root / "pictures/one.svg").exists()
    assert not (root / "runs/own/figures").exists()


def test_notebooks_that_do_not_need_each_other_run_side_by_side(tmp_path: Path) -> None:
    # Each of the two waits for a sign from the other, through a folder outside: alone, neither would end.
    meet = """
import time
from pathlib import Path
Path("{place}/{mine}").touch()
until = time.monotonic() + 20
while not Path("{place}/{other}").exists():
    assert time.monotonic() < until, "the other one does not run"
    time.sleep(0.01)
"""
    count = meet.format(place=tmp_path, mine="count", other="draw") + COUNT
    draw = meet.format(place=tmp_path, mine="draw", other="count") + DRAW
    root = project(tmp_path / "project", count=count, draw=draw)
    done = brief(root, "run", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[:4]] == ["01_clean", "02_count", "03_draw", "08_brief"]


def test_a_step_sees_only_what_it_declares_and_harms_nothing(tmp_path: Path) -> None:
    root = project(tmp_path / "reads", draw=DRAW + '\nprint((resolve("report/facts/02_count.json")).read_text())')
    done = brief(root, "run", "--jobs", "1")
    assert done.returncode == 1
    assert "03_draw failed in cell 3: FileNotFoundError" in done.stderr
    root = project(tmp_path / "writes", draw=DRAW + '\n(resolve(clean_dir) / "incidents.csv").write_text("spoiled")')
    done = brief(root, "run", "--jobs", "1")
    assert done.returncode == 1
    assert "it wrote data/clean/incidents.csv, which another notebook writes" in done.stderr
    root = project(tmp_path / "template", draw=DRAW + '\nresolve("report/brief.md").write_text("spoiled")')
    done = brief(root, "run", "--jobs", "1")
    assert "it changed report/brief.md, which its metadata does not declare" in done.stderr
    assert (root / "report/brief.md").read_text() == "words "


def test_a_second_run_at_the_same_time_is_refused_by_name(tmp_path: Path) -> None:
    root = project(tmp_path, clean=CLEAN + f"\npathlib.Path({str(tmp_path / 'sign')!r}).touch()\ntime.sleep(60)")
    first = subprocess.Popen(command("run"), cwd=root, env=environment(), stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not (tmp_path / "sign").exists() and time.monotonic() < until:
            time.sleep(0.02)
        second = brief(root, "run")
        assert second.returncode == 2
        assert second.stderr == (
            f"brief: another run of the default brief is at work (process {first.pid}); wait for it or stop it\n"
        )
        # Another brief is another matter.
        project(root)
        assert brief(root, "run", "--name", "beside").returncode == 0
    finally:
        first.terminate()
        assert first.wait(20) == 143


def test_what_changes_under_a_running_notebook_fails_it(tmp_path: Path) -> None:
    change = f"\npathlib.Path({str(tmp_path / 'data/coded/reports.csv')!r}).write_text('changed')"
    root = project(tmp_path, clean=CLEAN + change)
    done = brief(root, "run")
    assert (done.returncode, done.stderr) == (
        1,
        "brief: 01_clean: data/coded/reports.csv changed while it ran; run again\n",
    )
    assert not (root / "data/clean").exists()


@pytest.mark.soak
def test_a_disk_that_is_full_leaves_everything_as_it_was(tmp_path: Path) -> None:
    big = DRAW + '\n(resolve(figures_dir) / "big.svg").write_text("x" * 3_000_000)'
    root = built(tmp_path)
    before = results(root)
    project(root, draw=big)
    limited = subprocess.run(
        command("run"),
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert limited.returncode == 1
    assert limited.stderr.startswith("brief: 03_draw failed in cell 3: OSError: [Errno 27] File too large")
    assert results(root) == before

    # And where there is room for the notebook but not for moving its results into place:
    assert brief(root, "run", "--name", "beside").returncode == 0
    limited = subprocess.run(
        command("run"),
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert (limited.returncode, len(limited.stderr.splitlines())) == (1, 1)
    assert "File too large" in limited.stderr
    assert "as they were" in limited.stderr
    assert results(root) == before
    assert brief(root, "run").returncode == 0
    assert results(root)["figures/big.svg"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "figures").write_text("a file where the folder should be")
    done = brief(root, "run")
    assert (done.returncode, done.stderr) == (2, "brief: figures: cannot be written\n")
    assert not (root / "data/clean").exists()
    (root / "figures").unlink()
    (root / "figures").mkdir(mode=0o500)
    done = brief(root, "run", preexec_fn=may_not_override)
    assert (done.returncode, done.stderr) == (2, "brief: figures: cannot be written\n")


def may_not_override() -> None:
    """Give up root's right to write where permissions forbid it (PR_CAPBSET_DROP of CAP_DAC_OVERRIDE)."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("folder", "moved"),
    [
        ("figures", False),
        pytest.param("report/facts", False, marks=pytest.mark.soak),
        (".brief", True),  # what cannot be remembered costs the next run time, no more
        (".brief/state", False),
        pytest.param(".brief/journal/default", False, marks=pytest.mark.soak),
    ],
)
def test_a_folder_that_may_not_be_written_leaves_results_as_they_were(folder: str, moved: bool, tmp_path: Path) -> None:
    root = built(tmp_path)
    before = results(root)
    (root / "data/coded/reports.csv").write_text("report_id,country,date\nc/9,SY,2023-12-24\n")
    draw = json.loads((root / "notebooks/03_draw.ipynb").read_text())
    draw["cells"][-1]["source"] += "\n# changed"
    (root / "notebooks/03_draw.ipynb").write_text(json.dumps(draw))
    (root / folder).chmod(0o500)
    try:
        done = brief(root, "run", preexec_fn=may_not_override)
    finally:
        (root / folder).chmod(0o700)
    assert (done.returncode == 0) == moved, done.stderr
    assert (results(root) == before) == (not moved)
    if not moved:
        (said,) = done.stderr.splitlines()
        assert folder in said
        assert "as they were" in said or said == f"brief: {folder}: cannot be written"


def test_results_that_could_not_all_be_moved_are_said_to_be_so(tmp_path: Path) -> None:
    root = built(tmp_path)
    (root / "data/coded/reports.csv").write_text("report_id,country,date\nc/9,SY,2023-12-24\n")
    state = root / ".brief/state/default.json"
    kept = state.read_text()
    state.unlink()
    (state / "in the way").mkdir(parents=True)
    done = brief(root, "run")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "as they were" not in done.stderr
    assert done.stderr.endswith("; the next run puts the rest of the results into place\n")
    (state / "in the way").rmdir()
    state.rmdir()
    state.write_text(kept)
    assert brief(root, "run").returncode == 0
    assert "C/9" in (root / "report/brief.html").read_text() + (root / "data/clean/incidents.csv").read_text()
    assert set(outcome(brief(root, "run").stdout).values()) == {"up to date"}


@pytest.mark.parametrize("done_before", range(4))
def test_half_moved_results_are_moved_to_the_end(tmp_path: Path, done_before: int) -> None:
    moves = []
    for number in range(3):
        (tmp_path / f"new{number}").write_text("new")
        (tmp_path / f"out/sub{number}").mkdir(parents=True)
        (tmp_path / f"out/sub{number}/file").write_text("old")
        moves.append((str(tmp_path / f"new{number}"), str(tmp_path / f"out/sub{number}/file")))
    (tmp_path / "out/stale").write_text("old")
    journal = tmp_path / "journal.json"
    journal.write_text(json.dumps({"move": moves, "remove": [str(tmp_path / "out/stale")]}))
    for source, target in moves[:done_before]:  # as a machine that stopped would leave it
        Path(source).replace(target)
    assert complete(journal) == 3
    assert {file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file()} == {"new"}
    assert not journal.exists()
    assert complete(journal) == 0


def test_tidied_notebooks_hold_no_place_and_no_moment() -> None:
    printed = nbf.new_output("stream", name="stdout", text="ab /home/x/f.py 0x7f0011223344")
    cell = nbf.new_code_cell("print()", outputs=[printed])
    cell.metadata["execution"] = {"iopub.execute_input": "2024-01-01"}
    book = nbf.new_notebook(cells=[cell], metadata={"papermill": {"duration": 1}})
    book.metadata["language_info"] = {"name": "python", "version": "3.11.0"}
    tidy(book, Path("/tmp/box"), Path("/home/x"))
    assert [output.text for output in cell.outputs] == ["ab f.py 0x…"]
    assert dict(book.metadata) == {"language_info": {"name": "python"}}
    assert dict(cell.metadata) == {}


def test_sheets_beside_the_project_are_found(tmp_path: Path) -> None:
    root = project(tmp_path / "here")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/reports.csv").write_text("report_id,country,date\nb/1,IQ,2023-12-18\n")
    done = brief(root, "run", "-p", "coded_dir", "../mine", "--name", "mine")
    assert done.returncode == 0, done.stderr
    assert "B/1,IQ,2023-12-18" in (root / "runs/mine/data/clean/incidents.csv").read_text()
