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
from itertools import pairwise

import pandas as pd

from helpers.analysis import totals
from helpers.analysis.counters import Tally, of_record, of_totals
from helpers.facts import Facts, printed
from helpers.parameters import Parameters
from helpers.stretches import NAMES, Stretches, span_text, within_coding
from helpers.tables import select
from helpers.vocabulary import COUNTRIES

GRADES = ("us_official", "local_official", "media_only", "claim_only")
#: Stretches that are told of each other by what the record holds for each attack counted.
COMPARED = ("before", "between", "since_stop")
DAY = pd.Timedelta(days=1)
Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Cover:
    """What officials `counted` in some days, and the ids of the attacks on record in the same days: all (`coded`), and
    those that a US official confirms."""

    counted: Tally
    coded: tuple[str, ...]
    confirmed: tuple[str, ...]

    def share(self, ids: tuple[str, ...]) -> float | None:
        """Return the share covered if those counted are, as far as they go, the attacks on record with these `ids`."""
        return min(len(ids), self.counted.best) / self.counted.best if self.counted.best else None

    @property
    def ratio(self) -> Bounds:
        """Attacks on record for each attack that officials counted, lowest and highest; may pass one."""
        coded, low, high = len(self.coded), self.counted.low, self.counted.high
        return (coded / high, coded / low) if low and math.isfinite(high) else None


@dataclass(frozen=True)
class CoverageResult:
    """What `analyse_coverage` finds.

    Attributes
    ----------
    series: officials' running total of the countries that count.
    contradictions: of these totals, see `totals.contradictions`.
    intervals: a row an interval between two totals, see `intervals`.
    covers: ``all``, each stretch and each country (``iraq``, ``syria``, ``jordan``) that totals cover -> its `Cover`.
    """

    series: totals.Series
    contradictions: pd.DataFrame
    intervals: pd.DataFrame
    covers: Mapping[str, Cover]

    @property
    def change(self) -> Bounds:
        """How many times as many attacks are on record for each counted since the second stop as before the pause."""
        late, early = (one.ratio if one else None for one in map(self.covers.get, ("since_stop", "before")))
        return (late[0] / early[1], late[1] / early[0]) if late and early and early[0] else None


def intervals(series: totals.Series, incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return a row for each interval between two totals of `series` in the window.

    Columns: start, end, days, official, official_low, official_high, coded (attacks on record), and of these each grade
    of confirmation.
    """
    before, end = pd.Timestamp(parameters.window_start) - DAY, pd.Timestamp(parameters.window_end)
    rows = []
    for left, right in pairwise(point.day for point in series.told if before <= point.day <= end):
        here = incidents[incidents["date"].gt(left) & incidents["date"].le(right)]
        grades = here["confirmation"].value_counts().reindex(GRADES, fill_value=0)
        rows.append((left + DAY, right, (right - left).days, *series.between(left + DAY, right), len(here), *grades))
    columns = ["start", "end", "days", "official", "official_low", "official_high", "coded", *GRADES]
    return pd.DataFrame(rows, columns=columns)


def cover(series: totals.Series, incidents: pd.DataFrame, place: str, days: pd.DatetimeIndex) -> Cover | None:
    """Return what officials counted on those of `days` that their totals cover; None where these are none."""
    counted = of_totals("officials", series, place, "", days)
    if counted is None:
        return None
    here = of_record(incidents, place, "", series.covered(days)).incidents
    confirmed = incidents.loc[incidents["confirmation"] == "us_official", "incident_id"]
    return Cover(counted, here, tuple(confirmed[confirmed.isin(here)]))


def analyse_coverage(
    incidents: pd.DataFrame, counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters
) -> CoverageResult:
    """Set the attacks on record against the totals in `counts`; `sources` gives each source's family.

    Confirmation filters what is on record, never what officials counted. All days, and those of a country, are told of
    as far as the last total in the window.
    """
    parameters = within_coding(parameters, incidents)
    families, cut = sources.set_index("source_id")["family"], Stretches(parameters)
    chains, chosen = totals.officials(counts, families, parameters), select(incidents, parameters)

    def told(place: str) -> pd.DatetimeIndex:
        """Return the days up to the last total in the window."""
        days = [point.day for point in chains[place].told[1:] if point.day <= cut.days[-1]]
        return cut.days[cut.days <= max(days, default=pd.Timestamp.min)]

    spans = [("all", "all", told("all")), *((name, "all", cut[name].days) for name in NAMES),
             *((COUNTRIES[code].lower(), code, told(code)) for code in parameters.countries)]  # fmt: skip
    known = {name: one for name, place, days in spans if (one := cover(chains[place], chosen, place, days))}
    clashes = totals.contradictions(counts, families, parameters.countries)
    inside = clashes["day"].isin(cut.days)
    return CoverageResult(
        chains["all"], clashes[inside].reset_index(drop=True), intervals(chains["all"], chosen, parameters), known
    )


def facts(result: CoverageResult) -> Facts:
    """Return the facts ``coverage.*``: of all days, and of each stretch that officials' totals cover."""
    found, series, clashes = Facts(), result.series, result.contradictions

    def ratio(name: str, bounds: Bounds, note: str) -> None:
        """Add a ratio between two bounds: its lower one, printed "2.2 to 4.4"."""
        low, high = (printed(bound, "ratio") for bound in bounds or (None, None))
        text = low if low == high else f"{low} to {high}"
        found.add(name, bounds and bounds[0], unit="ratio", text=text, note=note)

    def doubted(name: str, clashes: pd.DataFrame) -> None:
        rows = dict.fromkeys(row for cell in [*clashes["rows"], *clashes["against"]] for row in cell.split(";") if row)
        found.add(name, len(clashes), unit="contradictions", rows={"official_counts": rows})

    for name in ("all", *COMPARED):
        if (one := result.covers.get(name)) is not None:
            found.add(f"coverage.{name}.coded", len(one.coded), unit="incidents", incidents=one.coded)
            if name != "all":
                note = "attacks on record for each that officials counted; may pass one"
                ratio(f"coverage.{name}.ratio", one.ratio, note)
    if (one := result.covers.get("all")) is not None:
        days = span_text(one.counted.first, one.counted.last)
        one.counted.tell(found, "coverage.all.counted")
        found.add("coverage.all.span", days, unit="text", note="the days, as far as totals cover them")
        found.add("coverage.all.confirmed", len(one.confirmed), unit="incidents", incidents=one.confirmed)
        found.add("coverage.all.least", one.share(one.confirmed), unit="share",
                  note="those that a US official confirms")  # fmt: skip
        found.add("coverage.all.most", one.share(one.coded), unit="share", note="all on record")
    told = {"official_counts": [row for item in series.statements for row in item.rows]}
    note = "a day and a total; reprints are one"
    found.add("coverage.statements", len(series.statements), unit="statements", rows=told, note=note)
    found.add("coverage.points", len(series.points) - 1, unit="statements", rows={"official_counts": series.rows})
    ratio("coverage.change", result.change, "on record for each counted, since the second stop over before the pause")
    doubted("coverage.contradictions", clashes)
    for kind in ("falls", "same_day", "sum"):
        doubted(f"coverage.contradictions.{kind}", clashes[clashes["kind"] == kind])
    return found
