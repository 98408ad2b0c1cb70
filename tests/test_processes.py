"""Processes forked from a process with the imports done: as apart as ordinary kernels, and gone with the run."""

from __future__ import annotations

import itertools
import json
import multiprocessing.forkserver
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from projects import CLEAN, COUNT, brief, command, environment, notebook, project, results

from helpers.running import processes
from helpers.running.execute import Executed, execute, tidy

FIRST = """
import os, sys, json
from pathlib import Path
told = {"pid": os.getpid(), "parent": os.getppid(), "root": os.environ["BRIEF_ROOT"]}
told["threads"] = len(list(Path(f"/proc/{os.getppid()}/task").iterdir()))
told["warm"] = "statistics" in sys.modules
told["seen"] = "mark" in globals() or hasattr(os, "mark")
mark = os.mark = True
told["hash"] = hash("attack")
told["zone"] = os.environ["TZ"]
import random
told["random"] = random.random()
Path("told.json").write_text(json.dumps(told))
"""

#: Tells of all processes of the run (those of its user that have the mark) the TCP sockets that listen.
LISTENING = """
import json, os, socket
from pathlib import Path
inodes = {line.split()[9] for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
          if line.split()[3] == "0A"}
found = []
for place in Path("/proc").iterdir():
    try:
        if place.name.isdigit() and b"BRIEF_TEST_MARK" in (place / "environ").read_bytes():
            for file in (place / "fd").iterdir():
                target = os.readlink(file)
                if target.startswith("socket:") and target[8:-1] in inodes:
                    found.append([place.name, target])
    except OSError:
        continue
print(found)
assert not found, found
"""


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fork server that imports little."""
    monkeypatch.setenv("BRIEF_IMPORTS", "ipykernel.zmqshell papermill statistics")
    processes.prepare(tmp_path / ".brief")
    yield
    multiprocessing.forkserver._forkserver._stop()  # a run's ends with its process
    processes.close()


def done(folder: Path, source: str, name: str = "note", afresh: bool = False) -> Executed:
    """Execute a notebook of one cell in a folder of its own; return what became of it."""
    box = folder / name
    box.mkdir()
    notebook(folder / f"{name}.ipynb", [source], [], [], [])
    asked = (folder / f"{name}.ipynb", box, folder, folder / f"{name}-done.ipynb", {})
    found: Executed = processes.call(execute, *asked, root=box, afresh=afresh)
    return found


def run(folder: Path, source: str, name: str = "note", afresh: bool = False) -> dict[str, object]:
    """Execute a notebook of one cell in a folder of its own; return what it wrote into told.json."""
    assert not done(folder, source, name, afresh).fault
    told: dict[str, object] = json.loads((folder / name / "told.json").read_text())
    return told


def alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, patience: float = 5.0) -> bool:
    """Return whether a process ends within `patience` seconds."""
    until = time.monotonic() + patience
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_processes_are_forked_and_have_nothing_in_common(warm: None, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:  # several at once: no race in starting
        told = list(pool.map(lambda number: run(tmp_path, FIRST, f"note{number}"), range(4)))
    assert len({one["parent"] for one in told}) == 1
    assert told[0]["parent"] != os.getpid()
    assert all(one["threads"] == 1 for one in told)
    assert not any(one["seen"] for one in told)
    assert len({one["pid"] for one in told}) == 4
    assert [one["root"] for one in told] == [str(tmp_path / f"note{number}") for number in range(4)]
    assert len({(one["hash"], one["zone"], one["random"]) for one in told}) == 1
    assert all(gone(int(str(one["pid"]))) for one in told)


def test_a_process_started_afresh_need_not_wait_for_the_imports_of_the_others(warm: None, tmp_path: Path) -> None:
    told = run(tmp_path, FIRST, afresh=True)
    assert told["parent"] == os.getpid()
    assert told["hash"] == run(tmp_path, FIRST, "other")["hash"]


def test_a_process_is_started_afresh_where_there_is_no_forking(
    warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(processes.HOW, "cold")
    told = run(tmp_path, FIRST)
    assert told["parent"] == os.getpid()
    assert told["root"] == str(tmp_path / "note")
    assert (told["zone"], told["warm"]) == ("UTC", False)
    assert gone(int(str(told["pid"])))


def test_nothing_is_started_once_the_run_is_being_stopped(
    warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_stopping", True)
    with pytest.raises(processes.Died, match="being stopped"):
        run(tmp_path, FIRST)
    assert not (tmp_path / "note/told.json").exists()


def test_the_server_has_one_thread_with_all_imports_done(tmp_path: Path) -> None:
    more = """
