"""The clean tables as one SQLite file that Datasette serves as it is, and that any SQL tool reads.

Keys, types and descriptions come from `helpers.cleaning.schemas_clean`, where each column is described once. Cells that
hold several values joined by a sign are kept as they are and told apart in tables of their own (`incident_weapons`,
`incident_sources`), so that they can be joined.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import vocabulary
from helpers.cleaning.publish import title
from helpers.cleaning.schemas import Sheet
from helpers.cleaning.schemas_clean import CLEAN
from helpers.explorer.payload import cell, table
from helpers.paths import resolve

_TYPES = {"string": "TEXT", "date": "TEXT", "integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}

#: Columns that readers filter and join by, beside the keys.
_INDEXED = {
    "incidents": ("date", "country", "site_id", "top_weapon", "confirmation"),
    "reports": ("incident_id", "source_id", "date"),
    "conflicts": ("incident_id", "field"),
    "official_counts": ("as_of", "source_id"),
    "responses": ("date",),
}

#: name -> (what it shows, query); a view is left out where a table that it needs has not been built.
_VIEWS = {
    "incident_reports": (
        "Each report beside the incident that it is linked to, with outlet, title and address of its source",
        ("incidents", "reports", "sources"),
        "SELECT i.incident_id, i.date AS incident_date, i.site_name, i.country, r.report_id, r.date AS report_date, "
        "r.weapon_as_reported, r.place_as_reported, r.us_injured_low, r.us_injured_high, r.confirmation, s.outlet, "
        "s.title, s.url, s.published FROM incidents i JOIN reports r USING (incident_id) "
        "JOIN sources s USING (source_id) "
        "ORDER BY i.date, i.incident_id, r.report_id",
    ),
    "weeks": (
        "Incidents by week (from its Monday) and heaviest weapon",
        ("incidents",),
        "SELECT date(date, '-6 days', 'weekday 1') AS week, top_weapon, count(*) AS incidents, "
        "sum(us_killed) AS us_killed, sum(us_injured_best) AS us_injured FROM incidents GROUP BY week, top_weapon "
        "ORDER BY week, top_weapon",
    ),
    "sites_attacked": (
        "Sites with their incidents, first and last day",
        ("incidents",),
        "SELECT site_id, site_name, country, latitude, longitude, count(*) AS incidents, min(date) AS first, "
        "max(date) AS last, sum(confirmation = 'us_official') AS confirmed_by_us_official FROM incidents "
        "GROUP BY site_id ORDER BY incidents DESC, site_id",
    ),
    "disagreements": (
        "Fields on which reports disagree, by how many incidents",
        ("conflicts",),
        "SELECT field, count(DISTINCT incident_id) AS incidents, count(*) AS other_values FROM conflicts "
        "GROUP BY field ORDER BY incidents DESC, field",
    ),
}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _value(value: Any) -> Any:
    plain = cell(value)
    return int(plain) if isinstance(plain, bool) else plain


def _create(connection: sqlite3.Connection, sheet: Sheet, frame: pd.DataFrame, present: Iterable[str]) -> None:
    """Create and fill the table of `sheet` with the columns that `frame` has."""
    columns = [column for column in sheet.columns if column.name in frame.columns]
    names = [column.name for column in columns]
    key = sheet.key if set(sheet.key) <= set(names) else ()
    if key and frame.duplicated(list(key)).any():
        key = ()
    lines = [f"{_quoted(column.name)} {_TYPES[column.type]}" for column in columns]
    if key:
        lines.append(f"PRIMARY KEY ({', '.join(map(_quoted, key))})")
    for link in sheet.foreign_keys:
        if link.column in names and link.sheet in present and not link.also:
            lines.append(f"FOREIGN KEY ({_quoted(link.column)}) REFERENCES {_quoted(link.sheet)} ({_quoted(link.to)})")
    connection.execute(f"CREATE TABLE {_quoted(sheet.name)} (\n  " + ",\n  ".join(lines) + "\n)")
    rows = frame[names].astype(object).itertuples(index=False, name=None)
    blank = set(key)
    connection.executemany(
        f"INSERT INTO {_quoted(sheet.name)} VALUES ({', '.join('?' * len(names))})",
        (
            tuple(
                "" if plain is None and name in blank else plain
                for name, plain in zip(names, map(_value, row), strict=True)
            )
            for row in rows
        ),
    )
    for column in _INDEXED.get(sheet.name, ()):
        if column in names:
            connection.execute(
                f"CREATE INDEX {_quoted(f'{sheet.name}_{column}')} ON {_quoted(sheet.name)} ({_quoted(column)})"
            )


def _create_words(connection: sqlite3.Connection) -> None:
    """Create the tables of codes and words (weapons, confirmation)."""
    connection.execute("CREATE TABLE weapons (weapon TEXT PRIMARY KEY, rung INTEGER, label TEXT)")
    connection.executemany(
        "INSERT INTO weapons VALUES (?, ?, ?)",
        [(weapon.code, weapon.rung, weapon.label) for weapon in vocabulary.weapons().values()],
    )


def _create_parts(connection: sqlite3.Connection, incidents: pd.DataFrame, sources: set[str]) -> None:
    """Create the tables that tell apart cells of several values."""
    for name, column, part, words in (
        ("incident_weapons", "weapons", "weapon", "weapons"),
        ("incident_sources", "sources", "source_id", "sources"),
    ):
        connection.execute(
            f"CREATE TABLE {name} (incident_id TEXT REFERENCES incidents (incident_id), {part} TEXT "
            f"REFERENCES {words} ({part}), PRIMARY KEY (incident_id, {part}))"
        )
        pairs = [
            (row.incident_id, code)
            for row in incidents.itertuples(index=False)
            for code in dict.fromkeys(vocabulary.split(getattr(row, column)))
            if part != "source_id" or code in sources
        ]
        connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", pairs)
        connection.execute(f"CREATE INDEX {name}_{part} ON {name} ({part})")


def _create_search(connection: sqlite3.Connection) -> None:
    """Create full-text search over reports, which Datasette finds by itself and offers as a search box."""
    fields = "report_id, place_as_reported, weapon_as_reported, attributed_to, note"
    connection.execute(
        f"CREATE VIRTUAL TABLE reports_fts USING fts5({fields}, content='reports', tokenize='unicode61')"
    )
    connection.execute(f"INSERT INTO reports_fts (rowid, {fields}) SELECT rowid, {fields} FROM reports")


def export(clean_dir: str | Path, path: str | Path) -> Path:
    """Write the clean tables in `clean_dir` to the SQLite file `path`, with Datasette's metadata beside it.

    A relative `path` counts from the working folder, as on the command line.

    The metadata (``NAME-metadata.json``: what each table and column means) is read by
    ``datasette NAME.db -m NAME-metadata.json``. A table that has not been built is left out. The same tables give the
    same bytes (with one version of SQLite). The file appears whole or not at all.

    Raises
    ------
    FileNotFoundError
        If there are no incidents in `clean_dir`.
    """
    target = Path(path).expanduser().absolute()
    frames = {name: frame for name in CLEAN if (frame := table(name, clean_dir)) is not None}
    if "incidents" not in frames:
        raise FileNotFoundError(
            f"{resolve(clean_dir) / 'incidents.parquet'} is missing: run notebooks/01_clean.ipynb first"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        with connection:
            _create_words(connection)
            for name, frame in frames.items():
                _create(connection, CLEAN[name], frame, frames)
            known = set(frames["sources"]["source_id"]) if "sources" in frames else set()
            _create_parts(connection, frames["incidents"], known)
            if "reports" in frames:
                _create_search(connection)
            for name, (_, needed, query) in _VIEWS.items():
                if set(needed) <= set(frames):
                    connection.execute(f"CREATE VIEW {name} AS {query}")
        connection.execute("VACUUM")
    unfinished.replace(target)
    beside = target.with_name(f"{target.stem}-metadata.json")
    text = json.dumps(metadata(target.stem, frames), ensure_ascii=False, indent=1)
    beside.write_text(text + "\n", encoding="utf-8")
    return target


def metadata(database: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return Datasette's metadata for `tables` (incidents among them) in the file `database`: titles and columns."""
    described: dict[str, Any] = {
        name: {
            "description": CLEAN[name].description,
            "columns": {column.name: column.description for column in CLEAN[name].columns},
        }
        for name in tables
    }
    described["incidents"] |= {
        "sort": "date",
        "facets": ["country", "top_weapon", "confirmation", "site_id"],
        "label_column": "incident_id",
    }
    if "reports" in described:
        described["reports"]["facets"] = ["confirmation", "country"]
    described |= {
        name: {"description": words} for name, (words, needed, _) in _VIEWS.items() if set(needed) <= set(tables)
    }
    return {"title": title(tables["incidents"]["date"]), "databases": {database: {"tables": described}}}
