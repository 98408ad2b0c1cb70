"""What the explorer page holds: its views, as their address names them, and the clean tables as one JSON value."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import pandas as pd

from helpers import vocabulary
from helpers.analysis import harm, totals
from helpers.brief.plain import safe_address
from helpers.cleaning.normalise import claimant_names
from helpers.figures import style
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.paths import resolve
from helpers.stretches import NAMES, Stretches, span_text
from helpers.tables import read
from helpers.vocabulary import split
from helpers.words import capital

#: What reports say of the people at the place; an incident is in exactly one of them.
HARM = {
    "killed": "someone killed",
    "injured": "injured, no one killed",
    "none": "no one hurt, by reports",
    "unsaid": "not said",
}

#: Columns that hold people hurt.
PEOPLE = ("us_killed", "us_injured_best", "partner_killed", "partner_injured")

#: What a report says, as far as the page shows it; what else is coded, the page shows of the incident.
SAID = (
    "date", "date_precision", "time_local", "place_as_reported", "weapon_as_reported", "munitions_low",
    "munitions_high", "intercepted", "us_killed", "us_injured_low", "us_injured_high", "partner_killed",
    "partner_injured", "damage", "claimed_by", "confirmation", "note",
)  # fmt: skip


#: The lists of filters.
LISTS = ("country", "site", "weapon", "confirmation", "harm", "group")

#: One state of the explorer, under the names of its address: days (``from`` and ``to``, both included), lists (empty:
#: all), and words searched for. Within a list any value fits; between the lists all must. ``q`` looks for places; with
#: ``sources`` it looks also in what sources say and how they are called.
View = dict[str, str | list[str]]


def address(view: View) -> str:
    """Return the part of the page's address after ``#``, without what is empty."""
    joined = {name: ",".join(value) if isinstance(value, list) else value for name, value in view.items()}
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in joined.items() if value)


def default_view(parameters: Parameters, confirmations: Iterable[str] = ()) -> View:
    """Return the view that shows what `parameters` count.

    A list that would leave nothing out stays empty: countries where all count, and confirmation where every code in
    `confirmations` (those in the data) counts.
    """
    shown, counted = style.view(parameters), CONFIRMATIONS[parameters.confirmed_by]
    lists = {name: shown[name].split(",") if name in shown else [] for name in LISTS}
    lists["confirmation"] = [] if set(confirmations) <= set(counted) else list(counted)
    return {"from": shown["from"], "to": shown["to"], **lists, "q": "", "sources": ""}


def stories(parameters: Parameters, usual: View) -> dict[str, tuple[str, View]]:
    """Return name -> words and view of what the brief's findings are about: each stretch, missiles, people hurt.

    The words name what is shown and claim nothing of it, so that they hold under all `parameters`; each view narrows
    the `usual` one. The names of the stretches are those of `helpers.stretches`.
    """
    found: dict[str, tuple[str, View]] = {"all": ("the whole window", usual)}
    for name in NAMES:
        stretch = Stretches(parameters)[name]
        if stretch.first and stretch.last:
            words = f"the pause ({span_text(stretch.first, stretch.last)})" if name == "pause" else stretch.words
            days = {"from": stretch.first.isoformat(), "to": stretch.last.isoformat()}
            found[name] = (words, {**usual, **days})
    missiles = list(vocabulary.missiles(parameters.reference_dir))
    found["missiles"] = ("missiles of a stated kind", {**usual, "weapon": missiles})
    found["harm"] = ("people killed or injured", {**usual, "harm": ["killed", "injured"]})
    found["officials"] = ("confirmed by a US official", {**usual, "confirmation": ["us_official"]})
    return {name: (capital(words), view) for name, (words, view) in found.items()}


def people_hurt(incidents: pd.DataFrame) -> pd.Series[str]:
    """Return the `HARM` code of each incident, from the columns `PEOPLE`; a blank number says nothing."""
    people = incidents[list(PEOPLE)].apply(pd.to_numeric).astype("Float64")
    killed = people[["us_killed", "partner_killed"]].gt(0).fillna(False).any(axis=1)
    injured = people[["us_injured_best", "partner_injured"]].gt(0).fillna(False).any(axis=1)
    said = people.notna().any(axis=1)
    code = pd.Series("unsaid", index=incidents.index, dtype="object")
    return code.mask(said, "none").mask(injured, "injured").mask(killed, "killed")


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


