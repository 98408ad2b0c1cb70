"""Agreement of two coders: Krippendorff's alpha at each level of measurement, and its bootstrap over sources.

Which rows of two codings are about the same attack is an assignment, one to one, source by source: the second coding
shares no id with the first. Which fields may decide is the caller's to say, since the pairs that judge a field have to
be made without it.

The point estimate is the krippendorff library's. The bootstrap needs it ten thousand times, so it is worked out from
sums over sources (`resampled`); the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any, Literal, NamedTuple

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.fuzz import token_set_ratio
from scipy.optimize import linear_sum_assignment

from helpers.cleaning.review import days
from helpers.cleaning.schemas import REPORT_FIELDS
from helpers.vocabulary import split

Level = Literal["nominal", "ordinal", "interval", "ratio", "MASI"]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: The ranks of the one field that has ranks.
PRECISIONS = ("day", "range", "approximate")


@cache
def masi(one: str, other: str) -> float:
    """Return the MASI distance of two sets, their members joined by ``;``.

    One less the product of Jaccard's coefficient and monotonicity (1 for equal sets, 2/3 where one holds the other, 1/3
    where they overlap, 0 where they do not): Passonneau (2006), "Measuring Agreement on Set-valued Items (MASI)".

    >>> masi("a;b", "b;a"), round(masi("a;b", "a"), 3), round(masi("a;b", "b;c"), 3), masi("a", "b")
    (0.0, 0.667, 0.889, 1.0)
    """
    a, b = set(split(one)), set(split(other))
    if a == b:
        return 0.0
    monotonicity = 2 / 3 if a <= b or b <= a else 1 / 3 if a & b else 0.0
    return 1 - len(a & b) / len(a | b) * monotonicity


def _position(value: str) -> float:
    """Return a day as its number of days, a precision as its rank, a number as itself."""
    if value in PRECISIONS:
        return PRECISIONS.index(value)
    return float(pd.Timestamp(value).toordinal()) if "-" in value else float(value)


def distance(one: str, other: str, level: Level) -> float:
    """Return the distance of two values shown beside a pair: days, MASI, a difference, or 1 where they differ."""
    if level == "MASI":
        return masi(one, other)
    return float(one != other) if level == "nominal" else abs(_position(one) - _position(other))


def _coded(first: Sequence[str], second: Sequence[str], level: Level) -> tuple[list[str], Counts, Counts]:
    """Return the values that occur, in order, and each coder's as places among them."""
    domain = sorted({*first, *second}, key=str if level in ("nominal", "MASI") else _position)
    places = {value: place for place, value in enumerate(domain)}
    a, b = (np.array([places[value] for value in column], dtype=np.int64) for column in (first, second))
    return domain, a, b


def alpha(first: Sequence[str], second: Sequence[str], level: Level) -> float:
    """Return Krippendorff's alpha of two coders' values at `level`; NaN without variation."""
    domain, a, b = _coded(first, second, level)
    if len(domain) < 2:
        return float("nan")
    numbers = list(range(len(domain))) if level in ("nominal", "MASI") else [_position(value) for value in domain]
    metric: Any = level
    if level == "MASI":
        table = _metric_table(domain, level)
        metric = lambda v1, v2, i1, i2, n_v, dtype: table[i1, i2]  # noqa: E731
    eye = np.eye(len(domain))
    return float(krippendorff.alpha(value_counts=eye[a] + eye[b], value_domain=numbers, level_of_measurement=metric))


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
    domain, a, b = _coded(list(pairs["first"]), list(pairs["second"]), level)

    def held(values: Floats) -> Floats:
        sums: Floats = weights @ _by_source(values, pairs["source_id"], sources)
        return sums

    eye = np.eye(len(domain))
    counts = held(eye[a] + eye[b])
    if level == "ordinal":  # the distance of two ranks depends on how often a sample holds them and those between
        observed, expected = np.zeros(len(counts)), np.zeros(len(counts))
        for low, high in combinations(range(len(domain)), 2):
            between = counts[:, low : high + 1].sum(axis=1) - (counts[:, low] + counts[:, high]) / 2
            apart = (np.minimum(a, b) == low) & (np.maximum(a, b) == high)
            observed += 2 * between**2 * held(apart.astype(float))
            expected += 2 * between**2 * counts[:, low] * counts[:, high]
    else:
        table = _metric_table(domain, level)
        observed, expected = held(2 * table[a, b]), ((counts @ table) * counts).sum(axis=1)
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


