"""Where the attacks fell: sites, countries, and attacks for each thousand troops stationed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.analysis.rates import Ratio, dispersion, scaled_ratio
from helpers.parameters import Parameters
from helpers.vocabulary import weapons

#: A place of this precision is a country or governorate: it gets no point on a map.
NO_POINT = 3
#: Columns of `sites_table`.
SITE_COLUMNS = [
    "site_id", "name", "country", "latitude", "longitude", "place_precision", "incidents", "before", "during", "after",
    "us_killed", "us_injured", "first", "last", "top_weapon", "mapped",
]  # fmt: skip


def sites_table(prepared: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return one row a site, most attacked first.

    Columns are `SITE_COLUMNS`; top_weapon is the highest rung used there, mapped whether the site has a point.
    """
    order = list(weapons(parameters.reference_dir))
    rows = []
    for (site, name), group in prepared.groupby(["site_id", "site_name"], sort=True):
        on_ladder = group[group["rung"].notna()]
        point = group["latitude"].notna() & (group["place_precision"] < NO_POINT)
        rows.append(
            {
                "site_id": site,
                "name": name,
                "country": group["country"].mode().iloc[0],
                "latitude": group.loc[point, "latitude"].iloc[0] if point.any() else np.nan,
                "longitude": group.loc[point, "longitude"].iloc[0] if point.any() else np.nan,
                "place_precision": int(group["place_precision"].iloc[0]),
                "incidents": len(group),
                **{period: int((group["period"] == period).sum()) for period in ("before", "during", "after")},
                "us_killed": int(group["us_killed"].astype("Float64").fillna(0).sum()),
                "us_injured": int(group["us_injured_best"].astype("Float64").fillna(0).sum()),
                "first": group["date"].min(),
                "last": group["date"].max(),
                "top_weapon": max(on_ladder["top_weapon"], key=order.index) if len(on_ladder) else "unknown",
                "mapped": bool(point.any()),
            }
        )
    table = pd.DataFrame(rows, columns=SITE_COLUMNS)
    table = table.astype({"incidents": int, "mapped": bool})
    return table.sort_values(["incidents", "site_id"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class Stationed:
    """US personnel said to be stationed in a country: median, lowest and highest statement, and their sources."""

    personnel: float
    low: int
    high: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class CountryCount:
    """Attacks in a country.

    Attributes
    ----------
    country: code.
    incidents: ids, by day.
    before, during, after: counts in each stretch.
    stationed: personnel said to be there; None if no statement is coded.
    per_thousand, low, high: attacks for each thousand stationed over the window, with an interval that allows for
        clustering (quasi-Poisson: variance over mean of daily counts); None without personnel.
    """

    country: str
    incidents: tuple[str, ...]
    before: int
    during: int
    after: int
    stationed: Stationed | None
    per_thousand: float | None
    low: float | None
    high: float | None


def stationed(forces: pd.DataFrame | None, country: str) -> Stationed | None:
    """Return what the statements of `forces` (source_id, country, personnel) say of `country`; None without one."""
    if forces is None or forces.empty:
        return None
    rows = forces[(forces["country"] == country) & forces["personnel"].notna()]
    if rows.empty:
        return None
    numbers = rows["personnel"].astype(int)
    return Stationed(float(numbers.median()), int(numbers.min()), int(numbers.max()), tuple(sorted(rows["source_id"])))


def countries(prepared: pd.DataFrame, forces: pd.DataFrame | None, parameters: Parameters) -> tuple[CountryCount, ...]:
    """Return the attacks in each country that counts."""
    found = []
    for code in parameters.countries:
        mine = prepared[prepared["country"] == code]
        troops = stationed(forces, code)
        per_thousand = low = high = None
        if troops is not None and troops.personnel > 0:
            spread = max(1.0, dispersion(daily(mine, parameters)).index or 1.0)
            thousands = troops.personnel / 1000
            per_thousand = len(mine) / thousands
            effective = len(mine) / spread
            low = float(stats.chi2.ppf(0.025, 2 * effective) / 2) * spread / thousands if len(mine) else 0.0
            high = float(stats.chi2.ppf(0.975, 2 * (effective + 1)) / 2) * spread / thousands
        counts = mine["period"].value_counts()
        found.append(
            CountryCount(
                code, tuple(mine["incident_id"]),
                int(counts.get("before", 0)), int(counts.get("during", 0)), int(counts.get("after", 0)),
                troops, per_thousand, low, high,
            )
        )  # fmt: skip
    return tuple(found)


def daily(incidents: pd.DataFrame, parameters: Parameters) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the number of incidents on each day of the window."""
    length = (parameters.window_end - parameters.window_start).days + 1
    return np.bincount(incidents["day"].to_numpy(int), minlength=length)


def per_troops_ratio(
    prepared: pd.DataFrame, forces: pd.DataFrame | None, parameters: Parameters, one: str, other: str
) -> Ratio | None:
    """Return the ratio of attacks per soldier in country `one` to that in `other`, with clustering allowed for.

    None where either has no personnel stated or does not count.
    """
    if one not in parameters.countries or other not in parameters.countries:
        return None
    first, second = stationed(forces, one), stationed(forces, other)
    if first is None or second is None:
        return None
    mine, theirs = (prepared[prepared["country"] == code] for code in (one, other))
    spreads = [dispersion(daily(part, parameters)).index or 1.0 for part in (mine, theirs)]
    return scaled_ratio(len(mine), first.personnel, len(theirs), second.personnel, max(1.0, *spreads))
