"""What runs again and why: exactly what rests on the thing that changed."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st
from projects import CLEAN, brief, built, notebook, project, results

from helpers.running import steps
from helpers.running.files import Layout, Refusal, content
from helpers.running.request import named
from helpers.running.results import Cache
from helpers.running.steps import dependencies, load, overlap, reasons


def outcome(stdout: str) -> dict[str, str]:
    """Return notebook -> what the run said became of it."""
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in stdout.splitlines() if line[:2].isdigit()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose default brief has been built, on which one test after the other goes on."""
    return built(tmp_path_factory.mktemp("made"))


def test_each_change_reruns_what_rests_on_it_and_says_why(made: Path) -> None:
    def run(*arguments: str) -> dict[str, str]:
        done = brief(made, "run", *arguments)
        assert done.returncode == 0, done.stderr
        return outcome(done.stdout)

    assert set(run().values()) == {"up to date"}

    # A file that is read: all that follows, but only as far as results really changed.
    (made / "data/coded/reports.csv").write_text("report_id,country,date\na/1,IQ,2023-10-18\nb/2,SY,2023-11-03\n")
    said = run()
    assert said["01_clean"].endswith("data/coded/reports.csv changed")
    assert said["02_count"].endswith("data/clean/incidents.csv changed")
    assert said["08_brief"].endswith("report/facts/02_count.json changed")
    assert "taken" not in "".join(said.values())

    # Cells that change nothing in the results: nothing after them.
    book = made / "notebooks/02_count.ipynb"
    book.write_text(book.read_text().replace("# 02_count", "# How many"))
    said = run()
    assert said["02_count"].endswith("its cells changed")
    assert [name for name, what in said.items() if what == "up to date"] == ["01_clean", "03_draw", "08_brief"]

    # A result that somebody has changed or removed comes back, without being computed again.
    (made / "figures/one.svg").write_text("scribble")
    (made / "report/brief.html").unlink()
    said = run()
    assert said["03_draw"] == "taken from an earlier run: figures/one.svg was changed"
    assert said["08_brief"] == "taken from an earlier run: report/brief.html is missing"
    assert "<svg>" in (made / "figures/one.svg").read_text()

    # The prose template is no result, though it stands among them.
    (made / "report/brief.md").write_text("other words ")
    said = run()
    assert said["08_brief"].endswith("report/brief.md changed")
    assert (made / "report/brief.html").read_text().startswith("other words")

    # The lock: everything.
    (made / "requirements.lock").write_text("nothing==2\n")
    assert all(what.endswith("the lock changed") for what in run().values())

    # By hand: everything, or one notebook.
    assert all(what.endswith("forced") for what in run("--force").values())
    assert list(run("--only", "02")) == ["01_clean", "02_count"]

    # That one alone is forced, not what it rests on; which runs still if it is out of date.
    said = run("--only", "02", "--force")
    assert said == {"01_clean": "up to date", "02_count": ANY}
    assert said["02_count"].endswith("forced")
    assert set(run().values()) == {"up to date"}
    (made / "data/coded/reports.csv").write_text("report_id,country,date\na/1,IQ,2023-10-18\n")
    said = run("--only", "02", "--force")
    assert said["01_clean"].endswith("data/coded/reports.csv changed")
    assert said["02_count"].endswith("forced")


def test_a_parameter_reruns_only_what_declares_it(made: Path) -> None:
    done = brief(made, "run", "-p", "seed", "3")
    said = outcome(done.stdout)
    assert said["01_clean"].startswith("taken from an earlier run")
    assert said["02_count"].startswith("taken from an earlier run")
    assert said["03_draw"].startswith("ran")
    assert said["08_brief"].startswith("ran")
    again = outcome(brief(made, "run", "-p", "seed", "4", "--name", "seed-3").stdout)
    assert again["03_draw"].endswith("seed is 4, was 3")
    assert again["01_clean"] == again["02_count"] == "up to date"


