"""What the clean data amounts to, in numbers: the tables that 01_clean shows, and the facts ``data.*``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from helpers.cleaning import suspects
from helpers.cleaning.schemas import FIELDS
from helpers.cleaning.votes import choose_weapons
from helpers.facts import Row
from helpers.vocabulary import split, top_weapon

Tables = Mapping[str, pd.DataFrame]


def disagreement(tables: Tables) -> pd.DataFrame:
    """Return how often reports disagree on each field, most disputed first.

    Columns: field, `spoken` (incidents of which two or more independent origins say something of it), `disputed` (of
    these, those where they disagree) and `share`; fields of which nobody speaks twice are left out.
    """
    told = tables["reconciled"]
    spoken = told[told["n_said"] >= 2].groupby("field")["incident_id"].agg(set)
    disputed = tables["conflicts"].groupby("field")["incident_id"].agg(set)
    rows = [
        (field, len(spoken[field]), len(spoken[field] & disputed.get(field, set())))
        for field in FIELDS
        if field in spoken and field not in ("attributed_to", "confirmation")
    ]
    table = pd.DataFrame(rows, columns=["field", "spoken", "disputed"])
    table["share"] = table["disputed"] / table["spoken"]
    return table.sort_values(["share", "field"], ascending=[False, True], ignore_index=True)


def rules_used(tables: Tables) -> pd.DataFrame:
    """Return how often each rule chose a value, by field (`field`, `rule`, `incidents`)."""
    told = tables["reconciled"]
    told = told[told["n_said"] > 0]
    counts = told.groupby(["field", "rule"], sort=True).size().rename("incidents").reset_index()
    order = {field: place for place, field in enumerate(FIELDS)}
    counts["place"] = counts["field"].map(order)
    return (
        counts.sort_values(["place", "incidents"], ascending=[True, False]).drop(columns="place").reset_index(drop=True)
    )


def log_summary(tables: Tables) -> pd.DataFrame:
    """Return the cleaning log summed up: cells changed by file, column and rule."""
    return tables["cleaning_log"].groupby(["file", "column", "rule"]).size().rename("cells").reset_index()


def conservation(tables: Tables) -> pd.DataFrame:
    """Return where the reports went: read, in an incident, set aside (the last two make the first)."""
    reports = tables["reports"]
    linked = int((reports["incident_id"] != "").sum())
    aside = len(tables["set_aside"])
    if linked + aside != len(reports):
        raise ValueError(f"{len(reports)} reports were read, but {linked} are in incidents and {aside} set aside")
    return pd.DataFrame({"reports": [len(reports), linked, aside]}, index=["read", "in an incident", "set aside"])


def ruling_effects(tables: Tables) -> pd.DataFrame:
    """Return by action how many rulings there are, how sure they are, and how many reports they moved."""
    rulings = tables["decisions"]
    table = pd.crosstab(rulings["action"], rulings["confidence"])
    return table.assign(reports=rulings.groupby("action")["reports"].sum())


def found_again(tables: Tables) -> pd.DataFrame:
    """Return how the rules, blind to the rulings, stand against them: rulings, pairs suspected, pairs to join."""
    against = suspects.measure(tables["suspects"], tables["decisions"])
    groups = against.groupby("action")
    return pd.DataFrame(
        {"rulings": groups.size(), "suspected": groups["suspected"].sum(), "joined": groups["joined"].sum()}
    )


def other_weapons(tables: Tables) -> pd.DataFrame:
    """Return each incident's top weapon under other rules than the one used.

    Columns: incident_id, chosen, `highest` (the highest kind that any report names), `unweighted` (officials count
    once) and `each_report` (every report has a voice, reprints too).
    """
    kept = tables["reports"][tables["reports"]["incident_id"] != ""].sort_values("report_id")
    number, ids = pd.factorize(kept["incident_id"], sort=True)
    family = pd.factorize(kept["family"])[0]
    official = kept["confirmation"].isin(["us_official", "local_official"]).to_numpy()
    one = np.ones(len(kept), dtype="int64")
    ways = {
        "chosen": choose_weapons(kept["weapons"], number, family, np.where(official, 2, 1)),
        "unweighted": choose_weapons(kept["weapons"], number, family, one),
        "each_report": choose_weapons(kept["weapons"], number, np.arange(len(kept)), one),
    }
    table = pd.DataFrame({"incident_id": ids})
    for name, verdict in ways.items():
        value = verdict.chosen["value"].reindex(range(len(ids))).fillna("unknown")
        table[name] = value.map(lambda cell: top_weapon(split(cell)))
    named = kept.groupby("incident_id")["weapons"].agg(lambda cells: top_weapon(split(";".join(cells))))
    table["highest"] = table["incident_id"].map(named)
    return table


Ids = Callable[[Tables], pd.Series]

#: Confirmation by an official, US or local.
OFFICIAL = ["us_official", "local_official"]


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
    return incidents[(incidents["n_independent"] == 1) & ~incidents["confirmation"].isin(OFFICIAL)]["incident_id"]


def disputed(tables: Tables) -> pd.Series:
    """Return the incidents with two or more origins that disagree on anything."""
    return tables["incidents"].query("n_conflicts > 0 and n_independent >= 2")["incident_id"]


def _share(name: str, ids: Ids, among: Ids, note: str) -> Row:
    def of(tables: Tables) -> float:
        return len(ids(tables)) / len(among(tables))

    return Row(name, "share", of, incidents=ids, note=note, when=lambda tables: len(among(tables)) > 0)


def _rulings(name: str, wanted: str | None, note: str) -> Row:
    def rows(tables: Tables) -> pd.DataFrame:
        rulings = tables["decisions"]
        return rulings if wanted is None else rulings[rulings["confidence"] == wanted]

    return Row(
        name,
        "rulings",
        lambda tables: len(rows(tables)),
        rows=lambda tables: {"decisions": rows(tables)["decision_id"]},
        note=note,
    )


def _disagree(field: str) -> Row:
    def share(tables: Tables) -> Any:
        return disagreement(tables).set_index("field")["share"].get(field)

    def ids(tables: Tables) -> pd.Series:
        conflicts = tables["conflicts"]
        named = conflicts.loc[conflicts["field"] == field, "incident_id"]
        return tables["incidents"]["incident_id"][lambda every: every.isin(named)]

    note = "of the incidents of which two or more origins speak of it"
    return Row(f"data.conflict_share.{field}", "share", share, incidents=ids, note=note, when=share)


_EVERY = by_origins(1, np.inf)

#: The facts of the cleaning, from its tables.
FACTS: list[Row] = [
    Row("data.incidents", "incidents", lambda tables: len(tables["incidents"]), incidents=_EVERY),
    Row("data.reports", "reports", lambda tables: len(tables["reports"])),
    Row("data.reports_linked", "reports", lambda tables: len(linked(tables)), note="reports that are in an incident"),
    Row("data.sources", "sources", lambda tables: len(telling(tables)), note="sources of these reports"),
    Row("data.languages", "languages", lambda tables: telling(tables)["language"].nunique(), note="of these sources"),
    Row(
        "data.origins.one",
        "incidents",
        lambda tables: len(by_origins(1, 1)(tables)),
        incidents=by_origins(1, 1),
        note="one independent origin: reprints count once",
    ),
    _share("data.origins_share.one", by_origins(1, 1), _EVERY, "one independent origin"),
    _share("data.origins_share.more", by_origins(3, np.inf), _EVERY, "three or more independent origins"),
    Row(
        "data.weakest",
        "incidents",
        lambda tables: len(weakest(tables)),
        incidents=weakest,
        note="one origin and no official",
    ),
    _share("data.disputed_share", disputed, by_origins(2, np.inf), "of incidents with two or more origins"),
    *map(_disagree, ("date", "site_id", "weapons", "munitions", "us_injured")),
    _rulings("data.rulings", None, "rulings applied"),
    _rulings("data.rulings_unsure", "unsure", "rulings marked unsure"),
]
