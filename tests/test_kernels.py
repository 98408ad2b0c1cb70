"""Kernels forked from a process with the imports done: as apart as ordinary ones, and gone with the run."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jupyter_client.provisioning import factory
from projects import notebook

from helpers.running import server as serving
from helpers.running.execute import execute
from helpers.running.kernels import NAME, Manager, PromptClient
from helpers.running.server import Server, ServerError

FIRST = """
import os, sys, json
from pathlib import Path
told = {"pid": os.getpid(), "parent": os.getppid(), "root": os.environ["BRIEF_ROOT"]}
told["warm"] = "statistics" in sys.modules
told["seen"] = "mark" in globals() or hasattr(os, "mark")
mark = os.mark = True
told["hash"] = hash("attack")
told["zone"] = os.environ["TZ"]
import random
told["random"] = random.random()
Path("told.json").write_text(json.dumps(told))
"""


@pytest.fixture
def fork_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A fork server that imports little."""
    monkeypatch.setenv("BRIEF_IMPORTS", "ipykernel.kernelapp nbformat statistics")
    serving.close()
    found = serving.server()
    assert found is not None
    yield found
    serving.close()


def run(folder: Path, source: str, name: str = "note") -> dict[str, object]:
    """Execute a notebook of one cell in a folder of its own; return what it told."""
    box = folder / name
    box.mkdir()
    notebook(folder / f"{name}.ipynb", [source], [], [], [])
    fault = execute(folder / f"{name}.ipynb", box, folder, folder / f"{name}-done.ipynb", {})
    assert fault is None, fault
    told: dict[str, object] = json.loads((box / "told.json").read_text())
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


def test_kernels_are_forked_and_have_nothing_in_common(fork_server: Server, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:  # several at once: no race in starting
        told = list(pool.map(lambda number: run(tmp_path, FIRST, f"note{number}"), range(4)))
    assert {one["parent"] for one in told} == {fork_server.pid}
    assert all(one["warm"] for one in told)
    assert not any(one["seen"] for one in told)
    assert len({one["pid"] for one in told}) == 4
    assert [one["root"] for one in told] == [str(tmp_path / f"note{number}") for number in range(4)]
    assert len({(one["hash"], one["zone"], one["random"]) for one in told}) == 1
    assert all(gone(int(str(one["pid"]))) for one in told)


def test_the_server_has_one_thread_with_all_imports_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRIEF_IMPORTS", raising=False)
    server = Server()
    try:
        while not server.ask(do="state")["imported"]:
            time.sleep(0.2)
        assert server.ask(do="state")["threads"] == 1
    finally:
        server.close()


@pytest.mark.parametrize("how", ["not wanted", "killed", "ended"])
def test_the_ordinary_kernel_where_forking_fails(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEF_IMPORTS", "ipykernel.kernelapp")
    serving.close()
    if how == "not wanted":
        monkeypatch.setenv(serving.KERNELS, "cold")
    else:
        found = serving.server()
        assert found is not None
        os.kill(found.pid, signal.SIGKILL if how == "killed" else signal.SIGTERM)
        assert gone(found.pid)
    told = run(tmp_path, FIRST)
    assert told["parent"] == os.getpid()
    assert not told["warm"]
    assert told["root"] == str(tmp_path / "note")
    assert told["zone"] == "UTC"
    assert gone(int(str(told["pid"])))
    serving.close()


def test_no_ordinary_kernel_is_started_once_the_run_is_being_stopped(
    fork_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone_while_asked(self: Server, **request: object) -> dict[str, object]:
        monkeypatch.setattr(serving, "_stopping", True)
        raise ServerError("the fork server has died")

    monkeypatch.setattr(Server, "ask", gone_while_asked)
    with pytest.raises(ServerError, match="being stopped"):
        run(tmp_path, FIRST)
    assert not (tmp_path / "note/told.json").exists()
    monkeypatch.undo()


@pytest.mark.parametrize("entry", ["missing", "stale"])
def test_kernels_are_forked_without_a_working_entry_point(
    entry: str, fork_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = factory.KernelProvisionerFactory.GROUP_NAME
    stale = [EntryPoint(NAME, "helpers.running.gone:WarmProvisioner", group)] if entry == "stale" else []
    monkeypatch.setattr(factory, "entry_points", lambda **_: stale)
    monkeypatch.setattr(factory.KernelProvisionerFactory, "provisioners", {})
    monkeypatch.setattr(factory.KernelProvisionerFactory, "_instance", None)
    told = run(tmp_path, FIRST)
    assert told["warm"]
    assert told["parent"] == fork_server.pid


def test_kernels_are_forked_whatever_the_machine_calls_python3(
    fork_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A user may have put a kernel of this name, of some other environment, among their own.
    other = {
        "argv": ["/nowhere/python", "-m", "other_kernel", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": "gone"}},
    }
    place = tmp_path / "jupyter/kernels/python3"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(other))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    told = run(tmp_path, FIRST)
    assert told["warm"]
    assert told["parent"] == fork_server.pid


def test_a_run_talks_to_its_kernels_by_the_prompt_client() -> None:
    assert isinstance(Manager().client(), PromptClient)


def test_kernels_and_what_they_started_die_with_the_server(fork_server: Server, tmp_path: Path) -> None:
    source = 'import subprocess, json, os\nchild = subprocess.Popen(["sleep", "600"])\n'
    source += 'open("pids.json", "w").write(json.dumps([os.getpid(), child.pid]))\nimport time\ntime.sleep(600)'
    with ThreadPoolExecutor(1) as pool:
        box = tmp_path / "box"
        box.mkdir()
        notebook(tmp_path / "note.ipynb", [source], [], [], [])
        future = pool.submit(execute, tmp_path / "note.ipynb", box, tmp_path, tmp_path / "done.ipynb", {})
        until = time.monotonic() + 20
        while not (box / "pids.json").exists() and time.monotonic() < until:
            time.sleep(0.02)
        pids = json.loads((box / "pids.json").read_text())
        serving.close()
        assert all(gone(pid) for pid in pids)
        fault = future.result(timeout=30)
        assert fault is not None
        assert "kernel died" in fault.error


def test_a_kernel_dies_with_a_killed_server(fork_server: Server, tmp_path: Path) -> None:
    pid = fork_server.ask(
        do="kernel",
        argv=["-f", str(tmp_path / "c.json")],
        cwd=str(tmp_path),
        env=dict(os.environ),
        opened="/dev/null",
        folder="",
    )["pid"]
    assert alive(pid)
    os.kill(fork_server.pid, signal.SIGKILL)
    assert gone(pid)


def test_a_call_gives_its_result_or_its_traceback(fork_server: Server, tmp_path: Path) -> None:
    assert fork_server.call("math.hypot", 3, 4, box=tmp_path) == 5.0
    with pytest.raises(ServerError, match="ZeroDivisionError"):
        fork_server.call("operator.truediv", 1, 0, box=tmp_path)


def test_a_kernel_that_dies_is_a_fault_of_the_notebook(fork_server: Server, tmp_path: Path) -> None:
    notebook(tmp_path / "note.ipynb", ["import os\nos.abort()"], [], [], [])
    fault = execute(tmp_path / "note.ipynb", tmp_path, tmp_path, tmp_path / "done.ipynb", {})
    assert fault is not None
    assert "kernel died" in fault.error
