"""The incidents in ACLED's columns, as far as this data can fill them, for those whose tools read ACLED's files.

The columns and their meaning follow ACLED's codebook (Armed Conflict Location & Event Data Project). The export is not
ACLED's data and shares no ids with it. What would need a judgement that the coding did not make stays blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.cleaning.normalise import claimant_names
from helpers.cleaning.schemas import TABLES
from helpers.vocabulary import CONFIRMATION, countries, split, weapons

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
    rows = incidents.itertuples(index=False, name=None)
    titles = [str(name) for name in incidents.columns]
    events = (_event(dict(zip(titles, row, strict=True)), outlets, kinds, names) for row in rows)
    return pd.DataFrame([tuple(event.get(column) for column in columns) for event in events], columns=columns)


def _event(
    row: Mapping[str, Any], outlets: dict[str, str], kinds: dict[str, str], names: dict[str, str]
) -> dict[str, Any]:
    date, country, weapon = pd.Timestamp(str(row["date"])), countries()[row["country"]], weapons()[row["top_weapon"]]
    behind, claimant = split(row["sources"]), _claimant(row, names)
    killed = [int(row[name]) for name in ("us_killed", "partner_killed") if not pd.isna(row[name])]
    stopped = [f"intercepted: {row['intercepted']}"] if row["intercepted"] in ("all", "some") else []
    return {
        "event_id_cnty": row["incident_id"],
        "event_date": date,
        "year": date.year,
        "time_precision": row["date_code"],
        "disorder_type": "Political violence",
        "event_type": weapon.event,
        "sub_event_type": weapon.sub_event,
        "actor1": claimant or f"Unidentified Armed Group ({country.name})",
        "actor2": GOVERNMENT if row["target_type"] == "diplomatic" else STATES,
        "iso": country.iso,
        "region": "Middle East",
        "country": country.name,
        "admin1": row["admin1"],
        "location": row["site_name"],
        "latitude": row["latitude"],
        "longitude": row["longitude"],
        "geo_precision": row["place_precision"],
        "source": ";".join(dict.fromkeys(outlets[source].replace(";", ",") for source in behind)),
        "source_scale": "-".join(dict.fromkeys(SCALES[kinds[source]] for source in behind)),
        "notes": _notes(row),
        "fatalities": sum(killed) if killed else None,
        "tags": ";".join([*(["claimed"] if claimant else []), *stopped]),
    }


def _claimant(row: Mapping[str, Any], names: dict[str, str]) -> str:
    """Return the name of the group that claimed the attack, or "" where none did or none is told."""
    code = str(row["claimed_by"]) if isinstance(row["claimed_by"], str) else ""
    return names.get(code, code.removeprefix("other:") if code.startswith("other:") else "")


def _notes(row: Mapping[str, Any]) -> str:
    arms = [weapons()[code].label for code in split(row["weapons"]) if code in weapons()]
    parts = [f"Weapons: {', '.join(arms)}", f"intercepted: {row['intercepted']}", f"damage: {row['damage']}"]
    for name, label in (("munitions_best", "munitions"), ("us_injured_best", "US and coalition injured")):
        if not pd.isna(row[name]):
            parts.append(f"{label}: {row[name]}")
    parts.append(f"confirmed by: {CONFIRMATION[str(row['confirmation'])]}")
    parts.append(f"{row['n_reports']} reports, {row['n_independent']} independent")
    return "; ".join(parts) + "."
