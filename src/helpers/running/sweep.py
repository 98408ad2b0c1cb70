"""The command ``brief sweep``: a grid of parameter sets, results for each, one table of all facts and one picture."""

from __future__ import annotations

import csv
import io
import itertools
import json
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from helpers.parameters import Parameters
from helpers.paths import project_root
from helpers.running import processes
from helpers.running.files import OUTPUT_FOLDERS, Failure, Layout, Refusal, reason, write_whole
from helpers.running.request import checked, from_yaml, run_name
from helpers.running.run import Run
from helpers.running.steps import plain
from helpers.running.terminal import complain, say

#: What is drawn of each headline: the fact that says what is found, the one that holds the ratio, and words over it.
HEADLINES = (
    ("pause.coded.fall", "pause.coded.ratio", "in the pause,\nthis record"),
    ("pause.officials.fall", "pause.officials.ratio", "in the pause,\nUS officials"),
    ("stop.coded.fall", "stop.coded.ratio", "since the second\nstop, this record"),
    ("weapons.climb", "weapons.odds", "odds of rockets\nor heavier, a month"),
)


class Set(NamedTuple):
    """One set of the sweep: the `values` that it sets, the parameters they make, and its name."""

    values: dict[str, Any]
    parameters: Parameters
    name: str


class Outcome(NamedTuple):
    """What became of a set: no `fault`, or why it failed."""

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
        sets.append(Set(values, parameters, name))
    if faults:
        raise Refusal(*faults)
    return sets


def run_set(root: str, name: str, values: Mapping[str, Any], **how: Any) -> Outcome:
    """Run one set of a sweep under ``runs/name``; return what became of it, failures included.

    This is what a Dask worker is sent: it takes and gives plain values, and needs the project at `root`.
    """
    begun = time.monotonic()
    try:
        layout = Layout(Path(root), name)
        work = Run(layout, Parameters(**values), **how)
        with layout.held():
            done = work.go()
    except Refusal as fault:
        return Outcome("; ".join(fault.lines))
    except OSError as error:
        return Outcome(reason(error))
    return Outcome("", sum(one.how == "ran" for one in done), time.monotonic() - begun)


def executor(jobs: int, scheduler: str | None) -> Executor:
    """Return what runs the sets: threads that wait for processes of this machine, or the workers of a Dask cluster."""
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


def sweep_grid(path: Path, *, jobs: int, scheduler: str | None, force: bool, facts_only: bool) -> None:
    """Do what ``brief sweep`` is asked for; raise `Failure` with a line for each set that failed."""
    sets = sets_of(path)
    place = Layout(project_root(), path.stem)
    under = f"{path.stem}/facts" if facts_only else path.stem  # what has facts alone is no brief
    with Layout(place.root, f"{path.stem}/facts.csv").held():
        outcomes: dict[str, Outcome] = {}
        pool = executor(jobs, scheduler)
        run = partial(run_set, str(place.root), force=force, facts_only=facts_only)
        try:
            futures = {pool.submit(run, f"{under}/{one.name}", one.values): one.name for one in sets}
            for future in as_completed(futures):
                error = future.exception()  # where the worker that had it died
                outcome = future.result() if error is None else Outcome(f"{type(error).__name__}: {error}")
                outcomes[futures[future]] = outcome
                what = "failed" if outcome.fault else f"done in {outcome.seconds:.1f} s" if outcome.ran else "was done"
                say(f"[{len(outcomes)}/{len(sets)}] {futures[future]}: {what}")
        except BaseException:
            processes.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        write_tables(place.root / "runs" / under, place, sets, outcomes)
    failed = [one.name for one in sets if outcomes[one.name].fault]
    say(f"{len(sets) - len(failed)} of {len(sets)} sets done; all facts are in {place.shown(place.base / 'facts.csv')}")
    if (place.base / "findings.svg").exists():
        say(f"the headline findings are drawn in {place.shown(place.base / 'findings.svg')}")
    if failed:
        raise Failure(*(f"{under}/{name}: {outcomes[name].fault}" for name in sorted(failed)))


def write_tables(folder: Path, place: Layout, sets: list[Set], outcomes: Mapping[str, Outcome]) -> None:
    """Write what the sets in `folder` found to `place`, in the order of the grid, whatever finished first.

    ``facts.csv`` has a row for each fact of each set, ``sets.csv`` what became of each, ``findings.csv`` each headline
    finding with its interval, which ``findings.svg`` shows; the last two only where there are such facts.
    """
    names = list(dict.fromkeys(name for one in sets for name in one.values))
    facts = [["set", *names, "fact", "value", "unit", "text"]]
    states = [["set", *names, "state", "fault"]]
    findings = [["set", "label", "headline", "finding", "ratio", "low", "high"]]
    for one in sets:
        values = one.parameters.values()
        given = [plain(values[name]) for name in names]
        fault = outcomes[one.name].fault
        states.append([one.name, *given, "failed" if fault else "done", fault])
        if fault:
            continue
        found: dict[str, Any] = {}
        for file in sorted((folder / one.name / "report" / "facts").glob("*.json")):
            found |= json.loads(file.read_text(encoding="utf-8"))
        shown = {name: "" if fact["value"] is None else plain(fact["value"]) for name, fact in found.items()}
        facts += [[one.name, *given, name, shown[name], fact["unit"], fact["text"]] for name, fact in found.items()]
        label = ", ".join(given) or "default"
        for finding, ratio, _ in HEADLINES:
            if finding in shown:
                numbers = [shown.get(name, "") for name in (ratio, f"{ratio}.low", f"{ratio}.high")]
                findings.append([one.name, label, finding, shown[finding], *numbers])
    _write(place.base / "sets.csv", states)
    if len(findings) > 1:
        _write(place.base / "findings.csv", findings)
        processes.prepare(place.hidden)
        try:
            processes.call(_draw, place.base / "findings.csv", root=place.root)
        except RuntimeError as error:
            complain(f"findings.svg could not be drawn: {str(error).strip().splitlines()[-1]}{processes.limits()}")
    _write(place.base / "facts.csv", facts)


def _draw(table: Path) -> None:
    from helpers.figures import ratios  # heavy, and of use in another process alone

    ratios.save_sweep(table, {finding: words for finding, _, words in HEADLINES})


def _write(path: Path, rows: Iterable[Iterable[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_whole(path, text.getvalue())
