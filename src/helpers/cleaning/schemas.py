"""What a schema is: columns with type, words and bounds, from which checks, data dictionary and table schemas come.

The coded sheets are described in `helpers.cleaning.schemas_coded`, once, from the codebook; the clean tables in
`helpers.cleaning.schemas_clean`, in the same form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa

Type = Literal["string", "integer", "number", "date", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a sheet or table.

    Attributes
    ----------
    name, type, description: as they stand in the data dictionary; a ``date`` is written YYYY-MM-DD.
    vocabulary: the words allowed, where there is one.
    required: whether a blank is a fault.
    separator: the sign between several values in one cell; "" where a cell holds one value.
    pattern: a regular expression that the whole cell matches.
    minimum, maximum: bounds of a number, both included.
    allowed: what is allowed, in words, where neither type nor vocabulary says it.
    """

    name: str
    type: Type
    description: str
    vocabulary: tuple[str, ...] = ()
    required: bool = False
    separator: str = ""
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: str = ""

    @property
    def rule(self) -> str:
        """What is allowed in a cell, in words."""
        if self.allowed:
            return self.allowed
        if self.vocabulary:
            words = ", ".join(self.vocabulary)
            return f"one or more of {words}, joined by {self.separator}" if self.separator else f"one of {words}"
        return {
            "date": "a day as YYYY-MM-DD",
            "integer": "a whole number, 0 or more",
            "number": "a number",
            "boolean": "true or false",
            "string": "text",
        }[self.type]


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


def text(name: str, description: str, **more: Any) -> Column:
    """Return a column of text."""
    return Column(name, "string", description, **more)


def day(name: str, description: str, required: bool = False) -> Column:
    """Return a column of days."""
    return Column(name, "date", description, required=required)


def count(name: str, description: str, required: bool = False, minimum: int = 0, maximum: int | None = None) -> Column:
    """Return a column of whole numbers."""
    return Column(name, "integer", description, required=required, minimum=minimum, maximum=maximum)


def _check(column: Column) -> Iterable[pa.Check]:
    """Yield the checks of a column's cells as text; a blank cell passes unless it is required."""
    if column.required:
        yield pa.Check(lambda cells: cells != "", name="missing", error="a value is required")
    if column.vocabulary and column.separator:
        part = "(?:" + "|".join(column.vocabulary) + ")"
        yield _matching(f"{part}(?:{column.separator}{part})*", "vocabulary")
    elif column.vocabulary:
        words = ("", *column.vocabulary)
        yield pa.Check(lambda cells: cells.isin(words), name="vocabulary", error="not in the vocabulary")
    if column.type == "date":
        yield pa.Check(_is_day, name="date", error="not a day")
    if column.type == "integer":
        yield _matching("[0-9]{1,9}", "integer")
    if column.type == "number":
        yield _matching(r"[+-]?[0-9]{1,9}(?:\.[0-9]+)?", "number")
    if column.minimum is not None and (column.minimum != 0 or column.maximum is not None):
        low = column.minimum
        high = math.inf if column.maximum is None else column.maximum
        yield pa.Check(
            lambda cells: (
                ~(pd.to_numeric(cells, errors="coerce") < low) & ~(pd.to_numeric(cells, errors="coerce") > high)
            ),
            name="bounds",
            error="out of bounds",
        )
    if column.pattern:
        yield _matching(column.pattern, "pattern")


_WORDS = {
    "vocabulary": "not in the vocabulary",
    "integer": "not a whole number",
    "number": "not a number",
    "pattern": "not of the form allowed",
}


def _matching(pattern: str, name: str) -> pa.Check:
    return pa.Check(lambda cells: (cells == "") | cells.str.fullmatch(pattern), name=name, error=_WORDS[name])


def _is_day(cells: pd.Series) -> pd.Series:
    known = cells.drop_duplicates()
    form = known.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    real = pd.to_datetime(known, format="%Y-%m-%d", errors="coerce").notna()
    return cells.isin(known[(form & real) | (known == "")])


@cache
def pandera_schema(sheet: Sheet) -> pa.DataFrameSchema:
    """Return the pandera schema of `sheet`, whose cells are all text (blank = "")."""
    columns = {
        column.name: pa.Column(
            checks=list(_check(column)),
            required=True,
            nullable=False,
            title=column.name,
            description=column.description,
        )
        for column in sheet.columns
    }
    return pa.DataFrameSchema(columns, strict=False, name=sheet.name, description=sheet.description)
