"""Statements from the press, each judged by the record without the source that makes it.

`KINDS` holds one rule a kind of statement: in words what is tested, and the function that tests it. A verdict is
`supported`, `contradicted`, `mixed` (what is known allows both, or the origins disagree) or `not testable` (the days or
the column that would decide it are missing). Nothing here is typed in: a changed record changes the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis import rates
from helpers.analysis.evidence import (
    VERDICTS,
    Case,
    Evidence,
    Said,
    Verdict,
    finite,
    missing_days,
    row_ids,
    wanted,
    when,
    without,
)
from helpers.analysis.rates import Blocks, Likelihood
from helpers.analysis.totals import REPEATED, origin_of
from helpers.facts import Facts, printed
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.stretches import Stretches, within_coding
from helpers.tables import each
from helpers.vocabulary import COUNTRIES, split, weapons
from helpers.words import amount, capital, day_text, listing, number

TABLE_COLUMNS = [
    "claim_id", "statement", "source_id", "kind", "tested", "untested", "verdict", "reason", "measured", "low", "high",
    "incidents", "rows",
]  # fmt: skip

#: Independent origins from which the day of a strike counts as well sourced.
WELL_SOURCED = 3

#: A running total of injured may be some days old when a source repeats it.
RECENT = pd.Timedelta(days=7)

DAY = pd.Timedelta(days=1)


def incident_count(case: Case) -> Verdict:
    """Judge how many attacks there were: sure ones and possible ones are the bounds."""
    claim, found = case.claim, case.attacks()
    low, high, best, ids = int(found["sure"].sum()), len(found), int(found["best"].sum()), tuple(found["incident_id"])
    verdict = case.judge(low, math.inf if case.lost else high)
    told = f"Other sources tell of {amount(best, 'such attack')} {when(claim)}"
    if case.lost and verdict == "mixed":
        return Verdict("not testable", f"{told}; there is no data for {case.lost}.", best, low, None, ids)
    if not high:
        return case.untold("an attack") if verdict == "contradicted" else _silence(case, verdict)
    if (low, high) != (best, best):
        told += f" ({low} to {high} with doubtful days and weapons)"
    return Verdict(verdict, f"{told}.", best, low, high, ids)


def _silence(case: Case, verdict: str) -> Verdict:
    """Judge a claim that silence would bear out: by officials' totals, where they are told for both its ends."""
    claim, chain = case.claim, case.evidence.totals(case.claim.country)
    repeats = [one for one in chain.repeats if len(one.families) >= REPEATED]
    told, days = {one.day: (one.value, one.rows) for one in (*repeats, *chain.points)}, (claim.start - DAY, claim.end)
    if claim.site_id or claim.weapons or not all(day in told for day in days):
        return case.untold("an attack")
    (first, rows), (last, more) = (told[day] for day in days)
    text = f"No other source tells of one {when(claim)}; officials’ total was {first} before and {last} by then."
    still = case.judge(0, last - first) == "supported"
    rows = row_ids("official_counts", (*rows, *more))
    return Verdict(verdict if still else "mixed", text, 0, 0, float(last - first), rows=rows)


def incident_number(low: str, high: str, what: str) -> Callable[[Case], Verdict]:
    """Return the rule for `what`, a number of people or munitions of which each origin gives a `low` and a `high`."""

    def test(case: Case) -> Verdict:
        ids = tuple(case.attacks()["incident_id"])
        if not ids:
            return case.untold("an attack")
        said = case.numbers(ids, low, high)
        if not said:
            why = f"No other source gives {what}: {low} is blank in all of them."
            return Verdict("not testable", why, incidents=ids)
        return case.by_origin(said, "reports", ids=ids)

    return test


def first_incident(case: Case) -> Verdict:
    """Judge the day of the first attack of its kind: an earlier sure one contradicts, a possible one is mixed."""
    value, found = pd.Timestamp(case.claim.value), case.attacks()
    sure = found[found["best"]]
    if sure.empty:
        return case.untold("an attack")
    first = sure["date"].min().date()
    earlier, at, before = found[found["last"] < value], sure[sure["date"].dt.date == first], sure[sure["last"] < value]
    fits = ((at["first"] <= value) & (at["last"] >= value)).any()
    ids = before["incident_id"] if len(before) else dict.fromkeys([*at["incident_id"], *earlier["incident_id"]])
    text = f"The first that other sources tell of is of {day_text(first)}"
    if len(before) or not fits:
        verdict, more = "contradicted", ""
    elif case.lost:
        verdict, more = "not testable", f", but the record has no data for {case.lost}"
    elif len(earlier):
        many = amount(len(earlier), "earlier attack")
        verdict, more = "mixed", f"; {many} may be of the kind, the weapon being named less exactly"
    else:
        verdict, more = "supported", ", and no earlier one may be of the kind"
    return Verdict(verdict, f"{text}{more}.", first.isoformat(), incidents=tuple(ids))


