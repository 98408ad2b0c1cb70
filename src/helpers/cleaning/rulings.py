"""Applying the rulings of ``decisions.csv`` and ``corrections.csv``: which report is in which incident.

Order: correct (a cell), relink (one report), merge (keys, also in chains), set aside (what is then left of a key);
redate and resite are handed to the reconciling, which they overrule. `check_rulings` tells which rulings match nothing,
say too little or contradict each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.cleaning.normalise import readings
from helpers.cleaning.reading import Faults
from helpers.cleaning.schemas import CODED, REPORT_FIELDS, TEXT

#: Fields of a report that a ruling may correct: what was coded, not what identifies the row.
CORRECTABLE = REPORT_FIELDS

#: The form of an incident's key.
KEY = CODED["reports"].column("incident_key").pattern

#: Which cells an action needs.
NEEDS = {
    "merge": ("incident_key", "into"),
    "apart": ("incident_key", "into"),
    "set_aside": ("incident_key",),
    "redate": ("incident_key", "value"),
    "resite": ("incident_key", "value"),
    "relink": ("report_id", "into"),
    "correct": ("report_id", "field"),
}


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


#: The file of the reference folder with the project's own rulings.
CORRECTIONS = "corrections.csv"


def check_rulings(rulings: pd.DataFrame, reports: pd.DataFrame, sites: Iterable[str], faults: Faults) -> set[int]:
    """Tell every fault of the `rulings` (columns of decisions.csv and file; index: spreadsheet rows).

    Returns the positions of rulings that do not apply here: corrections of reports that this folder does not hold,
    which are listed, not stopped at, so that another folder can be read with the same reference tables.
    """
    keys = set(reports["incident_key"].unique())
    keys_now = keys | set(rulings.loc[rulings["action"] == "relink", "into"])
    key_of = dict(zip(reports["report_id"], reports["incident_key"], strict=True)) if len(rulings) else {}
    known_sites = set(sites)
    elsewhere: set[int] = set()
    for position, (row, ruling) in enumerate(rulings.iterrows()):
        told = {str(name): str(cell) for name, cell in ruling.items()}
        at = (told["file"], int(str(row)))
        blank = [name for name in NEEDS.get(told["action"], ()) if not told[name]]
        for name in blank:
            faults.stop(*at, name, "", f"the ruling {told['action']} needs it", "a value")
        if blank or told["action"] not in NEEDS:
            continue
        own = told["action"] in ("relink", "correct")
        name, known = ("report_id", key_of) if own else ("incident_key", keys_now)
        if told[name] not in known:
            if told["file"] == CORRECTIONS:
                faults.note(*at, name, told[name], "not in this folder; the ruling is not applied", "")
                elsewhere.add(position)
            else:
                faults.stop(*at, name, told[name], "the ruling matches no report", f"a {name} of reports.csv")
            continue
        _one(told, at, keys_now, key_of, known_sites, faults)
    _contradictions(rulings, faults)
    return elsewhere


def _one(
    told: dict[str, str], at: tuple[str, int], keys: set[str], key_of: dict[str, str], sites: set[str], faults: Faults
) -> None:
    action = told["action"]
    if action in ("merge", "apart"):
        if told["into"] not in keys:
            faults.stop(*at, "into", told["into"], "the ruling matches no report", "an incident_key of reports.csv")
        if told["into"] == told["incident_key"]:
            faults.stop(*at, "into", told["into"], f"an incident cannot be ruled {action} with itself", "another key")
    elif action == "relink":
        if not re.fullmatch(KEY, told["into"]):
            faults.stop(*at, "into", told["into"], "not a key", "YYYY-MM-DD-site_id-N")
        if told["incident_key"] and told["incident_key"] != key_of[told["report_id"]]:
            rule = "the report is not in this incident (any more)"
            faults.stop(*at, "incident_key", told["incident_key"], rule, key_of[told["report_id"]])
    elif action == "redate":
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", told["value"]) or not readings(told["value"]):
            faults.stop(*at, "value", told["value"], "not a day", "a day as YYYY-MM-DD")
    elif action == "resite":
        if told["value"] not in sites:
            faults.stop(*at, "value", told["value"], "no such site", "a site_id of sites.csv")
    elif action == "correct" and told["field"] not in CORRECTABLE:
        faults.stop(*at, "field", told["field"], "not a field that can be corrected", ", ".join(CORRECTABLE))


def _contradictions(rulings: pd.DataFrame, faults: Faults) -> None:
    """Tell rulings that cannot both hold."""
    said: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    merged = roots(rulings)
    aside = set(rulings.loc[rulings["action"] == "set_aside", "incident_key"])
    for row, ruling in rulings.iterrows():
        told = {str(name): str(cell) for name, cell in ruling.items()}
        at, action, name = (told["file"], int(str(row))), told["action"], told["decision_id"]
        subject = {
            "merge": ("merge", told["incident_key"]),
            "redate": ("redate", told["incident_key"]),
            "resite": ("resite", told["incident_key"]),
            "relink": ("relink", told["report_id"]),
            "correct": ("correct", told["report_id"], told["field"]),
        }.get(action)
        answer = told["into"] if action in ("merge", "relink") else told["value"]
        if subject is not None:
            for other, earlier in said[subject].items():
                if other != answer:
                    faults.stop(
                        *at, "decision_id", name, f"contradicts the ruling {earlier}", f"one ruling for {subject[1]}"
                    )
            said[subject].setdefault(answer, name)
        key = told["incident_key"]
        if action == "merge":
            if merged[key] == key:
                faults.stop(*at, "into", told["into"], "the merges go round in a circle", "a key that stays")
            for part in {key, told["into"], merged[key]} & aside:
                faults.stop(*at, "decision_id", name, f"{part} is also set aside", "merge or set_aside")
        if action == "apart" and key != told["into"]:
            mine, other = merged.get(key, key), merged.get(told["into"], told["into"])
            if mine == other:
                faults.stop(*at, "decision_id", name, "told apart here, merged by other rulings", "merge or apart")
