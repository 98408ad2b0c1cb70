"""Where a run keeps its things: results, state, locks, work in progress, the store of finished steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The folders that notebooks write into, by parameter, as a notebook sees them in every run.
OUTPUT_FOLDERS = {"clean_dir": "data/clean", "figures_dir": "figures", "report_dir": "report"}

#: Folder below the report in which the executed notebooks stand.
EXECUTED = "notebooks"

DEFAULT = "default"


@dataclass(frozen=True)
class Layout:
    """The places of one run: `root` is the project, `name` the run (None for the default one)."""

    root: Path
    name: str | None = None

    @property
    def target(self) -> str:
        """The run's name as a file name."""
        return DEFAULT if self.name is None else "run-" + self.name.replace("/", "@")

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
    def store(self) -> Path:
        """Results of finished steps, by key, for all runs."""
        return self.hidden / "store"

    def shown(self, path: Path) -> str:
        """Return `path` relative to the project if it lies in it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