def test_a_file_that_is_opened_counts_though_it_is_not_declared(tmp_path: Path) -> None:
    reads = '(resolve("data/reference") / "words.txt").read_text()'
    root = project(tmp_path, clean=CLEAN + f"\nprint({reads})")
    (root / "data/reference/words.txt").write_text("first")
    assert brief(root, "run").returncode == 0
    assert set(outcome(brief(root, "run").stdout).values()) == {"up to date"}
    (root / "data/reference/words.txt").write_text("second")
    assert outcome(brief(root, "run").stdout)["01_clean"].endswith("data/reference/words.txt changed")
    # Nor does another run take results that rest on the old file.
    (root / "data/reference/words.txt").write_text("third")
    assert outcome(brief(root, "run", "--name", "other").stdout)["01_clean"].startswith("ran")


def test_results_that_nobody_writes_any_more_go(tmp_path: Path) -> None:
    root = built(tmp_path)
    book = root / "notebooks"
    source = 'from helpers.paths import resolve\n(resolve(figures_dir) / "two.svg").write_text("<svg/>")'
    notebook(book / "03_draw.ipynb", [source], ["figures_dir"], [], ["{figures_dir}/two.svg"])
    assert brief(root, "run").returncode == 0
    assert [path for path in results(root) if path.startswith("figures")] == ["figures/two.svg"]


def test_what_cannot_be_planned_is_refused(tmp_path: Path) -> None:
    def refused(root: Path) -> str:
        with pytest.raises(Refusal) as refusal:
            load(root / "notebooks")
        return "\n".join(refusal.value.lines)

    root = project(tmp_path / "circle")
    notebook(root / "notebooks/01_clean.ipynb", [], [], ["figures/one.svg"], ["{clean_dir}/incidents.csv"])
    notebook(root / "notebooks/03_draw.ipynb", [], [], ["{clean_dir}/incidents.csv"], ["figures/one.svg"])
    assert "wait for each other" in refused(root)
    root = project(tmp_path / "both")
    notebook(root / "notebooks/04_more.ipynb", [], [], [], ["{figures_dir}/one.svg"])
    assert refused(root) == "03_draw and 04_more both write {figures_dir}/one.svg"
    root = project(tmp_path / "unknown")
    notebook(root / "notebooks/04_more.ipynb", ["sneed = 1"], [], [], [])
    text = (root / "notebooks/04_more.ipynb").read_text().replace('"source": ""', '"source": "sneed: int = 1"')
    (root / "notebooks/04_more.ipynb").write_text(text)
    assert "declares sneed, which is no parameter" in refused(root)
    root = project(tmp_path / "torn")
    (root / "notebooks/04_more.ipynb").write_text('{"cells": [')
    assert refused(root).startswith("04_more.ipynb: cannot be read as a notebook")
    root = project(tmp_path / "missing")
    (root / "report/brief.md").unlink()
    done = brief(root, "run")
    assert (done.returncode, done.stderr) == (
        2,
        "brief: 08_brief: reads report/brief.md, which is missing and which no notebook writes\n",
    )


def test_steps_follow_what_they_read(tmp_path: Path) -> None:
    root = project(tmp_path)
    for stray in ("._01_clean.ipynb", ".~01_clean.ipynb"):  # what other systems and editors leave
        (root / "notebooks" / stray).write_bytes(b"\x00\x05\x16\x07")
    steps = load(root / "notebooks")
    assert [step.name for step in steps] == ["01_clean", "02_count", "03_draw", "08_brief"]
    assert dependencies(steps)["08_brief"] == {"02_count", "03_draw"}
    assert dependencies(steps)["03_draw"] == {"01_clean"}


