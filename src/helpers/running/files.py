"""The run's own files: where they are, hashes of contents, what is remembered from run to run, and the lock."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import click

#: The folders that notebooks write into, by parameter, as a notebook sees them in every run.
OUTPUT_FOLDERS = {"clean_dir": "data/clean", "figures_dir": "figures", "report_dir": "report"}

#: Folder below the report in which the executed notebooks stand.
EXECUTED = "notebooks"

#: A file changed so shortly before it was hashed could change again under the same time stamp; it is hashed anew
#: the next time (what git calls racily clean).
RACE_NS = 2_000_000_000


class Refusal(Exception):
    """Bad input: nothing is run. Holds one line for each fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Layout:
    """The places of one run: `root` is the project, `name` the run (None for the default one)."""

    root: Path
    name: str | None = None

    @property
    def target(self) -> str:
        """The run's name as a file name."""
        return "default" if self.name is None else "run-" + self.name.replace("/", "@")

    @property
    def base(self) -> Path:
        """The folder that is laid out like the root and takes the run's results."""
        return self.root if self.name is None else self.root / "runs" / self.name

    @property
    def hidden(self) -> Path:
        """Where everything that git does not see is kept."""
        return self.root / ".brief"

    @property
    def state(self) -> Path:
        """What each notebook was last built from."""
        return self.hidden / "state" / f"{self.target}.json"

    @property
    def lock(self) -> Path:
        """Held while a run is at work."""
        return self.hidden / "locks" / f"{self.target}.lock"

    @property
    def work(self) -> Path:
        """Work in progress; of no use to anybody once the run has ended."""
        return self.hidden / "work" / self.target

    @property
    def journals(self) -> Path:
        """Folder of the lists of what is being moved into place."""
        return self.hidden / "journal" / self.target

    @property
    def failed(self) -> Path:
        """Executed notebooks of failed steps."""
        return self.hidden / "failed" / self.target

    @property
    def cache(self) -> Path:
        """Results of finished steps, by key, for all runs."""
        return self.hidden / "cache"

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

        self.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.lock, thread_local=False)
        holder = self.lock.with_suffix(".pid")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            who = ""
            with contextlib.suppress(OSError, ValueError):
                who = f" (process {int(holder.read_text(encoding='utf-8'))})"
            what = "the default brief" if self.name is None else f"runs/{self.name}"
            raise Refusal(f"another run of {what} is at work{who}; wait for it or stop it") from None
        try:
            holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
        finally:
            lock.release()


def digest(value: Any) -> str:
    """Return the SHA-256 of `value` as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


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


class Contents:
    """Hashes (and derived facts) of files, remembered in one JSON file.

    A remembered entry counts as long as size, modification time, change time and inode are as they were.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._changed = False
        self._guard = threading.Lock()
        self._known: dict[str, list[Any]] = (remembered(memory, _entries) if memory is not None else None) or {}

    def hash(self, path: Path) -> str | None:
        """Return the SHA-256 of the file at `path`, None if there is no such file."""
        entry = self._entry(path)
        return None if entry is None else str(entry[1])

    def derived(self, path: Path, kind: str, make: Callable[[bytes], Any], version: str = "") -> Any:
        """Return ``make(bytes)`` for the file at `path`, computed once for each content and `version`."""
        entry = self._entry(path)
        if entry is None:
            raise FileNotFoundError(path)
        extra: dict[str, Any] = entry[3]
        if kind not in extra or extra[kind][0] != version:
            extra[kind] = [version, make(path.read_bytes())]
            self._changed = True
        return extra[kind][1]

    def _entry(self, path: Path) -> list[Any] | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        if not S_ISREG(stat.st_mode):
            return None
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        known = self._known.get(str(path))
        if known is not None and known[0] == mark and stat.st_mtime_ns + RACE_NS < known[2]:
            return known
        now = time.time_ns()
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        entry = [mark, sha, now, known[3] if known is not None and known[1] == sha else {}]
        with self._guard:
            self._known[str(path)] = entry
            self._changed = True
        return entry

    def save(self) -> None:
        """Write what is remembered, whole or not at all; where it cannot be written, the next run hashes anew."""
        if self._memory is None or not self._changed:
            return
        with self._guard:
            text = json.dumps({path: entry for path, entry in self._known.items() if Path(path).exists()})
        beside = self._memory.with_name(f"{self._memory.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._memory)
            self._changed = False
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()


def _entries(known: Any) -> bool:
    return all(
        [len(mark), isinstance(sha, str), isinstance(when, int), isinstance(extra, dict)] == [4, True, True, True]
        for mark, sha, when, extra in known.values()
    )


def mapping(value: Any) -> bool:
    """Return whether `value` maps texts to texts."""
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
