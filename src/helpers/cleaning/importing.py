"""Coded sheets from other people's data: an ACLED export becomes reports, sources and sites that a coder goes on from.

One row in is one report out, or is listed with the reason. What ACLED does not code stays blank or ``unknown``; each
guess stands in the report's note. The source of a report is ACLED's row: the outlets that it names were not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.cleaning.normalise import loose, read_spellings, readings
from helpers.cleaning.reading import DELIMITERS
from helpers.cleaning.schemas import coded
from helpers.vocabulary import country_code, weapons

Row = dict[str, str]

#: ACLED's columns without which a row says too little.
NEEDED = ("event_id_cnty", "event_date", "country", "location", "latitude", "longitude")

#: ACLED's time precision -> the codebook's.
PRECISION = {"1": "day", "2": "range", "3": "approximate"}

#: What an export leaves to the coder.
TO_FILL = (
    "confirmation (media_only was put in: ACLED does not say who confirms)",
    "target_type and weapons where they are unknown, munitions, intercepted, damage",
    "killed and injured: ACLED's fatalities do not say whose (they stand in the notes)",
    "claimed_by (attributed_to holds ACLED's first actor)",
    "which rows are within your codebook: every row was taken, whoever the actors are",
)


@dataclass
class Imported:
    """Rows of ``reports``, ``sources`` and ``sites``, and the rows `left` out, each with its row number and reason."""

    reports: list[Row] = field(default_factory=list)
    sources: list[Row] = field(default_factory=list)
    sites: dict[str, Row] = field(default_factory=dict)
    left: list[Row] = field(default_factory=list)


def read_acled(path: Path, reference_dir: str | None = None) -> Imported:
    """Return the coded rows of an ACLED export (CSV with ACLED's column names).

    Raises
    ------
    ValueError
        If the file is no CSV in UTF-8, or lacks a column that is needed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: wrong encoding (allowed: UTF-8)") from None
    first = text.partition("\n")[0]
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count)))
    known = {name.strip().casefold() for name in rows[0]} if rows else set()
    if missing := [name for name in NEEDED if name not in known]:
        raise ValueError(f"{path.name}, row 1: missing column {', '.join(missing)} (allowed: ACLED's column names)")
    found, numbers, spellings = Imported(), Counter[str](), _arms(reference_dir)
    for number, row in enumerate(rows, start=2):
        told = {str(name).strip().casefold(): " ".join(str(cell or "").split()) for name, cell in row.items()}
        days, country = readings(told["event_date"]), country_code(told["country"], reference_dir)
        if reason := _unfit(told, len(days), country, found):
            found.left.append({"row": str(number), "event_id_cnty": told["event_id_cnty"], "reason": reason})
            continue
        _take(told, days.pop().isoformat(), str(country), spellings, numbers, found, reference_dir)
    return found


def _unfit(row: Row, days: int, country: str | None, found: Imported) -> str:
    """Return why a row cannot be taken, or ""."""
    if days != 1:
        return f"{row['event_date']!r} is not one day"
    if country is None:
        return f"{row['country']!r} is no country of countries.csv: add it there, with its borders, to take it"
    if not row["event_id_cnty"] or _source(row) in {source["source_id"] for source in found.sources}:
        return "no id, or an id given twice"
    if not row["location"]:
        return "no location"
    return ""


def _source(row: Row) -> str:
    return "acled-" + re.sub(r"[^a-z0-9]+", "-", row["event_id_cnty"].casefold()).strip("-")


