"""Reading coded sheets as people save them: CSV in any form that spreadsheets write, or workbooks.

A sheet is read as text alone (blank = ""): with or without a byte order mark, commas, semicolons or tabs, any line
ends, blank lines and columns at the end; from a workbook, days as days and numbers as numbers. The index of a frame is
the row as a spreadsheet numbers it: the header is row 1. Where a sheet cannot be read, one fault says so.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from helpers.cleaning.schemas import TEXT, Sheet
from helpers.vocabulary import nearest

DELIMITERS = (",", ";", "\t")

#: Endings of workbooks, as Excel and LibreOffice save them.
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

#: What a finding says, and the order of its columns.
FINDING = ("file", "row", "column", "value", "rule", "allowed")

Finding = tuple[str, int | None, str, str, str, str]

#: Signs of a file in which its header is looked for, and rows that are read at a time.
_OPENING, _BLOCK = 1 << 16, 20_000

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


def tell(
    findings: list[Finding], sheet: str, cells: pd.Series, rule: str | pd.Series, allowed: str | pd.Series = ""
) -> None:
    """Add each of `cells`, a part of a sheet's column, to `findings`; rule and allowed are one text, or one a row."""
    if cells.empty:
        return
    rules, allow = ([text] * len(cells) if isinstance(text, str) else text[cells.index] for text in (rule, allowed))
    for row, value, wrong, right in zip(cells.index, cells, rules, allow, strict=True):
        findings.append((f"{sheet}.csv", int(row), str(cells.name), str(value), str(wrong), str(right)))


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
        frame = None
        if name in found:
            frame = read_sheet(found[name][0], sheet, faults, found[name][1])
        elif place.exists() and name in wanted:
            allowed = "a CSV file or workbook with the codebook's columns"
            faults.stop(f"{name}.csv", None, "", "", "missing file", allowed)
        elif place.exists():
            faults.note(f"{name}.csv", None, "", "", "no such sheet; taken as empty", "")
        if frame is None:
            frame = pd.DataFrame({column: pd.Series([], dtype=TEXT) for column in sheet.column_names})
            frame.index = pd.RangeIndex(2, 2)
            frame.attrs["missing"] = sheet.column_names
        frames[name] = frame
    return frames


#: A file, and in a workbook of several sheets the sheet's name.
Place = tuple[Path, str]


def _found(place: Path, sheets: dict[str, Sheet], faults: Faults) -> dict[str, Place]:
    """Return where each sheet stands; a sheet that stands in two files is a fault."""
    files = [place] if place.is_file() else sorted(place.iterdir()) if place.is_dir() else []
    found: dict[str, list[Place]] = {}
    for path in files:
        if path.name.startswith((".", "~")) or not path.is_file():
            continue
        ending = path.suffix.lower()
        if ending == ".csv" and path.stem in sheets:
            found.setdefault(path.stem, []).append((path, ""))
        elif ending in WORKBOOKS:
            names = {_word(name): name for name in _sheets(path, faults)}
            if path.stem in sheets and path.stem not in names and names:
                names[path.stem] = next(iter(names.values()))
            for name in names.keys() & sheets.keys():
                found.setdefault(name, []).append((path, names[name]))
    for name, several in found.items():
        if len(several) > 1:
            told = " and ".join(f"{path.name} [{sheet}]" if sheet else path.name for path, sheet in several)
            faults.stop(f"{name}.csv", None, "", told, "the sheet stands in two files", "one of them")
    return {name: several[0] for name, several in found.items()}


def _sheets(path: Path, faults: Faults) -> list[str]:
    """Return the names of a workbook's sheets; a file that is no workbook is a fault."""
    from python_calamine import CalamineWorkbook

    try:
        return list(CalamineWorkbook.from_path(path).sheet_names)
    except Exception as error:
        faults.stop(path.name, None, "", "", f"cannot be read as a workbook: {error}", "a workbook without a password")
        return []


def read_sheet(path: Path, sheet: Sheet, faults: Faults, in_workbook: str = "") -> pd.DataFrame | None:
    """Return the coded sheet at `path` as text with the columns of `sheet`, or None where nothing can be read.

    In a workbook it is the sheet called `in_workbook`. A missing column is there as blanks, so that all other faults
    can still be told; `frame.attrs["missing"]` names it.
    """
    name = f"{sheet.name}.csv" if in_workbook else path.name
    opened = _open_workbook(path, in_workbook, name, faults) if in_workbook else _open_csv(path, faults)
    if opened is None or _elsewhere(opened.first, sheet, faults):
        return None
    names = _names(opened.first[0], name, faults)
    frame = _gathered(opened, names, name, faults)
    for extra in [column for column in frame.columns if column.startswith("\0")]:
        filled = frame.index[frame[extra] != ""]
        if len(filled):
            value = str(frame.loc[filled[0], extra])
            faults.stop(name, int(filled[0]), "", value, "a column without a name holds values", "a name in row 1")
        frame = frame.drop(columns=extra)
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
class _Opened:
    """The cells of the `first` rows, all `rows` with the header, and the `delimiter` ("" in a workbook)."""

    first: list[list[str]]
    rows: Iterable[list[str]]
    delimiter: str


