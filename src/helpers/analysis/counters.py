"""What each counter counted: US officials, the Syrian Observatory, ACLED, others, and this record, for the same days.

Running totals are known on some days alone, so that what they say of other days is a range (`totals.Series.between`). A
count that a counter gave for just these days, such as ACLED's of a month, stands as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from helpers.analysis import totals
from helpers.facts import Facts
from helpers.parameters import Parameters
from helpers.stretches import NAMES, Stretches, span_text, within_coding
from helpers.tables import each, select
from helpers.vocabulary import COUNTRIES
from helpers.words import day_text

#: Counter -> its name in text and tables; one that is not here is named as the sheet names it (``other:NAME``).
COUNTERS = {
    "record": "this record",
    "officials": "US officials",
    "sohr": "the Syrian Observatory",
    "acled": "ACLED",
    "gttac": "the register GTTAC",
    "musings_on_iraq": "the weblog Musings on Iraq",
    "other:isw_ctp": "ISW and CTP",
    "claimant": "the claimants",
}
#: Words for what is counted of which this record holds the like; of those with True, the attacks that anyone claims.
UNITS = {"attacks": False, "operations": True}
#: Fewest attacks, by the counter that has most, for which it is said how far counters part.
FEWEST = 10
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Tally:
    """What one counter counted in some days: `low` to `high` (infinite: not bounded) around `best`.

    `place` is ``all`` (the countries of the run), a country or a site; `part` the stretch or month; `relation` that of
    a count given for just these days; `incidents` and `rows` (ids, of `table`) what it rests on. `until` is the last
    day that the counter covers, where that is before the part's own; `days` how many days it covers.
    """

    counter: str
    place: str
    part: str
    first: date
    last: date
    best: int
    low: float
    high: float
    relation: str = "exact"
    until: date | None = None
    days: int = 0
    unit: str = "attacks"
    incidents: tuple[str, ...] = ()
    table: str = ""
    rows: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The count as printed: "86", "86 to 91", "more than 160", "about 80"; with the day up to which it is known."""
        whole = {"at_least": f"{self.best:,} or more", "approximately": f"about {self.best:,}"}
        low, high = f"{self.low:,.0f}", f"{self.high:,.0f}"
        shown = low if self.low == self.high else f"{low} or more" if math.isinf(self.high) else f"{low} to {high}"
        shown = whole.get(self.relation, shown)
        return f"{shown} (to {day_text(self.until, year=False)})" if self.until else shown

    def tell(self, facts: Facts, name: str) -> None:
        """Add the count to `facts`, with what it rests on."""
        behind = {self.table: self.rows} if self.rows else None
        facts.add(name, self.best, unit=self.unit, incidents=self.incidents, rows=behind, text=self.text)


class Beside(NamedTuple):
    """What a counter counted in some days, and what this record holds for the same days and place."""

    counted: Tally
    record: Tally


@dataclass(frozen=True)
class CountersResult:
    """What `count_all` finds.

    Attributes
    ----------
    parts: name of each stretch and month of the window that has days -> its words.
    tallies: (part, place, counter) -> tally, for running totals and this record.
    beside: of each stretch, a running total and this record's count of the same days and place.
    periods: counts that others gave for days of the window, each with this record's for the same days and countries.
    bases: the Observatory's count of each base in Syria, each with this record's for the same days.
    running: (place, counter) -> its running total; incidents: those that count.
    """

    parameters: Parameters
    parts: Mapping[str, str]
    tallies: Mapping[tuple[str, str, str], Tally]
    beside: list[Beside]
    periods: list[Beside]
    bases: list[Beside]
    running: Mapping[tuple[str, str], totals.Series]
    incidents: pd.DataFrame

    @property
    def widest(self) -> tuple[Tally, Tally] | None:
        """The two counts of one stretch that surely part most, the larger first; None where all are few or meet."""
        pairs = [sorted(pair, key=lambda tally: tally.best, reverse=True) for pair in self.beside]
        apart = [(most, least) for most, least in pairs if most.best >= FEWEST and most.low > least.high]
        return max(apart, key=lambda pair: pair[0].low / max(pair[1].high, 0.5), default=None)


