"""How far two coders who read the same sources agree: Krippendorff's alpha by field, and which incidents both find.

The second coding has no ids in common with the first, so rows of one source are paired by assignment. The pairs that
judge a field are made without that field: otherwise agreement would be found because it was looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.cleaning.agreement import (
    PRECISIONS,
    Compared,
    Counts,
    Level,
    alpha,
    compare,
    distance,
    interval,
    match,
    prepared,
    resampled,
    share,
    within,
)
from helpers.cleaning.check import read_normalised
from helpers.cleaning.reading import Faults
from helpers.cleaning.schemas import TABLES
from helpers.cleaning.schemas import coded as coded_sheets
from helpers.facts import Row
from helpers.paths import resolve
from helpers.vocabulary import split, use

Aspect = Literal["value", "given", "exact", "found"]

#: Fewer pairs than this, or pairs from fewer sources, give no alpha: the interval would mean nothing.
FEWEST_PAIRS, FEWEST_SOURCES = 10, 5

#: Krippendorff's customary limits (Content Analysis, 2nd ed., 2004, p. 241): reliable; for tentative conclusions only.
RELIABLE, TENTATIVE = 0.8, 0.667

#: Fields of free words, which are not codes: no alpha is asked of them.
FREE_TEXT = ("place_as_reported", "weapon_as_reported", "note")

_DATES = frozenset({"date", "date_earliest", "date_latest"})
_PLACE = frozenset({"site_id", "country"})
_MUNITIONS = frozenset({"munitions_low", "munitions_high"})
_INJURED = frozenset({"us_injured_low", "us_injured_high"})


@dataclass(frozen=True)
class Measure:
    """What is measured: a `field`, its value or whether one is `given`, at a `level` of measurement.

    A day is measured twice: as a day in time, where one day off hardly counts against a record of months, and as the
    `exact` day, where it counts in full. `unseen` are the fields that the pairing may not use, since they say the same
    as the field itself.
    """

    field: str
    level: Level
    aspect: Aspect = "value"
    unseen: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The measure's name: the field's, with ``_given`` or ``_exact`` where that is the question."""
        return self.field if self.aspect == "value" else f"{self.field}_{self.aspect}"


def _amount(field: str, family: frozenset[str]) -> tuple[Measure, Measure]:
    """Return the measures of a number that may be blank: whether one is given, and its value where both give one."""
    return Measure(field, "nominal", "given", family), Measure(field, "ratio", "value", family)


MEASURES: tuple[Measure, ...] = (
    Measure("date", "nominal", "exact", _DATES | {"date_precision"}),
    Measure("date", "interval", unseen=_DATES | {"date_precision"}),
    Measure("date_precision", "ordinal", unseen=frozenset({"date_precision", "date_earliest", "date_latest"})),
    Measure("date_earliest", "interval", unseen=_DATES | {"date_precision"}),
    Measure("date_latest", "interval", unseen=_DATES | {"date_precision"}),
    Measure("time_local", "nominal"),
    Measure("site_id", "nominal", unseen=_PLACE),
    Measure("country", "nominal", unseen=_PLACE),
    Measure("target_type", "nominal"),
    Measure("weapons", "MASI"),
    *_amount("munitions_low", _MUNITIONS),
    *_amount("munitions_high", _MUNITIONS),
    Measure("intercepted", "nominal"),
    *_amount("us_killed", frozenset({"us_killed"})),
    *_amount("us_injured_low", _INJURED),
    *_amount("us_injured_high", _INJURED),
    *_amount("partner_killed", frozenset({"partner_killed"})),
    *_amount("partner_injured", frozenset({"partner_injured"})),
    Measure("damage", "nominal"),
    Measure("claimed_by", "nominal"),
    Measure("attributed_to", "nominal", "given"),
    Measure("confirmation", "nominal"),
)


