"""Facts of the brief itself: who confirms the attacks it counts, and the missiles among them."""

from __future__ import annotations

import pandas as pd

from helpers.facts import Facts
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import CONFIRMATION, split, weapons


def record(facts: Facts, incidents: pd.DataFrame, parameters: Parameters) -> Facts:
    """Add ``brief.*`` from the clean table `incidents` under `parameters`; return the facts."""
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
    return facts


def _missile(cell: object, reference_dir: str) -> bool:
    """Return whether a cell of weapons holds a missile of a stated kind."""
    ladder = weapons(reference_dir)
    return any(code.endswith("missile") and ladder[code].rung is not None for code in split(cell) if code in ladder)
