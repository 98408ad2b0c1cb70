"""Putting the verdicts together: the incidents, how each value was chosen, and every disagreement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cleaning import grade
from helpers.cleaning.reconcile import reconcile
from helpers.cleaning.rulings import Linked
from helpers.cleaning.schemas import FIELDS, TABLES, TEXT
from helpers.cleaning.votes import UNSAID, Verdict, joined
from helpers.vocabulary import OUTLETS, split, top_weapon

_NUMBERS = ("munitions", "us_killed", "us_injured", "partner_killed", "partner_injured")
_UNKNOWN = {"target_type": "unknown", "intercepted": "unknown", "damage": "unknown", "weapons": "unknown"}


def incidents(
    reports: pd.DataFrame, sites: pd.DataFrame, linked: Linked
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the clean tables incidents, reconciled and conflicts.

    `reports` are the typed reports with incident_id, family, published, kind (of the source) and outlet (the
    firmest kind of its origin); those set aside are left out here.
    """
    told = reports.drop(columns=["incident_key", "weapon_as_reported", "note"])
    kept = told[told["incident_id"] != ""].sort_values("report_id")
    number, ids = pd.factorize(kept["incident_id"], sort=True)
    kept["key_day"] = pd.to_datetime(kept["incident_id"].str[:10], format="%Y-%m-%d", errors="coerce")
    kept["key_site"] = kept["incident_id"].str.slice(11).str.replace(r"-[0-9]+$", "", regex=True)
    kept["incident"], kept["family"] = number, pd.factorize(kept["family"], sort=True)[0]
    kept = kept.drop(columns="incident_id")
    verdicts = reconcile(kept, sites)
    verdicts["confirmation"] = grade.confirmation(kept)
    rows = pd.RangeIndex(len(ids))
    _overrule(verdicts, linked, pd.Index(ids), sites)
    conflicts = _conflicts(kept, verdicts, ids)
    table = _wide(kept, sites, verdicts, rows, ids)
    table["n_conflicts"] = conflicts.groupby("incident_id")["field"].nunique().reindex(table["incident_id"]).to_numpy()
    table["n_conflicts"] = table["n_conflicts"].fillna(0).astype("Int64")
    table = table[TABLES["incidents"].column_names].sort_values(["date", "incident_id"], ignore_index=True)
    return table, _reconciled(verdicts, rows, ids), conflicts


def _overrule(verdicts: dict[str, Verdict], linked: Linked, ids: pd.Index, sites: pd.DataFrame) -> None:
    """Put the rulings redate and resite over what the reports say."""
    for incident, (value, ruling) in linked.redated.items():
        at = ids.get_indexer(pd.Index([incident]))[0]
        if at >= 0:
            chosen, day = verdicts["date"].chosen, pd.Timestamp(value)
            chosen.loc[at, ["value", "low", "high"]] = day
            chosen.loc[at, "rule"], chosen.loc[at, "precision"] = f"ruling {ruling}", "day"
    countries = sites.set_index("site_id")["country"].astype(object)
    for incident, (value, ruling) in linked.resited.items():
        at = ids.get_indexer(pd.Index([incident]))[0]
        if at >= 0:
            verdicts["site_id"].chosen.loc[at, ["value", "rule"]] = [value, f"ruling {ruling}"]
            verdicts["country"].chosen.loc[at, ["value", "rule"]] = [countries[value], f"ruling {ruling}"]


