"""Where the command ``brief`` starts."""

import signal


def main() -> None:
    """Run the command line; until a run can be stopped in good order, Ctrl-C just ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from helpers.running.cli import main as command_line

    command_line(prog_name="brief")
