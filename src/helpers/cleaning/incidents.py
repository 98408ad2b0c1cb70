"""From the linked reports to the incidents, and to what is to be told of how each came to be.

The codes of precision are those of ACLED (time_precision, geo_precision: ACLED Codebook, "Spatial-temporal precision")
and UCDP GED (date_prec, where_prec: UCDP Georeferenced Event Dataset Codebook 23.1, by Stina Högbladh).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import pandas as pd
from pandas.api.types import union_categoricals

from helpers.cleaning.reconcile import Report, reconcile
from helpers.cleaning.review import allowed_days, nowhere
from helpers.cleaning.rulings import Linked
from helpers.cleaning.schemas import FIELDS, TABLES, TEXT, typed
from helpers.cleaning.votes import UNSAID, Choice
from helpers.tables import records
from helpers.vocabulary import FIRM_OUTLETS, OUTLETS, split, top_weapon

#: Fields whose value is a word for it where no report says anything.
_UNKNOWN = ("target_type", "intercepted", "damage", "weapons")

#: Columns of the reports that no incident is made of.
_UNUSED = ("incident_key", "weapon_as_reported", "note")

#: Columns of the reports in which a field's value stands, where they have another name.
_COLUMN = {"munitions": "munitions_low", "us_injured": "us_injured_low"}

#: Incidents that are made into tables at a time, so that no more of them is held as plain values.
BATCH = 1 << 12

Row = dict[str, Any]
Chosen = dict[str, Choice]


def make(reports: pd.DataFrame, sources: pd.DataFrame, sites: pd.DataFrame, linked: Linked) -> dict[str, pd.DataFrame]:
    """Return the clean tables incidents, reconciled and conflicts.

    `reports` are the typed reports with incident_id and family; those set aside (incident_id "") are left out.
    `sources` need source_id, published, kind and family; `sites` is the gazetteer; `linked` has the rulings that
    overrule what reports say.
    """
    outlets = _outlets(sources)
    gazetteer = {site.site_id: site for site in records(sites)}
    countries = {site.site_id: site.country for site in gazetteer.values()}
    rows: dict[str, list[Row]] = {"incidents": [], "reconciled": [], "conflicts": []}
    made: dict[str, list[pd.DataFrame]] = {name: [] for name in rows}

    def gather() -> None:
        for name, told in rows.items():
            frame = typed(pd.DataFrame(told, columns=TABLES[name].column_names), TABLES[name])
            texts: list[str] = list(frame.columns[frame.dtypes == TEXT]) if name == "reconciled" else []
            made[name].append(frame.astype(dict.fromkeys(texts, "category")))
            told.clear()

    for incident, told in _by_incident(reports, sources):
        chosen = _overruled(incident, reconcile(incident, told, countries), linked, countries)
        rows["incidents"].append(_incident(incident, told, chosen, outlets, gazetteer))
        rows["reconciled"] += [_how(incident, field, chosen.get(field)) for field in FIELDS]
        rows["conflicts"] += [row for field in FIELDS for row in _against(incident, field, chosen.get(field), told)]
        if len(rows["incidents"]) == BATCH:
            gather()
    gather()
    tables = {name: _whole(parts) for name, parts in made.items()}
    tables["incidents"] = tables["incidents"].sort_values(["date", "incident_id"], ignore_index=True)
    return tables


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the parts of a table as one; categories, which hold texts that repeat in little memory, stay such."""
    columns = {name: [part[name] for part in parts] for name in parts[0]}
    return pd.DataFrame(
        {
            name: union_categoricals(cells) if cells[0].dtype == "category" else pd.concat(cells, ignore_index=True)
            for name, cells in columns.items()
        }
    )


def _by_incident(reports: pd.DataFrame, sources: pd.DataFrame) -> Iterator[tuple[str, list[Report]]]:
    """Yield each incident, in the order of the ids, with its reports, in their order."""
    starts, ends = allowed_days(reports)
    published = reports["source_id"].map(sources.set_index("source_id")["published"])
    columns = {name: reports[name] for name in reports if name not in _UNUSED}
    told = pd.DataFrame({**columns, "published": published, "start": starts, "end": ends}, copy=False)
    order = reports["incident_id"].sort_values(kind="stable").index
    for incident, same in groupby(records(told, order), lambda report: report.incident_id):
        if incident:
            yield incident, list(same)


def _outlets(sources: pd.DataFrame) -> dict[str, tuple[int, str]]:
    """Return source_id -> the place of its kind among `OUTLETS`, and the firmest kind among outlets of its origin."""
    place = (
        sources["kind"].map({kind: place for place, kind in enumerate(OUTLETS)}).fillna(len(OUTLETS) - 1).astype(int)
    )
    firmest = place.groupby(sources["family"]).transform("min").map(dict(enumerate(OUTLETS)))
    return dict(zip(sources["source_id"], zip(place, firmest, strict=True), strict=True))


