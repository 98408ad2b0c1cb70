"""What the explorer page holds: the clean tables, reduced to what it shows, as one JSON value."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from helpers import vocabulary
from helpers.cleaning.acled import CLAIMANTS
from helpers.cleaning.schemas_coded import REPORT_FIELDS
from helpers.explorer import official, selection
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.tables import for_spreadsheet, read

#: What a report says, as far as the page shows it: what else is coded, the page tells of the incident.
_OF_INCIDENT = {"date_earliest", "date_latest", "site_id", "country", "target_type", "weapons", "attributed_to"}
SAID = tuple(name for name in REPORT_FIELDS if name not in _OF_INCIDENT)


def script_json(value: Any) -> str:
    """Return `value` as JSON that can stand in a script element: no tag, no comment, no line separator in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def table(name: str, clean_dir: str | Path) -> pd.DataFrame | None:
    """Return a clean table, or None where it has not been built."""
    try:
        return read(name, clean_dir)
    except FileNotFoundError:
        return None


def cell(value: Any) -> Any:
    """Return a cell as JSON holds it: days as text, blanks as None, whole numbers whole."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if value != "" else None


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` without their blank cells."""
    rows = []
    for values in frame.astype(object).itertuples(index=False, name=None):
        plain = ((name, cell(value)) for name, value in zip(frame.columns, values, strict=True))
        rows.append({name: value for name, value in plain if value is not None})
    return rows


