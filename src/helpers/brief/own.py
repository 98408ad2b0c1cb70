"""Facts of the brief itself: who confirms the attacks it counts, and the missiles among them."""

from __future__ import annotations

import pandas as pd

from helpers.brief.plain import clean
from helpers.brief.wording import SPELLED, day, joined
from helpers.facts import Facts
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import CONFIRMATION, split, weapons


def record(
    facts: Facts,
    incidents: pd.DataFrame,
    parameters: Parameters,
    reports: pd.DataFrame | None = None,
    specifications: pd.DataFrame | None = None,
) -> Facts:
    """Add ``brief.*`` from the clean tables `incidents` and `reports` under `parameters`; return the facts.

    `specifications` is the table that the robustness notebook hands on, its cells text.
    """
    chosen = select(incidents, parameters)
    facts.add("brief.incidents", len(chosen), unit="incidents", incidents=chosen["incident_id"])
    for code in CONFIRMATION:
        mine = chosen[chosen["confirmation"] == code]["incident_id"]
        facts.add(f"brief.confirmed.{code}", len(mine), unit="incidents", incidents=mine)
        share = len(mine) / len(chosen) if len(chosen) else None
        facts.add(f"brief.confirmed_share.{code}", share, unit="share", incidents=mine)
    has_missile = [_missile(cell, parameters.reference_dir) for cell in chosen["weapons"]]
    missiles = chosen[pd.Series(has_missile, index=chosen.index, dtype=bool)]
    first = missiles["date"].min().date() if len(missiles) else None
    behind = missiles["incident_id"]
    facts.add("brief.missiles", len(missiles), unit="incidents", incidents=behind)
    facts.add("brief.missiles.first", first, unit="date", incidents=behind[:1])
    told = facts["data.conflicts.us_killed"].incidents if "data.conflicts.us_killed" in facts else ()
    disputed = chosen[chosen["incident_id"].isin(told)]["incident_id"]
    facts.add("brief.killed_disputed", len(disputed), unit="incidents", incidents=disputed,
              note="reports give different numbers of US and coalition killed")  # fmt: skip
    higher = _higher_tolls(chosen, reports)
    facts.add("brief.killed_higher", "; ".join(higher.values()) or None, unit="text", incidents=tuple(higher),
              note="reports of more US or coalition killed than the estimate counts")  # fmt: skip
    if specifications is not None and "headline" in specifications:
        ratios = specifications[specifications["headline"] == "pause"]["estimate"]
        lower = int((pd.to_numeric(ratios, errors="coerce") < 1).sum())
        facts.add("brief.pause_lower", lower, unit="specifications",
                  note="ways of counting in which the rate in the pause is below the other rate")  # fmt: skip
    return facts


def _higher_tolls(chosen: pd.DataFrame, reports: pd.DataFrame | None) -> dict[str, str]:
    """Return incident id -> words for each incident of which some report tells of more killed than is counted."""
    if reports is None or not len(chosen):
        return {}
    told: dict[str, str] = {}
    for row in chosen.sort_values(["date", "incident_id"]).to_dict("records"):
        mine = reports[(reports["incident_id"] == row["incident_id"]) & reports["us_killed"].notna()]
        counted = 0 if pd.isna(row["us_killed"]) else int(row["us_killed"])
        more = mine[mine["us_killed"] > counted]
        if not len(more):
            continue
        place = clean(row["site_name"]) or "a place not said"
        words = f"{_spelled(int(more['us_killed'].max()))} at {place} on {day(row['date'])}"
        words += f" ({_origins(more)}"
        same = mine[mine["us_killed"] == counted]
        if len(same):
            verb = "says" if len(set(same["family"])) == 1 else "say"
            words += f"; {_origins(same)} {verb} {_spelled(counted)}"
            if (same["confirmation"] == "us_official").any():
                words += ", citing US officials"
        told[str(row["incident_id"])] = words + ")"
    return told


def _origins(rows: pd.DataFrame) -> str:
    names = sorted({clean(name) for name in rows["family"].dropna()})
    return joined(names) if len(names) <= len(SPELLED) // 3 else f"{len(names)} origins"


def _spelled(value: int) -> str:
    return "none" if value == 0 else SPELLED[value] if value < len(SPELLED) else str(value)


def _missile(cell: object, reference_dir: str) -> bool:
    """Return whether a cell of weapons holds a missile of a stated kind."""
    ladder = weapons(reference_dir)
    return any(code.endswith("missile") and ladder[code].rung is not None for code in split(cell) if code in ladder)
