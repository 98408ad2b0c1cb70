"""Rates and their ratios against published examples, other implementations and what must always be true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers.analysis import rates


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0, 3.69), (1, 0.0253, 5.57), (5, 1.62, 11.67), (10, 4.80, 18.39), (50, 37.11, 65.92)]
)
def test_poisson_interval_is_garwoods_table(count: int, low: float, high: float) -> None:
    rate = rates.poisson_rate(count, 1)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=0.006)


def test_exact_ratio_is_r_poisson_test() -> None:
    """R's example in ?poisson.test: eba1977, Fredericia against three other cities."""
    ratio = rates.exact_ratio(11, 800, 21, 3011)
    assert ratio.value == pytest.approx(1.971488, abs=1e-6)
    assert (ratio.low, ratio.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-6)


def test_exact_ratio_is_fays_example() -> None:
    """The vignette of R's rateratio.test: 2 in 17877 against 9 in 16660 is "barely non-significant"."""
    ratio = rates.exact_ratio(2, 17877, 9, 16660)
    assert ratio.p is not None
    assert 0.05 < ratio.p < 0.0502
    assert ratio.high is not None
    assert 1 < ratio.high < 1.001


def test_exact_p_with_no_event_is_przyborowski_and_wilenskis() -> None:
    """No dodder seed against three in equal samples: one-sided 1/8, so 1/4 both ways."""
    assert rates.exact_ratio(0, 1, 3, 1).p == pytest.approx(0.25)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 60), st.integers(1, 40), st.integers(1, 100))
def test_exact_ratio_agrees_with_the_binomial_test(a: int, b: int, days: int, days0: int) -> None:
    ratio = rates.exact_ratio(a, days, b, days0)
    if a + b == 0:
        assert ratio.p is None
        return
    share = days / (days + days0)
    tails = stats.binom.cdf(a, a + b, share), stats.binom.sf(a - 1, a + b, share)
    assert ratio.p == pytest.approx(min(1, 2 * min(tails)), rel=1e-6)
    interval = stats.binomtest(a, a + b).proportion_ci(method="exact")
    assert ratio.low == pytest.approx(interval.low / (1 - interval.low) * days0 / days, rel=1e-6)
    if ratio.high is not None:
        assert ratio.high == pytest.approx(interval.high / (1 - interval.high) * days0 / days, rel=1e-6)
        assert (ratio.high < 1 or (ratio.low or 0) > 1) == (ratio.p is not None and ratio.p < 0.05)
    else:
        assert b == 0


def test_no_days_and_no_events_have_no_ratio() -> None:
    assert rates.exact_ratio(1, 0, 5, 10).value is None
    assert rates.exact_ratio(0, 5, 0, 10).p is None
    assert rates.exact_ratio(3, 5, 0, 10).high is None
    assert rates.poisson_rate(0, 0).value is None


def test_scaled_ratio_is_exact_without_dispersion_and_wider_with() -> None:
    exact, wider = rates.scaled_ratio(4, 7, 60, 60, 1.0), rates.scaled_ratio(4, 7, 60, 60, 2.5)
    assert (exact.low, exact.high) == pytest.approx(
        (rates.exact_ratio(4, 7, 60, 60).low, rates.exact_ratio(4, 7, 60, 60).high)
    )
    assert wider.low is not None
    assert wider.high is not None
    assert exact.low is not None
    assert exact.high is not None
    assert wider.low < exact.low < exact.high < wider.high


def test_dispersion_is_the_index_test() -> None:
    """Index and chi-square by hand: counts 0, 1, 2, 5 have mean 2 and variance 14/3."""
    found = rates.dispersion([0, 1, 2, 5])
    assert found.index == pytest.approx(7 / 3)
    assert found.p == pytest.approx(2 * stats.chi2.sf(7, 3))


def test_negative_binomial_finds_a_known_ratio_and_says_when_it_cannot() -> None:
    generator = np.random.default_rng(1)
    outside = generator.negative_binomial(2, 2 / 6, 400)
    inside = generator.negative_binomial(2, 2 / 4, 400)
    ratio = rates.negative_binomial_ratio(inside, outside)
    assert ratio.value == pytest.approx(inside.mean() / outside.mean(), rel=1e-3)
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 0.5 < ratio.high
    assert rates.negative_binomial_ratio([0, 0], [1, 5, 0, 9]).note
    assert rates.negative_binomial_ratio([1, 0], [1, 1, 1, 1]).value is None


def test_block_sums_stay_within_allowed_days() -> None:
    allowed = np.array([1, 1, 1, 0, 1, 1], dtype=bool)
    assert rates.block_sums([1, 2, 4, 100, 8, 16], allowed, 2).tolist() == [3, 6, 24]
    assert not len(rates.block_sums([1, 2], [True, True], 3))


def _year(days: int = 200) -> tuple[np.ndarray, np.ndarray]:
    inside = np.zeros(days, dtype=bool)
    inside[90:97] = True
    return np.random.default_rng(3).poisson(2.0, days), inside


def test_blocks_agree_with_the_exact_ratio_where_nothing_clusters() -> None:
    counts, inside = _year(2000)
    counts[inside] = [0, 1, 0, 0, 1, 0, 0]
    blocks, exact = (
        rates.block_ratio(counts, inside, ~inside),
        rates.exact_ratio(2, 7, int(counts[~inside].sum()), 1993),
    )
    assert blocks.value == exact.value
    assert blocks.low == pytest.approx(exact.low, rel=0.1)
    assert blocks.high == pytest.approx(exact.high, rel=0.1)


def test_blocks_widen_where_attacks_cluster() -> None:
    counts, inside = _year()
    clustered = np.where(np.arange(200) // 10 % 2, counts * 2, 0)
    counts[inside], clustered[inside] = [0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0]
    even, lumpy = rates.block_ratio(counts, inside, ~inside), rates.block_ratio(clustered, inside, ~inside)
    assert even.below_one
    assert not lumpy.below_one


def test_blocks_say_when_there_are_too_few() -> None:
    assert rates.block_ratio([1, 2, 3], [True, False, False], [False, True, True]).note
    assert rates.block_ratio(np.zeros(50, int), np.arange(50) < 7, np.arange(50) >= 7).value is None


def test_largest_telling_count_is_the_edge_of_the_interval() -> None:
    most = rates.largest_telling(7, 223, 129)
    assert most is not None
    assert rates.exact_ratio(most, 7, 223, 129).below_one
    assert not rates.exact_ratio(most + 1, 7, 223, 129).below_one


def test_block_power_rises_as_the_true_ratio_falls() -> None:
    counts, inside = _year()
    found = [rates.block_power(counts, ~inside, 7, ratio) for ratio in (1.0, 0.5, 0.1)]
    powers = [power[0] for power in found if power]
    assert len(powers) == 3
    assert powers[0] <= 0.025 < powers[1] < powers[2]


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
        ratio = rates.block_ratio(counts, inside, ~inside)
        covered.append((ratio.low or 0) <= 0.25 <= (ratio.high or np.inf))
    assert np.mean(covered) > 0.9
