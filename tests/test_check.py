"""The check: each fault told by file, row, column, value and rule; all at once; each file form that people save."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sheets import CODED_DIR, KEY, REFERENCE, apart, decide, report, source, write

from helpers.cleaning import pipeline
from helpers.cleaning.check import Findings, Stopped, check_folder, sentence
from helpers.cleaning.reading import Faults, read_sheet
from helpers.cleaning.schemas import CODED

TWO = [report(1), report(2, weapons="rocket")]
OTHER = "2024-01-05-al-asad-2"


def stops(found: Findings) -> set[tuple[str, object, str]]:
    """Return the stops as (file, row, column)."""
    return set(found.stops[["file", "row", "column"]].itertuples(index=False, name=None))


def rules(found: Findings) -> str:
    return " | ".join(map(str, found.stops["rule"]))


def checked(folder: Path) -> Findings:
    return check_folder(folder, REFERENCE)


def test_the_real_sheets_have_no_fault_that_stops_and_are_listed_for_review() -> None:
    found = check_folder(CODED_DIR, REFERENCE)
    assert found.ok, found.stops.to_string()
    assert len(found.lists) > 100
    assert (
        list(found.lists.columns) == list(found.stops.columns) == ["file", "row", "column", "value", "rule", "allowed"]
    )


#: Cells that stop a run, the column that is named for each, and a word of the rule.
BAD: list[tuple[dict[str, str], str, str]] = [
    ({"weapons": "gun"}, "weapons", "vocabulary"),
    ({"date": "2024-02-30"}, "date", "day"),
    ({"date": "03/04/2024"}, "date", "could be 2024-03-04 or 2024-04-03"),
    ({"date": ""}, "date", "required"),
    ({"munitions_low": "two"}, "munitions_low", "whole number"),
    ({"munitions_low": "1.5"}, "munitions_low", "whole number"),
    ({"munitions_low": "3", "munitions_high": "2"}, "munitions_high", "below"),
    ({"us_injured_low": "9", "us_injured_high": "8"}, "us_injured_high", "below"),
    ({"date_precision": "range", "date_earliest": "2024-01-06"}, "date", "bounds"),
    ({"date_precision": "range", "date_latest": "2024-01-04"}, "date", "bounds"),
    ({"site_id": "nowhere"}, "site_id", "sites.csv"),
    ({"site_id": "an oil facility"}, "site_id", "sites.csv"),
    ({"incident_key": "2024-02-30-al-asad-1"}, "incident_key", "begins with no day"),
    ({"incident_key": "al-asad"}, "incident_key", "form allowed"),
    ({"time_local": "25:00"}, "time_local", "form allowed"),
    ({"claimed_by": "someone"}, "claimed_by", "form allowed"),
]


def test_a_bad_cell_is_told_with_its_spreadsheet_row(tmp_path: Path) -> None:
    found = checked(write(tmp_path, apart(cells for cells, _, _ in BAD)))
    assert stops(found) == {("reports.csv", row, column) for row, (_, column, _) in enumerate(BAD, 2)}
    for row, (cells, _, rule) in enumerate(BAD, 2):
        assert rule in " | ".join(found.stops.loc[found.stops["row"] == row, "rule"]), cells
    assert found.stops["allowed"].str.len().gt(0).all()
    assert all(row is None or type(row) is int for row in (*found.stops["row"], *found.lists["row"]))


def test_all_faults_of_all_sheets_are_told_at_once(tmp_path: Path) -> None:
    rows = [report(1, weapons="gun", date="never"), report(2, country="XX"), report(2)]
    forces = [{"source_id": "nobody", "country": "IQ", "personnel": "many", "relation": "exact", "as_of": "2024-01-01"}]
    found = checked(write(tmp_path, rows, [decide(1, "merge", incident_key="2024-01-01-x-1", into=KEY)], forces=forces))
    assert stops(found) >= {
        ("reports.csv", 2, "weapons"),
        ("reports.csv", 2, "date"),
        ("reports.csv", 3, "country"),
        ("reports.csv", 4, "report_id"),
        ("forces.csv", 2, "source_id"),
        ("forces.csv", 2, "personnel"),
        ("decisions.csv", 2, "incident_key"),
    }
    lines = [sentence(fault) for fault in found.stops.to_dict("records")]
    assert "reports.csv, row 4, report_id: 'outlet-2/2': given twice, first in row 3 (allowed: each once)" in lines


def test_nothing_is_cleaned_when_something_stops(tmp_path: Path) -> None:
    write(tmp_path, [report(1, weapons="gun")])
    with pytest.raises(Stopped, match=r"reports.csv, row 2, weapons: 'gun'") as caught:
        pipeline.clean(tmp_path, REFERENCE)
    assert len(caught.value.findings.stops) == 1


def test_a_source_without_a_line_stops_and_ids_given_twice_stop(tmp_path: Path) -> None:
    write(tmp_path, TWO, sources=[source("outlet-1"), source("outlet-1")])
    path = tmp_path / "sources.csv"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "outlet-2" not in line), "utf-8")
    assert stops(checked(tmp_path)) == {("sources.csv", 3, "source_id"), ("reports.csv", 3, "source_id")}


#: Rulings on the incidents `KEY` and `OTHER`, the row and the column of the fault, and a word of the rule.
RULINGS: list[tuple[list[dict[str, str]], int, str, str]] = [
    ([decide(1, "merge", incident_key=OTHER)], 2, "into", "needs it"),
    ([decide(1, "merge", incident_key=OTHER, into="2024-01-09-al-asad-1")], 2, "into", "matches no report"),
    ([decide(1, "merge", incident_key=OTHER, into=OTHER)], 2, "into", "itself"),
    ([decide(1, "relink", report_id="x/1", into=KEY)], 2, "report_id", "matches no report"),
    ([decide(1, "relink", report_id="outlet-1/1", incident_key=OTHER, into=OTHER)], 2, "incident_key", "any more"),
    ([decide(1, "redate", incident_key=KEY, value="soon")], 2, "value", "not a day"),
    ([decide(1, "resite", incident_key=KEY, value="nowhere")], 2, "value", "no such site"),
    ([decide(1, "correct", report_id="outlet-1/1", field="source_id", value="x")], 2, "field", "corrected"),
    (
        [decide(1, "merge", incident_key=OTHER, into=KEY), decide(2, "apart", incident_key=OTHER, into=KEY)],
        3,
        "decision_id",
        "told apart here, merged",
    ),
    (
        [decide(1, "merge", incident_key=OTHER, into=KEY), decide(2, "set_aside", incident_key=OTHER)],
        2,
        "decision_id",
        "also set aside",
    ),
    (
        [
            decide(1, "redate", incident_key=KEY, value="2024-01-05"),
            decide(2, "redate", incident_key=KEY, value="2024-01-06"),
        ],
        3,
        "decision_id",
        "contradicts the ruling d-{}",
    ),
    (
        [decide(1, "merge", incident_key=OTHER, into=KEY), decide(2, "merge", incident_key=KEY, into=OTHER)],
        2,
        "into",
        "circle",
    ),
]


def test_rulings_that_match_nothing_contradict_each_other_or_go_round_stop(tmp_path: Path) -> None:
    """Each of `RULINGS` in one folder, on two incidents of its own."""
    reports, rulings, wanted = apart([{}] * 2 * len(RULINGS)), list[dict[str, str]](), []
    for place, (given, row, column, rule) in enumerate(RULINGS):
        first, second = reports[2 * place : 2 * place + 2]
        own = {KEY: first["incident_key"], OTHER: second["incident_key"], "outlet-1/1": first["report_id"]}
        number = len(rulings) + 1
        wanted.append((number + row - 1, column, rule.format(number)))
        for ruling in given:
            named = {name: own.get(cell, cell) for name, cell in ruling.items()}
            rulings.append(named | {"decision_id": f"d-{len(rulings) + 1}"})
    found = checked(write(tmp_path, reports, rulings)).stops
    assert set(found["file"]) == {"decisions.csv"}
    for row, column, rule in wanted:
        told = found.loc[(found["row"] == row) & (found["column"] == column), "rule"]
        assert rule in " | ".join(told), found.to_string()


#: What real reports are like: cells, the column that is named, and a word of the rule.
ODD: list[tuple[dict[str, str], str, str]] = [
    ({"confirmation": "claim_only"}, "claimed_by", "without a named claimant"),
    ({"date": "2024-01-08"}, "date", "after its page"),
    ({"munitions_high": "2"}, "munitions_high", "without munitions_low"),
    ({"site_id": "other", "place_as_reported": ""}, "place_as_reported", "needs the place"),
    ({"site_id": "other"}, "site_id", "outside the gazetteer"),
    ({"country": "SY"}, "country", "not the country of its site"),
    ({"date_precision": "range"}, "date_precision", "no bounds"),
    ({"date_earliest": "2024-01-04"}, "date_precision", "has bounds"),
    ({"incident_key": f"{KEY[:-1]}1", "date": "2024-01-01"}, "date", "days apart"),
    ({"incident_key": f"{KEY[:-1]}1", "country": "SY", "site_id": "al-tanf"}, "country", "countr"),
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What is listed of sheets that are odd in many ways, none of which stops a run; `ODD` begins in row 3."""
    count = {"source_id": "outlet-1", "as_of": "2024-01-01", "total": "9", "iraq": "3", "syria": "5",
             "relation": "exact"}  # fmt: skip
    strike = {"source_id": "outlet-1", "response_key": "2024-01-04-baghdad-1", "country": "IQ;SY"}
    usual = {"source_id": "outlet-1", "counter": "sohr", "as_of_precision": "day", "relation": "exact", "country": "SY"}
    days = [
        ("2024-01-01", "", "10"),
        ("2024-01-03", "", "9"),
        ("2024-01-03", "conoco", "4"),
        ("2024-01-03", "himo", "4"),
    ]
    others = [{**usual, "as_of": day, "site_id": site, "total": total} for day, site, total in days]
    others.append({**usual, "as_of": "2024-01-05", "since": "2024-01-04", "total": "2"})
    rows = apart([{}, *(cells for cells, _, _ in ODD)])
    folder = tmp_path_factory.mktemp("odd")
    found = checked(write(folder, rows, official_counts=[count], responses=[strike], other_counts=others))
    assert found.ok, found.stops.to_string()
    return found


