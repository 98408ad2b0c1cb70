"""The published forms of the clean tables: CSV and Parquet, GeoJSON, ACLED's columns, and a Frictionless Data Package.

The bytes depend on the tables alone, and all other forms are made of the Parquet files. The types, descriptions,
constraints and keys of ``datapackage.json`` and of the data dictionary are those of the schemas. The dictionary stands
in ``data/README.md`` between two marks, written by ``python -m helpers.cleaning.publish``; the numbers of a record
stand in the README of the clean folder, written with it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow.parquet import read_metadata

from helpers import words
from helpers.cleaning import acled
from helpers.cleaning.schemas import CODED, TABLES, Sheet, published, require, table_schema, typed
from helpers.paths import resolve
from helpers.tables import read, records, write, write_csv
from helpers.vocabulary import CONFIRMATION, COUNTRIES

GEOJSON = "incidents.geojson"
PACKAGE = "datapackage.json"
README = "README.md"

#: Incidents whose place is known no better than this get no point: a dot would claim what nobody said.
FINEST_WITHOUT_POINT = 3


def store(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> None:
    """Write the clean `tables` (name -> frame) into `folder` as Parquet, typed by their schemas.

    Raises
    ------
    ValueError
        If a table is unknown or lacks a column of its schema.
    """
    sheets = published()
    for name, frame in tables.items():
        if name not in sheets:
            raise ValueError(f"{name}: no such table; known are {', '.join(sheets)}")
        require(frame, sheets[name])
    for name, frame in tables.items():
        write(frame, name, folder, partial(typed, sheet=sheets[name]))


def publish(folder: str | Path) -> None:
    """Write the other published forms of the clean tables that `folder` holds as Parquet.

    Needs at least ``incidents`` and ``sources``; a table that is not there is left out of the package too.
    """
    target, sheets = resolve(folder), published()
    incidents, sources = (typed(read(name, target), sheets[name]) for name in ("incidents", "sources"))
    write(incidents, "acled", target, lambda part: typed(acled.export(part, sources), TABLES["acled"]))
    stored = {name: target / f"{name}.parquet" for name in sheets}
    lengths = {name: read_metadata(path).num_rows for name, path in stored.items() if path.exists()}
    for name in lengths:
        write_csv(name, target)
    write_geojson(incidents, target / GEOJSON)
    described = package(list(lengths), target, title(incidents["date"]))
    text = json.dumps(described, ensure_ascii=False, allow_nan=False, indent=1)
    (target / PACKAGE).write_text(text + "\n", encoding="utf-8")
    (target / README).write_text(overview(incidents, sources, lengths), encoding="utf-8")


def write_geojson(incidents: pd.DataFrame, path: Path) -> None:
    """Write the `incidents` as a GeoJSON FeatureCollection (RFC 7946), one feature and line each, in their order.

    Places of precision 3 (a governorate or country only) have null geometry. Days are text, blanks null.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for number, row in enumerate(records(incidents)):
            text = json.dumps(_feature(row), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            file.write((",\n" if number else "\n") + text)
        file.write("\n]}\n")


def _feature(row: Any) -> dict[str, Any]:
    known = None not in (row.latitude, row.longitude) and row.place_precision < FINEST_WITHOUT_POINT
    point = {"type": "Point", "coordinates": [round(row.longitude, 6), round(row.latitude, 6)]} if known else None
    cells = {name: value.isoformat() if isinstance(value, date) else value for name, value in row._asdict().items()}
    properties = {name: None if value == "" else value for name, value in cells.items()}
    return {"type": "Feature", "id": row.incident_id, "geometry": point, "properties": properties}


def title(days: pd.Series) -> str:
    """Return what a record of incidents on `days` is called, with its first and last month."""
    what = f"Attacks on US and coalition forces in {words.listing(COUNTRIES.values())}"
    known = days.dropna()
    return what if known.empty else f"{what}, {known.min():%B %Y} to {known.max():%B %Y}"


def package(names: list[str], folder: Path, title: str) -> dict[str, Any]:
    """Return the descriptor of the Data Package of the tables `names`, whose CSV files stand in `folder`."""
    resources = [_resource(sheet, names, folder) for name, sheet in published().items() if name in names]
    what = "The incidents as GeoJSON (RFC 7946); null geometry where no site is known."
    resources.append(
        {
            "name": "incidents-geojson",
            "path": GEOJSON,
            "title": "Incidents on a map",
            "description": f"{what} Each table also stands beside as Parquet under the same name.",
            "format": "geojson",
            "mediatype": "application/geo+json",
            "encoding": "utf-8",
            **_fingerprint(folder / GEOJSON),
        }
    )
    return {
        "profile": "data-package",
        "name": "escalation-brief",
        "title": title,
        "description": (
            "Incidents reconciled from reports that language models coded from the openings of stored pages, with all "
            "that the reconciliation rests on. How they were made, what is missing and how to correct them: "
            "data/README.md. No licence has been chosen. In the CSV files a cell that a spreadsheet would run as a "
            "formula starts with a quote (')."
        ),
        "keywords": ["conflict events", *COUNTRIES.values(), "drones", "rockets", "ballistic missiles"],
        "resources": resources,
    }


def _resource(sheet: Sheet, names: list[str], folder: Path) -> dict[str, Any]:
    path = folder / f"{sheet.name}.csv"
    return {
        "name": sheet.name,
        "path": path.name,
        "profile": "tabular-data-resource",
        "title": sheet.name.replace("_", " ").capitalize(),
        "description": sheet.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **_fingerprint(path),
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": table_schema(sheet, names),
    }


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "hash": f"sha256:{digest}"}


