"""Reading coded sheets as people save them: CSV in any form that spreadsheets write, or workbooks.

A sheet is read as text alone (blank = ""): with or without a byte order mark, commas, semicolons or tabs, any line
ends, blank lines and columns at the end; from a workbook, days as days and numbers as numbers. The index of a frame is
the row as a spreadsheet numbers it: the header is row 1. Where a sheet cannot be read, one fault says so.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from helpers.cleaning.schemas import TEXT, Sheet
from helpers.vocabulary import nearest

DELIMITERS = (",", ";", "\t")

#: Endings of workbooks, as Excel and LibreOffice save them.
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

#: What a finding says, and the order of its columns.
FINDING = ("file", "row", "column", "value", "rule", "allowed")

Finding = tuple[str, int | None, str, str, str, str]

_CHUNK = 1 << 20

#: Rows in which a header is looked for that is not in row 1.
_DEEPEST = 12


@dataclass
class Faults:
    """Findings that are gathered while sheets are read and checked: `stops` and `lists`, rows of `FINDING`."""

    stops: list[Finding] = field(default_factory=list)
    lists: list[Finding] = field(default_factory=list)

    def stop(self, file: str, row: int | None, column: str, value: str, rule: str, allowed: str = "") -> None:
        """Note what stops a run."""
        self.stops.append((file, row, column, value, rule, allowed))

    def note(self, file: str, row: int | None, column: str, value: str, rule: str, allowed: str = "") -> None:
        """Note what is listed for review."""
        self.lists.append((file, row, column, value, rule, allowed))


#: The rule that an unclosed quotation mark breaks, and what is allowed.
SWALLOWS = "a quotation mark that is not closed swallows the next rows"
CLOSED = "each opening quote closed"


def read_all(place: Path, sheets: dict[str, Sheet], needed: Iterable[str], faults: Faults) -> dict[str, pd.DataFrame]:
    """Read every sheet from a folder or a workbook; one that is not there is a fault if `needed`, else empty.

    A folder may hold ``reports.csv`` or ``reports.xlsx``, or a workbook with a sheet a table.
    """
    found = _found(place, sheets, faults)
    wanted, frames = set(needed), {}
    for name, sheet in sheets.items():
        frame, file = None, f"{name}.csv"
        if name in found:
            frame = read_sheet(found[name], sheet, faults)
        elif not place.exists():
            pass
        elif name in wanted:
            faults.stop(file, None, "", "", "missing file", "a CSV file or workbook with the codebook's columns")
        else:
            faults.note(file, None, "", "", "no such sheet; taken as empty", "")
        if frame is None:
            frame = pd.DataFrame({column: pd.Series([], dtype=TEXT) for column in sheet.column_names})
            frame.index = pd.RangeIndex(2, 2)
            frame.attrs["missing"] = sheet.column_names
        frames[name] = frame
    return frames


@dataclass(frozen=True)
class Table:
    """Where a sheet stands: the file, and in a workbook of several the sheet's name."""

    path: Path
    sheet: str = ""

    @property
    def name(self) -> str:
        """What findings call it."""
        return f"{self.path.name} [{self.sheet}]" if self.sheet else self.path.name


def _found(place: Path, sheets: dict[str, Sheet], faults: Faults) -> dict[str, Table]:
    """Return where each sheet stands; a sheet that stands in two files is a fault."""
    files = [place] if place.is_file() else sorted(place.iterdir()) if place.is_dir() else []
    tables: dict[str, list[Table]] = {}
    for path in files:
        if path.name.startswith((".", "~")) or not path.is_file():
            continue
        ending = path.suffix.lower()
        if ending == ".csv" and path.stem in sheets:
            tables.setdefault(path.stem, []).append(Table(path))
        elif ending in WORKBOOKS:
            names = {_word(name): name for name in _sheets(path, faults)}
            own = path.stem if path.stem in sheets else ""
            if own and own not in names and names:
                tables.setdefault(own, []).append(Table(path, next(iter(names.values()))))
            for name in names.keys() & sheets.keys():
                tables.setdefault(name, []).append(Table(path, names[name]))
    for name, several in tables.items():
        if len(several) > 1:
            told = " and ".join(table.name for table in several)
            faults.stop(f"{name}.csv", None, "", told, "the sheet stands in two files", "one of them")
    return {name: several[0] for name, several in tables.items()}


def _sheets(path: Path, faults: Faults) -> list[str]:
    """Return the names of a workbook's sheets; a file that is no workbook is a fault."""
    from python_calamine import CalamineWorkbook

    try:
        return list(CalamineWorkbook.from_path(path).sheet_names)
    except Exception as error:
        faults.stop(path.name, None, "", "", f"cannot be read as a workbook: {error}", "a workbook without a password")
        return []


