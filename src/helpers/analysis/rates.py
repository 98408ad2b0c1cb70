"""Ratios of rates of rare events, allowing for attacks that come in clusters.

All take whole counts and days, and give a `Ratio`: the first rate over the second. Where a quantity has no value (no
days, no events on either side) it is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
