"""What each counter counted: US officials, the Syrian Observatory, ACLED, others, and this record, for the same days.

Running totals are known on some days alone, so that what they say of other days is a range (`totals.Series.between`). A
count that a counter gave for just these days, such as ACLED's of a month, stands as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from helpers.analysis import totals
from helpers.facts import Row
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
    "gttac": "GTTAC",
    "musings_on_iraq": "the weblog Musings on Iraq",
    "other:isw_ctp": "ISW and CTP",
    "claimant": "the claimants",
}
#: Words for what is counted of which this record holds the like; of those with True, the attacks that anyone claims.
UNITS = {"attacks": False, "operations": True}
#: Fewest attacks, by the counter that has most, for which it is said how far counters part.
FEWEST = 10
DAY = pd.Timedelta(days=1)

Runs = tuple[tuple[date, date], ...]


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


@dataclass(frozen=True)
class CountersResult:
    """What `count_all` finds.

    Attributes
    ----------
    parts: name of each stretch and month of the window that has days -> its words.
    tallies: (part, place, counter) -> tally, for running totals and this record.
    beside: of each stretch, a running total and this record's count of the same days and place.
    periods: counts that others gave for days of the window, each with this record's for the same days and countries.
    running: (place, counter) -> its running total; incidents: those that count.
    """

    parameters: Parameters
    parts: Mapping[str, str]
    tallies: Mapping[tuple[str, str, str], Tally]
    beside: tuple[tuple[Tally, Tally], ...]
    periods: tuple[tuple[Tally, Tally], ...]
    running: Mapping[tuple[str, str], totals.Series]
    incidents: pd.DataFrame

    @property
    def widest(self) -> tuple[Tally, Tally] | None:
        """The two counts of one stretch that surely part most, the larger first; None where all are few or meet."""
        pairs = [sorted(pair, key=lambda tally: tally.best, reverse=True) for pair in self.beside]
        apart = [(most, least) for most, least in pairs if most.best >= FEWEST and most.low > least.high]
        return max(apart, key=lambda pair: pair[0].low / max(pair[1].high, 0.5), default=None)


def months(parameters: Parameters) -> dict[str, tuple[date, date]]:
    """Return the months of the window, each as far as it lies in it: "2023-10" -> first and last day."""
    days = pd.date_range(parameters.window_start, parameters.window_end)
    found = pd.Series(days, index=days).groupby(days.strftime("%Y-%m"))
    return {str(month): (here.iloc[0].date(), here.iloc[-1].date()) for month, here in found}


def parts(parameters: Parameters) -> dict[str, tuple[str, Runs]]:
    """Return name -> words and runs of days (first, last) of the stretches and months of the window."""
    cut = Stretches(parameters)
    found: dict[str, tuple[str, Runs]] = {}
    for name in NAMES:
        days = pd.Series(cut[name].days)
        runs = [run for _, run in days.groupby((days.diff() != DAY).cumsum())]
        if runs:
            found[name] = (cut[name].words, tuple((run.iloc[0].date(), run.iloc[-1].date()) for run in runs))
    for name, (first, last) in months(parameters).items():
        whole = (first - DAY).month != first.month != (last + DAY).month
        span = "" if whole else f", {first.day} to {last.day}" if first != last else f", {first.day}"
        found[name] = (f"{first:%B %Y}{span}", ((first, last),))
    return found


def _of_record(incidents: pd.DataFrame, place: str, part: str, runs: Runs) -> Tally:
    here = incidents if place == "all" else incidents[incidents["country"] == place]
    inside = pd.Series(False, index=here.index)
    for first, last in runs:
        inside |= here["date"].between(pd.Timestamp(first), pd.Timestamp(last))
    ids = tuple(here.loc[inside, "incident_id"])
    return Tally(
        "record", place, part, runs[0][0], runs[-1][1], len(ids), len(ids), len(ids), days=_length(runs), incidents=ids
    )


def _length(runs: Iterable[tuple[date, date]]) -> int:
    return sum((last - first).days + 1 for first, last in runs)


def covered(series: totals.Series, runs: Runs) -> Runs:
    """Return the days of `runs` from the first that the totals of `series` count to the last for which one is given."""
    start, end = series.since, series.last_day.date()
    return tuple((max(first, start), min(last, end)) for first, last in runs if first <= end and last >= start)


def _of_totals(counter: str, series: totals.Series, place: str, part: str, runs: Runs) -> Tally | None:
    """Return what a running total says of the days of `runs`; None where it covers less than half of them."""
    held = covered(series, runs)
    if 2 * _length(held) < _length(runs):
        return None
    found = [series.between(first, last) for first, last in held]
    best, low, high = (sum(part[place] for part in found) for place in range(3))
    rows = dict.fromkeys(row for first, last in held for row in series.enclosing(first, last))
    until = held[-1][1] if held[-1][1] < runs[-1][1] else None
    table = "other_counts" if counter == "sohr" else "official_counts"
    return Tally(counter, place, part, held[0][0], held[-1][1], int(best), low, high, until=until, days=_length(held),
                 table=table, rows=tuple(rows))  # fmt: skip


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


def _periods(other_counts: pd.DataFrame, incidents: pd.DataFrame, parameters: Parameters) -> list[tuple[Tally, Tally]]:
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
        days = ((first, row.as_of.date()),)
        low, high = totals.bounds_of(row.total, row.relation)
        part = f"{first}/{row.as_of.date()}"
        one = Tally(row.counter, place, part, first, row.as_of.date(), row.total, low, high, row.relation,
                    unit=row.unit, table="other_counts", rows=(row.other_id,))  # fmt: skip
        found.append((one, _of_record(like, place, part, days)))
    return found


@dataclass(frozen=True)
class Base:
    """Attacks on one base in Syria by the Observatory's last whole breakdown, and on record in the same days."""

    site: str
    name: str
    observatory: int
    record: int
    incidents: tuple[str, ...]
    rows: tuple[str, ...]