def read_sheet(table: Table | Path, sheet: Sheet, faults: Faults) -> pd.DataFrame | None:
    """Return the coded sheet at `table` as text with the columns of `sheet`, or None where nothing can be read.

    A missing column is there as blanks, so that all other faults can still be told; `frame.attrs["missing"]` names it.
    """
    table = table if isinstance(table, Table) else Table(table)
    frame = _from_workbook(table, sheet, faults) if table.sheet else _from_csv(table.path, sheet, faults)
    if frame is None:
        return None
    name = f"{sheet.name}.csv" if table.sheet or table.path.stem == sheet.name else table.name
    blank = (frame == "").all(axis=1)
    for extra in [column for column in frame.columns if column.startswith("\0")]:
        filled = frame.index[frame[extra] != ""]
        if len(filled):
            value = str(frame.loc[filled[0], extra])
            faults.stop(name, int(filled[0]), "", value, "a column without a name holds values", "a name in row 1")
        frame = frame.drop(columns=extra)
    frame = frame[~blank]
    _columns(frame, sheet, name, faults)
    missing = [column for column in sheet.column_names if column not in frame.columns]
    if frame.empty and not missing:
        faults.note(name, None, "", "", "no rows below the header", "")
    blanks = {column: pd.Series("", index=frame.index, dtype=TEXT) for column in missing}
    frame = frame.assign(**blanks)[sheet.column_names]
    frame.attrs["missing"] = missing
    return frame


def _columns(frame: pd.DataFrame, sheet: Sheet, name: str, faults: Faults) -> None:
    """Tell which columns are missing, each with the unknown one that is most like it, and which are not used."""
    unknown = [column for column in frame.columns if column not in sheet.column_names]
    for column in [column for column in sheet.column_names if column not in frame.columns]:
        near = nearest(column, unknown)
        unknown = [other for other in unknown if other != near]
        faults.stop(name, 1, column, near, "missing column", f"{near} renamed to {column}" if near else "the column")
    for column in unknown:
        faults.note(name, 1, column, "", "extra column; it is not used", "")


def _from_workbook(table: Table, sheet: Sheet, faults: Faults) -> pd.DataFrame | None:
    from python_calamine import CalamineWorkbook

    cells = CalamineWorkbook.from_path(table.path).get_sheet_by_name(table.sheet).to_python(skip_empty_area=False)
    rows = [[_text(cell) for cell in row] for row in cells]
    if not any(map(any, rows)):
        faults.stop(f"{sheet.name}.csv", None, "", table.name, "the sheet is empty", "a header and rows")
        return None
    names = _names(rows[0], f"{sheet.name}.csv", faults)
    if _elsewhere([rows[0], *rows[1:_DEEPEST]], sheet, faults):
        return None
    body = [[*row, *[""] * (len(names) - len(row))][: len(names)] for row in rows[1:]]
    frame = pd.DataFrame(body, columns=pd.Index(names), index=pd.RangeIndex(2, len(body) + 2), dtype=object)
    return frame.astype(TEXT)


def _text(cell: object) -> str:
    """Return a workbook's cell as the codebook writes it: days as YYYY-MM-DD, hours as HH:MM, whole numbers bare."""
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)


def _word(cell: str) -> str:
    return "_".join(cell.replace("\u200b", "").split()).casefold()


def _names(cells: Sequence[str], file: str, faults: Faults) -> list[str]:
    """Return the column names of a header, unnamed ones marked by a NUL and their number; a name twice is a fault."""
    kept: list[str] = []
    for number, cell in enumerate(cells):
        word = _word(cell)
        if word and word in kept:
            faults.stop(file, 1, word, cell, "a column given twice", "each column once")
        kept.append(word if word and word not in kept else f"\0{number}")
    return kept


def _elsewhere(rows: Sequence[Sequence[str]], sheet: Sheet, faults: Faults) -> bool:
    """Whether a later one of `rows` is the header, since a title stands above it; that is told once."""
    known = set(sheet.column_names)
    hits = [len({_word(cell) for cell in row} & known) for row in rows]
    best = max(range(len(hits)), key=hits.__getitem__, default=0)
    if best == 0 or hits[0] * 2 > hits[best] or hits[best] * 2 < len(known):
        return False
    rule = f"the header is not in row 1 but in row {best + 1}"
    faults.stop(f"{sheet.name}.csv", 1, "", " ".join(filter(None, rows[0]))[:60], rule, "no rows above the header")
    return True