def official_total(case: Case) -> Verdict:
    """Judge a running total by what other origins report officials to have said for the same day, or by its bounds."""
    claim, chain = case.claim, case.evidence.totals(case.claim.country)
    best, low, high = chain.at(claim.end)
    if not chain.rows:
        return Verdict("not testable", "No other source gives such a total.")
    above = claim.comparator in ("at_least", "more_than")
    same_day = [item for item in chain.statements if item.day == claim.end]
    if same_day and not (above and case.judge(low, math.inf) == "supported"):
        said = [Said(item.value, item.value, item.rows) for item in same_day for _ in item.families]
        return case.by_origin(said, "official_counts", " for that day")
    verdict = case.judge(low, math.inf if above and low >= float(claim.value) else high)
    bound = f"{int(low)} or more" if math.isinf(high) else f"{int(low)} to {int(high)}" if high > low else f"{int(low)}"
    rows = [row for point in chain.points if point.day <= claim.end for row in point.rows][-12:]
    text = f"By totals that other origins give it was {bound} by that day."
    return Verdict(verdict, text, best, low, finite(high), rows=row_ids("official_counts", rows))


def official_injured(case: Case) -> Verdict:
    """Judge a running total of injured by what other origins report for the last week up to its day."""
    counts, end = case.evidence.counts, case.claim.end
    here = counts[counts["us_injured"].notna() & counts["as_of"].gt(end - RECENT) & counts["as_of"].le(end)]
    if here.empty:
        return Verdict("not testable", f"No other source gives one for the week up to {day_text(end.date())}.")
    said = []
    for _, rows in here.groupby(here["source_id"].map(case.evidence.families), sort=True):
        last = rows[rows["as_of"] == rows["as_of"].max()]
        value = float(last["us_injured"].max())
        said.append(Said(value, value, tuple(last["count_id"])))
    return case.by_origin(said, "official_counts", " for the week up to that day")


def _strikes(case: Case) -> pd.DataFrame:
    table, claim = case.evidence.strikes, case.claim
    if claim.country:
        table = table[table["country"].map(lambda cell: claim.country in split(cell)).astype(bool)]
    return table[table["date"].between(claim.start, claim.end)].sort_values(["date", "response_id"])


def response_count(case: Case) -> Verdict:
    """Judge how many US strikes there were. Strikes of one day are one or several: days well sourced are the least,
    strikes counted singly the most."""
    found = _strikes(case)
    days, sourced = found["date"].nunique(), found.loc[found["origins"] >= WELL_SOURCED, "date"].nunique()
    high, rows = len(found), row_ids("responses", found["response_id"])
    verdict = case.judge(sourced, high)
    if case.lost and verdict != "supported":
        return Verdict("not testable", f"The record has no data for {case.lost}.", days, sourced, None, rows=rows)
    if not high and verdict == "contradicted":
        return case.untold("a strike")
    firm = "" if sourced == days else "none of them " if not sourced else f"{number(sourced)} of these days "
    text = f"Other sources tell of {amount(high, 'strike')} on {amount(days, 'day')}, {firm}by three or more origins."
    return Verdict(verdict, text, days, sourced, high, rows=rows)


def first_response(case: Case) -> Verdict:
    """Judge the day of the first US strike."""
    found = _strikes(case)
    if found.empty:
        return case.untold("a strike")
    at = found[found["date"] == found["date"].min()]
    first, right = at["date"].iloc[0].date(), at["date"].iloc[0] == pd.Timestamp(case.claim.value)
    lost = f", but the record has no data for {case.lost}" if right and case.lost else ""
    told = f"{day_text(first)} ({amount(at['origins'].sum(), 'origin')})"
    verdict = "contradicted" if not right else "not testable" if lost else "supported"
    text = f"The first that other sources tell of is of {told}{lost}."
    return Verdict(verdict, text, first.isoformat(), rows=row_ids("responses", at["response_id"]))


