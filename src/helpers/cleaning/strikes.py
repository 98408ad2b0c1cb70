"""US and coalition strikes: one row a strike from the reports of it, by the same votes as the incidents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cleaning.reading import TEXT
from helpers.cleaning.votes import joined, lower_median, most_said, once

_WORDS = ("country", "place", "kind", "target", "killed_side")


def reconcile_strikes(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a strike (`helpers.cleaning.schemas_clean.RESPONSES`) from the typed reports with their family.

    Day and words are those that most independent origins give (ties: the earlier day, the earlier word of the alphabet;
    both countries count as one answer; where no report gives a day, the key's); the dead are the lower median of the
    figures, low and high the smallest and the largest.
    """
    keys, known = pd.factorize(reports["response_key"], sort=True)
    said = pd.DataFrame({"incident": keys, "family": pd.factorize(reports["family"], sort=True)[0], "weight": 1})
    said.index = reports.index
    table = pd.DataFrame({"response_id": pd.Series(known, dtype=TEXT)})
    key_day = pd.to_datetime(table["response_id"].str[:10], format="%Y-%m-%d", errors="coerce")
    table["date"] = _most(said, reports["date"], reports["date"].notna(), len(known)).astype("datetime64[ns]")
    table["date"] = table["date"].fillna(key_day)
    for word in _WORDS:
        values = reports[word].astype(object)
        table[word] = _most(said, values, values != "", len(known)).fillna("").astype(TEXT)
    given = reports["killed_low"].notna()
    figures = said[given].assign(value=reports.loc[given, "killed_low"].astype("Float64"))
    largest = reports[["killed_low", "killed_high"]].max(axis=1).astype("Float64")
    rows = pd.RangeIndex(len(known))
    table["killed_best"] = lower_median(once(figures)).reindex(rows).astype("Int64")
    table["killed_low"] = figures.groupby("incident")["value"].min().reindex(rows).astype("Int64")
    table["killed_high"] = largest.groupby(keys).max().reindex(rows).astype("Int64")
    sources = reports[["source_id"]].assign(incident=keys).drop_duplicates().sort_values(["incident", "source_id"])
    table["n_sources"] = sources.groupby("incident").size().reindex(rows)
    table["sources"] = joined(sources["incident"], sources["source_id"]).reindex(rows).astype(TEXT)
    table["n_independent"] = said.drop_duplicates(["incident", "family"]).groupby("incident").size().reindex(rows)
    return table.sort_values(["date", "response_id"], ignore_index=True)


def _most(said: pd.DataFrame, values: pd.Series, speaks: pd.Series, size: int) -> pd.Series:
    told = said[speaks].assign(value=values[speaks])
    ranks = pd.Series(np.arange(told["value"].nunique()), index=sorted(told["value"].unique()))
    return most_said(told, ranks, "", "").chosen["value"].reindex(pd.RangeIndex(size))
