"""Reading coded sheets as people save them, with every fault of the file itself told by row.

A sheet is read as text alone (blank = ""), in any of the forms that spreadsheets write: with or without a byte order
mark, commas, semicolons or tabs, any line ends, blank lines and columns at the end. The index of a frame is the row as
a spreadsheet numbers it: the header is row 1.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.cleaning.schemas import Sheet

#: Text columns of frames: Arrow's strings, which hold a million reports in little memory; missing is never used.
TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))

DELIMITERS = (",", ";", "\t")

#: What a finding says, and the order of its columns.
FINDING = ("file", "row", "column", "value", "rule", "allowed")

_CHUNK = 1 << 20


@dataclass
class Faults:
    """Findings that are gathered while sheets are read and checked: `stops` and `lists`, rows of `FINDING`."""

    stops: list[tuple[str, int | None, str, str, str, str]] = field(default_factory=list)
    lists: list[tuple[str, int | None, str, str, str, str]] = field(default_factory=list)

    def stop(self, file: str, row: int | None, column: str, value: str, rule: str, allowed: str = "") -> None:
        """Note what stops a run."""
        self.stops.append((file, row, column, value, rule, allowed))

    def note(self, file: str, row: int | None, column: str, value: str, rule: str, allowed: str = "") -> None:
        """Note what is listed for review."""
        self.lists.append((file, row, column, value, rule, allowed))


#: The rule that an unclosed quotation mark breaks, and what is allowed.
SWALLOWS = "a quotation mark that is not closed swallows the next rows"
CLOSED = "each opening quote closed"


def read_sheet(path: Path, sheet: Sheet, faults: Faults) -> pd.DataFrame | None:
    """Return the coded sheet at `path` as text with the columns of `sheet`, or None where nothing can be read.

    A missing column is there as blanks, so that all other faults can still be told; `frame.attrs["missing"]` names it.
    """
    name = path.name
    header = _header(path, faults)
    if header is None:
        return None
    frame = _table(path, header, faults)
    if frame is None:
        return None
    blank = (frame == "").all(axis=1)
    for extra in [column for column in frame.columns if column.startswith("\0")]:
        filled = frame.index[frame[extra] != ""]
        if len(filled):
            value = str(frame.loc[filled[0], extra])
            faults.stop(name, int(filled[0]), "", value, "a column without a name holds values", "a name in row 1")
        frame = frame.drop(columns=extra)
    frame = frame[~blank]
    missing = [column for column in sheet.column_names if column not in frame.columns]
    for column in missing:
        faults.stop(name, 1, column, "", "missing column", ", ".join(sheet.column_names))
        frame[column] = pd.Series("", index=frame.index, dtype=TEXT)
    for column in [column for column in frame.columns if column not in sheet.column_names]:
        faults.note(name, 1, column, "", "extra column; it is not used", ", ".join(sheet.column_names))
    if frame.empty and not missing:
        faults.note(name, None, "", "", "no rows below the header", "")
    frame = frame[sheet.column_names]
    frame.attrs["missing"] = missing
    return frame


@dataclass(frozen=True)
class _Header:
    delimiter: str
    names: list[str]


def _header(path: Path, faults: Faults) -> _Header | None:
    """Return delimiter and column names of the file, after checking that it is text in UTF-8."""
    name = path.name
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, first = 1, ""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if line == 1 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    faults.stop(name, None, "", "UTF-16", "wrong encoding", "UTF-8 (in Excel: CSV UTF-8)")
                    return None
                try:
                    piece = decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    at = line + error.object[: error.start].count(b"\n")
                    value = error.object[error.start : error.start + 1].hex()
                    faults.stop(name, at, "", f"byte {value}", "wrong encoding", "UTF-8 (in Excel: CSV UTF-8)")
                    return None
                if "\0" in piece:
                    at = line + piece[: piece.index("\0")].count("\n")
                    faults.stop(name, at, "", "NUL", "a sign that no text holds", "text in UTF-8")
                    return None
                first = first or piece
                line += piece.count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        faults.stop(name, line, "", "cut off", "wrong encoding", "UTF-8 (in Excel: CSV UTF-8)")
        return None
    except OSError as error:
        faults.stop(name, None, "", "", f"cannot be read: {error.strerror}", "a CSV file")
        return None
    first = first.removeprefix("\ufeff")
    if not first.strip(" \t\r\n,;"):
        faults.stop(name, None, "", "", "the file is empty", "a header and rows")
        return None
    top = first.splitlines()[0]
    delimiter = max(DELIMITERS, key=lambda sign: (top.count(sign), -DELIMITERS.index(sign)))
    names = next(csv.reader([top], delimiter=delimiter))
    kept: list[str] = []
    for number, cell in enumerate(names):
        word = "_".join(cell.replace("\u200b", "").split()).casefold()
        if word and word in kept:
            faults.stop(name, 1, word, cell, "a column given twice", "each column once")
        kept.append(word if word and word not in kept else f"\0{number}")
    return _Header(delimiter, kept)


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
    name, width = path.name, len(header.names)
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    kept: list[list[str]] = []
    rows: list[int] = []
    try:
        for number, cells in enumerate(_rows(text, header.delimiter), start=1):
            if number == 1:
                if any("\n" in cell for cell in cells):
                    faults.stop(name, 1, "", cells[-1][:60], SWALLOWS, CLOSED)
                continue
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width:
                shown, allowed = (
                    header.delimiter.join(cells)[:60],
                    f"{width} cells; text with {header.delimiter!r} in quotes",
                )
                faults.stop(name, number, "", shown, "more cells than columns", allowed)
                continue
            short = len(cells) < width
            cells.extend([""] * (width - len(cells)))
            swallowed = [cell for cell in cells if "\n" in cell and (short or _holds_a_row(cell, header.delimiter))]
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


def _rows(text: str, delimiter: str) -> Iterable[list[str]]:
    csv.field_size_limit(max(len(text), 1 << 17))
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)


def read_folder(
    folder: Path, sheets: dict[str, Sheet], needed: Iterable[str], faults: Faults
) -> dict[str, pd.DataFrame]:
    """Read every sheet of `sheets` from `folder`; one that is not there is a fault if `needed`, else an empty frame."""
    frames = {}
    wanted = set(needed)
    for name, sheet in sheets.items():
        path = folder / f"{name}.csv"
        frame = None
        if path.exists():
            frame = read_sheet(path, sheet, faults)
        elif name in wanted:
            faults.stop(path.name, None, "", "", "missing file", "a CSV file with the codebook's columns")
        else:
            faults.note(path.name, None, "", "", "no such sheet; taken as empty", "")
        if frame is None:
            frame = pd.DataFrame({column: pd.Series([], dtype=TEXT) for column in sheet.column_names})
            frame.index = pd.RangeIndex(2, 2)
            frame.attrs["missing"] = sheet.column_names
        frames[name] = frame
    return frames