def packed(frame: pd.DataFrame) -> dict[str, Any]:
    """Return `frame` as names of columns and rows of cells, which takes less room than `records`."""
    rows = [[cell(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    return {"columns": frame.columns.tolist(), "rows": rows}


def safe_url(text: object) -> str:
    """Return an address if a page may link to it (http or https with a host), else nothing."""
    try:
        parts = urlsplit(str(text).strip())
    except ValueError:
        return ""
    return str(text).strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def csv_lines(incidents: pd.DataFrame) -> list[str]:
    """Return header and one line for each incident, as `helpers.tables.write` writes them."""
    lines = []
    header = [incidents.columns.tolist()]
    rows = [[_csv_cell(value) for value in row] for row in incidents.astype(object).itertuples(index=False, name=None)]
    for row in header + rows:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(row)
        lines.append(buffer.getvalue())
    return lines


def _csv_cell(value: Any) -> object:
    plain = cell(value)
    return "" if plain is None else for_spreadsheet(plain)


def short_name(name: str) -> str:
    """Return a site's name as a map has room for: what stands before a bracket, slash or comma."""
    for sign in (" (", " / ", ",", "/"):
        name = name.split(sign)[0]
    return name.strip()


def site_options(incidents: pd.DataFrame, sites: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the sites at which there are incidents, by country and number, with name and point."""
    names = dict(zip(sites["site_id"], sites["name"], strict=True))
    places = incidents.groupby("site_id").agg(
        country=("country", "first"), n=("incident_id", "size"), name=("site_name", "first"),
        latitude=("latitude", "first"), longitude=("longitude", "first"), precision=("place_precision", "min"),
    )  # fmt: skip
    order = list(vocabulary.COUNTRIES)
    found = []
    for site, row in places.iterrows():
        name = str(names.get(site, row["name"]))
        found.append(
            {
                "code": str(site),
                "label": name if len(name) <= 48 else short_name(name),
                "short": short_name(name),
                "colour": f"country-{row['country']}",
                "country": str(row["country"]),
                "latitude": cell(row["latitude"]),
                "longitude": cell(row["longitude"]),
                "precision": int(row["precision"]),
                "n": int(row["n"]),
            }
        )
    return sorted(found, key=lambda site: (order.index(site["country"]), -site["n"], site["code"]))


def options(incidents: pd.DataFrame, sites: pd.DataFrame, reference_dir: str) -> dict[str, list[dict[str, Any]]]:
    """Return for each list of filters the values in the data, in order, with label and name of the colour."""
    used = {code for item in incidents["weapons"] for code in vocabulary.split(item)} | set(incidents["top_weapon"])
    weapons = {code: weapon.label for code, weapon in vocabulary.weapons(reference_dir).items() if code in used}
    confirmed = {
        code: label for code, label in vocabulary.CONFIRMATION.items() if code in set(incidents["confirmation"])
    }
    lists = {
        "country": vocabulary.COUNTRIES,
        "weapon": weapons,
        "confirmation": confirmed,
        "harm": selection.HARM,
    }
    made: dict[str, list[dict[str, Any]]] = {
        name: [{"code": code, "label": label, "colour": f"{name}-{code}"} for code, label in words.items()]
        for name, words in lists.items()
    }
    return {**made, "site": site_options(incidents, sites)}


def colours(reference_dir: str) -> dict[str, str]:
    """Return name -> colour on paper, of all that the page colours."""
    weapons = {f"weapon-{code}": weapon.colour for code, weapon in vocabulary.weapons(reference_dir).items()}
    countries = {f"country-{code}": colour for code, colour in style.COUNTRY_COLOURS.items()}
    confirmation = {
        f"confirmation-{code}": style.CONFIRMATION_COLOURS.get(code, style.GRID) for code in vocabulary.CONFIRMATION
    }
    harm = {"harm-killed": style.ACCENT, "harm-injured": "#e08a7b", "harm-none": style.MUTED, "harm-unsaid": style.GRID}
    return {**weapons, **countries, **confirmation, **harm}


def payload(clean_dir: str, parameters: Parameters) -> dict[str, Any]:
    """Return all that the page shows, from the clean tables in `clean_dir`; tables not built yet are left out."""
    incidents = read("incidents", clean_dir).sort_values(["date", "incident_id"], ignore_index=True)
    reports, sources, sites = (read(name, clean_dir) for name in ("reports", "sources", "sites"))
    told = reports[reports["incident_id"].isin(incidents["incident_id"])]
    counts, conflicts, responses = (table(n, clean_dir) for n in ("official_counts", "conflicts", "responses"))
    named = set(told["source_id"]) | (set(counts["source_id"]) if counts is not None else set())
    cited = sources[sources["source_id"].isin(named)]
    said = [name for name in SAID if name in told.columns]
    view = selection.default_view(parameters, set(incidents["confirmation"]))
    span = (incidents["date"].min(), incidents["date"].max())
    return {
        "usual": view.values(),
        "all": {"from": min(view.start, cell(span[0]) or view.start), "to": max(view.end, cell(span[1]) or view.end)},
        "pause": _pause(parameters),
        "periods": periods(parameters),
        "options": options(incidents, sites, parameters.reference_dir),
        "labels": _labels(parameters.reference_dir),
        # Each report names its source.
        "incidents": packed(incidents.drop(columns="sources").assign(harm=selection.harm(incidents))),
        "csv": csv_lines(incidents),
        "reports": packed(told.sort_values(["incident_id", "report_id"])[["incident_id", "source_id", *said]]),
        "sources": {
            row["source_id"]: {
                **{name: row.get(name) for name in ("outlet", "title", "published", "kind", "language")},
                "url": safe_url(row.get("url", "")),
            }
            for row in records(cited)
        },
        "conflicts": _grouped(conflicts, ["field", "chosen", "n_chosen", "other", "n_other", "rule"]),
        "official": official.totals(counts, sources) if counts is not None else {"chain": [], "aside": []},
        "responses": []
        if responses is None
        else records(responses[["date", "country", "place"]].dropna(subset="date")),
        "borders": borders(parameters.reference_dir),
    }


def _grouped(frame: pd.DataFrame | None, columns: list[str]) -> dict[str, list[dict[str, Any]]]:
    if frame is None or not {"incident_id", *columns} <= set(frame.columns):
        return {}
    groups = frame.groupby("incident_id", sort=True)[columns]
    return {str(name): records(rows) for name, rows in groups}


def _labels(reference_dir: str) -> dict[str, dict[str, str]]:
    return {
        "country": vocabulary.COUNTRIES,
        "weapon": {code: weapon.label for code, weapon in vocabulary.weapons(reference_dir).items()},
        "confirmation": vocabulary.CONFIRMATION,
        "harm": selection.HARM,
        "claimant": {**CLAIMANTS, "none": "nobody"},
    }


def _pause(parameters: Parameters) -> dict[str, str]:
    last = parameters.pause_end - timedelta(days=1)
    return {
        "start": parameters.pause_start.isoformat(),
        "end": parameters.pause_end.isoformat(),
        "last": last.isoformat(),
    }


def periods(parameters: Parameters) -> list[dict[str, str]]:
    """Return the stretches that the page offers as buttons: the window, and what the pause and second stop part."""
    day = timedelta(days=1)
    p = parameters
    parts = [
        ("whole window", p.window_start, p.window_end),
        ("before the pause", p.window_start, p.pause_start - day),
        ("pause", p.pause_start, p.pause_end - day),
        ("after the pause", p.pause_end, p.stop_start - day),
        ("second stop", p.stop_start, p.window_end),
    ]
    return [
        {"label": label, "from": max(start, p.window_start).isoformat(), "to": min(end, p.window_end).isoformat()}
        for label, start, end in parts
        if max(start, p.window_start) <= min(end, p.window_end)
    ]


def borders(reference_dir: str) -> dict[str, Any]:
    """Return the borders' GeoJSON; an empty collection where there is none."""
    path = resolve(reference_dir) / "borders.geojson"
    if not path.exists():
        return {"type": "FeatureCollection", "features": []}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {"type": "FeatureCollection", "features": found["features"]}
