"""The published forms of the clean tables: CSV and Parquet, GeoJSON, ACLED's columns, and a Frictionless Data Package.

The bytes depend on the tables alone. The types, descriptions, constraints and keys of ``datapackage.json`` are those of
the schemas, so that what is checked, what is told in the data dictionary and what is promised to others are one thing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cleaning import acled
from helpers.cleaning.datasheet import overview
from helpers.cleaning.reading import TEXT
from helpers.cleaning.schemas import Column, Sheet
from helpers.cleaning.schemas_published import TABLES
from helpers.paths import resolve
from helpers.tables import write

GEOJSON = "incidents.geojson"
PACKAGE = "datapackage.json"
README = "README.md"

#: Incidents that are turned into features at a time.
_CHUNK = 10_000

#: Incidents whose place is known no better than this get no point: a dot would claim what nobody said.
FINEST_WITHOUT_POINT = 3


def publish(tables: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write the clean `tables` (name -> frame) into `folder` in all published forms; return the files written.

    Needs at least ``incidents`` and ``sources``; a table that is left out is left out of the package too.

    Raises
    ------
    ValueError
        If a table is unknown or lacks a column of its schema.
    """
    target = resolve(folder)
    for name, frame in tables.items():
        _require(frame, _known(name))
    incidents, sources = (typed(tables[name], TABLES[name]) for name in ("incidents", "sources"))
    events = acled.export(incidents, sources)
    written, lengths = [], {}
    for name in [name for name in TABLES if name in tables or name == "acled"]:
        # one at a time, so that a long record is not held twice
        write(typed(events if name == "acled" else tables[name], TABLES[name]), name, target)
        written += [target / f"{name}.csv", target / f"{name}.parquet"]
        lengths[name] = len(events if name == "acled" else tables[name])
    written += [target / GEOJSON, target / PACKAGE, target / README]
    write_geojson(incidents, target / GEOJSON)
    descriptor = package(list(lengths), target, title(incidents["date"]))
    described = json.dumps(descriptor, ensure_ascii=False, allow_nan=False, indent=1)
    (target / PACKAGE).write_text(described + "\n", encoding="utf-8")
    (target / README).write_text(overview(incidents, sources, lengths), encoding="utf-8")
    return written


def _known(name: str) -> Sheet:
    if name not in TABLES:
        raise ValueError(f"{name}: no such table; known are {', '.join(TABLES)}")
    return TABLES[name]


def _require(frame: pd.DataFrame, sheet: Sheet) -> None:
    missing = [name for name in sheet.column_names if name not in frame.columns]
    if missing:
        raise ValueError(f"{sheet.name}: missing column {', '.join(missing)}")