START = "<!-- dictionary: written by `python -m helpers.cleaning.publish`, from the schemas -->"
END = "<!-- end of the dictionary -->"


def dictionary() -> str:
    """Return the data dictionary as Markdown: a table for each coded sheet and each clean table."""
    parts = ["### Coded sheets (`data/coded/`)\n", *map(_described, CODED.values())]
    parts += ["### Clean tables (`data/clean/`, each as CSV and Parquet)\n", *map(_described, TABLES.values())]
    return "\n".join(parts).rstrip() + "\n"


def _described(sheet: Sheet) -> str:
    lines = [f"#### {sheet.name}", "", f"{sheet.description}.", ""]
    if sheet.key:
        lines += [f"Key: {', '.join(f'`{name}`' for name in sheet.key)}.", ""]
    for key in sheet.foreign_keys:
        also = f", or {', '.join(key.also)}" if key.also else ""
        lines += [f"`{key.column}` stands in `{key.sheet}`{also}.", ""]
    lines += ["| column | type | meaning | allowed |", "|---|---|---|---|"]
    for column in sheet.columns:
        allowed = column.rule if column.required else f"blank, or {column.rule}"
        cells = (f"`{column.name}`", column.type, column.description, allowed)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def with_dictionary(readme: str, text: str) -> str:
    """Return `readme` with what stands between the two marks replaced by `text` (ValueError if a mark is missing)."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the README needs the lines {START!r} and {END!r}")
    return f"{before}{START}\n\n{text}\n{END}{after}"


#: Columns of the incidents whose share of blanks or unknowns tells what the record does not say.
TELLING = (
    "time_local", "latitude", "target_type", "top_weapon", "munitions_best", "intercepted", "damage", "us_killed",
    "us_injured_best", "partner_killed", "partner_injured", "claimed_by", "attributed_to",
)  # fmt: skip


def overview(incidents: pd.DataFrame, sources: pd.DataFrame, lengths: Mapping[str, int]) -> str:
    """Return the README of a clean folder: its tables with their rows, what the record covers and what it leaves open.

    `lengths` has the rows of each table that is there; `incidents` and `sources` are typed.
    """
    lines = [
        "# Clean data", "",
        "Built by the notebooks `01_clean` and `01_publish`; how, and what each column means: `data/README.md`.", "",
        "| table | rows | one row is |", "|---|---:|---|",
    ]  # fmt: skip
    lines += [
        f"| `{name}` | {lengths[name]:,} | {sheet.description} |" for name, sheet in TABLES.items() if name in lengths
    ]
    files = "`incidents.geojson` has the incidents for maps; `datapackage.json` describes all tables for programs."
    lines += ["", files, ""]
    days = incidents["date"].dropna()
    if len(days):
        lines += [f"Incidents from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}.", ""]
    lines += _counts("Incidents by country", incidents["country"].map(COUNTRIES), "country")
    lines += _counts("Incidents by who confirms them", incidents["confirmation"].map(CONFIRMATION), "confirmed by")
    lines += _counts("Incidents by precision of the day", incidents["date_precision"], "precision")
    lines += _counts("Incidents by precision of the place", incidents["place_precision"].astype(str), "precision")
    lines += ["## What no source says", "", "| field | incidents without it |", "|---|---:|"]
    for column in TELLING:
        silent = incidents[column].isna() | incidents[column].astype(object).isin(["", "unknown"])
        lines.append(f"| `{column}` | {_of(int(silent.sum()), len(incidents))} |")
    lines += ["", *_counts("Sources by kind", sources["kind"], "kind")]
    lines += _counts("Sources by language", sources["language"], "language")
    return "\n".join(lines).rstrip() + "\n"


def _counts(title: str, cells: pd.Series, head: str) -> list[str]:
    counted = cells.fillna("not said").value_counts()
    ordered = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    rows = [f"| {name} | {_of(int(number), len(cells))} |" for name, number in ordered]
    return [f"## {title}", "", f"| {head} | number |", "|---|---:|", *rows, ""]


def _of(number: int, total: int) -> str:
    return f"{number:,} ({number / total:.0%})" if total else f"{number:,}"


if __name__ == "__main__":
    readme = resolve(sys.argv[1] if len(sys.argv) > 1 else "data/README.md")
    readme.write_text(with_dictionary(readme.read_text(encoding="utf-8"), dictionary()), encoding="utf-8")
