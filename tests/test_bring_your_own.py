"""Sheets as people have them: workbooks, ACLED's rows, words that are not known, points in the wrong country."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from sheets import KEY, REFERENCE, apart, decide, real, report, write

from helpers.cleaning import pipeline
from helpers.cleaning.acled import read_acled, write_imported
from helpers.cleaning.check import check_folder, grouped, read_and_check, write_checked

TWO = [report(1, munitions_low="2"), report(2, weapons="rocket")]


def as_typed(column: str, cell: str) -> object:
    """Return a cell as a spreadsheet holds it: a day, a number, or text."""
    if column in ("date", "published") and cell:
        return pd.Timestamp(cell).to_pydatetime()
    return float(cell) if cell.isdecimal() else cell


def as_workbook(folder: Path, path: Path, names: list[str]) -> None:
    """Move the CSV sheets `names` of `folder` into one workbook, days as days and numbers as numbers."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in names:
        frame = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for cells in frame.itertuples(index=False):
            sheet.append([as_typed(column, cell) for column, cell in zip(frame.columns, cells, strict=True)])
        (folder / f"{name}.csv").unlink()
    book.save(path)


@pytest.mark.parametrize("names", [["reports", "sources", "sites"], pytest.param(["reports"], marks=pytest.mark.soak)])
def test_a_workbook_is_read_as_the_same_sheets(tmp_path: Path, names: list[str]) -> None:
    usual = read_and_check(write(tmp_path / "a", TWO), REFERENCE)
    folder = write(tmp_path / "b", TWO)
    as_workbook(folder, folder / ("reports.xlsx" if len(names) == 1 else "my sheets.xlsx"), names)
    checked = read_and_check(folder, REFERENCE)
    assert checked.findings.ok, checked.findings.stops.to_string()
    for name, frame in checked.frames.items():
        pd.testing.assert_frame_equal(frame, usual.frames[name], obj=name)
    written = write_checked(checked, tmp_path / "csv")
    assert {path.name for path in written} >= {"reports.csv", "sources.csv", "sites.csv"}
    again = read_and_check(tmp_path / "csv", REFERENCE)
    for name in ("reports", "sources", "sites"):
        pd.testing.assert_frame_equal(again.frames[name], usual.frames[name], obj=name)
    with pytest.raises(FileExistsError, match="name a new folder"):
        write_checked(checked, tmp_path / "csv")


def told(folder: Path) -> list[tuple[str, object, str, str, str]]:
    """Return the stops as (file, row, column, rule, allowed)."""
    stops = check_folder(folder, REFERENCE).stops
    return list(stops[["file", "row", "column", "rule", "allowed"]].itertuples(index=False, name=None))


def test_what_follows_from_another_fault_is_not_listed(tmp_path: Path) -> None:
    folder = write(tmp_path / "coded", TWO, [decide(1, "redate", incident_key=KEY, value="2024-01-06")])
    sheet = (folder / "reports.csv").read_text(encoding="utf-8")
    (folder / "reports.csv").write_bytes(b"\xff\xfe\x00")
    assert len(told(folder)) == 1
    (folder / "reports.csv").unlink()
    assert [fault[3] for fault in told(folder)] == ["missing file"]
    title = f"All reports of the year\n{sheet}"
    (folder / "reports.csv").write_text(title, encoding="utf-8")
    assert [fault[3] for fault in told(folder)] == ["the header is not in row 1 but in row 2"]


def test_a_renamed_column_is_named_with_the_one_that_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path, TWO) / "reports.csv"
    path.write_text(path.read_text().replace("weapons,", "weapon,"))
    assert told(tmp_path) == [("reports.csv", 1, "weapons", "missing column", "weapon renamed to weapons")]


