"""Ratios of rates of rare events, allowing for attacks that come in clusters.

There are two ways, each of which gives the `Ratio` of the rate in some days to that in the days compared, and says with
how many attacks it would show a fall: `Blocks`, where attacks are known a day at a time and the days compared hold
enough stretches as long, and `Likelihood`, for days too few for that and for counts between two running totals. Where a
quantity has no value (no days, no attack to compare with) it is None, never a guess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from helpers.stretches import Counts, Mask

Array = npt.NDArray[np.float64]

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2

#: Fewest different places for a block below which the blocks say too little of how attacks cluster.
FEWEST_BLOCKS = 10
#: Steps to the end of an interval.
HALVINGS = 30

#: Intervals between totals that are shorter are joined to the next: a total told a day late cancels within a week.
SHORTEST = 7
#: Fewest intervals (or days) outside the pause that say how attacks spread.
FEWEST = 5
#: Variance over mean, less one, at which the likelihood is looked at; ratios of the first look; steps of each zoom.
SPREADS = np.geomspace(2e-3, 30, 22)
RATIOS = np.r_[0.0, np.geomspace(1e-3, 30, 34)]
ZOOMS, STEPS, SCORING, STEP = 4, 9, 10, 0.7
#: How far below its top the log likelihood lies at the ends of the interval.
DROP = float(stats.chi2.ppf(LEVEL, 1)) / 2


@dataclass(frozen=True)
class Ratio:
    """A ratio of two rates: `value`, its interval from `low` to `high`, and `method`.

    `value` is None when the second rate is zero or a side has no days; `low` None is no interval, `high` None no upper
    bound.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str

    @property
    def below_one(self) -> bool:
        """Whether the whole interval lies below one."""
        return self.high is not None and self.high < 1


class Way(Protocol):
    """A way to compare some days with others."""

    def ratio(self) -> Ratio:
        """Return the ratio of the rate in these days to that in the days compared."""

    def shows(self, count: int) -> bool:
        """Return whether the whole interval would lie below one if these days held `count` attacks."""


