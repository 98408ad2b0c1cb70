"""Counting what independent origins say, for many incidents at once.

Everything here works on a long frame ``said``: columns incident (whole number), family (whole number), value, weight.
An origin (family) speaks once for each value, with its strongest weight, however often it is reprinted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.vocabulary import kin, split, unstated, weapons

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


RULE = "named by most independent origins, officials twice"
TIE = "tie between kinds: the lower rung"
NAMES = "two names for one missile: the one that more weight stands behind"
GENERIC = "kind not said by some: the kind that others name"
UNSAID = "no report names a weapon"


def choose_weapons(cells: pd.Series, incident: np.ndarray, family: np.ndarray, weight: np.ndarray) -> Verdict:
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

    `cells` are the reports' weapons (joined by ``;``), `incident`, `family` and `weight` stand beside them. The
    verdict's value is joined by ``;`` in the ladder's order.
    """
    codes = list(weapons())
    named = _matrix(cells, codes)
    speaks = named.any(axis=1)
    said = pd.DataFrame(named[speaks], columns=codes)
    said["incident"], said["family"] = incident[speaks], family[speaks]
    heavy = weight[speaks]
    told = said[codes].to_numpy()

    def voices(kinds: np.ndarray) -> pd.DataFrame:
        """Weight for each incident (rows) and kind (columns), each origin once."""
        weighed = pd.DataFrame(kinds * heavy[:, None], columns=codes)
        weighed["incident"], weighed["family"] = said["incident"], said["family"]
        return weighed.groupby(["incident", "family"]).max().groupby("incident", sort=True).sum()

    first = voices(told)
    place = first.index.get_indexer(pd.Index(said["incident"]))
    kinds = told.copy()
    generic = _yield_generic(kinds, first, place, codes)
    renamed = _one_name(kinds, told, voices(kinds), place, codes)
    counted = voices(kinds)
    total = (
        pd.DataFrame({"incident": said["incident"], "family": said["family"], "weight": heavy})
        .groupby(["incident", "family"])["weight"]
        .max()
        .groupby("incident")
        .sum()
        .to_numpy()
    )
    amounts = counted.to_numpy()
    lead, tied = _lead(amounts, codes)
    beside = np.zeros_like(amounts, dtype=bool)
    np.logical_or.at(beside, place, kinds & kinds[np.arange(len(kinds)), lead[place]][:, None])
    kept = (amounts * 2 > total[:, None]) | ((amounts * 3 >= total[:, None]) & beside)
    kept[np.arange(len(kept)), lead] = True
    kept &= amounts > 0

    origins = pd.DataFrame(told, columns=codes)
    origins["incident"], origins["family"] = said["incident"], said["family"]
    n_told = origins.groupby(["incident", "family"]).max().groupby("incident", sort=True).sum().to_numpy()
    rule = np.select([tied, renamed, generic], [TIE, NAMES, GENERIC], RULE)
    chosen = pd.DataFrame(
        {
            "value": _joined(kept, codes),
            "rule": rule,
            "n_independent": n_told[np.arange(len(lead)), lead],
            "n_said": heard(said[["incident", "family"]]).to_numpy(),
            "low": "",
            "high": "",
        },
        index=counted.index,
    )
    differing = (n_told > 0) & ~kept
    for column in map(codes.index, unstated()):
        differing[:, column] &= amounts[:, column] > 0
    rows, columns = np.nonzero(differing)
    others = pd.DataFrame(
        {
            "incident": counted.index.to_numpy()[rows],
            "value": np.array(codes, dtype=object)[columns],
            "n": n_told[rows, columns],
        }
    )
    return Verdict(chosen, others)


def _matrix(cells: pd.Series, codes: list[str]) -> np.ndarray:
    """Return which kind (column) each cell (row) names; `unknown` is no kind."""
    place, known = pd.factorize(cells)
    table = np.array([[code in split(cell) and code != "unknown" for code in codes] for cell in known], dtype=bool)
    matrix: np.ndarray = table.reshape(len(known), len(codes))[place]
    return matrix


def _yield_generic(kinds: np.ndarray, counted: pd.DataFrame, place: np.ndarray, codes: list[str]) -> np.ndarray:
    """Let "missile" count for the kind of missile that most name, in `kinds`; return the incidents where it does."""
    does = np.zeros(len(counted), dtype=bool)
    for vague, meant in unstated().items():
        generic, columns = codes.index(vague), [codes.index(code) for code in meant]
        amounts = counted.to_numpy()[:, columns]
        has = (amounts.max(axis=1) > 0) & (counted.to_numpy()[:, generic] > 0)
        leading = np.array(columns)[amounts.argmax(axis=1)]
        moved = np.flatnonzero(kinds[:, generic] & has[place])
        kinds[moved, leading[place[moved]]] = True
        kinds[moved, generic] = False
        does |= has
    return does


def _one_name(
    kinds: np.ndarray, told: np.ndarray, counted: pd.DataFrame, place: np.ndarray, codes: list[str]
) -> np.ndarray:
    """Put the voices for the several names of one thing together, in `kinds`; return the incidents where it does."""
    does = np.zeros(len(counted), dtype=bool)
    for names in kin():
        columns = np.array([codes.index(name) for name in names])
        amounts = counted.to_numpy()[:, columns]
        apart = np.zeros(len(amounts), dtype=bool)
        np.logical_or.at(apart, place, told[:, columns].sum(axis=1) > 1)
        disputed = ((amounts > 0).sum(axis=1) > 1) & ~apart
        winner = columns[amounts.argmax(axis=1)]
        moved = np.flatnonzero(disputed[place] & kinds[:, columns].any(axis=1))
        kinds[np.ix_(moved, columns)] = False
        kinds[moved, winner[place[moved]]] = True
        does |= disputed
    return does


def _lead(amounts: np.ndarray, codes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the leading kind of each incident and whether it won a tie; what has no rung comes after all that have."""
    known = weapons()
    rungs = np.array([known[code].rung if known[code].rung is not None else 99 for code in codes])
    top = amounts == amounts.max(axis=1, keepdims=True)
    rank = np.where(top, rungs[None, :] * len(codes) + np.arange(len(codes))[None, :], 10_000)
    return rank.argmin(axis=1), top.sum(axis=1) > 1


def _joined(kept: np.ndarray, codes: list[str]) -> np.ndarray:
    """Return each row's kinds joined by ``;`` (few distinct rows, so each is joined once)."""
    powers = 1 << np.arange(len(codes))
    place, known = pd.factorize(kept @ powers)
    words = [";".join(code for code, power in zip(codes, powers, strict=True) if mask & power) for mask in known]
    return np.array(words, dtype=object)[place]
