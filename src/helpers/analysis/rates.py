"""Ratios of rates of rare events, allowing for attacks that come in clusters.

All take whole counts and days, and give a `Ratio`: the first rate over the second. Where a quantity has no value (no
days, no events on either side) it is None, never a guess. There are three ways: exact, by moving blocks, and by
likelihood, where attacks are known a day at a time or only between two running totals.

In the likelihood counts are negative binomial with a variance in proportion to their mean (NB1; Cameron and Trivedi
2013, 3.3), so that the attacks of several days add up to a count of the same kind, however long the interval between
two totals is. Intervals are the profile likelihood's; with no attack in the pause the lower end is zero, and there
still is an upper.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from helpers.stretches import Counts, Mask

Array = npt.NDArray[np.float64]

LEVEL = 0.95

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

    `value` is None when the second rate is zero or a side has no days; `high` None is no upper bound; with `note`
    saying why something is missing.
    """

    value: float | None
    low: float | None
    high: float | None
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


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Return the exact interval of the share that `count` is `of` a number, at least one (Clopper and Pearson 1934)."""
    found = stats.binomtest(count, of).proportion_ci(LEVEL, method="exact")
    return float(found.low), float(found.high)


def exact_ratio(count: int, days: int, count0: int, days0: int) -> Ratio:
    """Return the ratio of two Poisson rates by the exact conditional interval (Przyborowski and Wilenski 1940).

    Given the sum, the first count is binomial, and Clopper and Pearson's limits carry over to the ratio.
    """
    if days <= 0 or days0 <= 0 or count + count0 == 0:
        return Ratio(None, None, None, "exact", "no day, or no attack, on either side")
    low, high = (
        share / (1 - share) * days0 / days if share < 1 else None for share in share_interval(count, count + count0)
    )
    note = "" if count0 else "the comparison has no attack: no upper bound"
    return Ratio(count / days / (count0 / days0) if count0 else None, low, high, "exact", note)


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


def block_tail(count: int, sums: Array, shares: Array, spread: float, ratio: float) -> float:
    """Return P(N <= count) under a `ratio`, N a block of the comparison thinned by it.

    `sums` and `shares` are the different block totals and how often each occurs. `spread` is the standard error of the
    comparison's log rate, over which it averages (Gauss and Hermite's quadrature, three points).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    factor = (np.exp(spread * nodes) * ratio)[:, None]
    inner = _thinned_cdf(np.array([[float(count)]]), sums[None, :], factor)
    return float(weights / weights.sum() @ (inner @ shares))


def block_interval(count: int, sums: Array, shares: Array, spread: float) -> tuple[float, float | None]:
    """Return low and high (None: not bounded) of the ratio (see `block_tail`), by halvings on a log scale."""

    def solve(beyond: Callable[[float], float], sign: int) -> float:
        low, high = np.log(1e-4), np.log(1e3)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            over = sign * (beyond(float(np.exp(middle))) - (1 - LEVEL) / 2) > 0
            low, high = (middle, high) if over else (low, middle)
        return float(np.exp((low + high) / 2))

    high = solve(lambda ratio: block_tail(count, sums, shares, spread, ratio), 1)
    low = solve(lambda ratio: 1 - block_tail(count - 1, sums, shares, spread, ratio), -1) if count > 0 else 0.0
    return low, high if high <= 990 else None


def _blocks(counts: Counts, there: Mask, length: int) -> tuple[Array, Array, float] | None:
    """Return the different totals of blocks of `length` days among those `there`, the share of blocks that has each,
    and the standard error of the log of the rate over all of these days (Künsch 1989); None where there are too few."""
    sums = block_sums(counts, there, length)
    if len(sums) < FEWEST_BLOCKS or sums.sum() == 0:
        return None
    values, times = np.unique(sums, return_counts=True)
    spread = float(np.sqrt(sums.var() * length / there.sum()) / float(sums.mean()))
    return values.astype(float), times / times.sum(), spread


