"""How a run tells of its progress: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from helpers.running.run import Done, Reporter
from helpers.running.terminal import folded


def line(done: Done, width: int = 0) -> str:
    """Return what became of a notebook in one line."""
    name = done.name.ljust(width)
    if done.how == "kept":
        return f"{name}  up to date"
    if done.how == "taken":
        return f"{name}  taken from an earlier run: {done.why}"
    return f"{name}  ran {done.seconds:.1f} s: {done.why}"


class Plain(Reporter):
    """A line for each notebook, in order, as soon as those before it are done."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.width = 0

    def planned(self, names: list[str]) -> None:
        """Hear which notebooks the run holds."""
        self.width = max(map(len, names), default=0)

    def finished(self, done: Done) -> None:
        """Print what became of a notebook."""
        print(line(done, self.width), file=self.stream, flush=True)
        for note in done.notes:
            print(f"{'':{self.width}}  {note}", file=self.stream, flush=True)


class Live(Plain):
    """On a terminal: as `Plain`, with the notebooks at work and their cells below."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__()
        self.console = Console(highlight=False)
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[cells]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self.tasks: dict[str, Any] = {}

    def started(self, name: str, why: str) -> None:
        """Show the notebook as at work."""
        if not self.tasks:
            self.progress.start()
        self.tasks[name] = self.progress.add_task(name.ljust(self.width), total=None, cells="")

    def cell(self, name: str, done: int, total: int) -> None:
        """Move the notebook's bar."""
        self.progress.update(self.tasks[name], completed=done, total=total, cells=f"cell {done} of {total}")

    def finished(self, done: Done) -> None:
        """Print what became of a notebook above the bars."""
        if done.name in self.tasks:
            self.progress.remove_task(self.tasks[done.name])
        for text in (line(done, self.width), *(f"{'':{self.width}}  {note}" for note in done.notes)):
            self.console.print(folded(text, self.console.width, self.width + 2), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bars off the screen."""
        self.progress.stop()


def reporter() -> Plain:
    """Return the reporter that suits where the output goes."""
    return Live() if sys.stdout.isatty() else Plain()
