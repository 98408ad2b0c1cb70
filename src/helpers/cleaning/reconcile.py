"""From the reports of an incident to one value for each field, with the rule that chose it and what spoke against it.

The rules, by field:

- **date**: the local day. Reports that give a clock time decide, else those whose text fixes a day, else those that fix
  it to a few days, else the rest; among them the day that most independent origins give, at a tie the day of the
  incident's key. An official's word does not weigh more here: Washington's day is not the local day.
- **site**: the named site that most origins give; "unspecified" and "other" only where nobody names one; at a
  tie the key's site. The country is the site's.
- **words** (target, intercepted, damage, claimant, hour): what most independent origins say, officials twice; "unknown"
  and blanks are silent; a named claimant comes before "none", a clock time before a word.
- **munitions**: the weighted lower median of exact figures, of "at least" figures where nobody is exact.
- **casualties**: the figure in the latest publication among reports of the highest standing (a US official; for
  partners any official), as brain injuries are counted later; several that day: their lower median.
- **low and high** are the smallest and largest figure given: of munitions by any report, of casualties by the reports
  of the best figure's standing, so that a first day's guess in one outlet is no bound of what officials counted later
  (it is kept among the conflicts). They bound what was said, not the truth; without a best figure there are none.
- **confirmation**: the strongest standing that any report gives: one official's word confirms what a hundred claims do
  not. A report that denies the attack confirms nothing and is told as a disagreement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cleaning.review import allowed_days, vague
from helpers.cleaning.schemas import TABLES, TEXT, typed
from helpers.cleaning.votes import Verdict, choose, choose_weapons, differing, heard, joined, lower_median, once, tally
from helpers.vocabulary import CONFIRMATION, targets

#: Weight of a report in which an official, US or local, confirms the attack; any other weighs 1.
OFFICIAL_WEIGHT = 2

#: Standing by confirmation: whose word counts first for a number of casualties. A denial confirms nothing.
STANDING = {"us_official": 3, "local_official": 2, "media_only": 1, "claim_only": 0, "denied": 0}

MOST = "most independent origins, officials twice"
ALPHABET = "tie: the alphabet"

#: Ranks of words at a tie, where the codebook's order is not the cautious one.
_TIES = {"intercepted": ("some", "all", "none"), "damage": ("none", "minor", "major")}

UNCONFIRMED = "told by others alone: no US official who confirms the attack tells of any"

DATE_RULES = (
    "clock time given: most independent origins",
    "day given: most independent origins",
    "only a range given: most independent origins",
    "worked out from publication alone",
)


def reconcile(reports: pd.DataFrame, sites: pd.DataFrame) -> dict[str, Verdict]:
    """Return the verdict on each field.

    `reports` needs the coded columns (days as datetime64, numbers as Int64) and incident (whole number), family (whole
    number), published (datetime64), key_day and key_site (day and site in the incident's id); `sites` is the gazetteer.
    """
    official = reports["confirmation"].isin(["us_official", "local_official"])
    reports = reports.assign(weight=np.where(official, OFFICIAL_WEIGHT, 1))
    clock = reports["time_local"].str.contains(":", regex=False)
    hours = _said(reports, "time_local", tier=~clock)
    verdicts = {"date": _dates(reports, clock), **_places(reports, sites)}
    verdicts["time_local"] = choose(hours, [MOST] * 2, "tie: the earlier hour or word")
    for field, order in {"target_type": tuple(targets()), **_TIES}.items():
        verdicts[field] = choose(_said(reports, field, silent="unknown"), [MOST], "tie: the codebook's order", order)
    claims = _said(reports, "claimed_by", tier=reports["claimed_by"] == "none")
    claimed = choose(claims, ["named claimant: " + MOST, "no source names a claimant"], ALPHABET)
    verdicts["claimed_by"] = Verdict(claimed.chosen, differing(claims, claimed.chosen["value"]))
    blamed = choose(_said(reports, "attributed_to"), [MOST], ALPHABET)
    # free words: other words are no disagreement
    verdicts["attributed_to"] = Verdict(blamed.chosen, blamed.others.iloc[:0])
    verdicts["weapons"] = choose_weapons(reports)
    verdicts["munitions"] = _munitions(reports)
    us = reports["confirmation"].map(STANDING).astype("int64")
    for field in ("us_killed", "us_injured", "partner_killed", "partner_injured"):
        low, high = (reports[f"{field}_{end}" if field == "us_injured" else field] for end in ("low", "high"))
        verdicts[field] = _casualties(reports, low, high, us if field.startswith("us") else us.clip(upper=2))
    verdicts["confirmation"] = _confirmation(reports)
    return verdicts


def _said(
    reports: pd.DataFrame, field: str, tier: pd.Series | int = 0, weight: int | None = None, silent: str = ""
) -> pd.DataFrame:
    """Return who says what of a field (see `helpers.cleaning.votes`); blanks and what is `silent` say nothing."""
    weights = reports["weight"] if weight is None else weight
    told = reports[["incident", "family"]].assign(weight=weights, value=reports[field], tier=tier)
    told = told.astype({"tier": "int8"})
    blank = told["value"].isin(["", silent]) if told["value"].dtype.kind == "O" else told["value"].isna()
    return told[~blank]


def _confirmation(reports: pd.DataFrame) -> Verdict:
    rank = reports["confirmation"].map({code: place for place, code in enumerate(CONFIRMATION)})
    said = _said(reports, "confirmation", tier=rank)
    rules = ["strongest standing among those who confirm it"] * (len(CONFIRMATION) - 1)
    verdict = choose(said, [*rules, "every report of it is a denial"], "")
    return Verdict(verdict.chosen, differing(said[said["value"] == "denied"], verdict.chosen["value"]))


def _dates(reports: pd.DataFrame, clock: pd.Series) -> Verdict:
    """The day by the best fixed reports; `low` and `high` bound it, ``precision`` says how well it is fixed."""
    exact = reports["date_precision"] == "day"
    tier = pd.Series(
        np.select([exact & clock, exact, reports["date_precision"] == "range"], [0, 1, 2], 3), reports.index
    )
    key_day = reports.drop_duplicates("incident").set_index("incident")["key_day"]
    said = _said(reports, "date", tier, weight=1)
    verdict = choose(said, DATE_RULES, "tie between days: the day of the key, else the earliest", prefer=key_day)
    chosen, value = verdict.chosen, verdict.chosen["value"]
    level = tier.groupby(reports["incident"]).min()
    rests = tier == reports["incident"].map(level)
    total = tally(said[rests]).groupby("incident")["n"].sum()
    agreed = chosen["n_independent"] * 2 > total
    precision = np.select([(level <= 1) & agreed, level <= 2], ["day", "range"], "approximate")

    starts, ends = (days[rests].groupby(reports["incident"]) for days in allowed_days(reports))
    holds = (starts.max() <= value) & (value <= ends.min())
    chosen["low"] = starts.max().where(holds, starts.min()).where(precision != "day", value)
    chosen["high"] = ends.min().where(holds, ends.max()).where(precision != "day", value)
    chosen["precision"] = precision
    others = differing(said, value)
    firm = tally(said[exact])[["incident", "value"]]
    return Verdict(chosen, others.merge(firm, on=["incident", "value"]))


def _places(reports: pd.DataFrame, sites: pd.DataFrame) -> dict[str, Verdict]:
    key_site = reports.drop_duplicates("incident").set_index("incident")["key_site"]
    rules = ["named site: " + MOST, "no source names a known site"]
    named = _said(reports, "site_id", tier=vague(reports["site_id"]))
    site = choose(named, rules, "tie: the site of the key, else the alphabet", prefer=key_site)
    said = _said(reports, "country")
    fixed = choose(said, [MOST], ALPHABET).chosen
    of_site = site.chosen["value"].map(sites.set_index("site_id")["country"].astype(object))
    fixed.loc[of_site.notna() & (of_site != fixed["value"]), "rule"] = "the country of the chosen site"
    fixed["value"] = of_site.fillna(fixed["value"])
    fixed["n_independent"] = _support(said, fixed["value"])
    return {"site_id": site, "country": Verdict(fixed, differing(said, fixed["value"]))}


def _support(said: pd.DataFrame, chosen: pd.Series) -> pd.Series:
    """Return for each incident how many origins say the value `chosen`."""
    counted = tally(said)
    mine = counted[(counted["value"] == counted["incident"].map(chosen)).fillna(False).to_numpy(dtype=bool)]
    return mine.set_index("incident")["n"].reindex(chosen.index).fillna(0).astype(int)


def _munitions(reports: pd.DataFrame) -> Verdict:
    low, high = reports["munitions_low"], reports["munitions_high"]
    exact = (low == high).fillna(False).astype(bool)
    tier = (~exact).groupby(reports["incident"]).transform("min")
    said = _said(reports, "munitions_low", tier)
    speaks = exact[said.index] | said["tier"].eq(1)
    best = lower_median(once(said[speaks]))
    exactly = best.index.isin(reports.loc[exact, "incident"])
    rules = ("lower median of exact figures, officials twice", "lower median of 'at least' figures")
    rule = pd.Series(np.where(exactly, *rules), best.index)
    return _numbers(reports, best, rule, low, high, at_least=~exact, bounding=low.notna())


def _casualties(reports: pd.DataFrame, low: pd.Series, high: pd.Series, standing: pd.Series) -> Verdict:
    incident, given = reports["incident"], low.notna()
    confirmed = standing.groupby(incident).transform("max") == STANDING["us_official"]
    alone = confirmed & (standing < STANDING["us_official"]) & (low > 0).fillna(False)
    taken = given & ~alone.astype(bool)
    top = taken & (standing == standing.where(taken).groupby(incident).transform("max"))
    latest = top & (reports["published"] == reports["published"].where(top).groupby(incident).transform("max"))
    last = reports[["incident", "family"]].assign(value=low, weight=1)[latest]
    best = lower_median(once(last)).reindex(pd.Index(sorted(incident[given].unique())))
    words = {3: "latest figure by a US official", 2: "latest figure by an official", 1: "latest figure in the media"}
    words[0] = "latest figure in a claim"
    rule = standing[top].groupby(incident[top]).first().map(words).reindex(best.index).fillna(UNCONFIRMED)
    return _numbers(reports, best, rule, low, high, at_least=high.isna() & top, bounding=top)


def _numbers(
    reports: pd.DataFrame,
    best: pd.Series,
    rule: pd.Series,
    low: pd.Series,
    high: pd.Series,
    *,
    at_least: pd.Series,
    bounding: pd.Series,
) -> Verdict:
    """Put low and high beside the best figure, from the reports that are `bounding`.

    An "at least" below the best figure agrees with it.
    """
    incident = reports["incident"]
    said = reports[["incident", "family"]].assign(value=low, weight=1)[low.notna()]
    bounds = low[bounding].groupby(incident[bounding])
    highest = pd.concat([low, high], axis=1).max(axis=1)[bounding].groupby(incident[bounding])
    chosen = pd.DataFrame({"value": best, "rule": rule, "n_independent": _support(said, best)})
    chosen["n_said"], chosen["low"], chosen["high"] = heard(said), bounds.min(), highest.max()
    below = (said["value"] < said["incident"].map(best)).fillna(False).astype(bool)
    return Verdict(chosen, differing(said[~(at_least[said.index] & below)], best))


def reconcile_strikes(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a strike from the typed reports with their family.

    Day and words are those that most independent origins give (ties: the earlier day, the earlier word of the alphabet;
    both countries count as one answer; where no report gives a day, the key's); the dead are the lower median of the
    figures, low and high the smallest and the largest.
    """
    if reports.empty:
        return typed(pd.DataFrame(columns=TABLES["responses"].column_names), TABLES["responses"])
    keys, known = pd.factorize(reports["response_key"], sort=True)
    told = reports.assign(incident=keys, weight=1, family=pd.factorize(reports["family"])[0])
    table = pd.DataFrame({"response_id": pd.Series(known, dtype=TEXT)})
    key_day = pd.to_datetime(table["response_id"].str[:10], format="%Y-%m-%d", errors="coerce")
    for field in ("date", "country", "place", "kind", "target", "killed_side"):
        table[field] = choose(_said(told, field), [""], "").chosen["value"]
    table["date"] = table["date"].astype("datetime64[ns]").fillna(key_day)
    figures = _said(told, "killed_low")
    largest = reports[["killed_low", "killed_high"]].max(axis=1)
    table["killed_best"] = lower_median(once(figures))
    table["killed_low"] = figures.groupby("incident")["value"].min()
    table["killed_high"] = largest.groupby(keys).max()
    sources = told[["incident", "source_id"]].drop_duplicates().sort_values(["incident", "source_id"])
    table["n_sources"] = sources.groupby("incident").size()
    table["sources"] = joined(sources["incident"], sources["source_id"])
    table["n_independent"] = heard(told)
    return typed(table, TABLES["responses"]).sort_values(["date", "response_id"], ignore_index=True)
