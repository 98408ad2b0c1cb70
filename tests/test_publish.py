"""The published forms as outsiders read them: frictionless, geopandas, DuckDB, a spreadsheet; and the publish."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import duckdb
import frictionless
import geopandas
import pandas as pd
import pytest
from conftest import ROOT
from sheets import real_clean, report, write

from helpers.cleaning import acled, pipeline, publish, reliability
from helpers.cleaning.schemas import CODED, TABLES
from helpers.tables import FORMULA_SIGNS

README = (ROOT / "data/README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    codings = reliability.codings(ROOT / "data/coded", ROOT / "data/reference")
    measured = reliability.measure(*codings, seed=1, resamples=99)
    return real_clean().tables | reliability.tables(measured)


def published(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    publish.store(tables, folder)
    publish.publish(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published(tables, tmp_path_factory.mktemp("clean"))


def faults(folder: Path) -> list[str]:
    report = frictionless.validate(str(folder / publish.PACKAGE))
    return [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors] + [
        error.message for error in report.errors
    ]


def test_frictionless_finds_the_package_valid(folder: Path) -> None:
    assert faults(folder) == []


def test_frictionless_finds_what_breaks_the_schemas(folder: Path, tmp_path: Path) -> None:
    """The package promises something: a wrong word, a lost key, a doubled id and a changed byte are all found."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    path = broken / "incidents.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    head = rows[0]
    rows[1][head.index("confirmation")] = "somebody"
    rows[2][head.index("weapons")] = "rocket;stone"
    rows[3][head.index("date")] = "20/10/2023"
    rows[4][head.index("n_reports")] = "0"
    rows[6] = rows[5]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    sites = broken / "sites.csv"
    sites.write_text(sites.read_text(encoding="utf-8").replace("Anbar", "Ambar"), encoding="utf-8")
    told = " ".join(faults(broken))
    for sign in ("somebody", "rocket;stone", "20/10/2023", "minimum", "primary key", "foreign", "hash"):
        assert sign in told.lower(), sign


def test_every_table_has_the_columns_of_its_schema_in_both_forms(folder: Path) -> None:
    package = json.loads((folder / publish.PACKAGE).read_text(encoding="utf-8"))
    names = [resource["name"] for resource in package["resources"] if resource["format"] == "csv"]
    assert set(names) <= set(TABLES)
    for name in names:
        people = pd.read_csv(folder / f"{name}.csv", nrows=0).columns.tolist()
        assert people == TABLES[name].column_names == pd.read_parquet(folder / f"{name}.parquet").columns.tolist()


