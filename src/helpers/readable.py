"""Tables as a reader of a notebook sees them: fields and codes in words, days as in the brief, numbers rounded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from helpers.facts import printed
from helpers.vocabulary import CONFIRMATION, COUNTRIES, split, weapons

#: Field -> its words, where more has to change than the underscore.
WORDS = {
    "incident_id": "incident", "claim_id": "statement", "site_name": "site", "n_independent": "independent origins",
    "n_said": "reports that say so", "others": "also said (origins)", "start": "first day", "end": "last day",
    "official": "counted by officials", "official_low": "at least", "official_high": "at most",
    "us_official": "confirmed by a US official", "text": "contradiction", "rows": "rows in doubt",
    "against": "rows against", "date_earliest": "earliest day", "date_latest": "latest day", "tau_b": "tau-b",
    "first": "first use", "sources": "its sources", "unweighted": "all origins alike",
    "each_report": "every report a voice",
}  # fmt: skip

#: Field -> code -> words, for codes that say something else in another field.
CODES: dict[str, dict[str, str]] = {
    "kind": {"same_day": "several for one day", "falls": "falls", "sum": "does not add up"},
    "stretch": {"before": "before the pause"},
    "confirmed_by": {"us_official": "a US official", "local_official": "a US or local official",
                     "media": "officials or media", "anyone": "anyone"},
    "headline": {"pause": "rarer in the pause", "stop": "rarer since the second stop",
                 "harm": "three attacks account for most casualties"},
}  # fmt: skip


#: A code or an id, and how many name it.
_PART = re.compile(r"([\w./-]+)( \(\d+\))?")


def _day(text: str) -> str | None:
    try:
        return printed(date.fromisoformat(text).isoformat(), "date") if len(text) == 10 else None
    except ValueError:
        return None


def _listed(text: str, codes: Mapping[str, str]) -> str:
    """Return codes or ids joined by ``;``, each perhaps with its number in brackets, as words joined by commas."""
    found = [_PART.fullmatch(part) for part in split(text)]
    if not found or any(part is None for part in found):
        return text
    return ", ".join(codes.get(part[1], part[1]) + (part[2] or "") for part in found if part)


def cell(value: Any, codes: Mapping[str, str], unit: str = "ratio") -> str:
    """Return one cell in words: blank where missing, several codes joined by commas, numbers by `unit`."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return _day(value) or _listed(value, codes)
    if isinstance(value, date):
        return printed(value.isoformat()[:10], "date")
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and math.isinf(plain):
        return "no limit"
    if unit == "share" and isinstance(plain, float) and -0.005 < plain < 0:
        return printed(0.0, unit)  # no sign before nothing
    return printed(plain, "count" if isinstance(plain, bool | int) else unit)


def words(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` as text for a reader, headed in words; an index of names becomes columns, one of numbers goes.

    The column ``share`` is printed in per cent; other fractions print as ratios, those that are all whole as counts.
    """
    named = not pd.api.types.is_numeric_dtype(frame.index)
    table = frame.reset_index(names=[name or "" for name in frame.index.names]) if named else frame
    arms = {code: weapon.label for code, weapon in weapons().items()}
    unknown = {"unknown": arms.pop("unknown", "unknown")}  # says something else in other fields
    given = {**arms, **COUNTRIES, **CONFIRMATION}
    shown: dict[str, list[str]] = {}
    for name in table.columns:
        values = table[name]
        if pd.api.types.is_float_dtype(values) and name != "share" and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")
        own = unknown if "weapon" in str(name) or name in ("chosen", "unweighted", "each_report", "highest") else {}
        fields = {field: field.replace("_", " ") for field in values} if name == "field" else {}
        codes = {**given, **own, **fields, **CODES.get(str(name), {})}
        heading = WORDS.get(str(name), str(name).replace("_", " "))
        unit = "share" if name == "share" else "ratio"
        shown[heading] = [cell(value, codes, unit) for value in values.astype(object)]
    return pd.DataFrame(shown)


def readable(frame: pd.DataFrame) -> Styler:
    """Return `frame` in `words`, to be shown as the last line of a notebook's cell: whole sentences, no row numbers."""
    styled = words(frame).style.hide(axis="index").format(escape="html").format_index(axis="columns", escape="html")
    return styled.set_table_styles([{"selector": "th, td", "props": [("text-align", "left")]}])
