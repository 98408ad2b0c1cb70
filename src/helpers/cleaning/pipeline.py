"""The whole cleaning: coded sheets in, clean tables out; nothing is written when a fault stops it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from helpers.cleaning import incidents
from helpers.cleaning.check import Checked, Findings, Stopped, read_and_check
from helpers.cleaning.normalise import families, read_houses
from helpers.cleaning.reconcile import reconcile_strikes
from helpers.cleaning.review import suspects
from helpers.cleaning.rulings import Linked, effects, link, roots
from helpers.cleaning.schemas import CODED, TABLES, TEXT, typed


@dataclass(frozen=True)
class Clean:
    """What the cleaning gives: the clean `tables` by name, and the findings for review."""

    tables: dict[str, pd.DataFrame]
    findings: Findings


def clean(coded_dir: str | Path, reference_dir: str | Path) -> Clean:
    """Return the clean tables made from the coded sheets in `coded_dir`.

    Raises
    ------
    Stopped
        If the sheets have faults that stop a run (`helpers.cleaning.check`); the error holds them all.
    """
    return cleaned(read_and_check(coded_dir, reference_dir), reference_dir)


def cleaned(checked: Checked, reference_dir: str | Path) -> Clean:
    """Return the clean tables made from checked sheets, as `clean` does; uses up the frames of `checked`."""
    if not checked.findings.ok:
        raise Stopped(checked.findings)
    frames, rulings = checked.frames, checked.rulings
    linked = link(frames["reports"], rulings)
    made = {name: typed(frames.pop(name), CODED[name]) for name in ("sources", "sites")}
    made["sources"]["family"] = families(made["sources"], read_houses(reference_dir))
    reports = typed(frames.pop("reports"), CODED["reports"])
    reports["incident_id"] = linked.incident_id
    reports["family"] = reports["source_id"].map(made["sources"].set_index("source_id")["family"]).astype(TEXT)
    made["set_aside"] = _set_aside(reports, linked, rulings)
    reports = made["reports"] = reports.sort_values("report_id", ignore_index=True)
    gc.collect()  # the sheet as read, which pandas holds in circles of references
    pa.default_memory_pool().release_unused()
    made["suspects"] = suspects(reports, made["sites"], rulings)
    made |= incidents.make(reports, made["sources"], made["sites"], linked)
    made["incidents_other_rulings"] = other_rulings(made, rulings)
    made["decisions"] = effects(rulings, linked)
    made["cleaning_log"] = checked.log.sort_values(["file", "row", "column"], kind="stable", ignore_index=True)
    made["cleaning_log"] = typed(made["cleaning_log"], TABLES["cleaning_log"])
    for name in ("sources", "sites"):
        made[name] = made[name].sort_values(list(CODED[name].key), ignore_index=True)
    for name in ("context", "forces", "claims", "official_counts", "other_counts"):
        made[name] = typed(frames[name], CODED[name]).sort_values(CODED[name].column_names, ignore_index=True)
    for name, key in (("official_counts", "count"), ("other_counts", "other"), ("context", "context")):
        numbers = [f"{key}-{number:03d}" for number in range(1, len(made[name]) + 1)]
        made[name].insert(0, f"{key}_id", pd.Series(numbers, dtype=TEXT))
    strikes = typed(frames["responses"], CODED["responses"])
    made["response_reports"] = strikes.sort_values(CODED["responses"].column_names, ignore_index=True)
    family = strikes["source_id"].map(made["sources"].set_index("source_id")["family"])
    made["responses"] = reconcile_strikes(strikes.assign(family=family))
    tables = {name: made[name][TABLES[name].column_names] for name in TABLES if name in made}
    return Clean(tables, checked.findings)


def _set_aside(reports: pd.DataFrame, linked: Linked, rulings: pd.DataFrame) -> pd.DataFrame:
    ruled = linked.set_aside_by != ""  # a whole column put into a table without rows would give it rows
    aside = reports[ruled].assign(decision_id=linked.set_aside_by[ruled])
    aside = aside.merge(rulings[["decision_id", "confidence", "reason"]], how="left", on="decision_id")
    return typed(aside.sort_values("report_id", ignore_index=True), TABLES["set_aside"])


#: The rulings on duplicates and exclusions that count, by how sure they are, in the table incidents_other_rulings.
OTHER_RULINGS = {"without_unsure": ("sure", "likely"), "only_sure": ("sure",)}


def other_rulings(made: Mapping[str, pd.DataFrame], rulings: pd.DataFrame) -> pd.DataFrame:
    """Return the incidents that are others with those merges and exclusions alone that are as sure as `OTHER_RULINGS`.

    `made` holds the typed incidents, reports, sources and sites; an incident that no ruling left out has touched
    stays as it is and is not repeated. The column `replaces` names the incidents whose place each takes.
    """
    reports, merged = made["reports"], roots(rulings)
    tables = [made["incidents"].iloc[:0].assign(rulings="", replaces="")]
    for name, sure in OTHER_RULINGS.items():
        undone = rulings["action"].isin(["merge", "set_aside"]) & ~rulings["confidence"].isin(sure)
        if not undone.any():
            continue
        touched = {merged.get(key, key) for key in rulings.loc[undone, "incident_key"]}
        part = reports[reports["incident_id"].isin({*touched, ""})]
        linked = link(part, rulings[~undone])
        moved = pd.DataFrame({"new": linked.incident_id, "old": part["incident_id"]}).astype(object).drop_duplicates()
        moved = moved[(moved != "").all(axis=1)].sort_values(["new", "old"])
        part = part.assign(incident_id=linked.incident_id)
        table = incidents.make(part, made["sources"], made["sites"], linked)["incidents"]
        replaced = table["incident_id"].map(moved.groupby("new")["old"].agg(";".join)).fillna("")
        tables.append(table.assign(rulings=name, replaces=replaced))
    return typed(pd.concat(tables, ignore_index=True), TABLES["incidents_other_rulings"])