@pytest.mark.parametrize("place", range(len(ODD)))
def test_what_real_reports_are_like_is_listed_and_does_not_stop(odd: Findings, place: int) -> None:
    _, column, rule = ODD[place]
    told = odd.lists[(odd.lists["file"] == "reports.csv") & (odd.lists["row"] == place + 3)]
    assert any(rule in text for text in told.loc[told["column"] == column, "rule"]), told.to_string()


def test_a_correction_of_a_report_that_the_folder_lacks_is_listed_only(odd: Findings) -> None:
    told = odd.lists[odd.lists["file"] == "corrections.csv"]
    assert told["rule"].str.contains("not applied").all()
    assert len(told) >= 1


def test_odd_totals_and_strikes_are_listed(odd: Findings) -> None:
    told = {(row.file, row.column) for row in odd.lists.itertuples()}
    strikes = {("responses.csv", column) for column in ("date", "kind", "country")}
    assert {("official_counts.csv", "total"), *strikes} <= told


def test_counts_of_others_that_fall_or_do_not_add_up_are_listed(odd: Findings) -> None:
    told = odd.lists[odd.lists["file"] == "other_counts.csv"]
    assert list(zip(told["row"], told["rule"], strict=True)) == [
        (3, "below an earlier total of this counter, 10"),
        (3, "its 2 bases add up to 8"),
    ]


