"""Sheets as they come back from people and programs: mutations of the real coded sheets, each drawn from a seed.

`small_folder` cuts the real sheets down to a few incidents, so that one cleaning takes little time and every mutation
has something to hit. `mutate` changes one to eight things in such a folder; `Folder.expected` says how many rows each
sheet must still give if the cleaning accepts it, so that a row lost in silence is seen.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Rows = list[list[str]]

CELLS = (
    "",
    " ",
    "  x  ",
    "\u00a0",
    "\ufeff",
    "\u200b",
    "=1+1",
    "@SUM(A1)",
    "+1",
    "-1",
    "0",
    "00",
    "1.5",
    "1e3",
    "1,5",
    "１２",
    "٣",
    "9" * 30,
    "NaN",
    "nan",
    "None",
    "null",
    "N/A",
    "TRUE",
    "inf",
    "2024-13-45",
    "2023-02-30",
    "20/01/2024",
    "01/02/2024",
    "20 Jan 2024",
    "January 20, 2024",
    "2024-1-2",
    "2024/01/20",
    "20.1.2024",
    "0000-00-00",
    "1600-01-01",
    "9999-12-31",
    "45311",
    "2024-01-20T00:00:00",
    "day",
    "DAY",
    "Rocket",
    "rockets",
    "rocket;",
    ";rocket",
    "rocket; mortar",
    "rocket;rocket",
    "صواريخ",
    "дрон",
    "💥",
    "\u202eabc",
    "a\nb",
    'say "no"',
    "a,b;c\td",
    "<script>alert(1)</script>",
    "{{ x }}",
    "../../etc/passwd",
    "x" * 10_000,
    "IQ;SY",
    "iq",
    "Iraq",
    "al-asad",
    "Ain al-Asad",
    "a second base",
    "other",
    "other:",
    "other:X",
    "unspecified-iraq",
    "us_official",
    "US official",
    "25:61",
    "04:15",
    "4:15",
    "night",
    "Night ",
    "all",
    "unknown",
    "merge",
    "relink",
    "2023-10-18-al-asad-1",
)


@dataclass
class Folder:
    """The sheets of a folder: name -> rows with the header first; and how each is to be written."""

    sheets: dict[str, Rows]
    raw: dict[str, bytes | None] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)

    def expected(self) -> dict[str, int]:
        """Return for each sheet how many rows below the header hold anything, where the mutations leave that sure."""
        return {
            name: sum(any(cell.strip() for cell in row) for row in rows[1:])
            for name, rows in self.sheets.items()
            if name not in self.uncertain
        }

    def write(self, target: Path) -> None:
        """Write the sheets to `target`, which is emptied first."""
        target.mkdir(parents=True, exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        for name in {**self.sheets, **self.raw}:
            content = self.raw.get(name, b"") if name in self.raw else encoded(self.sheets[name])
            if content is not None:
                (target / f"{name}.csv").write_bytes(content)


def encoded(rows: Rows, delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """Return `rows` as a CSV file in UTF-8."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return file.getvalue().encode("utf-8", errors="replace")


