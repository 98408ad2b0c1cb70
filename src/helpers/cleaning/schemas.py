"""What a sheet or table holds: columns with type, words and bounds, as ``schemas/*.json`` of the reference folder say.

The files are Frictionless Table Schemas, one for each coded sheet (``coded.json``, from the codebook) and each clean
table (``clean.json``), with a few words more: a field's ``vocabulary`` names words that are listed elsewhere (weapons,
countries, confirmation), its ``separator`` divides several values in one cell, its ``allowed`` says in words what may
stand there; ``{"like": "reports"}`` takes over the fields of a coded sheet or of a table above; a foreign key's
``also`` names values that need not be found. Checks, data dictionary, data package and the SQLite export all read them
here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import pandas as pd

from helpers.vocabulary import CONFIRMATION, countries, reference_file, targets, weapons

#: Text columns of frames: Arrow's strings, which hold a million reports in little memory; missing is never used.
TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))

Type = Literal["string", "integer", "number", "date", "boolean"]

#: What may stand in a cell of each type, in words.
ALLOWED = {
    "date": "a day as YYYY-MM-DD",
    "integer": "a whole number, 0 or more",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
}


@dataclass(frozen=True)
class Column:
    """One column of a sheet or table.

    Attributes
    ----------
    name, type, description: as they stand in the data dictionary; a ``date`` is written YYYY-MM-DD.
    vocabulary: the words allowed, where there is one; words: the list that they come from, where they stand elsewhere.
    separator: the sign between several values in one cell; "" where a cell holds one value.
    allowed: what is allowed, in words, where neither type nor vocabulary says it.
    constraints: those of the file: required, pattern (of the whole cell), minimum and maximum (both included).
    """

    name: str
    type: Type
    description: str
    vocabulary: tuple[str, ...] = ()
    words: str = ""
    separator: str = ""
    allowed: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Whether a blank is a fault."""
        return bool(self.constraints.get("required"))

    @property
    def rule(self) -> str:
        """What is allowed in a cell, in words."""
        if self.allowed:
            return self.allowed
        if self.vocabulary:
            words = ", ".join(self.vocabulary)
            return f"one or more of {words}, joined by {self.separator}" if self.separator else f"one of {words}"
        return ALLOWED[self.type]