def _open_workbook(path: Path, sheet: str, name: str, faults: Faults) -> _Opened | None:
    from python_calamine import CalamineWorkbook

    cells = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    rows = [[_text(cell) for cell in row] for row in cells]
    if not any(map(any, rows)):
        faults.stop(name, None, "", f"{path.name} [{sheet}]", "the sheet is empty", "a header and rows")
        return None
    return _Opened(rows[:_DEEPEST], rows, "")


def _open_csv(path: Path, faults: Faults) -> _Opened | None:
    """Open a file, after a look at all of it: text in UTF-8."""
    name, allowed = path.name, "UTF-8 (in Excel: CSV UTF-8)"
    first, number = "", 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    faults.stop(name, None, "", "UTF-16", "wrong encoding", allowed)
                    return None
                text = line.decode("utf-8")
                if "\0" in text:
                    faults.stop(name, number, "", "NUL", "a sign that no text holds", "text in UTF-8")
                    return None
                first += text if len(first) < _OPENING else ""
    except UnicodeDecodeError as error:
        faults.stop(name, number, "", f"byte {error.object[error.start]:02x}", "wrong encoding", allowed)
        return None
    except OSError as error:
        faults.stop(name, None, "", "", f"cannot be read: {error.strerror}", "a CSV file")
        return None
    if not first.strip("\ufeff \t\r\n,;"):
        faults.stop(name, None, "", "", "the file is empty", "a header and rows")
        return None
    lines = first.removeprefix("\ufeff").splitlines()[:_DEEPEST]
    signs = [max(DELIMITERS, key=lambda sign: (line.count(sign), -DELIMITERS.index(sign))) for line in lines]
    rows = [next(csv.reader([line], delimiter=sign), []) for line, sign in zip(lines, signs, strict=True)]
    return _Opened(rows, _csv_rows(path, signs[0]), signs[0])


def _csv_rows(path: Path, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(path.stat().st_size, 1 << 17))
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.reader(file, delimiter=delimiter)


def _gathered(opened: _Opened, names: list[str], name: str, faults: Faults) -> pd.DataFrame:
    """Return all rows below the header; one with too many cells is a fault and left out, a short one ends in blanks."""
    width, sign = len(names), opened.delimiter
    rows: list[int] = []
    block: list[list[str]] = []
    columns: list[list[pa.Array]] = [[pa.array([], pa.large_string())] for _ in names]
    for number, cells in enumerate(opened.rows, start=1):
        short = len(cells) < width
        if number == 1:
            if any("\n" in cell for cell in cells) and sign:
                faults.stop(name, 1, "", cells[-1][:60], SWALLOWS, CLOSED)
            continue
        if not any(map(str.strip, cells)):
            continue
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) > width:
            allowed = f"{width} cells; text with {sign!r} in quotes"
            faults.stop(name, number, "", sign.join(cells)[:60], "more cells than columns", allowed)
            continue
        if sign and "\n" in "".join(cells):
            swallowed = [
                place for place, cell in enumerate(cells) if "\n" in cell and (short or _holds_a_row(cell, sign))
            ]
            for place in swallowed[:1]:
                faults.stop(name, number, names[place], cells[place][:60], SWALLOWS, CLOSED)
        block.append(cells + [""] * (width - len(cells)) if short else cells)
        rows.append(number)
        if len(block) == _BLOCK:
            _keep(block, columns)
    _keep(block, columns)
    make: Callable[[pa.ChunkedArray], Any] = TEXT.__from_arrow__  # type: ignore[attr-defined]
    texts = {column: make(pa.chunked_array(parts)) for column, parts in zip(names, columns, strict=True)}
    return pd.DataFrame(texts, index=pd.Index(rows, dtype="int64"), columns=names, copy=False)


def _keep(block: list[list[str]], columns: list[list[pa.Array]]) -> None:
    """Move the rows of `block` to the `columns`, where text takes a fraction of the memory."""
    for parts, cells in zip(columns, zip(*block, strict=True), strict=False):
        parts.append(pa.array(cells, pa.large_string()))
    block.clear()


def _holds_a_row(cell: str, delimiter: str) -> bool:
    """Whether what follows a line break in `cell` looks like a row: separators without the blank that prose has."""
    behind = cell.split("\n", 1)[1]
    return sum(not after[:1].isspace() for after in behind.split(delimiter)[1:]) >= 3


def write_sheets(frames: Mapping[str, pd.DataFrame], folder: str | Path) -> list[Path]:
    """Write sheets as CSV into the new `folder`; return the files.

    Raises
    ------
    FileExistsError
        If `folder` holds anything: no sheet of anybody's is written over.
    """
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise FileExistsError(f"{target}: holds files; name a new folder")
    target.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(target / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    return [target / f"{name}.csv" for name in frames]
