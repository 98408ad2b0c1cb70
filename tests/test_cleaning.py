"""The whole cleaning: no row lost, the order of rows without effect, what is clean unchanged, the same bytes."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import CODED_DIR, KEY, REFERENCE, decide, real, real_clean, report, write

from helpers import tables as clean_tables
from helpers.analysis.choices import ruled
from helpers.cleaning import pipeline, review, summary
from helpers.cleaning.check import read_and_check
from helpers.cleaning.normalise import families, read_houses
from helpers.cleaning.schemas import FIELDS, TABLES
from helpers.facts import record
from helpers.figures import cleaning as figures
from helpers.parameters import Parameters


def conserved(tables: dict[str, pd.DataFrame], ids: set[str]) -> None:
    """Every report is in exactly one incident or set aside, and the incidents' counts add up."""
    reports, aside, incidents = tables["reports"], tables["set_aside"], tables["incidents"]
    assert set(reports["report_id"]) == ids
    assert reports["report_id"].is_unique
    linked = reports[reports["incident_id"] != ""]
    assert set(linked["report_id"]) | set(aside["report_id"]) == ids
    assert not set(linked["report_id"]) & set(aside["report_id"])
    assert linked.groupby("incident_id").size().to_dict() == incidents.set_index("incident_id")["n_reports"].to_dict()
    assert int(incidents["n_reports"].sum()) + len(aside) == len(ids)


def test_every_real_report_is_in_an_incident_or_set_aside() -> None:
    tables = real_clean().tables
    conserved(tables, set(real("reports")["report_id"]))
    assert summary.conservation(tables)["reports"].tolist()[0] == len(real("reports"))


def test_the_rulings_leave_242_incidents_of_which_a_us_official_confirms_94() -> None:
    incidents = real_clean().tables["incidents"]
    assert len(incidents) == 242
    assert incidents["confirmation"].eq("us_official").sum() == 94
    assert incidents["second_hand"].sum() == 3


def test_the_committed_tables_are_what_the_sheets_give() -> None:
    for name in ("incidents", "reports", "conflicts", "set_aside"):
        built = clean_tables.read(name, "data/clean")
        fresh = real_clean().tables[name]
        assert built.astype(str).to_numpy().tolist() == fresh[list(built.columns)].astype(str).to_numpy().tolist(), name


#: The tables that the cleaning makes; the others are made of them.
MADE = [name for name in TABLES if name not in ("reliability", "reliability_pairs", "acled")]


@pytest.mark.parametrize("name", MADE)
def test_each_table_has_the_columns_words_and_keys_of_its_schema(name: str) -> None:
    sheet, table = TABLES[name], real_clean().tables[name]
    assert list(table.columns) == sheet.column_names
    if sheet.key:
        assert not table.duplicated(list(sheet.key)).any()
    for column in sheet.columns:
        cells = table[column.name]
        if column.required:
            assert cells.notna().all(), column.name
            assert column.type != "string" or (cells != "").all(), column.name
        if column.vocabulary:
            parts = cells[cells != ""].str.split(column.separator).explode() if column.separator else cells[cells != ""]
            assert set(parts.dropna()) <= set(column.vocabulary), column.name
        if column.type == "integer" and cells.notna().any():
            assert cells.dropna().min() >= column.constraints.get("minimum", 0), column.name
    for link in sheet.foreign_keys:
        known = {*real_clean().tables[link.sheet][link.to], *link.also, ""}
        assert set(table[link.column]) <= known, link


def test_numbers_and_days_of_each_incident_are_in_order() -> None:
    table = real_clean().tables["incidents"]
    for name in ("munitions", "us_injured"):
        told = table[table[f"{name}_best"].notna()]
        assert (told[f"{name}_low"] <= told[f"{name}_best"]).all()
        assert (told[f"{name}_best"] <= told[f"{name}_high"]).all()
    assert (table["date_earliest"] <= table["date"]).all()
    assert (table["date"] <= table["date_latest"]).all()
    exact = table[table["date_precision"] == "day"]
    assert (exact["date_earliest"] == exact["date"]).all()
    assert (exact["date_latest"] == exact["date"]).all()
    assert (table["n_independent"] <= table["n_sources"]).all()
    assert (table["n_sources"] <= table["n_reports"]).all()


def test_reconciled_and_conflicts_tell_the_same_as_the_incidents() -> None:
    tables = real_clean().tables
    told = tables["reconciled"].astype(object).set_index(["incident_id", "field"])["value"].unstack()  # noqa: PD010
    incidents = tables["incidents"].set_index("incident_id")
    for field in ("weapons", "site_id", "country", "confirmation", "claimed_by", "damage"):
        assert told[field].reindex(incidents.index).equals(incidents[field].astype(told[field].dtype)), field
    assert len(tables["reconciled"]) == len(incidents) * len(FIELDS)
    numbers = tables["conflicts"].groupby("incident_id")["field"].nunique()
    assert (
        incidents["n_conflicts"].astype(int).to_dict()
        == numbers.reindex(incidents.index).fillna(0).astype(int).to_dict()
    )
    reports = set(tables["reports"]["report_id"])
    for cell in tables["conflicts"]["reports"]:
        assert cell
        assert set(cell.split(";")) <= reports


