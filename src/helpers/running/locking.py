"""One run at a time for each place that results stand in."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from helpers.running.layout import Layout
from helpers.running.steps import Refusal


@contextlib.contextmanager
def held(layout: Layout) -> Iterator[None]:
    """Hold the run's lock; the system lets go of it however the process ends.

    Raises
    ------
    Refusal
        If another run holds it; says which.
    """
    from filelock import FileLock, Timeout

    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(layout.lock, thread_local=False)
    holder = layout.lock.with_suffix(".pid")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        try:
            who = f" (process {int(holder.read_text(encoding='utf-8'))})"
        except (OSError, ValueError):
            who = ""
        what = "the default brief" if layout.name is None else f"runs/{layout.name}"
        raise Refusal(f"another run of {what} is at work{who}; wait for it or stop it") from None
    try:
        holder.write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        lock.release()
