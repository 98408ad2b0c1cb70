"""The pause: how many attacks fell in it, and what that says.

Rates before, during and after, their ratio with intervals that allow for clustering, the same from officials' totals
alone, a placebo over every other stretch of that length, doubts of dating, change points found blind, and the second
stop. `analyse_pause` gives one `PauseResult`; `helpers.analysis.pause_facts` turns it into facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.analysis.changepoints import ChangePoints, find_changes
from helpers.analysis.dating import RULES, possible_days
from helpers.analysis.official import OfficialPause, official_pause
from helpers.analysis.rates import (
    Counts,
    Dispersion,
    Mask,
    Rate,
    Ratio,
    block_power,
    block_ratio,
    block_sums,
    dispersion,
    exact_ratio,
    negative_binomial_ratio,
    poisson_rate,
    scaled_ratio,
)
from helpers.analysis.strikes import within_coding
from helpers.parameters import Parameters
from helpers.paths import resolve
from helpers.tables import select
from helpers.vocabulary import CONFIRMATION, COUNTRIES

#: True ratios for which the power is told.
POWERS = (0.5, 0.25, 0.1)


@dataclass(frozen=True)
class Period:
    """A stretch of the window: its `name`, first and last day (None if empty), its rate and its incidents."""

    name: str
    first: date | None
    last: date | None
    rate: Rate
    incidents: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The pause against other days (`name`): the ratio by each method, and how clustered those days are.

    `blocks` is the headline: it allows for attacks that cluster within days and across them; `scaled` allows for the
    spread of daily counts alone, `negative_binomial` likewise with a model; `exact` takes attacks as independent.
    """

    name: str
    against: Rate
    blocks: Ratio
    scaled: Ratio
    negative_binomial: Ratio
    exact: Ratio
    dispersion: Dispersion
    block_index: float | None
    power: Mapping[float, float]
    largest_telling: int | None


@dataclass(frozen=True)
class Placebo:
    """Every stretch of the window as long as the pause: the day each starts, its attacks, and how many had as few.

    Overlapping stretches are no independent trials (`disjoint` says how many would fit side by side), so `share`
    describes and tests nothing. `others` are the stretches that do not touch the pause.
    """

    length: int
    starts: tuple[date, ...]
    counts: tuple[int, ...]
    others: int
    as_few: int
    share: float | None
    disjoint: int
    first_as_few: date | None


@dataclass(frozen=True)
class Dating:
    """Attacks in the pause under one rule of dating: the best count, the fewest and the most that doubts allow."""

    rule: str
    fewest: int
    best: int
    most: int
    uncertain: tuple[str, ...]
    ratio_fewest: Ratio
    ratio: Ratio
    ratio_most: Ratio


@dataclass(frozen=True)
class Stop:
    """The days from `stop_start` against those before (the pause left out), for one group of incidents."""

    group: str
    before: Rate
    since: Rate
    ratio: Ratio
    exact: Ratio
    last: date | None
    incidents: tuple[str, ...]


@dataclass(frozen=True)
class PauseResult:
    """All that `analyse_pause` finds; see the parts.

    `inside` are the incidents in the pause, one row each, and `told` their days as told: incident_id -> day -> reports.
    `confirmed` compares the pause with all other days by the incidents alone that a US official confirms,
    `confirmed_incidents`.
    """

    parameters: Parameters
    days: pd.DataFrame
    inside: pd.DataFrame
    periods: Mapping[str, Period]
    comparisons: Mapping[str, Comparison]
    confirmed: Comparison
    confirmed_incidents: tuple[str, ...]
    resumption: Ratio
    weighted: Ratio | None
    capture: Mapping[str, float]
    official: OfficialPause
    placebo: Placebo
    placebo_before_stop: Placebo
    datings: tuple[Dating, ...]
    told: Mapping[str, Mapping[date, tuple[str, ...]]]
    changes: ChangePoints
    stops: Mapping[str, Stop]


def calendar(parameters: Parameters) -> pd.DatetimeIndex:
    """Return every day of the window."""
    return pd.date_range(parameters.window_start, parameters.window_end)


