"""Small folders of coded sheets for the tests of the cleaning."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

import pandas as pd
from conftest import ROOT, shared

from helpers.cleaning.pipeline import Clean, clean
from helpers.cleaning.schemas import CODED

CODED_DIR = ROOT / "data/coded"
REFERENCE = ROOT / "data/reference"

Row = Mapping[str, str]

REPORT = {
    "date": "2024-01-05",
    "date_precision": "day",
    "site_id": "al-asad",
    "place_as_reported": "Ain al-Asad",
    "country": "IQ",
    "target_type": "base",
    "weapons": "one_way_drone",
    "intercepted": "unknown",
    "damage": "unknown",
    "confirmation": "media_only",
}
KEY = "2024-01-05-al-asad-1"


def real(name: str) -> pd.DataFrame:
    """Return a real coded sheet as text."""
    return pd.read_csv(CODED_DIR / f"{name}.csv", dtype=str, keep_default_na=False)


def report(number: int, source: str = "", key: str = KEY, **cells: str) -> dict[str, str]:
    """Return a report of the source `source` (by default one of its own) with `cells` changed."""
    source = source or f"outlet-{number}"
    return {**REPORT, "report_id": f"{source}/{number}", "source_id": source, "incident_key": key, **cells}


def apart(changes: Iterable[Row]) -> list[dict[str, str]]:
    """Return a report for each of `changes`, each of an incident and a source of its own."""
    return [report(number, **{"key": f"{KEY[:-1]}{number}", **cells}) for number, cells in enumerate(changes, 1)]


def source(name: str, **cells: str) -> dict[str, str]:
    """Return a source; its outlet is its id unless `cells` say otherwise."""
    usual = {"outlet": name, "title": name, "url": f"https://example.org/{name}", "published": "2024-01-06"}
    return {"source_id": name, **usual, "language": "en", "kind": "national_media", **cells}


def write(folder: Path, reports: Sequence[Row], decisions: Sequence[Row] = (), **sheets: Sequence[Row]) -> Path:
    """Write `reports` and what belongs to them into `folder`, with sources made where none is given; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {row["source_id"] for row in sheets.get("sources", ())}
    needed = sorted({row["source_id"] for row in reports} - given)
    sheets["sources"] = [*sheets.get("sources", ()), *(source(name) for name in needed)]
    sheets.setdefault("sites", real("sites").to_dict("records"))
    content = {**sheets, "reports": reports, "decisions": decisions}
    for name, sheet in CODED.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, sheet.column_names, restval="")
            writer.writeheader()
            writer.writerows(content.get(name, ()))
    return folder


def decide(number: int, action: str, **cells: str) -> dict[str, str]:
    """Return a ruling."""
    return {"decision_id": f"d-{number}", "action": action, "confidence": "sure", "reason": "a test", **cells}


class Cases:
    """Small cases that are cleaned together, in one folder of sheets: each is an incident with outlets of its own."""

    def __init__(self) -> None:
        self.reports: list[dict[str, str]] = []
        self.sources: list[dict[str, str]] = []
        self.number = 0

    def add(self, reports: Sequence[Row], sources: Sequence[Row] = ()) -> str:
        """Add `reports` of one incident, with those of their `sources` that are not usual; return the incident's id."""
        self.number += 1
        key, own = f"{KEY[:-1]}{self.number}", {row["source_id"] for row in (*reports, *sources)}
        names = {name: f"{name}@{self.number}" for name in own}
        for row in sources:
            self.sources.append({column: names.get(cell, cell) for column, cell in row.items()})
        for row in reports:
            name = names[row["source_id"]]
            report_id = f"{name}/{len(self.reports) + 1}"
            self.reports.append({**row, "source_id": name, "report_id": report_id, "incident_key": key})
        return key

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The clean tables of all cases."""
        with tempfile.TemporaryDirectory() as folder:
            return clean(write(Path(folder), self.reports, sources=self.sources), REFERENCE).tables

    def incident(self, key: str) -> pd.Series:
        """Return the row of an incident."""
        return self.tables["incidents"].set_index("incident_id").loc[key]

    def conflicts(self, key: str, field: str) -> pd.DataFrame:
        """Return what reports of an incident say of a field and was not chosen."""
        table = self.tables["conflicts"]
        return table[(table["incident_id"] == key) & (table["field"] == field)]

    @staticmethod
    def named(cell: str) -> str:
        """Return the outlets of a cell of sources or reports by the names that their case gave them."""
        return re.sub(r"@[0-9]+(/[0-9]+)?", "", cell)


@cache
def real_clean() -> Clean:
    """Return the real sheets, cleaned once for all tests; do not change what it holds."""
    return shared("clean", lambda: clean(CODED_DIR, REFERENCE))