def largest_showing(way: Way) -> int | None:
    """Return the largest count that would still show a fall; None where not even zero would."""
    if not way.shows(0):
        return None
    low, high = 0, 1
    while way.shows(high) and high < 10_000:
        low, high = high, high * 2
    return bisect_left(range(low + 1, high), True, key=lambda count: not way.shows(count)) + low


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Return the exact interval of the share that `count` is `of` a number, at least one (Clopper and Pearson 1934)."""
    found = stats.binomtest(count, of).proportion_ci(LEVEL, method="exact")
    return float(found.low), float(found.high)


def exact_ratio(count: int, days: int, count0: int, days0: int) -> Ratio:
    """Return the ratio of two Poisson rates by the exact conditional interval (Przyborowski and Wilenski 1940).

    Given the sum, the first count is binomial, and Clopper and Pearson's limits carry over to the ratio. It knows
    nothing of clusters, and is for days compared that hold no attack.
    """
    if days <= 0 or days0 <= 0 or count + count0 == 0:
        return Ratio(None, None, None, "exact")
    shares = share_interval(count, count + count0)
    low, high = (share / (1 - share) * days0 / days if share < 1 else None for share in shares)
    return Ratio(count / days / (count0 / days0) if count0 else None, low, high, "exact")


# --- by moving blocks -------------------------------------------------------------------------------------------------


def block_sums(counts: npt.ArrayLike, allowed: npt.ArrayLike, length: int) -> Counts:
    """Return the sums of `counts` over every run of `length` days that lies wholly in `allowed` days."""
    x, ok = np.asarray(counts, dtype=np.int64), np.asarray(allowed, dtype=np.int64)
    if length < 1 or length > len(x):
        return np.empty(0, dtype=np.int64)
    sums, free = (np.convolve(part, np.ones(length, np.int64), "valid") for part in (x, ok))
    return np.asarray(sums[free == length])


def _thinned_cdf(count: int, total: Array, ratio: Array) -> Array:
    """Return P(N <= count) when `total` events are each kept with probability `ratio`, or multiplied if above one.

    A ratio of 2.3 makes two of each event and keeps a third one with probability 0.3.
    """
    whole = np.floor(ratio)
    rest, total = np.broadcast_arrays(count - whole * total, total)
    keep = np.broadcast_to(ratio - whole, rest.shape)
    # the binomial's distribution function as an incomplete beta integral
    inside = special.betainc(np.maximum(total - rest, 1e-9), np.maximum(rest, 0) + 1, 1 - keep)
    return np.where(rest < 0, 0.0, np.where(rest >= total, 1.0, np.asarray(inside)))


class Blocks:
    """The days `inside` against every run of as many days `outside` (moving blocks, Künsch 1989).

    `counts` holds the attacks of every day in order; `inside` and `outside` are masks of the days compared. Both the
    spread of a day's count and its likeness to the days before enter as the record has them. A ratio is in the interval
    if blocks whose events are thinned by it give a count as small, and as large, as the one seen with more than 2.5 in
    a hundred each; the uncertainty of the rate outside is averaged over. It is enumerated, not drawn: nothing hangs on
    a seed. Blocks overlap, so the interval is approximate.
    """

    def __init__(self, counts: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike) -> None:
        x, here, there = np.asarray(counts, np.int64), np.asarray(inside, bool), np.asarray(outside, bool)
        sums = block_sums(x, there, int(here.sum()))
        self.days, self.days0 = int(here.sum()), int(there.sum())
        self.count, self.count0 = int(x[here].sum()), int(x[there].sum())
        #: whether there are blocks enough, with any attack in them
        self.enough = len(sums) >= FEWEST_BLOCKS and bool(sums.any())
        if self.enough:
            values, times = np.unique(sums, return_counts=True)
            self.sums, self.shares = values.astype(float), times / times.sum()
            #: the standard error of the log of the rate outside
            self.spread = float(np.sqrt(sums.var() * self.days / self.days0) / float(sums.mean()))

    def tail(self, count: int, ratio: float) -> float:
        """Return P(N <= count) under a `ratio`, N a block of the days outside thinned by it.

        It is averaged over the `spread` of the rate outside (Gauss and Hermite's quadrature, three points).
        """
        nodes, weights = np.polynomial.hermite_e.hermegauss(3)
        factor = (np.exp(self.spread * nodes) * ratio)[:, None]
        return float(weights / weights.sum() @ (_thinned_cdf(count, self.sums[None, :], factor) @ self.shares))

    def _edge(self, reached: Callable[[float], bool]) -> float:
        """Return the ratio up to which `reached` holds, by halvings on a log scale."""
        low, high = np.log(1e-4), np.log(1e3)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if reached(float(np.exp(middle))) else (low, middle)
        return float(np.exp((low + high) / 2))

    def ratio(self) -> Ratio:
        """Return the ratio of the rate inside to that outside, with its interval."""
        if not self.enough:
            return Ratio(None, None, None, "blocks")
        low = self._edge(lambda ratio: 1 - self.tail(self.count - 1, ratio) < TAIL) if self.count else 0.0
        high = self._edge(lambda ratio: self.tail(self.count, ratio) > TAIL)
        value = self.count / self.days / (self.count0 / self.days0)
        return Ratio(value, low, high if high <= 990 else None, "blocks")

    def shows(self, count: int) -> bool:
        """Return whether the whole interval would lie below one if the days inside held `count` attacks."""
        return self.enough and self.tail(count, 1.0) <= TAIL


# --- by likelihood ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interval:
    """Attacks counted over some days: `count` attacks in `outside` days of the comparison and `inside` of the pause."""

    count: float
    outside: float
    inside: float


def daily(counts: Counts, inside: Mask, outside: Mask) -> list[Interval]:
    """Return the days `outside` one by one, and those `inside` as one interval (in NB1 a sum is as a day is)."""
    found = [Interval(float(count), 1.0, 0.0) for count in counts[outside]]
    return [*found, Interval(float(counts[inside].sum()), 0.0, float(inside.sum()))] if inside.any() else found


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Return `intervals`, in order of time, with neighbours joined until each holds `SHORTEST` days.

    An interval that touches the pause stays as it is, so that no days are added to those that are judged.
    """
    found: list[Interval] = []
    for one in intervals:
        last = found[-1] if found else None
        if last is None or last.inside or one.inside or last.outside >= SHORTEST:
            found.append(one)
        else:
            found[-1] = Interval(last.count + one.count, last.outside + one.outside, 0)
    return found


class Likelihood:
    """A rate a day outside the pause, and inside it that rate times a ratio, from counts over `intervals`.

    Counts are negative binomial with a variance in proportion to their mean (NB1; Cameron and Trivedi 2013, 3.3), so
    that the attacks of several days add up to a count of the same kind, however long the interval between two totals
    is. Intervals are the profile likelihood's; with no attack in the pause the lower end is zero, and there still is an
    upper.
    """

    def __init__(self, intervals: Sequence[Interval], method: str) -> None:
        self.intervals, self.method = intervals, method
        before = [one for one in intervals if not one.inside]
        #: whether enough intervals lie outside, with any attack in them, and days inside
        self.enough = FEWEST <= len(before) < len(intervals) and sum(one.count for one in before) > 0
        rows = np.array([(round(one.count), one.outside, one.inside) for one in intervals], float).reshape(-1, 3)
        rows, times = np.unique(rows, axis=0, return_counts=True)  # days alike are counted, not repeated
        self.counts, self.outside, self.inside = rows.T
        self.times = times.astype(float)
        self.constant = float((self.times * special.gammaln(self.counts + 1)).sum())

    def heights(self, ratios: npt.ArrayLike) -> Array:
        """Return the greatest log likelihood at each of `ratios`, over all rates and spreads.

        For each spread of `SPREADS` the rate is found by scoring (Cameron and Trivedi 2013, 3.3); between spreads a
        parabola through the highest three is followed to its top.
        """
        ratios = np.atleast_1d(np.asarray(ratios, dtype=float))
        days = np.maximum(self.outside + ratios[:, None] * self.inside, 1e-9)[:, None, :]
        spread = SPREADS[None, :, None]
        rate = (self.times * self.counts).sum() / (self.times * days).sum(axis=-1, keepdims=True) * np.ones_like(spread)
        rate = np.maximum(rate, 1e-6)
        for _ in range(SCORING):
            size = rate * days / spread
            rise = special.digamma(self.counts + size) - special.digamma(size) - np.log1p(spread)
            score = (self.times * size * rise).sum(axis=-1, keepdims=True)
            known = (self.times * rate * days).sum(axis=-1, keepdims=True) / (1 + spread)
            # steps of less than the whole, which could go to and fro between two rates for ever
            rate = rate * np.exp(np.clip(STEP * score / np.maximum(known, 1e-9), -1, 1))
        size = rate * days / spread
        log = np.log1p(spread)
        parts = special.gammaln(self.counts + size) - special.gammaln(size) - size * log
        parts = parts + self.counts * (np.log(spread) - log)
        return _tops((self.times * parts).sum(axis=-1)) - self.constant

    def ratio(self) -> Ratio:
        """Return the ratio of greatest likelihood and its profile interval (high None: not bounded)."""
        if not self.enough:
            return Ratio(None, None, None, self.method)
        heights = self.heights(RATIOS)
        place = int(np.argmax(heights))
        left, right = RATIOS[max(place - 1, 0)], RATIOS[min(place + 1, len(RATIOS) - 1)]
        value, top = float(RATIOS[place]), float(heights[place])
        for _ in range(ZOOMS):
            trial = np.linspace(left, right, STEPS)
            found = self.heights(trial)
            best = int(np.argmax(found))
            value, top = float(trial[best]), float(found[best])
            left, right = trial[max(best - 1, 0)], trial[min(best + 1, STEPS - 1)]
        limit, after = top - DROP, int(np.searchsorted(RATIOS, value))
        above = heights - limit >= 0
        above[after - 1 : after + 1] = True  # the top lies between
        first, last = np.flatnonzero(above)[[0, -1]]
        low = self._crossing(RATIOS[first - 1], RATIOS[first], limit) if first > 0 else 0.0
        high = self._crossing(RATIOS[last], RATIOS[last + 1], limit) if last < len(RATIOS) - 1 else None
        return Ratio(value, low, high, self.method)

    def _crossing(self, left: float, right: float, limit: float) -> float:
        """Return where the heights cross `limit` between two ratios, of which one lies above and one below it."""
        for _ in range(ZOOMS):
            trial = np.linspace(left, right, STEPS)
            over = self.heights(trial) >= limit
            change = int(np.flatnonzero(np.diff(over.astype(int)) != 0)[0]) if over.any() and not over.all() else 0
            left, right = trial[change], trial[change + 1]
        return float((left + right) / 2)

    def shows(self, count: int) -> bool:
        """Return whether the whole interval would lie below one if the days inside held `count` attacks."""
        if not self.enough:
            return False
        first = next(place for place, one in enumerate(self.intervals) if one.inside)
        trial = [replace(one, count=count * (place == first)) if one.inside else one
                 for place, one in enumerate(self.intervals)]  # fmt: skip
        model = Likelihood(trial, self.method)
        heights = model.heights(np.r_[RATIOS[RATIOS < 1], 1.0])
        below = float(heights.max() - DROP - heights[-1])
        # the grid misses the top by a little: where that could decide, the interval itself does
        return below > 0 if abs(below) > DROP / 8 else model.ratio().below_one


def _tops(heights: Array) -> Array:
    """Return the top of each row of `heights`, on an even grid: of the parabola through the highest three."""
    place = np.clip(np.argmax(heights, axis=1), 1, heights.shape[1] - 2)
    rows = np.arange(len(heights))
    left, middle, right = (heights[rows, place + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = np.where(bend < -1e-12, middle - (right - left) ** 2 / (8 * bend), middle)
    return np.asarray(np.maximum(np.maximum(vertex, middle), np.maximum(left, right)))
