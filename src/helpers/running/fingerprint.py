"""Contents of files as hashes, remembered by size and time so that a run with nothing to do costs next to nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from pathlib import Path
from stat import S_ISREG
from typing import Any

#: A file changed so shortly before it was hashed could change again under the same time stamp; it is hashed anew
#: the next time (what git calls racily clean).
RACE_NS = 2_000_000_000


def digest(value: Any) -> str:
    """Return the SHA-256 of `value` as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Contents:
    """Hashes (and derived facts) of files, remembered in one JSON file.

    A remembered entry counts as long as size, modification time, change time and inode are as they were.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        self._guard = threading.Lock()
        if memory is not None:
            try:
                self._known = json.loads(memory.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                self._known = {}

    def hash(self, path: Path) -> str | None:
        """Return the SHA-256 of the file at `path`, None if there is no such file."""
        entry = self._entry(path)
        return None if entry is None else str(entry[1])

    def derived(self, path: Path, kind: str, make: Any) -> Any:
        """Return ``make(bytes)`` for the file at `path`, computed once for each content."""
        entry = self._entry(path)
        if entry is None:
            raise FileNotFoundError(path)
        extra: dict[str, Any] = entry[3]
        if kind not in extra:
            extra[kind] = make(path.read_bytes())
            self._changed = True
        return extra[kind]

    def _entry(self, path: Path) -> list[Any] | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        if not S_ISREG(stat.st_mode):
            return None
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        key = str(path)
        known = self._known.get(key)
        if known is not None and known[0] == mark and stat.st_mtime_ns + RACE_NS < known[2]:
            return known
        now = time.time_ns()
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        extra = known[3] if known is not None and known[1] == sha else {}
        entry = [mark, sha, now, extra]
        with self._guard:
            self._known[key] = entry
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
