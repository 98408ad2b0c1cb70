"""Small made-up projects on which the running of notebooks is tested."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from helpers.parameters import cell_source

REPORTS = "report_id,country,date\na/1,IQ,2023-10-18\na/2,SY,2023-11-02\na/3,JO,2024-01-28\n"

#: The three steps of the usual made-up project: two analyses read what the first one cleans, the last reads both.
CLEAN = """
import pathlib, time
from helpers.paths import resolve
text = (resolve(coded_dir) / "reports.csv").read_text()
(resolve(clean_dir) / "incidents.csv").write_text(text.upper())
print(len(text.splitlines()), "reports")
"""
COUNT = """
import json
from helpers.paths import resolve
lines = (resolve(clean_dir) / "incidents.csv").read_text().splitlines()[1:]
kept = [line for line in lines if window_start <= line.split(",")[2] <= window_end]
place = resolve(report_dir) / "facts"
place.mkdir(parents=True, exist_ok=True)
fact = {"value": len(kept), "unit": "reports", "text": str(len(kept)), "incidents": [], "rows": {}, "note": ""}
(place / "02_count.json").write_text(json.dumps({"count.reports": fact}))
print(len(kept))
"""
DRAW = """
from helpers.paths import resolve
(resolve(figures_dir) / "one.svg").write_text(f"<svg><!-- seed {seed} --></svg>")
"""
BRIEF = """
from helpers.paths import resolve
count = (resolve(report_dir) / "facts" / "02_count.json").read_text()
figure = "".join(path.read_text() for path in sorted(resolve(figures_dir).glob("*.svg")))
words = resolve("report/brief.md").read_text()
(resolve(report_dir) / "brief.html").write_text(words + count + figure)
(resolve(report_dir) / "brief.pdf").write_text("%PDF " + words)
"""


def notebook(
    path: Path, cells: Sequence[str], parameters: Sequence[str], reads: Sequence[str], writes: Sequence[str]
) -> None:
    """Write a notebook with a parameters cell, code `cells` and the brief's metadata."""
    sources = [("markdown", f"# {path.stem}", []), ("code", cell_source(parameters), ["parameters"])]
    sources += [("code", source.strip(), []) for source in cells]
    written = []
    for number, (kind, source, tags) in enumerate(sources):
        cell: dict[str, object] = {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {"tags": tags} if tags else {},
            "source": source,
        }
        written.append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {
        "cells": written,
        "metadata": {"kernelspec": kernel, "brief": {"reads": list(reads), "writes": list(writes)}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def project(root: Path, *, clean: str = CLEAN, count: str = COUNT, draw: str = DRAW, brief: str = BRIEF) -> Path:
    """Make a project in `root` with four notebooks: 01_clean, then 02_count and 03_draw, then 08_brief."""
    for folder in ("notebooks", "data/coded", "data/reference", "report"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text("")
    (root / "requirements.lock").write_text("nothing==1\n")
    (root / "data/coded/reports.csv").write_text(REPORTS)
    (root / "report/brief.md").write_text("words ")
    book = root / "notebooks"
    notebook(
        book / "01_clean.ipynb",
        [clean],
        ["coded_dir", "clean_dir"],
        ["{coded_dir}/*.csv"],
        ["{clean_dir}/incidents.csv"],
    )
    notebook(
        book / "02_count.ipynb",
        [count],
        ["window_start", "window_end", "countries", "clean_dir", "report_dir"],
        ["{clean_dir}/incidents.csv"],
        ["{report_dir}/facts/02_count.json"],
    )
    notebook(
        book / "03_draw.ipynb",
        [draw],
        ["seed", "clean_dir", "figures_dir"],
        ["{clean_dir}/incidents.csv"],
        ["{figures_dir}/one.svg"],
    )
    notebook(
        book / "08_brief.ipynb",
        [brief],
        ["figures_dir", "report_dir"],
        ["{report_dir}/facts/*.json", "{figures_dir}/*.svg", "report/brief.md"],
        ["{report_dir}/brief.html", "{report_dir}/brief.pdf"],
    )
    return root


@cache
def _usual() -> tempfile.TemporaryDirectory[str]:
    place = tempfile.TemporaryDirectory(prefix="brief-built-")
    done = brief(project(Path(place.name)), "run")
    assert done.returncode == 0, done.stderr
    return place


def built(root: Path) -> Path:
    """Copy into `root` the usual project with its default brief built; it is built once in a process."""
    return Path(shutil.copytree(_usual().name, root, dirs_exist_ok=True))


def command(*arguments: str) -> list[str]:
    """Return the command line of ``brief`` with `arguments` (to be run in the project's folder)."""
    return [sys.executable, "-m", "helpers.running", *arguments]


def environment(**more: str | None) -> dict[str, str]:
    """Return the environment for a run of a made-up project, with `more` (None takes a variable away)."""
    kept = {name: value for name, value in os.environ.items() if name != "BRIEF_ROOT"}
    # What the made-up notebooks do not use need not be imported.
    named = kept | {"BRIEF_IMPORTS": "ipykernel.zmqshell papermill"} | more
    return {name: value for name, value in named.items() if value is not None}


def brief(
    root: Path,
    *arguments: str,
    timeout: float = 120,
    preexec_fn: Callable[[], None] | None = None,
    **more: str | None,
) -> subprocess.CompletedProcess[str]:
    """Run ``brief`` with `arguments` in the project at `root`, after `preexec_fn` in the new process."""
    return subprocess.run(
        command(*arguments),
        cwd=root,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        preexec_fn=preexec_fn,
    )


def on_terminal(
    root: Path,
    *arguments: str,
    columns: int = 80,
    press: Callable[[str], bool] | None = None,
    times: int = 1,
    **more: str | None,
) -> tuple[int, list[str]]:
    """Run ``brief`` on a terminal of `columns`; return its status and lines, those of notebooks at work left out.

    As soon as `press`, given what was shown so far, holds, Ctrl-C is pressed `times` times.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    run = subprocess.Popen(
        command(*arguments),
        cwd=root,
        env=environment(**{"TERM": "xterm", "COLUMNS": None, "LINES": None, "NO_COLOR": None} | more),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = b""
    try:
        while True:
            if select.select([ours], [], [], 0.01)[0]:
                try:
                    shown += os.read(ours, 1 << 16)
                except OSError:  # nobody has the terminal open any more
                    break
            if press is not None and press(shown.decode(errors="replace")):
                os.write(ours, b"\x03" * times)
                press = None
        status = run.wait(timeout=20)
    finally:
        run.kill()
        os.close(ours)
    plain = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]|\^C", "", shown.decode())
    spins = re.compile("[\N{BRAILLE PATTERN DOTS-1}-\N{BRAILLE PATTERN DOTS-12345678}] ")  # a notebook at work
    return status, [line for line in re.split(r"[\r\n]+", plain) if line.strip() and not spins.match(line)]


def results(root: Path) -> dict[str, bytes]:
    """Return path -> bytes of all results in the project or run at `root`."""
    folders = ("data/clean", "figures", "report")
    return {
        str(file.relative_to(root)): file.read_bytes()
        for folder in folders
        for file in sorted((root / folder).rglob("*"))
        if file.is_file()
    }