def claimed_share(case: Case) -> Verdict:
    """Judge the share of attacks that a group claimed.

    Where no source says who claimed an attack it may or may not have been: the share among all is the least, that among
    those with any word on a claim the most; the outer ends of their intervals (Clopper and Pearson 1934) are shown.
    """
    found = case.attacks(weapons=False)
    found = found[found["best"]]
    if found.empty or case.lost:
        none = "Other sources tell of no attack on these days."
        return Verdict("not testable", f"The record has no data for {case.lost}." if case.lost else none)
    words = case.evidence.reports[case.evidence.reports["incident_id"].isin(found["incident_id"])]
    words = words[words["claimed_by"].fillna("") != ""]
    group = set(split(case.claim.claimed_by))
    by = words[words["claimed_by"].map(lambda cell: bool(set(split(cell)) & group)).astype(bool)]
    claimed, known, every = by["incident_id"].nunique(), words["incident_id"].nunique(), len(found)
    if not known:
        return Verdict("not testable", "No other source says who claimed any of them: claimed_by is blank.")
    low, high = rates.share_interval(claimed, every)[0], rates.share_interval(claimed, known)[1]
    text = (
        f"Other sources report its claim for {claimed} of {amount(every, 'attack')}, {known} of them with any word on "
        f"who claimed it: {low:.0%} to {high:.0%} with the 95% intervals of both shares."
    )
    ids = tuple(found.loc[found["incident_id"].isin(by["incident_id"]), "incident_id"])
    return Verdict(case.judge(low, high), text, claimed / every, low, high, ids)


def rate(case: Case) -> Verdict:
    """Judge the ratio of the claim's rate to that of the days before it, or of the pause, allowing for clusters."""
    claim, cut, table = case.claim, Stretches(case.evidence.parameters), case.at()
    inside = (cut.days >= claim.start) & (cut.days <= claim.end)
    before = claim.kind == "rate_lower"
    outside = (cut.days < claim.start) if before else cut["pause"].mask & ~inside
    against = "before them" if before else "of the pause"
    if case.lost or not outside.any():
        return Verdict("not testable", f"The record has no data for {case.lost or f'days {against}'}.")
    counts = cut.daily(table["date"])
    here, there, length, rest = map(int, (counts[inside].sum(), counts[outside].sum(), inside.sum(), outside.sum()))
    blocks = Blocks(counts, inside, outside)
    way = blocks if blocks.enough else Likelihood(rates.daily(counts, inside, outside), "likelihood")
    ratio = way.ratio()
    if ratio.low is None:
        ratio = rates.exact_ratio(here, length, there, rest)
    ids = tuple(table.loc[table["date"].between(claim.start, claim.end), "incident_id"])
    head = f"{amount(here, 'attack')} in {amount(length, 'day')}, {there} in {amount(rest, 'day')} {against}"
    if ratio.low is None:
        return Verdict("not testable", f"{head}: no day, or no attack, on either side.", incidents=ids)
    top = math.inf if ratio.high is None else ratio.high
    upper = "without upper bound" if top > 1000 else f"to {printed(top, 'ratio')}"
    text = capital(f"{head}: 95% interval of the ratio from {printed(ratio.low, 'ratio')} {upper}.")
    return Verdict(case.judge(ratio.low, top), text, ratio.value, ratio.low, ratio.high, ids)


class Rule(NamedTuple):
    """How a kind of statement is judged: `tested` says in words what is (filled by `tested`), `test` does it."""

    tested: str
    test: Callable[[Case], Verdict]


US_INJURED = incident_number("us_injured_low", "us_injured_high", "a number of US injured")
PARTNERS = incident_number("partner_injured", "partner_injured", "a number of partners injured")
MUNITIONS = incident_number("munitions_low", "munitions_high", "a number of munitions")

#: Kind of statement -> its rule.
KINDS: dict[str, Rule] = {
    "official_total": Rule("officials’ total of attacks{place} was {number} by {end}", official_total),
    "official_injured": Rule("officials’ total of injured was {number} by {end}", official_injured),
    "incident_count": Rule("{attacks}{armed}{where} {when}", incident_count),
    "incident_injured": Rule("{number} US personnel injured{where} {when}", US_INJURED),
    "incident_partner_injured": Rule("{number} of partner forces injured{where} {when}", PARTNERS),
    "incident_munitions": Rule("{munitions} used{where} {when}", MUNITIONS),
    "first_incident": Rule("the first attack{armed}{where} was on {value}", first_incident),
    "response_count": Rule("{strikes}{place} {when}", response_count),
    "first_response": Rule("the first US strike{place} was on {value}", first_response),
    "claimed_share": Rule("the group claimed {number} of attacks{place} {when}", claimed_share),
    "rate_lower": Rule("attacks were rarer {when} than before", rate),
    "rate_higher": Rule("attacks were commoner {when} than in the pause", rate),
}


