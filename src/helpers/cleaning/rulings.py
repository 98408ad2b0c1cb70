"""Applying the rulings of ``decisions.csv`` and ``corrections.csv``: which report is in which incident.

Order: correct (a cell), relink (one report), merge (keys, also in chains), set aside (what is then left of a key);
redate and resite are handed to the reconciling, which they overrule. `check_rulings` tells which rulings match nothing,
say too little or contradict each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.cleaning.normalise import readings
from helpers.cleaning.reading import Faults
from helpers.cleaning.schemas import CODED, REPORT_FIELDS, TEXT

#: Fields of a report that a ruling may correct: what was coded, not what identifies the row.
CORRECTABLE = REPORT_FIELDS

#: The form of an incident's key.
KEY: str = CODED["reports"].column("incident_key").constraints["pattern"]

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
    redated: dict[str, tuple[str, str]]
    resited: dict[str, tuple[str, str]]


def correct(reports: pd.DataFrame, rulings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the reports with the rulings "correct" done, and the log of the cells that this changed."""
    log: list[tuple[str, int, str, str, str, str]] = []
    wanted = rulings[(rulings["action"] == "correct") & rulings["field"].isin(CORRECTABLE)]
    concerned = reports.loc[reports["report_id"].isin(wanted["report_id"].unique()), "report_id"]
    reports = reports.copy() if len(concerned) else reports
    for ruling in wanted.sort_values("decision_id").itertuples():
        field, value = str(ruling.field), str(ruling.value)
        for row in concerned.index[concerned == ruling.report_id]:
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
    relinks = decisions[decisions["action"] == "relink"]
    ruled = reports.loc[reports["report_id"].isin(decisions["report_id"].unique()), "report_id"]
    target = ruled.map(dict(zip(relinks["report_id"], relinks["into"], strict=True))).dropna()
    key = reports["incident_key"].copy()
    key[target.index] = target.astype(TEXT)
    merged = roots(decisions)
    incident = key.map(merged).fillna(key).astype(TEXT)
    aside = decisions[decisions["action"] == "set_aside"]
    by_key = {merged.get(k, k): d for k, d in zip(aside["incident_key"], aside["decision_id"], strict=True)}
    by_report, by_old_key, by_incident = (cells.value_counts() for cells in (ruled, key, incident))
    moved: dict[str, int] = {}
    overrules: dict[str, dict[str, tuple[str, str]]] = {"redate": {}, "resite": {}}
    for ruling in decisions.itertuples():
        name, action, old = str(ruling.decision_id), str(ruling.action), str(ruling.incident_key)
        root = merged.get(old, old)
        counted = {"relink": (by_report, ruling.report_id), "correct": (by_report, ruling.report_id)}
        amounts, of = counted.get(action, (by_old_key, old) if action == "merge" else (by_incident, root))
        moved[name] = 0 if action == "apart" else int(amounts.get(of, 0))
        if action in overrules:
            overrules[action][root] = (str(ruling.value), name)
    set_aside_by = incident.map(by_key).fillna("").astype(TEXT)
    return Linked(incident.mask(set_aside_by != "", ""), set_aside_by, moved, overrules["redate"], overrules["resite"])


#: What a ruling did, in words, by action.
EFFECTS = {
    "merge": "{amount} of {incident_key} counted in {into}",
    "apart": "{incident_key} and {into} stay two incidents",
    "set_aside": "{amount} of {incident_key} in no incident",
    "redate": "{incident_key} dated {value}",
    "resite": "{incident_key} placed at {value}",
    "relink": "{report_id} counted in {into}",
    "correct": "{field} of {report_id} read as {value}",
}


def effects(decisions: pd.DataFrame, linked: Linked) -> pd.DataFrame:
    """Return the rulings with `reports`, the reports that each moved, and `effect`, what it did in words."""
    numbers = [linked.moved[name] for name in decisions["decision_id"]]
    words = []
    for ruling, number in zip(decisions.to_dict("records"), numbers, strict=True):
        cells = {str(name): str(cell) for name, cell in ruling.items()}
        amount = f"{number} report{'' if number == 1 else 's'}"
        words.append(EFFECTS[cells["action"]].format(amount=amount, **cells))
    return decisions.assign(reports=numbers, effect=pd.Series(words, decisions.index, dtype=TEXT))