@dataclass(frozen=True)
class ForeignKey:
    """A column whose values must stand in another sheet's column; `also` names values that need not."""

    column: str
    sheet: str
    to: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet or table: its `name` (the file's, without ending), what a row is, columns in order, and keys."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def column_names(self) -> list[str]:
        """The columns' names in order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return the column called `name` (KeyError if there is none)."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def coded(reference_dir: str | None = None) -> dict[str, Sheet]:
    """Return the coded sheets by name, in the order in which faults are listed; by default of the folder in use."""
    return _read("coded.json", str(reference_file("weapons.csv", reference_dir)), reference_dir)


def published() -> dict[str, Sheet]:
    """Return the clean tables by name, in the order of the data dictionary, as the reference folder in use has them."""
    return _read("clean.json", str(reference_file("weapons.csv")), None)


@cache
def _read(name: str, _seen: str, reference_dir: str | None) -> dict[str, Sheet]:
    sheets = {} if name == "coded.json" else coded(reference_dir)
    content = json.loads(reference_file(f"schemas/{name}", reference_dir).read_text(encoding="utf-8"))
    words = {
        "weapons": tuple(weapons(reference_dir)),
        "countries": tuple(countries(reference_dir)),
        "country names": tuple(country.name for country in countries(reference_dir).values()),
        "targets": tuple(targets(reference_dir)),
        "confirmation": tuple(CONFIRMATION),
    }
    known = dict(sheets)
    found = {}
    for title, schema in content.items():
        columns: list[Column] = []
        for told in schema["fields"]:
            columns += _like(told, known) if "like" in told else [_column(told, words)]
        keys = []
        for key in schema.get("foreignKeys", ()):
            to = key["reference"]
            keys.append(ForeignKey(key["fields"][0], to["resource"], to["fields"][0], tuple(key.get("also", ()))))
        primary = tuple(schema.get("primaryKey", ()))
        found[title] = Sheet(title, schema["description"], tuple(columns), primary, tuple(keys))
        known.setdefault(title, found[title])
    return found


def _like(field: dict[str, Any], known: dict[str, Sheet]) -> list[Column]:
    """Return the columns that a field takes over from another sheet: all, all `except` some, or the `columns` named."""
    model = known[field["like"]]
    wanted = field.get("columns", [name for name in model.column_names if name not in field.get("except", ())])
    return [model.column(name) for name in wanted]


def _column(told: dict[str, Any], words: dict[str, tuple[str, ...]]) -> Column:
    rules = told.get("constraints", {})
    listed = told.get("vocabulary", "")
    vocabulary = words[listed] if listed else tuple(rules.get("enum", ()))
    more = {name: told[name] for name in ("separator", "allowed") if name in told}
    return Column(told["name"], told["type"], told["description"], vocabulary, listed, constraints=rules, **more)


def faults(cells: pd.Series, column: Column) -> Iterator[tuple[pd.Series, str]]:
    """Yield the cells (text, blank = "") that `column` does not allow, with what is wrong; a cell may come twice."""
    if column.required:
        yield cells[cells == ""], "a value is required"
    told = cells[cells != ""]
    if told.empty:
        return
    known = told.drop_duplicates()
    for rule, allowed in _rules(known, column):
        wrong = set(known[~allowed.astype(bool)])
        yield told[told.isin(wrong)] if wrong else told.iloc[:0], rule


def _several(column: Column) -> str:
    """Return the pattern of a cell with one or more words of the vocabulary."""
    word = "(?:" + "|".join(column.vocabulary) + ")"
    return f"{word}(?:{column.separator}{word})*"


def _rules(known: pd.Series, column: Column) -> Iterator[tuple[str, pd.Series]]:
    if column.vocabulary and column.separator:
        yield "not in the vocabulary", known.str.fullmatch(_several(column))
    elif column.vocabulary:
        yield "not in the vocabulary", known.isin(column.vocabulary)
    if column.type == "date":
        real = pd.to_datetime(known, format="%Y-%m-%d", errors="coerce").notna()
        yield "not a day", known.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}") & real
    if column.type == "integer":
        yield "not a whole number", known.str.fullmatch("[0-9]{1,9}")
    if column.type == "number":
        yield "not a number", known.str.fullmatch(r"[+-]?[0-9]{1,9}(?:\.[0-9]+)?")
    if column.constraints.get("minimum"):
        yield "out of bounds", ~(pd.to_numeric(known, errors="coerce") < column.constraints["minimum"])
    if "maximum" in column.constraints:
        yield "out of bounds", ~(pd.to_numeric(known, errors="coerce") > column.constraints["maximum"])
    if "pattern" in column.constraints:
        yield "not of the form allowed", known.str.fullmatch(column.constraints["pattern"])


def require(frame: pd.DataFrame, sheet: Sheet) -> None:
    """Raise ValueError if `frame` lacks a column of `sheet`."""
    missing = [name for name in sheet.column_names if name not in frame.columns]
    if missing:
        raise ValueError(f"{sheet.name}: missing column {', '.join(missing)}")


def typed(frame: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """Return `frame` with the columns of `sheet` in order and of their types; a blank text is "", other blanks missing.

    Days are ``datetime64[ns]``, whole numbers ``int64`` where one is required, else ``Int64``, numbers ``float64``.
    They may come as text with "" for a blank.

    Raises
    ------
    ValueError
        If a column is missing, or a whole number or truth value that must be there is blank.
    """
    require(frame, sheet)
    for column in sheet.columns:
        if column.required and column.type in ("integer", "boolean") and (blank := frame[column.name].isna().sum()):
            raise ValueError(f"{sheet.name}: {column.name} is blank in {blank} rows, and must not be")
    columns = {column.name: _typed(frame[column.name], column) for column in sheet.columns}
    return pd.DataFrame(columns, columns=sheet.column_names, index=frame.index, copy=False)


def _typed(cells: pd.Series, column: Column) -> pd.Series:
    if column.type == "string":
        if isinstance(cells.dtype, pd.StringDtype):
            return cells if cells.dtype == TEXT and not cells.hasnans else cells.astype(TEXT).fillna("")
        if isinstance(cells.dtype, pd.CategoricalDtype):
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


def table_schema(sheet: Sheet, names: list[str]) -> dict[str, Any]:
    """Return the Table Schema of `sheet` in Frictionless' own words, with foreign keys to the tables `names` alone.

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
    rules = dict(column.constraints)
    if column.vocabulary and column.separator:
        rules["pattern"] = _several(column)
    elif column.vocabulary:
        rules["enum"] = list(column.vocabulary)
    elif "pattern" in rules:
        rules["pattern"] = f"(?:{rules['pattern']})"
    if column.type == "integer":
        rules.setdefault("minimum", 0)
    names = ("required", "pattern" if "pattern" in rules else "enum", "minimum", "maximum")
    constraints = {name: rules[name] for name in names if name in rules}
    told: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.description}
    return told | ({"constraints": constraints} if constraints else {})


#: The coded sheets and the clean tables of the project's own reference folder.
CODED, TABLES = coded(), published()

#: What a report says of its incident, field by field.
REPORT_FIELDS = tuple(
    name for name in CODED["reports"].column_names if name not in ("report_id", "source_id", "incident_key")
)

#: Fields that are reconciled, in the order of the incidents' columns.
FIELDS = TABLES["reconciled"].column("field").vocabulary
