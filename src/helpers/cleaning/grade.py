"""Grading: where a source's text comes from, who confirms an incident, and how precise day and place are.

A source's family is the outlet whose text it reprints, where it says so, else the outlet itself, so that reprints of
one agency count once; spellings, language services and outlets of one house are brought together by
``data/reference/outlets.csv`` (spelling, family, why). The codes of precision are those of ACLED (time_precision,
geo_precision: ACLED Codebook, "Spatial-temporal precision") and UCDP GED (date_prec, where_prec: UCDP Georeferenced
Event Dataset Codebook 23.1, by Stina Högbladh).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cleaning.schemas import TEXT
from helpers.cleaning.votes import Verdict, heard
from helpers.vocabulary import CONFIRMATION, FIRM_OUTLETS, OUTLETS, reference_file

#: Standing of a confirmation: strongest first, as in the vocabulary; a denial comes last, as it confirms nothing.
RANK = {code: rank for rank, code in enumerate(CONFIRMATION)}

STRONGEST = "strongest standing among those who confirm it"
DENIED = "every report of it is a denial"


def confirmation(reports: pd.DataFrame) -> Verdict:
    """Return who confirms each incident (columns incident, family, confirmation).

    The strongest standing that any report gives counts: one official's word confirms what a hundred claims do not. A
    report that denies the attack confirms nothing and is told as a disagreement.
    """
    rank = reports["confirmation"].map(RANK).astype("int64")
    told = pd.DataFrame({"incident": reports["incident"], "family": reports["family"], "rank": rank})
    best = told.groupby("incident", sort=True)["rank"].min()
    backed = told[told["rank"] == told["incident"].map(best)]
    codes = np.array(list(CONFIRMATION), dtype=object)
    chosen = pd.DataFrame(
        {
            "value": codes[best.to_numpy()],
            "rule": np.where(best == RANK["denied"], DENIED, STRONGEST),
            "n_independent": heard(backed).reindex(best.index),
            "n_said": heard(told).reindex(best.index),
            "low": "",
            "high": "",
        },
        index=best.index,
    )
    denials = told[(told["rank"] == RANK["denied"]) & (told["incident"].map(best) != RANK["denied"])]
    others = heard(denials).rename("n").reset_index().assign(value="denied")
    return Verdict(chosen, others[["incident", "value", "n"]])


def second_hand(reports: pd.DataFrame) -> pd.Series:
    """Return whether each incident's US official is known at second hand alone (columns as above, and outlet).

    That is so where a single origin tells of the official, and no outlet of that origin is official, a wire or a
    national one: "a US official, as quoted by ...". `outlet` is the firmest kind of outlet that the origin has.
    """
    told = reports[reports["confirmation"] == "us_official"]
    groups = told.assign(firm=told["outlet"].isin(FIRM_OUTLETS)).groupby("incident", sort=True)
    return groups["family"].nunique().eq(1) & ~groups["firm"].any()


def firmest(kinds: pd.Series, families: pd.Series) -> pd.Series:
    """Return for each family of outlets the firmest kind among its outlets."""
    rank = kinds.map({kind: place for place, kind in enumerate(OUTLETS)}).fillna(len(OUTLETS) - 1).astype(int)
    return rank.groupby(families).min().map(dict(enumerate(OUTLETS)))


def acled_time(precision: pd.Series, days: pd.Series) -> pd.Series:
    """Return ACLED's time precision: 1 the day is known, 2 within a week, 3 within a month.

    `precision` is the incident's date_precision, `days` the days from its first to its last possible day.
    """
    return pd.Series(np.select([precision == "day", days <= 7], [1, 2], 3), precision.index)


def ucdp_date(precision: pd.Series, days: pd.Series) -> pd.Series:
    """Return UCDP GED's date_prec: 1 the day, 2 two to six days, 3 a week, 4 within a month, 5 more than a month."""
    return pd.Series(
        np.select([precision == "day", days <= 5, days <= 6, days <= 30], [1, 2, 3, 4], 5), precision.index
    )


def ucdp_where(place_precision: pd.Series, admin1: pd.Series) -> pd.Series:
    """Return UCDP GED's where_prec: 1 the site, 2 within about 25 km of it, 4 a governorate, 6 a country."""
    return pd.Series(
        np.select([place_precision == 1, place_precision == 2, admin1 != ""], [1, 2, 4], 6), place_precision.index
    )


def bare(name: str) -> str:
    """Return what two spellings of one outlet share: lower case, without brackets, article, signs and spaces.

    >>> bare("Kurdistan24") == bare("Kurdistan 24 (Arabic)")
    True
    """
    plain = re.sub(r"\(.*?\)", " ", unicodedata.normalize("NFKC", name)).casefold().strip()
    return re.sub(r"[\W_]+", "", re.sub(r"^the\s+", "", plain)) or re.sub(r"[\W_]+", "", name.casefold())


def house(name: str) -> str:
    """Return an outlet's name without what stands in brackets (a language, a copy's place)."""
    return " ".join(re.sub(r"\(.*?\)", " ", name).split()).strip(" ,") or name


def read_houses(reference_dir: str | Path) -> dict[str, str]:
    """Return bare spelling -> family from ``outlets.csv``; a blank family means that no outlet is named."""
    with reference_file("outlets.csv", reference_dir).open(newline="", encoding="utf-8-sig") as file:
        return {bare(row["spelling"]): row["family"] for row in csv.DictReader(file)}


def families(sources: pd.DataFrame, houses: dict[str, str]) -> pd.Series:
    """Return the family of each of `sources` (columns outlet, original_outlet), as text on the same index.

    Spellings that differ only in case, brackets, article, signs or spaces are one family, called by the spelling that
    comes first in the alphabet.
    """
    original, outlet = sources["original_outlet"], sources["outlet"]
    named = (original != "") & (original.map({name: houses.get(bare(name), name) for name in original.unique()}) != "")
    said = original.where(named, outlet)
    listed = set(houses.values())
    kin: dict[str, str] = {}
    for name in sorted(said.unique()):
        family = houses.get(bare(name)) or house(name)
        kept = kin.setdefault(bare(family), family)
        if family in listed and kept not in listed:
            kin[bare(family)] = family
    chosen = {name: kin[bare(houses.get(bare(name)) or house(name))] for name in said.unique()}
    return said.map(chosen).astype(TEXT)
