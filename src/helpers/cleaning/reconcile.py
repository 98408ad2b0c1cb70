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

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import pandas as pd

from helpers.cleaning.review import nowhere
from helpers.cleaning.schemas import TABLES, typed
from helpers.cleaning.votes import Choice, Said, choose, choose_weapons, differing, heard, lower_median, tally
from helpers.tables import records
from helpers.vocabulary import CONFIRMATION, OFFICIALS, targets

#: Weight of a report in which an official, US or local, confirms the attack; any other weighs 1.
OFFICIAL_WEIGHT = 2

#: Standing by confirmation: whose word counts first for a number of casualties. A denial confirms nothing.
STANDING = {"us_official": 3, "local_official": 2, "media_only": 1, "claim_only": 0, "denied": 0}

MOST = "most independent origins, officials twice"
ALPHABET = "tie: the alphabet"

#: Ranks of words at a tie, where the codebook's order is not the cautious one.
_TIES = {"intercepted": ("some", "all", "none"), "damage": ("none", "minor", "major")}

LATEST = {
    3: "latest figure by a US official",
    2: "latest figure by an official",
    1: "latest figure in the media",
    0: "latest figure in a claim",
}
UNCONFIRMED = "told by others alone: no US official who confirms the attack tells of any"

DATE_RULES = (
    "clock time given: most independent origins",
    "day given: most independent origins",
    "only a range given: most independent origins",
    "worked out from publication alone",
)

#: A coded report of an incident: the codebook's columns as attributes (days as dates, blank numbers None), with its
#: ``family`` (origin), when its page was ``published``, and the first and last day that it allows (``start``, ``end``).
Report = Any


def weight(confirmation: str) -> int:
    """Return what a report weighs, by who confirms the attack in it."""
    return OFFICIAL_WEIGHT if confirmation in OFFICIALS else 1


def reconcile(incident: str, reports: Sequence[Report], countries: Mapping[str, str]) -> dict[str, Choice]:
    """Return what is chosen for each field of `incident`; a field of which no report says anything is left out.

    `incident` is the id, whose day and site decide ties; `countries` are those of the sites of the gazetteer.
    """
    hours = _said(reports, "time_local", lambda report: int(":" not in report.time_local))
    claims = _said(reports, "claimed_by", lambda report: int(report.claimed_by == "none"))
    blamed = choose(_said(reports, "attributed_to"), [MOST], ALPHABET)
    claimed = choose(claims, ["named claimant: " + MOST, "no source names a claimant"], ALPHABET)
    chosen = {
        "date": _date(reports, incident[:10]),
        **_place(reports, incident[11:].rpartition("-")[0], countries),
        "time_local": choose(hours, [MOST] * 2, "tie: the earlier hour or word"),
        "claimed_by": claimed and claimed._replace(others=differing(claims, claimed.value)),
        "attributed_to": blamed and blamed._replace(others={}),  # free words: other words are no disagreement
        "weapons": choose_weapons((report.weapons, report.family, weight(report.confirmation)) for report in reports),
        "munitions": _munitions(reports),
        "confirmation": _confirmation(reports),
    }
    for field, order in {"target_type": tuple(targets()), **_TIES}.items():
        chosen[field] = choose(_said(reports, field, silent="unknown"), [MOST], "tie: the codebook's order", order)
    for field in ("us_killed", "us_injured", "partner_killed", "partner_injured"):
        chosen[field] = _casualties(reports, field)
    return {field: choice for field, choice in chosen.items() if choice is not None}


def _said(
    reports: Iterable[Report], field: str, tier: Callable[[Report], int] = lambda report: 0, silent: str = ""
) -> list[Said]:
    """Return who says what of a field; blanks and what is `silent` say nothing."""
    return [
        Said(value, report.family, weight(report.confirmation), tier(report))
        for report in reports
        if (value := getattr(report, field)) not in (None, "", silent)
    ]


def _confirmation(reports: Sequence[Report]) -> Choice | None:
    said = _said(reports, "confirmation", lambda report: list(CONFIRMATION).index(report.confirmation))
    rules = ["strongest standing among those who confirm it"] * (len(CONFIRMATION) - 1)
    choice = choose(said, [*rules, "every report of it is a denial"], "")
    return choice and choice._replace(others=differing([one for one in said if one.value == "denied"], choice.value))


def _tier(report: Report) -> int:
    """Return how well a report fixes the day: by the clock, by the day, by bounds, or not at all."""
    if report.date_precision == "day":
        return 0 if ":" in report.time_local else 1
    return 2 if report.date_precision == "range" else 3


def _date(reports: Sequence[Report], key_day: str) -> Choice | None:
    """The day by the best fixed reports; `low` and `high` bound it, `precision` says how well it is fixed."""
    said = [Said(report.date, report.family, tier=_tier(report)) for report in reports]
    prefer = next((one.value for one in said if one.value.isoformat() == key_day), None)
    choice = choose(said, DATE_RULES, "tie between days: the day of the key, else the earliest", prefer=prefer)
    if choice is None:
        return None
    level = min(one.tier for one in said)
    total = sum(votes.origins for votes in tally(one for one in said if one.tier == level).values())
    agreed = choice.n_independent * 2 > total
    precision = "day" if level <= 1 and agreed else "range" if level <= 2 else "approximate"
    rests = [report for report in reports if _tier(report) == level]
    starts, ends = [report.start for report in rests], [report.end for report in rests]
    if precision == "day":
        low = high = choice.value
    elif max(starts) <= choice.value <= min(ends):
        low, high = max(starts), min(ends)
    else:
        low, high = min(starts), max(ends)
    firm = {report.date for report in reports if report.date_precision == "day"}
    others = {day: origins for day, origins in differing(said, choice.value).items() if day in firm}
    return choice._replace(others=others, low=low, high=high, precision=precision)


