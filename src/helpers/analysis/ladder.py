"""The ladder of weapons: which rung each incident stands on, when each was first used, and the mix by stretch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from helpers.parameters import Parameters
from helpers.vocabulary import split, weapons

#: The stretches that a pause makes, in order.
PERIODS = ("before", "during", "after")
#: What a missile of a kind not said is taken for: left as it is, the lowest it can be, the highest on record here.
READINGS = ("as coded", "rocket", "ballistic_missile")
UNSPECIFIED = "missile_unspecified"


def missile_rung(reference_dir: str = "data/reference") -> int:
    """Return the lowest rung that is a ballistic or cruise missile."""
    return min(w.rung for code, w in weapons(reference_dir).items() if w.rung is not None and w.group == "missile")


def prepare(incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return selected `incidents` with `rung` (NaN: none), `day` (from the window's start), `week` and `period`."""
    known = weapons(parameters.reference_dir)
    rungs = {code: np.nan if weapon.rung is None else float(weapon.rung) for code, weapon in known.items()}
    start = pd.Timestamp(parameters.window_start)
    day = (incidents["date"] - start).dt.days
    return incidents.assign(
        rung=incidents["top_weapon"].map(rungs).astype(float),
        day=day,
        week=start + pd.to_timedelta(day // 7 * 7, unit="D"),
        period=period_of(incidents["date"], parameters),
    )


def period_of(dates: pd.Series[pd.Timestamp], parameters: Parameters) -> pd.Series[str]:
    """Return for each day whether it lies ``before``, ``during`` or ``after`` the pause."""
    late = dates >= pd.Timestamp(parameters.pause_end)
    early = dates < pd.Timestamp(parameters.pause_start)
    words = np.select([early, late], ["before", "after"], "during")
    return pd.Series(words, index=dates.index, dtype=object)


def unsettled(incidents: pd.DataFrame, reports: pd.DataFrame | None = None) -> pd.Series[bool]:
    """Return which incidents may have had a missile of a kind not said.

    Without `reports` those whose reconciled weapons hold ``missile_unspecified``; with them also those of which any
    report says so, whatever the others say. Arabic and Persian use one word for rockets and missiles, so the second
    set is wide on purpose: it bounds what the sources' wording could hide.
    """
    mine = incidents["weapons"].map(lambda cell: UNSPECIFIED in split(cell))
    if reports is not None and len(reports):
        naming = reports["weapons"].map(lambda cell: UNSPECIFIED in split(cell)).astype(bool)
        said = reports.loc[naming, "incident_id"]
        mine = mine | incidents["incident_id"].isin(set(said.dropna()))
    return mine.astype(bool)


def read_as(prepared: pd.DataFrame, doubtful: pd.Series[bool], reading: str, reference_dir: str) -> pd.Series[float]:
    """Return the rungs with a missile of a kind not said taken as `reading` (one of `READINGS`) where `doubtful`."""
    if reading == "as coded":
        return prepared["rung"]
    rung = weapons(reference_dir)[reading].rung
    assert rung is not None
    return prepared["rung"].where(~doubtful, prepared["rung"].fillna(-1).clip(lower=rung))


@dataclass(frozen=True)
class FirstUse:
    """The first incident on record with a weapon.

    Attributes
    ----------
    weapon, rung: code and rung (None off the ladder).
    day, incident: day and id of the first incident whose reconciled weapons hold it; None if there is none.
    after: incidents on earlier days (how much of the record came before).
    incidents: ids of all incidents with it, by day.
    sources, sources_saying: sources on the first incident, and those among them that name this weapon (None without
        reports).
    earliest_day, earliest_incident: the first day for which any single source names it, where that is earlier.
    """

    weapon: str
    rung: int | None
    day: date | None
    incident: str | None
    after: int
    incidents: tuple[str, ...]
    sources: int | None = None
    sources_saying: int | None = None
    earliest_day: date | None = None
    earliest_incident: str | None = None


def first_uses(prepared: pd.DataFrame, reports: pd.DataFrame | None, reference_dir: str) -> tuple[FirstUse, ...]:
    """Return the first use of each weapon, in the ladder's order, from incidents by date."""
    used = prepared["weapons"].map(split)
    found = []
    for code, weapon in weapons(reference_dir).items():
        with_it = prepared[used.map(lambda codes, code=code: code in codes).astype(bool)]
        ids = tuple(with_it["incident_id"])
        sources = saying = earliest_day = earliest_incident = None
        if reports is not None:
            naming = reports[reports["weapons"].map(lambda cell, code=code: code in split(cell)).astype(bool)]
            named = prepared[prepared["incident_id"].isin(set(naming["incident_id"].dropna()))]
            if len(named) and (with_it.empty or named["date"].iloc[0] < with_it["date"].iloc[0]):
                earliest_day, earliest_incident = named["date"].iloc[0].date(), str(named["incident_id"].iloc[0])
            if ids:
                there = reports[reports["incident_id"] == ids[0]]
                sources = int(there["source_id"].nunique())
                saying = int(there.loc[there.index.isin(naming.index), "source_id"].nunique())
        first = with_it["date"].iloc[0] if len(with_it) else None
        found.append(
            FirstUse(
                code,
                weapon.rung,
                None if first is None else first.date(),
                ids[0] if ids else None,
                int((prepared["date"] < first).sum()) if first is not None else 0,
                ids,
                sources,
                saying,
                earliest_day,
                earliest_incident,
            )
        )
    return tuple(found)


def naming(ids: Iterable[str], reports: pd.DataFrame | None) -> dict[str, dict[str, int]]:
    """Return for each incident of `ids` weapon code -> number of sources that name it (nothing without `reports`)."""
    if reports is None:
        return {str(incident): {} for incident in ids}
    found: dict[str, dict[str, int]] = {}
    for incident in ids:
        mine = reports[reports["incident_id"] == incident]
        pairs = {(source, code) for source, cell in zip(mine["source_id"], mine["weapons"], strict=True)
                 for code in split(cell)}  # fmt: skip
        found[str(incident)] = dict(sorted(Counter(code for _, code in pairs).items()))
    return found


def weekly_mix(prepared: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return incidents by week (rows: all weeks of the window, by first day) and top weapon (columns: all codes)."""
    start, end = pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end)
    weeks = pd.date_range(start, end, freq="7D", name="week")
    table = pd.crosstab(prepared["week"], prepared["top_weapon"])
    return table.reindex(index=weeks, columns=list(weapons(parameters.reference_dir)), fill_value=0)


def mix(prepared: pd.DataFrame, by: str, order: list[str], reference_dir: str) -> pd.DataFrame:
    """Return incidents by the column `by` (rows, in `order`) and top weapon (columns, all codes)."""
    table = pd.crosstab(prepared[by], prepared["top_weapon"])
    return table.reindex(index=order, columns=list(weapons(reference_dir)), fill_value=0)
