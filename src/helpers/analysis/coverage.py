"""How much of what US officials counted the record holds, by stretch and country.

Officials' running totals (`helpers.analysis.totals`) give the attacks between statements. They counted in their own way
and only since 17 October; media report some that officials never counted, and two waves can be one attack on record. So
it is not known which attacks on record are among those counted, and the share covered is a pair of bounds: at least the
attacks that a US official confirms (if all of these are among those counted), at most all on record, neither more than
the count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.analysis import totals
from helpers.analysis.counters import Runs, covered, fixed, parts
from helpers.facts import Row, printed
from helpers.parameters import Parameters
from helpers.stretches import NAMES, span_text, within_coding
from helpers.tables import select
from helpers.vocabulary import countries

GRADES = ("us_official", "local_official", "media_only", "claim_only")
#: Stretches that are told of each other by what the record holds for each attack counted.
COMPARED = ("before", "between", "since_stop")
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Cover:
    """Attacks that officials `counted` (`low` to `high`) in some days, and those on record in the same days.

    `coded` are the ids of the attacks on record, `confirmed` of those that a US official confirms, `rows` the count_ids
    of the totals around these days.
    """

    counted: int
    low: float
    high: float
    coded: tuple[str, ...]
    confirmed: tuple[str, ...]
    rows: tuple[str, ...]
    span: str

    @property
    def least(self) -> float | None:
        """The share covered at the least: the attacks that a US official confirms."""
        return min(len(self.confirmed), self.counted) / self.counted if self.counted else None

    @property
    def most(self) -> float | None:
        """The share covered at the most: all attacks on record."""
        return min(len(self.coded), self.counted) / self.counted if self.counted else None

    @property
    def ratio(self) -> tuple[float, float] | None:
        """Attacks on record for each attack that officials counted, lowest and highest; may pass one."""
        coded = len(self.coded)
        return (coded / self.high, coded / self.low) if self.low and math.isfinite(self.high) else None


@dataclass(frozen=True)
class CoverageResult:
    """What `analyse_coverage` finds.

    Attributes
    ----------
    series: officials' running total of the countries that count.
    contradictions: of these totals, see `totals.contradictions`.
    intervals: a row an interval between two totals: start, end, days, official, low, high, coded, and each grade.
    covers: ``all``, each stretch and each country (``iraq``, ``syria``, ``jordan``) that totals cover -> its `Cover`.
    incidents: those that the parameters count.
    """

    parameters: Parameters
    series: totals.Series
    contradictions: pd.DataFrame
    intervals: pd.DataFrame
    covers: Mapping[str, Cover]
    incidents: pd.DataFrame

    @property
    def change(self) -> tuple[float, float] | None:
        """How many times as many attacks are on record for each counted since the second stop as before the pause."""
        late, early = (one.ratio if one else None for one in map(self.covers.get, ("since_stop", "before")))
        return (late[0] / early[1], late[1] / early[0]) if late and early and early[0] else None


def intervals(series: totals.Series, incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return a row for each interval between two totals of `series` in the window (columns as in the result)."""
    before, end = pd.Timestamp(parameters.window_start) - DAY, pd.Timestamp(parameters.window_end)
    days = [point.day for point in series.told if before <= point.day <= end]
    place = np.searchsorted(np.array(days, dtype="datetime64[ns]"), incidents["date"].to_numpy("datetime64[ns]"))
    grades = {grade: incidents["confirmation"].to_numpy() == grade for grade in GRADES}
    held = [np.bincount(place[here], minlength=len(days) + 1) for here in grades.values()]
    rows = []
    for number, (left, right) in enumerate(pairwise(days), 1):
        counted = [int(many[number]) for many in held]
        span = series.between(left + DAY, right)
        rows.append((left + DAY, right, (right - left).days, *span, sum(counted), *counted))
    columns = ["start", "end", "days", "official", "official_low", "official_high", "coded", *GRADES]
    return pd.DataFrame(rows, columns=columns)


def cover(series: totals.Series, incidents: pd.DataFrame, runs: Runs) -> Cover | None:
    """Return what officials counted in the days of `runs` (first, last) that their totals cover; None where none is."""
    held = covered(series, runs)
    if not held or len(series.points) < 2:
        return None
    counted, inside = [series.between(*run) for run in held], pd.Series(False, index=incidents.index)
    for first, last in held:
        inside |= incidents["date"].between(pd.Timestamp(first), pd.Timestamp(last))
    here = incidents[inside]
    best, low, high = (sum(part[place] for part in counted) for place in range(3))
    return Cover(
        int(best),
        low,
        high,
        tuple(here["incident_id"]),
        tuple(here.loc[here["confirmation"] == "us_official", "incident_id"]),
        tuple(dict.fromkeys(row for run in held for row in series.enclosing(*run))),
        span_text(held[0][0], held[-1][1]),
    )


