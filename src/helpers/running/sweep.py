"""The command ``brief sweep``: a grid of parameter sets, a brief and facts for each, and one table of all facts."""

from __future__ import annotations

import csv
import io
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.paths import project_root
from helpers.running.command import Stopped, leave, prepared, say, stoppable, told
from helpers.running.fingerprint import Contents
from helpers.running.layout import OUTPUT_FOLDERS, Layout
from helpers.running.locking import held
from helpers.running.request import checked, from_file_any, run_name
from helpers.running.run import Failure, cores
from helpers.running.server import close, stop
from helpers.running.steps import Refusal
from helpers.running.store import write_whole
from helpers.running.terminal import tell

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
    for number, values in enumerate(expanded(from_file_any(path), str(path)), start=1):
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


def run_set(
    root: str, name: str, values: Mapping[str, Any], force: bool = False, contents: Contents | None = None
) -> Outcome:
    """Run one set of a sweep, in this process; return what became of it, failures included.

    This is what a Dask worker is sent: it takes and gives plain values, and needs the project at `root`.
    """
    begun = time.monotonic()
    try:
        layout = Layout(Path(root), name)
        work = prepared(layout, Parameters(**values), jobs=1, force=force, contents=contents)
        with held(layout):
            done = work.go()
        ran = sum(one.how == "ran" for one in done)
        return Outcome(name, ran=ran, seconds=time.monotonic() - begun)
    except (Refusal, Failure) as fault:
        return Outcome(name, "; ".join(fault.lines), seconds=time.monotonic() - begun)
    except OSError as error:
        return Outcome(name, told(error), seconds=time.monotonic() - begun)


def here(root: Path, sets: list[Set], jobs: int, force: bool) -> Iterator[Outcome]:
    """Run the sets on this machine, `jobs` at once, from one fork server; give the outcomes as they come."""
    contents = Contents(root / ".brief" / "contents.json")
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            futures = [pool.submit(run_set, str(root), one.name, one.values, force, contents) for one in sets]
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    contents.save()


def on_cluster(address: str) -> Callable[[Path, list[Set], int, bool], Iterator[Outcome]]:
    """Return a function that runs the sets on the Dask cluster at `address`, whose workers see the same folder."""

    def run(root: Path, sets: list[Set], jobs: int, force: bool) -> Iterator[Outcome]:
        try:
            import distributed
        except ImportError:
            raise Refusal("--scheduler needs the extra `cluster`: pip install 'helpers[cluster]'") from None
        try:
            client = distributed.Client(address, timeout=20)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise Refusal(f"--scheduler: no Dask scheduler answers at {address} ({error})") from None
        with client:
            # A set whose worker dies goes to another one; pure=False, so that no old outcome is taken for a new one.
            futures = {
                client.submit(run_set, str(root), one.name, one.values, force, pure=False, retries=2): one
                for one in sets
            }
            for future in distributed.as_completed(list(futures), raise_errors=False):  # type: ignore[no-untyped-call]
                one = futures[future]
                if future.status == "finished":
                    yield future.result()
                else:
                    yield Outcome(one.name, f"{type(future.exception()).__name__}: {future.exception()}")

    return run


def sweep_grid(path: Path, *, jobs: int | None, scheduler: str | None, force: bool) -> int:
    """Do what ``brief sweep`` is asked for; return the exit status: 0, or 1 if a set failed."""
    with stoppable():
        try:
            root = project_root()
            sets = sets_of(path)
            place = Layout(root, path.stem)
            run = on_cluster(scheduler) if scheduler else here
            with held(Layout(root, f"{path.stem}/facts.csv")):
                outcomes = _followed(run(root, sets, jobs or cores(), force), len(sets))
                table = write_tables(root, place.base, sets, outcomes)
        except Refusal as refusal:
            say(*refusal.lines)
            return 2
        except OSError as error:
            say(told(error))
            return 1
        except Stopped as stopped:
            leave(stopped, "stopped; the sets that are done stay; the next sweep goes on from here")
        finally:
            close()
    failed = [outcome for outcome in outcomes.values() if outcome.fault]
    for outcome in sorted(failed, key=lambda outcome: outcome.name):
        say(f"{outcome.name}: {outcome.fault}")
    tell(f"{len(sets) - len(failed)} of {len(sets)} sets done; all facts are in {place.shown(table)}")
    return 1 if failed else 0


def _followed(outcomes: Iterable[Outcome], total: int) -> dict[str, Outcome]:
    """Show the outcomes as they come; return them by name."""
    found: dict[str, Outcome] = {}
    for outcome in outcomes:
        found[outcome.name] = outcome
        what = "failed" if outcome.fault else f"done in {outcome.seconds:.1f} s" if outcome.ran else "was done"
        tell(f"[{len(found)}/{total}] {outcome.name.split('/', 1)[1]}: {what}")
    return found


def write_tables(root: Path, folder: Path, sets: list[Set], outcomes: Mapping[str, Outcome]) -> Path:
    """Write ``facts.csv`` (a row for each fact of each set) and ``sets.csv`` (what became of each); return the first.

    Both are in the order of the grid, whatever finished first.
    """
    names = list(dict.fromkeys(name for one in sets for name in one.values))
    facts = [["set", *names, *COLUMNS]]
    states = [["set", *names, "state", "fault"]]
    for one in sets:
        values = one.parameters.values()
        label = [one.name.split("/", 1)[1], *(_cell(values[name]) for name in names)]
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
            yield [name, "" if value is None else _cell(value), fact["unit"], fact["text"]]


def _cell(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
