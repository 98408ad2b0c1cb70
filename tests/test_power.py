"""What the trend test could have shown, and p-values that allow for their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.analysis.outcomes import compare
from helpers.analysis.ordered import TrendEstimate, trend
from helpers.analysis.power import adjusted, trend_power

DAYS = np.repeat(np.arange(140.0), 2)
SECOND = DAYS >= 70


def drawn(generator: np.random.Generator, first: float, second: float) -> np.ndarray:
    """Return which of the incidents are on the higher rung, with a share of its own in each half."""
    return generator.random(len(DAYS)) < np.where(SECOND, second, first)


def test_power_is_what_simulation_says() -> None:
    """Records whose share doubles are shown as a rise about as often as the formula says."""
    generator = np.random.default_rng(1)
    top = drawn(generator, 0.22, 0.22)
    told = trend_power(trend(top * 1.0, DAYS, resamples=999, seed=2), top, DAYS, SECOND)
    share = top.sum() / (len(DAYS) + SECOND.sum())
    found = [trend(drawn(generator, share, 2 * share) * 1.0, DAYS) for _ in range(150)]
    shown = np.mean([one.p is not None and one.p < 0.05 and (one.tau or 0) > 0 for one in found])
    assert told.power == pytest.approx(shown, abs=0.12)
    assert told.doubling == pytest.approx(np.mean([one.tau for one in found]), abs=0.02)


def test_what_can_be_detected_shrinks_with_the_error() -> None:
    wide, narrow = (TrendEstimate(280, 20, 0.0, -half, half) for half in (0.2, 0.1))
    top = DAYS % 3 == 0
    powers = [trend_power(one, top, DAYS, SECOND) for one in (wide, narrow)]
    assert powers[0].detectable == pytest.approx(0.2 / 1.959964 * (1.959964 + 0.8416212), rel=1e-6)
    assert powers[0].detectable == pytest.approx(2 * powers[1].detectable)
    assert powers[0].power < powers[1].power


@pytest.mark.parametrize("top", [np.zeros(280, bool), np.ones(280, bool)])
def test_nothing_to_double_has_no_power(top: np.ndarray) -> None:
    estimate = TrendEstimate(280, 20, 0.0, -0.1, 0.1)
    assert trend_power(estimate, top, DAYS, SECOND).power is None
    assert trend_power(replace(estimate, low=None), top, DAYS, SECOND).detectable is None


def test_holm_allows_for_all_comparisons() -> None:
    """Holm (1979): the smallest of m times m, the next times m - 1, never falling."""
    frame = pd.DataFrame({"incident_id": [str(n) for n in range(280)], "day": DAYS})
    frame["period"] = np.where(SECOND, "after", "before")
    generator = np.random.default_rng(3)
    parts = {name: compare(frame, pd.Series(drawn(generator, 0.3, share) * 1.0), name)
             for name, share in (("a", 0.6), ("b", 0.35), ("c", 0.3))}  # fmt: skip
    raw = sorted((max(part.p or 0, part.trend.p or 0), name) for name, part in parts.items())
    expected, last = {}, 0.0
    for place, (p, name) in enumerate(raw):
        last = max(last, min(1.0, p * (len(raw) - place)))
        expected[name] = last
    assert adjusted(parts) == pytest.approx(expected)
    assert adjusted({}) == {}
