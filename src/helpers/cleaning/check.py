"""Checking coded sheets: every fault of every sheet at once, by file, row, column and rule.

`check_folder` is what ``brief check`` prints and what guards each run. The two lists are the codebook's: what stops a
run (`Findings.stops`), and what real reports are like and a person should look at (`Findings.lists`). What only follows
from another fault is not listed: a sheet that cannot be read is one line.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.cleaning.normalise import LOG, normalise, read_spellings, readings
from helpers.cleaning.reading import FINDING, Faults, Finding, read_all, read_sheet
from helpers.cleaning.review import review
from helpers.cleaning.rulings import CORRECTIONS, check_rulings, correct
from helpers.cleaning.schemas import Column, Sheet, coded
from helpers.cleaning.schemas import faults as wrong_cells
from helpers.paths import resolve
from helpers.tables import for_spreadsheet
from helpers.vocabulary import REFERENCE, countries, nearest, use

#: Sheets without which nothing can be cleaned; another that is missing is taken as empty.
NEEDED = ("reports", "sources", "sites")

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


def check_folder(folder: str | Path, reference_dir: str | Path = REFERENCE) -> Findings:
    """Return all findings for the coded sheets in `folder` (or a workbook); nothing is written."""
    return read_and_check(folder, reference_dir).findings


def read_and_check(folder: str | Path, reference_dir: str | Path) -> Checked:
    """Read the coded sheets in `folder` (or a workbook), bring them to the codebook's forms, and check them."""
    use(reference_dir)
    faults, where, reference = Faults(), resolve(folder), str(reference_dir)
    sheets = coded(reference)
    if not where.exists():
        faults.stop(where.name, None, "", "", "no such folder", "a folder of coded sheets, or a workbook")
    frames = read_all(where, sheets, NEEDED, faults)
    absent = {name for name, frame in frames.items() if set(sheets[name].column_names) == set(_missing(frame))}
    blind = read_spellings(reference, frames["sites"].iloc[:0])
    frames["sites"], first = normalise(frames["sites"], sheets["sites"], blind)
    spellings, logs = read_spellings(reference, frames["sites"]), [first]
    for name, sheet in sheets.items():
        if name != "sites":
            frames[name], log = normalise(frames[name], sheet, spellings)
            logs.append(log)
    rulings = _rulings(frames["decisions"], Path(resolve(reference)) / CORRECTIONS, sheets["decisions"], faults)
    if absent & {"reports", "sites"}:
        rulings = rulings.iloc[:0]  # a ruling on a report that cannot be read follows from that
    elsewhere = check_rulings(rulings, frames["reports"], frames["sites"]["site_id"], faults)
    rulings = rulings.iloc[[place for place in range(len(rulings)) if place not in elsewhere]]
    frames["reports"], corrected = correct(frames["reports"], rulings)
    log = pd.concat([part for part in (*logs, corrected) if len(part)] or [corrected], ignore_index=True)
    for name, sheet in sheets.items():
        if len(frames[name]):
            _cells(frames[name], sheet, faults, reference)
            _rows(frames[name], sheet, faults)
            _keys(frames[name], sheet, frames, faults, reference)
    review(frames, faults, reference)
    return Checked(frames, log[list(LOG)], rulings, Findings(_table(faults.stops), _table(faults.lists)))


def _missing(frame: pd.DataFrame) -> list[str]:
    return list(frame.attrs.get("missing", []))


def _table(rows: list[Finding]) -> pd.DataFrame:
    order = {f"{name}.csv": place for place, name in enumerate(coded())}
    table = pd.DataFrame(rows, columns=list(FINDING)).drop_duplicates()
    table["row"] = table["row"].astype("Int64")
    place = table["file"].map(order).fillna(len(order))
    table = table.assign(place=place).sort_values(["place", "file", "row", "column", "rule"], na_position="first")
    # Whole numbers or None, so that no reader meets a row 2.0.
    numbers = pd.Series([None if pd.isna(row) else int(row) for row in table["row"]], table.index, dtype=object)
    return table.assign(row=numbers).drop(columns="place").reset_index(drop=True)


#: Findings of one kind that are listed one by one; more become one line.
MOST = 10


def grouped(findings: pd.DataFrame) -> pd.DataFrame:
    """Return `findings` with more than `MOST` of one kind as one line: the first rows and how many."""
    if findings.empty:
        return findings
    kind = findings["rule"].str.replace(r"[0-9][0-9 .-]*|;.*$", "#", regex=True)
    groups = findings.groupby([findings["file"], findings["column"], kind], sort=False)
    lines = []
    for _, group in groups:
        if len(group) <= MOST:
            lines += group.to_dict("records")
            continue
        rows = ", ".join(str(row) for row in group["row"].iloc[:3])
        values = ", ".join(group["value"].drop_duplicates().iloc[:3])
        first = group.iloc[0].to_dict()
        lines.append(first | {"row": f"{rows} and {len(group) - 3:,} more", "value": values})
    return pd.DataFrame(lines, columns=list(FINDING))


