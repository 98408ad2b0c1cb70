"""What a step's results rest on, whether they are up to date, and if not, why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.running.fingerprint import Contents, digest
from helpers.running.imports import closure
from helpers.running.layout import EXECUTED, OUTPUT_FOLDERS
from helpers.running.steps import Refusal, Step, filled, overlap

#: Folders that hold results alone; nothing in them counts as an input that a person made.
RESULTS_ALONE = (OUTPUT_FOLDERS["clean_dir"], OUTPUT_FOLDERS["figures_dir"])


class Inputs:
    """The inputs of a run: parameters, the project's own files, and what finished steps have written so far."""

    def __init__(self, root: Path, parameters: Parameters, steps: list[Step], contents: Contents) -> None:
        self.root = root
        self.parameters = parameters
        self.values = parameters.values()
        self.contents = contents
        self.folders = {name: str(self.values[name]) for name in self.values if name.endswith("_dir")} | OUTPUT_FOLDERS
        self.patterns = [filled(path, self.folders) for step in steps for path in step.writes]
        self.patterns.append(f"{OUTPUT_FOLDERS['report_dir']}/{EXECUTED}/*")
        #: Results of finished steps: path as notebooks see it -> (hash, where it lies now).
        self.made: dict[str, tuple[str, Path]] = {}
        lock = contents.hash(root / "requirements.lock") or ""
        self.lock = f"{lock} on Python {sys.version_info.major}.{sys.version_info.minor}"

    def is_result(self, path: str) -> bool:
        """Return whether `path` (relative to the root) is written by a notebook."""
        return path.startswith(tuple(f"{folder}/" for folder in RESULTS_ALONE)) or any(
            overlap(pattern, path) for pattern in self.patterns
        )

    def _own(self, path: str) -> dict[str, str]:
        """Return path -> hash for the project's own files that `path` means: a file, a pattern, or a whole folder."""
        place = Path(path)
        base = place if place.is_absolute() else self.root / place
        if "*" in path:
            anchor = Path(base.anchor)
            found = sorted(anchor.glob(str(base.relative_to(anchor))))
        else:
            found = sorted(base.rglob("*")) if base.is_dir() else [base]
        named = {str(file.relative_to(self.root) if file.is_relative_to(self.root) else file): file for file in found}
        hashes = {name: self.contents.hash(file) for name, file in named.items() if not self.is_result(name)}
        return {name: sha for name, sha in hashes.items() if sha is not None}

    def files(self, step: Step) -> dict[str, str]:
        """Return path -> hash for all files that `step` reads; steps before it must have finished."""
        found: dict[str, str] = {}
        made = dict(self.made)  # other threads add to it
        for read in step.reads:
            path = filled(read, self.folders).rstrip("/")
            found |= self._own(path)
            found |= {
                name: sha for name, (sha, _) in made.items() if overlap(path, name) or name.startswith(f"{path}/")
            }
        return dict(sorted(found.items()))

    def missing(self, step: Step, steps: list[Step]) -> list[str]:
        """Return a line for each file that `step` declares to read, no notebook writes and nobody has put there."""
        lines = []
        for read in step.reads:
            path = filled(read, self.folders).rstrip("/")
            written = any(
                overlap(read, other) or other.startswith(read.rstrip("/") + "/") for s in steps for other in s.writes
            )
            if not written and not self._own(path):
                lines.append(f"{step.name}: reads {path}, which is missing and which no notebook writes")
        return lines

    def parts(self, step: Step) -> dict[str, Any]:
        """Return all that the results of `step` rest on, in a form that `key` and `reasons` understand."""
        return {
            "notebook": step.cells,
            "parameters": {
                name: self.values[name]
                for name in step.parameters
                if name in self.values and name not in OUTPUT_FOLDERS
            },
            "files": self.files(step),
            "library": closure(step.imports, self.contents),
            "lock": self.lock,
        }


def key(step: Step, parts: Mapping[str, Any]) -> str:
    """Return the name under which the results of `step` made from `parts` are stored."""
    return digest([step.name, sorted(step.writes), parts])[:40]


def reasons(parts: Mapping[str, Any], before: Mapping[str, Any] | None, spoiled: list[str]) -> list[str]:
    """Return why a step must run again, most telling first; nothing if it is up to date.

    `before` are the parts it was last built from, `spoiled` those of its results that are missing or were changed.
    """
    if before is None:
        return ["not built here yet"]
    found = []
    if parts["notebook"] != before["notebook"]:
        found.append("its cells changed")
    now, then = parts["parameters"], before["parameters"]
    found += [
        f"{name} is {_plain(now[name])}, was {_plain(then[name])}" if name in then else f"{name} is new"
        for name in now
        if now[name] != then.get(name)
    ]
    found += [f"{name} is gone" for name in then if name not in now]
    found += _differing(parts["files"], before["files"])
    found += _differing(parts["library"], before["library"])
    if parts["lock"] != before["lock"]:
        found.append("the lock changed")
    return found + spoiled


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _differing(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {'is gone' if name not in now else 'is new' if name not in then else 'changed'}"
        for name in sorted({*now, *then})
        if now.get(name) != then.get(name)
    ]


def summary(found: list[str], most: int = 2) -> str:
    """Return `found` as one short phrase."""
    rest = len(found) - most
    return "; ".join(found[:most]) + (f"; and {rest} more" if rest > 0 else "")


def check_inputs(inputs: Inputs, steps: list[Step]) -> None:
    """Refuse what is missing before anything starts."""
    lines = [line for step in steps for line in inputs.missing(step, steps)]
    if lines:
        raise Refusal(*lines)