def _wide(
    kept: pd.DataFrame, sites: pd.DataFrame, verdicts: dict[str, Verdict], rows: pd.RangeIndex, ids: pd.Index
) -> pd.DataFrame:
    table = pd.DataFrame({"incident_id": pd.Series(np.asarray(ids), dtype=TEXT)})
    date = verdicts["date"].chosen.reindex(rows)
    for column, part in (("date", "value"), ("date_earliest", "low"), ("date_latest", "high")):
        table[column] = date[part].astype("datetime64[ns]")
    table["date_precision"] = date["precision"].astype(TEXT)
    span = (table["date_latest"] - table["date_earliest"]).dt.days
    table["date_code"] = grade.acled_time(table["date_precision"], span)
    table["ucdp_date_prec"] = grade.ucdp_date(table["date_precision"], span)
    words = [field for field in FIELDS if field not in (*_NUMBERS, "date")]
    for field in words:
        value = verdicts[field].chosen["value"].reindex(rows)
        table[field] = value.fillna(_UNKNOWN.get(field, "")).astype(TEXT)
    tops = {cell: top_weapon(split(cell)) for cell in table["weapons"].unique()}
    table["top_weapon"] = table["weapons"].map(tops).astype(TEXT)
    for field in _NUMBERS:
        chosen = verdicts[field].chosen.reindex(rows)
        if field in ("munitions", "us_injured"):
            table[f"{field}_best"] = chosen["value"].astype("Int64")
            table[f"{field}_low"] = chosen["low"].astype("Int64")
            table[f"{field}_high"] = chosen["high"].astype("Int64")
        else:
            table[field] = chosen["value"].astype("Int64")
    _place(table, kept, sites)
    groups = kept.groupby("incident")
    table["n_reports"] = groups.size()
    table["second_hand"] = rows.isin(grade.second_hand(kept).loc[lambda second: second].index)
    sources = kept[["incident", "source_id", "kind"]].drop_duplicates(["incident", "source_id"])
    sources["place"] = sources["kind"].map({kind: place for place, kind in enumerate(OUTLETS)})
    sources = sources.sort_values(["incident", "place", "source_id"])
    table["n_sources"] = sources.groupby("incident").size()
    table["sources"] = joined(sources["incident"], sources["source_id"]).astype(TEXT)
    table["n_independent"] = kept.drop_duplicates(["incident", "family"]).groupby("incident").size()
    return table


def _place(table: pd.DataFrame, kept: pd.DataFrame, sites: pd.DataFrame) -> None:
    """Add the site's name, governorate, point and precision; a site outside the gazetteer has no point."""
    known = sites.set_index("site_id").reindex(table["site_id"]).reset_index(drop=True)
    told = kept[kept["place_as_reported"] != ""].groupby(["incident", "place_as_reported"], observed=True).size()
    spelled = (
        told.rename("n")
        .reset_index()
        .sort_values(["incident", "n", "place_as_reported"], ascending=[True, False, True])
    )
    spelling = spelled.drop_duplicates("incident").set_index("incident")["place_as_reported"].reindex(table.index)
    table["site_name"] = known["name"].astype(object).fillna(spelling.astype(object)).fillna("not named").astype(TEXT)
    table["admin1"] = known["admin1"].fillna("").astype(TEXT)
    precision = known["precision"].astype("Int64").fillna(3)
    vague = (table["site_id"] == "other") | table["site_id"].str.startswith("unspecified-")
    table["latitude"] = known["lat"].astype("float64").mask(vague)
    table["longitude"] = known["lon"].astype("float64").mask(vague)
    table["place_precision"] = precision
    table["ucdp_where_prec"] = grade.ucdp_where(precision, table["admin1"])


def _shown(values: pd.Series) -> pd.Series:
    """Return values as text: days in ISO form, whole numbers without a point, nothing as ""."""
    if pd.api.types.is_datetime64_any_dtype(values):
        days: pd.Series = values.dt.strftime("%Y-%m-%d").fillna("").astype(TEXT)
        return days
    if pd.api.types.is_numeric_dtype(values):
        whole: pd.Series = values.astype("Int64").astype("string").fillna("").astype(TEXT)
        return whole
    return values.astype(object).fillna("").astype(TEXT)


