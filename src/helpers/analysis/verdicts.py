"""The verdict functions: how each kind of claim is judged by the record without the claim's own source.

Each kind of claim has a verdict function that takes the claim and the `Evidence` and computes one of four verdicts:
`supported`, `contradicted`, `mixed` (what is known allows both, or the origins disagree) and `not testable` (the days
or the column that would decide it are missing). Nothing here is typed in: a changed record changes the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from helpers.analysis import rates
from helpers.analysis.evidence import Evidence, Said, matching, numbers
from helpers.analysis.responses import WELL_SOURCED
from helpers.analysis.strikes import daily, struck
from helpers.analysis.totals import COLUMNS, Series, series
from helpers.analysis.verdict import (
    WORDS,
    Verdict,
    agree,
    day_text,
    judge,
    many,
    missing_days,
    span_text,
    usual,
    wanted,
)
from helpers.facts import printed
from helpers.vocabulary import COUNTRIES, split

METHODS = {
    **{key: rates.METHODS[key] for key in ("clopper1934", "przyborowski1940", "kunsch1989", "korngraubard1998")},
}

DAY = pd.Timedelta(days=1)


def _match(claim: Any, evidence: Evidence) -> pd.DataFrame:
    return matching(
        evidence, country=claim.country, site_id=claim.site_id, weapons=split(claim.weapons), start=claim.start,
        end=claim.end,
    )  # fmt: skip


def _none_told(claim: Any, evidence: Evidence) -> Verdict:
    days = missing_days(claim, evidence.parameters)
    why = (
        f"the record has no data for {days}" if days else "the record is not complete, and its silence decides nothing"
    )
    return Verdict("not testable", f"No other source tells of such an incident {span_text(claim)}; {why}.")


def _silence(claim: Any, evidence: Evidence, verdict: str) -> Verdict:
    """Judge a claim that silence would bear out: by officials' totals, where they are told for both its ends."""
    chain, days = _chain(claim, evidence), (claim.start - DAY, claim.end)
    told = {one.day: (one.value, one.rows) for one in chain.repeats} | {o.day: (o.value, o.rows) for o in chain.points}
    if claim.site_id or claim.weapons or not all(day in told for day in days):
        return _none_told(claim, evidence)
    (first, rows), (last, more) = (told[day] for day in days)
    text = f"No other source tells of one {span_text(claim)}; officials’ total was {first} before and {last} by then."
    still = judge(0, last - first, claim.comparator, float(claim.value)) == "supported"
    behind = tuple(f"official_counts:{row}" for row in (*rows, *more))
    return Verdict(verdict if still else "mixed", text, 0, 0, float(last - first), rows=behind)


def incident_count(claim: Any, evidence: Evidence) -> Verdict:
    """Judge how many incidents there were: sure ones and possible ones are the bounds."""
    value, found = float(claim.value), _match(claim, evidence)
    low, high, best = int(found["sure"].sum()), len(found), int(found["best"].sum())
    days = missing_days(claim, evidence.parameters)
    verdict = judge(low, high, claim.comparator, value)
    ids = tuple(found["incident_id"])
    if days:
        verdict = judge(low, math.inf, claim.comparator, value)
        if verdict == "mixed":
            found_words = f"{many(best, 'such incident is', 'such incidents are')}" if best else "No such incident is"
            text = f"{found_words} coded from other sources on the days on record; there is no data for {days}."
            return Verdict("not testable", text, best, low, None, ids)
    if not high:
        return _none_told(claim, evidence) if verdict == "contradicted" else _silence(claim, evidence, verdict)
    told = many(best, "such incident is", "such incidents are") if best else "No such incident is"
    text = f"{told} coded from other sources {span_text(claim)}"
    if (low, high) != (best, best):
        text += f" ({low} to {high} with doubtful days and weapons)"
    return Verdict(verdict, f"{text}; claimed: {wanted(claim)}.", best, low, high, ids)