def daily_counts(dates: pd.Series, parameters: Parameters) -> Counts:
    """Return the number of `dates` on each day of the window."""
    days = calendar(parameters)
    offset = (dates - days[0]).dt.days
    return np.bincount(offset[offset.between(0, len(days) - 1)].astype(int), minlength=len(days))


def masks(parameters: Parameters) -> dict[str, Mask]:
    """Return name -> days of the window: during, before and after the pause; outside it; and around the second stop.

    ``resumed`` are the days after the pause and before the stop, ``stopped`` those since (the pause never in it),
    ``running`` all days outside the pause before the stop.
    """
    days = calendar(parameters)
    start, end, stop = (
        pd.Timestamp(day) for day in (parameters.pause_start, parameters.pause_end, parameters.stop_start)
    )
    before, after = np.asarray(days < start, dtype=bool), np.asarray(days >= end, dtype=bool)
    outside, late = before | after, np.asarray(days >= stop, dtype=bool)
    return {
        "before": before,
        "during": ~outside,
        "after": after,
        "outside": outside,
        "resumed": after & ~late,
        "stopped": outside & late,
        "running": outside & ~late,
    }


def _period(name: str, mask: Mask, incidents: pd.DataFrame, parameters: Parameters) -> Period:
    days = calendar(parameters)[mask]
    inside = incidents[incidents["date"].isin(days)]
    first, last = (days[0].date(), days[-1].date()) if len(days) else (None, None)
    return Period(name, first, last, poisson_rate(len(inside), len(days)), tuple(inside["incident_id"]))


def compare(name: str, counts: Counts, inside: Mask, outside: Mask) -> Comparison:
    """Compare the days `inside` with those `outside` by every method."""
    a, n, b, m = int(counts[inside].sum()), int(inside.sum()), int(counts[outside].sum()), int(outside.sum())
    spread = dispersion(counts[outside])
    sums = block_sums(counts, outside, n)
    powers = {ratio: block_power(counts, outside, n, ratio) for ratio in POWERS}
    return Comparison(
        name,
        poisson_rate(b, m),
        block_ratio(counts, inside, outside),
        scaled_ratio(a, n, b, m, spread.index),
        negative_binomial_ratio(counts[inside], counts[outside]),
        exact_ratio(a, n, b, m),
        spread,
        float(sums.var() / sums.mean()) if len(sums) and sums.sum() else None,
        {ratio: power[0] for ratio, power in powers.items() if power},
        next((power[1] for power in powers.values() if power), None),
    )


def placebo(counts: Counts, allowed: Mask, parameters: Parameters) -> Placebo:
    """Count the attacks in every stretch of the pause's length within the `allowed` days (see `Placebo`)."""
    inside = masks(parameters)["during"]
    length, days = int(inside.sum()), calendar(parameters)
    if not length:
        return Placebo(0, (), (), 0, 0, None, 0, None)
    windows = np.lib.stride_tricks.sliding_window_view
    fits = np.asarray(windows(allowed, length).all(axis=1), dtype=bool)
    touches = np.asarray(windows(inside, length).any(axis=1), dtype=bool)
    sums = windows(counts, length).sum(axis=1)
    few = fits & ~touches & (sums <= counts[inside].sum())
    others = int((fits & ~touches).sum())
    return Placebo(
        length,
        tuple(day.date() for day in days[: len(fits)][fits]),
        tuple(int(n) for n in sums[fits]),
        others,
        int(few.sum()),
        int(few.sum()) / others if others else None,
        int(allowed.sum()) // length,
        days[: len(fits)][few][0].date() if few.any() else None,
    )


