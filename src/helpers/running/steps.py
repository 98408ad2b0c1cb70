"""Notebooks as steps: what they read and write, the order that follows, what they rest on, and why they run."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from helpers.parameters import Parameters
from helpers.running.files import EXECUTED, OUTPUT_FOLDERS, Refusal, content, digest

LIBRARY = Path(__file__).resolve().parents[1]

#: Folders that hold results alone; nothing in them counts as an input that a person made.
RESULTS_ALONE = (OUTPUT_FOLDERS["clean_dir"], OUTPUT_FOLDERS["figures_dir"])

#: What notebooks hand on: clean tables, facts and tables, without figures and brief.
FACTS = re.compile(r"data/clean/|report/(facts|tables)/")


@dataclass(frozen=True)
class Step:
    """One notebook of the pipeline.

    Attributes
    ----------
    name: the file's stem, ``04_pause``.
    path: the notebook.
    cells: hash of what is executed, comments and prose included (they stand in the executed notebook).
    parameters: parameters that the cell so tagged declares, with their values there (None where it computes one).
    reads, writes: as in the metadata, with the folders put in that `load` was given; ``*`` matches within a folder.
    imports: dotted names that the code imports from the library.
    """

    name: str
    path: Path
    cells: str
    parameters: dict[str, Any]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    imports: tuple[str, ...]


def declared(source: str) -> dict[str, Any]:
    """Return name -> value of what a ``parameters`` cell assigns, in its order; None for what is no plain value."""
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(node.value) if node.value is not None else None
                except ValueError:
                    found[target.id] = None
    return found


def imported(cells: Iterable[str]) -> list[str]:
    """Return the dotted names that code `cells` import from the library; lines for IPython alone are left out."""
    found: set[str] = set()
    for source in cells:
        plain = "\n".join("pass" if line.lstrip()[:1] in {"%", "!", "?"} else line for line in source.splitlines())
        try:
            nodes = list(ast.walk(ast.parse(plain)))
        except SyntaxError:
            continue  # the notebook will say so itself, with the cell, when it runs
        found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        found |= {
            f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
        }
    return sorted(name for name in found if name.split(".")[0] == LIBRARY.name)


def read_step(path: Path, folders: Mapping[str, str] = MappingProxyType({})) -> Step | None:
    """Return the notebook at `path` as a step, None if its metadata holds no ``brief`` (such as ``explore``).

    `folders` are put into the paths that it declares, where they stand as ``{clean_dir}``.

    Raises
    ------
    Refusal
        If it cannot be read, or declares what is no parameter.
    """
    try:
        notebook = json.loads(path.read_bytes())
        cells = [(cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {})) for cell in notebook["cells"]]
        brief = notebook.get("metadata", {}).get("brief")
        if not isinstance(brief, dict):
            return None
        tagged = [source for _, source, meta in cells if "parameters" in meta.get("tags", [])]
        step = Step(
            name=path.stem,
            path=path,
            cells=digest([[kind, source, meta.get("tags", [])] for kind, source, meta in cells]),
            parameters=declared(tagged[0]) if tagged else {},
            reads=tuple(filled(path, folders) for path in brief.get("reads", [])),
            writes=tuple(filled(path, folders) for path in brief.get("writes", [])),
            imports=tuple(imported(source for kind, source, _ in cells if kind == "code")),
        )
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        raise Refusal(f"{path.name}: cannot be read as a notebook ({' '.join(str(error).split())})") from None
    strange = [name for name in step.parameters if name not in Parameters.model_fields]
    if strange:
        known = f"which is no parameter; known are {', '.join(Parameters.model_fields)}"
        raise Refusal(*(f"{path.name}: declares {name}, {known}" for name in strange))
    return step


def filled(path: str, folders: Mapping[str, str]) -> str:
    """Return a declared `path` with `folders` put in."""
    for name, folder in folders.items():
        path = path.replace("{" + name + "}", folder.rstrip("/"))
    return path.rstrip("/")


def load(folder: Path, folders: Mapping[str, str] = MappingProxyType({})) -> list[Step]:
    """Return the steps in `folder`, in an order in which each comes after what it reads from.

    A file whose name begins with a dot is none. Between notebooks that do not depend on each other the name decides.

    Raises
    ------
    Refusal
        If a notebook cannot be read, two write the same file, or they wait for each other.
    """
    steps: list[Step] = []
    faults: list[str] = []
    for path in sorted(folder.glob("[!.]*.ipynb")):
        try:
            step = read_step(path, folders)
            steps += [step] if step is not None else []
        except Refusal as refusal:
            faults += refusal.lines
    if not steps and not faults:
        faults.append(f"{folder}: no notebook with brief metadata")
    if faults:
        raise Refusal(*faults)
    return ordered(steps)


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Return `steps` such that each follows those it depends on; else the name decides."""
    needs, waiting = dependencies(steps), {step.name: step for step in sorted(steps, key=lambda step: step.name)}
    result: list[Step] = []
    while waiting:
        ready = [name for name in waiting if not needs[name] & waiting.keys()]
        if not ready:
            raise Refusal(f"notebooks wait for each other: {', '.join(waiting)}")
        result.append(waiting.pop(ready[0]))
    return result


