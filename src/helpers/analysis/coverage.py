"""How much of what US officials counted the coded record holds, by period and country, and what gaps would do.

The running totals (`helpers.analysis.totals`) give intervals of attacks between statements. Officials counted attacks
their own way, and only since 17 October; media report some that officials never counted. So it is not known which coded
incidents are among those counted, and the share covered is a pair of bounds: at least the incidents that a US official
confirms, at most all that are coded, neither more than the count itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers.analysis import rates, totals
from helpers.analysis.references import article
from helpers.parameters import CONFIRMATIONS, Parameters
from helpers.tables import each, select

METHODS = {
    **totals.METHODS,
    "clopper1934": rates.METHODS["clopper1934"],
    "holt1979": article(
        "Holt, D.; Smith, T. M. F.",
        1979,
        "Post stratification",
        "Journal of the Royal Statistical Society: Series A",
        "142",
        "33-46",
    ),
}

#: A period is at least so many attacks by officials' count (but ends where the pause or the stop begins or ends).
LEAST = 20

#: Weights are kept between one over this and this, so that no single incident stands for many.
CLIP = 4.0

GRADES = ("us_official", "local_official", "media_only", "claim_only")
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Share:
    """A share covered as bounds `low` to `high` with the outer exact interval `ci_low` to `ci_high` (None: no count).

    `official`, `coded` and `confirmed` (by a US official) are counts; `ratio` is coded over official, and may pass one.
    """

    official: int
    coded: int
    confirmed: int
    low: float | None
    high: float | None
    ci_low: float | None
    ci_high: float | None

    @property
    def ratio(self) -> float | None:
        """Coded incidents for each attack that officials counted."""
        return self.coded / self.official if self.official else None


@dataclass(frozen=True)
class CoverageResult:
    """What `analyse_coverage` finds.

    Attributes
    ----------
    parameters: those of the run.
    series: the running total of the countries that count; by_country: of each.
    contradictions: see `totals.contradictions`.
    intervals: one row an interval between totals: start, end, days, official, official_low, official_high, the four
        grades, coded, coded_low, coded_high (surely, possibly inside by their dates), rows (count_ids).
    periods: the same columns with `period`, `country` (a code, or `all`), share_low, share_high, ci_low, ci_high,
        ratio, weight; periods are runs of intervals, of at least `LEAST` attacks.
    incidents: the incidents that the parameters count, inside the days covered by totals or not.
    graded: the same whatever their confirmation.
    overall: share in all the days covered; shares: by country and by stretch (before, pause, after, stop).
    uneven: p of an even share over periods (chi-squared on the coded counts), None with fewer than two periods.
    """

    parameters: Parameters
    series: totals.Series
    by_country: dict[str, totals.Series]
    contradictions: pd.DataFrame
    intervals: pd.DataFrame
    periods: pd.DataFrame
    incidents: pd.DataFrame
    graded: pd.DataFrame
    overall: Share
    shares: dict[str, Share]
    uneven: float | None


def share(official: float, coded: float, confirmed: float) -> Share:
    """Return the share of `official` attacks covered, as bounds, with Clopper and Pearson's (1934) outer interval."""
    whole, inside, sure = round(official), round(coded), round(min(confirmed, coded))
    if whole <= 0:
        return Share(whole, inside, sure, None, None, None, None)
    low, high = min(sure, whole), min(inside, whole)
    return Share(
        whole, inside, sure, low / whole, high / whole,
        rates.share_interval(low, whole)[0], rates.share_interval(high, whole)[1],
    )  # fmt: skip


def _inside(incidents: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, int]:
    """Return how many incidents lie in the days from `start` to `end`: coded, surely, possibly, and by grade.

    Surely leaves out the last day, possibly takes in the day before the first: a total is given during a day, and
    attacks of that day can stand in it or in the next.
    """
    here = incidents[incidents["date"].between(start, end)]
    first = incidents["date_earliest"].fillna(incidents["date"])
    last = incidents["date_latest"].fillna(incidents["date"])
    counted = {grade: int((here["confirmation"] == grade).sum()) for grade in GRADES}
    sure = (first >= start) & (last <= (end if start == end else end - DAY))
    maybe = (last >= start - DAY) & (first <= end)
    return {**counted, "coded": len(here), "coded_low": int(sure.sum()), "coded_high": int(maybe.sum())}