def packed(frame: pd.DataFrame) -> dict[str, Any]:
    """Return column -> its cells; of a column whose texts repeat, each text once (``words``) and its place (``at``)."""
    columns: dict[str, Any] = {}
    for name in frame.columns:
        cells = [cell(value) for value in frame[name].astype(object)]
        words = list(dict.fromkeys(cells))
        if any(isinstance(word, str) for word in words) and 2 * len(words) < len(cells):
            place = {word: n for n, word in enumerate(words)}
            columns[name] = {"words": words, "at": [place[value] for value in cells]}
        else:
            columns[name] = cells
    return columns


def short_name(name: str) -> str:
    """Return a site's name as a map has room for: what stands before a bracket, slash or comma."""
    for sign in (" (", " / ", ",", "/"):
        name = name.split(sign)[0]
    return name.strip()


def site_options(incidents: pd.DataFrame, sites: pd.DataFrame, reference_dir: str) -> list[dict[str, Any]]:
    """Return the sites at which there are incidents, by country and number, with names and point."""
    names, aliases = (dict(zip(sites["site_id"], sites[part], strict=True)) for part in ("name", "aliases"))
    places = incidents.groupby("site_id").agg(
        name=("site_name", "first"), country=("country", "first"), latitude=("latitude", "first"),
        longitude=("longitude", "first"), precision=("place_precision", "min"), n=("incident_id", "size"),
    )  # fmt: skip
    found = []
    for site, row in places.iterrows():
        name = str(names.get(site, row["name"]))
        words = {"code": str(site), "label": name if len(name) <= 48 else short_name(name), "short": short_name(name)}
        words |= {"aliases": f"{name} | {cell(aliases.get(site)) or ''}", "colour": f"country-{row['country']}"}
        found.append(words | {str(part): cell(value) for part, value in row.drop("name").items()})
    order = list(vocabulary.countries(reference_dir))
    return sorted(found, key=lambda site: (order.index(site["country"]), -site["n"], site["code"]))


def labels(incidents: pd.DataFrame, reference_dir: str) -> dict[str, dict[str, str]]:
    """Return for each list of filters code -> label, in order; groups are those that claim any of the `incidents`."""
    claimed = incidents["claimed_by"].map(split).explode().value_counts(sort=True)
    groups = {code: code.removeprefix("other:").replace("_", " ") for code in claimed.index}
    return {
        "country": {code: country.name for code, country in vocabulary.countries(reference_dir).items()},
        "weapon": {code: weapon.label for code, weapon in vocabulary.weapons(reference_dir).items()},
        "confirmation": vocabulary.CONFIRMATION,
        "harm": HARM,
        "group": {**groups, **claimant_names(), "none": "no group, by reports", "unsaid": "not said"},
    }


def options(
    incidents: pd.DataFrame, sites: pd.DataFrame, words: dict[str, dict[str, str]], reference_dir: str
) -> dict[str, Any]:
    """Return for each list of filters the values in the data, in the order of `words`, with label and colour."""
    parts = {name: set(incidents[name].map(split).explode()) for name in ("weapons", "claimed_by")}
    used = {
        "country": set(words["country"]),
        "weapon": parts["weapons"] | set(incidents["top_weapon"]),
        "confirmation": set(incidents["confirmation"]),
        "harm": set(HARM),
        "group": parts["claimed_by"] | {"unsaid"},
    }
    made: dict[str, Any] = {
        name: [
            {"code": code, "label": label, "colour": "muted" if name == "group" else f"{name}-{code}"}
            for code, label in words[name].items()
            if code in codes
        ]
        for name, codes in used.items()
    }
    return {**made, "site": site_options(incidents, sites, reference_dir)}


def _points(chain: totals.Series, **more: str) -> list[dict[str, Any]]:
    """Return the points of a running total by day, with what is said of how exact each is."""
    return [
        {
            **more,
            "day": cell(point.day),
            "total": int(point.value),
            "words": "at least " if math.isinf(point.high) else "" if point.low == point.high else "about ",
        }
        for point in chain.points[1:]
    ]


