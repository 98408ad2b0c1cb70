"""Results of finished steps: kept in a cache for all runs, and moved into place, all of them or none.

The journal lists the moves and is itself written whole. Once it stands, the moves will happen: by this module as a
program, in a session of its own, so that signals to the run do not reach it; or, if the machine stops, by the next run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.running.files import Layout, content, remembered, write_whole

#: The cache forgets what was used longest ago when it grows beyond this (bytes).
LARGEST = 400_000_000


@dataclass(frozen=True)
class Made:
    """An entry of the cache: its folder, its `files` and the `observed` files it rests on (path -> hash)."""

    place: Path
    files: dict[str, str]
    observed: dict[str, str]

    def file(self, path: str) -> Path:
        """Return where the file `path` lies."""
        return self.place / "files" / path


class Cache:
    """Results of finished steps in ``.brief/cache/KEY.WHEN``: ``files/`` and ``made.json``.

    ``made.json`` holds the results' hashes and, as ``observed``, those of the project's files that the step was seen
    to open beside what it declares: the entry counts only as long as they are as they were.
    """

    def __init__(self, layout: Layout) -> None:
        self.root, self.folder = layout.root, layout.cache

    def get(self, key: str) -> Made | None:
        """Return what is stored under `key`, the newest that is whole and true; None if nothing is."""
        for place in sorted(self.folder.glob(f"{key}.*"), key=lambda place: place.name, reverse=True):
            try:
                entry = json.loads((place / "made.json").read_text(encoding="utf-8"))
                made = Made(place, dict(entry["files"]), dict(entry["observed"]))
                whole = all(content(made.file(path)) == sha for path, sha in made.files.items())
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if whole and all(content(self.root / path) == sha for path, sha in made.observed.items()):
                with contextlib.suppress(OSError):
                    os.utime(place)
                return made
        return None

    def put(
        self, key: str, folder: Path, files: Mapping[str, str], observed: Mapping[str, str]
    ) -> tuple[Made, list[str]]:
        """Keep `files` (path -> hash) from `folder`; return the entry, and what differs from an earlier one's files.

        An entry is never changed once it stands, so that runs at the same time do not take it from each other.
        """
        before = self.get(key)
        if before is not None and (before.files, before.observed) == (files, observed):
            return before, []
        name = f"{key}.{time.time_ns()}-{os.getpid()}-{threading.get_ident()}"
        beside = self.folder / f"new.{name}"
        for path in files:
            target = beside / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (folder / path).replace(target)
        beside.mkdir(parents=True, exist_ok=True)
        made = {"files": dict(files), "observed": dict(observed)}
        (beside / "made.json").write_text(json.dumps(made), encoding="utf-8")
        earlier = before.files if before is not None else files
        changed = sorted(path for path in {*files, *earlier} if files.get(path) != earlier.get(path))
        return Made(beside.replace(self.folder / name), **made), changed

    def trim(self, largest: int = LARGEST) -> None:
        """Forget what was used longest ago until the cache is at most `largest` bytes."""
        found = []
        for place in self.folder.glob("*"):
            with contextlib.suppress(OSError):  # another run may be forgetting it, too
                size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
                found.append((place.stat().st_mtime, size, place))
        total = 0
        for _, size, place in sorted(found, reverse=True):
            total += size
            if total > largest:
                shutil.rmtree(place, ignore_errors=True)


def place(layout: Layout, wanted: Mapping[Path, tuple[str, Path]], gone: list[Path], state: Mapping[str, Any]) -> None:
    """Put `wanted` (target -> (hash, source)) into place, remove `gone`, and set the run's `state`, all or nothing.

    Raises
    ------
    OSError
        If there is no room or no right to write. Nothing has then been changed, or else a journal stands by which
        `recover` moves the rest.
    """
    staging = layout.work / "place"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    moves: list[tuple[str, str]] = []
    for number, (target, (sha, source)) in enumerate(sorted(wanted.items())):
        if content(target) != sha:
            copy = staging / str(number)
            shutil.copyfile(source, copy)
            moves.append((str(copy), str(target)))
    text = json.dumps(state, ensure_ascii=False, indent=1)
    if not moves and not gone and layout.state.is_file() and layout.state.read_bytes() == text.encode():
        return
    write_whole(staging / "state", text)
    moves.append((str(staging / "state"), str(layout.state)))
    for folder in sorted({path.parent for path in (*(Path(target) for _, target in moves), *gone)}):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied", str(folder))
    journal = layout.journals / f"{os.getpid()}-{time.time_ns()}.json"
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        write_whole(journal, json.dumps({"move": moves, "remove": [str(path) for path in gone]}))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([sys.executable, "-Im", __name__, str(journal)], start_new_session=True, check=False, **quiet)  # type: ignore[call-overload]
        complete(journal)  # tells what went wrong, if something did
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def recover(layout: Layout) -> None:
    """Bring to its end what a stopped machine left half moved; a journal that cannot be read goes, with a line."""
    for journal in sorted(layout.journals.glob("*.json")):
        try:
            complete(journal)
        except (ValueError, KeyError, TypeError):
            remembered(journal, lambda _: False)
            journal.unlink()


def complete(journal: Path) -> int:
    """Carry out what is left of the moves in `journal`; return how many there were.

    Two processes may do so at once: whatever one of them has moved is no longer there for the other.
    """
    try:
        moves = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0
    for path in moves["remove"]:
        Path(path).unlink(missing_ok=True)
    for source, target in moves["move"]:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(source, target)  # noqa: PTH105
    journal.unlink(missing_ok=True)
    return len(moves["move"])


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # the run says so
        complete(Path(sys.argv[1]))
