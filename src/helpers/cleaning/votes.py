"""Counting what independent origins say, for many incidents at once.

Everything here works on a long frame ``said``: columns incident (whole number), family (whole number), value, weight,
tier. An origin (family) speaks once for each value, with its strongest weight, however often it is reprinted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.vocabulary import kin, split, unstated, weapons


@dataclass(frozen=True)
class Verdict:
    """What was chosen for one field.

    Attributes
    ----------
    chosen: one row an incident in which anyone says anything: columns value, rule, n_independent, n_said (origins),
        of days and numbers also low, high; the index is the incident's number.
    others: the values not chosen that disagree: columns incident, value, n.
    """

    chosen: pd.DataFrame
    others: pd.DataFrame


def once(said: pd.DataFrame) -> pd.DataFrame:
    """Return `said` with one row for each incident, value and origin: the heaviest."""
    return said.groupby(["incident", "value", "family"], observed=True)["weight"].max().reset_index()


def tally(said: pd.DataFrame) -> pd.DataFrame:
    """Return for each incident and value, in order, the `weight` behind it and `n`, the origins that say so."""
    voices = once(said).groupby(["incident", "value"], observed=True)["weight"]
    counted = voices.agg(weight="sum", n="size").reset_index()
    return counted.astype({"value": object}) if counted["value"].dtype == "category" else counted


def heard(said: pd.DataFrame) -> pd.Series:
    """Return for each incident how many origins say anything."""
    return said[["incident", "family"]].drop_duplicates().groupby("incident").size()


def differing(said: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Return the values said that are not the one `chosen` for their incident: columns incident, value, n."""
    counted = tally(said)
    other = (counted["value"] != counted["incident"].map(chosen)).fillna(True).to_numpy(dtype=bool)
    return counted.loc[other, ["incident", "value", "n"]].reset_index(drop=True)


def choose(
    said: pd.DataFrame, rules: Sequence[str], tie: str, order: Sequence[str] = (), prefer: pd.Series | None = None
) -> Verdict:
    """Choose for each incident the value with the greatest weight among those of its lowest tier.

    Ties go to the value that `prefer` names for the incident, else to the first in `order`, else to the smallest. How
    it was chosen is told by the tier's line in `rules`, at a tie by `tie`. Others are those of the same tier.
    """
    tier = said.groupby("incident")["tier"].min()
    counted = tally(said[said["tier"] == said["incident"].map(tier)])
    places = {value: place for place, value in enumerate(order)}
    counted["rank"] = counted["value"].map(places) if order else pd.factorize(counted["value"], sort=True)[0]
    if prefer is not None:
        counted.loc[(counted["value"] == counted["incident"].map(prefer)).to_numpy(dtype=bool), "rank"] = -1
    ranked = counted.sort_values(["incident", "weight", "rank"], ascending=[True, False, True])
    chosen = ranked.drop_duplicates("incident").set_index("incident").rename(columns={"n": "n_independent"})
    top = ranked["weight"] == ranked["incident"].map(chosen["weight"])
    tied = ranked[top].groupby("incident").size() > 1
    chosen["rule"] = np.where(tied, tie, np.array(rules, dtype=object)[tier.to_numpy(dtype=int)])
    chosen["n_said"] = heard(said)
    others = ranked.loc[ranked["incident"].duplicated(), ["incident", "value", "n"]]
    return Verdict(chosen[["value", "rule", "n_independent", "n_said"]], others.reset_index(drop=True))


def lower_median(said: pd.DataFrame) -> pd.Series:
    """Return for each incident the weighted lower median of the numbers in ``value``."""
    ordered = said.sort_values(["incident", "value"])
    groups = ordered.groupby("incident")["weight"]
    reached = groups.cumsum() * 2 >= groups.transform("sum")
    return ordered[reached].drop_duplicates("incident").set_index("incident")["value"]


def joined(groups: pd.Series, cells: pd.Series) -> pd.Series:
    """Return for each of `groups` (whole numbers, sorted) its `cells` in their order, joined by ``;``."""
    numbers, words = groups.to_numpy(), cells.astype(object).tolist()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    texts = [";".join(words[start:end]) for start, end in zip(starts, [*starts[1:], len(words)], strict=False)]
    return pd.Series(texts, index=numbers[starts], dtype=object)


RULE = "named by most independent origins, officials twice"
TIE = "tie between kinds: the lower rung"
NAMES = "two names for one missile: the one that more weight stands behind"
GENERIC = "kind not said by some: the kind that others name"
UNSAID = "no report names a weapon"


