"""The clean tables as one SQLite file that Datasette serves as it is, and that any SQL tool reads.

Keys, types and descriptions come from the tables' schemas, where each column is described once; the views stand in
``views.sql``. Cells that hold several values joined by a sign are kept as they are and told apart in tables of their
own (`incident_weapons`, `incident_sources`), so that they can be joined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pandas as pd
from sqlite_utils import Database

from helpers import vocabulary
from helpers.cleaning.publish import title
from helpers.cleaning.schemas import TABLES
from helpers.tables import read, records

_TYPES = {"string": str, "date": str, "integer": int, "number": float, "boolean": int}

#: Columns that readers filter and join by, beside the keys.
_INDEXED = {
    "incidents": ("date", "country", "site_id", "top_weapon", "confirmation"),
    "reports": ("incident_id", "source_id", "date"),
    "conflicts": ("incident_id", "field"),
    "official_counts": ("as_of", "source_id"),
    "responses": ("date",),
}

#: Columns of the reports in which full-text search looks; Datasette finds it and offers a search box.
_SEARCHED = ("report_id", "place_as_reported", "weapon_as_reported", "attributed_to", "note")

Frames = Mapping[str, pd.DataFrame]


def _views() -> list[tuple[str, str, str]]:
    """Return name, meaning and query of each view."""
    text = (Path(__file__).parent / "views.sql").read_text(encoding="utf-8")
    return re.findall(r"^-- (\w+): (.+)\n([^;]+);", text, flags=re.MULTILINE)


def _rows(frame: pd.DataFrame, key: Iterable[str]) -> Iterable[dict[str, Any]]:
    """Yield the rows of `frame` with blanks as NULL; in the `key`, where SQL allows none, as empty text."""
    blank = dict.fromkeys(key, "")
    for row in records(frame):
        cells = {name: str(value) if isinstance(value, date) else value for name, value in row._asdict().items()}
        yield {name: blank.get(name) if value in (None, "") else value for name, value in cells.items()}


def _add(database: Database, name: str, frames: Frames) -> None:
    """Create and fill the table `name` with the columns that its schema and its frame share."""
    sheet = TABLES[name]
    types = {column.name: _TYPES[column.type] for column in sheet.columns if column.name in frames[name].columns}
    frame = frames[name][list(types)]
    key = tuple(sheet.key) if set(sheet.key) <= set(types) else ()
    if key and frame.duplicated(list(key)).any():
        key = ()
    links = [
        (link.column, link.sheet, link.to)
        for link in sheet.foreign_keys
        if link.column in types and link.sheet in frames and not link.also
    ]
    made = database.table(name).create(types, pk=key or None, foreign_keys=links)
    made.insert_all(_rows(frame, key))
    for column in (column for column in _INDEXED.get(name, ()) if column in types):
        made.create_index([column], f"{name}_{column}")


def _add_parts(database: Database, frames: Frames) -> None:
    """Create the tables that tell apart the incidents' cells of several values."""
    known = {
        "weapons": ("weapon", set(vocabulary.weapons())),
        "sources": ("source_id", set(frames["sources"]["source_id"])),
    }
    for other, (part, codes) in known.items():
        pairs = frames["incidents"].set_index("incident_id")[other].map(vocabulary.split).explode()
        made = database.table(f"incident_{other}").create(
            {"incident_id": str, part: str},
            pk=("incident_id", part),
            foreign_keys=[("incident_id", "incidents", "incident_id"), (part, other, part)],
        )
        kept = pairs[pairs.isin(codes)].rename(part).reset_index().drop_duplicates()
        made.insert_all({"incident_id": name, part: code} for name, code in kept.itertuples(index=False))
        made.create_index([part], f"incident_{other}_{part}")


def _order(frames: Frames) -> Iterable[str]:
    """Return the names of the tables, each after those that its keys lead to."""
    links = {name: [link.sheet for link in TABLES[name].foreign_keys if link.sheet in frames] for name in frames}
    return TopologicalSorter(links).static_order()


def export(clean_dir: str | Path, path: str | Path) -> Path:
    """Write the clean tables in `clean_dir` to the SQLite file `path`, with Datasette's metadata beside it.

    A relative `path` counts from the working folder, as on the command line.

    The metadata (``NAME-metadata.json``: what each table and column means) is read by
    ``datasette NAME.db -m NAME-metadata.json``. The same tables give the same bytes (with one version of SQLite). The
    file appears whole or not at all.

    Raises
    ------
    FileNotFoundError
        If a table is missing in `clean_dir`.
    """
    target = Path(path).expanduser().absolute()
    frames = {name: read(name, clean_dir) for name in TABLES}
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    unfinished.unlink(missing_ok=True)
    database = Database(unfinished)
    with closing(database.conn):
        words = ({"weapon": w.code, "rung": w.rung, "label": w.label} for w in vocabulary.weapons().values())
        database.table("weapons").create({"weapon": str, "rung": int, "label": str}, pk="weapon").insert_all(words)
        for name in _order(frames):
            _add(database, name, frames)
        _add_parts(database, frames)
        database.table("reports").enable_fts(_SEARCHED, tokenize="unicode61")
        for name, _, query in _views():
            database.create_view(name, query)
        database.vacuum()
    unfinished.replace(target)
    text = json.dumps(metadata(target.stem, frames), ensure_ascii=False, indent=1)
    target.with_name(f"{target.stem}-metadata.json").write_text(text + "\n", encoding="utf-8")
    return target


def metadata(database: str, tables: Frames) -> dict[str, Any]:
    """Return Datasette's metadata for `tables` in the file `database`: titles and columns."""
    described: dict[str, Any] = {
        name: {
            "description": TABLES[name].description,
            "columns": {column.name: column.description for column in TABLES[name].columns},
        }
        for name in tables
    }
    facets = {"incidents": ["country", "top_weapon", "confirmation", "site_id"], "reports": ["confirmation", "country"]}
    for name, columns in facets.items():
        described[name]["facets"] = columns
    described["incidents"] |= {"sort": "date", "label_column": "incident_id"}
    described |= {name: {"description": words} for name, words, _ in _views()}
    return {"title": title(tables["incidents"]["date"]), "databases": {database: {"tables": described}}}