#: The file of the reference folder with the project's own rulings.
CORRECTIONS = "corrections.csv"

Ruling = dict[str, str]


def check_rulings(rulings: pd.DataFrame, reports: pd.DataFrame, sites: Iterable[str], faults: Faults) -> pd.DataFrame:
    """Tell every fault of the `rulings` (columns of decisions.csv and file; index: spreadsheet rows).

    Returns the rulings that apply here. Those of the reference folder on reports that this folder does not hold are
    listed, not stopped at, so that another folder can be read with the same reference tables.
    """
    told = [{str(name): str(cell) for name, cell in ruling.items()} for ruling in rulings.to_dict("records")]
    rows = [(ruling["file"], int(row)) for ruling, row in zip(told, rulings.index, strict=True)]
    keys = {*reports["incident_key"].unique(), *rulings.loc[rulings["action"] == "relink", "into"]}
    named = reports[reports["report_id"].isin(rulings["report_id"].unique())]
    key_of = dict(zip(named["report_id"], named["incident_key"], strict=True))
    known_sites, applies = set(sites), []
    for at, ruling in zip(rows, told, strict=True):
        action = ruling["action"]
        blank = [name for name in NEEDS.get(action, ()) if not ruling[name]]
        for name in blank:
            faults.stop(*at, name, "", f"the ruling {action} needs it", "a value")
        name = NEEDS.get(action, ("",))[0]
        known = bool(blank) or not name or ruling[name] in (key_of if name == "report_id" else keys)
        applies.append(known or ruling["file"] != CORRECTIONS)
        if not applies[-1]:
            faults.note(*at, name, ruling[name], "not in this folder; the ruling is not applied", "")
        elif not known:
            faults.stop(*at, name, ruling[name], "the ruling matches no report", f"a {name} of reports.csv")
        elif name and not blank:
            _one(ruling, at, keys, key_of, known_sites, faults)
    _contradictions(told, rows, roots(rulings), faults)
    return rulings[np.array(applies, dtype=bool)]


def _one(
    told: Ruling, at: tuple[str, int], keys: set[str], key_of: dict[str, str], sites: set[str], faults: Faults
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
    elif action == "resite" and told["value"] not in sites:
        faults.stop(*at, "value", told["value"], "no such site", "a site_id of sites.csv")
    elif action == "correct" and told["field"] not in CORRECTABLE:
        faults.stop(*at, "field", told["field"], "not a field that can be corrected", ", ".join(CORRECTABLE))


#: What a ruling is about, by action, of which two rulings cannot say two things; and where its answer stands.
SUBJECTS = {
    "merge": (("incident_key",), "into"),
    "redate": (("incident_key",), "value"),
    "resite": (("incident_key",), "value"),
    "relink": (("report_id",), "into"),
    "correct": (("report_id", "field"), "value"),
}


def _contradictions(rulings: list[Ruling], rows: list[tuple[str, int]], merged: dict[str, str], faults: Faults) -> None:
    """Tell rulings that cannot both hold."""
    said: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    aside = {ruling["incident_key"] for ruling in rulings if ruling["action"] == "set_aside"}
    for at, told in zip(rows, rulings, strict=True):
        action, name, key, into = (told[column] for column in ("action", "decision_id", "incident_key", "into"))
        if action in SUBJECTS:
            columns, answer = SUBJECTS[action]
            answers = said[action, *(told[column] for column in columns)]
            for other, earlier in answers.items():
                if other != told[answer]:
                    rule = f"contradicts the ruling {earlier}"
                    faults.stop(*at, "decision_id", name, rule, f"one ruling for {told[columns[0]]}")
            answers.setdefault(told[answer], name)
        if action == "merge":
            if merged[key] == key:
                faults.stop(*at, "into", into, "the merges go round in a circle", "a key that stays")
            for part in {key, into, merged[key]} & aside:
                faults.stop(*at, "decision_id", name, f"{part} is also set aside", "merge or set_aside")
        if action == "apart" and key != into and merged.get(key, key) == merged.get(into, into):
            faults.stop(*at, "decision_id", name, "told apart here, merged by other rulings", "merge or apart")