def _told_number(claim: Any, evidence: Evidence, low: str, high: str, what: str) -> Verdict:
    found = _match(claim, evidence)
    if found.empty:
        return _none_told(claim, evidence)
    ids = tuple(found["incident_id"])
    said = numbers(evidence, ids, low, high)
    if not said:
        column = low if low == high else f"{low} and {high}"
        return Verdict(
            "not testable", f"No other source gives {what}: {column} is blank in all of them.", incidents=ids
        )
    verdict, allow, every = agree(said, claim.comparator, float(claim.value))
    least = min(one.low for one in said)
    most = max(one.high for one in said)
    best = usual(said)
    reach = f"{int(least)} to {int(most)}" if math.isfinite(most) else f"{int(least)} or more"
    spread = f"all give {int(least)}" if least == most else f"their numbers run from {reach}".replace(" or more", " up")
    text = (
        f"{allow} of {many(every, 'independent origin')} that give{'s' if every == 1 else ''} {what} "
        f"allow{'s' if every == 1 else ''} {wanted(claim)}; {spread}."
    )
    rows = tuple(f"reports:{row}" for one in said for row in one.reports)
    return Verdict(verdict, text, best, least, most if math.isfinite(most) else None, ids, rows)


def incident_injured(claim: Any, evidence: Evidence) -> Verdict:
    """Judge how many US personnel were injured, origin by origin."""
    return _told_number(claim, evidence, "us_injured_low", "us_injured_high", "a number of US injured")


def incident_partner_injured(claim: Any, evidence: Evidence) -> Verdict:
    """Judge how many partner personnel and civilians were injured, origin by origin."""
    return _told_number(claim, evidence, "partner_injured", "partner_injured", "a number of partners injured")


def incident_munitions(claim: Any, evidence: Evidence) -> Verdict:
    """Judge how many munitions were used, origin by origin."""
    return _told_number(claim, evidence, "munitions_low", "munitions_high", "a number of munitions")


def first_incident(claim: Any, evidence: Evidence) -> Verdict:
    """Judge the day of the first incident of its kind: an earlier sure one contradicts, a possible one is mixed."""
    value, found = pd.Timestamp(claim.value), _match(claim, evidence)
    days = missing_days(claim, evidence.parameters)
    sure = found[found["best"]]
    if sure.empty:
        return _none_told(claim, evidence)
    first = sure["date"].min()
    earlier = found[found["last"] < value]
    at = sure[sure["date"] == first]
    ids = tuple(dict.fromkeys([*at["incident_id"], *earlier["incident_id"]]))
    text = f"The first coded from other sources is of {day_text(first)}"
    if (sure["last"] < value).any():
        ids = tuple(sure.loc[sure["last"] < value, "incident_id"])
        count = len(ids)
        text += f"; {many(count, 'such incident lies', 'such incidents lie')} before {day_text(value)}."
        return Verdict("contradicted", text, first.date().isoformat(), incidents=ids)
    measured = first.date().isoformat()
    if not ((at["first"] <= value) & (at["last"] >= value)).any():
        return Verdict("contradicted", f"{text}, not of {day_text(value)}.", measured, incidents=ids)
    if days:
        return Verdict("not testable", f"{text}, but the record has no data for {days}.", measured, incidents=ids)
    if len(earlier):
        text += f"; {many(len(earlier), 'earlier one')} may be of the kind, the weapon being named less exactly."
        return Verdict("mixed", text, measured, incidents=ids)
    return Verdict("supported", f"{text}, and no earlier one may be of the kind.", measured, incidents=ids)


def _chain(claim: Any, evidence: Evidence) -> Series:
    places = (claim.country,) if claim.country else tuple(COLUMNS)
    return series(evidence.counts, evidence.families, places, since=evidence.since)


