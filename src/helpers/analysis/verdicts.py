"""The verdict on a press statement: what of it is tested, by which rule, and what the rest of the record says.

`KINDS` holds one rule a kind of statement: in words what is tested, and the function that tests it. A verdict is
`supported`, `contradicted`, `mixed` (what is known allows both, or the origins disagree) or `not testable` (the days or
the column that would decide it are missing). Nothing here is typed in: a changed record changes the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis import rates
from helpers.analysis.evidence import Evidence, Said, matching, numbers
from helpers.analysis.strikes import struck
from helpers.analysis.totals import NEAR, REPEATED
from helpers.facts import printed
from helpers.parameters import Parameters
from helpers.stretches import Stretches, ranges, span_text
from helpers.vocabulary import COUNTRIES, split
from helpers.words import amount, capital, day_text, listing, number

VERDICTS = ("supported", "contradicted", "mixed", "not testable")

#: Where origins give different numbers: the share that must agree for a claim to be supported; so few, contradicted.
AGREE, DISAGREE = 0.75, 0.25

#: Independent origins from which the day of a strike counts as well sourced.
WELL_SOURCED = 3

DAY = pd.Timedelta(days=1)

#: A running total of injured may be some days old when a source repeats it.
RECENT = pd.Timedelta(days=7)

#: Why silence is no evidence.
UNKNOWN = "the record is not complete; its silence decides nothing"

WORDS = {"equals": "exactly", "approximately": "about", "at_least": "at least", "less_than": "less than",
         "more_than": "more than"}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A verdict with what it rests on.

    `measured` is the best value (a number or an ISO day), `low` and `high` its bounds or interval, `reason` one
    sentence, `incidents` the ids that decide it, `rows` other rows as ``table:id``.
    """

    verdict: str
    reason: str
    measured: float | str | None = None
    low: float | str | None = None
    high: float | str | None = None
    incidents: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def judge(low: float, high: float, comparator: str, value: float) -> str:
    """Return the verdict when the truth lies from `low` to `high` (both included) and is claimed to compare to `value`.

    supported if all of the range fits, contradicted if none of it does, else mixed. Raises KeyError on a comparator
    that the codebook does not know.
    """
    limits = {
        "equals": (value, value),
        "approximately": (value * (1 - NEAR), value * (1 + NEAR)),
        "at_least": (value, math.inf),
        "less_than": (-math.inf, math.nextafter(value, -math.inf)),
        "more_than": (math.nextafter(value, math.inf), math.inf),
    }
    least, most = limits[comparator]
    if least <= low and high <= most:
        return "supported"
    return "contradicted" if high < least or low > most else "mixed"


def agree(said: Sequence[Said], comparator: str, value: float) -> tuple[str, int]:
    """Return the verdict of several origins, and how many of them allow the claim.

    An origin allows a claim if its range does. At least three quarters, one of them without doubt, support it; at most
    one quarter contradict it.
    """
    verdicts = [judge(one.low, one.high, comparator, value) for one in said]
    allow = sum(verdict != "contradicted" for verdict in verdicts)
    share = allow / len(verdicts)
    if share >= AGREE and "supported" in verdicts:
        return "supported", allow
    return "contradicted" if share <= DISAGREE else "mixed", allow


@dataclass(frozen=True)
class Case:
    """A statement and what others say; `lost` are, in words, its days outside the coded window (blank if none).

    `claim` is a row of the clean claims with country, site_id, weapons and claimed_by as text (blank for all), start
    and end as timestamps.
    """

    claim: Any
    evidence: Evidence
    lost: str

    def judge(self, low: float, high: float) -> str:
        """Return the verdict when the truth lies from `low` to `high`."""
        return judge(low, high, self.claim.comparator, float(self.claim.value))

    def untold(self, what: str) -> Verdict:
        """Return the verdict where nobody else tells of such an attack or strike."""
        why = f"the record has no data for {self.lost}" if self.lost else UNKNOWN
        return Verdict("not testable", f"No other source tells of such {what} {when(self.claim)}; {why}.")

    def by_origin(self, said: list[Said], table: str, of: str = "", ids: tuple[str, ...] = ()) -> Verdict:
        """Judge a number by what each origin gives; `table` is that of their rows, `of` the days they speak of."""
        verdict, allow = agree(said, self.claim.comparator, float(self.claim.value))
        least, most = min(one.low for one in said), max(one.high for one in said)
        exact = pd.Series([one.low for one in said if one.low == one.high])
        best = float(exact.mode().iloc[-1]) if len(exact) else least
        reach = f"from {int(least)} to {int(most)}" if math.isfinite(most) else f"from {int(least)} up"
        spread = f"all give {int(least)}" if least == most else reach
        give, fit = "origin that gives" if len(said) == 1 else "origins that give", "fits" if allow == 1 else "fit"
        rows = _rows(table, dict.fromkeys(row for one in said for row in one.rows))
        text = f"{allow} of {len(said)} other {give} a number{of} {fit} it ({spread})."
        return Verdict(verdict, text, best, least, _finite(most), ids, rows)


