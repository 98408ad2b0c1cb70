"""What the tests share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes on a busy machine says nothing of the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; tests that need it say so and skip without it."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Debian's chromium (apt-get install chromium)")
    return path


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take away the briefs that the workers of this run shared (`briefs.brief`)."""
    run = getattr(session.config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
    if run is not None:
        shutil.rmtree(Path(tempfile.gettempdir()) / f"briefs-{run.testrunuid}", ignore_errors=True)