def official_total(claim: Any, evidence: Evidence) -> Verdict:
    """Judge a running total by what other origins report officials to have said for the same day, or by its bounds."""
    value, chain = float(claim.value), _chain(claim, evidence)
    best, low, high = chain.at(claim.end)
    if not chain.rows:
        return Verdict("not testable", "No other source gives such a total: the column is blank in all of them.")
    rows = tuple(f"official_counts:{row}" for point in chain.points if point.day <= claim.end for row in point.rows)[
        -12:
    ]
    upper = high if math.isfinite(high) else None
    bound = f"{int(low)} to {int(high)}" if upper is not None else f"at least {int(low)}"
    if claim.comparator in ("at_least", "more_than") and judge(low, math.inf, claim.comparator, value) == "supported":
        text = f"Other origins give {best} by {day_text(claim.end)} (bounds: {bound}); claimed: {wanted(claim)}."
        return Verdict("supported", text, best, low, upper, rows=rows)
    same_day = [item for item in chain.statements if item.day == claim.end]
    if same_day:
        said = [Said(name, item.value, item.value, item.rows) for item in same_day for name in item.families]
        verdict, allow, every = agree(said, claim.comparator, value)
        told = ", ".join(str(item.value) for item in same_day)
        text = (
            f"{allow} of {many(every, 'other origin')} give{'s' if every == 1 else ''} "
            f"{wanted(claim)} for {day_text(claim.end)} (told: {told})."
        )
        used = tuple(f"official_counts:{row}" for item in same_day for row in item.rows)
        values = [item.value for item in same_day]
        return Verdict(verdict, text, best, float(min(values)), float(max(values)), rows=used)
    verdict = judge(low, high, claim.comparator, value)
    text = f"Other origins' totals allow {bound} by {day_text(claim.end)}; claimed: {wanted(claim)}."
    return Verdict(verdict, text, best, low, upper, rows=rows)


#: A running total of injured may be some days old when a source repeats it.
RECENT = pd.Timedelta(days=7)


def official_injured(claim: Any, evidence: Evidence) -> Verdict:
    """Judge a running total of injured by what other origins report for the last week up to its day."""
    counts = evidence.counts
    here = counts[
        counts["us_injured"].notna() & (counts["as_of"] <= claim.end) & (counts["as_of"] > claim.end - RECENT)
    ]
    if here.empty:
        return Verdict("not testable", f"No other source gives us_injured for the week up to {day_text(claim.end)}.")
    said = []
    for family, rows in here.groupby(here["source_id"].map(evidence.families), sort=True):
        last = rows[rows["as_of"] == rows["as_of"].max()]
        value = float(last["us_injured"].max())
        said.append(Said(str(family), value, value, tuple(last["count_id"])))
    verdict, allow, every = agree(said, claim.comparator, float(claim.value))
    values = [one.low for one in said]
    best = float(pd.Series(values).mode().iloc[0])
    spread = f"all {int(best)}" if min(values) == max(values) else f"{int(min(values))} to {int(max(values))}"
    text = (
        f"{allow} of {many(every, 'other origin')} that give{'s' if every == 1 else ''} a total of injured for the "
        f"week up to {day_text(claim.end)} allow{'s' if every == 1 else ''} {wanted(claim)} ({spread})."
    )
    used = tuple(f"official_counts:{row}" for one in said for row in one.reports)
    return Verdict(verdict, text, best, min(values), max(values), rows=used)


def _strikes(claim: Any, evidence: Evidence, from_start: bool = True) -> pd.DataFrame:
    table = evidence.strikes
    if claim.country:
        table = table[struck(table, claim.country)]
    if from_start:
        table = table[table["date"] >= claim.start]
    kept: pd.DataFrame = table[table["date"] <= claim.end]
    return kept.sort_values(["date", "response_id"])


