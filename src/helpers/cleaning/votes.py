"""Counting what independent origins say, for many incidents at once.

Everything here works on a long frame ``said``: columns incident (whole number), family (whole number), value, weight.
An origin (family) speaks once for each value, with its strongest weight, however often it is reprinted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Weight of a report in which an official, US or local, confirms the attack; any other weighs 1.
OFFICIAL_WEIGHT = 2

#: Standing by confirmation: whose word counts first for a number of casualties. A denial confirms nothing.
STANDING = {"us_official": 3, "local_official": 2, "media_only": 1, "claim_only": 0, "denied": 0}


@dataclass(frozen=True)
class Verdict:
    """What was chosen for one field.

    Attributes
    ----------
    chosen: one row an incident in which anyone says anything: columns value, rule, n_independent, n_said (origins),
        low, high; the index is the incident's number.
    others: the values not chosen that disagree: columns incident, value, n.
    """

    chosen: pd.DataFrame
    others: pd.DataFrame


def once(said: pd.DataFrame) -> pd.DataFrame:
    """Return `said` with one row for each incident, origin and value: the heaviest."""
    ordered = said.sort_values(["incident", "family", "value", "weight"], ascending=[True, True, True, False])
    return ordered.drop_duplicates(["incident", "family", "value"])


def tally(said: pd.DataFrame) -> pd.DataFrame:
    """Return for each incident and value the `weight` behind it and `n`, the origins that say so."""
    grouped = once(said).groupby(["incident", "value"], sort=True, observed=True)["weight"]
    return grouped.agg(weight="sum", n="size").reset_index()


def heard(said: pd.DataFrame) -> pd.Series:
    """Return for each incident how many origins say anything."""
    return said.drop_duplicates(["incident", "family"]).groupby("incident", sort=True).size()


def most_said(said: pd.DataFrame, order: pd.Series, rule: str, tie: str, prefer: pd.Series | None = None) -> Verdict:
    """Choose for each incident the value with the greatest weight; ties go to the value that comes first in `order`.

    `order` maps value -> rank; `prefer`, if given, names for each incident the value that wins a tie. `rule` and `tie`
    name how it was chosen, without and with a tie.
    """
    counted = tally(said)
    counted["rank"] = counted["value"].map(order).to_numpy()
    if prefer is not None:
        counted.loc[(counted["value"] == counted["incident"].map(prefer)).to_numpy(), "rank"] = -1
    ranked = counted.sort_values(["incident", "weight", "rank"], ascending=[True, False, True])
    first = ranked.drop_duplicates("incident").set_index("incident")
    top = ranked.groupby("incident", sort=True)["weight"].transform("max") == ranked["weight"]
    tied = ranked[top].groupby("incident", sort=True).size().reindex(first.index) > 1
    chosen = pd.DataFrame(
        {
            "value": first["value"],
            "rule": np.where(tied, tie, rule),
            "n_independent": first["n"],
            "n_said": heard(said).reindex(first.index),
            "low": "",
            "high": "",
        }
    )
    others = ranked[ranked.duplicated("incident")]
    return Verdict(chosen, others[["incident", "value", "n"]].reset_index(drop=True))


def lower_median(said: pd.DataFrame) -> pd.Series:
    """Return for each incident the weighted lower median of the numbers in ``value`` (a number that someone says)."""
    ordered = said.sort_values(["incident", "value"])
    groups = ordered.groupby("incident", sort=True)["weight"]
    reached = groups.cumsum() * 2 >= groups.transform("sum")
    return ordered[reached].drop_duplicates("incident").set_index("incident")["value"]


def joined(groups: pd.Series, cells: pd.Series, sign: str = ";") -> pd.Series:
    """Return for each of `groups` (whole numbers, sorted) its `cells` in their order, joined by `sign`."""
    numbers, words = groups.to_numpy(), cells.astype(object).tolist()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = [*starts[1:], len(words)][: len(starts)]
    texts = [sign.join(words[start:end]) for start, end in zip(starts, ends, strict=True)]
    return pd.Series(texts, index=numbers[starts], dtype=object)
