"""What the tests of notebook 03 could have shown, and what they show when all of them are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers.analysis.ordered import LEVEL, TrendEstimate
from helpers.analysis.outcomes import Comparison
from helpers.analysis.references import article

METHODS = {
    "holm1979": article(
        "Holm, Sture", 1979, "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics", "6", "65-70",
    ),
}  # fmt: skip

#: Power at which an effect counts as one that a test would have noticed.
NOTICED = 0.8


@dataclass(frozen=True)
class TrendPower:
    """What a trend test with weeks kept together could show, by a normal approximation; None where it is undefined.

    Attributes
    ----------
    detectable: smallest tau-b that it would show with `NOTICED` chance.
    doubling: tau-b that a doubling of the share of top incidents from the first to the second half would give.
    power: chance to show such a doubling.
    """

    detectable: float | None
    doubling: float | None
    power: float | None


def trend_power(estimate: TrendEstimate, top: npt.ArrayLike, days: npt.ArrayLike, second: npt.ArrayLike) -> TrendPower:
    """Return what the test behind `estimate` could show, and with what chance a doubled share of `top` incidents.

    `top` and `second` (in the second half) are true or false for each incident, `days` its day. The standard error is
    that of the interval, from weeks drawn with replacement, so that clustering is allowed for. With a share s in the
    first half and 2s in the second, a pair of one incident from each is concordant rather than discordant with
    probability s, and pairs within a half cancel; tau-b divides that by the pairs untied in day and in rung (Kendall
    1945).
    """
    if estimate.low is None or estimate.high is None:
        return TrendPower(None, None, None)
    error = (estimate.high - estimate.low) / (2 * stats.norm.isf((1 - LEVEL) / 2))
    cut = float(stats.norm.isf((1 - LEVEL) / 2))
    detectable = (cut + float(stats.norm.ppf(NOTICED))) * error
    chosen, day, late = np.asarray(top, bool), np.asarray(days, float), np.asarray(second, bool)
    n1, n2, k = int((~late).sum()), int(late.sum()), int(chosen.sum())
    share = k / (n1 + 2 * n2) if n1 + n2 else 0.0
    ties = np.unique(day, return_counts=True)[1]
    apart = (len(day) ** 2 - int((ties**2).sum())) / 2
    if not n1 or not n2 or not k or k == len(day) or 2 * share >= 1 or not apart or not error:
        return TrendPower(detectable or None, None, None)
    doubling = n1 * n2 * share / sqrt(apart * k * (len(day) - k))
    power = stats.norm.sf(cut - doubling / error) + stats.norm.cdf(-cut - doubling / error)
    return TrendPower(detectable, doubling, float(power))


def adjusted(comparisons: Mapping[str, Comparison]) -> dict[str, float]:
    """Return name -> p of each comparison that has one, allowing for as many as there are (Holm 1979).

    A change is shown only if the difference and the trend by weeks both show it, so the larger of their p-values goes
    in.
    """
    raw = {}
    for name, part in comparisons.items():
        weeks = part.trend.p_permuted if part.trend.p_permuted is not None else part.trend.p
        if part.p is not None and weeks is not None:
            raw[name] = max(part.p, weeks)
    if not raw:
        return {}
    return dict(zip(raw, (float(p) for p in multipletests(list(raw.values()), method="holm")[1]), strict=True))
