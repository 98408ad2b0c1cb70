"""The headline findings, each as one estimate that can be made again under other choices.

A headline says what is measured, which estimate would bear it out, and `holds`: whether this one does. The notebooks
of the findings tell them in full; coverage makes them again with reweighted incidents, robustness under every choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special

from helpers.analysis import ladder
from helpers.analysis.official import official_pause
from helpers.analysis.ordered import kendall, top_timing
from helpers.analysis.pause_v1 import daily_counts, masks, weighted_ratio
from helpers.analysis.rates import LEVEL, Array, Mask, Ratio, block_ratio, dispersion, exact_ratio, scaled_ratio
from helpers.analysis.strikes import around, within_coding
from helpers.parameters import Parameters
from helpers.tables import select
from helpers.vocabulary import weapons


@dataclass(frozen=True)
class Sample:
    """What a headline is estimated from.

    Attributes
    ----------
    incidents: those that count, with date, country, confirmation, top_weapon and the columns of harm.
    weights: incident_id -> weight, or None; one where missing.
    rungs: incident_id -> rung to read instead of the coded one (for missiles of a kind not said), or None.
    responses, official_counts, families: clean tables of US strikes and totals, and source_id -> origin.
    estimator: how a ratio of rates allows for clustering: blocks, scaled or exact (see `helpers.analysis.rates`).
    against: the days that the pause is compared with, as named by `helpers.analysis.pause.masks`.
    """

    incidents: pd.DataFrame
    parameters: Parameters
    weights: pd.Series | None = None
    rungs: pd.Series | None = None
    responses: pd.DataFrame | None = None
    official_counts: pd.DataFrame | None = None
    families: pd.Series | None = field(default=None)
    estimator: str = "blocks"
    against: str = "outside"


@dataclass(frozen=True)
class Estimate:
    """One estimate: `value` from `low` to `high` (None where undefined), and whether the headline holds by it.

    `holds` is None where the headline cannot be judged; `p` belongs to tests without an interval; `note` says why.
    """

    value: float | None
    low: float | None
    high: float | None
    holds: bool | None
    p: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """One headline finding.

    Attributes
    ----------
    name: its name in facts. statement: what would be true if it holds. holds_if: the condition on the estimate.
    unit: of the estimate (see `helpers.facts`). null: the value that means no difference.
    uses: the choices that can change it (see `helpers.analysis.robustness.CHOICES`).
    above: whether the estimate lies above `null` if the statement is true, else below.
    """

    name: str
    statement: str
    holds_if: str
    unit: str
    null: float
    estimate: Callable[[Sample], Estimate]
    uses: frozenset[str]
    above: bool = False


def _from_ratio(ratio: Ratio, above: bool = False) -> Estimate:
    holds = None if ratio.p is None and ratio.low is None else ratio.above_one if above else ratio.below_one
    return Estimate(ratio.value, ratio.low, ratio.high, holds, ratio.p, ratio.note)


@dataclass(frozen=True)
class Contrast:
    """Two sets of days whose rates are compared, as masks of the window; `spread` are the days that show clustering."""

    inside: Mask
    outside: Mask
    spread: Mask
    above: bool = False


def pause_days(parameters: Parameters, against: str = "outside", responses: pd.DataFrame | None = None) -> Contrast:
    """Return the pause against the days named by `against`."""
    named = masks(parameters)
    return Contrast(named["during"], named[against], named[against])


def resumed_days(parameters: Parameters, against: str = "", responses: pd.DataFrame | None = None) -> Contrast:
    """Return the days after the pause, up to the second stop, against the pause; the ratio should lie above one."""
    named = masks(parameters)
    return Contrast(named["resumed"], named["during"], named["resumed"], above=True)


def stop_days(parameters: Parameters, against: str = "", responses: pd.DataFrame | None = None) -> Contrast:
    """Return the days since the second stop against those before it, the pause in neither."""
    named = masks(parameters)
    return Contrast(named["stopped"], named["running"], named["running"])


def strike_days(parameters: Parameters, against: str = "", responses: pd.DataFrame | None = None) -> Contrast:
    """Return the days after US strikes against those before, each day once; days of both kinds are left out."""
    days = np.arange((parameters.window_end - parameters.window_start).days + 1)
    told = pd.Series(dtype="datetime64[ns]") if responses is None else responses["date"].dropna()
    # strikes just outside the window have days before and after them in it
    strikes = (told - pd.Timestamp(parameters.window_start)).dt.days.to_numpy()[:, None].astype(np.int64)
    stretches = around(strikes)
    before, after = (np.logical_or.reduce((days >= start) & (days < stop)) for start, stop in stretches)
    return Contrast(after & ~before, before & ~after, before & ~after)


#: Headlines that compare the rates of two sets of days.
CONTRASTS: dict[str, Callable[..., Contrast]] = {
    "pause": pause_days, "resumed": resumed_days, "stop": stop_days, "after_strikes": strike_days,
}  # fmt: skip


def _contrast(name: str, sample: Sample) -> Estimate:
    """Return the ratio of rates of a contrast by the sample's estimator and weights.

    Only the pause is short enough to be set against blocks of its length; the others allow for clustering by the
    dispersion of daily counts.
    """
    sides = CONTRASTS[name](sample.parameters, sample.against, sample.responses)
    counts = daily_counts(sample.incidents["date"], sample.parameters)
    here, there = sides.inside, sides.outside
    numbers = int(counts[here].sum()), int(here.sum()), int(counts[there].sum()), int(there.sum())
    if sample.estimator == "exact":
        ratio = exact_ratio(*numbers)
    elif sample.estimator == "blocks" and name == "pause":
        ratio = block_ratio(counts, here, there)
    else:
        ratio = scaled_ratio(*numbers, dispersion(counts[sides.spread]).index)
    if sample.weights is not None:
        ratio = weighted_ratio(sample.incidents, sample.weights, ratio, sample.parameters, here, there)
    return _from_ratio(ratio, sides.above)


def pause(sample: Sample) -> Estimate:
    """Return attacks a day in the pause over those on the days compared."""
    return _contrast("pause", sample)


def resumed(sample: Sample) -> Estimate:
    """Return attacks a day after the pause, up to the second stop, over those in it."""
    return _contrast("resumed", sample)


def stop(sample: Sample) -> Estimate:
    """Return attacks a day since the second stop over those before it."""
    return _contrast("stop", sample)


def after_strikes(sample: Sample) -> Estimate:
    """Return attacks after US strikes over those in as many days before: no cause is shown, strikes follow attacks."""
    if sample.responses is None or not len(sample.responses):
        return Estimate(None, None, None, None, note="no table of US strikes")
    return _contrast("after_strikes", sample)


def by_totals(sample: Sample) -> Estimate:
    """Return the same ratio as `pause` from officials' totals alone."""
    if sample.official_counts is None:
        return Estimate(None, None, None, None, note="the table of official totals was not given")
    found = official_pause(sample.official_counts, sample.parameters, sample.families)
    return _from_ratio(found.exact if sample.estimator == "exact" else found.ratio)


