"""Checking a folder of coded sheets: every fault of every sheet at once, by file, row, column and rule.

`check_folder` is what ``brief check`` prints and what guards each run. The two lists are the codebook's: what stops a
run (`Findings.stops`), and what real reports are like and a person should look at (`Findings.lists`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc

from helpers.cleaning.check_rulings import check_rulings
from helpers.cleaning.normalise import LOG, normalise, read_spellings
from helpers.cleaning.reading import FINDING, Faults, read_folder, read_sheet
from helpers.cleaning.review import review
from helpers.cleaning.rulings import correct
from helpers.cleaning.schemas import Sheet, pandera_schema
from helpers.cleaning.schemas_coded import CODED, DECISIONS
from helpers.cleaning.typed_dates import readings
from helpers.paths import resolve

#: Sheets without which nothing can be cleaned; another that is missing is taken as empty.
NEEDED = ("reports", "sources", "sites")

CORRECTIONS = "corrections.csv"

#: Pairs of columns of which the first must not lie above the second, by sheet.
ORDERED = {
    "reports": (("munitions_low", "munitions_high"), ("us_injured_low", "us_injured_high")),
    "second_coding": (("munitions_low", "munitions_high"), ("us_injured_low", "us_injured_high")),
    "responses": (("killed_low", "killed_high"),),
    "context": (("start", "end"),),
    "claims": (("start", "end"),),
    "coding_stretches": (("start", "end"),),
}


@dataclass(frozen=True)
class Findings:
    """What a check found: `stops` and `lists`, with the columns file, row, column, value, rule, allowed."""

    stops: pd.DataFrame
    lists: pd.DataFrame

    @property
    def ok(self) -> bool:
        """Whether nothing stops a run."""
        return self.stops.empty


@dataclass(frozen=True)
class Checked:
    """Sheets as read and normalised (text, indexed by spreadsheet row), the log of changes, rulings and findings."""

    frames: dict[str, pd.DataFrame]
    log: pd.DataFrame
    rulings: pd.DataFrame
    findings: Findings


class Stopped(ValueError):
    """Raised where coded sheets have faults that stop a run; `findings` tells them all."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        shown = [sentence(fault) for fault in findings.stops.head(20).to_dict("records")]
        more = len(findings.stops) - len(shown)
        super().__init__("\n".join([*shown, *([f"and {more} more"] if more > 0 else [])]))


def sentence(fault: Mapping[Hashable, Any]) -> str:
    """Return one line for a finding: ``reports.csv, row 4, date: '2024-13-01' is not a day (allowed: ...)``."""
    place = f"{fault['file']}" + ("" if pd.isna(fault["row"]) else f", row {fault['row']}")
    place += f", {fault['column']}" if fault["column"] else ""
    value = f"{fault['value']!r}: " if fault["value"] != "" else ""
    return f"{place}: {value}{fault['rule']}" + (f" (allowed: {fault['allowed']})" if fault["allowed"] else "")


def check_folder(folder: str | Path, reference_dir: str | Path = "data/reference") -> Findings:
    """Return all findings for the coded sheets in `folder`; nothing is written."""
    return read_and_check(folder, reference_dir).findings


def read_and_check(folder: str | Path, reference_dir: str | Path) -> Checked:
    """Read the coded sheets in `folder`, bring them to the codebook's forms, and check them."""
    faults = Faults()
    where = resolve(folder)
    if not where.is_dir():
        faults.stop(where.name, None, "", "", "no such folder", "a folder of coded sheets")
    raw = read_folder(where, CODED, NEEDED, faults)
    raw["sites"], first = normalise(raw["sites"], CODED["sites"], read_spellings(reference_dir, raw["sites"].iloc[:0]))
    spellings = read_spellings(reference_dir, raw["sites"])
    frames, logs = {"sites": raw["sites"]}, [first]
    for name, sheet in CODED.items():
        if name != "sites":
            frames[name], log = normalise(raw[name], sheet, spellings)
            logs.append(log)
    log = pd.concat([log for log in logs if len(log)] or [pd.DataFrame(columns=list(LOG))], ignore_index=True)
    rulings = _rulings(frames["decisions"], resolve(reference_dir) / CORRECTIONS, faults)
    elsewhere = check_rulings(rulings, frames["reports"], frames["sites"]["site_id"], faults)
    rulings = rulings.iloc[[place for place in range(len(rulings)) if place not in elsewhere]]
    frames["reports"], corrected = correct(frames["reports"], rulings)
    log = pd.concat([part for part in (log, corrected) if len(part)] or [log], ignore_index=True)
    for name, sheet in CODED.items():
        if len(frames[name]):
            _cells(frames[name], sheet, faults)
            _rows(frames[name], sheet, faults)
            _keys(frames[name], sheet, frames, faults)
    review(frames, faults)
    return Checked(frames, log, rulings, Findings(_table(faults.stops), _table(faults.lists)))


def _table(rows: list[tuple[str, int | None, str, str, str, str]]) -> pd.DataFrame:
    order = {f"{name}.csv": place for place, name in enumerate(CODED)}
    table = pd.DataFrame(rows, columns=list(FINDING)).drop_duplicates()
    table["row"] = table["row"].astype("Int64")
    place = table["file"].map(order).fillna(len(order))
    table = table.assign(place=place).sort_values(["place", "file", "row", "column", "rule"], na_position="first")
    # Whole numbers or None, so that no reader meets a row 2.0.
    numbers = pd.Series([None if pd.isna(row) else int(row) for row in table["row"]], table.index, dtype=object)
    return table.assign(row=numbers).drop(columns="place").reset_index(drop=True)


