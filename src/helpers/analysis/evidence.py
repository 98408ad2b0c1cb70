"""What the record says without one source: the evidence on which a claim of that source can be judged.

A claim is never judged by rows of its own source, nor by reprints of it: every row of the same family (the origin that
counts once) is taken out. Attacks count whatever confirms them: the press spoke of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis.totals import Series, counted_since, country_columns, series
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import may_mean, split


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

    def at(self, claim: Any) -> pd.DataFrame:
        """Return the incidents of the country and at the site of `claim`, if it names any."""
        table = self.incidents
        for column in ("country", "site_id"):
            if getattr(claim, column):
                table = table[table[column] == getattr(claim, column)]
        return table

    def totals(self, country: str) -> Series:
        """Return officials' running total of the country of that code, of all if blank."""
        return series(self.counts, self.families, (country,) if country else tuple(country_columns()), since=self.since)


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
        counts[counts["source_id"].map(families).fillna(counts["source_id"]) != family],
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
    votes = pd.crosstab(nearest.index.get_level_values("incident_id"), nearest.to_numpy())
    return votes.reindex(columns=[3, 2, 1], fill_value=0).set_axis(["named", "kin", "other"], axis=1)


def matching(evidence: Evidence, claim: Any, weapons: bool = True) -> pd.DataFrame:
    """Return the incidents that may be those of `claim`, with `sure` and `best`.

    `sure`: in the days without doubt, the weapon named by at least half of the origins that name one. `best`: the
    chosen day inside, the weapon likewise. Days and site are the clean incident's, weapons those of the other origins.
    """
    table, start, end = evidence.at(claim), claim.start, claim.end
    first, last = table["date_earliest"].fillna(table["date"]), table["date_latest"].fillna(table["date"])
    table = table.assign(
        sure=(first >= start) & (last <= end), best=table["date"].between(start, end), first=first, last=last
    )
    table = table[(last >= start) & (first <= end)]
    wanted = set(split(claim.weapons)) if weapons else set()
    if wanted:
        votes = weapon_votes(evidence.reports, wanted).reindex(table["incident_id"]).fillna(0)
        named, kin, other = (votes[column].to_numpy() for column in ("named", "kin", "other"))
        # words that may mean the weapon neither name nor deny it
        clear = (named > 0) & (named >= other)
        table = table.assign(sure=table["sure"] & clear, best=table["best"] & clear)[(named > 0) | (kin > 0)]
    ordered: pd.DataFrame = table.sort_values(["date", "incident_id"], ignore_index=True)
    return ordered


class Said(NamedTuple):
    """What one family says of a number: least and greatest (infinite where it is open)."""

    family: str
    low: float
    high: float
    rows: tuple[str, ...]


def numbers(evidence: Evidence, incidents: Iterable[str], low: str, high: str) -> list[Said]:
    """Return what each family says of a number over `incidents` together, from the report columns `low` and `high`.

    Within a family the range over its reports of one incident, summed over incidents. A report with only a high has 0
    as its low; one with only a low leaves the high open.
    """
    here = evidence.reports[evidence.reports["incident_id"].isin(list(incidents))]
    here = here[here[low].notna() | here[high].notna()]
    ends = here.assign(least=here[low].astype(float).fillna(0), most=here[high].astype(float).fillna(math.inf))
    spans = ends.groupby(["family", "incident_id"]).agg({"least": "min", "most": "max"}).groupby("family").sum()
    rows = here.groupby("family")["report_id"].agg(tuple)
    return [Said(*each) for each in zip(spans.index, spans["least"], spans["most"], rows, strict=True)]