@dataclass(frozen=True)
class Climb:
    """What the headlines of the ladder rest on, one entry an incident: `rung` (NaN: none), `day` and whether `early`.

    `early` incidents came before the pause; `weight` is what each counts, or None.
    """

    rung: Array
    day: Array
    early: Mask
    weight: Array | None = None

    def on_ladder(self) -> Climb:
        """Return the incidents that have a rung."""
        kept = ~np.isnan(self.rung)
        weight = None if self.weight is None else self.weight[kept]
        return Climb(self.rung[kept], self.day[kept], self.early[kept], weight)


def climb(incidents: pd.DataFrame, parameters: Parameters) -> Climb:
    """Return the rungs and days of `incidents`."""
    known = weapons(parameters.reference_dir)
    rungs = {code: np.nan if weapon.rung is None else float(weapon.rung) for code, weapon in known.items()}
    days = incidents["date"].to_numpy(dtype="datetime64[D]")
    return Climb(
        np.array([rungs.get(code, np.nan) for code in incidents["top_weapon"].tolist()], dtype=float),
        (days - np.datetime64(parameters.window_start)).astype(float),
        days < np.datetime64(parameters.pause_start),
    )


def rising(climb: Climb, missile: int) -> Estimate:
    """Return Kendall's tau-b of the top weapon over time, weeks kept together; its interval from the test's error."""
    found = kendall(climb.rung, climb.day, climb.weight)
    if found.tau is None or found.p is None:
        return Estimate(None, None, None, None, note="no two days with two weapons")
    half = abs(found.tau) * float(special.ndtri((1 + LEVEL) / 2) / max(-special.ndtri(found.p / 2), 1e-9))
    low, high = max(-1.0, found.tau - half), min(1.0, found.tau + half)
    return Estimate(found.tau, low, high, found.direction == "rise", found.p)


def missiles_late(climb: Climb, missile: int) -> Estimate:
    """Return the mean place of missile incidents in the record (0 first, 1 last) by an exact permutation test."""
    found = top_timing(climb.rung >= missile, climb.day, climb.weight, power=False)
    if found.mean is None or found.p_late is None:
        return Estimate(None, None, None, None, note=f"{found.k} incidents with such a missile")
    late = found.p_late < 1 - LEVEL
    return Estimate(found.mean, None, None, late, found.p_late, f"{found.k} incidents with such a missile")


def missiles_before(climb: Climb, missile: int) -> Estimate:
    """Return how many incidents with a ballistic or cruise missile came before the pause, if any incident did."""
    if not climb.early.any():
        return Estimate(None, None, None, None, note="no incident with a known weapon before the pause")
    early = (climb.rung >= missile) & climb.early
    count = float(early.sum() if climb.weight is None else climb.weight[early].sum())
    return Estimate(count, None, None, bool(early.any()))


