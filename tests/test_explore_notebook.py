"""The explore notebook: it runs headless, and its views follow each control."""

from __future__ import annotations

import base64
import re
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from nbclient import NotebookClient

from helpers import parameters, tables
from helpers.explorer import widgets
from helpers.figures import timeline
from helpers.parameters import Parameters

NOTEBOOK = ROOT / "notebooks" / "explore.ipynb"


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    return tables.read("incidents")


@pytest.fixture
def app() -> widgets.Explorer:
    return widgets.Explorer(Parameters())


def shown_in_table(app: widgets.Explorer) -> list[str]:
    text = app.table.outputs[0]["data"]["text/html"]
    return re.findall(r'\["(20\d\d-\d\d-\d\d-[a-z0-9-]+-\d+)"', text.replace('\\"', '"'))


def test_each_control_is_an_analysis_parameter(app: widgets.Explorer) -> None:
    assert set(app.controls) == set(Parameters.model_fields) - set(parameters.FOLDERS)
    assert all(control.description == name for name, control in app.controls.items())


def test_the_views_follow_each_control(app: widgets.Explorer, incidents: pd.DataFrame) -> None:
    changes: list[tuple[str, Any]] = [
        ("countries", ("SY",)),
        ("confirmed_by", "us_official"),
        ("window_end", date(2024, 1, 31)),
        ("window_start", date(2023, 11, 1)),
        ("pause_start", date(2023, 11, 20)),
        ("pause_end", date(2023, 12, 10)),
        ("stop_start", date(2024, 1, 10)),
        ("seed", 7),
        ("resamples", 999),
        ("countries", ("IQ", "SY", "JO")),
        ("confirmed_by", "anyone"),
    ]
    values: dict[str, Any] = {}
    times, pictures, words = [], set(), set()
    for name, value in changes:
        app.controls[name].value = value
        values[name] = value
        wanted = Parameters(**values)
        assert app.parameters == wanted
        chosen = tables.select(incidents, wanted)
        assert sorted(shown_in_table(app)) == sorted(chosen["incident_id"])
        assert f"<b>{len(chosen)} incidents</b>" in app.summary.value
        inside = chosen["date"].between(pd.Timestamp(wanted.pause_start), pd.Timestamp(wanted.pause_end), "left").sum()
        first = re.search(r">attacks on record</td>\s*<td[^>]*>(\d+)<", app.test.value)
        assert first
        assert int(first[1]) == inside
        times.append(app.seconds)
        pictures.add(app.picture.value)
        words.add(app.test.value)
    print(f"\na change shows within {max(times):.2f} s (median {sorted(times)[len(times) // 2]:.2f} s)")
    assert len(pictures) >= 8
    assert len(words) >= 7
    png = base64.b64decode(re.search(r"base64,([^\"]+)", app.picture.value)[1])  # type: ignore[index]
    assert png.startswith(b"\x89PNG")


def test_a_refusal_is_told_and_the_views_stay(app: widgets.Explorer) -> None:
    before = app.parameters, app.picture.value, shown_in_table(app)
    app.controls["pause_start"].value = date(2024, 2, 1)
    assert "pause_end 2023-12-01 must lie after pause_start 2024-02-01" in app.refusal.value
    app.controls["resamples"].value = 3
    app.controls["window_start"].value = None
    app.controls["countries"].value = ()
    assert app.refusal.value.count("<li>") == 3, "faults of single values come all at once"
    assert (app.parameters, app.picture.value, shown_in_table(app)) == before
    assert app.save.disabled
    app.reset.click()
    assert app.refusal.value == ""
    assert app.parameters == Parameters()
    assert not app.save.disabled


def test_the_settings_written_are_the_settings_shown(
    app: widgets.Explorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.controls["countries"].value = ("IQ",)
    app.controls["pause_end"].value = date(2023, 12, 2)
    app.path.value = str(tmp_path / "deep" / "explore.yml")
    app.save.click()
    written = yaml.safe_load((tmp_path / "deep" / "explore.yml").read_text(encoding="utf-8"))
    assert parameters.check(written)[0] == app.parameters
    assert "brief run -f" in app.said.value
    app.path.value = str(tmp_path / "<b>notes.txt")
    app.save.click()
    assert "ends in .yml" in app.said.value
    assert "<b>" not in app.said.value
    assert not list(tmp_path.glob("*.txt"))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"window_start": "2023-11-24", "window_end": "2023-11-30"}, marks=pytest.mark.soak),
        {"window_start": "2025-01-01", "window_end": "2025-01-01"},
        pytest.param({"countries": "JO"}, marks=pytest.mark.soak),
        {"pause_start": "2022-01-01", "pause_end": "2022-01-02"},
    ],
)
def test_odd_settings_still_show(values: dict[str, str]) -> None:
    app = widgets.Explorer(Parameters(**values))
    assert app.refusal.value == ""
    assert "<table" in app.test.value
    assert app.picture.value.startswith("<img")


def test_the_columns_hold_every_incident(incidents: pd.DataFrame) -> None:
    p = Parameters()
    chosen = tables.select(incidents, p)
    for starts in (timeline.weeks(p), pd.date_range(p.window_start, p.window_end)):
        mix = widgets.mix(chosen, starts, p.reference_dir)
        assert mix.sum().to_dict() == chosen["top_weapon"].value_counts().to_dict()
    assert widgets.mix(chosen, timeline.weeks(p), p.reference_dir).loc[pd.Timestamp(p.pause_start)].sum() == 1


def test_the_table_runs_no_formula_and_no_markup(incidents: pd.DataFrame) -> None:
    hostile = incidents.head(1).assign(site_name="=1+1<script>alert(1)</script>")
    text = widgets.table_html(hostile)
    assert "'=1+1" in text
    assert "<script>alert" not in text


def test_the_notebook_runs_headless() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert "application/vnd.jupyter.widget-view+json" in last.outputs[0]["data"]
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    names = {state["state"].get("description") for state in states}
    assert {"window_start", "confirmed_by", "pause_end", "Write settings"} <= names
