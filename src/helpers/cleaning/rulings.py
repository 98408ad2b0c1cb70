"""Applying the rulings of ``decisions.csv`` and ``corrections.csv``: which report is in which incident.

Order: correct (a cell), relink (one report), merge (keys, also in chains), set aside (what is then left of a key);
redate and resite are handed to the reconciling, which they overrule.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.cleaning.reading import TEXT
from helpers.cleaning.schemas_coded import REPORTS

#: Fields of a report that a ruling may correct: what was coded, not what identifies the row.
CORRECTABLE = tuple(name for name in REPORTS.column_names if name not in ("report_id", "source_id", "incident_key"))


@dataclass(frozen=True)
class Linked:
    """Reports with their incidents.

    Attributes
    ----------
    incident_id: for each report its incident, "" where it is set aside.
    set_aside_by: for each report the ruling that set it aside, else "".
    moved: decision id -> number of reports that the ruling moved, set aside or changed.
    redated, resited: incident id -> (value, decision id).
    """

    incident_id: pd.Series
    set_aside_by: pd.Series
    moved: dict[str, int]
    redated: dict[str, tuple[str, str]] = field(default_factory=dict)
    resited: dict[str, tuple[str, str]] = field(default_factory=dict)


def correct(reports: pd.DataFrame, rulings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the reports with the rulings "correct" done, and the log of the cells that this changed."""
    log: list[tuple[str, int, str, str, str, str]] = []
    wanted = rulings[(rulings["action"] == "correct") & rulings["field"].isin(CORRECTABLE)]
    if len(wanted):
        reports = reports.copy()
        for ruling in wanted.sort_values("decision_id").itertuples():
            field, value = str(ruling.field), str(ruling.value)
            for row in reports.index[reports["report_id"] == ruling.report_id]:
                before = str(reports.loc[row, field])
                if before != value:
                    reports.loc[row, field] = value
                    log.append(("reports.csv", int(row), field, before, value, f"ruling {ruling.decision_id}"))
    return reports, pd.DataFrame(log, columns=["file", "row", "column", "before", "after", "rule"])


def roots(decisions: pd.DataFrame) -> dict[str, str]:
    """Return merged key -> the key that its incident bears in the end; a circle ends where it closes."""
    merges = decisions[decisions["action"] == "merge"]
    into = dict(zip(merges["incident_key"], merges["into"], strict=True))
    found = {}
    for key in into:
        seen, at = {key}, into[key]
        while at in into and at not in seen:
            seen.add(at)
            at = into[at]
        found[key] = at
    return found


def link(reports: pd.DataFrame, decisions: pd.DataFrame) -> Linked:
    """Return which incident each report is in after all rulings (`reports`: report_id, incident_key as text)."""
    key = reports["incident_key"].astype(object)
    relinks = decisions[decisions["action"] == "relink"]
    moved: dict[str, int] = dict.fromkeys(decisions["decision_id"], 0)
    if len(relinks):
        target = dict(zip(relinks["report_id"], relinks["into"], strict=True))
        new = reports["report_id"].astype(object).map(target)
        key = new.where(new.notna(), key)
        counts = reports["report_id"].isin(list(target))
        by_report = reports.loc[counts, "report_id"].value_counts()
        for ruling in relinks.itertuples():
            moved[str(ruling.decision_id)] = int(by_report.get(ruling.report_id, 0))
    sizes = key.value_counts()
    merged = roots(decisions)
    root = key.map(merged)
    incident = root.where(root.notna(), key)
    aside = decisions[decisions["action"] == "set_aside"]
    by_key = {merged.get(k, k): d for k, d in zip(aside["incident_key"], aside["decision_id"], strict=True)}
    reason = incident.map(by_key)
    after = incident.value_counts()
    for ruling in decisions.itertuples():
        name, ruled = str(ruling.decision_id), str(ruling.incident_key)
        if ruling.action == "merge":
            moved[name] = int(sizes.get(ruled, 0))
        elif ruling.action in ("set_aside", "redate", "resite"):
            moved[name] = int(after.get(merged.get(ruled, ruled), 0))
        elif ruling.action == "correct":
            moved[name] = int((reports["report_id"] == ruling.report_id).sum())
    overrules: dict[str, dict[str, tuple[str, str]]] = {"redate": {}, "resite": {}}
    for ruling in decisions[decisions["action"].isin(list(overrules))].itertuples():
        ruled = str(ruling.incident_key)
        overrules[str(ruling.action)][merged.get(ruled, ruled)] = (str(ruling.value), str(ruling.decision_id))
    return Linked(
        incident_id=pd.Series(np.where(reason.notna(), "", incident), reports.index, dtype=TEXT),
        set_aside_by=reason.fillna("").astype(TEXT),
        moved=moved,
        redated=overrules["redate"],
        resited=overrules["resite"],
    )


def effects(decisions: pd.DataFrame, linked: Linked) -> pd.DataFrame:
    """Return the rulings with `reports`, the reports that each moved, and `effect`, what it did in words."""
    words = []
    for ruling in decisions.itertuples():
        number = linked.moved[str(ruling.decision_id)]
        amount = f"{number} report{'' if number == 1 else 's'}"
        words.append(
            {
                "merge": f"{amount} of {ruling.incident_key} counted in {ruling.into}",
                "apart": f"{ruling.incident_key} and {ruling.into} stay two incidents",
                "set_aside": f"{amount} of {ruling.incident_key} in no incident",
                "redate": f"{ruling.incident_key} dated {ruling.value}",
                "resite": f"{ruling.incident_key} placed at {ruling.value}",
                "relink": f"{ruling.report_id} counted in {ruling.into}",
                "correct": f"{ruling.field} of {ruling.report_id} read as {ruling.value}",
            }.get(str(ruling.action), "")
        )
    numbers = [linked.moved[name] for name in decisions["decision_id"]]
    return decisions.assign(reports=numbers, effect=pd.Series(words, decisions.index, dtype=TEXT))