def _cells(frame: pd.DataFrame, sheet: Sheet, faults: Faults) -> None:
    """Tell each cell that its column's schema does not allow."""
    missing = set(frame.attrs.get("missing", []))
    try:
        pandera_schema(sheet).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        for case in errors.failure_cases.itertuples():
            name = str(case.column)
            if name in missing or name not in sheet.column_names:
                continue
            column = sheet.column(name)
            value = str(case.failure_case)
            rule = str(case.check)
            if column.type == "date" and len(days := readings(value)) > 1:
                rule = "could be " + " or ".join(str(day) for day in sorted(days))
            faults.stop(f"{sheet.name}.csv", _row(case.index), name, value, rule, column.rule)


def _row(index: object) -> int | None:
    return None if index is None or pd.isna(index) else int(str(index))  # type: ignore[call-overload]


def _rows(frame: pd.DataFrame, sheet: Sheet, faults: Faults) -> None:
    """Tell rows whose cells contradict each other."""
    file = f"{sheet.name}.csv"
    for low, high in ORDERED.get(sheet.name, ()):
        if sheet.column(low).type == "date":
            first, last = (pd.to_datetime(frame[name], format="%Y-%m-%d", errors="coerce") for name in (low, high))
        else:
            first, last = (pd.to_numeric(frame[name], errors="coerce") for name in (low, high))
        for row in frame.index[(first > last).fillna(False)]:
            rule = f"lies below {low}, {frame.loc[row, low]}"
            faults.stop(file, int(row), high, str(frame.loc[row, high]), rule, f"{low} or more")
    if "date_earliest" in sheet.column_names:
        days = {name: pd.to_datetime(frame[name], format="%Y-%m-%d", errors="coerce") for name in _BOUNDS}
        outside = (days["date_earliest"] > days["date"]) | (days["date_latest"] < days["date"])
        for row in frame.index[outside]:
            bounds = f"{frame.loc[row, 'date_earliest']} to {frame.loc[row, 'date_latest']}"
            faults.stop(file, int(row), "date", str(frame.loc[row, "date"]), "outside its own bounds", bounds)
    for key in ("incident_key", "response_key"):
        if key in sheet.column_names and sheet.name != "decisions":
            told = frame[key].str.slice(0, 10)
            form = told.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}")
            wrong = form & pd.to_datetime(told, format="%Y-%m-%d", errors="coerce").isna()
            for row in frame.index[wrong]:
                faults.stop(
                    file, int(row), key, str(frame.loc[row, key]), "begins with no day", "a key that begins with a day"
                )


_BOUNDS = ("date", "date_earliest", "date_latest")


def _keys(frame: pd.DataFrame, sheet: Sheet, frames: dict[str, pd.DataFrame], faults: Faults) -> None:
    """Tell ids given twice, and references to rows that do not exist."""
    file, missing = f"{sheet.name}.csv", set(frame.attrs.get("missing", []))
    key = list(sheet.key)
    if key and not missing & set(key):
        rows = pd.Series(frame.index, index=frame.index)
        first = rows.groupby([frame[name] for name in key], sort=False).transform("first")
        again = (first != rows) & (frame[key] != "").all(axis=1)
        told = faults.stop if len(key) == 1 else faults.note
        for row in frame.index[again]:
            value = " / ".join(frame.loc[row, key])
            told(file, int(row), key[-1], value, f"given twice, first in row {first[row]}", "each once")
    for link in sheet.foreign_keys:
        if link.column in missing or link.to in frames[link.sheet].attrs.get("missing", []):
            continue
        known = pa.array([*frames[link.sheet][link.to].unique(), *link.also, ""], pa.large_string())
        held = pc.is_in(pa.array(frame[link.column], pa.large_string()), value_set=known).to_numpy(zero_copy_only=False)
        for row in frame.index[~held]:
            also = f", or {', '.join(link.also)}" if link.also else ""
            value = str(frame.loc[row, link.column])
            faults.stop(
                file, int(row), link.column, value, f"not in {link.sheet}.csv", f"a {link.to} of {link.sheet}.csv{also}"
            )


def _rulings(decisions: pd.DataFrame, path: Path, faults: Faults) -> pd.DataFrame:
    """Return the rulings of decisions.csv and of the reference folder's corrections.csv, with the column `file`."""
    parts = [decisions.assign(file="decisions.csv")]
    if path.exists():
        own = Faults()
        extra = read_sheet(path, DECISIONS, own)
        faults.stops += own.stops
        if extra is not None and len(extra):
            before = len(faults.stops)
            _cells(extra, DECISIONS, faults)
            faults.stops[before:] = [(CORRECTIONS, *fault[1:]) for fault in faults.stops[before:]]
            parts.append(extra.assign(file=CORRECTIONS))
            twice = extra.index[extra["decision_id"].isin(decisions["decision_id"]) | extra.duplicated("decision_id")]
            for row in twice:
                faults.stop(
                    CORRECTIONS, int(row), "decision_id", str(extra.loc[row, "decision_id"]), "given twice", "each once"
                )
    return pd.concat(parts)