def _rows(table: str, ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{table}:{row}" for row in ids)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def wanted(claim: Any, noun: str = "") -> str:
    """Return what a claim about a number says: ``at least 78``, ``exactly three munitions``, ``no US strikes``."""
    value = float(claim.value)
    if claim.comparator == "equals" and value == 0:
        return amount(0, noun) if noun else "no"
    if not noun:
        return f"{WORDS[claim.comparator]} {printed(value, 'share') if 0 < value < 1 else printed(int(value), 'count')}"
    return f"{WORDS[claim.comparator]} {amount(value, noun)}"


def when(claim: Any) -> str:
    """Return the days of a claim in words."""
    span = span_text(claim.start.date(), claim.end.date())
    return f"on {span}" if claim.start == claim.end else f"from {span}"


def missing_days(claim: Any, parameters: Parameters) -> str:
    """Return, in words, the days of a claim outside the coded window of `parameters`; blank if none."""
    days = pd.date_range(claim.start, claim.end)
    return ranges(days[~days.isin(Stretches(parameters).days)])


def incident_count(case: Case) -> Verdict:
    """Judge how many attacks there were: sure ones and possible ones are the bounds."""
    claim, found = case.claim, matching(case.evidence, case.claim)
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
    rows = _rows("official_counts", (*rows, *more))
    return Verdict(verdict if still else "mixed", text, 0, 0, float(last - first), rows=rows)


def incident_number(low: str, high: str, what: str) -> Callable[[Case], Verdict]:
    """Return the rule for `what`, a number of people or munitions of which each origin gives a `low` and a `high`."""

    def test(case: Case) -> Verdict:
        ids = tuple(matching(case.evidence, case.claim)["incident_id"])
        if not ids:
            return case.untold("an attack")
        said = numbers(case.evidence, ids, low, high)
        if not said:
            why = f"No other source gives {what}: {low} is blank in all of them."
            return Verdict("not testable", why, incidents=ids)
        return case.by_origin(said, "reports", ids=ids)

    return test


def first_incident(case: Case) -> Verdict:
    """Judge the day of the first attack of its kind: an earlier sure one contradicts, a possible one is mixed."""
    value, found = pd.Timestamp(case.claim.value), matching(case.evidence, case.claim)
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
        said = [Said(name, item.value, item.value, item.rows) for item in same_day for name in item.families]
        return case.by_origin(said, "official_counts", " for that day")
    verdict = case.judge(low, math.inf if above and low >= float(claim.value) else high)
    bound = f"{int(low)} or more" if math.isinf(high) else f"{int(low)} to {int(high)}" if high > low else f"{int(low)}"
    rows = [row for point in chain.points if point.day <= claim.end for row in point.rows][-12:]
    text = f"By totals that other origins give it was {bound} by that day."
    return Verdict(verdict, text, best, low, _finite(high), rows=_rows("official_counts", rows))


def official_injured(case: Case) -> Verdict:
    """Judge a running total of injured by what other origins report for the last week up to its day."""
    counts, end = case.evidence.counts, case.claim.end
    here = counts[counts["us_injured"].notna() & counts["as_of"].gt(end - RECENT) & counts["as_of"].le(end)]
    if here.empty:
        return Verdict("not testable", f"No other source gives one for the week up to {day_text(end.date())}.")
    said = []
    for family, rows in here.groupby(here["source_id"].map(case.evidence.families), sort=True):
        last = rows[rows["as_of"] == rows["as_of"].max()]
        value = float(last["us_injured"].max())
        said.append(Said(str(family), value, value, tuple(last["count_id"])))
    return case.by_origin(said, "official_counts", " for the week up to that day")


def _strikes(case: Case) -> pd.DataFrame:
    table, claim = case.evidence.strikes, case.claim
    if claim.country:
        table = table[struck(table, claim.country)]
    return table[table["date"].between(claim.start, claim.end)].sort_values(["date", "response_id"])


def response_count(case: Case) -> Verdict:
    """Judge how many US strikes there were. Strikes of one day are one or several: days well sourced are the least,
    strikes counted singly the most."""
    found = _strikes(case)
    days, sourced = found["date"].nunique(), found.loc[found["origins"] >= WELL_SOURCED, "date"].nunique()
    high, rows = len(found), _rows("responses", found["response_id"])
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
    return Verdict(verdict, text, first.isoformat(), rows=_rows("responses", at["response_id"]))


def claimed_share(case: Case) -> Verdict:
    """Judge the share of attacks that a group claimed.

    Where no source says who claimed an attack it may or may not have been: the share among all is the least, that among
    those with any word on a claim the most; the outer ends of their intervals (Clopper and Pearson 1934) are shown.
    """
    found = matching(case.evidence, case.claim, weapons=False)
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
    claim, cut, table = case.claim, Stretches(case.evidence.parameters), case.evidence.at(case.claim)
    inside = (cut.days >= claim.start) & (cut.days <= claim.end)
    before = claim.kind == "rate_lower"
    outside = (cut.days < claim.start) if before else cut["pause"].mask & ~inside
    against = "before them" if before else "of the pause"
    if case.lost or not outside.any():
        return Verdict("not testable", f"The record has no data for {case.lost or f'days {against}'}.")
    counts = cut.daily(table["date"])
    here, there, length, rest = map(int, (counts[inside].sum(), counts[outside].sum(), inside.sum(), outside.sum()))
    ratio = rates.block_ratio(counts, inside, outside)
    if ratio.low is None:
        ratio = rates.interval_ratio(rates.daily(counts, inside, outside), "likelihood")
    if ratio.low is None:
        ratio = rates.exact_ratio(here, length, there, rest)
    ids = tuple(table.loc[table["date"].between(claim.start, claim.end), "incident_id"])
    head = f"{amount(here, 'attack')} in {amount(length, 'day')}, {there} in {amount(rest, 'day')} {against}"
    if ratio.low is None:
        return Verdict("not testable", f"{head}: {ratio.note}.", incidents=ids)
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
    if claim.kind not in KINDS:
        return Verdict("not testable", f"No rule is known for the kind {claim.kind}.")
    places = (claim.country,) if claim.country else tuple(COUNTRIES)
    left_out = [COUNTRIES[code] for code in places if code not in evidence.parameters.countries]
    if left_out:
        return Verdict("not testable", f"This run leaves out {listing(left_out)}, which the statement covers.")
    return KINDS[claim.kind].test(Case(claim, evidence, missing_days(claim, evidence.parameters)))
