"""One run: what is out of date is executed, side by side where possible, and the results move into place at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from helpers.parameters import FOLDERS, Parameters
from helpers.running import processes, steps
from helpers.running.execute import Executed, execute
from helpers.running.files import EXECUTED, OUTPUT_FOLDERS, Failure, Layout, Refusal, content, reason, remembered
from helpers.running.request import named, output_folders, refuse_unused
from helpers.running.results import Cache, Made, place, recover
from helpers.running.sheets import CHECK, refuse_faulty
from helpers.running.steps import FACTS, Inputs, Step, ancestors, overlap, summary
from helpers.running.terminal import Done, Progress, complain

#: What a sandbox has no use for; settings of matplotlib that lie in the project would change figures.
_KEPT_OUT = {"runs", "build", "__pycache__", "matplotlibrc"}


class Stopped(BaseException):
    """The run was asked to stop by a signal."""

    def __init__(self, number: int) -> None:
        self.status = 128 + number


@contextlib.contextmanager
def stoppable(message: str) -> Iterator[None]:
    """Within the block, end the process in good order, with `message`, when a signal asks it to stop."""

    def caught(number: int, frame: FrameType | None) -> NoReturn:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.signal(number, caught) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except Stopped as stopped:
        # Threads may still wait for processes that are gone, and need not be waited for.
        processes.stop()
        processes.close()
        complain(message)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(stopped.status)
    finally:
        processes.close()
        for number, handler in before.items():
            signal.signal(number, handler)


class Run:
    """A run of the project's notebooks with `parameters`, whose results stand under `layout`.

    `only` names the one notebook that is asked for; with `force` notebooks run though nothing changed (with `only`,
    that one alone); with `facts_only` they write facts and tables alone, and those that write neither do not run.

    Raises
    ------
    Refusal
        With one line for each fault: of the notebooks, of the folders for results, or of what is asked for.
    """

    def __init__(
        self,
        layout: Layout,
        parameters: Parameters,
        *,
        only: str | None = None,
        force: bool = False,
        facts_only: bool = False,
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self.layout, self.parameters = layout, parameters
        self.force, self.facts_only, self.jobs = force, facts_only, jobs
        self.progress = progress or Progress()
        self.folders = output_folders(parameters, layout.root, layout.base)
        self.seen = {name: str(getattr(parameters, name)) for name in FOLDERS} | OUTPUT_FOLDERS  # by notebooks
        self.steps = steps.load(layout.root / "notebooks", self.seen)
        self.only = named(only, [step.name for step in self.steps])
        refuse_unused(parameters, self.steps)
        if facts_only:
            kept = [tuple(path for path in step.writes if FACTS.match(path)) for step in self.steps]
            pairs = zip(self.steps, kept, strict=True)
            self.steps = [replace(step, writes=writes) for step, writes in pairs if writes]
        self.inputs = Inputs(layout.root, parameters, self.steps)
        self.cache = Cache(layout)
        self.needs = steps.dependencies(self.steps)
        self.state: dict[str, Any] = {}
        self.old: dict[str, Any] = {}
        self.done: dict[str, Done] = {}
        self.library: dict[str, str] = {}

    def go(self) -> list[Done]:
        """Do it; return what became of each notebook, in the steps' order.

        Raises
        ------
        Refusal
            If an input is missing, or a folder of results cannot be written.
        Failure
            If a notebook failed, or the disk is full: the results in place are as they were, or the next run moves the
            rest.
        """
        try:
            recover(self.layout)
            self._refuse_unwritable()
            self.old = remembered(self.layout.state, _sound) or {}
            self.state = dict(self.old)
            self.inputs.refuse_missing()
            chosen = {self.only, *ancestors(self.only, self.needs)} if self.only else self.needs
            order = [step for step in self.steps if step.name in chosen]
            self.progress.planned([step.name for step in order])
            self._work(order)
            made = {self.in_place(path): made for path, made in self.inputs.made.items()}
            place(self.layout, made, self._gone(), self.state)
        except OSError as error:
            half = any(self.layout.journals.glob("*.json"))
            now = (
                "the next run puts the rest of the results into place"
                if half
                else "the results in place are as they were"
            )
            raise Failure(f"{reason(error)}; {now}") from None
        finally:
            self.progress.close()
            shutil.rmtree(self.layout.work, ignore_errors=True)
        if any(done.how == "ran" for done in self.done.values()):
            self.cache.trim()
        return [self.done[step.name] for step in order]

    def in_place(self, path: str) -> Path:
        """Return where the result `path`, as notebooks see it, stands for readers."""
        usual = next(folder for folder in self.folders if path.startswith(f"{folder}/"))
        return self.folders[usual] / path.removeprefix(f"{usual}/")

    def _refuse_unwritable(self) -> None:
        """Refuse to start where results could not be put into place in the end."""
        for folder in self.folders.values():
            standing = next(place for place in (folder, *folder.parents) if place.exists())
            if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
                raise Refusal(f"{self.layout.shown(standing)}: cannot be written")

    # --- which notebooks run, and when

    def _work(self, order: list[Step]) -> None:
        """Finish all steps of `order`, at most `jobs` at once; what needs nobody else starts as soon as it can."""
        waiting = list(order)
        running: dict[Future[Done], Step] = {}
        failures: dict[str, Failure] = {}
        pool = ThreadPoolExecutor(max_workers=self.jobs)
        said = 0
        try:
            while True:
                self._start(waiting, running, pool)
                while said < len(order) and order[said].name in self.done:
                    self.progress.finished(self.done[order[said].name])
                    said += 1
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    step = running.pop(future)
                    try:
                        self.done[step.name] = future.result()
                    except Failure as failure:
                        failures[step.name] = failure
                        # What comes later in the order is left alone, so that the report does not depend on timing.
                        earlier = order[: order.index(step)]
                        waiting[:] = [
                            other
                            for other in waiting
                            if other in earlier and not ancestors(other.name, self.needs) & set(failures)
                        ]
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
        except BaseException:
            processes.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        for step in order:
            if step.name in failures:
                self._explain(step)
                raise failures[step.name]

    def _start(self, waiting: list[Step], running: dict[Future[Done], Step], pool: ThreadPoolExecutor) -> None:
        """Settle what is up to date or in the cache, and start as many of `waiting` as may run now."""
        for step in list(waiting):
            if len(running) == self.jobs:
                break
            if self.needs[step.name] - set(self.done):
                continue
            parts = self.inputs.parts(step)
            forced = self.force and self.only in {None, step.name}  # every one, or the only one asked for
            why = ["forced"] if forced else self._why(step, parts)
            made = None if forced or not why else self.cache.get(steps.key_of(step, parts))
            if not why:
                for path, sha in self.old[step.name]["files"].items():
                    self.inputs.made[path] = (sha, self.in_place(path))
                self.done[step.name] = Done(step.name, "kept", 0.0, "up to date")
            elif made is not None:
                self._accept(step, parts, made)
                self.done[step.name] = Done(step.name, "taken", 0.0, summary(why))
            else:
                afresh = False
                if not self.library:
                    self.library = steps.modules()
                    named = {name for other in waiting for name in other.imports}
                    afresh = processes.prepare(self.layout.hidden, sorted(named))
                self.progress.started(step.name)
                running[pool.submit(self._run, step, parts, why, afresh=afresh)] = step
            waiting.remove(step)

    def _explain(self, step: Step) -> None:
        """Refuse the coded sheets, if the notebook that failed checks them and they have faults."""
        room = CHECK.rsplit(".", 1)[0]
        if "coded_dir" in step.parameters and any(name.startswith(room) for name in step.imports):
            refuse_faulty(self.layout.root, self.parameters)

    def _why(self, step: Step, parts: dict[str, Any]) -> list[str]:
        """Return why `step` is to be built anew (nothing if it is up to date)."""
        before = self.old.get(step.name)
        if before is None:
            return steps.reasons(parts, None, [])
        spoiled = []
        for path, sha in before["files"].items():
            found = content(self.in_place(path))
            if found != sha:
                spoiled.append(f"{path} {'is missing' if found is None else 'was changed'}")
        root = self.layout.root
        spoiled += [f"{path} changed" for path, sha in before["observed"].items() if content(root / path) != sha]
        return steps.reasons(parts, before["parts"], spoiled)

    # --- one notebook

    def _run(self, step: Step, parts: dict[str, Any], why: list[str], *, afresh: bool) -> Done:
        """Execute `step` in a sandbox of its own and keep what it wrote; `afresh` see `processes.call`."""
        start = time.monotonic()
        sandbox = self.layout.work / step.name
        copies = self._furnish(sandbox, parts["files"])
        output = sandbox / OUTPUT_FOLDERS["report_dir"] / EXECUTED / f"{step.name}.ipynb"
        given = {name: value for name, value in parts["parameters"].items() if value != step.parameters[name]}
        asked = (step.path, sandbox, self.layout.root, output, given)
        more = {"BRIEF_FACTS_ONLY": "1"} if self.facts_only else None
        try:
            done: Executed = processes.call(execute, *asked, root=sandbox, more=more, afresh=afresh)
        except RuntimeError as error:
            done = Executed([], str(error).strip().splitlines()[-1])
        files = _written(sandbox, copies)
        fault = done.fault or self._broken(step, files, copies)
        if fault:
            lines = [f"{step.name} failed{f' in cell {done.cell}' if done.cell else ''}: {fault}{processes.limits()}"]
            if output.exists():
                kept = self.layout.failed / output.name
                kept.parent.mkdir(parents=True, exist_ok=True)
                lines.append(f"executed notebook: {output.replace(kept)}")
            raise Failure(*lines)
        if self.facts_only:
            files = {path: sha for path, sha in files.items() if _declared(step, path)}
        self._refuse_unsteady(step, parts)
        seconds = time.monotonic() - start
        observed = self._observed(done.opened, parts["files"])
        made, changed = self.cache.put(steps.key_of(step, parts), sandbox, files, observed)
        shutil.rmtree(sandbox, ignore_errors=True)
        self._accept(step, parts, made)
        notes = [f"other bytes than before from the same inputs: {', '.join(changed)}"] if changed else []
        return Done(step.name, "ran", seconds, summary(why), tuple(notes))

    def _furnish(self, sandbox: Path, reads: Mapping[str, str]) -> dict[str, str]:
        """Make the project as a step that `reads` (path -> hash) may see it; return path -> hash of the copies.

        The project's own files are there: linked, those that lie among results copied. Of other steps' results only
        those are there that it declares to read, and nothing that it writes touches the project.
        """
        shutil.rmtree(sandbox, ignore_errors=True)
        copies = {path: source for path, (_, source) in list(self.inputs.made.items()) if path in reads}
        among = {str(parent) for pattern in self.inputs.patterns for parent in Path(pattern).parents}
        for folder in sorted({*among, *OUTPUT_FOLDERS.values()}):
            (sandbox / folder).mkdir(parents=True, exist_ok=True)
            for entry in (self.layout.root / folder).glob("[!.]*"):
                path = str(entry.relative_to(self.layout.root))
                if path in {*among, *OUTPUT_FOLDERS.values(), *_KEPT_OUT} or self.inputs.is_result(path):
                    continue
                if entry.is_file() and folder not in {".", "data"}:
                    copies[path] = entry
                else:
                    (sandbox / path).symlink_to(entry)
        for path, source in copies.items():
            (sandbox / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, sandbox / path)
        return {path: content(sandbox / path) or "" for path in copies}

    def _broken(self, step: Step, files: dict[str, str], copies: dict[str, str]) -> str:
        """Return what is wrong if the step did not write what it declares, or wrote what is not its own; else ""."""
        for pattern in step.writes:
            if not any(overlap(pattern, path) for path in files):
                return f"it did not write {pattern}, which its metadata declares"
        for path in files:
            if path in self.inputs.made:
                return f"it wrote {path}, which another notebook writes"
            if path in copies and not _declared(step, path):
                return f"it changed {path}, which its metadata does not declare that it writes"
        return ""

    def _refuse_unsteady(self, step: Step, parts: dict[str, Any]) -> None:
        """Fail if something that the step rests on was changed while it ran: nobody can say what it then saw."""
        now = steps.read_step(step.path, self.seen) if step.path.exists() else None
        found = ["it is gone"] if now is None else steps.reasons(self.inputs.parts(now), parts, [])
        if found:
            raise Failure(f"{step.name}: {summary(found)} while it ran; run again")
        # A forked process may have modules as they were when the server started.
        stale = [name for name, sha in parts["library"].items() if self.library.get(name) != sha]
        if stale:
            raise Failure(f"{step.name}: {stale[0]} changed since the run began; run again")

    def _observed(self, opened: list[str], reads: dict[str, str]) -> dict[str, str]:
        """Return path -> hash of the project's own files among `opened` that are not declared."""
        own = [path for path in opened if path not in reads and not path.startswith("src/")]
        hashes = {path: content(self.layout.root / path) for path in own if not self.inputs.is_result(path)}
        return {path: sha for path, sha in hashes.items() if sha is not None}

    def _accept(self, step: Step, parts: dict[str, Any], made: Made) -> None:
        for path, sha in made.files.items():
            self.inputs.made[path] = (sha, made.file(path))
        self.state[step.name] = {"parts": parts, "files": made.files, "observed": made.observed}

    def _gone(self) -> list[Path]:
        """Return results of earlier runs that no step writes any more and that nobody has changed."""
        self.state = {step.name: self.state[step.name] for step in self.steps if step.name in self.state}
        kept = {path for entry in self.state.values() for path in entry["files"]}
        old = {path: sha for entry in self.old.values() for path, sha in entry["files"].items() if path not in kept}
        return [self.in_place(path) for path, sha in old.items() if content(self.in_place(path)) == sha]


def _declared(step: Step, path: str) -> bool:
    return any(overlap(pattern, path) for pattern in step.writes)


def _written(sandbox: Path, copies: Mapping[str, str]) -> dict[str, str]:
    """Return path -> hash of what the step has written into its folders of results in `sandbox`."""
    found: dict[str, str] = {}
    for folder in OUTPUT_FOLDERS.values():
        for file in sorted((sandbox / folder).rglob("*")):
            path = str(file.relative_to(sandbox))
            if file.is_symlink() or not file.is_file() or "/.ipynb_checkpoints/" in path:
                continue
            sha = content(file) or ""
            if copies.get(path) != sha:
                found[path] = sha
    return found


def _sound(state: Any) -> bool:
    """Return whether `state` is what a run leaves behind; an error says that it is not."""
    for entry in state.values():
        steps.reasons(entry["parts"], entry["parts"], [])
        texts = [*entry["files"].values(), *entry["observed"].values(), *entry["parts"]["files"].values()]
        "".join(texts)
    return True