def test_without_the_key_no_ruling_and_no_doubt_is_told(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "data/coded", tmp_path / "coded")
    path = folder / "reports.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("incident_key", "incidentkey", 1), encoding="utf-8")
    found = check_folder(folder, REFERENCE)
    assert [line[3] for line in told(folder)] == ["missing column"]
    assert found.lists.empty


def test_many_faults_of_one_kind_are_one_line(tmp_path: Path) -> None:
    rows = [report(number, weapons="gun", munitions_low="some") for number in range(1000)]
    lines = grouped(check_folder(write(tmp_path, rows), REFERENCE).stops)
    assert len(lines) == 2
    assert list(lines["row"]) == ["2, 3, 4 and 997 more"] * 2


#: Words that are not known, the near one that is named, and the line that would teach them.
STRANGE = [
    ({"weapons": "rockett"}, "did you mean rocket?", "weapon_spellings.csv the line: rockett,CODE,"),
    ({"site_id": "al-asaad"}, "did you mean al-asad?", "places.csv the line: al-asaad,SITE_ID,"),
    ({"country": "Irak2"}, "did you mean IQ?", "countries.csv"),
    ({"claimed_by": "A new group"}, "", "claimants.csv the line: A new group,CODE,"),
]


def test_a_word_not_known_names_a_near_one_and_where_it_is_taught(tmp_path: Path) -> None:
    found = told(write(tmp_path, apart(cells for cells, _, _ in STRANGE)))
    for (_, _, _, rule, allowed), (_, near, line) in zip(found, STRANGE, strict=True):
        assert near in rule
        assert line in allowed


def test_signs_that_no_text_holds_are_taken_out_and_logged(tmp_path: Path) -> None:
    sites = real("sites").to_dict("records")
    sites[0]["name"] = "Ain\x07 al-\ufffeAsad\x0b Base"
    tables = pipeline.clean(write(tmp_path, TWO, sites=sites), REFERENCE).tables
    assert tables["sites"].set_index("site_id").loc[sites[0]["site_id"], "name"] == "Ain al-Asad Base"
    assert "signs that no text holds" in set(tables["cleaning_log"]["rule"])


def test_points_outside_their_country_are_listed(tmp_path: Path) -> None:
    sites = {site["site_id"]: dict(site) for site in real("sites").to_dict("records")}
    sites["al-asad"] |= {"lat": sites["al-asad"]["lon"], "lon": sites["al-asad"]["lat"]}
    sites["conoco"] |= {"lat": "12.58", "lon": "43.33"}
    found = check_folder(write(tmp_path, TWO, sites=list(sites.values())), REFERENCE).lists
    outside = found[found["rule"].str.contains("the point lies outside")]["rule"].tolist()
    assert sorted(outside) == [
        "the point lies outside Iraq; are lat and lon swapped?",
        "the point lies outside Syria",
    ]
    real_ones = check_folder(ROOT / "data/coded", REFERENCE).lists
    assert not real_ones["rule"].str.contains("the point lies outside").any()


def test_an_acled_export_becomes_sheets_row_by_row(tmp_path: Path) -> None:
    found = read_acled(ROOT / "examples/acled.csv")
    assert len(found.reports) == 4
    assert [(row["row"], row["event_id_cnty"]) for row in found.left] == [("6", "XYZ0005")]
    assert [row["weapons"] for row in found.reports] == ["one_way_drone", "rocket", "unknown", "one_way_drone"]
    assert all("guessed" in row["note"] for row in found.reports)
    lines = write_imported(found, tmp_path / "mine")
    assert lines[0].startswith("4 of 5 rows became reports, at 3 sites")
    checked = check_folder(tmp_path / "mine", REFERENCE)
    assert checked.ok, checked.stops.to_string()
    assert len(pipeline.clean(tmp_path / "mine", REFERENCE).tables["incidents"]) == 4
    with pytest.raises(FileExistsError):
        write_imported(found, tmp_path / "mine")
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="missing column event_id_cnty"):
        read_acled(tmp_path / "x.csv")