def test_every_conflict_is_between_what_reports_say() -> None:
    tables = real_clean().tables
    reports = tables["reports"].set_index("report_id")
    for row in tables["conflicts"].query("field in ['weapons', 'site_id', 'damage', 'country']").itertuples():
        for name in row.reports.split(";"):
            assert row.other in reports.loc[name, row.field].split(";")
            assert reports.loc[name, "incident_id"] == row.incident_id


def some_of(real_reports: pd.DataFrame, picks: list[int]) -> list[dict[str, str]]:
    rows = real_reports.iloc[sorted(set(picks))]
    return rows.to_dict("records")  # type: ignore[return-value]


REPORTS = real("reports")
SOURCES = real("sources").set_index("source_id", drop=False)
PICKS = st.lists(st.integers(0, len(REPORTS) - 1), min_size=1, max_size=40)


def folders(rows: list[dict[str, str]], rulings: list[dict[str, str]], shuffle: random.Random) -> Iterator[Path]:
    """Yield the same sheets twice, the second time with their rows in another order."""
    told = SOURCES.loc[sorted({row["source_id"] for row in rows})].to_dict("records")
    for _ in range(2):
        with tempfile.TemporaryDirectory() as place:
            yield write(Path(place), rows, rulings, sources=told)
        for content in (rows, rulings, told):
            shuffle.shuffle(content)


def conserved_in_any_order(picks: list[int], shuffle: random.Random, data: st.DataObject) -> None:
    """Clean some real reports under drawn rulings, twice, the rows in another order the second time."""
    rows = some_of(REPORTS, picks)
    keys = sorted({row["incident_key"] for row in rows})
    rulings = []
    for number, key in enumerate(keys[1:]):
        action = data.draw(st.sampled_from(["", "", "merge", "set_aside", "redate"]))
        into = data.draw(st.sampled_from(keys[: number + 1]))
        if action == "merge" and not any(r["incident_key"] == into and r["action"] == "set_aside" for r in rulings):
            rulings.append(decide(number, "merge", incident_key=key, into=into))
        elif action in ("set_aside", "redate"):
            value = "2024-01-01" if action == "redate" else ""
            rulings.append(decide(number, action, incident_key=key, value=value))
    found = []
    for folder in folders(rows, rulings, shuffle):
        tables = pipeline.clean(folder, REFERENCE).tables
        conserved(tables, {row["report_id"] for row in rows})
        found.append(tables)
    for name in ("incidents", "reports", "reconciled", "conflicts", "set_aside", "suspects", "sources"):
        pd.testing.assert_frame_equal(found[0][name], found[1][name])


ORDERS = st.randoms(use_true_random=False)


@given(PICKS, ORDERS, st.data())
@settings(max_examples=2, deadline=None)
def test_generated_reports_are_conserved_in_any_order(
    picks: list[int], shuffle: random.Random, data: st.DataObject
) -> None:
    conserved_in_any_order(picks, shuffle, data)


@pytest.mark.soak
@given(PICKS, ORDERS, st.data())
@settings(max_examples=200, deadline=None)
def test_many_generated_reports_are_conserved_in_any_order(
    picks: list[int], shuffle: random.Random, data: st.DataObject
) -> None:
    conserved_in_any_order(picks, shuffle, data)


def rewritten(folder: Path) -> pipeline.Clean:
    """Write the real sheets, as normalised, into `folder`; return them as cleaned before."""
    for name, frame in read_and_check(CODED_DIR, REFERENCE).frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return real_clean()


def test_clean_tables_are_coded_sheets_again_and_cleaning_them_changes_nothing(tmp_path: Path) -> None:
    once = rewritten(tmp_path)
    for name in ("reports", "sources", "sites", "context"):
        clean_tables.write(once.tables[name], name, tmp_path)
        clean_tables.write_csv(name, tmp_path)
    again = pipeline.clean(tmp_path, REFERENCE)
    assert again.tables["cleaning_log"].empty
    for name in MADE:
        if name not in ("cleaning_log", "decisions"):  # nothing is left for a ruling to correct
            pd.testing.assert_frame_equal(again.tables[name], once.tables[name], obj=name)


@pytest.mark.parametrize("kept", ["only_sure", pytest.param("without_unsure", marks=pytest.mark.soak)])
def test_the_incidents_under_other_rulings_are_those_of_sheets_with_these_rulings_alone(
    tmp_path: Path, kept: str
) -> None:
    once, rulings = rewritten(tmp_path), real("decisions")
    joins = rulings["action"].isin(["merge", "set_aside"])
    undone = joins & ~rulings["confidence"].isin(pipeline.OTHER_RULINGS[kept])
    assert undone.any()
    rulings[~undone].to_csv(tmp_path / "decisions.csv", index=False)
    told = ruled(once.tables, kept).sort_values(["date", "incident_id"], ignore_index=True)
    pd.testing.assert_frame_equal(told, pipeline.clean(tmp_path, REFERENCE).tables["incidents"])


