"""Tables as a reader of a notebook sees them: fields and codes in words, days as in the brief, numbers rounded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
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
    "against": "rows against", "share_low": "share covered, least", "share_high": "share covered, most",
    "date_earliest": "earliest day", "date_latest": "latest day", "tau_b": "tau-b", "p_incidents": "p by incidents",
    "p_first_as_late": "p, first as late", "p_rank_sum_late": "p, all as late", "p_late_by_weeks": "p by weeks",
    "smallest_p": "smallest possible p", "power_of_doubling": "power to notice a doubling",
    "first": "first use", "sources": "its sources", "sources_saying": "sources naming it",
    "earliest_named": "first named by any", "earliest_incident": "in incident", "unweighted": "all origins alike",
    "each_report": "every report a voice", "specifications": "ways of counting",
    "own": "holds in the brief's own", "sided": "on its side", "direction": "share on its side",
    "alone": "differ in one choice", "alone_sided": "of these on its side", "alone_holding": "of these holding",
}  # fmt: skip

#: Field -> unit (see `helpers.facts.printed`); other fractions print as ratios do.
UNITS = {
    **dict.fromkeys(("share", "share_low", "share_high", "direction", "power_of_doubling"), "share"),
    **dict.fromkeys(("power to show a doubling", "power of that test", "power of the trend test"), "share"),
    **dict.fromkeys(("p", "p_incidents", "p_first_as_late", "p_rank_sum_late", "p_late_by_weeks"), "probability"),
    **dict.fromkeys(("smallest_p", "p (Fisher)", "p (as late by chance)", "smallest such p"), "probability"),
    **dict.fromkeys(("p by weeks", "p allowing for all"), "probability"),
}

#: Field -> code -> words, for codes that say something else in another field.
CODES: dict[str, dict[str, str]] = {
    "country": {"all": "all countries"},
    "kind": {"same_day": "several for one day", "falls": "falls", "sum": "does not add up",
             "retaliatory": "retaliatory", "self_defence": "in self-defence"},
    "share of": {"missiles": "ballistic or cruise missiles", "rockets": "rockets or anything above",
                 "harm.casualties": "attacks with casualties", "harm.intercepted": "attacks intercepted",
                 "harm.damaged": "attacks that did damage", "places.iraq": "attacks in Iraq"},
    "stretch": {"before": "before the pause", "during": "the pause", "after": "after the pause",
                "outside": "all days but the pause", "resumed": "after the pause, up to the second stop",
                "stopped": "since the second stop", "running": "before the second stop, without the pause"},
    "compared with": {"outside": "all other days", "before": "days before", "after": "days after",
                      "before_stop": "other days before the second stop"},
    "interval": {"blocks": "moving blocks", "scaled": "scaled by dispersion", "exact": "exact (independent attacks)"},
    "rule": {"local": "the day chosen", "bounds": "within the bounds of reports", "reports": "any day a report gives",
             "washington": "the day in Washington", "truce": "days from 07:00 to 07:00"},
    "confirmed_by": {"us_official": "a US official", "local_official": "a US or local official",
                     "media": "officials or media", "anyone": "anyone"},
    "headline": {"pause": "rarer in the pause", "pause_official": "rarer in the pause, by officials' totals",
                 "resumed": "resumed after the pause", "stop": "rarer since the second stop",
                 "rising": "weapons rose on the ladder", "missiles_late": "missiles came late",
                 "missiles_before": "a missile before the pause", "after_strikes": "rarer after US strikes",
                 "harm": "three attacks account for most casualties"},
}  # fmt: skip


#: A code or an id, and how many name it.
_PART = re.compile(r"([\w./-]+)( \(\d+\))?")


def _named(reference_dir: str) -> dict[str, str]:
    """Return code -> words of the codes that mean one thing in every field."""
    arms = {code: weapon.label for code, weapon in weapons(reference_dir).items() if code != "unknown"}
    return {**arms, **COUNTRIES, **CONFIRMATION}


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


def words(frame: pd.DataFrame, shares: Iterable[str] = (), reference_dir: str = "data/reference") -> pd.DataFrame:
    """Return `frame` as text for a reader, headed in words; an index of names becomes columns, one of numbers goes.

    `shares` are columns that hold shares and are printed in per cent, beside those of `UNITS`. Fractions that are all
    whole are counts.
    """
    named = not pd.api.types.is_numeric_dtype(frame.index)
    table = frame.reset_index(names=[name or "" for name in frame.index.names]) if named else frame
    given, units = _named(reference_dir), {**UNITS, **dict.fromkeys(shares, "share")}
    arms = {"unknown": weapons(reference_dir)["unknown"].label}
    shown: dict[str, list[str]] = {}
    for name in table.columns:
        values = table[name]
        if pd.api.types.is_float_dtype(values) and name not in units and (values.dropna() % 1 == 0).all():
            values = values.astype("Int64")
        own = arms if "weapon" in str(name) or name in ("chosen", "unweighted", "each_report", "highest") else {}
        fields = {field: field.replace("_", " ") for field in values} if name == "field" else {}
        codes = {**given, **own, **fields, **CODES.get(str(name), {})}
        heading = WORDS.get(str(name), str(name).replace("_", " "))
        shown[heading] = [cell(value, codes, units.get(str(name), "ratio")) for value in values.astype(object)]
    return pd.DataFrame(shown)


def readable(frame: pd.DataFrame, shares: Iterable[str] = (), reference_dir: str = "data/reference") -> Styler:
    """Return `frame` in `words`, to be shown as the last line of a notebook's cell: whole sentences, no row numbers."""
    styled = (
        words(frame, shares, reference_dir)
        .style.hide(axis="index")
        .format(escape="html")
        .format_index(axis="columns", escape="html")
    )
    return styled.set_table_styles([{"selector": "th, td", "props": [("text-align", "left")]}])
