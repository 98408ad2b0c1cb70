"""Moves a run's results into place, all of them or none; also run as a script of its own, which nothing interrupts.

The journal lists the moves and is itself written whole. Once it stands, the moves will happen: by this script,
in a session of its own, so that signals to the run do not reach it; or, if the machine stops, by the next run.
It imports nothing but the standard library, so that it starts in a few milliseconds.
"""

import json
import os
import sys


def complete(journal: str) -> int:
    """Carry out what is left of the moves in `journal`; return how many there were."""
    try:
        with open(journal, encoding="utf-8") as file:
            moves = json.load(file)
    except FileNotFoundError:
        return 0
    for path in moves["remove"]:
        if os.path.lexists(path):
            os.unlink(path)
    for source, target in moves["move"]:
        if os.path.lexists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.replace(source, target)
    os.unlink(journal)
    return len(moves["move"])


if __name__ == "__main__":
    try:
        complete(sys.argv[1])
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename}")