@dataclass(frozen=True)
class _Header:
    delimiter: str
    names: list[str]


def _from_csv(path: Path, sheet: Sheet, faults: Faults) -> pd.DataFrame | None:
    first = _opening(path, faults)
    if first is None:
        return None
    lines = first.splitlines()
    found = [max(DELIMITERS, key=lambda sign: (line.count(sign), -DELIMITERS.index(sign))) for line in lines[:_DEEPEST]]
    rows = [next(csv.reader([line], delimiter=sign), []) for line, sign in zip(lines, found, strict=False)]
    if _elsewhere(rows, sheet, faults):
        return None
    return _table(path, _Header(found[0], _names(rows[0], path.name, faults)), faults)


def _opening(path: Path, faults: Faults) -> str | None:
    """Return the beginning of the file, after checking that all of it is text in UTF-8."""
    name, allowed = path.name, "UTF-8 (in Excel: CSV UTF-8)"
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, first = 1, ""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if line == 1 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    faults.stop(name, None, "", "UTF-16", "wrong encoding", allowed)
                    return None
                try:
                    piece = decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    at = line + error.object[: error.start].count(b"\n")
                    value = error.object[error.start : error.start + 1].hex()
                    faults.stop(name, at, "", f"byte {value}", "wrong encoding", allowed)
                    return None
                if "\0" in piece:
                    at = line + piece[: piece.index("\0")].count("\n")
                    faults.stop(name, at, "", "NUL", "a sign that no text holds", "text in UTF-8")
                    return None
                first = first or piece
                line += piece.count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        faults.stop(name, line, "", "cut off", "wrong encoding", allowed)
        return None
    except OSError as error:
        faults.stop(name, None, "", "", f"cannot be read: {error.strerror}", "a CSV file")
        return None
    first = first.removeprefix("\ufeff")
    if not first.strip(" \t\r\n,;"):
        faults.stop(name, None, "", "", "the file is empty", "a header and rows")
        return None
    return first


def _table(path: Path, header: _Header, faults: Faults) -> pd.DataFrame | None:
    """Return all rows below the header; one with too many cells is a fault and left out, a short one ends in blanks."""
    try:
        frame = pd.read_csv(
            path,
            sep=header.delimiter,
            header=None,
            dtype=TEXT,
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
            names=list(range(len(header.names) + 1)),
        )
        frame = frame.fillna("")
        whole = bool((frame.iloc[:, -1] == "").all())
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError):
        whole = False
    if not whole or any(bool(frame[column].str.contains("\n", regex=False).any()) for column in frame.columns):
        return _by_hand(path, header, faults)
    frame = frame.iloc[1:, :-1]
    frame.columns = pd.Index(header.names)
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def _by_hand(path: Path, header: _Header, faults: Faults) -> pd.DataFrame | None:
    """Read row by row, which tells the rows at fault; slower, so only for files that need it."""
    name, width, sign = path.name, len(header.names), header.delimiter
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    csv.field_size_limit(max(len(text), 1 << 17))
    kept: list[list[str]] = []
    rows: list[int] = []
    try:
        for number, cells in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=False), start=1
        ):
            if number == 1:
                if any("\n" in cell for cell in cells):
                    faults.stop(name, 1, "", cells[-1][:60], SWALLOWS, CLOSED)
                continue
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                allowed = f"{width} cells; text with {sign!r} in quotes"
                faults.stop(name, number, "", sign.join(cells)[:60], "more cells than columns", allowed)
                continue
            short = len(cells) < width
            cells.extend([""] * (width - len(cells)))
            swallowed = [cell for cell in cells if "\n" in cell and (short or _holds_a_row(cell, sign))]
            if swallowed:
                cell = swallowed[0]
                faults.stop(name, number, header.names[cells.index(cell)], cell[:60], SWALLOWS, CLOSED)
            kept.append(cells)
            rows.append(number)
    except csv.Error as error:
        faults.stop(name, len(rows) + 2, "", "", f"cannot be read as CSV: {error}", "a CSV file")
        return None
    frame = pd.DataFrame(kept, columns=pd.Index(header.names), index=pd.Index(rows, dtype="int64"), dtype=object)
    return frame.astype(TEXT)


def _holds_a_row(cell: str, delimiter: str) -> bool:
    """Whether what follows a line break in `cell` looks like a row: separators without the blank that prose has."""
    behind = cell.split("\n", 1)[1]
    return sum(not after[:1].isspace() for after in behind.split(delimiter)[1:]) >= 3
