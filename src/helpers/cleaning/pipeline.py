"""The whole cleaning: coded sheets in, clean tables out; nothing is written when a fault stops it.

The codes of precision are those of ACLED (time_precision, geo_precision: ACLED Codebook, "Spatial-temporal precision")
and UCDP GED (date_prec, where_prec: UCDP Georeferenced Event Dataset Codebook 23.1, by Stina Högbladh).
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype, union_categoricals

from helpers.cleaning.check import Checked, Findings, Stopped, read_and_check
from helpers.cleaning.normalise import families, read_houses
from helpers.cleaning.reconcile import reconcile, reconcile_strikes
from helpers.cleaning.review import suspects, vague
from helpers.cleaning.rulings import Linked, as_coded, effects, link, roots
from helpers.cleaning.schemas import CODED, FIELDS, TABLES, TEXT, typed
from helpers.cleaning.votes import UNSAID, Verdict, joined
from helpers.vocabulary import FIRM_OUTLETS, OUTLETS, split, top_weapon


@dataclass(frozen=True)
class Clean:
    """What the cleaning gives: the clean `tables` by name, the findings for review, and the sources coded `twice`.

    `twice` holds for these their reports as coded, the second coding, and the stretches compared.
    """

    tables: dict[str, pd.DataFrame]
    findings: Findings
    twice: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


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
    again = frames["reports"]["source_id"].isin(frames["second_coding"]["source_id"].unique())
    first = as_coded(frames["reports"][again], checked.log)
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
    kept, verdicts, ids = _decided(reports, made["sources"], made["sites"], linked)
    made["incidents"] = _incidents(kept, verdicts, ids, made["sites"])
    made["reconciled"], made["conflicts"] = _reconciled(verdicts, ids), _conflicts(kept, verdicts, ids)
    del kept, verdicts
    made["incidents_other_rulings"] = other_rulings(made, rulings)
    made["decisions"] = effects(rulings, linked)
    made["cleaning_log"] = checked.log.sort_values(["file", "row", "column"], kind="stable", ignore_index=True)
    made["cleaning_log"] = typed(made["cleaning_log"], TABLES["cleaning_log"])
    for name in ("sources", "sites"):
        made[name] = made[name].sort_values(CODED[name].column_names, ignore_index=True)
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
    return Clean(tables, checked.findings, (first, frames["second_coding"], frames["coding_stretches"]))


def _set_aside(reports: pd.DataFrame, linked: Linked, rulings: pd.DataFrame) -> pd.DataFrame:
    ruled = linked.set_aside_by != ""  # a whole column put into a table without rows would give it rows
    aside = reports[ruled].assign(decision_id=linked.set_aside_by[ruled])
    aside = aside.merge(rulings[["decision_id", "confidence", "reason"]], how="left", on="decision_id")
    return typed(aside.sort_values("report_id", ignore_index=True), TABLES["set_aside"])


_NUMBERS = ("munitions", "us_killed", "us_injured", "partner_killed", "partner_injured")
_UNKNOWN = {"target_type": "unknown", "intercepted": "unknown", "damage": "unknown", "weapons": "unknown"}

#: Columns of the reports that no incident is made of.
_UNUSED = ["incident_id", "incident_key", "weapon_as_reported", "note"]


def _decided(
    reports: pd.DataFrame, sources: pd.DataFrame, sites: pd.DataFrame, linked: Linked
) -> tuple[pd.DataFrame, dict[str, Verdict], pd.Index]:
    """Return the reports that are in an incident, what was chosen field by field, and the ids of the incidents.

    `reports` are the typed reports with incident_id and family; those set aside are left out here. `sources` need
    source_id, published, kind and family.
    """
    there = (reports["incident_id"] != "").to_numpy()
    kept = pd.DataFrame({name: _held(reports[name][there]) for name in reports if name not in _UNUSED})
    kept["incident"], ids = pd.factorize(reports["incident_id"][there], sort=True)
    kept = kept.sort_values("report_id")
    days = pd.to_datetime(pd.Series(ids, dtype=TEXT).str[:10], format="%Y-%m-%d", errors="coerce")
    places = pd.Series(ids, dtype=TEXT).str.slice(11).str.replace(r"-[0-9]+$", "", regex=True).astype("category")
    kept["key_day"], kept["key_site"] = (cells.array.take(kept["incident"].to_numpy()) for cells in (days, places))
    kept["family"] = pd.factorize(kept["family"], sort=True)[0]
    known = sources.set_index("source_id")
    firmest = known["kind"].map({kind: place for place, kind in enumerate(OUTLETS)}).fillna(len(OUTLETS) - 1)
    known["outlet"] = firmest.groupby(known["family"]).transform("min").map(dict(enumerate(OUTLETS)))
    rows = known.index.get_indexer(kept["source_id"].cat.categories)[kept["source_id"].cat.codes]
    kept["published"] = known["published"].to_numpy()[rows]
    for column in ("kind", "outlet"):  # `outlet`: the firmest kind among the outlets of the report's origin
        kept[column] = known[column].astype("category").array.take(rows)
    verdicts = reconcile(kept, sites)
    _overrule(verdicts, linked, pd.Index(ids), sites)
    return kept, verdicts, pd.Index(ids)


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
        table = _incidents(*_decided(part, made["sources"], made["sites"], linked), made["sites"])
        replaced = table["incident_id"].map(moved.groupby("new")["old"].agg(";".join)).fillna("")
        tables.append(table.assign(rulings=name, replaces=replaced))
    return typed(pd.concat(tables, ignore_index=True), TABLES["incidents_other_rulings"])


def _held(cells: pd.Series) -> pd.Series:
    """Return a column of texts that repeat as categories, any other as it is."""
    return cells.astype("category") if cells.dtype.kind == "O" and cells.name != "report_id" else cells


def _overrule(verdicts: dict[str, Verdict], linked: Linked, ids: pd.Index, sites: pd.DataFrame) -> None:
    """Put the rulings redate and resite over what the reports say."""
    for incident, (value, ruling) in linked.redated.items():
        if incident in ids:
            chosen, at = verdicts["date"].chosen, ids.get_loc(incident)
            chosen.loc[at, ["value", "low", "high"]] = pd.Timestamp(value)
            chosen.loc[at, ["rule", "precision"]] = [f"ruling {ruling}", "day"]
    countries = sites.set_index("site_id")["country"].astype(object)
    for incident, (value, ruling) in linked.resited.items():
        if incident in ids:
            for field, answer in (("site_id", value), ("country", countries[value])):
                verdicts[field].chosen.loc[ids.get_loc(incident), ["value", "rule"]] = [answer, f"ruling {ruling}"]


def _incidents(kept: pd.DataFrame, verdicts: dict[str, Verdict], ids: pd.Index, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the clean table incidents."""
    table = pd.DataFrame({"incident_id": pd.Series(np.asarray(ids), dtype=TEXT)})
    date = verdicts["date"].chosen
    for column, part in (("date", "value"), ("date_earliest", "low"), ("date_latest", "high")):
        table[column] = date[part].astype("datetime64[ns]")
    table["date_precision"] = date["precision"]
    span, exact = (table["date_latest"] - table["date_earliest"]).dt.days, table["date_precision"] == "day"
    table["date_code"] = np.select([exact, span <= 7], [1, 2], 3)
    table["ucdp_date_prec"] = np.select([exact, span <= 5, span <= 6, span <= 30], [1, 2, 3, 4], 5)
    for field, verdict in verdicts.items():
        if field in ("munitions", "us_injured"):
            for column, part in (("best", "value"), ("low", "low"), ("high", "high")):
                table[f"{field}_{column}"] = verdict.chosen[part]
        elif field != "date":
            table[field] = verdict.chosen["value"]
        if field in _UNKNOWN:
            table[field] = table[field].fillna(_UNKNOWN[field])
    tops = {cell: top_weapon(split(cell)) for cell in table["weapons"].unique()}
    table["top_weapon"] = table["weapons"].map(tops)
    _place(table, kept, sites)
    table["n_reports"] = kept.groupby("incident").size()
    # a US official known at second hand alone: one origin tells of him, and none of its outlets is a firm one
    firm = kept.assign(firm=kept["outlet"].isin(FIRM_OUTLETS))[["incident", "family", "firm"]]
    us = firm[kept["confirmation"] == "us_official"].groupby("incident")
    table["second_hand"] = (us["family"].nunique().eq(1) & ~us["firm"].any()).reindex(table.index, fill_value=False)
    sources = kept[["incident", "source_id", "kind"]].drop_duplicates(["incident", "source_id"])
    sources["place"] = sources["kind"].map({kind: place for place, kind in enumerate(OUTLETS)}).astype(int)
    sources = sources.sort_values(["incident", "place", "source_id"])
    table["n_sources"] = sources.groupby("incident").size()
    table["sources"] = joined(sources["incident"], sources["source_id"])
    table["n_independent"] = kept.groupby("incident")["family"].nunique()
    differ = pd.concat([verdict.others["incident"].drop_duplicates() for verdict in verdicts.values()])
    table["n_conflicts"] = differ.value_counts().reindex(table.index, fill_value=0)
    return typed(table, TABLES["incidents"]).sort_values(["date", "incident_id"], ignore_index=True)