FORMS = {
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "semicolons": lambda raw: raw.replace(b",", b";"),
    "tabs": lambda raw: raw.replace(b",", b"\t"),
    "old Mac": lambda raw: raw.replace(b"\r\n", b"\r"),
    "Unix": lambda raw: raw.replace(b"\r\n", b"\n"),
    "blank lines": lambda raw: raw + b"\r\n\r\n,,,,\r\n",
    "blank columns": lambda raw: b"\r\n".join(line + b",," for line in raw.splitlines()),
    "blank cells beyond": lambda raw: (
        raw.splitlines()[0] + b"\r\n" + b"\r\n".join(line + b",," for line in raw.splitlines()[1:])
    ),
    "all at once": lambda raw: b"\xef\xbb\xbf" + raw.replace(b",", b";") + b"\r\n;;;\r\n",
    "capital header": lambda raw: raw.replace(b"as_of", b" As of "),
}
FORCES = [
    {"source_id": "outlet-1", "country": "IQ", "personnel": "2500", "relation": "exact", "as_of": "2024-01-01"},
    {"source_id": "outlet-2", "country": "SY", "personnel": "900", "relation": "exact", "as_of": "2024-01-01"},
]


def forces(folder: Path, change: Callable[[bytes], bytes]) -> tuple[pd.DataFrame | None, Faults]:
    """Return the sheet of forces as it is read after `change` of its bytes, and the faults told."""
    path, faults = write(folder, TWO, forces=FORCES) / "forces.csv", Faults()
    path.write_bytes(change(path.read_bytes()))
    return read_sheet(path, CODED["forces"], faults), faults