def small_folder(coded: Path, incidents: int = 12) -> Folder:
    """Return the real sheets cut down to some merged, told-apart and plain incidents and all that they refer to."""
    sheets = {}
    for path in sorted(coded.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            sheets[path.stem] = list(csv.reader(file))
    column = {name: {cell: place for place, cell in enumerate(rows[0])} for name, rows in sheets.items()}

    def cell(name: str, row: list[str], of: str) -> str:
        return row[column[name][of]]

    decisions = [row for row in sheets["decisions"][1:] if cell("decisions", row, "action") != "correct"]
    picked: dict[str, list[list[str]]] = {}
    for row in decisions:
        picked.setdefault(cell("decisions", row, "action"), []).append(row)
    rulings = [row for rows in picked.values() for row in rows[:2]]
    keys = {cell("decisions", row, of) for row in rulings for of in ("incident_key", "into")} - {""}
    reports = {cell("decisions", row, "report_id") for row in rulings} - {""}
    by_key: dict[str, Rows] = {}
    for row in sheets["reports"][1:]:
        by_key.setdefault(cell("reports", row, "incident_key"), []).append(row)
    keys |= {key for key, rows in by_key.items() for row in rows if cell("reports", row, "report_id") in reports}
    keys |= set(list(by_key)[:incidents])
    kept = [row for key in sorted(keys) for row in by_key.get(key, []) if cell("reports", row, "report_id") in reports]
    kept += [row for key in sorted(keys) for row in by_key.get(key, [])[:4] if row not in kept]
    small = {"reports": [sheets["reports"][0], *kept], "decisions": [sheets["decisions"][0], *rulings]}
    for name in ("official_counts", "responses", "context", "forces", "claims"):
        small[name] = sheets[name][:6]
    small["sites"] = sheets["sites"]
    for name in ("second_coding", "coding_stretches"):
        small[name] = sheets[name][:6]
    used = {
        row[column[name]["source_id"]] for name, rows in small.items() if "source_id" in column[name] for row in rows
    }
    small["sources"] = [sheets["sources"][0], *[row for row in sheets["sources"][1:] if row[0] in used]]
    return Folder(small)


def mutate(folder: Folder, seed: int) -> Folder:
    """Return a copy of `folder` with one to eight mutations drawn from `seed`."""
    rng = random.Random(seed)
    fresh = Folder({name: [list(row) for row in rows] for name, rows in folder.sheets.items()})
    names = [*fresh.sheets, "reports", "reports", "reports", "decisions", "sources"]
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        name, change = rng.choice(names), rng.choice(CHANGES)
        if name in fresh.raw:
            continue
        fresh.told.append(f"{change.__name__} in {name}")
        change(rng, fresh, name)
    return fresh


def _place(rng: random.Random, rows: Rows) -> tuple[int, int] | None:
    at = rng.randrange(1, len(rows)) if len(rows) > 1 else 0
    return (at, rng.randrange(len(rows[at]))) if at and rows[at] else None


def odd_cell(rng: random.Random, folder: Folder, name: str) -> None:
    if place := _place(rng, folder.sheets[name]):
        folder.sheets[name][place[0]][place[1]] = rng.choice(CELLS)


def odd_cells(rng: random.Random, folder: Folder, name: str) -> None:
    for _ in range(rng.randrange(2, 9)):
        odd_cell(rng, folder, name)


def odd_column(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if place := _place(rng, rows):
        value = rng.choice(CELLS)
        for row in rows[1:]:
            row[place[1] : place[1] + 1] = [value]


def scribbled_cell(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if place := _place(rng, rows):
        cell = rows[place[0]][place[1]]
        at = rng.randrange(len(cell) + 1)
        rows[place[0]][place[1]] = cell[:at] + rng.choice((*' ;,"=|-/_\u00a0\u0301é0', cell[at - 1 : at])) + cell[at:]


def other_case(rng: random.Random, folder: Folder, name: str) -> None:
    if place := _place(rng, folder.sheets[name]):
        row = folder.sheets[name][place[0]]
        row[place[1]] = rng.choice((str.upper, str.title, str.swapcase))(row[place[1]])


def swapped_cells(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    one, two = _place(rng, rows), _place(rng, rows)
    if one and two:
        a, b = rows[one[0]][one[1]], rows[two[0]][two[1]]
        rows[one[0]][one[1]], rows[two[0]][two[1]] = b, a


def doubled_row(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if len(rows) > 1:
        rows.insert(rng.randrange(1, len(rows) + 1), list(rng.choice(rows[1:])))


def dropped_rows(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    keep = rng.random()
    folder.sheets[name] = [rows[0], *[row for row in rows[1:] if rng.random() < keep]] if rows else rows


def shuffled_rows(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    folder.sheets[name] = [*rows[:1], *rng.sample(rows[1:], len(rows[1:]))]


def blank_rows(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    for _ in range(rng.randrange(1, 6)):
        rows.insert(rng.randrange(1, len(rows) + 1) if rows else 0, rng.choice(([], [""] * 5, [" ", ""])))


def long_row(rng: random.Random, folder: Folder, name: str) -> None:
    if place := _place(rng, folder.sheets[name]):
        folder.sheets[name][place[0]] += rng.choice((["extra"], ["", ""], ["", "x"]))


def short_row(rng: random.Random, folder: Folder, name: str) -> None:
    if place := _place(rng, folder.sheets[name]):
        del folder.sheets[name][place[0]][place[1] + 1 :]


def header_again(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if rows:
        rows.insert(rng.randrange(1, len(rows) + 1), list(rows[0]))


def no_header(rng: random.Random, folder: Folder, name: str) -> None:
    folder.sheets[name] = folder.sheets[name][1:]
    folder.uncertain.add(name)


def dropped_column(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if rows and rows[0]:
        at = rng.randrange(len(rows[0]))
        for row in rows:
            del row[at : at + 1]


def doubled_column(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if rows and rows[0]:
        at = rng.randrange(len(rows[0]))
        for row in rows:
            row.insert(at, row[at] if at < len(row) else "")


def renamed_column(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if rows and rows[0]:
        at = rng.randrange(len(rows[0]))
        cell = rows[0][at]
        rows[0][at] = rng.choice(
            (cell.upper(), f" {cell} ", cell.replace("_", " "), cell + "2", "", cell[::-1], "\ufeff" + cell)
        )


def ordered_columns(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    if rows and rows[0] and all(len(row) == len(rows[0]) for row in rows):
        order = rng.sample(range(len(rows[0])), len(rows[0]))
        folder.sheets[name] = [[row[place] for place in order] for row in rows]


def extra_columns(rng: random.Random, folder: Folder, name: str) -> None:
    rows = folder.sheets[name]
    head = rng.choice(("checked", "", "", "note"))
    filled = rng.choice(("", "", "yes"))
    for number, row in enumerate(rows):
        row.append(filled if number else head)


def byte_order_mark(rng: random.Random, folder: Folder, name: str) -> None:
    folder.raw[name] = b"\xef\xbb\xbf" + encoded(folder.sheets[name])


def other_form(rng: random.Random, folder: Folder, name: str) -> None:
    delimiter, end = rng.choice((";", "\t", ",", "|")), rng.choice(("\r\n", "\n", "\r"))
    quoting = rng.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
    start = rng.choice((b"", b"\xef\xbb\xbf"))
    folder.raw[name] = (
        start + encoded(folder.sheets[name], delimiter, end, quoting) + rng.choice((b"", b"\n\n", b"\r\n,,,\r\n"))
    )


def other_encoding(rng: random.Random, folder: Folder, name: str) -> None:
    text = encoded(folder.sheets[name]).decode("utf-8")
    folder.raw[name] = text.encode(
        rng.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "cp1256", "latin-1", "shift-jis")), "replace"
    )
    folder.uncertain.add(name)


def cut_off(rng: random.Random, folder: Folder, name: str) -> None:
    content = encoded(folder.sheets[name])
    folder.raw[name] = content[: rng.randrange(len(content) + 1)]
    folder.uncertain.add(name)


def odd_bytes(rng: random.Random, folder: Folder, name: str) -> None:
    content = bytearray(encoded(folder.sheets[name]))
    for _ in range(rng.randrange(1, 5)):
        if content:
            content[rng.randrange(len(content))] = rng.choice(
                (0, 10, 13, 34, 44, 59, 128, 195, 255, rng.randrange(256))
            )
    folder.raw[name] = bytes(content)
    folder.uncertain.add(name)


def stray_quote(rng: random.Random, folder: Folder, name: str) -> None:
    """Type a quotation mark that nothing closes: the rows after it must not be swallowed."""
    lines = encoded(folder.sheets[name]).split(b"\n")
    at = rng.randrange(len(lines))
    cells = lines[at].split(b",")
    place = rng.randrange(len(cells))
    cells[place] = b'"' + cells[place]
    lines[at] = b",".join(cells)
    folder.raw[name] = b"\n".join(lines)


def strange_file(rng: random.Random, folder: Folder, name: str) -> None:
    folder.raw[name] = rng.choice(
        (b"", b"\n", b"   ", b"\xef\xbb\xbf", b"PK\x03\x04xlsx", b"\0" * 50, b"a", b",,,\n,,,", b'"', None)
    )
    folder.uncertain.add(name)


CHANGES: tuple[Callable[[random.Random, Folder, str], None], ...] = (
    odd_cell,
    odd_cell,
    odd_cells,
    odd_column,
    scribbled_cell,
    scribbled_cell,
    other_case,
    swapped_cells,
    doubled_row,
    dropped_rows,
    shuffled_rows,
    blank_rows,
    long_row,
    short_row,
    header_again,
    no_header,
    dropped_column,
    doubled_column,
    renamed_column,
    ordered_columns,
    extra_columns,
    byte_order_mark,
    other_form,
    other_form,
    other_encoding,
    cut_off,
    odd_bytes,
    stray_quote,
    strange_file,
)
