"""What the record says without one source, and how a statement of that source is held against it.

A claim is never judged by rows of its own source, nor by reprints of it: every row of the same family (the origin that
counts once) is taken out. Attacks count whatever confirms them: the press spoke of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis.totals import NEAR, Series, counted_since, origin_of, series
from helpers.facts import printed
from helpers.parameters import Parameters
from helpers.stretches import Stretches, ranges, span_text
from helpers.tables import select
from helpers.vocabulary import may_mean, split
from helpers.words import amount

VERDICTS = ("supported", "contradicted", "mixed", "not testable")

#: Where origins give different numbers: the share that must agree for a claim to be supported; so few, contradicted.
AGREE, DISAGREE = 0.75, 0.25

#: Why silence is no evidence.
UNKNOWN = "the record is not complete; its silence decides nothing"

WORDS = {"equals": "exactly", "approximately": "about", "at_least": "at least", "less_than": "less than",
         "more_than": "more than"}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """The record without one family.

    Attributes
    ----------
    parameters: those of the run, with any confirmation.
    incidents: those in the window and countries that others tell of. reports: others' reports of them.
    counts: official_counts of others; since: the day from which totals count; families: source_id -> family.
    strikes: responses that others tell of, with `origins`, the number of independent origins left.
    """

    parameters: Parameters
    incidents: pd.DataFrame
    reports: pd.DataFrame
    counts: pd.DataFrame
    since: date
    families: pd.Series
    strikes: pd.DataFrame

    def totals(self, country: str) -> Series:
        """Return officials' running total of the country of that code, of all if blank."""
        return series(self.counts, self.families, (country,) if country else (), since=self.since)


def without(family: str, tables: Mapping[str, pd.DataFrame], parameters: Parameters) -> Evidence:
    """Return the `Evidence` left when every row of `family` is taken out.

    `tables` holds the clean tables incidents, reports, official_counts, responses and sources by name.
    """
    incidents, reports, counts, responses = (
        tables[name] for name in ("incidents", "reports", "official_counts", "responses")
    )
    parameters = parameters.model_copy(update={"confirmed_by": "anyone"})
    families = tables["sources"].set_index("source_id")["family"]
    others = reports[(reports["family"] != family) & reports["incident_id"].isin(incidents["incident_id"])]
    kept = select(incidents[incidents["incident_id"].isin(others["incident_id"])], parameters)
    origins = [
        len({families.get(source, source) for source in split(cell)} - {family}) for cell in responses["sources"]
    ]
    strikes = responses.assign(origins=origins)
    return Evidence(
        parameters, kept, others[others["incident_id"].isin(kept["incident_id"])],
        counts[origin_of(counts, families) != family],
        counted_since(counts, parameters), families,
        strikes[(strikes["origins"] > 0) & strikes["date"].notna()],
    )  # fmt: skip


def weapon_votes(reports: pd.DataFrame, wanted: set[str]) -> pd.DataFrame:
    """Return for each incident_id of `reports` how many families name a weapon of `wanted` (`named`), a word that may
    mean one (`kin`), and only others (`other`). Who names it in one report and not in another names it."""
    near = set().union(*(may_mean(code) for code in wanted)) - wanted

    def nearness(cell: object) -> int:
        codes = set(split(cell)) - {"unknown"}
        return 3 if codes & wanted else 2 if codes & near else 1 if codes else 0

    nearest = reports.assign(vote=reports["weapons"].map(nearness)).groupby(["incident_id", "family"])["vote"].max()
    votes = pd.DataFrame({"named": nearest == 3, "kin": nearest == 2, "other": nearest == 1})
    return votes.groupby(level="incident_id").sum()


class Said(NamedTuple):
    """What one family says of a number: least and greatest (infinite where it is open)."""

    low: float
    high: float
    rows: tuple[str, ...]


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

    def at(self) -> pd.DataFrame:
        """Return the incidents of the country and at the site of the statement, if it names any."""
        table = self.evidence.incidents
        for column in ("country", "site_id"):
            if getattr(self.claim, column):
                table = table[table[column] == getattr(self.claim, column)]
        return table

    def attacks(self, weapons: bool = True) -> pd.DataFrame:
        """Return the incidents that may be those of the statement, with `sure` and `best`.

        `sure`: in the days without doubt, the weapon named by at least half of the origins that name one. `best`: the
        chosen day inside, the weapon likewise. Days and site are the clean incident's, weapons the other origins'.
        """
        table, start, end = self.at(), self.claim.start, self.claim.end
        first, last = table["date_earliest"].fillna(table["date"]), table["date_latest"].fillna(table["date"])
        table = table.assign(
            sure=(first >= start) & (last <= end), best=table["date"].between(start, end), first=first, last=last
        )
        table = table[(last >= start) & (first <= end)]
        wanted = set(split(self.claim.weapons)) if weapons else set()
        if wanted:
            reports = self.evidence.reports
            votes = weapon_votes(reports[reports["incident_id"].isin(table["incident_id"])], wanted)
            named, kin, other = votes.reindex(table["incident_id"], fill_value=0).to_numpy().T
            # words that may mean the weapon neither name nor deny it
            clear = (named > 0) & (named >= other)
            table = table.assign(sure=table["sure"] & clear, best=table["best"] & clear)[(named > 0) | (kin > 0)]
        ordered: pd.DataFrame = table.sort_values(["date", "incident_id"], ignore_index=True)
        return ordered

    def numbers(self, incidents: Iterable[str], low: str, high: str) -> list[Said]:
        """Return what each family says of a number over `incidents` together, from the report columns `low` and `high`.

        Within a family the range over its reports of one incident, summed over incidents. A report with only a high
        has 0 as its low; one with only a low leaves the high open.
        """
        reports = self.evidence.reports
        here = reports[reports["incident_id"].isin(list(incidents))]
        here = here[here[low].notna() | here[high].notna()]
        ends = here.assign(least=here[low].astype(float).fillna(0), most=here[high].astype(float).fillna(math.inf))
        spans = ends.groupby(["family", "incident_id"]).agg({"least": "min", "most": "max"}).groupby("family").sum()
        rows = here.groupby("family")["report_id"].agg(tuple)
        return [Said(*each) for each in zip(spans["least"], spans["most"], rows, strict=True)]

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
        rows = row_ids(table, dict.fromkeys(row for one in said for row in one.rows))
        text = f"{allow} of {len(said)} other {give} a number{of} {fit} it ({spread})."
        return Verdict(verdict, text, best, least, finite(most), ids, rows)


def row_ids(table: str, ids: Iterable[str]) -> tuple[str, ...]:
    """Return the `ids` of rows of `table` as a verdict names them."""
    return tuple(f"{table}:{row}" for row in ids)


def finite(value: float) -> float | None:
    """Return `value`, or None where it is not bounded."""
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
