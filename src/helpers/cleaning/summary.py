"""What the clean data amounts to, in numbers: tables for notebooks to show, and the facts ``data.*``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from helpers.cleaning.reconcile import weight
from helpers.cleaning.review import measure
from helpers.cleaning.schemas import FIELDS
from helpers.cleaning.votes import choose_weapons
from helpers.facts import Row
from helpers.tables import records
from helpers.vocabulary import CONFIRMATION, OFFICIALS, split, top_weapon

Tables = Mapping[str, pd.DataFrame]


def disagreement(tables: Tables) -> pd.DataFrame:
    """Return how often reports disagree on each field, most disputed first.

    Columns: field, `spoken` (incidents of which two or more independent origins say something of it), `disputed` (of
    these, those where they disagree) and `share`; fields of which nobody speaks twice are left out.
    """
    told = tables["reconciled"].loc[tables["reconciled"]["n_said"] >= 2, ["incident_id", "field"]].astype(object)
    told = told[~told["field"].isin(["attributed_to", "confirmation"])]
    differ = told.merge(tables["conflicts"][["incident_id", "field"]].astype(object).drop_duplicates())
    table = pd.DataFrame({"spoken": told.groupby("field").size(), "disputed": differ.groupby("field").size()})
    table = table.fillna(0).astype(int).rename_axis("field").reset_index()
    table["share"] = table["disputed"] / table["spoken"]
    return table.sort_values(["share", "field"], ascending=[False, True], ignore_index=True)


def rules_used(tables: Tables) -> pd.DataFrame:
    """Return how often each rule chose a value, by field (`field`, `rule`, `incidents`)."""
    told = tables["reconciled"].loc[tables["reconciled"]["n_said"] > 0, ["field", "rule"]].astype(object)
    counts = told.groupby(["field", "rule"]).size().rename("incidents").reset_index()
    place = counts["field"].map({field: place for place, field in enumerate(FIELDS)})
    counts = counts.assign(place=place).sort_values(["place", "incidents"], ascending=[True, False], ignore_index=True)
    return counts.drop(columns="place")


def conservation(tables: Tables) -> pd.DataFrame:
    """Return where the reports went: read, in an incident, set aside (the last two make the first)."""
    reports = tables["reports"]
    linked = int((reports["incident_id"] != "").sum())
    aside = len(tables["set_aside"])
    if linked + aside != len(reports):
        raise ValueError(f"{len(reports)} reports were read, but {linked} are in incidents and {aside} set aside")
    return pd.DataFrame({"reports": [len(reports), linked, aside]}, index=["read", "in an incident", "set aside"])


#: Independent origins from which incidents are counted together.
MOST = 10


def origins(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return incidents by number of independent origins (rows 1 to `MOST`, the last "or more") and confirmation."""
    number = incidents["n_independent"].astype(int).clip(upper=MOST)
    codes = [code for code in CONFIRMATION if code in set(incidents["confirmation"])]
    return pd.crosstab(number, incidents["confirmation"]).reindex(range(1, MOST + 1), columns=codes, fill_value=0)


def ruling_effects(tables: Tables) -> pd.DataFrame:
    """Return by action how many rulings there are, how sure they are, and how many reports they moved."""
    rulings = tables["decisions"]
    table = pd.crosstab(rulings["action"], rulings["confidence"])
    return table.assign(reports=rulings.groupby("action")["reports"].sum())


def found_again(tables: Tables) -> pd.DataFrame:
    """Return how the rules, blind to the rulings, stand against them: rulings, pairs suspected, pairs to join."""
    against = measure(tables["suspects"], tables["decisions"])
    groups = against.groupby("action")
    return pd.DataFrame(
        {"rulings": groups.size(), "suspected": groups["suspected"].sum(), "joined": groups["joined"].sum()}
    )


def other_weapons(tables: Tables) -> pd.DataFrame:
    """Return each incident's top weapon under other rules than the one used.

    Columns: incident_id, chosen, `highest` (the highest kind that any report names), `unweighted` (officials count
    once) and `each_report` (every report has a voice, reprints too).
    """
    columns = ["incident_id", "report_id", "family", "confirmation", "weapons"]
    kept = linked(tables)[columns].sort_values(["incident_id", "report_id"])
    rows = []
    for incident, same in groupby(records(kept), lambda report: report.incident_id):
        told = list(same)
        ways = {
            "chosen": [(report.weapons, report.family, weight(report.confirmation)) for report in told],
            "unweighted": [(report.weapons, report.family, 1) for report in told],
            "each_report": [(report.weapons, number, 1) for number, report in enumerate(told)],
        }
        choices = {name: choose_weapons(way) for name, way in ways.items()}
        tops = {name: top_weapon(split(choice and choice.value)) for name, choice in choices.items()}
        highest = top_weapon([code for report in told for code in split(report.weapons)])
        rows.append({"incident_id": incident, **tops, "highest": highest})
    return pd.DataFrame(rows, columns=["incident_id", "chosen", "unweighted", "each_report", "highest"])