import os, sys
from helpers.figures import style
print(len(os.listdir(f"/proc/{os.getppid()}/task")))
print(sorted({"pandas", "scipy"} & set(sys.modules)))
"""
    root = project(tmp_path, count=COUNT + more)
    done = brief(root, "run", "--only", "02", BRIEF_IMPORTS=None)
    assert done.returncode == 0, done.stderr
    executed = json.loads((root / "report/notebooks/02_count.ipynb").read_text())
    printed = "".join(executed["cells"][-1]["outputs"][0]["text"]).splitlines()
    assert printed[1] == "1"
    assert "pandas" in printed[2]


def joined(outputs: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return `outputs` with neighbouring streams joined, since a kernel sends what is printed in any order of two."""
    found: list[dict[str, object]] = []
    for streams, group in itertools.groupby(outputs, lambda output: output["output_type"] == "stream"):
        if streams:
            texts = [(str(one["name"]), "".join(one["text"])) for one in group]  # type: ignore[arg-type]
            found.append({name: "".join(text for own, text in texts if own == name) for name, _ in texts})
        else:
            found += [{**one, "traceback": ""} for one in group]  # a traceback names files of the machine
    return found


def test_outputs_are_those_of_an_ordinary_kernel(tmp_path: Path) -> None:
    """The same notebook through papermill's own engine, with a kernel of its own, has the same outputs."""
    source = """
import sys, warnings
import pandas as pd
from IPython.display import HTML, SVG, Markdown, display
print("one", end=" ")
print("two", file=sys.stderr)
display(HTML("<b>x</b>"), Markdown("*y*"))
print("three")
!echo four
warnings.warn("five")
pd.DataFrame({name: [1.5] for name in "abcdefghijklmnopqrstuvwxyz"})"""
    more = ["import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "1 / 0"]
    root = project(tmp_path)
    notebook(root / "notebooks/01_clean.ipynb", [source, *more], [], [], ["{clean_dir}/incidents.csv"])
    imports = "ipykernel.zmqshell papermill pandas.io.formats.style matplotlib.pyplot matplotlib_inline.backend_inline"
    failed = brief(root, "run", BRIEF_IMPORTS=imports)
    assert failed.stderr.startswith("brief: 01_clean failed in cell 5: ZeroDivisionError: division by zero")
    here = json.loads((root / ".brief/failed/default/01_clean.ipynb").read_text())
    papermill = (
        "import sys; sys.modules['rfc3987_syntax'] = None; import papermill as p; p.execute_notebook(*sys.argv[1:])"
    )
    command = [sys.executable, "-c", papermill, "notebooks/01_clean.ipynb", "there.ipynb"]
    subprocess.run(command, cwd=root, env={**os.environ, **processes.ENVIRONMENT}, capture_output=True)
    there = tidy(nbformat.read(root / "there.ipynb", as_version=4), root, root)
    assert len(here["cells"]) == len(there.cells)
    for mine, ordinary in zip(here["cells"], json.loads(nbformat.writes(there))["cells"], strict=True):
        for cell in (mine, ordinary):
            cell["outputs"] = joined(cell.get("outputs", []))
        assert {**mine, "id": ""} == {**ordinary, "id": ""}
    assert here["metadata"] == there.metadata


def test_notebooks_and_what_they_started_die_with_a_killed_run(tmp_path: Path) -> None:
    source = 'import subprocess, json, os, time\nchild = subprocess.Popen(["sleep", "600"])\n'
    source += f'open({str(tmp_path / "pids.json")!r}, "w").write(json.dumps([os.getpid(), os.getppid(), child.pid]))\n'
    root = project(tmp_path / "project", clean=source + "time.sleep(600)")
    run = subprocess.Popen(command("run"), cwd=root, env=environment())
    while not (tmp_path / "pids.json").exists() or not (tmp_path / "pids.json").read_text():
        time.sleep(0.02)
    run.kill()
    run.wait()
    assert all(gone(pid) for pid in json.loads((tmp_path / "pids.json").read_text()))


@pytest.mark.parametrize("how", ["forked", pytest.param("cold", marks=pytest.mark.soak)])
def test_a_call_gives_its_result_or_its_traceback(how: str, warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(processes.HOW, how)
    assert processes.call(json.loads, "[3, 4]") == [3, 4]
    with pytest.raises(RuntimeError, match="JSONDecodeError"):
        processes.call(json.loads, "[")
    with pytest.raises(processes.Died, match=r"its process died \(SIGABRT"):
        processes.call(os.abort)


def test_what_a_notebook_leaves_running_ends_with_it(warm: None, tmp_path: Path) -> None:
    source = "import json, subprocess, threading, time\nfrom pathlib import Path\n"
    source += 'child = subprocess.Popen(["sleep", "600"])\nPath("told.json").write_text(json.dumps(child.pid))\n'
    assert gone(int(str(run(tmp_path, source))))
    stays = 'threading.Thread(target=time.sleep, args=(600,)).start()\nPath("told.json").write_text("1")\n'
    begun = time.monotonic()
    run(tmp_path, source + stays, "thread")
    assert time.monotonic() - begun < 60


def test_a_process_that_dies_is_a_fault_of_the_notebook(tmp_path: Path) -> None:
    root = project(tmp_path, count="import os\nos._exit(3)")
    done = brief(root, "run")
    assert (done.returncode, done.stderr) == (1, "brief: 02_count failed: its process died (status 3)\n")
    assert not (root / "data/clean").exists()


@pytest.mark.parametrize("how", ["forked", pytest.param("cold", marks=pytest.mark.soak)])
def test_nothing_of_a_run_listens_on_the_network(how: str, tmp_path: Path) -> None:
    root = project(tmp_path, clean=CLEAN + LISTENING)
    with socket.socket() as other:  # a socket that listens is seen where there is one
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = brief(root, "run", BRIEF_PROCESSES=how, TEST_MARK="BRIEF_TEST_MARK")
    assert done.returncode == 0, done.stderr
    seen = LISTENING.replace("assert not found", "assert found") + "\nother.close()"
    listening = "import socket\nother = socket.socket()\nother.bind(('127.0.0.1', 0))\nother.listen()\n"
    done = subprocess.run(
        [sys.executable, "-c", listening + seen], env=environment(TEST_MARK="BRIEF_TEST_MARK"), capture_output=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("how", ["forked", pytest.param("cold", marks=pytest.mark.soak)])
def test_a_users_own_settings_do_not_reach_a_run(how: str, tmp_path: Path) -> None:
    draw = """
import matplotlib, os, sys
from helpers.paths import resolve
assert "startup" not in globals()
assert matplotlib.rcParams["lines.linewidth"] == matplotlib.rcParamsDefault["lines.linewidth"] == 1.5
assert not matplotlib.rcParams["text.usetex"]
(resolve(figures_dir) / "one.svg").write_text(f"<svg>{matplotlib.rcParams['lines.linewidth']} {seed}</svg>")
"""
    home = tmp_path / "home"
    for place, text in (
        (".config/matplotlib/matplotlibrc", "lines.linewidth: 9\ntext.usetex: True\n"),
        (".ipython/profile_default/startup/00-mine.py", "startup = True\n"),
        (".ipython/profile_default/ipython_kernel_config.py", "c.InteractiveShellApp.exec_lines = ['startup = 1']\n"),
        ("modules/pandas.py", "raise ImportError('not this one')\n"),
        ("modules/helpers/__init__.py", ""),
    ):
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text(text)
    runs = []
    for name, more in (
        ("plain", {}),
        (
            "own",
            {"HOME": str(home), "MATPLOTLIBRC": str(home / ".config/matplotlib"), "IPYTHONDIR": str(home / ".ipython")},
        ),
        ("no home", {"HOME": "/nowhere/at/all", "XDG_CACHE_HOME": "/nowhere", "MPLCONFIGDIR": "/proc/nowhere"}),
    ):
        root = project(tmp_path / name, draw=draw)
        if name == "own":
            (root / "matplotlibrc").write_text("lines.linewidth: 9\n")
        done = brief(
            root,
            "run",
            "--only",
            "03",
            BRIEF_PROCESSES=how,
            BRIEF_IMPORTS="ipykernel.zmqshell matplotlib.pyplot",
            **more,
        )
        assert done.returncode == 0, done.stderr
        runs.append(results(root))
    assert runs[0] == runs[1] == runs[2]


def test_a_long_path_for_temporary_files_and_other_modules_on_the_python_path_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/click.py").write_text("raise ImportError('not this one')\n")
    long = tmp_path / ("x" * 100) / ("y" * 100)
    long.mkdir(parents=True)
    without = "assert 'PYTHONPATH' not in __import__('os').environ\n"
    root = project(tmp_path / ("feature%2Fmap " + "z" * 100), clean=without + CLEAN)
    (root / "json.py").write_text("raise ImportError('nor this one')\n")
    script = "from helpers.running import main\nmain()"
    paths = {"PYTHONPATH": str(tmp_path / "modules"), "PYTHONSTARTUP": str(root / "json.py"), "TMPDIR": str(long)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "run"], cwd=root, env=environment(**paths), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not list(long.iterdir())


def test_a_signal_stops_the_look_at_the_sheets_and_leaves_nothing(tmp_path: Path) -> None:
    root = project(tmp_path / "project", clean="from helpers.cleaning import check\n" + CLEAN)
    (tmp_path / "tmp").mkdir()
    run = subprocess.Popen(
        command("run"), cwd=root, env=environment(TMPDIR=str(tmp_path / "tmp")), stderr=subprocess.DEVNULL
    )
    time.sleep(0.8)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("-n 24", "ulimit -n 1024"),
        pytest.param("-n 12", "ulimit -n", marks=pytest.mark.soak),
        ("-v 400000", "ulimit -v unlimited"),
    ],
)
def test_a_run_that_cannot_go_on_ends_soon_and_says_why(limit: str, said: str, tmp_path: Path) -> None:
    root = project(
        tmp_path, clean="hold = bytearray(300_000_000)\nfiles = [open('/dev/null') for _ in range(20)]\n" + CLEAN
    )
    line = f"ulimit {limit}; exec {sys.executable} -m helpers.running run"
    begun = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", line], cwd=root, env=environment(), capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("brief: ")
    assert said in done.stderr
    assert time.monotonic() - begun < 30
    assert not (root / "data/clean").exists()
