"""From the reports of an incident to one value for each field, with the rule that chose it and what spoke against it.

The rules, by field:

- **date**: the local day. Reports that give a clock time decide, else those whose text fixes a day, else those that fix
  it to a few days, else the rest; among them the day that most independent origins give, at a tie the day of the
  incident's key. An official's word does not weigh more here: Washington's day is not the local day.
- **site**: the named site that most origins give; "unspecified" and "other" only where nobody names one; at a
  tie the key's site. The country is the site's.
- **words** (target, intercepted, damage, claimant, hour): what most independent origins say, officials twice; "unknown"
  and blanks are silent; a named claimant comes before "none".
- **munitions**: the weighted lower median of exact figures, of "at least" figures where nobody is exact.
- **casualties**: the figure in the latest publication among reports of the highest standing (a US official; for
  partners any official), as brain injuries are counted later; several that day: their lower median.
- **low and high** are the smallest and largest figure given: of munitions by any report, of casualties by the reports
  of the best figure's standing, so that a first day's guess in one outlet is no bound of what officials counted later
  (it is kept among the conflicts). They bound what was said, not the truth; without a best figure there are none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cleaning.schemas import TEXT
from helpers.cleaning.votes import (
    OFFICIAL_WEIGHT,
    STANDING,
    Verdict,
    choose_weapons,
    heard,
    joined,
    lower_median,
    most_said,
    once,
    tally,
)
from helpers.vocabulary import targets

MOST = "most independent origins, officials twice"
FIRST_WORD = "tie: the codebook's order"

#: Ranks of words at a tie, where the codebook's order is not the cautious one.
_TIES = {
    "intercepted": ("some", "all", "none"),
    "damage": ("none", "minor", "major"),
}

UNCONFIRMED = "told by others alone: no US official who confirms the attack tells of any"

DATE_RULES = {
    0: "clock time given: most independent origins",
    1: "day given: most independent origins",
    2: "only a range given: most independent origins",
    3: "worked out from publication alone",
}


def reconcile(reports: pd.DataFrame, sites: pd.DataFrame) -> dict[str, Verdict]:
    """Return the verdict on each field.

    `reports` needs the coded columns (days as datetime64, numbers as Int64) and incident (whole number), family (whole
    number), published (datetime64), key_day and key_site (day and site in the incident's id); `sites` is the gazetteer.
    """
    official = reports["confirmation"].isin(["us_official", "local_official"])
    reports = reports.copy(deep=False)
    reports["weight"] = np.where(official, OFFICIAL_WEIGHT, 1)
    verdicts = {"date": _dates(reports), "time_local": _hours(reports)}
    verdicts |= _places(reports, sites)
    for field, order in {"target_type": tuple(targets()), **_TIES}.items():
        verdicts[field] = _words(reports, field, silent=("unknown", ""), order=order)
    verdicts["claimed_by"] = _claimants(reports)
    verdicts["attributed_to"] = _texts(reports, "attributed_to")
    verdicts["weapons"] = choose_weapons(
        reports["weapons"],
        reports["incident"].to_numpy(),
        reports["family"].to_numpy(),
        reports["weight"].to_numpy(),
    )
    verdicts["munitions"] = _munitions(reports)
    us = reports["confirmation"].map(STANDING)
    anyone = us.replace({STANDING["us_official"]: STANDING["local_official"]})
    for field, low, high, standing in (
        ("us_killed", "us_killed", "us_killed", us),
        ("us_injured", "us_injured_low", "us_injured_high", us),
        ("partner_killed", "partner_killed", "partner_killed", anyone),
        ("partner_injured", "partner_injured", "partner_injured", anyone),
    ):
        verdicts[field] = _casualties(reports, low, high, standing)
    return verdicts


def _said(reports: pd.DataFrame, value: pd.Series, speaks: pd.Series, weight: int | None = None) -> pd.DataFrame:
    chosen = reports.loc[speaks, ["incident", "family", "weight"]]
    chosen["value"] = value[speaks]
    if weight is not None:
        chosen["weight"] = weight
    return chosen


def _words(reports: pd.DataFrame, field: str, silent: tuple[str, ...], order: tuple[str, ...]) -> Verdict:
    values = reports[field].astype(object)
    ranks = pd.Series(range(len(order)), index=list(order))
    return most_said(_said(reports, values, ~values.isin(silent)), ranks, MOST, FIRST_WORD)


def _texts(reports: pd.DataFrame, field: str) -> Verdict:
    """Free text: the words most used; other words are no disagreement."""
    values = reports[field].astype(object)
    ranks = _alphabet(values)
    verdict = most_said(_said(reports, values, values != ""), ranks, MOST, "tie: the alphabet")
    return Verdict(verdict.chosen, verdict.others.iloc[:0])


def _alphabet(values: pd.Series) -> pd.Series:
    known = sorted(values.unique())
    return pd.Series(range(len(known)), index=known)


def _claimants(reports: pd.DataFrame) -> Verdict:
    values = reports["claimed_by"].astype(object)
    speaks = values != ""
    names = (values != "none") & speaks
    named = pd.Series(reports.loc[names, "incident"].unique())
    ranks = _alphabet(values)
    first = most_said(_said(reports, values, names), ranks, "named claimant: " + MOST, "tie: the alphabet")
    nobody = speaks & ~names
    silent = nobody & ~reports["incident"].isin(named)
    second = most_said(_said(reports, values, silent), ranks, "no source names a claimant", FIRST_WORD)
    against = tally(_said(reports, values, nobody & reports["incident"].isin(named)))
    n_said = heard(_said(reports, values, speaks))
    chosen = pd.concat([first.chosen, second.chosen]).sort_index()
    chosen["n_said"] = n_said.reindex(chosen.index)
    return Verdict(chosen, pd.concat([first.others, against[["incident", "value", "n"]]], ignore_index=True))


def _hours(reports: pd.DataFrame) -> Verdict:
    """A clock time before a word; the clock times or the words may disagree with each other."""
    values = reports["time_local"].astype(object)
    clock = values.str.contains(":", regex=False)
    timed = reports["incident"].isin(reports.loc[clock, "incident"].unique())
    speaks = (values != "") & (clock | ~timed)
    verdict = most_said(_said(reports, values, speaks), _alphabet(values), MOST, "tie: the earlier hour or word")
    verdict.chosen["n_said"] = heard(_said(reports, values, values != "")).reindex(verdict.chosen.index)
    return verdict


def _dates(reports: pd.DataFrame) -> Verdict:
    """The day by the best fixed reports; `low` and `high` bound it, ``precision`` says how well it is fixed."""
    clock = reports["time_local"].str.contains(":", regex=False)
    exact = reports["date_precision"] == "day"
    tier = pd.Series(
        np.select([exact & clock, exact, reports["date_precision"] == "range"], [0, 1, 2], 3), reports.index
    )
    best = tier.groupby(reports["incident"]).transform("min")
    rests = tier == best
    days = reports["date"]
    said = _said(reports, days, rests, weight=1)
    counted = tally(said)
    key_day = reports.drop_duplicates("incident").set_index("incident")["key_day"]
    counted["away"] = (counted["value"] != counted["incident"].map(key_day)).astype(int)
    ranked = counted.sort_values(["incident", "weight", "away", "value"], ascending=[True, False, True, True])
    first = ranked.drop_duplicates("incident").set_index("incident")
    total = ranked.groupby("incident")["weight"].sum()
    level = best.groupby(reports["incident"]).first()
    agreed = first["weight"] * 2 > total
    precision = np.select([(level <= 1) & agreed, level <= 2], ["day", "range"], "approximate")

    start = reports["date_earliest"].where(~exact, days).fillna(days)
    end = reports["date_latest"].where(~exact, days).fillna(days)
    bounds = pd.DataFrame({"incident": reports["incident"], "start": start, "end": end})[rests].groupby("incident")
    widest_start, widest_end = bounds["start"].min(), bounds["end"].max()
    narrow_start, narrow_end = bounds["start"].max(), bounds["end"].min()
    holds = (narrow_start <= first["value"]) & (first["value"] <= narrow_end)
    low = narrow_start.where(holds, widest_start).where(precision != "day", first["value"])
    high = narrow_end.where(holds, widest_end).where(precision != "day", first["value"])
    tied = ranked.groupby("incident")["weight"].transform("max") == ranked["weight"]
    is_tie = ranked[tied].groupby("incident").size().reindex(first.index) > 1
    rule = level.map(DATE_RULES).where(~is_tie, "tie between days: the day of the key, else the earliest")
    chosen = pd.DataFrame(
        {
            "value": first["value"],
            "rule": rule,
            "n_independent": first["n"],
            "n_said": heard(_said(reports, days, days.notna())).reindex(first.index),
            "low": low,
            "high": high,
            "precision": precision,
        }
    )
    everyone = tally(_said(reports, days, days.notna(), weight=1))
    outside = (everyone["value"] != everyone["incident"].map(first["value"])).to_numpy()
    firm = tally(_said(reports, days, exact, weight=1))[["incident", "value"]].assign(firm=True)
    others = everyone[outside].merge(firm, how="left", on=["incident", "value"])
    return Verdict(chosen, others.loc[others["firm"].notna(), ["incident", "value", "n"]].reset_index(drop=True))


def _places(reports: pd.DataFrame, sites: pd.DataFrame) -> dict[str, Verdict]:
    values = reports["site_id"].astype(object)
    vague = values.str.startswith("unspecified-") | (values == "other")
    named = pd.Series(reports.loc[~vague, "incident"].unique())
    placed = reports["incident"].isin(named)
    ranks = _alphabet(values)
    key_site = reports.drop_duplicates("incident").set_index("incident")["key_site"].astype(object)
    tie = "tie: the site of the key, else the alphabet"
    first = most_said(_said(reports, values, ~vague), ranks, "named site: " + MOST, tie, key_site)
    second = most_said(_said(reports, values, ~placed), ranks, "no source names a known site", tie, key_site)
    chosen = pd.concat([first.chosen, second.chosen]).sort_index()
    chosen["n_said"] = heard(_said(reports, values, values != "")).reindex(chosen.index)
    site = Verdict(chosen, pd.concat([first.others, second.others], ignore_index=True))

    told = reports["country"].astype(object)
    country = most_said(_said(reports, told, told != ""), _alphabet(told), MOST, "tie: the alphabet")
    of_site = chosen["value"].map(sites.set_index("site_id")["country"].astype(object))
    by_site = of_site.notna() & (of_site != country.chosen["value"].reindex(chosen.index))
    counted = tally(_said(reports, told, told != ""))
    fixed = country.chosen.copy()
    fixed["value"] = of_site.fillna(fixed["value"])
    fixed.loc[by_site[by_site].index, "rule"] = "the country of the chosen site"
    others = counted[(counted["value"] != counted["incident"].map(fixed["value"])).to_numpy()]
    support = counted.set_index(["incident", "value"])["n"]
    pairs = pd.MultiIndex.from_arrays([fixed.index, fixed["value"]])
    fixed["n_independent"] = support.reindex(pairs).fillna(0).astype(int).to_numpy()
    return {"site_id": site, "country": Verdict(fixed, others[["incident", "value", "n"]].reset_index(drop=True))}


def _munitions(reports: pd.DataFrame) -> Verdict:
    low, high = reports["munitions_low"], reports["munitions_high"]
    given = low.notna()
    exact = given & (low == high).fillna(False)
    has_exact = reports["incident"].isin(reports.loc[exact, "incident"].unique())
    speaks = exact | (given & ~has_exact)
    best = lower_median(once(_said(reports, low.astype("Float64"), speaks)))
    rule = np.where(
        best.index.isin(reports.loc[exact, "incident"].unique()),
        "lower median of exact figures, officials twice",
        "lower median of 'at least' figures",
    )
    return _numbers(reports, best, pd.Series(rule, best.index), low, high, at_least=given & ~exact)


def _casualties(reports: pd.DataFrame, low_column: str, high_column: str, standing: pd.Series) -> Verdict:
    low, high = reports[low_column], reports[high_column]
    given = low.notna()
    told = reports[given].assign(standing=standing[given], value=low[given].astype("Float64"))
    spoken = set(told["incident"])
    confirmed = reports.loc[standing == STANDING["us_official"], "incident"].unique()
    alone = told["incident"].isin(confirmed) & (told["standing"] < STANDING["us_official"]) & (told["value"] > 0)
    told = told[~alone]
    highest = told["standing"] == told.groupby("incident")["standing"].transform("max")
    told = told[highest]
    bounding = pd.Series(reports.index.isin(told.index), reports.index)
    latest = told["published"] == told.groupby("incident")["published"].transform("max")
    last = told[latest].assign(weight=1)[["incident", "family", "value", "weight"]]
    best = lower_median(once(last))
    level = told.groupby("incident")["standing"].first().reindex(best.index)
    words = {3: "latest figure by a US official", 2: "latest figure by an official", 1: "latest figure in the media"}
    rule = level.map(words).fillna("latest figure in a claim")
    untold = pd.Index(sorted(spoken - set(best.index)), dtype=best.index.dtype)
    incidents = best.index.append(untold).sort_values()
    best, rule = best.reindex(incidents), rule.reindex(incidents).fillna(UNCONFIRMED)
    return _numbers(reports, best, rule, low, high, at_least=given & high.isna() & bounding, bounding=bounding)


def _numbers(
    reports: pd.DataFrame,
    best: pd.Series,
    rule: pd.Series,
    low: pd.Series,
    high: pd.Series,
    *,
    at_least: pd.Series,
    bounding: pd.Series | None = None,
) -> Verdict:
    """Put low and high beside the best figure, from the reports that are `bounding` (all that give one by default).

    An "at least" below the best figure agrees with it.
    """
    given = low.notna()
    incident = reports["incident"]
    bounds = given if bounding is None else given & bounding
    smallest = low[bounds].astype("Float64").groupby(incident[bounds]).min()
    largest = pd.concat([low[bounds], high[bounds]]).astype("Float64")
    largest = largest.groupby(pd.concat([incident[bounds], incident[bounds]])).max()
    figures = low.astype("Float64")
    counted = tally(_said(reports, figures, given, weight=1))
    support = counted.set_index(["incident", "value"])["n"]
    pairs = pd.MultiIndex.from_arrays([best.index, best])
    chosen = pd.DataFrame(
        {
            "value": best,
            "rule": rule,
            "n_independent": support.reindex(pairs).fillna(0).to_numpy(),
            "n_said": heard(_said(reports, figures, given)).reindex(best.index),
            "low": smallest.reindex(best.index),
            "high": largest.reindex(best.index),
        }
    )
    mine = incident.map(best).astype("Float64")
    differs = given & (figures != mine).fillna(True) & ~(at_least & (figures < mine).fillna(False))
    others = tally(_said(reports, figures, differs, weight=1))
    return Verdict(chosen, others[["incident", "value", "n"]])


_STRIKE_WORDS = ("country", "place", "kind", "target", "killed_side")


def reconcile_strikes(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a strike from the typed reports with their family.

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
    for word in _STRIKE_WORDS:
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
