"""Clean tables: formulas are neutralised for people, kept for programs; selecting counts what it says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import tables
from helpers.parameters import Parameters


def test_a_formula_is_text_in_the_csv_and_whole_in_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"title": ['=HYPERLINK("x")', "@cmd", "-1+1", "plain"], "n": [1, -2, 3, 4]})
    tables.write(frame, "t", tmp_path)
    tables.write_csv("t", tmp_path)
    text = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert "'=HYPERLINK" in text
    assert "'@cmd" in text
    assert "'-1+1" in text
    assert ",-2" in text
    assert tables.read("t", tmp_path).equals(frame)


@given(st.text())
def test_no_cell_starts_a_formula(cell: str) -> None:
    shown = tables.for_spreadsheet(cell)
    assert isinstance(shown, str)
    assert not shown.startswith(tables.FORMULA_SIGNS)
    assert shown.endswith(cell)


def test_a_missing_table_says_what_builds_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="01_clean"):
        tables.read("incidents", tmp_path)


def test_select_counts_window_country_and_confirmation() -> None:
    incidents = pd.DataFrame(
        {
            "incident_id": ["d", "c", "b", "a", "e"],
            "date": pd.to_datetime(["2023-11-01", "2023-11-01", "2023-12-01", "2024-03-01", "2023-11-02"]),
            "country": ["IQ", "SY", "IQ", "IQ", "IQ"],
            "confirmation": ["us_official", "us_official", "claim_only", "us_official", "denied"],
        }
    )
    assert list(tables.select(incidents, Parameters()).incident_id) == ["c", "d", "b"]
    assert list(tables.select(incidents, Parameters(countries=("IQ",))).incident_id) == ["d", "b"]
    assert list(tables.select(incidents, Parameters(confirmed_by="media")).incident_id) == ["c", "d"]
