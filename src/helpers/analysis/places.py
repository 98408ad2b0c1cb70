"""Where the attacks fell: sites and countries, and beside each base in Syria what the Syrian Observatory counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from helpers.analysis.counters import by_base
from helpers.analysis.totals import observatory
from helpers.parameters import Parameters
from helpers.stretches import NAMES
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


class Counted(NamedTuple):
    """What the Observatory counted in Syria, to the last `day` of the window on which its bases add up.

    `at` site -> its total on `day`, and `rows` the ids behind it; `record` the ids of the attacks on record in the same
    days; `told` site -> day -> the running total given of it.
    """

    day: date
    at: dict[str, int]
    rows: list[str]
    record: list[str]
    told: dict[str, dict[pd.Timestamp, int]]


def observed(prepared: pd.DataFrame, clean: dict[str, pd.DataFrame], parameters: Parameters) -> Counted | None:
    """Return the Observatory's count by base beside the record's; None where `by_base` finds none."""
    pairs, counts = by_base(clean["other_counts"], prepared, parameters), clean["other_counts"]
    if not pairs:
        return None
    given = [pair.counted for pair in pairs if pair.counted.rows]
    families = clean["sources"].set_index("source_id")["family"]
    chains = {one.place: observatory(counts, families, one.place).told[1:] for one in given}
    return Counted(
        given[0].last,
        {one.place: one.best for one in given},
        [row for one in given for row in one.rows],
        [incident for pair in pairs for incident in pair.record.incidents],
        {site: {point.day: point.value for point in chain} for site, chain in chains.items()},
    )


def sites_table(
    prepared: pd.DataFrame, parameters: Parameters, counted: Counted | None, gazetteer: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a site, most attacked first; columns are `SITE_COLUMNS`.

    top_weapon is the heaviest used there, mapped whether the site has a point; to_day are the attacks of the days that
    the Observatory's count covers, observatory that count (missing where there is none). A base that the Observatory
    alone counts has a row with no attack; its name is that of the `gazetteer` (the clean table of sites).
    """
    arms = list(weapons(parameters.reference_dir))
    known, at = (set(counted.record), counted.at) if counted else (set(), {})
    point = prepared["latitude"].notna() & (prepared["place_precision"] < NO_POINT)
    summed = ["us_killed", "us_injured", "to_day", *NAMES]
    frame = prepared.assign(
        name=prepared["site_name"], us_injured=prepared["us_injured_best"], mapped=point,
        latitude=prepared["latitude"].where(point), longitude=prepared["longitude"].where(point),
        to_day=prepared["incident_id"].isin(known), top_weapon=prepared["top_weapon"].map(arms.index),
        **{stretch: prepared["stretch"] == stretch for stretch in NAMES},
    )  # fmt: skip
    frame["top_weapon"] = frame["top_weapon"].where(frame["rung"].notna())
    frame[summed] = frame[summed].astype("Float64").fillna(0).astype(int)
    kept = {"latitude": "first", "longitude": "first", "place_precision": "first", "mapped": "any", "top_weapon": "max"}
    table = frame.groupby(["site_id", "name"], as_index=False).agg(
        country=("country", lambda codes: codes.mode().iloc[0]), attacks=("incident_id", "size"),
        first=("date", "min"), last=("date", "max"), **{column: (column, how) for column, how in kept.items()},
        **{column: (column, "sum") for column in summed},
    )  # fmt: skip
    table["top_weapon"] = ["unknown" if pd.isna(place) else arms[int(place)] for place in table["top_weapon"]]
    alone = gazetteer[gazetteer["site_id"].isin(set(at) - set(table["site_id"]))]
    alone = alone.rename(columns={"precision": "place_precision"}).assign(top_weapon="unknown", mapped=False)
    table = pd.concat([table, alone], ignore_index=True).reindex(columns=SITE_COLUMNS)
    numbers = ["attacks", "place_precision", *summed]
    table[numbers] = table[numbers].astype("Float64").fillna(0).astype(int)
    table = table.assign(observatory=table["site_id"].map(at))
    table = table.astype({"mapped": bool, "observatory": "Int64", "latitude": float, "longitude": float})
    return table.sort_values(["attacks", "site_id"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class Places:
    """Where the attacks of a run fell: the `prepared` incidents and their `sites` (see `sites_table`); `troops` by
    country: the median of personnel that statements give, their sources (joined by ``;``); what is
    `counted` by the Observatory."""

    prepared: pd.DataFrame
    sites: pd.DataFrame
    troops: pd.DataFrame
    counted: Counted | None

    @property
    def named(self) -> pd.DataFrame:
        """The sites of a named place that were attacked."""
        return self.sites[(self.sites["place_precision"] < NO_POINT) & (self.sites["attacks"] > 0)]

    @property
    def nowhere(self) -> pd.DataFrame:
        """The attacks of which no site is named."""
        return self.prepared[self.prepared["place_precision"] >= NO_POINT]


def analyse(prepared: pd.DataFrame, parameters: Parameters, clean: dict[str, pd.DataFrame]) -> Places:
    """Return where the `prepared` incidents (`weapons.prepare`) fell.

    `clean` holds the clean tables forces, other_counts, sources and sites.
    """
    counted = observed(prepared, clean, parameters)
    stated = clean["forces"].dropna(subset=["personnel"])
    stated = stated[stated["country"].isin(parameters.countries)].sort_values("source_id")
    troops = stated.astype({"personnel": float}).groupby("country").agg(
        personnel=("personnel", "median"), sources=("source_id", ";".join)
    )  # fmt: skip
    return Places(prepared, sites_table(prepared, parameters, counted, clean["sites"]), troops, counted)
