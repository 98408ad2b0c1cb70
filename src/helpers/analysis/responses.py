"""Attack rates around US strikes: an event study with placebo days matched on the rate before.

Strikes follow attacks, so days after strikes are compared with days after other days on which as many attacks had just
happened: what falls after a peak would have fallen anyway in part. Nothing here says what a strike caused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.analysis.references import article
from helpers.analysis.strikes import REACH, around, daily, iso_days, positions, strikes_in, struck, within_coding
from helpers.parameters import Parameters
from helpers.tables import select

METHODS = {
    "mackinlay1997": article(
        "MacKinlay, A. Craig", 1997, "Event studies in economics and finance", "Journal of Economic Literature", "35",
        "13-39",
    ),
    "field2007": article(
        "Field, C. A.; Welsh, A. H.", 2007, "Bootstrapping clustered data",
        "Journal of the Royal Statistical Society: Series B", "69", "369-390",
    ),
    "barnett2005": article(
        "Barnett, Adrian G.; van der Pols, Jolieke C.; Dobson, Annette J.", 2005,
        "Regression to the mean: what it is and how to deal with it", "International Journal of Epidemiology", "34",
        "215-220",
    ),
    "phipson2010": article(
        "Phipson, Belinda; Smyth, Gordon K.", 2010,
        "Permutation p-values should never be zero: calculating exact p-values when permutations are randomly drawn",
        "Statistical Applications in Genetics and Molecular Biology", "9", "Article 39",
    ),
}  # fmt: skip

#: Fewest placebo days for each strike day; attacks before may differ by more where fewer match.
CANDIDATES = 5

LEVEL = 0.95

#: Independent origins from which a strike counts as well sourced.
WELL_SOURCED = 3

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Study:
    """Attacks in the days before and after a set of strike days.

    Attributes
    ----------
    days: the strike days, ISO; episodes: how many groups they form whose windows overlap.
    before, after: attacks (or their weights) and days_before, days_after in the windows, those of overlapping windows
        counted once for each strike day.
    ratio: rate after over rate before, with low and high from a bootstrap over episodes (None if undefined).
    placebo: median ratio of the matched placebo draws, placebo_low and placebo_high their central 95 %, and p: the
        two-sided share of draws at least as far from their median (None without strikes or draws).
    adjusted: ratio over placebo.
    candidates: fewest and most matching placebo days of a strike day; caliper: the largest difference allowed.
    """

    days: tuple[str, ...]
    episodes: int
    before: float
    after: float
    days_before: int
    days_after: int
    ratio: float | None
    low: float | None
    high: float | None
    placebo: float | None
    placebo_low: float | None
    placebo_high: float | None
    p: float | None
    candidates: tuple[int, int] | None
    caliper: int | None

    @property
    def adjusted(self) -> float | None:
        """The ratio over the median ratio of the placebo days."""
        return self.ratio / self.placebo if self.ratio is not None and self.placebo else None


@dataclass(frozen=True)
class ResponsesResult:
    """What `analyse_responses` finds.

    Attributes
    ----------
    parameters: those of the run.
    strikes: the strikes in the window and countries, by day; undated: response_ids without a day.
    incidents: the attacks that the parameters count.
    counts: attacks a day over the window.
    profile: one row a lag from -REACH to REACH: lag, rate (attacks a day, mean over strike days), n (strike days that
        have that day in the window), low, high (bootstrap over episodes), placebo, placebo_low, placebo_high.
    main: all strike days. variants: name -> Study, see `VARIANTS`.
    shift_p: p of the main ratio among all circular shifts of the strike days, None without strikes.
    first: country -> (day, response_ids) of the first strike there.
    """

    parameters: Parameters
    strikes: pd.DataFrame
    undated: tuple[str, ...]
    incidents: pd.DataFrame
    counts: pd.Series
    profile: pd.DataFrame
    main: Study
    variants: dict[str, Study]
    shift_p: float | None
    first: dict[str, tuple[pd.Timestamp, tuple[str, ...]]]


#: The variants of the study, with what each changes.
VARIANTS = {
    "retaliatory": "strikes called retaliatory alone",
    "self_defence": "strikes called self-defence alone, some of which answer an attack within minutes",
    "without_self_defence": "without days on which any strike was in self-defence",
    "well_sourced": "strikes that at least three independent sources tell of",
    "first_of_episode": "days before the first strike and after the last of each episode, so that no windows overlap",
    "without_pause": "days of the pause left out of all windows",
    "IQ": "strikes in Iraq against attacks in Iraq",
    "SY": "strikes in Syria against attacks in Syria",
    "us_official": "attacks that a US official confirms alone",
    "reweighted": "attacks weighted by the inverse of their capture",
    "three_days": "three days before and after instead of seven",
}


def episodes(days: Ints, reach: int) -> Ints:
    """Return the number of the episode of each of the sorted `days`: days no more than `reach` apart are in one."""
    return np.asarray(np.cumsum(np.r_[0, (np.diff(days) > reach).astype(int)])[: len(days)], dtype=np.int64)


def windows(counts: Floats, days: Ints, reach: int, allowed: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return, for each of `days`, attacks and allowed days: arrays of shape (n, 2), columns before and after."""
    n = len(counts)
    kept = np.where(allowed, counts, 0.0)
    total, ok = np.r_[0.0, np.cumsum(kept)], np.r_[0.0, np.cumsum(allowed)]
    stretches = [np.clip(ends, 0, n) for ends in around(days, reach)]
    sums = np.column_stack([total[stop] - total[start] for start, stop in stretches])
    lengths = np.column_stack([ok[stop] - ok[start] for start, stop in stretches])
    return sums, lengths