#: Headlines of the ladder, from the incidents on it and the lowest rung that is a ballistic or cruise missile.
LADDER: dict[str, Callable[[Climb, int], Estimate]] = {
    "rising": rising, "missiles_late": missiles_late, "missiles_before": missiles_before,
}  # fmt: skip


def _ladder(name: str) -> Callable[[Sample], Estimate]:
    def estimate(sample: Sample) -> Estimate:
        found, ids = climb(sample.incidents, sample.parameters), sample.incidents["incident_id"]
        if sample.rungs is not None:
            taken = ids.map(sample.rungs).to_numpy(dtype=float)
            found = replace(found, rung=np.where(np.isnan(taken), found.rung, taken))
        if sample.weights is not None:
            found = replace(found, weight=ids.map(sample.weights).fillna(1.0).to_numpy(dtype=float))
        return LADDER[name](found.on_ladder(), ladder.missile_rung(sample.parameters.reference_dir))

    return estimate


def harm_concentrated(sample: Sample) -> Estimate:
    """Return the share of US casualties, killed and injured, that fell in the three gravest attacks.

    The best numbers; from `low` (least numbers in those attacks, most elsewhere) to `high` (the other way round).
    """
    frame = sample.incidents
    weight = 1.0 if sample.weights is None else frame["incident_id"].map(sample.weights).fillna(1.0)
    killed = frame["us_killed"].astype(float).fillna(0)
    best, least, most = (
        (frame[f"us_injured_{kind}"].astype(float).fillna(0) + killed) * weight for kind in ("best", "low", "high")
    )
    low, high = np.minimum(least.to_numpy(), best.to_numpy()), np.maximum(most.to_numpy(), best.to_numpy())
    if best.sum() == 0:
        return Estimate(None, None, None, None, note="no US casualty on record")
    top = np.zeros(len(best), dtype=bool)
    top[np.argsort(-best.to_numpy(), kind="stable")[:3]] = True
    low_share = low[top].sum() / max(low[top].sum() + high[~top].sum(), 1e-12)
    high_share = high[top].sum() / max(high[top].sum() + low[~top].sum(), 1e-12)
    share = float(best.to_numpy()[top].sum() / best.sum())
    return Estimate(share, float(low_share), float(high_share), bool(low_share > 0.5))


DATA = frozenset({"who", "countries", "window", "dating", "duplicates"})
TOTALS = frozenset({"countries", "bounds", "estimator"})

HEADLINES: dict[str, Headline] = {
    headline.name: headline
    for headline in (
        Headline("pause", "Attacks were rarer in the pause than on the days compared", "the interval lies below one",
                 "ratio", 1.0, pause, DATA | {"bounds", "against", "estimator"}),
        Headline("pause_official", "By officials’ totals alone, attacks were rarer in the pause",
                 "the interval lies below one", "ratio", 1.0, by_totals, TOTALS),
        Headline("resumed", "Attacks resumed after the pause", "the interval of after over during lies above one",
                 "ratio", 1.0, resumed, DATA | {"bounds", "estimator"}, above=True),
        Headline("stop", "Attacks were rarer since the second stop", "the interval lies below one",
                 "ratio", 1.0, stop, DATA | {"estimator"}),
        Headline("rising", "Weapons rose on the ladder over time", "tau is above zero and p below 0.05",
                 "tau", 0.0, _ladder("rising"), DATA | {"missiles"}, above=True),
        Headline("missiles_late", "Ballistic and cruise missiles came late in the record",
                 "the exact one-sided p is below 0.05", "share", 0.5, _ladder("missiles_late"),
                 DATA | {"missiles"}, above=True),
        Headline("missiles_before", "A ballistic missile was used before the pause", "at least one such incident",
                 "incidents", 0.0, _ladder("missiles_before"), DATA | {"missiles"}, above=True),
        Headline("after_strikes", "Attacks were rarer in the week after US strikes than in the week before",
                 "the interval lies below one", "ratio", 1.0, after_strikes, DATA | {"estimator"}),
        Headline("harm", "Three attacks account for most US casualties", "more than half even by the least numbers",
                 "share", 0.5, harm_concentrated, DATA, above=True),
    )
}  # fmt: skip


def evaluate(
    incidents: pd.DataFrame,
    parameters: Parameters,
    *,
    weights: pd.Series | None = None,
    responses: pd.DataFrame | None = None,
    official_counts: pd.DataFrame | None = None,
    families: pd.Series | None = None,
    names: Iterable[str] | None = None,
) -> dict[str, Estimate]:
    """Return headline name -> `Estimate` from the clean table `incidents` under `parameters`.

    `weights` (incident_id -> weight) reweights the incidents, for example by the inverse of capture.
    """
    parameters = within_coding(parameters, incidents)
    chosen = select(incidents, parameters)
    sample = Sample(chosen, parameters, weights, None, responses, official_counts, families)
    return {name: HEADLINES[name].estimate(sample) for name in (names or HEADLINES)}
