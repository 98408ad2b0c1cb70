"""Where a source's text comes from: outlet families, so that reprints of one agency count once.

A source's family is the outlet whose text it reprints, where it says so, else the outlet itself; spellings, language
services and outlets of one house are brought together by ``data/reference/outlets.csv`` (spelling, family, why).
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pandas as pd

from helpers.cleaning.reading import TEXT
from helpers.paths import resolve


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
    table = pd.read_csv(resolve(reference_dir) / "outlets.csv", dtype=str, keep_default_na=False)
    return {bare(spelling): family for spelling, family in zip(table["spelling"], table["family"], strict=True)}


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
