"""The recipes of CONTRIBUTING.md work as they are written: each is followed on a copy of the project.

A recipe is a section under "Recipes". A step names a file and where in it a block of text goes; what it adds is in the
fence below. All are followed on one copy, which is then cleaned, computed and rendered once.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

#: Recipe -> the most files that it may touch.
MOST = {
    "Add a fact and its sentence": 2,
    "Add a figure": 2,
    "Add a parameter": 2,
    "Add a weapon": 1,
    "Add a country": 2,
    "Add a notebook": 3,
}
_STEP = re.compile(
    r"^(?:\d+\. )?(In|Make) `(?P<path>[^`]+)`(?:, (?P<where>at the end|before|after|in place of)"
    r"(?: the lines? (?:that starts? with )?(?P<anchor>(?:`[^`]+`(?:, )?)+))?)?[^:\n`]*:\n\n"
    r" *```\w*\n(?P<text>.*?)\n *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """One step of a recipe: the file, where in it, and the text that goes there."""

    path: str
    where: str
    anchors: list[str]
    text: str

    def follow(self, root: Path) -> None:
        """Do in the project at `root` what the step says."""
        path = root / self.path
        if not self.where:
            assert not path.exists(), f"{self.path} is there already"
            path.write_text(notebook(self.text) if path.suffix == ".ipynb" else f"{self.text}\n", encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        places = [[n for n, line in enumerate(lines) if line.lstrip().startswith(anchor)] for anchor in self.anchors]
        for anchor, found in zip(self.anchors, places, strict=True):
            assert len(found) == 1, f"{self.path}: {len(found)} lines start with {anchor!r}"
        first, last = (places[0][0], places[-1][0] + 1) if places else (len(lines), len(lines))
        start, end = {"after": (last, last), "before": (first, first)}.get(self.where, (first, last))
        lines[start:end] = self.text.split("\n")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def notebook(script: str) -> str:
    """Return the notebook that a script of ``# %%`` cells stands for; its first line holds the metadata ``brief``."""
    head, *cells = re.split(r"^# %%", script, flags=re.MULTILINE)
    made: list[dict[str, Any]] = []
    for place, cell in enumerate(cells):
        kind, _, source = cell.partition("\n")
        tags = ["parameters"] if "parameters" in kind else []
        one: dict[str, Any] = {"id": f"c{place}", "metadata": {"tags": tags} if tags else {}}
        if "markdown" in kind:
            one |= {"cell_type": "markdown", "source": re.sub(r"^# ?", "", source.strip(), flags=re.MULTILINE)}
        else:
            one |= {"cell_type": "code", "source": source.strip(), "outputs": [], "execution_count": None}
        made.append(one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    meta = {"kernelspec": kernel, "brief": json.loads(head.removeprefix("# "))}
    return json.dumps({"cells": made, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def recipes() -> dict[str, list[Step]]:
    """Return recipe -> its steps."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = {}
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        found[title] = [
            Step(
                step["path"],
                step["where"] or "",
                re.findall(r"`([^`]+)`", step["anchor"] or ""),
                re.sub(r"^   ", "", step["text"], flags=re.MULTILINE),
            )
            for step in _STEP.finditer(re.split(r"^## ", body, flags=re.MULTILINE)[0])
        ]
    return found


#: What is asked of the copy after all recipes: run in it, prints JSON.
TRIED = """
import csv, json, sys
import briefs
from helpers import tables
from helpers.cleaning import pipeline, publish
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import missiles

done = pipeline.clean("data/coded", "data/reference")
publish.store(done.tables, "data/clean")
publish.publish("data/clean")
incident = done.tables["incidents"].set_index("incident_id").loc["2024-01-05-camp-x-1"]
settings = {**briefs.known("default"), "countries": ["IQ", "SY", "JO", "KW"], "fewest_independent": 1}
brief = briefs.made(settings, draw=sys.argv[1:])
fewer = select(tables.read("incidents", "data/clean"), Parameters(**settings | {"fewest_independent": 3}))
print(json.dumps({
    "country": incident["country"], "weapon": incident["top_weapon"],
    "missiles": int(done.tables["incidents"]["top_weapon"].isin(missiles("data/reference")).sum()), "acled": [
        row["sub_event_type"] for row in csv.DictReader(open("data/clean/acled.csv"))
        if row["event_id_cnty"] == "2024-01-05-camp-x-1"],
    "text": brief.text, "figures": brief.figures, "shown": brief.shown, "facts": sorted(brief.facts),
    "attacks": [brief.facts["brief.incidents"].value, len(fewer)],
}))
"""
#: A report of the new weapon in the new country.
PLACE = 'camp-x,Camp X,Camp Ex,KW,Jahra,29.1,47.5,1,"made up, https://example.org",US forces,\n'
REPORT = (
    "made-up-2024-01-05-x/1,ap-kmxs-2023-10-18-base-western-iraq,2024-01-05-camp-x-1,2024-01-05,day,,,,camp-x,Camp X,"
    "KW,base,guided_rocket,guided rockets,2,2,none,,0,0,,,none,,,us_official,\n"
)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every recipe was followed."""
    root = tmp_path_factory.mktemp("recipes")
    for name in ("src", "notebooks", "data", "report", "tests", "tools"):
        left = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pdf", "*.html", "fonts", "notebooks")
        shutil.copytree(ROOT / name, root / name, ignore=left if name != "notebooks" else None)
    shutil.copytree(ROOT / "report/fonts", root / "report/fonts")
    shutil.copy(ROOT / "pyproject.toml", root)
    for steps in recipes().values():
        for step in steps:
            step.follow(root)
    for sheet, row in (("sites", PLACE), ("reports", REPORT)):
        with (root / f"data/coded/{sheet}.csv").open("a", encoding="utf-8") as file:
            file.write(row)
    ran(root, "tools/parameter_cells.py", "notebooks")
    return root


def ran(root: Path, *arguments: str) -> str:
    """Run Python in the copy; return what it printed."""
    paths = {"PYTHONPATH": f"{root / 'src'}:{root / 'tests'}", "BRIEF_ROOT": str(root), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, *arguments], cwd=root, env=paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def tried(copy: Path) -> dict[str, Any]:
    """What the copy gives: see `TRIED`."""
    printed: dict[str, Any] = json.loads(ran(copy, "-c", TRIED, "harm-by-country").splitlines()[-1])
    return printed


@pytest.mark.parametrize("name", MOST)
def test_each_recipe_touches_few_files(name: str) -> None:
    steps = recipes()[name]
    assert 0 < len({step.path for step in steps}) <= MOST[name]


def test_a_fact_and_its_sentence(tried: dict[str, Any]) -> None:
    assert "harm.unhurt" in tried["facts"]
    assert re.search(r"In \d+ attacks reports say that nobody was hurt", tried["text"])


def test_a_figure(tried: dict[str, Any], copy: Path) -> None:
    assert tried["figures"]["harm-by-country"]["title"]
    assert "harm-by-country" in tried["shown"]
    assert (copy / "figures/harm-by-country.svg").exists()


def test_a_parameter(tried: dict[str, Any], copy: Path) -> None:
    many, few = tried["attacks"]
    assert 0 < few < many
    declared = {path.stem for path in (copy / "notebooks").glob("*.ipynb") if "fewest_independent" in path.read_text()}
    assert {"03_escalation", "04_pause", "05_responses", "08_brief"} <= declared
    assert not declared & {"01_clean", "01_publish"}


def test_a_weapon(tried: dict[str, Any]) -> None:
    assert tried["weapon"] == "guided_rocket"
    assert tried["missiles"] == 2
    assert tried["acled"] == ["Shelling/artillery/missile attack"]


def test_a_country(tried: dict[str, Any]) -> None:
    assert tried["country"] == "KW"
    assert "Iraq, Syria, Jordan and Kuwait" in tried["text"]


def test_a_notebook(tried: dict[str, Any]) -> None:
    assert "nights.share" in tried["facts"]
    assert re.search(r"\d+% of the attacks of which the hour is known came at night", tried["text"])