def _place(table: pd.DataFrame, kept: pd.DataFrame, sites: pd.DataFrame) -> None:
    """Add the site's name, governorate, point and precision; a site outside the gazetteer has no point."""
    known = sites.set_index("site_id").reindex(table["site_id"]).reset_index(drop=True)
    told = kept[kept["place_as_reported"] != ""].groupby(["incident", "place_as_reported"], observed=True).size()
    spelled = told.rename("n").reset_index()
    spelled = spelled.sort_values(["incident", "n", "place_as_reported"], ascending=[True, False, True])
    spelling = spelled.drop_duplicates("incident").set_index("incident")["place_as_reported"].astype(object)
    table["site_name"] = known["name"].astype(object).fillna(spelling).fillna("not named")
    table["admin1"] = known["admin1"].fillna("")
    nowhere = vague(table["site_id"])
    table["latitude"], table["longitude"] = (known[name].astype("float64").mask(nowhere) for name in ("lat", "lon"))
    precision = table["place_precision"] = known["precision"].astype("Int64").fillna(3)
    table["ucdp_where_prec"] = np.select([precision == 1, precision == 2, table["admin1"] != ""], [1, 2, 4], 6)


def _shown(values: pd.Series) -> pd.Series:
    """Return values as text: days in ISO form, whole numbers without a point, nothing as ""."""
    if is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    elif is_numeric_dtype(values):
        values = values.astype("Int64").astype("string")
    return values.astype(object).fillna("")


