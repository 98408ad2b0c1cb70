"""The coded sheets: the commands ``brief check`` and ``brief import``, and why a run stopped at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.running import processes
from helpers.running.files import Refusal, reason
from helpers.running.terminal import say, width
from helpers.running.terminal import table as aligned

COLUMNS = ("file", "row", "column", "value", "rule", "allowed")

#: The check of the coded sheets, by which a notebook that looks at them is known.
CHECK = "helpers.cleaning.check"


def faults(folder: str, reference_dir: str) -> list[list[str]]:
    """Return the rows of faults in `folder` at which a run must stop."""
    from helpers.cleaning.check import check_folder, grouped

    return rows(grouped(check_folder(folder, reference_dir).stops))


def check_sheets(folder: Path | None, every: bool, reference: Path | None, into: Path | None) -> None:
    """Print every fault of the coded sheets in `folder`, or a workbook, and refuse them if there is one.

    What is only to be looked at is summed up, unless `every` row of it is asked for. Sheets without faults are written
    `into` a new folder as CSV, in the codebook's forms, where one is named.
    """
    from helpers.cleaning.check import grouped, read_and_check, write_checked

    place = folder if folder is not None else resolve("data/coded")
    if not place.exists():
        raise Refusal(f"{place}: there is no such folder or workbook")
    try:
        checked = read_and_check(place.absolute(), reference.absolute() if reference else "data/reference")
        lists, stops = rows(checked.findings.lists), rows(grouped(checked.findings.stops))
        if lists:
            say(f"{_counted(len(lists), 'row')} to look at; they stop nothing (--all lists each):")
            click.echo(table(lists, err=False) if every else summed(lists))
        if stops:
            raise Refusal(f"{_counted(len(checked.findings.stops), 'fault')} in {place}:", table(stops))
        written = write_checked(checked, into) if into is not None else []
    except OSError as error:
        raise Refusal(reason(error)) from None
    say(f"{place}: no faults")
    if written:
        say(f"{len(written)} files are in {into}")


def import_acled(file: Path, into: Path, reference: Path | None) -> None:
    """Make coded sheets of an ACLED export in the new folder `into`."""
    from helpers.cleaning.acled import read_acled, write_imported

    try:
        say(*write_imported(read_acled(file, str(reference.absolute()) if reference else None), into))
    except (OSError, ValueError) as error:
        raise Refusal(str(error)) from None


def refuse_faulty(root: Path, parameters: Parameters) -> None:
    """Refuse a run whose coded sheets have faults, with the table of them."""
    folders = (str(resolve(folder, root)) for folder in (parameters.coded_dir, parameters.reference_dir))
    try:
        stops = processes.call(faults, *folders)
    except RuntimeError:
        return  # what the notebook failed with says why
    if stops:
        raise Refusal(f"{_counted(len(stops), 'fault')} in {parameters.coded_dir}; no result was changed", table(stops))


def rows(frame: Any) -> list[list[str]]:
    """Return the rows of a table of faults as text, blanks for what is missing."""
    plain = frame.reindex(columns=list(COLUMNS)).convert_dtypes().astype(object)  # a row's number stays whole
    lines: list[list[str]] = plain.where(plain.notna(), "").astype(str).to_numpy().tolist()
    return lines


def table(lines: list[list[str]], widest: int = 60, *, err: bool = True) -> str:
    """Return `lines` under their column names, aligned; control characters shown as a sign, long cells cut.

    What is allowed is told in full below, once a column, where it had to be cut.
    """
    long = {f"allowed in {line[2]}: {line[-1]}": None for line in lines if len(line[-1]) > widest}
    return "\n".join([_aligned([list(COLUMNS), *lines], widest, err=err), *map(_printable, long)])


def summed(lines: list[list[str]]) -> str:
    """Return how many rows of each file and column are to be looked at and why, and where the first of them are."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for file, row, column, _value, rule, _allowed in lines:
        groups.setdefault((file, column, rule), []).append(row)
    told = [
        [*group, str(len(found)), ", ".join(filter(None, found[:6])) + (", ..." if len(found) > 6 else "")]
        for group, found in groups.items()
    ]
    return _aligned([["file", "column", "rule", "rows", "these"], *told], 60)


def _aligned(lines: list[list[str]], widest: int, *, err: bool = False) -> str:
    plain = [[_printable(cell) for cell in line] for line in lines]
    cut = [[cell if len(cell) <= widest else f"{cell[: widest - 1]}…" for cell in line] for line in plain]
    return aligned(cut, width(err=err))


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
