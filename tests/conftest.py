"""What the tests share."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock
from hypothesis import settings

#: jsonschema's grammar for addresses in other scripts takes seconds to build in each process, and nothing here uses it.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# How long an example takes on a busy machine says nothing of the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]


Made = TypeVar("Made")


def shared(name: str, make: Callable[[], Made]) -> Made:
    """Return what `make` gives; the workers of one test run make it once and share it through a file."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return make()
    place = Path(tempfile.gettempdir()) / f"shared-{run}"
    place.mkdir(exist_ok=True)
    with FileLock(place / f"{name}.lock"):
        file = place / f"{name}.pickle"
        if not file.is_file():
            file.write_bytes(pickle.dumps(make()))
        made: Made = pickle.loads(file.read_bytes())
        return made


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; tests that need it say so and skip without it."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Debian's chromium (apt-get install chromium)")
    return path


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take away what the workers of this run shared."""
    run = getattr(session.config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
    if run is not None:
        shutil.rmtree(Path(tempfile.gettempdir()) / f"shared-{run.testrunuid}", ignore_errors=True)
