"""Change points of a daily series, found without being told any date: Bayesian Blocks, and PELT as a second opinion."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from astropy.stats import bayesian_blocks
from astropy.stats.bayesian_blocks import Events
from scipy.special import xlogy

from helpers.analysis.rates import Array, Counts, Rate, poisson_rate
from helpers.analysis.references import article

METHODS = {
    "scargle2013": article(
        "Scargle, Jeffrey D.; Norris, Jay P.; Jackson, Brad; Chiang, James",
        2013,
        "Studies in astronomical time series analysis. VI. Bayesian block representations",
        "The Astrophysical Journal",
        "764",
        "167",
    ),
    "killick2012": article(
        "Killick, R.; Fearnhead, P.; Eckley, I. A.",
        2012,
        "Optimal detection of changepoints with a linear computational cost",
        "Journal of the American Statistical Association",
        "107",
        "1590-1598",
    ),
    "anscombe1948": article(
        "Anscombe, F. J.",
        1948,
        "The transformation of Poisson, binomial and negative-binomial data",
        "Biometrika",
        "35",
        "246-254",
    ),
    "vonneumann1941": article(
        "von Neumann, John",
        1941,
        "Distribution of the ratio of the mean square successive difference to the variance",
        "The Annals of Mathematical Statistics",
        "12",
        "367-395",
    ),
}

#: Chance of any change point in a series that has none, to which the prior is calibrated.
FALSE_ALARM = 0.05

#: Series drawn to calibrate it: enough for a quantile of five in a hundred.
DRAWS = 400


@dataclass(frozen=True)
class Block:
    """A stretch of days at one rate: `first` and `last` day (both in it) and its `rate`."""

    first: date
    last: date
    rate: Rate


@dataclass(frozen=True)
class ChangePoints:
    """What was found in one daily series.

    `changes` are the first days of each new rate, allowing for clustering (the headline), and if days were a Poisson
    series (`plain`); `second` those of PELT. `index` is the dispersion from successive differences.
    """

    blocks: tuple[Block, ...]
    changes: tuple[date, ...]
    plain: tuple[date, ...]
    second: tuple[date, ...]
    index: float
    penalty: float
    plain_penalty: float


class _Days(Events):  # type: ignore[misc]
    """Astropy's fitness of counted events (Scargle and others 2013, eq. 19) for cells of one whole day each.

    Many attacks share a day, so that they are counts of a day, not moments; a day without one counts as well. Astropy
    cuts the outer halves of the first and last cell: whole days are put back.
    """

    def __init__(self, penalty: float, days: int) -> None:
        super().__init__(ncp_prior=penalty)
        self.days = days

    def fitness(self, N_k: Array, T_k: Array) -> Array:
        """Return the fitness of blocks with `N_k` events in `T_k` days."""
        whole = np.ceil(T_k)
        if len(whole) == self.days:
            whole[0] = self.days
        return np.asarray(xlogy(N_k, N_k) - xlogy(N_k, whole))


def bayesian_changes(counts: npt.ArrayLike, penalty: float) -> list[int]:
    """Return the days (0 the first) on which a new block begins, by Bayesian Blocks with `penalty` for each block."""
    x = np.asarray(counts, dtype=np.int64)
    if len(x) < 2 or x.sum() == 0:
        return []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        edges = bayesian_blocks(np.arange(len(x), dtype=float), x, fitness=_Days(penalty, len(x)))
    return [int(np.ceil(edge)) for edge in edges[1:-1]]


def pelt_changes(counts: npt.ArrayLike, index: float) -> list[int]:
    """Return the days on which a new mean begins, by PELT (Killick and others 2012) on square roots.

    Anscombe's (1948) root makes a count's variance about one, here the dispersion `index`; the penalty for a change is
    twice the log of the days (two numbers a change, as in BIC) times that; no stretch is shorter than three days.
    """
    import ruptures

    x = np.asarray(counts, dtype=float)
    if len(x) < 6 or x.sum() == 0:
        return []
    signal = 2 * np.sqrt(x + 3 / 8)
    ends = ruptures.Pelt(model="l2", min_size=3, jump=1).fit(signal).predict(pen=2 * np.log(len(x)) * index)
    return [int(end) for end in ends[:-1]]


def difference_index(counts: npt.ArrayLike) -> float:
    """Return variance over mean, the variance from successive differences (von Neumann 1941), at least one.

    Differences of neighbouring days hardly see a change of level: change points do not make it larger.
    """
    x = np.asarray(counts, dtype=float)
    if len(x) < 3 or x.sum() == 0:
        return 1.0
    return max(1.0, float((np.diff(x) ** 2).mean() / 2 / x.mean()))


def _needed(series: Counts, most: int = 4) -> float:
    """Return the smallest penalty at which `series` shows no change: the best gain per change over up to `most`."""
    n = len(series)
    cut = np.r_[0, np.cumsum(series)].astype(float)
    total, days = cut[None, :] - cut[:, None], np.arange(n + 1)[None, :] - np.arange(n + 1)[:, None]
    with np.errstate(all="ignore"):
        score = np.where(days > 0, xlogy(total, total) - xlogy(total, np.maximum(days, 1)), -np.inf)
    best, needed = score[0], 0.0
    for changes in range(1, most + 1):
        best = (best[:, None] + score).max(axis=0)
        needed = max(needed, (best[n] - score[0, n]) / changes)
    return float(needed)


@cache
def calibrated_penalty(days: int, total: int, index: float, seed: int) -> float:
    """Return the penalty at which a steady series of `total` events in `days` shows a change in five of a hundred.

    Series are drawn Poisson, or negative binomial with variance `index` times the mean. Scargle's own formula holds for
    single moments; counts of whole days that cluster need their own.
    """
    mean = total / days
    generator = np.random.default_rng(seed)
    if index <= 1:
        draws = generator.poisson(mean, (DRAWS, days))
    else:
        draws = generator.negative_binomial(mean / (index - 1), 1 / index, (DRAWS, days))
    return float(np.quantile([_needed(series) for series in draws], 1 - FALSE_ALARM))


def find_changes(counts: npt.ArrayLike, first: date, seed: int) -> ChangePoints:
    """Return the change points of daily `counts` whose first day is `first`."""
    x = np.asarray(counts, dtype=np.int64)
    index = round(difference_index(x), 3)
    if len(x) < 3 or x.sum() == 0:
        penalty = plain = 0.0
        starts: list[int] = []
        plain_starts: list[int] = []
    else:
        penalty = calibrated_penalty(len(x), int(x.sum()), index, seed)
        plain = calibrated_penalty(len(x), int(x.sum()), 1.0, seed)
        starts, plain_starts = bayesian_changes(x, penalty), bayesian_changes(x, plain)

    def day(number: int) -> date:
        return first + timedelta(days=number)

    edges = [0, *starts, len(x)]
    blocks = tuple(
        Block(day(a), day(b - 1), poisson_rate(int(x[a:b].sum()), b - a)) for a, b in pairwise(edges) if b > a
    )
    return ChangePoints(
        blocks,
        tuple(map(day, starts)),
        tuple(map(day, plain_starts)),
        tuple(map(day, pelt_changes(x, index))),
        index,
        penalty,
        plain,
    )


def nearest(changes: tuple[date, ...], day: date) -> tuple[date, int] | None:
    """Return the change nearest to `day` and how many days after it lies (negative: before); None without a change."""
    if not changes:
        return None
    change = min(changes, key=lambda c: (abs((c - day).days), c))
    return change, (change - day).days