def response_count(claim: Any, evidence: Evidence) -> Verdict:
    """Judge how many US strikes there were. Strikes of one day are one or several: days well sourced are the least,
    strikes counted singly the most."""
    found = _strikes(claim, evidence)
    days, sourced = found["date"].nunique(), found.loc[found["origins"] >= WELL_SOURCED, "date"].nunique()
    low, high = min(sourced, days), len(found)
    verdict = judge(low, high, claim.comparator, float(claim.value))
    rows = tuple(f"responses:{row}" for row in found["response_id"])
    lost = missing_days(claim, evidence.parameters)
    if lost and verdict != "supported":
        return Verdict("not testable", f"The record has no data for {lost}.", days, low, None, rows=rows)
    if not high and verdict == "contradicted":
        text = f"No other source tells of such a strike {span_text(claim)}; silence decides nothing."
        return Verdict("not testable", text, 0, 0, 0)
    text = (
        f"Other sources tell of {many(high, 'strike')} on {many(days, 'day')} {span_text(claim)}, {sourced} of these "
        f"days told by at least {WELL_SOURCED} independent origins; claimed: {wanted(claim)}."
    )
    return Verdict(verdict, text, days, low, high, rows=rows)


def first_response(claim: Any, evidence: Evidence) -> Verdict:
    """Judge the day of the first US strike."""
    value, found = pd.Timestamp(claim.value), _strikes(claim, evidence)
    if found.empty:
        return Verdict("not testable", f"No other source tells of a strike {span_text(claim)}.")
    first = found["date"].min()
    at = found[found["date"] == first]
    rows = tuple(f"responses:{row}" for row in at["response_id"])
    lost = missing_days(claim, evidence.parameters)
    verdict = "supported" if first == value else "contradicted"
    text = (
        f"The first strike of which other sources tell is of {day_text(first)} ({many(at['origins'].sum(), 'origin')})"
    )
    if verdict == "supported" and lost:
        return Verdict(
            "not testable", f"{text}, but the record has no data for {lost}.", first.date().isoformat(), rows=rows
        )
    return Verdict(verdict, f"{text}; claimed: {day_text(value)}.", first.date().isoformat(), rows=rows)


def claimed_share(claim: Any, evidence: Evidence) -> Verdict:
    """Judge the share of incidents that a group claimed.

    Where no source says who claimed an incident it may or may not have been: the share among all is the least, that
    among those with any word on a claim the most; both with Clopper and Pearson's (1934) interval, the outer ends
    of which are the interval shown.
    """
    found = matching(evidence, country=claim.country, site_id=claim.site_id, start=claim.start, end=claim.end)
    found = found[found["best"]]
    lost = missing_days(claim, evidence.parameters)
    if found.empty or lost:
        days = lost or "these days"
        return Verdict("not testable", f"The record has no incidents from other sources for {days}.")
    words = evidence.reports[evidence.reports["incident_id"].isin(found["incident_id"])]
    words = words[words["claimed_by"].fillna("") != ""]
    group = set(split(claim.claimed_by))
    by = words[words["claimed_by"].map(lambda cell: bool(set(split(cell)) & group)).astype(bool)]
    claimed, known, every = by["incident_id"].nunique(), words["incident_id"].nunique(), len(found)
    if not known:
        return Verdict("not testable", "No other source says who claimed any of them: claimed_by is blank.")
    low, high = rates.share_interval(claimed, every)[0], rates.share_interval(claimed, known)[1]
    verdict = judge(low, high, claim.comparator, float(claim.value))
    text = (
        f"Other sources report a claim by the group for {claimed} of {many(every, 'incident')} "
        f"({claimed / every:.0%}), of {known} with any word on a claim {claimed / known:.0%}; "
        f"95% intervals together {low:.0%} to {high:.0%}; "
        f"claimed: {WORDS[claim.comparator]} {float(claim.value):.0%}."
    )
    ids = tuple(found.loc[found["incident_id"].isin(by["incident_id"]), "incident_id"])
    return Verdict(verdict, text, claimed / every, low, high, ids)