def _reconciled(verdicts: dict[str, Verdict], ids: pd.Index) -> pd.DataFrame:
    """Return a row for each incident and field, with how its value was chosen; texts as categories."""
    rows, parts = pd.RangeIndex(len(ids)), []
    for field in FIELDS:
        chosen, nothing = verdicts[field].chosen.reindex(rows), pd.Series("", rows, dtype=object)
        part = {name: _shown(chosen[name]) if name in chosen else nothing for name in ("value", "low", "high")}
        if field in _UNKNOWN:
            part["value"] = part["value"].replace("", "unknown")
        part["rule"] = chosen["rule"].astype(object).fillna(UNSAID if field == "weapons" else "no report says")
        told = verdicts[field].others.sort_values(["incident", "n", "value"], ascending=[True, False, True])
        words = _shown(told["value"]) + " (" + told["n"].astype(str) + ")"
        part["others"] = joined(told["incident"], words).reindex(rows).fillna("")
        part = {column: cells.astype("category") for column, cells in part.items()}
        parts.append(pd.DataFrame(part).join(chosen[["n_independent", "n_said"]].fillna(0).astype("int64")))
    order = np.arange(len(ids) * len(FIELDS)).reshape(len(FIELDS), len(ids)).T.ravel()
    table: dict[Any, Any] = {
        "incident_id": pd.Categorical.from_codes(np.repeat(np.arange(len(ids)), len(FIELDS)), pd.Index(ids)),
        "field": pd.Categorical.from_codes(np.tile(np.arange(len(FIELDS)), len(ids)), pd.Index(FIELDS)),
    }
    for column in parts[0]:
        columns = [part[column] for part in parts]
        whole = pd.concat(columns).to_numpy() if is_numeric_dtype(columns[0]) else union_categoricals(columns)
        table[column] = whole[order]
    return pd.DataFrame(table)[TABLES["reconciled"].column_names]


def _conflicts(kept: pd.DataFrame, verdicts: dict[str, Verdict], ids: pd.Index) -> pd.DataFrame:
    """Return one row for each value told and not chosen, with the reports that say it."""
    parts: list[pd.DataFrame] = []
    for place, field in enumerate(FIELDS):
        others = verdicts[field].others
        if others.empty and parts:
            continue
        chosen = verdicts[field].chosen.reindex(others["incident"])
        part = pd.DataFrame({"incident": others["incident"], "place": place, "field": field})
        part["chosen"], part["n_chosen"] = _shown(chosen["value"]).to_numpy(), chosen["n_independent"].to_numpy()
        part["other"], part["n_other"], part["rule"] = _shown(others["value"]), others["n"], chosen["rule"].to_numpy()
        parts.append(part.assign(reports=_who(kept, field, part)))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    table = table.sort_values(["incident", "place", "other"], ignore_index=True)
    return typed(table.assign(incident_id=np.asarray(ids)[table["incident"]]), TABLES["conflicts"])


#: Columns of the reports in which a field's value stands.
_COLUMN = {"munitions": "munitions_low", "us_injured": "us_injured_low"}


def _who(kept: pd.DataFrame, field: str, part: pd.DataFrame) -> pd.Series:
    """Return for each disagreement the reports that give the other value, joined by ``;``."""
    column = _COLUMN.get(field, field)
    firm = (kept["date_precision"] == "day") | (field != "date")
    concerned = kept.loc[kept["incident"].isin(part["incident"]) & firm, ["incident", "report_id", column]]
    told = concerned[["incident", "report_id"]].assign(other=_shown(concerned[column]))
    if field == "weapons":
        told = told.assign(other=told["other"].str.split(";")).explode("other")
    pairs = part[["incident", "other"]].rename_axis("pair").reset_index()
    told = told.merge(pairs, on=["incident", "other"]).drop_duplicates().sort_values(["pair", "report_id"])
    return joined(told["pair"], told["report_id"]).reindex(part.index).fillna("")