def block_ratio(counts: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike) -> Ratio:
    """Return the ratio of the daily rate `inside` to that `outside`, allowing for attacks that cluster in time.

    `counts` holds every day in order, `inside` and `outside` are masks of the days compared. The days inside are set
    against every run of as many days outside (moving blocks, Künsch 1989), so that both the spread of a day's count and
    its likeness to the days before enter as the record has them. A ratio is in the interval if blocks whose events are
    thinned by it give a count as small, and as large, as the one seen with more than 2.5 in a hundred each; the
    uncertainty of the rate outside is averaged over. It is enumerated, not drawn: nothing hangs on a seed. Blocks
    overlap, so the interval is approximate.
    """
    x, here, there = np.asarray(counts, dtype=np.int64), np.asarray(inside, dtype=bool), np.asarray(outside, dtype=bool)
    length, days0 = int(here.sum()), int(there.sum())
    if length == 0 or days0 == 0:
        return Ratio(None, None, None, "blocks", "no days on one side")
    blocks = _blocks(x, there, length)
    if blocks is None:
        return Ratio(None, None, None, "blocks", "too few stretches of that length to compare with")
    count, count0 = int(x[here].sum()), int(x[there].sum())
    return Ratio(count / length / (count0 / days0), *block_interval(count, *blocks), "blocks")


def largest_in_blocks(counts: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike) -> int | None:
    """Return the largest count in the days `inside` with which `block_ratio`'s interval would lie below one.

    None if no count would do, not even zero (or there are too few blocks): then these days cannot show a fall.
    """
    x, there = np.asarray(counts, dtype=np.int64), np.asarray(outside, dtype=bool)
    blocks = _blocks(x, there, int(np.asarray(inside, dtype=bool).sum()))
    if blocks is None:
        return None
    few = (n for n in range(int(blocks[0].max()) + 1) if block_tail(n, *blocks, 1.0) <= (1 - LEVEL) / 2)
    return max(few, default=None)


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


class Model:
    """The likelihood of the `intervals`: a rate a day outside the pause, and inside it that rate times a ratio."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        rows = np.array([(round(one.count), one.outside, one.inside) for one in intervals], dtype=float)
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

    def profile(self) -> tuple[float, float, float | None]:
        """Return the ratio of greatest likelihood and the ends of its profile interval (None: not bounded above)."""
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
        return value, low, high

    def _crossing(self, left: float, right: float, limit: float) -> float:
        """Return where the heights cross `limit` between two ratios, of which one lies above and one below it."""
        for _ in range(ZOOMS):
            trial = np.linspace(left, right, STEPS)
            over = self.heights(trial) >= limit
            change = int(np.flatnonzero(np.diff(over.astype(int)) != 0)[0]) if over.any() and not over.all() else 0
            left, right = trial[change], trial[change + 1]
        return float((left + right) / 2)

    def below_one(self) -> bool:
        """Return whether the whole profile interval lies below one."""
        heights = self.heights(np.r_[RATIOS[RATIOS < 1], 1.0])
        return bool(heights[-1] < heights.max() - DROP)


def _tops(heights: Array) -> Array:
    """Return the top of each row of `heights`, on an even grid: of the parabola through the highest three."""
    place = np.clip(np.argmax(heights, axis=1), 1, heights.shape[1] - 2)
    rows = np.arange(len(heights))
    left, middle, right = (heights[rows, place + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = np.where(bend < -1e-12, middle - (right - left) ** 2 / (8 * bend), middle)
    return np.asarray(np.maximum(np.maximum(vertex, middle), np.maximum(left, right)))


def _judged(intervals: Sequence[Interval]) -> bool:
    """Return whether there are enough intervals outside the pause, attacks in them, and days of the pause."""
    outside = [one for one in intervals if not one.inside]
    counted = sum(one.count for one in outside)
    return len(outside) >= FEWEST and counted > 0 and any(one.inside for one in intervals)


def interval_ratio(intervals: Sequence[Interval], method: str) -> Ratio:
    """Return the rate a day in the pause over that outside it, from counts over `intervals`.

    Fewer than `FEWEST` intervals outside, or no attack in them, give no ratio.
    """
    if not _judged(intervals):
        return Ratio(None, None, None, method, "too few counts to compare with")
    value, low, high = Model(intervals).profile()
    return Ratio(value, low, high, method)


def largest_showing(intervals: Sequence[Interval]) -> int | None:
    """Return the largest count in the interval of the pause with which the whole interval would lie below one.

    None where not even zero would: then these counts cannot show a fall.
    """
    places = [i for i, one in enumerate(intervals) if one.inside]
    if not places or not _judged(intervals):
        return None

    def shows(count: int) -> bool:
        trial = list(intervals)
        for place in places:
            trial[place] = replace(trial[place], count=count if place == places[0] else 0)
        return Model(trial).below_one()

    if not shows(0):
        return None
    low, high = 0, 1
    while shows(high) and high < 10_000:
        low, high = high, high * 2
    return bisect_left(range(low + 1, high), True, key=lambda count: not shows(count)) + low