def test_the_import_graph_follows_every_way_to_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner/__init__.py").write_text("from . import sibling")
    (package / "inner/sibling.py").write_text("from ..far import thing")
    (package / "far.py").write_text("def lazily():\n    import other.late as late\n")
    (package / "late.py").write_text("import pandas\n")
    (package / "apart.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(steps, "LIBRARY", package)
    found = steps.closure(["other.inner.sibling.name"])
    assert list(found) == ["other", "other.far", "other.inner", "other.inner.sibling", "other.late"]
    assert steps.imported(["%matplotlib inline\nfrom other import facts", "!ls\nimport other.tables, pandas"]) == [
        "other.facts",
        "other.tables",
    ]


def test_a_changed_library_module_is_a_reason() -> None:
    parts = {"notebook": "a", "parameters": {"seed": 1}, "files": {}, "library": {"helpers.x": "1"}, "lock": "l"}
    assert reasons(parts, parts, []) == []
    assert reasons(parts, {**parts, "library": {"helpers.x": "2"}}, []) == ["helpers.x changed"]
    assert reasons(parts, {**parts, "parameters": {"seed": 2}}, []) == ["seed is 1, was 2"]
    assert reasons(parts, None, []) == ["not built here yet"]


@given(st.text("ab*/", max_size=6), st.text("ab*/", max_size=6))
def test_overlap_is_symmetric(one: str, other: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one)


def test_the_cache_gives_back_only_what_is_whole(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    cache = Cache(layout)
    entries = []
    for name in ("one", "two"):
        box = tmp_path / name
        box.mkdir()
        (box / "file").write_text(name)
        sha = content(box / "file")
        assert sha is not None
        entry, changed = cache.put("key", box, {"file": sha}, {})
        assert changed == ([] if name == "one" else ["file"])
        entries.append(entry)
    # What one run has put there, another does not take away from it.
    assert [entry.file("file").read_text() for entry in entries] == ["one", "two"]
    assert cache.get("key") == entries[1]
    assert cache.put("key", tmp_path, entries[1].files, {}) == (entries[1], [])
    entries[1].file("file").write_text("spoiled")
    assert cache.get("key") == entries[0]
    entries[0].file("file").unlink()
    assert cache.get("key") is None
    cache.trim(largest=0)
    assert not list(layout.cache.iterdir())


def test_the_state_is_no_secret(made: Path) -> None:
    state = json.loads((made / ".brief/state/default.json").read_text())
    assert set(state) == {"01_clean", "02_count", "03_draw", "08_brief"}
    assert state["02_count"]["parts"]["parameters"] == {
        "window_start": "2023-10-17",
        "window_end": "2024-02-29",
        "countries": ["IQ", "SY", "JO"],
    }


def test_a_saved_edit_of_a_parameters_cell_changes_no_default_brief(tmp_path: Path) -> None:
    root = built(tmp_path)
    before = results(root)
    book = root / "notebooks/02_count.ipynb"
    text = book.read_text()
    book.write_text(text.replace("2024-02-29", "2023-12-31"))
    done = brief(root, "run")
    assert done.returncode == 0, done.stderr
    (said,) = [line for line in done.stdout.splitlines() if "cell says" in line]
    assert said.startswith("02_count: its cell says window_end 2023-12-31; a run takes the defaults")
    after = results(root)
    assert {path for path in after if after[path] != before[path]} == {"report/notebooks/02_count.ipynb"}
    assert "2023-12-31" in book.read_text()


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("state/default.json", '{"01_clean": {"files": [], "parts": {}}}'),
        ("journal/default/1.json", "{"),
        *(
            pytest.param(file, damage, marks=pytest.mark.soak)
            for file in ("state/default.json", "journal/default/1.json")
            for damage in ("[]", "{", '{"01_clean": 3}', "\x00")
        ),
    ],
)
def test_damaged_memory_is_made_anew_and_said_in_one_line(file: str, damage: str, tmp_path: Path) -> None:
    root = built(tmp_path)
    before = results(root)
    (root / ".brief" / file).parent.mkdir(parents=True, exist_ok=True)
    (root / ".brief" / file).write_text(damage)
    done = brief(root, "run")
    assert done.returncode == 0, done.stderr
    (said,) = done.stderr.splitlines()
    assert said == f"brief: {root / '.brief' / file}: is damaged; what it held is made anew"
    assert results(root) == before
    assert brief(root, "run").stderr == ""


def test_a_notebook_is_named_by_its_number_or_the_rest_of_its_name_if_no_other_is() -> None:
    names = ["01_clean", "01_publish", "02_count"]
    assert [named(only, names) for only in ("02", "clean", "01_publish", None)] == [
        "02_count",
        "01_clean",
        "01_publish",
        None,
    ]
    with pytest.raises(Refusal, match="--only: 01 may be 01_clean or 01_publish; there are 01_clean,"):
        named("01", names)