def verdict_of(claim: Any, evidence: Evidence) -> Verdict:
    """Return the verdict on `claim` (see `Case`)."""
    places = (claim.country,) if claim.country else tuple(COUNTRIES)
    left_out = [COUNTRIES[code] for code in places if code not in evidence.parameters.countries]
    if left_out:
        return Verdict("not testable", f"This run leaves out {listing(left_out)}, which the statement covers.")
    return KINDS[claim.kind].test(Case(claim, evidence, missing_days(claim, evidence.parameters)))


def analyse_claims(tables: Mapping[str, pd.DataFrame], parameters: Parameters) -> pd.DataFrame:
    """Return the verdict on every statement of the clean table claims, in its order (columns `TABLE_COLUMNS`).

    `tables` holds claims, incidents, reports (with incident_id and family), official_counts, responses and sources.
    """
    claims, incidents = tables["claims"], tables["incidents"]
    parameters = within_coding(parameters, incidents)
    sites = dict(zip(incidents["site_id"], incidents.get("site_name", incidents["site_id"]), strict=True))
    parts, known = untested(parameters), cache(lambda family: without(family, tables, parameters))
    families = origin_of(claims, tables["sources"].set_index("source_id")["family"])
    text = {name: claims[name].fillna("").astype(str) for name in ("country", "site_id", "weapons", "claimed_by")}
    rows = []
    for claim in each(claims.assign(**text, family=families)):
        row = {name: getattr(claim, name) for name in TABLE_COLUMNS[:4]}
        row |= {"tested": tested(claim, sites, parameters.reference_dir), "untested": parts.get(claim.claim_id, "")}
        row |= asdict(verdict_of(claim, known(claim.family)))
        rows.append(row | {name: ";".join(row[name]) for name in ("incidents", "rows")})
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def tested(claim: Any, sites: dict[str, str], reference_dir: str) -> str:
    """Return in words what of `claim` is tested: "at least one attack at Tower 22 on 28 January 2024"."""
    arms, codes = weapons(reference_dir), split(claim.weapons)
    place = f" in {COUNTRIES[claim.country]}" if claim.country else ""
    words = {
        "place": place, "where": f" at {sites.get(claim.site_id, claim.site_id)}" if claim.site_id else place,
        "armed": f" with a {listing((arms[code].label for code in codes if code in arms), 'or')}" if codes else "",
        "when": when(claim), "end": day_text(claim.end.date()),
    }  # fmt: skip
    if claim.kind.startswith("first_"):
        words["value"] = day_text(claim.value)
    else:
        nouns = {"attacks": "attack", "munitions": "munition", "strikes": "US strike", "number": ""}
        words |= {
            name: wanted(claim, noun) for name, noun in nouns.items() if f"{{{name}}}" in KINDS[claim.kind].tested
        }
    return KINDS[claim.kind].tested.format(**words)


def untested(parameters: Parameters) -> dict[str, str]:
    """Return claim_id -> what the statement says beyond what its kind can test (``claims_untested.csv``)."""
    path = resolve(parameters.reference_dir) / "claims_untested.csv"
    frame = pd.read_csv(path, dtype=str)
    return dict(zip(frame["claim_id"], frame["untested"], strict=True))


def facts(table: pd.DataFrame) -> Facts:
    """Return the facts ``claims.*``: how many statements, of which verdict, and each of them."""
    found = Facts()
    found.add("claims.total", len(table), unit="claims", rows={"claims": table["claim_id"]})
    sources = sorted(set(table["source_id"]))
    found.add("claims.sources", len(sources), unit="sources", rows={"sources": sources})
    for verdict in VERDICTS:
        ids = table.loc[table["verdict"] == verdict, "claim_id"]
        found.add(f"claims.{verdict.replace(' ', '_')}", len(ids), unit="claims", rows={"claims": ids})
    for place, row in enumerate(table.to_dict("records"), 1):
        statement = {"claims": [row["claim_id"]]}
        behind = {"claims": [row["claim_id"]]}
        for kind, name in (part.split(":", 1) for part in split(row["rows"])):
            behind.setdefault(kind, []).append(name)
        found.add(f"claims.{place}.source", row["source_id"], unit="text")
        said = {key: row[key] for key in ("statement", "tested", "untested") if row[key] or key == "tested"}
        found.add_each(f"claims.{place}", said, rows=statement)
        decided, incidents = {key: row[key] for key in ("verdict", "reason")}, split(row["incidents"])
        found.add_each(f"claims.{place}", decided, incidents=incidents, rows=behind)
    return found