def _reconciled(verdicts: dict[str, Verdict], rows: pd.RangeIndex, ids: pd.Index) -> pd.DataFrame:
    parts = []
    order = {field: place for place, field in enumerate(FIELDS)}
    for field, verdict in verdicts.items():
        chosen = verdict.chosen.reindex(rows)
        part = pd.DataFrame({"incident": rows, "place": order[field]})
        for column in ("value", "low", "high"):
            part[column] = _shown(chosen[column])
        if field in _UNKNOWN:
            part["value"] = part["value"].mask(part["value"] == "", "unknown")
        silent = UNSAID if field == "weapons" else "no report says"
        part["rule"] = chosen["rule"].astype(object).fillna(silent).astype(TEXT)
        for column in ("n_independent", "n_said"):
            part[column] = chosen[column].fillna(0).astype("Int64")
        told = verdict.others.sort_values(["incident", "n", "value"], ascending=[True, False, True])
        words = _shown(told["value"]).astype(object) + " (" + told["n"].astype(str) + ")"
        part["others"] = joined(told["incident"], words).reindex(rows).fillna("").astype(TEXT)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True).sort_values(["incident", "place"], ignore_index=True)
    table["incident_id"] = pd.Series(np.asarray(ids)[table["incident"]], dtype=TEXT)
    table["field"] = pd.Series(np.array(FIELDS, dtype=object)[table["place"]], dtype=TEXT)
    return table[TABLES["reconciled"].column_names]


#: Columns of the reports in which a field's value stands.
_COLUMN = {"munitions": "munitions_low", "us_injured": "us_injured_low"}


def _conflicts(kept: pd.DataFrame, verdicts: dict[str, Verdict], ids: pd.Index) -> pd.DataFrame:
    """Return one row for each value told and not chosen, with the reports that say it."""
    parts = []
    order = {field: place for place, field in enumerate(FIELDS)}
    for field, verdict in verdicts.items():
        if verdict.others.empty:
            continue
        chosen = verdict.chosen.reindex(verdict.others["incident"])
        part = pd.DataFrame(
            {
                "incident": verdict.others["incident"].to_numpy(),
                "place": order[field],
                "chosen": _shown(chosen["value"]).to_numpy(),
                "n_chosen": chosen["n_independent"].to_numpy(),
                "other": _shown(verdict.others["value"]).to_numpy(),
                "n_other": verdict.others["n"].to_numpy(),
                "rule": chosen["rule"].to_numpy(),
            }
        )
        part["reports"] = _who(kept, field, part)
        parts.append(part)
    if not parts:
        return pd.DataFrame({column.name: pd.Series(dtype=TEXT) for column in TABLES["conflicts"].columns})
    table = pd.concat(parts, ignore_index=True).sort_values(["incident", "place", "other"], ignore_index=True)
    table["incident_id"] = np.asarray(ids)[table["incident"]]
    table["field"] = np.array(FIELDS, dtype=object)[table["place"]]
    for column in TABLES["conflicts"].columns:
        table[column.name] = table[column.name].astype("Int64" if column.type == "integer" else TEXT)
    return table[TABLES["conflicts"].column_names]


def _who(kept: pd.DataFrame, field: str, part: pd.DataFrame) -> np.ndarray:
    """Return for each disagreement the reports that give the other value, joined by ``;``."""
    concerned = kept[kept["incident"].isin(part["incident"])]
    told = concerned[["incident", "report_id"]].assign(
        other=_shown(concerned[_COLUMN.get(field, field)]).astype(object)
    )
    if field == "weapons":
        told = told.assign(other=told["other"].str.split(";")).explode("other")
    if field == "date":
        told = told[(concerned["date_precision"] == "day").to_numpy()]
    pairs = part[["incident", "other"]].assign(pair=np.arange(len(part)))
    told = told.merge(pairs, on=["incident", "other"]).drop_duplicates().sort_values(["pair", "report_id"])
    names = joined(told["pair"], told["report_id"])
    return names.reindex(range(len(part))).fillna("").to_numpy()
