"""Ratios of rates against published examples, other implementations and what must always be true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers.analysis import rates
from helpers.analysis.rates import Blocks, block_sums, largest_showing


def test_exact_ratio_is_r_poisson_test() -> None:
    """R's example in ?poisson.test: eba1977, Fredericia against three other cities."""
    ratio = rates.exact_ratio(11, 800, 21, 3011)
    assert ratio.value == pytest.approx(1.971488, abs=1e-6)
    assert (ratio.low, ratio.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-6)


def test_a_share_has_clopper_and_pearsons_interval() -> None:
    """Their tables of 1934: 5 of 10 is 0.187 to 0.813, 10 of 10 from 0.692."""
    assert rates.share_interval(5, 10) == pytest.approx((0.187, 0.813), abs=5e-4)
    assert rates.share_interval(10, 10) == pytest.approx((0.692, 1.0), abs=5e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 60), st.integers(1, 40), st.integers(1, 100))
def test_exact_ratio_lies_below_one_where_the_binomial_test_rejects(a: int, b: int, days: int, days0: int) -> None:
    ratio = rates.exact_ratio(a, days, b, days0)
    if a + b == 0:
        assert ratio.low is None
        return
    share = days / (days + days0)
    tails = stats.binom.cdf(a, a + b, share), stats.binom.sf(a - 1, a + b, share)
    assert (ratio.below_one or ratio.low > 1) == (min(tails) < 0.025)
    assert (ratio.high is None) == (b == 0)


def test_no_days_and_no_events_have_no_ratio() -> None:
    assert rates.exact_ratio(1, 0, 5, 10).value is None
    assert rates.exact_ratio(0, 5, 0, 10).low is None
    assert rates.exact_ratio(3, 5, 0, 10).high is None


def test_block_sums_stay_within_allowed_days() -> None:
    allowed = np.array([1, 1, 1, 0, 1, 1], dtype=bool)
    assert block_sums([1, 2, 4, 100, 8, 16], allowed, 2).tolist() == [3, 6, 24]
    assert not len(block_sums([1, 2], [True, True], 3))


def _year(days: int = 200) -> tuple[np.ndarray, np.ndarray]:
    inside = np.zeros(days, dtype=bool)
    inside[90:97] = True
    return np.random.default_rng(3).poisson(2.0, days), inside


def test_blocks_agree_with_the_exact_ratio_where_nothing_clusters() -> None:
    counts, inside = _year(2000)
    counts[inside] = [0, 1, 0, 0, 1, 0, 0]
    blocks, rest = Blocks(counts, inside, ~inside).ratio(), int(counts[~inside].sum())
    even = rates.exact_ratio(2, 7, rest, 1993)
    assert blocks.value == even.value
    assert (blocks.low, blocks.high) == pytest.approx((even.low, even.high), rel=0.1)


def test_blocks_widen_where_attacks_cluster() -> None:
    counts, inside = _year()
    clustered = np.where(np.arange(200) // 10 % 2, counts * 2, 0)
    counts[inside], clustered[inside] = [0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0]
    even, lumpy = (Blocks(days, inside, ~inside).ratio() for days in (counts, clustered))
    assert even.below_one
    assert not lumpy.below_one


def test_blocks_say_when_there_are_too_few() -> None:
    few = Blocks([1, 2, 3], [True, False, False], [False, True, True])
    none = Blocks(np.zeros(50, int), np.arange(50) < 7, np.arange(50) >= 7)
    for blocks in (few, none):
        assert blocks.ratio().value is None
        assert largest_showing(blocks) is None


def test_the_largest_that_shows_in_blocks_is_the_edge_of_the_interval() -> None:
    counts, inside = _year()
    most = largest_showing(Blocks(counts, inside, ~inside))
    assert most is not None
    for count, below in ((most, True), (most + 1, False)):
        counts[inside] = [count, 0, 0, 0, 0, 0, 0]
        assert Blocks(counts, inside, ~inside).ratio().below_one == below


@pytest.mark.soak
def test_block_interval_covers_the_truth_for_clustered_series() -> None:
    """Simulated series of bursts (negative binomial with a slow swing), pause at a quarter: 95% intervals cover."""
    generator = np.random.default_rng(11)
    inside = np.zeros(136, dtype=bool)
    inside[38:45] = True
    covered = []
    for _ in range(400):
        swing = np.exp(0.4 * np.convolve(generator.normal(size=142), np.ones(7) / np.sqrt(7), "valid"))
        rate = 1.7 * swing / swing.mean() * np.where(inside, 0.25, 1.0)
        counts = generator.negative_binomial(rate / 0.5, 1 / 1.5)
        ratio = Blocks(counts, inside, ~inside).ratio()
        covered.append((ratio.low or 0) <= 0.25 <= (ratio.high or np.inf))
    assert np.mean(covered) > 0.9
