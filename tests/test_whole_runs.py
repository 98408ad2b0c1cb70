"""What the check of the sheets accepts, a run builds: small and odd folders, from sheets to brief and explorer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import brief
from sheets import Row, real, report, write
from test_notebooks import copy_of_the_project

MARKUP = "<img src=x onerror=alert(1)>"
DAYS = ("2023-10-18", "2023-11-02", "2023-11-24", "2023-12-25", "2024-01-28", "2024-02-03")
ALONE = [report(number, key=f"{day}-al-asad-1", date=day) for number, day in enumerate(DAYS)]
SITES = real("sites").to_dict("records")
#: A bell in the name of a site.
BELL = [{**site, "name": "Ain\aal-Asad"} if site["site_id"] == "al-asad" else site for site in SITES]
STRIKE = {**real("responses").iloc[0].to_dict(), "target": MARKUP}

CASES: dict[str, tuple[list[Row], dict[str, list[Row]]]] = {
    "no row": ([], {}),
    "one report": (ALONE[:1], {}),
    "one report an incident": (ALONE, {}),
    "a bell in a site's name": (ALONE, {"sites": BELL}),
    "markup in a strike's target": (ALONE, {"responses": [STRIKE], "sources": real("sources").to_dict("records")}),
}


def test_what_the_check_refuses_stops_the_run_with_every_fault_told(tmp_path: Path) -> None:
    root = copy_of_the_project(tmp_path / "project")
    folder = write(tmp_path / "mine", [report(1, weapons="gun"), report(2, date="soon")])
    done = brief(root, "run", "-p", "coded_dir", str(folder), "--name", "case")
    assert done.returncode == 2, done.stderr
    assert f"2 faults in {folder}" in done.stderr
    for told in (("reports.csv", "2", "weapons", "gun"), ("reports.csv", "3", "date", "soon")):
        assert any(line.split()[:4] == list(told) for line in done.stderr.splitlines()), done.stderr
    assert "Traceback" not in done.stderr
    assert not list((root / "runs").rglob("*.*"))


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES)
def test_what_the_check_accepts_the_run_builds(case: str, tmp_path: Path) -> None:
    root = copy_of_the_project(tmp_path / "project")
    reports, sheets = CASES[case]
    folder = write(tmp_path / "mine", reports, **sheets)
    checked = brief(root, "check", str(folder))
    assert checked.returncode == 0, checked.stderr
    done = brief(root, "run", "-p", "coded_dir", str(folder), "--name", "case", timeout=600, BRIEF_IMPORTS=None)
    assert done.returncode == 0, done.stderr
    built = root / "runs/case/report"
    assert (built / "brief.pdf").exists()
    assert (built / "explorer.html").exists()
    executed = json.dumps([json.loads(path.read_text()) for path in sorted((built / "notebooks").glob("*.ipynb"))])
    for text in (executed, (built / "brief.html").read_text(), (built / "explorer.html").read_text()):
        assert "\\u0007" not in text
        assert MARKUP not in text