def _dating(rule: str, incidents: pd.DataFrame, parameters: Parameters, reports: pd.DataFrame | None) -> Dating:
    named = masks(parameters)
    start, last = pd.Timestamp(parameters.pause_start), pd.Timestamp(parameters.pause_end) - pd.Timedelta(days=1)
    days = possible_days(incidents, rule, reports)
    within = pd.DataFrame({name: days[name].between(start, last) for name in days}, index=days.index)
    around = (days["early"] < start) & (days["late"] > last)
    may = within.any(axis=1) | around
    must = within[["early", "late"]].all(axis=1)
    # out of the pause goes to the side that the bounds allow, into it to the nearest day of it
    outside = days["early"].where(days["early"] < start, days["late"])
    fewest = days["best"].where(must | ~within["best"], outside)
    most = days["best"].where(
        within["best"] | ~may, days["best"].where(days["best"] >= start, start).where(days["best"] <= last, last)
    )

    def ratio(dates: pd.Series) -> tuple[int, Ratio]:
        counts = daily_counts(dates, parameters)
        return int(counts[named["during"]].sum()), block_ratio(counts, named["during"], named["outside"])

    (low, ratio_low), (best, ratio_best), (high, ratio_high) = ratio(fewest), ratio(days["best"]), ratio(most)
    doubtful = tuple(incidents.loc[may & ~must, "incident_id"])
    return Dating(rule, low, best, high, doubtful, ratio_low, ratio_best, ratio_high)


def told_days(inside: pd.DataFrame, reports: pd.DataFrame | None) -> dict[str, dict[date, tuple[str, ...]]]:
    """Return, for each incident `inside`, which of its `reports` give which day."""
    if reports is None:
        return {}
    rows = reports[reports["incident_id"].isin(inside["incident_id"]) & reports["date"].notna()]
    found: dict[str, dict[date, tuple[str, ...]]] = {}
    for incident, day, report in rows.sort_values(["date", "report_id"])[
        ["incident_id", "date", "report_id"]
    ].to_numpy():
        days = found.setdefault(str(incident), {})
        days[day.date()] = (*days.get(day.date(), ()), str(report))
    return found


def _stop(group: str, incidents: pd.DataFrame, parameters: Parameters) -> Stop:
    named, counts = masks(parameters), daily_counts(incidents["date"], parameters)
    since, before = named["stopped"], named["running"]
    a, n, b, m = int(counts[since].sum()), int(since.sum()), int(counts[before].sum()), int(before.sum())
    later = incidents[incidents["date"] >= pd.Timestamp(parameters.stop_start)]
    return Stop(
        group,
        poisson_rate(b, m),
        poisson_rate(a, n),
        scaled_ratio(a, n, b, m, dispersion(counts[before]).index),
        exact_ratio(a, n, b, m),
        incidents["date"].max().date() if len(incidents) else None,
        tuple(later["incident_id"]),
    )