def test_the_bytes_depend_on_the_tables_alone(folder: Path, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    turned = dict(reversed(tables.items()))
    published(turned, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in folder.iterdir())
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_publishing_what_is_published_changes_nothing(folder: Path, tmp_path: Path) -> None:
    names = {path.stem for path in folder.glob("*.parquet")} - {"acled"}
    published({name: pd.read_parquet(folder / f"{name}.parquet") for name in names}, tmp_path)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_geopandas_reads_the_incidents_as_points(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    incidents = tables["incidents"].set_index("incident_id")
    frame = geopandas.read_file(folder / publish.GEOJSON).set_index("incident_id").loc[incidents.index]
    assert frame.crs.to_epsg() == 4326
    nowhere = (incidents["place_precision"] == 3) | incidents["latitude"].isna()
    assert frame.geometry.isna().tolist() == nowhere.tolist()
    placed = frame[~nowhere]
    assert placed.geometry.y.to_numpy() == pytest.approx(incidents.loc[~nowhere, "latitude"].to_numpy(float))
    assert placed.geometry.x.to_numpy() == pytest.approx(incidents.loc[~nowhere, "longitude"].to_numpy(float))
    assert placed.geometry.x.between(38, 49).all()  # longitude first: Jordan to Iraq, not the sea
    assert placed.geometry.y.between(29, 38).all()


def test_geojson_keeps_to_its_standard(folder: Path) -> None:
    content = json.loads((folder / publish.GEOJSON).read_text(encoding="utf-8"))
    assert set(content) == {"type", "features"}  # RFC 7946 has no crs
    ids = [feature["id"] for feature in content["features"]]
    assert len(set(ids)) == len(ids)
    assert all(set(feature) == {"type", "id", "geometry", "properties"} for feature in content["features"])
    assert "" not in {value for feature in content["features"] for value in feature["properties"].values()}


def test_duckdb_answers_from_the_parquet_files(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    found = duckdb.sql(
        f"select count(*), min(date), sum(us_killed) from '{folder}/incidents.parquet' where country = 'SY'"
    ).fetchall()[0]
    syria = tables["incidents"][tables["incidents"]["country"] == "SY"]
    assert found[0] == len(syria)
    assert pd.Timestamp(found[1]) == syria["date"].min()
    assert found[2] == (syria["us_killed"].sum() if syria["us_killed"].notna().any() else None)
    joined = duckdb.sql(
        f"select count(*) from '{folder}/reports.parquet' r join '{folder}/incidents.parquet' i using (incident_id)"
    ).fetchall()
    assert joined == [((tables["reports"]["incident_id"] != "").sum(),)]


def test_hostile_text_leaves_the_package_valid_no_cell_of_a_csv_a_formula_and_the_text_in_parquet(
    tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    hostile = [f"{sign}HYPERLINK(1)" for sign in FORMULA_SIGNS] + ['=cmd|"/c calc"!A0']
    hostile += ['a "quoted", cell', "two\nlines", "عين الأسد\u200f", "</script>", "\u2028", "x" * 10_000, "a;b|c\t"]
    sources = tables["sources"].copy()
    sources["title"] = [hostile[n % len(hostile)] for n in range(len(sources))]
    reports = tables["reports"].copy()
    reports["note"] = hostile[0]
    published(tables | {"sources": sources, "reports": reports}, tmp_path)
    for path in sorted(tmp_path.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        risky = {cell for cell in cells if cell.startswith(FORMULA_SIGNS) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)}
        assert not risky, path.name
    kept = pd.read_parquet(tmp_path / "sources.parquet")
    assert kept.sort_values("source_id")["title"].tolist() == sources.sort_values("source_id")["title"].tolist()
    assert faults(tmp_path) == []


def test_no_incidents_at_all_still_publishes(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    published({name: frame.iloc[:0] for name, frame in tables.items()}, tmp_path)
    assert faults(tmp_path) == []
    assert json.loads((tmp_path / publish.GEOJSON).read_text())["features"] == []


def test_a_table_that_is_not_what_its_schema_says_is_refused(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such table"):
        publish.store(tables | {"gossip": tables["forces"]}, tmp_path)
    with pytest.raises(ValueError, match="incidents: missing column weapons"):
        publish.store(tables | {"incidents": tables["incidents"].drop(columns="weapons")}, tmp_path)
    assert not any(tmp_path.iterdir())
    counted = tables["incidents"].astype({"n_reports": "Int64"})
    counted.loc[0, "n_reports"] = pd.NA
    with pytest.raises(ValueError, match="incidents: n_reports is blank in 1 rows"):
        publish.typed(counted, TABLES["incidents"])


def test_the_acled_export_says_what_the_incidents_say(tables: dict[str, pd.DataFrame]) -> None:
    incidents = tables["incidents"]
    events = acled.export(incidents, tables["sources"])
    assert events.columns.tolist() == TABLES["acled"].column_names
    assert events["event_id_cnty"].tolist() == incidents["incident_id"].tolist()
    drones = events["sub_event_type"] == "Air/drone strike"
    assert drones.tolist() == (incidents["top_weapon"] == "one_way_drone").tolist()
    unsaid = incidents["us_killed"].isna() & incidents["partner_killed"].isna()
    assert events["fatalities"].isna().tolist() == unsaid.tolist()  # never a nought that nobody said
    told = incidents[["us_killed", "partner_killed"]].fillna(0).sum().sum()
    assert events["fatalities"].fillna(0).sum() == told
    unclaimed = incidents["claimed_by"].isin(["", "none"]).to_numpy()
    assert events.loc[unclaimed, "actor1"].str.startswith("Unidentified Armed Group (").all()


def test_the_data_dictionary_is_in_step_with_the_schemas() -> None:
    written = publish.with_dictionary(README, publish.dictionary())
    assert written == README, "run `make dictionary`"
    for sheet in (*CODED.values(), *TABLES.values()):
        assert f"#### {sheet.name}\n" in README
    with pytest.raises(ValueError, match="needs the lines"):
        publish.with_dictionary("no marks", "")


def test_the_datasheet_answers_each_part_and_holds_no_count() -> None:
    for part in ("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution", "Maintenance"):
        assert f"\n## {part}\n" in README
    prose = README.split("## How to add")[0]
    assert not re.findall(r"\b\d[\d,]* (?:reports|incidents|sources|attacks|rows)\b", prose)


def test_the_numbers_beside_the_data_are_those_of_the_data(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    text = (folder / publish.README).read_text(encoding="utf-8")
    for name, frame in tables.items():
        assert f"| `{name}` | {len(frame):,} |" in text
    syria = (tables["incidents"]["country"] == "SY").sum()
    assert f"| Syria | {syria:,} (" in text


def example(name: str) -> str:
    """Return the rows, without header, of the datasheet's worked example for a sheet."""
    block = re.search(rf"<!-- example: {re.escape(name)} -->\n```csv\n(.*?)\n```", README, flags=re.DOTALL)
    assert block is not None, name
    header, rows = block.group(1).split("\n", 1)
    assert header.split(",") == CODED[name.removesuffix(".csv")].column_names
    return rows + "\n"


def test_the_worked_example_does_what_the_datasheet_says(tmp_path: Path) -> None:
    sheets = write(tmp_path, [report(1)])
    for name in ("sources.csv", "reports.csv"):
        with (sheets / name).open("a", encoding="utf-8") as file:
            file.write(example(name))
    added = pipeline.clean(sheets, ROOT / "data/reference").tables
    incident = added["incidents"].set_index("incident_id").loc["2024-01-02-al-asad-9"]
    assert (incident["top_weapon"], incident["munitions_best"], incident["confirmation"]) == (
        "one_way_drone",
        2,
        "us_official",
    )
    before = (sheets / "reports.csv").read_bytes()
    with (sheets / "decisions.csv").open("a", encoding="utf-8") as file:
        file.write(example("decisions.csv"))
    ruled = pipeline.clean(sheets, ROOT / "data/reference").tables
    assert "2024-01-02-al-asad-9" not in set(ruled["incidents"]["incident_id"])
    aside = ruled["set_aside"].set_index("report_id").loc["example-2024-01-03-al-asad/1"]
    assert aside["decision_id"] == "example-2"
    log = ruled["cleaning_log"]
    changed = log[(log["column"] == "munitions_high") & (log["rule"].str.contains("example-1"))]
    assert changed[["before", "after"]].to_numpy().tolist() == [["2", "3"]]
    assert (sheets / "reports.csv").read_bytes() == before
