"""ACLED's columns, out and in: the incidents for those whose tools read ACLED's files, and coded sheets from an export.

The columns and their meaning follow ACLED's codebook (Armed Conflict Location & Event Data Project). What is published
is not ACLED's data and shares no ids with it; what would need a judgement that the coding did not make stays blank.

Of an ACLED export, one row in is one report out, or is listed with the reason. What ACLED does not code stays blank or
``unknown``; each guess stands in the report's note. The source of a report is ACLED's row: the outlets that it names
were not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cleaning.normalise import claimant_names, loose, read_spellings, readings
from helpers.cleaning.reading import DELIMITERS, write_sheets
from helpers.cleaning.schemas import TABLES, coded
from helpers.tables import records
from helpers.vocabulary import CONFIRMATION, countries, country_code, split, weapons

#: Kind of outlet -> the scale at which ACLED would place it.
SCALES = {
    "official": "Other",
    "wire": "International",
    "national_media": "National",
    "local_media": "Subnational",
    "claimant_media": "New media",
    "analyst": "Other",
    "encyclopedia": "Other",
}

STATES, GOVERNMENT = "Military Forces of the United States", "Government of the United States"


def export(incidents: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return the `incidents` in ACLED's columns, in the order given; outlets and their kinds come from `sources`."""
    outlets = dict(zip(sources["source_id"], sources["outlet"], strict=True))
    kinds = dict(zip(sources["source_id"], sources["kind"], strict=True))
    names, columns = claimant_names(), TABLES["acled"].column_names
    events = [_event(row, outlets, kinds, names) for row in records(incidents)]
    return pd.DataFrame(events, columns=columns)


def _event(row: Any, outlets: dict[str, str], kinds: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    country, weapon = countries()[row.country], weapons()[row.top_weapon]
    behind, claimant = split(row.sources), _claimant(row, names)
    killed = [number for number in (row.us_killed, row.partner_killed) if number is not None]
    stopped = [f"intercepted: {row.intercepted}"] if row.intercepted in ("all", "some") else []
    return {
        "event_id_cnty": row.incident_id,
        "event_date": row.date,
        "year": row.date.year,
        "time_precision": row.date_code,
        "disorder_type": "Political violence",
        "event_type": weapon.event,
        "sub_event_type": weapon.sub_event,
        "actor1": claimant or f"Unidentified Armed Group ({country.name})",
        "actor2": GOVERNMENT if row.target_type == "diplomatic" else STATES,
        "iso": country.iso,
        "region": "Middle East",
        "country": country.name,
        "admin1": row.admin1,
        "location": row.site_name,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "geo_precision": row.place_precision,
        "source": ";".join(dict.fromkeys(outlets[source].replace(";", ",") for source in behind)),
        "source_scale": "-".join(dict.fromkeys(SCALES[kinds[source]] for source in behind)),
        "notes": _notes(row),
        "fatalities": sum(killed) if killed else None,
        "tags": ";".join([*(["claimed"] if claimant else []), *stopped]),
    }


def _claimant(row: Any, names: dict[str, str]) -> str:
    """Return the name of the group that claimed the attack, or "" where none did or none is told."""
    other = row.claimed_by.removeprefix("other:") if row.claimed_by.startswith("other:") else ""
    return names.get(row.claimed_by, other)


def _notes(row: Any) -> str:
    arms = [weapons()[code].label for code in split(row.weapons) if code in weapons()]
    parts = [f"Weapons: {', '.join(arms)}", f"intercepted: {row.intercepted}", f"damage: {row.damage}"]
    numbers = {"munitions": row.munitions_best, "US and coalition injured": row.us_injured_best}
    parts += [f"{label}: {number}" for label, number in numbers.items() if number is not None]
    parts.append(f"confirmed by: {CONFIRMATION[row.confirmation]}")
    parts.append(f"{row.n_reports} reports, {row.n_independent} independent")
    return "; ".join(parts) + "."


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
    sources: dict[str, Row] = field(default_factory=dict)
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
    if not row["event_id_cnty"] or _source(row) in found.sources:
        return "no id, or an id given twice"
    if not row["location"]:
        return "no location"
    return ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def _source(row: Row) -> str:
    return f"acled-{_slug(row['event_id_cnty'])}"


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
    page = {"source_id": source, "outlet": "ACLED", "published": published, "language": "en", "kind": "analyst"}
    found.sources[source] = page
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
    name = _slug(row["location"]) or "place"
    while name in found.sites and found.sites[name]["country"] != country:
        name += f"-{country.casefold()}"
    precision = row.get("geo_precision", "")
    line = {"site_id": name, "name": row["location"], "country": country, "admin1": row.get("admin1", "")}
    point = {"lat": row["latitude"], "lon": row["longitude"], "precision": precision if precision in "123" else "3"}
    found.sites.setdefault(name, {**line, **point, "coordinates_source": "ACLED"})
    return name


def _arms(reference_dir: str | None) -> dict[str, str]:
    """Return the spellings of weapons, longest first, so that "ballistic missile" is met before "missile"."""
    empty = pd.DataFrame({"site_id": [], "name": [], "aliases": []}, dtype=str)
    known = read_spellings(reference_dir or "data/reference", empty).weapons
    known |= {loose(weapon.label): code for code, weapon in weapons(reference_dir).items() if code != "unknown"}
    return {word: known[word] for word in sorted(known, key=len, reverse=True) if known[word] != "unknown"}


def _weapon(row: Row, arms: Mapping[str, str], folder: str | None) -> tuple[str, str]:
    """Return the weapons of a row and why: those that the notes name, else the one that the sub-event type means."""
    text, found = loose(row.get("notes", "")), set()
    for word, code in arms.items():
        text, times = re.subn(rf"\b{re.escape(word)}s?\b", " ", text)
        found |= {code} if times else set()
    if found:
        named = ";".join(code for code in weapons(folder) if code in found)
        return named, "weapon guessed from the words of ACLED's notes"
    kind = row.get("sub_event_type", "")
    meant = [code for code, weapon in weapons(folder).items() if kind and weapon.sub_event == kind]
    if len(meant) == 1:
        return meant[0], f"weapon guessed from ACLED's sub-event type, {kind}"
    return "unknown", "weapon not said"


def write_imported(found: Imported, folder: Path) -> list[str]:
    """Write the sheets into the new `folder`; return lines that say what was done and what is left to the coder."""
    rows = {"reports": found.reports, "sources": found.sources.values(), "sites": found.sites.values()}
    sheets = {name: pd.DataFrame(rows[name], columns=coded()[name].column_names) for name in rows}
    if found.left:
        sheets["not_imported"] = pd.DataFrame(found.left, columns=["row", "event_id_cnty", "reason"])
    write_sheets(sheets, folder)
    total = len(found.reports) + len(found.left)
    lines = [f"{len(found.reports)} of {total} rows became reports, at {len(found.sites)} sites, in {folder}"]
    if found.left:
        lines.append(f"{len(found.left)} rows were left out; {folder / 'not_imported.csv'} says why")
    return [*lines, "a coder still has to fill or look at:", *(f"  {what}" for what in TO_FILL)]