def dependencies(steps: Iterable[Step]) -> dict[str, set[str]]:
    """Return step name -> names of the steps whose files it reads."""
    steps = list(steps)
    writers: dict[str, str] = {}
    for step in steps:
        for path in step.writes:
            if writers.setdefault(path, step.name) != step.name:
                raise Refusal(f"{writers[path]} and {step.name} both write {path}")
    return {
        step.name: {
            writer
            for read in step.reads
            for path, writer in writers.items()
            if writer != step.name and overlap(read, path)
        }
        for step in steps
    }


def overlap(one: str, other: str) -> bool:
    """Return whether two paths, of which each may hold ``*``, can mean the same file."""
    return one == other or fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one)


def ancestors(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """Return the names of all steps that `name` needs, directly or through others."""
    return needs[name].union(*(ancestors(other, needs) for other in needs[name]))


def modules() -> dict[str, str]:
    """Return module -> hash for all modules of the library."""
    found = {}
    for path in sorted(LIBRARY.rglob("*.py")):
        name = ".".join((LIBRARY.name, *path.relative_to(LIBRARY).with_suffix("").parts))
        found[name.removesuffix(".__init__")] = content(path) or ""
    return found


def closure(names: Iterable[str]) -> dict[str, str]:
    """Return module -> hash for all modules of the library that `names` lead to, directly or through others."""
    hashes = modules()
    graph = _graph(LIBRARY.name, digest(hashes))
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        parts = waiting.pop().split(".")  # a package is imported before what is in it
        new = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)} & set(hashes) - found
        found |= new
        waiting += [other for name in new for other in graph.find_modules_directly_imported_by(name)]
    return {name: hashes[name] for name in sorted(found)}


@lru_cache(maxsize=1)
def _graph(package: str, version: str) -> Any:
    """Return which module of the `package` imports which, also within functions, at one `version` of its code."""
    import grimp

    return grimp.build_graph(package, cache_dir=None)