def typed(frame: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """Return `frame` with the columns of `sheet` in order and of their types; a blank text is "", other blanks missing.

    Raises
    ------
    ValueError
        If a column is missing, or a whole number or truth value that must be there is blank.
    """
    _require(frame, sheet)
    for column in sheet.columns:
        if (
            column.required
            and column.type in ("integer", "boolean")
            and (blank := int(frame[column.name].isna().sum()))
        ):
            raise ValueError(f"{sheet.name}: {column.name} is blank in {blank} rows, and must not be")
    columns = {column.name: _typed(frame[column.name], column).reset_index(drop=True) for column in sheet.columns}
    return pd.DataFrame(columns, columns=sheet.column_names, copy=False)


def _typed(cells: pd.Series, column: Column) -> pd.Series:
    """Return `cells` in the column's type; numbers and days may come as text with "" for a blank."""
    if column.type == "string":
        if isinstance(cells.dtype, pd.StringDtype):
            return cells.astype(TEXT).fillna("")
        return cells.astype(object).where(cells.notna(), "").map(str).astype(TEXT)
    if pd.api.types.is_string_dtype(cells) or cells.dtype == object:
        cells = cells.astype(object).mask(cells.isna() | (cells == ""), None)
    if column.type == "date":
        return pd.to_datetime(cells, format="%Y-%m-%d" if cells.dtype == object else None).astype("datetime64[ns]")
    if column.type == "boolean":
        return cells.map(lambda cell: cell in (True, "true", "True")).astype(bool)
    numbers = pd.to_numeric(cells)
    if column.type == "integer":
        return numbers.astype("int64") if column.required else numbers.astype("Int64")
    return numbers.astype("float64")


def write_geojson(incidents: pd.DataFrame, path: Path) -> None:
    """Write the `incidents` as a GeoJSON FeatureCollection (RFC 7946), one feature and line each, in their order.

    Places of precision 3 (a governorate or country only) have null geometry. Days are text, blanks null.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for start in range(0, len(incidents), _CHUNK):
            for number, row in enumerate(
                incidents.iloc[start : start + _CHUNK].astype(object).to_dict("records"), start
            ):
                written = json.dumps(_feature(row), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                file.write((",\n" if number else "\n") + written)
        file.write("\n]}\n")


def _feature(row: Mapping[Any, Any]) -> dict[str, Any]:
    unknown = pd.isna(row["latitude"]) or pd.isna(row["longitude"]) or row["place_precision"] >= FINEST_WITHOUT_POINT
    point = None if unknown else [round(float(row["longitude"]), 6), round(float(row["latitude"]), 6)]
    return {
        "type": "Feature",
        "id": row["incident_id"],
        "geometry": None if point is None else {"type": "Point", "coordinates": point},
        "properties": {str(name): _plain(value) for name, value in row.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value or None
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value


def title(days: pd.Series) -> str:
    """Return what a record of incidents on `days` is called, with its first and last month."""
    what = "Attacks on US and coalition forces in Iraq, Syria and Jordan"
    known = days.dropna()
    return what if known.empty else f"{what}, {known.min():%B %Y} to {known.max():%B %Y}"


def package(names: list[str], folder: Path, title: str) -> dict[str, Any]:
    """Return the descriptor of the Data Package of the tables `names`, whose CSV files stand in `folder`."""
    resources = [_resource(TABLES[name], names, folder) for name in TABLES if name in names]
    path = folder / GEOJSON
    resources.append(
        {
            "name": "incidents-geojson",
            "path": GEOJSON,
            "title": "Incidents on a map",
            "description": f"The incidents as GeoJSON (RFC 7946); null geometry where no site is known. {_PARQUET}",
            "format": "geojson",
            "mediatype": "application/geo+json",
            "encoding": "utf-8",
            **_fingerprint(path),
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
        "keywords": ["conflict events", "Iraq", "Syria", "Jordan", "drones", "rockets", "ballistic missiles"],
        "resources": resources,
    }


_PARQUET = "Each table also stands beside as Parquet under the same name."


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
    content = path.read_bytes()
    return {"bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}


def table_schema(sheet: Sheet, names: list[str]) -> dict[str, Any]:
    """Return the Table Schema of `sheet`, with foreign keys to those of the tables `names` that it points to.

    A foreign key that lets other values through besides (a site may be ``other``) cannot be told in Table Schema and
    stands in the description of its column alone.
    """
    schema: dict[str, Any] = {"fields": [_field(column) for column in sheet.columns], "missingValues": [""]}
    if sheet.key and all(sheet.column(name).required for name in sheet.key):
        schema["primaryKey"] = list(sheet.key)
    keys = [
        {"fields": [key.column], "reference": {"resource": key.sheet, "fields": [key.to]}}
        for key in sheet.foreign_keys
        if key.sheet in names and not key.also
    ]
    return schema | ({"foreignKeys": keys} if keys else {})


def _field(column: Column) -> dict[str, Any]:
    """Return a field of a Table Schema. Several values in one cell are told by a pattern."""
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.vocabulary and column.separator:
        word = "(?:" + "|".join(column.vocabulary) + ")"
        constraints["pattern"] = f"{word}(?:{column.separator}{word})*"
    elif column.vocabulary:
        constraints["enum"] = list(column.vocabulary)
    elif column.pattern:
        constraints["pattern"] = f"(?:{column.pattern})"
    for name, bound in (("minimum", column.minimum), ("maximum", column.maximum)):
        if bound is not None:
            constraints[name] = int(bound) if column.type == "integer" else bound
    field: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.description}
    return field | ({"constraints": constraints} if constraints else {})
