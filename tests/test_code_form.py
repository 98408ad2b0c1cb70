"""The coder's form: it adds what passes the check to the folder named, and nothing else."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

from helpers.cleaning.check import check_folder
from helpers.cleaning.schemas import CODED
from helpers.explorer.form import Form
from helpers.parameters import Parameters

NOTEBOOK = ROOT / "notebooks" / "code.ipynb"
SOURCE = {
    "source_id": "example-2023-12-01-drones", "outlet": "Example", "title": "=1+1, \"quoted\"; العراق",
    "published": date(2023, 12, 1), "language": "en", "kind": "wire",
}  # fmt: skip
REPORT = {
    "date": date(2023, 11, 30), "date_precision": "day", "site_id": "al-asad", "target_type": "base",
    "weapons": ("one_way_drone", "rocket"), "munitions_low": "2", "munitions_high": "2", "intercepted": "all",
    "damage": "none", "confirmation": "us_official", "note": "two lines\nof note",
}  # fmt: skip


@pytest.fixture
def form(tmp_path: Path) -> Form:
    return Form(Parameters(), folder=str(tmp_path / "mine"))


def fill(form: Form) -> None:
    if not form.source.value:
        for name, value in SOURCE.items():
            form.about[name].value = value
    for name, value in REPORT.items():
        form.fields[name].value = value


def rows(form: Form, name: str) -> list[dict[str, str]]:
    with (Path(form.folder.value) / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def coded() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (ROOT / "data" / "coded").iterdir()}


def test_a_report_is_added_and_the_folder_passes(form: Form) -> None:
    before = coded()
    fill(form)
    assert form.fields["country"].value == "IQ", "the country follows from the site"
    form.button.click()
    assert "Added example-2023-12-01-drones/1" in form.said.value
    report, source = rows(form, "reports")[0], rows(form, "sources")[0]
    assert report["report_id"] == "example-2023-12-01-drones/1"
    assert report["weapons"] == "one_way_drone;rocket"
    assert report["us_killed"] == "", "what the source does not say stays blank"
    assert report["note"] == REPORT["note"]
    assert source["title"] == SOURCE["title"]
    assert list(report) == list(CODED["reports"].column_names)
    assert check_folder(form.folder.value).ok

    assert form.source.value == SOURCE["source_id"], "a second report of the same source needs it no second time"
    fill(form)
    form.fields["weapons"].value = ("rocket",)
    assert report["incident_key"] in [key for _, key in form.same.options], "one's own attacks are on record too"
    form.button.click()
    assert [row["report_id"][-2:] for row in rows(form, "reports")] == ["/1", "/2"]
    assert len(rows(form, "sources")) == 1
    assert coded() == before


def test_what_cannot_be_is_refused_with_what_is_allowed(form: Form) -> None:
    fill(form)
    form.about["language"].value = "English"
    form.fields["munitions_low"].value = "several"
    form.fields["time_local"].value = "25:00"
    form.fields["confirmation"].value = ""
    form.button.click()
    for word in ("language", "two lower-case letters", "munitions_low", "several", "25:00", "confirmation"):
        assert word in form.said.value
    assert rows(form, "reports") == []
    assert rows(form, "sources") == []
    assert [path.name for path in Path(form.folder.value).parent.iterdir()] == ["mine"], "no draft stays behind"


def test_attacks_that_look_alike_are_listed_with_their_distance(form: Form) -> None:
    form.fields["date"].value = date(2023, 11, 22)
    form.fields["site_id"].value = "al-asad"
    keys = [key for _, key in form.same.options]
    assert keys[0].startswith("2023-11-22-al-asad-")
    assert keys[0] not in keys[1:]
    assert any(key.startswith("2023-11-21-al-asad-") for key in keys[1:])
    assert "2023-11-21" in form.alike.value
    assert "<td>-1</td>" in form.alike.value
    assert not any("erbil" in key for key in keys), "250 km away"


def test_sheets_with_faults_and_other_forms_are_left_as_they_are(form: Form) -> None:
    folder = Path(form.folder.value)
    fill(form)
    form.button.click()
    sheet = folder / "reports.csv"
    text = sheet.read_text(encoding="utf-8").replace("one_way_drone", "zeppelin")
    sheet.write_text("\ufeff" + text.rstrip("\n"), encoding="utf-8")
    before = sheet.read_bytes()
    form.refresh()
    fill(form)
    form.button.click()
    assert "zeppelin" in form.said.value
    assert sheet.read_bytes() == before
    sheet.write_bytes(before.replace(b"zeppelin", b"one_way_drone"))
    form.button.click()
    assert len(sheet.read_text(encoding="utf-8-sig").splitlines()) > len(text.splitlines())
    assert check_folder(folder).ok


def test_the_notebook_runs_headless_and_writes_nothing() -> None:
    before = coded()
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    names = {state["state"].get("description") for state in states}
    assert {"source", "weapons", "confirmation", "which attack", "Add the report"} <= names
    assert coded() == before
    assert not (ROOT / "mine").exists()
