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

from helpers.cleaning.normalise import LOG, normalise, read_spellings, readings
from helpers.cleaning.reading import FINDING, Faults, Finding, read_all, read_sheet, tell, write_sheets
from helpers.cleaning.review import days, numbers, review
from helpers.cleaning.rulings import CORRECTIONS, check_rulings, correct
from helpers.cleaning.schemas import Column, Sheet, coded
from helpers.cleaning.schemas import faults as wrong_cells
from helpers.paths import resolve
from helpers.tables import for_spreadsheet
from helpers.vocabulary import REFERENCE, countries, nearest, use

#: Sheets without which nothing can be cleaned; another that is missing is taken as empty.
NEEDED = ("reports", "sources", "sites")

#: Pairs of columns of which the first must not lie above the second.
ORDERED = (
    ("munitions_low", "munitions_high"), ("us_injured_low", "us_injured_high"), ("killed_low", "killed_high"),
    ("start", "end"),
)  # fmt: skip


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
    frames, logs = read_normalised(where, sheets, reference, faults)
    absent = {name for name, frame in frames.items() if set(sheets[name].column_names) == set(frame.attrs["missing"])}
    unkeyed = bool({"report_id", "incident_key"} & set(frames["reports"].attrs["missing"]))
    rulings = _rulings(frames["decisions"], Path(resolve(reference)) / CORRECTIONS, sheets["decisions"], faults)
    if unkeyed or absent & {"reports", "sites"}:
        rulings = rulings.iloc[:0]  # a ruling on a report that cannot be read follows from that
    rulings = check_rulings(rulings, frames["reports"], frames["sites"]["site_id"], faults)
    frames["reports"], corrected = correct(frames["reports"], rulings)
    log = pd.concat([part for part in (*logs, corrected) if len(part)] or [corrected], ignore_index=True)
    for name, sheet in sheets.items():
        if len(frames[name]):
            _cells(frames[name], sheet, faults, reference)
            _rows(frames[name], sheet, faults)
            _ids(frames[name], sheet, faults)
    _links(frames, sheets, faults, reference)
    if not unkeyed:
        review(frames, faults, reference)
    return Checked(frames, log[list(LOG)], rulings, Findings(_table(faults.stops), _table(faults.lists)))


def read_normalised(
    place: Path, sheets: dict[str, Sheet], reference_dir: str, faults: Faults
) -> tuple[dict[str, pd.DataFrame], list[pd.DataFrame]]:
    """Return `sheets`, the gazetteer among them, brought to the codebook's forms, and logs of what that changed."""
    frames, logs = read_all(place, sheets, NEEDED, faults), []
    spellings = read_spellings(reference_dir, frames["sites"].iloc[:0])
    for name in sorted(sheets, key="sites".__ne__):  # the gazetteer first, since its names are spellings of sites
        frames[name], log = normalise(frames[name], sheets[name], spellings)
        logs.append(log)
        spellings = read_spellings(reference_dir, frames["sites"]) if name == "sites" else spellings
    return frames, logs


def _table(findings: list[Finding]) -> pd.DataFrame:
    """Return `findings` once each, in the order of the sheets and rows; a row is a whole number or None."""
    order = {f"{name}.csv": place for place, name in enumerate(coded())}

    def place(finding: Finding) -> tuple[int, str, int, str, str]:
        file, row, column, _, rule, _ = finding
        return order.get(file, len(order)), file, row or 0, column, rule

    ordered = sorted(dict.fromkeys(findings), key=place)
    return pd.DataFrame(ordered, columns=list(FINDING), dtype=object)


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
    """Write the sheets as read and normalised into the new `folder` as CSV, with what was changed; return the files."""
    parts = {name: frame for name, frame in checked.frames.items() if len(frame)} | {"cleaning_log": checked.log}
    return write_sheets({name: frame.astype(object).map(for_spreadsheet) for name, frame in parts.items()}, folder)