def _edges(series: totals.Series, parameters: Parameters) -> list[pd.Timestamp]:
    """Return the days of the chain's totals inside the window, beginning with one before the window's first day."""
    before = pd.Timestamp(parameters.window_start) - DAY
    return [point.day for point in series.points if before <= point.day <= pd.Timestamp(parameters.window_end)]


def _interval(series: totals.Series, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, Any]:
    best, low, high = series.between(start, end)
    rows = [row for point in series.points if point.day in (start - DAY, end) for row in point.rows]
    return {
        "start": start, "end": end, "days": (end - start).days + 1, "official": best, "official_low": low,
        "official_high": high, "rows": ";".join(rows),
    }  # fmt: skip


INTERVAL_COLUMNS = [
    "start", "end", "days", "official", "official_low", "official_high", "rows", *GRADES, "coded", "coded_low",
    "coded_high",
]  # fmt: skip


def intervals(series: totals.Series, incidents: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return one row an interval between two totals of `series` inside the window (columns as in the result)."""
    edges = _edges(series, parameters)
    rows = [
        {**_interval(series, left + DAY, right), **_inside(incidents, left + DAY, right)}
        for left, right in pairwise(edges)
    ]
    return pd.DataFrame(rows, columns=INTERVAL_COLUMNS)


def _known(chain: totals.Series, day: pd.Timestamp) -> bool:
    """Return whether `chain` fixes the count by `day`: a total of that day, or the same total before and after."""
    days = [point.day for point in chain.points]
    if day in days:
        return True
    later = [point.value for point in chain.points if point.day > day]
    return bool(later) and later[0] == chain.at(day)[0]


def _cuts(chain: totals.Series, split: dict[str, totals.Series], parameters: Parameters) -> list[pd.Timestamp]:
    """Return the days at which periods end, beginning with the day before the first.

    A period ends with a total that Iraq and Syria have too (while they still have any), when it holds `LEAST` attacks,
    and at the total nearest to each day on which the pause or the stop begins or ends.
    """
    edges = _edges(chain, parameters)
    if len(edges) < 2:
        return edges
    places = [split[code] for code in ("IQ", "SY") if code in parameters.countries]
    last_split = min((place.last_day for place in places), default=edges[0])
    whole = [day for day in edges if day > last_split or all(_known(place, day) for place in places)]
    forced = {last_split}
    for bound in (parameters.pause_start, parameters.pause_end, parameters.stop_start):
        target = pd.Timestamp(bound) - DAY
        nearest = min(whole, key=lambda day: (abs((day - target).days), day), default=target)
        if abs((nearest - target).days) <= 7:
            forced.add(nearest)
    cuts = [edges[0]]
    for day in edges[1:]:
        held = chain.at(day)[0] - chain.at(cuts[-1])[0]
        if day in forced or day == edges[-1] or (day in whole and held >= LEAST):
            # a remnant too small to stand alone joins the period before it
            few = len(cuts) > 1 and held < LEAST / 2 and cuts[-1] not in forced
            cuts = [*cuts[:-1], day] if few else [*cuts, day]
    return cuts


def period_name(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return a period's name: its first and last day."""
    return f"{start:%Y-%m-%d}/{end:%Y-%m-%d}"


def periods(
    whole: totals.Series, split: dict[str, totals.Series], incidents: pd.DataFrame, parameters: Parameters
) -> pd.DataFrame:
    """Return one row a period and country, and one for all countries, with the share covered and the weight."""
    rows = []
    cuts = _cuts(whole, split, parameters)
    for left, right in pairwise(cuts):
        start = left + DAY
        for code in (*parameters.countries, "all"):
            chain = whole if code == "all" else split[code]
            # Jordan's one attack needs no split: every total names it, or adds it
            if code in ("IQ", "SY") and not (_known(chain, left) and _known(chain, right)):
                continue
            if code == "JO" and right > chain.last_day:
                continue
            here = incidents if code == "all" else incidents[incidents["country"] == code]
            row = {"period": period_name(start, right), "country": code, **_interval(chain, start, right)}
            row |= _inside(here, start, right)
            part = share(row["official"], row["coded"], row["us_official"])
            weight = row["official"] / row["coded"] if row["coded"] else math.nan
            row |= {
                "share_low": part.low, "share_high": part.high, "ci_low": part.ci_low, "ci_high": part.ci_high,
                "ratio": part.ratio, "weight": float(np.clip(weight, 1 / CLIP, CLIP)), "weight_unclipped": weight,
            }  # fmt: skip
            if code == "all" or row["official"] or row["coded"]:
                rows.append(row)
    columns = [
        "period", "country", *INTERVAL_COLUMNS, "share_low", "share_high", "ci_low", "ci_high", "ratio", "weight",
        "weight_unclipped",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _pooled(table: pd.DataFrame) -> Share:
    """Return the share over several periods: what one period has too many makes up for no other's lack."""
    if table.empty:
        return share(0, 0, 0)
    held = np.minimum(table["coded"], table["official"]).sum()
    sure = np.minimum(np.minimum(table["us_official"], table["coded"]), table["official"]).sum()
    bound = share(table["official"].sum(), held, sure)
    return Share(
        bound.official, int(table["coded"].sum()), int(table["us_official"].sum()), bound.low, bound.high,
        bound.ci_low, bound.ci_high,
    )  # fmt: skip


def stretch_of(start: pd.Timestamp, end: pd.Timestamp, parameters: Parameters) -> str:
    """Return the stretch that most of the days from `start` to `end` lie in: before, pause, after or stop."""
    days = pd.date_range(start, end)
    named = np.select(
        [
            days < pd.Timestamp(parameters.pause_start),
            days < pd.Timestamp(parameters.pause_end),
            days < pd.Timestamp(parameters.stop_start),
        ],
        ["before", "pause", "after"],
        "stop",
    )
    return str(pd.Series(named).mode()[0])


def in_stretch(periods: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Return the stretch of each of `periods` (columns start, end)."""
    names = [stretch_of(row.start, row.end, parameters) for row in each(periods)]
    return pd.Series(names, index=periods.index, dtype=object)


def analyse_coverage(
    incidents: pd.DataFrame, counts: pd.DataFrame, sources: pd.DataFrame, parameters: Parameters
) -> CoverageResult:
    """Set the coded `incidents` against the totals in `counts`; `sources` gives each source's family.

    Confirmation filters what is coded, never what officials counted.
    """
    families = sources.set_index("source_id")["family"]
    since = totals.counted_since(counts, parameters)
    chain = totals.series(counts, families, parameters.countries, since=since)
    split = totals.by_country(counts, families, since=since)
    if len(parameters.countries) == 1:
        chain = split[parameters.countries[0]]
    counted = select(incidents, parameters)
    anyone = parameters.model_copy(update={"confirmed_by": "anyone"})
    graded = select(incidents, anyone)
    table = periods(chain, split, counted, parameters)
    whole = table[table["country"] == "all"]
    shares: dict[str, Share] = {code: _pooled(table[table["country"] == code]) for code in totals.COLUMNS}
    stretches = in_stretch(whole, parameters)
    for name in ("before", "pause", "after", "stop"):
        shares[name] = _pooled(whole[stretches == name])
    return CoverageResult(
        parameters, chain, split, totals.contradictions(counts, families), intervals(chain, counted, parameters),
        table, counted, graded, _pooled(whole), shares, evenness(whole),
    )  # fmt: skip


def evenness(whole: pd.DataFrame) -> float | None:
    """Return p of coded incidents spread over periods as officials' counts are; None with fewer than two periods."""
    known = whole[whole["official"] > 0]
    if len(known) < 2 or known["coded"].sum() == 0:
        return None
    expected = known["official"].to_numpy(float) * known["coded"].sum() / known["official"].sum()
    return float(stats.chisquare(known["coded"].to_numpy(float), expected).pvalue)


def capture_for(incidents: pd.DataFrame, result: CoverageResult) -> pd.DataFrame:
    """Return period, country, capture and weight of each of `incidents` (columns incident_id, date, country).

    capture is coded over official in the incident's period and country, weight its inverse kept within 1/`CLIP` and
    `CLIP`: within a period and country, weighted incidents sum to what officials counted (post-stratification, Holt and
    Smith 1979), as far as the clipping allows. Days without official totals have capture blank and weight 1.
    """
    rows = []
    table = result.periods
    for item in each(incidents):
        here = table[(table["start"] <= item.date) & (table["end"] >= item.date)]
        own = here[here["country"] == item.country]
        chosen = own if len(own) else here[here["country"] == "all"]
        if chosen.empty or pd.isna(chosen["weight"].iloc[0]):
            rows.append((item.incident_id, "", item.country, math.nan, 1.0))
            continue
        row = chosen.iloc[0]
        ratio = row["ratio"] if row["ratio"] is not None else math.nan
        rows.append((item.incident_id, row["period"], row["country"], float(ratio), float(row["weight"])))
    return pd.DataFrame(rows, columns=["incident_id", "period", "country", "capture", "weight"])


def capture_under(
    result: CoverageResult,
    confirmed_by: str,
    countries: Sequence[str] | None = None,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
) -> Share:
    """Return the share covered when only incidents with the confirmation `confirmed_by` (or stronger) count.

    Over the periods that lie from `start` to `end`, if given, and in `countries`. Print it beside each rate that a
    filter on confirmation changes: what a stricter filter leaves out, officials counted all the same.
    """
    grades = CONFIRMATIONS[confirmed_by]
    table = result.periods
    table = table[table["country"].isin(["all"] if countries is None else countries)]
    if start is not None:
        table = table[table["start"] >= start]
    if end is not None:
        table = table[table["end"] <= end]
    held = []
    for row in each(table):
        here = result.graded[result.graded["date"].between(row.start, row.end)]
        here = here if row.country == "all" else here[here["country"] == row.country]
        held.append({"coded": int(here["confirmation"].isin(grades).sum()),
                     "us_official": int((here["confirmation"] == "us_official").sum())})  # fmt: skip
    counted = pd.DataFrame(held, columns=["coded", "us_official"], index=table.index)
    return _pooled(pd.concat([table[["official"]], counted], axis=1))


def spans(result: CoverageResult) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the first and last day of each stretch (before, pause, after, stop) that has a period."""
    whole = result.periods[result.periods["country"] == "all"]
    found: dict[str, tuple[pd.Timestamp, pd.Timestamp]] = {}
    for row in each(whole):
        name = stretch_of(row.start, row.end, result.parameters)
        found[name] = (found.get(name, (row.start, row.end))[0], row.end)
    return found


def under_filters(result: CoverageResult) -> pd.DataFrame:
    """Return coded incidents for each attack counted under each filter on confirmation (rows), by stretch (columns)."""
    columns = {"all days": (None, None), **spans(result)}
    return pd.DataFrame(
        {
            name: {key: capture_under(result, key, start=first, end=last).ratio for key in CONFIRMATIONS}
            for name, (first, last) in columns.items()
        }
    ).astype(float)


def uncovered(result: CoverageResult) -> pd.DataFrame:
    """Return the cells (period and country) with at least five attacks by officials' count, lowest capture first."""
    table = result.periods[(result.periods["country"] != "all") & (result.periods["official"] >= 5)]
    return table.sort_values(["ratio", "start", "country"], ignore_index=True)