@dataclass(frozen=True)
class ReliabilityResult:
    """Agreement of the two codings.

    Attributes
    ----------
    table: one row a measure: `measure, field, aspect, level, n_pairs, n_sources, agreement, agreement_low,
        agreement_high, alpha, alpha_low, alpha_high, n_certain, alpha_certain, reason`. The three rows of the field
        ``incident`` say how often the coders found the same incidents; they have shares and no alpha.
    pairs: the pairs behind it: `measure, source_id, report_id, second_row, first, second, distance, certain`;
        `second_row` is the row of second_coding.csv as a spreadsheet numbers it.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame


def measure(
    reports: pd.DataFrame, second_coding: pd.DataFrame, stretches: pd.DataFrame, *, seed: int, resamples: int
) -> ReliabilityResult:
    """Compare the two codings of the sources in `second_coding`, within the `stretches` that the first coding read.

    Takes the sheets as coded (columns as in the codebook, text, blanks empty or missing), before any ruling is applied.
    Rows of one source are paired one to one at the least cost: the same site, at most three days apart, the nearest
    day, then likeness of the other codes and of the source's words, then the order in which each coder listed them;
    less whatever the measure may not see. Alpha is Krippendorff's (2011), for sets of weapons with the distance MASI
    (Passonneau, LREC 2006). The interval is the 95 % percentile interval of `resamples` bootstrap samples of *sources*,
    since rows of one source are read by one eye on one day.
    """
    both = reports["source_id"].isin(set(second_coding["source_id"]))
    first, second = prepared(reports[both]), prepared(second_coding)
    sources = sorted(set(second["source_id"]))
    first, second = (within(frame, stretches) for frame in (first, second))
    weights = np.zeros((resamples, 0), dtype=np.int64)
    if sources:
        even = np.full(len(sources), 1 / len(sources))
        weights = np.random.default_rng(seed).multinomial(len(sources), even, resamples)
    compared = compare(first, second)
    rows, kept = _incident_rows(first, second, match(compared, frozenset()), sources, weights), []
    for one in MEASURES:
        pairs = _pairs(first, second, compared, one)
        rows.append(_measured(one, pairs, sources, weights))
        kept.append(pairs.assign(measure=one.name))
    none = {"n_pairs": 0, "n_sources": 0, "n_certain": 0, "reason": "free words, not a code"}
    rows += [{"measure": field, "field": field, "aspect": "value", "level": "text", **none} for field in FREE_TEXT]
    table = pd.DataFrame(rows, columns=TABLES["reliability"].column_names)
    return ReliabilityResult(table, pd.concat(kept, ignore_index=True)[TABLES["reliability_pairs"].column_names])


def codings(coded_dir: str | Path, reference_dir: str | Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what `measure` compares: reports, second coding and the stretches, in the codebook's forms.

    They are read from the sheets anew, before any ruling: a correction made after the coding would count as agreement
    of two codings that was not there.
    """
    use(reference_dir)
    names = ("reports", "second_coding", "coding_stretches")
    sheets = {name: coded_sheets(str(reference_dir))[name] for name in ("sites", *names)}
    frames, _ = read_normalised(resolve(coded_dir), sheets, str(reference_dir), Faults())
    return frames["reports"], frames["second_coding"], frames["coding_stretches"]


def _pairs(first: pd.DataFrame, second: pd.DataFrame, compared: list[Compared], one: Measure) -> pd.DataFrame:
    """Return the pairs that judge `one`, with both values as compared and their distance (0 where they agree)."""
    pairs = match(compared, one.unseen | {one.field})
    values = [frame.loc[pairs[side], one.field].to_numpy() for frame, side in ((first, "left"), (second, "right"))]
    a, b = ([_value(cell, one) for cell in column] for column in values)
    pairs = pairs.assign(
        first=pd.Series(a, dtype=object),
        second=pd.Series(b, dtype=object),
        report_id=first.loc[pairs["left"], "report_id"].to_numpy(),
        second_row=second.loc[pairs["right"], "second_row"].to_numpy(),
    )
    if one.aspect == "value" and one.level in ("interval", "ratio"):
        pairs = pairs[(pairs["first"] != "") & (pairs["second"] != "")]
    if one.level == "ordinal":
        pairs = pairs[pairs["first"].isin(PRECISIONS) & pairs["second"].isin(PRECISIONS)]
    pairs["distance"] = [distance(x, y, one.level) for x, y in zip(pairs["first"], pairs["second"], strict=True)]
    return pairs.reset_index(drop=True)


def _value(cell: str, one: Measure) -> str:
    """Return a cell as compared: given or not; weapons in order; the groups named under ``other:`` as one."""
    if one.aspect == "given":
        return "given" if cell else "not given"
    if one.level == "MASI":
        return ";".join(sorted(split(cell)))
    return "other" if one.field == "claimed_by" and cell.startswith("other:") else cell