def write_checked(checked: Checked, folder: str | Path) -> list[Path]:
    """Write the sheets as read and normalised into `folder` as CSV, with what was changed; return the files.

    Raises
    ------
    FileExistsError
        If `folder` holds anything: no sheet of anybody's is written over.
    """
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(f"{target}: holds files; name a new folder")
    target.mkdir(parents=True, exist_ok=True)
    written = []
    parts = {name: frame for name, frame in checked.frames.items() if len(frame)}
    for name, frame in {**parts, "cleaning_log": checked.log}.items():
        shown = frame.astype(object).map(for_spreadsheet)
        shown.to_csv(target / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
        written.append(target / f"{name}.csv")
    return written


def _cells(frame: pd.DataFrame, sheet: Sheet, faults: Faults, reference_dir: str) -> None:
    """Tell each cell that its column's schema does not allow."""
    missing = set(_missing(frame))
    for column in sheet.columns:
        if column.name in missing:
            continue
        for cells, wrong in wrong_cells(frame[column.name], column):
            known = {value: _advice(value, wrong, column, reference_dir) for value in cells.unique()}
            for row, value in cells.items():
                faults.stop(f"{sheet.name}.csv", int(str(row)), column.name, str(value), *known[value])


#: Column or vocabulary -> the alias table that teaches its spellings, and what the line's second cell is.
TAUGHT = {
    "weapons": ("weapon_spellings.csv", "CODE"),
    "site_id": ("places.csv", "SITE_ID"),
    "claimed_by": ("claimants.csv", "CODE"),
}


def _advice(value: str, wrong: str, column: Column, reference_dir: str) -> tuple[str, str]:
    """Return what is wrong with a cell and what is allowed: the nearest word, and where a word can be taught."""
    if column.type == "date" and len(days := readings(value)) > 1:
        return "could be " + " or ".join(str(day) for day in sorted(days)), column.rule
    if (not column.vocabulary and column.name not in TAUGHT) or not value:
        return wrong, column.rule
    parts = [part for part in re.split(column.separator or "$^", value) if part not in column.vocabulary]
    strange = parts[0] if parts else value
    names = {country.name: code for code, country in countries(reference_dir).items()}
    known = [*column.vocabulary, *(names if column.words == "countries" else ())]
    near = nearest(strange, known)
    rule = f"{wrong}; did you mean {names.get(near, near)}?" if near else wrong
    return rule, f"{column.rule}{_teaching(strange, column, reference_dir)}"


def _teaching(word: str, column: Column, reference_dir: str) -> str:
    """Return where a spelling that is not known can be taught, and the line to add."""
    if column.words == "countries":
        return f"; another name of a country is taught in {reference_dir}/countries.csv, column also"
    if column.name not in TAUGHT:
        return ""
    file, code = TAUGHT[column.name]
    return f"; to teach a spelling add to {reference_dir}/{file} the line: {word},{code},"


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


def _keys(
    frame: pd.DataFrame, sheet: Sheet, frames: dict[str, pd.DataFrame], faults: Faults, reference_dir: str
) -> None:
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
        if link.column in missing or link.to in _missing(frames[link.sheet]):
            continue
        ids = frames[link.sheet][link.to].unique()
        known = pa.array([*ids, *link.also, ""], pa.large_string())
        held = pc.is_in(pa.array(frame[link.column], pa.large_string()), value_set=known).to_numpy(zero_copy_only=False)
        also = f", or {', '.join(link.also)}" if link.also else ""
        strange = frame.loc[~held, link.column]
        near = {value: nearest(value, ids) if len(ids) < _FEW else "" for value in strange.unique()[:_FEW]}
        for row, value in strange.items():
            meant = f"; did you mean {near[value]}?" if near.get(value) else ""
            taught = _teaching(str(value), sheet.column(link.column), reference_dir)
            allowed = f"a {link.to} of {link.sheet}.csv{also}{taught}"
            faults.stop(file, int(str(row)), link.column, str(value), f"not in {link.sheet}.csv{meant}", allowed)


#: Ids among which a near one is looked for, at most.
_FEW = 500


def _rulings(decisions: pd.DataFrame, path: Path, sheet: Sheet, faults: Faults) -> pd.DataFrame:
    """Return the rulings of decisions.csv and of the reference folder's corrections.csv, with the column `file`."""
    parts = [decisions.assign(file="decisions.csv")]
    if path.exists():
        own = Faults()
        extra = read_sheet(path, sheet, own)
        if extra is not None and len(extra):
            _cells(extra, sheet, own, REFERENCE)
            parts.append(extra.assign(file=CORRECTIONS))
            for row in extra.index[
                extra["decision_id"].isin(decisions["decision_id"]) | extra.duplicated("decision_id")
            ]:
                own.stop(
                    CORRECTIONS, int(row), "decision_id", extra.loc[row, "decision_id"], "given twice", "each once"
                )
        faults.stops += [(CORRECTIONS, *fault[1:]) for fault in own.stops]
    return pd.concat(parts)
