"""Sweeps: every set is checked first, a failing one stops no other, and a stopped sweep goes on where it stopped."""

from __future__ import annotations

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import COUNT, brief, command, environment, on_terminal, project, results

from helpers.running.files import Refusal
from helpers.running.sweep import expanded

GRID = "window_end: [2023-12-31, 2024-02-29]\nseed: [1, 2]\n"


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def results_below(folder: Path) -> list[str]:
    """Return the files below `folder`."""
    return [str(path.relative_to(folder.parent)) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_a_grid_gives_a_brief_for_each_set_and_one_table(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "grid.yml").write_text(GRID)
    done = brief(root, "sweep", "grid.yml", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4 of 4 sets done; all facts are in runs/grid/facts.csv"
    rows = table(root / "runs/grid/facts.csv")
    assert [(row["window_end"], row["seed"], row["fact"], row["value"]) for row in rows] == [
        ("2023-12-31", "1", "count.reports", "2"),
        ("2023-12-31", "2", "count.reports", "2"),
        ("2024-02-29", "1", "count.reports", "3"),
        ("2024-02-29", "2", "count.reports", "3"),
    ]
    for row in rows:
        assert (root / "runs/grid" / row["set"] / "report/brief.html").exists()
    assert not (root / "report/brief.html").exists()
    before = (root / "runs/grid/facts.csv").read_bytes()
    # Again: nothing is left to do, and one job gives the same table as two.
    done = brief(root, "sweep", "grid.yml", "--jobs", "1")
    assert done.stdout.count("was done") == 4
    assert (root / "runs/grid/facts.csv").read_bytes() == before


def test_facts_alone_are_those_of_whole_runs_and_the_findings_are_drawn(tmp_path: Path) -> None:
    more = """
import os
from IPython.display import display
assert os.environ.get("BRIEF_FACTS_ONLY"), "this one may draw"
"""
    found = {
        "fall": ("shown", "finding"),
        "ratio": (0.1, "ratio"),
        "ratio.low": (None, "ratio"),
        "ratio.high": (0.5, "ratio"),
    }
    facts = {f"pause.coded.{name}": {"value": value, "unit": unit, "text": ""} for name, (value, unit) in found.items()}
    handed = f"\n(place / '02_more.json').write_text(json.dumps({facts!r}))"
    root = project(tmp_path / "facts", count=more + COUNT + handed)
    whole = project(tmp_path / "whole")
    for place in (root, whole):
        (place / "grid.yml").write_text("window_end: [2023-12-31, 2024-02-29]\n")
    text = (root / "notebooks/02_count.ipynb").read_text()
    text = text.replace('"{report_dir}/facts/02_count.json"', '"{report_dir}/facts/02_*.json", "{figures_dir}/count*"')
    (root / "notebooks/02_count.ipynb").write_text(text)
    done = brief(root, "sweep", "grid.yml", "--facts")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "the headline findings are drawn in runs/grid/findings.svg"
    assert brief(whole, "sweep", "grid.yml").returncode == 0
    rows = table(root / "runs/grid/facts.csv")
    assert [row for row in rows if row["fact"] == "count.reports"] == table(whole / "runs/grid/facts.csv")
    assert not (whole / "runs/grid/findings.svg").exists()
    kept = {path.split("/", 2)[2] for path in results_below(root / "runs/grid/facts")}
    assert kept == {"data/clean/incidents.csv", "report/facts/02_count.json", "report/facts/02_more.json"}
    findings = table(root / "runs/grid/findings.csv")
    first = findings[0]
    assert (first["label"], first["finding"], first["low"], first["high"]) == ("2023-12-31", "shown", "", "0.5")
    picture = (root / "runs/grid/findings.svg").read_text()
    assert all(row["label"] in picture for row in findings)


def test_a_failing_set_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    root = project(tmp_path, count="assert window_end != '2023-12-31', 'not this one'\n" + COUNT)
    (root / "grid.yml").write_text("- {window_end: 2023-12-31}\n- {window_end: 2024-01-31}\n- {}\n")
    done = brief(root, "sweep", "grid.yml")
    assert done.returncode == 1
    failed = "brief: grid/window_end-2023-12-31: 02_count failed in cell 3: AssertionError: not this one; executed "
    assert done.stderr.startswith(failed)
    assert [(row["set"], row["state"]) for row in table(root / "runs/grid/sets.csv")] == [
        ("window_end-2023-12-31", "failed"),
        ("window_end-2024-01-31", "done"),
        ("default", "done"),
    ]
    assert {row["set"] for row in table(root / "runs/grid/facts.csv")} == {"window_end-2024-01-31", "default"}


def test_every_fault_of_every_set_is_told_before_anything_runs(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "grid.yml").write_text("- {seed: x}\n- {nonsense: 1}\n- {figures_dir: f}\n- {seed: 1}\n- {seed: 1}\n")
    done = brief(root, "sweep", "grid.yml")
    assert done.returncode == 2
    assert [line.split(": ", 2)[1] for line in done.stderr.splitlines()] == [
        f"grid.yml, set {number}" for number in (1, 2, 3, 5)
    ]
    assert not (root / "runs").exists()
    assert brief(root, "sweep", "missing.yml").returncode == 2
    done = brief(root, "sweep", "grid.yml", "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2


def test_what_a_grid_means() -> None:
    assert expanded({"seed": [1, 2], "confirmed_by": "media"}, "g") == [
        {"seed": 1, "confirmed_by": "media"},
        {"seed": 2, "confirmed_by": "media"},
    ]
    assert expanded({"countries": [["IQ"], "IQ,SY"]}, "g") == [{"countries": ["IQ"]}, {"countries": "IQ,SY"}]
    assert expanded([{"seed": 1}], "g") == [{"seed": 1}]
    for nothing in (None, [], {}, 3, "x", [1], {"seed": []}):
        with pytest.raises(Refusal):
            expanded(nothing, "g")


@pytest.mark.soak
def test_a_stopped_sweep_goes_on_where_it_stopped(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "grid.yml").write_text("seed: [1, 2, 3, 4, 5, 6]\n")
    run = subprocess.Popen(
        command("sweep", "grid.yml", "--jobs", "1"),
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert "[1/6]" in run.stdout.readline()
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=20)
    assert run.returncode == 130
    assert said == "brief: stopped; the sets that are done stay; the next sweep goes on from here\n"
    done = brief(root, "sweep", "grid.yml")
    assert done.returncode == 0, done.stderr
    assert "was done" in done.stdout
    assert len(table(root / "runs/grid/facts.csv")) == 6


def test_ctrl_c_on_a_terminal_leaves_the_sets_that_are_done(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "grid.yml").write_text("seed: [1, 2, 3]\n")
    arguments = ("sweep", "grid.yml", "--jobs", "1")
    status, said = on_terminal(root, *arguments, press=lambda shown: "[1/3]" in shown, times=2)
    assert status == 130
    assert said[-1] == "brief: stopped; the sets that are done stay; the next sweep goes on from here"
    done = brief(root, "sweep", "grid.yml")
    assert done.returncode == 0, done.stderr
    assert "was done" in done.stdout


@pytest.mark.soak
def test_on_a_cluster_of_which_a_worker_is_killed(tmp_path: Path) -> None:
    slow = "import time\ntime.sleep(0.5)\n"
    root = project(tmp_path / "cluster", count=slow + COUNT)
    alone = project(tmp_path / "alone", count=slow + COUNT)
    for place in (root, alone):
        (place / "grid.yml").write_text(
            "window_end: [2023-11-30, 2023-12-31, 2024-01-31, 2024-02-29]\nseed: [1, 2, 3, 4]\n"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    at_once = ["--host", "127.0.0.1"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *at_once, "--port", port, "--no-dashboard"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *at_once, "--no-nanny", "--nthreads", "1"]
    worker += ["--no-dashboard", "--local-directory", str(tmp_path)]
    quiet = {"cwd": tmp_path, "env": environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(scheduler, **quiet)]  # type: ignore[call-overload]
    try:
        started += [subprocess.Popen(worker, **quiet) for _ in range(2)]  # type: ignore[call-overload]
        run = subprocess.Popen(
            command("sweep", "grid.yml", "--scheduler", address),
            cwd=root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert run.stdout is not None
        while "[4/16]" not in (line := run.stdout.readline()):
            assert line, run.stderr.read() if run.stderr else ""
        started[1].kill()
        out, said = run.communicate(timeout=240)
        assert run.returncode == 0, said
        assert "16 of 16 sets done" in out
    finally:
        for process in started:
            process.kill()
            process.wait()
    done = brief(alone, "sweep", "grid.yml", "--jobs", "2", timeout=240)
    assert done.returncode == 0, done.stderr
    assert (root / "runs/grid/facts.csv").read_bytes() == (alone / "runs/grid/facts.csv").read_bytes()
    for run_folder in sorted((alone / "runs/grid").iterdir()):
        if run_folder.is_dir():
            assert results(root / "runs/grid" / run_folder.name) == results(run_folder)


@pytest.mark.soak
def test_killed_sweeps_end_with_the_same_table(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "grid.yml").write_text("seed: [1, 2, 3, 4, 5, 6, 7, 8]\n")
    for pause in (0.7, 1.5, 2.5):
        run = subprocess.Popen(
            command("sweep", "grid.yml", "--jobs", "2"), cwd=root, env=environment(), start_new_session=True
        )
        time.sleep(pause)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    done = brief(root, "sweep", "grid.yml")
    assert done.returncode == 0, done.stderr
    assert len(table(root / "runs/grid/facts.csv")) == 8
