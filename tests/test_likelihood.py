"""The likelihood of counts over days and intervals: known answers, and what must hold whatever the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from helpers.analysis.rates import Interval, Likelihood, joined, largest_showing

COUNTS = st.lists(st.integers(0, 12), min_size=6, max_size=40)


def direct(intervals: list[Interval], ratio: float) -> float:
    """Return the greatest log likelihood at `ratio` by SciPy's own distribution and a general search."""

    def cost(at: np.ndarray) -> float:
        rate, spread = np.exp(np.clip(at, -12, 6))
        means = [max(rate * (one.outside + ratio * one.inside), 1e-12) for one in intervals]
        terms = [
            stats.nbinom.logpmf(one.count, mean / spread, 1 / (1 + spread))
            for one, mean in zip(intervals, means, strict=True)
        ]
        return -float(np.sum(terms))

    starts = ([0.0, -2.0], [0.0, 1.0])
    return max(-optimize.minimize(cost, start, method="Nelder-Mead").fun for start in starts)


def test_the_heights_are_those_of_a_general_search() -> None:
    intervals = [Interval(float(n), 7.0, 0.0) for n in (16, 14, 9, 22, 11, 17)] + [Interval(1.0, 0.0, 7.0)]
    found = Likelihood(intervals, "").heights([0.05, 0.3, 1.0])
    assert found == pytest.approx([direct(intervals, ratio) for ratio in (0.05, 0.3, 1.0)], abs=5e-3)


def test_even_counts_give_the_interval_of_poisson_counts() -> None:
    """Without spread the profile is that of two Poisson rates, whose crossing has a closed equation."""
    intervals = [Interval(2.0, 1.0, 0.0)] * 60 + [Interval(4.0, 0.0, 7.0)]
    ratio = Likelihood(intervals, "").ratio()
    a, n, b, m = 4, 7, 120, 60

    def deviance(rho: float) -> float:
        rate = (a + b) / (m + rho * n)
        best = stats.poisson.logpmf(a, a) + stats.poisson.logpmf(b, b)
        return 2 * (best - stats.poisson.logpmf(a, rho * rate * n) - stats.poisson.logpmf(b, rate * m)) - 3.841459

    assert ratio.value == pytest.approx(4 / 14, rel=0.02)
    assert ratio.low == pytest.approx(optimize.brentq(deviance, 1e-4, 4 / 14), rel=0.03)
    assert ratio.high == pytest.approx(optimize.brentq(deviance, 4 / 14, 3), rel=0.03)


@settings(deadline=None, max_examples=30)
@given(counts=COUNTS, inside=st.integers(0, 30))
@example(counts=[2, 2, 2, 3, 3, 4, 7, 11], inside=13)  # the interval ends at 0.9997
def test_the_interval_holds_the_ratio_and_agrees_with_what_is_the_largest_to_show(
    counts: list[int], inside: int
) -> None:
    intervals = [*(Interval(float(n), 1.0, 0.0) for n in counts), Interval(float(inside), 0.0, 7.0)]
    ratio, largest = Likelihood(intervals, "").ratio(), largest_showing(Likelihood(intervals, ""))
    if not sum(counts):
        assert ratio.value is None
        assert largest is None
        return
    assert ratio.value is not None
    assert ratio.low is not None
    assert ratio.low <= ratio.value <= (ratio.high or np.inf)
    if inside == 0:
        assert ratio.low == 0
    assert ratio.below_one == (largest is not None and inside <= largest)


def test_days_are_joined_to_weeks_but_never_with_the_pause() -> None:
    week = [Interval(1, 3, 0), Interval(2, 3, 0), Interval(0, 2, 0), Interval(5, 2, 7), Interval(4, 6, 0)]
    assert joined(week) == [Interval(3, 8, 0), Interval(5, 2, 7), Interval(4, 6, 0)]


@pytest.mark.soak
@pytest.mark.parametrize(("ratio", "least_below", "most_below"), [(1.0, 0.0, 0.07), (0.25, 0.6, 1.0)])
def test_the_interval_holds_its_level_where_counts_cluster(ratio: float, least_below: float, most_below: float) -> None:
    """Seeded series of 97 days, spread like the record (variance 1.7 times the mean), and a pause of seven days."""
    rng, held, below, tries = np.random.default_rng(1), 0, 0, 150
    for _ in range(tries):
        outside = rng.negative_binomial(2.2 / 0.7, 1 / 1.7, 97)
        inside = rng.negative_binomial(7 * 2.2 * ratio / 0.7, 1 / 1.7)
        intervals = [*(Interval(float(n), 1.0, 0.0) for n in outside), Interval(float(inside), 0.0, 7.0)]
        found = Likelihood(intervals, "").ratio()
        assert found.low is not None
        held += found.low <= ratio <= (found.high or np.inf)
        below += found.below_one
    assert held / tries >= 0.88
    assert least_below <= below / tries <= most_below
