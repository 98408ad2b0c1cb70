"""The command ``brief sweep``: a grid of parameter sets, a brief and facts for each, and one table of all facts."""

from __future__ import annotations

import csv
import io
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.paths import project_root
from helpers.running import kernels
from helpers.running.files import OUTPUT_FOLDERS, Layout, Refusal
from helpers.running.request import checked, from_yaml, prepared, run_name
from helpers.running.results import write_whole
from helpers.running.run import Failure
from helpers.running.steps import plain
from helpers.running.terminal import complain, say

COLUMNS = ("fact", "value", "unit", "text")


@dataclass(frozen=True)
class Set:
    """One set of the sweep: the `values` that it sets, the parameters they make, and the run's name."""

    values: dict[str, Any]
    parameters: Parameters
    name: str


@dataclass(frozen=True)
class Outcome:
    """What became of a set: no `fault`, or why it failed."""

    name: str
    fault: str = ""
    ran: int = 0
    seconds: float = 0.0


def expanded(grid: Any, where: str) -> list[dict[str, Any]]:
    """Return the sets that the content of a grid file means, in its order.

    A mapping of parameters is a grid: each list holds the values to take in turn, and every combination is a set. A
    list of mappings names the sets one by one. ``countries`` holds lists of countries, or texts such as ``IQ,SY``.
    """
    if isinstance(grid, dict) and grid and all(isinstance(name, str) for name in grid):
        axes = [values if isinstance(values, list) else [values] for values in grid.values()]
        empty = [name for name, values in zip(grid, axes, strict=True) if not values]
        if empty:
            raise Refusal(*(f"{where}: {name} has no values" for name in empty))
        return [dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*axes)]
    if isinstance(grid, list) and grid and all(isinstance(entry, dict) for entry in grid):
        return grid
    raise Refusal(f"{where}: holds neither lines of the form NAME: [VALUE, ...] nor a list of sets")


def sets_of(path: Path) -> list[Set]:
    """Return the sets of the grid file at `path`, all checked; refuse with one line for each fault of each set."""
    sets, faults = [], []
    names: dict[str, int] = {}
    for number, values in enumerate(expanded(from_yaml(path)[0], str(path)), start=1):
        given = sorted(set(values) & set(OUTPUT_FOLDERS))
        if given:
            faults.append(f"{path}, set {number}: {', '.join(given)}: a set's results have folders of their own")
            continue
        try:
            parameters = checked(values)
        except Refusal as refusal:
            faults += [f"{path}, set {number}: {line}" for line in refusal.lines]
            continue
        name = run_name(parameters, None) or "default"
        if name in names:
            faults.append(f"{path}, set {number}: is the same as set {names[name]}")
        names.setdefault(name, number)
        sets.append(Set(values, parameters, f"{path.stem}/{name}"))
    if faults:
        raise Refusal(*faults)
    return sets


def run_set(root: str, name: str, values: Mapping[str, Any], force: bool = False) -> Outcome:
    """Run one set of a sweep; return what became of it, failures included.

    This is what a Dask worker is sent: it takes and gives plain values, and needs the project at `root`.
    """
    begun = time.monotonic()
    try:
        layout = Layout(Path(root), name)
        work = prepared(layout, Parameters(**values), jobs=1, force=force)
        with layout.held():
            done = work.go()
        return Outcome(name, ran=sum(one.how == "ran" for one in done), seconds=time.monotonic() - begun)
    except (Refusal, Failure) as fault:
        return Outcome(name, "; ".join(fault.lines), seconds=time.monotonic() - begun)
    except OSError as error:
        what = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        return Outcome(name, what, seconds=time.monotonic() - begun)


def executor(jobs: int, scheduler: str | None) -> Executor:
    """Return what runs the sets: threads that wait for kernels of this machine, or the workers of a Dask cluster."""
    if scheduler is None:
        return ThreadPoolExecutor(max_workers=jobs)
    try:
        import distributed
    except ImportError:
        raise Refusal("--scheduler needs the extra `cluster`: pip install 'helpers[cluster]'") from None
    try:
        client = distributed.Client(scheduler, timeout=20)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Refusal(f"--scheduler: no Dask scheduler answers at {scheduler} ({error})") from None
    # A set whose worker dies goes to another one; no old outcome is taken for a new one.
    found: Executor = client.get_executor(pure=False, retries=2)  # type: ignore[no-untyped-call]
    return found


def sweep_grid(path: Path, *, jobs: int, scheduler: str | None, force: bool) -> int:
    """Do what ``brief sweep`` is asked for; return the exit status: 0, or 1 if a set failed."""
    root = project_root()
    sets = sets_of(path)
    place = Layout(root, path.stem)
    with Layout(root, f"{path.stem}/facts.csv").held():
        outcomes: dict[str, Outcome] = {}
        pool = executor(jobs, scheduler)
        try:
            futures = {pool.submit(run_set, str(root), one.name, one.values, force): one.name for one in sets}
            for future in as_completed(futures):
                outcome = _outcome(future, futures[future])
                outcomes[outcome.name] = outcome
                what = "failed" if outcome.fault else f"done in {outcome.seconds:.1f} s" if outcome.ran else "was done"
                say(f"[{len(outcomes)}/{len(sets)}] {outcome.name.split('/', 1)[1]}: {what}")
        except BaseException:
            kernels.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        table = write_tables(root, place.base, sets, outcomes)
    failed = [outcome for outcome in outcomes.values() if outcome.fault]
    for outcome in sorted(failed, key=lambda outcome: outcome.name):
        complain(f"{outcome.name}: {outcome.fault}")
    say(f"{len(sets) - len(failed)} of {len(sets)} sets done; all facts are in {place.shown(table)}")
    return 1 if failed else 0


def _outcome(future: Any, name: str) -> Outcome:
    """Return what became of a set, also where the worker that had it died."""
    error = future.exception()
    return Outcome(name, f"{type(error).__name__}: {error}") if error is not None else future.result()


def write_tables(root: Path, folder: Path, sets: list[Set], outcomes: Mapping[str, Outcome]) -> Path:
    """Write ``facts.csv`` (a row for each fact of each set) and ``sets.csv`` (what became of each); return the first.

    Both are in the order of the grid, whatever finished first.
    """
    names = list(dict.fromkeys(name for one in sets for name in one.values))
    facts = [["set", *names, *COLUMNS]]
    states = [["set", *names, "state", "fault"]]
    for one in sets:
        values = one.parameters.values()
        label = [one.name.split("/", 1)[1], *(plain(values[name]) for name in names)]
        fault = outcomes[one.name].fault
        states.append([*label, "failed" if fault else "done", fault])
        if not fault:
            facts += [[*label, *row] for row in facts_of(root / "runs" / one.name / "report" / "facts")]
    for name, rows in (("sets.csv", states), ("facts.csv", facts)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        write_whole(folder / name, text.getvalue())
    return folder / "facts.csv"


def facts_of(folder: Path) -> Iterator[list[str]]:
    """Give a row (name, value, unit, text) for each fact in the JSON files of `folder`."""
    for path in sorted(folder.glob("*.json")):
        for name, fact in json.loads(path.read_text(encoding="utf-8")).items():
            value = fact["value"]
            yield [name, "" if value is None else plain(value), fact["unit"], fact["text"]]
