"""A box: the project as one step sees it, in which its results can lie until they are whole.

A step runs with ``BRIEF_ROOT`` pointing to a box of its own: the project's own files are there, of other steps' results
only what it declares to read, and nothing that it writes touches the project.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from helpers.running.layout import OUTPUT_FOLDERS
from helpers.running.plan import RESULTS_ALONE, Inputs

_KEPT_OUT = {"runs", "build", "__pycache__"}


def furnish(box: Path, inputs: Inputs, reads: Mapping[str, str]) -> dict[str, str]:
    """Make the folder `box` with what a step that `reads` (path -> hash) may see; return path -> hash of the copies."""
    shutil.rmtree(box, ignore_errors=True)
    copies: dict[str, str] = {}
    _mirror(inputs, box, "", copies)
    for path, (sha, source) in dict(inputs.made).items():
        if path in reads:
            target = box / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            copies[path] = sha
    for folder in OUTPUT_FOLDERS.values():
        (box / folder).mkdir(parents=True, exist_ok=True)
    return copies


def _mirror(inputs: Inputs, box: Path, folder: str, copies: dict[str, str]) -> None:
    """Mirror `folder` of the project into `box`: results left out, files beside results copied, the rest linked."""
    (box / folder).mkdir(parents=True, exist_ok=True)
    mixed = {str(parent) for pattern in inputs.patterns for parent in Path(pattern).parents if str(parent) != "."}
    for entry in sorted(os.scandir(inputs.root / folder), key=lambda e: e.name):
        path = f"{folder}/{entry.name}".removeprefix("/")
        if entry.name.startswith(".") or path in RESULTS_ALONE or path in _KEPT_OUT or inputs.is_result(path):
            continue
        if entry.is_dir() and (path in mixed or path in {"data", *OUTPUT_FOLDERS.values()}):
            _mirror(inputs, box, path, copies)
        elif folder and entry.is_file() and folder != "data":
            shutil.copyfile(entry.path, box / path)
            copies[path] = inputs.contents.hash(Path(entry.path)) or ""
        else:
            (box / path).symlink_to(entry.path)


def results(box: Path, copies: Mapping[str, str]) -> dict[str, str]:
    """Return path -> hash of what the step has written into its folders of results in `box`."""
    found: dict[str, str] = {}
    for folder in OUTPUT_FOLDERS.values():
        for file in sorted((box / folder).rglob("*")):
            path = str(file.relative_to(box))
            if file.is_symlink() or not file.is_file() or "/.ipynb_checkpoints/" in path:
                continue
            sha = hashlib.sha256(file.read_bytes()).hexdigest()
            if copies.get(path) != sha:
                found[path] = sha
    return found
