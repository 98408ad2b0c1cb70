"""The schemas are the codebook's: same sheets, columns, order and words."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from conftest import ROOT

from helpers.cleaning.schemas import CODED, TABLES, TEXT, Column, faults
from helpers.vocabulary import weapons

CODEBOOK = (ROOT / "data/coded/CODEBOOK.md").read_text(encoding="utf-8")


def test_the_columns_of_reports_are_the_codebooks_in_its_order() -> None:
    section = CODEBOOK.split("### reports.csv")[1].split("### ")[0]
    rows = re.findall(r"^\| ([a-z_, ]+) \|", section, flags=re.M)[1:]
    named = [name.strip() for row in rows for name in row.split(",")]
    assert named == CODED["reports"].column_names


@pytest.mark.parametrize("name", ["sources", "responses", "context"])
def test_the_columns_of_other_sheets_are_the_codebooks_in_its_order(name: str) -> None:
    section = CODEBOOK.split(f"### {name}.csv")[1].split("\n", 1)[1].split("\n#")[0]
    listed = re.sub(r"\([^)]*\)", "", section)
    named = [part.strip() for part in listed.replace("\n", " ").split(",")]
    assert named == CODED[name].column_names


def test_every_sheet_has_exactly_the_columns_described() -> None:
    for name, sheet in CODED.items():
        header = (ROOT / f"data/coded/{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",") == sheet.column_names, name


def test_every_word_of_a_vocabulary_stands_in_the_codebook() -> None:
    for sheet in CODED.values():
        for column in sheet.columns:
            for word in column.vocabulary:
                assert re.search(rf"\b{word}\b", CODEBOOK), (sheet.name, column.name, word)


def test_the_weapons_are_those_of_the_ladder() -> None:
    line = next(line for line in CODEBOOK.splitlines() if line.startswith("| weapons |"))
    named = re.search(r"one or more of: (.*); joined", line)
    assert named is not None
    assert set(named[1].split(", ")) == set(weapons()) == set(CODED["reports"].column("weapons").vocabulary)


def test_every_column_and_table_is_described() -> None:
    for sheet in (*CODED.values(), *TABLES.values()):
        assert sheet.description, sheet.name
        assert len(set(sheet.column_names)) == len(sheet.columns)
        assert all(column.description for column in sheet.columns), sheet.name
        assert set(sheet.key) <= set(sheet.column_names)
        for link in sheet.foreign_keys:
            assert link.column in sheet.column_names
            others = CODED if sheet.name in CODED and sheet is CODED[sheet.name] else TABLES
            assert link.to in others[link.sheet].column_names


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("date", ["2024-02-29"], ["2023-02-29", "2024-13-01", "24-01-01", "2024-1-1", "", "٢٠٢٤-٠١-٠١"]),
        ("munitions_low", ["", "0", "12"], ["-1", "1.5", "two", "1e3", "١", "1234567890"]),
        ("weapons", ["rocket", "rocket;mortar"], ["rocket,mortar", "rocket;", ";rocket", "gun", ""]),
        ("time_local", ["", "00:00", "23:59", "dawn"], ["24:00", "7:00", "noon", "12:60"]),
        ("claimed_by", ["", "none", "other:A group"], ["other:", "someone"]),
        ("incident_key", ["2024-01-05-tower-22-1"], ["2024-01-05", "2024-01-05-al-asad", "al-asad-1"]),
        ("country", ["IQ", "SY", "JO"], ["iq", "IQ;SY", "IR", ""]),
    ],
)
def test_cells_are_allowed_and_refused(column: str, good: list[str], bad: list[str]) -> None:
    for cells, wanted in ((good, True), (bad, False)):
        for cell in cells:
            series = pd.Series([cell], dtype=TEXT, name=column)
            passed = all(wrong.empty for wrong, _ in faults(series, CODED["reports"].column(column)))
            assert passed is wanted, (column, cell)


def test_a_rule_says_what_is_allowed() -> None:
    assert Column("n", "integer", "a number").rule == "a whole number, 0 or more"
    assert CODED["reports"].column("damage").rule == "one of none, minor, major, unknown"
    assert "joined by ;" in CODED["reports"].column("weapons").rule
