# pathlib would double the time this takes to start.
# ruff: noqa: PTH103, PTH105, PTH108, PTH120, PTH123
"""Moves a run's results into place, all of them or none; also run as a script of its own, which nothing interrupts.

The journal lists the moves and is itself written whole. Once it stands, the moves will happen: by this script,
in a session of its own, so that signals to the run do not reach it; or, if the machine stops, by the next run.
It imports nothing but the standard library, so that it starts in a few milliseconds.
"""

import contextlib
import json
import os
import sys


def complete(journal: str) -> int:
    """Carry out what is left of the moves in `journal`; return how many there were.

    Two processes may do so at once: whatever one of them has moved is no longer there for the other.
    """
    try:
        with open(journal, encoding="utf-8") as file:
            moves = json.load(file)
    except FileNotFoundError:
        return 0
    for path in moves["remove"]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    for source, target in moves["move"]:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(source, target)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(journal)
    return len(moves["move"])


if __name__ == "__main__":
    try:
        complete(sys.argv[1])
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename}")
