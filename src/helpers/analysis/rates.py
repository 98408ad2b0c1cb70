"""Rates of rare events and their ratios: exact, and allowing for attacks that come in clusters.

All take whole counts and days, and give a small typed result. A ratio divides the first rate by the second. Where a
quantity has no value (no days, no events on either side) it is None, never a guess.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from helpers.analysis.references import article, book

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEVEL = 0.95

#: Fewest different places for a block below which the blocks say too little of how attacks cluster.
FEWEST_BLOCKS = 10

METHODS = {
    "garwood1936": article(
        "Garwood, F.", 1936, "Fiducial limits for the Poisson distribution", "Biometrika", "28", "437-442"
    ),
    "clopper1934": article(
        "Clopper, C. J.; Pearson, E. S.",
        1934,
        "The use of confidence or fiducial limits illustrated in the case of the binomial",
        "Biometrika",
        "26",
        "404-413",
    ),
    "przyborowski1940": article(
        "Przyborowski, J.; Wilenski, H.",
        1940,
        "Homogeneity of results in testing samples from Poisson series",
        "Biometrika",
        "31",
        "313-323",
    ),
    "fay2010": article(
        "Fay, Michael P.",
        2010,
        "Two-sided exact tests and matching confidence intervals for discrete data",
        "The R Journal",
        "2",
        "53-58",
    ),
    "korngraubard1998": article(
        "Korn, Edward L.; Graubard, Barry I.",
        1998,
        "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
        "Survey Methodology",
        "24",
        "193-201",
    ),
    "kunsch1989": article(
        "Künsch, Hans R.",
        1989,
        "The jackknife and the bootstrap for general stationary observations",
        "The Annals of Statistics",
        "17",
        "1217-1241",
    ),
    "coxlewis1966": book(
        "Cox, D. R.; Lewis, P. A. W.", 1966, "The Statistical Analysis of Series of Events", "Methuen"
    ),
    "cameron2013": book(
        "Cameron, A. Colin; Trivedi, Pravin K.", 2013, "Regression Analysis of Count Data", "Cambridge University Press"
    ),
}


@dataclass(frozen=True)
class Rate:
    """A rate: `count` events in `days`, and its `value`, `low`, `high` per day (None without days)."""

    count: int
    days: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ratio:
    """A ratio of two rates: `value`, its interval from `low` to `high`, two-sided `p` of no difference, and `method`.

    `value` is None when the second rate is zero or a side has no days; `high` None is no upper bound; with `note`
    saying why something is missing.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    method: str
    note: str = ""

    @property
    def below_one(self) -> bool:
        """Whether the whole interval lies below one."""
        return self.high is not None and self.high < 1

    @property
    def above_one(self) -> bool:
        """Whether the whole interval lies above one."""
        return self.low is not None and self.low > 1


@dataclass(frozen=True)
class Dispersion:
    """Variance over mean of daily counts in one stretch, with two-sided `p` of a Poisson series; None if undefined."""

    index: float | None
    p: float | None
    days: int


