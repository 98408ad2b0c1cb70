"""Agreement of two coders: Krippendorff's alpha at each level of measurement, and its bootstrap over sources.

The point estimate is the krippendorff library's. The bootstrap needs it ten thousand times, so it is worked out from
sums over sources (`resampled`); the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd
from nltk.metrics.distance import masi_distance

from helpers.vocabulary import split

Level = Literal["nominal", "ordinal", "interval", "ratio", "MASI"]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: The ranks of the one field that has ranks.
PRECISIONS = ("day", "range", "approximate")


@cache
def masi(one: str, other: str) -> float:
    """Return the MASI distance (Passonneau, LREC 2006) of two sets, their members joined by ``;``."""
    a, b = frozenset(split(one)), frozenset(split(other))
    return float(masi_distance(a, b)) if a | b else 0.0


def _position(value: str) -> float:
    """Return a day as its number of days, a number as itself."""
    return float(pd.Timestamp(value).toordinal()) if "-" in value else float(value)


def distance_of(level: Level) -> Callable[[str, str], float]:
    """Return the distance of two values shown beside a pair: days, MASI, a difference, or 1 where they differ."""
    if level == "MASI":
        return masi
    if level in ("interval", "ratio"):
        return lambda x, y: abs(_position(x) - _position(y))
    if level == "ordinal":
        return lambda x, y: abs(PRECISIONS.index(x) - PRECISIONS.index(y))
    return lambda x, y: float(x != y)


def alpha(first: Sequence[str], second: Sequence[str], level: Level) -> float:
    """Return Krippendorff's alpha of two coders' values at `level`; NaN without variation."""
    domain = _domain(first, second, level)
    codes = {value: number for number, value in enumerate(domain)}
    counts = np.zeros((len(first), len(domain)))
    for row, (x, y) in enumerate(zip(first, second, strict=True)):
        counts[row, codes[x]] += 1
        counts[row, codes[y]] += 1
    if len(domain) < 2:
        return float("nan")
    numbers = [_position(value) for value in domain] if level in ("interval", "ratio") else list(range(len(domain)))
    metric: Any = level
    if level == "MASI":
        table = _metric_table(domain, level)
        metric = lambda v1, v2, i1, i2, n_v, dtype: table[i1, i2]  # noqa: E731
    return float(krippendorff.alpha(value_counts=counts, value_domain=numbers, level_of_measurement=metric))


def _domain(first: Sequence[str], second: Sequence[str], level: Level) -> list[str]:
    values = set(first) | set(second)
    if level == "ordinal":
        return [value for value in PRECISIONS if value in values]
    return sorted(values, key=_position if level in ("interval", "ratio") else str)


def _by_source(values: Floats, owners: pd.Series, sources: list[str]) -> Floats:
    """Return the sums of `values` (a row a pair) for each of `sources`."""
    sums = np.zeros((len(sources), *values.shape[1:]))
    np.add.at(sums, pd.Index(sources).get_indexer(pd.Index(owners)), values)
    return sums


def resampled(pairs: pd.DataFrame, level: Level, sources: list[str], weights: Counts) -> Floats:
    """Return alpha in each bootstrap sample of sources: `weights` says how often a sample holds each source.

    With two coders and no missing value, alpha is 1 - (n - 1) * sum of distances of the pairs / sum of n_c n_k d_ck,
    n values in all: so each sample needs only sums over its sources, and none is computed from its pairs anew.
    """
    first, second = list(pairs["first"]), list(pairs["second"])
    domain = _domain(first, second, level)
    codes = {value: number for number, value in enumerate(domain)}
    a, b = (np.array([codes[value] for value in column]) for column in (first, second))
    eye = np.eye(len(domain))
    counts = weights @ _by_source(eye[a] + eye[b], pairs["source_id"], sources)
    if level == "ordinal":
        observed, expected = _ordinal(a, b, counts, pairs["source_id"], sources, weights)
    else:
        table = _metric_table(domain, level)
        observed = weights @ _by_source(2 * table[a, b], pairs["source_id"], sources)
        expected = ((counts @ table) * counts).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (counts.sum(axis=1) - 1) * observed / expected
    return np.where(expected > 0, 1 - ratio, np.nan)


def _metric_table(domain: Sequence[str], level: Level) -> Floats:
    """Return the squared distances between the values of `domain`, as Krippendorff defines them for `level`."""
    if level == "MASI":
        return np.array([[masi(x, y) for y in domain] for x in domain])
    if level == "nominal":
        return 1 - np.eye(len(domain))
    numbers = np.array([_position(value) for value in domain])
    apart, total = numbers[:, None] - numbers[None, :], numbers[:, None] + numbers[None, :]
    if level == "ratio":
        apart = np.divide(apart, total, out=np.zeros_like(apart), where=total != 0)
    squares: Floats = apart**2
    return squares


def _ordinal(
    a: Counts,
    b: Counts,
    counts: Floats,
    owners: pd.Series,
    sources: list[str],
    weights: Counts,
) -> tuple[Floats, Floats]:
    """Return observed and expected sums for ranks, whose distances depend on how often each sample holds each rank."""
    observed, expected = np.zeros(len(counts)), np.zeros(len(counts))
    for low in range(counts.shape[1]):
        for high in range(low + 1, counts.shape[1]):
            between = counts[:, low : high + 1].sum(axis=1) - (counts[:, low] + counts[:, high]) / 2
            apart = (np.minimum(a, b) == low) & (np.maximum(a, b) == high)
            observed += 2 * between**2 * (weights @ _by_source(apart.astype(float), owners, sources))
            expected += 2 * between**2 * counts[:, low] * counts[:, high]
    return observed, expected


def interval(draws: Floats) -> tuple[float, float]:
    """Return the 95 % percentile interval of the defined draws; NaN where more than one in twenty is undefined."""
    defined = draws[~np.isnan(draws)]
    if len(defined) < 0.95 * len(draws):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def share(
    hits: npt.NDArray[np.bool_], owners: pd.Series, sources: list[str], weights: Counts
) -> tuple[float, float, float]:
    """Return the share of `hits` with its bootstrap interval over sources; NaN where there is nothing to count."""
    if not len(hits):
        return float("nan"), float("nan"), float("nan")
    top = weights @ _by_source(hits.astype(float), owners, sources)
    bottom = weights @ _by_source(np.ones(len(hits)), owners, sources)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = interval(top / bottom)
    return float(hits.mean()), low, high