def _take(
    row: Row,
    day: str,
    country: str,
    arms: Mapping[str, str],
    numbers: Counter[str],
    found: Imported,
    folder: str | None,
) -> None:
    source, site = _source(row), _site(row, country, found)
    numbers[f"{day}-{site}"] += 1
    arm, why = _weapon(row, arms, folder)
    notes = [f"From ACLED {row['event_id_cnty']}", why, "confirmation guessed: ACLED does not say"]
    if row.get("fatalities", "") not in ("", "0"):
        notes.append(f"ACLED counts {row['fatalities']} killed, whose is not said")
    if row.get("source"):
        notes.append(f"ACLED names as sources: {row['source']}")
    diplomatic = row.get("actor2", "").startswith("Government of")
    if diplomatic:
        notes.append("target guessed from the second actor")
    published = min((stated.isoformat() for stated in readings(row.get("timestamp", ""))), default=day)
    found.sources.append(
        {
            "source_id": source,
            "outlet": "ACLED",
            "published": published,
            "language": "en",
            "kind": "analyst",
        }
    )
    found.reports.append(
        {
            "report_id": f"{source}/1",
            "source_id": source,
            "incident_key": f"{day}-{site}-{numbers[f'{day}-{site}']}",
            "date": day,
            "date_precision": PRECISION.get(row.get("time_precision", ""), "approximate"),
            "site_id": site,
            "place_as_reported": row["location"],
            "country": country,
            "target_type": "diplomatic" if diplomatic else "unknown",
            "weapons": arm,
            "weapon_as_reported": row.get("sub_event_type", ""),
            "intercepted": "unknown",
            "damage": "unknown",
            "attributed_to": row.get("actor1", ""),
            "confirmation": "media_only",
            "note": "; ".join(notes),
        }
    )


def _site(row: Row, country: str, found: Imported) -> str:
    """Return the site of a row, which becomes a line of the gazetteer where it is new."""
    slug = re.sub(r"[^a-z0-9]+", "-", row["location"].casefold()).strip("-") or "place"
    name = slug
    while name in found.sites and found.sites[name]["country"] != country:
        name += f"-{country.casefold()}"
    precision = row.get("geo_precision", "")
    line = {"site_id": name, "name": row["location"], "country": country, "admin1": row.get("admin1", "")}
    point = {"lat": row["latitude"], "lon": row["longitude"], "precision": precision if precision in "123" else "3"}
    found.sites.setdefault(name, {**line, **point, "coordinates_source": "ACLED"})
    return name


def _arms(reference_dir: str | None) -> dict[str, str]:
    """Return the spellings of weapons, longest first, so that "ballistic missile" is met before "missile"."""
    import pandas as pd

    empty = pd.DataFrame({"site_id": [], "name": [], "aliases": []}, dtype=str)
    known = read_spellings(reference_dir or "data/reference", empty).weapons
    known |= {loose(weapon.label): code for code, weapon in weapons(reference_dir).items() if code != "unknown"}
    return {word: known[word] for word in sorted(known, key=len, reverse=True) if known[word] != "unknown"}


def _weapon(row: Row, arms: Mapping[str, str], folder: str | None) -> tuple[str, str]:
    """Return the weapons of a row and why: those that the notes name, else the one that the sub-event type means."""
    text, found = loose(row.get("notes", "")), []
    for word, code in arms.items():
        if re.search(rf"\b{re.escape(word)}s?\b", text):
            found.append(code)
            text = re.sub(rf"\b{re.escape(word)}s?\b", " ", text)
    named = [code for code in weapons(folder) if code in found]
    if named:
        return ";".join(named), "weapon guessed from the words of ACLED's notes"
    kind = row.get("sub_event_type", "")
    meant = [code for code, weapon in weapons(folder).items() if kind and weapon.sub_event == kind]
    if len(meant) == 1:
        return meant[0], f"weapon guessed from ACLED's sub-event type, {kind}"
    return "unknown", "weapon not said"


def write_imported(found: Imported, folder: Path) -> list[str]:
    """Write the sheets into `folder`; return lines that say what was done and what a coder still has to fill.

    Raises
    ------
    FileExistsError
        If `folder` holds anything.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: holds files; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {"reports": found.reports, "sources": found.sources, "sites": list(found.sites.values())}
    for name, rows in sheets.items():
        _write(folder / f"{name}.csv", coded()[name].column_names, rows)
    if found.left:
        _write(folder / "not_imported.csv", ["row", "event_id_cnty", "reason"], found.left)
    total = len(found.reports) + len(found.left)
    lines = [f"{len(found.reports)} of {total} rows became reports, at {len(found.sites)} sites, in {folder}"]
    if found.left:
        lines.append(f"{len(found.left)} rows were left out; {folder / 'not_imported.csv'} says why")
    return [*lines, "a coder still has to fill or look at:", *(f"  {what}" for what in TO_FILL)]


def _write(path: Path, columns: list[str], rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
