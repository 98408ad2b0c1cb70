"""The incidents in ACLED's columns, as far as this data can fill them, for those whose tools read ACLED's files.

The columns and their meaning follow ACLED's codebook (Armed Conflict Location & Event Data Project). The export is not
ACLED's data and shares no ids with it. What would need a judgement that the coding did not make stays blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.cleaning.schemas import Column, Sheet, count, day, text
from helpers.vocabulary import CONFIRMATION, COUNTRIES, countries, split, weapons

CLAIMANTS = {
    "islamic_resistance_in_iraq": "Islamic Resistance in Iraq",
    "kataib_hezbollah": "Kataib Hezbollah",
    "harakat_hezbollah_al_nujaba": "Harakat Hezbollah al-Nujaba",
}

TARGETS = {"diplomatic": "Government of the United States"}

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


def _blank(name: str, what: str) -> Column:
    return text(name, f"{what}; blank: not coded here")


ACLED = Sheet(
    "acled",
    "The incidents in ACLED's column names; not ACLED's data, and without its ids. Filled by rule from incidents",
    (
        text("event_id_cnty", "this project's incident_id, not an id of ACLED's", required=True),
        day("event_date", "local day of the attack", required=True),
        count("year", "year of event_date", required=True),
        count("time_precision", "1 the day is known, 2 the week, 3 the month", required=True, minimum=1, maximum=3),
        text("disorder_type", "always Political violence", required=True),
        text(
            "event_type",
            "from the weapon on the highest rung. Attacks that were wholly intercepted stay under their weapon; ACLED "
            "files some of those as Strategic developments",
            required=True,
        ),
        text("sub_event_type", "from the weapon on the highest rung; blank when the weapon is unknown"),
        text("actor1", "the group that claimed it, else Unidentified Armed Group with the country", required=True),
        _blank("assoc_actor_1", "groups beside actor1"),
        _blank("inter1", "kind of actor1"),
        text(
            "actor2", "Military Forces of the United States, or its Government for a diplomatic target", required=True
        ),
        _blank("assoc_actor_2", "groups beside actor2"),
        _blank("inter2", "kind of actor2"),
        _blank("interaction", "kinds of both actors"),
        _blank("civilian_targeting", "whether civilians were the main target"),
        count("iso", "the country's number in ISO 3166-1", required=True),
        text("region", "always Middle East", required=True),
        text("country", "country", required=True, vocabulary=tuple(COUNTRIES.values())),
        text("admin1", "governorate"),
        _blank("admin2", "district"),
        _blank("admin3", "subdistrict"),
        text("location", "the site's name, or the place as reported", required=True),
        Column("latitude", "number", "latitude, WGS84; blank without a site", minimum=-90, maximum=90),
        Column("longitude", "number", "longitude, WGS84; blank without a site", minimum=-180, maximum=180),
        count(
            "geo_precision",
            "1 the site itself, 2 near it, 3 a governorate or country only",
            required=True,
            minimum=1,
            maximum=3,
        ),
        text("source", "the outlets that report it", separator=";", required=True),
        text("source_scale", "scales of the outlets, from their kinds, joined by -", required=True),
        text("notes", "the coded values in words; no text of a source", required=True),
        count("fatalities", "US, coalition and partner personnel and civilians killed; blank when no source says"),
        text("tags", "claimed, intercepted: what else the coding says", separator=";"),
        text("timestamp", "blank: the file does not depend on when it was made"),
    ),
    key=("event_id_cnty",),
)


def export(incidents: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return the `incidents` in ACLED's columns, in the order given; outlets and their kinds come from `sources`."""
    outlets = dict(zip(sources["source_id"], sources["outlet"], strict=True))
    kinds = dict(zip(sources["source_id"], sources["kind"], strict=True))
    parts = [pd.DataFrame(columns=ACLED.column_names)]
    for start in range(0, len(incidents), _CHUNK):
        rows = [
            _event(row, outlets, kinds)
            for row in incidents.iloc[start : start + _CHUNK].astype(object).to_dict("records")
        ]
        parts.append(pd.DataFrame(rows, columns=ACLED.column_names))
    return pd.concat(parts[-1:] if len(parts) == 1 else parts[1:], ignore_index=True)


#: Incidents that are exported at a time.
_CHUNK = 10_000


def _event(row: Mapping[Any, Any], outlets: dict[str, str], kinds: dict[str, str]) -> dict[str, Any]:
    date, country = pd.Timestamp(str(row["date"])), str(row["country"])
    event_type, sub_event_type = _types(str(row["top_weapon"]))
    behind = split(row["sources"])
    killed = [int(row[name]) for name in ("us_killed", "partner_killed") if not pd.isna(row[name])]
    tags = ["claimed"] if _claimant(row) else []
    tags += [f"intercepted: {row['intercepted']}"] if row["intercepted"] in ("all", "some") else []
    return {
        "event_id_cnty": row["incident_id"],
        "event_date": date,
        "year": date.year,
        "time_precision": row["date_code"],
        "disorder_type": "Political violence",
        "event_type": event_type,
        "sub_event_type": sub_event_type,
        "actor1": _claimant(row) or f"Unidentified Armed Group ({COUNTRIES[country]})",
        "actor2": TARGETS.get(str(row["target_type"]), "Military Forces of the United States"),
        "iso": countries()[country].iso,
        "region": "Middle East",
        "country": COUNTRIES[country],
        "admin1": row["admin1"],
        "location": row["site_name"],
        "latitude": row["latitude"],
        "longitude": row["longitude"],
        "geo_precision": row["place_precision"],
        "source": ";".join(dict.fromkeys(outlets[source].replace(";", ",") for source in behind)),
        "source_scale": "-".join(dict.fromkeys(SCALES[kinds[source]] for source in behind)),
        "notes": _notes(row),
        "fatalities": sum(killed) if killed else None,
        "tags": ";".join(tags),
    }


def _types(weapon: str) -> tuple[str, str]:
    return weapons()[weapon].event, weapons()[weapon].sub_event


def _claimant(row: Mapping[Any, Any]) -> str:
    """Return the name of the group that claimed the attack, or "" where none did or none is told."""
    code = str(row["claimed_by"]) if isinstance(row["claimed_by"], str) else ""
    return CLAIMANTS.get(code, code.removeprefix("other:") if code.startswith("other:") else "")


def _notes(row: Mapping[Any, Any]) -> str:
    words = [weapons()[code].label for code in split(row["weapons"]) if code in weapons()]
    parts = [f"Weapons: {', '.join(words)}", f"intercepted: {row['intercepted']}", f"damage: {row['damage']}"]
    for name, label in (("munitions_best", "munitions"), ("us_injured_best", "US and coalition injured")):
        if not pd.isna(row[name]):
            parts.append(f"{label}: {row[name]}")
    parts.append(f"confirmed by: {CONFIRMATION[str(row['confirmation'])]}")
    parts.append(f"{row['n_reports']} reports, {row['n_independent']} independent")
    return "; ".join(parts) + "."