@pytest.mark.parametrize("form", FORMS)
def test_sheets_are_read_in_the_forms_that_people_save(tmp_path: Path, form: str) -> None:
    usual, _ = forces(tmp_path, lambda raw: raw)
    found, faults = forces(tmp_path, FORMS[form])
    assert usual is not None
    assert found is not None
    assert found.equals(usual)
    assert faults.stops == []
    assert len(usual) == 2


@pytest.mark.parametrize(
    ("change", "row", "rule"),
    [
        (lambda raw: b"", None, "empty"),
        (lambda raw: b"\r\n\r\n", None, "empty"),
        (lambda raw: raw.replace(b"outlet-2", "sauté-2".encode("latin-1")), 3, "encoding"),
        (lambda raw: raw.decode().encode("utf-16"), None, "encoding"),
        (lambda raw: raw.replace(b"outlet-2", b"out\0et-2"), 3, "no text holds"),
        (lambda raw: raw.replace(b"as_of", b"day"), 1, "missing column"),
        (lambda raw: raw.replace(b"personnel", b"country"), 1, "given twice"),
        (lambda raw: raw.replace(b"2500", b"2,500"), 2, "more cells"),
        (
            lambda raw: raw.replace(b"as_of\r\n", b"as_of,\r\n").replace(b"-01\r\n", b"-01,x\r\n", 1),
            2,
            "without a name",
        ),
    ],
)
def test_a_file_that_cannot_be_right_gets_one_clear_line(
    tmp_path: Path, change: Callable[[bytes], bytes], row: int | None, rule: str
) -> None:
    told = [(fault[1], fault[4]) for fault in forces(tmp_path, change)[1].stops]
    assert any(rule in text for _, text in told), told
    assert row in [place for place, _ in told]


def test_an_extra_column_is_listed_and_a_missing_file_stops(tmp_path: Path) -> None:
    path = write(tmp_path, TWO, forces=FORCES) / "forces.csv"
    path.write_bytes(path.read_bytes().replace(b"as_of\r\n", b"as_of,mine\r\n").replace(b"-01\r\n", b"-01,x\r\n"))
    (tmp_path / "context.csv").unlink()
    found = checked(tmp_path)
    assert found.ok
    assert {"extra column; it is not used", "no such sheet; taken as empty"} <= set(found.lists["rule"])
    (tmp_path / "sites.csv").unlink()
    assert "missing file" in rules(checked(tmp_path))
    assert "no such folder" in rules(checked(tmp_path / "nowhere"))


def test_a_quotation_mark_left_open_does_not_swallow_rows(tmp_path: Path) -> None:
    rows, faults = [report(1, note="first"), report(2, note="second"), report(3, note="third")], Faults()
    path = write(tmp_path, rows) / "reports.csv"
    path.write_bytes(path.read_bytes().replace(b",first", b',"first').replace(b",second", b',"second"'))
    read_sheet(path, CODED["reports"], faults)
    assert "not closed" in " ".join(fault[4] for fault in faults.stops)


def test_line_breaks_within_a_note_are_no_fault(tmp_path: Path) -> None:
    write(tmp_path, [report(1, note="two\nlines"), report(2, weapons="gun")])
    assert stops(checked(tmp_path)) == {("reports.csv", 3, "weapons")}


@pytest.mark.parametrize("at", [0, 3])
def test_a_quotation_mark_that_nothing_closes_stops(tmp_path: Path, at: int) -> None:
    lines, path, faults = (CODED_DIR / "responses.csv").read_text("utf-8").splitlines(), tmp_path / "x.csv", Faults()
    start, last = lines[at].rsplit(",", 1)
    lines[at] = f'{start},"{last}'
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read_sheet(path, CODED["responses"], faults)
    assert faults.stops
