"""The run's own files: where they are, hashes of contents, and the lock."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

#: The folders that notebooks write into, by parameter, as a notebook sees them in every run.
OUTPUT_FOLDERS = {"clean_dir": "data/clean", "figures_dir": "figures", "report_dir": "report"}

#: Folder below the report in which the executed notebooks stand.
EXECUTED = "notebooks"


class Refusal(Exception):
    """Bad input: nothing is run. Holds one line for each fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Failure(Refusal):
    """A notebook failed, or something could not be done. Holds the lines to say."""


def reason(error: OSError) -> str:
    """Return why something could not be read or written, and what, in one phrase."""
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


class Layout:
    """The places of one run of the project at `root`: the default one, or that of a `name`.

    Attributes
    ----------
    base: folder that is laid out like the root and takes the run's results.
    hidden: where everything that git does not see is kept.
    state: what each notebook was last built from.
    work: work in progress; of no use to anybody once the run has ended.
    journals: folder of the lists of what is being moved into place.
    failed: executed notebooks of failed steps.
    cache: results of finished steps, by key, for all runs.
    """

    def __init__(self, root: Path, name: str | None = None) -> None:
        self.root, self.name = root, name
        self.base = root if name is None else root / "runs" / name
        self.hidden = root / ".brief"
        self.target = "default" if name is None else "run-" + name.replace("/", "@")
        self.state = self.hidden / "state" / f"{self.target}.json"
        self.work = self.hidden / "work" / self.target
        self.journals = self.hidden / "journal" / self.target
        self.failed = self.hidden / "failed" / self.target
        self.cache = self.hidden / "cache"

    def shown(self, path: Path) -> str:
        """Return `path` relative to the project if it lies in it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run's lock; the system lets go of it however the process ends.

        Raises
        ------
        Refusal
            If another run holds it; says which.
        """
        from filelock import FileLock, Timeout

        lock = self.hidden / "locks" / f"{self.target}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        holder = lock.with_suffix(".pid")
        try:
            with FileLock(lock, timeout=0, thread_local=False):
                holder.write_text(str(os.getpid()), encoding="utf-8")
                yield
        except Timeout:
            who = f" (process {holder.read_text(encoding='utf-8')})" if holder.exists() else ""
            what = "the default brief" if self.name is None else f"runs/{self.name}"
            raise Refusal(f"another run of {what} is at work{who}; wait for it or stop it") from None


def digest(value: Any) -> str:
    """Return the SHA-256 of `value` as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def content(path: Path) -> str | None:
    """Return the SHA-256 of the file at `path`, None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def remembered(path: Path, valid: Callable[[Any], bool]) -> Any:
    """Return what the JSON file at `path` holds, None if there is none, or it is not `valid` (which is said)."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if valid(value):
            return value
    except OSError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    click.echo(f"brief: {path}: is damaged; what it held is made anew", err=True)
    return None


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path`, whole or not at all, and make sure that it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