def _rate(claim: Any, evidence: Evidence, start: pd.Timestamp, end: pd.Timestamp, against: str) -> Verdict:
    """Judge the ratio of the claim's rate to that from `start` to `end`, with an interval that allows for clusters."""
    p = evidence.parameters
    table = evidence.incidents
    for column in ("country", "site_id"):
        if getattr(claim, column):
            table = table[table[column] == getattr(claim, column)]
    lost = missing_days(claim, p)
    counts = daily(table, p)
    inside = (counts.index >= claim.start) & (counts.index <= claim.end)
    outside = (counts.index >= start) & (counts.index <= end) & ~inside
    if lost or not outside.any():
        return Verdict("not testable", f"The record has no data for {lost or against}.")
    ratio = rates.block_ratio(counts, inside, outside)
    method = "blocks"
    if ratio.low is None:
        index = rates.dispersion(counts).index
        ratio = rates.scaled_ratio(float(counts[inside].sum()), float(inside.sum()), float(counts[outside].sum()),
                                   float(outside.sum()), index)  # fmt: skip
        method = "scaled by the dispersion"
    ids = tuple(table.loc[table["date"].between(claim.start, claim.end), "incident_id"])
    head = (
        f"{many(counts[inside].sum(), 'attack')} from other sources in {many(inside.sum(), 'day')}, "
        f"{int(counts[outside].sum())} in {many(outside.sum(), 'day')} {against}"
    )
    if ratio.low is None:
        return Verdict("not testable", f"{head}: {ratio.note}.", incidents=ids)
    top = math.inf if ratio.high is None else ratio.high
    verdict = judge(ratio.low, top, claim.comparator, float(claim.value))
    shown = "no finite ratio" if ratio.value is None else f"ratio {printed(ratio.value, 'ratio')}"
    upper = "without upper bound" if top > 1000 else f"to {printed(top, 'ratio')}"
    text = (
        f"{head}: {shown}, 95% interval {printed(ratio.low, 'ratio')} {upper} ({method}); claimed: "
        f"{WORDS[claim.comparator]} {printed(float(claim.value), 'ratio', 1)}."
    )
    return Verdict(verdict, text, ratio.value, ratio.low, ratio.high, ids)


def rate_lower(claim: Any, evidence: Evidence) -> Verdict:
    """Judge the rate in the claim's days against all days before them."""
    return _rate(claim, evidence, pd.Timestamp(evidence.parameters.window_start), claim.start - DAY, "before them")


def rate_higher(claim: Any, evidence: Evidence) -> Verdict:
    """Judge the rate in the claim's days against the pause."""
    p = evidence.parameters
    return _rate(claim, evidence, pd.Timestamp(p.pause_start), pd.Timestamp(p.pause_end) - DAY, "of the pause")


#: Kind of claim -> its verdict function.
KINDS: dict[str, Callable[[Any, Evidence], Verdict]] = {
    "official_total": official_total,
    "official_injured": official_injured,
    "incident_count": incident_count,
    "incident_injured": incident_injured,
    "incident_partner_injured": incident_partner_injured,
    "incident_munitions": incident_munitions,
    "first_incident": first_incident,
    "response_count": response_count,
    "first_response": first_response,
    "claimed_share": claimed_share,
    "rate_lower": rate_lower,
    "rate_higher": rate_higher,
}

#: Kinds that rest on officials' totals, which no filter on countries or confirmation touches.
OF_TOTALS = {"official_total", "official_injured"}


def verdict_of(claim: Any, evidence: Evidence) -> Verdict:
    """Return the verdict on `claim`: a row of the clean claims with country, site_id, weapons and claimed_by as text
    (blank for all), start and end as timestamps."""
    if claim.kind not in KINDS:
        return Verdict("not testable", f"No verdict function is known for the kind {claim.kind}.")
    if claim.kind not in OF_TOTALS:
        wanted = (claim.country,) if claim.country else tuple(COUNTRIES)
        left_out = [COUNTRIES[code] for code in wanted if code not in evidence.parameters.countries]
        if left_out:
            return Verdict("not testable", f"This run leaves out {' and '.join(left_out)}, which the statement covers.")
    return KINDS[claim.kind](claim, evidence)
