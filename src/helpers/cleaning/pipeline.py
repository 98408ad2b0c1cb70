"""The whole cleaning: coded sheets in, clean tables out; nothing is written when a fault stops it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.cleaning import assemble, suspects
from helpers.cleaning.check import Findings, Stopped, read_and_check
from helpers.cleaning.grade import families, firmest, read_houses
from helpers.cleaning.reconcile import reconcile_strikes
from helpers.cleaning.rulings import Linked, effects, link
from helpers.cleaning.schemas import CODED, TABLES, TEXT, typed


@dataclass(frozen=True)
class Clean:
    """What the cleaning gives: the clean `tables` by name, the findings for review, and the sheets as normalised."""

    tables: dict[str, pd.DataFrame]
    findings: Findings
    frames: dict[str, pd.DataFrame]


def clean(coded_dir: str | Path, reference_dir: str | Path) -> Clean:
    """Return the clean tables made from the coded sheets in `coded_dir`.

    Raises
    ------
    Stopped
        If the sheets have faults that stop a run (`helpers.cleaning.check`); the error holds them all.
    """
    checked = read_and_check(coded_dir, reference_dir)
    if not checked.findings.ok:
        raise Stopped(checked.findings)
    frames, rulings, reports = checked.frames, checked.rulings, checked.frames["reports"]
    linked = link(reports, rulings)
    sources = typed(frames["sources"], CODED["sources"])
    sources["family"] = families(sources, read_houses(reference_dir))
    sites = typed(frames["sites"], CODED["sites"])
    of_source = sources.set_index("source_id")
    whole = typed(reports, CODED["reports"])
    suspected = suspects.with_rulings(suspects.find(whole, sites), rulings)
    whole["incident_id"] = linked.incident_id
    whole["family"] = whole["source_id"].map(of_source["family"]).astype(TEXT)
    of_source["outlet"] = of_source["family"].map(firmest(of_source["kind"], of_source["family"]))
    for column in ("published", "kind", "outlet"):
        whole[column] = whole["source_id"].map(of_source[column])
    made: dict[str, pd.DataFrame] = {}
    made["set_aside"] = _set_aside(whole, linked, rulings)
    made["incidents"], made["reconciled"], made["conflicts"] = assemble.incidents(whole, sites, linked)
    made["reports"] = whole.drop(columns=["published", "kind", "outlet"]).sort_values("report_id", ignore_index=True)
    made["suspects"] = suspected
    made["decisions"] = effects(rulings, linked)
    made["cleaning_log"] = _log(checked.log)
    made["sources"] = sources.sort_values("source_id", ignore_index=True)
    for name in ("context", "forces", "claims", "sites", "official_counts", "other_counts"):
        made[name] = typed(frames[name], CODED[name]).sort_values(CODED[name].column_names, ignore_index=True)
    for name, key in (("official_counts", "count"), ("other_counts", "other"), ("context", "context")):
        numbers = pd.Series(range(1, len(made[name]) + 1), dtype="int64").astype(str).str.zfill(3)
        made[name].insert(0, f"{key}_id", (f"{key}-" + numbers).astype(TEXT))
    strikes = typed(frames["responses"], CODED["responses"])
    made["response_reports"] = strikes.sort_values(CODED["responses"].column_names, ignore_index=True)
    strikes["family"] = strikes["source_id"].map(of_source["family"])
    made["responses"] = reconcile_strikes(strikes)
    return Clean(
        {name: made[name][TABLES[name].column_names] for name in TABLES if name in made}, checked.findings, frames
    )


def _log(log: pd.DataFrame) -> pd.DataFrame:
    ordered = log.sort_values(["file", "row", "column"], kind="stable", ignore_index=True)
    sheet = TABLES["cleaning_log"]
    return ordered.astype({column.name: "Int64" if column.type == "integer" else TEXT for column in sheet.columns})


def _set_aside(reports: pd.DataFrame, linked: Linked, rulings: pd.DataFrame) -> pd.DataFrame:
    aside = reports.loc[linked.set_aside_by != "", ["report_id", "source_id", "incident_key"]]
    aside = aside.assign(decision_id=linked.set_aside_by[aside.index])
    told = rulings.set_index("decision_id")
    for column in ("confidence", "reason"):
        aside[column] = aside["decision_id"].map(told[column]).astype(TEXT)
    return aside.sort_values("report_id", ignore_index=True)
