"""What is printed: lines and tables that break at words on a terminal and stay as they are elsewhere, and progress."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click


def width(*, err: bool = False) -> int | None:
    """Return the columns of the terminal that the output (`err`: the error output) goes to, None where it is none."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def folded(text: str, columns: int | None, indent: int = 2) -> str:
    """Return `text` with line breaks between words so that it fits `columns`; what follows a break is set in.

    A word longer than a line, such as a path, is left whole.
    """
    if columns is None:
        return text
    return textwrap.fill(text, columns, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def say(*texts: str, err: bool = False) -> None:
    """Print `texts`, folded; a table among them is left as it is."""
    for text in texts:
        click.echo(text if "\n" in text else folded(text, width(err=err)), err=err)


def complain(*lines: str) -> None:
    """Print error lines; a table below the first is left as it is."""
    say(*(line if "\n" in line else f"brief: {line}" for line in lines), err=True)


def table(lines: Iterable[Sequence[str]], columns: int | None) -> str:
    """Return `lines` of cells, aligned; cells are folded where the lines would not fit `columns`."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = list(lines)
    across = list(zip(*lines, strict=True))
    widths = [max(map(cell_len, column)) + 2 for column in across]
    # What goes to no terminal takes as many columns as it needs; on one, names are folded last.
    room = columns or sum(widths)
    names = [not any(" " in cell for cell in column) for column in across]
    whole = sum(width if name else 10 for width, name in zip(widths, names, strict=True)) <= room
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        made.add_column(overflow="fold", no_wrap=name and whole)
    for line in lines:
        made.add_row(*map(Text, line))
    console = Console(file=io.StringIO(), width=room, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(made)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


@dataclass(frozen=True)
class Done:
    """What became of one notebook: `how` is ``ran``, ``taken`` (from the cache) or ``kept`` (up to date)."""

    name: str
    how: str
    seconds: float
    why: str
    notes: tuple[str, ...] = ()


class Progress:
    """Lines for each notebook, in order; on a terminal also those at work. Not `shown`, it says nothing."""

    def __init__(self, shown: bool = False) -> None:
        self.shown, self.width = shown, 0
        self.bars: Any = None
        self.tasks: dict[str, Any] = {}

    def planned(self, names: list[str]) -> None:
        """Hear which notebooks the run holds."""
        self.width = max(map(len, names), default=0)

    def started(self, name: str) -> None:
        """Hear that a notebook is being executed."""
        if not self.shown or not sys.stdout.isatty():
            return
        if self.bars is None:
            from rich import progress
            from rich.console import Console

            columns = (progress.SpinnerColumn(), "{task.description}", progress.TimeElapsedColumn())
            self.bars = progress.Progress(*columns, console=Console(highlight=False), transient=True)
            self.bars.start()
        self.tasks[name] = self.bars.add_task(name.ljust(self.width), total=None)

    def finished(self, done: Done) -> None:
        """Hear what became of a notebook."""
        if not self.shown:
            return
        if done.name in self.tasks:
            self.bars.remove_task(self.tasks.pop(done.name))
        what = {"kept": "", "taken": "taken from an earlier run: ", "ran": f"ran {done.seconds:.1f} s: "}[done.how]
        for head, text in ((done.name, f"{what}{done.why}"), *(("", note) for note in done.notes)):
            line = folded(f"{head.ljust(self.width)}  {text}", width(), self.width + 2)
            if self.bars is not None:
                self.bars.console.print(line, markup=False, soft_wrap=True)
            else:
                print(line, flush=True)

    def close(self) -> None:
        """Hear that the run has ended, one way or another."""
        if self.bars is not None:
            self.bars.stop()