class Inputs:
    """The inputs of a run: parameters, the project's own files, and what finished steps have written so far."""

    def __init__(self, root: Path, parameters: Parameters, steps: list[Step]) -> None:
        self.root, self.steps = root, steps
        self.values = parameters.values()
        self.patterns = [path for step in steps for path in step.writes]
        self.patterns += [f"{folder}/*" for folder in (*RESULTS_ALONE, f"{OUTPUT_FOLDERS['report_dir']}/{EXECUTED}")]
        self._results = re.compile("|".join(map(fnmatch.translate, self.patterns)))
        #: Results of finished steps: path as notebooks see it -> (hash, where it lies now).
        self.made: dict[str, tuple[str, Path]] = {}
        lock = content(root / "requirements.lock") or ""
        self.lock = f"{lock} on Python {sys.version_info.major}.{sys.version_info.minor}"

    def is_result(self, path: str) -> bool:
        """Return whether `path` (relative to the root) is written by a notebook."""
        return self._results.match(path) is not None

    def _own(self, path: str) -> dict[str, str]:
        """Return path -> hash for the project's own files that `path` means: a file, a pattern, or a whole folder."""
        base = self.root / path
        if "*" in path:
            found = sorted(Path(base.anchor).glob(str(base.relative_to(base.anchor))))
        else:
            found = sorted(base.rglob("*")) if base.is_dir() else [base]
        named = {str(file.relative_to(self.root) if file.is_relative_to(self.root) else file): file for file in found}
        hashes = {name: content(file) for name, file in named.items() if not self.is_result(name)}
        return {name: sha for name, sha in hashes.items() if sha is not None}

    def files(self, step: Step) -> dict[str, str]:
        """Return path -> hash for all files that `step` reads; steps before it must have finished."""
        found: dict[str, str] = {}
        for path in step.reads:
            found |= self._own(path)
            found |= {
                name: sha
                for name, (sha, _) in list(self.made.items())  # other threads add to it
                if overlap(path, name) or name.startswith(f"{path}/")
            }
        return dict(sorted(found.items()))

    def refuse_missing(self) -> None:
        """Refuse what a step declares to read, no notebook writes and nobody has put there."""
        written = [path for step in self.steps for path in step.writes]
        lines = [
            f"{step.name}: reads {path}, which is missing and which no notebook writes"
            for step in self.steps
            for path in step.reads
            if not any(overlap(path, other) or other.startswith(f"{path}/") for other in written)
            and not self._own(path)
        ]
        if lines:
            raise Refusal(*lines)

    def parts(self, step: Step) -> dict[str, Any]:
        """Return all that the results of `step` rest on, in a form that `reasons` understands."""
        used = [name for name in step.parameters if name not in OUTPUT_FOLDERS]
        return {
            "notebook": step.cells,
            "parameters": {name: self.values[name] for name in used},
            "files": self.files(step),
            "library": closure(step.imports),
            "lock": self.lock,
        }


def reasons(parts: Mapping[str, Any], before: Mapping[str, Any] | None, spoiled: list[str]) -> list[str]:
    """Return why a step must run again, most telling first; nothing if it is up to date.

    `before` are the parts it was last built from, `spoiled` those of its results that are missing or were changed.
    """
    if before is None:
        return ["not built here yet"]
    found = ["its cells changed"] if parts["notebook"] != before["notebook"] else []
    now, then = parts["parameters"], before["parameters"]
    for name in {**now, **then}:
        if name not in now or name not in then:
            found.append(f"{name} is {'gone' if name not in now else 'new'}")
        elif now[name] != then[name]:
            found.append(f"{name} is {plain(now[name])}, was {plain(then[name])}")
    for kind in ("files", "library"):
        now, then = parts[kind], before[kind]
        found += [
            f"{name} {'is gone' if name not in now else 'is new' if name not in then else 'changed'}"
            for name in sorted({*now, *then})
            if now.get(name) != then.get(name)
        ]
    if parts["lock"] != before["lock"]:
        found.append("the lock changed")
    return found + spoiled


def plain(value: Any) -> str:
    """Return a parameter's value as it is typed."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def summary(found: list[str]) -> str:
    """Return `found` as one short phrase."""
    return "; ".join(found[:2]) + (f"; and {len(found) - 2} more" if len(found) > 2 else "")


def key_of(step: Step, parts: Mapping[str, Any]) -> str:
    """Return the name under which the results of `step` made from `parts` are kept."""
    return digest([step.name, sorted(step.writes), parts])[:40]