def parts(parameters: Parameters) -> dict[str, tuple[str, pd.DatetimeIndex]]:
    """Return name -> words and days of the stretches and months of the window that have any."""
    cut = Stretches(parameters)
    found = {name: (cut[name].words, cut[name].days) for name in NAMES if len(cut[name])}
    for month in dict.fromkeys(cut.days.strftime("%Y-%m")):
        days = cut.days[cut.days.strftime("%Y-%m") == month]
        first, last = days[0], days[-1]
        span = f", {first.day} to {last.day}" if first != last else f", {first.day}"
        whole = first.is_month_start and last.is_month_end
        found[month] = (f"{first:%B %Y}{'' if whole else span}", days)
    return found


def of_record(incidents: pd.DataFrame, place: str, part: str, days: pd.DatetimeIndex) -> Tally:
    """Return the attacks on record on `days`, of all countries, of one, or at one site."""
    inside = incidents["date"].isin(days)
    if place != "all":
        inside &= incidents["country" if place in COUNTRIES else "site_id"] == place
    ids, (first, last) = tuple(incidents.loc[inside, "incident_id"]), (days[0].date(), days[-1].date())
    many = len(ids)
    return Tally("record", place, part, first, last, many, many, many, days=len(days), incidents=ids)


def of_totals(counter: str, series: totals.Series, place: str, part: str, days: pd.DatetimeIndex) -> Tally | None:
    """Return what a running total says of those of `days` that it covers; None where it covers none."""
    held = series.covered(days)
    if held.empty:
        return None
    best, low, high, rows = series.over(held)
    until = held[-1].date() if held[-1] < days[-1] else None
    table = "other_counts" if counter == "sohr" else "official_counts"
    return Tally(counter, place, part, held[0].date(), held[-1].date(), best, low, high, until=until, days=len(held),
                 table=table, rows=rows)  # fmt: skip


def _narrowed(tally: Tally, series: totals.Series, given: Iterable[Any]) -> Tally:
    """Return `tally` with the narrower bounds that a count `given` for some of its days allows."""
    low, high, best, rows = tally.low, tally.high, tally.best, tally.rows
    for row in given:
        if not (tally.first <= row.since.date() and row.as_of.date() <= tally.last):
            continue
        around = [
            series.between(first, last)
            for first, last in ((tally.first, row.since - DAY), (row.as_of + DAY, tally.last))
            if pd.Timestamp(first) <= pd.Timestamp(last)
        ]
        least, most = (row.total + sum(bounds[end] for bounds in around) for end in (1, 2))
        if least > low or most < high:
            low, high, rows = max(low, least), min(high, most), (*rows, row.other_id)
            best = int(min(max(best, low), high))
    return replace(tally, best=best, low=low, high=high, rows=rows)


def _given(counter: str, place: str, first: date, row: Any) -> Tally:
    """Return the count that `row` of other_counts gives from `first` on."""
    last, (low, high) = row.as_of.date(), totals.bounds_of(row.total, row.relation)
    return Tally(counter, place, f"{first}/{last}", first, last, row.total, low, high, row.relation, unit=row.unit,
                 table="other_counts", rows=(row.other_id,))  # fmt: skip


