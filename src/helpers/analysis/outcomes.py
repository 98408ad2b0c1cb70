"""What the attacks did: people killed and injured, munitions, interception and damage, before and after the pause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from helpers.analysis.ladder import PERIODS
from helpers.analysis.ordered import LEVEL, TrendEstimate, trend

#: Outcomes: the values that count as yes and as no; all else is not known.
OUTCOMES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "intercepted": ("intercepted", ("all", "some"), ("none",)),
    "damaged": ("damage", ("minor", "major"), ("none",)),
}


@dataclass(frozen=True)
class Share:
    """A share among known cases.

    Attributes
    ----------
    hits, known, unknown: incidents where it is so, where it is known, and where it is not.
    value, low, high: share of the known, with Wilson's interval (1927, J. Am. Stat. Assoc. 22:209); None without known.
    least, most: the share if all the unknown were not so, or were so (Manski 1989, J. Hum. Resour. 24:343).
    incidents, known_incidents, unknown_incidents: ids of the hits, the known and the unknown.
    """

    hits: int
    known: int
    unknown: int
    value: float | None
    low: float | None
    high: float | None
    least: float | None
    most: float | None
    incidents: tuple[str, ...]
    known_incidents: tuple[str, ...]
    unknown_incidents: tuple[str, ...]


def share(hit: pd.Series[float], ids: pd.Series[str]) -> Share:
    """Return the share of incidents with `hit` 1 among those with 0 or 1; NaN is not known."""
    known, hits, total = int(hit.notna().sum()), int((hit == 1).sum()), len(hit)
    value = low = high = None
    if known:
        value = hits / known
        low, high = (float(x) for x in proportion_confint(hits, known, alpha=1 - LEVEL, method="wilson"))
    return Share(
        hits, known, total - known, value, low, high,
        hits / total if total else None, (hits + total - known) / total if total else None,
        tuple(ids[hit == 1]), tuple(ids[hit.notna()]), tuple(ids[hit.isna()]),
    )  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """An outcome before and after the pause.

    Attributes
    ----------
    name: the outcome (``casualties``, ``intercepted``, ``damaged``).
    before, during, after: its shares.
    difference, low, high: after less before, among the known, with Newcombe's interval (1998, Stat. Med. 17:873).
    p: Fisher's exact test, two-sided, incidents taken as independent.
    least, most: the difference if the unknown fell as much against, or for, a rise as they could.
    trend: Kendall's tau-b of the outcome with time, weeks kept together.
    """

    name: str
    before: Share
    during: Share
    after: Share
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    least: float | None
    most: float | None
    trend: TrendEstimate

    @property
    def shown(self) -> bool:
        """Whether a change is shown: the difference's interval leaves out zero, and so does the trend by weeks."""
        apart = self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)
        return apart and self.trend.direction != "none"


def compare(
    prepared: pd.DataFrame, hit: pd.Series[float], name: str, *, resamples: int = 0, seed: int = 0
) -> Comparison:
    """Return the outcome `hit` (1, 0, NaN not known) before, during and after the pause."""
    parts = {
        period: share(hit[prepared["period"] == period], prepared.loc[prepared["period"] == period, "incident_id"])
        for period in PERIODS
    }
    before, after = parts["before"], parts["after"]
    difference = low = high = p = least = most = None
    if before.value is not None and after.value is not None:
        difference = after.value - before.value
        low, high = (
            float(x)
            for x in confint_proportions_2indep(
                after.hits, after.known, before.hits, before.known, method="newcomb", compare="diff", alpha=1 - LEVEL
            )
        )
        table = np.array([[after.hits, after.known - after.hits], [before.hits, before.known - before.hits]])
        p = float(stats.fisher_exact(table).pvalue)
    if None not in (before.least, before.most, after.least, after.most):
        least, most = after.least - before.most, after.most - before.least  # type: ignore[operator]
    slope = trend(hit, prepared["day"], resamples=resamples, seed=seed)
    return Comparison(name, before, parts["during"], after, difference, low, high, p, least, most, slope)


