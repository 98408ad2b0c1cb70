"""Checking the rulings: each must match something, say what it needs to say, and contradict no other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

from helpers.cleaning.reading import Faults
from helpers.cleaning.rulings import CORRECTABLE, roots
from helpers.cleaning.schemas_coded import KEY
from helpers.cleaning.typed_dates import readings

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
        if own and told["report_id"] not in key_of:
            if told["file"] == "corrections.csv":
                faults.note(*at, "report_id", told["report_id"], "no such report in this folder; not applied", "")
                elsewhere.add(position)
            else:
                faults.stop(
                    *at, "report_id", told["report_id"], "the ruling matches no report", "a report_id of reports.csv"
                )
            continue
        if not own and told["incident_key"] not in keys_now:
            if told["file"] == "corrections.csv":
                faults.note(*at, "incident_key", told["incident_key"], "no such key in this folder; not applied", "")
                elsewhere.add(position)
            else:
                allowed = "an incident_key of reports.csv"
                faults.stop(*at, "incident_key", told["incident_key"], "the ruling matches no report", allowed)
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