def _periods(other_counts: pd.DataFrame, incidents: pd.DataFrame, parameters: Parameters) -> list[Beside]:
    """Return the counts that others gave for days of the window, each with this record's for the same days."""
    rows = other_counts[
        other_counts["site_id"].fillna("").eq("")
        & other_counts["counter"].ne("sohr")
        & other_counts["unit"].isin(UNITS)
        & other_counts["as_of_precision"].eq("day")
        & other_counts["since"].notna()
        & other_counts["as_of"].le(pd.Timestamp(parameters.window_end))
    ].sort_values(["as_of", "since", "other_id"])
    found = []
    for row in each(rows):
        # no attack of the campaign lies before the codebook's first day: a count since the war began is one since then
        first = max(row.since.date(), Parameters().window_start)
        place = row.country if isinstance(row.country, str) and row.country else "all"
        wanted = {place} if place != "all" else {"IQ", "SY"}
        if first < parameters.window_start or not wanted <= set(parameters.countries):
            continue
        like = incidents[incidents["claimed_by"].fillna("").ne("")] if UNITS[row.unit] else incidents
        one = _given(row.counter, place, first, row)
        found.append(Beside(one, of_record(like, place, one.part, pd.date_range(one.first, one.last))))
    return found


def by_base(other_counts: pd.DataFrame, incidents: pd.DataFrame, parameters: Parameters) -> list[Beside]:
    """Return the attacks by base of the Observatory's last breakdown in the window that adds up, most attacked first.

    `incidents` are those that count; its attacks up to that day stand beside. A base of which the Observatory counts
    none has a count of zero that rests on no row.
    """
    mine = other_counts[
        other_counts["counter"].eq("sohr") & other_counts["as_of"].le(pd.Timestamp(parameters.window_end))
    ]
    since = mine["since"].min()
    mine = mine[(mine["since"] == since) & (mine["since"] >= pd.Timestamp(parameters.window_start))]
    whole, keys = mine["site_id"].fillna("") == "", ["as_of", "source_id"]
    sums = mine[~whole].groupby(keys)["total"].sum()
    right = sums[sums == mine[whole].drop_duplicates(keys, keep="last").set_index(keys)["total"].reindex(sums.index)]
    if right.empty or "SY" not in parameters.countries:
        return []
    day, source = max(right.index)
    days, first = pd.date_range(since, day), since.date()
    known = incidents[(incidents["country"] == "SY") & incidents["date"].isin(days)]
    split = mine[~whole & (mine["as_of"] == day) & (mine["source_id"] == source)]
    told = {row.site_id: _given("sohr", row.site_id, first, row) for row in each(split)}
    none = Tally("sohr", "", f"{first}/{day.date()}", first, day.date(), 0, 0, 0)
    found = []
    for site in dict.fromkeys([*told, *known["site_id"].dropna()]):
        one = told.get(site, replace(none, place=site))
        found.append(Beside(one, of_record(known, site, one.part, days)))
    return sorted(found, key=lambda pair: (-pair.counted.best, -pair.record.best))


def count_all(
    incidents: pd.DataFrame,
    official_counts: pd.DataFrame,
    other_counts: pd.DataFrame,
    sources: pd.DataFrame,
    parameters: Parameters,
) -> CountersResult:
    """Return what every counter says of the run's stretches and months (see `CountersResult`); all are clean tables."""
    parameters = within_coding(parameters, incidents)
    families, chosen = sources.set_index("source_id")["family"], select(incidents, parameters)
    officials = totals.officials(official_counts, families, parameters)
    running = {("all", "officials"): officials["all"]}
    if "SY" in parameters.countries:
        running |= {("SY", "officials"): officials["SY"], ("SY", "sohr"): totals.observatory(other_counts, families)}
    running = {key: series for key, series in running.items() if len(series.points) > 1}
    sohr = other_counts[other_counts["counter"] == "sohr"]
    months = sohr[
        sohr["site_id"].fillna("").eq("") & sohr["since"].gt(sohr["since"].min()) & sohr["relation"].eq("exact")
    ]
    tallies: dict[tuple[str, str, str], Tally] = {}
    beside, found = [], parts(parameters)
    for part, (_, days) in found.items():
        for place in ["all", *({"SY"} & set(parameters.countries))]:
            tallies[part, place, "record"] = of_record(chosen, place, part, days)
        for (place, counter), series in running.items():
            tally = of_totals(counter, series, place, part, days)
            if tally is None or 2 * tally.days < len(days):
                continue
            tally = _narrowed(tally, series, each(months)) if counter == "sohr" else tally
            tallies[part, place, counter] = tally
            if part in NAMES:
                beside.append(Beside(tally, of_record(chosen, place, part, series.covered(days))))
    words = {name: text for name, (text, _) in found.items()}
    periods, bases = (found(other_counts, chosen, parameters) for found in (_periods, by_base))
    return CountersResult(parameters, words, tallies, beside, periods, bases, running, chosen)