def _cells(frame: pd.DataFrame, sheet: Sheet, faults: Faults, reference_dir: str) -> None:
    """Tell each cell that its column's schema does not allow."""
    for column in sheet.columns:
        if column.name in frame.attrs["missing"]:
            continue
        for cells, wrong in wrong_cells(frame[column.name], column):
            if cells.empty:
                continue
            known = {value: _advice(value, wrong, column, reference_dir) for value in cells.unique()}
            rules, allowed = (cells.map({value: advice[part] for value, advice in known.items()}) for part in (0, 1))
            tell(faults.stops, sheet.name, cells, rules, allowed)


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
    near = nearest(strange, [*column.vocabulary, *(names if column.words == "countries" else ())])
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
    for low, high in (pair for pair in ORDERED if set(pair) <= set(sheet.column_names)):
        read = days if sheet.column(low).type == "date" else numbers
        wrong = frame.loc[(read(frame[low]) > read(frame[high])).fillna(False), [low, high]]
        tell(faults.stops, sheet.name, wrong[high], f"lies below {low}, " + wrong[low], f"{low} or more")
    if "date_earliest" in sheet.column_names:
        date, first, last = (days(frame[name]) for name in ("date", "date_earliest", "date_latest"))
        wrong = frame[(first > date) | (last < date)]
        bounds = wrong["date_earliest"] + " to " + wrong["date_latest"]
        tell(faults.stops, sheet.name, wrong["date"], "outside its own bounds", bounds)
    for key in ("incident_key", "response_key"):
        if key in sheet.column_names and sheet.name != "decisions":
            told = frame[key].str.slice(0, 10)
            wrong = frame[told.str.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}") & days(told).isna()]
            tell(faults.stops, sheet.name, wrong[key], "begins with no day", "a key that begins with a day")


def _ids(frame: pd.DataFrame, sheet: Sheet, faults: Faults) -> None:
    """Tell ids given twice."""
    key = list(sheet.key)
    if key and not set(frame.attrs["missing"]) & set(key):
        same = frame.loc[frame.duplicated(key, keep=False) & (frame[key] != "").all(axis=1), key]
        rows = pd.Series(same.index, same.index)
        first = rows.groupby([same[name] for name in key], sort=False).transform("first")
        again = first[first != rows].map("given twice, first in row {}".format)
        values = [" / ".join(cells) for cells in same.loc[again.index].to_numpy()]
        value = pd.Series(values, again.index, dtype=object, name=key[-1])
        tell(faults.stops if len(key) == 1 else faults.lists, sheet.name, value, again, "each once")


def _links(frames: dict[str, pd.DataFrame], sheets: dict[str, Sheet], faults: Faults, reference_dir: str) -> None:
    """Tell references to rows that do not exist."""
    known: dict[tuple[str, str], dict[str, None]] = {}
    for sheet, link in ((each, link) for each in sheets.values() for link in each.foreign_keys):
        frame, target = frames[sheet.name], frames[link.sheet]
        if link.column in frame.attrs["missing"] or link.to in target.attrs["missing"]:
            continue
        if (link.sheet, link.to) not in known:
            known[link.sheet, link.to] = dict.fromkeys(target[link.to].unique())
        ids = known[link.sheet, link.to]
        strangers = set(frame[link.column].unique()) - ids.keys() - {*link.also, ""}
        strange = frame.loc[frame[link.column].isin(list(strangers)), link.column]
        also = f", or {', '.join(link.also)}" if link.also else ""
        rules, allowed = dict[str, str](), dict[str, str]()
        for value in strange.unique():
            near = nearest(value, ids) if len(ids) < _FEW and len(rules) < _FEW else ""
            rules[value] = f"not in {link.sheet}.csv" + (f"; did you mean {near}?" if near else "")
            taught = _teaching(value, sheet.column(link.column), reference_dir)
            allowed[value] = f"a {link.to} of {link.sheet}.csv{also}{taught}"
        tell(faults.stops, sheet.name, strange, strange.map(rules), strange.map(allowed))


#: Ids among which a near one is looked for, at most.
_FEW = 500


def _rulings(decisions: pd.DataFrame, path: Path, sheet: Sheet, faults: Faults) -> pd.DataFrame:
    """Return the rulings of decisions.csv and of the reference folder's corrections.csv, with the column `file`."""
    parts, own = [decisions.assign(file="decisions.csv")], Faults()
    extra = read_sheet(path, sheet, own) if path.exists() else None
    if extra is not None and len(extra):
        _cells(extra, sheet, own, REFERENCE)
        again = extra["decision_id"].isin(decisions["decision_id"]) | extra.duplicated("decision_id")
        tell(own.stops, sheet.name, extra.loc[again, "decision_id"], "given twice", "each once")
        parts.append(extra.assign(file=CORRECTIONS))
    faults.stops += [(CORRECTIONS, *fault[1:]) for fault in own.stops]
    return pd.concat(parts)