def _place(reports: Sequence[Report], key_site: str, countries: Mapping[str, str]) -> dict[str, Choice | None]:
    rules = ["named site: " + MOST, "no source names a known site"]
    named = _said(reports, "site_id", lambda report: int(nowhere(report.site_id)))
    site = choose(named, rules, "tie: the site of the key, else the alphabet", prefer=key_site)
    said = _said(reports, "country")
    country = choose(said, [MOST], ALPHABET)
    of_site = countries.get(site.value) if site else None
    if country and of_site and of_site != country.value:
        country = country._replace(value=of_site, rule="the country of the chosen site")
    if country:
        value = country.value
        country = country._replace(n_independent=_support(said, value), others=differing(said, value))
    return {"site_id": site, "country": country}


def _support(said: Iterable[Said], value: Any) -> int:
    """Return how many origins say this `value`."""
    return heard(one for one in said if one.value == value)


class Figure(NamedTuple):
    """A number that a report gives, as its bounds; without `high` it is an "at least"."""

    family: Any
    low: int
    high: int | None
    weight: int
    standing: int
    published: date


def _figures(reports: Iterable[Report], low: str, high: str, most: int) -> list[Figure]:
    """Return the numbers given, with the standing of who gives each, at most `most`."""
    figures = []
    for report in reports:
        least, greatest, standing = getattr(report, low), getattr(report, high), STANDING[report.confirmation]
        rank, heavy = min(standing, most), weight(report.confirmation)
        figures += [Figure(report.family, least, greatest, heavy, rank, report.published)] if least is not None else []
    return figures


def _munitions(reports: Sequence[Report]) -> Choice | None:
    figures = _figures(reports, "munitions_low", "munitions_high", STANDING["us_official"])
    if not figures:
        return None
    exact = [figure for figure in figures if figure.low == figure.high]
    best = lower_median(Said(figure.low, figure.family, figure.weight) for figure in exact or figures)
    rule = "lower median of exact figures, officials twice" if exact else "lower median of 'at least' figures"
    return _number(figures, best, rule, figures, [figure for figure in figures if figure not in exact])


def _casualties(reports: Sequence[Report], field: str) -> Choice | None:
    low, high = (f"{field}_{end}" if field == "us_injured" else field for end in ("low", "high"))
    figures = _figures(reports, low, high, STANDING["us_official" if field.startswith("us") else "local_official"])
    if not figures:
        return None
    confirmed = field.startswith("us") and any(report.confirmation == "us_official" for report in reports)
    alone = [figure for figure in figures if confirmed and figure.standing < STANDING["us_official"] and figure.low]
    taken = [figure for figure in figures if figure not in alone]
    highest = max((figure.standing for figure in taken), default=None)
    top = [figure for figure in taken if figure.standing == highest]
    last = max((figure.published for figure in top), default=None)
    latest = [Said(figure.low, figure.family) for figure in top if figure.published == last]
    rule = UNCONFIRMED if highest is None else LATEST[highest]
    return _number(figures, lower_median(latest), rule, top, [figure for figure in top if figure.high is None])


def _number(
    figures: list[Figure], best: int | None, rule: str, bounding: list[Figure], at_least: list[Figure]
) -> Choice:
    """Put low and high beside the best figure, from those that are `bounding`.

    An "at least" below the best figure agrees with it.
    """
    said = [Said(figure.low, figure.family) for figure in figures]
    agree = [figure for figure in at_least if best is not None and figure.low < best]
    differ = differing([one for one, figure in zip(said, figures, strict=True) if figure not in agree], best)
    low = min((figure.low for figure in bounding), default=None)
    high = max((max(figure.low, figure.high or 0) for figure in bounding), default=None)
    return Choice(best, rule, _support(said, best), heard(said), differ, low, high)


def reconcile_strikes(reports: pd.DataFrame) -> pd.DataFrame:
    """Return one row a strike from the typed reports with their family.

    Day and words are those that most independent origins give (ties: the earlier day, the earlier word of the alphabet;
    both countries count as one answer; where no report gives a day, the key's); the dead are the lower median of the
    figures, low and high the smallest and the largest.
    """
    rows = []
    told = sorted(records(reports), key=lambda report: report.response_key)
    for key, same in groupby(told, lambda report: report.response_key):
        strike = list(same)
        row: dict[str, Any] = {"response_id": key}
        for field in ("date", "country", "place", "kind", "target", "killed_side"):
            said = [Said(value, report.family) for report in strike if (value := getattr(report, field))]
            chosen = choose(said, [""], "")
            row[field] = chosen.value if chosen else None
        row["date"] = row["date"] or key[:10]
        dead = [report for report in strike if report.killed_low is not None]
        row["killed_best"] = lower_median(Said(report.killed_low, report.family) for report in dead)
        row["killed_low"] = min((report.killed_low for report in dead), default=None)
        bounds = [number for report in strike for number in (report.killed_low, report.killed_high)]
        row["killed_high"] = max((number for number in bounds if number is not None), default=None)
        sources = sorted({report.source_id for report in strike})
        row |= {"n_sources": len(sources), "sources": ";".join(sources)}
        row["n_independent"] = len({report.family for report in strike})
        rows.append(row)
    table = pd.DataFrame(rows, columns=TABLES["responses"].column_names, dtype=object)
    return typed(table, TABLES["responses"]).sort_values(["date", "response_id"], ignore_index=True)