def daily(result: CountersResult) -> pd.DataFrame:
    """Return date, place, counter and total: attacks so far in the window, of this record and of each running total."""
    frames, days = [], Stretches(result.parameters).days
    for place in dict.fromkeys(key[1] for key in result.tallies):
        here = result.incidents if place == "all" else result.incidents[result.incidents["country"] == place]
        counts = here["date"].value_counts().reindex(days, fill_value=0).cumsum()
        frames.append(pd.DataFrame({"date": days, "place": place, "counter": "record", "total": counts.to_numpy()}))
    for (place, counter), series in result.running.items():
        base = series.at(days[0] - DAY)[0]
        held = [(point.day, place, counter, point.value - base) for point in series.told]
        frame = pd.DataFrame(held, columns=["date", "place", "counter", "total"])
        frames.append(frame[frame["date"].between(days[0] - DAY, days[-1])])
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def table(result: CountersResult) -> pd.DataFrame:
    """Return every count as a row: counter, place, part, first, last, low, best, high, unit, rows."""
    pairs = [tally for pair in [*result.periods, *result.bases] for tally in pair]
    columns = ["counter", "place", "part", "first", "last", "low", "best", "high", "unit", "rows"]
    frame = pd.DataFrame([*result.tallies.values(), *pairs])[columns]
    return frame.assign(rows=frame["rows"].map(";".join), high=frame["high"].where(frame["high"] != math.inf))


def named(counter: str) -> str:
    """Return the name of a counter: that of `COUNTERS`, or the sheet's own after ``other:``."""
    return COUNTERS.get(counter, counter.removeprefix("other:").replace("_", " ").title())


def facts(result: CountersResult) -> Facts:
    """Return the facts ``counters.*``.

    ``counters.N.words`` and ``counters.N.COUNTER`` (``.syria.COUNTER``) for the stretches and months in order;
    ``counters.period.N.*`` for counts by others, ``counters.widest.*`` where counters part most.
    """
    found, ids = Facts(), tuple(result.incidents["incident_id"])
    found.add("counters.attacks", len(ids), unit="incidents", incidents=ids)
    for place, (part, words) in enumerate(result.parts.items(), 1):
        found.add(f"counters.{place}.words", words, unit="text")
        if part in NAMES:
            found.add(f"counters.{place}.stretch", part, unit="text")
        for (where, _, _), tally in result.tallies.items():
            if where == part:
                tally.tell(found, f"counters.{place}{'' if tally.place == 'all' else '.syria'}.{tally.counter}")
    for place, (one, record) in enumerate(result.periods, 1):
        stem = f"counters.period.{place}"
        where = COUNTRIES.get(one.place, "all countries")
        told = {"who": named(one.counter), "span": span_text(one.first, one.last), "first": one.first}
        found.add_each(stem, told | {"unit": one.unit, "where": where})
        one.tell(found, f"{stem}.count")
        record.tell(found, f"{stem}.record")
        everyone = one.unit == "attacks" and result.parameters.confirmed_by == "anyone"
        if everyone and one.low > record.best >= FEWEST:
            note = "at least, beyond those on record"
            found.add(f"{stem}.more", int(one.low - record.best), unit="attacks", note=note)
    if result.widest:
        for key, tally in zip(("most", "least"), result.widest, strict=True):
            tally.tell(found, f"counters.widest.{key}")
            found.add(f"counters.widest.{key}.who", named(tally.counter), unit="text")
        found.add("counters.widest.words", result.parts[tally.part], unit="text")
        found.add("counters.widest.where", "Syria" if tally.place == "SY" else "all countries", unit="text")
    return found