Ids = Callable[[Tables], pd.Series]


def linked(tables: Tables) -> pd.DataFrame:
    """Return the reports that are in an incident."""
    return tables["reports"][tables["reports"]["incident_id"] != ""]


def telling(tables: Tables) -> pd.DataFrame:
    """Return the sources of the reports that are in an incident."""
    return tables["sources"][tables["sources"]["source_id"].isin(linked(tables)["source_id"])]


def by_origins(least: int, most: float) -> Ids:
    """Return what gives the incidents with `least` to `most` independent origins."""
    return lambda tables: tables["incidents"]["incident_id"][tables["incidents"]["n_independent"].between(least, most)]


def weakest(tables: Tables) -> pd.Series:
    """Return the incidents with one origin and no official."""
    incidents = tables["incidents"]
    return incidents[(incidents["n_independent"] == 1) & ~incidents["confirmation"].isin(OFFICIALS)]["incident_id"]


def disputed(tables: Tables) -> pd.Series:
    """Return the incidents with two or more origins that disagree on anything."""
    return tables["incidents"].query("n_conflicts > 0 and n_independent >= 2")["incident_id"]


def _count(name: str, ids: Ids, note: str = "") -> Row:
    return Row(name, "incidents", lambda tables: len(ids(tables)), incidents=ids, note=note)


def _share(name: str, ids: Ids, among: Ids, note: str) -> Row:
    def of(tables: Tables) -> float:
        return len(ids(tables)) / len(among(tables))

    return Row(name, "share", of, incidents=ids, note=note, when=lambda tables: len(among(tables)) > 0)


def _rulings(name: str, confidences: list[str], note: str) -> Row:
    def ids(tables: Tables) -> pd.Series:
        rulings = tables["decisions"]
        return rulings.loc[rulings["confidence"].isin(confidences), "decision_id"]

    return Row(
        name, "rulings", lambda tables: len(ids(tables)), rows=lambda tables: {"decisions": ids(tables)}, note=note
    )


def _disagree(field: str) -> Row:
    def share(tables: Tables) -> Any:
        return disagreement(tables).set_index("field")["share"].get(field)

    def ids(tables: Tables) -> pd.Series:
        named = tables["conflicts"].loc[tables["conflicts"]["field"] == field, "incident_id"]
        return tables["incidents"]["incident_id"][lambda every: every.isin(named)]

    note = "of the incidents of which two or more origins speak of it"
    return Row(f"data.conflict_share.{field}", "share", share, incidents=ids, note=note, when=share)


_EVERY, _ONE = by_origins(1, np.inf), by_origins(1, 1)

#: The facts of the cleaning, from its tables.
FACTS: list[Row] = [
    _count("data.incidents", _EVERY),
    Row("data.reports", "reports", lambda tables: len(tables["reports"])),
    Row("data.reports_linked", "reports", lambda tables: len(linked(tables)), note="reports that are in an incident"),
    Row("data.sources", "sources", lambda tables: len(telling(tables)), note="sources of these reports"),
    Row("data.languages", "languages", lambda tables: telling(tables)["language"].nunique(), note="of these sources"),
    _count("data.origins.one", _ONE, "one independent origin: reprints count once"),
    _share("data.origins_share.one", _ONE, _EVERY, "one independent origin"),
    _share("data.origins_share.more", by_origins(3, np.inf), _EVERY, "three or more independent origins"),
    _count("data.weakest", weakest, "one origin and no official"),
    _share("data.disputed_share", disputed, by_origins(2, np.inf), "of incidents with two or more origins"),
    *map(_disagree, ("date", "site_id", "weapons", "munitions", "us_injured")),
    _rulings("data.rulings", ["sure", "likely", "unsure"], "rulings applied"),
    _rulings("data.rulings_unsure", ["unsure"], "rulings marked unsure"),
]
