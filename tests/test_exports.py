"""What other tools make of the data: DuckDB, SQLite, Datasette and GeoPandas each read it as the README says."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import ROOT

from helpers import tables
from helpers.cleaning.schemas import TABLES
from helpers.explorer import sqlite

FOLDER = ROOT / "data" / "clean"
COMMANDS = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    return tables.read("incidents")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite.export(FOLDER, tmp_path_factory.mktemp("sqlite") / "incidents.db")


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        yield opened


def test_duckdb_reads_the_parquet(incidents: pd.DataFrame) -> None:
    query = (
        f"SELECT country, count(*), sum(us_injured_best) FROM '{FOLDER}/incidents.parquet' GROUP BY ALL ORDER BY ALL"
    )
    wanted = incidents.groupby("country")["us_injured_best"].agg(["size", lambda cells: cells.sum(min_count=1)])
    found = duckdb.sql(query).fetchall()
    assert [(country, n, total) for country, n, total in found] == [
        (country, n, None if pd.isna(total) else total) for country, n, total in wanted.itertuples()
    ]


def test_the_commands_of_the_readme_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert COMMANDS, "the README shows how to ask DuckDB"
    for command in COMMANDS:
        assert duckdb.sql(command).fetchall()


def test_every_table_is_there_whole(connection: sqlite3.Connection) -> None:
    for name in TABLES:
        if not (FOLDER / f"{name}.parquet").exists():
            continue
        frame = pd.read_parquet(FOLDER / f"{name}.parquet")
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
        assert set(columns) == set(TABLES[name].column_names) & set(frame.columns)
        assert connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() == (len(frame),)
        for column in set(columns):
            blank = frame[column].isna() | frame[column].astype(str).eq("")
            filled = f"SELECT count(*) FROM \"{name}\" WHERE coalesce(\"{column}\", '') <> ''"
            assert connection.execute(filled).fetchone() == (int((~blank).sum()),), (name, column)


def test_keys_hold(connection: sqlite3.Connection, incidents: pd.DataFrame) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    keys = [row[1] for row in connection.execute("PRAGMA table_info(incidents)") if row[5]]
    assert keys == ["incident_id"]
    links = {(row[2], row[3]) for row in connection.execute("PRAGMA foreign_key_list(reports)")}
    assert {("incidents", "incident_id"), ("sources", "source_id")} <= links
    pairs = sum(len(cell.split(";")) for cell in incidents["weapons"])
    assert connection.execute("SELECT count(*) FROM incident_weapons").fetchone() == (pairs,)
    plan = connection.execute("EXPLAIN QUERY PLAN SELECT * FROM incidents WHERE date > '2024-01-01'").fetchall()
    assert "USING INDEX" in plan[0][3]


def test_views_answer(connection: sqlite3.Connection, incidents: pd.DataFrame) -> None:
    weeks = pd.read_sql("SELECT * FROM weeks", connection)
    assert weeks["incidents"].sum() == len(incidents)
    mondays = incidents["date"] - pd.to_timedelta(incidents["date"].dt.weekday, unit="D")
    assert sorted(set(weeks["week"])) == sorted(set(mondays.dt.strftime("%Y-%m-%d")))
    joined = connection.execute("SELECT count(*), count(DISTINCT incident_id) FROM incident_reports").fetchone()
    assert joined == (int(incidents["n_reports"].sum()), len(incidents))
    found = connection.execute("SELECT count(*) FROM reports_fts WHERE reports_fts MATCH 'drone'").fetchone()[0]
    assert found > 100


def test_the_same_tables_give_the_same_file(database: Path, tmp_path: Path) -> None:
    again = sqlite.export(FOLDER, tmp_path / "incidents.db")
    assert again.read_bytes() == database.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["incidents-metadata.json", "incidents.db"]
    with pytest.raises(FileNotFoundError, match="incidents"):
        sqlite.export(str(tmp_path), tmp_path / "other.db")
    assert not (tmp_path / "other.db").exists()


def test_datasette_serves_it(database: Path, incidents: pd.DataFrame) -> None:
    from datasette.app import Datasette

    metadata = json.loads((database.parent / "incidents-metadata.json").read_text(encoding="utf-8"))
    served = Datasette([str(database)], metadata=metadata, settings={"num_sql_threads": 1})

    async def ask(*paths: str) -> list[Any]:
        await served.invoke_startup()
        answers = []
        for path in paths:
            answer = await served.client.get(path)
            assert answer.status_code == 200, (path, answer.text[:300])
            answers.append(answer.json() if ".json" in path else answer.text)
        return answers

    row = incidents["incident_id"].iloc[0]
    country, found, page, one = asyncio.run(
        ask(
            "/incidents/incidents.json?_facet=country&_shape=objects",
            "/incidents/reports.json?_search=drone&_shape=objects",
            "/incidents/incidents",
            f"/incidents/incidents/{row}",
        )
    )
    facets = {value["value"]: value["count"] for value in country["facet_results"]["country"]["results"]}
    assert facets == incidents["country"].value_counts().to_dict()
    assert found["filtered_table_rows_count"] > 100
    assert "One row an incident" in page
    assert (
        "Attacks on US and coalition forces in Iraq, Syria and Jordan, October 2023 to February 2024"
        in asyncio.run(ask("/"))[0]
    )
    assert row in one
    assert "reports" in one


def test_geopandas_reads_the_geojson(incidents: pd.DataFrame) -> None:
    import geopandas

    read = geopandas.read_file(FOLDER / "incidents.geojson")
    assert sorted(read["incident_id"]) == sorted(incidents["incident_id"])
    assert read.crs.to_epsg() == 4326
    placed = read[read.geometry.notna() & ~read.geometry.is_empty]
    assert len(placed) > 0.9 * len(read)
    here = incidents.set_index("incident_id").loc[placed["incident_id"]]
    assert placed.geometry.x.round(4).tolist() == here["longitude"].round(4).tolist()
    assert placed.geometry.y.round(4).tolist() == here["latitude"].round(4).tolist()
    assert placed.total_bounds[0] > 35
    assert placed.total_bounds[2] < 49
