"""The notebooks as they are kept: without outputs, short, with the parameters of the one list, true to metadata."""

from __future__ import annotations

import ast
import fnmatch
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from projects import brief, results

from helpers.parameters import Parameters, cell_source
from helpers.running.files import OUTPUT_FOLDERS
from helpers.running.steps import load

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DAY = re.compile(r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)")
STEPS = [path for path in NOTEBOOKS if path.stem not in ("explore", "code")]


def cells(path: Path) -> list[dict[str, object]]:
    """Return the cells of a notebook."""
    found: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def source(cell: dict[str, object]) -> str:
    """Return the text of a cell."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_stays_short(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert "execution" not in cell["metadata"]
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert len(source(cell).splitlines()) <= 25
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds[0] == "markdown"
    prose = [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert not [day for text in prose for day in DAY.findall(text)], "days stand in the parameters"
    assert 2 * kinds.count("markdown") >= kinds.count("code"), "words between the calls"


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_the_parameters_cell_is_that_of_the_one_list(path: Path) -> None:
    tagged = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]  # type: ignore[attr-defined]
    assert len(tagged) == 1
    names = [node.target.id for node in ast.parse(source(tagged[0])).body if isinstance(node, ast.AnnAssign)]
    assert source(tagged[0]) == cell_source(names)


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_a_notebook_declares_the_parameters_it_uses_and_no_others(path: Path) -> None:
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]  # type: ignore[attr-defined]
    others = "\n".join(source(cell) for cell in code if cell not in tagged)
    used = {node.attr for node in ast.walk(ast.parse(others)) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(ast.parse(others)) if isinstance(node, ast.Name)}
    names = [node.target.id for node in ast.parse(source(tagged[0])).body if isinstance(node, ast.AnnAssign)]
    assert used & set(Parameters.model_fields) <= set(names)


def test_the_notebooks_make_one_chain_that_ends_in_the_brief() -> None:
    steps = load(ROOT / "notebooks")
    assert [step.name for step in steps] == sorted(step.name for step in steps)
    assert steps[0].name == "01_clean"
    assert steps[-1].name == "08_brief"
    assert "{report_dir}/brief.html" in steps[-1].writes
    assert "{report_dir}/brief.pdf" in steps[-1].writes


def copy_of_the_project(to: Path) -> Path:
    """Return a copy of what git has of the project, as a fresh clone would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if not name.startswith(("tests/", "benchmarks/")) and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)
    return to


@pytest.mark.soak
@pytest.mark.parametrize("only", ["02_coverage", None])
def test_a_fresh_clone_rebuilds_what_is_committed_and_declares_all_it_touches(only: str | None, tmp_path: Path) -> None:
    root = copy_of_the_project(tmp_path)
    before = results(root)
    asked = ["run", *(["--only", only] if only else [])]
    done = brief(root, *asked, timeout=400, BRIEF_IMPORTS=None)
    assert done.returncode == 0, done.stderr
    after = results(root)
    assert sorted(path for path in {*before, *after} if before.get(path) != after.get(path)) == []
    state = json.loads((root / ".brief/state/default.json").read_text(encoding="utf-8"))
    steps = [step for step in load(ROOT / "notebooks") if step.name in state]
    assert [step.name for step in steps] == (["01_clean", "02_coverage"] if only else [path.stem for path in STEPS])
    for step in steps:
        written = set(state[step.name]["files"]) - {f"report/notebooks/{step.name}.ipynb"}
        patterns = [path.format(**OUTPUT_FOLDERS) for path in step.writes]
        undeclared = [path for path in written if not any(fnmatch.fnmatchcase(path, one) for one in patterns)]
        assert undeclared == [], f"{step.name} writes what its metadata does not declare"
        executed = (root / f"report/notebooks/{step.name}.ipynb").read_text(encoding="utf-8")
        assert str(root) not in executed
        assert "/.brief/" not in executed
    assert "nothing to run" in brief(root, *asked).stdout


@pytest.mark.soak
def test_the_same_bytes_in_another_place_time_locale_and_number_of_jobs(tmp_path: Path) -> None:
    ways: list[tuple[str, tuple[str, ...], dict[str, str | None]]] = [
        ("one", ("--jobs", "1"), {"TZ": "UTC", "LC_ALL": "C.UTF-8"}),
        ("two or more words", ("--jobs", "2"), {"TZ": "Asia/Baghdad", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}),
        ("cold", ("--jobs", "2"), {"TZ": "America/New_York", "LC_ALL": "C", "BRIEF_PROCESSES": "cold"}),
    ]
    found = []
    for folder, arguments, more in ways:
        root = copy_of_the_project(tmp_path / folder)
        for built in OUTPUT_FOLDERS.values():
            if built != "report":
                shutil.rmtree(root / built)
        done = brief(
            root, "run", *arguments, timeout=600, **{"BRIEF_IMPORTS": None, "PYTHONHASHSEED": "random", **more}
        )
        assert done.returncode == 0, done.stderr
        found.append(results(root))
    for other in found[1:]:
        assert found[0].keys() == other.keys()
        assert [path for path, content in found[0].items() if other[path] != content] == []


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_an_executed_notebook_shows_the_figures_as_saved_with_their_words(path: Path) -> None:
    figures = {file.read_text(encoding="utf-8").strip(): file for file in (ROOT / "figures").glob("*.svg")}
    shown = [
        "".join(output["data"]["image/svg+xml"]).strip()
        for cell in cells(ROOT / "report/notebooks" / path.name)
        for output in cell.get("outputs", [])  # type: ignore[attr-defined]
        if "image/svg+xml" in output.get("data", {})
    ]
    for picture in shown:
        words = json.loads(figures[picture].with_suffix(".json").read_text(encoding="utf-8"))
        assert html.escape(words["alt"], quote=False) in picture
    writes = [
        name.removeprefix("{figures_dir}/") for name in json.loads(path.read_text())["metadata"]["brief"]["writes"]
    ]
    own = {file.stem for file in figures.values() if any(fnmatch.fnmatch(file.name, name) for name in writes)}
    assert {figures[picture].stem for picture in shown} == {name for name in own if not name.endswith("-narrow")}
