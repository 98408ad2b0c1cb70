"""One run: what is out of date is executed, side by side where possible, and the results move into place at the end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.running.box import furnish, results
from helpers.running.fingerprint import Contents
from helpers.running.layout import EXECUTED, OUTPUT_FOLDERS, Layout
from helpers.running.plan import Inputs, check_inputs, key, reasons, summary
from helpers.running.server import server, stop
from helpers.running.steps import Refusal, Step, ancestors, dependencies, filled, load, overlap
from helpers.running.store import Made, Store, in_place, place, recover


class Failure(Exception):
    """A notebook failed, or its results could not be put into place. Holds the lines to say."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Done:
    """What became of one notebook: `how` is ``ran``, ``taken`` (from the store) or ``kept`` (up to date)."""

    name: str
    how: str
    seconds: float
    why: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Built:
    """A finished step: what became of it, what its results rest on, and the results as stored."""

    done: Done
    parts: dict[str, Any]
    made: Made


class Reporter:
    """Hears of a run's progress; this one says nothing. Calls come from one thread, `finished` in the steps' order."""

    def planned(self, names: list[str]) -> None:
        """Hear which notebooks the run holds."""

    def started(self, name: str, why: str) -> None:
        """Hear that a notebook is being executed."""

    def cell(self, name: str, done: int, total: int) -> None:
        """Hear that a cell was executed (from any thread)."""

    def finished(self, done: Done) -> None:
        """Hear what became of a notebook."""

    def close(self) -> None:
        """Hear that the run has ended, one way or another."""