def test_one_report_of_one_source_is_enough_and_its_sheets_are_never_written(tmp_path: Path) -> None:
    folder = write(tmp_path, [report(1, weapons="Drones")])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tables = pipeline.clean(folder, REFERENCE).tables
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert tables["incidents"]["incident_id"].tolist() == [KEY]
    assert tables["conflicts"].empty
    facts = record(summary.FACTS, tables)
    assert facts["data.incidents"].value == 1
    assert "data.disputed_share" not in facts


def test_no_report_at_all_gives_empty_tables(tmp_path: Path) -> None:
    tables = pipeline.clean(write(tmp_path, []), REFERENCE).tables
    for name, table in tables.items():
        assert list(table.columns) == TABLES[name].column_names
    assert tables["incidents"].empty
    assert record(summary.FACTS, tables)["data.incidents"].value == 0
    assert list(summary.other_weapons(tables)["chosen"]) == []


def test_a_pair_is_suspected_and_joined_only_without_a_source_that_tells_both_and_none_is_set_aside(
    tmp_path: Path,
) -> None:
    vague = {"date_precision": "range", "date_earliest": "2024-01-04", "date_latest": "2024-01-05"}
    first, second, far, unlike = ("al-asad", "conoco", "erbil-airport", "victoria")
    there = {site: {"site_id": site, "country": "IQ"} for site in (first, far, unlike)}
    there[second] = {"site_id": second, "country": "SY"}
    rows = []
    for site in (first, second):
        rows += [report(len(rows) + n, key=f"2024-01-05-{site}-1", **there[site]) for n in (1, 2)]
        earlier = f"2024-01-04-{site}-1"
        rows.append(report(len(rows) + 1, key=earlier, date="2024-01-04", **there[site], **vague))
    rows.append(report(7, rows[-2]["source_id"], key=earlier, date="2024-01-04", **there[second], **vague))
    rows += [
        report(8, key=f"2024-01-05-{far}-1", **there[far]),
        report(9, key=f"2024-01-09-{far}-1", date="2024-01-09", **there[far]),
        report(11, key=f"2024-01-05-{unlike}-1", **there[unlike]),
        report(12, key=f"2024-01-05-{unlike}-2", weapons="mortar", **there[unlike]),
    ]
    tables = pipeline.clean(write(tmp_path, rows), REFERENCE).tables
    assert tables["suspects"][["incident_key", "other_key", "joined"]].to_numpy().tolist() == [
        [f"2024-01-04-{first}-1", f"2024-01-05-{first}-1", True],
        [f"2024-01-04-{second}-1", f"2024-01-05-{second}-1", False],
    ]
    assert (len(tables["incidents"]), len(tables["set_aside"])) == (8, 0), "no ruling, no report left out"


def test_the_rules_do_not_see_the_rulings_and_are_measured_against_them() -> None:
    tables = real_clean().tables
    against = review.measure(tables["suspects"], tables["decisions"])
    merges, aparts = (against[against["action"] == action] for action in ("merge", "apart"))
    assert len(merges) >= 30
    assert len(aparts) >= 90
    assert merges["suspected"].mean() > 0.8
    assert aparts["joined"].mean() < 0.05
    assert not (against["joined"] & ~against["suspected"]).any()
    table = summary.found_again(tables)
    assert table.loc["merge", "suspected"] == merges["suspected"].sum()


def test_near_points_are_measured_along_the_earth() -> None:
    sites = real_clean().tables["sites"]
    km = review.distances(sites)
    assert km.loc["al-harir", "erbil-airport"] == pytest.approx(50, abs=10)
    assert km.loc["qasrak", "tall-baydar"] == pytest.approx(8, abs=1.5)
    assert (km.to_numpy().diagonal() == 0).all()


def test_the_facts_count_what_is_linked_and_rest_on_the_incidents_they_name() -> None:
    tables = real_clean().tables
    facts = record(summary.FACTS, tables)
    incidents, reports = tables["incidents"], tables["reports"]
    assert facts["data.incidents"].incidents == tuple(incidents["incident_id"])
    linked = set(reports.loc[reports["incident_id"] != "", "source_id"])
    told = tables["sources"][tables["sources"]["source_id"].isin(linked)]
    assert (facts["data.sources"].value, facts["data.languages"].value) == (len(linked), told["language"].nunique())
    assert len(linked) < reports["source_id"].nunique() < len(tables["sources"]), "set-aside reports and others' pages"
    weapons = tables["conflicts"].query("field == 'weapons'")["incident_id"]
    assert set(facts["data.conflict_share.weapons"].incidents) == set(weapons)


def test_every_source_has_a_family() -> None:
    sources = real("sources")
    found = families(sources, read_houses(REFERENCE))
    assert (found != "").all()
    assert found.nunique() < sources["outlet"].nunique()


def test_the_figure_is_drawn_from_the_tables(tmp_path: Path) -> None:
    tables, p = real_clean().tables, Parameters()
    facts = record(summary.FACTS, tables)
    figures.sources(tables, p, facts, tmp_path)
    shown = pd.read_csv(tmp_path / "sources.csv")
    assert shown["what"].eq("incidents by origins").sum() == figures.MOST