def outcome(prepared: pd.DataFrame, name: str) -> pd.Series[float]:
    """Return 1, 0 or NaN for each incident: ``casualties`` (US or coalition killed or injured) or one of `OUTCOMES`."""
    if name == "casualties":
        killed = prepared["us_killed"].astype("Float64").astype(float)
        injured = prepared["us_injured_best"].astype("Float64").astype(float)
        hurt = (killed.fillna(0) > 0) | (injured.fillna(0) > 0)
        # Not hurt only where the sources say so of the injured; who is killed is told.
        return pd.Series(np.where(hurt, 1.0, np.where(injured == 0, 0.0, np.nan)), index=prepared.index)
    column, yes, no = OUTCOMES[name]
    values = prepared[column]
    return pd.Series(np.where(values.isin(yes), 1.0, np.where(values.isin(no), 0.0, np.nan)), index=prepared.index)


@dataclass(frozen=True)
class Toll:
    """People hurt in a stretch: totals over the incidents of which a number is given.

    `incidents` are those with anybody killed or injured; `known` counts incidents with a number of injured, `n` all.
    """

    n: int
    known: int
    us_killed: int
    us_injured_best: int
    us_injured_low: int
    us_injured_high: int
    partner_killed: int
    partner_injured: int
    incidents: tuple[str, ...]
    partner_incidents: tuple[str, ...]

    @property
    def us_harmed(self) -> int:
        """US and coalition killed and injured, best estimate."""
        return self.us_killed + self.us_injured_best


def toll(incidents: pd.DataFrame) -> Toll:
    """Return the people hurt in `incidents` (columns us_killed, us_injured_*, partner_*; blanks count nothing).

    Where no best number of injured is known, what some reports tell adds to the highest sum alone.
    """
    numbers = {
        column: incidents[column].astype("Float64").fillna(0).astype(int)
        for column in (
            "us_killed", "us_injured_best", "us_injured_low", "us_injured_high", "partner_killed", "partner_injured",
        )
    }  # fmt: skip
    numbers["us_injured_low"] = numbers["us_injured_low"].where(incidents["us_injured_best"].notna(), 0)
    ours = (numbers["us_killed"] + numbers["us_injured_best"]) > 0
    theirs = (numbers["partner_killed"] + numbers["partner_injured"]) > 0
    sums = {column: int(values.sum()) for column, values in numbers.items()}
    return Toll(
        n=len(incidents),
        known=int(incidents["us_injured_best"].notna().sum()),
        incidents=tuple(incidents.loc[ours, "incident_id"]),
        partner_incidents=tuple(incidents.loc[theirs, "incident_id"]),
        **sums,
    )


@dataclass(frozen=True)
class Ranked:
    """A number per incident (munitions, injured) before and after the pause.

    Attributes
    ----------
    known_before, known_after, unknown: incidents with a number in each stretch, and without one in either.
    median_before, median_after: medians.
    superiority: chance that an incident after has more than one before, ties half (Mann and Whitney 1947, Ann. Math.
        Stat. 18:50; 0.5 means no difference).
    p: two-sided, Mann-Whitney with ties, incidents taken as independent.
    trend: Kendall's tau-b with time, weeks kept together.
    largest: id of the incident with the largest number.
    """

    known_before: int
    known_after: int
    unknown: int
    median_before: float | None
    median_after: float | None
    superiority: float | None
    p: float | None
    trend: TrendEstimate
    largest: str | None


def ranked(prepared: pd.DataFrame, column: str, *, resamples: int = 0, seed: int = 0) -> Ranked:
    """Return `column` (a number per incident, blank if not said) compared before and after the pause."""
    values = prepared[column].astype("Float64").astype(float)
    before = values[(prepared["period"] == "before") & values.notna()]
    after = values[(prepared["period"] == "after") & values.notna()]
    superiority = p = None
    if len(before) and len(after):
        test = stats.mannwhitneyu(after, before, method="asymptotic")
        superiority, p = float(test.statistic) / (len(before) * len(after)), float(test.pvalue)
    return Ranked(
        len(before),
        len(after),
        int(values.isna().sum()),
        float(before.median()) if len(before) else None,
        float(after.median()) if len(after) else None,
        superiority,
        p,
        trend(values, prepared["day"], resamples=resamples, seed=seed),
        str(prepared["incident_id"].iloc[int(np.nanargmax(values))]) if values.notna().any() else None,
    )