@dataclass
class Run:
    """A run of `steps` with `parameters`, whose results stand under `layout`.

    Attributes
    ----------
    folders: output folder's parameter -> where its results stand, relative to the root; as notebooks see it by default.
    before: hears the steps about to run, before the first one starts; may raise `Refusal`.
    """

    layout: Layout
    steps: list[Step]
    parameters: Parameters
    contents: Contents
    reporter: Reporter = field(default_factory=lambda: Reporter())
    jobs: int = 1
    force: bool = False
    only: str | None = None
    folders: dict[str, str] = field(default_factory=lambda: dict(OUTPUT_FOLDERS))
    before: Callable[[list[str]], None] = lambda names: None

    def __post_init__(self) -> None:
        self.inputs = Inputs(self.layout.root, self.parameters, self.steps, self.contents)
        self.store = Store(self.layout.root, self.layout.store, self.contents)
        self.needs = dependencies(self.steps)
        self.state: dict[str, Any] = {}
        self.old: dict[str, Any] = {}
        self.done: dict[str, Done] = {}
        self.wanted: dict[Path, tuple[str, Path]] = {}

    def go(self) -> list[Done]:
        """Do it; return what became of each notebook, in the steps' order.

        Raises
        ------
        Refusal
            If an input is missing.
        Failure
            If a notebook failed.
        OSError
            If the disk is full or a folder cannot be written; the results in place are as they were.
        """
        recover(self.layout)
        self._may_write()
        self.old = self.state = self._read_state()
        check_inputs(self.inputs, self.steps)
        chosen = {step.name for step in self.steps}
        if self.only is not None:
            chosen = {self.only, *ancestors(self.only, self.needs)}
        self.state = dict(self.old)
        order = [step for step in self.steps if step.name in chosen]
        self.reporter.planned([step.name for step in order])
        try:
            self._work(order)
            place(self.layout, self.wanted, self._gone(), self.state, self.contents)
        finally:
            shutil.rmtree(self.layout.work, ignore_errors=True)
        if any(done.how == "ran" for done in self.done.values()):
            self.store.trim()
        return [self.done[step.name] for step in order]

    def in_place(self, path: str) -> Path:
        """Return where the result `path`, as notebooks see it, stands for readers."""
        return in_place(self.layout, self.folders, path)

    def _may_write(self) -> None:
        """Refuse to start where results could not be put into place in the end."""
        for folder in {self.in_place(folder) for folder in OUTPUT_FOLDERS.values()}:
            standing = next(place for place in (folder, *folder.parents) if place.exists())
            if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
                raise Refusal(f"{self.layout.shown(standing)}: cannot be written")

    def _read_state(self) -> dict[str, Any]:
        try:
            state = json.loads(self.layout.state.read_text(encoding="utf-8"))
            return state if isinstance(state, dict) else {}
        except (OSError, ValueError):
            return {}

    def _work(self, order: list[Step]) -> None:
        """Finish all steps of `order`, at most `jobs` at once; what needs nobody else starts as soon as it can."""
        waiting = list(order)
        running: dict[Future[Built], Step] = {}
        failures: dict[str, Failure] = {}
        told = 0
        asked = False
        pool = ThreadPoolExecutor(max_workers=self.jobs)
        try:
            while waiting or running:
                for step in list(waiting):
                    if self.needs[step.name] - set(self.done):
                        continue
                    parts = self.inputs.parts(step)
                    why = self._why(step, parts)
                    if not why:
                        waiting.remove(step)
                        self._keep(step)
                        continue
                    if not self._forced(step) and self._take(step, parts, why):
                        waiting.remove(step)
                        continue
                    if not asked:
                        server()  # starts to import while the rest is being looked at
                        self.before([step.name for step in waiting])
                        asked = True
                    if len(running) >= self.jobs:
                        break
                    waiting.remove(step)
                    self.reporter.started(step.name, summary(why))
                    running[pool.submit(self._run, step, parts, why)] = step
                told = self._tell(order, told)
                if running:
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        step = running.pop(future)
                        try:
                            built = future.result()
                            self._accept(step, built)
                            self.done[step.name] = built.done
                        except Failure as failure:
                            failures[step.name] = failure
                            # What comes later in the order is left alone, so that the report does not depend on timing.
                            later = order[order.index(step) :]
                            waiting = [other for other in waiting if other not in later]
                            waiting = [
                                other for other in waiting if not ancestors(other.name, self.needs) & set(failures)
                            ]
                elif failures:
                    break
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
        except BaseException:
            stop()  # kernels and what they started die with their server
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        self._tell(order, told)
        for step in order:
            if step.name in failures:
                raise failures[step.name]

    def _tell(self, order: list[Step], told: int) -> int:
        """Tell the reporter of finished steps, in order; return how many have been told."""
        while told < len(order) and order[told].name in self.done:
            self.reporter.finished(self.done[order[told].name])
            told += 1
        return told

    def _forced(self, step: Step) -> bool:
        """Return whether `step` runs even if nothing changed: every one, or the only one asked for."""
        return self.force and self.only in {None, step.name}

    def _why(self, step: Step, parts: dict[str, Any]) -> list[str]:
        """Return why `step` is to be built anew (nothing if it is up to date)."""
        if self._forced(step):
            return ["forced"]
        before = self.old.get(step.name)
        spoiled = []
        for path, sha in before["files"].items() if before else ():
            found = self.contents.hash(self.in_place(path))
            if found != sha:
                spoiled.append(f"{path} {'is missing' if found is None else 'was changed'}")
        for path, sha in before["observed"].items() if before else ():
            if self.contents.hash(self.layout.root / path) != sha:
                spoiled.append(f"{path} changed")
        return reasons(parts, before["parts"] if before else None, spoiled)

    def _keep(self, step: Step) -> None:
        entry = self.old[step.name]
        for path, sha in entry["files"].items():
            self.inputs.made[path] = (sha, self.in_place(path))
        self.done[step.name] = Done(step.name, "kept", 0.0, "up to date")

    def _take(self, step: Step, parts: dict[str, Any], why: list[str]) -> bool:
        """Take the results of `step` from the store, if some run has made them from the same parts."""
        made = self.store.get(key(step, parts))
        if made is None:
            return False
        done = Done(step.name, "taken", 0.0, summary(why))
        self._accept(step, Built(done, parts, made))
        self.done[step.name] = done
        return True

    def _steady(self, step: Step, parts: dict[str, Any]) -> None:
        """Fail if something that the step rests on was changed while it ran: nobody can say what it then saw."""
        steps = {one.name: one for one in load(self.layout.root / "notebooks", self.contents)}
        now = self.inputs.parts(steps[step.name]) if step.name in steps else None
        if now != parts:
            what = summary(reasons(now, parts, [])) if now else "it is gone"
            raise Failure(f"{step.name}: {what} while it ran; run again")
        # A forked kernel may have modules as they were when the server started.
        started = server(start=False)
        stale = [name for name, sha in parts["library"].items() if started and started.library.get(name) != sha]
        if stale:
            raise Failure(f"{step.name}: {stale[0]} changed since the run began; run again")

    def _accept(self, step: Step, built: Built) -> None:
        made = built.made
        for path, sha in made.files.items():
            self.inputs.made[path] = (sha, made.file(path))
            self.wanted[self.in_place(path)] = (sha, made.file(path))
        self.state[step.name] = {"parts": built.parts, "files": made.files, "observed": made.observed}

    def _run(self, step: Step, parts: dict[str, Any], why: list[str]) -> Built:
        """Execute `step` in a box of its own and store what it wrote."""
        from helpers.running.execute import execute

        start = time.monotonic()
        box = self.layout.work / step.name
        copies = furnish(box, self.inputs, parts["files"])
        output = box / OUTPUT_FOLDERS["report_dir"] / EXECUTED / f"{step.name}.ipynb"
        usual = Parameters().values()
        given = {name: value for name, value in parts["parameters"].items() if value != usual[name]}
        on_cell = partial(self.reporter.cell, step.name)
        fault = execute(step.path, box, self.layout.root, output, given, on_cell)
        if fault is None:
            files = results(box, copies)
            fault = self._contract(step, files, copies)
        if fault is not None:
            kept = self.layout.failed / output.name
            kept.parent.mkdir(parents=True, exist_ok=True)
            where = f" in cell {fault.cell}" if fault.cell else ""
            if output.exists():
                output.replace(kept)
                raise Failure(f"{step.name} failed{where}: {fault.error}", f"executed notebook: {kept}")
            raise Failure(f"{step.name} failed{where}: {fault.error}")
        self._steady(step, parts)
        seconds = time.monotonic() - start
        made, changed = self.store.put(key(step, parts), box, files, self._observed(box, parts["files"]))
        shutil.rmtree(box, ignore_errors=True)
        notes = [f"other bytes than before from the same inputs: {', '.join(changed)}"] if changed else []
        return Built(Done(step.name, "ran", seconds, summary(why), tuple(notes)), parts, made)

    def _observed(self, box: Path, reads: dict[str, str]) -> dict[str, str]:
        """Return path -> hash of the project's own files that the step opened in `box` beside what it declares."""
        from helpers.running.kernels import opened

        try:
            paths = json.loads(opened(box).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        own = {
            path
            for path in paths
            if path not in reads and not path.startswith("src/") and not self.inputs.is_result(path)
        }
        hashes = {path: self.contents.hash(self.layout.root / path) for path in sorted(own)}
        return {path: sha for path, sha in hashes.items() if sha is not None}

    def _contract(self, step: Step, files: dict[str, str], copies: dict[str, str]) -> Any:
        """Return the fault of a step that did not write what it declares, or wrote what is not its own."""
        from helpers.running.execute import Fault

        for pattern in step.writes:
            path = filled(pattern, self.inputs.folders)
            if not any(overlap(path, name) for name in files):
                return Fault(None, f"it did not write {path}, which its metadata declares")
        own = [filled(pattern, self.inputs.folders) for pattern in step.writes]
        for path in files:
            if path in self.inputs.made and path not in self.old.get(step.name, {}).get("files", {}):
                return Fault(None, f"it wrote {path}, which another notebook writes")
            if path in copies and not any(overlap(pattern, path) for pattern in own):
                return Fault(None, f"it changed {path}, which its metadata does not declare that it writes")
        return None

    def _gone(self) -> list[Path]:
        """Return results of earlier runs that no step writes any more and that nobody has changed."""
        kept = {path for entry in self.state.values() for path in entry["files"]}
        names = {step.name for step in self.steps}
        gone = []
        for name in [name for name in self.state if name not in names]:
            del self.state[name]
        for entry in self.old.values():
            for path, sha in entry["files"].items():
                target = self.in_place(path)
                if path not in kept and self.contents.hash(target) == sha:
                    gone.append(target)
        return gone


def cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


__all__ = ["Done", "Failure", "Refusal", "Reporter", "Run", "cores"]