def find_bases(
    other_counts: pd.DataFrame, incidents: pd.DataFrame, sites: pd.DataFrame, parameters: Parameters
) -> tuple[tuple[Base, ...], date | None]:
    """Return the attacks by base of the Observatory's last breakdown in the window that adds up, and its day.

    `incidents` are those that count; its attacks up to that day stand beside.
    """
    mine = other_counts[
        other_counts["counter"].eq("sohr") & other_counts["as_of"].le(pd.Timestamp(parameters.window_end))
    ]
    mine = mine[(mine["since"] == mine["since"].min()) & (mine["since"] >= pd.Timestamp(parameters.window_start))]
    site = mine["site_id"].fillna("")
    wholes = mine[site == ""].set_index(["as_of", "source_id"])["total"]
    split = mine[site != ""]
    sums = split.groupby(["as_of", "source_id"])["total"].sum()
    right = [key for key, total in sums.items() if key in wholes.index and wholes[key] == total]
    if not right or "SY" not in parameters.countries:
        return (), None
    day, source = max(right)
    here = split[(split["as_of"] == day) & (split["source_id"] == source)]
    since = mine["since"].min()
    known = incidents[(incidents["country"] == "SY") & incidents["date"].between(since, day)]
    told = dict(zip(here["site_id"], each(here), strict=True))
    names = sites.set_index("site_id")["name"]
    bases = []
    for code in dict.fromkeys([*told, *known["site_id"].dropna()]):
        ids = tuple(known.loc[known["site_id"] == code, "incident_id"])
        count, rows = (int(told[code].total), (told[code].other_id,)) if code in told else (0, ())
        bases.append(Base(code, str(names.get(code, code)), count, len(ids), ids, rows))
    return tuple(sorted(bases, key=lambda base: (-base.observatory, -base.record, base.name))), day.date()


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
    since = totals.counted_since(official_counts, parameters)
    split = totals.by_country(official_counts, families, since=since)
    whole = totals.series(official_counts, families, parameters.countries, since=since)
    running = {("all", "officials"): whole if len(parameters.countries) > 1 else split[parameters.countries[0]]}
    if "SY" in parameters.countries:
        running |= {("SY", "officials"): split["SY"], ("SY", "sohr"): totals.observatory(other_counts, families)}
    running = {key: series for key, series in running.items() if len(series.points) > 1}
    given = other_counts[
        other_counts["counter"].eq("sohr") & other_counts["site_id"].fillna("").eq("")
        & other_counts["since"].gt(other_counts.loc[other_counts["counter"].eq("sohr"), "since"].min())
        & other_counts["relation"].eq("exact")
    ]  # fmt: skip
    found, places = parts(parameters), ["all", *(["SY"] if "SY" in parameters.countries else [])]
    tallies: dict[tuple[str, str, str], Tally] = {}
    beside = []
    for part, (_, runs) in found.items():
        tallies |= {(part, place, "record"): _of_record(chosen, place, part, runs) for place in places}
        for (place, counter), series in running.items():
            tally = _of_totals(counter, series, place, part, runs)
            if tally is None:
                continue
            tally = _narrowed(tally, series, each(given)) if counter == "sohr" else tally
            tallies[part, place, counter] = tally
            if part in NAMES:
                beside.append((tally, _of_record(chosen, place, part, covered(series, runs))))
    words = {name: text for name, (text, _) in found.items()}
    periods = tuple(_periods(other_counts, chosen, parameters))
    return CountersResult(parameters, words, tallies, tuple(beside), periods, running, chosen)


