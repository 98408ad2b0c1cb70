"""Ratios by likelihood, where attacks are known a day at a time or only between two running totals.

Counts are negative binomial with a variance in proportion to their mean (NB1; Cameron and Trivedi 2013, 3.3), so that
the attacks of several days add up to a count of the same kind, however long the interval between two totals is.
Intervals are the profile likelihood's; with no attack in the pause the lower end is zero, and there still is an upper.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from helpers.analysis.rates import LEVEL, Ratio
from helpers.stretches import Counts, Mask

Array = npt.NDArray[np.float64]

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
