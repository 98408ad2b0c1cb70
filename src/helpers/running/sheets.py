"""The command ``brief check``: the faults of a folder of coded sheets, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from helpers.paths import resolve

COLUMNS = ("file", "row", "column", "value", "rule", "allowed")


def check_sheets(folder: Path | None) -> int:
    """Print every fault of the coded sheets in `folder` (by default the project's); return the exit status."""
    place = folder if folder is not None else resolve("data/coded")
    if not place.is_dir():
        click.echo(f"brief: {place}: there is no such folder", err=True)
        return 2
    from helpers.cleaning.check import check_folder

    found = check_folder(place)
    stops, lists = rows(found.stops), rows(found.lists)
    if lists:
        click.echo(f"{len(lists)} to look at (they stop nothing):")
        click.echo(table(lists))
    if stops:
        click.echo(f"{len(stops)} fault{'s' if len(stops) > 1 else ''} in {place}:", err=True)
        click.echo(table(stops), err=True)
        return 2
    click.echo(f"{place}: no faults")
    return 0


def rows(frame: Any) -> list[list[str]]:
    """Return the rows of a table of faults as text, blanks for what is missing."""
    plain = frame.reindex(columns=list(COLUMNS)).astype(object)
    return [
        ["" if value != value or value is None else str(value) for value in row]
        for row in plain.itertuples(index=False)
    ]


def table(lines: list[list[str]], widest: int = 60) -> str:
    """Return `lines` under their column names, aligned; control characters shown, long cells cut."""
    clean = [
        [_cut("".join(c if c.isprintable() else "�" for c in cell), widest) for cell in row]
        for row in [list(COLUMNS), *lines]
    ]
    widths = [max(len(row[column]) for row in clean) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean
    )


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else text[: widest - 1] + "…"
