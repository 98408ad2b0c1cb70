"""Ways of running the notebooks, side by side: each is repeated in turn, and ends with the same files as the others."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.running.processes import ENVIRONMENT

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(sys.executable).parent
RESULTS = ("data/clean", "figures", "report")

#: Sets of the sweep: two ends of the window, two confirmations.
SWEEP = """\
window_end: [2024-02-10, 2024-02-24]
confirmed_by: [anyone, media]
"""


#: From linux/prctl.h.
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Way:
    """One way of running the notebooks: `before` each time, then `act`, which is timed.

    `seconds` are those of the clock, `busy` those of all processors.
    """

    name: str
    act: Callable[[Path], None]
    before: Callable[[Path], None] = lambda root: None
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


def copy_of_the_project(to: Path) -> Path:
    """Copy what git has of the project, as a fresh clone would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (PROJECT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, to / name)
    return to


def call(root: Path, *command: str) -> str:
    """Run a command in the project at `root`, in the environment that `brief run` gives notebooks; return its words."""
    env = {**os.environ, **ENVIRONMENT, "BRIEF_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def brief(root: Path, *arguments: str) -> None:
    """Run the command ``brief``."""
    call(root, sys.executable, "-m", "helpers.running", *arguments)


def notebooks(root: Path) -> list[Path]:
    """Return the notebooks that make the brief, in order."""
    return sorted((root / "notebooks").glob("0*.ipynb"))


def papermill(root: Path) -> None:
    """Run the papermill command once a notebook."""
    for path in notebooks(root):
        call(
            root, str(SCRIPTS / "papermill"), str(path), str(root / "report/notebooks" / path.name), "--no-progress-bar"
        )


def nbconvert(root: Path) -> None:
    """Run ``jupyter nbconvert --execute`` once a notebook."""
    how = ("nbconvert", "--to", "notebook", "--execute", "--output-dir", str(root / "report/notebooks"))
    for path in notebooks(root):
        call(root, str(SCRIPTS / "jupyter"), *how, str(path))


class Plain:
    """Run the notebooks' code in one plain Python process; `parts` keeps what each run tells of its parts."""

    def __init__(self) -> None:
        self.parts: list[dict[str, list[float]]] = []

    def __call__(self, root: Path) -> None:
        """Run it."""
        told = call(root, sys.executable, "-m", "benchmarks.running_plain", str(root))
        lines = [line.split("\t") for line in told.splitlines() if line.count("\t") == 4]
        self.parts.append({name: [float(each) for each in seconds] for name, *seconds in lines})

    def table(self) -> list[str]:
        """Return the lines of a table of the parts: medians."""
        rows: dict[str, list[float]] = {}
        for name in self.parts[0]:
            taken = zip(*(part[name] for part in self.parts), strict=True)
            seconds, processor, imports, figures = (statistics.median(each) for each in taken)
            rows[name] = [seconds, processor, imports, figures, max(0.0, seconds - imports - figures)]
        rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
        head = [
            "| part | in all (s) | processor (s) | imports | figures | the rest |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        return [*head, *(f"| {name} | {' | '.join(f'{each:.2f}' for each in taken)} |" for name, taken in rows.items())]


def nothing_built(root: Path) -> None:
    """Take away all results and all memory of earlier runs."""
    for folder in ("data/clean", "figures", "runs", ".brief", "report/facts", "report/tables", "report/notebooks"):
        shutil.rmtree(root / folder, ignore_errors=True)
    for name in ("facts.json", "brief.html", "brief.pdf", "explorer.html"):
        (root / "report" / name).unlink(missing_ok=True)
    for folder in ("data/clean", "figures", "report/facts", "report/tables", "report/notebooks"):
        (root / folder).mkdir(parents=True)


def results(root: Path) -> dict[str, bytes]:
    """Return path -> bytes of the results, without the executed notebooks, into which papermill writes times."""
    return {
        str(file.relative_to(root)): file.read_bytes()
        for folder in RESULTS
        for file in sorted((root / folder).rglob("*"))
        if file.is_file() and "report/notebooks" not in str(file)
    }


def processor() -> float:
    """Return the processor seconds of all processes started from here, once they have ended.

    What a command leaves behind when it ends, as a fork server that ends a moment later, is waited for as well.
    """
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(ways: Sequence[Way], root: Path, repeats: int, same: bool = False) -> None:
    """Time each of `ways` `repeats` times, in turn; with `same`, all must end with the same files."""
    reference: dict[str, bytes] | None = None
    for number in range(repeats):
        for way in ways:
            way.before(root)
            begun, used = time.perf_counter(), processor()
            way.act(root)
            way.seconds.append(time.perf_counter() - begun)
            way.busy.append(processor() - used)
            told = f"{number + 1}/{repeats}  {way.seconds[-1]:8.2f} s {way.busy[-1]:8.2f} CPU s  {way.name}"
            print(f"{told}  (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
            if same:
                found = results(root)
                reference = found if reference is None else reference
                differing = sorted(path for path in {*found, *reference} if found.get(path) != reference.get(path))
                if differing:
                    sys.exit(f"{way.name} ends with other files than {ways[0].name}: {', '.join(differing[:10])}")


def row(way: Way, base: Way | None = None, sets: int = 1) -> str:
    """Return a line of the table: medians for each of `sets`, least and most, and how they compare with `base`."""
    clock, busy = (statistics.median(each) / sets for each in (way.seconds, way.busy))
    spread = f"{min(way.seconds) / sets:.2f} to {max(way.seconds) / sets:.2f}"
    against = [""] * 2
    if base:
        against = [f"{clock / statistics.median(base.seconds):.2f}", f"{busy / statistics.median(base.busy):.2f}"]
    return f"| {way.name} | {clock:.2f} | {spread} | {busy:.2f} | {' | '.join(against)} |"


def table(repeats: int) -> list[str]:
    """Measure all `repeats` times; return the lines of the tables."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans of a command become this process's children
    plain = Plain()
    with tempfile.TemporaryDirectory(prefix="brief-bench-") as folder:
        root = copy_of_the_project(Path(folder) / "project")
        cold = [
            Way("(a) `papermill`, once a notebook", papermill, nothing_built),
            Way("(b) `jupyter nbconvert --execute`, once a notebook", nbconvert, nothing_built),
            Way("(c) the same code in one plain Python process", plain, nothing_built),
            Way("`brief run`, cold, `--jobs 1`", lambda root: brief(root, "run", "--jobs", "1"), nothing_built),
            Way("`brief run`, cold, `--jobs 2`", lambda root: brief(root, "run", "--jobs", "2"), nothing_built),
        ]
        measure(cold, root, repeats, same=True)

        def anew(root: Path) -> None:
            shutil.rmtree(root / "runs", ignore_errors=True)
            for kept in (".brief/state/run-one.json", ".brief/cache"):
                place = root / kept
                shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
            brief(root, "run", "--name", "one")

        warm = [
            Way("`brief run`, nothing changed", lambda root: brief(root, "run")),
            *(
                Way(
                    f"`brief run`, one parameter changed (`{name}`)",
                    lambda root, name=name, value=value: brief(root, "run", "--name", "one", "-p", name, value),  # type: ignore[misc]
                    anew,
                )
                for name, value in (("confirmed_by", "us_official"), ("stop_start", "2024-02-05"))
            ),
        ]
        brief(root, "run")
        measure(warm, root, repeats)
        (root / "sweep.yml").write_text(SWEEP)

        def swept(root: Path) -> None:
            shutil.rmtree(root / "runs", ignore_errors=True)
            shutil.rmtree(root / ".brief/cache", ignore_errors=True)

        sweep = [
            Way("`brief sweep`, a set of four, whole", lambda root: brief(root, "sweep", "sweep.yml"), swept),
            Way(
                "`brief sweep --facts`, a set of four",
                lambda root: brief(root, "sweep", "sweep.yml", "--facts"),
                swept,
            ),
        ]
        measure(sweep, root, repeats)
    head = [
        "| way | seconds (median) | range | CPU s | seconds of (a) | CPU s of (a) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rows = [row(way, cold[0]) for way in (*cold, *warm)] + [row(way, cold[0], sets=4) for way in sweep]
    return [*head, *rows, "", "Where the time of (c) goes, which every other way spends as well:", "", *plain.table()]
