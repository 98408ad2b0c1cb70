"""What the READMEs of the data say that follows from schemas and tables: the dictionary, and the numbers of a folder.

The dictionary depends on the schemas alone and stands in ``data/README.md`` between two marks, written by
``python -m helpers.cleaning.datasheet``. The numbers depend on the data; they stand beside it, in the README of the
clean folder, and are written anew with each run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers.cleaning.schemas import Column, Sheet
from helpers.cleaning.schemas_coded import CODED
from helpers.cleaning.schemas_published import TABLES
from helpers.paths import resolve
from helpers.vocabulary import CONFIRMATION, COUNTRIES

START = "<!-- dictionary: written by `python -m helpers.cleaning.datasheet`, from the schemas -->"
END = "<!-- end of the dictionary -->"

#: Columns of the incidents whose share of blanks or unknowns tells what the record does not say.
TELLING = (
    "time_local",
    "latitude",
    "target_type",
    "top_weapon",
    "munitions_best",
    "intercepted",
    "damage",
    "us_killed",
    "us_injured_best",
    "partner_killed",
    "partner_injured",
    "claimed_by",
    "attributed_to",
)


def dictionary(coded: Iterable[Sheet] = CODED.values(), clean: Iterable[Sheet] = TABLES.values()) -> str:
    """Return the data dictionary as Markdown: a table for each coded sheet and each clean table."""
    parts = ["### Coded sheets (`data/coded/`)\n"]
    parts += [_sheet(sheet) for sheet in coded]
    parts.append("### Clean tables (`data/clean/`, each as CSV and Parquet)\n")
    parts += [_sheet(sheet) for sheet in clean]
    return "\n".join(parts).rstrip() + "\n"


def _sheet(sheet: Sheet) -> str:
    lines = [f"#### {sheet.name}", "", f"{sheet.description}.", ""]
    if sheet.key:
        lines += [f"Key: {', '.join(f'`{name}`' for name in sheet.key)}.", ""]
    for key in sheet.foreign_keys:
        also = f", or {', '.join(key.also)}" if key.also else ""
        lines += [f"`{key.column}` stands in `{key.sheet}`{also}.", ""]
    lines += ["| column | type | meaning | allowed |", "|---|---|---|---|"]
    lines += [_line(column) for column in sheet.columns]
    return "\n".join(lines) + "\n"


def _line(column: Column) -> str:
    allowed = column.rule if column.required else f"blank, or {column.rule}"
    cells = (f"`{column.name}`", column.type, column.description, allowed)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def with_dictionary(readme: str, text: str) -> str:
    """Return `readme` with what stands between the two marks replaced by `text`.

    Raises
    ------
    ValueError
        If a mark is missing.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the README needs the lines {START!r} and {END!r}")
    return f"{before}{START}\n\n{text}\n{END}{after}"


def overview(incidents: pd.DataFrame, sources: pd.DataFrame, lengths: Mapping[str, int]) -> str:
    """Return the README of a clean folder: its tables with their rows, what the record covers and what it leaves open.

    `lengths` has the rows of each table that is there; `incidents` and `sources` are typed (see `publish.typed`).
    """
    lines = [
        "# Clean data",
        "",
        "Built by `notebooks/01_clean.ipynb`; how, and what each column means: `data/README.md`.",
        "",
    ]
    lines += ["| table | rows | one row is |", "|---|---:|---|"]
    for name, sheet in TABLES.items():
        if name in lengths:
            lines.append(f"| `{name}` | {lengths[name]:,} | {sheet.description} |")
    lines += [
        "",
        "`incidents.geojson` has the incidents for maps; `datapackage.json` describes all tables for programs.",
        "",
    ]
    days = incidents["date"].dropna()
    if len(days):
        lines += [f"Incidents from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}.", ""]
    lines += _counts("Incidents by country", incidents["country"].map(COUNTRIES), "country")
    lines += _counts("Incidents by who confirms them", incidents["confirmation"].map(CONFIRMATION), "confirmed by")
    lines += _counts("Incidents by precision of the day", incidents["date_precision"], "precision")
    lines += _counts("Incidents by precision of the place", incidents["place_precision"].astype(str), "precision")
    lines += ["## What no source says", "", "| field | incidents without it |", "|---|---:|"]
    for column in TELLING:
        silent = incidents[column].isna() | incidents[column].astype(object).isin(["", "unknown"])
        lines.append(f"| `{column}` | {_of(int(silent.sum()), len(incidents))} |")
    lines += [
        "",
        *_counts("Sources by kind", sources["kind"], "kind"),
        *_counts("Sources by language", sources["language"], "language"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _counts(title: str, cells: pd.Series, head: str) -> list[str]:
    counted = cells.fillna("not said").value_counts()
    ordered = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    rows = [f"| {name} | {_of(int(number), len(cells))} |" for name, number in ordered]
    return [f"## {title}", "", f"| {head} | number |", "|---|---:|", *rows, ""]


def _of(number: int, total: int) -> str:
    return f"{number:,} ({number / total:.0%})" if total else f"{number:,}"


def main(path: Path) -> None:
    """Write the data dictionary into the README at `path`."""
    path.write_text(with_dictionary(path.read_text(encoding="utf-8"), dictionary()), encoding="utf-8")


if __name__ == "__main__":
    main(resolve(sys.argv[1] if len(sys.argv) > 1 else "data/README.md"))
