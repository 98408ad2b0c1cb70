"""What the clean data amounts to, in numbers: the facts ``data.*`` and the table of disagreement by field."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.cleaning import suspects
from helpers.cleaning.check import Findings
from helpers.cleaning.schemas import FIELDS
from helpers.cleaning.votes import choose_weapons
from helpers.facts import Facts
from helpers.vocabulary import CONFIRMATION, missiles, split, top_weapon, unstated
from helpers.vocabulary import weapons as ladder

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


def record(facts: Facts, tables: Tables, findings: Findings) -> None:
    """Add the facts ``data.*``."""
    _record_size(facts, tables, findings)
    _record_grades(facts, tables)
    _record_rulings(facts, tables)
    _record_conflicts(facts, tables)
    _record_weapons(facts, tables)
    _record_precision(facts, tables)


def _record_size(facts: Facts, tables: Tables, findings: Findings) -> None:
    incidents, reports, sources = tables["incidents"], tables["reports"], tables["sources"]
    ids = list(incidents["incident_id"])
    facts.add("data.incidents", len(incidents), unit="incidents", incidents=ids)
    facts.add("data.reports", len(reports), unit="reports")
    facts.add("data.reports_linked", int((reports["incident_id"] != "").sum()), unit="reports")
    facts.add("data.reports_per_incident", incidents["n_reports"].mean(), unit="reports", note="mean")
    facts.add("data.pages", len(sources), unit="pages", note="all pages read, with those that tell of no attack")
    telling = sources[sources["source_id"].isin(reports.loc[reports["incident_id"] != "", "source_id"])]
    facts.add("data.sources", len(telling), unit="sources", note="sources of the reports that are in an incident")
    facts.add("data.origins", telling["family"].nunique(), unit="origins", note="outlet families: reprints count once")
    facts.add("data.languages", telling["language"].nunique(), unit="languages", note="languages of these sources")
    english = int((telling["language"] == "en").sum())
    facts.add("data.english", english / len(telling) if len(telling) else None, unit="share", note="of these sources")
    second = incidents.loc[incidents["second_hand"], "incident_id"]
    facts.add("data.second_hand", len(second), unit="incidents", incidents=second, note="a US official at second hand")
    facts.add("data.sites", incidents.loc[incidents["latitude"].notna(), "site_id"].nunique(), unit="sites")
    if len(incidents):
        facts.add("data.first_day", incidents["date"].min(), unit="date")
        facts.add("data.last_day", incidents["date"].max(), unit="date")
    for name in ("official_counts", "responses", "response_reports", "context", "claims", "forces"):
        facts.add(f"data.{name}", len(tables[name]), unit="rows")
    facts.add("data.for_review", len(findings.lists), unit="rows", note="listed by the check, not stopped at")
    facts.add(
        "data.cells_changed", len(tables["cleaning_log"]), unit="cells", note="changed by normalising or a correction"
    )


def _record_grades(facts: Facts, tables: Tables) -> None:
    incidents = tables["incidents"]
    number = len(incidents)
    for code in CONFIRMATION:
        ids = incidents.loc[incidents["confirmation"] == code, "incident_id"]
        facts.add(f"data.confirmed.{code}", len(ids), unit="incidents", incidents=ids)
        facts.add(f"data.confirmed_share.{code}", len(ids) / number if number else None, unit="share", incidents=ids)
    for name, rows in (
        ("one", incidents["n_independent"] == 1),
        ("two", incidents["n_independent"] == 2),
        ("more", incidents["n_independent"] >= 3),
    ):
        ids = incidents.loc[rows, "incident_id"]
        facts.add(f"data.origins.{name}", len(ids), unit="incidents", incidents=ids)
        facts.add(f"data.origins_share.{name}", len(ids) / number if number else None, unit="share", incidents=ids)
    weakest = incidents[
        (incidents["n_independent"] == 1) & ~incidents["confirmation"].isin(["us_official", "local_official"])
    ]
    facts.add(
        "data.weakest",
        len(weakest),
        unit="incidents",
        incidents=weakest["incident_id"],
        note="one origin and no official",
    )


def _record_rulings(facts: Facts, tables: Tables) -> None:
    rulings, reports = tables["decisions"], tables["reports"]
    facts.add(
        "data.keys", reports["incident_key"].nunique(), unit="keys", note="incidents as coded, before the rulings"
    )
    facts.add("data.rulings", len(rulings), unit="rulings")
    for action, group in rulings.groupby("action", sort=True):
        facts.add(f"data.rulings.{action}", len(group), unit="rulings", rows={"decisions": group["decision_id"]})
    unsure = rulings[rulings["confidence"] == "unsure"]
    facts.add("data.rulings_unsure", len(unsure), unit="rulings", rows={"decisions": unsure["decision_id"]})
    aside = tables["set_aside"]
    facts.add("data.set_aside", len(aside), unit="reports", rows={"set_aside": aside["report_id"]})
    facts.add("data.set_aside_keys", aside["incident_key"].nunique(), unit="keys")
    found = tables["suspects"]
    pairs = found[found["kind"] == "duplicate"]
    facts.add("data.suspects", len(pairs), unit="pairs", note="look-alike pairs found by rule")
    open_pairs = pairs[pairs["ruling"] == ""]
    facts.add("data.suspects_open", len(open_pairs), unit="pairs", note="of these, without a ruling")
    facts.add("data.splits", int((found["kind"] == "split").sum()), unit="keys", note="keys whose reports lie apart")
    against = suspects.measure(found, rulings)
    for action in ("merge", "apart"):
        mine = against[against["action"] == action]
        listed, joined = mine[mine["suspected"]], mine[mine["joined"]]
        facts.add(f"data.{action}_rulings", len(mine), unit="rulings", rows={"decisions": mine["decision_id"]})
        facts.add(f"data.{action}_listed", len(listed), unit="rulings", rows={"decisions": listed["decision_id"]})
        facts.add(f"data.{action}_joined", len(joined), unit="rulings", rows={"decisions": joined["decision_id"]})
        name = "merge_recall" if action == "merge" else "apart_wrong"
        part = listed if action == "merge" else joined
        note = (
            "rulings to merge that the rule, without seeing them, lists as suspected"
            if action == "merge"
            else "rulings to keep apart whose pair the rule by itself would join"
        )
        share = len(part) / len(mine) if len(mine) else None
        facts.add(f"data.{name}", share, unit="share", rows={"decisions": part["decision_id"]}, note=note)


def _record_conflicts(facts: Facts, tables: Tables) -> None:
    conflicts, incidents = tables["conflicts"], tables["incidents"]
    facts.add("data.conflicts", len(conflicts), unit="values", note="values told and not chosen")
    disputed = incidents.loc[incidents["n_conflicts"] > 0, "incident_id"]
    facts.add("data.disputed", len(disputed), unit="incidents", incidents=disputed)
    several = incidents.loc[incidents["n_independent"] >= 2, "incident_id"]
    facts.add("data.several_origins", len(several), unit="incidents", incidents=several)
    share = len(set(disputed) & set(several)) / len(several) if len(several) else None
    facts.add("data.disputed_share", share, unit="share", note="of incidents with two or more origins")
    ordered = incidents["incident_id"]
    for field in FIELDS:
        ids = ordered[ordered.isin(conflicts.loc[conflicts["field"] == field, "incident_id"])]
        facts.add(f"data.conflicts.{field}", len(ids), unit="incidents", incidents=ids)
    for row in disagreement(tables).itertuples():
        facts.add(f"data.conflict_share.{row.field}", row.share, unit="share", note=f"of {row.spoken} incidents")


def _record_weapons(facts: Facts, tables: Tables) -> None:
    table = other_weapons(tables)
    rank = {code: weapon.rung if weapon.rung is not None else -1 for code, weapon in ladder().items()}
    higher = table["highest"].map(rank) > table["chosen"].map(rank)
    facts.add(
        "data.weapon_highest_differs",
        int(higher.sum()),
        unit="incidents",
        incidents=table.loc[higher, "incident_id"],
        note="would stand on a higher rung if the highest weapon that any report names counted",
    )
    for name, note in (
        ("unweighted", "would have another top weapon if officials did not weigh double"),
        ("each_report", "would have another top weapon if every report counted, reprints too"),
    ):
        ids = table.loc[table[name] != table["chosen"], "incident_id"]
        facts.add(f"data.weapon_{name}_differs", len(ids), unit="incidents", incidents=ids, note=note)
    incidents = tables["incidents"]
    fired = incidents[incidents["top_weapon"].isin(missiles())]["incident_id"]
    facts.add("data.missile_incidents", len(fired), unit="incidents", incidents=fired)
    disputed = tables["conflicts"]
    named = disputed[(disputed["field"] == "weapons") & disputed["other"].isin(missiles())]
    ids = fired[fired.isin(named["incident_id"])]
    facts.add(
        "data.missile_name_disputed",
        len(ids),
        unit="incidents",
        incidents=ids,
        note="reports name the missile differently",
    )
    unspecified = incidents.loc[
        incidents["weapons"].map(lambda cell: not unstated().keys().isdisjoint(split(cell))), "incident_id"
    ]
    facts.add("data.missile_unspecified", len(unspecified), unit="incidents", incidents=unspecified)


def _record_precision(facts: Facts, tables: Tables) -> None:
    incidents = tables["incidents"]
    for code in ("day", "range", "approximate"):
        ids = incidents.loc[incidents["date_precision"] == code, "incident_id"]
        facts.add(f"data.date_precision.{code}", len(ids), unit="incidents", incidents=ids)
    for level in (1, 2, 3):
        ids = incidents.loc[incidents["place_precision"] == level, "incident_id"]
        facts.add(f"data.place_precision.{level}", len(ids), unit="incidents", incidents=ids)
    moved = incidents.loc[incidents["incident_id"].str[:10] != incidents["date"].dt.strftime("%Y-%m-%d"), "incident_id"]
    facts.add(
        "data.id_day_differs",
        len(moved),
        unit="incidents",
        incidents=moved,
        note="the id keeps the day of its first key",
    )
    told = tables["reconciled"]
    tied = told[told["rule"].str.startswith("tie")]
    facts.add("data.ties", len(tied), unit="values", note="values chosen at a tie between equally many origins")
