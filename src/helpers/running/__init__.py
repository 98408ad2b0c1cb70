"""Runs the notebooks that are out of date: the command ``brief``."""

import os
import signal
import sys


def main() -> None:
    """Start the command line, without settings of the user's that would give it other modules.

    Until a run can be stopped in good order, Ctrl-C just ends the process.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.environ.keys() & {"PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONUSERBASE"}:
        for name in [name for name in os.environ if name.startswith("PYTHON")]:
            del os.environ[name]
        os.execv(sys.executable, [sys.executable, "-P", "-m", __name__, *sys.argv[1:]])
    from helpers.running.__main__ import command_line

    command_line(prog_name="brief")
