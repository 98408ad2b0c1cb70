"""Notebooks as steps: cells, declared parameters, the files they read and write, and the order that follows."""

from __future__ import annotations

import ast
import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from helpers.parameters import FOLDERS, Parameters
from helpers.running.fingerprint import Contents, digest
from helpers.running.imports import notebook_imports


class Refusal(Exception):
    """Bad input: nothing is run. Holds one line for each fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Step:
    """One notebook of the pipeline.

    Attributes
    ----------
    name: the file's stem, ``04_pause``.
    path: the notebook.
    cells: hash of what is executed, comments and prose included (they stand in the executed notebook).
    parameters: names declared in the cell tagged ``parameters``.
    reads, writes: as in the metadata, folders as ``{clean_dir}``; ``*`` matches within a folder.
    imports: dotted names that the code imports from the library.
    """

    name: str
    path: Path
    cells: str
    parameters: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    imports: tuple[str, ...]


def declared(source: str) -> tuple[str, ...]:
    """Return the names which a ``parameters`` cell assigns, in their order."""
    names = []
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return tuple(names)


def _parsed(raw: bytes) -> dict[str, Any]:
    """Return what a step needs of a notebook file, as JSON can hold it (a value error tells what is wrong)."""
    notebook = json.loads(raw)
    cells = [
        (
            cell["cell_type"],
            cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"]),
            cell.get("metadata", {}),
        )
        for cell in notebook["cells"]
    ]
    brief = notebook.get("metadata", {}).get("brief")
    tagged = [source for _, source, meta in cells if "parameters" in meta.get("tags", [])]
    return {
        "step": isinstance(brief, dict),
        "cells": digest([[kind, source, meta.get("tags", [])] for kind, source, meta in cells]),
        "parameters": [name for source in tagged[:1] for name in declared(source)],
        "reads": list((brief or {}).get("reads", [])),
        "writes": list((brief or {}).get("writes", [])),
        "imports": notebook_imports(source for kind, source, _ in cells if kind == "code"),
    }


def load(folder: Path, contents: Contents) -> list[Step]:
    """Return the steps in `folder`, in an order in which each comes after what it reads from.

    A notebook whose metadata holds no ``brief`` (such as ``explore``) is no step. Between notebooks that do not
    depend on each other the name decides.

    Raises
    ------
    Refusal
        If a notebook cannot be read, two write the same file, or they wait for each other.
    """
    steps, faults = [], []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            parts = contents.derived(path, "step", _parsed)
        except (ValueError, KeyError, TypeError, SyntaxError) as error:
            faults.append(f"{path.name}: cannot be read as a notebook ({' '.join(str(error).split())})")
            continue
        if parts["step"]:
            lists = {key: tuple(parts[key]) for key in ("parameters", "reads", "writes", "imports")}
            steps.append(Step(path.stem, path, parts["cells"], **lists))
            faults += [
                f"{path.name}: declares {name}, which is no parameter; known are {', '.join(Parameters.model_fields)}"
                for name in parts["parameters"]
                if name not in Parameters.model_fields
            ]
    if not steps and not faults:
        faults.append(f"{folder}: no notebook with brief metadata")
    if faults:
        raise Refusal(*faults)
    return ordered(steps)


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Return `steps` such that each follows those it depends on; else the name decides."""
    by_name = {step.name: step for step in steps}
    needs = dependencies(steps)
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise Refusal("notebooks wait for each other: " + " reads from ".join(error.args[1])) from None
    result: list[Step] = []
    waiting: set[str] = set()
    while sorter.is_active():
        waiting |= set(sorter.get_ready())
        first = min(waiting)
        waiting.discard(first)
        result.append(by_name[first])
        sorter.done(first)
    return result


def dependencies(steps: Iterable[Step]) -> dict[str, set[str]]:
    """Return step name -> names of the steps whose files it reads."""
    steps = list(steps)
    writers: dict[str, str] = {}
    for step in steps:
        for path in step.writes:
            if writers.setdefault(path, step.name) != step.name:
                raise Refusal(f"{writers[path]} and {step.name} both write {path}")
    needs: dict[str, set[str]] = {step.name: set() for step in steps}
    for step in steps:
        for read in step.reads:
            needs[step.name] |= {
                writer for path, writer in writers.items() if writer != step.name and overlap(read, path)
            }
    return needs


def overlap(one: str, other: str) -> bool:
    """Return whether two paths, of which each may hold ``*``, can mean the same file."""
    return one == other or fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one)


def ancestors(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """Return the names of all steps that `name` needs, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = needs[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def filled(template: str, folders: Mapping[str, str]) -> str:
    """Return a declared path with its folders put in."""
    for name in FOLDERS:
        template = template.replace("{" + name + "}", folders[name].rstrip("/"))
    return template