def _measured(one: Measure, pairs: pd.DataFrame, sources: list[str], weights: Counts) -> dict[str, Any]:
    """Return the row of the table for `one`."""
    n, n_sources = len(pairs), pairs["source_id"].nunique()
    equal = (pairs["first"] == pairs["second"]).to_numpy()
    agreement = share(equal, pairs["source_id"], sources, weights)
    point = low = high = sure = float("nan")
    certain = pairs[pairs["certain"]]
    values = set(pairs["first"]) | set(pairs["second"])
    reason = ""
    if n < FEWEST_PAIRS or n_sources < FEWEST_SOURCES:
        given = " in which both coders give one" if one.level in ("interval", "ratio") and one.aspect == "value" else ""
        reason = f"{n} pairs from {n_sources} sources{given}: at least {FEWEST_PAIRS} from {FEWEST_SOURCES} are wanted"
    elif len(values) == 1:
        reason = f"no variation: both coders say {values.pop() or 'nothing'!r} in every pair"
    else:
        point = alpha(list(pairs["first"]), list(pairs["second"]), one.level)
        draws = resampled(pairs, one.level, sources, weights)
        low, high = interval(draws)
        if np.isnan(low):
            reason = "no interval: more than one resample in twenty has no variation"
        if len(certain) >= FEWEST_PAIRS:
            sure = alpha(list(certain["first"]), list(certain["second"]), one.level)
    if n and equal.all() and not reason:
        reason = "no disagreement: how rare one is, a sample of this size cannot say"
    row: dict[str, Any] = {
        "measure": one.name,
        "field": one.field,
        "aspect": one.aspect,
        "level": one.level,
        "reason": reason,
    }
    row |= {"n_pairs": n, "n_sources": n_sources, "n_certain": len(certain), "alpha_certain": sure}
    return row | _ends("agreement", agreement) | _ends("alpha", (point, low, high))


def _ends(name: str, found: tuple[float, float, float]) -> dict[str, float]:
    """Return the cells of an estimate with its interval's bounds."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))


def _incident_rows(
    first: pd.DataFrame, second: pd.DataFrame, pairs: pd.DataFrame, sources: list[str], weights: Counts
) -> list[dict[str, Any]]:
    """Return how often both coders found the same incident: at the same site within three days, in one source.

    Three shares: of the first coding's rows those that the second has too, the reverse, and both together (twice the
    pairs by all rows: F1; Hripcsak and Rothschild, JAMIA 2005, show why there is no kappa where nobody codes what is
    absent).
    """
    hits = {"first": first.index.isin(pairs["left"]), "second": second.index.isin(pairs["right"])}
    owners = {"first": first["source_id"], "second": second["source_id"]}
    hits["both"], owners["both"] = np.concatenate(list(hits.values())), pd.concat(list(owners.values()))
    usual = {"field": "incident", "aspect": "found", "level": "share", "n_certain": int(pairs["certain"].sum())}
    rows = []
    for name, hit in hits.items():
        row = usual | {"measure": f"incident_{name}_found", "reason": "a share of the rows, not an alpha"}
        row |= {"n_pairs": len(hit), "n_sources": owners[name].nunique()}
        rows.append(row | _ends("agreement", share(hit, owners[name], sources, weights)))
    return rows


def tables(result: ReliabilityResult) -> dict[str, pd.DataFrame]:
    """Return what is published: the measures (`reliability`) and the pairs that differ (`reliability_pairs`)."""
    differing = result.pairs[result.pairs["first"] != result.pairs["second"]]
    return {"reliability": result.table, "reliability_pairs": differing.reset_index(drop=True)}


def coded(result: ReliabilityResult) -> bool:
    """Whether any source was coded twice."""
    return int(result.table["n_sources"].max()) > 0


def _number(name: str, least: float, below: float) -> Row:
    """Return the row of a fact: how many measures have an alpha from `least` up to, and without, `below`."""

    def measures(result: ReliabilityResult) -> pd.Series:
        table = result.table
        return table.loc[table["alpha"].between(least, below, inclusive="left"), "measure"]

    return Row(name, "measures", lambda r: len(measures(r)), rows=lambda r: {"reliability": measures(r)}, when=coded)


def _alpha(measure: str, name: str, column: str) -> Row:
    """Return the row of a measure's alpha or of an end of its interval; left out where it is not defined."""

    def cell(result: ReliabilityResult) -> float:
        return float(result.table.loc[result.table["measure"] == measure, column].iloc[0])

    return Row(
        f"reliability.{measure}.{name}",
        "alpha",
        cell,
        text=lambda result: f"{cell(result):.2f}",
        rows=lambda result: {"reliability": [measure]},
        when=lambda result: not np.isnan(cell(result)),
    )


#: The facts of the reliability, from its result.
FACTS: list[Row] = [
    Row("reliability.sources", "sources", lambda result: int(result.table["n_sources"].max()), when=coded),
    _number("reliability.measured", -np.inf, np.inf),
    _number("reliability.reliable", RELIABLE, np.inf),
    _number("reliability.unreliable", -np.inf, TENTATIVE),
    *(
        _alpha(measure, name, column)
        for measure in ("date_exact", "site_id", "weapons", "confirmation", "claimed_by")
        for name, column in (("alpha", "alpha"), ("low", "alpha_low"), ("high", "alpha_high"))
    ),
]
