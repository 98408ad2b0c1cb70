"""Where things stand: the project's root, and folders given relative to it."""

from __future__ import annotations

import os
from pathlib import Path

_MARKS = ("pyproject.toml", "notebooks", "data")


def project_root() -> Path:
    """Return the project's root folder.

    The environment variable ``BRIEF_ROOT`` decides if it is set; else the first folder, from the working folder upward,
    that holds the project's marks; else the checkout this package was installed from.

    Raises
    ------
    FileNotFoundError
        If no such folder exists.
    """
    named = os.environ.get("BRIEF_ROOT")
    if named:
        return Path(named).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if all((folder / mark).exists() for mark in _MARKS):
            return folder
    raise FileNotFoundError(f"no project folder (with {', '.join(_MARKS)}) at or above {here}; set BRIEF_ROOT")


def resolve(folder: str | Path, root: Path | None = None) -> Path:
    """Return `folder` as an absolute path; a relative one counts from the project's root, not the working folder.

    So a notebook finds the same folders whether JupyterLab, papermill or a test runs it, and an executed notebook
    holds no path of the machine.
    """
    path = Path(folder).expanduser()
    return path if path.is_absolute() else (root or project_root()) / path