def _overruled(incident: str, chosen: Chosen, linked: Linked, countries: Mapping[str, str]) -> Chosen:
    """Return what is chosen with the rulings redate and resite over what the reports say."""
    if incident in linked.redated:
        told, ruling = linked.redated[incident]
        day = date.fromisoformat(told)
        rule = f"ruling {ruling}"
        chosen["date"] = chosen["date"]._replace(value=day, low=day, high=day, rule=rule, precision="day")
    if incident in linked.resited:
        site, ruling = linked.resited[incident]
        for field, value in (("site_id", site), ("country", countries[site])):
            chosen[field] = chosen[field]._replace(value=value, rule=f"ruling {ruling}")
    return chosen


def _incident(
    incident: str,
    reports: Sequence[Report],
    chosen: Chosen,
    outlets: Mapping[str, tuple[int, str]],
    gazetteer: Mapping[str, Any],
) -> Row:
    """Return the row of an incident in the clean table incidents."""
    row: Row = dict.fromkeys(FIELDS) | dict.fromkeys(_UNKNOWN, "unknown")
    row |= {field: choice.value for field, choice in chosen.items()} | {"incident_id": incident}
    for field in ("munitions", "us_injured"):
        number = chosen.get(field)
        row |= {f"{field}_best": row[field]}
        row |= {f"{field}_low": number and number.low, f"{field}_high": number and number.high}
    row |= _day(chosen["date"]) | _place(row["site_id"], reports, gazetteer)
    row["top_weapon"] = top_weapon(split(row["weapons"]))
    sources = sorted({(outlets[report.source_id][0], report.source_id) for report in reports})
    row |= {"n_reports": len(reports), "n_sources": len(sources), "sources": ";".join(name for _, name in sources)}
    row["n_independent"] = len({report.family for report in reports})
    row["n_conflicts"] = sum(bool(choice.others) for choice in chosen.values())
    # a US official known at second hand alone: one origin tells of him, and none of its outlets is a firm one
    us = [report for report in reports if report.confirmation == "us_official"]
    firm = any(outlets[report.source_id][1] in FIRM_OUTLETS for report in us)
    row["second_hand"] = len({report.family for report in us}) == 1 and not firm
    return row


def _day(day: Choice) -> Row:
    span, exact = (day.high - day.low).days, day.precision == "day"
    acled = 1 if exact else 2 if span <= 7 else 3
    ucdp = 1 if exact else 2 if span <= 5 else 3 if span <= 6 else 4 if span <= 30 else 5
    bounds = {"date_earliest": day.low, "date_latest": day.high, "date_precision": day.precision}
    return {**bounds, "date_code": acled, "ucdp_date_prec": ucdp}


def _place(site_id: str, reports: Sequence[Report], gazetteer: Mapping[str, Any]) -> Row:
    """Return the site's name, governorate, point and precision; a site outside the gazetteer has no point."""
    site = gazetteer.get(site_id)
    spelled = Counter(report.place_as_reported for report in reports if report.place_as_reported)
    spelling = min(spelled, key=lambda name: (-spelled[name], name), default="not named")
    point = (site.lat, site.lon) if site and not nowhere(site_id) else (None, None)
    precision = 3 if site is None or site.precision is None else int(site.precision)
    admin1 = site.admin1 if site else ""
    return {
        "site_name": site.name if site else spelling,
        "admin1": admin1,
        "latitude": point[0],
        "longitude": point[1],
        "place_precision": precision,
        "ucdp_where_prec": precision if precision < 3 else 4 if admin1 else 6,
    }


def _shown(value: Any) -> str:
    """Return a value as text: days in ISO form, nothing as ""."""
    return "" if value is None else str(value)


def _how(incident: str, field: str, choice: Choice | None) -> Row:
    """Return the row of the clean table reconciled that says how the value of `field` was chosen."""
    if choice is None:
        choice = Choice(None, UNSAID if field == "weapons" else "no report says", 0, 0)
    others = sorted(choice.others.items(), key=lambda other: (-other[1], other[0]))
    return {
        "incident_id": incident,
        "field": field,
        "value": _shown(choice.value) or ("unknown" if field in _UNKNOWN else ""),
        "low": _shown(choice.low),
        "high": _shown(choice.high),
        "rule": choice.rule,
        "n_independent": choice.n_independent,
        "n_said": choice.n_said,
        "others": ";".join(f"{_shown(value)} ({origins})" for value, origins in others),
    }


def _against(incident: str, field: str, choice: Choice | None, reports: Sequence[Report]) -> Iterator[Row]:
    """Yield a row of the clean table conflicts for each value told and not chosen, with the reports that say it."""
    others = {} if choice is None else {_shown(value): origins for value, origins in choice.others.items()}
    for other in sorted(others):
        yield {
            "incident_id": incident,
            "field": field,
            "chosen": _shown(choice and choice.value),
            "n_chosen": choice and choice.n_independent,
            "other": other,
            "n_other": others[other],
            "rule": choice and choice.rule,
            "reports": ";".join(sorted(report.report_id for report in reports if _says(report, field, other))),
        }


def _says(report: Report, field: str, value: str) -> bool:
    """Return whether a report gives this value, as text, for `field`."""
    told = getattr(report, _COLUMN.get(field, field))
    if field == "weapons":
        return value in split(told)
    return _shown(told) == value and (field != "date" or report.date_precision == "day")
