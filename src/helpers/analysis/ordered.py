"""Tests on the order of incidents: do their rungs rise with time, and do a few of them come late?

Attacks come in clusters, so an incident is not one independent observation. Each test takes blocks (days or weeks) as
the units that could have come in another order. All functions take plain arrays, allow weights, and are cheap enough to
be called on hundreds of subsets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, inf, sqrt

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Level of all intervals and of "shown".
LEVEL = 0.95
#: Number of top incidents up to which the exact distribution of their rank sum is computed.
EXACT_UP_TO = 20


@dataclass(frozen=True)
class TrendEstimate:
    """Whether rungs rise with time.

    Attributes
    ----------
    n: incidents with a rung.
    blocks: blocks (weeks) that hold them.
    tau: Kendall's tau-b between day and rung: 1 rises always, -1 falls always; None without two days and two rungs.
    low, high: 95 in 100 interval of tau (block bootstrap); None without resamples or with fewer than five blocks.
    p: two-sided, blocks in random order (normal approximation).
    p_permuted: two-sided, blocks in random order (drawn); None without resamples.
    p_incidents: two-sided, each incident taken as independent, which clustered attacks are not.
    """

    n: int
    blocks: int
    tau: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_permuted: float | None = None
    p_incidents: float | None = None

    @property
    def direction(self) -> str:
        """``rise``, ``fall`` or ``none`` (no direction shown: interval, or else p, does not exclude zero)."""
        if self.tau is None:
            return "none"
        p = self.p_permuted if self.p_permuted is not None else self.p
        if (
            p is None
            or p >= 1 - LEVEL
            or (self.low is not None and self.high is not None and self.low <= 0 <= self.high)
        ):
            return "none"
        return "rise" if self.tau > 0 else "fall"


def trend(
    rungs: npt.ArrayLike,
    days: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    block: int = 7,
    resamples: int = 0,
    seed: int = 0,
) -> TrendEstimate:
    """Return Kendall's tau-b between `days` and `rungs`, with tests that keep blocks of `block` days together.

    `rungs` are ordered codes (NaN: left out), `days` day numbers, `weights` what each incident counts (default 1). With
    two ordered variables tau-b's numerator is the Jonckheere-Terpstra statistic (Kendall 1938, Biometrika 30:81;
    Jonckheere 1954, Biometrika 41:133; tau-b: Kendall 1945, Biometrika 33:239). Under the null hypothesis the blocks
    could have come in any order. The numerator between blocks is S = sum over pairs of D_ab, D_ab the surplus of higher
    over lower rungs in b against a; over all orders it has mean zero and variance (sum_pairs D_ab^2 + sum_a d_a^2) / 3,
    d_a the row sums (with one incident a block this is Kendall's n(n-1)(2n+5)/18). Drawn p-values count the order seen
    among the draws (Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39); the interval is the percentile
    interval of blocks drawn with replacement (Künsch 1989, Ann. Stat. 17:1217).
    """
    r, d, w = _known(rungs, days, weights)
    found = kendall(r, d, w, block=block)
    if found.tau is None:
        return found
    alone = stats.kendalltau(d, r).pvalue if weights is None else None
    low = high = drawn = None
    if resamples:
        week, counts = _blocks(r, d, w, block)
        random = np.random.default_rng(seed)
        drawn = _permuted(counts, _between(counts)[0], resamples, random)
        if found.blocks >= 5:
            # Pair sums between blocks: surplus of concordant pairs, pairs not tied in time, pairs not tied in rung.
            member = np.zeros((found.blocks, len(r)))
            member[week, np.arange(len(r))] = w
            time_sign, rung_sign = np.sign(d[:, None] - d), np.sign(r[:, None] - r)
            concord, timed, ranked = (
                member @ pairs @ member.T for pairs in (time_sign * rung_sign, time_sign**2, rung_sign**2)
            )
            uniform = np.full(found.blocks, 1 / found.blocks)
            times = random.multinomial(found.blocks, uniform, size=resamples).astype(float)
            top, left, right = (((times @ part) * times).sum(axis=1) for part in (concord, timed, ranked))
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn_taus = top / np.sqrt(left * right)
            tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
            low, high = (float(x) for x in np.nanquantile(drawn_taus, tails))
    return replace(found, low=low, high=high, p_permuted=drawn, p_incidents=None if alone is None else float(alone))


def kendall(
    rungs: npt.ArrayLike, days: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, block: int = 7
) -> TrendEstimate:
    """Return tau-b and its `p` as `trend` does, without what is drawn and without `p_incidents`.

    It counts pairs from the table of days by rungs, so that hundreds of subsets take no longer than a blink.
    """
    r, d, w = _known(rungs, days, weights)
    if len(r) == 0 or r.min() == r.max() or d.min() == d.max():
        return TrendEstimate(len(r), len(np.unique(np.floor(d / block))), None)
    table = _crossed(d, r, w)
    total, each_day, each_rung = table.sum(), table.sum(axis=1), table.sum(axis=0)
    apart = (total**2 - (each_day**2).sum()) * (total**2 - (each_rung**2).sum())
    _, counts = _blocks(r, d, w, block)
    observed, spread = _between(counts)
    p = float(2 * special.ndtr(-abs(observed) / spread)) if spread > 0 else 1.0
    return TrendEstimate(len(r), len(counts), float(2 * _surplus(table) / sqrt(apart)), p=p)


def _known(rungs: npt.ArrayLike, days: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Array, Array, Array]:
    """Return rungs, days and weights of the incidents that have all three."""
    r, d = np.asarray(rungs, float), np.asarray(days, float)
    w = np.ones(len(r)) if weights is None else np.asarray(weights, float)
    kept = np.isfinite(r) & np.isfinite(d) & np.isfinite(w) & (w > 0)
    return r[kept], d[kept], w[kept]


def _crossed(rows: Array, columns: Array, weights: Array) -> Array:
    """Return the sums of `weights` by the different values of `rows` and of `columns`, both in order."""
    row_names, row = np.unique(rows, return_inverse=True)
    column_names, column = np.unique(columns, return_inverse=True)
    size = len(row_names), len(column_names)
    return np.bincount(row * size[1] + column, weights, size[0] * size[1]).reshape(size).astype(float)


def _blocks(rungs: Array, days: Array, weights: Array, block: int) -> tuple[Counts, Array]:
    """Return the block of each incident, counted from the first that holds any, and the table of blocks by rungs."""
    week = np.floor((days - days.min()) / block)
    return np.unique(week, return_inverse=True)[1], _crossed(week, rungs, weights)


def _surplus(counts: Array) -> Array:
    """Return the surplus of rising over falling pairs between rows in order, of tables (..., rows, rungs)."""
    before = np.cumsum(counts, axis=-2) - counts
    # A later row gains from each earlier incident on a lower rung and loses from each on a higher one.
    lower = np.cumsum(before, axis=-1) - before
    higher = before.sum(axis=-1, keepdims=True) - before - lower
    return np.asarray(((lower - higher) * counts).sum(axis=(-2, -1)))


def _between_pairs(counts: Array) -> Array:
    """Return at [a, b] how much higher the rungs of block b are than those of a: rising over falling pairs."""
    order = np.sign(np.subtract.outer(np.arange(counts.shape[1]), np.arange(counts.shape[1])))
    return np.asarray(counts @ order.T @ counts.T)


def _between(counts: Array) -> tuple[float, float]:
    """Return the surplus of rising over falling pairs between blocks (rows in order) and its standard deviation."""
    surplus = _between_pairs(counts)
    rows = surplus.sum(axis=1)
    pairs = np.triu(surplus, 1)
    return float(pairs.sum()), sqrt(float((pairs**2).sum() + (rows**2).sum()) / 3)


def _permuted(counts: Array, observed: float, resamples: int, random: np.random.Generator) -> float:
    """Return the share of random orders of blocks, the one seen included, with a surplus as far from zero."""
    as_far = 1
    one, other = np.triu_indices(len(counts), 1)
    pairs = _between_pairs(counts)[one, other]
    for start in range(0, resamples, 1000):
        size = min(1000, resamples - start)
        orders = random.permuted(np.tile(np.arange(len(counts)), (size, 1)), axis=1)
        place = np.argsort(orders, axis=1).astype(np.int32)
        # a pair of blocks gives its surplus if it stands in the order seen, else the opposite
        surplus = 2 * ((place[:, one] < place[:, other]) @ pairs) - pairs.sum()
        as_far += int((np.abs(surplus) >= abs(observed) - 1e-9).sum())
    return as_far / (resamples + 1)


@dataclass(frozen=True)
class TimingTest:
    """Whether the top incidents come later than the others, given how many they are.

    Attributes
    ----------
    n, k: incidents in all, and top ones among them.
    first, mean: position of the first top incident and their mean position, as shares of the record (0 start, 1 end).
    p_first: chance that the first of k incidents placed at random comes at this day or later.
    p_late: chance that k incidents placed at random come as late on the whole (rank sum) or later.
    p_two_sided: the same for as far from the middle, either way.
    smallest_p: the smallest `p_late` that k incidents could ever give.
    power: chance that the test at 5 in 100, one-sided, would find them late if the top weapon's share had doubled from
        the first to the second half of the record.
    """

    n: int
    k: int
    first: float | None = None
    mean: float | None = None
    p_first: float | None = None
    p_late: float | None = None
    p_two_sided: float | None = None
    smallest_p: float | None = None
    power: float | None = None


def top_timing(
    top: npt.ArrayLike, days: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, power: bool = True
) -> TimingTest:
    """Return the exact permutation test of the timing of `top` incidents (true or false) among all, by `days`.

    Positions are mid-ranks, since incidents of one day have no order; every choice of k incidents is as likely as any
    other, or, with `weights`, likely in proportion to the product of the weights (Fisher's noncentral form; Fog 2008,
    Commun. Stat. Simul. Comput. 37:241). The rank sum is Wilcoxon's (1945, Biometrics Bull. 1:80), its distribution
    exact with ties up to `EXACT_UP_TO` top incidents, normal beyond. The power takes as long again: `power` false
    leaves it out.
    """
    chosen, d = np.asarray(top, bool), np.asarray(days, float)
    w = np.ones(len(d)) if weights is None else np.asarray(weights, float)
    n, k = len(d), int(chosen.sum())
    if k == 0 or k == n:
        return TimingTest(n, k)
    ranks = stats.rankdata(d)
    seen = float(ranks[chosen].sum())
    late = d >= d[chosen].min()
    all_of = _chance_all(w, late, k)
    sums, chances = rank_sums(ranks, k, w)
    centre = float((sums * chances).sum())
    p_late = float(chances[sums >= seen - 1e-9].sum())
    p_two = float(chances[np.abs(sums - centre) >= abs(seen - centre) - 1e-9].sum())
    smallest = float(chances[-1])
    found = None
    if power:
        critical = _critical(sums, chances)
        second = (d >= (d.min() + d.max()) / 2).astype(float)
        other_sums, other_chances = rank_sums(ranks, k, 1.0 + second)
        found = float(other_chances[other_sums >= critical - 1e-9].sum())
    share = (ranks - 0.5) / n
    return TimingTest(
        n, k, float(share[chosen].min()), float(share[chosen].mean()), all_of, min(p_late, 1.0), min(p_two, 1.0),
        smallest, found,
    )  # fmt: skip


def _critical(sums: Array, chances: Array, alpha: float = 1 - LEVEL) -> float:
    """Return the smallest sum that only a share `alpha` of placements reaches; infinity if none is so rare."""
    tail = np.cumsum(chances[::-1])[::-1]
    rare = sums[tail <= alpha + 1e-12]
    return float(rare[0]) if len(rare) else inf


def _chance_all(weights: Array, late: npt.NDArray[np.bool_], k: int) -> float:
    """Return the chance that all of k incidents, drawn with chances as `weights` say, are among the `late` ones."""
    if np.allclose(weights, weights[0]):
        return comb(int(late.sum()), k) / comb(len(weights), k)
    scaled = weights / weights.mean()
    return _elementary(scaled[late], k) / _elementary(scaled, k)


def _elementary(weights: Array, k: int) -> float:
    """Return the sum over all choices of k of the product of their `weights`."""
    sums = np.zeros(k + 1)
    sums[0] = 1.0
    for weight in weights:
        sums[1:] += weight * sums[:-1].copy()
    return float(sums[k])


def rank_sums(ranks: Array, k: int, weights: Array | None = None) -> tuple[Array, Array]:
    """Return the possible sums of k of `ranks` (halves allowed) in ascending order, and the chance of each.

    Every choice counts by the product of its `weights`. Exact by adding one rank at a time (Streitberg and Röhmel 1986,
    Stat. Softw. Newsl. 12:10), up to `EXACT_UP_TO`; beyond, a normal distribution on the possible sums.
    """
    doubled = np.rint(np.asarray(ranks, float) * 2).astype(int)
    w = np.ones(len(doubled)) if weights is None else np.asarray(weights, float) / np.mean(weights)
    if k > EXACT_UP_TO:
        return _normal_sums(doubled / 2, k, w)
    width = int(np.sort(doubled)[-k:].sum()) + 1
    ways = np.zeros((k + 1, width))
    ways[0, 0] = 1.0
    for value, weight in zip(doubled, w, strict=True):
        ways[1:, value:] += weight * ways[:-1, : width - value].copy()
    possible = np.flatnonzero(ways[k] > 0)
    return possible / 2, ways[k][possible] / ways[k].sum()


def _normal_sums(ranks: Array, k: int, weights: Array) -> tuple[Array, Array]:
    """Approximate `rank_sums` by a normal distribution; with weights by drawing each with its own chance."""
    n = len(ranks)
    share = np.clip(weights * k / weights.sum(), 0, 1)
    mean = float((share * ranks).sum())
    spread = share * (1 - share)
    centre = float((spread * ranks).sum() / spread.sum())
    deviation = sqrt(float((spread * (ranks - centre) ** 2).sum()) * n / (n - 1))
    low, high = np.sort(ranks)[:k].sum(), np.sort(ranks)[-k:].sum()
    sums = np.arange(low, high + 0.5, 0.5)
    chances = np.diff(stats.norm.cdf(np.append(sums, sums[-1] + 0.5) - 0.25, mean, deviation or 1.0))
    return sums, chances / chances.sum()


@dataclass(frozen=True)
class HalvesTest:
    """The share of top incidents in a first and a second stretch.

    Attributes
    ----------
    n1, k1, n2, k2: incidents and top ones among them in each stretch.
    p: two-sided, Fisher's exact test.
    p_rise: one-sided, of a rise.
    power: chance that the one-sided test at 5 in 100 would show the rise if the share had doubled; None if it cannot.
    needed: smallest number of top incidents among as many incidents with which that chance reaches 80 in 100; None if
        no number does.
    """

    n1: int
    k1: int
    n2: int
    k2: int
    p: float | None
    p_rise: float | None
    power: float | None
    needed: int | None


def halves(top: npt.ArrayLike, second: npt.ArrayLike) -> HalvesTest:
    """Return Fisher's exact test of `top` incidents between a first stretch and the `second` (both true or false).

    Power is exact under Fisher's noncentral hypergeometric distribution (Fisher 1935, J. R. Stat. Soc. 98:39). The test
    takes incidents as independent, so its power is an upper limit where attacks cluster.
    """
    chosen, late = np.asarray(top, bool), np.asarray(second, bool)
    n1, n2 = int((~late).sum()), int(late.sum())
    k1, k2 = int((chosen & ~late).sum()), int((chosen & late).sum())
    if n1 == 0 or n2 == 0 or k1 + k2 == 0:
        return HalvesTest(n1, k1, n2, k2, None, None, None, None)
    table = np.array([[k2, n2 - k2], [k1, n1 - k1]])
    p = float(stats.fisher_exact(table).pvalue)
    p_rise = float(stats.fisher_exact(table, alternative="greater").pvalue)
    needed = next((k for k in range(2, n1 + n2) if (power_of_doubling(k, n1, n2) or 0) >= 0.8), None)
    return HalvesTest(n1, k1, n2, k2, p, p_rise, power_of_doubling(k1 + k2, n1, n2), needed)


def power_of_doubling(k: int, n1: int, n2: int, alpha: float = 1 - LEVEL) -> float | None:
    """Return the power of the one-sided exact test to show that a share doubled, with k top incidents among n1 + n2.

    None where the share cannot have doubled (it would exceed one).
    """
    first = k / (n1 + 2 * n2)
    if k < 1 or 2 * first >= 1:
        return None
    odds = (2 * first / (1 - 2 * first)) / (first / (1 - first))
    reach = np.arange(max(0, k - n1), min(k, n2) + 1)
    rare = reach[stats.hypergeom.sf(reach - 1, n1 + n2, k, n2) <= alpha + 1e-12]
    if not len(rare):
        return 0.0
    return float(stats.nchypergeom_fisher.sf(rare[0] - 1, n1 + n2, k, n2, odds))