def poisson_rate(count: int, days: int, level: float = LEVEL) -> Rate:
    """Return the rate per day with Garwood's (1936) exact interval."""
    if days <= 0:
        return Rate(count, days, None, None, None)
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    high = stats.chi2.isf(tail, 2 * count + 2) / 2
    return Rate(count, days, count / days, float(low) / days, float(high) / days)


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Return the exact interval of the share that `count` is `of` a number, at least one (Clopper and Pearson 1934)."""
    found = stats.binomtest(count, of).proportion_ci(LEVEL, method="exact")
    return float(found.low), float(found.high)


def conditional_ratio(
    count: npt.ArrayLike, days: npt.ArrayLike, count0: npt.ArrayLike, days0: npt.ArrayLike, level: float = LEVEL
) -> tuple[Array, Array, Array]:
    """Return low, high and p of the ratio of two Poisson rates, given their sum, for whole arrays at once.

    Given the sum, the first count is binomial (Przyborowski and Wilenski 1940); Clopper and Pearson's limits carry over
    to the ratio, and p is twice the smaller tail, so that test and interval agree (Fay 2010). Counts need not be whole:
    Korn and Graubard (1998) put effective ones into the same beta quantiles. No upper bound is infinity; p is NaN
    without any event.
    """
    a, b = np.asarray(count, dtype=float), np.asarray(count0, dtype=float)
    scale = np.asarray(days0, dtype=float) / np.asarray(days, dtype=float)
    tail = (1 - level) / 2
    share_low = np.where(a > 0, stats.beta.ppf(tail, np.maximum(a, 1e-12), b + 1), 0.0)
    share_high = np.where(b > 0, stats.beta.isf(tail, a + 1, np.maximum(b, 1e-12)), 1.0)
    with np.errstate(divide="ignore"):
        low, high = share_low / (1 - share_low) * scale, share_high / (1 - share_high) * scale
    null = 1 / (1 + scale)
    # P(X <= a) and P(X >= a) of a binomial as beta tails, which fractions do not trouble
    below = np.where(b > 0, stats.beta.sf(null, a + 1, np.maximum(b, 1e-12)), 1.0)
    above = np.where(a > 0, stats.beta.cdf(null, np.maximum(a, 1e-12), b + 1), 1.0)
    p = np.where(a + b > 0, np.minimum(1.0, 2 * np.minimum(below, above)), np.nan)
    return np.asarray(low), np.asarray(high), np.asarray(p)


def _ratio(
    count: float, days: float, count0: float, days0: float, method: str, shrink: float = 1.0, note: str = ""
) -> Ratio:
    """Return the conditional ratio with counts divided by `shrink` (1: exact), or none where it is undefined."""
    if days <= 0 or days0 <= 0:
        return Ratio(None, None, None, None, method, "no days on one side")
    if count + count0 == 0:
        return Ratio(None, None, None, None, method, "no attack on either side")
    value = count / days / (count0 / days0) if count0 else None
    low, high, p = (float(x) for x in conditional_ratio(count / shrink, days, count0 / shrink, days0))
    note = note or ("" if count0 else "the comparison has no attack: no upper bound")
    return Ratio(value, low, high if np.isfinite(high) else None, p, method, note)


def exact_ratio(count: int, days: int, count0: int, days0: int) -> Ratio:
    """Return the ratio of two Poisson rates by the exact conditional test (Przyborowski and Wilenski 1940)."""
    return _ratio(count, days, count0, days0, "exact")


def scaled_ratio(count: float, days: float, count0: float, days0: float, index: float | None) -> Ratio:
    """Return the ratio with counts divided by the dispersion `index` (variance over mean), if that is above one.

    So many clustered events tell as much as fewer independent ones (the effective sample size of Korn and Graubard
    1998). It also takes fractions, such as weighted counts.
    """
    shrink = max(1.0, index or 1.0)
    return _ratio(count, days, count0, days0, "scaled", shrink, "" if index else "dispersion unknown: taken as one")


def dispersion(counts: npt.ArrayLike) -> Dispersion:
    """Return variance over mean of daily `counts` and the index test of a Poisson series (Cox and Lewis 1966, 6.3)."""
    x = np.asarray(counts, dtype=float)
    if len(x) < 2 or x.sum() == 0:
        return Dispersion(None, None, len(x))
    index = float(x.var(ddof=1) / x.mean())
    total = index * (len(x) - 1)
    tails = stats.chi2.cdf(total, len(x) - 1), stats.chi2.sf(total, len(x) - 1)
    return Dispersion(index, float(min(1.0, 2 * min(tails))), len(x))


def negative_binomial_ratio(inside: npt.ArrayLike, outside: npt.ArrayLike) -> Ratio:
    """Return the ratio of daily rates by negative binomial regression (NB2; Cameron and Trivedi 2013, 3.3).

    `inside` and `outside` hold daily counts. Days count as independent of each other. The interval is the profile
    likelihood's (Wald's is far off with one event) and needs an event on both sides. Without extra variance, or where
    the fit does not converge, the result has no values and says so.
    """
    from statsmodels.discrete.discrete_model import NegativeBinomial

    x, y = np.asarray(inside, dtype=float), np.asarray(outside, dtype=float)
    name = "negative binomial"
    if x.sum() == 0 or y.sum() == 0:
        return Ratio(None, None, None, None, name, "a side without an attack has no fit")
    counts = np.concatenate([x, y])
    design = np.column_stack([np.ones(len(counts)), np.r_[np.ones(len(x)), np.zeros(len(y))]])
    index = dispersion(y).index
    if index is None or index <= 1:
        return Ratio(None, None, None, None, name, "no more variance than a Poisson series: nothing to fit")

    def fit(columns: Array, offset: Array) -> tuple[float, Array, bool]:
        start = np.r_[np.log(max(counts.mean(), 1e-3)), np.zeros(columns.shape[1] - 1), 0.5]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = NegativeBinomial(counts, columns, offset=offset).fit(start, disp=0, maxiter=200)
        return float(result.llf), np.asarray(result.params), bool(result.mle_retvals["converged"])

    try:
        best, parameters, converged = fit(design, np.zeros(len(counts)))
    except (np.linalg.LinAlgError, ValueError):
        converged = False
    if not converged:
        return Ratio(None, None, None, None, name, "the fit does not converge")
    beta, limit = float(parameters[1]), stats.chi2.ppf(LEVEL, 1) / 2

    def drop(effect: float) -> float:
        return best - fit(design[:, :1], effect * design[:, 1])[0] - limit

    low, high = _crossing(drop, beta, -1.0), _crossing(drop, beta, 1.0)
    p = float(stats.chi2.sf(2 * (drop(0.0) + limit), 1))
    note = "" if low is not None and high is not None else "an end of the interval was not found"
    return Ratio(float(np.exp(beta)), _exp(low), _exp(high), p, name, note)


def _exp(value: float | None) -> float | None:
    return None if value is None else float(np.exp(value))


def _crossing(function: Callable[[float], float], start: float, step: float) -> float | None:
    """Return where `function`, negative at `start`, crosses zero in the direction of `step`; None within 10 steps."""
    here = start
    for _ in range(10):
        if function(here + step) > 0:
            return float(optimize.brentq(function, here, here + step, xtol=1e-4))
        here += step
    return None


def block_sums(counts: npt.ArrayLike, allowed: npt.ArrayLike, length: int) -> Counts:
    """Return the sums of `counts` over every run of `length` days that lies wholly in `allowed` days."""
    x, ok = np.asarray(counts, dtype=np.int64), np.asarray(allowed, dtype=np.int64)
    if length < 1 or length > len(x):
        return np.empty(0, dtype=np.int64)
    ends = np.cumsum(np.r_[0, x]), np.cumsum(np.r_[0, ok])
    sums, free = (end[length:] - end[:-length] for end in ends)
    return np.asarray(sums[free == length])


def _thinned_cdf(count: Array, total: Array, ratio: Array) -> Array:
    """Return P(N <= count) when `total` events are each kept with probability `ratio`, or multiplied if above one.

    A ratio of 2.3 makes two of each event and keeps a third one with probability 0.3.
    """
    whole = np.floor(ratio)
    rest, total = np.broadcast_arrays(count - whole * total, total)
    keep = np.broadcast_to(ratio - whole, rest.shape)
    # the binomial's distribution function as an incomplete beta integral
    inside = special.betainc(np.maximum(total - rest, 1e-9), np.maximum(rest, 0) + 1, 1 - keep)
    return np.where(rest < 0, 0.0, np.where(rest >= total, 1.0, np.asarray(inside)))


def block_tails(count: npt.ArrayLike, sums: Array, shares: Array, spread: npt.ArrayLike, ratio: Array) -> Array:
    """Return P(N <= count) under each `ratio`, N a block of the comparison thinned by it.

    For m cases: `count`, `spread` and `ratio` have shape (m,), `sums` and `shares` (m, k): the different block totals
    and how often each occurs. `spread` is the standard error of the comparison's log rate, over which it averages
    (Gauss and Hermite's quadrature, three points).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    factor = np.exp(np.asarray(spread)[:, None] * nodes) * np.asarray(ratio)[:, None]
    inner = _thinned_cdf(np.asarray(count, dtype=float)[:, None, None], sums[:, None, :], factor[:, :, None])
    return np.asarray(np.einsum("mqk,mk,q->m", inner, shares, weights / weights.sum()))


def block_intervals(
    count: npt.ArrayLike, sums: Array, shares: Array, spread: npt.ArrayLike, level: float = LEVEL, steps: int = 30
) -> tuple[Array, Array, Array]:
    """Return low, high and p of m ratios (shapes as in `block_tails`), by `steps` halvings on a log scale."""
    count = np.asarray(count, dtype=float)
    tail = (1 - level) / 2

    def at_most(ratio: Array) -> Array:
        return block_tails(count, sums, shares, spread, ratio)

    def at_least(ratio: Array) -> Array:
        return 1 - block_tails(count - 1, sums, shares, spread, ratio)

    def solve(function: Callable[[Array], Array], sign: int) -> Array:
        low, high = np.full(len(count), np.log(1e-4)), np.full(len(count), np.log(1e3))
        for _ in range(steps):
            middle = (low + high) / 2
            up = sign * (function(np.exp(middle)) - tail) > 0
            low, high = np.where(up, middle, low), np.where(up, high, middle)
        return np.asarray(np.exp((low + high) / 2))

    lows = np.where(count > 0, solve(at_least, -1), 0.0)
    highs = solve(at_most, 1)
    one = np.ones(len(count))
    p = np.minimum(1.0, 2 * np.minimum(at_most(one), at_least(one)))
    return lows, np.where(highs > 990, np.inf, highs), p


def block_spread(sums: Counts, length: int, days: int) -> float:
    """Return the standard error of the log of a rate over `days`, from its moving blocks of `length` (Künsch 1989)."""
    mean = float(sums.mean()) if len(sums) else 0.0
    return float(np.sqrt(sums.var() * length / days) / mean) if mean > 0 and days > 0 else 0.0


def block_ratio(counts: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike) -> Ratio:
    """Return the ratio of the daily rate `inside` to that `outside`, allowing for attacks that cluster in time.

    `counts` holds every day in order, `inside` and `outside` are masks of the days compared. The days inside are set
    against every run of as many days outside (moving blocks, Künsch 1989), so that both the spread of a day's count and
    its likeness to the days before enter as the record has them. A ratio is in the interval if blocks whose events are
    thinned by it give a count as small, and as large, as the one seen with more than 2.5 in a hundred each; the
    uncertainty of the rate outside is averaged over. It is enumerated, not drawn: nothing hangs on a seed. Blocks
    overlap, so the interval is approximate.
    """
    x, here = np.asarray(counts, dtype=np.int64), np.asarray(inside, dtype=bool)
    there = np.asarray(outside, dtype=bool)
    length, days0 = int(here.sum()), int(there.sum())
    if length == 0 or days0 == 0:
        return Ratio(None, None, None, None, "blocks", "no days on one side")
    sums = block_sums(x, there, length)
    if len(sums) < FEWEST_BLOCKS or sums.sum() == 0:
        return Ratio(None, None, None, None, "blocks", "too few stretches of that length to compare with")
    count, count0 = int(x[here].sum()), int(x[there].sum())
    values, times = np.unique(sums, return_counts=True)
    spread = block_spread(sums, length, days0)
    low, high, p = block_intervals([count], values[None, :].astype(float), times[None, :] / times.sum(), [spread])
    value = count / length / (count0 / days0)
    return Ratio(value, float(low[0]), float(high[0]) if np.isfinite(high[0]) else None, float(p[0]), "blocks")


def largest_in_blocks(counts: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike) -> int | None:
    """Return the largest count in the days `inside` with which `block_ratio`'s interval would lie below one.

    None if no count would do, not even zero (or there are too few blocks): then these days cannot show a fall.
    """
    x, there = np.asarray(counts, dtype=np.int64), np.asarray(outside, dtype=bool)
    length = int(np.asarray(inside, dtype=bool).sum())
    sums = block_sums(x, there, length)
    if length == 0 or len(sums) < FEWEST_BLOCKS or sums.sum() == 0:
        return None
    values, times = np.unique(sums, return_counts=True)
    tries = np.arange(int(values.max()) + 1)
    shape = (len(tries), len(values))
    shares, totals = np.broadcast_to(times / times.sum(), shape), np.broadcast_to(values.astype(float), shape)
    spread = np.full(len(tries), block_spread(sums, length, int(there.sum())))
    tails = block_tails(tries, totals, shares, spread, np.ones(len(tries)))
    few = tails <= (1 - LEVEL) / 2
    return int(tries[few].max()) if few.any() else None


def largest_telling(days: int, count0: int, days0: int) -> int | None:
    """Return the largest count in `days` of which the exact interval still lies below the other rate; None if none."""
    if days <= 0 or days0 <= 0 or count0 == 0:
        return None
    counts = np.arange(int(np.ceil(count0 / days0 * days)) + 1)
    highs = conditional_ratio(counts, days, count0, days0)[1]
    return int(counts[highs < 1].max()) if (highs < 1).any() else None


def block_power(counts: npt.ArrayLike, outside: npt.ArrayLike, length: int, ratio: float) -> tuple[float, int] | None:
    """Return the power of the block interval to lie below one if the true ratio is `ratio`, and the largest such count.

    None if no count, not even zero, would do (or there are too few blocks): then the days cannot show a fall.
    """
    x, there = np.asarray(counts, dtype=np.int64), np.asarray(outside, dtype=bool)
    sums = block_sums(x, there, length)
    if len(sums) < FEWEST_BLOCKS or sums.sum() == 0:
        return None
    values, times = np.unique(sums, return_counts=True)
    spread, tries = block_spread(sums, length, int(there.sum())), np.arange(int(values.max()) + 1)
    many = np.repeat((times / times.sum())[None, :], len(tries), axis=0)
    totals = np.repeat(values[None, :].astype(float), len(tries), axis=0)
    tails = block_tails(tries, totals, many, np.full(len(tries), spread), np.ones(len(tries)))
    if not (tails <= (1 - LEVEL) / 2).any():
        return None
    most = int(tries[tails <= (1 - LEVEL) / 2].max())
    power = block_tails([most], totals[:1], many[:1], [spread], np.array([ratio]))
    return float(power[0]), most