def daily(result: CountersResult) -> pd.DataFrame:
    """Return date, place, counter and total: attacks so far in the window, of this record and of each running total."""
    p, frames = result.parameters, []
    days = pd.date_range(p.window_start, p.window_end)
    for place in dict.fromkeys(key[1] for key in result.tallies):
        here = result.incidents if place == "all" else result.incidents[result.incidents["country"] == place]
        counts = here["date"].value_counts().reindex(days, fill_value=0).cumsum()
        frames.append(pd.DataFrame({"date": days, "place": place, "counter": "record", "total": counts.to_numpy()}))
    for (place, counter), series in result.running.items():
        base = series.at(days[0] - DAY)[0]
        held = [(point.day, point.value - base) for point in series.told if days[0] - DAY <= point.day <= days[-1]]
        if held:
            frame = pd.DataFrame(held, columns=["date", "total"]).assign(place=place, counter=counter)
            frames.append(frame[["date", "place", "counter", "total"]])
    return pd.concat(frames, ignore_index=True)


def table(result: CountersResult) -> pd.DataFrame:
    """Return every count as a row: counter, place, part, first, last, low, best, high, unit, rows."""
    every = [*result.tallies.values(), *(tally for pair in result.periods for tally in pair)]
    rows: list[tuple[Any, ...]] = [
        (t.counter, t.place, t.part, t.first, t.last, t.low, t.best, None if math.isinf(t.high) else t.high, t.unit,
         ";".join(t.rows))
        for t in every
    ]  # fmt: skip
    columns = ["counter", "place", "part", "first", "last", "low", "best", "high", "unit", "rows"]
    return pd.DataFrame(rows, columns=columns)


def named(counter: str) -> str:
    """Return the name of a counter: that of `COUNTERS`, or the sheet's own after ``other:``."""
    return COUNTERS.get(counter, counter.removeprefix("other:").replace("_", " ").title())


def fixed(
    name: str,
    value: Any,
    unit: str = "text",
    ids: Sequence[str] = (),
    rows: Mapping[str, Sequence[str]] | None = None,
    text: str | None = None,
    note: str = "",
) -> Row:
    """Return the row of a fact whose value is at hand."""
    shown = None if text is None else lambda _: text
    return Row(name, unit, lambda _: value, lambda _: ids, lambda _: rows, note, text=shown)


def _count(name: str, tally: Tally) -> Row:
    behind = {tally.table: tally.rows} if tally.rows else None
    return fixed(name, tally.best, tally.unit, tally.incidents, behind, tally.text)


def rows(result: CountersResult) -> list[Row]:
    """Return the facts ``counters.*``.

    ``counters.N.words`` and ``counters.N.COUNTER`` (``.syria.COUNTER``) for the stretches and months in order;
    ``counters.period.N.*`` for counts by others, ``counters.widest.*`` where counters part most.
    """
    ids = tuple(result.incidents["incident_id"])
    found = [fixed("counters.attacks", len(ids), "incidents", ids)]
    for place, (part, words) in enumerate(result.parts.items(), 1):
        found.append(fixed(f"counters.{place}.words", words))
        found += [fixed(f"counters.{place}.stretch", part)] if part in NAMES else []
        for key, tally in result.tallies.items():
            if key[0] == part:
                stem = f"counters.{place}" if tally.place == "all" else f"counters.{place}.syria"
                found.append(_count(f"{stem}.{tally.counter}", tally))
    for place, (one, record) in enumerate(result.periods, 1):
        stem = f"counters.period.{place}"
        found += [fixed(f"{stem}.who", named(one.counter)), fixed(f"{stem}.first", one.first, "date"),
                  fixed(f"{stem}.span", span_text(one.first, one.last)), fixed(f"{stem}.unit", one.unit),
                  fixed(f"{stem}.where", COUNTRIES.get(one.place, "all countries")),
                  _count(f"{stem}.count", one), _count(f"{stem}.record", record)]  # fmt: skip
    if result.widest:
        most, least = result.widest
        found += [
            fixed("counters.widest.words", result.parts[most.part]),
            fixed("counters.widest.where", "Syria" if most.place == "SY" else "all countries"),
            fixed("counters.widest.most.who", named(most.counter)), _count("counters.widest.most", most),
            fixed("counters.widest.least.who", named(least.counter)), _count("counters.widest.least", least),
        ]  # fmt: skip
    return found