def counters(official: pd.DataFrame, other: pd.DataFrame, sources: pd.DataFrame, p: Parameters) -> dict[str, Any]:
    """Return what others counted: officials by country ("": all), the Observatory by base ("": Syria), all by row."""
    families = sources.set_index("source_id")["family"]
    since = totals.counted_since(official, p)
    by_country = totals.by_country(official, families, since=since)
    countries = {"": totals.series(official, families, since=since), **by_country}
    bases = ["", *sorted({site for site in other["site_id"].fillna("") if site})] if len(other) else []
    observatory = {base: totals.observatory(other, families, base) for base in bases}
    shown = ["counter", "since", "as_of", "country", "site_id", "total", "relation", "unit", "source_id"]
    return {
        "officials": [point for code, chain in countries.items() for point in _points(chain, country=code)],
        "injured": _points(harm.officials(official, sources, p)),
        "observatory": [point for base, chain in observatory.items() for point in _points(chain, site=base)],
        "others": packed(other.sort_values(["as_of", "counter", "site_id"])[shown]),
    }


def extent(incidents: pd.DataFrame, margin: float = 0.7) -> tuple[float, float, float, float]:
    """Return the part of the world that a map of `incidents` shows: west, south, east, north, in degrees."""
    points = incidents[["longitude", "latitude"]].dropna()
    if points.empty:
        return (35.4, 31.9, 46.6, 37.6)
    (west, south), (east, north) = points.min().tolist(), points.max().tolist()
    return (west - 2 * margin, south - margin, east + 2 * margin, north + margin)


def _by_incident(frame: pd.DataFrame, place: dict[str, int], columns: Iterable[str]) -> dict[str, Any]:
    """Return `frame` packed, each row's incident as its place in the list of incidents."""
    kept = frame[frame["incident_id"].isin(place)]
    return packed(kept[list(columns)].assign(incident=kept["incident_id"].map(place)))


def payload(clean_dir: str, parameters: Parameters) -> dict[str, Any]:
    """Return all that the page shows, from the clean tables in `clean_dir`."""
    incidents = read("incidents", clean_dir).sort_values(["date", "incident_id"], ignore_index=True)
    reports, sources, sites = (read(name, clean_dir) for name in ("reports", "sources", "sites"))
    conflicts, responses, other = (read(name, clean_dir) for name in ("conflicts", "responses", "other_counts"))
    place = {name: n for n, name in enumerate(incidents["incident_id"])}
    order = {
        (row.incident_id, source): n for row in incidents.itertuples() for n, source in enumerate(split(row.sources))
    }
    linked = reports[reports["incident_id"].isin(place)]
    pairs = zip(linked["incident_id"], linked["source_id"], strict=True)
    linked = linked.assign(order=[order.get(pair, 0) for pair in pairs]).sort_values(["order", "report_id"])
    cited = set(linked["source_id"]) | set(other["source_id"]) | set(responses["sources"].map(split).explode())
    known = sources[sources["source_id"].isin(cited)].sort_values("source_id")
    view = default_view(parameters, set(incidents["confirmation"]))
    words = labels(incidents, parameters.reference_dir)
    days = [day for day in (cell(incidents["date"].min()), cell(incidents["date"].max())) if day]
    return {
        "usual": view,
        "all": {"from": min([view["from"], *days]), "to": max([view["to"], *days])},
        "pause": {"start": parameters.pause_start.isoformat(), "end": parameters.pause_end.isoformat()},
        "stories": [
            {"name": name, "label": label, "address": address(found)}
            for name, (label, found) in stories(parameters, view).items()
        ],
        "options": options(incidents, sites, words, parameters.reference_dir),
        "labels": words,
        "plurals": {code: weapon.plural for code, weapon in vocabulary.weapons(parameters.reference_dir).items()},
        "countries": [
            {"name": country.name, "longitude": country.longitude, "latitude": country.latitude}
            for country in vocabulary.countries(parameters.reference_dir).values()
        ],
        # The sources of an incident are those of its reports, in their order.
        "columns": incidents.columns.tolist(),
        "incidents": packed(incidents.drop(columns="sources").assign(harm=people_hurt(incidents))),
        "reports": _by_incident(linked, place, ["source_id", *(name for name in SAID if name in linked.columns)]),
        "sources": packed(
            known[["source_id", "outlet", "title", "published", "kind", "language"]].assign(
                url=known["url"].map(safe_address)
            )
        ),
        "conflicts": _by_incident(conflicts, place, ["field", "chosen", "n_chosen", "other", "n_other", "rule"]),
        "counters": counters(read("official_counts", clean_dir), other, sources, parameters),
        "responses": packed(
            responses.dropna(subset="date")[
                ["date", "country", "place", "target", "killed_low", "killed_high", "killed_side", "sources"]
            ]
        ),
        "borders": json.loads((resolve(parameters.reference_dir) / "borders.geojson").read_text(encoding="utf-8"))[
            "features"
        ],
        "extent": extent(incidents),
    }