def rate_ratio(sums: Floats, lengths: Floats) -> Floats:
    """Return after over before of pooled rates; `sums` and `lengths` end in the axis (before, after). NaN if undefined.

    Half an attack is added on both sides where the before is zero, so that draws stay finite.
    """
    extra = np.where(sums[..., 0] > 0, 0.0, 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = ((sums[..., 1] + extra) / lengths[..., 1]) / ((sums[..., 0] + extra) / lengths[..., 0])
    return np.asarray(np.where((lengths > 0).all(axis=-1) & (sums.sum(axis=-1) > 0), value, np.nan))


def bootstrap_interval(
    sums: Floats, lengths: Floats, groups: Ints, draws: int, rng: np.random.Generator
) -> tuple[float | None, float | None]:
    """Return the percentile interval of the ratio when whole episodes are drawn anew (Field and Welsh 2007)."""
    labels = np.unique(groups)
    if len(labels) < 3:
        return None, None
    by_sum = np.array([sums[groups == label].sum(axis=0) for label in labels])
    by_length = np.array([lengths[groups == label].sum(axis=0) for label in labels])
    picks = rng.integers(0, len(labels), (draws, len(labels)))
    ratios = rate_ratio(by_sum[picks].sum(axis=1), by_length[picks].sum(axis=1))
    ratios = ratios[np.isfinite(ratios)]
    # drawing anew tells nothing where every draw is alike (no attack after any strike)
    if len(ratios) < draws / 2 or ratios.min() == ratios.max():
        return None, None
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def matches(
    counts: Floats, days: Ints, reach: int, allowed: npt.NDArray[np.bool_], match_on: Floats | None = None
) -> tuple[list[Ints], int]:
    """Return for each of `days` its placebo days, and the widest caliper used.

    A placebo day is no strike day, has its whole window within the record, and as many attacks in the `reach` days
    before it, give or take the smallest difference that leaves `CANDIDATES` of them. Days near other strikes are not
    excluded: with strikes this close together few would be left.
    """
    base = counts if match_on is None else match_on
    every = np.arange(len(counts))
    sums, lengths = windows(base, every, reach, allowed)
    whole = (every >= reach) & (every < len(counts) - reach) & (lengths > 0).all(axis=1)
    pool = every[whole & ~np.isin(every, days)]
    found, widest = [], 0
    for day in days:
        apart = np.abs(sums[pool, 0] - sums[day, 0])
        near = np.sort(apart)
        caliper = near[min(CANDIDATES, len(near)) - 1] if len(near) else 0.0
        found.append(pool[apart <= caliper + 1e-9])
        widest = max(widest, int(np.ceil(caliper)))
    return found, widest


def placebo_draws(candidates: list[Ints], draws: int, rng: np.random.Generator) -> Ints:
    """Return an array (draws, strike days): for each draw one placebo day for each strike day."""
    return np.column_stack([options[rng.integers(0, len(options), draws)] for options in candidates])


def study(
    counts: Floats,
    days: Ints,
    parameters: Parameters,
    *,
    reach: int = REACH,
    allowed: npt.NDArray[np.bool_] | None = None,
) -> Study:
    """Return the event study of daily `counts` around the `days` (positions in the window)."""
    ok = np.ones(len(counts), dtype=bool) if allowed is None else allowed
    names = iso_days(days, parameters)
    if len(days) == 0:
        return Study(names, 0, 0.0, 0.0, 0, 0, *[None] * 9)
    rng = np.random.default_rng(parameters.seed)
    sums, lengths = windows(counts, days, reach, ok)
    groups = episodes(days, reach)
    seen = rate_ratio(sums.sum(axis=0), lengths.sum(axis=0))
    ratio = float(seen) if np.isfinite(seen) else None
    low, high = bootstrap_interval(sums, lengths, groups, parameters.resamples, rng)
    pooled: dict[str, Any] = {
        "before": float(sums[:, 0].sum()), "after": float(sums[:, 1].sum()),
        "days_before": int(lengths[:, 0].sum()), "days_after": int(lengths[:, 1].sum()),
    }  # fmt: skip
    options, caliper = matches(counts, days, reach, ok)
    if ratio is None or any(len(option) == 0 for option in options):
        return Study(names, int(groups.max()) + 1, **pooled, ratio=ratio, low=low, high=high, placebo=None,
                     placebo_low=None, placebo_high=None, p=None, candidates=None, caliper=None)  # fmt: skip
    every_sum, every_length = windows(counts, np.arange(len(counts)), reach, ok)
    drawn = placebo_draws(options, parameters.resamples, rng)
    null = rate_ratio(every_sum[drawn].sum(axis=1), every_length[drawn].sum(axis=1))
    null = null[np.isfinite(null)]
    middle = float(np.median(null))
    below, above = (null <= ratio + 1e-12).sum(), (null >= ratio - 1e-12).sum()
    p = min(1.0, 2 * (min(below, above) + 1) / (len(null) + 1))
    ends = np.quantile(null, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    sizes = [len(option) for option in options]
    return Study(names, int(groups.max()) + 1, **pooled, ratio=ratio, low=low, high=high, placebo=middle,
                 placebo_low=float(ends[0]), placebo_high=float(ends[1]), p=float(p),
                 candidates=(min(sizes), max(sizes)), caliper=caliper)  # fmt: skip


def episode_study(counts: Floats, days: Ints, parameters: Parameters) -> Study:
    """Return the study of whole episodes: days before the first strike of each and after its last."""
    if len(days) == 0:
        return study(counts, days, parameters)
    groups = episodes(days, REACH)
    firsts = np.array([days[groups == g].min() for g in np.unique(groups)])
    lasts = np.array([days[groups == g].max() for g in np.unique(groups)])
    ok = np.ones(len(counts), dtype=bool)
    before, before_days = windows(counts, firsts, REACH, ok)
    after, after_days = windows(counts, lasts, REACH, ok)
    sums = np.column_stack([before[:, 0], after[:, 1]])
    lengths = np.column_stack([before_days[:, 0], after_days[:, 1]])
    rng = np.random.default_rng(parameters.seed)
    seen = rate_ratio(sums.sum(axis=0), lengths.sum(axis=0))
    low, high = bootstrap_interval(sums, lengths, np.arange(len(firsts)), parameters.resamples, rng)
    names = iso_days(firsts, parameters)
    return Study(
        names, len(firsts), float(sums[:, 0].sum()), float(sums[:, 1].sum()), int(lengths[:, 0].sum()),
        int(lengths[:, 1].sum()), float(seen) if np.isfinite(seen) else None, low, high, None, None, None, None, None,
        None,
    )  # fmt: skip


def shift_test(counts: Floats, days: Ints, reach: int = REACH) -> float | None:
    """Return p of the ratio among all circular shifts of the strike days: both series keep how they cluster."""
    n = len(counts)
    if len(days) == 0 or counts.sum() == 0 or n <= 2 * reach:
        return None
    lags = np.r_[np.arange(-reach, 0), np.arange(1, reach + 1)]
    shifted = (days[None, :] + np.arange(n)[:, None]) % n
    values = counts[(shifted[:, :, None] + lags[None, None, :]) % n]
    sums = np.stack([values[:, :, :reach].sum(axis=(1, 2)), values[:, :, reach:].sum(axis=(1, 2))], axis=-1)
    ratios = rate_ratio(sums, np.full_like(sums, float(len(days) * reach)))
    ratios = ratios[np.isfinite(ratios)]
    if not len(ratios):
        return None
    tails = (ratios <= ratios[0] + 1e-12).mean(), (ratios >= ratios[0] - 1e-12).mean()
    return float(min(1.0, 2 * min(tails)))


def profile(counts: Floats, days: Ints, parameters: Parameters) -> pd.DataFrame:
    """Return attacks a day at each lag around `days`, with the bootstrap's and the placebo days' bands."""
    columns = ["lag", "rate", "n", "low", "high", "placebo", "placebo_low", "placebo_high"]
    lags = np.arange(-REACH, REACH + 1)
    if len(days) == 0:
        return pd.DataFrame(columns=columns)
    rng = np.random.default_rng(parameters.seed)
    padded = np.r_[np.full(REACH, np.nan), counts, np.full(REACH, np.nan)]
    around = padded[days[:, None] + lags[None, :] + REACH]
    groups = episodes(days, REACH)
    labels = np.unique(groups)
    sums = np.array([np.nansum(around[groups == g], axis=0) for g in labels])
    sizes = np.array([(~np.isnan(around[groups == g])).sum(axis=0) for g in labels])
    picks = rng.integers(0, len(labels), (parameters.resamples, len(labels)))
    with np.errstate(invalid="ignore", divide="ignore"):
        again = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
        rates = sums.sum(axis=0) / sizes.sum(axis=0)
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.nanquantile(again, ends, axis=0) if len(labels) > 2 else (np.full(len(lags), np.nan),) * 2
    options, _ = matches(counts, days, REACH, np.ones(len(counts), dtype=bool))
    if any(len(option) == 0 for option in options):
        middle = near = far = np.full(len(lags), np.nan)
    else:
        drawn = placebo_draws(options, min(parameters.resamples, 1999), rng)
        null = counts[drawn[:, :, None] + lags[None, None, :]].mean(axis=1)
        middle, (near, far) = null.mean(axis=0), np.quantile(null, ends, axis=0)
    return pd.DataFrame(dict(zip(columns, (lags, rates, sizes.sum(axis=0), low, high, middle, near, far), strict=True)))


def analyse_responses(
    incidents: pd.DataFrame, responses: pd.DataFrame, parameters: Parameters, weights: pd.Series | None = None
) -> ResponsesResult:
    """Study attacks around US strikes.

    `incidents` and `responses` are clean tables; `weights` (incident_id -> weight, from ``capture.csv``) reweights one
    variant. Strike days are days, not strikes: several strikes of a night are one.
    """
    parameters = within_coding(parameters, incidents)
    counted, strikes = select(incidents, parameters), strikes_in(responses, parameters)
    series = daily(counted, parameters)
    counts = series.to_numpy()
    days = positions(strikes["date"], parameters)
    ok = np.ones(len(counts), dtype=bool)
    paused = (series.index >= pd.Timestamp(parameters.pause_start)) & (
        series.index < pd.Timestamp(parameters.pause_end)
    )
    kinds = strikes["kind"].fillna("")
    defence = positions(strikes.loc[kinds == "self_defence", "date"], parameters)
    sourced = strikes["n_independent"] if "n_independent" in strikes else strikes["n_sources"]
    sure = daily(counted[counted["confirmation"] == "us_official"], parameters).to_numpy()
    chosen: dict[str, Study] = {
        "retaliatory": study(counts, positions(strikes.loc[kinds == "retaliatory", "date"], parameters), parameters),
        "self_defence": study(counts, defence, parameters),
        "without_self_defence": study(counts, days[~np.isin(days, defence)], parameters),
        "well_sourced": study(counts, positions(strikes.loc[sourced >= WELL_SOURCED, "date"], parameters), parameters),
        "first_of_episode": episode_study(counts, days, parameters),
        "without_pause": study(counts, days, parameters, allowed=ok & ~paused),
        "us_official": study(sure, days, parameters),
        "three_days": study(counts, days, parameters, reach=3),
    }
    for code in ("IQ", "SY"):
        there = strikes[struck(strikes, code)]
        local = daily(counted[counted["country"] == code], parameters).to_numpy()
        chosen[code] = study(local, positions(there["date"], parameters), parameters)
    if weights is not None:
        chosen["reweighted"] = study(daily(counted, parameters, weights).to_numpy(), days, parameters)
    first: dict[str, tuple[pd.Timestamp, tuple[str, ...]]] = {}
    for code in parameters.countries:
        there = strikes[struck(strikes, code)]
        if len(there):
            day = there["date"].min()
            first[code] = (day, tuple(there.loc[there["date"] == day, "response_id"]))
    undated = tuple(responses.loc[responses["date"].isna(), "response_id"].astype(str))
    return ResponsesResult(
        parameters, strikes, undated, counted, series, profile(counts, days, parameters),
        study(counts, days, parameters), {name: chosen[name] for name in VARIANTS if name in chosen},
        shift_test(counts, days), first,
    )  # fmt: skip