#: Rows further apart than this many days are no pair: the codebook takes a report dated "within three days".
NEAREST_DAYS = 3

#: Words that are compared by likeness.
_WORDS = ("place_as_reported", "weapon_as_reported")

#: Fields that decide about a pair otherwise, or are the coder's own words.
_OTHER = {"date", "date_precision", "date_earliest", "date_latest", "site_id", "country", "attributed_to", "note"}

#: Fields that tell apart the rows which site and day leave undecided.
_TELLING = tuple(name for name in REPORT_FIELDS if name not in _OTHER and name not in _WORDS)


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a sheet (text, indexed by spreadsheet row) by source and in its coder's `order`.

    The spreadsheet's row stands in `second_row`, the date as datetime64 in `day`.
    """
    text = frame.astype(object).assign(second_row=frame.index, day=days(frame["date"]))
    numbered = text["report_id"].str.extract(r"/(\d+)$")[0] if "report_id" in text else text["second_row"]
    text["order"] = pd.to_numeric(numbered, errors="coerce").fillna(0).astype(int)
    return text.sort_values(["source_id", "order"], kind="stable", ignore_index=True)


def within(frame: pd.DataFrame, stretches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows dated within a stretch of their source; a source without a stretch keeps them all."""
    spans = stretches[["source_id"]].assign(start=days(stretches["start"]), end=days(stretches["end"]))
    beside = frame.assign(row=frame.index)[["row", "source_id", "day"]].merge(spans, on="source_id")
    inside = beside.loc[beside["day"].between(beside["start"], beside["end"]), "row"]
    return frame[frame.index.isin(inside) | ~frame["source_id"].isin(spans["source_id"])].reset_index(drop=True)


class Compared(NamedTuple):
    """The rows of one source, each of the first coding (down) beside each of the second (across).

    `gap` in days; `differing`: field -> whether the two codes differ; `words`: by how much (0 to 2) the source's words
    for place and weapon differ; `lefts`, `rights`: the rows' labels in the two sheets.
    """

    source: str
    lefts: list[int]
    rights: list[int]
    gap: Floats
    differing: dict[str, npt.NDArray[np.bool_]]
    words: Floats


def compare(first: pd.DataFrame, second: pd.DataFrame) -> list[Compared]:
    """Set the rows of each source beside each other; a source that only one coding has gives nothing."""
    rights = dict(iter(second.groupby("source_id", sort=True)))
    compared = []
    for source, left in first.groupby("source_id", sort=True):
        if (right := rights.get(source)) is None:
            continue
        gap = np.abs(left["day"].to_numpy()[:, None] - right["day"].to_numpy()) / np.timedelta64(1, "D")
        differing = {name: left[name].to_numpy()[:, None] != right[name].to_numpy() for name in ("site_id", *_TELLING)}
        likeness = [[[token_set_ratio(a, b) for b in right[field]] for a in left[field]] for field in _WORDS]
        words = (1 - np.array(likeness) / 100).sum(axis=0)
        compared.append(Compared(str(source), list(left.index), list(right.index), gap, differing, words))
    return compared


def match(compared: list[Compared], unseen: frozenset[str]) -> pd.DataFrame:
    """Pair the rows of each source without the fields in `unseen`: `source_id, left, right, certain`.

    A pair is certain when neither row could have had another partner.
    """
    rows = []
    for one in compared:
        possible = np.full(one.gap.shape, True)
        cost = one.words + sum(one.differing[field] for field in _TELLING if field not in unseen)
        if "date" not in unseen:
            possible &= one.gap <= NEAREST_DAYS
            cost += 100 * np.nan_to_num(one.gap, nan=NEAREST_DAYS + 1)
        if "site_id" not in unseen:
            possible &= ~one.differing["site_id"]
        cost += 0.001 * np.abs(np.arange(len(one.lefts))[:, None] - np.arange(len(one.rights))[None, :])
        alone = (possible.sum(axis=1)[:, None] == 1) & (possible.sum(axis=0)[None, :] == 1)
        for i, j in zip(*linear_sum_assignment(np.where(possible, cost, 1e6)), strict=True):
            if possible[i, j]:
                rows.append((one.source, one.lefts[i], one.rights[j], bool(alone[i, j])))
    return pd.DataFrame(rows, columns=["source_id", "left", "right", "certain"])