def told_days(series: totals.Series, parameters: Parameters) -> Runs:
    """Return the days of the window up to the last for which a total was given (none: no run)."""
    start, end = parameters.window_start, pd.Timestamp(parameters.window_end)
    last = max((point.day.date() for point in series.told[1:] if point.day <= end), default=date.min)
    return ((start, last),) if last >= start else ()


def analyse_coverage(
    incidents: pd.DataFrame, counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters
) -> CoverageResult:
    """Set the attacks on record against the totals in `counts`; `sources` gives each source's family.

    Confirmation filters what is on record, never what officials counted.
    """
    parameters = within_coding(parameters, incidents)
    families = sources.set_index("source_id")["family"]
    since = totals.counted_since(counts, parameters)
    split = totals.by_country(counts, families, since=since)
    chain = totals.series(counts, families, parameters.countries, since=since)
    if len(parameters.countries) == 1:
        chain = split[parameters.countries[0]]
    chosen = select(incidents, parameters)
    found = {"all": cover(chain, chosen, told_days(chain, parameters))}
    for name, (_, runs) in parts(parameters).items():
        if name in NAMES:
            found[name] = cover(chain, chosen, runs)
    for code in parameters.countries:
        name = countries()[code].name.lower()
        found[name] = cover(split[code], chosen[chosen["country"] == code], told_days(split[code], parameters))
    clashes = totals.contradictions(counts, families, parameters.countries)
    inside = clashes["day"].between(pd.Timestamp(parameters.window_start), pd.Timestamp(parameters.window_end))
    clashes = clashes[inside].reset_index(drop=True)
    known = {name: one for name, one in found.items() if one is not None}
    return CoverageResult(parameters, chain, clashes, intervals(chain, chosen, parameters), known, chosen)


def _rows(name: str, one: Cover) -> list[Row]:
    """Return the facts of one cover: its attacks on record and the ratio; of all days the count and the shares too."""
    text = f"{one.low:,.0f}" if one.low == one.high else f"{one.low:,.0f} to {one.high:,.0f}"
    shown = text if math.isfinite(one.high) else f"{one.low:,.0f} or more"
    coded = fixed(f"coverage.{name}.coded", len(one.coded), "incidents", one.coded)
    if name != "all":
        note = "attacks on record for each that officials counted; may pass one"
        return [coded, _range(f"coverage.{name}.ratio", one.ratio, note)] if name in COMPARED else []
    return [
        coded,
        fixed("coverage.all.counted", one.counted, "attacks", rows={"official_counts": one.rows}, text=shown),
        fixed("coverage.all.span", one.span, note="the days, as far as totals cover them"),
        fixed("coverage.all.confirmed", len(one.confirmed), "incidents", one.confirmed),
        fixed("coverage.all.least", one.least, "share", note="those that a US official confirms"),
        fixed("coverage.all.most", one.most, "share", note="all on record"),
    ]


def rows(result: CoverageResult) -> list[Row]:
    """Return the facts ``coverage.*``: of all days and each stretch and country that officials' totals cover."""
    series, clashes = result.series, result.contradictions
    told = [row for item in series.statements for row in item.rows]
    note = "on record for each counted, since the second stop over before the pause"
    return [
        *(row for name, one in result.covers.items() for row in _rows(name, one)),
        fixed("coverage.statements", len(series.statements), "statements", rows={"official_counts": told},
              note="a day and a total; reprints are one"),
        fixed("coverage.points", len(series.points) - 1, "statements", rows={"official_counts": series.rows}),
        _range("coverage.change", result.change, note),
        fixed("coverage.contradictions", len(clashes), "contradictions", rows=_doubted(clashes)),
        *(
            fixed(f"coverage.contradictions.{kind}", int((clashes["kind"] == kind).sum()), "contradictions",
                  rows=_doubted(clashes[clashes["kind"] == kind]))
            for kind in ("falls", "same_day", "sum")
        ),
    ]  # fmt: skip


def _range(name: str, bounds: tuple[float, float] | None, note: str) -> Row:
    """Return the fact of a ratio between two bounds: its lower one, printed "2.2 to 4.4"."""
    low, high = (printed(bound, "ratio") for bound in bounds or (None, None))
    return fixed(name, bounds and bounds[0], "ratio", text=low if low == high else f"{low} to {high}", note=note)


def _doubted(clashes: pd.DataFrame) -> dict[str, list[str]]:
    cells = [*clashes["rows"], *clashes["against"]]
    return {"official_counts": list(dict.fromkeys(row for cell in cells for row in cell.split(";") if row))}