def choose_weapons(reports: pd.DataFrame) -> Verdict:
    """Return the weapons of each incident: what its origins say together, not the highest that any of them names.

    The rule, in this order, for each incident:

    1. Each independent origin has one voice for each kind that it names, of weight 2 where an official confirms the
       attack in its text, else 1. Reports that name no weapon have no voice.
    2. A word for no stated kind ("missile" alone) yields: where any origin names a kind that it may mean (a rocket, a
       kind of missile), those who say "missile" count for the kind of these that most name.
    3. Kin are names for one thing in the reports ("close-range" and "short-range" or plain "ballistic"): their voices
       are put together and go to the name that more weight stands behind, at a tie to the lower rung; unless one report
       names two of them. Which words are kin, and what a word may mean, ``weapons.csv`` says.
    4. The leading kind is the one with the greatest weight, at a tie that on the lower rung.
    5. Another kind is kept beside it when more than half of the weight names it, or when at least a third does and one
       report names it together with the leading kind (a mixed salvo that others tell in part).

    A majority of a growing number of reports does not grow with them; the highest kind that anyone names does. Ties go
    down the ladder, so that a doubt never makes an incident an escalation.

    `reports` have the columns incident, family, weight and weapons (joined by ``;``, as the verdict's values are, in
    the ladder's order).
    """
    codes = list(weapons())
    said = _kinds_named(reports, codes)
    told = tally(said)
    generic = _yield_generic(said, told, codes)
    renamed = _one_name(said, codes)
    counted = tally(said)
    rungs = {place: np.inf if weapon.rung is None else weapon.rung for place, weapon in enumerate(weapons().values())}
    ranked = counted.assign(rung=counted["value"].map(rungs))
    ranked = ranked.sort_values(["incident", "weight", "rung", "value"], ascending=[True, False, True, True])
    leading = ranked.drop_duplicates("incident").set_index("incident")
    lead = leading["value"]
    tied = ranked[ranked["weight"] == ranked["incident"].map(leading["weight"])].groupby("incident").size() > 1

    total = said.groupby(["incident", "family"])["weight"].max().groupby("incident").sum()
    total = counted["incident"].map(total)
    mixed = said["report"].isin(said.loc[said["value"] == said["incident"].map(lead), "report"])
    beside = _pairs(counted).isin(_pairs(said[mixed]))
    leads = counted["value"] == counted["incident"].map(lead)
    kept = counted[leads | (counted["weight"] * 2 > total) | ((counted["weight"] * 3 >= total) & beside)]

    words = dict(enumerate(codes))
    chosen = pd.DataFrame({"value": joined(kept["incident"], kept["value"].map(words))}, index=lead.index)
    flags = [tied.to_numpy(), lead.index.isin(renamed), lead.index.isin(generic)]
    chosen["rule"] = np.select(flags, [TIE, NAMES, GENERIC], RULE)
    chosen["n_independent"] = told[told["value"] == told["incident"].map(lead)].set_index("incident")["n"]
    chosen["n_said"] = heard(said)
    # a word for no stated kind that yielded is no disagreement
    yielded = told["value"].isin([codes.index(code) for code in unstated()]) & ~_pairs(told).isin(_pairs(counted))
    others = told[~_pairs(told).isin(_pairs(kept)) & ~yielded].assign(value=lambda table: table["value"].map(words))
    return Verdict(chosen, others[["incident", "value", "n"]].reset_index(drop=True))


def _pairs(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["incident", "value"]])


def _kinds_named(reports: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """Return ``said`` with a row for each kind that each report names, by its place in `codes`; `unknown` is none.

    The column `told` keeps what the report itself says.
    """
    place, known = pd.factorize(reports["weapons"])
    named = [[codes.index(code) for code in dict.fromkeys(split(cell)) if code != "unknown"] for cell in known]
    times = np.array([len(several) for several in named], dtype=int)[place]
    said = reports[["incident", "family", "weight"]].reset_index(drop=True).rename_axis("report").reset_index()
    said = said.loc[said.index.repeat(times)].reset_index(drop=True)
    kinds = np.array([kind for several in named for kind in several], dtype=int)
    first = np.cumsum([0, *map(len, named)])[place]
    said["told"] = kinds[np.repeat(first, times) + said.groupby("report").cumcount().to_numpy()]
    return said.assign(value=said["told"])


def _yield_generic(said: pd.DataFrame, told: pd.DataFrame, codes: list[str]) -> set[int]:
    """Let "missile" in `said` count for the kind of missile that most name; return the incidents where it does."""
    does: set[int] = set()
    for vague, meant in unstated().items():
        leading = _leading(told[told["value"].isin([codes.index(code) for code in meant])])
        moved = (said["value"] == codes.index(vague)) & said["incident"].isin(leading.index)
        said.loc[moved, "value"] = said["incident"].map(leading)[moved].astype(int)
        does |= set(said.loc[moved, "incident"])
    return does


def _one_name(said: pd.DataFrame, codes: list[str]) -> set[int]:
    """Put the voices for the several names of one thing together in `said`; return the incidents where it does."""
    does: set[int] = set()
    for names in kin():
        places = [codes.index(name) for name in names]
        alike = tally(said[said["value"].isin(places)])
        both = said[said["told"].isin(places)]
        apart = both.loc[both["report"].duplicated(), "incident"]
        disputed = set(alike.loc[alike["incident"].duplicated(), "incident"]) - set(apart)
        moved = said["value"].isin(places) & said["incident"].isin(disputed)
        said.loc[moved, "value"] = said["incident"].map(_leading(alike))[moved].astype(int)
        does |= disputed
    return does


def _leading(counted: pd.DataFrame) -> pd.Series:
    """Return for each incident of a tally the value with the greatest weight, at a tie the first."""
    ranked = counted.sort_values(["incident", "weight", "value"], ascending=[True, False, True])
    return ranked.drop_duplicates("incident").set_index("incident")["value"]