def stop_groups(incidents: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the groups for which the second stop is told: all, each country, each confirmation, and both at once."""
    groups = {"all": incidents}
    by_country = {code.lower(): incidents[incidents["country"] == code] for code in COUNTRIES}
    by_word = {code: incidents[incidents["confirmation"] == code] for code in CONFIRMATION if code != "denied"}
    both = {f"{c}.{w}": part[part["confirmation"] == w] for c, part in by_country.items() for w in by_word}
    return groups | by_country | by_word | both


def weighted_ratio(
    incidents: pd.DataFrame,
    weights: pd.Series,
    plain: Ratio,
    parameters: Parameters,
    inside: Mask,
    outside: Mask,
) -> Ratio:
    """Return `plain`, days `inside` over days `outside`, with each incident counted `weights` times.

    `weights` maps incident_id to weight (one where missing), the sides are masks of the window's days.

    The weights are taken as known: the interval moves with the ratio, it does not widen.
    """
    weight = incidents["incident_id"].map(weights).fillna(1.0).to_numpy(dtype=float)
    days = calendar(parameters)
    within, without = (incidents["date"].isin(days[side]).to_numpy() for side in (inside, outside))
    if plain.value is None or not within.any() or not without.any():
        return Ratio(plain.value, plain.low, plain.high, plain.p, "weighted", "no incident on one side to weight")
    factor = float(weight[within].mean() / weight[without].mean())
    low, high = (None if x is None else x * factor for x in (plain.low, plain.high))
    return Ratio(plain.value * factor, low, high, None, "weighted", "weights taken as known")


def pause_ratio(incidents: pd.DataFrame, parameters: Parameters, weights: pd.Series | None = None) -> Ratio:
    """Return the headline: attacks a day in the pause over those on all other days, allowing for clustering."""
    named, counts = masks(parameters), daily_counts(incidents["date"], parameters)
    plain = block_ratio(counts, named["during"], named["outside"])
    return (
        plain
        if weights is None
        else weighted_ratio(incidents, weights, plain, parameters, named["during"], named["outside"])
    )


def _mean_capture(periods: Mapping[str, Period], capture: pd.DataFrame | None) -> dict[str, float]:
    """Return incidents coded for each attack that officials counted, over each period's incidents with a known capture.

    The harmonic mean: the incidents of a cell, each by one over its capture, sum to what officials counted.
    """
    if capture is None:
        return {}
    known = capture.set_index("incident_id")["capture"].dropna()
    known = known[known > 0]
    shares = {name: known[known.index.isin(period.incidents)] for name, period in periods.items()}
    return {name: float(len(share) / (1 / share).sum()) for name, share in shares.items() if len(share)}


def analyse_pause(
    incidents: pd.DataFrame,
    official_counts: pd.DataFrame,
    parameters: Parameters,
    capture: pd.DataFrame | None = None,
    families: pd.Series | None = None,
    reports: pd.DataFrame | None = None,
) -> PauseResult:
    """Return all that is known of the pause.

    `incidents` and `official_counts` are the clean tables. `capture` (incident_id, capture, weight) is the share of
    attacks like this one that the record holds, as the coverage analysis has it, to reweight by. `families` (source_id
    -> origin) counts sources of official totals that share one origin once. `reports` are the clean reports, for the
    days that they give and that were not chosen.
    """
    parameters = within_coding(parameters, incidents)
    chosen = select(incidents, parameters)
    official = chosen[chosen["confirmation"] == "us_official"]
    counts, named, days = daily_counts(chosen["date"], parameters), masks(parameters), calendar(parameters)
    periods = {name: _period(name, mask, chosen, parameters) for name, mask in named.items()}
    against = {"outside": "outside", "before": "before", "after": "after", "before_stop": "running"}
    resumed, before = periods["resumed"].rate, periods["before"].rate
    pooled = np.r_[counts[named["resumed"]] - (resumed.value or 0), counts[named["before"]] - (before.value or 0)]
    mean = counts[named["resumed"] | named["before"]].mean() if len(pooled) else 0
    return PauseResult(
        parameters,
        pd.DataFrame({"date": days, "attacks": counts}),
        chosen[chosen["date"].isin(days[named["during"]])].reset_index(drop=True),
        periods,
        {name: compare(name, counts, named["during"], named[mask]) for name, mask in against.items()},
        compare("outside", daily_counts(official["date"], parameters), named["during"], named["outside"]),
        tuple(official.loc[official["date"].isin(days), "incident_id"]),
        scaled_ratio(
            resumed.count, resumed.days, before.count, before.days, float(pooled.var() / mean) if mean else None
        ),
        None if capture is None else pause_ratio(chosen, parameters, capture.set_index("incident_id")["weight"]),
        _mean_capture(periods, capture),
        official_pause(official_counts, parameters, families),
        placebo(counts, np.ones(len(days), dtype=bool), parameters),
        placebo(counts, ~named["stopped"], parameters),
        tuple(_dating(rule, chosen, parameters, reports) for rule in RULES),
        told_days(chosen[chosen["date"].isin(days[named["during"]])], reports),
        find_changes(counts, parameters.window_start, parameters.seed),
        {name: _stop(name, group, parameters) for name, group in stop_groups(chosen).items()},
    )


def read_capture(report_dir: str | Path) -> pd.DataFrame | None:
    """Return the table of capture that the coverage analysis left in `report_dir`, or None if there is none."""
    path = resolve(report_dir) / "tables/capture.csv"
    return pd.read_csv(path) if path.exists() else None
