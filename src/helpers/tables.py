"""Reading and writing the clean tables, and selecting the incidents that a set of parameters counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.paths import resolve

#: Columns that hold days, in every clean table.
DAYS = ("date", "date_earliest", "date_latest", "published", "as_of", "stated_on", "start", "end")

#: Floats in a CSV keep twelve significant figures, since the last ones differ between processors.
FIGURES = "%.12g"

#: Signs at the start of a cell that a spreadsheet would run as a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def read(name: str, folder: str | Path = "data/clean") -> pd.DataFrame:
    """Return the clean table `name` from `folder` (its Parquet form), days as ``datetime64[ns]``.

    Raises
    ------
    FileNotFoundError
        If the table has not been built; the message says which notebook builds it.
    """
    path = resolve(folder) / f"{name}.parquet"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run notebooks/01_clean.ipynb (or `make report`) first")
    frame = pd.read_parquet(path)
    for column in set(DAYS) & set(frame.columns):
        frame[column] = pd.to_datetime(frame[column])
    return frame


def for_spreadsheet(cell: object) -> object:
    """Return `cell` such that no spreadsheet runs it as a formula: a quote before a sign that starts one (OWASP)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


def _one_line_end(cell: object) -> object:
    """Return `cell` without carriage returns: the CSV writer puts no quotes round them, and readers break there."""
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) and "\r" in cell else cell


def _for_people(cells: pd.Series) -> pd.Series:
    """Return a column as its CSV shows it; a long column of Arrow's strings is searched as a whole first."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        days: pd.Series = cells.dt.strftime("%Y-%m-%d")
        return days
    if isinstance(cells.dtype, pd.StringDtype):
        odd = cells.str.startswith(FORMULA_SIGNS) | cells.str.contains("\r", regex=False)
        if not odd.any():
            return cells
    elif cells.dtype != object:
        return cells
    return cells.astype(object).map(for_spreadsheet).map(_one_line_end)


#: Rows that are written at a time, and rows that are made plain at a time, so that a long table is held once.
ROWS, PLAIN_ROWS = 1 << 18, 1 << 14


def write(
    frame: pd.DataFrame, name: str, folder: str | Path, made: Callable[[pd.DataFrame], pd.DataFrame] | None = None
) -> None:
    """Write `frame` as ``name.parquet`` into `folder`; where `made` is given, it makes what is written of its rows."""
    target = resolve(folder)
    target.mkdir(parents=True, exist_ok=True)
    writer: Any = None
    for start in range(0, max(len(frame), 1), ROWS):
        part = frame.iloc[start : start + ROWS]
        table = pa.Table.from_pandas(part if made is None else made(part), preserve_index=False)
        plain = [f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in table.schema]
        schema = pa.schema(plain, table.schema.metadata)
        writer = writer or pq.ParquetWriter(target / f"{name}.parquet", schema, compression="zstd")
        writer.write_table(table.cast(schema))
    writer.close()


def write_csv(name: str, folder: str | Path) -> None:
    """Write the clean table `name` of `folder` as ``name.csv`` beside it, days as YYYY-MM-DD, formulas neutralised."""
    path = resolve(folder) / f"{name}.parquet"
    text = {pa.string(): pd.StringDtype("pyarrow")}
    with pq.ParquetFile(path) as table, path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        pd.DataFrame(columns=table.schema_arrow.names).to_csv(file, index=False, lineterminator="\n")
        for rows in table.iter_batches(ROWS):
            part = rows.to_pandas(types_mapper=text.get)
            shown = pd.DataFrame({column: _for_people(part[column]) for column in part.columns}, copy=False)
            shown.to_csv(file, index=False, header=False, lineterminator="\n")


def each(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of `frame` as named tuples, one attribute a column."""
    return list(frame.itertuples())


def records(frame: pd.DataFrame, order: pd.Index | None = None) -> Iterator[Any]:
    """Yield the rows of `frame` as named tuples of plain values: days as dates, blank days and numbers as None.

    With `order`, labels of its index, in that order.
    """
    rows = frame.index if order is None else order
    for start in range(0, len(rows), PLAIN_ROWS):
        part = frame.loc[rows[start : start + PLAIN_ROWS]]
        yield from pd.DataFrame({name: _plain(part[name]) for name in part}, dtype=object).itertuples(index=False)


def _plain(cells: pd.Series) -> Any:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells.to_numpy().astype("datetime64[D]").astype(object)
    return cells.astype(object).where(cells.notna(), None).to_numpy()


def hand_over(frame: pd.DataFrame, name: str, report_dir: str | Path) -> Path:
    """Write `frame` as ``tables/name.csv`` under `report_dir`, for another notebook or the brief; return the path."""
    path = resolve(report_dir) / "tables" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = frame.map(for_spreadsheet)
    shown.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", date_format="%Y-%m-%d", float_format=FIGURES)
    return path


def select(incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return those `incidents` that `parameters` counts, by date and id.

    `incidents` needs the columns incident_id, date, country and confirmation.
    """
    kept = incidents[
        incidents["date"].between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))
        & incidents["country"].isin(parameters.countries)
        & incidents["confirmation"].isin(CONFIRMATIONS[parameters.confirmed_by])
    ]
    return kept.sort_values(["date", "incident_id"], ignore_index=True)
