"""Where the attacks fell: sites and countries, and beside each base in Syria what the Syrian Observatory counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from helpers.analysis.counters import by_base
from helpers.analysis.totals import Series, observatory
from helpers.parameters import Parameters
from helpers.stretches import NAMES
from helpers.tables import each
from helpers.vocabulary import weapons

#: A place of this precision is a country or governorate: no site is named, and it gets no point on a map.
NO_POINT = 3
#: Columns of `sites_table`.
SITE_COLUMNS = [
    "site_id", "name", "country", "latitude", "longitude", "place_precision", "attacks", *NAMES, "us_killed",
    "us_injured", "first", "last", "top_weapon", "mapped", "to_day", "observatory",
]  # fmt: skip


def short(name: str) -> str:
    """Return a site's name without what stands in brackets or after a stroke, and without "Air Base".

    >>> short("Conoco gas field (Mission Support Site Euphrates)"), short("Erbil Air Base / Erbil Airport")
    ('Conoco gas field', 'Erbil')
    """
    return name.split(" (")[0].split(" / ")[0].removesuffix(" Air Base")


@dataclass(frozen=True)
class Counted:
    """What the Observatory counted in Syria, to the last `day` of the window on which its bases add up.

    `total`; `bases` site -> its running total as a series; `at` site -> the total on `day`; `rows` the ids behind it;
    `record` the ids of the attacks on record in the same days.
    """

    day: date
    total: int
    bases: dict[str, Series]
    at: dict[str, int]
    rows: tuple[str, ...]
    record: tuple[str, ...]


def observed(prepared: pd.DataFrame, clean: dict[str, pd.DataFrame], parameters: Parameters) -> Counted | None:
    """Return the Observatory's count by base beside the record's; None where `by_base` finds none."""
    found = by_base(clean["other_counts"], prepared, parameters)
    if not found:
        return None
    families = clean["sources"].set_index("source_id")["family"]
    told = [pair.counted for pair in found if pair.counted.rows]
    return Counted(
        found[0].counted.last,
        sum(one.best for one in told),
        {one.place: observatory(clean["other_counts"], families, one.place) for one in told},
        {one.place: one.best for one in told},
        tuple(row for one in told for row in one.rows),
        tuple(incident for pair in found for incident in pair.record.incidents),
    )


def sites_table(
    prepared: pd.DataFrame, parameters: Parameters, counted: Counted | None, gazetteer: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a site, most attacked first; columns are `SITE_COLUMNS`.

    top_weapon is the heaviest used there, mapped whether the site has a point; to_day are the attacks of the days that
    the Observatory's count covers, observatory that count (missing where there is none). A base that the Observatory
    alone counts has a row with no attack; its name is that of the `gazetteer` (the clean table of sites).
    """
    order = list(weapons(parameters.reference_dir))
    known = set(counted.record) if counted else set()
    at = counted.at if counted else {}
    rows = [
        {"site_id": site, "name": name, "observatory": at.get(str(site)), **_row(group, order, known)}
        for (site, name), group in prepared.groupby(["site_id", "site_name"])
    ]
    attacked = {row["site_id"] for row in rows}
    for row in each(gazetteer[gazetteer["site_id"].isin(set(at) - attacked)]):
        rows.append({"site_id": row.site_id, "name": row.name, "country": row.country, "observatory": at[row.site_id],
                     "place_precision": row.precision, "top_weapon": "unknown", "mapped": False})  # fmt: skip
    table = pd.DataFrame(rows, columns=SITE_COLUMNS)
    numbers = ["attacks", "us_killed", "us_injured", "to_day", "place_precision", *NAMES]
    table[numbers] = table[numbers].astype("Int64").fillna(0).astype(int)
    table = table.astype({"mapped": bool, "observatory": "Int64", "latitude": float, "longitude": float})
    return table.sort_values(["attacks", "site_id"], ascending=[False, True], ignore_index=True)


def _row(group: pd.DataFrame, order: list[str], known: set[str]) -> dict[str, Any]:
    on_ladder = group[group["rung"].notna()]
    point = group["latitude"].notna() & (group["place_precision"] < NO_POINT)
    return {
        "country": group["country"].mode().iloc[0],
        "latitude": group.loc[point, "latitude"].iloc[0] if point.any() else np.nan,
        "longitude": group.loc[point, "longitude"].iloc[0] if point.any() else np.nan,
        "place_precision": int(group["place_precision"].iloc[0]),
        "attacks": len(group),
        **{stretch: int((group["stretch"] == stretch).sum()) for stretch in NAMES},
        "us_killed": int(group["us_killed"].astype("Float64").fillna(0).sum()),
        "us_injured": int(group["us_injured_best"].astype("Float64").fillna(0).sum()),
        "first": group["date"].min(),
        "last": group["date"].max(),
        "top_weapon": max(on_ladder["top_weapon"], key=order.index) if len(on_ladder) else "unknown",
        "mapped": bool(point.any()),
        "to_day": int(group["incident_id"].isin(known).sum()),
    }


@dataclass(frozen=True)
class Stationed:
    """US personnel said to be stationed in a country: the median of the statements, and their sources."""

    personnel: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Where the attacks of a run fell: `sites` (see `sites_table`), those of a `named` place and the ids of attacks
    `nowhere`; `countries` code -> ids; `troops` code -> who is said to be stationed; `counted` by the Observatory."""

    sites: pd.DataFrame
    named: pd.DataFrame
    nowhere: tuple[str, ...]
    countries: dict[str, tuple[str, ...]]
    troops: dict[str, Stationed]
    counted: Counted | None
    ids: dict[str, tuple[str, ...]]


def analyse(prepared: pd.DataFrame, parameters: Parameters, clean: dict[str, pd.DataFrame]) -> Places:
    """Return where the `prepared` incidents (`weapons.prepare`) fell.

    `clean` holds the clean tables forces, other_counts, sources and sites.
    """
    counted = observed(prepared, clean, parameters)
    sites = sites_table(prepared, parameters, counted, clean["sites"])
    vague = prepared["place_precision"] >= NO_POINT
    stated = clean["forces"].dropna(subset=["personnel"])
    troops = {
        str(code): Stationed(round(float(mine["personnel"].astype(float).median())), tuple(sorted(mine["source_id"])))
        for code, mine in stated.groupby("country")
    }
    return Places(
        sites,
        sites[(sites["place_precision"] < NO_POINT) & (sites["attacks"] > 0)],
        tuple(prepared.loc[vague, "incident_id"]),
        {code: tuple(prepared.loc[prepared["country"] == code, "incident_id"]) for code in parameters.countries},
        {code: troops[code] for code in parameters.countries if code in troops},
        counted,
        {str(site): tuple(mine["incident_id"]) for site, mine in prepared.groupby("site_id")},
    )
